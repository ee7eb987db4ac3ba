"""One's own bookmarks, and which of some things one keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, cast, func, select

from forum.bookmarks.models import CASE, KINDS, POST, PRACTICE, READING, Bookmark
from forum.db import db
from forum.errors import NotFound
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person, require

BOOKMARKS_PER_PAGE = 20
COLUMNS: Mapping[str, Any] = {
    POST: Bookmark.post_id,
    CASE: Bookmark.case_id,
    PRACTICE: Bookmark.practice_id,
    READING: Bookmark.reading_id,
}

# Which of some posts a member keeps, as one text such as `7,9`, so that it fits into a column of another statement; takes the
# parameters `kept_ids` and `member_id`.
KEPT_AS_TEXT = select(func.aggregate_strings(cast(Bookmark.post_id, String), ",")).where(
    Bookmark.post_id.in_(bindparam("kept_ids", expanding=True)),
    Bookmark.member_id == bindparam("member_id"),
)


def parse_kept(text: str | None) -> frozenset[int]:
    """What `KEPT_AS_TEXT` returned: the ids of the posts."""
    return frozenset(map(int, text.split(","))) if text else frozenset()


def kept_among(reader: Person, kind: str, ids: Collection[int]) -> frozenset[int]:
    """The ids of those things of one kind that the reader keeps; none for visitors."""
    if not reader.is_member or not ids:
        return frozenset()
    kept = select(COLUMNS[kind]).where(COLUMNS[kind].in_(ids), Bookmark.member_id == reader.id)
    return frozenset(db.session.scalars(kept))


def bookmark_of(member: Person, kind: str, thing_id: int) -> Bookmark | None:
    """The member's bookmark of something, or None."""
    mine = select(Bookmark).where(COLUMNS[kind] == thing_id, Bookmark.member_id == member.id)
    return db.session.scalar(mine)


def get_bookmark(member: Person, bookmark_id: int) -> Bookmark:
    """One's own bookmark by its number; raises `NotFound` for any other."""
    require(member.can.see_own())
    mine = select(Bookmark).where(Bookmark.id == bookmark_id, Bookmark.member_id == member.id)
    found = db.session.scalar(mine)
    if found is None:
        raise NotFound()
    return found


def bookmarks_count(member: Person) -> int:
    """How many bookmarks a member has."""
    mine = select(func.count()).where(Bookmark.member_id == member.id)
    return db.session.scalar(mine) or 0


def bookmark_counts(member: Person) -> dict[str, int]:
    """How many of one's own bookmarks there are of each kind; kinds without any are left out."""
    require(member.can.see_own())
    columns = [func.count(COLUMNS[kind]) for kind in KINDS]
    row = db.session.execute(select(*columns).where(Bookmark.member_id == member.id)).one()
    return {kind: count for kind, count in zip(KINDS, row, strict=True) if count}


def my_bookmarks(
    member: Person, kind: str, number: int, counts: Mapping[str, int]
) -> Page[Bookmark]:
    """A page of one's own bookmarks of one kind, or of all when it is empty, the latest first; `counts` as `bookmark_counts` says."""
    require(member.can.see_own())
    total = counts.get(kind, 0) if kind else sum(counts.values())
    pages = pages_for(total, BOOKMARKS_PER_PAGE)
    number = clamp(number, pages)
    query = select(Bookmark).where(Bookmark.member_id == member.id, *_of_kind(kind))
    latest = query.order_by(Bookmark.id.desc()).limit(BOOKMARKS_PER_PAGE)
    rows: Sequence[Bookmark] = db.session.scalars(
        latest.offset((number - 1) * BOOKMARKS_PER_PAGE)
    ).all()
    return Page(rows, number, pages, total)


def _of_kind(kind: str) -> list[ColumnElement[bool]]:
    return [COLUMNS[kind].is_not(None)] if kind else []
