"""The meetings of the demo: three future ones, dated from the day of loading, and a past one with its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from forum.agendas.queries import get_agenda
from forum.errors import NotFound
from forum.markup import write
from forum.meetings import actions
from forum.meetings.models import IN_ROOM, ONLINE
from forum.meetings.queries import identical_meeting
from forum.members.queries import city_by_name, get_member
from forum.notifications.queries import zone_called
from forum.permissions import SYSTEM
from forum.transfer.models import Step
from forum.transfer.queries import post_saying

ANNOUNCED_BEFORE = timedelta(days=3)  # the day of loading
# A link that leads nowhere, in a domain that is reserved for examples
LINK = "https://meet.example.org/interurban"


@dataclass(frozen=True)
class DemoMeeting:
    """A meeting so many days after the day of loading; a negative number means that it is over. `comes` are handles."""

    agenda: str
    host: str
    days: int
    begins: time
    hours: float
    zone: str
    title: str
    text: str
    comes: tuple[str, ...]
    language: str = "en"
    place: str = ""
    city: tuple[str, str] | None = None
    is_online: bool = True
    seats: int | None = None
    audience: str = "public"
    outcome: str = ""
    goes_on: str = ""  # words of a post in the topic in which it continues


MEETINGS = (
    DemoMeeting(
        "climate-resilient",
        "nguyen-thi-ha",
        6,
        time(15, 0),
        1.5,
        "Asia/Ho_Chi_Minh",
        "Who opens the gate at three in the morning?",
        "An hour and a half about telephone lists that worked, and those that did not.\n\n"
        "Three cities tell what they rehearse before the season begins, ten minutes each. The rest is"
        " questions. **Bring your own list**: you will be asked who is on it and who has been called.\n\n"
        "- for people on duty, not for speakers\n- in English; questions also in Vietnamese and French",
        ("wanjiru-kamau", "aarav-deshmukh", "femke-de-wit", "dilrukshi-fernando", "mikko-rautio"),
    ),
    DemoMeeting(
        "affordable",
        "claire-fontenay",
        20,
        time(9, 30),
        3.0,
        "America/Toronto",
        "Baux et fiducies foncières : groupe de travail, troisième séance",
        "Nous relisons ensemble trois clauses de dévolution, ligne par ligne, avec une notaire.\n\n"
        "Envoyez la vôtre avant la séance. Sur place à Montréal ou en ligne.",
        ("johanna-reitinger", "eleni-papadaki", "nour-ben-amor"),
        language="fr",
        place="Maison de l’architecture, salle 2",
        city=("Montréal", "CA"),
        seats=24,
    ),
    DemoMeeting(
        "globally-connected",
        "kofi-asante",
        45,
        time(8, 0),
        9.0,
        "Europe/Lisbon",
        "Study visit: what a network left behind in Lisbon",
        "A day on foot with the people who run what others write about: a market, a depot, two offices.\n\n"
        "We meet at the door. Wear shoes for cobbles. There are few places, and whoever cannot come after"
        " all gives theirs back here.",
        ("rui-valadares", "hanne-vestergaard", "thandeka-mokoena"),
        place="Cais do Sodré, by the clock",
        city=("Lisbon", "PT"),
        is_online=False,
        seats=3,
    ),
    DemoMeeting(
        "globally-connected",
        "kofi-asante",
        -12,
        time(14, 0),
        1.0,
        "Africa/Accra",
        "What does a network cost in a year? Four cities show their sheet",
        "Fees, travel, hours: four members put their own figures on the table, and the rest of us ask.",
        ("wanjiru-kamau", "kaarel-tamme", "tomas-arboleda", "diego-ferreyra", "hanne-vestergaard"),
        outcome="Nobody had counted the hours before. Once they did, **the fee was the smallest part**"
        " in all four cities.\n\n- hours of one person: between nine and forty days a year\n- travel: three of"
        " the four want to halve it\n- all four will count for another year and tell it here",
        goes_on="The cost is not the fee, it is the flight",
    ),
)


def meeting_steps(today: datetime) -> Iterator[Step]:
    """The steps of announcing the meetings, of people coming, and of the outcome of one."""
    for told in MEETINGS:
        day = today.date() + timedelta(days=told.days)
        announced_at = min(today, _moment(day, told) - timedelta(days=20)) - ANNOUNCED_BEFORE
        yield Step(announced_at, _Announcing(told, day).announce)
        if told.days < 0:
            ended_at = _moment(day, told) + timedelta(hours=told.hours)
            yield Step(ended_at, _end)
            yield Step(ended_at + timedelta(days=1), _Announcing(told, day).tell_outcome)


def _moment(day: date, told: DemoMeeting) -> datetime:
    return datetime.combine(day, told.begins, zone_called(told.zone))


def _end() -> None:
    actions.end_meetings(SYSTEM)


@dataclass(frozen=True)
class _Announcing:
    told: DemoMeeting
    day: date

    def announce(self) -> None:
        told, begins = self.told, _moment(self.day, self.told)
        city = city_by_name(*told.city) if told.city else None
        text = actions.MeetingText(
            title=told.title,
            text=write(told.text, told.language, has_pictures=False),
            starts_at=begins,
            ends_at=begins + timedelta(hours=told.hours),
            time_zone=told.zone,
            place=told.place,
            city_id=city.id if city else None,
            is_online=told.is_online,
            join_link=LINK if told.is_online else "",
            seats=told.seats,
            audience=told.audience,
        )
        agenda = get_agenda(SYSTEM, told.agenda)
        made = actions.announce_meeting(get_member(SYSTEM, told.host), agenda.id, text)
        ways = (IN_ROOM, ONLINE) if made.has_both_ways else ("",)
        for number, handle in enumerate(told.comes):
            actions.come(get_member(SYSTEM, handle), made.id, ways[number % len(ways)])

    def tell_outcome(self) -> None:
        told = self.told
        agenda = get_agenda(SYSTEM, told.agenda)
        said = {"title": told.title, "starts_at": _moment(self.day, told)}
        meeting = identical_meeting(agenda.id, said)
        if meeting is None:
            raise NotFound()  # it was announced in an earlier step
        text = actions.OutcomeText(
            write(told.outcome, told.language, has_pictures=False),
            topic_id=post_saying(told.goes_on).topic_id,
            about=write(told.text, has_pictures=False).plain,
        )
        actions.tell_outcome(get_member(SYSTEM, told.host), meeting.id, text)
