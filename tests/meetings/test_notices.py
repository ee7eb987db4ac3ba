"""What members are told of meetings: in their inbox, by letters at once, and in digests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.emails import Letter
from forum.mail.commands import write_digests, write_notice_letters
from forum.meetings import actions
from forum.meetings.commands import look_after_meetings
from forum.meetings.models import Meeting
from forum.members import actions as members
from forum.members.actions import KEEP_NAMELESS
from forum.notifications.actions import choose_ways, make_notices, set_digest, watch
from forum.notifications.models import AGENDA, MUTED, WATCHING
from forum.permissions import SYSTEM
from forum.rights.actions import leave
from tests.meetings.conftest import LINK, a_text

Announce = Callable[..., Meeting]
Letters = Callable[[], list[Letter | None]]


def worker() -> None:
    """Run the worker's tasks."""
    look_after_meetings()
    while make_notices(SYSTEM):
        pass
    with at(now() + timedelta(minutes=3)):
        write_notice_letters()


def test_a_reminder_says_when_that_is_for_the_member_and_how_to_join(
    people: Any, announce: Announce, letters: Letters, sign_in: Any
) -> None:
    set_digest(people.ana, "daily", 8, "Asia/Kathmandu")
    made = announce(place="Town hall")
    actions.come(people.ana, made.id, "online")
    with at(made.starts_at - timedelta(hours=20)):
        worker()
        [letter] = letters()
        assert letter and letter.to == people.ana.email
        assert "(Asia/Kathmandu)" in letter.text and LINK in letter.text and LINK in letter.html
        assert "Town hall" in letter.text and "is soon" in letter.subject
        assert (
            "You are coming to a meeting that is soon" in sign_in(people.ana).get("/notices").text
        )


def test_who_takes_it_back_meanwhile_gets_no_reminder(
    people: Any, announce: Announce, letters: Letters
) -> None:
    made = announce()
    actions.come(people.ana, made.id)
    with at(made.starts_at - timedelta(hours=20)):
        worker()
        actions.stay_away(people.ana, made.id)
        assert letters() == [None]


def test_who_gives_the_place_back_meanwhile_gets_no_letter_that_it_is_theirs(
    people: Any, announce: Announce, letters: Letters
) -> None:
    made = announce(seats=1)
    for person in (people.ana, people.ben):
        actions.come(person, made.id)
    actions.stay_away(people.ana, made.id)
    with at(now() + timedelta(minutes=3)):
        worker()
        actions.stay_away(people.ben, made.id)
        assert letters() == [None]


@pytest.mark.parametrize("why", ["suspended", "leaves", "left", "waits", "mutes"])
def test_a_reminder_is_for_those_who_can_come(
    people: Any, agenda: Agenda, announce: Announce, letters: Letters, why: str
) -> None:
    made = announce(seats=1)
    for person in (people.ben, people.ana) if why == "waits" else (people.ana,):
        actions.come(person, made.id)
    with at(made.starts_at - timedelta(hours=30)):
        if why == "suspended":
            members.suspend(people.moderator, people.ana.id, now() + timedelta(days=9))
        elif why == "leaves":
            leave(people.ana, people.ana.id, KEEP_NAMELESS)
        elif why == "left":
            actions.forget_member(SYSTEM, people.ana.id)
        elif why == "mutes":
            watch(people.ana, AGENDA, agenda.id, MUTED)
    with at(made.starts_at - timedelta(hours=20)):
        worker()
        told = [letter.to for letter in letters() if letter and "soon" in letter.subject]
    expected = {"mutes": [people.ana.email], "waits": [people.ben.email]}
    assert told == expected.get(why, [])


def test_a_letter_that_comes_too_late_is_not_sent(
    people: Any, announce: Announce, letters: Letters
) -> None:
    made = announce()
    actions.come(people.ana, made.id)
    with at(made.starts_at - timedelta(hours=20)):
        worker()
    with at(made.starts_at + timedelta(minutes=1)):
        assert letters() == [None]


@pytest.mark.parametrize("waits", [False, True])
def test_the_letter_of_a_change_has_the_link_for_those_who_come(
    people: Any, announce: Announce, letters: Letters, waits: bool
) -> None:
    made = announce(seats=1)
    if waits:
        actions.come(people.ben, made.id)
    actions.come(people.ana, made.id)
    later = a_text(starts_at=made.starts_at + timedelta(days=1), seats=1)
    actions.edit_meeting(people.host, made.id, later)
    with at(now() + timedelta(minutes=3)):
        worker()
        mine = next(letter for letter in letters() if letter and letter.to == people.ana.email)
        assert "It is at another time now." in mine.text and "When:" in mine.text
        assert (LINK in mine.text) is not waits


def test_the_letter_of_a_cancellation_has_the_reason_and_no_link(
    people: Any, announce: Announce, letters: Letters, sign_in: Any
) -> None:
    made = announce()
    actions.come(people.ana, made.id)
    actions.cancel_meeting(people.host, made.id, "The <b>speaker</b> is ill.")
    with at(now() + timedelta(minutes=3)):
        worker()
        [letter] = letters()
    assert letter and "It is cancelled." in letter.text and "speaker" in letter.text
    assert "It was to be:" in letter.text and LINK not in letter.text
    assert "<b>speaker" not in letter.html
    page = sign_in(people.ana).get("/notices").text
    assert "It is cancelled." in page and LINK not in page


def test_watchers_read_of_a_new_meeting_in_their_digest(
    people: Any, agenda: Agenda, announce: Announce, letters: Letters
) -> None:
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    announce(title="Night trams")
    worker()
    with at(now() + timedelta(days=2)):
        write_digests()
        [letter] = letters()
    assert letter and "Night trams" in letter.text and "a new meeting" in letter.text
    assert agenda.title in letter.text and LINK not in letter.text


def test_who_wants_it_at_once_is_told_at_once_and_without_the_link(
    people: Any, agenda: Agenda, announce: Announce, letters: Letters
) -> None:
    choose_ways(people.ana, {"meeting": "at once"})
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    announce(title="Night trams")
    with at(now() + timedelta(minutes=3)):
        worker()
        [letter] = letters()
        assert letter and "announced a meeting" in letter.text and "Where: online" in letter.text
        assert LINK not in letter.text
        agendas.prepare_agenda(people.moderator, agenda.id)
        assert letters() == [None]
