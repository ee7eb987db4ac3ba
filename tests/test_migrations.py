"""The migrations create what the models describe, and can be reversed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import (
    Connection,
    TableClause,
    column,
    delete,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy import table as light_table

from forum.app import create_app
from forum.columns import Base
from forum.confusables import skeleton
from forum.db import db
from forum.plaintext import short_hash
from forum.settings import Settings
from tests.forums import new_database

# A member's row in version 0008.
MEMBER = {
    "id": 7,
    "handle": "mona-berg",
    "name": "Mona Berg",
    "email": "mona@city.example",
    "password_hash": "-",
    "role": "moderator",
    "hosted": "[]",
    "position": "",
    "language": "en",
    "helps_with": "",
    "about": "",
    "about_html": "",
    "html_version": 0,
    "folded": " mona berg",
    "sort_key": " mona berg",
    "joined_at": "2026-01-01 12:00:00",
    "posts_count": 0,
}
BY_HAND = ("document_fts", "member_fts", "words", "alembic_version")


def test_models_and_migrations_agree(app: Flask) -> None:
    context = MigrationContext.configure(
        db.session.connection(),
        opts={
            "compare_type": True,
            "include_object": lambda _o, name, *_: not str(name).startswith(BY_HAND),
        },
    )
    assert compare_metadata(context, Base.metadata) == []


def test_a_new_migration_changes_nothing_that_the_models_cannot_say(
    database_url: str, tmp_path: Path
) -> None:
    """`flask db migrate` once wrote that the index of members' names is to be deleted."""
    with own_forum(database_url, tmp_path, revision="head"):
        check()  # raises if `flask db migrate` would write something


def test_every_foreign_key_has_an_index(app: Flask) -> None:
    """PostgreSQL does not add indexes for foreign keys, and deleting a row would read whole tables."""
    inspector = inspect(db.session.connection())
    rarely_asked = {
        "representative_id",
        "answer_id",
        "moderator_id",
        "actor_id",
        "organisation_id",
        "editor_id",
        "agenda_id",
        "city_id",
        "member_id",
        "author_id",
    }
    for table in Base.metadata.tables:
        indexed = {tuple(i["column_names"])[:1] for i in inspector.get_indexes(table)}
        indexed |= {tuple(inspector.get_pk_constraint(table)["constrained_columns"])[:1]}
        indexed |= {tuple(u["column_names"])[:1] for u in inspector.get_unique_constraints(table)}
        for key in inspector.get_foreign_keys(table):
            column = key["constrained_columns"][0]
            assert (column,) in indexed or column in rarely_asked, f"{table}.{column}"


def test_members_of_a_filled_forum_are_found_by_words_in_brackets(
    database_url: str, tmp_path: Path
) -> None:
    folded = " mona berg (urban planner) “kerbs” – r&d, c++"
    with own_forum(database_url, tmp_path):
        upgrade(revision="0008")
        others = {"id": 8, "handle": "eva", "email": "eva@city.example", "folded": " eva holm"}
        with db.engine.begin() as connection:
            for more in ({"folded": folded, "sort_key": folded}, others):
                values = MEMBER | more
                names = ", ".join(f":{name}" for name in values)
                into = f"INSERT INTO member ({names.replace(':', '')}) VALUES ({names})"
                connection.execute(text(into), values)
            connection.execute(
                text(
                    "INSERT INTO city (id, name, country, latitude, longitude, population, slug)"
                    " VALUES (1, '‘Amrān', 'YE', 15, 44, 90792, 'amran')"
                )
            )
            for name in ("‘amran", "’amran", "‘imran", "imran"):
                into = "INSERT INTO city_name (city_id, folded) VALUES (1, :name)"
                connection.execute(text(into), {"name": name})
        upgrade()
        plain = " mona berg urban planner kerbs r&d c++"
        for _times in range(2):
            with db.engine.begin() as connection:
                rows = connection.execute(text("SELECT folded, sort_key FROM member ORDER BY id"))
                names = connection.execute(text("SELECT folded FROM city_name ORDER BY id"))
                assert rows.all() == [(plain, plain), (" eva holm", " mona berg")]
                assert [*names.scalars()] == ["‘amran", "’amran", "‘imran", "imran", "amran"]
            downgrade(revision="0075")
            upgrade()


