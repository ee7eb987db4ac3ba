"""Times in sentences are in the time zone that the reader has chosen, and name it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from forum.clock import at, in_words, in_zone, now
from forum.members import actions as members
from forum.members.actions import COOLING_OFF, KEEP_NAMELESS
from forum.notifications import actions
from forum.passwords import hash_password
from forum.rights import actions as rights

PASSWORD = "seven quiet trams"
YEAR = now().year + 5
END = datetime(YEAR, 7, 1, 22, 30, tzinfo=UTC)
NEW = "/agendas/quieter/topics/new"
THERE = f"2 July {YEAR}, 10:30 (Pacific/Auckland)"


@pytest.fixture
def far_away(people: Any) -> None:
    actions.set_digest(people.ana, "daily", 7, "Pacific/Auckland")


def test_a_page_says_a_moment_as_its_reader_counts(
    people: Any, agenda: Any, far_away: None, sign_in: Any
) -> None:
    for member in (people.ana, people.ben):
        members.silence(people.moderator, member.id, END)
    paused = "A moderator has paused your right to write until"
    assert f"{paused} {THERE}." in sign_in(people.ana).get(NEW).text
    assert f"{paused} 1 July {YEAR}, 22:30 UTC." in sign_in(people.ben).get(NEW).text


def test_who_cannot_sign_in_reads_utc(people: Any, far_away: None, client: FlaskClient) -> None:
    members.change_password(people.ana, hash_password(PASSWORD))
    members.suspend(people.moderator, people.ana.id, END)
    form = {"email": people.ana.email, "password": PASSWORD}
    said = client.post("/sign-in", data=form).text
    assert f"suspended this account until 1 July {YEAR}, 22:30 UTC." in said


def test_a_letter_says_a_moment_as_its_member_counts(
    people: Any, far_away: None, letters: Any
) -> None:
    with at(END - COOLING_OFF):
        rights.leave(people.ana, people.ana.id, KEEP_NAMELESS)
        rights.leave(people.ben, people.ben.id, KEEP_NAMELESS)
    mine, theirs = (" ".join(letter.text.split()) for letter in letters())
    assert f"It ends on {THERE}." in mine
    assert f"It ends on 1 July {YEAR}, 22:30 UTC." in theirs


def test_the_page_of_a_closed_account_names_the_same_moment(
    people: Any, client: FlaskClient
) -> None:
    with at(END - COOLING_OFF):
        members.change_password(people.ana, hash_password(PASSWORD))
        rights.leave(people.ana, people.ana.id, KEEP_NAMELESS)
        form = {"email": people.ana.email, "password": PASSWORD}
        client.post("/sign-in", data=form)
        page = client.get("/settings/leave").text
    assert (
        f'<time datetime="{YEAR}-07-01T22:30Z">1\N{NO-BREAK SPACE}July {YEAR}, 22:30 UTC</time>'
        in page
    )


def test_outside_of_a_request_moments_are_in_utc_or_in_a_zone_that_is_set(people: Any) -> None:
    assert in_words(END) == f"1 July {YEAR}, 22:30 UTC"
    with in_zone(ZoneInfo("Europe/Lisbon")):
        assert in_words(END, "HH:mm") == "23:30 (Europe/Lisbon)"
    assert in_words(None) == ""
