"""Exports: what an import restores, what is never in them, and that they are complete."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.advice import actions as advice
from forum.advice.models import FollowUp
from forum.agendas.actions import AgendaText, archive, write_agenda
from forum.agendas.models import Agenda
from forum.clock import at, month_end, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Mark, PollText, Topic
from forum.dialogue.queries import first_post
from forum.illustrations import SMALL, has_small
from forum.library import actions as library
from forum.library.models import Practice
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining, depart, found_federation
from forum.members.models import Member
from forum.moderation.actions import Reasons, decide, lock
from forum.moderation.actions._topics import MAX_LOCK_TIME
from forum.permissions import ANY_MEMBER, SYSTEM, VISITOR
from forum.pictures.actions import add_picture, delete_picture
from forum.pictures.models import Picture
from forum.pictures.queries import data_of, get_picture
from forum.shrinking import take
from forum.transfer import queries
from forum.transfer.forms import importable_slug
from forum.transfer.forms._values import new_slug
from forum.upkeep.queries import checks, faults_of
from tests.datasets import dataset_fixture, load_dataset
from tests.everything import START, case_text, make_everything, opened, opening, said
from tests.pictures.conftest import added_file
from tests.samples_of_files import CSV, PDF
from tests.samples_of_pictures import opened as opened_picture
from tests.samples_of_pictures import picture
from tests.transfer.conftest import Elsewhere, Run, exported, texts, try_case
from tests.transfer.test_escaping import ODD_TEXTS

pytestmark = pytest.mark.thorough

# An import of the export gives the same forum


def make_odd(people: Any, agenda: Agenda) -> None:
    """Make content that is difficult for the format, with the real actions."""
    text = ODD_TEXTS[0]
    topic = opened(people.ana, agenda, "#1 in noise: a | b; c")
    with at(START + timedelta(hours=1)):
        for source in ODD_TEXTS:
            dialogue.reply(people.ben, topic.id, write(source, "ar"))
        first = first_post(topic)
        quote = f"> [Ana Prado](/posts/{first.id})\n>\n> The opening.\n\nAs [she](/topics/{topic.id}-x) said."
        dialogue.reply(people.ben, topic.id, write(quote))
    question = dialogue.open_topic(
        people.chitra, agenda.id, dialogue.NewTopic("question", "هل من أحد؟", write(text, "ar"))
    )
    with at(START + timedelta(hours=2)):
        answer = said(
            people.ana, question, f"> [Ana]/\n\n> [Ana](/posts/{first.id})\n> Elsewhere.\n\nYes."
        )
        dialogue.choose_answer(people.chitra, question.id, answer.id)
        dialogue.mark(people.ben, answer.id, "tried it", "stopped", "Too loud | too late; \\ sorry")
        dialogue.mark(people.chitra, answer.id, "tried it", "kept")
    # A future day, because locks that have ended are not imported
    until = now().date() + MAX_LOCK_TIME
    lock(people.moderator, question.id, Reasons("It goes on\nelsewhere."), until)
    dialogue.pin(people.moderator, question.id)
    with at(START + timedelta(hours=4)):
        dialogue.note_told_all(people.moderator, question.id)
    regroup(people, agenda, topic)
    show_pictures(people, agenda, topic)
    library.write_case(people.moderator, agenda.id, case_text(name="Twice", body="Same.\n\nSame."))
    twice = queries.cases_by_slug(["twice"])["twice"]
    second = queries.paragraph_keys(twice.id)[1]
    dialogue.reply(people.ana, twice.topic_id, write("On the second."), paragraph=second)
    try_case(people, twice.topic_id)
    long = "ب" * 60
    for _again in range(2):
        write_practice(people, agenda, library.PracticeText(long, "Twice the same title."))
    slug = f"{long[:58]}-2"
    twin = queries.practices_by_slug([slug])[slug]
    assert twin.topic_id
    library.intend(people.chitra, twin.topic_id, month_end(3))
    text_of = library.PracticeText("Adapted", "Again.", adapted_from_id=twin.id)
    write_practice(people, agenda, text_of)
    archive(people.moderator, write_agenda(people.moderator, _agenda("Old things")).id)
    members.keep_earlier_handles(SYSTEM, people.ben.id, ["first-ben", "ben-before"])


def show_pictures(people: Any, agenda: Agenda, topic: Topic) -> None:
    """Make texts of all kinds with pictures: by the author, by others, quoted, linked and deleted."""
    of_ana, of_ben, gone = map(kept, (people.ana, people.ben, people.ana))
    of_moderator = kept(people.moderator, (900, 90))
    shown = f"![A lane]({of_ana.address}) and ![it]({gone.address})"
    said(people.ana, topic, shown)
    quote = f"> [Ana](/posts/{opening(topic).id})\n>\n> ![A lane]({of_ana.address})\n"
    said(
        people.ben, topic, f"{quote}> ![it]({gone.address})\n\n![Mine][1]\n\n[1]: {of_ben.address}"
    )
    said(people.ben, topic, f'See [it]({of_ana.address}) and ![again]({of_ben.address} "Mine").')
    said(people.moderator, topic, f"[![A lane]({of_ana.address})](https://example.org)")
    pdf, csv = added_file(people.ana, PDF + b" " * 300_000), added_file(people.ana, CSV, "a.csv")
    lost = added_file(people.ana)
    linked = (
        f"[![The *kerb*]({of_ana.address})]({pdf.address}) {csv.line('A [table]')} {lost.line('?')}"
    )
    post = said(people.ana, topic, linked)
    said(people.ben, topic, f"> [Ana](/posts/{post.id})\n>\n> {pdf.line('The kerb')}\n\nThanks.")
    delete_picture(people.ana, lost.id)
    other = opened(people.ben, agenda, "Only for us", audience="members")
    said(people.ana, other, f"![A secret lane]({kept(people.ana).address})")
    parts = {"done": f"![A pump]({kept(people.ana, (1_000, 100)).address})", "results": "Good."}
    text = library.PracticeText("Pictured", "With pictures.", sections=parts)
    write_practice(people, agenda, text)
    made = queries.practices_by_slug(["pictured"])["pictured"]
    parts["results"] = f"![A curve]({of_moderator.address})"
    leak = added_file(people.moderator, CSV, "Leaks: 2026.csv")
    parts["failure"] = f"![A leak]({kept(people.moderator).address}) {leak.line('The leaks')}"
    text = replace(text, sections=parts, failure_audience="members")
    library.write_practice(people.moderator, agenda.id, text, made.id)
    body = f"One.\n\n![A street]({of_moderator.address})\n\n![A lane]({of_ana.address})"
    library.write_case(people.moderator, agenda.id, case_text(name="Pictured", body=body))
    delete_picture(people.ana, gone.id)


def kept(member: Member, size: tuple[int, int] = (40, 30)) -> Picture:
    """Add a picture as a member."""
    name = f"{secrets.token_hex(12)}-{size[0]}x{size[1]}"
    made = take(name, picture("WEBP", size))
    assert made
    return add_picture(member, made, 100_000_000)


def _agenda(title: str) -> Any:
    return AgendaText(title, write("## Text"), slug="quieter-2")


def write_practice(people: Any, agenda: Agenda, text: library.PracticeText) -> Practice:
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    return library.publish(people.moderator, made.id)


def regroup(people: Any, agenda: Agenda, topic: Topic) -> None:
    """Merge topics, one of them into a newer one; make a topic that is older than its posts; let members leave."""
    with at(START - timedelta(days=1)):
        older = opened(people.ana, agenda, "Older")
        poll = PollText("Put elsewhere?", ("One", "Two"))
        dialogue.set_poll(people.ana, opening(older).id, poll)
        dialogue.close_poll(people.ana, opening(older).id)
        leaver = members.join(VISITOR, Joining("Leo Vogel", "leo@example.org", "-"))
        shy = members.join(VISITOR, Joining("Shy Person", "shy@example.org", "-"))
        for member in (leaver, shy):
            said(member, older, f"By number {member.id}. ![A lane]({kept(member).address})")
    dialogue.merge(people.moderator, older.id, topic.id)
    split = opened(people.ana, agenda, "To be split")
    parts = [said(people.ben, split, f"Part {number}") for number in (1, 2)]
    part = dialogue.SplitTarget("Parts", "experience", agenda.id)
    dialogue.split(people.moderator, split.id, [post.id for post in parts], part)
    decide(people.moderator, "member", shy.id, "hide", Reasons("A rule.", 2))
    dialogue.mark(leaver, opening(split).id, "tried it", "kept", "Before I went.")
    depart(SYSTEM, leaver.id)


@pytest.fixture
@dataset_fixture
def everything(app: Flask, people: Any, agenda: Agenda) -> Agenda:
    """A forum in which everything has happened, including unusual things."""
    load_dataset("everything odd", app, lambda: _everything(people, agenda))
    db.session.expire_all()
    return agenda


def _everything(people: Any, agenda: Agenda) -> None:
    found_federation(SYSTEM, "Interurban")
    with at(START - timedelta(days=2_500)):
        old = write_practice(people, agenda, library.PracticeText("Long ago", "Still good."))
    make_everything(people, agenda)
    with at(START):
        assert old.topic_id
        library.intend(people.chitra, old.topic_id, month_end(24))
        make_odd(people, agenda)


def without_zoe(files: dict[str, str]) -> dict[str, str]:
    people = re.sub(r"## Zoe Setup\n(.+\n)+\n", "", files["people.md"])
    return {**files, "people.md": people}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and write everything in small portions."""
    monkeypatch.setattr(queries.dialogue, "TOPICS_PER_QUERY", 3)
    for name, number in {
        "_export_agendas.ROWS_AT_ONCE": 2,
        "_export_people.MEMBERS_AT_ONCE": 2,
        "_export_dialogue.POSTS_AT_ONCE": 3,
        "_export_dialogue.POSTS_PER_FILE": 6,
    }.items():
        monkeypatch.setattr(f"forum.transfer.commands.{name}", number)


