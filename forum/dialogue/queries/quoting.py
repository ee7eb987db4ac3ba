"""Quotations and mentions in posts, and which quotations their readers may not see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, union
from sqlalchemy.orm import aliased

from forum.columns import possible_ids
from forum.db import db, lock_or_start_again, start_again
from forum.dialogue.models import Held, Mention, Post, Quote, Topic
from forum.dialogue.queries._visibility import (
    is_readable,
    visible_posts,
    visible_topics,
    with_author,
    with_links_home,
)
from forum.dialogue.queries.changing import lock_topics, post_to_change
from forum.permissions import MEMBERS, PUBLIC, Person
from forum.quotes import cited_in_source, withhold_in_source
from forum.reach import is_on_open_agenda


def quoted_post_ids(post_id: int) -> set[int]:
    """The ids of the posts that a post quotes, as stored."""
    return set(db.session.scalars(select(Quote.quoted_id).where(Quote.post_id == post_id)))


def withheld_quotes(quoting: Sequence[int]) -> dict[int, set[int]]:
    """For each of these quoting posts, the quoted posts that its readers may not see: {quoting post id: ids of quoted posts}."""
    if not quoting:
        return {}
    quoted, quoted_topic, topic = aliased(Post), aliased(Topic), aliased(Topic)
    pairs = (
        select(Quote.post_id, Quote.quoted_id)
        .join(quoted, quoted.id == Quote.quoted_id)
        .join(quoted_topic, quoted_topic.id == quoted.topic_id)
        .join(Post, Post.id == Quote.post_id)
        .join(topic, topic.id == Post.topic_id)
        .where(
            Quote.post_id.in_(quoting),
            is_unreadable_from(quoted, quoted_topic, topic.id, topic.audience, topic.agenda_id),
        )
    )
    found: dict[int, set[int]] = {}
    for post_id, quoted_id in db.session.execute(pairs):
        found.setdefault(post_id, set()).add(quoted_id)
    return found


def is_unreadable_from(
    post: Any, topic: Any, here_id: Any, here_audience: Any, here_agenda_id: Any
) -> ColumnElement[bool]:
    """In SQL: whether the readers of a topic (`here`) cannot see a post, which may be in another topic.

    It is hidden or deleted, itself or with its topic; or its topic is for members only and this one is public; or it
    is on another agenda that is in preparation.
    """
    return or_(
        post.hidden_at.is_not(None),
        post.deleted_at.is_not(None),
        and_(topic.id != here_id, or_(topic.hidden_at.is_not(None), topic.deleted_at.is_not(None))),
        and_(topic.audience == MEMBERS, here_audience == PUBLIC),
        and_(topic.agenda_id != here_agenda_id, ~is_on_open_agenda(topic.agenda_id)),
    )


def unreadable_posts(topic: Topic, ids: Collection[int]) -> set[int]:
    """Which of these posts the readers of a topic cannot see."""
    return unreadable_by(topic.audience, ids, topic.id, topic.agenda_id)


def unreadable_by(
    audience: str, ids: Collection[int], here_id: int = 0, here_agenda_id: int = 0
) -> set[int]:
    """Which of these posts an audience cannot see where it reads: in a topic on an agenda (`here_…`), or elsewhere."""
    known = possible_ids(ids)
    if not known:
        return set()
    here = (literal(here_id), literal(audience), literal(here_agenda_id))
    is_unreadable = is_unreadable_from(Post, Topic, *here)
    query = select(Post.id).join(Post.topic).where(is_unreadable, Post.id.in_(known))
    return set(db.session.scalars(query))


def shown_source(post: Post) -> str:
    """The source of a post without quotations of posts that its readers cannot see. Its topic must be loaded."""
    source = with_links_home(post.source)
    return withhold_in_source(source, unreadable_posts(post.topic, cited_in_source(source)))


def quotes_of_post(post: Post) -> ColumnElement[bool]:
    """In SQL: the rows of `Quote` that quote a post, wherever they are."""
    return Quote.quoted_id == post.id


def quotes_of_topic(topic: Topic) -> ColumnElement[bool]:
    """In SQL: the rows of `Quote` by which other topics quote a topic's posts."""
    own = select(Post.id).where(Post.topic_id == topic.id)
    return and_(Quote.quoted_id.in_(own), Quote.post_id.not_in(own))


