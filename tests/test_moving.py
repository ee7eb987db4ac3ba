"""Moving a forum to another database: complete, compared, resumed after a kill, and never into a database in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from sqlalchemy import Connection, Engine, create_engine, delete, insert, select, text, update

from forum import moving
from forum.agendas import actions as agendas
from forum.agendas.models import Theme
from forum.agendas.queries import get_agenda
from forum.clock import now
from forum.columns import Base
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post, Topic
from forum.library.models import Practice
from forum.markup import write
from forum.members.models import Organisation
from forum.permissions import SYSTEM
from forum.pictures import actions as pictures
from forum.search.queries import Query, find
from forum.sentfiles import PORTION, examine
from forum.shrinking import Shrunk
from tests.conftest import PEOPLE, People, load_sample_cities, loaded_member, make_people
from tests.forums import Forum, MakeForum, forums
from tests.samples_of_files import PDF
from tests.world import build


@pytest.fixture(scope="module")
def made(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeForum]:
    """Forums over empty databases of the kind that the test runs on: `made("name")`."""
    with forums(database_url, tmp_path_factory) as make:
        yield make


@pytest.fixture
def source(made_source: Forum) -> Iterator[Forum]:
    """A forum in a SQLite file in which everything has happened; its file gets its name back after a move."""
    yield made_source
    bring_back(made_source)


def files_aside(forum: Forum) -> list[Path]:
    return list(forum.data.glob("forum.sqlite.moved-*"))


def bring_back(forum: Forum) -> None:
    """Rename the SQLite file of a moved forum back, if there is one."""
    with forum.app.app_context():
        db.session.remove()
        db.engine.dispose()
    for aside in files_aside(forum):
        for log in ("-wal", "-shm"):
            (forum.data / f"forum.sqlite{log}").unlink(missing_ok=True)
        aside.rename(forum.data / "forum.sqlite")


@pytest.fixture(scope="module")
def made_source(made: MakeForum) -> Forum:
    """Make the forum of `source`."""
    forum = made("from", is_sqlite=True, has_tables=True)
    with forum.app.app_context():
        load_sample_cities()
        make_people()
        handles = [name.lower().replace(" ", "-") for name, *_rest in PEOPLE]
        names = [field.name for field in fields(People)]
        people = People(**dict(zip(names, map(loaded_member, handles), strict=True)))
        words = agendas.AgendaText("Quieter", write("Noise."), slug="quieter")
        agendas.set_hosts(
            people.moderator, agendas.write_agenda(people.moderator, words).id, ["hana-virtanen"]
        )
        people = People(**dict(zip(names, map(loaded_member, handles), strict=True)))
        happened = build(people, get_agenda(SYSTEM, "quieter"))
        dialogue.choose_answer(people.ana, happened["topic"], happened["reply"])
        _close_circles(people)
    return forum


def _close_circles(people: People) -> None:
    """Add rows that refer to later rows, and a text in many scripts."""
    earlier, later = db.session.scalars(select(Practice).order_by(Practice.id).limit(2))
    db.session.execute(
        update(Practice).where(Practice.id == earlier.id).values(adapted_from_id=later.id)
    )
    db.session.execute(update(Organisation).values(representative_id=people.ana.id))
    db.session.execute(insert(Theme).values(slug="many", name="Ærø, 東京, नमस्ते, 🚋"))
    db.session.commit()


@pytest.fixture(scope="module")
def made_target(made: MakeForum) -> Forum:
    """Make the forum of `target`."""
    return made("target")


@pytest.fixture
def target(made_target: Forum) -> Forum:
    """A forum whose tables are empty, and to which nobody is connected."""
    with made_target.app.app_context():
        db.session.remove()
        db.engine.dispose()
    engine = create_engine(made_target.url)
    if moving.inspect(engine).has_table("post"):
        moving.start_again(engine)
    engine.dispose()
    return made_target


def all_rows(forum: Forum) -> dict[str, Any]:
    with forum.app.app_context():
        return {
            rows.name: sorted(map(tuple, db.session.execute(select(rows))), key=repr)
            for rows in Base.metadata.sorted_tables
        }


def marked(url: str) -> bool:
    engine = create_engine(url)
    try:
        return moving.is_under_way(engine)
    finally:
        engine.dispose()


def test_everything_is_moved_and_moved_back(source: Forum, target: Forum, made: MakeForum) -> None:
    back, rows = made("back", is_sqlite=True), all_rows(source)
    for before, after in ((source, target), (target, back)):
        moved = before.run("move-database", after.url)
        assert moved.exit_code == 0, moved.output
        assert "are the same in both databases, each compared." in moved.output
        assert all_rows(after) == rows
        assert after.run("check").exit_code == 0
        assert not marked(after.url)
        assert after.has_statistics, "PostgreSQL does not plan for empty tables"
    bring_back(target)
    with target.app.app_context():  # the moved forum works
        ana = loaded_member("ana-prado")
        last = max(target.post_ids())
        topic = db.session.scalars(select(Topic).where(Topic.answer_id.is_not(None))).one()
        assert dialogue.reply(ana, topic.id, write("A new word: xylophone.")).id > last
        assert find(ana, Query("xylophone")).page.total == 1
        assert find(ana, Query("trams")).page.total > 0


def test_pictures_are_moved_few_at_a_time(
    source: Forum, target: Forum, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture may have some hundred kB, so few are in memory at once."""
    sizes: dict[str, list[int]] = {"batches": [], "inserts": []}
    batches, insert_some = moving._batches, moving._insert

    def measured(connection: Any, query: Any, size: int) -> Any:
        for batch in batches(connection, query, size):
            if "data" in batch[0]:
                sizes["batches"].append(len(batch))
            yield batch

    def insert_few(connection: Any, rows: Any, values: Any) -> None:
        if rows.name in ("picture_file", "file_portion"):
            sizes["inserts"].append(len(values))
        insert_some(connection, rows, values)

    monkeypatch.setattr(moving, "_batches", measured)
    monkeypatch.setattr(moving, "_insert", insert_few)
    with source.app.app_context():
        ana = loaded_member("ana-prado")
        for number in range(44):
            shrunk = Shrunk(f"{number:024x}-1000x1", b"a picture", b"a small one")
            pictures.import_picture(SYSTEM, ana.id, shrunk)
        long = PDF + b" " * 44 * PORTION
        pictures.import_picture(SYSTEM, ana.id, examine(BytesIO(long), "a.pdf", len(long)))
    moved = source.run("move-database", target.url)
    assert moved.exit_code == 0, moved.output
    assert max(sizes["batches"]) == max(sizes["inserts"]) == moving.LARGE_ROWS_AT_ONCE
    assert sum(sizes["inserts"]) >= 88 + 45 and sum(sizes["batches"]) == 3 * sum(sizes["inserts"])


