"""Statements, and names that were taken away from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda, Statement, TakenName
from forum.agendas.queries._shared import MAX_LISTED
from forum.db import db
from forum.errors import or_not_found
from forum.members.models import Member
from forum.permissions import Person
from forum.plaintext import words_in
from forum.reach import sees_hidden


def statements_of(agenda: Agenda) -> Sequence[Statement]:
    """The statements on an agenda in order; `member` is loaded only where the profile is shown to everybody."""
    return db.session.scalars(_statements_of(), {"agenda_id": agenda.id}).all()


@cache
def _statements_of() -> Select[Statement]:
    here = (Statement.agenda_id == bindparam("agenda_id"), Statement.removed_at.is_(None))
    ordered = select(Statement).where(*here).order_by(Statement.position, Statement.id)
    is_shown = Member.hidden_at.is_(None) & Member.left_at.is_(None)
    return ordered.limit(MAX_LISTED).options(joinedload(Statement.member.and_(is_shown)))


def statements_by(member_id: int) -> Sequence[Statement]:
    """A member's statements on any agenda, removed ones too, and those from which they removed their name; with the agendas."""
    query = select(Statement).where(is_said_by(member_id)).options(joinedload(Statement.agenda))
    return db.session.scalars(query).all()


def is_said_by(member_id: int) -> ColumnElement[bool]:
    """SQL condition: a statement is linked with a member, or the member has removed their name from it."""
    before = select(TakenName.statement_id).where(TakenName.member_id == member_id)
    now_or_last = or_(Statement.member_id == member_id, Statement.refused_by_id == member_id)
    return or_(now_or_last, Statement.id.in_(before))


def refused_statements(agenda_id: int, quotation: str) -> Sequence[Statement]:
    """The statements of an agenda with exactly these words from which a member has removed their name."""
    is_such = (Statement.refused_at.is_not(None), Statement.quotation == quotation)
    query = select(Statement).where(Statement.agenda_id == agenda_id, *is_such)
    return db.session.scalars(query.order_by(Statement.id)).all()


def names_taken_before(statement: Statement) -> Sequence[TakenName]:
    """The members who removed their name from a statement before the latest one did, the most recent first."""
    query = select(TakenName).where(TakenName.statement_id == statement.id)
    return db.session.scalars(query.order_by(TakenName.id.desc())).all()


def ids_of_taken(statement: Statement) -> set[int | None]:
    """The ids of all members who removed their name from a statement; None stands for those who are not known any more."""
    if statement.refused_at is None:
        return set()
    return {statement.refused_by_id, *(taken.member_id for taken in names_taken_before(statement))}


def is_taken_away(names: Collection[str], quotation: str) -> bool:
    """Whether a member with one of these names has removed it from a statement with exactly these words, on any agenda."""
    last = select(Statement.refused_by_id).where(Statement.quotation == quotation)
    before = select(TakenName.member_id).join(Statement, Statement.id == TakenName.statement_id)
    before = before.where(Statement.quotation == quotation)
    is_such = or_(Member.id.in_(last), Member.id.in_(before))
    quoted = db.session.scalars(select(Member).where(is_such)).all()
    return any(is_called(member, name) for member in quoted for name in names)


def is_called(member: Member, words: str) -> bool:
    """Whether some words are the name or handle of a member, ignoring case, accents, spaces and punctuation."""
    called = "".join(words_in(words))
    return bool(called) and called in {
        "".join(words_in(name)) for name in (member.name, member.handle)
    }


def get_statement(agenda: Agenda, statement_id: int) -> Statement:
    """One statement of an agenda, or `NotFound`."""
    mine = (Statement.agenda_id == agenda.id, Statement.id == statement_id)
    return or_not_found(db.session.scalars(_shown_statements().where(*mine)).first())


def speaker_of(curator: Person, statement: Statement) -> Member | None:
    """The member who made a statement, or None when the curator may not see that profile. `member` must be loaded."""
    member = statement.member
    if member is None or member.hidden_at is None or member.id == curator.id:
        return member
    return member if sees_hidden(curator, None) else None


def statement_by_id(statement_id: int) -> Statement:
    """One statement of any agenda, or `NotFound`."""
    return or_not_found(
        db.session.scalars(_shown_statements().where(Statement.id == statement_id)).first()
    )


def _shown_statements() -> Select[Statement]:
    shown = select(Statement).where(Statement.removed_at.is_(None))
    return shown.options(joinedload(Statement.member))
