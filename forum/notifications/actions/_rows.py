"""Writing rows: the notices of an event, upserting, changing many rows; and what notices quote of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, case, func, literal, or_, update

from forum.clock import now
from forum.db import db, insert_into
from forum.members.queries import ignores
from forum.notifications.models import NOTICE_KINDS, Event, Notice
from forum.notifications.queries import (
    newest_to_merge,
    notice_values,
    notices_to_make,
    tells_of_actor,
)
from forum.plaintext import excerpt

QUOTED_CHARACTERS = 400  # of a text, in an event and its notices
UNREAD = {"read_at": None, "all_read_at": None}  # the values of a notice that is unread again


def make_for(event: Event, member_ids: Sequence[int]) -> None:
    """Make an event's notices for those of these members who want them."""
    if NOTICE_KINDS[event.kind].is_merging:
        merged = _merge_into_unread(event, member_ids)
        member_ids = [member_id for member_id in member_ids if member_id not in merged]
    if member_ids:
        rows = notices_to_make(event, member_ids)
        insert = insert_into(Notice).from_select(list(notice_values(event)), rows)
        db.session.execute(insert.on_conflict_do_nothing())


def _merge_into_unread(event: Event, member_ids: Sequence[int]) -> set[int]:
    """Add one more person to unread, unmailed notices about the same post; returns the ids of their members.

    Somebody of whom a notice tells already is named again, and not counted twice.
    """
    is_in_it = tells_of_actor(event)
    unread = update(Notice).where(
        Notice.id.in_(newest_to_merge(event, member_ids)),
        Notice.read_at.is_(None),
        Notice.mailed_at.is_(None),
        *([~ignores(Notice.member_id, event.actor_id)] if event.actor_id else []),
    )
    text = {"text": event.text} if event.text else {}
    others = case((is_in_it, Notice.others), else_=Notice.others + 1)
    merged = unread.values(others=others, actor_id=event.actor_id, **text)
    return set(db.session.scalars(merged.returning(Notice.member_id)))


def upsert(row: Any) -> None:
    """Insert a row, or replace the one with the same primary key."""
    columns = type(row).__table__.c
    values = {column.name: getattr(row, column.name) for column in columns}
    key = list(type(row).__table__.primary_key)
    insert = insert_into(type(row)).values(values)
    db.session.execute(insert.on_conflict_do_update(index_elements=key, set_=values))


def set_values(model: type[Event] | type[Notice], values: dict[str, Any], *conditions: Any) -> int:
    """Change the events or notices that meet some conditions; returns how many these are."""
    changed = db.session.execute(update(model).where(*conditions).values(values))
    return cast(CursorResult[Any], changed).rowcount


def read_for_good(*conditions: Any) -> None:
    """Mark the notices that meet some conditions as read; undoing a press of “Mark all as read” does not bring them back."""
    is_open = or_(Notice.read_at.is_(None), Notice.all_read_at.is_not(None))
    read_at = func.coalesce(Notice.read_at, literal(now(), Notice.read_at.type))
    set_values(Notice, {"read_at": read_at, "all_read_at": None}, *conditions, is_open)


def quoted(text: str) -> str:
    """What events and notices show of a text: its first words."""
    return excerpt(text, QUOTED_CHARACTERS)
