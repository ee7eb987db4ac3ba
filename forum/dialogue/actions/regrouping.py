"""Moving posts between topics: splitting and merging topics, and undoing both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.orm.attributes import set_committed_value

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.db import db, insert_into
from forum.deeds import action
from forum.dialogue.actions._changing import let_pictures_follow, set_pace, set_themes
from forum.dialogue.actions._checks import checked_title
from forum.dialogue.actions._counts import (
    counting_last,
    has_open_agenda,
    lock_to_note,
    move_count,
    note_activity_of,
    recounted,
)
from forum.dialogue.actions._questions import ANSWER_NOTICES, restore_notices_in, set_answer
from forum.dialogue.actions._stored import plain_texts
from forum.dialogue.actions._telling import index_topic, post_entry, topic_entry, with_poll_words
from forum.dialogue.actions._withholding import (
    close_empty_topic,
    has_shown_posts,
    hide_as_empty,
    show_topic,
)
from forum.dialogue.models import CHOSEN_KINDS, Held, Pace, Place, Post, Topic, Trace
from forum.dialogue.queries import (
    count_key,
    fingerprint_of,
    first_post,
    has_more_posts_than,
    held_edits_of,
    held_ids_in,
    is_as_seen,
    last_left_number,
    last_shown_number,
    last_steps,
    latest_shown_post_at,
    lock_posts_to_withhold,
    lock_topics,
    merged_topic_to_change,
    places_after_move,
    post_to_change,
    posts_to_move,
    readers_until,
    shown_replies_count,
    theme_ids_of,
    topic_to_change,
    topics_to_change,
)
from forum.errors import Conflict, Invalid, NotFound
from forum.members.models import Member
from forum.notifications.actions import (
    copy_watchers,
    hide_notices,
    move_notices,
    remove_copied_watchers,
    restore_notices,
)
from forum.permissions import Person, require
from forum.plaintext import excerpt, slugify
from forum.search import actions as search
from forum.search.models import Thing

MAX_MERGED_POSTS = 1_000  # posts of a topic that is merged into another


@dataclass(frozen=True)
class SplitTarget:
    """The topic that is split off: its title, kind and agenda."""

    title: str
    kind: str
    agenda_id: int


@dataclass(frozen=True)
class MovedRecord:
    """What is needed to undo a split or a merger.

    `numbers` are the former numbers of the moved posts by id. `before` is the number of the last post that was
    already in `target`. `answer` is (post id, when it was chosen) if the posts included the answer of `topic`. `held`
    are the ids of the held texts that were moved along. `paces` are how slow `target` was before and after, if a
    merger made it slower.
    """

    topic: Topic
    target: Topic
    numbers: Mapping[int, int]
    before: int
    answer: tuple[int, datetime | None] | None = None
    held: Sequence[int] = ()
    paces: Sequence[Pace | None] = ()


@action
def split(
    moderator: Person, topic_id: int, post_ids: Collection[int], part: SplitTarget
) -> MovedRecord:
    """Move posts of a topic to a new topic, opened by the first of them; they keep their ids, links, marks and versions.

    The old topic shows a line that tells where they went; their numbers are not reused. If it has no visible post
    left, it is hidden until it has one. The new topic is as slow as the old one.
    """
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.split(topic, agenda_by_id(moderator, part.agenda_id)))
    _require_regroupable(topic)
    if part.kind not in CHOSEN_KINDS:
        raise Invalid(_("Choose an experience or a question."), "kind")
    title = checked_title(part.title)
    lock_posts_to_withhold(post_ids)  # with the topic, if it has no others
    posts = _chosen_to_move(topic, post_ids)
    answer = _answer_among(topic, posts)
    lock_to_note(part.agenda_id, topic.audience, leaves=topic.agenda_id)
    with counting_last(moderator):
        if answer:
            set_answer(moderator, topic, None)
        new = _new_topic_from(topic, posts, replace(part, title=title))
        moved = _move_posts(moderator, topic, new, posts, answer)
        note_activity_of(moderator, new)
        move_count(moderator, None, count_key(new))
        if not has_shown_posts(first_post(topic)):
            hide_as_empty(moderator, topic, now())
    copy_watchers(moderator, topic.id, new.id, now(), {post.author_id for post in posts})
    return moved


@action
def merge(moderator: Person, topic_id: int, target_id: int) -> MovedRecord:
    """Merge a topic into another: its posts are moved to the end there, with new numbers, and its address redirects.

    The other topic becomes as slow as the slower of the two.
    """
    if topic_id == target_id:
        raise Invalid(_("This is the topic itself. Choose another one."), "target")
    both = topics_to_change(moderator, (topic_id, target_id))
    topic, target = both[topic_id], both[target_id]
    require(moderator.can.merge(topic, target))
    _require_mergeable(topic, target)
    if has_more_posts_than(topic, MAX_MERGED_POSTS):
        raise Invalid(_("Topics of more than 1,000 posts cannot be put into another."), "target")
    posts = [post for post in posts_to_move(topic) if post.deleted_at is None]
    answer = _answer_among(topic, posts)
    lock_to_note(target.agenda_id, target.audience, leaves=topic.agenda_id)
    with counting_last(moderator):
        move_count(moderator, count_key(topic), None)
        topic.answer_id = topic.answered_by_id = topic.answered_at = None
        topic.deleted_at, topic.merged_into_id = now(), target.id
        waiting = held_ids_in(topic)
        moved = replace(
            _move_posts(moderator, topic, target, posts, answer),
            held=waiting,
            paces=_slow_down(target, topic.present_pace),
        )
        if answer and topic.kind == target.kind and target.answer_id is None:
            _take_answer(moderator, target, answer)
        elif answer:
            hide_notices(moderator, post_id=answer[0], kinds=ANSWER_NOTICES)
    search.unindex(moderator, "topic", topic.id)
    note_activity_of(moderator, target)
    copy_watchers(moderator, topic.id, target.id, topic.deleted_at)
    hide_notices(moderator, topic_id=topic.id)
    return moved


@action
def unsplit(moderator: Person, moved: MovedRecord) -> Topic:
    """Undo a split: move the posts back. The address of the topic that was split off redirects to the old one.

    Raises `Conflict` when somebody has written in it since, or its asker has told what happened next.
    """
    both = topics_to_change(moderator, (moved.topic.id, moved.target.id))
    topic, new = both[moved.topic.id], both[moved.target.id]
    require(moderator.can.merge(new, topic))
    lock_posts_to_withhold(moved.numbers, [topic.id] if topic.emptied_at else ())
    posts = posts_to_move(new)
    _require_unchanged(topic, new, posts, moved)
    if new.followed_up_at or new.follow_up_hidden_at:
        raise _changed()
    lock_to_note(topic.agenda_id, topic.audience, leaves=new.agenda_id)
    _require_same_readers(topic, new)
    with counting_last(moderator):
        if topic.emptied_at is not None:
            show_topic(moderator, topic)
        if new.answer_id:  # chosen since
            set_answer(moderator, new, None)
        move_count(moderator, count_key(new), None)
        new.deleted_at, new.merged_into_id = now(), topic.id
        _move_posts_back(moderator, moved, topic, new, posts)
        with recounted(moderator, topic):
            _restore_answer(moderator, topic, moved, posts)
    new.posts_count = last_left_number(new)
    search.unindex(moderator, "topic", new.id)
    hide_notices(moderator, topic_id=new.id)
    return topic


@action
def unmerge(moderator: Person, moved: MovedRecord) -> Topic:
    """Undo a merger: the topic gets its posts back. The other one is closed if none of its own can be seen any more.

    Raises `Conflict` when somebody has written in the other topic since, or the title is gone with who gave it.
    """
    lock_topics([moved.topic.id, moved.target.id])
    topic = merged_topic_to_change(moderator, moved.topic.id)
    target = topic_to_change(moderator, moved.target.id)
    require(moderator.can.merge(topic, target))
    lock_posts_to_withhold(moved.numbers)  # with the other topic, if it has no others
    posts = posts_to_move(target, after=moved.before)
    _require_unchanged(topic, target, posts, moved)
    if not topic.title:
        raise _changed()
    lock_to_note(topic.agenda_id, topic.audience, leaves=target.agenda_id)
    _require_same_readers(topic, target)
    remove_copied_watchers(moderator, topic.id, target.id, topic.deleted_at or now())
    with counting_last(moderator):
        if target.answer_id in moved.numbers:  # also one that was chosen since
            set_answer(moderator, target, None)
        topic.deleted_at = topic.merged_into_id = None
        db.session.get_one(Member, topic.author_id, populate_existing=True)
        index_topic(moderator, topic)
        _move_posts_back(moderator, moved, topic, target, posts)
        _reassign_held(Held.id.in_(moved.held) & (Held.topic_id == target.id), topic)
        if topic.agenda_id != target.agenda_id:  # again, for the held texts
            let_pictures_follow(moderator, topic)
        _restore_answer(moderator, topic, moved, posts)
        # Somebody may have written there since, and that post may have been moved on: its number is not reused
        target.posts_count = max(moved.before, last_left_number(target))
        far = update(Place).where(Place.topic_id == target.id, Place.number > moved.before)
        db.session.execute(far.values(number=moved.before))
        if not has_shown_posts(first_post(target)):
            close_empty_topic(moderator, target, now())
        if moved.paces and target.pace == moved.paces[1]:
            set_pace(target, moved.paces[0])
        note_activity_of(moderator, topic)
        move_count(moderator, None, count_key(topic))
    restore_notices_in(moderator, topic)
    return topic


def _require_regroupable(*topics: Topic) -> None:
    if any(topic.home for topic in topics):
        raise Invalid(_("The comments on a case or a practice stay with it."), "target")
    if any(topic.hidden_at for topic in topics):
        raise Conflict(_("What is hidden stays as it is. Show the topic again first."))


def _require_mergeable(topic: Topic, target: Topic) -> None:
    _require_regroupable(topic, target)
    if topic.audience != target.audience:
        raise Invalid(_("One of them is for members only, so they stay apart."), "target")
    is_within = topic.agenda_id == target.agenda_id
    if not is_within and not (has_open_agenda(topic) and has_open_agenda(target)):
        raise Invalid(
            _("One of them is on an agenda in preparation, so they stay apart."), "target"
        )
    if topic.followed_up_at or topic.follow_up_hidden_at:
        raise Invalid(
            _(
                "Its asker told what happened next, which belongs to this topic. Put the other into it."
            ),
            "target",
        )


def _require_unchanged(
    topic: Topic, target: Topic, posts: Sequence[Post], moved: MovedRecord
) -> None:
    """Raise `Conflict` unless the posts are still those that were moved, one of them is visible, and the audience is the same."""
    is_other = {post.id for post in posts} != set(moved.numbers)
    is_hidden = (topic.hidden_at and not topic.emptied_at) or target.hidden_at
    if (
        is_other
        or is_hidden
        or topic.audience != target.audience
        or all(post.is_gone for post in posts)
    ):
        raise _changed()


def _require_same_readers(topic: Topic, target: Topic) -> None:
    """Raise `Conflict` if one agenda, which is locked, is in preparation again: nobody's words may disappear from the other."""
    if has_open_agenda(topic) != has_open_agenda(target):
        raise _changed()


