"""Reading a member's inbox and choices, who watches what, and what waits for the worker and for the mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from forum.db import db, execute_core, now
from forum.members.models import Member, Session
from forum.members.queries import ignores
from forum.notifications.models import (
    ALWAYS_TOLD,
    AT_ONCE,
    DEFAULT_WAYS,
    DIGEST,
    EVERYBODY,
    MUTED,
    NEVER,
    NO_DIGEST,
    OFFICIAL,
    QUEUE,
    QUIET,
    TOPIC,
    WAITING,
    WATCHING,
    Event,
    Notice,
    NoticeChoice,
    NoticeSettings,
    Watch,
)
from forum.pages import Page, clamp, count_of, page_of, pages_for
from forum.permissions import Person, require

PAGE = 30
WATCHES_ON_A_PAGE = 50
MOST_IN_DIGEST = 200
TRIES = 8
KEPT_DONE = timedelta(days=30)  # events whose notices are made, when no notice is left
NEWEST = (Notice.created_at.desc(), Notice.id.desc())
Subject = tuple[str, int]  # what is watched: its kind and its id


# The inbox


def visible_notices(reader: Person) -> Select[Notice]:
    """The reader's own notices, without those about what is hidden, or from a member whose profile is.

    What waits in moderation is told only to who moderates something now.
    """
    return _visible(reader.id, is_curator=reader.is_curator)


def _visible(member_id: Any, *, is_curator: bool = True) -> Select[Notice]:
    seen = select(Notice).where(
        Notice.member_id == member_id, Notice.hidden_at.is_(None), ~_is_from_hidden()
    )
    return seen if is_curator else seen.where(Notice.kind != QUEUE)


def _is_from_hidden() -> ColumnElement[bool]:
    """In SQL: from nobody but somebody whose profile is hidden."""
    return and_(Notice.others == 0, Notice.actor.has(Member.hidden_at.is_not(None)))


class Inbox(NamedTuple):
    """One page of an inbox: the unread notices that ask for something, and the others."""

    page: Page[Notice]
    waiting: Sequence[Notice]
    told: Sequence[Notice]


def inbox(reader: Person, number: int = 1) -> Inbox:
    """One page of the reader's inbox: what waits for the reader comes before all else, both newest first."""
    waits = and_(Notice.read_at.is_(None), Notice.kind.in_(WAITING))
    waiting, told = visible_notices(reader).where(waits), visible_notices(reader).where(~waits)
    first, total = count_of(waiting), count_of(visible_notices(reader))
    pages = pages_for(total, PAGE)
    number = clamp(number, pages)
    start = (number - 1) * PAGE
    above = _some(waiting, start, PAGE) if start < first else []
    below = _some(told, max(0, start - first), PAGE - len(above))
    return Inbox(Page([*above, *below], number, pages, total), above, below)


def _some(query: Select[Notice], start: int, limit: int) -> Sequence[Notice]:
    newest = query.order_by(*NEWEST).offset(start).limit(limit)
    return db.session.scalars(newest.options(joinedload(Notice.actor))).all() if limit else []


def unread_count(reader: Person) -> int:
    """How many notices the reader has not read, counted up to 100."""
    return execute_core(_unread_count(reader.is_curator), {"member_id": reader.id}).scalar() or 0


@cache
def _unread_count(is_curator: bool) -> Select[Any]:
    return _counted_to_100(_visible(bindparam("member_id"), is_curator=is_curator))


@cache
def unread_beside_session() -> ColumnElement[int]:
    """In SQL, beside a session: `unread_count` of its member, unless that is somebody who curates."""
    theirs = _visible(Session.member_id, is_curator=False).correlate(Session)
    return _counted_to_100(theirs).scalar_subquery()


def _counted_to_100(seen: Select[Notice]) -> Select[Any]:
    unread = seen.where(Notice.read_at.is_(None))
    some = unread.with_only_columns(Notice.id).limit(100).subquery()
    return select(func.count()).select_from(some)


