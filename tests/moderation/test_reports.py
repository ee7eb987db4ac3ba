"""Reports of visitors: the form, the receipt, the e-mails, the outcome, and what stays secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum import logformat
from forum.agendas.actions import archive
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import delete, edit, hide_topic, reply
from forum.errors import Forbidden, Invalid, NotFound
from forum.mail import actions as mail
from forum.mail.actions import write_report_letters
from forum.mail.models import Delivery
from forum.mail.queries import due_deliveries, waiting_letters
from forum.markup import write
from forum.moderation import actions, queries
from forum.moderation.actions import IllegalContentNotice, Reasons
from forum.moderation.models import Report
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM, VISITOR

SAID = {
    "text": "It shows a stolen list of addresses.",
    "name": "Ines Sommer",
    "email": "ines@elsewhere.example",
    "good_faith": "y",
}
NOTICE = IllegalContentNotice(SAID["text"], SAID["name"], SAID["email"], is_in_good_faith=True)
REASONS = Reasons("It is rude.", 2)
LATER = queries.UNDO_PERIOD + timedelta(minutes=1)
WRITTEN = ("Ines", "Sommer", "ines@elsewhere", "stolen list")  # words that only moderators may read


def reported(things: Any, notice: IllegalContentNotice = NOTICE) -> Report:
    return actions.report_illegal(VISITOR, "post", things.first.id, notice)


def words(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


# The form


def test_a_visitor_reports_and_gets_a_number(client: FlaskClient, things: Any) -> None:
    address = f"/posts/{things.first.id}/report"
    assert address in words(client.get(things.topic.address))
    page = client.get(address)
    assert (
        page.headers["Cache-Control"] == "no-cache" or "no-store" in page.headers["Cache-Control"]
    )
    assert f"http://localhost/posts/{things.first.id}" in words(page)
    sent = client.post(address, data=SAID)
    number = re.fullmatch(r"/reports/([2-9A-Z]{5}-[2-9A-Z]{5})", sent.location or "")
    assert sent.status_code == 303 and number
    receipt = client.get(sent.location)
    assert number[1] in words(receipt) and "We have your report" in words(receipt)
    assert "no-store" in receipt.headers["Cache-Control"]
    assert "noindex" in receipt.headers["X-Robots-Tag"]
    typed = number[1].lower().replace("-", " ")
    assert client.get(f"/reports?number={typed}").location == sent.location


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("text", "Say why it is illegal."),
        ("name", "This is needed"),
        ("email", "This is needed"),
        ("good_faith", "Confirm that what you say is true"),
    ],
)
def test_what_the_law_asks_for_is_asked_for(
    client: FlaskClient, things: Any, left_out: str, said: str
) -> None:
    typed = {name: value for name, value in SAID.items() if name != left_out}
    answer = client.post(f"/posts/{things.first.id}/report", data=typed)
    assert answer.status_code == 422 and said in words(answer)
    assert all(value in words(answer) for name, value in typed.items() if name != "good_faith")
    assert db.session.scalars(select(Report)).all() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " "}, "text"),
        ({"is_in_good_faith": False}, "good_faith"),
        ({"name": " "}, "name"),
        ({"email": ""}, "email"),
    ],
)
def test_nothing_is_reported_without_what_the_law_asks_for(
    things: Any, changes: dict[str, Any], field: str
) -> None:
    notice = IllegalContentNotice(
        "It threatens.", "Ines", "ines@example.org", is_in_good_faith=True
    )
    with pytest.raises(Invalid) as refused:
        actions.report_illegal(VISITOR, "post", things.first.id, replace(notice, **changes))
    assert refused.value.field == field
    about_children = replace(notice, name="", email="", is_about_children=True)
    assert actions.report_illegal(VISITOR, "post", things.first.id, about_children)


def test_all_that_is_missing_is_asked_for_at_once(client: FlaskClient, things: Any) -> None:
    answer = client.post(f"/posts/{things.first.id}/report", data={})
    assert answer.status_code == 422
    for field in ("text", "name", "email", "good_faith"):
        assert f'href="#{field}"' in words(answer), field


def test_about_the_abuse_of_children_nobody_need_say_who_they_are(
    client: FlaskClient, things: Any, letters: Any
) -> None:
    typed = {"text": SAID["text"], "good_faith": "y", "about_children": "y"}
    assert client.post(f"/posts/{things.first.id}/report", data=typed).status_code == 303
    assert write_report_letters(SYSTEM) == 0 and letters() == []


@pytest.mark.parametrize("email", ["ines", "ines@", "a@b.c\nBcc: x@y.example", "x" * 300])
def test_what_is_no_address_is_refused(client: FlaskClient, things: Any, email: str) -> None:
    answer = client.post(f"/posts/{things.first.id}/report", data={**SAID, "email": email})
    assert answer.status_code == 422


def test_hostile_words_stay_words(
    client: FlaskClient, sign_in: Any, people: Any, things: Any
) -> None:
    odd = "<script>alert(1)</script> {{ 7*7 }} \u202e"
    typed = {**SAID, "text": odd, "name": odd}
    assert client.post(f"/posts/{things.first.id}/report", data=typed).status_code == 303
    page = words(sign_in(people.moderator).get(f"/moderation/post/{things.first.id}"))
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page


def test_only_what_a_visitor_can_read_can_be_reported(people: Any, things: Any) -> None:
    with pytest.raises(NotFound):  # the practice is not published
        actions.report_illegal(VISITOR, "practice", things.practice.id, NOTICE)
    hide_topic(SYSTEM, things.topic.id)
    for kind, item_id in (("topic", things.topic.id), ("letter", 1), ("word", 1)):
        with pytest.raises(NotFound):
            actions.report_illegal(VISITOR, kind, item_id, NOTICE)


def test_an_archived_agenda_is_no_hindrance(people: Any, things: Any) -> None:
    archive(people.moderator, things.agenda.id)
    reported(things)
    actions.decide(people.host, "post", things.first.id, "hide", Reasons("The law forbids it.", 2))
    assert queries.open_reports("post", things.first.id) == []


@pytest.fixture
def limited(limited_app: Flask) -> FlaskClient:
    """A visitor's browser at a forum with rate limits."""
    return limited_app.test_client()