@pytest.mark.parametrize("readers", ["visitors", "members"])
@pytest.mark.usefixtures("small", "everything")
def test_what_is_loaded_from_an_export_is_exported_alike(
    run: Run, elsewhere: Elsewhere, tmp_path: Path, readers: str
) -> None:
    """Byte for byte; also when an export from PostgreSQL is imported into SQLite."""
    kinds = sorted({db.engine.dialect.name == "sqlite", True})
    wrote = run("export", tmp_path / "first", "--readers", readers).output
    first = texts(tmp_path / "first")
    assert len([name for name in first if name.startswith("dialogue-quieter.")]) > 2
    with elsewhere() as make:
        for is_sqlite in kinds:
            again, into = make(is_sqlite=is_sqlite), tmp_path / f"again, is_sqlite={is_sqlite}"
            done = again.run("import", tmp_path / "first")
            assert done.exit_code == 0, done.output
            for thing in re.findall(r"[0-9,]+ [a-z]+(?=,| into)", wrote):
                # Those who have left, and first posts that are not shown, are loaded as such
                assert thing in done.output or thing.endswith(("members", "posts")), thing
            exported(again.run, into, "--readers", readers)
            second = without_zoe(texts(into))
            assert list(second) == list(first)
            for file, words in first.items():
                assert second[file].splitlines() == words.splitlines(), file
            assert second == first
            with again.app.app_context():
                _see_pictures(first, {"visitors": 6, "members": 8}[readers])