def _changed() -> Conflict:
    return Conflict(
        _(
            "Something has been written or changed there since, so this cannot be taken back any more."
        )
    )


def _chosen_to_move(topic: Topic, post_ids: Collection[int]) -> list[Post]:
    posts = posts_to_move(topic, post_ids)
    if not posts:
        raise Invalid(_("Choose at least one post."), "post")
    if len(posts) != len(set(post_ids)):
        raise NotFound()
    if posts[0].number == 1:
        raise Invalid(_("The first post opens this topic, so it stays."), "post")
    if any(post.is_gone for post in posts):
        raise Conflict(_("One of the posts is hidden or deleted by now. Nothing was changed."))
    return posts


def _answer_among(topic: Topic, posts: Sequence[Post]) -> tuple[int, datetime | None] | None:
    ids = {post.id for post in posts}
    return (topic.answer_id, topic.answered_at) if topic.answer_id in ids else None


def _take_answer(doer: Person, topic: Topic, answer: tuple[int, datetime | None]) -> None:
    """Give a question the answer of a topic that was merged into it."""
    post = post_to_change(doer, answer[0])
    with recounted(doer, topic):
        topic.answer_id, topic.answered_by_id = post.id, post.author_id
        topic.answered_at = answer[1]


def _new_topic_from(topic: Topic, posts: Sequence[Post], part: SplitTarget) -> Topic:
    """Insert a topic for posts of another one: opened by the first of them, with the same audience."""
    first = posts[0]
    new = Topic(
        kind=part.kind,
        agenda_id=part.agenda_id,
        author_id=first.author_id,
        organisation_id=first.organisation_id,
        title=part.title,
        slug=slugify(part.title, "topic"),
        language=first.language,
        audience=topic.audience,
        posts_count=0,
        replies_count=0,
        created_at=first.created_at,
        active_at=first.created_at,
    )
    db.session.add(new)
    db.session.flush()
    set_themes(new, theme_ids_of(topic))
    set_pace(new, topic.present_pace)
    return new


