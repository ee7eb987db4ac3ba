"""A summary of an agenda for somebody who takes it to a meeting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from forum.agendas.models import Agenda, Statement
from forum.agendas.queries import get_agenda, statements_of
from forum.db import db
from forum.dialogue.models import Post
from forum.dialogue.queries import (
    UNANSWERED,
    TopicFilter,
    TopicRow,
    counts_by_kind,
    first_topics,
    most_marked_answers,
    most_marked_experiences,
    writers_on,
)
from forum.library.models import Case, Practice, Reading
from forum.library.queries import (
    cases_of,
    failures_of,
    practices_of,
    readings_of,
    tried_counts,
)
from forum.members.models import City, Member
from forum.members.queries import visible_members
from forum.permissions import VISITOR

# How much of each is included, so that it stays a few pages however long the dialogue is
ANSWERS, EXPERIENCES, PRACTICES, WAITING = 12, 8, 12, 8
# Waiting questions that are read, of which the first reviewed ones are included
ASKED = 5 * WAITING


class CityThere(NamedTuple):
    """A city, and how many of its members wrote on an agenda."""

    city: City
    members: int


@dataclass(frozen=True)
class Briefing:
    """What a visitor can read on an agenda, in the words of the authors.

    `answers` and `experiences` are posts with their topics, `waiting` are unanswered questions. `counts` says how
    many topics of each kind there are, `unanswered` how many questions wait. `tried` says in how many cities a case
    or practice was tried (by topic), `failures` what did not work (by practice). `writers` is how many members wrote,
    `cities` where they are from, by country and name.
    """

    agenda: Agenda
    statements: Sequence[Statement]
    answers: Sequence[Post]
    experiences: Sequence[Post]
    practices: Sequence[Practice]
    cases: Sequence[Case]
    waiting: Sequence[TopicRow]
    readings: Sequence[Reading]
    tried: dict[int, int]
    failures: dict[int, str]
    counts: dict[str, int]
    unanswered: int
    writers: int
    cities: Sequence[CityThere]


def briefing(slug: str) -> Briefing:
    """The briefing about the agenda with this slug, or `NotFound`; the same for everybody, so that it can be passed on.

    It contains what visitors can read, without what still waits for moderators to look at it.
    """
    agenda = get_agenda(VISITOR, slug)
    practices, cases = practices_of(VISITOR, agenda, PRACTICES), cases_of(VISITOR, agenda)
    unanswered = TopicFilter(agenda.id, order=UNANSWERED)
    waiting = first_topics(VISITOR, unanswered, ASKED)
    writers, cities = _who_wrote(agenda)
    return Briefing(
        agenda=agenda,
        statements=statements_of(agenda),
        answers=most_marked_answers(VISITOR, agenda.id, ANSWERS),
        experiences=most_marked_experiences(VISITOR, agenda.id, EXPERIENCES),
        practices=practices,
        cases=cases,
        waiting=[topic for topic in waiting if topic.is_indexable][:WAITING],
        readings=readings_of(VISITOR, agenda),
        tried=tried_counts(
            [*(practice.topic_id for practice in practices), *(case.topic_id for case in cases)]
        ),
        failures=failures_of(VISITOR, [practice.id for practice in practices]),
        counts=counts_by_kind(VISITOR, TopicFilter(agenda.id)),
        unanswered=sum(counts_by_kind(VISITOR, unanswered).values()),
        writers=writers,
        cities=cities,
    )


def _who_wrote(agenda: Agenda) -> tuple[int, Sequence[CityThere]]:
    """How many members with a profile visible to visitors wrote on an agenda, and in which cities they are."""
    rows = db.session.execute(_writers_by_city(), {"agenda_id": agenda.id}).all()
    known = [CityThere(*row) for row in rows if row[0]]
    known.sort(key=lambda there: there.city.place_in_lists)
    return sum(row[1] for row in rows), known


@cache
def _writers_by_city() -> Select[Any]:
    """The cities of the writers on an agenda (parameter `agenda_id`), each with how many they are; None for those without a city."""
    ids = visible_members(VISITOR).where(Member.id.in_(writers_on(VISITOR)))
    counted = ids.with_only_columns(Member.city_id, func.count().label("members"))
    by_city = counted.group_by(Member.city_id).subquery()
    found = select(City, by_city.c.members).select_from(by_city)
    return found.outerjoin(City, City.id == by_city.c.city_id)
