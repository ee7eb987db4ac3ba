"""Filling in bulk leaves the same rows, with the same ids, as the actions of the rooms do for the same plan."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from forum.clock import at
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Forbidden
from forum.filling import actions, queries
from forum.filling.actions import BatchWriter, set_up_forum, write_batch
from forum.filling.commands import split_by_posts
from forum.filling.forms import Plan
from forum.filling.models import AGENDAS_AT, RowBatch
from forum.markup import write
from forum.members import actions as members
from forum.permissions import SYSTEM, VISITOR
from tests.datasets import all_rows
from tests.filling.conftest import restart_sequences, rolled_back
from tests.filling.deeds import join_all, play

HASHES = {0: "no hash"}
# Without the counters of commits: the actions commit some hundred times, filling six times.
IGNORED_TABLES = {"page_version"}
# What a plan must contain to make the comparison meaningful.
REQUIRED_DEEDS = {
    "PlannedMark useful",
    "PlannedMark same here",
    "PlannedMark tried it",
    "PlannedEdit",
    "PlannedHiding",
    "PlannedAnswer",
}


def fill(plan: Plan, posts: int = 7) -> None:
    foundation = queries.foundation()
    writer = BatchWriter(foundation)
    for some in split_by_posts(
        plan.deeds(foundation.last_ids["topic"], foundation.last_ids["post"]), posts
    ):
        write_batch(SYSTEM, writer.write(some))


def indexed_words() -> list[Any]:
    """The words in the full-text index on PostgreSQL; on SQLite, FTS5 checks that it agrees with the documents."""
    if db.engine.dialect.name == "sqlite":
        check = "INSERT INTO document_fts(document_fts, rank) VALUES ('integrity-check', 1)"
        db.session.execute(text(check))
        return []
    return [tuple(row) for row in db.session.execute(text("SELECT id, words FROM document"))]


def test_filling_leaves_what_the_deeds_leave(app: Any, plan: Plan) -> None:
    restart_sequences()
    set_up_forum(SYSTEM, plan, HASHES)
    with rolled_back():
        done = play(plan, queries.foundation())
        by_deeds, words_by_deeds = all_rows(), indexed_words()
    assert set(done) >= REQUIRED_DEEDS
    for special in ("quote", "organisation", "members", "public", "question", "experience"):
        assert any(special in kind.split() for kind in done), special
    fill(plan)
    in_bulk = all_rows()
    for table in by_deeds.keys() - IGNORED_TABLES:
        assert in_bulk[table] == by_deeds[table], table
    assert sorted(indexed_words()) == sorted(words_by_deeds)
    assert not [row for row in in_bulk["event"].values() if row["done_at"] is None]
    check_numbers(plan)


def check_numbers(plan: Plan) -> None:
    """Check that the next rows get higher ids, for which filling has to set PostgreSQL's sequences."""
    foundation = queries.foundation()
    ana = members.join(SYSTEM, members.Joining("Ana Prado", "ana@example.org", "no hash"))
    assert ana.id == len(plan.people) + 1
    new = dialogue.NewTopic("question", "And now?", write("What is next?"))
    topic = dialogue.open_topic(ana, foundation.agendas[0], new)
    assert topic.id == foundation.last_ids["topic"] + plan.shape.topics + 1
    assert queries.last_post() == foundation.last_ids["post"] + plan.shape.posts + 1


def test_the_people_are_as_if_they_had_joined(app: Any, plan: Plan) -> None:
    with at(AGENDAS_AT):
        members.load_cities(SYSTEM, plan.cities)
        organisations = actions.foundation._organisations(SYSTEM, plan)
    with rolled_back():
        actions.foundation._add_members(plan, organisations, HASHES)
        in_bulk = people()
    join_all(plan, organisations)
    assert in_bulk == people()


def people() -> dict[str, Any]:
    """All members with their languages, by handle and without ids."""
    rows = all_rows()
    spoken: dict[int, list[Any]] = {}
    for row in rows["member_language"].values():
        spoken.setdefault(row["member_id"], []).append((row["position"], row["language"]))
    told: dict[int, list[Any]] = {}
    for table in ("notice_settings", "all_read"):
        for row in rows[table].values():
            told.setdefault(row["member_id"], []).append({**row, "member_id": 0})
    return {
        row["handle"]: {
            **row,
            "id": None,
            "languages": sorted(spoken[row["id"]]),
            "told": told[row["id"]],
        }
        for row in rows["member"].values()
    }


def test_only_the_system_fills(app: Any, plan: Plan) -> None:
    for deed in (
        lambda: set_up_forum(VISITOR, plan, HASHES),
        lambda: write_batch(VISITOR, RowBatch(())),
    ):
        with pytest.raises(Forbidden):
            deed()
