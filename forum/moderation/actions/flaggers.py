"""Naming trusted flaggers, and ending that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.members.queries import lock_member, member_called
from forum.moderation.models import TrustedFlagger
from forum.moderation.queries import flagger_to_end, is_named_flagger
from forum.notifications.actions import NoticeText, note_event, read_outdated
from forum.permissions import SYSTEM, Person, require
from forum.plaintext import single_line
from forum.sentences import Sentence, sentence

MAX_FLAGGER_LINE = 200  # characters of a name or a coordinator
MAX_FIELD = 500
PAGE = "/transparency"  # where everybody reads who is one


@dataclass(frozen=True)
class FlaggerText:
    """What the Digital Services Coordinator `coordinator` has published about a trusted flagger.

    `name` is that of the body, `field` the illegal content that it knows about, `until` the last day, None for no end.
    """

    name: str
    coordinator: str
    field: str
    since: date
    until: date | None = None


@action
def trust_flagger(administrator: Person, typed: str, text: FlaggerText) -> TrustedFlagger:
    """Say that a member, by handle or full name, is a trusted flagger; the member is notified.

    Raises `Invalid` when something is missing or the member is one already.
    """
    require(administrator.can.administer())
    touches()
    member = member_called(administrator, typed, "handle")
    lock_member(member.id)
    if is_named_flagger(member.id):
        raise Invalid(_("This member is a trusted flagger already. End that first."), "handle")
    today = now().date()
    if text.until and text.until < text.since:
        raise Invalid(_("The first day is after the last one."), "until")
    if text.until and text.until < today:
        raise Invalid(_("Choose today or a day that is still ahead."), "until")
    new = TrustedFlagger(
        member_id=member.id,
        name=_line(text.name, "name", MAX_FLAGGER_LINE),
        coordinator=_line(text.coordinator, "coordinator", MAX_FLAGGER_LINE),
        field=_line(text.field, "field", MAX_FIELD),
        since=text.since,
        until=text.until,
        named_at=now(),
    )
    db.session.add(new)
    db.session.flush()
    told = (
        sentence("You are a trusted flagger now")
        if text.since <= today
        else sentence("You will be a trusted flagger")
    )
    _tell(member.id, told)
    return new


def _line(typed: str, field: str, most: int) -> str:
    said = single_line(typed)
    if not said:
        raise Invalid(_("Fill this in."), field)
    if len(said) > most:
        raise Invalid(_("Write at most %(most)s characters.", most=most), field)
    return said


@action
def end_trust(administrator: Person, flagger_id: int) -> TrustedFlagger:
    """End that somebody is a trusted flagger; the member is notified. What was reported before stays as it is."""
    touches()
    flagger = flagger_to_end(administrator, flagger_id)
    if flagger.ended_at is not None:
        raise Conflict(_("This is so already. Nothing was changed."))
    flagger.ended_at = now()
    _tell(flagger.member_id, sentence("You are no longer a trusted flagger"))
    return flagger


def _tell(member_id: int, title: Sentence) -> None:
    """Notify the member; only what holds now is news."""
    read_outdated(SYSTEM, "role", [PAGE], [member_id])
    note_event(SYSTEM, NoticeText("role", PAGE, title), [member_id])
