"""Statements: writing, ordering and removing what members said of an agenda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.agendas.actions._shared import (
    agenda_to_curate,
    assign,
    check_length,
    members_typed,
    put_in_order,
)
from forum.agendas.models import Agenda, AgendaHost, MemberTheme, Statement
from forum.agendas.queries import (
    speaker_of,
    statement_by_id,
    statement_fields,
    statements_by,
    statements_of,
)
from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.errors import Forbidden
from forum.history.actions import forget_versions, keep_version
from forum.history.queries import refuse_unseen
from forum.permissions import Person, require


@dataclass(frozen=True)
class StatementText:
    """A statement to store; an empty `handle` means somebody without an account."""

    name: str
    quotation: str
    role_title: str = ""
    organisation: str = ""
    said_on: date | None = None
    language: str = "en"
    handle: str = ""


@action
def write_statement(
    curator: Person,
    agenda_id: int,
    text: StatementText,
    statement_id: int | None = None,
    *,
    seen: str | None = None,
) -> Statement:
    """Add a statement to an agenda, or change one and keep the former version; `seen` as in `write_agenda`.

    The same statement sent twice is added once.
    When the profile of who made it is hidden from the curator, an empty handle leaves the member as it is, because the
    form could not show the handle.
    """
    agenda = agenda_to_curate(curator, agenda_id)
    said = _statement_columns(curator, text)
    if statement_id is None:
        return _identical_statement(agenda, said) or _new_statement(agenda, said)
    statement = _statement_of_agenda(agenda, statement_id)
    if not text.handle and speaker_of(curator, statement) is None:
        said["member_id"] = statement.member_id
    if any(getattr(statement, name) != value for name, value in said.items()):
        before = statement_fields(statement)
        refuse_unseen(seen, before)
        keep_version(curator, "statement", statement.id, before)
        assign(statement, said)
    return statement


@action
def order_statements(curator: Person, agenda_id: int, statement_ids: Sequence[int]) -> None:
    """Put the statements of an agenda in this order; those that are not named come after."""
    agenda = agenda_to_curate(curator, agenda_id)
    put_in_order(statements_of(agenda), statement_ids)


@action
def remove_statement(curator: Person, agenda_id: int, statement_id: int) -> None:
    """Take a statement from an agenda; its history stays."""
    agenda = agenda_to_curate(curator, agenda_id)
    statement = _statement_of_agenda(agenda, statement_id)
    keep_version(curator, "statement", statement.id, statement_fields(statement))
    statement.removed_at = now()


@action
def forget_member(system: Person, member_id: int, former: str, *, is_silent: bool) -> None:
    """Forget a member who has left: as a host, as who can help, and in statements, which get the name `former`.

    With `is_silent` the statements are removed and emptied as well.
    """
    require(system.can.administer())
    for table in (AgendaHost, MemberTheme):
        db.session.execute(delete(table).where(table.member_id == member_id))
    said = {"member_id": None, "name": former, "role_title": "", "organisation": ""}
    for statement in statements_by(member_id):
        assign(statement, said)
        if is_silent:
            assign(statement, {"quotation": "", "removed_at": statement.removed_at or now()})
            forget_versions(system, "statement", statement.id)


def _statement_columns(curator: Person, text: StatementText) -> dict[str, Any]:
    check_length(text.name, "name")
    members = members_typed(curator, [text.handle], "handle")
    return {
        "name": text.name,
        "role_title": text.role_title,
        "organisation": text.organisation,
        "said_on": text.said_on,
        "quotation": text.quotation,
        "language": text.language,
        "member_id": members[0].id if members else None,
    }


def _identical_statement(agenda: Agenda, said: dict[str, Any]) -> Statement | None:
    """A statement of the agenda that says exactly this, as when a form is sent twice; or None."""
    for known in statements_of(agenda):
        if all(getattr(known, name) == value for name, value in said.items()):
            return known
    return None


def _new_statement(agenda: Agenda, said: dict[str, Any]) -> Statement:
    after = max((known.position for known in statements_of(agenda)), default=0)
    statement = Statement(agenda_id=agenda.id, position=after + 1, **said)
    db.session.add(statement)
    db.session.flush()
    return statement


def _statement_of_agenda(agenda: Agenda, statement_id: int) -> Statement:
    statement = statement_by_id(statement_id)
    if statement.agenda_id != agenda.id:
        raise Forbidden(_("This statement belongs to another agenda."))
    return statement
