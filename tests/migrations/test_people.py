"""What becomes of members, decisions and notices by a migration, and by going back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask_migrate import downgrade, upgrade
from sqlalchemy import TableClause, column, insert, select, text
from sqlalchemy import table as light_table

from forum.columns import Base
from forum.db import db
from tests.migrations.conftest import MEMBER, insert_hidden_topics, own_forum, rows_known_by_number


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
