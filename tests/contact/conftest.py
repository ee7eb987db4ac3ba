"""The mail server of the tests of mail."""

from __future__ import annotations

from tests.mail.conftest import mail_server

__all__ = ["mail_server"]
