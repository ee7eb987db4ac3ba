"""The commands of the transfer room: what they rebuild, print and refuse, and their exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, insert, select, update

from forum import markup
from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.models import Agenda
from forum.db import Base, at, db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import render_with_mentions
from forum.errors import Refusal
from forum.library import actions as library
from forum.library.models import CaseParagraph, Practice, PracticeSection
from forum.markup import VERSION, write
from forum.members.actions import (
    Joining,
    Profile,
    edit_profile,
    found_federation,
    join,
    load_cities,
)
from forum.members.commands import city_rows
from forum.members.models import Member
from forum.permissions import SYSTEM, VISITOR
from forum.search.models import Document
from forum.search.queries import Query, find
from forum.transfer import queries
from forum.transfer.actions import import_agenda
from forum.transfer.commands import demo as demo_command
from forum.transfer.commands import rebuilding
from forum.transfer.commands._demo_steps import DATA
from forum.transfer.forms import read_agenda
from tests.conftest import dataset_fixture, load_dataset
from tests.forums import forums
from tests.transfer.test_actions import GOOD

Run = Callable[..., Result]
START = datetime(2026, 10, 1, 9, tzinfo=UTC)
COPENHAGEN, SURAT = 2618425, 1255364


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=[str(word) for word in words])


# A forum in which everything has happened


def opened(author: Member, agenda: Agenda, title: str, **words: Any) -> Topic:
    text = write(f"The **opening** of “{title}”.", words.pop("language", "en"))
    return dialogue.open_topic(
        author, agenda.id, dialogue.NewTopic(words.pop("kind", "experience"), title, text, **words)
    )


def said(author: Member, topic: Topic, source: str) -> Post:
    return dialogue.reply(author, topic.id, write(source))


def case_text(**changes: Any) -> library.CaseText:
    values: dict[str, Any] = {
        "name": "The delta network",
        "kind": "network",
        "summary": "Cities on *deltas* compare their dikes.",
        "body": "It began small.\n\nA [fee](https://example.org) is paid.\n\nA fee is paid.",
        "city_ids": [SURAT, COPENHAGEN],
        "figures": [library.FigureText("Members", "75", "cities")],
    }
    return library.CaseText(**{**values, **changes})


def practice(people: Any, agenda: Agenda, title: str, **changes: Any) -> Practice:
    values: dict[str, Any] = {
        "sentence": "Each pump *calls*.",
        "city_id": SURAT,
        "failure_audience": "members",
        "sections": {"challenge": "Nobody **knew**.", "failure": "The pumps drowned."},
    }
    text = library.PracticeText(title=title, **{**values, **changes})
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    return library.publish(people.moderator, made.id)


@pytest.fixture
@dataset_fixture
def forum(app: Flask, people: Any, agenda: Agenda) -> Agenda:
    """Topics, posts, cases, practices and readings in every state, each reached with the real actions."""
    load_dataset("a forum of everything", app, lambda: make_everything(people, agenda))
    db.session.expire_all()
    return agenda


def make_everything(people: Any, agenda: Agenda) -> None:
    with at(START + timedelta(days=60)):
        import_agenda(people.moderator, read_agenda(GOOD))
    with at(START):
        other = write_agenda(people.moderator, AgendaText("Homes", write("A *roof*.")))
        make_dialogue(people, agenda, other)
        make_cases(people, agenda, other)
        make_practices(people, agenda)
        make_readings(people, agenda)
        about = write("I **plan** harbours.")
        edit_profile(people.chitra, Profile(people.chitra.name, about=about, city_id=SURAT))


def make_dialogue(people: Any, agenda: Agenda, other: Agenda) -> None:
    talk = opened(people.ana, agenda, "Night trains")
    kept = said(people.ben, talk, "They are loud.\n\n> [Ana](/posts/1)\n>\n> Quoted.\n\n- A list")
    dialogue.hide(people.moderator, said(people.ben, talk, "Buy my pills.").id, "rules")
    dialogue.delete(people.ben, said(people.ben, talk, "Forget this.").id)
    dialogue.restore(
        people.moderator,
        dialogue.hide(people.moderator, said(people.chitra, talk, "Fine.").id, "rules").id,
    )
    with at(START + timedelta(days=1)):
        dialogue.edit(people.ben, kept.id, write("They *were* loud: `a < b`.", "fr"))
        first = opening(talk)
        dialogue.edit(people.ana, first.id, write("Anew.", "pt"), "Silent trains")
    bare = opened(people.ana, agenda, "A topic that lost its opening")
    said(people.ben, bare, "An answer to nothing.")
    dialogue.delete(people.ana, opening(bare).id)
    shy = opened(people.ana, agenda, "Hidden opening")
    said(people.ben, shy, "Still here.")
    dialogue.hide(people.moderator, opening(shy).id, "rules")
    hidden = opened(people.chitra, agenda, "A hidden topic")
    said(people.ben, hidden, "Hidden with it.")
    dialogue.hide_topic(people.moderator, hidden.id)
    gone = opened(people.chitra, agenda, "A deleted topic")
    dialogue.hide(people.moderator, said(people.ben, gone, "Hidden, then gone.").id, "rules")
    dialogue.delete(people.chitra, opening(gone).id)
    moved = opened(people.chitra, agenda, "For members", audience="members")
    said(people.ben, moved, "Among us.")
    dialogue.move(people.moderator, moved.id, other.id)
    opened(people.chitra, agenda, "東京の騒音", language="ja")
    said(people.ana, opened(people.ben, agenda, "Many signs"), "[*" * 3_000)


def opening(topic: Topic) -> Post:
    return db.session.scalars(select(Post).filter_by(topic_id=topic.id, number=1)).one()


def make_cases(people: Any, agenda: Agenda, other: Agenda) -> None:
    case = library.write_case(people.moderator, agenda.id, case_text())
    dialogue.reply(people.ben, case.topic_id, write("How do you pay?"))
    changed = case_text(name="The harbour network", language="fr", body="It **grew**.")
    library.write_case(people.moderator, other.id, changed, case.id)
    hidden = library.write_case(people.moderator, agenda.id, case_text(name="A hidden case"))
    dialogue.reply(people.ben, hidden.topic_id, write("Hidden with it."))
    library.hide_case(people.moderator, hidden.id)


def make_practices(people: Any, agenda: Agenda) -> None:
    pumps = practice(people, agenda, "Pumps that call")
    dialogue.reply(people.ben, pumps.topic_id or 0, write("Which pumps?"))
    library.write_practice(
        people.ana,
        agenda.id,
        library.PracticeText("Pumps that sing", "They *sing*.", language="es", audience="members"),
        pumps.id,
    )
    library.hide_practice(people.moderator, practice(people, agenda, "A hidden one").id)
    library.delete_practice(people.ana, practice(people, agenda, "A deleted one").id)
    library.write_practice(people.ana, agenda.id, library.PracticeText("A draft", "Not yet."))


def make_readings(people: Any, agenda: Agenda) -> None:
    for title in ("Silence", "Noise"):
        reading = library.write_reading(
            people.moderator, agenda.id, library.ReadingText(title, "R. Murray", why="It *says*.")
        )
    library.remove_reading(people.moderator, reading.id)


# Documents


def documents() -> dict[tuple[str, int], dict[str, Any]]:
    """Every document without its id; `parent_id` is replaced by the thing it refers to."""
    rows = db.session.execute(select(Document.__table__).order_by(Document.id)).mappings().all()
    names = {row["id"]: (row["kind"], row["item_id"]) for row in rows}
    return {
        names[row["id"]]: {**row, "id": None, "parent_id": names.get(row["parent_id"])}
        for row in rows
    }


def in_order() -> list[tuple[str, int]]:
    return [key for key in documents() if key[0] in ("topic", "post")]


def emptied() -> None:
    db.session.execute(delete(Document))


def corrupted() -> None:
    """Wrong in every column: words, parents, audiences; half of it hidden, half of that missing, things that never were."""
    wrong = {"title": "x", "body": "y", "folded_title": "x", "folded_body": "y", "byline": "z"}
    wrong |= {"address": "/", "language": "xx", "written_at": START - timedelta(days=900)}
    numbers = list(db.session.scalars(select(Document.id).order_by(Document.id)))
    wrong |= {"parent_id": numbers[3], "agenda_id": None, "audience": "members"}
    db.session.execute(update(Document).values(wrong))
    some = update(Document).where(Document.id.in_(numbers[::2]))
    db.session.execute(some.values(hidden_at=START))
    db.session.execute(
        update(Document).where(Document.id.in_(numbers[1::2])).values(hidden_at=None)
    )
    db.session.execute(delete(Document).where(Document.id.in_(numbers[::4])))
    first = db.session.scalar(select(Topic.id)) or 0
    post = db.session.scalar(select(Post.id).filter_by(number=1)) or 0
    gone = [
        db.session.scalar(select(row.id).where(row.deleted_at.is_not(None)))
        for row in (Topic, Post, Practice)
    ]
    strays = [("topic", 9_001), ("post", 9_002), ("case", 9_003), ("reading", 9_004), ("tree", 1)]
    strays += [("topic", gone[0]), ("post", gone[1]), ("practice", gone[2]), ("post", post)]
    for kind, item_id in strays:
        row = {**wrong, "kind": kind, "item_id": item_id, "parent_id": first}
        db.session.execute(delete(Document).filter_by(kind=kind, item_id=item_id))
        db.session.execute(insert(Document).values(row))


@pytest.mark.parametrize("damage", [emptied, corrupted, lambda: None])
def test_reindexing_leaves_what_the_deeds_left(
    run: Run, forum: Agenda, damage: Callable[[], None]
) -> None:
    before = documents()
    assert {kind for kind, _id in before} == {"topic", "post", "case", "practice", "reading"}
    damage()
    db.session.commit()
    done = run("reindex")
    assert done.exit_code == 0, done.output
    assert f"Search knows {len(before)} documents." in done.output
    after = documents()
    assert after == before


def test_documents_made_of_nothing_stand_in_the_order_of_writing(run: Run, forum: Agenda) -> None:
    before = in_order()
    emptied()
    run("reindex")
    assert in_order() == before


def test_words_are_found_after_reindexing_and_hidden_ones_are_not(run: Run, forum: Agenda) -> None:
    emptied()
    run("reindex")
    titles = [hit.document.title for hit in find(VISITOR, Query("trains")).page.items]
    assert "Silent trains" in titles
    for words in ("pills", "Hidden with it", "Among us", "drowned", "Forget this"):
        assert not find(VISITOR, Query(words)).page.items, words


def test_reindexing_goes_on_in_small_batches(
    run: Run, forum: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "REINDEX_BATCH", 2)
    before = documents()
    corrupted()
    run("reindex")
    assert documents() == before


def test_reindexing_a_right_table_changes_nothing(
    run: Run, forum: Agenda, queries: Callable[[], Any]
) -> None:
    db.session.commit()
    with queries() as made:
        run("reindex")
    reading = (
        "SELECT",
        "PRAGMA",
        "INSERT INTO page_version",  # every deed counts up for kept pages
        "INSERT INTO document_fts(document_fts, rank)",  # compares
    )
    written = [line for line in made.statements if not line.lstrip().startswith(reading)]
    assert not written


def test_a_post_that_was_edited_while_its_batch_was_read_keeps_its_new_words(
    run: Run, people: Any, forum: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edits(kind: str, ids: Any, _sources_of: Any = queries.sources_of) -> list[str]:
        sources: list[str] = _sources_of(kind, ids)
        if kind == "post":
            dialogue.edit(people.ben, kept.id, write("They have *rubber* wheels."))
        return sources

    kept = trains()
    monkeypatch.setattr(queries, "sources_of", edits)
    run("reindex")
    assert documents()["post", kept.id]["body"] == "They have rubber wheels."


def trains() -> Post:
    return db.session.scalars(select(Post).where(Post.source.startswith("They *were*"))).one()


# HTML


def html() -> dict[str, dict[Any, tuple[str, int]]]:
    tables = {
        Post: Post.html,
        CaseParagraph: CaseParagraph.html,
        PracticeSection: PracticeSection.html,
        Agenda: Agenda.introduction_html,
        Member: Member.about_html,
    }
    return {
        table.__tablename__: {
            tuple(row[:-2]): (str(row[-2]), row[-1])
            for row in db.session.execute(
                select(*table.__table__.primary_key, column, table.html_version)
            )  # type: ignore[attr-defined]
        }
        for table, column in tables.items()
    }


def aged() -> None:
    """Mark all HTML as rendered by an older version."""
    for table, column in (
        (Post, "html"),
        (CaseParagraph, "html"),
        (PracticeSection, "html"),
        (Agenda, "introduction_html"),
        (Member, "about_html"),
    ):
        old = update(table).where(table.html_version == VERSION)
        db.session.execute(old.values({column: "<blink>", "html_version": VERSION - 1}))
    db.session.commit()


def test_every_table_with_html_is_made_anew() -> None:
    known = {texts.version.class_.__tablename__ for texts in queries.TEXT_COLUMNS.values()}
    tables = Base.metadata.tables
    assert known == {name for name in tables if "html_version" in tables[name].columns}
    assert queries.TEXT_COLUMNS.keys() == rebuilding.RERENDER.keys()


def test_rerendering_makes_old_html_anew_and_says_how_much(run: Run, forum: Agenda) -> None:
    before = html()
    posts = len(before["post"])
    aged()
    done = run("rerender")
    assert done.exit_code == 0, done.output
    assert f"Texts made anew: {posts + 14} (posts {posts}, paragraphs of cases 6, " in done.output
    assert "parts of practices 4, introductions of agendas 3, profiles 1)." in done.output
    assert html() == before


def test_rerendering_twice_does_nothing_the_second_time(run: Run, forum: Agenda) -> None:
    aged()
    run("rerender")
    before = html()
    assert run("rerender").output.endswith("All HTML is of today. Nothing was done.\n")
    assert html() == before


def test_what_is_of_today_is_left_alone(run: Run, forum: Agenda) -> None:
    db.session.execute(update(Post).values(html="<p>As it was</p>"))
    run("rerender")
    assert set(db.session.scalars(select(Post.html))) == {"<p>As it was</p>"}


@pytest.mark.parametrize("size", [1, 3])
def test_rerendering_that_was_stopped_goes_on_where_it_was(
    run: Run, forum: Agenda, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    def stopping(source: str) -> markup.Written:
        if next(left) == 0:
            raise KeyboardInterrupt
        return write(source)

    before = html()
    aged()
    monkeypatch.setattr(rebuilding, "RERENDER_BATCH", size)
    left: Iterator[int] = iter(range(10, -1, -1))
    monkeypatch.setattr(rebuilding, "render_with_mentions", stopping)
    done = run("rerender")
    assert done.exit_code == 1
    kept = sum(version == VERSION for _html, version in html()["post"].values())
    assert kept == 10 // size * size
    monkeypatch.setattr(rebuilding, "render_with_mentions", write)
    assert f"(posts {len(before['post']) - kept}," in run("rerender").output
    assert html() == before


def test_a_text_that_was_edited_meanwhile_keeps_the_html_of_its_new_source(
    run: Run, people: Any, forum: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edits_first(source: str) -> markup.Written:
        if source == kept.source and not edited:
            edited.append(dialogue.edit(people.ben, kept.id, write("They have *rubber* wheels.")))
        return write(source)

    edited: list[Post] = []
    aged()
    kept = trains()
    monkeypatch.setattr(rebuilding, "render_with_mentions", edits_first)
    assert run("rerender").exit_code == 0
    db.session.expire_all()
    assert edited
    assert str(kept.html) == "<p>They have <em>rubber</em> wheels.</p>\n"


def test_a_source_that_would_be_tidied_today_is_made_anew_all_the_same(
    run: Run, people: Any, forum: Agenda
) -> None:
    post = db.session.scalar(select(Post.id)) or 0
    old = update(Post).where(Post.id == post)
    db.session.execute(old.values(source="\r\nA line\r\n", html_version=VERSION - 1))
    assert "Texts made anew: 1 (posts 1)." in run("rerender").output
    assert db.session.execute(select(Post.source, Post.html).filter_by(id=post)).one() == (
        "\r\nA line\r\n",
        "<p>A line</p>\n",
    )


def test_members_who_said_nothing_of_themselves_are_no_work(run: Run, people: Any) -> None:
    assert "Nothing was done." in run("rerender").output


@pytest.mark.parametrize("name", ["rerender", "reindex"])
def test_a_database_that_stays_locked_ends_the_command_with_a_sentence(
    run: Run, forum: Agenda, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def busy(*_words: Any) -> None:
        raise Refusal

    aged()
    monkeypatch.setitem(rebuilding.RERENDER, "posts", busy)
    monkeypatch.setitem(rebuilding.REINDEX, "post", busy)
    done = run(name)
    assert done.exit_code == 1
    assert "The database was busy for too long. Start the command again" in done.output


# The demo, and agendas from files


def test_the_demo_wants_a_database_of_its_own(run: Run) -> None:
    done = run("demo")
    assert done.exit_code == 1
    assert "Set FORUM_DEMO=1" in done.output


def test_the_demo_does_not_go_into_a_real_forum(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(app.extensions["settings"], is_demo=True)
    monkeypatch.setitem(app.extensions, "settings", settings)
    found_federation(SYSTEM, "A real forum")
    before = queries.counts()
    done = run("demo")
    assert done.exit_code == 1
    assert "This database is a real forum." in done.output
    assert queries.counts() == before
    assert not (settings.data / "demo-people.txt").exists()


def test_a_demo_that_was_interrupted_is_loaded_anew(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C during the first `make run`, the second one loads the demo."""
    whole, named = demo_command.demo_steps, (DATA / "people.md").read_text()
    cities = [row for row in city_rows() if row[1] in named]

    def some(stop: bool) -> Callable[..., list[Callable[[], object]]]:
        def steps(hashes: dict[str, str]) -> list[Callable[[], object]]:
            _all_cities, people, *_agendas, last = whole(hashes)
            return [lambda: load_cities(SYSTEM, cities), people, interrupt if stop else last]

        return steps

    def interrupt() -> None:
        raise KeyboardInterrupt

    with forums(database_url, tmp_path_factory) as make:
        demo = make("demo", is_demo=True)
        with demo.app.app_context():
            upgrade()
        for stop in (True, False):
            monkeypatch.setattr(demo_command, "demo_steps", some(stop))
            done = demo.run("demo")
            assert done.exit_code == (1 if stop else 0), done.output
        assert "Sign in with one of these" in done.output
        assert not (demo.data / "demo-begun").exists()
        with demo.app.app_context():
            assert queries.counts()["members"] == 40

        other = make("other", is_demo=True)
        with other.app.app_context():
            upgrade()
            join(VISITOR, Joining("Ana", "ana@example.org", "-"))
        refused = other.run("demo")
        assert refused.exit_code == 1 and "This database is not empty." in refused.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "agenda.md"


