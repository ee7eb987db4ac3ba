"""What curators changed: the fields that the history stores, and the edits between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda, Statement, Theme
from forum.agendas.queries._shared import MAX_LISTED, Fields
from forum.db import db
from forum.history.queries import Edit, edits_between, versions_of, versions_of_many
from forum.permissions import Person, require


@dataclass(frozen=True)
class AgendaEdit(Edit):
    """One change by a curator: of the agenda itself, or of a statement by `name`.

    `is_removed`: the statement has been removed from the agenda since.
    """

    name: str = ""
    is_removed: bool = False


def edits_of(agenda: Agenda, reader: Person) -> list[AgendaEdit]:
    """What curators changed in an agenda and its statements, newest first."""
    require(reader.can.curate(agenda))
    own = edits_between(versions_of("agenda", agenda.id), {agenda.id: agenda_fields(agenda)})
    edits = [*(AgendaEdit(**vars(edit)) for edit in own), *_edits_of_statements(agenda)]
    return sorted(edits, key=lambda edit: edit.version.id, reverse=True)


def _edits_of_statements(agenda: Agenda) -> Iterator[AgendaEdit]:
    query = select(Statement).where(Statement.agenda_id == agenda.id).limit(MAX_LISTED)
    rows = db.session.scalars(query.options(joinedload(Statement.member))).all()
    statements = {statement.id: statement for statement in rows}
    present = {statement.id: statement_fields(statement) for statement in rows}
    for edit in edits_between(versions_of_many("statement", present), present):
        about = statements[edit.version.item_id]
        yield AgendaEdit(**vars(edit), name=about.name, is_removed=about.removed_at is not None)


def agenda_fields(agenda: Agenda) -> Fields:
    """The fields of an agenda as its history stores and compares them; its hosts must be loaded."""
    names = ("title", "summary", "introduction", "findings", "language", "palette", "pattern")
    fields = {name: getattr(agenda, name) for name in names}
    return {**fields, "hosts": ", ".join(host.handle for host in agenda.hosts)}


def statement_fields(statement: Statement) -> Fields:
    """The fields of a statement as its history stores and compares them; its member must be loaded."""
    names = ("name", "role_title", "organisation", "quotation", "language")
    fields = {name: getattr(statement, name) for name in names}
    fields["said_on"] = statement.said_on.isoformat() if statement.said_on else ""
    fields["handle"] = statement.member.handle if statement.member else ""
    fields["is_removed"] = "yes" if statement.removed_at else "no"
    return fields


def theme_fields(theme: Theme) -> Fields:
    """The fields of a theme as its history stores and compares them."""
    return {"name": theme.name}
