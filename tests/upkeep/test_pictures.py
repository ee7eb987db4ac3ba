"""`flask check` and `flask reindex` for pictures: which text shows which, and whether their files exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, insert, select, true, update

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post
from forum.library import actions as library
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Portrait
from forum.pictures import actions as pictures
from forum.pictures.models import SMALL, WHOLE, FilePortion, Picture, PictureFile
from forum.search.models import Document, ShownPicture
from forum.shrinking import Shrunk
from tests.pictures.conftest import added, added_file, shown_by
from tests.samples_of_files import PDF

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=list(words), catch_exceptions=False)


@pytest.fixture
def large(people: Any) -> Picture:
    """A picture with a small version."""
    return pictures.add_picture(people.ana, Shrunk("c" * 24 + "-900x90", b"12345", b"123"), 1_000)


@pytest.fixture
def said(people: Any, agenda: Agenda, large: Picture) -> tuple[int, int]:
    """The ids of a topic and of a reply, each with a picture; another reply is hidden. A case and a practice show some, too."""
    another = added(people.ana)
    new = dialogue.NewTopic("experience", "Lanes", write(f"![A lane]({large.address})"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    shown = f"![A lane]({large.address}) and ![another]({another.address})"
    reply = dialogue.reply(people.ana, topic.id, write(shown))
    shown += f" and {added_file(people.ana).line('the plan')}"
    hidden = dialogue.reply(people.ana, topic.id, write(shown))
    dialogue.hide(people.moderator, hidden.id, "Rule 2")
    for audience in ("public", "members"):
        parts = {"done": shown, "failure": f"![A lane]({large.address})"}
        text = library.PracticeText("Lanes", "Wide.", sections=parts, failure_audience=audience)
        made = library.write_practice(people.ana, agenda.id, text)
        library.submit(people.ana, made.id)
        library.publish(people.host, made.id)
    of_host = added(people.host)
    body = f"One.\n\n![A street]({of_host.address})"
    library.write_case(people.host, agenda.id, library.CaseText("A case", "network", "It.", body))
    return topic.id, reply.id


def all_shown() -> list[Any]:
    named = select(Document.kind, Document.item_id, ShownPicture.picture)
    return sorted(map(tuple, db.session.execute(named.join(ShownPicture))))


def forgotten() -> None:
    db.session.execute(delete(ShownPicture))


def made_up() -> None:
    """List wrong pictures for all texts, also for those that show none."""
    forgotten()
    for number in db.session.scalars(select(Document.id)):
        wrong = {"document_id": number, "picture": "d" * 24 + "-1x1"}
        db.session.execute(insert(ShownPicture).values(wrong))


@pytest.mark.parametrize("damage", [forgotten, made_up])
@pytest.mark.parametrize("remedy", [["check", "--fix"], ["reindex"]])
def test_what_texts_show_is_made_anew(
    run: Run, said: tuple[int, int], damage: Callable[[], None], remedy: list[str]
) -> None:
    before = all_shown()
    assert len(before) == 5 + 2 + 3 + 1 + 3 and run("check").exit_code == 0
    damage()
    db.session.commit()
    told = run("check")
    assert told.exit_code == 1 and f"post {said[1]}: pictures in search is " in told.output
    assert f"topic {said[0]}: pictures in search is " in told.output
    done = run(*remedy)
    assert done.exit_code == 0, done.output
    assert all_shown() == before and run("check").exit_code == 0


def test_a_hidden_opening_shows_none(run: Run, people: Any, said: tuple[int, int]) -> None:
    topic_id, _reply = said
    dialogue.hide(people.moderator, first_post(db.session.get_one(Topic, topic_id)).id, "Rule 2")
    assert shown_by("topic", topic_id) == set()
    assert run("check").exit_code == 0


def test_many_texts_are_compared_few_at_a_time(
    run: Run, said: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.upkeep.queries._checks_of_pictures.TEXTS_AT_ONCE", 1)
    forgotten()
    db.session.commit()
    told = run("check")
    assert told.output.count("pictures in search is ") == 3 + 1 + 2 + 1


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (delete(PictureFile).where(PictureFile.version == WHOLE), "has lost its file"),
        (delete(PictureFile).where(PictureFile.version == SMALL), "has lost its small version"),
        (
            update(PictureFile).where(PictureFile.version == SMALL).values(data=b"1"),
            "bytes in its files is 6, should be 8",
        ),
    ],
)
def test_pictures_without_their_bytes_are_told(
    run: Run, large: Picture, damage: Any, words: str
) -> None:
    assert run("check").exit_code == 0
    db.session.execute(damage)
    db.session.commit()
    told = run("check", "--fix")
    assert told.exit_code == 1 and f"picture {large.id}: {words}" in told.output
    assert "Compare with a backup." in told.output


@pytest.mark.parametrize(
    ("which", "told"),
    [
        (True, "bytes in its portions"),
        (FilePortion.number == 0, "bytes in its portions"),
        (FilePortion.number == 2, "bytes in its portions"),
    ],
)
def test_files_without_some_of_their_bytes_are_told(
    run: Run, people: Any, which: Any, told: str
) -> None:
    whole = added_file(people.ana, PDF + b" " * 600_000)
    added_file(people.ben)
    assert "files without their bytes" not in run("check").output
    mine = FilePortion.picture_id == whole.id
    db.session.execute(delete(FilePortion).where(mine, true() if which is True else which))
    answer = run("check")
    assert answer.exit_code and f"picture {whole.id}" in answer.output and told in answer.output


def test_a_profile_that_names_another_picture_than_is_kept_is_found(people: Any, run: Run) -> None:
    made = Shrunk("d" * 24 + "-256x256", b"a face", b"")
    members.edit_profile(people.ana, members.Profile(people.ana.name, portrait=made))
    assert run("check").exit_code == 0
    db.session.execute(update(Portrait).values(data=b""))
    assert (
        f"member {people.ana.id}: picture is {made.name}, should be nothing" in run("check").output
    )
    db.session.execute(delete(Portrait))
    assert (
        f"member {people.ana.id}: picture is {made.name}, should be nothing" in run("check").output
    )
    db.session.execute(
        insert(Portrait).values(member_id=people.ben.id, name=made.name, data=b"a face")
    )
    told = run("check")
    assert f"member {people.ben.id}: picture is nothing, should be {made.name}" in told.output
    assert told.exit_code == 1
