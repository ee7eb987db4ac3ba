"""Trusted flaggers: who names them, what comes first in the queue, what everybody reads, and what is counted."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.appeals.actions import appeal, decide_appeal
from forum.clock import at, now
from forum.db import db
from forum.errors import Conflict, Forbidden, Invalid
from forum.matches import KnownAs
from forum.moderation import actions, queries
from forum.moderation.actions import FlaggerText
from forum.moderation.models import Report, TrustedFlagger
from forum.notifications.actions import make_notices
from forum.notifications.models import Event
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM
from forum.queue.queries import opened_entry, queue_entries
from forum.register.queries import Period, TrustedFigures, entries, figures
from tests.moderation.conftest import REASONS, report_of_these_months

PATH = "/administration/flaggers"


def text(**change: Any) -> FlaggerText:
    said = FlaggerText("Stop Fraud", "Coimisiún na Meán, Ireland", "Fraud", now().date())
    return replace(said, **change)


@pytest.fixture
def flagger(people: Any, things: Any) -> TrustedFlagger:
    """Ana reports for a trusted flagger."""
    return actions.trust_flagger(people.administrator, "Ana Prado", text())


def test_what_a_trusted_flagger_reports_as_illegal_comes_before_all_else_and_says_so(
    people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    with at(now() - timedelta(days=9)):
        actions.report(people.chitra, "post", things.first.id, "illegal")
    actions.report(people.ana, "post", things.second.id, "illegal", "An offer of money.")
    first, second, *_others = queue_entries(people.moderator)
    assert (first.key, second.key) == (("post", things.second.id), ("post", things.first.id))
    assert first.urgency == "Reported as illegal by a trusted flagger"
    assert second.urgency.startswith("Reported as illegal. Waiting")
    assert queries.reported_things(people.moderator, 1)[0].item_id == things.second.id


def test_the_queue_marks_their_report(
    sign_in: Any, people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    actions.report(people.ben, "post", things.second.id, "illegal", "So it is.")
    actions.report(people.ana, "post", things.second.id, "illegal", "An offer of money.")
    page = sign_in(people.moderator).get(f"/moderation/post/{things.second.id}").text
    assert page.count("(trusted flagger)") == 1
    assert page.index("Ana Prado</bdi>") < page.index("(trusted flagger)")
    assert page.index("(trusted flagger)") < page.index("Ben Okoth</bdi>")  # who was earlier
    assert "Reported as illegal by a trusted flagger" in page


def test_what_they_say_breaks_a_rule_is_a_report_like_any(
    people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    """The law (article 22) is about notices of illegal content."""
    report = actions.report(people.ana, "post", things.second.id, "off topic")
    assert report.source == "member" and not report.is_by_trusted_flagger
    assert all(not entry.urgency for entry in queue_entries(people.moderator))


def test_moderators_are_told_even_if_somebody_has_reported_it_as_illegal_before(
    people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    actions.report(people.ben, "post", things.second.id, "illegal")
    actions.report(people.ana, "post", things.second.id, "illegal")
    told = db.session.scalars(select(Event).where(Event.kind == "urgent").order_by(Event.id)).all()
    assert ["trusted flagger" in str(event.sentences) for event in told] == [False, True]


def test_it_holds_from_the_first_to_the_last_day(people: Any, things: Any) -> None:
    begin = now()
    first, last = begin.date() + timedelta(days=2), begin.date() + timedelta(days=4)
    actions.trust_flagger(people.administrator, "@ana-prado", text(since=first, until=last))
    held = []
    for day in range(6):
        with at(begin + timedelta(days=day)):
            held.append(queries.is_trusted_flagger(people.ana.id))
            assert bool(queries.trusted_flaggers()) == held[-1]
    assert held == [False, False, True, True, True, False]


def test_it_is_ended_and_what_was_reported_stays_counted(
    people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    actions.report(people.ana, "post", things.first.id, "illegal")
    actions.end_trust(people.administrator, flagger.id)
    later = actions.report(people.ana, "post", things.second.id, "illegal")
    assert later.source == "member" and queries.trusted_flaggers() == []
    today = Period(now().date(), now().date())
    assert figures(today, today).trusted.sent == 1
    with pytest.raises(Conflict):
        actions.end_trust(people.administrator, flagger.id)
    again = actions.trust_flagger(people.administrator, "@ana-prado", text(name="Another"))
    assert [named.id for named in queries.named_flaggers(SYSTEM)] == [again.id, flagger.id]


def test_nobody_is_named_twice_or_without_saying_by_whom(
    people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    yesterday = now().date() - timedelta(days=1)
    for typed, change, field in (
        ("@ana-prado", {}, "handle"),
        ("Nobody Here", {}, "handle"),
        ("@ben-okoth", {"coordinator": " "}, "coordinator"),
        ("@ben-okoth", {"name": "x" * 201}, "name"),
        ("@ben-okoth", {"until": yesterday}, "until"),
    ):
        with pytest.raises(Invalid) as refused:
            actions.trust_flagger(people.administrator, typed, text(**change))
        assert refused.value.field == field
    for person in (people.moderator, people.host, people.ana):
        with pytest.raises(Forbidden):
            actions.trust_flagger(person, "@ben-okoth", text())
        with pytest.raises(Forbidden):
            queries.named_flaggers(person)


def test_the_member_is_told(people: Any, things: Any, flagger: TrustedFlagger) -> None:
    actions.end_trust(people.administrator, flagger.id)
    while make_notices(SYSTEM):
        pass
    titles = [str(notice.heading) for notice in inbox(people.ana).page.items]
    assert "You are no longer a trusted flagger" in titles


def test_who_is_one_from_a_later_day_on_is_told_so(people: Any, things: Any) -> None:
    tomorrow = now().date() + timedelta(days=1)
    actions.trust_flagger(people.administrator, "@ana-prado", text(since=tomorrow))
    while make_notices(SYSTEM):
        pass
    titles = [str(notice.heading) for notice in inbox(people.ana).page.items]
    assert "You will be a trusted flagger" in titles
    assert "You are a trusted flagger now" not in titles


def test_a_last_day_before_the_first_is_refused_as_that(people: Any, things: Any) -> None:
    ahead = now().date() + timedelta(days=30)
    turned = text(since=ahead, until=ahead - timedelta(days=10))
    with pytest.raises(Invalid, match="The first day is after the last one"):
        actions.trust_flagger(people.administrator, "@ana-prado", turned)


def test_administrators_name_and_end_it_on_a_page(sign_in: Any, people: Any, things: Any) -> None:
    browser = sign_in(people.administrator)
    said = {"handle": "ben okoth", "name": "Stop Fraud", "coordinator": "Ireland"}
    said |= {"field": "Fraud", "since": now().date().isoformat(), "until": ""}
    refused = browser.post(PATH, data=said | {"coordinator": ""})
    assert refused.status_code == 422 and "Write who gave the status." in refused.text
    assert 'value="Stop Fraud"' in refused.text
    assert browser.post(PATH, data=said).status_code == 303
    (flagger,) = queries.named_flaggers(SYSTEM)
    assert flagger.member_id == people.ben.id
    page = browser.get(PATH).text
    assert "End the status of Stop Fraud" in page and "Ben Okoth" in page
    assert browser.post(f"{PATH}/{flagger.id}/end-trust").status_code == 303
    page = browser.get(PATH).text
    assert "ended on" in page and "End the status" not in page


def test_everybody_reads_which_bodies_they_are_and_not_which_member(
    client: Any, people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    page = client.get("/transparency").text
    for words in ("Stop Fraud", "Coimisiún na Meán, Ireland", "Fraud"):
        assert words in page, words
    assert "Ana Prado" not in page and "ana-prado" not in page
    actions.end_trust(people.administrator, flagger.id)
    page = client.get("/transparency").text
    assert "Stop Fraud" not in page and "None reports here now." in page


def test_their_reports_are_counted_apart(
    client: Any, people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    begin = now()
    for thing in (things.first, things.second):
        actions.report(people.ana, "post", thing.id, "illegal")
    actions.report(people.ben, "topic", things.topic.id, "illegal")
    with at(begin + timedelta(hours=2)):
        actions.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    with at(begin + timedelta(hours=4)):
        actions.decide(people.moderator, "post", things.second.id, "keep")
    period = Period(begin.date(), begin.date() + timedelta(days=1))
    found = figures(period, period)
    assert found.reports == {("illegal", "member"): 1, ("illegal", "trusted flagger"): 2}
    assert found.trusted[:3] == (2, 2, 1)
    assert found.trusted.hours_to_decision == pytest.approx(3, abs=0.1)
    page = report_of_these_months(client)
    rows = list(csv.reader(StringIO(report_of_these_months(client, ".csv"))))
    assert ["reports", "illegal", "trusted flagger", "2"] in rows
    assert ["trusted flaggers", "led to a restriction", "", "1"] in rows
    assert "Illegal, reported by trusted flaggers" in page
    assert "Their reports in this period" in page


def test_what_is_decided_at_once_takes_no_0_hours(
    client: Any, people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    actions.report(people.ana, "post", things.first.id, "illegal")
    actions.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    page = report_of_these_months(client)
    assert "decided within 1 hour." in page and "0 hours" not in page


def test_without_any_there_is_nothing_to_count(people: Any, things: Any) -> None:
    january = Period(date(2020, 1, 1), date(2020, 1, 31))
    found = figures(january, january)
    assert found.trusted == TrustedFigures(0, 0, 0, None)


def test_the_eu_reads_that_a_trusted_flagger_led_to_it(
    people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    actions.report(people.ana, "post", things.first.id, "illegal")
    actions.report(people.chitra, "post", things.first.id, "illegal")
    actions.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    assert entries().items[0].eu_source == "SOURCE_TRUSTED_FLAGGER"


def test_a_report_that_is_open_again_comes_first_again(
    people: Any, things: Any, flagger: TrustedFlagger
) -> None:
    actions.report(people.ana, "post", things.first.id, "illegal")
    kept = actions.decide(people.moderator, "post", things.first.id, "keep")
    said = appeal(people.ana, kept.id, "It is fraud.")
    decide_appeal(people.administrator, said.id, "reversed", "So it is.")
    assert queue_entries(people.moderator)[0].urgency.endswith("by a trusted flagger")
    assert opened_entry(people.moderator, "post", things.first.id).about.row.reports
    last = db.session.scalars(select(Event).where(Event.kind == "urgent").order_by(Event.id)).all()
    assert "trusted flagger" in str(last[-1].sentences)


def test_who_leaves_is_none_any_more(people: Any, things: Any, flagger: TrustedFlagger) -> None:
    actions.report(people.ana, "post", things.first.id, "illegal")
    known = KnownAs("Ana Prado", ["ana-prado"], "Former member")
    actions.unname(SYSTEM, people.ana.id, known, is_silent=False)
    assert db.session.scalars(select(TrustedFlagger)).all() == []
    assert [report.source for report in db.session.scalars(select(Report))] == ["trusted flagger"]


def test_they_are_named_and_ended_on_the_command_line(app: Flask, people: Any) -> None:
    runner, day = app.test_cli_runner(), now().date().isoformat()
    said = ["--name", "Stop Fraud", "--coordinator", "Ireland", "--field", "Fraud"]
    named = runner.invoke(args=["members", "trust", "ana-prado", *said, "--since", day])
    assert (named.exit_code, named.output) == (
        0,
        "Stop Fraud is a trusted flagger, by the account ana-prado.\n",
    )
    assert queries.is_trusted_flagger(people.ana.id)
    wrong = runner.invoke(args=["members", "trust", "nobody-here", *said, "--since", day])
    assert wrong.exit_code == 1 and "No member has the handle" in wrong.output
    ended = runner.invoke(args=["members", "end-trust", "ana-prado"])
    assert ended.exit_code == 0 and not queries.is_trusted_flagger(people.ana.id)
    again = runner.invoke(args=["members", "end-trust", "ana-prado"])
    assert again.exit_code == 1 and "No trusted flagger reports with this handle." in again.output
