"""`flask check`: every wrong counter is reported and repaired, and actions leave no faults."""

from __future__ import annotations

import fcntl
import operator
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from forum.agendas.models import Agenda, AgendaHost
from forum.clock import at, now
from forum.columns import Base
from forum.commitments.models import Commitment
from forum.db import db
from forum.declarations.models import Declaration
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Poll, PollOption, Post, Topic, TopicCount
from forum.dialogue.queries import wrong_counts
from forum.library import actions as library
from forum.library.models import Practice, Reading
from forum.machine import is_shut
from forum.markup import write
from forum.members.models import Member
from forum.members.queries import get_member
from forum.notifications.models import Notice
from forum.permissions import SYSTEM
from forum.search import actions as search
from forum.search.models import Document, Retitling
from forum.search.queries import Query, find
from forum.upkeep.commands import checking
from forum.upkeep.queries import checks
from tests.datasets import dataset_fixture, load_dataset
from tests.world import build

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=[str(word) for word in words], catch_exceptions=False)


@pytest.fixture
@dataset_fixture
def world(app: Flask, people: Any, agenda: Agenda) -> None:
    """One thing of every kind, and every action that changes a counter."""
    with at(now()):  # one moment for all rows, so that repaired times can be compared exactly
        load_dataset("world and deeds", app, lambda: _live(people, agenda))
    answer = first(
        Post, Post.topic_id == first(Topic, Topic.kind == "question").id, Post.number == 3
    )
    dialogue.choose_answer(people.ana, answer.topic_id, answer.id)


def _live(people: Any, agenda: Agenda) -> None:
    build(people, agenda)
    for title in ("Wet asphalt", "Dry asphalt"):
        told = {"done": "We did it.", "failure": "It cracked."}
        text = library.PracticeText(title, "Short.", sections=told, failure_audience="members")
        practice = library.write_practice(people.ana, agenda.id, text)
        library.submit(people.ana, practice.id)
        library.publish(people.host, practice.id)
    for title, audience in (("For all of us", "public"), ("For members", "members")):
        new = dialogue.NewTopic("experience", title, write("Text."), audience=audience)
        topic = dialogue.open_topic(people.ben, agenda.id, new)
        first = dialogue.reply(people.ana, topic.id, write("One."))
        second = dialogue.reply(people.chitra, topic.id, write("Two."))
        dialogue.mark(people.ben, first.id, "useful")
        dialogue.mark(people.chitra, first.id, "same here")
        dialogue.unmark(people.chitra, first.id, "same here")
        dialogue.delete(people.ana, first.id)
        dialogue.hide(people.moderator, second.id, "Because.")
    dialogue.hide_topic(people.moderator, topic.id)
    moved = dialogue.open_topic(people.ana, agenda.id, new)
    other = db.session.scalars(select(Agenda).filter_by(slug="other")).one()
    dialogue.move(people.moderator, moved.id, other.id)


def change(row: Any, **values: Any) -> None:
    """Change columns of a row directly, without an action."""
    db.session.execute(update(type(row)).where(type(row).id == row.id).values(values))
    db.session.commit()


def first(model: Any, *which: Any) -> Any:
    db.session.expire_all()
    return db.session.scalars(select(model).where(*which).order_by(model.id)).first()


def documents() -> list[tuple[Any, ...]]:
    names = ("kind", "item_id", "agenda_id", "title", "body", "audience", "hidden_at")
    columns = [getattr(Document, name) for name in names]
    return sorted(tuple(row) for row in db.session.execute(select(*columns)))


def test_nothing_is_wrong_after_the_deeds(run: Run, world: None) -> None:
    found = run("check")
    assert found.exit_code == 0, found.output
    assert found.output.endswith("Nothing is wrong.\n") and "Not checked:" in found.output


def test_html_of_an_older_version_is_told_and_no_fault(run: Run, world: None) -> None:
    change(first(Post), html_version=0)
    told = run("check")
    words = "Texts whose HTML is of an older version: 1. `flask rerender` makes it anew."
    assert told.exit_code == 0 and words in told.output
    assert run("rerender").exit_code == 0
    assert "`flask rerender`" not in run("check").output


