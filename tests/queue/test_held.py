"""Deciding about held texts, and looking at first posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.agendas.actions import AgendaText, set_hosts, write_agenda
from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members.actions import found_federation
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.moderation.queries import is_in_effect, review_context
from forum.notifications.actions import make_notices
from forum.notifications.models import Event, Notice, said_in
from forum.notifications.queries import inbox, notices_to_mail, unread_count
from forum.permissions import SYSTEM
from forum.queue.actions import write_note
from forum.queue.queries import (
    NO_FILTER,
    QueueFilter,
    opened_entry,
    queue_entries,
    waiting_count,
    with_titles,
)
from forum.screening.actions import RuleText, make_rule, set_newness


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Any:
    new = dialogue.NewTopic("question", "Why so loud?", write("Trams are loud."))
    return dialogue.open_topic(people.ben, agenda.id, new)


@pytest.fixture
def held(people: Any, topic: Any) -> Held:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    return dialogue.reply(people.ana, topic.id, write("A **casino** for all."))


def notices_of(member: Any) -> list[tuple[str, str, str]]:
    events = db.session.scalars(db.select(Event).where(Event.kind == "decision"))
    return [
        (event.title, f"{said_in(event.sentences, 'text')} {event.text}".strip(), event.address)
        for event in events
        if member.id in event.recipients
    ]


def test_what_waits_stands_in_the_queue(people: Any, agenda: Agenda, held: Held) -> None:
    for reader in (people.host, people.moderator):
        (line,) = with_titles(queue_entries(reader, QueueFilter(kind="held")))
        assert (line.kind, line.title) == ("held", "A casino for all.")
        assert waiting_count(reader) == 1
    opened = review_context(people.host, "held", held.id)
    assert opened.deeds == ["approve", "refuse"] and opened.thing.shown_in == "Why so loud?"
    with pytest.raises(Forbidden):
        queue_entries(people.ben, NO_FILTER)


def test_approving_publishes_it_and_is_written_down(people: Any, held: Held) -> None:
    decision = actions.approve(people.host, held.id, read=held.fingerprint)
    post = db.session.scalars(db.select(Post).where(Post.author_id == people.ana.id)).one()
    assert (decision.deed, decision.kind, decision.item_id) == ("approve", "held", held.id)
    assert decision.address == f"/posts/{post.id}" and waiting_count(people.host) == 0
    assert notices_of(people.ana) == [
        ("A casino for all.", "Published.", f"/moderation/decisions/{decision.id}")
    ]
    with pytest.raises(NotFound, match="published"):
        actions.approve(people.moderator, held.id)


def test_refusing_needs_a_reason_and_tells_its_author(people: Any, held: Held) -> None:
    with pytest.raises(Invalid, match="Say what happened"):
        actions.refuse(people.host, held.id, Reasons(" ", 2))
    decision = actions.refuse(
        people.host, held.id, Reasons("Rule 2.", 2), seen=0, read=held.fingerprint
    )
    assert decision.address == f"/waiting/{held.id}" and waiting_count(people.host) == 0
    ((_title, text, _address),) = notices_of(people.ana)
    assert text == "Not published. You can change it and send it again. Rule 2."
    assert review_context(people.moderator, "held", held.id).deeds == ["approve"]
    with pytest.raises(Conflict, match="already"):
        actions.refuse(people.moderator, held.id, Reasons("No.", 2))
    with pytest.raises(Conflict, match="Another moderator"):
        actions.approve(people.moderator, held.id, seen=0)
    assert actions.approve(people.moderator, held.id, seen=decision.id).deed == "approve"


@pytest.fixture
def refused(people: Any, held: Held) -> Notice:
    """Refuse a text; returns the notice to its author."""
    actions.refuse(people.host, held.id, Reasons("Rule 2.", 2))
    return told_by(people.ana, "Not published")


def told_by(member: Any, words: str) -> Notice:
    """The newest notice of a member that begins with words."""
    while make_notices(SYSTEM):
        pass
    theirs = db.select(Notice).where(Notice.member_id == member.id).order_by(Notice.id.desc())
    return next(notice for notice in db.session.scalars(theirs) if notice.words.startswith(words))


def waiting_and_mailed(member: Any) -> tuple[int, int]:
    """The number of a member's unread notices, and of all notices that are mailed at once."""
    db.session.expire_all()
    later = now() + timedelta(hours=1)
    mailed = [
        notice for notice in notices_to_mail(9, later, later) if notice.member_id == member.id
    ]
    return unread_count(member), len(mailed)