def test_an_agenda_is_loaded_from_a_file(run: Run, people: Any, file: Path) -> None:
    file.write_text(GOOD)
    done = run("import-agenda", file, "--by", "mona-berg")
    assert (done.exit_code, done.output) == (
        0,
        "Loaded “Making Cities Green”: /agendas/green\n",
    )
    assert queries.agenda_by_slug("green")


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("- palette: park", "- palette: green", "- palette", "write one of"),
        ("by: ben-okoth", "by: nobody", "- by: nobody", "no member has the handle “nobody”"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(
    run: Run, people: Any, file: Path, old: str, new: str, where: str, says: str
) -> None:
    wrong = GOOD.replace(old, new, 1)
    file.write_text(wrong)
    line = 1 + wrong[: wrong.index(where)].count("\n")
    done = run("import-agenda", file, "--by", "mona-berg")
    assert done.exit_code == 1
    assert f"{file}:{line}: " in done.output and says in done.output
    assert "1 thing to mend; nothing was loaded." in done.output
    assert queries.agenda_by_slug("green") is None


def test_all_mistakes_are_told_at_once(run: Run, people: Any, file: Path) -> None:
    wrong = GOOD.replace("park", "green").replace("- year: 1961", "- year: x")
    file.write_text(wrong.replace("Nairobi, KE", "Atlantis, XX"))
    done = run("import-agenda", file, "--by", "mona-berg")
    assert done.output.count(f"{file}:") == 3
    assert "3 things to mend" in done.output


@pytest.mark.parametrize(
    ("by", "content", "says"),
    [
        ("nobody", GOOD.encode(), "No member has the handle “nobody”."),
        ("ana-prado", GOOD.encode(), "This is for moderators. Nothing was loaded."),
        ("mona-berg", b"# A\xff\n", "The file is not UTF-8 text; nothing was loaded."),
        ("mona-berg", b"# A\n\n\xff\n", "agenda.md:3: this is not UTF-8"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_a_sentence(
    run: Run, people: Any, file: Path, by: str, content: bytes, says: str
) -> None:
    file.write_bytes(content)
    done = run("import-agenda", file, "--by", by)
    assert (done.exit_code, queries.agenda_by_slug("green")) == (1, None)
    assert says in done.output


def test_without_a_name_an_administrator_answers_for_the_content(
    run: Run, people: Any, file: Path
) -> None:
    file.write_text(GOOD)
    done = run("import-agenda", file)
    assert (done.exit_code, done.output[:6]) == (0, "Loaded")
    case = db.session.scalars(select(Topic).where(Topic.kind == "case")).first()
    assert case is not None and case.author_id == people.administrator.id


def test_before_the_setup_there_is_nobody_to_answer_for_the_content(run: Run, file: Path) -> None:
    file.write_text(GOOD)
    done = run("import-agenda", file)
    assert done.exit_code == 1 and "Run `flask setup` first." in done.output


def test_a_file_that_is_not_there_is_said(run: Run, people: Any, file: Path) -> None:
    assert run("import-agenda", file, "--by", "mona-berg").exit_code == 2


def test_texts_made_anew_keep_their_links_to_people(run: Run, people: Any, forum: Agenda) -> None:
    post = trains()
    dialogue.edit(people.ben, post.id, render_with_mentions("Ask @ana-prado."))
    assert "/members/ana-prado" in html()["post"][post.id,][0]
    before = html()
    aged()
    assert run("rerender").exit_code == 0
    assert html() == before
