"""Who gets a notice of an event, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from forum.clock import now
from forum.db import db
from forum.members.models import Member
from forum.members.queries import ignores
from forum.notifications.models import (
    DIGEST,
    EVERYBODY,
    MUTED,
    NEVER,
    NO_DIGEST,
    NOTICE_KINDS,
    TOPIC,
    WATCHING,
    Event,
    Notice,
    NoticeChoice,
    NoticeSettings,
    Watch,
)
from forum.notifications.queries._shared import Subject
from forum.reach import may_sign_in


def members_with_notices(event_ids: Iterable[int]) -> dict[int, set[int]]:
    """The ids of the members who have a notice of these events, by event."""
    found: dict[int, set[int]] = {}
    rows = select(Notice.event_id, Notice.member_id).where(Notice.event_id.in_(event_ids))
    for event_id, member_id in db.session.execute(rows):
        found.setdefault(event_id, set()).add(member_id)
    return found


def members_told(kind: str, address: str) -> set[int]:
    """The ids of the members who have a notice of a kind that leads to an address."""
    told = select(Notice.member_id).join(Event, Event.id == Notice.event_id)
    is_told = (Event.kind == kind, Event.address == address, Notice.hidden_at.is_(None))
    return set(db.session.scalars(told.where(*is_told)))


def next_watchers(event: Event, limit: int) -> list[int]:
    """The ids of the next watchers of an event's subjects, in order; they may mute another subject."""
    selects = [_watcher_ids(event, subject, limit) for subject in event.watched or ()]
    ids = union_all(*selects).subquery()
    return list(db.session.scalars(select(ids.c[0]).distinct().order_by(ids.c[0]).limit(limit)))


def _watcher_ids(event: Event, subject: Subject, limit: int) -> Select[Any]:
    """A select of the next watchers of one subject; it has a limit of its own, because a hundred thousand may watch it."""
    kind, subject_id = subject
    if kind == EVERYBODY:
        return _member_ids(event).limit(limit)
    query = select(Watch.member_id).where(
        Watch.subject == kind,
        Watch.subject_id == subject_id,
        Watch.level == WATCHING,
        Watch.member_id > event.reached,
        Watch.created_at <= event.created_at,
    )
    part = query.order_by(Watch.member_id).limit(limit).subquery()
    return select(part.c.member_id)


def _member_ids(event: Event) -> Select[Any]:
    """A select of those who were members at the time of the event and have no notice of it yet."""
    was_member = (Member.left_at.is_(None), Member.joined_at <= event.created_at)
    query = select(Member.id).where(Member.id > event.reached, *was_member)
    return query.order_by(Member.id)


def everybody_count(but: Iterable[int] = ()) -> int:
    """How many members an event for everybody would reach now, apart from those in `but`."""
    is_reached = may_sign_in(Member, now()), Member.leaving_at.is_(None)
    counted = select(func.count(Member.id)).where(*is_reached, Member.id.not_in(list(but)))
    return db.session.scalar(counted) or 0


def notices_to_make(event: Event, member_ids: Sequence[int]) -> Select[Any]:
    """A select of an event's notices for those of the members who want them; columns as in `notice_values`."""
    kind = NOTICE_KINDS[event.kind]
    recipients = select(*notice_values(event).values()).where(
        Member.id.in_(member_ids), Member.left_at.is_(None), Member.id.not_in(event.but)
    )
    if not kind.is_always_told:
        recipients = recipients.where(Member.leaving_at.is_(None))
    if event.actor_id and not kind.is_official:
        recipients = recipients.where(~ignores(Member.id, event.actor_id))
    if kind.is_mutable and event.topic_id:
        recipients = recipients.where(~_has_muted([(TOPIC, event.topic_id)]))
    if event.watched:
        # Suspended members get only notices that concern them directly, such as those about a decision.
        recipients = recipients.where(~_has_muted(event.watched), may_sign_in(Member, now()))
    return recipients.order_by(Member.id)


def newest_to_merge(event: Event, member_ids: Sequence[int]) -> Select[Any]:
    """The ids of the unread, unmailed notices into which an event is merged: of each member the newest about the same post.

    Who takes back that notices are read may have several.
    """
    unread = select(func.max(Notice.id)).where(
        Notice.member_id.in_(member_ids),
        Notice.kind == event.kind,
        Notice.post_id == event.post_id,
        Notice.read_at.is_(None),
        Notice.mailed_at.is_(None),
    )
    return unread.group_by(Notice.member_id)


def tells_of_actor(event: Event) -> ColumnElement[bool]:
    """SQL condition: the notice, of the event's kind and post, was made of an earlier event by the same person or grew by it."""
    earlier = select(Event.id).where(
        Event.actor_id == event.actor_id,
        Event.kind == event.kind,
        Event.post_id == event.post_id,
        Event.id < event.id,
        Event.created_at >= Notice.created_at,
    )
    return earlier.exists()


def notice_values(event: Event) -> Mapping[str, Any]:
    """The columns of an event's notice as SQL expressions; the query must select from `Member`, the recipient.

    A notice is never dated in the future, which would delay its mail: the clock may have been wrong.
    """
    copied = (
        "kind",
        "actor_id",
        "title",
        "language",
        "text",
        "sentences",
        "address",
        "topic_id",
        "post_id",
    )
    known = {name: getattr(event, name) for name in copied}
    known["created_at"] = min(event.created_at, now())
    columns = Notice.__table__.c
    values = {name: literal(value, columns[name].type) for name, value in known.items()}
    key = {"event_id": literal(event.id, columns.event_id.type), "member_id": Member.id}
    return {**key, **values, "others": literal(0), "way": _way(event.kind)}


def _way(kind: str) -> ColumnElement[str]:
    facts = NOTICE_KINDS[kind]
    chosen = select(NoticeChoice.way).where(
        NoticeChoice.member_id == Member.id, NoticeChoice.kind == (facts.chosen_as or kind)
    )
    way: ColumnElement[str] = func.coalesce(chosen.scalar_subquery(), facts.way)
    if facts.chosen_as:
        way = case((way == NEVER, NEVER), else_=facts.way)
    has_no_digest = exists().where(
        NoticeSettings.member_id == Member.id, NoticeSettings.digest_every == NO_DIGEST
    )
    return case((and_(way == DIGEST, has_no_digest), NEVER), else_=way)


def _has_muted(subjects: Iterable[Subject]) -> ColumnElement[bool]:
    muted = aliased(Watch)
    each = (
        and_(muted.subject == kind, muted.subject_id == subject_id) for kind, subject_id in subjects
    )
    return exists().where(muted.member_id == Member.id, muted.level == MUTED, or_(*each))
