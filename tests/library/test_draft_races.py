"""Practices and cases that are kept, sent and counted at the same moment, on a database of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, write_agenda
from forum.db import db
from forum.deeds import action
from forum.dialogue.actions import SentForm, UnsentForm
from forum.dialogue.models import Draft
from forum.library import actions
from forum.library.actions import (
    CaseText,
    PracticeText,
    keep_case_draft,
    keep_practice_draft,
)
from forum.library.models import Case, Practice
from forum.library.queries import practice_to_change
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import get_member
from forum.permissions import SYSTEM
from tests.candidates import test_races as races
from tests.races import at_once, let_others_come, meanwhile, slowly

own = races.own  # over an empty database with a moderator and an administrator
Deed = Callable[[], Any]
WORDS = [("title", "Pumps"), ("needs", "Money."), ("language", "en")]


def author() -> Any:
    return get_member(SYSTEM, "mona-berg")


@pytest.fixture
def agenda(own: Flask) -> int:
    made = write_agenda(author(), AgendaText("Quiet", write("Text."), slug="quiet"))
    db.session.commit()
    return made.id


def keep(key: str = "k") -> Deed:
    return lambda: keep_practice_draft(author(), UnsentForm(key, WORDS))


def send(agenda: int, key: str = "k", practice_id: int | None = None) -> Deed:
    text = PracticeText(f"Pumps of {key}", "They call.")
    return lambda: actions.write_practice(author(), agenda, text, practice_id, SentForm(key))


def require_counted(drafts: int) -> None:
    db.session.rollback()
    assert db.session.query(Draft).count() == drafts
    assert db.session.query(Member.drafts_count).filter_by(handle="mona-berg").scalar() == drafts


def test_no_draft_survives_the_sending_of_its_form(own: Flask, agenda: int) -> None:
    for number in range(5):
        key = f"k{number}"
        keep(key)()
        assert at_once(own, [keep(key), send(agenda, key), keep(key)])[1] == "done"
        require_counted(0)
    assert db.session.query(Practice).count() == 5


def test_no_draft_survives_a_sending_that_takes_long(own: Flask, agenda: int) -> None:
    def slow() -> None:
        slowly(
            actions.write_practice,
            author(),
            agenda,
            PracticeText("Pumps", "They call."),
            form=SentForm("k"),
        )

    assert at_once(own, [slow, meanwhile(keep())]) == ["done", "You have posted this already."]
    require_counted(0)


def test_no_draft_of_a_case_survives_its_sending(own: Flask, agenda: int) -> None:
    words = [("name", "Streets"), ("body", "Text."), ("language", "en")]

    def keep_case() -> None:
        keep_case_draft(author(), UnsentForm("k", words), agenda_id=agenda)

    def send_case() -> None:
        text = CaseText("Streets", "city project", "Quiet.", "Text.")
        slowly(actions.write_case, author(), agenda, text, form=SentForm("k"))

    keep_case()
    assert at_once(own, [send_case, meanwhile(keep_case)]) == [
        "done",
        "You have posted this already.",
    ]
    require_counted(0)
    assert db.session.query(Case).count() == 1


def test_a_practice_is_sent_while_somebody_counts_for_it(own: Flask, agenda: int) -> None:
    """Publishing locks the practice first, then its author, for whom it counts a post."""
    practice_id = send(agenda, "new")().id
    db.session.commit()
    keep()()

    @action
    def count(_doer: Any) -> None:
        practice_to_change(get_member(SYSTEM, "adam-de-wit"), practice_id)
        let_others_come()
        members.note_posts(SYSTEM, author().id, 0)

    deeds = [lambda: count(SYSTEM), meanwhile(send(agenda, "k", practice_id))]
    assert at_once(own, deeds) == ["done", "done"]
    require_counted(0)