def test_drafts_of_practices_are_no_replies_to_nothing_after_going_back(
    database_url: str, tmp_path: Path
) -> None:
    draft = {"author_id": 7, "fields": [["title", "Pumps"]]}
    draft["saved_at"] = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with own_forum(database_url, tmp_path):
        upgrade(revision="0008")
        with db.engine.begin() as connection:
            names = ", ".join(f":{name}" for name in MEMBER)
            into = f"INSERT INTO member ({names.replace(':', '')}) VALUES ({names})"
            connection.execute(text(into), MEMBER)
        upgrade(revision="0075")
        with db.engine.begin() as connection:
            table = Base.metadata.tables["draft"]
            for key, kind in (("a", ""), ("b", "practice"), ("c", "practice")):
                values = draft | {"submission_key": key, "kind": kind}
                connection.execute(insert(table).values(values))
            connection.execute(text("UPDATE member SET drafts_count = 3"))
        for change, revision in ((downgrade, "0074"), (upgrade, "0075")):
            change(revision=revision)
            with db.engine.begin() as connection:
                keys = connection.scalars(text("SELECT submission_key FROM draft")).all()
                assert keys == ["a"]
                assert connection.scalar(text("SELECT drafts_count FROM member")) == 1
        with db.engine.begin() as connection:
            assert connection.scalar(text("SELECT kind FROM draft")) == ""


def test_a_filled_forum_gets_its_skeletons_and_can_go_back(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path):
        upgrade(revision="0008")
        names = ", ".join(MEMBER)
        values = ", ".join(f":{name}" for name in MEMBER)
        candidate = "INSERT INTO candidate (id, email, name, password_hash, profile, browser_hash, created_at) VALUES (1, 'e@x.example', 'Eva', '-', '{}', '-', '2026-01-01 12:00:00')"
        with db.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO member ({names}) VALUES ({values})"), MEMBER)
            connection.execute(text(candidate))
        upgrade()
        for _times in range(2):
            with db.engine.begin() as connection:
                row = connection.execute(text("SELECT * FROM member")).mappings().one()
                kept = connection.execute(text("SELECT * FROM candidate")).mappings().one()
            assert row["name_skeleton"] == row["handle_skeleton"] == skeleton("Mona Berg")
            assert (row["invited_by_id"], kept["confirmed_at"], kept["name"]) == (None, None, "Eva")
            downgrade(revision="0008")
            upgrade()


def test_topics_that_were_hidden_with_their_last_post_are_known(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path, revision="0039"):
        for name, row in hidden_topics():
            # `agenda` had columns then that the model no longer has
            if name == "topic" and row["id"] == 1:
                downgrade(revision="0023")
            with db.engine.begin() as connection:
                connection.execute(insert(Base.metadata.tables[name]).values(**row))
        upgrade()
        with db.engine.begin() as connection:
            query = "SELECT id FROM topic WHERE emptied_at = hidden_at ORDER BY id"
            assert connection.execute(text(query)).scalars().all() == [1]
            assert connection.scalar(text("SELECT count(*) FROM topic")) == 3
        downgrade(revision="0023")
        upgrade()


def test_what_was_reported_again_does_not_stop_the_way_back(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path, revision="head"):
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        member = {"handle": "mona", "name": "Mona", "email": "m@x.example", "password_hash": "-"}
        said = {"reporter_id": 1, "kind": "post", "item_id": 7, "reason": "rules"}
        decided = {"kind": "post", "item_id": 7, "deed": "keep", "moderator_id": 1}
        tables = Base.metadata.tables
        with db.engine.begin() as connection:
            connection.execute(insert(tables["member"]).values(id=1, **member, joined_at=noon))
            connection.execute(insert(tables["decision"]).values(id=1, **decided, decided_at=noon))
            for number, decision in ((1, 1), (2, None)):
                row = {**said, "id": number, "decision_id": decision, "created_at": noon}
                connection.execute(insert(tables["report"]).values(**row))
        downgrade(revision="0025")
        upgrade()
        with db.engine.begin() as connection:
            query = "SELECT id, reporter_id FROM report ORDER BY id"
            assert [tuple(row) for row in connection.execute(text(query))] == [(1, None), (2, 1)]


def test_notes_and_follow_ups_get_numbers_that_are_never_given_again(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path, revision="0039"):
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        mark: dict[str, Any] = {"member_id": 1, "kind": "tried it", "outcome": "kept"}
        told = {"deed": "We did.", "outcome": "yes", "told_at": noon}
        tables = Base.metadata.tables
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            for post_id, hidden_at in ((1, None), (2, noon), (3, None)):
                row = {**mark, "post_id": post_id, "created_at": noon, "hidden_at": hidden_at}
                connection.execute(insert(tables["mark"]).values(**row, note=f"Note {post_id}."))
            connection.execute(insert(tables["follow_up"]).values(topic_id=3, **told))
        downgrade(revision="0026")
        with db.engine.begin() as connection:
            query = "SELECT post_id, note FROM mark ORDER BY post_id"
            said = [(1, "Note 1."), (2, ""), (3, "Note 3.")]
            assert [tuple(row) for row in connection.execute(text(query))] == said
        upgrade()
        with db.engine.begin() as connection:
            rows = connection.execute(text("SELECT id, post_id, note FROM mark ORDER BY post_id"))
            kept = {row.post_id: (row.id, row.note) for row in rows}
            assert [note for _id, note in kept.values()] == ["Note 1.", "", "Note 3."]
            assert connection.scalar(text("SELECT deed FROM follow_up WHERE topic_id = 3"))
            last = max(number for number, _note in kept.values())
            connection.execute(text(f"DELETE FROM mark WHERE id = {last}"))
            connection.execute(text("DELETE FROM follow_up"))
            row = {**mark, "kind": "useful", "post_id": 1, "created_at": noon}
            connection.execute(insert(tables["mark"]).values(**row))
            connection.execute(insert(tables["follow_up"]).values(topic_id=3, **told))
            assert connection.scalar(text("SELECT max(id) FROM mark")) > last
            assert connection.scalar(text("SELECT id FROM follow_up")) > 1


