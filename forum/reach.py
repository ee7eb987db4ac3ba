"""Visibility rules (*reach*): which rows a reader may see, in Python and in SQL side by side.

Rights are in `permissions`. Where a condition here says in SQL what a right there says of a loaded row, its docstring
names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, column, false, func, or_, select, table, true

from forum.db import constant
from forum.permissions import AUDIENCES, PUBLIC, Person

_AGENDA = table("agenda", column("id"), column("opened_at"))
_IN_PREPARATION = select(_AGENDA.c.id).where(_AGENDA.c.opened_at.is_(None))


def audiences(reader: Person) -> Sequence[str]:
    """The audiences that a reader belongs to: everybody to the public, and members also to members."""
    return AUDIENCES if reader.is_member else (PUBLIC,)


def reads(reader: Person, audience: str) -> bool:
    """Whether the reader belongs to an audience."""
    return audience in audiences(reader)


def read_by(reader: Person, audience: Any) -> ColumnElement[bool]:
    """In SQL: the reader belongs to the audience that a column holds."""
    is_read: ColumnElement[bool] = audience.in_([constant(name) for name in audiences(reader)])
    return is_read


def sees_hidden(reader: Person, agenda_id: int | None) -> bool:
    """Whether the reader sees hidden content on an agenda, as its moderators do."""
    return bool(reader.can.moderate(agenda_id))


def is_by_another(author_id: Any) -> ColumnElement[bool]:
    """The SQL condition that the reader (parameter `reader_id`) is not the author, as `can.judge` requires."""
    return func.coalesce(author_id, 0) != bindparam("reader_id")


def shown_to(reader: Person, hidden_at: Any, agenda_id: Any) -> ColumnElement[bool]:
    """The SQL condition that a row is not hidden and its agenda open, or that the reader moderates its agenda."""
    is_shown: ColumnElement[bool] = hidden_at.is_(None)
    if not reader.sees_preparation:
        is_shown = and_(is_shown, is_on_open_agenda(agenda_id))
    return _or_moderated_by(reader, agenda_id, is_shown)


def opened_to(reader: Person, agenda_id: Any) -> ColumnElement[bool]:
    """The SQL condition that an agenda is open, or that the reader moderates it: nobody else sees one in preparation."""
    if reader.sees_preparation:
        return true()
    return _or_moderated_by(reader, agenda_id, is_on_open_agenda(agenda_id))


def is_on_open_agenda(agenda_id: Any) -> ColumnElement[bool]:
    """The SQL condition that an agenda is not in preparation, so that everybody may see its content."""
    is_open: ColumnElement[bool] = agenda_id.not_in(_IN_PREPARATION)
    return is_open


def _or_moderated_by(
    reader: Person, agenda_id: Any, condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    if reader.is_moderator:
        return true()
    return or_(condition, moderated_by(reader, agenda_id)) if reader.hosts else condition


def moderated_by(reader: Person, agenda_id: Any) -> ColumnElement[bool]:
    """The SQL condition that a row belongs to an agenda that the reader moderates."""
    if reader.is_moderator:
        return true()
    if reader.hosts:
        is_hosted: ColumnElement[bool] = agenda_id.in_(tuple(reader.hosts))
        return is_hosted
    return false()


def may_sign_in(member: Any, moment: Any) -> ColumnElement[bool]:
    """The SQL condition that a member (`member` is the model) may sign in at a moment, as `Can.sign_in` says."""
    return and_(member.left_at.is_(None), _is_over(member.suspended_until, moment))


def may_decide(member: Any, moment: Any) -> ColumnElement[bool]:
    """The SQL condition that a member with an office can use its rights at a moment, as `Person.may_decide` says."""
    return and_(may_write(member, moment), member.held_at.is_(None))


def may_write(member: Any, moment: Any) -> ColumnElement[bool]:
    """The SQL condition that a member may write at a moment, as `Can.write` says, but without checking for new terms."""
    is_open = and_(may_sign_in(member, moment), member.leaving_at.is_(None))
    return and_(is_open, _is_over(member.silenced_until, moment))


def _is_over(until: Any, moment: Any) -> ColumnElement[bool]:
    """The SQL condition that a restriction is over at a moment, or there is none; the opposite of `principals.is_future`."""
    return or_(until.is_(None), until <= moment)
