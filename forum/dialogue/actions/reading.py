"""How far a member has read."""

from __future__ import annotations

from sqlalchemy import delete as delete_rows

from forum.clock import now
from forum.db import db, insert_into
from forum.deeds import action, touches
from forum.dialogue.models import AllRead, Mention, Place
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
def read_all(member: Person, agenda_id: int | None = None) -> None:
    """Mark everything as read, on one agenda or (None) on all. This stores a single row, however much it is."""
    touches()
    require(member.can.see_own())
    row = {"member_id": member.id, "agenda_id": agenda_id or 0, "until": now()}
    kept = insert_into(AllRead)
    key, values = kept.table.primary_key.columns, {"until": kept.excluded.until}
    db.session.execute(kept.on_conflict_do_update(index_elements=key, set_=values), row)


@action
def forget_reading(system: Person, member_id: int) -> None:
    """Delete the reading positions of a member who has left, and where they are mentioned."""
    require(system.can.administer())
    touches()
    for model in (Place, AllRead, Mention):
        db.session.execute(delete_rows(model).where(model.member_id == member_id))
