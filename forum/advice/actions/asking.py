"""Asking members for advice about a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _

from forum.advice.actions._requests import (
    add_request,
    askable_members,
    notify_asked,
    require_askable,
)
from forum.advice.models import AdviceRequest
from forum.advice.queries import Reason, ask_statuses, requests_by_member, right_to_ask
from forum.agendas.queries import lock_to_write_on
from forum.deeds import action, touches
from forum.dialogue.queries import topic_to_change
from forum.errors import Invalid
from forum.members.queries import lock_writer
from forum.permissions import Person, require
from forum.versions import topic_scope

MAX_ASKED = 10  # members whom one question asks; a member who passes the request on is not counted


@action
def ask(
    asker: Person,
    topic_id: int,
    handles: Sequence[str],
    reasons: Mapping[str, Sequence[Reason]] | None = None,
) -> int:
    """Ask members about a question. Returns how many were asked now; those whom it has asked before are skipped.

    `reasons` are by handle. Raises `Invalid` with a sentence when one of them cannot be asked; then nobody is asked.
    """
    lock_writer(asker)
    touches(topic_scope(topic_id))
    topic = topic_to_change(asker, topic_id)
    lock_to_write_on(asker, topic.agenda_id)
    require(right_to_ask(asker, topic))
    known, people = requests_by_member(topic_id), askable_members(handles, "asked")
    new = [member for member in people if member.id not in known]
    _require_room(known, len(new))
    statuses = ask_statuses(member.id for member in new)
    for member in new:
        if member.id == asker.id:
            raise Invalid(_("You are one of them yourself. Choose others."), "asked")
        require_askable(member, topic, statuses[member.id], "asked")
        add_request(asker, topic, member, (reasons or {}).get(member.handle, ()))
    notify_asked(asker, topic, new)
    return len(new)


def _require_room(known: Mapping[int, AdviceRequest], more: int) -> None:
    asked = sum(row.passed_at is None for row in known.values())
    if more and asked + more > MAX_ASKED:
        sentence = _("A question asks at most %(most)s members.", most=MAX_ASKED)
        left = _("This one can ask %(left)s more.", left=max(0, MAX_ASKED - asked))
        raise Invalid(f"{sentence} {left}", "asked")
