"""The moderation log."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, select, true
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.db import db
from forum.members.models import Member
from forum.members.queries import has_or_had
from forum.moderation.models import Decision
from forum.moderation.queries._shared import LOG_PAGE_SIZE
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.plaintext import words_to_find
from forum.reach import moderated_by


@dataclass(frozen=True)
class LogFilter:
    """Which entries of the moderation log are wanted; empty values do not filter.

    `agenda` is a slug; `author` (of the thing) and `by` (the moderator) are handles, or beginnings of words in a name.
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
    for typed, column in (
        (wanted.author, Decision.author_id),
        (wanted.by, Decision.moderator_id),
    ):
        if typed:
            query = query.where(column.in_(select(Member.id).where(_is_meant(typed))))
    people = (joinedload(Decision.moderator), joinedload(Decision.author))
    newest = query.options(*people, joinedload(Decision.agenda)).order_by(Decision.id.desc())
    return page_of(newest, number, LOG_PAGE_SIZE)


def handle_meant(typed: str) -> str:
    """The handle that somebody has or had and that a text is, with or without the @; empty for a name."""
    handle = typed.removeprefix("@").lower()
    is_known = db.session.scalar(select(Member.id).where(has_or_had(handle)).limit(1))
    return handle if is_known or typed.startswith("@") else ""


def _is_meant(typed: str) -> ColumnElement[bool]:
    """Whether a member has or had this handle; or if nobody has it, whether each word begins one in the member's name."""
    if handle := handle_meant(typed):
        return has_or_had(handle)
    words = words_to_find(typed).split()
    begins = (Member.sort_key.contains(f" {word}", autoescape=True) for word in words)
    return and_(true() if words else false(), *begins)