def _slow_down(target: Topic, other: Pace | None) -> tuple[Pace | None, ...]:
    """Make a topic at least as slow as one that is merged into it; returns its pace before and after if that has changed."""
    if other is None:
        return ()
    before, present = target.pace, target.present_pace
    made = present.stricter(other) if present else other
    if made == before:
        return ()
    set_pace(target, made)
    return before, made


def _move_posts(
    doer: Person,
    topic: Topic,
    target: Topic,
    posts: Sequence[Post],
    answer: tuple[int, datetime | None] | None,
) -> MovedRecord:
    """Move posts to the end of another topic, with everything that refers to them, and leave a `Trace` of each."""
    before, last_read = target.posts_count, last_shown_number(target)
    numbers = {post.id: post.number for post in posts}
    words, steps = plain_texts(posts), last_steps(numbers)
    waiting = _edits_as_seen(post for post in posts if post.number == 1)
    for place, post in enumerate(posts, start=before + 1):
        db.session.add(
            Trace(
                topic_id=topic.id,
                number=post.number,
                post_id=post.id,
                step=steps.get(post.id, 0) + 1,
                moved_at=now(),
            )
        )
        post.topic_id, post.number = target.id, place
        set_committed_value(post, "topic", target)
    db.session.flush()
    target.posts_count = before + len(posts)
    _update_both_topics(doer, topic, target, posts, words)
    _note_seen(waiting)
    topic.regrouped_at = target.regrouped_at = now()
    db.session.flush()
    _move_places(topic, target, last_read)
    return MovedRecord(topic, target, numbers, before, answer)