def test_what_is_hidden_does_not_come_back_with_an_earlier_version(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path, revision="0039"):
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        mark: dict[str, Any] = {"member_id": 1, "outcome": "kept", "created_at": noon}
        told = {"deed": "We did.", "outcome": "yes", "told_at": noon}
        decided = {"deed": "hide", "moderator_id": 1, "decided_at": noon}
        said = {"reporter_id": 1, "reason": "rules", "created_at": noon}
        tables = Base.metadata.tables
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            for topic_id, hidden_at in ((2, noon), (3, None)):
                row = {**told, "topic_id": topic_id, "hidden_at": hidden_at}
                connection.execute(insert(tables["follow_up"]).values(**row))
                note = f"Note {topic_id}."
                kind = "taken back" if hidden_at else "tried it"
                row = {**mark, "post_id": topic_id, "hidden_at": hidden_at, "kind": kind}
                connection.execute(insert(tables["mark"]).values(**row, note=note))
            topics = "UPDATE topic SET {} = '2026-01-01 12:00:00' WHERE id = {}"
            connection.execute(text(topics.format("follow_up_hidden_at", 2)))
            connection.execute(text(topics.format("followed_up_at", 3)))
            for kind, item_id in (("mark", 40), ("followup", 7), ("post", 900)):
                row = {**decided, "kind": kind, "item_id": item_id}
                connection.execute(insert(tables["decision"]).values(**row))
                row = {**said, "kind": kind, "item_id": item_id + (kind == "followup")}
                connection.execute(insert(tables["report"]).values(**row))
        downgrade(revision="0026")
        with db.engine.begin() as connection:
            for table, key in (("follow_up", "topic_id"), ("mark", "post_id")):
                left = connection.execute(text(f"SELECT {key} FROM {table}")).scalars().all()
                assert left == [3], table
            known = "SELECT id FROM topic WHERE followed_up_at IS NOT NULL"
            assert connection.execute(text(known)).scalars().all() == [3]
        upgrade()
        with db.engine.begin() as connection:
            assert connection.scalar(text("SELECT id FROM mark")) == 41
            assert connection.scalar(text("SELECT id FROM follow_up")) == 9
            assert not connection.scalar(text("SELECT count(follow_up_hidden_at) FROM topic"))
            row = {**mark, "kind": "useful", "post_id": 1}
            connection.execute(insert(tables["mark"]).values(**row))
            connection.execute(insert(tables["follow_up"]).values(topic_id=1, **told))
            assert connection.scalar(text("SELECT max(id) FROM mark")) == 42
            assert connection.scalar(text("SELECT max(id) FROM follow_up")) == 10


def test_locked_questions_are_counted_as_waiting_no_longer(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path, revision="0039"):
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            connection.execute(text("UPDATE topic SET kind = 'question', hidden_at = NULL"))
            connection.execute(text("UPDATE topic SET locked_at = created_at WHERE id = 2"))
        numbers = "SELECT is_waiting, number FROM topic_count ORDER BY is_waiting, number"
        for revision, expected in (("0030", [(True, 3)]), ("0031", [(False, 1), (True, 2)])):
            downgrade(revision="0030")
            if revision == "0031":
                upgrade()
            with db.engine.begin() as connection:
                found = [
                    (bool(is_waiting), n) for is_waiting, n in connection.execute(text(numbers))
                ]
            assert found == expected


