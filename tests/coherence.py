"""What always holds between topics, posts, texts that wait and notices, whichever deeds came before.

`flask check` looks at what can be counted anew or mended; this looks at what would be a fault of a deed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.commitments.models import Commitment, Milestone
from forum.db import db
from forum.dialogue.models import Held, Post, Topic
from forum.notifications.models import Event, Notice
from forum.parallels.models import Translation

# Notices of these say what was decided or waits, also about what is gone
OF_MODERATION = ("decision", "queue", "urgent")
# Notices that are taken back by themselves while their post stays: an answer no longer chosen, advice no longer wanted
TAKEN_BACK = ("answer", "advice", "unanswered", "followup")


def incoherent() -> list[str]:
    """A sentence for each thing that does not fit another."""
    topics = {topic.id: topic for topic in _all(Topic)}
    posts = {post.id: post for post in _all(Post)}
    openings = {post.topic_id: post for post in posts.values() if post.number == 1}
    found = [*_of_answers(topics, posts), *_of_posts(posts)]
    for topic in topics.values():
        if topic.deleted_at is None:
            found += _of_topic(topic, openings[topic.id])
    found += _of_held(topics, posts)
    for model in (Event, Notice):
        found += _of_notices(model, topics, posts)
        found += _of_pages(model)
    return found


def _all(model: Any, *options: Any) -> Any:
    query = select(model).options(*options)
    return db.session.scalars(query.execution_options(populate_existing=True))


def _of_answers(topics: dict[int, Topic], posts: dict[int, Post]) -> Iterator[str]:
    for topic in topics.values():
        if topic.answer_id is None:
            if topic.answered_at or topic.answered_by_id:
                yield f"topic {topic.id} was answered by nothing"
            continue
        answer = posts[topic.answer_id]
        is_one = topic.kind == "question" and answer.topic_id == topic.id and answer.number > 1
        is_noted = topic.answered_at and topic.answered_by_id == answer.author_id
        if not is_one or answer.is_gone or not is_noted:
            yield f"post {answer.id} cannot be the answer of topic {topic.id}"


def _of_topic(topic: Topic, opening: Post) -> Iterator[str]:
    if not topic.title:
        yield f"topic {topic.id} has no title"
    if topic.language != opening.language:
        yield f"topic {topic.id} is in {topic.language}, and its first post in {opening.language}"
    if topic.unseen_at != opening.unseen_at:
        yield f"topic {topic.id} is unseen, or its first post"
    if opening.is_gone and topic.excerpt and not topic.home:
        yield f"topic {topic.id} shows the beginning of a text that is gone"
    has_shown = topic.replies_count > 0 or not opening.is_gone
    if not has_shown and topic.hidden_at is None and not topic.home:
        yield f"topic {topic.id} is shown, and nothing in it"
    if topic.emptied_at and has_shown:
        yield f"topic {topic.id} is hidden as empty, and is not"
    if topic.hidden_at is None and (topic.removed_at or topic.emptied_at or topic.hidden_reason):
        yield f"topic {topic.id} is shown, and says why it is hidden"


def _of_posts(posts: dict[int, Post]) -> Iterator[str]:
    for post in posts.values():
        if post.removed_at and not (post.hidden_at or post.deleted_at):
            yield f"post {post.id} is removed, and shown"
        if post.deleted_at and post.source:
            yield f"post {post.id} is deleted, and has a text"


def _of_held(topics: dict[int, Topic], posts: dict[int, Post]) -> Iterator[str]:
    for held in _all(Held):
        if held.became_id or not held.source:
            continue
        if held.post_id and posts[held.post_id].topic_id != held.topic_id:
            yield f"text {held.id} waits in another topic than the post that it changes"
        topic = topics.get(held.topic_id or 0)
        if topic and topic.deleted_at is None and topic.agenda_id != held.agenda_id:
            yield f"text {held.id} waits on another agenda than topic {topic.id}"


def _of_notices(
    model: type[Event | Notice], topics: dict[int, Topic], posts: dict[int, Post]
) -> Iterator[str]:
    for row in _all(model):
        if row.post_id is None or row.kind in OF_MODERATION:
            continue
        post = posts[row.post_id]
        topic = topics[post.topic_id]
        is_gone = bool(post.is_gone or topic.hidden_at or topic.deleted_at)
        is_former = row.kind == "answer" and topic.answer_id != post.id
        what = f"{model.__name__.lower()} {row.id} ({row.kind}) of post {post.id}"
        if row.topic_id != topic.id and not post.deleted_at:
            yield f"{what} leads to topic {row.topic_id}"
        if row.hidden_at is None and (is_gone or is_former):
            yield f"{what} is shown, and should not be"
        is_taken_back = row.kind in TAKEN_BACK and (row.kind != "answer" or is_former)
        if row.hidden_at and not is_gone and not is_taken_back:
            yield f"{what} is hidden, and should not be"


def _of_pages(model: type[Event | Notice]) -> Iterator[str]:
    """Notices that lead to a page by its address alone: it has to be there, though its visitors may not all read it."""
    originals = joinedload(Translation.practice), joinedload(Translation.case)
    translations = {
        known.address
        for known in _all(Translation, *originals)
        if known.deleted_at is None and known.hidden_at is None and known.original.is_told
    }
    hidden = {known.id: known for known in _all(Commitment) if known.hidden_at}
    of_hidden = {known.told_at for known in hidden.values()}
    of_hidden |= {known.told_at for known in _all(Milestone) if known.commitment_id in hidden}
    of_hidden |= {known.findings_address for known in _all(Agenda) if known.opened_at is None}
    for row in _all(model):
        is_gone = row.kind == "translation" and row.address not in translations
        is_gone |= row.kind in ("commitment", "milestone", "findings") and row.address in of_hidden
        if is_gone and row.hidden_at is None:
            yield f"{model.__name__.lower()} {row.id} ({row.kind}) leads to {row.address}"
