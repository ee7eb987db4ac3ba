"""The moderation log."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.members.models import Member
from forum.members.queries import has_or_had
from forum.moderation.models import Decision
from forum.moderation.queries._shared import LOG_PAGE_SIZE
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.reach import moderated_by


@dataclass(frozen=True)
class LogFilter:
    """Which entries of the moderation log are wanted; empty values do not filter.

    `agenda` is a slug; `author` (of the thing) and `by` (the moderator) are handles.
    """

    agenda: str = ""
    deed: str = ""
    author: str = ""
    by: str = ""


def decision_log(
    reader: Person, wanted: LogFilter = LogFilter(), number: int = 1
) -> Page[Decision]:
    """Page `number` of the moderation log, newest first; hosts see what was decided on their own agendas."""
    require(reader.can.see_queue())
    query = select(Decision).where(moderated_by(reader, Decision.agenda_id))
    if wanted.agenda:
        query = query.join(Decision.agenda).where(Agenda.slug == wanted.agenda)
    if wanted.deed:
        query = query.where(Decision.deed == wanted.deed)
    for handle, column in (
        (wanted.author, Decision.author_id),
        (wanted.by, Decision.moderator_id),
    ):
        if handle:
            named = select(Member.id).where(has_or_had(handle))
            query = query.where(column == named.scalar_subquery())
    people = (joinedload(Decision.moderator), joinedload(Decision.author))
    newest = query.options(*people, joinedload(Decision.agenda)).order_by(Decision.id.desc())
    return page_of(newest, number, LOG_PAGE_SIZE)