def test_reminders_of_appeals_are_found_where_the_appeals_are(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path, revision="head"):
        downgrade(revision="0031")
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        member = {"handle": "mona", "name": "Mona", "email": "m@x.example", "password_hash": "-"}
        made = {"kind": "member", "item_id": 1, "deed": "warn", "moderator_id": 1, "title": "Gone"}
        said = {"text": "", "outcome": "", "answer": "", "appellant_id": 1, "created_at": noon}
        told = {"kind": "queue", "title": "Ben Okoth", "created_at": noon}
        rows: list[tuple[str, dict[str, Any]]] = [
            ("member", {"id": 1, **member, "joined_at": noon})
        ]
        for number, decided_at in ((1, noon), (2, None)):
            rows += [("decision", {"id": number, **made, "decided_at": noon})]
            rows += [("appeal", {"decision_id": number, **said, "decided_at": decided_at})]
        for number, path in enumerate(("appeals/1", "appeal/1", "appeals/2", "post/1"), start=1):
            row = {**told, "id": number, "address": f"/moderation/{path}"}
            rows += [("event", {**row, "recipients": [1], "due_at": noon})]
            rows += [("notice", {**row, "event_id": number, "member_id": 1})]
        tables = Base.metadata.tables
        with db.engine.begin() as connection:
            for name, row in rows:
                connection.execute(insert(tables[name]).values(**row))
        upgrade()
        for table, moment in (("event", "done_at"), ("notice", "read_at")):
            query = f"SELECT address, title, {moment} IS NULL FROM {table} ORDER BY id"
            with db.engine.begin() as connection:
                found = [tuple(row) for row in connection.execute(text(query))]
            assert found == [
                ("/moderation/appeal/1", "Gone", False),
                ("/moderation/appeal/1", "Gone", False),
                ("/moderation/appeal/2", "Gone", True),
                ("/moderation/post/1", "Ben Okoth", True),
            ]
        downgrade(revision="0031")
        with db.engine.begin() as connection:
            known = "SELECT address FROM notice WHERE address LIKE '%appeal/%'"
            assert connection.execute(text(known)).all() == []


def test_numbers_of_what_was_deleted_are_given_to_nobody_else(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path):
        upgrade(revision="0031")
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        tables = Base.metadata.tables
        rows = dict(rows_known_by_number())
        decided = {"deed": "refuse", "moderator_id": 1, "decided_at": noon}
        noted = {"author_id": 1, "text": "Again.", "written_at": noon}
        told = {"kind": "queue", "recipients": [1], "created_at": noon, "due_at": noon}
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            # Rows that refer to deleted ones: a text, a candidate, an e-mail, the rule of a text
            row = {**decided, "kind": "held", "item_id": 40}
            connection.execute(insert(tables["decision"]).values(**row))
            row = {**told, "address": "/moderation/candidate/50"}
            connection.execute(insert(tables["event"]).values(**row))
            row = {**noted, "kind": "letter", "item_id": 60}
            connection.execute(insert(tables["entry_note"]).values(**row))
            for name, row in rows.items():
                connection.execute(insert(tables[name]).values(**row))
        upgrade()
        given = {"held": 40, "candidate": 50, "contact_letter": 60, "screening_rule": 70}
        with db.engine.begin() as connection:
            assert connection.scalar(text("SELECT source FROM held")) == "A casino."
            for name, row in rows.items():
                last = given[name] if database_url.startswith("sqlite") else 1
                for _times in range(2):
                    connection.execute(delete(tables[name]))
                    new = insert(tables[name]).values(**row).returning(tables[name].c.id)
                    number = connection.scalar(new)
                    assert number == last + 1, name
                    last = number
        downgrade(revision="0031")
        upgrade()
        with db.engine.begin() as connection:
            for name in rows:
                assert connection.scalar(text(f"SELECT count(*) FROM {name}")) == 1


def test_no_notice_names_who_is_no_longer_a_candidate(database_url: str, tmp_path: Path) -> None:
    with own_forum(database_url, tmp_path):
        upgrade(revision="0031")
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        told = {"kind": "queue", "recipients": [1], "created_at": noon, "due_at": noon}
        tables = Base.metadata.tables
        events = {1: "held/1", 2: "candidate/1", 3: "candidate/1", 4: "candidate/2", 5: "joining/3"}
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            row = dict(rows_known_by_number())["candidate"]
            later = noon + timedelta(days=9)
            connection.execute(insert(tables["candidate"]).values(**row, id=1, confirmed_at=later))
            for number, address in events.items():
                at = {"created_at": later if number == 3 else noon}
                row = {"address": f"/moderation/{address}", "title": f"Title {number}", **at}
                connection.execute(insert(tables["event"]).values(**(told | row), id=number))
                row |= {"event_id": number, "member_id": 1, "kind": "queue"}
                connection.execute(insert(tables["notice"]).values(**row))
        upgrade()
        with db.engine.begin() as connection:
            for table in ("event", "notice"):
                titles = f"SELECT title FROM {table} WHERE title <> '' ORDER BY title"
                left = connection.execute(text(titles)).scalars().all()
                assert left == ["Title 1", "Title 3"], table