def quotes_of_agenda(agenda_id: int) -> ColumnElement[bool]:
    """In SQL: the rows of `Quote` by which topics of other agendas quote posts of an agenda."""
    own = select(Post.id).join(Topic, Topic.id == Post.topic_id).where(Topic.agenda_id == agenda_id)
    return and_(Quote.quoted_id.in_(own), Quote.post_id.not_in(own))


def _quotes_in_topic(topic: Topic) -> ColumnElement[bool]:
    """In SQL: the rows of `Quote` by which a topic's posts quote other topics."""
    own = select(Post.id).where(Post.topic_id == topic.id)
    return and_(Quote.post_id.in_(own), Quote.quoted_id.not_in(own))


def quotes_around_topic(topic: Topic) -> ColumnElement[bool]:
    """In SQL: the rows of `Quote` that depend on who reads a topic: by which others quote it, and by which it quotes others."""
    return or_(quotes_of_topic(topic), _quotes_in_topic(topic))


def quoting_posts(which: ColumnElement[bool], after: int, limit: int) -> Sequence[Post]:
    """At most `limit` posts with quotes that meet `which`, a condition on `Quote`; those after the id `after`, locked."""
    ids = select(Quote.post_id).where(which, Quote.post_id > after)
    limited = ids.distinct().order_by(Quote.post_id).limit(limit)
    posts = select(Post).where(Post.id.in_(db.session.scalars(limited).all()))
    return db.session.scalars(posts.order_by(Post.id).with_for_update()).all()


def lock_quoting_posts(which: ColumnElement[bool], post_ids: Collection[int] = ()) -> None:
    """Lock all posts with quotes that meet `which`, and those of `post_ids`, in the order of their ids.

    Call this once, before an agenda, a list or a member is locked: whoever quotes one of these posts has it when they
    count.
    """
    _lock_posts(select(Quote.post_id).where(which), _ids_of(possible_ids(post_ids)))


def lock_posts_to_withhold(
    post_ids: Collection[int], topic_ids: Collection[int] = (), held_ids: Collection[int] = ()
) -> None:
    """Lock posts that are withheld or shown again, those that held texts change, and all that quote what comes or goes.

    That is these posts, all posts of the topics, and all of a topic of which readers see none but these: it goes with
    them, and comes back. The topics of all are locked already (`lock_topics`). As `lock_quoting_posts`, call this once.
    """
    ids = possible_ids(post_ids)
    quoted = aliased(Post)
    whole = {*topic_ids, *_topics_emptied_without(ids)}
    _lock_posts(
        _ids_of(ids),
        select(Held.post_id).where(Held.id.in_(held_ids), Held.post_id.is_not(None)),
        select(Quote.post_id).where(Quote.quoted_id.in_(ids)),
        select(Quote.post_id)
        .join(quoted, quoted.id == Quote.quoted_id)
        .where(quoted.topic_id.in_(whole)),
    )


def lock_page(
    topic_id: int,
    agenda_id: int | None = None,
    audience: str | None = None,
    paragraphs: Collection[str] = (),
) -> None:
    """Lock the topic of a case or a practice, and in one turn all its posts and others that a change of its page concerns.

    These are the post that opens the topic, the comments on `paragraphs` that are edited, and if the page gets another
    agenda or other readers, what depends on who reads it. Call this before an agenda is locked.
    """
    lock_topics([topic_id])
    topic = db.session.get_one(Topic, topic_id)
    own = select(Post.id).where(Post.topic_id == topic_id)
    posts = [own.where(Post.number == 1)]
    if paragraphs:
        posts.append(own.where(Post.paragraph.in_(paragraphs)))
    if agenda_id not in (None, topic.agenda_id) or audience not in (None, topic.audience):
        posts.append(select(Quote.post_id).where(quotes_around_topic(topic)))
    _lock_posts(*posts)


def _topics_emptied_without(post_ids: Collection[int]) -> Sequence[int]:
    """The ids of the topics of these posts in which readers see no others."""
    theirs = select(Post.topic_id).where(Post.id.in_(post_ids)).distinct()
    topic_ids = db.session.scalars(theirs).all()
    other = aliased(Post)
    others = select(other.id).where(other.topic_id == Topic.id, other.id.not_in(post_ids))
    is_emptied = ~others.where(*is_readable(other)).exists()
    return db.session.scalars(select(Topic.id).where(Topic.id.in_(topic_ids), is_emptied)).all()


def _ids_of(post_ids: Collection[int]) -> Select[Any]:
    return select(Post.id).where(Post.id.in_(post_ids))


