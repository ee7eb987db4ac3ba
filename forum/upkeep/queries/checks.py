"""What `flask check` compares: all checks, the faults that one finds, and what is not checked."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import DatabaseError

from forum.db import db
from forum.upkeep.models import Check, Fault
from forum.upkeep.queries._checks_of_columns import column_checks
from forum.upkeep.queries._checks_of_database import database_checks
from forum.upkeep.queries._checks_of_discussions import discussion_checks
from forum.upkeep.queries._checks_of_hidden import hidden_checks
from forum.upkeep.queries._checks_of_links import link_checks
from forum.upkeep.queries._checks_of_pictures import picture_checks
from forum.upkeep.queries._checks_of_search import search_checks


def checks() -> list[Check]:
    """All checks of this database, the most important first."""
    return [
        *database_checks(),
        *column_checks(),
        *discussion_checks(),
        *hidden_checks(),
        *search_checks(),
        *picture_checks(),
        *link_checks(),
    ]


def faults_of(check: Check) -> Iterator[Fault]:
    """The faults that a check finds; a failing query is a fault too."""
    try:
        yield from check.faults()
    except DatabaseError as error:
        yield Fault("database", None, f"cannot be read here: {error.orig}")


def not_checked(has_mended: bool = False) -> str:
    """A sentence on what the checks of this database leave out; empty if mending has included it."""
    kind = db.session.connection().dialect.name
    return "" if has_mended and kind == "sqlite" else NOT_CHECKED[kind]


NOT_CHECKED = {
    "sqlite": "Not checked: each word of the full-text index against the documents, because nobody can "
    "write while they are compared. `flask backup` checks it in its copy, and `--fix` mends it.",
    "postgresql": "Not checked: damaged pages, and indexes against their tables. pg_amcheck does it, which "
    "comes with PostgreSQL and needs its extension amcheck.",
}
