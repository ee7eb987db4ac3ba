"""One request to one member: whether they can be asked, and telling them."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from forum.advice.models import AdviceRequest
from forum.advice.queries import MAX_PER_WEEK, AskStatus, Reason, members_to_ask, stored_reason
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post
from forum.errors import Invalid
from forum.members.models import Member
from forum.members.queries import members_by_any_handle
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import Person


def askable_members(handles: Sequence[str], field: str) -> Sequence[Member]:
    present = {handle: member.handle for handle, member in members_by_any_handle(handles).items()}
    people = members_to_ask(present.values())
    shown = {member.handle for member in people}
    missing = {handle for handle in handles if present.get(handle) not in shown}
    if missing:
        handle = sorted(missing)[0][:80]
        raise Invalid(_("There is no member with the handle “%(handle)s”.", handle=handle), field)
    if not people:
        raise Invalid(_("Choose at least one member to ask."), field)
    return people


def require_askable(member: Member, topic: Topic, status: AskStatus, field: str) -> None:
    if sentence := _why_not(member, topic, status):
        raise Invalid(sentence, field)


def _why_not(member: Member, topic: Topic, status: AskStatus) -> str:
    """Why a member cannot be asked about a question now, as a sentence for the person who asks; empty when they can."""
    name = member.name
    if member.id == topic.author_id:
        return _("%(name)s asks this question.", name=name)
    if status.is_muted or not member.can.advise(topic):
        return _("%(name)s cannot be asked. Choose somebody else.", name=name)
    if status.away_until:
        return _("%(name)s is away and can be asked later. Choose somebody else.", name=name)
    if status.this_week >= MAX_PER_WEEK:
        return _(
            "%(name)s was asked twice within seven days already. Choose somebody else.", name=name
        )
    return ""


def add_request(asker: Person, topic: Topic, member: Member, reasons: Sequence[Reason]) -> None:
    said = [stored_reason(reason) for reason in reasons]
    row = AdviceRequest(topic_id=topic.id, member_id=member.id, asker_id=asker.id, reasons=said)
    row.asked_at = now()
    db.session.add(row)
    db.session.flush()


def notify_asked(asker: Person, topic: Topic, people: Sequence[Member]) -> None:
    # The notice refers to the opening post, so that both are hidden together
    asked, post_id = topic.excerpt, first_post(topic).id
    notice = NoticeText(
        "advice",
        topic.address,
        topic.title,
        asked,
        topic.id,
        post_id,
        language=topic.language,
    )
    note_event(asker, notice, [member.id for member in people])
