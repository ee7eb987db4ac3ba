"""Texts attached to something else (the note of a "tried it" mark, a follow-up, a reservation) are reported and decided about as posts are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from forum.advice import actions as advice
from forum.advice.actions import FollowUpText
from forum.advice.models import FollowUp
from forum.advice.queries import follow_up_of
from forum.appeals import actions as appeals
from forum.appeals.models import REVERSED
from forum.clock import at, now
from forum.db import db
from forum.declarations import actions as declarations
from forum.declarations.models import Signature
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import remove_marks
from forum.dialogue.models import TRIED, Mark, Post, Topic
from forum.dialogue.queries import derived_values, get_topic, mark_given, posts_in, tried_in
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library import actions as library
from forum.library.queries import opening_post_id
from forum.mail.commands import write_digests, write_notice_letters
from forum.markup import PlainTexts, write
from forum.matches import KnownAs
from forum.members import actions as members
from forum.moderation import actions
from forum.moderation.actions import IllegalContentNotice, Reasons, unname
from forum.moderation.models import Decision, Report
from forum.moderation.queries import get_thing, review_context
from forum.notifications.actions import make_notices
from forum.notifications.models import Event, Notice
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions as queue
from forum.queue.actions import Choice
from forum.queue.queries import queue_entries
from forum.transfer.queries import stories_of

REASONS = Reasons("It is rude.", 2)
WORDS = "Only fools believed it."


@dataclass(frozen=True)
class Added:
    """An attached text: kind and id, its author, the page that shows it, and the route for reporting it."""

    kind: str
    item_id: int
    author: Any
    page: str
    door: str

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.item_id


@pytest.fixture
def practice(people: Any, things: Any) -> Any:
    """Ben's practice, published."""
    library.publish(people.moderator, things.practice.id)
    return things.practice


@pytest.fixture
def question(people: Any, things: Any) -> Topic:
    """A question of Ana's with a reply of Ben's."""
    asked = dialogue.NewTopic("question", "How do we calm the street?", write("It is loud."))
    topic = dialogue.open_topic(people.ana, things.agenda.id, asked)
    dialogue.reply(people.ben, topic.id, write("Ask the trams."))
    return topic


@pytest.fixture(params=["a post", "a practice", "a question", "a declaration"])
def added(request: Any, people: Any, things: Any, practice: Any, question: Topic) -> Added:
    """Ana's notes about a post and a practice that she tried, and the follow-up of her question."""
    if request.param == "a declaration":
        return _reservation(people, things)
    if request.param == "a question":
        told = advice.follow_up(
            people.ana, question.id, FollowUpText("We shut it.", "partly", WORDS)
        )
        door = f"/follow-ups/{told.id}/report"
        return Added("followup", told.id, people.ana, question.address, door)
    if request.param == "a post":
        post_id, page = things.first.id, f"/posts/{things.first.id}/marks"
    else:
        post_id = opening_post_id(people.ana, practice.topic_id)
        page = f"/practices/{practice.slug}"
    dialogue.mark(people.ana, post_id, TRIED, "stopped", WORDS)
    given = _given(people.ana, post_id)
    return Added("mark", given.id, people.ana, page, f"/marks/{given.id}/report")


def _reservation(people: Any, things: Any) -> Added:
    """The reservation of Ana's city in its signature of a declaration."""
    text = declarations.DeclarationText("Quiet nights", write("We want them."))
    made = declarations.write_declaration(people.host, things.agenda.id, text)
    declarations.open_declaration(people.host, made.id, PlainTexts())
    made = declarations.freeze(people.host, made.id, now().date() + timedelta(days=30))
    city = members.OrganisationText("Quiet City", "city", representative_id=people.ana.id)
    body = members.write_organisation(people.moderator, city)
    signing = declarations.Signing(made.digest, WORDS)
    signed = declarations.sign(people.ana, made.id, body.id, signing)
    door = f"/reservations/{signed.id}/report"
    return Added("reservation", signed.id, people.ana, made.address, door)


@pytest.fixture
def note(people: Any, things: Any) -> Mark:
    """Ana's note about a post of Ben's that she tried."""
    dialogue.mark(people.ana, things.first.id, TRIED, "stopped", WORDS)
    return _given(people.ana, things.first.id)


