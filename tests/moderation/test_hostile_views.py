"""Hostile texts in rules, reasons and reports; guessed addresses; forms sent by somebody silenced meanwhile."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

from sqlalchemy import select

from forum.appeals.queries import sealed_address
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.mail.actions import write_report_letters
from forum.mail.models import Delivery
from forum.members import actions as members
from forum.moderation import actions as moderation
from forum.moderation.actions import IllegalContentNotice, Reasons
from forum.moderation.queries import UNDO_PERIOD
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM, VISITOR
from forum.rules.actions import RulesText, Wording, write_rules, write_text

REASONS = Reasons("It is rude.", 2)
WEEK = timedelta(days=7)
EVIL = "=HYPERLINK(1);<script>alert(1)</script>"


def test_what_one_was_typing_when_silenced_is_given_back(
    people: Any, things: Any, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    moderation.silence(people.moderator, people.ben.id, now() + WEEK, REASONS)
    words = "An hour of work about trams."
    answer = browser.post(f"/topics/{things.topic.id}/reply", data={"source": words})
    assert answer.status_code == 403 and words in answer.text and "paused" in answer.text
    moderation.suspend(people.moderator, people.ben.id, now() + WEEK, REASONS)
    answer = browser.post(f"/topics/{things.topic.id}/reply", data={"source": words})
    assert answer.status_code == 403 and words in answer.text


def test_hostile_rules_and_ready_texts_are_words_everywhere(
    people: Any, things: Any, sign_in: Any, client: Any
) -> None:
    write_rules(people.administrator, RulesText([(EVIL, EVIL)], now(), EVIL))
    write_text(people.moderator, Wording(EVIL, "hide", 1, EVIL))
    browser = sign_in(people.moderator)
    before = browser.get(f"/posts/{things.first.id}/hide").text
    decision = moderation.decide(
        people.moderator, "post", things.first.id, "hide", Reasons(EVIL, 1, law="")
    )
    pages = [before, client.get("/rules").text, client.get("/transparency").text]
    pages += [browser.get(address).text for address in ("/moderation/texts", "/moderation/log")]
    pages.append(sign_in(people.ben).get(f"/moderation/decisions/{decision.id}").text)
    pages.append(client.get("/transparency/decisions").text)
    for page in pages:
        assert "<script>alert" not in page
    assert all("&lt;script&gt;" in page for page in pages)


def test_no_cell_of_the_report_begins_as_a_formula(people: Any, things: Any, client: Any) -> None:
    write_rules(people.administrator, RulesText([(EVIL, "x"), ("@x\n+1", "x")], now(), "x"))
    for number, post in ((1, things.first), (2, things.second)):
        moderation.report(people.ana, "post", post.id, "spam", EVIL)
        moderation.decide(people.moderator, "post", post.id, "hide", Reasons(EVIL, number))
    moderation.warn(people.moderator, people.ben.id, Reasons(EVIL, law=EVIL))
    rows = list(
        csv.reader(StringIO(client.get("/transparency.csv").get_data().decode("utf-8-sig")))
    )
    assert any("HYPERLINK" in cell for row in rows for cell in row)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_who_ignores_a_moderator_hears_of_decisions_all_the_same(people: Any, things: Any) -> None:
    members.ignore(people.ben, people.moderator.id)
    moderation.warn(people.moderator, people.ben.id, REASONS)
    make_notices(SYSTEM)
    told = select(Notice).where(Notice.member_id == people.ben.id, Notice.kind == "decision")
    assert db.session.scalar(told) is not None


def test_a_sealed_address_is_of_one_decision_and_ends_with_the_account(
    people: Any, things: Any, client: Any
) -> None:
    decision = moderation.suspend(people.moderator, people.ben.id, now() + WEEK, REASONS)
    other = moderation.warn(people.moderator, people.chitra.id, Reasons("Only for Chitra.", 2))
    address = sealed_address(decision.id, people.ben.id)
    seal = address.rpartition("/")[2]
    assert len(seal) == 43, "nobody tries 256 bits, however long it is valid"
    assert client.get(address).status_code == 200
    for guessed in (
        f"/appeal/{other.id}/{people.chitra.id}/{seal}",
        f"/appeal/{decision.id}/{people.ana.id}/{seal}",
        f"/appeal/{decision.id}/{people.ben.id}/{seal[:-1]}",
        f"/appeal/{decision.id}/{people.ben.id}/{seal.lower()}",
        sealed_address(
            other.id, people.ben.id
        ),  # with a valid seal, but Ben is no party of this decision
    ):
        assert client.get(guessed).status_code == 404, guessed
    assert client.post(address, data={"text": "It was kind."}).status_code == 303
    assert client.post(address, data={"text": "Once more."}).status_code in (403, 422)
    db.session.get_one(type(people.ben), people.ben.id).left_at = now()
    db.session.commit()
    assert client.get(address).status_code == 404


def test_one_letter_tells_an_address_of_one_decision(people: Any, things: Any) -> None:
    notice = IllegalContentNotice("Why.", "Vera", "vera@x.example", is_in_good_faith=True)
    loud = IllegalContentNotice("Why.", "Vera", "VERA@x.example", is_in_good_faith=True)
    for said in (notice, notice, loud):
        moderation.report_illegal(VISITOR, "post", things.first.id, said)
    moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    with at(now() + UNDO_PERIOD * 2):
        write_report_letters(SYSTEM)
        write_report_letters(SYSTEM)
    outcomes = select(Delivery).where(Delivery.kind == "outcome")
    assert len(db.session.scalars(outcomes).all()) == 1


def test_who_reported_what_its_author_deleted_is_told_that(people: Any, things: Any) -> None:
    moderation.report(people.ana, "post", things.first.id, "rules")
    dialogue.delete(people.ben, things.first.id)
    moderation.decide(people.moderator, "post", things.first.id, "keep")
    make_notices(SYSTEM)
    query = select(Notice).where(Notice.member_id == people.ana.id, Notice.kind == "report")
    told = db.session.scalars(query).first()
    assert told and told.words == "Its author has deleted it."


def test_who_reported_finds_the_way_to_an_appeal(people: Any, things: Any, sign_in: Any) -> None:
    moderation.report(people.ana, "post", things.first.id, "rules")
    kept = moderation.decide(people.moderator, "post", things.first.id, "keep")
    browser = sign_in(people.ana)
    assert f"/moderation/decisions/{kept.id}/appeal" in browser.get("/reports").text
    assert browser.get(f"/moderation/decisions/{kept.id}/appeal").status_code == 200
    moderation.undo(people.moderator, kept.id)
    hidden = moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    moderation.reverse(people.administrator, hidden.id, "It is kind.", is_told=True)
    assert "was taken back" in browser.get("/reports").text
