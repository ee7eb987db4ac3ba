"""Forms of meetings: subject, time and time zone, place, outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from flask_babel import gettext
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import DataRequired, InputRequired, Optional
from wtforms.widgets import TextInput

from forum import markup
from forum.dialogue.forms import AUDIENCE_NAMES, audience_field
from forum.errors import Invalid
from forum.history.queries import fingerprint
from forum.markdown import MAX_SOURCE
from forum.meetings.actions import MeetingText, OutcomeText
from forum.meetings.models import IN_ROOM, ONLINE, Attendance, Meeting
from forum.meetings.queries import appointment_fields, known_fields
from forum.members.forms import at_most, city_choice, one_line, whole_address
from forum.notifications.queries import time_zones, zone_called
from forum.webforms import CHOOSE_DAY, Form, fill
from forum.webforms import lazy_text as _

# Characters
MAX_TITLE = 150
MAX_PLACE = 300
MAX_ADDRESS = 1_000
MAX_REASON = 500
WAY_NAMES = {IN_ROOM: _("At the place"), ONLINE: _("Online")}
LEADS_TO_TOPIC = re.compile(r"(?:\S{0,200}/topics/)?(\d{1,9})(?:-\S{0,300})?")


class ClockField(TimeField):
    """A time of day, typed in any of the usual ways: 10:00, 10.00, 10h00 or 10."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a time of day; raises `ValueError` with a sentence for the person when it is none."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not typed:
            return
        found = re.fullmatch(r"([0-9]{1,2})(?:\s?[:.hH]\s?([0-9]{2})?)?(?::[0-9]{2})?", typed)
        hour, minute = (int(found[1]), int(found[2] or 0)) if found else (24, 0)
        if hour > 23 or minute > 59:
            raise ValueError(gettext("Enter a time, such as 14:30."))
        self.data = time(hour, minute)


class SeatsField(IntegerField):
    """An optional number in a text field, because browsers empty number fields with other content."""

    widget = TextInput()


class MeetingForm(Form):
    """The form of a meeting, with times in its time zone; `seen` is the fingerprint of the meeting when the form was opened."""

    seen = HiddenField()
    title = StringField(
        _("Title"), [DataRequired(_("Give the meeting a title.")), at_most(MAX_TITLE)], [one_line]
    )
    source = TextAreaField(
        _("What it is about"), [DataRequired(_("Say what it is about.")), at_most(MAX_SOURCE)]
    )
    language = SelectField(_("Language"))
    starts_on = DateField(_("Day"), [InputRequired(CHOOSE_DAY)])
    starts_time = ClockField(
        _("Begins at"), [InputRequired(_("Enter when it begins, such as 14:30."))]
    )
    ends_time = ClockField(_("Ends at"), [InputRequired(_("Enter when it ends, such as 16:00."))])
    ends_on = DateField(_("Last day"), [Optional()])
    time_zone = SelectField(
        _("Time zone"), choices=lambda: [(name, name) for name in time_zones()], default="UTC"
    )
    place = StringField(_("Place"), [at_most(MAX_PLACE)], [one_line])
    city = StringField(_("City"), [at_most(MAX_PLACE)], [one_line])
    city_id = city_choice()
    is_online = BooleanField(_("People can join online"))
    join_link = StringField(_("Link to join"), [at_most(MAX_ADDRESS)], [one_line, whole_address])
    seats = SeatsField(_("How many can come"), [Optional()])
    audience = audience_field()

    @classmethod
    def of(cls, meeting: Meeting, **options: Any) -> MeetingForm:
        """The form with the present values of a meeting."""
        names = [
            "title",
            "source",
            "language",
            "time_zone",
            "place",
            "is_online",
            "join_link",
            "seats",
            "audience",
            "city_id",
        ]
        zone = zone_called(meeting.time_zone)
        begins, ends = (at.astimezone(zone) for at in (meeting.starts_at, meeting.ends_at))
        return cls(
            **{name: getattr(meeting, name) for name in names},
            seen=fingerprint(known_fields(meeting)),
            city=meeting.city.name if meeting.city else "",
            starts_on=begins.date(),
            starts_time=begins.time(),
            ends_time=ends.time(),
            ends_on=None if ends.date() == begins.date() else ends.date(),
            **options,
        )

    def begin_with(self, said: Mapping[str, Any]) -> None:
        """Fill in the values of a version that are stored otherwise than typed: the times, and whether it is online."""
        self.is_online.data = said.get("is_online") == "yes"
        begins, ends = (str(said.get(name, "")).split() for name in ("starts_at", "ends_at"))
        if len(begins) == len(ends) == 2:
            last = "" if ends[0] == begins[0] else ends[0]
            days = {"starts_on": begins[0], "ends_on": last}
            fill(self, {**days, "starts_time": begins[1], "ends_time": ends[1]})

    @property
    def text(self) -> MeetingText:
        """What was typed, as the action takes it; `members.views.choose_city` must have set `city_id` before.

        Raises `Invalid` for a time that does not exist there, or occurs twice, when clocks are changed.
        """
        language = self.language.data or "en"
        starts_on: date = self.starts_on.data or date.min
        return MeetingText(
            title=self.title.data or "",
            text=markup.write((self.source.data or "").strip(), language, has_pictures=False),
            starts_at=self._moment(starts_on, "starts_time"),
            ends_at=self._moment(self.ends_on.data or starts_on, "ends_time"),
            time_zone=self.time_zone.data,
            place=self.place.data or "",
            city_id=self.city_id.data,
            is_online=bool(self.is_online.data),
            join_link=self.join_link.data or "",
            seats=self.seats.data,
            audience=self.audience.data,
        )

    def _moment(self, day: date, field: str) -> datetime:
        return moment_at(day, self[field].data or time(), self.time_zone.data, field)


