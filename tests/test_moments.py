"""A deed is of one moment, however long it takes: its rows say the same time, and what decided is what is saved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, literal, select, union

from forum import deeds
from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda, themes
from forum.clock import at, now
from forum.columns import Base, Moment
from forum.db import db
from forum.deeds import action
from forum.dialogue.queries import get_topic, posts_in
from forum.errors import Conflict
from forum.library.queries import get_case
from forum.permissions import VISITOR
from tests.changes import DEEDS
from tests.conftest import dataset_fixture
from tests.world import build

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MOMENTS = [
    column
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Moment)
]
FIRST = bindparam("first", type_=Moment())
# One statement for all columns: there are hundreds, and they are read before and after each deed
LATER = union(
    *(
        select(literal(f"{column.table.name}.{column.name}"), column).where(column > FIRST)
        for column in MOMENTS
    )
)


@pytest.fixture
@dataset_fixture
def world(people: Any, agenda: Agenda) -> dict[str, Any]:
    made = build(people, agenda)
    made["first"] = posts_in(VISITOR, get_topic(VISITOR, made["topic"]), 1).items[0].id
    made["case_topic"] = get_case(VISITOR, made["case"]).topic_id
    made["theme_id"] = next(theme.id for theme in themes() if theme.slug == made["theme"])
    made["other_id"] = get_agenda(VISITOR, "other").id
    return made


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., Any]]:
    """The outermost actions that were executed."""
    found: list[Callable[..., Any]] = []
    run = deeds._run_outermost

    def noting(session: Any, deed: Callable[..., Any], *more: Any) -> Any:
        found.append(deed)
        return run(session, deed, *more)

    monkeypatch.setattr(deeds, "_run_outermost", noting)
    return found


def moments_after(first: datetime) -> dict[datetime, set[str]]:
    """The moments since then that rows say, each with the columns that say it."""
    found: dict[datetime, set[str]] = {}
    for column, moment in db.session.execute(LATER, {"first": first}):
        found.setdefault(moment, set()).add(column)
    return found


@pytest.mark.usefixtures("passing_seconds")
def test_the_rows_of_a_deed_say_one_moment(
    executed: list[Any], world: dict[str, Any], people: Any, agenda: Agenda
) -> None:
    told = 0
    for name, deed in DEEDS.items():
        first = now()
        ahead = moments_after(first).keys()  # those at which something ends
        executed.clear()
        deed(world, people, agenda)
        last, said = now(), moments_after(first)
        written = {moment: said[moment] for moment in said.keys() - ahead if moment < last}
        assert len(written) <= len(executed), (name, written)
        told += bool(written)
    assert told > len(DEEDS) / 2


@pytest.mark.usefixtures("app", "passing_seconds")
def test_a_moment_that_is_set_holds_in_a_deed_and_time_goes_on_after_it() -> None:
    seen: list[datetime] = []

    @action
    def inner() -> None:
        seen.append(now())

    @action
    def outer(*, fails: bool = False) -> None:
        seen.append(now())
        inner()
        with at(LONG_AGO):
            inner()
        seen.append(now())
        if fails:
            raise Conflict

    outer()
    first, within, set_within, later = seen
    assert first == within == later and set_within == LONG_AGO
    assert first < now() < now()
    with pytest.raises(Conflict):
        outer(fails=True)
    assert first < seen[4] == seen[7] < now() < now()
    with at(LONG_AGO):
        outer()
    assert set(seen[8:]) == {LONG_AGO}