def test_a_refusal_waits_in_the_inbox_until_its_author_has_sent_the_text_again(
    people: Any, held: Held, refused: Notice
) -> None:
    assert waiting_and_mailed(people.ana) == (1, 1)
    with pytest.raises(Invalid):
        dialogue.revise(people.ana, held.id, write(" "))
    assert waiting_and_mailed(people.ana) == (1, 1)
    dialogue.revise(people.ana, held.id, write("A casino, with reasons."))
    assert waiting_and_mailed(people.ana) == (0, 0)
    (told,) = inbox(people.ana).told
    assert (told.id, told.words[-7:]) == (refused.id, "Rule 2.")
    actions.refuse(people.host, held.id, Reasons("Still no.", 2))
    assert told_by(people.ana, "Not published").words.endswith("Still no.")
    assert waiting_and_mailed(people.ana) == (1, 1)


def test_a_refusal_waits_in_the_inbox_until_its_author_has_deleted_the_text(
    people: Any, held: Held, refused: Notice
) -> None:
    dialogue.take_back(people.ana, held.id)
    assert waiting_and_mailed(people.ana) == (0, 0)


def test_a_refusal_waits_in_the_inbox_until_its_author_has_edited_the_post(
    people: Any, topic: Any
) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    post = dialogue.reply(people.ana, topic.id, write("Loud."))
    edit = dialogue.edit(people.ana, post.id, write("A casino."))
    actions.refuse(people.host, edit.id, Reasons("Rule 2.", 2))
    told_by(people.ana, "Not published")
    assert waiting_and_mailed(people.ana) == (1, 1)
    dialogue.edit(people.ana, post.id, write("A better casino."))
    assert waiting_and_mailed(people.ana) == (0, 0)


def test_a_refusal_is_taken_back(people: Any, held: Held) -> None:
    decision = actions.refuse(people.host, held.id, Reasons("Rule 2.", 2))
    assert actions.undo(people.host, decision.id).deed == "undo"
    assert review_context(people.host, "held", held.id).deeds == ["approve", "refuse"]
    assert notices_of(people.ana) == []


def test_a_failed_publication_leaves_no_decision(people: Any, topic: Any, held: Held) -> None:
    dialogue.lock(people.moderator, topic.id)
    with pytest.raises(Conflict, match="locked"):
        actions.approve(people.moderator, held.id)
    assert db.session.scalars(db.select(Decision)).all() == []
    assert waiting_count(people.host) == 1


def test_it_cannot_be_reported_hidden_or_kept(people: Any, held: Held) -> None:
    with pytest.raises(NotFound):
        actions.report(people.ben, "held", held.id, "spam")
    for deed in ("keep", "hide", "restore"):
        with pytest.raises((Conflict, KeyError)):
            actions.decide(people.moderator, "held", held.id, deed, Reasons("Rule 1.", 2))


def test_taken_back_it_is_gone_from_the_queue(people: Any, held: Held) -> None:
    dialogue.take_back(people.ana, held.id)
    assert waiting_count(people.host) == 0
    with pytest.raises(NotFound, match="taken it back"):
        review_context(people.host, "held", held.id)


def test_what_was_said_of_a_text_that_is_gone_is_not_said_of_the_next(
    people: Any, topic: Any, held: Held
) -> None:
    write_note(people.moderator, "held", held.id, "Ana again.")
    refusal = actions.refuse(people.moderator, held.id, Reasons("Rule 1.", 1))
    dialogue.take_back(people.ana, held.id)
    another = dialogue.reply(people.ben, topic.id, write("A casino of mine."))
    opened = opened_entry(people.moderator, "held", another.id)
    assert (opened.notes, opened.about.seen) == ([], 0)
    actions.approve(people.host, another.id, read=another.fingerprint)
    assert is_in_effect(refusal)


