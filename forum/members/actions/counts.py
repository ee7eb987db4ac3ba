"""The counters of a member's posts, held texts and drafts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from forum.columns import Base
from forum.db import db
from forum.deeds import action
from forum.members.models import Member
from forum.permissions import Person, require

_MEMBERS = Base.metadata.tables["member"]
MOVE_POSTS = (
    update(_MEMBERS)
    .where(_MEMBERS.c.id == bindparam("key"))
    .values(posts_count=_MEMBERS.c.posts_count + bindparam("by"))
)


@action
def note_posts(doer: Person, member_id: int, by: int) -> None:
    """Change the number of a member's posts by `by`; called by the dialogue room.

    Raises `Forbidden` when a moderator has just withdrawn the author's right to write: both actions lock this row.
    """
    _move_counter(doer, member_id, by, posts_count=Member.posts_count + by)


@action
def note_posts_of_all(doer: Person, moves: Mapping[int, int]) -> None:
    """Like `note_posts`, for many members in one statement: {member id: by}."""
    # Always in the same order, to avoid deadlocks
    rows = [{"key": key, "by": by} for key, by in sorted(moves.items())]
    if rows:
        db.session.execute(MOVE_POSTS, rows)
        _forget_numbers(moves)
    # A statement for many rows returns nothing, so another query checks the right.
    if moves.get(doer.id, 0) > 0:
        _move_counter(doer, doer.id, moves[doer.id], posts_count=Member.posts_count)


def _forget_numbers(member_ids: Iterable[int]) -> None:
    """Let members who are in the session read their number of posts again: a statement for many rows goes past them."""
    known = map(db.session.identity_map.get, (identity_key(Member, key) for key in member_ids))
    for member in filter(None, known):
        db.session.expire(member, ["posts_count"])


@action
def note_waiting(doer: Person, member_id: int, by: int) -> None:
    """Change the number of a member's held or refused texts; like `note_posts`."""
    _move_counter(doer, member_id, by, waiting_count=Member.waiting_count + by)


@action
def note_drafts(doer: Person, member_id: int, by: int) -> None:
    """Change the number of a member's drafts; like `note_posts`."""
    _move_counter(doer, member_id, by, drafts_count=Member.drafts_count + by)


def _move_counter(doer: Person, member_id: int, by: int, **moved: Any) -> None:
    """Change a counter; when members increase their own, check their right to write in the present row."""
    ends = (Member.suspended_until, Member.silenced_until)
    row = update(Member).where(Member.id == member_id).values(**moved).returning(*ends)
    now_known = db.session.execute(row).one_or_none()
    if by > 0 and doer.id == member_id and now_known:
        for end, value in zip(ends, now_known, strict=True):
            set_committed_value(doer, end.key, value)
        require(doer.can.write())


@action
def set_post_counts(system: Person, member_id: int, posts: int, waiting: int, drafts: int) -> None:
    """Set the numbers of a member's posts, held texts and drafts, as counted by the dialogue room."""
    require(system.can.administer())
    counted = update(Member).where(Member.id == member_id)
    numbers = {"posts_count": posts, "waiting_count": waiting, "drafts_count": drafts}
    db.session.execute(counted.values(**numbers))
