"""What the queries of the library share: values of columns, limits, and small parts of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists
from sqlalchemy.orm import aliased

from forum.db import db
from forum.dialogue.models import TRIED, Mark, Post
from forum.dialogue.queries import is_readable
from forum.errors import NotFound, or_not_found
from forum.library.models import Case, Reading
from forum.members.models import Member

T = TypeVar("T")
ITEMS_PER_PAGE = 20
MAX_LISTED = 200  # cases, practices or readings in a list without pages
EVIDENCE = ("told", "counted", "measured", "studied")  # from the weakest to the strongest
SECTIONS = ("challenge", "done", "resources", "results", "failure", "lessons", "needs")
# The fields of a practice into which its author types words of their own
TYPED_FIELDS = ("title", "sentence", "link", "cost", *SECTIONS)
# Those of a case, also in its tables
TYPED_FIELDS_OF_CASES = (
    *("name", "summary", "body", "since", "reach", "checked_on", "places-city"),
    *("figures-label", "figures-value", "figures-unit", "figures-as_at", "figures-source"),
    *("figures-address", "links-label", "links-address"),
)
# The section "what did not work", with an audience (and a kind in search) of its own
FAILURE = "failure"
# The parts of a figure and of a link, in the order in which they are typed
FIGURE_PARTS = ("label", "value", "unit", "as_at", "source", "address")
LINK_PARTS = ("label", "address", "kind")


def one_or_not_found(
    model: type[T], query: Select[Any], values: Mapping[str, Any] | None = None
) -> T:
    """The first row of a query for `model` with these `values` of its parameters, or `NotFound`."""
    row = db.session.scalars(query, values).unique().first()
    if not isinstance(row, model):
        raise NotFound()
    return row


def given(**values: int | None) -> dict[str, int]:
    """Those of the values that are given, which are parameters for the conditions that `equal` makes of their names."""
    return {name: value for name, value in values.items() if value}


def equal(columns: Mapping[str, Any], names: Iterable[str]) -> list[ColumnElement[bool]]:
    """In SQL: the columns of these names have the values that are given when the statement is executed."""
    return [columns[name] == bindparam(name) for name in names]


def place_in_list(row: Case | Reading | None) -> tuple[int, ...] | None:
    """The position of a case or best read in the list of all: by agenda and in its order; None for None."""
    return (row.agenda.position, row.agenda_id, row.position, row.id) if row else None


def lock_row(query: Select[Any]) -> None:
    """Run a `SELECT id … FOR UPDATE`; `NotFound` when it finds nothing.

    A row is locked by one statement and read by a second one: see `dialogue/queries/changing.py`.
    """
    or_not_found(db.session.scalar(query))


def opens_topic(topic_id: Any) -> ColumnElement[bool]:
    """In SQL: the post that opens the topic of a case or a practice."""
    return and_(Post.topic_id == topic_id, Post.number == 1)


def is_tried_mark(post_id: Any) -> ColumnElement[bool]:
    """In SQL: a "tried it" mark on a post that readers see, by a member whose profile is not hidden."""
    # As a correlated subquery: looking for hidden members first would take longer
    giver = aliased(Member)
    is_hidden = exists().where(giver.id == Mark.member_id, giver.hidden_at.is_not(None))
    is_hidden = is_hidden.correlate(Mark)
    return and_(Mark.post_id == post_id, Mark.kind == TRIED, *is_readable(), ~is_hidden)
