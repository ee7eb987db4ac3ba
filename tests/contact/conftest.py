"""The fixture of a mail server from the tests of mail."""

from __future__ import annotations

from tests.mail.conftest import mail_server

__all__ = ["mail_server"]
