"""What the tests of polls share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import Poll, PollOption, PollText, PollVote, Post, Topic
from forum.markup import write

# After the shared datasets were created, however long the run takes
START = now() + timedelta(days=1)
TREES = PollText("Which of these keeps cars away?", ("Trees", "Bollards", "A fine"))


def opened(author: Any, agenda: Agenda, poll: PollText | None = TREES, **more: Any) -> Topic:
    new = actions.NewTopic("question", "How do you keep cars away?", write("We tried *paint*."))
    topic = actions.open_topic(author, agenda.id, replace(new, poll=poll, **more))
    assert isinstance(topic, Topic)
    return topic


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Topic:
    """A question of Ana with a poll."""
    return opened(people.ana, agenda)


@pytest.fixture
def post(topic: Topic) -> Post:
    return queries.first_post(topic)


def options(post: Post) -> dict[str, int]:
    """The ids of the options of a post's poll, by their words."""
    rows = db.session.execute(
        select(PollOption.words, PollOption.id)
        .join(Poll, Poll.id == PollOption.poll_id)
        .where(Poll.post_id == post.id)
        .order_by(PollOption.position)
    )
    return dict(map(tuple, rows))


def counted(post: Post) -> tuple[int, dict[str, int]]:
    """The stored counters of a poll: voters, and votes for each option. They are those of the votes that there are."""
    poll = db.session.scalars(select(Poll).where(Poll.post_id == post.id)).one()
    rows = db.session.execute(
        select(PollOption.words, PollOption.votes_count)
        .where(PollOption.poll_id == poll.id)
        .order_by(PollOption.position)
    )
    db.session.refresh(poll)
    votes = dict(map(tuple, rows))
    (voters,) = queries.derived_values(Poll, [poll.id])
    given = queries.derived_values(PollOption, list(options(post).values()))
    assert poll.voters_count == voters.voters_count
    assert sorted(votes.values()) == sorted(option.votes_count for option in given)
    return poll.voters_count, votes


def rows_left() -> tuple[int, ...]:
    """How many polls, options and votes there are."""
    kinds = (Poll, PollOption, PollVote)
    return tuple(db.session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds)


@pytest.fixture
def reply_with_poll(people: Any, agenda: Agenda, post: Post) -> Post:
    """A post with a poll that opened a topic; the topic was then merged into another one."""
    target = opened(people.ben, agenda, None, title="Cars and streets")
    actions.merge(people.moderator, post.topic_id, target.id)
    return queries.get_post(people.ana, post.id)
