"""The actions on agendas, statements and themes."""

from __future__ import annotations

from forum.agendas.actions.curating import (
    LIST,
    RESERVED,
    AgendaText,
    archive,
    delete_agenda,
    open_agenda,
    order,
    prepare_agenda,
    reopen,
    set_hosts,
    write_agenda,
)
from forum.agendas.actions.mending import (
    correct_activity,
    mend_hosting,
    rerender,
    rerender_findings,
)
from forum.agendas.actions.noting import note_activity, note_declarations, note_quiet
from forum.agendas.actions.statements import (
    StatementText,
    forget_member,
    order_statements,
    remove_statement,
    take_name_away,
    tell_quoted,
    write_statement,
)
from forum.agendas.actions.themes import ensure_themes, remove_theme, set_member_themes, write_theme

__all__ = [
    "LIST",
    "RESERVED",
    "AgendaText",
    "StatementText",
    "archive",
    "correct_activity",
    "delete_agenda",
    "ensure_themes",
    "forget_member",
    "mend_hosting",
    "note_activity",
    "note_declarations",
    "note_quiet",
    "open_agenda",
    "order",
    "order_statements",
    "prepare_agenda",
    "remove_statement",
    "remove_theme",
    "reopen",
    "rerender",
    "rerender_findings",
    "set_hosts",
    "set_member_themes",
    "take_name_away",
    "tell_quoted",
    "write_agenda",
    "write_statement",
    "write_theme",
]
