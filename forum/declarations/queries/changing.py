"""Rows that actions and checks read or lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.declarations.models import DRAFT, Declaration, digest_of
from forum.declarations.queries._reach import NO_SUCH, is_in_state, visible_declarations
from forum.errors import or_not_found
from forum.permissions import Person


def declarations_to_index(declaration_ids: Collection[int]) -> Sequence[Declaration]:
    """Declarations in any state, locked."""
    query = select(Declaration).where(Declaration.id.in_(declaration_ids))
    return db.session.scalars(query.order_by(Declaration.id).with_for_update()).all()


def declaration_to_change(doer: Person, declaration_id: int) -> Declaration:
    """One declaration with its agenda, locked; or `NotFound`."""
    query = visible_declarations(doer).where(Declaration.id == declaration_id)
    locked = query.options(joinedload(Declaration.agenda)).with_for_update(of=Declaration)
    return or_not_found(db.session.scalar(locked), NO_SUCH)


def same_draft(agenda_id: int, author_id: int, title: str, source: str) -> Declaration | None:
    """A draft by the same author with exactly this content, as when a form is sent twice; or None."""
    query = select(Declaration).where(Declaration.agenda_id == agenda_id, is_in_state(DRAFT))
    is_same = (
        Declaration.author_id == author_id,
        Declaration.title == title,
        Declaration.source == source,
    )
    return db.session.scalars(query.where(*is_same).limit(1)).first()


def count_told(agenda_id: int) -> int:
    """How many declarations of an agenda are not drafts."""
    told = (Declaration.agenda_id == agenda_id, Declaration.opened_at.is_not(None))
    return db.session.scalar(select(func.count(Declaration.id)).where(*told)) or 0


def declarations_by_id(declaration_ids: Collection[int]) -> Mapping[int, Declaration]:
    """Declarations by their ids, locked."""
    query = select(Declaration).where(Declaration.id.in_(declaration_ids)).order_by(Declaration.id)
    return {row.id: row for row in db.session.scalars(query.with_for_update())}


def wrongly_digested() -> list[int]:
    """The ids of frozen declarations whose digest is not that of their text: one of them was changed by hand."""
    query = select(Declaration.id, Declaration.source, Declaration.digest)
    frozen = db.session.execute(query.where(Declaration.frozen_at.is_not(None)))
    return [row.id for row in frozen if digest_of(row.source) != row.digest]
