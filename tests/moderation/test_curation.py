"""The deeds of moderators on texts: removing, asking to edit, notes; what follows from each, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.appeals.actions import appeal, decide_appeal
from forum.db import at, db, now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import get_post, get_topic, posts_in
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.notifications.actions import make_notices
from forum.notifications.queries import notices_of
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find
from forum.upkeep.queries import checks, faults_of

RUDE = Reasons("It is rude.", 2)


@pytest.fixture(autouse=True)
def sound(app: Flask) -> Iterator[None]:
    """Whatever a test did, `flask check` finds nothing wrong afterwards."""
    yield
    while make_notices(SYSTEM):
        pass
    assert [fault for check in checks() for fault in faults_of(check)] == []


def told(member: Any) -> list[Any]:
    while make_notices(SYSTEM):
        pass
    return list(notices_of(member).items)


def shown(reader: Any, topic_id: int) -> list[int]:
    topic = get_topic(reader, topic_id)
    return [post.number for post in posts_in(reader, topic, 1).items]


def found(words: str) -> int:
    return find(VISITOR, Query(words)).page.total


# Removing


def test_of_a_removed_post_readers_see_nothing_and_moderators_all(people: Any, things: Any) -> None:
    actions.decide(people.host, "post", things.first.id, "remove", RUDE)
    for reader in (VISITOR, people.chitra, people.ben):
        assert shown(reader, things.topic.id) == [1, 3]
        with pytest.raises(NotFound):
            get_post(reader, things.first.id)
    for reader in (people.host, people.moderator):
        assert shown(reader, things.topic.id) == [1, 2, 3]
    topic = get_topic(VISITOR, things.topic.id)
    assert (topic.replies_count, topic.posts_count) == (1, 3)
    assert found("rude") == 0


def test_the_author_of_a_removed_post_reads_it_with_the_reasons(
    sign_in: Any, people: Any, things: Any
) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "remove", RUDE)
    (notice,) = [one for one in told(people.ben) if one.kind == "decision"]
    assert notice.text == "Removed by the moderators. It is rude."
    browser = sign_in(people.ben)
    page = browser.get(f"/moderation/decisions/{decision.id}").get_data(as_text=True)
    assert "A rude" in page and "Be fair to people" in page and "Appeal" in page
    assert browser.get(f"/posts/{things.first.id}").status_code == 404
    assert "hidden by a moderator" not in browser.get(things.topic.address).get_data(as_text=True)


def test_nobody_does_anything_to_a_removed_post(people: Any, things: Any) -> None:
    actions.decide(people.moderator, "post", things.first.id, "remove", RUDE)
    for deed in (
        lambda: dialogue.mark(people.chitra, things.first.id, "useful"),
        lambda: dialogue.edit(people.ben, things.first.id, write("Better.")),
        lambda: actions.report(people.chitra, "post", things.first.id, "spam"),
    ):
        with pytest.raises(NotFound):
            deed()


def test_what_is_hidden_can_be_removed_and_not_the_other_way(people: Any, things: Any) -> None:
    actions.decide(people.moderator, "post", things.first.id, "hide", RUDE)
    actions.decide(people.host, "post", things.first.id, "remove", RUDE)
    with pytest.raises(Conflict):
        actions.decide(people.moderator, "post", things.first.id, "hide", RUDE)
    undone = actions.undo(people.host, queries.my_latest(people.host).id)  # type: ignore[union-attr]
    assert undone.deed == "undo" and shown(VISITOR, things.topic.id) == [1, 2, 3]
    post = get_post(VISITOR, things.first.id)
    assert post.is_gone and post.hidden_reason == "Rule 2: Be fair to people"


def test_removing_is_undone_and_reversed_after_an_appeal(people: Any, things: Any) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "remove", RUDE)
    said = appeal(people.ben, decision.id, "It was a quotation.")
    decide_appeal(people.moderator, said.id, "reversed", "So it was.")
    assert not get_post(VISITOR, things.first.id).is_gone
    assert found("rude") == 1
    assert get_member(SYSTEM, people.ben.handle).posts_count == 1


def test_restoring_what_was_removed_can_be_undone(people: Any, things: Any) -> None:
    actions.decide(people.host, "post", things.first.id, "remove", RUDE)
    restored = actions.decide(people.moderator, "post", things.first.id, "restore")
    assert not get_post(VISITOR, things.first.id).is_gone
    actions.undo(people.moderator, restored.id)
    assert get_post(people.host, things.first.id).removed_at


def test_a_topic_is_removed_and_restored(people: Any, things: Any) -> None:
    decision = actions.decide(people.host, "topic", things.topic.id, "remove", RUDE)
    with pytest.raises(NotFound):
        get_topic(people.ana, things.topic.id)
    assert get_topic(people.host, things.topic.id).removed_at
    text = queries.own_text(people.ana, decision)
    assert text is not None and "bells" in text.source
    assert [n.text for n in told(people.ben) if n.kind == "decision"] == [
        "It is hidden, and your posts with it."
    ]
    actions.decide(people.host, "topic", things.topic.id, "restore")
    assert get_topic(VISITOR, things.topic.id).removed_at is None


def test_a_topic_of_which_nothing_is_left_is_removed_with_its_last_post(
    people: Any, agenda: Any, things: Any
) -> None:
    new = dialogue.NewTopic("experience", "Alone", write("Nobody answered."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    opening = posts_in(VISITOR, topic, 1).items[0]
    actions.decide(people.host, "post", opening.id, "remove", RUDE)
    assert get_topic(people.host, topic.id).removed_at
    actions.decide(people.host, "post", opening.id, "restore")
    kept = get_topic(VISITOR, topic.id)
    assert kept.removed_at is None and kept.excerpt == "Nobody answered."


@pytest.mark.parametrize("kind", ["case", "practice", "member"])
def test_only_posts_and_topics_are_removed(people: Any, things: Any, kind: str) -> None:
    ids = {"case": things.case.id, "practice": things.practice.id, "member": people.ben.id}
    with pytest.raises(Invalid):
        actions.decide(people.moderator, kind, ids[kind], "remove", RUDE)


def test_removing_asks_for_its_reasons(people: Any, things: Any) -> None:
    for reasons in (Reasons(), Reasons("It is rude."), Reasons("", 2)):
        with pytest.raises(Invalid):
            actions.decide(people.moderator, "post", things.first.id, "remove", reasons)


def test_advertising_is_removed(people: Any, things: Any) -> None:
    decision = actions.clear_spam(people.moderator, people.ben.id)
    assert shown(VISITOR, things.topic.id) == [1, 3]
    actions.undo(people.moderator, decision.id)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]
    assert not get_post(VISITOR, things.first.id).is_gone


# Asking to edit


def test_the_author_is_asked_and_led_to_the_form(sign_in: Any, people: Any, things: Any) -> None:
    actions.report(people.chitra, "post", things.first.id, "rules")
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))
    (notice,) = [one for one in told(people.ben) if one.kind == "decision"]
    assert notice.address == f"/posts/{things.first.id}/edit"
    assert notice.text == "The moderators ask you to change this. Name no names."
    assert [n.text for n in told(people.chitra) if n.kind == "report"] == [
        "The author is asked to change it."
    ]
    browser = sign_in(people.ben)
    assert "Name no names." in browser.get(notice.address).get_data(as_text=True)
    assert "ask you to change this" in browser.get(things.topic.address).get_data(as_text=True)
    others = sign_in(people.chitra).get(things.topic.address).get_data(as_text=True)
    assert "asked to edit" not in others and "ask you to change" not in others


def test_moderators_see_whether_it_was_edited_since(sign_in: Any, people: Any, things: Any) -> None:
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))
    browser = sign_in(people.moderator)
    assert "has not done so since" in browser.get(things.topic.address).get_data(as_text=True)
    with pytest.raises(Conflict):
        actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Again."))
    dialogue.edit(people.ben, things.first.id, write("A polite answer."))
    assert ", and did on" in browser.get(things.topic.address).get_data(as_text=True)
    page = browser.get(f"/moderation/post/{things.first.id}").get_data(as_text=True)
    assert "It was edited since" in page
    page = sign_in(people.ben).get(f"/posts/{things.first.id}/edit").get_data(as_text=True)
    assert "Name no names." not in page
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("And the date."))


def test_a_request_restricts_nobody_and_can_be_taken_back(people: Any, things: Any) -> None:
    asked = actions.ask_to_edit(people.host, "topic", things.topic.id, Reasons("A clearer title."))
    assert asked.deed not in queries.RESTRICTING
    actions.undo(people.host, asked.id)
    assert get_topic(VISITOR, things.topic.id)
    post = posts_in(people.host, get_topic(people.host, things.topic.id), 1).items[0]
    assert post.edit_asked_at is None


def test_who_cannot_edit_is_not_asked(people: Any, things: Any) -> None:
    with pytest.raises(Invalid):
        actions.ask_to_edit(people.host, "post", things.first.id, Reasons(" "))
    with pytest.raises(Invalid):
        actions.ask_to_edit(people.moderator, "member", people.ben.id, Reasons("Your photo."))
    actions.lock(people.host, things.topic.id, Reasons("Enough."))
    with pytest.raises(Conflict):
        actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))


# Notes


def test_a_note_stands_below_the_post_for_all(
    client: Any, sign_in: Any, people: Any, things: Any
) -> None:
    actions.note(people.host, things.first.id, write("This is **not** so, see <script>."))
    page = client.get(things.topic.address).get_data(as_text=True)
    assert "Note by the moderators" in page and "<strong>not</strong> so" in page
    assert "<script>." not in page
    (notice,) = [one for one in told(people.ben) if one.kind == "decision"]
    assert notice.text.startswith("The moderators added a note below it.")
    assert found("see") == 0
    changed = actions.note(people.moderator, things.first.id, write("It is so."))
    assert "It is so." in client.get(things.topic.address).get_data(as_text=True)
    actions.undo(people.moderator, changed.id)
    assert "<strong>not</strong> so" in client.get(things.topic.address).get_data(as_text=True)
    actions.unnote(people.host, things.first.id)
    page = client.get(things.topic.address).get_data(as_text=True)
    assert "Note by the moderators" not in page


def test_a_note_is_refused_in_words(people: Any, things: Any) -> None:
    for text in ("", " ", "x" * 2_001):
        with pytest.raises(Invalid):
            actions.note(people.host, things.first.id, write(text))
    with pytest.raises(Conflict):
        actions.unnote(people.host, things.first.id)
    actions.decide(people.host, "post", things.first.id, "hide", RUDE)
    with pytest.raises(Conflict):
        actions.note(people.host, things.first.id, write("Too late."))


def test_a_note_goes_with_its_post(people: Any, things: Any) -> None:
    actions.note(people.host, things.first.id, write("Ben Okoth is wrong."))
    dialogue.delete(people.ben, things.first.id)
    post = get_post(people.host, things.first.id)
    assert (post.note_source, post.note_html, post.note_at) == ("", "", None)


# Who may


@pytest.mark.parametrize("who", ["ana", "ben", "chitra"])
def test_members_and_other_hosts_do_none_of_it(people: Any, things: Any, who: str) -> None:
    person = getattr(people, who)
    for deed in (
        lambda: actions.decide(person, "post", things.first.id, "remove", RUDE),
        lambda: actions.decide(person, "topic", things.topic.id, "remove", RUDE),
        lambda: actions.ask_to_edit(person, "post", things.first.id, RUDE),
        lambda: actions.note(person, things.first.id, write("No.")),
        lambda: actions.unnote(person, things.first.id),
        lambda: dialogue.remove(person, things.first.id, ""),
        lambda: dialogue.remove_topic(person, things.topic.id),
        lambda: dialogue.ask_to_edit(person, things.first.id),
        lambda: dialogue.take_request_back(person, things.first.id),
        lambda: dialogue.note(person, things.first.id, write("No.")),
    ):
        with pytest.raises(Forbidden):
            deed()
    assert not db.session.scalars(select(Decision)).all()


def test_after_ten_minutes_nothing_is_taken_back(people: Any, things: Any) -> None:
    with at(now() - timedelta(minutes=11)):
        decision = actions.decide(people.host, "post", things.first.id, "remove", RUDE)
    with pytest.raises(Conflict):
        actions.undo(people.host, decision.id)
