"""The transparency report agrees with a recount of the rows, and the register names nobody."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import Appeal
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import reply
from forum.markup import write
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision, Report
from forum.moderation.queries import RESTRICTING_DEEDS
from forum.permissions import SYSTEM
from forum.register.forms import period
from forum.register.queries import Period, RegisterEntry, entries, figures, reversals
from tests.datasets import dataset_fixture, load_dataset
from tests.moderation.conftest import Things, an_order, known_things

TODAY = date(2027, 5, 6)


@pytest.fixture
@dataset_fixture
def things(app: Flask, people: Any, agenda: Agenda) -> Things:
    return known_things(app, people, agenda)


@pytest.fixture
@dataset_fixture
def busy(app: Flask, people: Any, things: Any) -> Period:
    """A month in which all kinds of things are reported, decided, undone and appealed."""
    day = load_dataset("a busy month", app, lambda: make_busy(people, things))
    return Period(day, day + timedelta(days=1))


def make_busy(people: Any, things: Any) -> date:
    begin = now()
    posts = [reply(people.ben, things.topic.id, write(f"Number {n}.")) for n in range(6)]
    for hours, post in enumerate(posts):
        reason = ("rules", "spam", "illegal")[hours % 3]
        moderation.report(people.ana, "post", post.id, reason)
        with at(begin + timedelta(hours=hours)):
            deed = ("hide", "hide", "keep")[hours % 3]
            why = Reasons("So.", law="Penal code, 130") if hours == 3 else Reasons("So.", hours + 1)
            made = moderation.decide(people.moderator, "post", post.id, deed, why)
        if hours == 0:
            said = appeal(people.ben, made.id, "No.")
            with at(begin + timedelta(hours=9)):
                decide_appeal(people.host, said.id, "reversed", "Yes.")
        if hours == 1:
            said = appeal(people.ben, made.id, "No.")
            with at(begin + timedelta(hours=12)):
                decide_appeal(people.host, said.id, "upheld", "Right.")
    moderation.report(people.ana, "post", things.second.id, "something else")
    moderation.warn(people.moderator, people.ben.id, Reasons("Filter.", 2, is_automated=True))
    moderation.lock(people.moderator, things.topic.id, Reasons("Done."))
    until = now() + timedelta(days=3)
    moderation.silence(people.moderator, people.ben.id, until, Reasons("Rude.", 2))
    moderation.clear_spam(people.moderator, people.ben.id)
    return begin.date()


def hours(rows: Any) -> list[float]:
    return [(end - begin).total_seconds() / 3600 for begin, end in rows]


def test_the_report_equals_a_recount(people: Any, busy: Period) -> None:
    found = figures(busy, busy)
    reports = db.session.scalars(select(Report)).all()
    decisions = {decision.id: decision for decision in db.session.scalars(select(Decision))}
    appeals = db.session.scalars(select(Appeal)).all()
    restricting = [
        decision for decision in decisions.values() if decision.deed in RESTRICTING_DEEDS
    ]
    assert len(restricting) == found.restrictions > 7
    assert found.reports == Counter((report.reason, report.source) for report in reports)
    assert found.deeds == Counter(
        (decision.deed, decision.is_automated) for decision in restricting
    )
    assert found.sources == Counter(decision.source for decision in restricting)
    assert found.grounds == Counter(
        "law"
        if decision.law
        else f"{decision.rule}. {decision.rule_name}"
        if decision.rule
        else "none"
        for decision in restricting
    )
    answered = [report for report in reports if report.decision_id]
    assert found.answered == len(answered)
    assert found.waiting == len(reports) - len(answered)
    waits = hours(
        (report.created_at, decisions[report.decision_id].decided_at) for report in answered
    )
    assert found.hours_to_decision == pytest.approx(median(waits))
    assert (
        found.kept
        == len([decision for decision in decisions.values() if decision.deed == "keep"])
        == 2
    )
    assert (
        found.taken_back
        == len([decision for decision in decisions.values() if decision.undoes_id])
        == 1
    )
    assert (found.appeals, reversals(found)) == (2, 1)
    assert found.appeals_by == Counter(sent.outcome for sent in appeals)
    assert found.hours_to_answer == pytest.approx(
        median(hours((sent.created_at, sent.decided_at) for sent in appeals))
    )


def test_nothing_restricts_without_its_reasons(people: Any, busy: Period) -> None:
    """In the log of a busy month, each restriction has facts and a ground, or the law requires none."""
    lacking = [
        decision
        for decision in db.session.scalars(
            select(Decision).where(Decision.deed.in_(RESTRICTING_DEEDS))
        )
        if not decision.is_excused
        and (
            not decision.reason.strip()
            or not (decision.rule or decision.law or decision.deed == "lock")
        )
    ]
    assert lacking == []


def test_a_period_without_anything_has_no_figures(people: Any, busy: Period) -> None:
    before = Period(busy.first - timedelta(days=9), busy.first - timedelta(days=2))
    found = figures(before, before)
    assert (found.reports, found.deeds, found.restrictions) == ({}, {}, 0)
    assert found.hours_to_decision is None and found.hours_to_answer is None
    assert (found.answered, found.waiting, found.appeals) == (0, 0, 0)


def test_what_was_answered_later_was_waiting_then(people: Any, things: Any) -> None:
    moderation.report(people.ana, "post", things.first.id, "rules")
    today = now().date()
    with at(now() + timedelta(days=2)):
        moderation.decide(people.moderator, "post", things.first.id, "keep")
    day, day_after = (Period(day, day) for day in (today, today + timedelta(days=2)))
    assert figures(day, day).waiting == 1
    later = figures(day_after, day_after)
    assert (later.waiting, later.answered) == (0, 1)


def test_of_several_appeals_the_one_that_was_right_counts(people: Any, things: Any) -> None:
    made = moderation.decide(people.moderator, "topic", things.topic.id, "hide", Reasons("So.", 2))
    said = [appeal(person, made.id, "No.") for person in (people.ana, people.ben)]
    decide_appeal(people.host, said[0].id, "upheld", "Right.")
    assert entries().items[0].appeal == "waiting"
    decide_appeal(people.administrator, said[1].id, "reversed", "Yes.")
    assert entries().items[0].appeal == "reversed"


def test_the_register_says_what_became_of_each_restriction(people: Any, busy: Period) -> None:
    page = entries()
    by_number = {entry.number: entry for entry in page.items}
    assert page.total == figures(busy, busy).restrictions
    assert [entry.number for entry in page.items] == sorted(by_number, reverse=True)
    outcomes = Counter(entry.appeal for entry in page.items)
    assert outcomes["reversed"] == outcomes["upheld"] == 1
    assert [entry.is_taken_back for entry in page.items].count(True) == 1
    assert any(entry.is_law for entry in page.items) and any(
        entry.is_excused for entry in page.items
    )
    words = {field.name for field in fields(RegisterEntry)}
    assert not words & {"title", "reason", "author", "moderator", "address", "facts"}
    waiting = moderation.suspend(
        people.moderator, people.chitra.id, now() + timedelta(days=2), Reasons("Rude.", 2)
    )
    appeal(get_member(SYSTEM, people.chitra.handle), waiting.id, "No.")
    assert entries().items[0].appeal == "waiting"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("", "", (date(2027, 1, 1), TODAY)),
        ("2026-01-01", "2026-12-31", (date(2026, 1, 1), date(2026, 12, 31))),
        ("2026-12-31", "2026-01-01", (date(2026, 1, 1), date(2026, 12, 31))),
        ("yesterday", "\0", (date(2027, 1, 1), TODAY)),
        ("0001-01-01", "9999-12-31", (date(2000, 1, 1), TODAY)),
        ("2030-01-01", "2031-01-01", (TODAY, TODAY)),
    ],
)
def test_any_period_can_be_asked_for(first: str, last: str, expected: Any) -> None:
    asked = period(first, last, TODAY)
    assert (asked.first, asked.last) == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ((2027, 1, 1), (2027, 5, 6), ((2027, 1, 1), (2027, 4, 30))),
        ((2027, 1, 1), (2027, 4, 30), ((2027, 1, 1), (2027, 4, 30))),
        ((2027, 1, 2), (2027, 4, 29), ((2027, 2, 1), (2027, 3, 31))),
        ((2026, 12, 1), (2026, 12, 31), ((2026, 12, 1), (2026, 12, 31))),
        ((2027, 3, 3), (2027, 3, 3), None),
        ((2027, 3, 3), (2027, 4, 29), None),
        ((2027, 5, 1), (2027, 5, 6), None),
        ((2027, 5, 6), (2027, 5, 6), None),
    ],
)
def test_the_months_of_a_period_are_whole_and_have_ended(
    first: Any, last: Any, expected: Any
) -> None:
    months = Period(date(*first), date(*last)).ended_months(TODAY)
    if expected:
        assert months == Period(*(date(*day) for day in expected))
    else:
        assert months.is_empty and months.begin == months.end


def test_no_figure_of_a_day_says_that_somebody_was_reported(people: Any, things: Any) -> None:
    """Two days differ in nothing, whatever is reported, kept or ordered on the second; restrictions stand in the register."""
    today = now().date()
    days = Period(today - timedelta(days=1), today)
    months = days.ended_months(today)
    before = figures(days, months)
    moderation.report(people.ana, "post", things.first.id, "rules")
    moderation.report(people.ana, "post", things.second.id, "illegal")
    moderation.decide(people.moderator, "post", things.second.id, "keep")
    moderation.write_order(people.moderator, an_order())
    assert figures(days, months) == before
    moderation.decide(people.moderator, "post", things.first.id, "hide", Reasons("So.", 2))
    after = figures(days, months)
    assert after.restrictions == before.restrictions + 1
    assert (after.answered, after.waiting) == (before.answered, before.waiting)


@pytest.mark.parametrize(("hour", "days_later"), [(0, 2), (15, 3)])
def test_a_restriction_until_the_end_of_a_day_names_that_day(
    people: Any, hour: int, days_later: int
) -> None:
    day = now().date() + timedelta(days=3)
    until = datetime.combine(day, time(hour), UTC)
    moderation.silence(people.moderator, people.ben.id, until, Reasons("Rude.", 2))
    (entry,) = entries().items
    assert entry.until == now().date() + timedelta(days=days_later)
