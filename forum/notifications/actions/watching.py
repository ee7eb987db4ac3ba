"""Watching and muting topics, agendas, cities, themes and authors."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, case, delete, literal, tuple_, update

from forum.clock import now
from forum.db import db, insert_into
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.notifications.models import AUTHOR, LEVELS, MUTED, SUBJECTS, TOPIC, WATCHING, Watch
from forum.notifications.queries import Subject, begins_to_watch, level_of, watchers_of
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
    chosen = {"level": level, "created_at": now()}
    before = case((Watch.level == WATCHING, Watch.created_at), else_=Watch.watched_at)
    kept = {"watched_at": before if level == MUTED else None}
    insert = insert_into(Watch).values({**key, **chosen})
    db.session.execute(insert.on_conflict_do_update(index_elements=[*key], set_={**chosen, **kept}))


@action
def unmute(member: Person, subject: str, subject_id: int) -> bool:
    """Stop muting a subject; a member who watched it before watches it again. Returns whether the member watches it now."""
    touches()
    require(member.can.watch())
    is_muted = (*_is_row(member, subject, subject_id), Watch.level == MUTED)
    again = {"level": WATCHING, "created_at": Watch.watched_at, "watched_at": None}
    db.session.execute(update(Watch).where(*is_muted, Watch.watched_at.is_not(None)).values(again))
    db.session.execute(delete(Watch).where(*is_muted))
    return level_of(member, subject, subject_id) == WATCHING


@action
def unwatch(member: Person, subject: str, subject_id: int) -> None:
    """Stop watching or muting a subject."""
    touches()
    require(member.can.watch())
    db.session.execute(delete(Watch).where(*_is_row(member, subject, subject_id)))


def _is_row(member: Person, subject: str, subject_id: int) -> tuple[ColumnElement[bool], ...]:
    is_of_subject = (Watch.subject == subject, Watch.subject_id == subject_id)
    return (Watch.member_id == member.id, *is_of_subject)


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
    began = Watch.watched_at.between(since, until)  # and was muted since
    db.session.execute(update(Watch).where(*is_own, began).values(watched_at=None))


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