def _lock_posts(*ids: Select[Any]) -> None:
    """Lock the posts that these queries find, in the order of their ids.

    As a union, because PostgreSQL reads all posts for conditions that are combined by OR.
    """
    found = select(Post.id).where(Post.id.in_(union(*ids).subquery().select()))
    db.session.scalars(found.order_by(Post.id).with_for_update(of=Post))


def post_to_withhold(doer: Person, post_id: int) -> Post:
    """A post as from `post_to_change`, and what `lock_posts_to_withhold` locks for it.

    In the order of their ids, as two posts that quote each other may be withheld at once.
    """
    _lock_topic_of(doer, post_id)
    lock_posts_to_withhold([post_id])
    return post_to_change(doer, post_id)


def lock_to_give_readers(
    doer: Person, post_id: int, audience: str, quoted_ids: Collection[int]
) -> None:
    """If a topic gets other readers with the text of the post that opens it: lock that post, with what quotes the topic, and what it quotes."""
    if topic_id := _lock_topic_of(doer, post_id):
        lock_posts_to_give_readers(topic_id, post_id, audience, quoted_ids)


def lock_posts_to_give_readers(
    topic_id: int, post_id: int, audience: str, quoted_ids: Collection[int]
) -> None:
    """What `lock_to_give_readers` locks, once the topic is locked."""
    topic = db.session.scalar(select(Topic).where(Topic.id == topic_id, Topic.audience != audience))
    if topic:
        lock_quoting_posts(quotes_around_topic(topic), [post_id, *quoted_ids])


def _lock_topic_of(doer: Person, post_id: int) -> int | None:
    """The id of the topic of a post, which is locked; a topic that the post has left meanwhile is not kept, as in `post_to_change`."""
    topic = visible_topics(doer).join(Post, Post.topic_id == Topic.id).where(Post.id == post_id)
    topic_id: int | None = lock_or_start_again(topic.with_only_columns(Topic.id), Topic)
    return topic_id


def lock_topics_to_quote(
    ids: Collection[int], topic_id: int | None = None, *, post_id: int | None = None
) -> None:
    """Lock the topics of posts that a text quotes, together with its own one.

    Its own is given by `topic_id`, or by the `post_id` of the text; where only that is quoted from, whoever gives the
    `topic_id` locks it. They are locked in the order of their ids, as wherever several topics are. Others may be counted
    and quoted meanwhile, but neither hidden nor given to other readers.
    """
    posts = possible_ids((*ids, post_id or 0))
    topics = _topics_of(posts) if ids else {}
    own_id = topics.get(post_id, topic_id) if post_id else topic_id
    others = {*topics.values()} - {own_id}
    if others or (ids and post_id):
        _share_topics({known_id for known_id in others if own_id and known_id < own_id})
        db.session.scalar(select(Topic.id).where(Topic.id == own_id).with_for_update(of=Topic))
        _share_topics({known_id for known_id in others if not own_id or known_id > own_id})
        if _topics_of(posts) != topics:
            start_again()  # a post has left while this waited, and its former topic is not wanted


def _topics_of(post_ids: Collection[int]) -> dict[int, int]:
    rows = select(Post.id, Post.topic_id).where(Post.id.in_(post_ids))
    return {row.id: row.topic_id for row in db.session.execute(rows)}


def _share_topics(ids: Collection[int]) -> None:
    if ids:
        held = select(Topic.id).where(Topic.id.in_(ids)).order_by(Topic.id)
        db.session.scalars(held.with_for_update(of=Topic, read=True, key_share=True)).all()


def lock_posts_to_quote(ids: Collection[int]) -> set[int]:
    """Which of these ids belong to posts, hidden and deleted ones too. The posts are locked (`FOR SHARE`)."""
    known = possible_ids(ids)
    if not known:
        return set()
    query = select(Post.id).where(Post.id.in_(known)).order_by(Post.id)
    return set(db.session.scalars(query.with_for_update(read=True)))


def mentioned_member_ids(post_id: int) -> set[int]:
    """The ids of the members whom a post mentions, or mentioned before it was edited."""
    return set(db.session.scalars(select(Mention.member_id).where(Mention.post_id == post_id)))


def posts_to_quote(reader: Person, ids: Iterable[int]) -> Sequence[Post]:
    """Those of the posts that the reader may read, with their topics and authors."""
    known = possible_ids(ids)
    if not known:
        return []
    query = visible_posts(reader).where(
        Post.id.in_(known), Topic.hidden_at.is_(None), *is_readable()
    )
    return db.session.scalars(with_author(query)).all()
