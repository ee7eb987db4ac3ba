"""What becomes of texts, topics and translations by a migration, and by going back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import insert, select, text, update

from forum.columns import Base
from forum.confusables import skeleton
from forum.db import db
from forum.plaintext import short_hash
from tests.migrations.conftest import MEMBER, hidden_topics, insert_hidden_topics, own_forum


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


def test_topics_stand_where_the_posts_that_readers_see_put_them(
    database_url: str, tmp_path: Path
) -> None:
    """A hidden and a deleted reply hold no topic up; a topic without a shown post stays, and going back counts all posts."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with own_forum(database_url, tmp_path, revision="head"):
        tables = Base.metadata.tables
        downgrade(revision="0083")
        with db.engine.begin() as connection:
            insert_hidden_topics(connection)
            for topic_id, gone in ((2, "hidden_at"), (3, "hidden_at"), (3, "deleted_at")):
                number = 10 + topic_id + (gone == "deleted_at")
                at = noon + timedelta(days=number)
                said = {"id": number, "topic_id": topic_id, "number": number, "author_id": 1}
                words = {"source": "", "html": "", "html_version": 0, "hidden_reason": ""}
                row = {**said, **words, "created_at": at, gone: at}
                connection.execute(insert(tables["post"]).values(**row))
            raised = [noon + timedelta(days=number) for number in (0, 12, 14)]
            for topic_id, at in enumerate(raised, start=1):
                change = update(tables["topic"]).where(tables["topic"].c.id == topic_id)
                connection.execute(change.values(active_at=at))
        for step, expected in (
            (upgrade, [noon, raised[1], noon]),
            (lambda: downgrade(revision="0083"), raised),
        ):
            step()
            with db.engine.begin() as connection:
                active = select(tables["topic"].c.active_at).order_by(tables["topic"].c.id)
                assert connection.scalars(active).all() == expected