def test_a_flood_is_limited_and_gives_the_text_back(limited: FlaskClient, things: Any) -> None:
    address = f"/posts/{things.first.id}/report"
    answers = [limited.post(address, data=SAID) for _time in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert SAID["text"] in words(answers[-1])
    assert limited.get(address).status_code == 200


# The outcome


def test_reports_of_the_same_thing_are_one_entry(people: Any, things: Any) -> None:
    numbers = {reported(things).number for _time in range(3)}
    actions.report(people.ana, "post", things.first.id, "rules")
    assert len(numbers) == 3 and None not in numbers
    assert len(queries.open_reports("post", things.first.id)) == 4
    make_notices(SYSTEM)
    told = [line for line in _queue_notices() if line.address.endswith(str(things.first.id))]
    assert len(told) == len({line.member_id for line in told})  # one notice for each moderator


def _queue_notices() -> Any:
    return db.session.scalars(select(Notice).where(Notice.kind == "queue")).all()


def test_a_visitor_is_told_by_letter_what_was_decided(
    client: FlaskClient, people: Any, things: Any, letters: Any
) -> None:
    number = reported(things).number
    assert write_report_letters(SYSTEM) == 1 and write_report_letters(SYSTEM) == 0
    actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("The law forbids it.", 2)
    )
    assert write_report_letters(SYSTEM) == 0  # the decision can still be undone
    with at(now() + LATER):
        assert write_report_letters(SYSTEM) == 1 and write_report_letters(SYSTEM) == 0
    arrived, outcome = letters()
    assert {arrived.to, outcome.to} == {SAID["email"]}
    for letter in (arrived, outcome):
        assert str(number) in letter.text and f"http://localhost/reports/{number}" in letter.text
        for said in ("Ines", "stolen", "rude", "Ben", "The law forbids it."):
            assert said not in letter.text + letter.html, said
    assert "acted on it" in outcome.text and "six months" in outcome.text
    page = words(client.get(f"/reports/{number}"))
    assert "acted on it" in page and "six months" in page
    for said in (*WRITTEN, "rude", "Ben", "Mona", "The law forbids it.", "/posts/"):
        assert said not in page, said