@pytest.mark.parametrize("mend", checking.MEND_BY_REINDEX)
def test_what_making_all_documents_anew_mends_is_mended_by_check_as_well(mend: str) -> None:
    assert mend in {*checking.MEND, *checking.MEND_ALL}


def test_every_counter_of_the_models_is_checked(world: None) -> None:
    counters = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_count") or column.name == "active_at"
    }
    assert len(counters) == 17 and counters <= {check.name for check in checks()}


def of_another(answer_id: int) -> int:
    """The id of the opening post, which is never the answer."""
    return first(Post, Post.topic_id == first(Post, Post.id == answer_id).topic_id).id


def long_ago(moment: datetime) -> datetime:
    return moment - timedelta(days=9000)


def one_more(number: int) -> int:
    return number + 1


COUNTERS: list[tuple[Any, str, Callable[[Any], Any]]] = [
    (Topic, "posts_count", one_more),
    (Topic, "replies_count", one_more),
    (Topic, "active_at", long_ago),
    (Topic, "answer_id", of_another),
    (
        Topic,
        "answered_by_id",
        lambda author_id: author_id,
    ),  # refers to an answer that does not exist
    (Post, "useful_count", one_more),
    (Post, "same_here_count", one_more),
    (Post, "tried_count", one_more),
    (Post, "has_poll", operator.not_),
    (Poll, "voters_count", one_more),
    (PollOption, "votes_count", one_more),
    (Agenda, "active_at", long_ago),
    (Agenda, "declarations_count", one_more),
    (Declaration, "signatures_count", one_more),
    (Commitment, "peers_count", one_more),
    (Commitment, "next_on", lambda day: day - timedelta(days=9000)),
    (Member, "posts_count", one_more),
    (Member, "hosted", lambda hosted: [*hosted, 99]),
    (Member, "ignored", lambda ignored: [*ignored, 99]),
]

OF_ANSWER = ("answer_id", "answered_by_id")


def test_wrong_counters_are_told_and_mended(run: Run, world: None) -> None:
    rows = {model: first(model) for model, _name, _wrong in COUNTERS}
    rows[Topic] = first(Topic, Topic.answer_id.is_not(None))
    broken = []
    for model, name, wrong in COUNTERS:
        row = rows[model]
        right = getattr(row, name)
        broken.append((row, name, wrong(right), None if name in OF_ANSWER else right))
    for row, name, wrong, _right in broken:
        change(row, **{name: wrong})
    told = run("check")
    for row, name, wrong, right in broken:
        shown = "nothing" if right is None else right
        line = f"{row.__tablename__} {row.id}: {name} is {wrong}, should be {shown}\n"
        assert line in told.output
    assert told.exit_code == 1 and f"Error: {len(broken)} faults." in told.output
    assert "post.useful_count: `flask check --fix` mends this.\n" in told.output
    mended = run("check", "--fix")
    assert mended.exit_code == 0 and "Mended 1 fault of post.useful_count." in mended.output
    db.session.expire_all()
    assert [getattr(row, name) for row, name, *_ in broken] == [right for *_, right in broken]


def test_wrong_numbers_of_topics_in_lists_are_told_and_mended(run: Run, world: None) -> None:
    right, wrong = shelves(), first_shelf()
    several = update(TopicCount).where(TopicCount.number > 0)
    db.session.execute(several.values(number=TopicCount.number + 1))
    db.session.delete(wrong)
    db.session.commit()
    told = run("check")
    assert f"Error: {len(right)} faults." in told.output
    assert (
        f"topic_count {key_of(wrong)}: number is 0, should be {right[key_of(wrong)]}" in told.output
    )
    mended = run("check", "--fix")
    assert f"Mended {len(right)} faults of topics in lists." in mended.output
    assert shelves() == right


def first_shelf() -> TopicCount:
    return db.session.scalars(select(TopicCount).where(TopicCount.number > 0).limit(1)).one()


