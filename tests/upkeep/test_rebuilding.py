"""`flask rerender` and `flask reindex` restore exactly what the actions made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, insert, select, update

from forum import markup
from forum.agendas.models import Agenda
from forum.columns import Base
from forum.commitments.models import Commitment
from forum.db import db
from forum.declarations.models import Declaration
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import render_with_mentions
from forum.errors import Refusal
from forum.library.models import CaseParagraph, Practice, PracticeSection
from forum.markup import VERSION, write
from forum.meetings.models import Meeting
from forum.members.models import Member
from forum.parallels.models import TranslatedPart
from forum.permissions import VISITOR
from forum.search.models import Document
from forum.search.queries import KINDS, Query, find
from forum.upkeep import queries
from forum.upkeep.commands import rebuilding
from forum.upkeep.queries.rebuilding import TEXT_COLUMNS
from tests.datasets import dataset_fixture, load_dataset
from tests.everything import START, make_everything

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=[str(word) for word in words])


@pytest.fixture
@dataset_fixture
def forum(app: Flask, people: Any, agenda: Agenda) -> Agenda:
    """Topics, posts, cases, practices and readings in every state, each reached with the real actions."""
    load_dataset("a forum of everything", app, lambda: make_everything(people, agenda))
    db.session.expire_all()
    return agenda


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
    """Make every column wrong: words, parents, audiences; hide half of the documents, delete some, add invented ones."""
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
    strays += [("failure", gone[2]), ("failure", 9_005)]
    for kind, item_id in strays:
        row = {**wrong, "kind": kind, "item_id": item_id, "parent_id": first}
        db.session.execute(delete(Document).filter_by(kind=kind, item_id=item_id))
        db.session.execute(insert(Document).values(row))


@pytest.mark.parametrize("damage", [emptied, corrupted, lambda: None])
def test_reindexing_leaves_what_the_deeds_left(
    run: Run, forum: Agenda, damage: Callable[[], None]
) -> None:
    before = documents()
    # Search offers only kinds that exist
    assert {kind for kind, _id in before} == set(KINDS)
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
    monkeypatch.setattr(rebuilding, "REINDEX_BATCH_SIZE", 2)
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
        "INSERT INTO page_version",  # each action counts up versions of cached pages
        "INSERT INTO document_fts(document_fts, rank)",  # only compares
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
        Meeting: Meeting.html,
        Declaration: Declaration.html,
        Commitment: Commitment.html,
        TranslatedPart: TranslatedPart.html,
    }
    found = select(Agenda.id, Agenda.findings_html, Agenda.findings_html_version)
    findings = {(row[0],): (str(row[1]), row[2]) for row in db.session.execute(found)}
    told = select(Meeting.id, Meeting.outcome_html, Meeting.outcome_html_version)
    outcomes = {(row[0],): (str(row[1]), row[2]) for row in db.session.execute(told)}
    return {"findings": findings, "outcomes": outcomes} | {
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
        (Meeting, "html"),
        (Declaration, "html"),
        (Commitment, "html"),
        (TranslatedPart, "html"),
    ):
        old = update(table).where(table.html_version == VERSION)
        db.session.execute(old.values({column: "<blink>", "html_version": VERSION - 1}))
    told = update(Agenda).where(Agenda.findings != "")
    changes = {"findings_html": "<blink>", "findings_html_version": VERSION - 1}
    assert db.session.execute(told.values(changes)).rowcount == 1
    told = update(Meeting).where(Meeting.outcome != "")
    changes = {"outcome_html": "<blink>", "outcome_html_version": VERSION - 1}
    assert db.session.execute(told.values(changes)).rowcount == 1
    db.session.commit()


def test_every_table_with_html_is_made_anew() -> None:
    known = {texts.version.class_.__tablename__ for texts in TEXT_COLUMNS.values()}
    tables = Base.metadata.tables
    assert known == {name for name in tables if "html_version" in tables[name].columns}
    assert TEXT_COLUMNS.keys() == rebuilding.RERENDER.keys()


def test_rerendering_makes_old_html_anew_and_says_how_much(run: Run, forum: Agenda) -> None:
    before = html()
    posts = len(before["post"])
    aged()
    done = run("rerender")
    assert done.exit_code == 0, done.output
    assert f"Texts made anew: {posts + 30} (posts {posts}, paragraphs of cases 6, " in done.output
    assert (
        "parts of practices 7, introductions of agendas 3, findings of agendas 1, declarations 2, "
        "commitments 2, parts of translations 5, meetings 2, what came of meetings 1, profiles 1)."
        in done.output
    )
    assert html() == before


@pytest.mark.parametrize(
    "kind",
    ["posts", "paragraphs of cases", "parts of practices", "parts of translations"],
)
def test_what_shows_pictures_shows_them_afterwards(run: Run, forum: Agenda, kind: str) -> None:
    """Those are the texts that may have some, a translation as its original."""
    texts = TEXT_COLUMNS[kind]
    model = texts.version.class_
    source = f"![A lane](/pictures/{'0' * 24}-9x9.webp)"
    db.session.execute(update(model).values({texts.source: source, texts.version: 0}))
    run("rerender")
    assert set(db.session.scalars(select(model.html))) == {write(source).html}


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
    def stopping(source: str, **_how: bool) -> markup.Written:
        if next(left) == 0:
            raise KeyboardInterrupt
        return write(source)

    before = html()
    aged()
    monkeypatch.setattr(rebuilding, "RERENDER_BATCH_SIZE", size)
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
    def edits_first(source: str, **_how: bool) -> markup.Written:
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


def test_texts_made_anew_keep_their_links_to_people(run: Run, people: Any, forum: Agenda) -> None:
    post = trains()
    dialogue.edit(people.ben, post.id, render_with_mentions("Ask @ana-prado."))
    assert "/members/ana-prado" in html()["post"][post.id,][0]
    before = html()
    aged()
    assert run("rerender").exit_code == 0
    assert html() == before
