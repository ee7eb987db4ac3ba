"""Voting in polls, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.dialogue import actions, queries
from forum.dialogue.models import PollText, Post, Topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.members import actions as members
from forum.permissions import SYSTEM, VISITOR
from tests.dialogue.polls.conftest import START, counted, opened, options


def test_members_vote_change_their_vote_and_take_it_back(people: Any, post: Post) -> None:
    of = options(post)
    actions.vote(people.ben, post.id, [of["Trees"]])
    actions.vote(people.host, post.id, [of["Trees"]])
    assert counted(post) == (2, {"Trees": 2, "Bollards": 0, "A fine": 0})
    actions.vote(people.ben, post.id, [of["Bollards"]])
    actions.vote(people.ben, post.id, [of["Bollards"]])
    assert counted(post) == (2, {"Trees": 1, "Bollards": 1, "A fine": 0})
    actions.unvote(people.ben, post.id)
    actions.unvote(people.ben, post.id)
    assert counted(post) == (1, {"Trees": 1, "Bollards": 0, "A fine": 0})


def test_authors_vote_in_their_own_polls_and_in_no_other(
    people: Any, agenda: Agenda, post: Post
) -> None:
    other = queries.first_post(opened(people.ana, agenda, PollText("What else?", ("One", "Two"))))
    actions.vote(people.ana, post.id, [options(post)["A fine"]])
    assert counted(post)[0] == 1 and counted(other)[0] == 0


def test_who_leaves_takes_their_own_votes_along(people: Any, agenda: Agenda, post: Post) -> None:
    poll = PollText("What have you?", ("Trees", "Bollards", "A fine"), is_multiple=True)
    several = queries.first_post(opened(people.ana, agenda, poll))
    of = options(several)
    actions.vote(people.ben, post.id, [options(post)["Trees"]])
    actions.vote(people.ben, several.id, [of["Trees"], of["A fine"]])
    actions.vote(people.host, several.id, [of["Trees"]])
    assert actions.remove_votes(SYSTEM, people.ben.id, 2) == 2
    assert counted(post) == (0, {"Trees": 0, "Bollards": 0, "A fine": 0})
    assert counted(several) == (2, {"Trees": 1, "Bollards": 0, "A fine": 1})
    assert actions.remove_votes(SYSTEM, people.ben.id, 2) == 1
    assert counted(several) == (1, {"Trees": 1, "Bollards": 0, "A fine": 0})


def test_several_options_are_chosen_where_the_author_says_so(people: Any, agenda: Agenda) -> None:
    poll = PollText("What have you?", ("Trees", "Bollards", "A fine"), is_multiple=True)
    post = queries.first_post(opened(people.ana, agenda, poll))
    of = options(post)
    actions.vote(people.ben, post.id, [of["Trees"], of["A fine"]])
    actions.vote(people.host, post.id, [of["Trees"]])
    assert counted(post) == (2, {"Trees": 2, "Bollards": 0, "A fine": 1})
    actions.vote(people.ben, post.id, [of["Bollards"], of["A fine"]])
    assert counted(post) == (2, {"Trees": 1, "Bollards": 1, "A fine": 1})
    row = queries.polls_below(people.ben, [post])[post.id]
    assert [(option.percent, option.is_mine) for option in row.options] == [
        (50, False),
        (50, True),
        (50, True),
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Choose an option."),
        (("Trees", "Bollards"), "Choose one option only."),
        (("a stranger",), "The options have changed. Choose again."),
    ],
)
def test_a_vote_that_does_not_fit_is_refused(
    people: Any, agenda: Agenda, post: Post, words: tuple[str, ...], why: str
) -> None:
    other = queries.first_post(opened(people.ben, agenda, PollText("What else?", ("One", "Two"))))
    of = options(post) | {"a stranger": options(other)["One"]}
    with pytest.raises(Invalid, match=why):
        actions.vote(people.host, post.id, [of[word] for word in words])
    assert counted(post)[0] == 0


def test_what_is_closed_hidden_locked_or_archived_counts_no_votes(
    people: Any, agenda: Agenda, topic: Topic, post: Post
) -> None:
    of = options(post)
    actions.lock(people.moderator, topic.id, "It is settled.")
    for member in (people.ben, people.moderator):
        with pytest.raises(Forbidden, match=r"locked.*It is settled"):
            actions.vote(member, post.id, [of["Trees"]])
    actions.unlock(people.moderator, topic.id)
    agendas.archive(people.moderator, agenda.id)
    with pytest.raises(Forbidden, match="archived"):
        actions.vote(people.ben, post.id, [of["Trees"]])
    agendas.reopen(people.moderator, agenda.id)
    members.silence(people.moderator, people.ben.id, now() + timedelta(days=1))
    with pytest.raises(Forbidden, match="paused your right to write"):
        actions.vote(people.ben, post.id, [of["Trees"]])
    with pytest.raises(Forbidden):
        actions.vote(VISITOR, post.id, [of["Trees"]])
    actions.hide(people.moderator, post.id, "It is rude.")
    with pytest.raises((Forbidden, NotFound)):
        actions.vote(people.host, post.id, [of["Trees"]])


def test_a_poll_closes_by_itself(people: Any, agenda: Agenda) -> None:
    poll = PollText("Which?", ("One", "Two"), lasts="week")
    with at(START):
        post = queries.first_post(opened(people.ana, agenda, poll))
    of = options(post)
    with at(START + timedelta(days=7, seconds=-1)):
        actions.vote(people.ben, post.id, [of["One"]])
    with at(START + timedelta(days=7)):
        with pytest.raises(Conflict, match="This poll is closed"):
            actions.vote(people.ben, post.id, [of["Two"]])
        with pytest.raises(Conflict, match="This poll is closed"):
            actions.unvote(people.ben, post.id)
    assert counted(post) == (1, {"One": 1, "Two": 0})


def test_author_and_moderators_close_it(people: Any, agenda: Agenda) -> None:
    for closer in (people.ana, people.host, people.moderator):
        post = queries.first_post(opened(people.ana, agenda, title=f"Which, {closer.name}?"))
        with pytest.raises(Forbidden):
            actions.close_poll(people.ben, post.id)
        actions.close_poll(closer, post.id)
        with pytest.raises(Conflict):
            actions.close_poll(closer, post.id)
        with pytest.raises(Conflict):
            actions.vote(people.ben, post.id, [options(post)["Trees"]])