def _given(member: Any, post_id: int) -> Mark:
    given = mark_given(member, post_id, TRIED)
    assert given is not None
    return given


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
    # The class `prose` keeps line breaks, so it must not be around HTML that has its own
    assert 'class="prose diff"' not in page and '<div class="diff">' not in page


def test_nobody_decides_about_reports_of_their_own(people: Any, things: Any) -> None:
    dialogue.mark(people.host, things.first.id, TRIED, "kept", WORDS)
    mine = _given(people.host, things.first.id)
    actions.report(people.chitra, "mark", mine.id, "rules")
    (line,) = [line for line in queue_entries(people.host) if line.kind == "mark"]
    assert line.is_for_others and review_context(people.host, "mark", mine.id).deeds == []
    with pytest.raises(Forbidden):
        actions.decide(people.host, "mark", mine.id, "keep")
    actions.decide(people.moderator, "mark", mine.id, "hide", REASONS)
    with pytest.raises(Forbidden):
        actions.decide(people.host, "mark", mine.id, "restore")


def test_hidden_it_is_read_by_its_author_and_who_moderates_alone(
    client: Any, sign_in: Any, people: Any, added: Added
) -> None:
    assert WORDS in client.get(added.page).text
    actions.decide(people.host, *added.key, "hide", REASONS)
    for browser in (client, sign_in(people.chitra)):
        page = browser.get(added.page).text
        assert WORDS not in page
        # Of a reservation the page says so, because the organisation has not signed without one
        assert ("A moderator has hidden" in page) == (added.kind == "reservation")
        assert browser.get(added.door).status_code == 404
    mine = sign_in(people.ana).get(added.page).text
    for words in (WORDS, "A moderator has hidden", "Read why, and what you can do"):
        assert words in mine, words
    where = added.door.replace("report", "why")
    assert sign_in(people.ana).get(where).status_code == 303
    theirs = sign_in(people.host).get(added.page).text
    assert WORDS in theirs and f"/moderation/{added.kind}/{added.item_id}" in theirs


def test_of_a_hidden_note_the_mark_stays_and_is_counted(
    client: Any, people: Any, practice: Any
) -> None:
    opening = opening_post_id(people.ana, practice.topic_id)
    dialogue.mark(people.ana, opening, TRIED, "stopped", WORDS)
    page = f"/practices/{practice.slug}"
    places = [page, "/members/ana-prado", "/cities/medellin", "/practices?tried=stopped"]
    before = {place: client.get(place).text for place in places}
    assert all(WORDS in text for text in list(before.values())[:3])
    actions.decide(people.host, "mark", _given(people.ana, opening).id, "hide", REASONS)
    for place, text in before.items():
        after = client.get(place).text
        assert WORDS not in after, place
        assert ("Stopped" in after) == ("Stopped" in text), place
    assert "Medellín" in client.get(page).text and "Quiet asphalt" in client.get(places[-1]).text


def test_moderators_and_its_author_find_a_note_in_its_own_language(
    sign_in: Any, people: Any, practice: Any
) -> None:
    opening = opening_post_id(people.ana, practice.topic_id)
    dialogue.mark(people.ana, opening, TRIED, "stopped", "Trop cher.", language="fr")
    given = _given(people.ana, opening)
    assert review_context(people.host, "mark", given.id).thing.language == "fr"
    actions.decide(people.host, "mark", given.id, "hide", REASONS)
    for reader in (people.host, people.ana):
        page = sign_in(reader).get(f"/practices/{practice.slug}").text
        assert '<q lang="fr" dir="auto">Trop cher.</q>' in page


def test_of_hidden_what_happened_next_nothing_is_left(
    client: Any, people: Any, question: Topic, queries: Any
) -> None:
    bare = client.get(question.address).text
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes", WORDS))
    assert "What happened next" in client.get(question.address).text
    actions.decide(people.host, "followup", told.id, "hide", REASONS)
    with queries() as made:
        assert client.get(question.address).text == bare
    assert not [words for words in made.statements if "follow_up." in words]


