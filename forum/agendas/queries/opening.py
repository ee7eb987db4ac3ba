"""Locks on an agenda for those who write there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from forum.agendas.models import Agenda
from forum.db import db
from forum.errors import NotFound
from forum.permissions import Person

_OPENING_UNLOCKED = select(Agenda.opened_at, Agenda.deleted_at).where(
    Agenda.id == bindparam("agenda_id")
)
_OPENING = _OPENING_UNLOCKED.with_for_update(read=True, key_share=True)
_OPENING_TO_NOTE = _OPENING_UNLOCKED.with_for_update(key_share=True)


def lock_agendas(agenda_ids: Iterable[int]) -> None:
    """Lock some agendas as `lock_opening` does, in the order of their ids, deleted ones too: for what refers to them later."""
    wanted = select(Agenda.id).where(Agenda.id.in_(agenda_ids)).order_by(Agenda.id)
    db.session.execute(wanted.with_for_update(read=True, key_share=True))


def lock_opening(agenda_id: int, *, is_noted: bool = False) -> datetime | None:
    """When an agenda was opened, or None while it is in preparation; locked until the action ends.

    The lock is shared: members who write on an agenda wait only for somebody who opens, prepares, curates or deletes
    it. What `is_noted` there (`note_activity`) waits for others that are, too: here and not when it has asked for
    the time. `NotFound` when it was deleted. An agenda that was read before the wait says the same afterwards.
    """
    opening = _OPENING_TO_NOTE if is_noted else _OPENING
    row = db.session.execute(opening, {"agenda_id": agenda_id}).first()
    if row is not None and row.deleted_at is not None:
        raise NotFound()
    known = db.session.identity_map.get(identity_key(Agenda, agenda_id))
    if row is not None and known is not None:
        set_committed_value(known, "opened_at", row.opened_at)
    return row.opened_at if row else None


def lock_to_write_on(author: Person, agenda_id: int, *, is_noted: bool = False) -> None:
    """Lock the opening of an agenda, as `lock_opening`, for a member who writes there; `NotFound` if they do not see it (any more)."""
    if lock_opening(agenda_id, is_noted=is_noted) is None and not author.can.moderate(agenda_id):
        raise NotFound()
