"""Polls below posts, what the reader has chosen in them, and polls to be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from flask_babel import gettext, lazy_gettext
from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy.orm import selectinload

from forum.db import db, execute_core
from forum.dialogue.models import Held, Poll, PollMixin, PollOption, PollText, PollVote, Post, Topic
from forum.dialogue.queries._rows import PostRow
from forum.dialogue.queries.posts import get_post, require_no_home
from forum.errors import Conflict, or_not_found
from forum.history.queries import fingerprint
from forum.permissions import Person, require


class OptionRow(NamedTuple):
    """An option of a poll: how many have chosen it, the percentage of all voters, and whether the reader did."""

    id: int
    words: str
    votes_count: int
    percent: int
    is_mine: bool


class _PollColumns(NamedTuple):
    id: int
    post_id: int
    question: str
    is_multiple: bool
    voters_count: int
    closes_at: datetime | None
    closed_at: datetime | None
    options: tuple[OptionRow, ...]


class PollRow(_PollColumns, PollMixin):
    """A poll as pages print it."""

    @property
    def has_mine(self) -> bool:
        """Whether the reader has voted."""
        return any(option.is_mine for option in self.options)


NONE_HERE = lazy_gettext("There is no poll here any more.")
_POLL_COLUMNS = [
    getattr(Poll, name).label(f"poll_{name}") for name in _PollColumns._fields if name != "options"
]


def polls_below(reader: Person, posts: Iterable[Post | PostRow]) -> dict[int, PollRow]:
    """The polls of those posts that have one and are visible, by post id, in one statement; no query if there is none.

    The posts must be ones that the reader was found to see. Votes are read for the reader alone.
    """
    ids = [post.id for post in posts if post.has_poll and not post.is_gone]
    return _polls_of(reader, ids) if ids else {}


def poll_of(reader: Person, post: Post | PostRow) -> PollRow | None:
    """The poll of a post that the reader was found to see, also of a hidden one, for moderators."""
    return _polls_of(reader, [post.id]).get(post.id) if post.has_poll else None


def _polls_of(reader: Person, post_ids: Sequence[int]) -> dict[int, PollRow]:
    # For a visitor the id is 0, which no member has
    values = {"post_ids": post_ids, "member_id": reader.id if reader.is_member else 0}
    rows: dict[int, list[Any]] = {}
    for row in execute_core(_polls_query(), values):
        rows.setdefault(row.poll_post_id, []).append(row)
    return {post_id: _to_row(found) for post_id, found in rows.items()}


@cache
def _polls_query() -> Select[Any]:
    """Each option of the polls of these posts, with its poll, and the option's id once more if the member chose it."""
    own = and_(PollVote.option_id == PollOption.id, PollVote.member_id == bindparam("member_id"))
    options = (PollOption.id, PollOption.words, PollOption.votes_count, PollVote.option_id)
    query = select(*_POLL_COLUMNS, *options).join(PollOption, PollOption.poll_id == Poll.id)
    query = query.outerjoin(PollVote, own)
    is_wanted = Poll.post_id.in_(bindparam("post_ids", expanding=True))
    return query.where(is_wanted).order_by(Poll.id, PollOption.position)


def _to_row(rows: Sequence[Any]) -> PollRow:
    *columns, _option, _words, _votes, _mine = rows[0]
    voters = rows[0].poll_voters_count
    options = tuple(
        OptionRow(option_id, words, votes, _percent(votes, voters), mine is not None)
        for *_poll, option_id, words, votes, mine in rows
    )
    return PollRow._make((*columns, options))


def _percent(votes: int, voters: int) -> int:
    """Which percentage of the voters chose an option, rounded half up."""
    return (200 * votes + voters) // (2 * voters) if voters else 0


# To change


def poll_to_change(post: Post) -> Poll:
    """The poll of a post that is locked, with its options, or `NotFound`."""
    query = select(Poll).where(Poll.post_id == post.id).options(selectinload(Poll.options))
    found: Poll | None = db.session.scalar(query)
    return or_not_found(found, NONE_HERE)


def poll_if_there(post: Post) -> Poll | None:
    """The poll of a post, with its options, or None."""
    return poll_to_change(post) if post.has_poll else None