def test_what_stays_is_told_too(people: Any, things: Any, letters: Any) -> None:
    reported(things)
    actions.decide(people.moderator, "post", things.first.id, "keep")
    with at(now() + LATER):
        write_report_letters(SYSTEM)
    assert "and it stays" in letters()[-1].text


def test_a_decision_that_is_taken_back_is_not_told(people: Any, things: Any, letters: Any) -> None:
    reported(things)
    write_report_letters(SYSTEM)
    made = actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("Wrong button.", 2)
    )
    actions.undo(people.moderator, made.id)
    with at(now() + LATER):
        assert write_report_letters(SYSTEM) == 0
    assert len(letters()) == 1
    assert len(queries.open_reports("post", things.first.id)) == 1


def test_what_is_decided_after_an_appeal_is_told_too(
    people: Any, things: Any, letters: Any
) -> None:
    reported(things)
    made = actions.decide(people.moderator, "post", things.first.id, "keep")
    with at(now() + LATER):
        write_report_letters(SYSTEM)
    actions.reverse(people.administrator, made.id, "It is for us to look again.", is_told=False)
    actions.decide(people.administrator, "post", things.first.id, "hide", REASONS)
    with at(now() + LATER):
        assert write_report_letters(SYSTEM) == 1
    kept, hidden = outcomes(letters)
    assert "and it stays" in kept.text and "acted on it" in hidden.text


def test_a_visitor_learns_by_letter_that_an_appeal_was_right(
    people: Any, things: Any, letters: Any
) -> None:
    reported(things)
    made = actions.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    with at(now() + LATER):
        write_report_letters(SYSTEM)
    actions.reverse(people.administrator, made.id, "It is a quotation.", is_told=False)
    with at(now() + LATER):
        assert write_report_letters(SYSTEM) == 1 and write_report_letters(SYSTEM) == 0
    hidden, taken_back = outcomes(letters)
    assert "acted on it" in hidden.text and "acted on it" not in taken_back.text
    assert "taken back what they had decided" in taken_back.text
    assert "quotation" not in taken_back.text


