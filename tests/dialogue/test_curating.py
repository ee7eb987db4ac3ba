"""What moderators do to topics and posts: the dialogue's actions that decisions call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import Topic
from forum.errors import Forbidden, NotFound
from forum.front.queries import contributions_of_member
from forum.markup import write
from forum.permissions import SYSTEM, VISITOR
from forum.search.models import Document
from tests.dialogue.conftest import events, fresh, kinds_found, topics_on
from tests.soundness import faults


def test_a_hidden_post_is_hidden_everywhere_and_comes_back(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Buy my xylophone."))
    actions.choose_answer(people.ana, topic.id, reply.id)
    with pytest.raises(Forbidden):
        actions.hide(people.ana, reply.id, "no")
    actions.hide(people.host, reply.id, "Advertising")
    topic = fresh(topic)
    assert (topic.replies_count, topic.answer_id, fresh(people.ben).posts_count) == (0, None, 0)
    assert not kinds_found(VISITOR, "xylophone")
    assert not events("reply") and not events("answer")
    assert not contributions_of_member(VISITOR, people.ben, 1).items
    actions.hide(people.host, reply.id, "Twice")
    actions.restore(people.host, reply.id)
    assert (fresh(topic).replies_count, fresh(people.ben).posts_count) == (1, 1)
    assert kinds_found(VISITOR, "xylophone") == ["post"]
    assert events("reply")
    assert fresh(reply).hidden_reason == ""


def test_a_topic_of_which_nothing_is_left_is_hidden_too(people: Any, topic: Topic) -> None:
    post = queries.first_post(topic)
    actions.hide(people.moderator, post.id, "Advertising")
    with pytest.raises(NotFound):
        queries.get_topic(people.ana, topic.id)
    assert topics_on(topic.agenda) == 0
    assert fresh(people.ana).posts_count == 0
    actions.restore(people.moderator, post.id)
    assert queries.get_topic(VISITOR, topic.id).excerpt == "It took two years."
    assert (topics_on(topic.agenda), fresh(people.ana).posts_count) == (1, 1)
    assert kinds_found(VISITOR, "years") == ["topic"]


def test_a_reply_that_nobody_sees_holds_no_topic_up_in_the_lists(people: Any, topic: Topic) -> None:
    """Neither a hidden one nor a deleted one; otherwise writing and deleting would be a way to the top."""
    opened_at = fresh(topic).active_at
    with at(opened_at + timedelta(days=1)):
        first = actions.reply(people.ben, topic.id, write("Buy my xylophone."))
    with at(opened_at + timedelta(days=2)):
        second = actions.reply(people.chitra, topic.id, write("Here, too."))

    def days() -> int:
        assert faults() == []
        return (fresh(topic).active_at - opened_at).days

    assert days() == 2
    actions.hide(people.moderator, first.id, "Advertising")
    assert days() == 2
    actions.hide(people.moderator, second.id, "Advertising")
    assert days() == 0
    actions.restore(people.moderator, first.id)
    assert days() == 1
    actions.restore(people.moderator, second.id)
    assert days() == 2
    actions.delete(people.chitra, second.id)
    assert days() == 1
    with at(opened_at + timedelta(days=3)):
        actions.reply(people.chitra, topic.id, write("Once more."))
    assert days() == 3


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_topic_that_was_hidden_as_empty_stands_where_the_post_that_is_back_puts_it(
    people: Any, topic: Topic, order: tuple[int, int]
) -> None:
    post, opened_at = queries.first_post(topic), fresh(topic).active_at
    with at(opened_at + timedelta(days=1)):
        reply = actions.reply(people.ben, topic.id, write("Like this."))
    for n in order:
        actions.hide(people.moderator, (post, reply)[n].id, "Advertising")
    actions.restore(people.moderator, post.id)
    assert fresh(topic).active_at == opened_at and faults() == []


def test_the_posts_of_all_who_wrote_in_a_topic_are_counted_in_one_statement(
    people: Any, topic: Topic, queries: Any
) -> None:
    def numbers() -> list[int]:
        return [fresh(member).posts_count for member in (people.ana, people.ben, people.chitra)]

    actions.reply(people.ben, topic.id, write("Like this."))
    actions.reply(people.ben, topic.id, write("And like that."))
    seen: dict[Any, dict[int, int]] = {}
    for authors, more in ((2, ()), (5, (people.chitra, people.host, people.administrator))):
        for member in more:
            actions.reply(member, topic.id, write("Me too."))
        for deed in (actions.hide_topic, actions.restore_topic):
            with queries() as made:
                deed(people.moderator, topic.id)
            seen.setdefault(deed, {})[authors] = made.count
            is_shown = deed is actions.restore_topic
            assert numbers() == ([1, 2, min(len(more), 1)] if is_shown else [0, 0, 0])
    assert all(made[2] == made[5] for made in seen.values()), seen


@pytest.mark.parametrize("first", ["opening", "reply"])
def test_a_topic_of_which_nothing_was_left_comes_back_with_any_of_its_posts(
    people: Any, topic: Topic, first: str
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    posts = {"opening": queries.first_post(topic).id, "reply": reply.id}
    with at(now() + timedelta(seconds=30)):
        actions.hide(people.moderator, posts["opening"], "Rule 1")
    with at(now() + timedelta(seconds=60)):
        actions.hide(people.moderator, posts["reply"], "Rule 2")
    assert (fresh(topic).hidden_reason, topics_on(topic.agenda)) == ("Rule 2", 0)
    actions.restore(people.moderator, posts[first])
    assert fresh(topic).hidden_at is None and queries.get_topic(VISITOR, topic.id)
    actions.restore(people.moderator, posts["reply" if first == "opening" else "opening"])
    assert (fresh(topic).replies_count, fresh(people.ana).posts_count) == (1, 1)
    assert (topics_on(topic.agenda), fresh(people.ben).posts_count) == (1, 1)


def test_a_topic_that_is_hidden_for_itself_stays_so_whatever_its_posts_do(
    people: Any, topic: Topic
) -> None:
    post = queries.first_post(topic)
    actions.hide(people.moderator, post.id, "Rule 1")
    actions.hide_topic(people.moderator, topic.id, "Rule 2")
    actions.restore(people.moderator, post.id)
    assert fresh(topic).hidden_reason == "Rule 2" and fresh(topic).hidden_at
    actions.restore_topic(people.moderator, topic.id)
    assert queries.get_topic(VISITOR, topic.id) and fresh(people.ana).posts_count == 1


@pytest.mark.parametrize("hidden", ["opening", "reply"])
def test_what_is_hidden_can_be_shown_again_when_its_author_has_deleted_the_last_other_post(
    people: Any, topic: Topic, hidden: str
) -> None:
    replies = [actions.reply(people.ben, topic.id, write(f"Answer {n}.")) for n in range(2)]
    opening = queries.first_post(topic)
    kept = opening if hidden == "opening" else replies[1]
    actions.hide(people.moderator, kept.id, "Rule 2")
    for post in (opening, *replies):
        if post.id != kept.id:
            actions.delete(people.ana if post is opening else people.ben, post.id)
    assert fresh(topic).deleted_at is None and topics_on(topic.agenda) == 0
    with pytest.raises(NotFound):
        queries.get_topic(VISITOR, topic.id)
    # The reason for hiding the reply does not apply to the opening post, which its author deleted
    reason = "Rule 2" if hidden == "opening" else ""
    assert queries.get_topic(people.moderator, topic.id).hidden_reason == reason
    actions.restore(people.moderator, kept.id)
    assert queries.get_topic(VISITOR, topic.id) and topics_on(topic.agenda) == 1
    author = people.ana if hidden == "opening" else people.ben
    assert fresh(author).posts_count == 1 and fresh(topic).hidden_reason == ""
    actions.delete(author, kept.id)
    assert fresh(topic).deleted_at and topics_on(topic.agenda) == 0


def test_a_topic_ends_with_the_last_post_though_that_is_hidden(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    opening = queries.first_post(topic)
    actions.hide(people.moderator, opening.id, "Rule 1")
    with at(now() + timedelta(seconds=30)):
        actions.hide(people.moderator, reply.id, "Rule 2")
    actions.delete_posts(SYSTEM, [reply.id])  # as when its author has left the forum
    assert fresh(topic).deleted_at is None and fresh(topic).hidden_reason == "Rule 1"
    actions.delete_posts(SYSTEM, [opening.id])
    assert fresh(topic).deleted_at


def test_a_hidden_topic_takes_its_posts_along(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("A xylophone."))
    actions.hide_topic(people.moderator, topic.id)
    assert not kinds_found(VISITOR, "xylophone")
    assert not queries.topics(VISITOR, queries.TopicFilter()).items
    assert not contributions_of_member(people.ana, people.ben, 1).items
    assert (fresh(people.ben).posts_count, topics_on(topic.agenda)) == (0, 0)
    with pytest.raises(NotFound):
        queries.get_post(people.ana, reply.id)
    actions.restore_topic(people.moderator, topic.id)
    assert kinds_found(VISITOR, "xylophone") == ["post"]
    assert (fresh(people.ben).posts_count, topics_on(topic.agenda)) == (1, 1)


def test_locking_and_pinning_are_undone(people: Any, topic: Topic) -> None:
    for deed, undo, moment in (
        (actions.lock, actions.unlock, "locked_at"),
        (actions.pin, actions.unpin, "pinned_at"),
    ):
        assert getattr(deed(people.host, topic.id), moment)
        assert getattr(undo(people.host, topic.id), moment) is None


def test_a_topic_moves_with_its_count_and_its_documents(people: Any, topic: Topic) -> None:
    actions.reply(people.ben, topic.id, write("Yes."))
    other = agendas.write_agenda(people.moderator, agendas.AgendaText("Other", write("Text.")))
    with pytest.raises(Forbidden):
        actions.move(people.host, topic.id, other.id)
    actions.move(people.moderator, topic.id, other.id)
    assert (topics_on(topic.agenda), topics_on(other)) == (0, 1)
    assert set(db.session.scalars(select(Document.agenda_id))) == {other.id}
