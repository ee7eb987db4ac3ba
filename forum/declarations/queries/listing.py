"""Lists of declarations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.db import db
from forum.declarations.models import Declaration
from forum.declarations.queries._reach import MAX_HERE, is_in_state, visible_declarations
from forum.pages import rows_after
from forum.permissions import Person
from forum.reachcache import cached_statement

LISTED = 20  # declarations of one page of the list


@dataclass(frozen=True)
class DeclarationFilter:
    """Which declarations a list shows: those of one agenda, and those in one state; both may be empty."""

    agenda: str = ""
    state: str = ""


def declarations(
    reader: Person, wanted: DeclarationFilter, before: int | None = None
) -> tuple[Sequence[Declaration], int | None]:
    """The newest declarations with ids below `before`; and the id for the next page, or None."""
    query = visible_declarations(reader).options(joinedload(Declaration.agenda))
    if wanted.agenda:
        of_agenda = select(Agenda.id).where(Agenda.slug == wanted.agenda)
        query = query.where(Declaration.agenda_id == of_agenda.scalar_subquery())
    if wanted.state:
        query = query.where(is_in_state(wanted.state))
    last = None if before is None else [before]
    rows = rows_after(query, [Declaration.id.desc()], last, LISTED + 1)
    return rows[:LISTED], rows[LISTED - 1].id if len(rows) > LISTED else None


def agendas_with_declarations(reader: Person) -> list[tuple[str, str, str]]:
    """Slug, title and language of the agendas on which the reader finds a declaration, in their order."""
    found = visible_declarations(reader).with_only_columns(Declaration.agenda_id)
    query = select(Agenda.slug, Agenda.title, Agenda.language).where(Agenda.id.in_(found))
    rows = db.session.execute(query.order_by(Agenda.position))
    return [(slug, title, language) for slug, title, language in rows]


def declarations_on(reader: Person, agenda: Agenda) -> Sequence[Declaration]:
    """The newest declarations of an agenda; no query if it has none and the reader does not moderate it."""
    if not agenda.declarations_count and not reader.can.moderate(agenda.id):
        return ()
    return db.session.scalars(_declarations_on(reader), {"agenda_id": agenda.id}).all()


@cached_statement
def _declarations_on(reader: Person) -> Select[Any]:
    here = visible_declarations(reader).where(Declaration.agenda_id == bindparam("agenda_id"))
    return here.order_by(Declaration.id.desc()).limit(MAX_HERE)