def test_below_a_hidden_question_its_asker_alone_finds_what_happened_next_and_reads_why(
    client: Any, sign_in: Any, people: Any, question: Topic
) -> None:
    advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes", WORDS))
    for _number in range(25):
        dialogue.reply(people.ben, question.id, write("Raise the price."))
    asker, entry, hint = sign_in(people.ana), '#next">', "Readers do not see this as long as"
    pages = [question.address, f"{question.address}?page=2"]
    assert all(entry in client.get(page).text for page in pages)
    assert hint not in asker.get(question.address).text
    (opening, *_rest) = posts_in(people.ana, question, 1).items
    actions.decide(people.host, "post", opening.id, "hide", REASONS)
    assert not [page for page in pages if entry in client.get(page).text]
    for reader in (asker, sign_in(people.host)):
        text = reader.get(question.address).text
        assert entry in text and 'id="next"' in text and hint in text


def test_a_notice_of_a_mark_says_nothing_of_a_hidden_note(
    people: Any, note: Mark, letters: Any
) -> None:
    make_notices(SYSTEM)
    actions.decide(people.host, "mark", note.id, "hide", REASONS)
    (notice,) = db.session.scalars(select(Notice).where(Notice.kind == "mark")).all()
    assert (notice.member_id, notice.text) == (people.ben.id, "")
    with at(now() + timedelta(days=2)):
        write_notice_letters()
        write_digests()
    assert not [
        letter
        for letter in letters()
        if letter and letter.to == people.ben.email and WORDS in letter.text
    ]
    actions.decide(people.host, "mark", note.id, "restore")
    db.session.refresh(notice)
    assert notice.text == WORDS


def test_a_notice_of_a_mark_follows_the_note_that_is_edited_or_taken_back(
    people: Any, note: Mark, letters: Any
) -> None:
    make_notices(SYSTEM)
    dialogue.mark(people.chitra, note.post_id, TRIED, "kept", "It went well.")
    make_notices(SYSTEM)
    told = select(Notice.text).where(Notice.kind == "mark", Notice.member_id == people.ben.id)
    words_of_events = select(Event.text).where(Event.kind == "mark").order_by(Event.id)
    dialogue.mark(people.chitra, note.post_id, TRIED, "kept", "It was hard.")
    dialogue.mark(people.ana, note.post_id, TRIED, "stopped", "We gave up.")
    assert db.session.scalars(told).all() == ["It was hard."]
    assert db.session.scalars(words_of_events).all() == ["We gave up.", "It was hard."]
    dialogue.mark(people.ana, note.post_id, TRIED, "stopped")
    dialogue.unmark(people.chitra, note.post_id, TRIED)
    assert db.session.scalars(told).all() == [""]
    assert db.session.scalars(words_of_events).all() == ["", ""]
    with at(now() + timedelta(days=2)):
        write_notice_letters()
        write_digests()
    sent = [letter.text for letter in letters() if letter and letter.to == people.ben.email]
    assert not [text for text in sent if WORDS in text or "hard" in text or "well" in text]


def test_a_notice_that_nobody_has_yet_says_nothing_of_a_mark_taken_back(
    people: Any, note: Mark
) -> None:
    dialogue.unmark(people.ana, note.post_id, TRIED)
    make_notices(SYSTEM)
    told = select(Notice.text).where(Notice.kind == "mark")
    assert db.session.scalars(told).all() == [""]


def test_who_leaves_takes_the_words_of_marks_out_of_notices(people: Any, note: Mark) -> None:
    make_notices(SYSTEM)
    dialogue.remove_marks(SYSTEM, people.ana.id, 10)
    told = select(Notice.text).where(Notice.kind == "mark")
    assert db.session.scalars(told).all() == [""]


def test_a_notice_that_has_grown_says_nothing_of_it_either(people: Any, note: Mark) -> None:
    make_notices(SYSTEM)
    dialogue.mark(people.chitra, note.post_id, TRIED, "kept")
    make_notices(SYSTEM)
    (notice,) = db.session.scalars(select(Notice).where(Notice.kind == "mark")).all()
    assert (notice.actor_id, notice.others, notice.text) == (people.chitra.id, 1, WORDS)
    actions.decide(people.host, "mark", note.id, "hide", REASONS)
    db.session.refresh(notice)
    assert notice.text == ""


