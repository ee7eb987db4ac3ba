"""What the commands of mail share: where they are registered, the log, the day; and of what members send, limits and reasons."""

from __future__ import annotations

import logging

from flask import Blueprint
from flask_babel import gettext as _

from forum.clock import now
from forum.errors import Conflict, Refusal
from forum.members.models import Member
from forum.ratelimits import within_limit
from forum.screening.queries import is_newcomer

# What one member may send by mail
LIMIT, LIMIT_OF_NEW = "30/hour", "10/hour"
log = logging.getLogger("forum.mail")
bp = Blueprint("mail_commands", __name__, cli_group=None)


def today() -> int:
    """The number of the day, by which addresses in letters expire."""
    return now().toordinal()


def require_within_limit(member: Member) -> None:
    """Count what a member sends; `Conflict` when it is too much within an hour."""
    limit = LIMIT_OF_NEW if is_newcomer(member) else LIMIT
    if not within_limit(limit, "mail-in", str(member.id)):
        raise Conflict(_("You have sent many e-mails within an hour. Try again later."))


def reason_of(error: Refusal, member: Member, otherwise: str) -> str:
    """Why what a member sent was refused; what the account says comes first."""
    if member.is_leaving:
        return _("Your account is closed. Sign in to open it again, and send the e-mail again.")
    return str(member.can.sign_in().why_not or error.message or otherwise)
