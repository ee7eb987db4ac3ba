"""Topics, posts and polls as the API answers them."""

from __future__ import annotations

from collections.abc import Sequence

from forum.api import models
from forum.api.views._addresses import address, address_of, api_address
from forum.api.views._answers_of_members import (
    agenda_reference,
    author,
    organisation_reference,
    themes,
)
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import PollRow, polls_below
from forum.permissions import VISITOR


def topic(found: Topic, *, is_answered: bool) -> models.Topic:
    """A topic, with agenda, author, organisation and themes loaded."""
    return models.Topic(
        id=found.id,
        kind=found.kind,
        title=found.title,
        language=found.language,
        url=address_of(found.address),
        api_url=api_address("topic", topic_id=found.id),
        posts_url=api_address("posts_of_topic", topic_id=found.id),
        agenda=agenda_reference(found.agenda),
        author=author(found.author),
        organisation=organisation_reference(found.organisation),
        themes=themes(found.themes),
        replies=found.replies_count,
        is_answered=is_answered,
        created_at=found.created_at,
        active_at=found.active_at,
        locked_at=found.locked_at,
        slowed_at=found.slowed_at,
        slow_until=found.slow_until,
        slow_minutes=found.slow_minutes,
    )


def posts(found: Sequence[Post]) -> list[models.Post]:
    """Posts that visitors see, with the polls below them."""
    polls = polls_below(VISITOR, found)
    return [post(shown, polls.get(shown.id)) for shown in found]


def post(found: Post, asked: PollRow | None) -> models.Post:
    """A post, with its topic, author and organisation loaded."""
    return models.Post(
        id=found.id,
        topic_id=found.topic_id,
        number=found.number,
        url=address("dialogue.post", post_id=found.id),
        api_url=api_address("post", post_id=found.id),
        author=author(found.author),
        organisation=organisation_reference(found.organisation),
        language=found.language,
        html=found.html,
        note_html=found.note_html or None,
        paragraph=found.paragraph,
        is_answer=found.topic.answer_id == found.id,
        marks=models.Marks(found.useful_count, found.same_here_count, found.tried_count),
        poll=poll(asked) if asked else None,
        created_at=found.created_at,
        edited_at=found.edited_at,
    )


def poll(found: PollRow) -> models.Poll:
    """A poll."""
    return models.Poll(
        question=found.question,
        is_multiple=found.is_multiple,
        options=[models.Option(option.words, option.votes_count) for option in found.options],
        voters=found.voters_count,
        closes_at=found.closes_at,
        closed_at=found.closed_at,
    )
