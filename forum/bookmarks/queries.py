"""One's own bookmarks, which things are bookmarked, and the days of reminders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, bindparam, cast, func, select

from forum.bookmarks.models import (
    CASE,
    KINDS,
    MAX_MONTHS_AHEAD,
    MONTH,
    POST,
    PRACTICE,
    READING,
    TOMORROW,
    WEEK,
    Bookmark,
)
from forum.clock import months_after, now
from forum.db import db
from forum.errors import or_not_found
from forum.members.models import Member
from forum.notifications.models import NoticeSettings
from forum.notifications.queries import zone_called, zone_of
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person, require

BOOKMARKS_PER_PAGE = 20
COLUMNS: Mapping[str, Any] = {
    POST: Bookmark.post_id,
    CASE: Bookmark.case_id,
    PRACTICE: Bookmark.practice_id,
    READING: Bookmark.reading_id,
}

# The bookmarked ones of some posts as one text such as `7,9`, which fits into a column of another statement; takes
# the parameters `kept_ids` and `member_id`.
KEPT_AS_TEXT = select(func.aggregate_strings(cast(Bookmark.post_id, String), ",")).where(
    Bookmark.post_id.in_(bindparam("kept_ids", expanding=True)),
    Bookmark.member_id == bindparam("member_id"),
)


def parse_kept(text: str | None) -> frozenset[int]:
    """The ids of the posts in a `KEPT_AS_TEXT`."""
    return frozenset(map(int, text.split(","))) if text else frozenset()


def kept_among(reader: Person, kind: str, ids: Collection[int]) -> frozenset[int]:
    """The ids of those things of one kind that the reader has bookmarked; none for visitors."""
    if not reader.is_member or not ids:
        return frozenset()
    kept = select(COLUMNS[kind]).where(COLUMNS[kind].in_(ids), Bookmark.member_id == reader.id)
    return frozenset(db.session.scalars(kept))


def lock_thing(kind: str, thing_id: int) -> None:
    """Lock the key of something that is to be bookmarked, as adding the bookmark does, before a member is locked.

    Whoever changes the thing has it locked while members are counted: in the other order, each would wait for the other.
    """
    [key] = COLUMNS[kind].property.columns[0].foreign_keys
    held = select(key.column).where(key.column == thing_id)
    db.session.execute(held.with_for_update(read=True, key_share=True))


def bookmark_of(member: Person, kind: str, thing_id: int) -> Bookmark | None:
    """The member's bookmark of something, or None."""
    mine = select(Bookmark).where(COLUMNS[kind] == thing_id, Bookmark.member_id == member.id)
    return db.session.scalar(mine)


def get_bookmark(member: Person, bookmark_id: int) -> Bookmark:
    """One's own bookmark by its number; raises `NotFound` for any other."""
    require(member.can.see_own())
    mine = select(Bookmark).where(Bookmark.id == bookmark_id, Bookmark.member_id == member.id)
    return or_not_found(db.session.scalar(mine))


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


# Reminders


class ReminderDays(NamedTuple):
    """The days on which a member can be reminded now: those after some spans, and the `first` and the `last` of all."""

    spans: Mapping[str, date]
    first: date
    last: date


def reminder_days(member: Person) -> ReminderDays:
    """The days on which a member can be reminded, counted from the present day in the member's time zone."""
    today = now().astimezone(zone_of(member.id or 0)).date()
    tomorrow = today + timedelta(days=1)
    spans = {TOMORROW: tomorrow, WEEK: today + timedelta(days=7), MONTH: months_after(today, 1)}
    return ReminderDays(spans, tomorrow, months_after(today, MAX_MONTHS_AHEAD))


def reminder_moment(settings: NoticeSettings, day: date) -> datetime:
    """The moment of a reminder on a day: an hour before the member's digest, so that the digest of that day includes it.

    For a digest at midnight that is late on the day before. The hour is elapsed time, even when the clocks change.
    """
    hour = time(settings.digest_hour, tzinfo=zone_called(settings.time_zone))
    return datetime.combine(day, hour).astimezone(UTC) - timedelta(hours=1)


def due_reminders(limit: int) -> Sequence[Bookmark]:
    """Bookmarks whose reminders are due, the longest due first, locked; those locked by other workers are skipped."""
    due = select(Bookmark).where(Bookmark.remind_at <= now())
    first = due.order_by(Bookmark.remind_at, Bookmark.id).limit(limit)
    return db.session.scalars(first.with_for_update(skip_locked=True)).all()


def owners_of(bookmarks: Collection[Bookmark]) -> dict[int, Member]:
    """The owners of these bookmarks, by id."""
    ids = {bookmark.member_id for bookmark in bookmarks}
    owners = db.session.scalars(select(Member).where(Member.id.in_(ids))) if ids else ()
    return {owner.id: owner for owner in owners}