def test_a_hidden_note_is_not_said_anew_but_may_be_taken_back(people: Any, note: Mark) -> None:
    actions.decide(people.host, "mark", note.id, "hide", REASONS)
    with pytest.raises(Forbidden):
        dialogue.mark(people.ana, note.post_id, TRIED, "kept", "Only some believed it.")
    dialogue.mark(people.ana, note.post_id, TRIED, "kept")
    kept = _given(people.ana, note.post_id)
    assert (kept.outcome, kept.words, kept.note) == ("kept", WORDS, "")
    dialogue.unmark(people.ana, note.post_id, TRIED)
    for words in (WORDS, "It was hard."):
        with pytest.raises(Forbidden, match="appeal"):
            dialogue.mark(people.ana, note.post_id, TRIED, "kept", words)


def test_a_mark_taken_back_with_its_hidden_note_counts_no_more_and_is_decided_about_all_the_same(
    client: Any, sign_in: Any, people: Any, things: Any, note: Mark
) -> None:
    decision = actions.decide(people.host, "mark", note.id, "hide", REASONS)
    for _again in range(2):
        dialogue.unmark(people.ana, note.post_id, TRIED)
        assert (
            things.first.tried_count == 0 == derived_values(Post, [things.first.id])[0].tried_count
        )
        assert tried_in(things.first.topic_id) == []
    assert people.ana.name not in client.get(f"/posts/{note.post_id}/marks").text
    form = sign_in(people.ana).post(f"/posts/{note.post_id}/mark", data={"kind": TRIED}).text
    assert "A moderator has hidden what you said" in form and "take_back" not in form
    assert WORDS in sign_in(people.host).get(f"/moderation/mark/{note.id}").text
    assert WORDS in sign_in(people.ana).get(f"/moderation/decisions/{decision.id}").text
    marked = dialogue.mark(people.ana, note.post_id, TRIED, "kept")
    again = _given(people.ana, note.post_id)
    assert (again.id, again.kind, again.words, again.note) == (note.id, TRIED, WORDS, "")
    assert marked.tried_count == 1 == derived_values(Post, [things.first.id])[0].tried_count


@pytest.mark.parametrize("way", ["an appeal", "undo", "show again"])
def test_what_was_taken_back_goes_when_it_is_hidden_no_more(
    people: Any, things: Any, note: Mark, way: str
) -> None:
    actions.report(people.chitra, "mark", note.id, "rules")
    decision = actions.decide(people.host, "mark", note.id, "hide", REASONS)
    asked = appeals.appeal(people.ana, decision.id, "It is no insult.")
    dialogue.unmark(people.ana, note.post_id, TRIED)
    if way == "an appeal":
        appeals.decide_appeal(people.moderator, asked.id, REVERSED, "Right.")
    elif way == "undo":
        actions.undo(people.host, decision.id)
        assert review_context(people.host, "mark", note.id).thing.state == "gone"
    else:
        actions.decide(people.host, "mark", note.id, "restore")
    assert mark_given(people.ana, note.post_id, TRIED) is None
    dialogue.mark(people.ana, note.post_id, TRIED, "kept", "It was hard.")
    assert _given(people.ana, note.post_id).note == "It was hard."
    assert things.first.tried_count == 1


def test_who_leaves_takes_a_mark_along_that_was_taken_back(
    people: Any, things: Any, note: Mark
) -> None:
    actions.decide(people.host, "mark", note.id, "hide", REASONS)
    dialogue.unmark(people.ana, note.post_id, TRIED)
    assert dialogue.remove_marks(SYSTEM, people.ana.id, 10) == 1
    assert things.first.tried_count == 0 and not db.session.scalars(select(Mark)).all()


def test_the_form_says_that_a_note_is_hidden(sign_in: Any, people: Any, practice: Any) -> None:
    opening = opening_post_id(people.ana, practice.topic_id)
    dialogue.mark(people.ana, opening, TRIED, "stopped", WORDS)
    actions.decide(people.host, "mark", _given(people.ana, opening).id, "hide", REASONS)
    browser, door = sign_in(people.ana), f"/practices/{practice.slug}/tried"
    for page in (
        browser.get(door).text,
        browser.post(f"/posts/{opening}/mark", data={"kind": TRIED}).text,
    ):
        assert "A moderator has hidden what you said" in page and 'name="note"' not in page
    assert browser.post(door, data={"outcome": "adapted"}).status_code == 303
    assert _given(people.ana, opening).outcome == "adapted"


