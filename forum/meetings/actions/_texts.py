"""What a host writes about a meeting and its outcome, and the checks of both, which raise `Invalid` for a field of the form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from forum.clock import now
from forum.errors import Invalid
from forum.markup import NO_TEXT, Written
from forum.meetings.models import Meeting
from forum.meetings.queries import is_topic_seen
from forum.members.queries import city_if_there
from forum.notifications.queries import time_zones, zone_called
from forum.permissions import AUDIENCES, PUBLIC, Person

MAX_DURATION = timedelta(days=31)  # between the beginning and the end
MAX_ADVANCE = timedelta(days=3 * 366)  # from now to the beginning
MAX_SEATS = 10_000
ADDRESS_SCHEMES = ("https://", "http://")


@dataclass(frozen=True)
class MeetingText:
    """What a host writes about a meeting. It renders its Markdown when it is created, so create it before an action.

    `uid` is for one that another forum has named already; a new name is made where it is empty or taken.
    """

    title: str
    text: Written
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    place: str = ""
    city_id: int | None = None
    is_online: bool = False
    join_link: str = ""
    seats: int | None = None
    audience: str = PUBLIC
    uid: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """The values for the columns of a meeting."""
        names = [
            "title",
            "starts_at",
            "ends_at",
            "time_zone",
            "place",
            "city_id",
            "is_online",
            "join_link",
            "seats",
            "audience",
        ]
        text = self.text
        written = {"source": text.source, "html": text.html, "html_version": text.html_version}
        own = {name: getattr(self, name) for name in names}
        return own | written | {"language": text.language}


@dataclass(frozen=True)
class OutcomeText:
    """The outcome of a meeting: a text, the address of a recording, and the topic in which the discussion goes on.

    `about` is the plain text of what the meeting is about, which search knows as well; create it before an action.
    """

    text: Written = NO_TEXT
    recording: str = ""
    topic_id: int | None = None
    about: str = ""


def check_meeting(text: MeetingText, meeting: Meeting | None) -> None:
    if not text.title.strip():
        raise Invalid(_("Give the meeting a title."), "title")
    if not text.text.source.strip():
        raise Invalid(_("Say what it is about."), "source")
    _check_times(text, meeting)
    if not (text.place or text.city_id or text.is_online):
        raise Invalid(_("Say where it is: a place, a city, or online."), "place")
    if text.city_id and city_if_there(text.city_id) is None:
        raise Invalid(
            _(
                "No city of this name is known. Try another spelling. For a small place, name the nearest city. The people who run the forum can add small places."
            ),
            "city",
        )
    _check_address(text.join_link, "join_link")
    if text.join_link and not text.is_online:
        raise Invalid(
            _("There is a link to join, so say that people can join online."), "is_online"
        )
    if text.seats is not None and text.seats not in range(1, MAX_SEATS + 1):
        raise Invalid(_("Enter a number from 1 to %(most)s.", most=MAX_SEATS), "seats")
    if text.audience not in AUDIENCES:
        raise Invalid(_("Choose who can read it."), "audience")


def _check_times(text: MeetingText, meeting: Meeting | None) -> None:
    if text.time_zone not in time_zones():
        raise Invalid(_("Choose a time zone from the list."), "time_zone")
    if text.ends_at <= text.starts_at:
        zone = zone_called(text.time_zone)
        days = [moment.astimezone(zone).date() for moment in (text.starts_at, text.ends_at)]
        field = "ends_time" if days[0] == days[1] else "ends_on"
        raise Invalid(_("It ends before it begins. Choose a later end."), field)
    if text.ends_at - text.starts_at > MAX_DURATION:
        raise Invalid(_("It takes longer than a month. Announce its parts."), "ends_on")
    if meeting and meeting.starts_at == text.starts_at:
        if meeting.ends_at != text.ends_at and text.ends_at <= now():
            raise Invalid(_("This is over. Choose a time that is still to come."), "ends_time")
        return
    if text.starts_at <= now():
        raise Invalid(_("This is over. Choose a time that is still to come."), "starts_on")
    if text.starts_at > now() + MAX_ADVANCE:
        raise Invalid(_("This is more than three years away. Is the year right?"), "starts_on")


def check_outcome(host: Person, text: OutcomeText, meeting: Meeting) -> None:
    _check_address(text.recording, "recording")
    is_other = text.topic_id != meeting.topic_id
    if is_other and text.topic_id is not None and not is_topic_seen(host, text.topic_id):
        raise Invalid(_("You see no topic of this number or address."), "topic")


def _check_address(address: str, field: str) -> None:
    if address and not address.startswith(ADDRESS_SCHEMES):
        raise Invalid(_("Enter a whole address, such as https://example.org."), field)
