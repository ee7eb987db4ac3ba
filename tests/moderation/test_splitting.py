"""Splitting topics."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import get_topic, posts_in
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.moderation import actions, queries
from forum.permissions import VISITOR
from tests.moderation.conftest import (
    PART,
    REASONS,
    found,
    notices_of,
    part,
    reading,
    shown,
    split,
    undo,
)

pytestmark = pytest.mark.usefixtures("sound")


def test_split_posts_keep_their_ids_and_all_that_belongs_to_them(
    client: Any, people: Any, things: Any
) -> None:
    third = dialogue.reply(people.ben, things.topic.id, quoting(things.second))
    dialogue.mark(people.ana, things.second.id, "tried it", "kept", "It helped.")
    new = split(people.host, things, things.second, third)
    assert (new.title, new.kind, new.author_id) == (PART["title"], "question", people.chitra.id)
    assert (new.posts_count, new.replies_count) == (2, 1)
    assert [post.id for post in posts_in(VISITOR, new, 1).items] == [things.second.id, third.id]
    assert posts_in(VISITOR, new, 1).items[0].tried_count == 1
    assert shown(VISITOR, things.topic.id) == [1, 2]
    old = get_topic(VISITOR, things.topic.id)
    assert (old.posts_count, old.replies_count) == (4, 1)
    for post, number in ((things.second, 1), (third, 2)):
        assert client.get(f"/posts/{post.id}").location == f"{new.address}#post-{number}"
    assert dialogue.reply(people.ana, things.topic.id, write("Further.")).number == 5
    assert found("kind answer") >= 1


def quoting(post: Any) -> Any:
    return write(f"> [Chitra](/posts/{post.id}):\n> A kind answer.\n\nI agree.")


def test_a_line_says_where_posts_went_and_came_from(
    client: Any, people: Any, things: Any, queries: Any
) -> None:
    dialogue.reply(people.ben, things.topic.id, write("After it."))
    client.get(things.topic.address)
    with queries() as before:
        client.get(f"{things.topic.address}?page=1")
    new = split(people.host, things, things.second)
    old = client.get(things.topic.address).get_data(as_text=True)
    assert "1 post went to" in old and old.index("1 post went to") < old.index("After it.")
    assert new.address in old
    page = client.get(new.address).get_data(as_text=True)
    assert "1 post came from" in page and things.topic.address in page
    with queries() as after:
        client.get(f"{things.topic.address}?page=1")
    assert after.count == before.count + 2


def test_the_line_names_no_topic_that_is_hidden(client: Any, people: Any, things: Any) -> None:
    new = split(people.host, things, things.second)
    assert PART["title"] in client.get(things.topic.address).text
    actions.decide(people.host, "topic", new.id, "hide", REASONS)
    assert PART["title"] not in client.get(things.topic.address).text
    actions.decide(people.host, "topic", new.id, "restore")
    assert things.topic.title in client.get(new.address).text
    actions.decide(people.host, "topic", things.topic.id, "hide", REASONS)
    assert things.topic.title not in client.get(new.address).text


def test_notices_watches_and_places_follow_the_posts(people: Any, things: Any) -> None:
    dialogue.read(people.ana, things.topic.id, 3)
    dialogue.read(people.moderator, things.topic.id, 2)
    notices_of(people.ana)
    new = split(people.host, things, things.second)
    (notice,) = [n for n in notices_of(people.ana) if n.post_id == things.second.id]
    assert (notice.topic_id, notice.heading) == (new.id, PART["title"])
    assert reading(people.chitra, new).level == "watching"
    assert reading(people.ben, new).level == ""
    assert reading(people.ana, new).place == 1
    assert reading(people.moderator, new).place == 0
    (said,) = [n for n in notices_of(people.chitra) if n.kind == "decision"]
    assert (said.address, said.title) == (new.address, PART["title"])
    assert not [n for n in notices_of(people.ben) if n.kind == "decision"]


def test_the_answer_that_leaves_is_the_answer_no_more_and_comes_back(
    people: Any, things: Any, answer: Any
) -> None:
    new = split(people.host, things, answer)
    assert get_topic(VISITOR, things.topic.id).answer_id is None
    (told,) = [n for n in notices_of(people.ana) if n.kind == "decision"]
    assert told.address == things.topic.address and f"in “{new.title}” now" in told.words
    undo(people.host)
    assert get_topic(VISITOR, things.topic.id).answer_id == answer.id


def test_an_answer_chosen_since_is_none_when_its_topic_is_gone(people: Any, things: Any) -> None:
    third = dialogue.reply(people.ben, things.topic.id, write("Very."))
    new = split(people.host, things, things.second, third)
    dialogue.choose_answer(people.chitra, new.id, third.id)
    undo(people.host)
    gone = db.session.get_one(Topic, new.id)
    assert gone.deleted_at and gone.answer_id is None


def test_who_splits_off_the_answer_reads_what_becomes_of_it(
    sign_in: Any, people: Any, agenda: Any
) -> None:
    new = dialogue.NewTopic("question", "How loud?", write("How loud is it?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    replies = [dialogue.reply(people.ben, topic.id, write(said)) for said in ("Very.", "Quite.")]
    dialogue.choose_answer(people.ana, topic.id, replies[0].id)
    for reply, kind in zip(replies, ("experience", "question"), strict=True):
        page = sign_in(people.host).get(f"/topics/{topic.id}/posts/split?post={reply.id}").text
        is_warned = "the answer that the asker has chosen" in page
        assert is_warned == (kind == "experience")
        (ticked,) = [field for field in re.findall("<input[^>]*>", page) if " checked" in field]
        assert f'value="{kind}"' in ticked


def test_splitting_is_undone(client: Any, people: Any, things: Any) -> None:
    new = split(people.moderator, things, things.first, things.second, agenda_id=things.other.id)
    assert new.agenda_id == things.other.id
    undo(people.moderator)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]
    old = get_topic(VISITOR, things.topic.id)
    assert (old.replies_count, old.posts_count) == (2, 3)
    with pytest.raises(NotFound):
        get_topic(people.moderator, new.id)
    answer = client.get(new.address)
    assert (answer.status_code, answer.location) == (301, old.address)
    assert "went to" not in client.get(old.address).get_data(as_text=True)


def test_what_was_written_since_is_not_taken_away(people: Any, things: Any) -> None:
    new = split(people.host, things, things.second)
    dialogue.reply(people.ana, new.id, write("Well said."))
    with pytest.raises(Conflict):
        undo(people.host)
    assert shown(VISITOR, new.id) == [1, 2]


def test_splitting_is_refused_in_words(people: Any, agenda: Any, things: Any) -> None:
    opening = posts_in(VISITOR, things.topic, 1).items[0]
    comment = dialogue.reply(people.ana, things.case.topic_id, write("A comment."))
    for refusal, topic_id, ids, more in (
        (Invalid, things.topic.id, [], {}),
        (Invalid, things.topic.id, [opening.id], {}),
        (NotFound, things.topic.id, [things.first.id, comment.id], {}),
        (NotFound, things.topic.id, [things.first.id, 2**31 - 1], {}),
        (Invalid, things.topic.id, [things.first.id], {"title": "x"}),
        (Invalid, things.topic.id, [things.first.id], {"kind": "case"}),
        (Invalid, things.case.topic_id, [comment.id], {}),
        (Forbidden, things.topic.id, [things.first.id], {"agenda_id": things.other.id}),
    ):
        with pytest.raises(refusal):
            actions.split(people.host, topic_id, ids, part(things, **more))
    actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    with pytest.raises(Conflict):
        split(people.host, things, things.first)
    assert [d.deed for d in queries.decision_log(people.moderator).items] == ["hide"]