def test_a_kill_between_letter_and_note_tells_once(
    people: Any, things: Any, letters: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported(things)
    with monkeypatch.context() as patch:
        patch.setattr("forum.moderation.actions.note_told", _killed)
        with pytest.raises(KeyboardInterrupt):
            write_report_letters(SYSTEM)
    assert letters() == []
    assert write_report_letters(SYSTEM) == 1 and len(letters()) == 1


def _killed(*_args: Any) -> None:
    raise KeyboardInterrupt


def test_nobody_gets_a_hundred_letters_of_a_stranger(things: Any, letters: Any) -> None:
    for _time in range(15):
        reported(things)
    write_report_letters(SYSTEM)
    assert len(letters()) == 10


def many_decided(people: Any, things: Any, count: int, email: str = "") -> None:
    """Reports of many posts by a visitor with one address, all decided."""
    for number in range(count):
        made = reply(people.ben, things.topic.id, write(f"Rude answer {number}"))
        said = dict(SAID, email=email or SAID["email"])
        notice = IllegalContentNotice(
            said["text"], said["name"], said["email"], is_in_good_faith=True
        )
        actions.report_illegal(VISITOR, "post", made.id, notice)
        actions.decide(people.moderator, "post", made.id, "keep" if number % 2 else "hide", REASONS)


def outcomes(letters: Any) -> list[Any]:
    return [letter for letter in letters() if "decided" in letter.subject]


def test_many_outcomes_of_a_day_come_in_one_letter_the_next(
    people: Any, things: Any, letters: Any
) -> None:
    many_decided(people, things, 12)
    numbers = [
        str(number) for number in db.session.scalars(select(Report.number).order_by(Report.id))
    ]
    with at(now() + LATER):
        write_report_letters(SYSTEM)
        assert write_report_letters(SYSTEM) == 0
        assert len(due_deliveries(1_000)) - 10 == 5  # without the 10 receipts
        many_decided(people, things, 1)
        with at(now() + LATER):
            write_report_letters(SYSTEM)
    found = outcomes(letters)
    assert len(found) == 6 and found[-1].subject == "8 more of your reports are decided"
    told = [number for number in numbers for letter in found if number in letter.text]
    assert told == numbers  # each number once, none is missing
    assert "it stays" in found[-1].text and "have acted on it" in found[-1].text
    for said in ("Rude answer", "Ben", "Ines", "rude."):
        assert said not in found[-1].text + found[-1].html
    assert f"http://localhost/reports/{numbers[-1]}" in found[-1].html
    with at(now() + LATER + timedelta(days=1, hours=1)):
        assert [due_delivery.kind for due_delivery in due_deliveries(1_000)].count("outcomes") == 1
        many_decided(people, things, 2)
        with at(now() + LATER):
            write_report_letters(SYSTEM)
    assert len(outcomes(letters)) == 8  # a new day


def test_a_flood_to_one_address_keeps_nobody_else_waiting(
    people: Any, things: Any, letters: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.mail.actions.reports.MAX_OUTCOMES_PER_LETTER", 3)
    many_decided(people, things, 15, "flood@x.example")
    many_decided(people, things, 1, "quiet@x.example")
    with at(now() + LATER):
        begun = now()
        while write_report_letters(SYSTEM, 4):
            pass
    gathered = [
        delivery
        for delivery in db.session.scalars(select(Delivery).order_by(Delivery.id))
        if delivery.kind == "outcomes"
    ]
    assert [len(line.words["reports"]) for line in gathered] == [3, 3, 3, 1]
    days = [(line.due_at - begun).days for line in gathered]
    assert days == [1, 2, 3, 4]  # only one e-mail a day
    assert all(line.created_at == line.due_at for line in gathered)
    assert [outcome.to for outcome in outcomes(letters)].count("quiet@x.example") == 1


def test_a_letter_that_is_being_sent_gathers_no_more(
    people: Any, things: Any, letters: Any
) -> None:
    many_decided(people, things, 8)
    with at(now() + LATER):
        write_report_letters(SYSTEM)
    day = now() + timedelta(days=1, hours=1)
    for number in range(2):
        with at(day):
            many_decided(people, things, 1)
        with at(day + LATER):
            (taken,) = [
                lease_due_letter
                for lease_due_letter in mail.lease_due_letters(SYSTEM, 100)
                if lease_due_letter.kind == "outcomes"
            ]
            write_report_letters(SYSTEM)
            assert len(outcomes(letters)) == 7 + number  # a new decision gets another e-mail
            mail.note_refused(SYSTEM, taken.id, "451 later", is_final=False)
        day += timedelta(hours=2)
    assert len(taken.words["reports"]) == 3


def test_an_address_is_one_address_however_it_is_written(
    people: Any, things: Any, letters: Any
) -> None:
    for email in ("v@x.example", "V@x.example", "v@X.example", "V@X.EXAMPLE"):
        many_decided(people, things, 3, email)
    with at(now() + LATER):
        write_report_letters(SYSTEM)
    assert len(outcomes(letters)) == 6
    receipts = [letter for letter in letters() if "arrived" in letter.subject]
    assert len(receipts) == 10


def test_what_waits_for_its_day_is_not_said_to_wait_for_the_server(
    people: Any, things: Any
) -> None:
    many_decided(people, things, 8)
    with at(now() + LATER):
        write_report_letters(SYSTEM)
        assert waiting_letters(people.administrator)[0] == 8 + 5


def test_an_author_who_deleted_it_meanwhile_changes_nothing(
    people: Any, things: Any, letters: Any
) -> None:
    reported(things)
    delete(people.ben, things.first.id)
    actions.decide(people.moderator, "post", things.first.id, "keep")
    with at(now() + LATER):
        assert write_report_letters(SYSTEM) == 2
    assert len(letters()) == 2


# Who reads it, and for how long


def test_moderators_of_the_agenda_alone_read_who_reported(
    client: FlaskClient, sign_in: Any, people: Any, things: Any
) -> None:
    number = reported(things).number
    actions.report(people.ana, "post", things.first.id, "rules", "A stolen list, says Ana.")
    address = f"/moderation/post/{things.first.id}"
    for moderator in (people.host, people.moderator, people.administrator):
        page = words(sign_in(moderator).get(address))
        assert "Ines Sommer" in page and "stolen list" in page and "Ana Prado" in page
    assert sign_in(things.other_host).get(address).status_code == 403
    decided = actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("Rule 2.", 2)
    )
    make_notices(SYSTEM)
    mine = f"/moderation/decisions/{decided.id}"
    for reader, paths in (
        (people.ben, (mine, "/notices", things.topic.address, "/reports", f"/reports/{number}")),
        (people.chitra, (things.topic.address, f"/reports/{number}", "/members/ben-okoth")),
    ):
        browser = sign_in(reader)
        for path in paths:
            page = words(browser.get(path))
            for said in (*WRITTEN, "Ana Prado reported", "says Ana"):
                assert said not in page, (reader.name, path, said)
    for path in (things.topic.address, "/members/ben-okoth", "/feeds/all.atom"):
        assert not any(said in words(client.get(path)) for said in WRITTEN), path


def test_it_is_in_no_log(
    client: FlaskClient,
    things: Any,
    written_log: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client.application.wsgi_app, "kind", logformat.JSON)
    sent = client.post(f"/posts/{things.first.id}/report", data=SAID)
    client.get(sent.location)
    said = written_log()
    assert said.count('"method":"POST"') == said.count('"method":"GET"') == 1
    number = sent.location.rpartition("/")[2]
    for word in (*WRITTEN, number):
        assert word not in said, word


def test_members_read_what_became_of_their_own_reports(
    client: FlaskClient, sign_in: Any, people: Any, things: Any
) -> None:
    said = actions.report(people.ana, "post", things.first.id, "rules", "Look at the tone.")
    browser = sign_in(people.ana)
    page = words(browser.get("/reports"))
    assert "Look at the tone." in page and "The moderators have your report." in page
    assert str(said.number) in page
    actions.decide(people.moderator, "post", things.first.id, "hide", Reasons("Rule 2.", 2))
    page = words(browser.get("/reports"))
    assert "have acted on it" in page and "rude" not in page and "Mona" not in page
    assert "Look at the tone." not in words(sign_in(people.ben).get("/reports"))
    assert "You have reported nothing" in words(sign_in(people.ben).get("/reports"))
    assert "number of the report" in words(client.get("/reports")).lower()


def test_the_list_of_reports_leads_to_pages_as_long_as_they_are_shown(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser = sign_in(people.ana)
    about = {
        ("case", things.case.id): f"/cases/{things.case.slug}",
        ("practice", things.practice.id): f"/practices/{things.practice.slug}",
        ("member", people.ben.id): f"/members/{people.ben.handle}",
    }
    actions.publish(people.moderator, things.practice.id)
    for key in about:
        actions.report(people.ana, *key, "rules")
    for key, address in about.items():
        assert f'href="{address}"' in browser.get("/reports").text
        actions.decide(people.administrator, *key, "hide", Reasons("Rule 2.", 2))
        assert address not in browser.get("/reports").text


def test_the_list_costs_the_same_however_many_there_are(
    sign_in: Any, people: Any, things: Any, queries: Any
) -> None:
    browser = sign_in(people.ana)
    browser.get("/reports")
    counts = []
    for item in (things.first, things.second):
        actions.report(people.ana, "post", item.id, "rules")
        with queries() as made:
            assert browser.get("/reports").status_code == 200
        counts.append(made.count)
    assert counts[0] == counts[1] <= 8


def test_names_and_addresses_go_some_months_after_the_decision(people: Any, things: Any) -> None:
    report_id = reported(things).id
    assert actions.forget_visitors(SYSTEM) == 0  # the report is not decided yet
    actions.decide(people.moderator, "post", things.first.id, "keep")
    with at(now() + actions.KEPT_VISITORS - timedelta(days=1)):
        assert actions.forget_visitors(SYSTEM) == 0
    with at(now() + actions.KEPT_VISITORS + timedelta(days=1)):
        assert actions.forget_visitors(SYSTEM) == 1 and actions.forget_visitors(SYSTEM) == 0
    row = db.session.get_one(Report, report_id, populate_existing=True)
    assert (row.name, row.email) == ("", "") and row.text == SAID["text"] and row.number
    with pytest.raises(Forbidden):
        actions.forget_visitors(people.moderator)


def test_a_guessed_number_tells_nothing(client: FlaskClient, things: Any) -> None:
    reported(things)
    for number in ("AAAAA-AAAAA", "x", "%00", "' or 1=1", "🙂"):
        assert client.get(f"/reports/{number}").status_code == 404, number


def test_what_is_said_is_bounded(things: Any) -> None:
    with pytest.raises(Invalid):
        reported(
            things, IllegalContentNotice("x" * 2_001, "Ines", "i@x.example", is_in_good_faith=True)
        )


# Reported again


def test_what_was_decided_about_may_be_reported_again(
    sign_in: Any, people: Any, things: Any
) -> None:
    """The text may have changed since. A member may report it once until somebody decides."""
    post, door = things.first, f"/posts/{things.first.id}/report"
    actions.report(people.ana, "post", post.id, "rules", "Rude.")
    browser = sign_in(people.ana)
    assert "<textarea" not in words(browser.get(door))
    assert browser.post(door, data={"reason": "spam", "text": "Twice."}).status_code == 422
    kept = actions.decide(people.moderator, "post", post.id, "keep", REASONS)
    edit(people.ben, post.id, write("Now it is worse."))
    page = words(browser.get(door))
    assert "<textarea" in page and "The moderators have decided about it." in page
    said = {"reason": "spam", "text": "It changed."}
    assert browser.post(door, data=said).status_code == 303
    assert browser.post(door, data=said).status_code == 422
    (waiting,) = queries.open_reports("post", post.id)
    assert waiting.text == "It changed."
    # Undoing does not reopen the earlier report, because the new one has replaced it
    actions.undo(people.moderator, kept.id)
    assert queries.open_reports("post", post.id) == [waiting]
    actions.decide(people.moderator, "post", post.id, "hide", REASONS)
    reports = queries.my_reports(people.ana).items
    assert [report.decision.deed for report in reports] == ["hide", "keep"]


def test_a_report_that_comes_twice_at_once_is_one(people: Any, things: Any) -> None:
    """The second action found no report before; the database refuses its row."""
    actions.report(people.ana, "post", things.first.id, "rules", "Rude.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forum.moderation.actions.reporting.has_reported", lambda *_of: False)
        with pytest.raises(Invalid, match="already"):
            actions.report(people.ana, "post", things.first.id, "rules", "Rude.")
    assert len(queries.open_reports("post", things.first.id)) == 1