def is_unread_about(member_id: Any, topic_id: Any) -> ColumnElement[bool]:
    """In SQL: whether a member has a notice about a topic that is not read yet."""
    unread = _visible(member_id).where(Notice.read_at.is_(None), Notice.topic_id == topic_id)
    return unread.with_only_columns(Notice.id).exists()


def get_notice(reader: Person, notice_id: int) -> Notice | None:
    """One of the reader's own notices."""
    return db.session.scalar(visible_notices(reader).where(Notice.id == notice_id))


def tells_of_mark(post_id: int, marker_id: int) -> tuple[ColumnElement[bool], ...]:
    """In SQL: an event that tells of the mark which a member gave a post."""
    return Event.kind == "mark", Event.post_id == post_id, Event.actor_id == marker_id


def words_with_mark(post_id: int, marker_id: int) -> Select[Any]:
    """A select of what was told with a member's mark, however often it was given."""
    return select(Event.text).where(*tells_of_mark(post_id, marker_id), Event.text != "")


def events_over(limit: int) -> list[int]:
    """The ids of some events whose notices were made a month ago and of which nobody has one any more."""
    over = (Event.done_at < now() - KEPT_DONE, without_notices())
    return list(db.session.scalars(select(Event.id).where(*over).limit(limit)))


def without_notices() -> ColumnElement[bool]:
    """In SQL: an event of which nobody has a notice any more."""
    return ~exists().where(Notice.event_id == Event.id)


# How a member wants to be told, and what a member watches


def ways_of(member: Person) -> dict[str, str]:
    """How a member is told by mail of each kind of notice."""
    require(member.can.see_notices())
    query = select(NoticeChoice.kind, NoticeChoice.way).where(NoticeChoice.member_id == member.id)
    chosen = {row.kind: row.way for row in db.session.execute(query)}
    return {kind: chosen.get(kind, way) for kind, way in DEFAULT_WAYS.items()}


def settings_of(member_id: int) -> NoticeSettings:
    """A member's settings of notices; when none are kept, new ones with the defaults, which no session holds."""
    kept = select(NoticeSettings).where(NoticeSettings.member_id == member_id)
    return db.session.scalar(kept) or _defaults(member_id)


def watches_replies(member_id: int) -> bool:
    """Whether a member watches the topics in which they write."""
    kept = select(NoticeSettings.watches_replies).where(NoticeSettings.member_id == member_id)
    chosen = db.session.scalar(kept)
    return _defaults(member_id).watches_replies if chosen is None else chosen


def _defaults(member_id: int) -> NoticeSettings:
    return NoticeSettings(
        member_id=member_id,
        digest_every="daily",
        digest_hour=7,
        time_zone="UTC",
        watches_replies=True,
    )


@cache
def time_zones() -> Sequence[str]:
    """The time zones one can choose, as the machine knows them: at least UTC."""
    places = (name for name in available_timezones() if "/" in name)
    kept = (name for name in places if not name.startswith(("Etc/", "SystemV/", "US/")))
    return ("UTC", *sorted(kept))


def watches_of(member: Person, number: int = 1) -> Page[Watch]:
    """One page of what a member watches and mutes, the latest first."""
    require(member.can.see_notices())
    query = select(Watch).where(Watch.member_id == member.id)
    newest = query.order_by(Watch.created_at.desc(), Watch.subject, Watch.subject_id.desc())
    return page_of(newest, number, WATCHES_ON_A_PAGE)


def level_of(reader: Person, subject: str, subject_id: int) -> str:
    """Whether the reader watches or mutes something; empty for neither, and for visitors."""
    if not reader.is_member:
        return ""
    which = {"member_id": reader.id, "subject": subject, "subject_id": subject_id}
    return db.session.scalar(_level_of(), which) or ""


@cache
def _level_of() -> Select[Any]:
    names = ("member_id", "subject", "subject_id")
    return select(Watch.level).where(*(getattr(Watch, name) == bindparam(name) for name in names))


def level(member_id: Any, subject: str, subject_id: Any) -> Any:
    """The same in SQL, as one value of a row; null for neither."""
    query = select(Watch.level).where(Watch.member_id == member_id, Watch.subject == subject)
    return query.where(Watch.subject_id == subject_id).scalar_subquery()