def test_numbers_of_deleted_rows_are_not_given_again_after_a_move(
    source: Forum, target: Forum, made: MakeForum
) -> None:
    named = {"author_id": 1, "agenda_id": 1, "deed": "reply", "source": "A casino.", "rule": "word"}
    text_of = {**named, "sentence": "", "created_at": now()}

    def wait(forum: Forum) -> int:
        with forum.app.app_context():
            number = db.session.execute(
                insert(Held).values(**text_of).returning(Held.id)
            ).scalar_one()
            db.session.execute(delete(Held).where(Held.id == number))
            db.session.commit()
            return number

    last = wait(source)
    for before, after in ((source, target), (target, made("there", is_sqlite=True))):
        assert before.run("move-database", after.url).exit_code == 0
        assert wait(after) == last + 1
        last += 1
    bring_back(target)


def test_nothing_takes_the_file_that_was_moved_for_the_forum_any_more(
    source: Forum, target: Forum, tmp_path: Path
) -> None:
    """For example a cron job without FORUM_DATABASE_URL would go on using the old file."""
    moved = source.run("move-database", target.url)
    (aside,) = files_aside(source)
    assert f"The old file is {aside} now." in moved.output, moved.output
    assert "secret" not in moved.output and not list(source.data.glob("forum.sqlite*-wal"))
    kept = tmp_path / "forum.backup"
    kept.write_text("the old one")
    refused = source.run("backup", kept)
    assert refused.exit_code == 1 and kept.read_text() == "the old one", refused.output
    told = (
        f"The forum was moved to another one, and its old file is {aside}. Set FORUM_DATABASE_URL"
    )
    assert told in refused.output
    for command in (["serve"], ["members", "list"], ["check"]):
        refused = source.run(*command)
        assert refused.exit_code == 1 and "The database is empty." in refused.output
        assert told in refused.output