def test_who_chose_how_to_be_told_of_what_waits_chose_for_what_cannot_wait(
    database_url: str, tmp_path: Path
) -> None:
    def ways() -> dict[str, str]:
        with db.engine.begin() as connection:
            rows = connection.execute(
                text("SELECT kind, way FROM notice_choice WHERE member_id = 1")
            )
            return {row.kind: row.way for row in rows}

    with own_forum(database_url, tmp_path):
        upgrade(revision="0038")
        tables, noon = Base.metadata.tables, datetime(2026, 1, 1, 12, tzinfo=UTC)
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            for kind, way in (("queue", "never"), ("mark", "digest")):
                row = {"member_id": 1, "kind": kind, "way": way}
                connection.execute(insert(tables["notice_choice"]).values(**row))
        upgrade()
        assert ways() == {"queue": "never", "urgent": "never", "mark": "digest"}
        with db.engine.begin() as connection:
            told = {"kind": "urgent", "address": "/moderation/appeal/1", "created_at": noon}
            row = told | {"id": 1, "recipients": [1], "due_at": noon}
            connection.execute(insert(tables["event"]).values(**row))
            row = told | {"event_id": 1, "member_id": 1}
            connection.execute(insert(tables["notice"]).values(**row))
        downgrade(revision="0038")
        assert ways() == {"queue": "never", "mark": "digest"}
        with db.engine.begin() as connection:
            for table in ("event", "notice"):
                kinds = connection.execute(text(f"SELECT kind FROM {table}")).scalars().all()
                assert kinds == ["queue"], table
        upgrade()


def test_translations_know_who_wrote_their_present_words(database_url: str, tmp_path: Path) -> None:
    """The second was corrected by a member whose handle has changed since, the third by one who has left."""
    with own_forum(database_url, tmp_path):
        upgrade(revision="0062")
        tables, noon = Base.metadata.tables, datetime(2026, 1, 1, 12, tzinfo=UTC)
        one = {"name": "Ola", "password_hash": "-", "joined_at": noon}
        days = {"created_at": noon, "checked_at": noon, "looked_at": noon}
        said = {"title": "T", "audience": "public", "failure_audience": "members", "made_from": {}}
        edits = ((2, "mona"), (2, "ola-berg"), (3, "mona"), (3, ""))
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            member = {"id": 2, "handle": "ola", "email": "o@x.example", **one}
            connection.execute(insert(tables["member"]).values(**member))
            had = {
                "handle": "ola-berg",
                "member_id": 2,
                "handle_skeleton": "ola-berg",
                "replaced_at": noon,
            }
            connection.execute(insert(tables["earlier_handle"]).values(**had))
            for number in (1, 2, 3):
                row = {"id": number, "translator_id": 1, "language": f"l{number}", **said, **days}
                connection.execute(insert(tables["translation"]).values(**row))
            for item_id, handle in edits:
                kept = {"kind": "translation", "item_id": item_id, "editor_handle": handle}
                row = {**kept, "editor_name": "N", "replaced_at": noon, "fields": {}}
                connection.execute(insert(tables["version"]).values(**row))
            blank = ("address", "title", "body", "folded_title", "folded_body", "byline")
            found = dict.fromkeys(blank, "") | {"language": "fr", "written_at": noon}
            for kind in ("topic", "translation", "translated_failure"):
                row = {"kind": kind, "item_id": 1, "audience": "members", **found}
                connection.execute(insert(tables["document"]).values(**row))
        upgrade()
        writers = "SELECT writer_id FROM translation ORDER BY id"
        readers = "SELECT made_for FROM document ORDER BY id"
        for _times in range(2):
            with db.engine.begin() as connection:
                assert connection.scalars(text(writers)).all() == [1, 2, None]
                assert connection.scalars(text(readers)).all() == [None, "public", "members"]
            downgrade(revision="0062")
            upgrade()