def test_it_goes_along_when_its_topic_is_put_into_another(
    people: Any, agenda: Agenda, held: Held
) -> None:
    new = dialogue.NewTopic("question", "The other one", write("Here."))
    target = dialogue.open_topic(people.ben, agenda.id, new)
    actions.merge(people.host, held.topic_id, target.id)
    actions.approve(people.host, held.id)
    post = db.session.scalars(db.select(Post).where(Post.author_id == people.ana.id)).one()
    assert post.topic_id == target.id


# First posts


@pytest.fixture
def first(people: Any, topic: Any) -> Post:
    set_newness(people.administrator, days=14, posts=3, first_posts=1)
    return dialogue.reply(people.ana, topic.id, write("My first words here."))


def test_a_first_post_is_kept_with_one_press(people: Any, first: Post) -> None:
    (line,) = queue_entries(people.host, NO_FILTER)
    assert (line.kind, line.item_id, line.is_first, waiting_count(people.host)) == (
        "post",
        first.id,
        True,
        1,
    )
    opened = review_context(people.host, "post", first.id)
    assert opened.is_first and opened.deeds[:2] == ["keep", "hide"]
    decision = actions.decide(people.host, "post", first.id, "keep")
    assert waiting_count(people.host) == 0 and notices_of(people.ana) == []
    with pytest.raises(Conflict):
        actions.decide(people.host, "post", first.id, "keep")
    actions.undo(people.host, decision.id)
    assert waiting_count(people.host) == 1


def test_a_reported_first_post_is_one_entry(people: Any, first: Post) -> None:
    actions.report(people.ben, "post", first.id, "spam")
    (line,) = queue_entries(people.host, NO_FILTER)
    assert line.is_first and line.reports == 1 and waiting_count(people.host) == 1
    actions.decide(people.host, "post", first.id, "hide", Reasons("Rule 1.", 2))
    assert waiting_count(people.host) == 0


def test_first_posts_wait_for_their_own_hosts(people: Any, first: Post) -> None:
    other = write_agenda(people.moderator, AgendaText("Other", write("Text.")))
    set_hosts(people.moderator, other.id, [people.chitra.handle])
    db.session.refresh(people.chitra)
    assert waiting_count(people.chitra) == 0 and queue_entries(people.chitra, NO_FILTER) == []


# Pages


def test_the_queue_shows_it_and_decides(sign_in: Any, people: Any, held: Held) -> None:
    found_federation(SYSTEM, "Quiet cities")
    browser = sign_in(people.host)
    page = browser.get(f"/moderation/held/{held.id}").get_data(as_text=True)
    for words in (
        "A rule holds this back",
        "A word: casino",
        "We read this first.",
        "Do not publish",
    ):
        assert words in page, words
    form = {"deed": "refuse", "rule": "2", "seen": "0", "read": held.fingerprint}
    answer = browser.post(f"/moderation/held/{held.id}/decide", data=form)
    assert answer.status_code == 422 and "Say what happened" in answer.get_data(as_text=True)
    dialogue.revise(db.session.get_one(type(people.ana), people.ana.id), held.id, write("Casino!"))
    form |= {"reason": "Rule 2."}
    answer = browser.post(f"/moderation/held/{held.id}/decide", data=form)
    assert answer.status_code == 409 and "changed this text" in answer.get_data(as_text=True)
    for deed in ("keep", "hide", "publish"):
        answer = browser.post(f"/moderation/held/{held.id}/decide", data=form | {"deed": deed})
        assert answer.status_code == 422, deed
    form["read"] = db.session.get_one(Held, held.id).fingerprint
    assert browser.post(f"/moderation/held/{held.id}/decide", data=form).status_code == 303
    page = browser.get(f"/moderation/held/{held.id}").get_data(as_text=True)
    assert "Not published" in page
    mine = sign_in(people.ana).get(f"/waiting/{held.id}").get_data(as_text=True)
    assert "Rule 2." in mine and "Casino!" in mine
