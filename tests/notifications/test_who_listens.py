"""Whether anybody watches what somebody writes about, asked for with every post."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, insert, text

from forum.clock import now
from forum.columns import Base
from forum.db import db
from forum.notifications import actions
from forum.notifications.models import MUTED, WATCHING, Watch
from forum.notifications.queries import who_listens
from forum.permissions import SYSTEM


def test_somebody_else_who_watches_one_of_the_subjects_listens(people: Any) -> None:
    subjects = [("agenda", 1), ("topic", 5)]
    assert who_listens(people.ana, subjects) == (False, False)
    actions.watch(people.ana, "topic", 5)
    actions.watch(people.ben, "topic", 5, MUTED)
    actions.watch(people.ben, "topic", 6)
    assert who_listens(people.ana, subjects) == (False, False)
    assert who_listens(people.ben, subjects) == (True, False)
    assert who_listens(SYSTEM, subjects) == (True, False)
    assert who_listens(SYSTEM, []) == (False, False)


@pytest.mark.postgresql_only  # which keeps one plan for all subjects of a prepared statement
def test_where_most_watch_one_agenda_nobody_reads_all_watches(people: Any) -> None:
    members = [
        {"handle": f"m{n}", "name": "M", "email": f"{n}@m", "joined_at": now(), "hosted": []}
        for n in range(2_000)
    ]
    joined = insert(Base.metadata.tables["member"]).returning(Base.metadata.tables["member"].c.id)
    watch = {"subject": "agenda", "subject_id": 1, "level": WATCHING, "created_at": now()}
    ids = db.session.scalars(joined, [{**member, "password_hash": ""} for member in members]).all()
    db.session.execute(insert(Watch), [{**watch, "member_id": key} for key in ids])
    db.session.execute(text("ANALYZE watch"))
    made: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        made.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    assert who_listens(people.ana, [("agenda", 2), ("author", 1)]) == (False, False)
    event.remove(db.engine, "before_cursor_execute", note)
    (statement, parameters) = made[-1]
    for name in parameters:  # as the statement of a plan for all values
        statement = statement.replace(f"%({name})s", f"${[*parameters].index(name) + 1}")
    connection = db.session.connection()
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    connection.exec_driver_sql(f"PREPARE asked AS {statement}")
    values = ", ".join(f"'{v}'" if isinstance(v, str) else str(v) for v in parameters.values())
    plan = connection.exec_driver_sql(f"EXPLAIN EXECUTE asked({values})").scalars().all()
    connection.exec_driver_sql("DEALLOCATE asked")
    assert not [line for line in plan if "Seq Scan on watch" in line], plan