def test_translations_count_as_made_from_what_figures_are_called(
    database_url: str, tmp_path: Path
) -> None:
    """The third has no fingerprints, because its original had changed before it was imported."""
    with own_forum(database_url, tmp_path):
        upgrade(revision="0064")
        tables, noon = Base.metadata.tables, datetime(2026, 1, 1, 12, tzinfo=UTC)
        days = {"created_at": noon, "checked_at": noon, "looked_at": noon}
        said = {"title": "T", "audience": "public", "failure_audience": "public"}
        signs = ({"title": "a"}, {"title": "a"}, {})
        figures = (("Cities|towns", "75", "cities"), ("Since", "1913", ""), ("Since", "1914", ""))
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            words = {"name": "C", "kind": "network", "summary": "S", "body": "B"}
            for number in (1, 2):
                row = {"id": number, "slug": f"c{number}", "agenda_id": 1, "topic_id": number}
                row |= {"position": 1, "status": "running", "language": "en", "reach": ""}
                moments = {"created_at": noon, "updated_at": noon}
                connection.execute(insert(tables["case"]).values(**row, **words, **moments))
            for position, (label, value, unit) in enumerate(figures, 1):
                row = {"case_id": 1, "position": position, "label": label, "value": value}
                row |= {"unit": unit, "as_at": "", "source": "", "address": ""}
                connection.execute(insert(tables["case_figure"]).values(**row))
            for number, made_from in enumerate(signs, 1):
                row = {"id": number, "case_id": 2 if number == 2 else 1, "made_from": made_from}
                row |= {"language": f"l{number}", **said, **days}
                connection.execute(insert(tables["translation"]).values(**row))
        upgrade()
        called = "Cities\\|towns | cities\nSince"
        expected = [{"title": "a", "figures": short_hash(called)}, {"title": "a"}, {}]
        for _times in range(2):
            with db.engine.begin() as connection:
                table = tables["translation"]
                found = select(table.c.made_from, table.c.figures).order_by(table.c.id)
                rows = connection.execute(found).all()
                assert [row.made_from for row in rows] == expected
                assert [row.figures for row in rows] == [[], [], []]
            downgrade(revision="0064")
            with db.engine.begin() as connection:
                known = select(table.c.made_from).order_by(table.c.id)
                assert connection.execute(known).scalars().all() == list(signs)
            upgrade()


def test_deeds_get_the_names_of_their_actions(database_url: str, tmp_path: Path) -> None:
    former = ["hide", "send back", "ask to edit", "change kind", "spam", "undo"]
    present = ["hide", "send_back", "ask_to_edit", "change_kind", "clear_spam", "undo"]
    with own_forum(database_url, tmp_path):
        upgrade(revision="0033")
        tables = Base.metadata.tables
        decided = {"moderator_id": 1, "kind": "post", "item_id": 1}
        decided["decided_at"] = datetime(2026, 1, 1, 12, tzinfo=UTC)
        ready = {"number": 1, "name": "N", "rule": 0, "version": 0, "text": "Text."}
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            for deed in (*former[:-1], "undo hide"):
                connection.execute(insert(tables["decision"]).values(deed=deed, **decided))
            connection.execute(insert(tables["ready_text"]).values(deed=former[1], **ready))
        for change, revision, words in ((upgrade, "0034", present), (downgrade, "0033", former)):
            change(revision=revision)
            with db.engine.begin() as connection:
                deeds = connection.scalars(text("SELECT deed FROM decision ORDER BY id"))
                assert deeds.all() == words
                assert connection.scalar(text("SELECT deed FROM ready_text")) == words[1]


def test_agendas_that_there_are_stay_open_and_none_comes_to_light_by_going_back(
    database_url: str, tmp_path: Path
) -> None:
    with own_forum(database_url, tmp_path, revision="0039"):
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
        upgrade()
        with db.engine.begin() as connection:
            assert connection.scalar(text("SELECT opened_at = created_at FROM agenda"))
            connection.execute(text("UPDATE agenda SET opened_at = NULL"))
        with pytest.raises(SystemExit):
            downgrade(revision="0039")
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE agenda SET opened_at = created_at"))
        downgrade(revision="0039")
        upgrade()


def test_a_column_that_is_added_has_a_value_for_the_rows_that_there_are() -> None:
    for path in (Path(__file__).parent.parent / "migrations" / "versions").glob("*.py"):
        functions = ast.parse(path.read_text(encoding="utf-8")).body
        upgrades = (
            function for function in functions if getattr(function, "name", "") == "upgrade"
        )
        for node in (inner for function in upgrades for inner in ast.walk(function)):
            words = ast.unparse(node) if isinstance(node, ast.Call) else ""
            if re.match(r"\w+\.add_column\(", words) and "nullable=False" in words:
                says = f"{path.name}: rows that there are need a server_default: {words}"
                assert "server_default" in words, says


def of_then(name: str, *columns: str) -> TableClause:
    """A table as it was at an earlier revision: with these columns alone, and none of the defaults of today."""
    today = Base.metadata.tables[name].columns
    return light_table(
        name, *(column(column_name, today[column_name].type) for column_name in columns)
    )


