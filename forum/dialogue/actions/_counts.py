"""Counters: of the topics of agendas and the posts of members that everybody may read, of topics in lists, of marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from sqlalchemy import update

from forum.agendas.actions import note_activity
from forum.agendas.models import Agenda
from forum.agendas.queries import lock_agendas, lock_opening
from forum.db import db, insert_into
from forum.deeds import action
from forum.dialogue.models import SAME_HERE, TRIED, USEFUL, Post, Topic, TopicCount
from forum.dialogue.queries import CountKey, count_key, list_keys_on, posts_by_author
from forum.members.actions import note_posts, note_posts_of_all, note_waiting
from forum.permissions import PUBLIC, Person

COUNTERS = {
    USEFUL: Post.useful_count,
    SAME_HERE: Post.same_here_count,
    TRIED: Post.tried_count,
}


class _Moves(NamedTuple):
    """Inside `counting_last`: what is to be added to the lists, and to the posts and held texts of members."""

    lists: Counter[CountKey]
    posts: Counter[int]
    held: Counter[int]


_moves: ContextVar[_Moves | None] = ContextVar("moves", default=None)


@contextmanager
def counting_last(doer: Person, *member_ids: int) -> Iterator[None]:
    """Around several changes: they count at the end, first in all lists and then for all authors.

    The rows of the members `member_ids`, which the caller changes afterwards, are locked with those of the authors.

    Each change alone counts in this order, as when somebody writes. One after another would not: the second one would
    take its list, or lock its agenda, with the authors of the first one in hand, and somebody else might wait for these.
    """
    if _moves.get():
        yield
        return
    lists, posts, held = moves = _Moves(Counter(), Counter(), Counter())
    token = _moves.set(moves)
    try:
        yield
    finally:
        _moves.reset(token)
    count_topics(doer, {key: by for key, by in lists.items() if by})
    waiting = {key: by for key, by in held.items() if by}
    locked = {*member_ids, *waiting}
    note_posts_of_all(
        doer, {key: posts[key] for key in {*posts, *locked} if posts[key] or key in locked}
    )
    for member_id, by in waiting.items():
        note_waiting(doer, member_id, by)


def is_public(topic: Topic) -> bool:
    """Whether everybody may read a topic, on an open agenda: then its agenda notes its activity."""
    is_shown = topic.hidden_at is None and topic.deleted_at is None
    return is_shown and topic.audience == PUBLIC


def has_open_agenda(topic: Topic) -> bool:
    """Whether the agenda of a topic is open; read from the database, because it may have been opened a moment ago."""
    agenda = db.session.get_one(Agenda, topic.agenda_id)
    if agenda.opened_at is None:
        db.session.refresh(agenda, ["opened_at"])
    return agenda.opened_at is not None


def count_post(doer: Person, topic: Topic, post: Post, by: int) -> None:
    """Count a post in or out (`by` 1 or -1) for its author, if everybody may read it.

    For a new post, call `note_activity_of` first: it waits for a concurrent action that opens the agenda and counts
    its posts.
    """
    is_own_page = post.number == 1 and topic.home
    if is_public(topic) and not is_own_page and has_open_agenda(topic):
        if moves := _moves.get():
            moves.posts[post.author_id] += by
        else:
            note_posts(doer, post.author_id, by)


def count_held(doer: Person, author_id: int, by: int) -> None:
    """Count a held text in or out (`by` 1 or -1) for its author."""
    if moves := _moves.get():
        moves.held[author_id] += by
    else:
        note_waiting(doer, author_id, by)


def lock_to_note(agenda_id: int, audience: str, leaves: int | None = None) -> None:
    """Lock an agenda for an action that counts a topic of this audience there and notes its activity.

    Call this before the first count: whoever opens a topic has locked the agenda when they count it, so in another order
    both would wait for each other. `leaves` is the agenda from which something comes: a list that it gets by that refers to
    it, which locks it as well, and agendas are locked in the order of their ids.
    """
    if leaves is not None and leaves < agenda_id:
        lock_opening(leaves)
    lock_opening(agenda_id, is_noted=audience == PUBLIC)


def note_activity_of(doer: Person, topic: Topic) -> None:
    """Record the latest activity of a public topic on its agenda."""
    if is_public(topic):
        note_activity(doer, topic.agenda_id, topic.active_at)


def count_in(doer: Person, topic: Topic) -> None:
    """Count a whole topic in for all its authors, and for the activity of its agenda, if everybody may read it."""
    if is_public(topic):
        note_activity_of(doer, topic)
        _count_for_authors(doer, topic, 1)


def _count_for_authors(doer: Person, topic: Topic, by: int) -> None:
    if has_open_agenda(topic):
        posts = {author_id: by * count for author_id, count in posts_by_author(topic)}
        if moves := _moves.get():
            moves.posts.update(posts)
        else:
            note_posts_of_all(doer, posts)


@contextmanager
def counted_out(doer: Person, topic: Topic) -> Iterator[None]:
    """Around a change after which not everybody may read a topic: count it out of its lists, and then for all its authors.

    In this order, as when somebody writes, so that an author who writes elsewhere at the same moment never waits for
    this action while it waits for them.
    """
    was_public = is_public(topic)
    with recounted(doer, topic):
        yield
    if was_public:
        _count_for_authors(doer, topic, -1)


@contextmanager
def recounted(doer: Person, topic: Topic) -> Iterator[None]:
    """Around a change of a topic: move it from its former to its new `TopicCount`, if the key changes."""
    before = count_key(topic)
    yield
    move_count(doer, before, count_key(topic))


def move_count(doer: Person, before: CountKey | None, after: CountKey | None) -> None:
    """Count a topic out of one `TopicCount` and into another; None stands for a topic that no list contains."""
    if before == after:
        return
    lists = {key: by for key, by in ((before, -1), (after, 1)) if key}
    if moves := _moves.get():
        moves.lists.update(lists)
    else:
        count_topics(doer, lists)


@action
def count_topics(_doer: Person, moves: Mapping[CountKey, int]) -> None:
    """Add to the counts of topics in lists: {key: number to add, or to subtract if negative}."""
    names = [column.name for column in TopicCount.__table__.primary_key]
    # Always in the same order, so that two transactions never wait for each other
    rows = [
        dict(zip(names, key, strict=True)) | {"number": by} for key, by in sorted(moves.items())
    ]
    if rows:
        # PostgreSQL asks for an agenda only when its list is new, but for that of a topic when it is changed once more, and
        # by then others may wait for the list who have the agenda alone
        lock_agendas({agenda_id for agenda_id, *_key in moves})
        put = insert_into(TopicCount)
        more = {"number": put.table.c.number + put.excluded.number}
        db.session.execute(put.on_conflict_do_update(index_elements=names, set_=more), rows)


@action
def lock_lists(_doer: Person, agenda_ids: Collection[int]) -> None:
    """Lock all lists of some agendas, for an action that changes members before it counts topics there."""
    # In the order in which whatever counts locks them
    count_topics(_doer, dict.fromkeys(list_keys_on(agenda_ids), 0))


def count_mark(post_id: int, kind: str, by: int) -> None:
    """Count a mark of a post in or out (`by` 1 or -1) in one UPDATE, which is safe when two members mark at once."""
    counter = COUNTERS[kind]
    query = update(Post).where(Post.id == post_id).values({counter: counter + by})
    db.session.execute(query)
    db.session.flush()
