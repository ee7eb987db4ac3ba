"""About the forum: help, privacy, accessibility, and contact."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from forum import web
from forum.accounts import actions as accounts
from forum.candidates import actions as joining
from forum.clock import now
from forum.contact import actions as contact_letters
from forum.dialogue import actions as dialogue
from forum.dialogue.models import DRAFTS_KEPT
from forum.front.views._shared import bp
from forum.mail import actions as mail
from forum.members import actions as people
from forum.members.queries import SESSION_IDLE_LIMIT, SESSION_MAX_AGE
from forum.members.views import federation
from forum.moderation import actions as moderation
from forum.notifications import actions as notices
from forum.pictures.models import KEPT_AFTERWARDS, KEPT_UNUSED, LOOKED_AFTER
from forum.queue import actions as queue
from forum.screening.queries import REPETITION_WINDOW


@bp.get("/help")
def help() -> ResponseReturnValue:  # noqa: A001  # the word of its address
    """How the forum works, how to format a text, which keyboard shortcuts there are."""
    return render_template("front/help.html")


@bp.get("/privacy")
def privacy() -> ResponseReturnValue:
    """Which personal data is stored, and for how long."""
    return render_template(
        "front/privacy.html",
        periods=_retention_periods(),
        minimum_age=web.settings().minimum_age,
        logs_looks=web.settings().log != "off",
    )


def _retention_periods() -> dict[str, str]:
    """How long things are kept, in words, from the constants that the deleting actions use."""
    periods = {
        "candidates": joining.UNCONFIRMED_RETENTION,
        "refused": joining.REFUSED_RETENTION,
        "tokens": accounts.TOKEN_RETENTION,
        "letters": mail.KEPT,
        "lost_letters": mail.KEPT_FAILED,
        "idle": SESSION_IDLE_LIMIT,
        "longest": SESSION_MAX_AGE,
        "sessions": people.SESSION_RETENTION,
        "notices": notices.KEPT_READ,
        "contact": contact_letters.KEPT,
        "leaving": people.COOLING_OFF,
        "visitors": moderation.KEPT_VISITORS,
        "staff_notes": moderation.KEPT_STAFF_NOTES,
        "queue_notes": queue.KEPT_NOTES,
        "held": dialogue.KEPT_REFUSED,
        "drafts": DRAFTS_KEPT,
        "pictures": LOOKED_AFTER + KEPT_AFTERWARDS,
        "unused_pictures": KEPT_UNUSED,
        "traces": REPETITION_WINDOW,
    }
    return {
        name: ngettext("%(num)s day", "%(num)s days", time.days) for name, time in periods.items()
    }


@bp.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    """How accessible the forum is, and whom to tell about barriers."""
    return render_template("front/accessibility.html")


@bp.get("/contact")
def contact() -> ResponseReturnValue:
    """How to reach the people who run the forum."""
    return render_template("front/contact.html")


@bp.get("/.well-known/security.txt")
def security() -> Response:
    """Whom to tell about a vulnerability (RFC 9116)."""
    email = federation().contact_email
    contact = f"mailto:{email}" if email else web.absolute("/contact")
    lines = [
        f"Contact: {contact}",
        f"Expires: {_security_txt_expiry():%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {web.absolute('/.well-known/security.txt')}",
        "",
    ]
    return Response("\n".join(lines), mimetype="text/plain")


def _security_txt_expiry() -> datetime:
    """The first day of the seventh month from now, so that the file changes only once a month."""
    months = now().year * 12 + now().month + 6
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
