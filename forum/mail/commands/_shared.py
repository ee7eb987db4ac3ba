"""What the commands of mail share: where they are registered, the log, and the day."""

from __future__ import annotations

import logging

from flask import Blueprint

from forum.clock import now

log = logging.getLogger("forum.mail")
bp = Blueprint("mail_commands", __name__, cli_group=None)


def today() -> int:
    """The number of the day, by which addresses in letters expire."""
    return now().toordinal()
