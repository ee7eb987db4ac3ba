"""Members who often report without ground: warned first, then without reports for some time, with reasons and appeal."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from forum.appeals.actions import appeal, decide_appeal
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import reply
from forum.errors import Conflict, Forbidden, Invalid
from forum.markup import write
from forum.members.models import Member
from forum.members.queries import administered_members, get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.models import Deed, Report
from forum.moderation.queries import ReportFacts, RestrictionFacts
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM
from forum.register.queries import Period, entries, figures

WHY = Reasons("Twelve reports about one colleague; all were kept.")
RUDE = Reasons("It is rude.", 2)
MONTH = timedelta(days=30)


def ben_now() -> Member:
    return get_member(SYSTEM, "ben-okoth")


def suspend_ben(people: Any, until: timedelta = MONTH) -> Any:
    actions.warn_reporter(people.moderator, people.ben.id, WHY)
    return actions.suspend_reports(people.moderator, people.ben.id, now() + until, WHY)


def test_nobody_is_kept_from_reporting_without_a_warning_within_a_year(
    people: Any, things: Any
) -> None:
    with pytest.raises(Conflict):
        actions.suspend_reports(people.moderator, people.ben.id, now() + MONTH, WHY)
    actions.warn_reporter(people.moderator, people.ben.id, WHY)
    with at(now() + timedelta(days=366)), pytest.raises(Conflict):
        actions.suspend_reports(people.moderator, people.ben.id, now() + MONTH, WHY)
    actions.suspend_reports(people.moderator, people.ben.id, now() + MONTH, WHY)


def test_a_warning_that_was_taken_back_is_none(people: Any, things: Any) -> None:
    warning = actions.warn_reporter(people.moderator, people.ben.id, WHY)
    said = appeal(people.ben, warning.id, "I meant it.")
    decide_appeal(people.administrator, said.id, "reversed", "So it is.")
    assert queries.reporter_warned_at(people.ben.id) is None
    with pytest.raises(Conflict):
        actions.suspend_reports(people.moderator, people.ben.id, now() + MONTH, WHY)


def test_while_it_runs_the_member_reports_nothing_and_does_all_else(
    people: Any, things: Any
) -> None:
    report_id = actions.report(people.ben, "post", things.second.id, "illegal").id
    suspend_ben(people)
    with pytest.raises(Forbidden, match="take no reports from you until"):
        actions.report(ben_now(), "topic", things.topic.id, "illegal")
    reply(ben_now(), things.topic.id, write("I can write."))
    kept = actions.decide(people.moderator, "post", things.second.id, "keep")
    assert db.session.get_one(Report, report_id).decision_id == kept.id
    assert appeal(ben_now(), kept.id, "It is illegal.").decision_id == kept.id


def test_it_ends_by_itself(people: Any, things: Any) -> None:
    suspend_ben(people)
    with at(now() + MONTH + timedelta(minutes=1)):
        actions.report(ben_now(), "topic", things.topic.id, "rules")


def test_half_a_year_is_the_most_and_reasons_are_needed(people: Any, things: Any) -> None:
    actions.warn_reporter(people.moderator, people.ben.id, WHY)
    for until, why, field in (
        (timedelta(days=190), WHY, "until"),
        (timedelta(days=-1), WHY, "until"),
        (MONTH, Reasons(" "), "reason"),
    ):
        with pytest.raises(Invalid) as refused:
            actions.suspend_reports(people.moderator, people.ben.id, now() + until, why)
        assert refused.value.field == field
    with pytest.raises(Invalid):
        actions.warn_reporter(people.moderator, people.ben.id, Reasons(""))


def test_a_moderator_ends_it_before(sign_in: Any, people: Any, things: Any) -> None:
    suspend_ben(people)
    browser = sign_in(people.moderator)
    page = browser.get("/members/ben-okoth").text
    assert "cannot report until" in page and "Take reports again" in page
    assert browser.post("/members/ben-okoth/resume-reports").status_code == 303
    assert not ben_now().has_reports_suspended
    actions.report(ben_now(), "topic", things.topic.id, "rules")
    with pytest.raises(Conflict):
        actions.resume_reports(people.moderator, people.ben.id)


def test_what_is_taken_back_is_as_before(people: Any, things: Any) -> None:
    first = suspend_ben(people)
    until = ben_now().reports_suspended_until
    longer = actions.suspend_reports(people.moderator, people.ben.id, now() + 3 * MONTH, WHY)
    assert ben_now().reports_suspended_until == longer.until
    actions.undo(people.moderator, longer.id)
    assert ben_now().reports_suspended_until == until == first.until
    ended = actions.resume_reports(people.moderator, people.ben.id)
    actions.undo(people.moderator, ended.id)
    assert ben_now().reports_suspended_until == until


def test_a_successful_appeal_ends_it(people: Any, things: Any) -> None:
    made = suspend_ben(people)
    said = appeal(ben_now(), made.id, "They were all illegal.")
    with pytest.raises(Forbidden):
        decide_appeal(people.moderator, said.id, "reversed", "Yes.")
    decide_appeal(people.administrator, said.id, "reversed", "Yes.")
    assert not ben_now().has_reports_suspended


def test_the_member_is_told_why_and_reads_how_to_appeal(
    sign_in: Any, people: Any, things: Any
) -> None:
    made = suspend_ben(people)
    while make_notices(SYSTEM):
        pass
    said = [notice.sentence for notice in inbox(people.ben).page.items]
    assert "The moderators take no reports from you for some time." in said
    assert "A warning about your reports." in said
    page = sign_in(people.ben).get(f"/moderation/decisions/{made.id}").text
    for words in (WHY.facts, "Reports suspended", "/rules#misuse", f"{made.id}/appeal"):
        assert words in page, words
    assert "Mona" not in page
    assert sign_in(people.ana).get(f"/moderation/decisions/{made.id}").status_code == 404


def test_the_form_of_a_report_says_why_and_until_when(
    sign_in: Any, people: Any, things: Any
) -> None:
    made, browser = suspend_ben(people), sign_in(people.ben)
    path = f"/topics/{things.topic.id}/report"
    page = browser.get(path).text
    for words in ("take no reports from you until", WHY.facts, "/contact", "life is in danger"):
        assert words in page, words
    assert f"/moderation/decisions/{made.id}" in page and "Send the report" not in page
    answer = browser.post(path, data={"reason": "illegal", "text": "An hour of work."})
    assert answer.status_code == 403 and "An hour of work." in answer.text
    assert browser.get("/reports").status_code == 200
    assert "Send the report" in sign_in(people.chitra).get(path).text


def test_the_page_weighs_the_reports_of_a_year(sign_in: Any, people: Any, things: Any) -> None:
    with at(now() - timedelta(days=400)):
        old = reply(people.chitra, things.topic.id, write("Long ago."))
        actions.report(people.ben, "post", old.id, "rules")
    posts = [reply(people.chitra, things.topic.id, write(f"Number {n}.")) for n in range(5)]
    for post in posts:
        actions.report(people.ben, "post", post.id, "rules")
    actions.decide(people.moderator, "post", posts[0].id, "hide", RUDE)
    for post in posts[1:3]:
        actions.decide(people.moderator, "post", post.id, "keep")
    actions.ask_to_edit(people.moderator, "post", posts[3].id, Reasons("Say where."))
    found = queries.report_facts(people.moderator, people.ben.id)
    assert found == ReportFacts(5, restricted=1, kept=2, others=1, waiting=1, warned_at=None)
    page = sign_in(people.moderator).get("/members/ben-okoth/warn-reporter").text
    assert "Reports by this member" in page and "Kept: within the law and the rules" in page
    for person in (people.host, people.ana):
        with pytest.raises(Forbidden):
            queries.report_facts(person, people.ben.id)
        with pytest.raises(Forbidden):
            queries.restriction_facts(person, people.ben.id)


def test_the_page_that_suspends_says_what_was_decided_in_a_year(
    sign_in: Any, people: Any, things: Any
) -> None:
    with at(now() - timedelta(days=400)):
        actions.warn(people.moderator, people.ben.id, RUDE)
    actions.warn(people.moderator, people.ben.id, RUDE)
    actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("So.", law="Penal code, 130")
    )
    undone = actions.silence(people.moderator, people.ben.id, now() + MONTH, RUDE)
    actions.undo(people.moderator, undone.id)
    actions.warn_reporter(people.moderator, people.ben.id, WHY)
    found = queries.restriction_facts(people.moderator, people.ben.id)
    assert found == RestrictionFacts(decisions=2, illegal=1, warnings=1)
    for deed in ("suspend", "silence", "warn"):
        page = sign_in(people.moderator).get(f"/members/ben-okoth/{deed}").text
        assert "Decisions that restricted this member" in page, deed
    assert "The last year" not in sign_in(people.moderator).get("/members/ben-okoth/hide").text


def test_moderators_warn_and_suspend_on_pages(sign_in: Any, people: Any, things: Any) -> None:
    browser = sign_in(people.moderator)
    actions.report(people.ben, "post", things.second.id, "rules")
    queue = browser.get(f"/moderation/post/{things.second.id}").text
    assert "/members/ben-okoth/warn-reporter" in queue
    assert (
        "warn-reporter" not in sign_in(people.host).get(f"/moderation/post/{things.second.id}").text
    )
    first = browser.get("/members/ben-okoth/suspend-reports?next=/moderation").text
    assert "The law wants a warning first." in first and 'name="days"' not in first
    assert 'href="/members/ben-okoth/warn-reporter?next=/moderation"' in first
    said = {"reason": WHY.facts, "seen": "0"}
    assert browser.post("/members/ben-okoth/warn-reporter", data=said).status_code == 303
    assert "take no reports for some time" in browser.get("/members/ben-okoth/warn-reporter").text
    seen = str(queries.latest_decision_id("member", people.ben.id))
    form = browser.get("/members/ben-okoth/suspend-reports").text
    assert 'value="30" checked' in form or 'checked id="days-1"' in form
    far = (now() + timedelta(days=200)).date().isoformat()
    said |= {"seen": seen, "days": "day", "until": far}
    refused = browser.post("/members/ben-okoth/suspend-reports", data=said)
    assert refused.status_code == 422 and "Choose a day within 180 days." in refused.text
    last = (now() + timedelta(days=20)).date()
    said |= {"until": last.isoformat()}
    assert browser.post("/members/ben-okoth/suspend-reports", data=said).status_code == 303
    until = ben_now().reports_suspended_until
    assert until and (until - timedelta(seconds=1)).date() == last
    assert people.ben.id in [
        member.id for member in administered_members(SYSTEM, "", group="restricted").items
    ]


def test_the_register_and_the_report_count_them(client: Any, people: Any, things: Any) -> None:
    made = suspend_ben(people)
    law = Reasons("Stolen pictures.", law="Copyright act, 97")
    actions.suspend(people.moderator, people.ana.id, now() + MONTH, law)
    actions.silence(people.moderator, people.chitra.id, now() + MONTH, RUDE)
    today = now().date()
    days = Period(made.decided_at.date(), today)
    found = figures(days, days)
    assert found.suspensions == {
        "illegal content": 1,
        "unfounded reports": 1,
        "unfounded appeals": 0,
    }
    assert found.grounds["misuse"] == 2 and "none" not in found.grounds
    register, report = (
        client.get(page).text for page in ("/transparency/decisions", "/transparency")
    )
    assert "Reports suspended" in register and register.count("Misuse of reports") == 2
    assert "Suspended because of misuse" in report and "Ben" not in register
    table = client.get("/transparency/decisions.csv").get_data().decode("utf-8-sig")
    rows = {row["deed"]: row for row in csv.DictReader(StringIO(table))}
    assert rows["suspend_reports"]["decision_provision"] == "DECISION_PROVISION_PARTIAL_SUSPENSION"
    assert rows["suspend_reports"]["source_type"] == "SOURCE_VOLUNTARY"
    totals = client.get("/transparency.csv").get_data().decode("utf-8-sig")
    assert "suspensions for misuse,unfounded reports,,1" in totals
    assert entries().items[-1].deed == Deed.WARN_REPORTER


def test_everybody_reads_the_policy_with_its_examples(client: Any, people: Any) -> None:
    page = client.get("/rules").text
    assert 'id="misuse"' in page and "180 days" in page and page.count("xample: a member") == 2


def test_letters_are_not_reported_either(people: Any, things: Any) -> None:
    suspend_ben(people)
    with pytest.raises(Forbidden, match="take no reports"):
        actions.report_letter(ben_now(), 1, people.ana, "Buy.", reason="spam")
    assert db.session.get_one(Member, people.ben.id).has_reports_suspended
