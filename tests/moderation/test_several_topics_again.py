"""What was decided about several topics is taken back as far as it can be, and sent twice it is one deed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from forum.agendas import actions as agendas
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.errors import Conflict
from forum.markup import write
from forum.moderation import actions, queries
from forum.moderation.models import Decision
from forum.permissions import SYSTEM
from tests.moderation.conftest import undo
from tests.moderation.test_on_the_page import land, undo_in
from tests.moderation.test_several_topics import WHY, ids, state, topics
from tests.moderation.test_taken_back import notices_of, they_read

__all__ = ["topics"]
pytestmark = pytest.mark.usefixtures("sound")


def how_many_decisions() -> int:
    return db.session.scalar(select(func.count()).select_from(Decision)) or 0


@pytest.mark.parametrize("word", ["lock", "move", "theme"])
def test_a_button_that_is_pressed_twice_leads_to_what_happened(
    sign_in: Any, people: Any, agenda: Any, things: Any, topics: list[Any], word: str
) -> None:
    noise = agendas.write_theme(people.moderator, "Noise")
    browser, address = sign_in(people.moderator), f"/agendas/{agenda.slug}/topics/{word}"
    sent = {
        "topic": ids(topics),
        "reason": "They go on elsewhere.",
        "agenda": things.other.id,
        "theme": noise.slug,
        "shown": noise.slug,
    }
    first = browser.post(address, data=sent)
    count = how_many_decisions()
    again = browser.post(address, data=sent)
    assert again.status_code == 303 and again.location == first.location
    assert how_many_decisions() == count and undo_in(land(browser, again).text)
    for other in ({"reason": "For another reason."}, {"topic": ids(topics)[:1]}):
        assert browser.post(address, data={**sent, **other}).status_code == 409


def test_the_same_of_another_moderator_or_after_it_was_taken_back_is_no_second_press(
    people: Any, agenda: Any, topics: list[Any]
) -> None:
    chosen = ids(topics)
    actions.lock_several(people.host, agenda.id, chosen, WHY)
    with pytest.raises(Conflict):
        actions.lock_several(people.moderator, agenda.id, chosen, WHY)
    undo(people.host)
    actions.lock_several(people.moderator, agenda.id, chosen, WHY)
    with pytest.raises(Conflict):
        actions.lock_several(people.host, agenda.id, chosen, WHY)


def test_those_that_have_not_changed_are_taken_back_and_the_page_says_why_others_are_not(
    sign_in: Any, people: Any, agenda: Any, things: Any, topics: list[Any]
) -> None:
    browser, here = sign_in(people.host), f"/agendas/{agenda.slug}/topics"
    sent = {"topic": ids(topics), "reason": "They go on elsewhere."}
    page = land(browser, browser.post(f"{here}/lock", data=sent))
    address, fields = undo_in(page.text) or ("", {})
    actions.move(people.moderator, topics[2].id, things.other.id)
    for _time in range(2):  # whichever of them the page names
        page = land(browser, browser.post(address, data=fields))
        if _time == 0:
            assert "except what has changed since" in page.text
            assert "Not taken back: somebody has decided about it since." in page.text
            assert "It is locked already." in page.text and "Taken back on" in page.text
    assert page.status_code == 409
    assert not state(topics[0])[1] and state(topics[2])[1] and state(topics[1])[1]


def test_one_that_is_deleted_or_has_another_title_stays(
    people: Any, agenda: Any, topics: list[Any]
) -> None:
    noise = agendas.write_theme(people.moderator, "Noise").id
    made = actions.theme_several(people.host, agenda.id, ids(topics), noise, WHY)
    opening = select(Post.id).where(Post.topic_id == topics[0].id)
    dialogue.delete_posts(SYSTEM, list(db.session.scalars(opening)))
    dialogue.retitle(people.moderator, topics[2].id, "Quieter ferries", [noise])
    undone = undo(people.host)
    assert undone.item_id == topics[1].id and state(topics[1])[2] == []
    assert state(topics[2])[2] == ["Noise"]
    undoings = queries.undoings_of(made.decisions)
    left = queries.left_when_undone(people.host, made.decisions, undoings)
    assert set(left.values()) == {"lost", "titled"}


def test_nothing_is_taken_back_when_all_have_changed(
    people: Any, agenda: Any, topics: list[Any]
) -> None:
    made = actions.lock_several(people.host, agenda.id, ids(topics), WHY)
    for topic in (topics[0], topics[2]):
        actions.unlock(people.moderator, topic.id)
    with pytest.raises(Conflict):
        actions.undo(people.host, made.decisions[-1].id)


def test_what_was_moved_out_of_preparation_together_stays_and_says_why(
    people: Any, things: Any
) -> None:
    text = agendas.AgendaText("Shady streets", write("Shade."), is_open=False)
    hidden = agendas.write_agenda(people.moderator, text)
    made = [
        dialogue.open_topic(
            people.moderator, hidden.id, dialogue.NewTopic("question", title, write("Where?"))
        )
        for title in ("Which trees?", "Which awnings?")
    ]
    actions.move_several(people.moderator, hidden.id, ids(made), things.other.id)
    with pytest.raises(Conflict, match="out of an agenda in preparation"):
        undo(people.moderator)
    assert {state(topic)[0] for topic in made} == {things.other.id}


@pytest.mark.parametrize("is_read", [True, False])
def test_authors_are_told_what_is_taken_back_and_what_stays(
    people: Any, agenda: Any, things: Any, topics: list[Any], is_read: bool
) -> None:
    """Ana has one that is taken back and one that stays; Ben's one is taken back."""
    actions.unlock(people.moderator, topics[1].id)
    notices_of(people.ana, people.ben)
    they_read(people.ana, people.ben)
    actions.lock_several(people.host, agenda.id, ids(topics), WHY)
    if is_read:
        they_read(people.ana, people.ben)
    actions.move(people.moderator, topics[1].id, things.other.id)
    undo(people.host)
    locked = [
        (notice.member_id, notice.heading, notice.words)
        for notice in notices_of(people.ana, people.ben)
        if "Locked" in notice.words or "taken back" in notice.words
    ][1:]  # without that of a lock before
    stays = "Locked: it takes no more replies. They go on elsewhere."
    if is_read:
        assert [words.count("taken back") for _id, _title, words in locked] == [0, 0, 1, 1]
    else:
        assert locked == [(people.ana.id, "Quiet trams", stays)]
