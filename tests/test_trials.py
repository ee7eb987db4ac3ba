"""The checker of the trials finds lost, doubled, incomplete, reordered and undone writes; a trial runs."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM
from tests.trials import __main__ as trials
from tests.trials import ledger
from tests.trials import site as trial_site
from tests.trials.check import StoredPost, faults_in
from tests.trials.clients import Client, Plan
from tests.trials.ledger import DONE, REFUSED, UNKNOWN, Deed, Ledger, fingerprint
from tests.trials.papers import SCALE, ScaleFiles
from tests.trials.run import Trial
from tests.trials.site import MEMBERS, MODERATORS, Site

DEEDS = {"reply", "open", "mark", "edit", "delete", "withdraw", "hide", "sign out", "password"}

FIRST = StoredPost(1, "topic", "ana", 7, 1, "opening")
SECOND = StoredPost(2, "a-1", "ana", 7, 2, "one")
THIRD = StoredPost(3, "b-1", "ben", 7, 3, "two")
POSTS = [FIRST, SECOND, THIRD]


def reply(key: str, post: StoredPost, at: float, *answers: str) -> Deed:
    facts = {"text": fingerprint(post.text), "topic": post.topic, "number": post.number}
    done_at = at + 0.5 if DONE in answers else None
    return Deed(key, "reply", post.author, at, facts, done_at, list(answers), len(answers))


def about(deed: str, post: StoredPost, *answers: str, at: float = 9, **facts: object) -> Deed:
    done_at = at + 0.5 if DONE in answers else None
    words = {"post": post.id, "of": post.key, **facts}
    return Deed(f"{deed}-{post.id}", deed, "ana", at, words, done_at, list(answers), len(answers))


SENT = [reply("a-1", SECOND, 1, DONE), reply("b-1", THIRD, 2, DONE)]


def test_a_book_without_faults() -> None:
    assert faults_in(SENT, POSTS) == []


def test_a_lost_post_is_found_out() -> None:
    assert faults_in(SENT, [FIRST, SECOND]) == ["b-1: acknowledged, and lost"]


def test_a_doubled_post_is_found_out() -> None:
    twin = replace(THIRD, id=4, number=4)
    assert faults_in(SENT, [*POSTS, twin]) == ["b-1: there 2 times"]


@pytest.mark.parametrize(
    ("half", "words"),
    [
        (replace(THIRD, documents=0), "b-1: half there, with 0 search rows"),
        (replace(THIRD, document_is_right=False), "its search row says something else"),
        (replace(THIRD, is_shown=False), "shown on the public page is False"),
        (replace(THIRD, text="tw"), "does not say what was acknowledged last"),
    ],
)
def test_a_half_post_is_found_out(half: StoredPost, words: str) -> None:
    [fault] = faults_in(SENT, [FIRST, SECOND, half])
    assert words in fault


def test_a_topic_without_its_first_post_is_found_out() -> None:
    assert "a-1: its topic has 0 first posts" in faults_in(SENT, [SECOND, THIRD])


def test_posts_in_another_order_are_found_out() -> None:
    swapped = [FIRST, replace(SECOND, number=3), replace(THIRD, number=2)]
    faults = faults_in(SENT, swapped)
    assert "a-1: stands below a post that was sent after it was acknowledged" in faults
    assert "a-1: acknowledged as (7, 2), found as (7, 3)" in faults


def test_two_posts_of_one_number_are_found_out() -> None:
    faults = faults_in(SENT, [FIRST, SECOND, replace(THIRD, number=2)])
    assert "topic 7: two posts have the number 2" in faults


@pytest.mark.parametrize(
    ("answers", "is_there", "words"),
    [
        ([UNKNOWN, UNKNOWN], True, ""),
        ([UNKNOWN], False, ""),
        ([UNKNOWN, REFUSED], True, ""),
        ([REFUSED], False, ""),
        ([REFUSED], True, "b-1: refused, and there"),
        ([UNKNOWN, DONE], False, "b-1: acknowledged, and lost"),
    ],
)
def test_what_each_answer_promises(answers: list[str], is_there: bool, words: str) -> None:
    deeds = [SENT[0], reply("b-1", THIRD, 2, *answers)]
    faults = faults_in(deeds, POSTS if is_there else POSTS[:2])
    assert faults == ([words] if words else [])


def test_an_edit_that_is_undone_is_found_out() -> None:
    edit = about("edit", SECOND, DONE, text=fingerprint("one, corrected"))
    assert faults_in([*SENT, edit], POSTS) == ["a-1: does not say what was acknowledged last"]
    assert faults_in([*SENT, edit], [FIRST, replace(SECOND, text="one, corrected"), THIRD]) == []


def test_an_edit_without_an_answer_may_be_there_or_not() -> None:
    edit = about("edit", SECOND, UNKNOWN, text=fingerprint("one, corrected"))
    assert faults_in([*SENT, edit], POSTS) == []
    assert faults_in([*SENT, edit], [FIRST, replace(SECOND, text="one, corrected"), THIRD]) == []


def test_a_deletion_that_is_undone_is_found_out() -> None:
    faults = faults_in([*SENT, about("delete", SECOND, DONE)], POSTS)
    assert faults == ["a-1: deleted and acknowledged, and undone"]
    gone = replace(SECOND, is_deleted=True, text="", documents=0)
    assert faults_in([*SENT, about("delete", SECOND, DONE)], [FIRST, gone, THIRD]) == []
    assert faults_in(SENT, [FIRST, gone, THIRD]) == ["a-1: deleted, though nobody was told so"]


def test_a_hiding_that_is_undone_or_decided_twice_is_found_out() -> None:
    hide = about("hide", SECOND, DONE)
    assert faults_in([*SENT, hide], POSTS) == ["a-1: hidden and acknowledged, and undone"]
    twice = replace(SECOND, is_hidden=True, hidings=2)
    [fault] = faults_in([*SENT, hide], [FIRST, twice, THIRD])
    assert "decisions to hide 2" in fault
    shown = replace(SECOND, is_hidden=True, hidings=1, is_shown=True)
    [fault] = faults_in([*SENT, hide], [FIRST, shown, THIRD])
    assert "shown on the public page is True" in fault


def test_marks_that_are_lost_or_come_from_nowhere_are_found_out() -> None:
    mark = about("mark", THIRD, DONE, kind="useful")
    [fault] = faults_in([*SENT, mark], POSTS)
    assert fault == "b-1: the mark of ana was acknowledged, and lost"
    marked = replace(THIRD, marks={("ana", "useful")})
    assert faults_in([*SENT, mark], [FIRST, SECOND, marked]) == []
    assert faults_in(SENT, [FIRST, SECOND, marked]) == ["b-1: a mark of ana that was not given"]


def test_a_version_that_comes_back_is_found_out() -> None:
    withdrawal = about("withdraw", SECOND, DONE, revision=5)
    [fault] = faults_in([*SENT, withdrawal], POSTS)
    assert fault == "a-1: a version was withdrawn and acknowledged, and is back"


def test_a_ledger_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    book = Ledger(tmp_path, "ana")
    book.sent("a-1", "reply", text="hash")
    book.answered("a-1", UNKNOWN)
    book.sent("a-1", "reply", text="hash")
    book.answered("a-1", DONE, topic=7, number=2)
    book.sent("a-2", "reply", text="other")
    book.close()
    first, second = ledger.read(tmp_path)
    assert (first.outcome, first.sent, first.facts["number"]) == (DONE, 2, 2)
    assert (second.outcome, second.client) == (UNKNOWN, "ana")


# Running clients, and the files of many machines


def test_a_trial_in_which_every_deed_is_done_passes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A whole trial, with clients and forum in one process."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(trial_site, "OLD_POSTS", 2)
    monkeypatch.setattr(trials, "TRIALS", {"every deed": do_every_deed})
    monkeypatch.setattr(sys, "argv", ["tests.trials", "--database", "sqlite", "--seed", "1"])
    assert trials.main() == 0


def do_every_deed(trial: Trial) -> None:
    site, plan = trial.site, trial.plan
    people = [person.is_moderator for person in site.people]
    assert people == [False] * MEMBERS + [True] * MODERATORS
    with answering(site.app) as port:
        site.ports.append(port)
        plan.ports, plan.wanted = site.ports, 1_000
        member, moderator = (Client(plan, site.people[number], number) for number in (0, -1))
        for client in (member, moderator):
            assert client.browser.sign_in(client.person.email, client.person.password)
        member.old = member.old[
            :1
        ]  # only one, so that the edited post is the one with a version to withdraw
        make_all_notices(site)
        for deed in (
            *(member.edit, member.withdraw, member.mark, member.open_topic, member.reply),
            *(member.delete, moderator.hide, member.sign_out, member.change_password),
        ):
            insist_on(deed, plan)
            make_all_notices(site)
        member.ledger.close()
        moderator.ledger.close()
        trial.judge()
    done = {deed.deed for deed in ledger.read(plan.folder) if deed.outcome == DONE}
    assert done == DEEDS


@contextmanager
def answering(app: Flask) -> Iterator[int]:
    """Run an HTTP server for an application in threads of this process; yields its port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    often = {"poll_interval": 0.01}  # how often it checks whether it should stop
    thread = threading.Thread(target=server.serve_forever, kwargs=often, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def make_all_notices(site: Site) -> None:
    """Make all notices, as the worker does; for things that are hidden earlier none would be made."""
    with site.app.app_context():
        while make_notices(SYSTEM):
            pass


def insist_on(deed: Callable[[], None], plan: Plan) -> None:
    """Repeat an action of a client until it succeeds, because it may choose a post on which it cannot be done."""
    done = plan.done
    for _turn in range(100):
        deed()
        if plan.done > done:
            return
    raise AssertionError(f"{deed} is never done: {plan.tally.statuses}, {plan.tally.faults}")


def test_what_the_trials_fill_in_stands_in_the_files_of_many_machines(tmp_path: Path) -> None:
    files = ScaleFiles(tmp_path)
    written = "".join(path.read_text() for path in SCALE.iterdir())
    assert [word for word in files.words if word not in written] == []
    settings = files.settings(11)
    assert files.address(11) in settings["LISTEN"]
    assert files.words["database-password"] in settings["FORUM_DATABASE_URL"]
    assert files.words["valkey-password"] in settings["FORUM_VALKEY_URL"]
    assert files.pg_hba().startswith("host ") and f" {files.network}0/24 " in files.pg_hba()
