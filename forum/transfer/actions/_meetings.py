"""Loading the meetings of an agenda: announcements, cancellations, and outcomes of those that are over."""

from __future__ import annotations

from datetime import datetime, timedelta

from forum.clock import now
from forum.markup import write
from forum.meetings import actions as meetings
from forum.meetings.models import Meeting
from forum.members.models import Member
from forum.permissions import PUBLIC, SYSTEM
from forum.transfer.actions._loading import Loading, faults_at, later
from forum.transfer.models import Values

ANNOUNCED_BEFORE = timedelta(days=14)  # if a file does not say when


def plan_meeting(curator: Member, values: Values, loading: Loading) -> None:
    """Plan everything that a file says about a meeting, each at its moment."""
    begins = values["begins"]
    announced_at = values.get("announced_on") or min(now(), begins - ANNOUNCED_BEFORE)
    # It may have been postponed to a day that was too far away when it was announced
    announced_at = min(max(announced_at, begins - meetings.MAX_ADVANCE), now())
    made: list[Meeting] = []
    loading.plan(announced_at, _announce, curator, values, loading, made)
    if values.get("cancelled_because"):
        loading.plan(later(announced_at, minutes=1), _cancel, curator, values, made)
    if values["ends"] <= now():
        loading.plan(values["ends"], meetings.end_meetings, SYSTEM)
        if values["outcome"] or values.get("recording"):
            loading.plan(_told_at(values), _tell_outcome, curator, values, made)


def _told_at(values: Values) -> datetime:
    return later(values["ends"], hours=1)


def _announce(curator: Member, values: Values, loading: Loading, made: list[Meeting]) -> None:
    city = loading.cities.get(values.get("city", ""))
    text = meetings.MeetingText(
        title=values["title"],
        text=write(values["text"], loading.language_of(values), has_pictures=False),
        starts_at=values["begins"],
        ends_at=values["ends"],
        time_zone=values.get("time_zone", "UTC"),
        place=values.get("place", ""),
        city_id=city.id if city else None,
        is_online=values.get("online", False),
        seats=values.get("seats"),
        audience=values.get("readers", PUBLIC),
        uid=values.get("uid", ""),
    )
    with faults_at(values):
        made.append(meetings.announce_meeting(curator, loading.agenda.id, text))


def _cancel(curator: Member, values: Values, made: list[Meeting]) -> None:
    with faults_at(values, "cancelled_because"):
        meetings.cancel_meeting(curator, made[0].id, values["cancelled_because"])


def _tell_outcome(curator: Member, values: Values, made: list[Meeting]) -> None:
    text = meetings.OutcomeText(
        write(values["outcome"], made[0].language, has_pictures=False),
        values.get("recording", ""),
        about=write(values["text"], has_pictures=False).plain,
    )
    with faults_at(values):
        meetings.tell_outcome(curator, made[0].id, text)