def shelves() -> dict[str, int]:
    db.session.expire_all()
    rows = db.session.scalars(select(TopicCount).where(TopicCount.number > 0))
    return {key_of(row): row.number for row in rows}


def key_of(row: TopicCount) -> str:
    place = (row.agenda_id, row.kind, row.audience, row.language)
    return "/".join(map(str, (*place, row.is_hidden, row.is_waiting)))


def forgotten(document: Document) -> None:
    db.session.execute(delete(Document).where(Document.id == document.id))


def changed(**values: Any) -> Callable[[Document], None]:
    return lambda document: change(document, **values)


DAMAGES = [
    ("post", forgotten, "is not known to search"),
    ("post", changed(audience="members"), "audience in search is members, should be public"),
    ("post", changed(parent_id=None), "topic in search is nothing, should be "),
    ("post", changed(title="Other"), "title in search is Other, should be "),
    ("topic", changed(hidden_at=now()), "hidden in search is True, should be False"),
    ("topic", forgotten, "is not known to search"),
    ("case", changed(hidden_at=now()), "hidden in search is True, should be False"),
    ("practice", forgotten, "is not known to search"),
    ("failure", forgotten, "is not known to search"),
    ("failure", changed(audience="public"), "audience in search is public, should be members"),
    ("reading", changed(agenda_id=None), "agenda in search is nothing, should be "),
]


def test_what_search_does_not_know_is_told_and_mended(run: Run, world: None) -> None:
    before, lines, damaged = documents(), [], [0]
    for kind, damage, words in DAMAGES:
        is_other = (Document.kind == kind, Document.title != "", Document.id.not_in(damaged))
        document = first(Document, *is_other)
        damaged.append(document.id)
        lines.append(f"{kind} {document.item_id}: {words}")
        damage(document)
        db.session.commit()
    mended = run("check", "--fix")
    assert [line for line in lines if line not in mended.output] == []
    assert mended.exit_code == 0, mended.output
    assert documents() == before