def watchers_of(topic_id: int, member_ids: Iterable[int] | None = None) -> Select[Any]:
    """The ids of those who watch a topic; of `member_ids` alone, if given."""
    query = select(Watch.member_id).where(Watch.subject == TOPIC, Watch.subject_id == topic_id)
    query = query.where(Watch.level == WATCHING)
    return query if member_ids is None else query.where(Watch.member_id.in_(list(member_ids)))


def is_watched(doer: Person, subjects: Iterable[Subject]) -> bool:
    """Whether anybody but the doer watches one of some things."""
    others = select(Watch.member_id).where(
        _is_on(subjects), Watch.level == WATCHING, Watch.member_id != (doer.id or 0)
    )
    return bool(db.session.scalar(select(others.exists())))


def _is_on(subjects: Iterable[Subject]) -> ColumnElement[bool]:
    each = (and_(Watch.subject == kind, Watch.subject_id == item) for kind, item in subjects)
    return or_(*each)


# The worker's work


def due_events(limit: int) -> Sequence[Event]:
    """The events that concern people by name and are still to be told, oldest first.

    Those that another worker has in hand are passed over.
    """
    return _due(Event.watched.is_(None), limit)


def due_news(limit: int) -> Sequence[Event]:
    """The same, of those that concern whoever watches something."""
    return _due(Event.watched.is_not(None), limit)


def due_event(event_id: int) -> Event | None:
    """An event that is still to be told; nothing when it is not, or another worker has it in hand."""
    return next(iter(_due(Event.id == event_id, 1)), None)


def due_event_ids(limit: int) -> list[int]:
    """The ids of the events that are still to be told, oldest first."""
    return list(
        db.session.scalars(select(Event.id).where(*_is_due()).order_by(Event.id).limit(limit))
    )


def _due(which: ColumnElement[bool], limit: int) -> Sequence[Event]:
    query = select(Event).where(*_is_due(), which)
    return db.session.scalars(
        query.order_by(Event.id).limit(limit).with_for_update(skip_locked=True)
    ).all()


def _is_due() -> tuple[ColumnElement[bool], ...]:
    return (
        Event.done_at.is_(None),
        Event.hidden_at.is_(None),
        Event.due_at <= now(),
        Event.attempts < TRIES,
    )


def next_watchers(event: Event, limit: int) -> list[int]:
    """The ids of the next members who watch what an event is about, in order, muted or not."""
    some = [_watching(event, subject, limit) for subject in event.watched or ()]
    ids = union_all(*some).subquery()
    return list(db.session.scalars(select(ids.c[0]).distinct().order_by(ids.c[0]).limit(limit)))


def _watching(event: Event, subject: Subject, limit: int) -> Select[Any]:
    """Each subject is read no further than it can be needed: a hundred thousand may watch it."""
    kind, item = subject
    if kind == EVERYBODY:
        return _everybody(event).limit(limit)
    query = select(Watch.member_id).where(
        Watch.subject == kind,
        Watch.subject_id == item,
        Watch.level == WATCHING,
        Watch.member_id > event.reached,
        Watch.created_at <= event.created_at,
    )
    part = query.order_by(Watch.member_id).limit(limit).subquery()
    return select(part.c.member_id)


def _everybody(event: Event) -> Select[Any]:
    """All who were members when something happened, as far as they are not told yet."""
    here = (Member.left_at.is_(None), Member.joined_at <= event.created_at)
    query = select(Member.id).where(Member.id > event.reached, *here)
    return query.order_by(Member.id)


