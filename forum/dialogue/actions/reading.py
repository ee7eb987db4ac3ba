"""How far a member has read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete as delete_rows

from forum.clock import DOUBLE_PRESS, now
from forum.db import db, insert_into
from forum.deeds import action, touches
from forum.dialogue.models import AllRead, Mention, Place
from forum.dialogue.queries import lock_all_read
from forum.notifications.actions import read_topic
from forum.permissions import Person, require


@action
def read(member: Person, topic_id: int, number: int) -> None:
    """Record that a member has read a topic up to this post number (never lowering it), and the notices about the topic."""
    touches()
    row = {"member_id": member.id, "topic_id": topic_id, "number": number}
    place = insert_into(Place)
    is_further = place.table.c.number < place.excluded.number
    put = place.on_conflict_do_update(
        index_elements=place.table.primary_key.columns,
        set_={"number": place.excluded.number},
        where=is_further,
    )
    db.session.execute(put, row)
    read_topic(member, topic_id)


@action
def read_all(member: Person, agenda_id: int | None = None) -> datetime:
    """Mark everything as read, on one agenda or (None) on all. This stores a single row, however much it is.

    Returns until when, for `unread_all`. A second press within `DOUBLE_PRESS` of the first is one with it, and both
    are taken back together.
    """
    touches()
    require(member.can.see_own())
    given, until = lock_all_read(member, agenda_id), now()
    former = given.until if given else None
    if given and until - given.until < DOUBLE_PRESS:
        former = given.former_until
    row = {"member_id": member.id, "agenda_id": agenda_id or 0}
    moments = {"until": until, "former_until": former}
    kept = insert_into(AllRead)
    key = kept.table.primary_key.columns
    values = {name: kept.excluded[name] for name in moments}
    db.session.execute(
        kept.on_conflict_do_update(index_elements=key, set_=values), {**row, **moments}
    )
    return until


@action
def unread_all(member: Person, agenda_id: int | None, until: datetime | None) -> bool:
    """Take back that everything was marked as read `until` a moment: what was new then is new again, if it was not read since.

    Nothing happens if everything was marked as read again since, or this is taken back already. Returns whether
    anything happened.
    """
    touches()
    require(member.can.see_own())
    given = lock_all_read(member, agenda_id)
    if given is None or until is None or given.until != until:
        return False
    if given.former_until is None:
        db.session.delete(given)
    else:
        given.until, given.former_until = given.former_until, None
    return True


@action
def forget_reading(system: Person, member_id: int) -> None:
    """Delete the reading positions of a member who has left, and where they are mentioned."""
    require(system.can.administer())
    touches()
    for model in (Place, AllRead, Mention):
        db.session.execute(delete_rows(model).where(model.member_id == member_id))
