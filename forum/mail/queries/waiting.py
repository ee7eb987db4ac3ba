"""What a letter says of an entry of the moderation queue."""

from __future__ import annotations

from typing import NamedTuple

from forum.agendas.models import Agenda
from forum.appeals.queries import get_appeal
from forum.claims.models import queue_key
from forum.errors import Conflict, Forbidden, NotFound
from forum.glossary.models import PROPOSAL
from forum.glossary.queries import proposal_to_judge
from forum.moderation.queries import Thing, is_first_post, open_reports, thing_to_moderate
from forum.permissions import Person


class QueueContent(NamedTuple):
    """What waits in the queue: what its moderators are asked, the agenda's title, and why it was first reported.

    `asked` is *appeal*, *candidate*, *proposal*, *held*, *report*, *practice* or *first post*; `agenda` and `reason`
    may be empty. `title` is that of a topic which waits, or in which a text does, and `language` its language: the
    notice names the agenda alone.
    """

    asked: str
    agenda: str = ""
    reason: str = ""
    title: str = ""
    language: str = ""


def queue_content(moderator: Person, address: str) -> QueueContent | None:
    """What waits at an address of the queue, for a moderator who may decide about it; None when nothing does."""
    key = queue_key(address)
    if key is None:
        return None
    kind, item_id = key
    if kind == "candidate":
        return QueueContent("candidate") if moderator.can.admit() else None
    try:
        if kind == PROPOSAL:
            return QueueContent(PROPOSAL) if proposal_to_judge(moderator, item_id) else None
        if kind == "appeal":
            decision = get_appeal(moderator, item_id).decision
            return QueueContent("appeal", _title(decision.agenda))
        return _content_of(thing_to_moderate(moderator, kind, item_id))
    except (Conflict, Forbidden, NotFound):
        return None


def _content_of(thing: Thing) -> QueueContent | None:
    agenda = _title(thing.agenda)
    if thing.kind == "held":
        own = thing.row.title
        language = thing.row.language if own else thing.language_of_place
        return QueueContent("held", agenda, title=own or thing.shown_in, language=language)
    if reports := open_reports(thing.kind, thing.item_id):
        return QueueContent("report", agenda, reports[0].reason)
    if thing.kind == "practice":
        return QueueContent("practice", agenda)
    return QueueContent("first post", agenda) if is_first_post(thing) else None


def _title(agenda: Agenda | None) -> str:
    return agenda.title if agenda else ""
