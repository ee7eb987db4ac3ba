"""Meetings in content files: loading them, and writing them so that they can be loaded again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db
from forum.meetings import actions
from forum.meetings.models import Meeting
from forum.transfer.actions import import_agenda
from forum.transfer.forms import ExportedPeople, Writer, read_agenda
from forum.transfer.models import FaultyFileError
from tests.meetings.conftest import a_text


def file_of(*sections: str) -> str:
    return "\n".join(["# Making Cities Quieter", "- slug: quieter", "", "## Meetings", *sections])


def section(days: int, *fields: str, text: str = "Who runs *trams*?") -> str:
    begins = now() + timedelta(days=days)
    ends = begins + timedelta(hours=2)
    times = f"- begins: {begins:%Y-%m-%d %H:%M}\n- ends: {ends:%Y-%m-%d %H:%M}"
    return "\n".join(["### Night trams", times, *(f"- {field}" for field in fields), "", text, ""])


def test_meetings_are_loaded_in_every_state(people: Any, agenda: Agenda) -> None:
    outcome = "Who?\n\n#### What came of it\nWe *met*."
    file = file_of(
        section(9, "time zone: Europe/Lisbon", "online: yes", "seats: 7", "readers: members"),
        section(12, "place: Hall", "city: Nairobi, KE", "cancelled because: Snow."),
        section(-9, "place: Hall", "recording: https://video.example/1", text=outcome),
    )
    import_agenda(people.moderator, read_agenda(file))
    over, coming, cancelled = db.session.scalars(select(Meeting).order_by(Meeting.starts_at))
    assert over.over_at and "<em>met</em>" in over.outcome_html and over.recording
    assert (coming.seats, coming.audience, coming.time_zone) == (7, "members", "Europe/Lisbon")
    assert cancelled.cancelled_reason == "Snow." and cancelled.city_id


@pytest.mark.parametrize(
    "wrong",
    [
        ("time zone: Moon/Crater",),
        ("online: perhaps",),
        ("recording: javascript:alert(1)",),
        ("uid: a b\tc",),
        ("city: Nowhereville, XX",),
        (),
        ("place: Hall", "announced on: 2999-01-01 10:00"),
    ],
)
def test_what_is_wrong_loads_nothing(people: Any, agenda: Agenda, wrong: tuple[str, ...]) -> None:
    with pytest.raises(FaultyFileError):
        import_agenda(people.moderator, read_agenda(file_of(section(9, *wrong))))
    assert not db.session.scalars(select(Meeting)).all()


def test_a_meeting_that_was_put_off_for_years_is_loaded(people: Any, agenda: Agenda) -> None:
    file = file_of(section(90, "place: Hall", "announced on: 2020-01-01 10:00"))
    import_agenda(people.moderator, read_agenda(file))
    made = db.session.scalars(select(Meeting)).one()
    assert made.starts_at - made.created_at == actions.MAX_ADVANCE


@pytest.mark.parametrize("year", ["0001", "0999", "1899"])
def test_a_year_in_which_no_meeting_was_is_refused(people: Any, agenda: Agenda, year: str) -> None:
    day = f"- begins: {year}-01-02 00:00\n- ends: {year}-01-02 01:00"
    file = file_of("### Old", day, "- place: Hall", "", "Text.")
    with pytest.raises(FaultyFileError, match="from 1900"):
        import_agenda(people.moderator, read_agenda(file))


def test_what_is_written_can_be_loaded_again(people: Any, agenda: Agenda) -> None:
    text = a_text(title="Trams; and | bars", place="Hall", seats=5)
    made = actions.announce_meeting(people.host, agenda.id, text)
    actions.come(people.ana, made.id, "online")
    written = Writer("http://localhost", ExportedPeople("former", "hidden")).meeting(made)
    assert "secret-room" not in written and "ana-prado" not in written
    uid = made.uid
    import_agenda(people.moderator, read_agenda(file_of(written.replace("Trams;", "More;"))))
    again = db.session.scalars(select(Meeting).where(Meeting.id != made.id)).one()
    assert (again.place, again.seats, again.source) == ("Hall", 5, made.source)
    assert (again.starts_at - made.starts_at) <= timedelta(minutes=1)
    assert again.uid != uid and f"uid: {uid}" in written