def test_hidden_what_happened_next_is_neither_told_anew_nor_taken_back(
    sign_in: Any, people: Any, question: Topic
) -> None:
    told = advice.follow_up(
        people.ana, question.id, FollowUpText("We shut it.", "not yet tried", WORDS)
    )
    actions.decide(people.host, "followup", told.id, "hide", REASONS)
    with pytest.raises(Forbidden):
        advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes"))
    browser, door = sign_in(people.ana), f"/topics/{question.id}/follow-up"
    assert browser.get(door).status_code == 403
    with at(now() + timedelta(days=200)):
        advice.look_after(SYSTEM)
    make_notices(SYSTEM)
    assert "followup" not in db.session.scalars(select(Notice.kind)).all()
    refused = browser.post(door, data={"take_back": "1"})
    assert refused.status_code == 403 and "You can appeal" in refused.text
    assert 'name="take_back"' not in browser.get(question.address).text
    actions.decide(people.host, "followup", told.id, "restore")
    assert browser.post(door, data={"take_back": "1"}).status_code == 303
    again = advice.follow_up(people.ana, question.id, FollowUpText("We opened it.", "yes"))
    assert again.id > told.id and again.hidden_at is None


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


def test_a_mark_of_another_never_gets_the_number_of_one_that_was_reported(
    people: Any, note: Mark
) -> None:
    actions.report(people.chitra, "mark", note.id, "rules")
    dialogue.unmark(people.ana, note.post_id, TRIED)
    dialogue.mark(people.chitra, note.post_id, TRIED, "kept", "It went well.")
    assert _given(people.chitra, note.post_id).id > note.id
    assert review_context(people.host, "mark", note.id).thing.state == "gone"


def test_a_note_whose_words_are_taken_out_is_gone(people: Any, note: Mark) -> None:
    actions.report(people.chitra, "mark", note.id, "rules")
    dialogue.mark(people.ana, note.post_id, TRIED, "stopped")
    assert review_context(people.host, "mark", note.id).thing.state == "gone"
    with pytest.raises(NotFound):
        actions.report(people.ben, "mark", note.id, "rules")


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


def test_a_question_of_which_what_happened_next_is_hidden_is_not_put_into_another(
    people: Any, things: Any, question: Topic
) -> None:
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes"))
    actions.decide(people.host, "followup", told.id, "hide", REASONS)
    with pytest.raises(Invalid):
        actions.merge(people.host, question.id, things.topic.id)


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


def test_a_page_with_a_hidden_note_asks_as_often_as_before(
    client: Any, people: Any, added: Added, queries: Any
) -> None:
    with queries() as before:
        client.get(added.page)
    actions.decide(people.host, *added.key, "hide", REASONS)
    with queries() as after:
        client.get(added.page)
    assert after.count <= before.count


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
    actions.report(people.ana, "mark", _given(people.chitra, opening).id, "spam")
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


def test_a_hidden_follow_up_is_known_to_its_question(people: Any, question: Topic) -> None:
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes"))
    actions.decide(people.host, "followup", told.id, "hide", REASONS)
    topic = get_topic(VISITOR, question.id)
    assert topic.followed_up_at is None and topic.follow_up_hidden_at == told.hidden_at
    actions.decide(people.host, "followup", told.id, "restore")
    topic = get_topic(VISITOR, question.id)
    assert topic.followed_up_at == told.told_at and topic.follow_up_hidden_at is None
    assert follow_up_of(topic) == db.session.scalars(select(FollowUp)).one()


def test_what_its_question_does_not_know_of_is_not_told_anywhere(
    client: Any, people: Any, question: Topic
) -> None:
    told = advice.follow_up(people.ana, question.id, FollowUpText("We shut it.", "yes", WORDS))
    assert stories_of([question.id]) and get_thing(VISITOR, "followup", told.id)
    db.session.execute(update(Topic).values(followed_up_at=None))
    assert not stories_of([question.id])
    for reader in (VISITOR, people.chitra, people.host):
        with pytest.raises(NotFound):
            get_thing(reader, "followup", told.id)
    assert WORDS not in client.get(question.address).text