def moment_at(day: date, at: time, zone_name: str, field: str = "") -> datetime:
    """The moment of a day and time in a time zone.

    Raises `Invalid` for a field if the time does not exist because clocks are set forward, or occurs twice because they are
    set back. In the zone UTC every moment can be typed.
    """
    zone = zone_called(zone_name)
    try:
        first = datetime.combine(day, at, zone)
        second = first.replace(fold=1)
        moments = first.astimezone(UTC), second.astimezone(UTC)
    except OverflowError:
        raise Invalid(str(CHOOSE_DAY), "starts_on") from None
    if first.utcoffset() == second.utcoffset():
        return moments[0]
    if moments[0].astimezone(zone).replace(tzinfo=None) != first.replace(tzinfo=None):
        said = gettext(
            "Clocks there go forward on that day and skip this time. Choose another one."
        )
    else:
        said = gettext(
            "Clocks there go back on that day and show this time twice. Choose another one, or say it in UTC."
        )
    raise Invalid(said, field)


class ReasonForm(Form):
    """The reason for cancelling a meeting."""

    reason = TextAreaField(
        _("Why"),
        [
            DataRequired(_("Say in a sentence why, for those who wanted to come.")),
            at_most(MAX_REASON),
        ],
    )


class OutcomeForm(Form):
    """The outcome of a meeting; `seen` as in `MeetingForm`."""

    seen = HiddenField()
    source = TextAreaField(_("What came of it"), [at_most(MAX_SOURCE)])
    recording = StringField(_("Recording"), [at_most(MAX_ADDRESS)], [one_line, whole_address])
    topic = StringField(_("Topic in which it goes on"), [at_most(MAX_ADDRESS)], [one_line])

    @classmethod
    def of(cls, meeting: Meeting, **options: Any) -> OutcomeForm:
        """The form with the present outcome."""
        said = {
            "source": meeting.outcome,
            "recording": meeting.recording,
            "topic": f"/topics/{meeting.topic_id}" if meeting.topic_id else "",
        }
        return cls(seen=fingerprint(known_fields(meeting)), **said, **options)

    def begin_with(self, said: Mapping[str, Any]) -> None:
        """Fill in the outcome of a version."""
        topic = said.get("topic") or ""
        texts = {"source": said.get("outcome") or "", "recording": said.get("recording") or ""}
        fill(self, {**texts, "topic": f"/topics/{topic}" if topic else ""})

    def told(self, meeting: Meeting) -> OutcomeText:
        """What was typed, as the action takes it; raises `Invalid` for what cannot be a topic's number or address."""
        typed = self.topic.data or ""
        found = LEADS_TO_TOPIC.fullmatch(typed.partition("?")[0].partition("#")[0])
        if typed and not found:
            words = gettext("Enter the address of a topic of this forum, or its number.")
            raise Invalid(words, "topic")
        return OutcomeText(
            markup.write((self.source.data or "").strip(), meeting.language, has_pictures=False),
            self.recording.data or "",
            int(found[1]) if found else None,
            about=markup.plain(meeting.source),
        )


class ComeForm(Form):
    """Registering for a meeting; with the way, if there are two. `seen` is the fingerprint of when and where it is."""

    seen = HiddenField()
    way = RadioField(
        _("How are you coming?"), choices=[*WAY_NAMES.items()], validate_choice=False, default=""
    )

    @classmethod
    def of(cls, meeting: Meeting, mine: Attendance | None, **options: Any) -> ComeForm:
        """The form with the way that somebody has chosen before."""
        seen = fingerprint(appointment_fields(meeting))
        return cls(way=mine.way if mine else "", seen=seen, **options)


def words_for_columns() -> Mapping[str, Any]:
    """The translated labels for the values of columns, for every template of the room."""
    return {"way_names": WAY_NAMES, "audience_names": AUDIENCE_NAMES}