def test_authors_of_practices_that_there_are_will_be_asked_about_them(
    database_url: str, tmp_path: Path
) -> None:
    """They are asked on the chosen day, unless the practice was edited since; drafts are left out."""
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    changed, none = moment.date(), None
    made = {
        "to-come": ("published", changed + timedelta(days=9), changed + timedelta(days=9)),
        "come": ("published", changed, changed + timedelta(days=730)),
        "without": ("published", none, changed + timedelta(days=730)),
        "draft": ("draft", changed, none),
    }
    with own_forum(database_url, tmp_path, revision="0050"):
        row = {"agenda_id": 1, "author_id": 1, "title": "T", "sentence": "S.", "language": "en"}
        row |= {"created_at": moment, "updated_at": moment}
        row |= dict.fromkeys(("audience", "failure_audience"), "public")
        row |= dict.fromkeys(("link", "evidence", "cost"), "")
        row |= dict.fromkeys(("returned_reason", "caught_by", "hidden_reason"), "")
        practices = of_then("practice", *row, "slug", "state", "revisit_on", "look_on")
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            for slug, (state, chosen, _day) in made.items():
                values = {"slug": slug, "state": state, "revisit_on": chosen}
                connection.execute(insert(practices).values(**row, **values))
        upgrade()
        with db.engine.begin() as connection:
            found = dict(connection.execute(select(practices.c.slug, practices.c.look_on)).all())
        assert found == {slug: day for slug, (_state, _chosen, day) in made.items()}
        downgrade(revision="0050")
        upgrade()


def test_sentences_of_the_forum_are_written_into_the_texts_by_going_back(
    database_url: str, tmp_path: Path
) -> None:
    """A downgrade writes stored sentences into the texts in English; older rows stay unchanged."""
    hidden = {"message": "Hidden by the moderators."}
    more = {"message": "And one more text of yours.", "number": 2, "values": {"num": 2}}
    more["plural"] = "And %(num)s more texts of yours."
    moved = {"message": "Moved to “%(agenda)s”.", "values": {"agenda": "100 %s “là”"}}
    lost = {"message": "Sent to %(place)s.", "values": {"agenda": "A"}}
    said = {
        1: (None, "T", "Words."),
        2: ({"title": None, "text": [hidden, more]}, "T", "It is rude."),
        3: ({"title": [{"message": "a post"}], "text": None}, "", ""),
        4: ({"title": None, "text": [moved, lost]}, "T", ""),
    }
    with own_forum(database_url, tmp_path, revision="head"):
        tables, noon = Base.metadata.tables, datetime(2026, 1, 1, 12, tzinfo=UTC)
        told = {"kind": "decision", "address": "/rules", "created_at": noon}
        decided = {"deed": "move", "kind": "topic", "item_id": 1, "moderator_id": 1}
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            for number, (sentences, title, words) in said.items():
                row = told | {"sentences": sentences, "title": title, "text": words}
                event = {**row, "id": number, "recipients": [1], "due_at": noon}
                connection.execute(insert(tables["event"]).values(**event))
                notice = {**row, "event_id": number, "member_id": 1}
                connection.execute(insert(tables["notice"]).values(**notice))
                row = decided | {"sentences": (sentences or {}).get("text"), "reason": words}
                connection.execute(insert(tables["decision"]).values(**row, decided_at=noon))
        downgrade(revision="0041")
        texts = ["Words.", "Hidden by the moderators. And 2 more texts of yours. It is rude."]
        texts += ["", "Moved to “100 %s “là””. Sent to %(place)s."]
        for back in (True, False):
            if not back:
                upgrade()
            with db.engine.begin() as connection:
                for table in ("event", "notice"):
                    query = text(f"SELECT title, text FROM {table} ORDER BY id")
                    found = [tuple(row) for row in connection.execute(query)]
                    titles = ["T", "T", "a post", "T"]
                    assert found == list(zip(titles, texts, strict=True)), table
                reasons = connection.scalars(text("SELECT reason FROM decision ORDER BY id")).all()
                assert reasons == texts
        with db.engine.begin() as connection:
            for table in ("event", "notice", "decision"):
                number = text(f"SELECT count(sentences) FROM {table}")
                assert connection.scalar(number) == 0, table


def test_webhooks_are_told_of_nothing_that_was_before_them(
    database_url: str, tmp_path: Path
) -> None:
    tables, noon = Base.metadata.tables, datetime(2026, 1, 1, 12, tzinfo=UTC)
    told = {"kind": "topic", "address": "/posts/1", "created_at": noon, "due_at": noon}
    names = {"name": "A", "host": "a.example", "locked_address": "", "locked_secret": ""}
    row = {"format": "chat", "kinds": ["case"], "created_at": noon, **names}
    untold = text("SELECT count(untold_at) FROM event")
    with own_forum(database_url, tmp_path, revision="0050"):
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            event = {"recipients": [], "watched": [["agenda", 1]], **told}
            connection.execute(insert(tables["event"]).values(**event))
        upgrade()
        for _times in range(2):
            with db.engine.begin() as connection:
                assert connection.scalar(untold) == 0
                assert connection.scalar(text("SELECT count(*) FROM event")) == 1
                webhook = insert(tables["webhook"]).values(**row).returning(tables["webhook"].c.id)
                delivery = {"webhook_id": connection.scalar(webhook), "number": "a", "kind": "case"}
                times = {"created_at": noon, "due_at": noon}
                connection.execute(insert(tables["webhook_delivery"]).values(**delivery, **times))
            downgrade(revision="0050")
            upgrade()