def votes_in(poll: Poll, member: Person) -> set[int]:
    """The ids of the options of a poll that a member has chosen."""
    chosen = select(PollVote.option_id).where(
        PollVote.member_id == member.id,
        PollVote.option_id.in_([option.id for option in poll.options]),
    )
    return set(db.session.scalars(chosen))


def poll_fingerprint(poll: PollText | None) -> str:
    """A hash of a poll, by which a form detects that it has changed since it was opened; None is no poll."""
    return fingerprint(fields_of_poll(poll))


def fields_of_poll(poll: PollText | None) -> Mapping[str, Any]:
    """What somebody who changes a poll has to have seen of it; nothing for no poll."""
    return poll.stored if poll else {}


def asks_the_same(sent: Topic | Held, text: PollText | None) -> bool:
    """Whether a topic that was sent before has this poll (None: no poll)."""
    before = sent.poll_text if isinstance(sent, Held) else _poll_text_in(sent)
    if before is None or text is None:
        return before is text
    return (before.lines, before.is_multiple) == (text.lines, text.is_multiple)


def _poll_text_in(topic: Topic) -> PollText | None:
    query = select(Poll).join(Post, Post.id == Poll.post_id)
    query = query.where(Post.topic_id == topic.id, Post.number == 1)
    poll = db.session.scalar(query.options(selectinload(Poll.options)))
    return poll.text if poll else None


def post_to_poll(author: Person, post_id: int) -> tuple[Post, Poll | None]:
    """A post with which its author opened a topic, in order to add a poll or change it."""
    post = get_post(author, post_id)
    require(author.can.edit(post))
    require_no_home(post)
    poll = poll_if_there(post)
    require_changeable(post, poll)
    return post, poll


def require_changeable(post: Post, poll: Poll | None) -> None:
    """Raise `Conflict` unless a poll can be added to this post, or its poll changed: until the first vote."""
    if post.number > 1 and poll is None:
        raise Conflict(gettext("A poll stands below the text that opens a topic."))
    if poll and poll.is_closed:
        raise Conflict(gettext("This poll is closed."))
    if poll and poll.voters_count:
        raise Conflict(
            gettext(
                "Somebody has voted already, so the poll stays as it is. You can close it or remove it."
            )
        )


def poll_to_remove(author: Person, post_id: int) -> tuple[Post, PollRow]:
    """One's own post and its poll, in order to remove the poll."""
    post = get_post(author, post_id)
    require(author.can.delete(post))
    return post, or_not_found(poll_of(author, post), NONE_HERE)


def poll_to_vote_in(member: Person, post_id: int) -> tuple[Post, PollRow]:
    """A post and its poll, for a member who wants to vote."""
    post = get_post(member, post_id)
    require(member.can.vote(post))
    return post, or_not_found(poll_of(member, post), NONE_HERE)


def votes_to_remove(member_id: int, limit: int) -> Sequence[tuple[int, int]]:
    """At most `limit` votes of a member, as (id of the poll, id of the option); their posts are locked in the order of ids."""
    theirs = select(Poll.post_id, Poll.id, PollOption.id).select_from(PollVote)
    theirs = theirs.join(PollOption, PollOption.id == PollVote.option_id)
    theirs = theirs.join(Poll, Poll.id == PollOption.poll_id)
    theirs = theirs.where(PollVote.member_id == member_id)
    rows = db.session.execute(theirs.order_by(Poll.id, PollOption.id).limit(limit)).all()
    ids = {row[0] for row in rows}
    db.session.scalars(select(Post.id).where(Post.id.in_(ids)).order_by(Post.id).with_for_update())
    return [(poll_id, option_id) for _post_id, poll_id, option_id in rows]


def has_votes_in(poll_id: int, member_id: int) -> bool:
    """Whether a member has chosen any option of a poll."""
    votes = select(PollVote.option_id).join(PollOption, PollOption.id == PollVote.option_id)
    votes = votes.where(PollOption.poll_id == poll_id, PollVote.member_id == member_id)
    return db.session.scalar(votes.limit(1)) is not None