def test_a_forum_that_runs_is_not_moved(source: Forum, target: Forum) -> None:
    """A running server would still write to the old file, and these changes would be lost."""
    other = create_engine(source.url)
    with other.connect() as reader:
        reader.execute(select(Post.id)).all()
        refused = source.run("move-database", target.url)
    other.dispose()
    words = f"{source.data}/forum.sqlite is in use. Stop the forum, and whatever else uses it."
    assert refused.output.endswith(f"Error: {words} The source has not changed.\n")
    assert refused.exit_code == 1 and not files_aside(source) and not marked(target.url)


def test_a_forum_that_runs_is_not_moved_back_either(
    source: Forum, target: Forum, made: MakeForum, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, too: a move while the forum ran ended well, and what was written there afterwards was lost."""
    monkeypatch.setattr(moving, "CLOSING_SECONDS", 0.3)
    back = made("not back", is_sqlite=True)
    assert source.run("move-database", target.url).exit_code == 0
    other = create_engine(target.url)
    with other.connect() as reader:
        reader.execute(select(Post.id)).all()
        number = None
        if reader.dialect.name == "postgresql":
            reader.execute(text("SET application_name = 'psql'"))
            number = reader.scalar(text("SELECT pg_backend_pid()"))
        refused = target.run("move-database", back.url)
    other.dispose()
    bring_back(target)
    assert refused.exit_code == 1 and "in use" in refused.output, refused.output
    assert (
        "Stop the forum, and whatever else uses it. The source has not changed." in refused.output
    )
    if number:  # which it is, and what ends it if nobody can
        assert f"connected are {number} (psql)" in refused.output
        assert "SELECT pg_terminate_backend(NUMBER)" in refused.output
    assert not marked(back.url)


def test_a_file_that_somebody_opens_meanwhile_keeps_its_name(
    source: Forum, target: Forum, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, begin, readers = create_engine(source.url), moving.begin, list[Connection]()

    def begin_while_it_is_read(*what: Any) -> None:
        readers.append(other.connect())
        readers[0].execute(select(Post.id)).all()
        begin(*what)

    monkeypatch.setattr(moving, "begin", begin_while_it_is_read)
    moved = source.run("move-database", target.url)
    readers[0].close()
    other.dispose()
    assert moved.exit_code == 0 and not files_aside(source), moved.output
    assert "is in use. Move it away yourself" in moved.output
    assert "Set FORUM_DATABASE_URL to " in moved.output


def test_a_move_that_was_killed_goes_on(
    source: Forum, target: Forum, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "ROWS_AT_ONCE", 2)
    insert_some, written = moving._insert, list[str]()

    def insert_few(connection: Any, rows: Any, values: Any) -> None:
        if rows.name == "post" and "post" in written and "again" not in written:
            raise KeyboardInterrupt
        written.append(rows.name)
        insert_some(connection, rows, values)

    monkeypatch.setattr(moving, "_insert", insert_few)
    rows = all_rows(source)
    killed = source.app.test_cli_runner().invoke(args=["move-database", target.url])
    assert killed.exit_code != 0 and marked(target.url)
    assert 0 < len(target.post_ids()) < len(source.post_ids()) and not files_aside(source)
    before = list(written)
    written.append("again")
    moved = source.run("move-database", target.url)
    assert moved.exit_code == 0, moved.output
    assert all_rows(target) == rows and "member" in before
    assert "member" not in written[len(before) :]  # copied rows were not copied again


def test_what_differs_is_told_and_a_move_can_begin_anew(
    source: Forum, target: Forum, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = moving._compare_all

    def spoil(origin: Any, engine: Engine, note: Any) -> Any:
        with engine.begin() as connection:
            first = connection.scalar(select(Post.id).order_by(Post.id).limit(1))
            connection.execute(update(Post).where(Post.id == first).values(source="Other"))
            connection.execute(delete(Theme).where(Theme.slug == "many"))
        return compare(origin, engine, note)

    rows = all_rows(source)
    monkeypatch.setattr(moving, "_compare_all", spoil)
    told = source.run("move-database", target.url)
    assert told.exit_code == 1 and "These rows differ" in told.output
    assert "post 1" in told.output and "theme 2" in told.output and marked(target.url)
    assert not list(target.data.glob("forum.sqlite-wal")), "its file is not in use any more"
    monkeypatch.setattr(moving, "_compare_all", compare)
    # The target is not empty any more, so it is refused
    assert source.run("move-database", target.url).exit_code == 1
    assert not files_aside(source)
    moved = source.run("move-database", target.url, "--again")
    assert moved.exit_code == 0, moved.output
    assert all_rows(target) == rows


def test_a_row_that_the_target_does_not_take_is_named(
    source: Forum, target: Forum, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_some = moving._insert

    def insert_bad(connection: Any, rows: Any, values: Any) -> None:
        bad = [{**row, "name": None} for row in values] if rows.name == "theme" else values
        insert_some(connection, rows, bad)

    monkeypatch.setattr(moving, "_insert", insert_bad)
    refused = source.run("move-database", target.url)
    assert refused.exit_code == 1 and "The target does not take theme 1: " in refused.output


def test_a_target_in_use_is_refused(source: Forum, target: Forum) -> None:
    engine = create_engine(target.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_others (name TEXT)"))
    refused = source.run("move-database", target.url)
    assert refused.exit_code == 1 and "holds something else: of_others" in refused.output
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE of_others"))
    with target.app.app_context():
        upgrade()
    with engine.begin() as connection:
        connection.execute(insert(Theme).values(slug="noise", name="Noise"))
    refused = source.run("move-database", target.url)
    assert refused.exit_code == 1 and "holds rows already, in theme" in refused.output
    assert "The source has not changed." in refused.output
    engine.dispose()


def test_nobody_writes_while_a_forum_is_moved(source: Forum, made: MakeForum) -> None:
    with source.app.app_context(), moving._locked_source(db.engine):
        other = create_engine(source.url, connect_args={"timeout": 0.05})
        with other.connect() as connection, pytest.raises(Exception, match="locked"):
            connection.exec_driver_sql("PRAGMA busy_timeout=50")
            connection.execute(update(Post).values(useful_count=1))
        other.dispose()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "TARGET_URL is no address of a database"),
        ("", "TARGET_URL is no address of a database"),
        ("mysql://x", "TARGET_URL begins with mysql"),
        ("sqlite://", "TARGET_URL names no file"),
        ("sqlite:////no-such-folder/x", "there is no such folder"),
        ("sqlite:///forum.sqlite", "TARGET_URL names forum.sqlite and needs its whole path"),
    ],
)
def test_an_address_that_is_none_is_refused(source: Forum, url: str, words: str) -> None:
    refused = source.run("move-database", url)
    assert refused.exit_code == 1 and words in refused.output


def test_the_own_database_is_no_target(source: Forum) -> None:
    refused = source.run("move-database", source.url)
    assert refused.exit_code == 1 and "has already" in refused.output
