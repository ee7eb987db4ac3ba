"""Members say that they want to try something, and are asked later how it went."""

from __future__ import annotations

from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete as delete_rows

from forum.agendas.queries import lock_to_write_on
from forum.clock import month_end, month_in_words, now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.models import Topic
from forum.dialogue.queries import has_event, post_to_change
from forum.errors import Invalid
from forum.library.models import Intention
from forum.library.queries import (
    intentions_to_look_at,
    lock_intention,
    opening_post_id,
    tried_by,
)
from forum.members.queries import lock_writer
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import Person, require
from forum.versions import member_scope, topic_scope

MAX_MONTHS_AHEAD = 36  # latest end of an intention, from now
# How long an intention is kept after its member was asked about it
KEPT_AFTER = timedelta(days=183)
HIDDEN_AGAIN_AFTER = timedelta(days=30)  # until a hidden topic is looked at again
BATCH_SIZE = 100  # intentions that one transaction looks at


@action
def intend(member: Person, topic_id: int, until: date) -> Intention:
    """Record that a member wants to try the case or practice of a topic, until a day; replaces what they said before.

    Its author is notified only once, however often the member does this. Raises `Invalid` when the day is over, or
    too far away.
    """
    lock_writer(member)
    post = post_to_change(member, opening_post_id(member, topic_id))
    lock_to_write_on(member, post.topic.agenda_id)
    require(member.can.intend(post))
    touches(topic_scope(topic_id), member_scope(member.id))
    if not now().date() <= until <= month_end(MAX_MONTHS_AHEAD):
        last = month_in_words(month_end(MAX_MONTHS_AHEAD))
        raise Invalid(_("Choose a month from now on and until %(last)s.", last=last), "until")
    row = lock_intention(member, topic_id)
    if row is None:
        row = Intention(topic_id=topic_id, member_id=member.id, created_at=now())
        db.session.add(row)
    row.until, row.look_on, row.asked_at = until, until + timedelta(days=1), None
    if not has_event(member, "intention", post.id):
        told = NoticeText(
            "intention",
            post.topic.address,
            post.topic.title,
            "",
            topic_id,
            post.id,
            language=post.topic.language,
        )
        note_event(member, told, [post.author_id])
    return row


@action
def give_up(member: Person, topic_id: int) -> None:
    """Delete one's intention to try something; nothing happens without one."""
    require(member.can.see_own())
    touches(topic_scope(topic_id), member_scope(member.id))
    mine = (Intention.topic_id == topic_id, Intention.member_id == member.id)
    db.session.execute(delete_rows(Intention).where(*mine))


@action
def ask_about_intentions(system: Person, limit: int = BATCH_SIZE) -> int:
    """Ask members whose month is over how it went, and delete intentions without a response; returns how many it looked at.

    Intentions of members who have tried it meanwhile are deleted as well. Rows that are due are locked and
    rescheduled in the transaction that writes the events, so each member is asked once, however many workers run and
    whenever they are killed.
    """
    require(system.can.administer())
    touches()
    due = intentions_to_look_at(now().date(), limit)
    tried = tried_by({(row.topic_id, row.member_id) for row in due})
    for row in due:
        is_over = row.asked_at is not None or (row.topic_id, row.member_id) in tried
        if is_over or row.topic.deleted_at is not None:
            touches(topic_scope(row.topic_id), member_scope(row.member_id))
            db.session.delete(row)
        elif row.topic.hidden_at is not None:
            row.look_on = now().date() + HIDDEN_AGAIN_AFTER
        else:
            _ask(system, row, row.topic)
    return len(due)


def _ask(system: Person, row: Intention, topic: Topic) -> None:
    touches(topic_scope(row.topic_id), member_scope(row.member_id))
    row.asked_at, row.look_on = now(), now().date() + KEPT_AFTER
    told = NoticeText(
        "intended", topic.address, topic.title, topic_id=topic.id, language=topic.language
    )
    note_event(system, told, [row.member_id])


@action
def forget_intentions(system: Person, member_id: int) -> None:
    """Delete the intentions of somebody who has left."""
    require(system.can.administer())
    touches()
    db.session.execute(delete_rows(Intention).where(Intention.member_id == member_id))