def rows_known_by_number() -> Iterator[tuple[str, dict[str, Any]]]:
    """A row, without its id, of each table whose ids other rows keep after it was deleted."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    yield "screening_rule", {"kind": "links", "made_at": noon}
    by_rule = {"deed": "reply", "rule": "word: casino", "rule_id": 70, "sentence": ""}
    said = {"author_id": 1, "agenda_id": 1, "source": "A casino.", "created_at": noon}
    yield "held", {**by_rule, **said}
    who = {"email": "eva@x.example", "name": "Eva", "password_hash": "-", "browser_hash": "-"}
    yield "candidate", {**who, "created_at": noon}
    yield "contact_letter", {"sender_id": 1, "recipient_id": 1, "text": "Hello.", "sent_at": noon}


def hidden_topics() -> Iterator[tuple[str, dict[str, Any]]]:
    """A topic hidden together with its post, one that was hidden separately later, and a visible one."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    member = {"handle": "mona", "name": "Mona", "email": "m@x.example", "password_hash": "-"}
    yield "member", {"id": 1, **member, "joined_at": noon}
    text_of = {"introduction": "", "introduction_html": "", "html_version": 0}
    looks = {"palette": "p", "pattern": "p", "created_at": noon, "active_at": noon}
    yield "agenda", {"id": 1, "slug": "a", "title": "A", **text_of, **looks}
    theirs: dict[str, Any] = {"author_id": 1, "created_at": noon, "hidden_reason": ""}
    for number, (of_topic, of_post) in enumerate(((0, 0), (1, 0), (None, None)), start=1):
        at = [
            None if hour is None else noon + timedelta(hours=hour) for hour in (of_topic, of_post)
        ]
        opened = {"id": number, "kind": "question", "title": "T", "slug": "t", "active_at": noon}
        yield "topic", {**opened, **theirs, "agenda_id": 1, "hidden_at": at[0]}
        said = {"id": number, "topic_id": number, "number": 1, "source": "", "html": ""}
        yield "post", {**said, **theirs, "html_version": 0, "hidden_at": at[1]}


def insert_hidden_topics(connection: Connection) -> None:
    for name, row in hidden_topics():
        connection.execute(insert(Base.metadata.tables[name]).values(**row))


@contextmanager
def own_forum(database_url: str, folder: Path, revision: str = "") -> Iterator[None]:
    """The application on a database of its own, empty or at a revision (`head` is a copy, which is quick)."""
    url = new_database(database_url, "own_migrations", folder, revision == "head")
    settings = Settings(folder, url, "http://localhost", ("localhost",), "tests", limits=False)
    with create_app(settings).app_context():
        if revision and revision != "head":
            upgrade(revision=revision)
        yield
        db.session.remove()
        db.engine.dispose()


def test_whoever_is_named_when_records_begin_has_a_row_without_a_beginning(
    database_url: str, tmp_path: Path
) -> None:
    """And they can still write: 4 is named, 5 is not, and all members of the organisation of 6 may write for it."""
    tables, noon = Base.metadata.tables, datetime(2026, 1, 1, 12, tzinfo=UTC)
    with own_forum(database_url, tmp_path, revision="0053"):
        with db.engine.begin() as connection:
            made = {"kind": "city", "created_at": noon}
            for number, names in ((1, True), (2, False)):
                words = {"id": number, "slug": f"o{number}", "name": f"O{number}"}
                row = insert(tables["organisation"]).values(**made, **words, names_voices=names)
                connection.execute(row)
            for number, of, is_voice in ((4, 1, True), (5, 1, False), (6, 2, True)):
                words = {"id": number, "handle": f"m{number}", "email": f"m{number}@x.example"}
                values = {
                    "name": "M",
                    "password_hash": "-",
                    "joined_at": noon,
                    "is_voice": is_voice,
                }
                row = insert(tables["member"]).values(**words, **values, organisation_id=of)
                connection.execute(row)
        for _times in range(2):
            upgrade()
            mandate = tables["mandate"].c
            columns = (mandate.member_id, mandate.organisation_id, mandate.since)
            with db.engine.begin() as connection:
                rows = connection.execute(select(*columns, mandate.ended_why)).all()
                until = connection.scalars(select(tables["member"].c.voice_until)).all()
            assert [tuple(row) for row in rows] == [(4, 1, None, "")]
            assert until == [None] * 3
            downgrade(revision="0053")
