"""Deleting the posts and marks of members who have left, and removing their names from reasons that readers see."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm.attributes import set_committed_value

from forum.agendas.queries import lock_opening
from forum.deeds import action
from forum.dialogue.actions._counts import count_mark, counting_last
from forum.dialogue.actions._telling import index_topic
from forum.dialogue.actions._withholding import delete_post, forget_mark, forget_title
from forum.dialogue.models import MARKS, Post
from forum.dialogue.queries import (
    lock_posts_to_withhold,
    marks_to_remove,
    merged_topics_opened_by,
    posts_to_index,
    topics_locked_naming,
    topics_to_forget,
)
from forum.matches import KnownAs, without_member
from forum.notifications.actions import update_quotations
from forum.permissions import Person, require


@action
def delete_posts(system: Person, post_ids: Sequence[int]) -> None:
    """Delete posts of a member who has left and asked for it, as `delete` does; also in deleted topics.

    The title of a topic in which nobody else wrote is removed at once, otherwise together with the last post. The
    post that opens the topic of a case belongs to the agenda and stays.
    """
    require(system.can.administer())
    for topic in merged_topics_opened_by(post_ids):
        forget_title(system, topic)
    lock_posts_to_withhold(post_ids)
    posts = [(post, post.topic) for post in posts_to_index(post_ids)]
    for agenda_id in sorted({topic.agenda_id for _post, topic in posts}):
        lock_opening(agenda_id)  # before anything is counted out
    with counting_last(system):
        for post, topic in posts:
            set_committed_value(post, "topic", topic)  # read anew without it, if it quotes another
            if topic.kind != "case" or post.number > 1:
                _delete_of_former_member(system, post)


def _delete_of_former_member(system: Person, post: Post) -> None:
    if post.deleted_at is None:
        delete_post(system, post)
    elif post.number == 1 and post.topic.deleted_at is None:
        index_topic(system, post.topic)  # without the name
    post.submission_key = None
    if post.number == 1:
        update_quotations(system, post.id, "", post.topic_id)
    if post.number == 1 and post.topic.deleted_at:
        forget_title(system, post.topic)


@action
def forget_topics(system: Person, member_id: int, limit: int) -> int:
    """Remove what is left of at most `limit` topics of a member whose posts `delete_posts` has deleted; returns how many.

    These are titles of topics that were gone before, and that the asker of a question has told what happened next.
    """
    require(system.can.administer())
    topics = topics_to_forget(member_id, limit)
    for topic in topics:
        topic.followed_up_at = topic.follow_up_hidden_at = None
        if topic.deleted_at and topic.kind != "case":
            forget_title(system, topic)
    return len(topics)


@action
def remove_marks(system: Person, member_id: int, limit: int) -> int:
    """Delete at most `limit` marks of somebody who has left; returns how many."""
    require(system.can.administer())
    marks = marks_to_remove(member_id, limit)
    for given in marks:
        forget_mark(system, given)
        if given.kind in MARKS:
            count_mark(given.post_id, given.kind, -1)
    return len(marks)


@action
def unname_locks(system: Person, member_id: int, known: KnownAs) -> None:
    """Remove the name and the handles of a member who has left from the reasons why topics are locked or slow."""
    require(system.can.administer())
    for topic in topics_locked_naming(member_id, known.words):
        topic.locked_reason = without_member(topic.locked_reason, known)
        topic.slow_reason = without_member(topic.slow_reason, known)
