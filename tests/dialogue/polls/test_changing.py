"""Making polls, changing and removing them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from forum.agendas.models import Agenda
from forum.clock import at
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import MAX_OPTION, MAX_OPTIONS, MAX_QUESTION, PollText, Post, Topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from tests.dialogue.polls.conftest import START, TREES, counted, opened, options, rows_left


@pytest.mark.parametrize(
    ("poll", "field"),
    [
        (PollText("", ("One", "Two")), "question"),
        (PollText("?" * (MAX_QUESTION + 1), ("One", "Two")), "question"),
        (PollText("Which?", ("One", " ")), "options"),
        (PollText("Which?", tuple(map(str, range(MAX_OPTIONS + 1)))), "options"),
        (PollText("Which?", ("One", "x" * (MAX_OPTION + 1))), "options"),
        (PollText("Which?", ("Café", "  CAFE ")), "options"),
        (PollText("Which?", ("One", "Two"), lasts="century"), "lasts"),
    ],
)
def test_a_poll_that_cannot_be_asked_is_refused(
    people: Any, agenda: Agenda, poll: PollText, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        opened(people.ana, agenda, poll)
    assert refused.value.field == field
    assert db.session.scalar(select(func.count()).select_from(Topic)) == 0


def test_it_is_changed_until_somebody_votes(people: Any, topic: Topic, post: Post) -> None:
    old = options(post)
    changed = PollText(" What  helps? ", ("Hedges", "", " Paint "), is_multiple=True, lasts="month")
    with at(START):
        actions.set_poll(people.ana, post.id, changed)
    row = queries.polls_below(people.ben, [post])[post.id]
    assert (row.question, row.is_multiple) == ("What helps?", True)
    assert row.closes_at == START + timedelta(days=30)
    assert [option.words for option in row.options] == ["Hedges", "Paint"]
    # A vote from a page with the former options is refused, and chooses no other option
    with pytest.raises(Invalid, match="have changed"):
        actions.vote(people.ben, post.id, [old["Trees"]])
    actions.vote(people.ben, post.id, [options(post)["Paint"]])
    with pytest.raises(Conflict, match="Somebody has voted already"):
        actions.set_poll(people.ana, post.id, TREES)


def test_only_the_author_of_the_first_text_puts_one_below_it(people: Any, agenda: Agenda) -> None:
    topic = opened(people.ana, agenda, None)
    post = queries.first_post(topic)
    reply = actions.reply(people.ana, topic.id, write("And hedges?"))
    for member in (people.ben, people.moderator):
        with pytest.raises(Forbidden):
            actions.set_poll(member, post.id, TREES)
    with pytest.raises(Conflict, match="opens a topic"):
        actions.set_poll(people.ana, reply.id, TREES)
    actions.set_poll(people.ana, post.id, TREES)
    assert list(options(post)) == ["Trees", "Bollards", "A fine"]


def test_the_author_removes_it_with_its_votes_and_no_other(
    people: Any, agenda: Agenda, post: Post
) -> None:
    other = queries.first_post(opened(people.ana, agenda, PollText("What else?", ("One", "Two"))))
    actions.vote(people.ben, other.id, [options(other)["One"]])
    actions.vote(people.ben, post.id, [options(post)["Trees"]])
    for member in (people.ben, people.moderator):
        with pytest.raises(Forbidden):
            actions.remove_poll(member, post.id)
    assert not actions.remove_poll(people.ana, post.id).has_poll
    assert rows_left() == (1, 2, 1) and counted(other) == (1, {"One": 1, "Two": 0})
    with pytest.raises(NotFound):
        actions.remove_poll(people.ana, post.id)


def test_it_goes_with_its_post(people: Any, agenda: Agenda, topic: Topic, post: Post) -> None:
    actions.vote(people.ben, post.id, [options(post)["Trees"]])
    target = opened(people.ben, agenda, None, title="Cars and streets")
    moved = actions.merge(people.moderator, topic.id, target.id)
    assert post.number == 2
    assert queries.polls_below(people.ben, [post])[post.id].voters_count == 1
    actions.vote(people.host, post.id, [options(post)["A fine"]])
    actions.unmerge(people.moderator, moved)
    assert counted(post) == (2, {"Trees": 1, "Bollards": 0, "A fine": 1})
    actions.hide(people.moderator, post.id, "It is rude.")
    assert queries.polls_below(people.ben, [post]) == {}
    actions.restore(people.moderator, post.id)
    assert queries.polls_below(people.ben, [post])[post.id].voters_count == 2
    actions.delete(people.ana, post.id)
    assert rows_left() == (0, 0, 0)


def test_who_deletes_a_text_is_told_that_its_poll_goes_too(
    people: Any, topic: Topic, post: Post, sign_in: Any
) -> None:
    def asked() -> str:
        return str(sign_in(people.ana).get(f"/posts/{post.id}/delete").text)

    assert "The poll below it goes with all its votes. This cannot be undone." in asked()
    actions.remove_poll(people.ana, post.id)
    assert "The poll below it" not in asked()


def test_who_sends_a_form_twice_gets_one_poll_and_loses_none(people: Any, agenda: Agenda) -> None:
    new = actions.NewTopic("question", "How do you keep cars away?", write("Text."))
    first = actions.open_topic(people.ana, agenda.id, new, "key")
    asking = replace(new, poll=TREES)
    with pytest.raises(Invalid, match="with another text"):
        actions.open_topic(people.ana, agenda.id, asking, "key")
    second = actions.open_topic(people.ana, agenda.id, asking, "another key")
    assert second.id != first.id
    again = actions.open_topic(people.ana, agenda.id, asking, "another key")
    twice = actions.open_topic(people.ana, agenda.id, asking, "a third key")
    assert again.id == twice.id == second.id and twice.is_duplicate
    assert rows_left() == (1, 3, 0)
    other = replace(asking, poll=replace(TREES, options=[*TREES.options, "Neither"]))
    assert actions.open_topic(people.ana, agenda.id, other, "a fourth key").id != second.id
