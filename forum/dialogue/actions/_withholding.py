"""Hiding, restoring and deleting topics and posts, with all consequences."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete as delete_rows

from forum.claims.models import queue_path
from forum.clock import now
from forum.db import db
from forum.dialogue.actions._counts import (
    count_in,
    count_post,
    counted_out,
    counting_last,
    lock_to_note,
    recounted,
)
from forum.dialogue.actions._holding import delete_held, note_reviewed
from forum.dialogue.actions._polls import forget_poll
from forum.dialogue.actions._questions import restore_notices_in, set_answer, unfitting_notices
from forum.dialogue.actions._quotes import refresh_quotes
from forum.dialogue.actions._telling import index_topic, with_poll_words
from forum.dialogue.models import Mark, Mention, Post, Quote, Revision, Topic
from forum.dialogue.queries import (
    first_post,
    held_edits_of,
    last_hidden_post,
    latest_shown_post_at,
    lock_quoting_posts,
    quotes_of_post,
    quotes_of_topic,
)
from forum.markup import plain
from forum.members.models import Member
from forum.notifications.actions import (
    clear_titles,
    hide_notices,
    read_queue,
    restore_notices,
    update_mark_notices,
)
from forum.permissions import SYSTEM, Person
from forum.plaintext import excerpt
from forum.search import actions as search


def delete_post(doer: Person, post: Post) -> Post:
    """Delete the text of a post for good, and close its topic when it has no visible post left.

    Hidden replies of others can still be restored, and the topic with them.
    """
    was_shown = not post.is_gone
    _forget_text(post)
    if post.unseen_at:
        note_reviewed(post)
        read_queue(doer, queue_path("post", post.id), but_urgent=True)
    post.deleted_at = now()
    with counting_last(doer):
        for change in held_edits_of(post):
            delete_held(doer, change)
        follow_withholding(doer, post, was_shown)
        search.unindex(doer, "post", post.id)
        if post.topic.deleted_at is None and not has_shown_posts(post):
            close_empty_topic(doer, post.topic, post.deleted_at)
    return post


def _forget_text(post: Post) -> None:
    post.source, post.html, post.hidden_reason = "", post.html[:0], ""
    post.note_source, post.note_html, post.note_at = "", post.html[:0], None
    post.edit_asked_at = post.edit_answered_at = None
    post.useful_count = post.same_here_count = post.tried_count = 0
    forget_poll(post)
    for row, column in (
        (Revision, Revision.post_id),
        (Mark, Mark.post_id),
        (Quote, Quote.post_id),
        (Mention, Mention.post_id),
    ):
        db.session.execute(delete_rows(row).where(column == post.id))


def forget_mark(doer: Person, given: Mark) -> None:
    """Delete a mark, and the quotation of its note in notices. The caller updates the counter."""
    if given.words:
        update_mark_notices(doer, given.post_id, given.member_id, "")
    db.session.delete(given)


def follow_withholding(doer: Person, post: Post, was_shown: bool) -> None:
    """Update everything that depends on a post that is now withheld: counters, answer, search, notices and quotations.

    `was_shown` is whether readers could see it until now.
    """
    topic = post.topic
    if was_shown and post.number > 1:
        with recounted(doer, topic):
            topic.replies_count -= 1
    if was_shown and post.created_at >= topic.active_at:
        _refresh_activity(topic)
    if topic.answer_id == post.id:
        set_answer(doer, topic, None)
    if was_shown:
        count_post(doer, topic, post, -1)  # after the lists, as when somebody writes
    if post.number == 1:
        topic.excerpt = ""
        if topic.deleted_at is None:
            index_topic(doer, topic)
    hide_notices(doer, post_id=post.id, topic_id=_opened_by(post))
    refresh_quotes(quotes_of_post(post))


def follow_restoring(doer: Person, post: Post) -> None:
    """Update everything that depends on a post that is visible again: counters, search, notices and quotations."""
    topic = post.topic
    if post.number > 1:
        with recounted(doer, topic):
            topic.replies_count += 1
    if topic.replies_count > 1:  # another one is shown, so the topic stands where that puts it
        topic.active_at = max(topic.active_at, post.created_at)
    else:
        _refresh_activity(topic)
    count_post(doer, topic, post, 1)
    if post.number == 1:
        words = plain(post.source)  # rare, so it may run while the lock is held
        topic.excerpt = excerpt(words)
        index_topic(doer, topic, with_poll_words(post, words), post.source)
    search.restore(doer, "post", post.id)
    if topic.hidden_at is None:
        about: dict[str, Any] = {"post_id": post.id, "topic_id": _opened_by(post)}
        restore_notices(doer, **about)
        if unfitting := unfitting_notices(topic, post.id):
            hide_notices(doer, **about, kinds=unfitting)
    refresh_quotes(quotes_of_post(post), is_back=True)


def _refresh_activity(topic: Topic) -> None:
    """Let a topic stand in lists where the latest post that readers see puts it; one without such a post stays."""
    topic.active_at = latest_shown_post_at(topic) or topic.active_at


def _opened_by(post: Post) -> int | None:
    """The id of the topic that a post opens; None for a reply."""
    return post.topic_id if post.number == 1 else None


def has_shown_posts(post: Post) -> bool:
    """Whether the topic of a post has another post that readers can see."""
    opening = post if post.number == 1 else first_post(post.topic)
    return post.topic.replies_count > 0 or not opening.is_gone


def close_empty_topic(doer: Person, topic: Topic, moment: datetime) -> None:
    """Close a topic without a visible post: hide it (`hide_as_empty`) if one of its posts can still be restored, else delete it."""
    if last_hidden_post(topic) is None:
        mark_topic_deleted(doer, topic)
        if db.session.get_one(Member, topic.author_id).left_at:
            forget_title(SYSTEM, topic)
        return
    hide_as_empty(doer, topic, moment)


def hide_as_empty(doer: Person, topic: Topic, moment: datetime) -> None:
    """Hide a topic because it has no visible post. One that moderators have hidden stays as it is.

    It is hidden at `moment` in the same way as the post that was hidden last (hidden or removed), if there is one, and
    with that post's reason unless its author has deleted the first post.
    """
    if topic.hidden_at is None:
        withhold_topic(doer, topic, moment)
        topic.emptied_at = moment
    if topic.emptied_at is not None and (last := last_hidden_post(topic)):
        topic.hidden_reason = "" if first_post(topic).deleted_at else last.hidden_reason
        topic.removed_at = last.removed_at


def withhold_topic(doer: Person, topic: Topic, moment: datetime) -> None:
    """Hide a topic, with its counters, search, notices and quotations."""
    lock_quoting_posts(quotes_of_topic(topic))
    with counted_out(doer, topic):
        topic.hidden_at = moment
    search.hide(doer, "topic", topic.id)
    hide_notices(doer, topic_id=topic.id)
    refresh_quotes(quotes_of_topic(topic))


def show_topic(doer: Person, topic: Topic) -> None:
    """Show a hidden topic again, with its counters, search, notices and quotations."""
    lock_quoting_posts(quotes_of_topic(topic))
    lock_to_note(topic.agenda_id, topic.audience)
    with recounted(doer, topic):
        topic.hidden_at = topic.removed_at = topic.emptied_at = None
    topic.hidden_reason = ""
    count_in(doer, topic)
    search.restore(doer, "topic", topic.id)
    restore_notices_in(doer, topic)
    refresh_quotes(quotes_of_topic(topic), is_back=True)


def mark_topic_deleted(doer: Person, topic: Topic) -> None:
    """Mark a topic as deleted, with its counters, search, notices and quotations."""
    with counted_out(doer, topic):
        topic.deleted_at = now()
    search.unindex(doer, "topic", topic.id)
    hide_notices(doer, topic_id=topic.id)
    refresh_quotes(quotes_of_topic(topic))


def forget_title(system: Person, topic: Topic) -> None:
    """Remove the title of a topic whose author has left, from the topic and from notices."""
    topic.title, topic.slug, topic.excerpt = "", "topic", ""
    topic.home = topic.home and f"/topics/{topic.id}"  # the path of a practice contains its title
    clear_titles(system, topic.id)
