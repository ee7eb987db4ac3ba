"""Notes on marks, what happened next, reservations: reported, decided about, appealed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from forum.advice import actions as advice
from forum.advice.actions import FollowUpText
from forum.appeals import actions as appeals
from forum.appeals.models import REVERSED
from forum.db import db
from forum.declarations import actions as declarations
from forum.declarations.models import Signature
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import remove_marks
from forum.dialogue.models import TRIED, Mark, Topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library.queries import opening_post_id
from forum.matches import KnownAs
from forum.moderation import actions
from forum.moderation.actions import IllegalContentNotice, unname
from forum.moderation.models import Decision, Report
from forum.moderation.queries import get_thing, review_context
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions as queue
from forum.queue.actions import Choice
from forum.queue.queries import queue_entries
from tests.moderation.attached.conftest import REASONS, WORDS, Added, own_mark
from tests.screens import faults_in


def test_it_is_reported_once_by_everybody_but_its_author(people: Any, added: Added) -> None:
    said = actions.report(people.chitra, *added.key, "rules", "Look.")
    assert (said.author_id, said.agenda_id) == (people.ana.id, said.present_agenda_id)
    with pytest.raises(Invalid, match="reported this already"):
        actions.report(people.chitra, *added.key, "spam")
    with pytest.raises(Forbidden):
        actions.report(added.author, *added.key, "rules")
    illegal = IllegalContentNotice(
        "It insults us.", "Vera", "vera@x.example", is_in_good_faith=True
    )
    assert actions.report_illegal(VISITOR, *added.key, illegal).number
    assert len(db.session.scalars(select(Report)).all()) == 2


def test_it_waits_in_context_for_who_moderates_its_agenda(
    people: Any, things: Any, sign_in: Any, added: Added
) -> None:
    actions.report(people.chitra, *added.key, "rules", "Look at this.")
    (line,) = [line for line in queue_entries(people.host) if line.kind == added.kind]
    assert (line.key, line.reports, line.agenda) == (added.key, 1, things.agenda)
    page = sign_in(people.host).get(f"/moderation/{added.kind}/{added.item_id}").text
    for words in (WORDS, "Ana Prado", "Look at this.", 'value="keep"', 'value="hide"'):
        assert words in page, words
    assert 'value="remove"' not in page and 'value="ask_to_edit"' not in page
    assert queue_entries(things.other_host) == []
    with pytest.raises(Forbidden):
        review_context(things.other_host, *added.key)


def test_it_is_kept_or_hidden_with_a_reason_and_all_are_told(
    people: Any, sign_in: Any, added: Added
) -> None:
    actions.report(people.chitra, *added.key, "rules")
    with pytest.raises(Invalid):
        queue.decide(people.host, *added.key, Choice("hide"))
    with pytest.raises(Invalid):
        actions.decide(people.host, *added.key, "remove", REASONS)
    queue.decide(people.host, *added.key, Choice("hide", REASONS))
    make_notices(SYSTEM)
    told = {
        notice.member_id: notice.words
        for notice in db.session.scalars(select(Notice))
        if notice.kind in ("decision", "report")
    }
    assert told[people.ana.id] == "Hidden by the moderators. It is rude."
    assert told[people.chitra.id] == "Hidden: it broke the rules."
    assert added.kind not in {line.kind for line in queue_entries(people.host)}
    decision = db.session.scalars(select(Report)).one().decision_id
    page = sign_in(people.ana).get(f"/moderation/decisions/{decision}").text
    for words in (WORDS, "It is rude.", "Your text", "Appeal"):
        assert words in page, words
    assert faults_in(page) == [], "its headings skip no level"
    # The class `prose` keeps line breaks, so it must not be around HTML that has its own
    assert 'class="prose diff"' not in page and '<div class="diff">' not in page


def test_nobody_decides_about_reports_of_their_own(people: Any, things: Any) -> None:
    dialogue.mark(people.host, things.first.id, TRIED, "kept", WORDS)
    mine = own_mark(people.host, things.first.id)
    actions.report(people.chitra, "mark", mine.id, "rules")
    (line,) = [line for line in queue_entries(people.host) if line.kind == "mark"]
    assert line.is_for_others and review_context(people.host, "mark", mine.id).deeds == []
    with pytest.raises(Forbidden):
        actions.decide(people.host, "mark", mine.id, "keep")
    actions.decide(people.moderator, "mark", mine.id, "hide", REASONS)
    with pytest.raises(Forbidden):
        actions.decide(people.host, "mark", mine.id, "restore")


def test_an_appeal_that_is_right_brings_it_back(client: Any, people: Any, added: Added) -> None:
    before = client.get(added.page).text
    actions.report(people.chitra, *added.key, "rules")
    decision = actions.decide(people.host, *added.key, "hide", REASONS)
    asked = appeals.appeal(people.ana, decision.id, "It is no insult.")
    with pytest.raises(Forbidden):
        appeals.decide_appeal(people.host, asked.id, REVERSED, "Right.")
    appeals.decide_appeal(people.moderator, asked.id, REVERSED, "Right.")
    assert client.get(added.page).text == before


def test_a_decision_is_undone_and_its_reports_wait_again(people: Any, added: Added) -> None:
    actions.report(people.chitra, *added.key, "rules")
    decision = actions.decide(people.host, *added.key, "hide", REASONS)
    actions.undo(people.host, decision.id)
    assert get_thing(VISITOR, *added.key).state == "shown"
    assert review_context(people.host, *added.key).reports
    hidden = actions.decide(people.host, *added.key, "hide", REASONS)
    restored = actions.decide(people.host, *added.key, "restore")
    actions.undo(people.host, restored.id)
    thing = get_thing(people.host, *added.key)
    assert (thing.state, thing.row.hidden_reason) == ("hidden", thing.row.hidden_reason)
    assert "2" in thing.row.hidden_reason or hidden.rule_name in thing.row.hidden_reason


def test_log_and_register_call_it_by_its_name(
    client: Any, sign_in: Any, people: Any, added: Added
) -> None:
    actions.decide(people.host, *added.key, "hide", REASONS)
    name = {
        "mark": "Note on trying it",
        "followup": "What happened next",
        "reservation": "Reservation",
    }[added.kind]
    for page in (
        sign_in(people.moderator).get("/moderation/log").text,
        client.get("/transparency/decisions").text,
    ):
        assert name in page
    assert "restrictions,hide,person,1" in client.get("/transparency.csv").text


def test_what_is_taken_back_after_a_report_is_answered_as_a_deleted_post_is(
    people: Any, added: Added, question: Topic
) -> None:
    actions.report(people.chitra, *added.key, "rules")
    if added.kind == "mark":
        given = db.session.get_one(Mark, added.item_id)
        dialogue.unmark(people.ana, given.post_id, TRIED)
    elif added.kind == "reservation":
        signed = db.session.get_one(Signature, added.item_id)
        declarations.take_signature_back(people.ana, signed.declaration_id, signed.id)
    else:
        advice.withdraw_follow_up(people.ana, question.id)
    opened = review_context(people.host, *added.key)
    assert (opened.thing.state, opened.deeds) == ("gone", ["keep"])
    with pytest.raises(Conflict):
        actions.decide(people.host, *added.key, "hide", REASONS)
    actions.decide(people.host, *added.key, "keep")
    make_notices(SYSTEM)
    mine = Notice.member_id == people.chitra.id
    told = db.session.scalars(select(Notice).where(mine, Notice.kind == "report"))
    assert [notice.words for notice in told] == ["Its author has deleted it."]


def test_it_goes_out_of_sight_and_away_with_what_it_is_added_to(
    people: Any, things: Any, note: Mark
) -> None:
    actions.report(people.chitra, "mark", note.id, "rules")
    actions.decide(people.host, "post", note.post_id, "hide", REASONS)
    with pytest.raises(NotFound):
        get_thing(people.chitra, "mark", note.id)
    assert get_thing(people.host, "mark", note.id).state == "shown"
    actions.decide(people.host, "post", note.post_id, "restore")
    dialogue.delete(people.ben, note.post_id)
    assert review_context(people.host, "mark", note.id).thing.state == "gone"


def test_it_is_decided_where_its_topic_has_gone(
    people: Any, things: Any, question: Topic, note: Mark
) -> None:
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes"))
    for kind, item_id in (("mark", note.id), ("followup", told.id)):
        actions.report(people.chitra, kind, item_id, "rules")
    for topic_id in (things.topic.id, question.id):
        actions.move(people.moderator, topic_id, things.other.id)
    kinds = {line.kind for line in queue_entries(things.other_host)}
    assert {"mark", "followup"} <= kinds
    assert not {"mark", "followup"} & {line.kind for line in queue_entries(people.host)}


def test_who_leaves_in_silence_takes_it_along(people: Any, added: Added) -> None:
    actions.report(people.chitra, *added.key, "rules")
    name = people.ana.name
    remove_marks(SYSTEM, people.ana.id, 10)
    advice.forget_member(SYSTEM, people.ana.id, is_silent=True)
    unname(SYSTEM, people.ana.id, KnownAs(name, [], "A former member"), is_silent=True)
    said = db.session.scalars(select(Report)).one()
    db.session.refresh(said)
    # A reservation belongs to the organisation, and stays
    left = "shown" if added.kind == "reservation" else "gone"
    assert said.title == "A former member"
    assert review_context(people.host, *added.key).thing.state == left


def test_a_report_link_stands_beside_what_others_say(
    client: Any, sign_in: Any, people: Any, added: Added
) -> None:
    for browser in (client, sign_in(people.chitra)):
        assert f'href="{added.door}"' in browser.get(added.page).text
    assert f'href="{added.door}"' not in sign_in(people.ana).get(added.page).text
    page = sign_in(people.chitra).get(added.door).text
    headings = ("Report this note", "Report what happened next", "Report this reservation")
    assert any(words in page for words in headings)
    sent = sign_in(people.chitra).post(added.door, data={"reason": "rules"})
    assert sent.status_code == 303 and WORDS not in sent.location


def test_whose_profile_is_hidden_says_nothing_to_others(people: Any, note: Mark) -> None:
    actions.decide(people.moderator, "member", people.ana.id, "hide", REASONS)
    with pytest.raises(NotFound):
        get_thing(people.chitra, "mark", note.id)
    assert get_thing(people.host, "mark", note.id).title == WORDS


def test_what_an_advertiser_said_who_tried_it_goes_out_of_sight_with_the_account(
    client: Any, people: Any, practice: Any
) -> None:
    opening = opening_post_id(people.chitra, practice.topic_id)
    dialogue.mark(people.chitra, opening, TRIED, "kept", WORDS)
    assert WORDS in client.get(f"/practices/{practice.slug}").text
    actions.report(people.ana, "mark", own_mark(people.chitra, opening).id, "spam")
    actions.clear_spam(people.moderator, people.chitra.id)
    assert WORDS not in client.get(f"/practices/{practice.slug}").text
    assert WORDS not in client.get("/members/chitra-desai").text


def test_other_marks_are_no_things_of_moderation(people: Any, things: Any) -> None:
    dialogue.mark(people.ana, things.first.id, "useful")
    dialogue.mark(people.chitra, things.first.id, TRIED, "kept")
    mark_ids = db.session.scalars(select(Mark.id)).all()
    assert len(mark_ids) == 2
    for mark_id in mark_ids:
        with pytest.raises(NotFound):
            actions.report(people.ben, "mark", mark_id, "rules")


@pytest.mark.parametrize("added", ["a post", "a practice", "a question"], indirect=True)
@pytest.mark.parametrize("deed", ["hide", "keep"])
def test_a_decision_is_about_the_words_that_were_read(
    sign_in: Any, people: Any, added: Added, question: Topic, deed: str
) -> None:
    actions.report(people.chitra, *added.key, "rules")
    began = get_thing(people.host, *added.key).title
    browser, door = sign_in(people.host), f"/moderation/{added.kind}/{added.item_id}"
    page = browser.get(door).text
    assert "When it was reported it began" not in page
    (read,) = re.findall(r'name="read" type="hidden" value="(\w+)"', page)
    if added.kind == "mark":
        post_id = db.session.get_one(Mark, added.item_id).post_id
        dialogue.mark(people.ana, post_id, TRIED, "stopped", "It was hard.")
    else:
        advice.follow_up(people.ana, question.id, FollowUpText("It was hard.", "partly"))
    form = {"deed": deed, "rule": "2", "reason": "It is rude.", "seen": "0", "read": read}
    late = browser.post(f"{door}/decide", data=form)
    assert late.status_code == 409 and "changed this text meanwhile" in late.text
    for words in ("It was hard.", "When it was reported it began", began):
        assert words in late.text
    assert not db.session.scalars(select(Decision)).all()
    (anew,) = re.findall(r'name="read" type="hidden" value="(\w+)"', late.text)
    assert anew != read
    done = browser.post(f"{door}/decide", data=form | {"read": anew})
    assert done.status_code == 303
    assert db.session.scalars(select(Decision)).one().deed == deed


def test_what_went_while_its_page_was_open_is_not_decided_about(people: Any, note: Mark) -> None:
    actions.report(people.chitra, "mark", note.id, "rules")
    read = note.fingerprint
    dialogue.unmark(people.ana, note.post_id, TRIED)
    with pytest.raises(Conflict, match="changed this text"):
        actions.decide(people.host, "mark", note.id, "keep", read=read)