def notices_to_make(event: Event, member_ids: Sequence[int]) -> Select[Any]:
    """The notices of an event for those of some members who want them, in the order of `made`."""
    told = select(*made(event).values()).where(
        Member.id.in_(member_ids), Member.left_at.is_(None), Member.id.not_in(event.but)
    )
    if event.kind not in ALWAYS_TOLD:
        told = told.where(Member.leaving_at.is_(None))
    if event.actor_id and event.kind not in OFFICIAL:
        told = told.where(~ignores(Member.id, event.actor_id))
    if event.kind in QUIET and event.topic_id:
        told = told.where(~_has_muted([(TOPIC, event.topic_id)]))
    if event.watched:
        # Somebody whose account is closed for now is told by name only: of a decision, say
        is_open = or_(Member.suspended_until.is_(None), Member.suspended_until <= now())
        told = told.where(~_has_muted(event.watched), is_open)
    return told.order_by(Member.id)


def made(event: Event) -> Mapping[str, Any]:
    """What a notice of an event holds, by column, in SQL over the member who gets it."""
    copied = ("kind", "actor_id", "title", "text", "address", "topic_id", "post_id", "created_at")
    columns = Notice.__table__.c
    values = {name: literal(getattr(event, name), columns[name].type) for name in copied}
    key = {"event_id": literal(event.id, columns.event_id.type), "member_id": Member.id}
    return {**key, **values, "others": literal(0), "way": _way(event.kind)}


def _way(kind: str) -> ColumnElement[str]:
    chosen = select(NoticeChoice.way).where(
        NoticeChoice.member_id == Member.id, NoticeChoice.kind == kind
    )
    way = func.coalesce(chosen.scalar_subquery(), DEFAULT_WAYS.get(kind, DIGEST))
    without = exists().where(
        NoticeSettings.member_id == Member.id, NoticeSettings.digest_every == NO_DIGEST
    )
    return case((and_(way == DIGEST, without), NEVER), else_=way)


def _has_muted(subjects: Iterable[Subject]) -> ColumnElement[bool]:
    muted = aliased(Watch)
    each = (and_(muted.subject == kind, muted.subject_id == item) for kind, item in subjects)
    return exists().where(muted.member_id == Member.id, muted.level == MUTED, or_(*each))


# For the mail


def notices_to_mail(limit: int, before: Any) -> Sequence[Notice]:
    """The notices to be mailed at once that were made before a moment, oldest first, with their actors.

    They are held until the deed is done; those that another worker has in hand are passed over.
    """
    query = _to_mail(AT_ONCE).where(Notice.created_at < before).limit(limit)
    return db.session.scalars(query.with_for_update(of=Notice, skip_locked=True)).all()


def notices_for_digest(member_id: int) -> Sequence[Notice]:
    """What a member's next digest tells, oldest first, with the actors; the newest of very many wait.

    They are held until the deed is done, and passed over while another worker holds them.
    """
    query = _to_mail(DIGEST).where(Notice.member_id == member_id).limit(MOST_IN_DIGEST)
    return db.session.scalars(query.with_for_update(of=Notice, skip_locked=True)).all()


def digests_waiting(after_id: int, limit: int) -> Sequence[Row[int, datetime]]:
    """The next members, by id, with something for their digest (`member_id`), and since when (`oldest`)."""
    waiting = _to_mail(DIGEST).where(Notice.member_id > after_id).order_by(None)
    by_member = waiting.with_only_columns(
        Notice.member_id, func.min(Notice.created_at).label("oldest"), maintain_column_froms=True
    )
    some = by_member.group_by(Notice.member_id).order_by(Notice.member_id).limit(limit)
    return db.session.execute(some).all()


def settings_by_member(member_ids: Sequence[int]) -> dict[int, NoticeSettings]:
    """The settings of some members, with the defaults for those who keep none."""
    query = select(NoticeSettings).where(NoticeSettings.member_id.in_(member_ids))
    known = {one.member_id: one for one in db.session.scalars(query)}
    return {member_id: known.get(member_id) or _defaults(member_id) for member_id in member_ids}


def _to_mail(way: str) -> Select[Notice]:
    waiting = select(Notice).where(
        Notice.way == literal(way, literal_execute=True),  # a word, so that its index may be used
        Notice.mailed_at.is_(None),
        Notice.read_at.is_(None),
        Notice.hidden_at.is_(None),
        ~_is_from_hidden(),
    )
    return waiting.order_by(Notice.id).options(joinedload(Notice.actor))
