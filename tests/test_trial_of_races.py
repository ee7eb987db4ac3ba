"""The trial of races notices deadlocks, mistakes, what is written in silence, and quotations of what is hidden; and one race runs."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.actions import NewTopic, hide, open_topic, reply
from forum.dialogue.models import Post
from forum.errors import Busy, Forbidden
from forum.markup import write
from tests.trials import __main__ as trials
from tests.trials import races
from tests.trials.races_racer import Course, Done, Racer
from tests.trials.races_verdict import quoted_secrets, written_in_silence


class Ended(Exception):
    sqlstate = "40P01"


def deadlock(_racer: Racer) -> None:
    raise Busy from OperationalError("SELECT", {}, Ended())


def refusal(_racer: Racer) -> None:
    raise Forbidden("Sign in to do this.")


def mistake(_racer: Racer) -> None:
    raise KeyError("quoted")


def waiting(_racer: Racer) -> None:
    raise Busy


@pytest.mark.parametrize(
    ("deed", "outcome", "fault"),
    [
        (deadlock, "Busy", "edit: a deadlock, beside edit"),
        (waiting, "Busy", ""),
        (refusal, "Forbidden", ""),
        (mistake, "fault", "edit: KeyError: 'quoted'"),
    ],
)
def test_only_refusals_of_the_forum_are_no_faults(
    app: Any, deed: Any, outcome: str, fault: str
) -> None:
    course = Course({})
    Racer(course, random.Random(1)).do("edit", deed)
    assert list(course.outcomes) == [("edit", outcome)]
    assert list(course.faults) == ([fault] if fault else [])


def done(name: str, began: float, returned: float, about: str = "") -> Done:
    return Done(name, "mona" if about else "ana", began, returned - 0.1, returned, about)


@pytest.mark.parametrize(
    ("deeds", "faults"),
    [
        ([done("reply", 1, 4.1), done("silence", 2, 3, "ana")], ["reply"]),
        ([done("delete", 4, 5), done("silence", 2, 3, "ana")], []),
        ([done("delete", 4, 5), done("suspend", 2, 3, "ana")], ["delete"]),
        ([done("reply", 1, 2.9), done("silence", 2, 3, "ana")], []),
        ([done("reply", 4, 5), done("silence", 2, 3, "ben")], []),
        ([done("reply", 4, 5), done("silence", 2, 3, "ana"), done("unsilence", 1, 3.5, "ana")], []),
        ([done("reply", 4, 5), done("silence", 2, 3, "ana"), done("unsilence", 6, 7, "ana")], ["reply"]),
        ([done("reply", 4, 5), done("silence", 2, 3, "ana"), done("undo", 3, 4)], []),
    ],
)  # fmt: skip
def test_what_is_committed_in_silence_is_found(deeds: list[Done], faults: list[str]) -> None:
    found = list(written_in_silence(deeds))
    assert len(found) == len(faults)
    assert all(f"ana did “{name}”" in fault for name, fault in zip(faults, found, strict=True))


def test_a_quotation_of_what_is_hidden_is_found(people: Any, agenda: Agenda) -> None:
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Why?", write("So word1x.")))
    said = reply(people.ben, topic.id, write("So word2x."))
    text = write(f"> [Ben](/posts/{said.id}):\n>\n> So word2x.\n\nSo word3x.")
    quoting = reply(people.ana, topic.id, text)
    assert list(quoted_secrets()) == []
    hide(people.moderator, said.id, "Rude.")
    assert list(quoted_secrets()) == []
    db.session.get_one(Post, quoting.id).html = text.html
    [fault] = quoted_secrets()
    assert fault == f"post {quoting.id} shows word2x of {said.id}, which fewer may read"


@pytest.mark.thorough
def test_a_short_race_finds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(races, "QUICK_SECONDS", 3)
    words = ["tests.trials", "races", "--quick", "--database", "sqlite", "--seed", "7"]
    monkeypatch.setattr(sys, "argv", words)
    assert trials.main() == 0