def test_a_title_that_the_worker_is_still_to_say_is_no_fault(
    run: Run, world: None, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.search.actions.BATCH_SIZE", 1)
    there = (Topic.kind == "question", Topic.hidden_at.is_(None), Topic.replies_count > 0)
    topic = first(Topic, *there)
    opening = first(Post, Post.topic_id == topic.id, Post.number == 1)
    author = get_member(SYSTEM, db.session.get_one(Member, topic.author_id).handle)
    dialogue.edit(
        author, opening.id, write(opening.source), dialogue.TopicChanges(title="For everybody")
    )
    assert db.session.scalars(select(Retitling)).one().title == "For everybody"
    assert run("check").exit_code == 0
    monkeypatch.undo()
    while search.continue_retitling(SYSTEM):
        pass
    assert run("check").exit_code == 0
    document = first(Document, Document.kind == "post", Document.title == "For everybody")
    change(document, title="Another")
    assert "title in search is Another, should be For everybody" in run("check").output


def test_documents_of_nothing_are_forgotten(run: Run, world: None) -> None:
    before = documents()
    values = {"address": "/", "title": "", "body": "", "folded_title": "", "folded_body": ""}
    gone = first(Practice, Practice.state == "draft")
    strays = [("post", 9_999), ("reading", 9_999), ("practice", gone.id)]
    for kind, item_id in strays:
        words = {"kind": kind, "item_id": item_id, "written_at": now(), **values}
        db.session.execute(insert(Document).values(words))
    db.session.commit()
    mended = run("check", "--fix")
    assert "reading 9999: is known to search and gone" in mended.output
    assert mended.exit_code == 0 and "Mended 3 faults" in mended.output
    assert documents() == before


def test_a_notice_about_what_is_hidden_goes_out_of_sight(run: Run, world: None) -> None:
    post = first(Post, Post.hidden_at.is_(None), Post.number > 1)
    notice = first(Notice)
    other = first(Notice, Notice.id != notice.id)
    change(other, kind="reply", post_id=post.id, topic_id=post.topic_id, hidden_at=None)
    hidden = first(Post, Post.hidden_at.is_not(None))
    change(notice, kind="reply", post_id=hidden.id, topic_id=hidden.topic_id, hidden_at=None)
    mended = run("check", "--fix")
    assert f"notice {notice.id}: tells of something that is hidden" in mended.output
    assert mended.exit_code == 0 and first(Notice, Notice.id == notice.id).hidden_at
    assert first(Notice, Notice.id == other.id).hidden_at is None


def test_what_cannot_be_mended_is_said(run: Run, world: None) -> None:
    practice = first(Practice)
    change(practice, adapted_from_id=practice.id)
    told = run("check")
    assert "mends this" not in told.output and "Compare with a backup." in told.output
    told = run("check", "--fix")
    assert told.exit_code == 1 and "is adapted, in the end, from itself" in told.output
    assert "Compare with a backup." in told.output and "Error: 1 fault." in told.output


def test_many_faults_are_counted_and_few_printed(
    run: Run, world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MAX_LINES", 2)
    monkeypatch.setattr(checking, "BATCH_SIZE", 2)
    db.session.execute(update(Post).values(useful_count=77))
    db.session.commit()
    told = run("check", "--fix")
    number = db.session.query(Post).count()
    assert told.output.count("should be") == 2
    assert f"… and {number - 2} more of post.useful_count" in told.output
    assert f"Mended {number} faults" in told.output and told.exit_code == 0


def test_hosts_without_a_note_and_notes_without_an_agenda_are_found(
    run: Run, world: None, people: Any
) -> None:
    db.session.execute(delete(AgendaHost).where(AgendaHost.member_id == people.host.id))
    db.session.execute(
        insert(AgendaHost).values(member_id=people.ana.id, agenda_id=first(Agenda).id)
    )
    db.session.commit()
    told = run("check", "--fix")
    assert f"member {people.host.id}: hosted is [" in told.output and "be []" in told.output
    assert f"member {people.ana.id}: hosted is [], should be [" in told.output
    assert told.exit_code == 0


# Damaged indexes and foreign keys


def find_trams(people: Any) -> int:
    return find(people.ana, Query("trams")).texts


@pytest.mark.sqlite_only  # PostgreSQL generates its index by itself
def test_a_damaged_full_text_index_is_made_anew(run: Run, world: None, people: Any) -> None:
    found = find_trams(people)
    db.session.execute(text("UPDATE document_fts_data SET block = zeroblob(9) WHERE id > 10"))
    db.session.commit()
    told = run("check", "--fix")
    assert told.exit_code == 0 and "full-text index: malformed" in told.output
    assert find_trams(people) == found > 0


@pytest.mark.sqlite_only  # PostgreSQL generates its index by itself
def test_documents_that_the_index_has_lost_are_told(run: Run, world: None) -> None:
    document = first(Document)
    lost = "DELETE FROM document_fts_docsize WHERE id = :id"
    db.session.execute(text(lost), {"id": document.id})
    db.session.commit()
    told = run("check", "--fix")
    assert f"document {document.id}: is not in the full-text index" in told.output
    assert told.exit_code == 0


@pytest.mark.sqlite_only  # PostgreSQL generates its index by itself
@pytest.mark.parametrize("remedy", [["check", "--fix"], ["reindex"]])
def test_wrong_words_in_the_index_are_mended_as_a_backup_says(
    run: Run, world: None, people: Any, remedy: list[str]
) -> None:
    found = find_trams(people)
    spoil_words(first(Document, Document.kind == "topic", Document.title != ""))
    assert words_differ() and len(find(people.ana, Query("zeppelins")).page.items) == 1
    mended = run(*remedy)
    assert mended.exit_code == 0, mended.output
    assert ("It was made anew." in mended.output) == (remedy == ["check", "--fix"])
    assert not words_differ() and find_trams(people) == found
    assert not find(people.ana, Query("zeppelins")).page.items
    assert "made anew" not in run("check", "--fix").output


def spoil_words(document: Document) -> None:
    """Make the index wrong: remove words that it does not have, and add some that no text has."""
    of_other = {"id": document.id, "words": "other words"}
    out = """INSERT INTO document_fts(document_fts, rowid, folded_title, folded_body)
        VALUES ('delete', :id, :words, :words)"""
    db.session.execute(text(out), of_other)
    put = "INSERT INTO document_fts(rowid, folded_title, folded_body) VALUES (:id, :words, :words)"
    db.session.execute(text(put), of_other | {"words": "zeppelins"})
    db.session.commit()


def words_differ() -> bool:
    try:
        db.session.execute(text(search.INTEGRITY_CHECK_SQL))
    except DatabaseError:
        return True
    return False


def test_words_that_are_not_those_of_the_text_are_told_and_mended(run: Run, world: None) -> None:
    right = documents_and_words()
    for kind, name in (("topic", "folded_title"), ("post", "folded_body"), ("case", "body")):
        change(first(Document, Document.kind == kind), **{name: "zeppelins"})
    told = run("check")
    assert told.exit_code == 1 and told.output.count("by other words than those of its text") == 3
    assert "search: words: `flask reindex` or `flask check --fix` mends this.\n" in told.output
    mended = run("check", "--fix")
    assert mended.exit_code == 0, mended.output
    assert documents_and_words() == right


def documents_and_words() -> list[tuple[Any, ...]]:
    names = ("kind", "item_id", "title", "body", "folded_title", "folded_body")
    return sorted(
        tuple(row)
        for row in db.session.execute(select(*(getattr(Document, name) for name in names)))
    )


def test_a_topic_that_lost_its_beginning_is_told(run: Run, world: None) -> None:
    topic = first(Topic, Topic.title == "For all of us")
    opening = first(Post, Post.topic_id == topic.id, Post.number == 1)
    if db.session.connection().dialect.name == "sqlite":
        db.session.execute(text("PRAGMA defer_foreign_keys = ON"))
    else:
        db.session.execute(text("ALTER TABLE post DISABLE TRIGGER ALL"))
    db.session.execute(delete(Post).where(Post.id == opening.id))
    told = run("check", "--fix")
    assert f"topic {topic.id}: has lost the post that opens it" in told.output
    assert told.exit_code == 1 and "Compare with a backup." in told.output


def test_files_that_a_killed_restore_left_are_told_and_deleted(run: Run, app: Flask) -> None:
    left = app.extensions["settings"].data / ".restore.partial"
    left.mkdir()
    (left / "forum.sqlite").touch()
    held = os.open(left, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert "partial" not in run("check", "--fix").output and left.exists()  # a backup is running
    os.close(held)
    told = run("check")
    assert told.exit_code == 1 and f"file {left}: was left by" in told.output
    assert run("check", "--fix").exit_code == 0 and not left.exists()


def test_a_key_that_leads_nowhere_is_told(run: Run, world: None, app: Flask) -> None:
    reading = first(Reading)
    if db.session.connection().dialect.name == "sqlite":
        lose = ["PRAGMA defer_foreign_keys = ON"]  # checked at the commit, which never happens
    else:
        lose = ["ALTER TABLE reading DISABLE TRIGGER ALL"]
    for words in [*lose, f"UPDATE reading SET agenda_id = 999 WHERE id = {reading.id}"]:
        db.session.execute(text(words))
    told = run("check")
    line = f"reading {reading.id}: "
    assert told.exit_code == 1 and line in told.output
    assert "leads to a row of agenda that is not there" in told.output


def test_a_topic_whose_agenda_is_gone_is_in_no_count(run: Run, world: None) -> None:
    topic = first(Topic, Topic.title == "For all of us")
    if db.session.connection().dialect.name == "sqlite":
        db.session.execute(text("PRAGMA defer_foreign_keys = ON"))
    else:
        db.session.execute(text("ALTER TABLE topic DISABLE TRIGGER ALL"))
    db.session.execute(update(Topic).where(Topic.id == topic.id).values(agenda_id=999))
    assert run("check", "--fix").exit_code == 1  # the topic still refers to no agenda
    counted = select(func.count()).select_from(TopicCount).where(TopicCount.agenda_id == 999)
    assert db.session.scalar(counted) == 0
    assert not wrong_counts()


def test_what_the_database_refuses_does_not_stop_the_rest(
    run: Run, world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, other = db.session.scalars(select(Post).order_by(Post.id).limit(2)).all()
    right = checking.MEND["post"]

    def mend(kind: str, ids: Sequence[int]) -> object:
        if refused.id in ids:
            raise IntegrityError("UPDATE", {}, Exception("FOREIGN KEY constraint failed"))
        return right(kind, ids)

    def refuse(_system: Any) -> None:
        raise IntegrityError("INSERT", {}, Exception("FOREIGN KEY constraint failed"))

    monkeypatch.setitem(checking.MEND, "post", mend)
    monkeypatch.setitem(checking.MEND_ALL, "shelves", refuse)
    before = documents()
    db.session.execute(
        update(Post).where(Post.id.in_([refused.id, other.id])).values(tried_count=9)
    )
    db.session.execute(update(TopicCount).values(number=77))
    db.session.execute(delete(Document).where(Document.kind == "topic"))
    db.session.commit()
    told = run("check", "--fix")
    assert told.exit_code == 1 and "Mended 1 fault of post.tried_count." in told.output
    assert "Mended 0 faults of topics in lists." in told.output
    assert told.output.count("Rows that these lead to are missing. Compare with a backup.") == 2
    assert documents() == before


def test_numbers_for_new_rows_come_after_those_that_are_there(run: Run, world: None) -> None:
    if db.session.connection().dialect.name == "sqlite":
        assert "numbers for new rows" not in {check.name for check in checks()}
        return
    db.session.execute(text("SELECT setval('post_id_seq', 1)"))
    db.session.commit()
    last = first(Post, Post.id.in_(select(text("max(id) FROM post")))).id
    told = run("check", "--fix")
    assert f"post: last number given is 1, should be {last}" in told.output
    assert told.exit_code == 0
    assert db.session.scalar(text("SELECT nextval('post_id_seq')")) == last + 1


def test_a_folder_of_another_user_is_named(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a command run by root has created the file, e-mails that are noted in it would wait for ever."""
    folder = app.extensions["settings"].mail_path
    folder.mkdir(exist_ok=True)
    assert run("check").output.endswith("Nothing is wrong.\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "access", lambda path, _how: path != folder)
    for words in (["check"], ["check", "--fix"]):
        told = run(*words)
        assert told.exit_code == 1 and "1 fault." in told.output
        line = f"file {folder}: cannot be written. Give it to the user that runs the forum"
        assert line in told.output and "Compare with a backup" not in told.output
    folder.rmdir()


def test_root_looks_with_the_eyes_of_whom_the_folder_belongs_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    owners = {tmp_path: 1000, tmp_path / "mail": 0, tmp_path / "limits.sqlite": 1000}

    def stat(path: Path, **_more: Any) -> os.stat_result:
        return os.stat_result((0o40700, 1, 1, 1, owners[path], 0, 0, 0, 0, 0))

    monkeypatch.setattr(Path, "stat", stat)
    assert is_shut(tmp_path / "mail") and not is_shut(tmp_path / "limits.sqlite")
    owners[tmp_path] = 0
    assert not is_shut(tmp_path / "limits.sqlite")


@pytest.mark.usefixtures("world")
def test_a_frozen_text_that_somebody_changed_by_hand_is_found_and_left_to_people(run: Run) -> None:
    declaration = first(Declaration, Declaration.frozen_at.is_not(None))
    change(declaration, source="We want something else.")
    told = run("check", "--fix")
    assert f"declaration {declaration.id}: is not the text that was signed (SHA-256)" in told.output
    assert told.exit_code != 0
