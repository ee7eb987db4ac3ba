"""Notes of marks that are hidden: who reads them, what notices say of them, what becomes of their marks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.appeals import actions as appeals
from forum.appeals.models import REVERSED
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import TRIED, Mark, Post
from forum.dialogue.queries import derived_values, mark_given, tried_in
from forum.errors import Forbidden, NotFound
from forum.library.queries import opening_post_id
from forum.mail.commands import write_digests, write_notice_letters
from forum.moderation import actions
from forum.moderation.queries import review_context
from forum.notifications.actions import make_notices
from forum.notifications.models import Event, Notice
from forum.permissions import SYSTEM
from tests.moderation.attached.conftest import REASONS, WORDS, Added, own_mark


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
    actions.decide(people.host, "mark", own_mark(people.ana, opening).id, "hide", REASONS)
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
    given = own_mark(people.ana, opening)
    assert review_context(people.host, "mark", given.id).thing.language == "fr"
    actions.decide(people.host, "mark", given.id, "hide", REASONS)
    for reader in (people.host, people.ana):
        page = sign_in(reader).get(f"/practices/{practice.slug}").text
        assert '<q lang="fr" dir="auto">Trop cher.</q>' in page


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
    kept = own_mark(people.ana, note.post_id)
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
    again = own_mark(people.ana, note.post_id)
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
    assert own_mark(people.ana, note.post_id).note == "It was hard."
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
    actions.decide(people.host, "mark", own_mark(people.ana, opening).id, "hide", REASONS)
    browser, door = sign_in(people.ana), f"/practices/{practice.slug}/tried"
    for page in (
        browser.get(door).text,
        browser.post(f"/posts/{opening}/mark", data={"kind": TRIED}).text,
    ):
        assert "A moderator has hidden what you said" in page and 'name="note"' not in page
    assert browser.post(door, data={"outcome": "adapted"}).status_code == 303
    assert own_mark(people.ana, opening).outcome == "adapted"


def test_a_mark_of_another_never_gets_the_number_of_one_that_was_reported(
    people: Any, note: Mark
) -> None:
    actions.report(people.chitra, "mark", note.id, "rules")
    dialogue.unmark(people.ana, note.post_id, TRIED)
    dialogue.mark(people.chitra, note.post_id, TRIED, "kept", "It went well.")
    assert own_mark(people.chitra, note.post_id).id > note.id
    assert review_context(people.host, "mark", note.id).thing.state == "gone"


def test_a_note_whose_words_are_taken_out_is_gone(people: Any, note: Mark) -> None:
    actions.report(people.chitra, "mark", note.id, "rules")
    dialogue.mark(people.ana, note.post_id, TRIED, "stopped")
    assert review_context(people.host, "mark", note.id).thing.state == "gone"
    with pytest.raises(NotFound):
        actions.report(people.ben, "mark", note.id, "rules")


def test_a_page_with_a_hidden_note_asks_as_often_as_before(
    client: Any, people: Any, added: Added, queries: Any
) -> None:
    with queries() as before:
        client.get(added.page)
    actions.decide(people.host, *added.key, "hide", REASONS)
    with queries() as after:
        client.get(added.page)
    assert after.count <= before.count
