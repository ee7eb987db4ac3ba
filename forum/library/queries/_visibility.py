"""Which cases, practices, sections of practices and readings a reader may see."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, and_, or_, select

from forum.agendas.models import Agenda
from forum.db import db
from forum.errors import NotFound
from forum.library.models import DRAFT, PUBLISHED, Case, Practice, PracticeSection, Reading
from forum.library.queries._shared import FAILURE
from forum.permissions import Person
from forum.reach import moderated_by, opened_to, read_by, reads, shown_to
from forum.rules.models import said_of_ground


def visible_cases(reader: Person) -> Select[Any]:
    """The cases that a reader may see: not hidden and on an open agenda, or on one that the reader moderates."""
    return select(Case).where(shown_to(reader, Case.hidden_at, Case.agenda_id))


def published_practices(reader: Person) -> Select[Any]:
    """The published practices that libraries list for the reader."""
    return select(Practice).where(
        Practice.state == PUBLISHED,
        Practice.deleted_at.is_(None),
        read_by(reader, Practice.audience),
        shown_to(reader, Practice.hidden_at, Practice.agenda_id),
    )


def visible_practices(reader: Person, own_id: Any = None) -> Select[Any]:
    """The practices whose page a reader may see.

    On open agendas these are published ones, and the reader's own that were not removed; on agendas that the reader
    moderates, all; and the reader's own drafts whose agenda was deleted. `own_id` is the reader's id as an SQL
    expression, where the select is to be cached.
    """
    is_published = and_(
        Practice.state == PUBLISHED,
        Practice.hidden_at.is_(None),
        read_by(reader, Practice.audience),
    )
    if own_id is None:
        own_id = reader.id or None
    mine = and_(Practice.author_id == own_id, Practice.removed_at.is_(None))
    is_mine = [mine] if reader.is_member and own_id is not None else []
    found = or_(is_published, moderated_by(reader, Practice.agenda_id), *is_mine)
    there = and_(opened_to(reader, Practice.agenda_id), found)
    if is_mine:
        there = or_(there, and_(*is_mine, is_left_over()))
    return select(Practice).where(Practice.deleted_at.is_(None), there)


def is_left_over() -> ColumnElement[bool]:
    """SQL condition: a practice is a draft whose agenda was deleted. Its author chooses another one for it."""
    gone = select(Agenda.id).where(Agenda.deleted_at.is_not(None))
    return and_(Practice.state == DRAFT, Practice.agenda_id.in_(gone))


def visible_readings(reader: Person) -> Select[Any]:
    """The best reads that a reader may see: all that are not removed, on agendas that the reader sees."""
    return select(Reading).where(Reading.removed_at.is_(None), opened_to(reader, Reading.agenda_id))


def sections_for(reader: Person, practice: Practice) -> list[PracticeSection]:
    """The sections of a practice that the reader may see, in order. Pages must print these, never `practice.sections`."""
    is_withheld = is_failure_withheld(reader, practice)
    return [part for part in practice.sections if not (is_withheld and part.name == FAILURE)]


def failures_of(reader: Person, practice_ids: Collection[int]) -> dict[int, str]:
    """ "What did not work" in practices that the reader was found to see, as Markdown, by their ids.

    Practices without this section, or whose section this reader may not see, are left out.
    """
    query = select(PracticeSection.practice_id, PracticeSection.source).join(Practice)
    query = query.where(Practice.id.in_(practice_ids), PracticeSection.name == FAILURE)
    rows: Any = db.session.execute(query.where(read_by(reader, Practice.failure_audience)))
    return dict(tuple(row) for row in rows)


def is_failure_withheld(reader: Person, practice: Practice) -> bool:
    """Whether the practice has a section on what did not work that this reader may not see."""
    has_failure = any(part.name == FAILURE for part in practice.sections)
    return has_failure and not reads(reader, practice.failure_audience)


def why_not_shown(reader: Person, model: type[Case] | type[Practice], slug: str) -> NotFound:
    """The `NotFound` to raise for a page that the reader asked for and cannot see.

    It says that the moderators have hidden the page, and why, if the reader could see it otherwise; it does not
    reveal a page that was removed.
    """
    query = select(model.id, model.hidden_reason).where(
        model.slug == slug,
        model.hidden_at.is_not(None),
        model.removed_at.is_(None),
        opened_to(reader, model.agenda_id),
    )
    if model is Practice:
        is_published = (Practice.state == PUBLISHED, Practice.deleted_at.is_(None))
        query = query.where(*is_published, read_by(reader, Practice.audience))
    row = db.session.execute(query).first()
    if row is None:
        return NotFound()
    item_id, reason = row.id, said_of_ground(row.hidden_reason)
    known = gettext("The moderators have hidden this page.")
    return NotFound.hidden(known, reason, ("practice" if model is Practice else "case", item_id))