def _see_pictures(first: dict[str, str], number: int) -> None:
    """Check that all pictures can be seen, their small versions too."""
    names = [Path(name).stem for name in first if name.startswith("pictures/")]
    assert len(names) == number
    for name in names:
        found = get_picture(ANY_MEMBER, name)
        assert data_of(found).decode("latin-1") == first[f"pictures/{name}.webp"]
        if has_small(name):
            assert opened_picture(data_of(found, is_small=True)).width == SMALL
    assert not list(chain.from_iterable(faults_of(check) for check in checks()))


@pytest.mark.usefixtures("everything")
def test_small_portions_say_the_same_as_large_ones(
    run: Run, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with at(now()):  # which is listed in the file of the files
        whole = exported(run, tmp_path / "large")
        request.getfixturevalue("small")
        parts = exported(run, tmp_path / "small")
    assert sorted(re.findall(r"^(?!- `dialogue|# |- slug|## D).+", parts, re.M)) == sorted(
        re.findall(r"^(?!- `dialogue|# |- slug|## D).+", whole, re.M)
    )


@pytest.mark.usefixtures("everything")
def test_a_reader_of_the_files_finds_what_pages_show(run: Run, tmp_path: Path) -> None:
    found = exported(run, tmp_path / "out")
    dialogue_file = (tmp_path / "out" / "dialogue-quieter.md").read_text()
    people_file = (tmp_path / "out" / "people.md").read_text()
    assert "- handle: ben-okoth\n- earlier handles: ben-before; first-ben\n" in people_file
    assert "### #1 in noise: a | b; c\n- kind: experience\n- by: ana-prado\n" in dialogue_file
    assert "> #1\n> The opening.\n\nAs [she](http://localhost/topics/" in dialogue_file
    assert re.search(r"^> \[Ana\]\(http://localhost/posts/\d+\)$", dialogue_file, re.M)
    locked = r"- pinned: yes\n- all members told: \d{4}-\d\d-\d\d \d\d:\d\d\n- locked: yes\n- locked because: It goes on elsewhere.\n"
    assert re.search(locked + r"- locked until: \d{4}-\d\d-\d\d\n", dialogue_file)
    assert r"- tried: ben-okoth | stopped | Too loud \| too late; \ sorry" in dialogue_file
    assert (
        "- poll: Which is | louder?\n- poll option: Trains \\| trams\n- poll option: Bells; both\n"
        "- poll option: A \\ sign\n- poll several: yes\n- poll until: 2026-10-08 09:00\n"
    ) in dialogue_file
    assert (
        "- poll: Put elsewhere?\n- poll option: One\n- poll option: Two\n- poll closed: 2026-09-30 09:00\n"
        in dialogue_file
    )
    assert re.search(r"#### former-member-\d+, 2026-09-30 09:00\n- moved: yes", dialogue_file)
    assert re.search(r"#### hidden-profile-\d+, ", dialogue_file)
    assert re.search(r"- tried: former-member-\d+ \| kept \| Before I went.", dialogue_file)
    assert "### A topic that lost its opening" in dialogue_file and "\n[…]\n" in dialogue_file
    assert found.count(f"- wants: chitra-desai | {month_end(3, START.date()):%Y-%m}\n") == 2
    assert re.search(r"## Former member\n- handle: former-member-\d+\n- joined on: ", found)
    assert re.search(r"## Shy Person\n- handle: hidden-profile-\d+\n- joined on: .*\n\n", found)
    assert re.search(r"- adapted from: ب{58}-2\n", found)
    assert "- archived: yes\n" in found
    second = "#### ana-prado, 2026-10-01 09:00\n- language: en\n- paragraph: 2\n\nOn the second."
    assert second in found
    for private in ("@example.org", "useful:", "asked:", "report:", "role:", "password_hash"):
        assert private not in found, private
    for withheld in (
        "Leo",
        "A hidden",
        "A draft",
        "Among us",
        "drowned",
        "Hidden with it",
        "pills",
    ):
        assert withheld not in found, withheld
    assert "Among us." in exported(run, tmp_path / "members", "--readers", "members")


def test_of_what_quotes_somebody_hidden_the_words_are_left_out(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    topic = opened(people.ana, agenda, "A topic")
    hidden = said(people.ben, topic, "Loud words.")
    said(people.ana, topic, f"> [Ben](/posts/{hidden.id})\n>\n> Loud words.\n\nNo.")
    among = opened(people.ana, agenda, "Among us")
    secret = said(people.ben, among, "Quiet words.")
    quote = f"> [Ben](/posts/{secret.id})\n>\n> Quiet words.\n\nYes."
    said(people.ana, topic, quote)
    said(people.ana, among, quote)
    first = opening(among)
    dialogue.edit(
        people.ana, first.id, write(first.source), dialogue.TopicChanges(audience="members")
    )
    dialogue.hide(people.moderator, hidden.id, "A rule.")
    found = exported(run, tmp_path / "out")
    assert "Loud" not in found and "Quiet words" not in found
    assert f"> [Ben](http://localhost/posts/{hidden.id}) […]\n\nNo." in found
    found = exported(run, tmp_path / "members", "--readers", "members")
    assert "Loud" not in found and found.count("> #2\n> Quiet words.") == 1
    assert found.count("Quiet words.") == 2


@pytest.mark.parametrize(
    "head",
    [
        "[Ben](http://localhost/posts/{})",
        '[Ben](/posts/{} "title")',
        "[Ben][1]\n\n[1]: /posts/{}\n\n> [Ben][1]",
        "[1]: http://localhost/posts/{}\n>\n> [Ben][1]",
        "<http://localhost/posts/{}>",
        "**[Ben](</posts/{}#a>)**",
    ],
)
def test_a_quote_is_known_however_its_link_is_written(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, head: str
) -> None:
    topic = opened(people.ana, agenda, "A topic")
    quoted = said(people.ben, topic, "Loud words.")
    source = f"> {head.format(quoted.id)}\n>\n> Loud words.\n\nNo."
    quoting = said(people.ana, topic, source)
    assert "](/posts" not in exported(run, tmp_path / "before")
    found = exported(run, tmp_path / "shown")
    assert found.count("Loud words.") == 2 and "](/posts" not in found and "]: /posts" not in found
    assert "> #2\n> Loud words." in found
    quoting.source = source
    dialogue.hide(people.moderator, quoted.id, "A rule.")
    assert "Loud" not in exported(run, tmp_path / "hidden")


def test_what_nobody_may_see_changes_nothing_in_an_export(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    found_federation(SYSTEM, "Interurban")
    topic = opened(people.ana, agenda, "Shown")
    with at(now()):
        before = exported(run, tmp_path / "before")
        hidden = opened(people.ben, agenda, "Hidden")
        said(people.ana, hidden, "Along with it.")
        dialogue.hide_topic(people.moderator, hidden.id)
        dialogue.remove(people.moderator, said(people.ben, topic, "Removed.").id, "A rule.")
        dialogue.delete(people.ben, said(people.ben, topic, "Deleted.").id)
        opened(people.ben, agenda, "Among us", audience="members")
        library.write_practice(people.ana, agenda.id, library.PracticeText("Draft", "Not yet."))
        assert exported(run, tmp_path / "after") == before


def test_a_hidden_note_and_what_happened_next_are_in_no_export(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    question = opened(people.ana, agenda, "A question", kind="question")
    answer = said(people.ben, question, "An answer.")
    dialogue.choose_answer(people.ana, question.id, answer.id)
    dialogue.mark(people.ana, answer.id, "tried it", "kept", "Spiteful words.")
    advice.follow_up(
        people.ana, question.id, advice.FollowUpText("A spiteful deed.", "yes", "", "en")
    )
    shown = exported(run, tmp_path / "before")
    assert "| Spiteful words." in shown and "A spiteful deed." in shown
    dialogue.hide_note(people.moderator, db.session.scalars(select(Mark.id)).one(), "A rule.")
    told = db.session.scalars(select(FollowUp)).one()
    advice.hide_follow_up(people.moderator, told.id, "A rule.")
    for readers in ("visitors", "members"):
        found = exported(run, tmp_path / readers, "--readers", readers)
        assert "piteful" not in found
        assert "tried: ana-prado | kept" in found


# The cost of an export


def test_an_export_makes_few_queries_however_much_there_is(
    run: Run, people: Any, agenda: Agenda, queries: Any, tmp_path: Path
) -> None:
    numbers = []
    for times in (1, 10):
        for number in range(times):
            topic = opened(people.ana, agenda, f"Topic {times} {number}")
            for source in ("One.", f"> [Ana](/posts/{opening(topic).id})\n\nTwo."):
                post = said(people.ben, topic, source)
                dialogue.mark(people.ana, post.id, "tried it", "kept", "So.")
            case = library.write_case(
                people.moderator, agenda.id, case_text(name=f"Case {times} {number}")
            )
            if times == 1:
                said(people.ana, case.topic, "A comment.")
        with queries() as made:
            exported(run, tmp_path / f"{times}")
        numbers.append(made.count)
    assert numbers[0] == numbers[1] <= 50


# An export folder is complete, or does not exist


def test_an_export_goes_into_a_new_or_empty_folder(
    run: Run, agenda: Agenda, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    exported(run, tmp_path / "empty")
    (tmp_path / "file").write_text("Mine.")
    for name in ("empty", "file"):
        refused = run("export", tmp_path / name)
        assert refused.exit_code == 1
        assert "is not an empty folder. Name a new one." in refused.output
    assert (tmp_path / "file").read_text() == "Mine."
    assert run("export", tmp_path / "no" / "folder").exit_code == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left", "x")])
def test_an_interrupted_export_leaves_nothing(
    run: Run,
    agenda: Agenda,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    def fail(*_args: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("forum.transfer.commands.exporting.write_people", fail)
        assert run("export", tmp_path / "out").exit_code == 1
    assert not list(tmp_path.iterdir())


def test_what_a_killed_export_left_is_swept_out(run: Run, agenda: Agenda, tmp_path: Path) -> None:
    left = tmp_path / ".out.partial" / "export"
    left.mkdir(parents=True)
    (left / "agenda-quieter.md").write_text("half")
    exported(run, tmp_path / "out")
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
    assert "half" not in (tmp_path / "out" / "agenda-quieter.md").read_text()


def test_a_slug_that_a_number_once_made_too_long_is_one_that_is_taken() -> None:
    long = [f"{'ب' * 60}-{number}" for number in (2, 3)]
    first, second = map(importable_slug, long)
    assert new_slug(first) == first != second == new_slug(second)
    assert importable_slug("trams-2") == "trams-2"


@pytest.mark.parametrize("readers", ["visitors", "members"])
def test_only_its_owner_reads_an_export(
    run: Run, agenda: Agenda, tmp_path: Path, readers: str
) -> None:
    exported(run, out := tmp_path / "out", "--readers", readers)
    assert {file.stat().st_mode & 0o777 for file in out.iterdir()} == {0o600}
    assert out.stat().st_mode & 0o777 == 0o700
    is_told = "give it to nobody else" in (out / "README.md").read_text()
    assert is_told == (readers == "members")


def test_a_made_handle_is_nobodys(run: Run, people: Any, agenda: Agenda, tmp_path: Path) -> None:
    """A member who has chosen such a handle is not taken for a member who has left."""
    leaver = members.join(VISITOR, Joining("Leo Vogel", "leo@example.org", "-"))
    taken = f"former-member-{leaver.id}"
    members.join(VISITOR, Joining("Impostor", "i@example.org", "-", handle=taken))
    said(leaver, opened(people.ana, agenda, "A topic"), "Words.")
    depart(SYSTEM, leaver.id)
    found = exported(run, tmp_path / "out")
    assert f"#### former-member-x-{leaver.id}, " in found
    assert found.count(taken) == 1


def test_a_poll_that_was_closed_in_its_last_minute_ended_by_itself(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    end = START + timedelta(days=7, seconds=50)
    with at(START):
        topic = opened(people.ana, agenda, "Asked")
        poll = PollText("Which?", ("One", "Two"), closes_at=end)
        dialogue.set_poll(people.ana, opening(topic).id, poll)
    with at(end - timedelta(seconds=20)):
        dialogue.close_poll(people.ana, opening(topic).id)
    told = exported(run, tmp_path / "out")
    # Files have times in minutes; a poll that has ended in this minute cannot be closed again
    assert "- poll until: 2026-10-08 09:00\n" in told and "poll closed" not in told


def test_what_a_file_cannot_say_is_told(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path
) -> None:
    undated = case_text(figures=[library.FigureText("Members", "75")])
    library.write_case(people.moderator, agenda.id, undated)
    done = run("export", tmp_path / "out")
    assert "Left out, because no file takes it as it is: “figure”, 1 times" in done.output
