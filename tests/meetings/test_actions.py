"""Announcing and changing meetings, coming to them, and what the worker does at certain times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.history.queries import fingerprint, versions_of
from forum.markup import write
from forum.meetings import actions, queries
from forum.meetings.actions import OutcomeText
from forum.meetings.forms import moment_at
from forum.meetings.models import IN_ROOM, ONLINE, Attendance, Meeting
from forum.members import actions as members
from forum.notifications.actions import choose_ways, make_notices, watch
from forum.notifications.models import AGENDA, MUTED, WATCHING, Event, Notice
from forum.permissions import MEMBERS, SYSTEM, VISITOR
from tests.meetings.conftest import LINK, a_text

Announce = Callable[..., Meeting]
NOON = datetime(2999, 7, 1, 12, tzinfo=UTC)


def told(kind: str) -> list[tuple[int, str]]:
    """The visible notices of a kind: who was told, and what."""
    while make_notices(SYSTEM):
        pass
    shown = select(Notice).where(Notice.kind == kind, Notice.hidden_at.is_(None))
    return [
        (notice.member_id, notice.words) for notice in db.session.scalars(shown.order_by(Notice.id))
    ]


def names(meeting: Meeting) -> list[int]:
    """The ids of the members who have a place."""
    placed = select(Attendance.member_id).filter_by(meeting_id=meeting.id, waiting_at=None)
    return list(db.session.scalars(placed.order_by(Attendance.id)))


# Announcing


def test_hosts_and_moderators_announce(people: Any, agenda: Agenda, announce: Announce) -> None:
    made = announce()
    assert made.address == f"/meetings/{made.id}-quiet-asphalt"
    assert "<strong>lasts</strong>" in made.html
    text = a_text(title="Another")
    assert actions.announce_meeting(people.moderator, agenda.id, text).id != made.id
    for other in (people.ana, VISITOR):
        with pytest.raises(Forbidden):
            actions.announce_meeting(other, agenda.id, a_text(title="Mine"))
    elsewhere = agendas.write_agenda(people.moderator, agendas.AgendaText("Other", write("Text.")))
    with pytest.raises(Forbidden):
        actions.announce_meeting(people.host, elsewhere.id, text)


def test_nobody_announces_on_an_archived_agenda(people: Any, agenda: Agenda) -> None:
    agendas.archive(people.moderator, agenda.id)
    with pytest.raises(Forbidden, match="archived"):
        actions.announce_meeting(people.moderator, agenda.id, a_text())


def test_what_is_sent_twice_is_announced_once(announce: Announce) -> None:
    begins = now() + timedelta(days=3)
    assert announce(starts_at=begins).id == announce(starts_at=begins).id
    assert len(db.session.scalars(select(Event).where(Event.kind == "meeting")).all()) <= 1


def test_two_groups_that_meet_at_once_under_one_title_are_two_meetings(announce: Announce) -> None:
    begins = now() + timedelta(days=3)
    first, second = (announce(starts_at=begins, place=room) for room in ("Room 1", "Room 2"))
    assert (first.place, second.place) == ("Room 1", "Room 2")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"title": "  "}, "title"),
        ({"text": write(" ")}, "source"),
        ({"is_online": False, "join_link": ""}, "place"),
        ({"is_online": False, "place": "Hall"}, "is_online"),
        ({"join_link": "javascript:alert(1)"}, "join_link"),
        ({"join_link": "ftp://x.example"}, "join_link"),
        ({"seats": 0}, "seats"),
        ({"seats": -5}, "seats"),
        ({"seats": 10**12}, "seats"),
        ({"audience": "nobody"}, "audience"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "Moon/Crater"}, "time_zone"),
        ({"starts_at": datetime(2020, 1, 1, tzinfo=UTC)}, "starts_on"),
        ({"starts_at": datetime(2999, 1, 1, tzinfo=UTC)}, "starts_on"),
        ({"ends_at": datetime(2999, 1, 1, tzinfo=UTC)}, "ends_on"),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "ends_on"),
        ({"starts_at": NOON, "ends_at": NOON}, "ends_time"),
        ({"starts_at": NOON, "ends_at": NOON - timedelta(hours=1)}, "ends_time"),
        ({"city_id": 2**31 - 2}, "city"),
    ],
)
def test_what_cannot_be_is_refused(announce: Announce, words: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        announce(**words)
    assert refused.value.field == field
    assert not db.session.scalars(select(Meeting)).all()


def test_watchers_are_told_once_and_others_not(
    people: Any, agenda: Agenda, announce: Announce
) -> None:
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    watch(people.ben, AGENDA, agenda.id, MUTED)
    watch(people.host, AGENDA, agenda.id, WATCHING)
    made = announce()
    assert told("meeting") == [(people.ana.id, "")]
    actions.edit_meeting(people.host, made.id, a_text(title="Quieter asphalt"))
    assert told("meeting") == [(people.ana.id, "")]


def test_nobody_is_told_of_what_is_on_an_agenda_in_preparation(
    people: Any, agenda: Agenda, announce: Announce
) -> None:
    watch(people.ana, AGENDA, agenda.id, WATCHING)
    agendas.prepare_agenda(people.moderator, agenda.id)
    made = announce()
    assert told("meeting") == []
    with pytest.raises(NotFound):
        actions.come(people.ana, made.id)
    assert queries.next_meetings(people.ana, 5) == []
    assert [meeting.id for meeting in queries.next_meetings(people.host, 5)] == [made.id]


# Times


def test_ten_in_lisbon_is_ten_in_winter_and_in_summer() -> None:
    ten = time(10)
    assert moment_at(date(2027, 1, 12), ten, "Europe/Lisbon").hour == 10
    assert moment_at(date(2027, 7, 13), ten, "Europe/Lisbon").hour == 9


@pytest.mark.parametrize(
    ("day", "at_", "zone", "said"),
    [
        (date(2027, 3, 28), time(1, 30), "Europe/Lisbon", "forward"),
        (date(2027, 10, 31), time(1, 30), "Europe/Lisbon", "twice"),
        (date(2027, 3, 14), time(2, 30), "America/New_York", "forward"),
        (date(1, 1, 1), time(0), "Asia/Tokyo", "Choose a day"),
        (date(9999, 12, 31), time(23, 59), "America/New_York", "Choose a day"),
    ],
)
def test_times_that_clocks_skip_or_show_twice_are_refused(
    app: Any, day: date, at_: time, zone: str, said: str
) -> None:
    with app.test_request_context(), pytest.raises(Invalid, match=said):
        moment_at(day, at_, zone, "starts_time")


def test_in_utc_every_moment_can_be_said() -> None:
    assert moment_at(date(2027, 10, 31), time(1, 30), "UTC").hour == 1


# Coming


def test_members_come_and_take_it_back(people: Any, announce: Announce) -> None:
    made = announce()
    actions.come(people.ana, made.id)
    actions.come(people.ana, made.id)
    assert (made.coming_count, names(made)) == (1, [people.ana.id])
    actions.stay_away(people.ana, made.id)
    actions.stay_away(people.ana, made.id)
    assert (made.coming_count, names(made)) == (0, [])
    with pytest.raises(Forbidden):
        actions.come(VISITOR, made.id)


def test_who_is_silenced_comes_and_who_is_suspended_does_not(
    people: Any, announce: Announce
) -> None:
    made, ahead = announce(), now() + timedelta(days=2)
    members.silence(people.moderator, people.ana.id, ahead)
    members.suspend(people.moderator, people.ben.id, ahead)
    actions.come(people.ana, made.id)
    with pytest.raises(Forbidden):
        actions.come(people.ben, made.id)


def test_one_comes_in_one_of_two_ways(people: Any, announce: Announce) -> None:
    made = announce(place="Town hall")
    for way in ("", "by boat"):
        with pytest.raises(Invalid):
            actions.come(people.ana, made.id, way)
    assert actions.come(people.ana, made.id, IN_ROOM).way == IN_ROOM
    assert actions.come(people.ana, made.id, ONLINE).way == ONLINE
    assert queries.get_meeting(VISITOR, made.id).coming_count == 1


def test_nobody_comes_to_what_has_begun_or_is_cancelled(people: Any, announce: Announce) -> None:
    made = announce()
    actions.come(people.ben, made.id)
    with at(made.starts_at):
        for deed in (actions.come, actions.stay_away):
            with pytest.raises(Forbidden, match="begun"):
                deed(people.ben, made.id)
    actions.cancel_meeting(people.host, made.id, "The hall burned down.")
    with pytest.raises(Forbidden, match="cancelled"):
        actions.come(people.ana, made.id)


def test_who_waits_moves_up_in_order_and_is_told(people: Any, announce: Announce) -> None:
    made = announce(seats=1)
    everybody = (people.ana, people.ben, people.chitra)
    waits = [bool(actions.come(member, made.id).waiting_at) for member in everybody]
    assert waits == [False, True, True]
    assert (made.coming_count, made.waiting_count) == (1, 2)
    actions.stay_away(people.ana, made.id)
    assert names(made) == [people.ben.id]
    assert told("coming") == [(people.ben.id, "A place is free, and it is yours.")]
    actions.stay_away(people.chitra, made.id)
    assert (made.coming_count, made.waiting_count) == (1, 0)


def test_who_is_suspended_is_passed_over(people: Any, announce: Announce) -> None:
    made = announce(seats=1)
    for person in (people.ana, people.ben, people.chitra):
        actions.come(person, made.id)
    members.suspend(people.moderator, people.ben.id, now() + timedelta(days=2))
    actions.stay_away(people.ana, made.id)
    assert names(made) == [people.chitra.id]


def test_who_waited_and_may_come_again_is_before_who_comes_later(
    people: Any, announce: Announce
) -> None:
    made = announce(seats=1)
    for person in (people.ana, people.ben):
        actions.come(person, made.id)
    members.suspend(people.moderator, people.ben.id, now() + timedelta(hours=2))
    actions.stay_away(people.ana, made.id)
    assert names(made) == []
    with at(now() + timedelta(hours=3)):
        assert actions.come(people.chitra, made.id).waiting_at
    assert names(made) == [people.ben.id]
    assert told("coming") == [(people.ben.id, "A place is free, and it is yours.")]


def test_a_host_who_waits_and_adds_a_place_is_told_as_well(people: Any, announce: Announce) -> None:
    made = announce(seats=1)
    actions.come(people.ana, made.id)
    actions.come(people.host, made.id)
    actions.edit_meeting(people.host, made.id, a_text(starts_at=made.starts_at, seats=2))
    assert told("coming") == [(people.host.id, "A place is free, and it is yours.")]


def test_more_places_let_people_move_up_and_fewer_send_nobody_away(
    people: Any, announce: Announce
) -> None:
    made = announce(seats=1)
    for member in (people.ana, people.ben, people.chitra):
        actions.come(member, made.id)
    same = a_text(starts_at=made.starts_at)
    actions.edit_meeting(people.host, made.id, replace(same, seats=None))
    assert (made.coming_count, made.waiting_count) == (3, 0)
    actions.edit_meeting(people.host, made.id, replace(same, seats=1))
    assert made.coming_count == 3
    assert {member_id for member_id, _words in told("coming")} == {people.ben.id, people.chitra.id}


def test_who_leaves_for_good_comes_no_more(people: Any, announce: Announce) -> None:
    made = announce(seats=1)
    actions.come(people.ana, made.id)
    actions.come(people.ben, made.id)
    actions.forget_member(SYSTEM, people.ana.id)
    assert names(made) == [people.ben.id]
    with pytest.raises(Forbidden):
        actions.forget_member(people.ben, people.ben.id)


# Changing


def test_those_who_come_are_told_of_another_time_or_place(people: Any, announce: Announce) -> None:
    made = announce()
    actions.come(people.ana, made.id)
    later = a_text(starts_at=made.starts_at + timedelta(days=1))
    actions.edit_meeting(people.host, made.id, later)
    actions.edit_meeting(people.host, made.id, replace(later, title="Quieter"))
    elsewhere = replace(later, title="Quieter", place="Town hall", join_link=f"{LINK}-2")
    actions.edit_meeting(people.host, made.id, elsewhere)
    first, second = (words for _member, words in told("coming"))
    assert first == "It is at another time now."
    assert second == "It is in another place now. The link by which you join has changed."
    assert made.sequence == 3
    assert len(versions_of("meeting", made.id)) == 3


def test_what_has_begun_can_still_end_later_or_sooner(people: Any, announce: Announce) -> None:
    made, hour = announce(), timedelta(hours=1)
    actions.come(people.ana, made.id)
    same = a_text(starts_at=made.starts_at)
    with at(made.starts_at + hour):
        longer = replace(same, ends_at=made.starts_at + 4 * hour)
        actions.edit_meeting(people.host, made.id, longer)
        actions.edit_meeting(people.host, made.id, replace(same, ends_at=now() + hour))
        with pytest.raises(Invalid, match="over") as refused:
            actions.edit_meeting(people.host, made.id, replace(same, ends_at=now() - hour / 2))
        assert refused.value.field == "ends_time"
        for begins in (now() - hour / 2, made.starts_at - hour):
            with pytest.raises(Invalid, match="over"):
                actions.edit_meeting(people.host, made.id, a_text(starts_at=begins))
    assert made.ends_at == made.starts_at + 2 * hour
    assert told("coming") == [(people.ana.id, "It is at another time now.")] * 2


def test_no_version_keeps_the_link(people: Any, announce: Announce) -> None:
    made = announce()
    actions.edit_meeting(people.host, made.id, a_text(title="Quieter", join_link=f"{LINK}-2"))
    kept = versions_of("meeting", made.id)
    assert kept and not any("secret-room" in str(version.fields) for version in kept)


def test_the_second_of_two_hosts_reads_both(people: Any, announce: Announce) -> None:
    made = announce()
    seen = fingerprint(queries.known_fields(made))
    same = a_text(starts_at=made.starts_at)
    actions.edit_meeting(people.host, made.id, replace(same, title="One"), seen=seen)
    with pytest.raises(Conflict):
        actions.edit_meeting(people.moderator, made.id, replace(same, title="Two"), seen=seen)
    assert made.title == "One"
    link = fingerprint(queries.known_fields(made))
    actions.edit_meeting(people.host, made.id, replace(same, title="One", join_link=f"{LINK}-3"))
    with pytest.raises(Conflict):
        actions.edit_meeting(people.moderator, made.id, replace(same, title="Two"), seen=link)


def test_a_meeting_is_cancelled_with_a_reason_and_once(
    people: Any, agenda: Agenda, announce: Announce
) -> None:
    watch(people.chitra, AGENDA, agenda.id, WATCHING)
    made = announce(seats=1)
    actions.come(people.ana, made.id)
    actions.come(people.ben, made.id)
    assert told("meeting")
    with pytest.raises(Invalid):
        actions.cancel_meeting(people.host, made.id, " ")
    with pytest.raises(Forbidden):
        actions.cancel_meeting(people.ana, made.id, "Mine.")
    actions.cancel_meeting(people.host, made.id, "The speaker is ill.")
    words = "It is cancelled. The speaker is ill."
    assert told("coming") == [(people.ana.id, words), (people.ben.id, words)]
    assert told("meeting") == []
    for deed in (
        lambda: actions.cancel_meeting(people.host, made.id, "Again."),
        lambda: actions.edit_meeting(people.host, made.id, a_text()),
    ):
        with pytest.raises(Forbidden, match="cancelled"):
            deed()
    assert queries.next_meetings(VISITOR, 5) == []
    assert [meeting.id for meeting in queries.coming_meetings(VISITOR, None, 1).items] == [made.id]


# At certain times


def test_the_worker_writes_down_that_a_meeting_is_over(people: Any, announce: Announce) -> None:
    made = announce()
    assert actions.end_meetings(SYSTEM) == 0
    with at(made.ends_at):
        assert [actions.end_meetings(SYSTEM) for _ in range(2)] == [1, 0]
    assert made.over_at == made.ends_at
    assert queries.past_meetings(VISITOR, None, 1).items == [made]
    assert queries.coming_meetings(VISITOR, None, 1).items == []
    with pytest.raises(Forbidden, match="over"):
        actions.edit_meeting(people.host, made.id, a_text())


def test_members_are_reminded_once_the_day_before(people: Any, announce: Announce) -> None:
    made = announce(seats=1)
    actions.come(people.ana, made.id)
    actions.come(people.ben, made.id)  # Ben is on the waiting list, so he is not reminded
    assert actions.remind_of_meetings(SYSTEM) == 0
    with at(made.starts_at - timedelta(hours=23)):
        assert [actions.remind_of_meetings(SYSTEM) for _ in range(2)] == [1, 0]
        assert [member_id for member_id, _words in told("soon")] == [people.ana.id]


def test_who_says_so_within_the_last_day_is_not_reminded(people: Any, announce: Announce) -> None:
    made = announce()
    with at(made.starts_at - timedelta(hours=20)):
        actions.come(people.ana, made.id)
        assert actions.remind_of_meetings(SYSTEM) == 0


def test_nobody_is_reminded_of_what_is_cancelled_begun_or_out_of_sight(
    people: Any, agenda: Agenda, announce: Announce
) -> None:
    cancelled, hidden = announce(title="One"), announce(title="Two")
    for meeting in (cancelled, hidden):
        actions.come(people.ana, meeting.id)
    actions.cancel_meeting(people.host, cancelled.id, "No.")
    with at(hidden.starts_at + timedelta(minutes=1)):
        actions.remind_of_meetings(SYSTEM)
    later = announce(title="Three")
    actions.come(people.ana, later.id)
    agendas.prepare_agenda(people.moderator, agenda.id)
    with at(later.starts_at - timedelta(hours=2)):
        actions.remind_of_meetings(SYSTEM)
    assert told("soon") == []


def test_another_day_reminds_anew(people: Any, announce: Announce) -> None:
    made = announce()
    actions.come(people.ana, made.id)
    with at(made.starts_at - timedelta(hours=20)):
        actions.remind_of_meetings(SYSTEM)
        assert len(told("soon")) == 1
        later = a_text(starts_at=made.starts_at + timedelta(days=7))
        actions.edit_meeting(people.host, made.id, later)
        is_read = select(Notice.read_at).where(Notice.kind == "soon")
        assert db.session.scalar(is_read)
    with at(made.starts_at - timedelta(hours=20)):
        actions.remind_of_meetings(SYSTEM)
        assert len(told("soon")) == 2


def test_half_a_year_later_only_the_number_is_known(people: Any, announce: Announce) -> None:
    made, kept = announce(seats=1), announce(title="Later", starts_at=now() + timedelta(days=20))
    for person in (people.ana, people.ben):
        actions.come(person, made.id)
    actions.come(people.ana, kept.id)
    for meeting in (made, kept):
        with at(meeting.ends_at):
            actions.end_meetings(SYSTEM)
    with at(made.ends_at + actions.NAMES_KEPT):
        assert actions.forget_names(SYSTEM) == 0
    with at(made.ends_at + actions.NAMES_KEPT + timedelta(minutes=1)):
        assert [actions.forget_names(SYSTEM) for _ in range(2)] == [1, 0]
    assert (names(made), made.coming_count, made.waiting_count) == ([], 1, 0)
    assert names(kept) == [people.ana.id]
    actions.mend_counts(SYSTEM, [made.id, kept.id])
    assert (made.coming_count, kept.coming_count) == (1, 1)
    with pytest.raises(Forbidden):
        actions.forget_names(people.host)


def test_each_chooses_how_to_be_told(people: Any, announce: Announce) -> None:
    made = announce()
    choose_ways(people.ana, {"coming": "never", "soon": "digest"})
    actions.come(people.ana, made.id)
    actions.edit_meeting(people.host, made.id, a_text(starts_at=made.starts_at, place="Hall"))
    assert told("coming")
    assert db.session.scalar(select(Notice.way).where(Notice.kind == "coming")) == "never"


# Afterwards


def test_hosts_tell_what_came_of_it(people: Any, agenda: Agenda, over: Meeting) -> None:
    new = NewTopic("question", "Which asphalt?", write("Which lasts?"))
    topic = open_topic(people.ana, agenda.id, new)
    text = OutcomeText(write("We **learned**."), "https://video.example/1", topic.id)
    for other in (people.ana, VISITOR):
        with pytest.raises(Forbidden):
            actions.tell_outcome(other, over.id, text)
    told = actions.tell_outcome(people.host, over.id, text)
    assert "<strong>learned</strong>" in told.outcome_html
    assert told.outcome_at
    assert queries.topic_of(VISITOR, told).id == topic.id  # type: ignore[union-attr]
    seen = fingerprint(queries.known_fields(told))
    actions.tell_outcome(people.host, over.id, OutcomeText(write("More.")), seen=seen)
    with pytest.raises(Conflict):
        actions.tell_outcome(people.host, over.id, OutcomeText(write("Less.")), seen=seen)
    actions.tell_outcome(people.host, over.id, OutcomeText())
    assert over.outcome_at is None and over.outcome == ""


def test_what_is_still_to_come_has_no_outcome(people: Any, announce: Announce) -> None:
    with pytest.raises(Forbidden, match="not over"):
        actions.tell_outcome(people.host, announce().id, OutcomeText(write("Done.")))


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"recording": "javascript:alert(1)"}, "recording"),
        ({"topic_id": 999_999}, "topic"),
        ({"topic_id": 0}, "topic"),
    ],
)
def test_an_outcome_that_leads_nowhere_is_refused(
    people: Any, over: Meeting, words: Any, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.tell_outcome(people.host, over.id, OutcomeText(**words))
    assert refused.value.field == field


# Who sees what


def test_what_is_for_members_is_not_there_for_visitors(people: Any, announce: Announce) -> None:
    made = announce(audience=MEMBERS)
    with pytest.raises(NotFound):
        queries.get_meeting(VISITOR, made.id)
    assert queries.get_meeting(people.ana, made.id)
    assert queries.next_meetings(VISITOR, 5) == []
    assert len(queries.next_meetings(people.ana, 5)) == 1
    assert queries.public_meetings() == []


def test_hidden_profiles_are_not_among_those_who_come(people: Any, announce: Announce) -> None:
    made = announce()
    actions.come(people.ana, made.id)
    actions.come(people.ben, made.id)
    members.hide_profile(people.moderator, people.ana.id)
    shown = queries.who_comes(people.chitra, made)
    assert [attendance.member_id for attendance in shown] == [people.ben.id]
    assert queries.who_comes(VISITOR, made) == []


def test_counters_are_those_of_the_rows(people: Any, announce: Announce) -> None:
    made = announce(seats=2)
    everybody = (people.ana, people.ben, people.chitra, people.host, people.moderator)
    for member in everybody:
        actions.come(member, made.id)
    for person in (people.ben, people.host, people.ana):
        actions.stay_away(person, made.id)
    rows = db.session.scalars(select(Attendance)).all()
    assert made.coming_count == sum(row.waiting_at is None for row in rows) == 2
    assert made.waiting_count == sum(row.waiting_at is not None for row in rows) == 0