def _move_posts_back(
    doer: Person, moved: MovedRecord, topic: Topic, target: Topic, posts: Sequence[Post]
) -> None:
    """Move posts back to their topic and their former numbers, and delete their traces."""
    words = plain_texts(posts)
    waiting = _edits_as_seen(post for post in posts if moved.numbers[post.id] == 1)
    gone = delete_rows(Trace).where(Trace.topic_id == topic.id)
    db.session.execute(gone.where(Trace.post_id.in_(moved.numbers)))
    for post in posts:
        post.topic_id, post.number = topic.id, moved.numbers[post.id]
        set_committed_value(post, "topic", topic)
    db.session.flush()
    _update_both_topics(doer, target, topic, sorted(posts, key=lambda post: post.number), words)
    _note_seen(waiting)


def _restore_answer(doer: Person, topic: Topic, moved: MovedRecord, posts: Sequence[Post]) -> None:
    """Restore the answer of a question that had gone with its posts, if it is one still."""
    post_id, at = moved.answer or (None, None)
    answer = next((post for post in posts if post.id == post_id and not post.is_gone), None)
    if answer and topic.kind == "question" and topic.answer_id is None:
        topic.answer_id, topic.answered_by_id = answer.id, answer.author_id
        topic.answered_at = at
        restore_notices(doer, post_id=answer.id, kinds=ANSWER_NOTICES)


