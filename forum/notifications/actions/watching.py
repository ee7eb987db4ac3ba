"""Watching and muting topics, agendas, cities, themes and authors."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, literal, tuple_

from forum.clock import now
from forum.db import db, insert_into
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.notifications.actions._rows import upsert
from forum.notifications.models import AUTHOR, LEVELS, SUBJECTS, TOPIC, WATCHING, Watch
from forum.notifications.queries import Subject, begins_to_watch, watchers_of
from forum.permissions import Person, require


@action
def watch(member: Person, subject: str, subject_id: int, level: str = WATCHING) -> None:
    """Watch or mute a subject (`level`). The caller has checked that the member can see it.

    Authors can only be watched: instead of muting them, one ignores them.
    """
    touches()
    require(member.can.watch_author(subject_id) if subject == AUTHOR else member.can.watch())
    levels = (WATCHING,) if subject == AUTHOR else LEVELS
    if subject not in SUBJECTS or level not in levels:
        raise Invalid(_("Choose whether to watch or to mute."), "level")
    key = {"member_id": member.id, "subject": subject, "subject_id": subject_id}
    upsert(Watch(**key, level=level, created_at=now()))


@action
def unwatch(member: Person, subject: str, subject_id: int) -> None:
    """Stop watching or muting a subject."""
    touches()
    require(member.can.watch())
    is_of_subject = (Watch.subject == subject, Watch.subject_id == subject_id)
    db.session.execute(delete(Watch).where(Watch.member_id == member.id, *is_of_subject))


@action
def clear_watches(member: Person, subjects: Collection[Subject]) -> None:
    """Stop watching or muting these subjects."""
    touches()
    require(member.can.watch())
    key = tuple_(Watch.subject, Watch.subject_id)
    is_one = (Watch.member_id == member.id, key.in_(list(subjects)))
    db.session.execute(delete(Watch).where(*is_one))


@action
def watch_own_topic(author: Person, topic_id: int) -> None:
    """Let an author watch the topic, unless they have switched that off or muted the topic."""
    if author.id and begins_to_watch(author.id, topic_id):
        key = {"member_id": author.id, "subject": TOPIC, "subject_id": topic_id}
        row = {**key, "level": WATCHING, "created_at": now()}
        db.session.execute(insert_into(Watch).values(row).on_conflict_do_nothing())


@action
def undo_watch_own_topic(
    _doer: Person, author_id: int, topic_id: int, since: datetime, until: datetime
) -> None:
    """Undo `watch_own_topic`, if the author began to watch the topic between two moments."""
    is_own = (Watch.subject == TOPIC, Watch.subject_id == topic_id, Watch.member_id == author_id)
    is_recent = Watch.created_at.between(since, until), Watch.level == WATCHING
    db.session.execute(delete(Watch).where(*is_own, *is_recent))


@action
def copy_watchers(
    _doer: Person,
    topic_id: int,
    target_id: int,
    since: datetime,
    member_ids: Collection[int] | None = None,
) -> None:
    """Let the watchers of a topic (only those in `member_ids`, if given) also watch `target_id`, unless they mute it."""
    values = (
        literal(TOPIC),
        literal(target_id),
        literal(WATCHING),
        literal(since, Watch.created_at.type),
    )
    watchers = watchers_of(topic_id, member_ids).add_columns(*values)
    columns = ["member_id", "subject", "subject_id", "level", "created_at"]
    insert = insert_into(Watch).from_select(columns, watchers)
    db.session.execute(insert.on_conflict_do_nothing())


@action
def remove_copied_watchers(_doer: Person, topic_id: int, target_id: int, since: datetime) -> None:
    """Undo `copy_watchers`, for those who have watched the other topic since exactly then."""
    is_copied = (Watch.subject == TOPIC, Watch.subject_id == target_id, Watch.created_at == since)
    is_watcher = Watch.member_id.in_(watchers_of(topic_id))
    db.session.execute(delete(Watch).where(*is_copied, Watch.level == WATCHING, is_watcher))