def _update_both_topics(
    doer: Person, topic: Topic, target: Topic, posts: Sequence[Post], words: Mapping[int, str]
) -> None:
    """Update the counters, search documents and notices of both topics after posts were moved from `topic` to `target`."""
    _move_held_texts(topic, target, [post.id for post in posts])
    for place in (topic, target):
        replies, active_at = shown_replies_count(place), latest_shown_post_at(place)
        place.replies_count, place.active_at = replies, active_at or place.active_at
    opening = next((post for post in posts if post.number == 1), None)
    if opening is not None:
        target.unseen_at, target.language = opening.unseen_at, opening.language
        # None, if its words have changed since
        target.organisation_id = opening.organisation_id
        target.excerpt = "" if opening.is_gone else excerpt(words[opening.id])
        search.unindex(doer, "post", opening.id)
    search.index_all(doer, _search_entries(target, posts, words))
    if topic.agenda_id != target.agenda_id:
        let_pictures_follow(doer, target)
    post_ids = [post.id for post in posts]
    move_notices(doer, post_ids, target.id, target.title, target.language)


def _search_entries(
    topic: Topic, posts: Sequence[Post], words: Mapping[int, str]
) -> dict[Thing, search.Known]:
    """The search documents of posts in their new topic."""
    known: dict[Thing, search.Known] = {}
    for post in posts:
        if post.number == 1:
            plain = with_poll_words(post, words[post.id])
            said = ("", "") if post.is_gone else (plain, post.source)
            known["topic", topic.id] = topic_entry(topic, *said), topic.hidden_at
        elif post.deleted_at is None:
            known["post", post.id] = post_entry(post, topic, words[post.id]), post.hidden_at
    return known


def _move_held_texts(topic: Topic, target: Topic, post_ids: Sequence[int]) -> None:
    """Move held texts along: edits of the moved posts, and all texts held for a topic that was merged."""
    of_topic = topic.id if topic.merged_into_id == target.id else None
    _reassign_held(or_(Held.post_id.in_(post_ids), Held.topic_id == (of_topic or 0)), target)


def _edits_as_seen(openings: Iterable[Post]) -> list[tuple[Held, Post]]:
    """The held edits of posts that are unchanged since their authors saw them, each with its post.

    Opening another topic than before, or none, does not count as a change: see `fingerprint_of`.
    """
    edits = ((held, post) for post in openings for held in held_edits_of(post))
    return [(held, post) for held, post in edits if is_as_seen(post, held.seen)]


def _note_seen(waiting: Iterable[tuple[Held, Post]]) -> None:
    for held, post in waiting:
        held.seen = fingerprint_of(post)


def _reassign_held(which: ColumnElement[bool], topic: Topic) -> None:
    there = {"topic_id": topic.id, "agenda_id": topic.agenda_id}
    db.session.execute(update(Held).where(which).values(**there))


def _move_places(topic: Topic, target: Topic, last_read: int) -> None:
    """Move reading positions along with the posts, for members who had read `target` to its end (`last_read`)."""
    far = places_after_move(topic.id, target.id)
    put = insert_into(Place)
    key = put.table.primary_key.columns
    columns = ["topic_id", "member_id", "number"]
    if last_read:
        far = far.where(Place.member_id.in_(readers_until(target.id, last_read)))
    put = put.from_select(columns, far).on_conflict_do_update(
        index_elements=key,
        set_={"number": put.excluded.number},
        where=put.table.c.number < put.excluded.number,
    )
    db.session.execute(put)
