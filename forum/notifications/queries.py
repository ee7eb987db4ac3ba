"""A member's inbox and choices, who watches what, and what waits for the worker and the mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

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

from forum.clock import now
from forum.db import constant, db, execute_core
from forum.members.models import Member, Session
from forum.members.queries import ignores
from forum.notifications.models import (
    ACTIONABLE_KINDS,
    AT_ONCE,
    DECISION_KINDS,
    DEFAULT_WAYS,
    DIGEST,
    EVERYBODY,
    MUTED,
    NEVER,
    NO_DIGEST,
    NOTICE_KINDS,
    QUEUE_KINDS,
    TOLD,
    TOPIC,
    WAITING,
    WATCHING,
    Event,
    Notice,
    NoticeChoice,
    NoticeSettings,
    Watch,
)
from forum.pages import MAX_COUNTED, Page, clamp, count_of, page_of, pages_for
from forum.permissions import (
    Person,
    require,
)
from forum.reach import (
    may_sign_in,
)

NOTICES_PER_PAGE = 30
WATCHES_PER_PAGE = 50
MOST_IN_DIGEST = 200
MAX_ATTEMPTS = 8
KEPT_DONE = timedelta(days=30)  # events whose notices are made, when no notice is left
NEWEST_FIRST = (Notice.created_at.desc(), Notice.id.desc())
Subject = tuple[str, int]  # kind and id of what is watched


# The inbox


def visible_notices(reader: Person) -> Select[Notice]:
    """The reader's own notices, without hidden ones and those from members whose profile is hidden.

    Notices about the moderation queue are visible only to those who moderate something now.
    """
    return _visible(reader.id, is_curator=reader.is_curator)


def _visible(member_id: Any, *, is_curator: bool = True) -> Select[Notice]:
    seen = select(Notice).where(
        Notice.member_id == member_id, Notice.hidden_at.is_(None), ~_is_from_hidden()
    )
    return seen if is_curator else seen.where(~is_of_queue(Notice))


def is_of_queue(model: type[Event | Notice]) -> ColumnElement[bool]:
    """SQL condition: the event or notice is about an entry of the moderation queue, in the words of their indexes."""
    return model.kind.in_([literal(kind, literal_execute=True) for kind in QUEUE_KINDS])


def _is_from_hidden() -> ColumnElement[bool]:
    """SQL condition: the notice tells of one person only, whose profile is hidden."""
    return and_(Notice.others == 0, Notice.actor.has(Member.hidden_at.is_not(None)))


class Inbox(NamedTuple):
    """One page of an inbox: the notices that ask for something (`waiting`), and the others (`told`)."""

    page: Page[Notice]
    waiting: Sequence[Notice]
    told: Sequence[Notice]


def inbox(
    reader: Person,
    number: int = 1,
    to_advise_on: Select[Any] | None = None,
    *,
    is_unread: bool = False,
) -> Inbox:
    """One page of the reader's inbox, or with `is_unread` of what is unread in it.

    Notices that ask for something come first, each part newest first. These are waiting until they are read; requests for
    advice, read or not, as long as their question is among `to_advise_on`, a select of the ids of topics.
    """
    require(reader.can.see_notices())
    seen = visible_notices(reader)
    seen = seen.where(Notice.read_at.is_(None)) if is_unread else seen
    is_waiting = and_(Notice.read_at.is_(None), Notice.kind.in_(ACTIONABLE_KINDS))
    if to_advise_on is not None:
        is_open = and_(Notice.topic_id.is_not(None), Notice.topic_id.in_(to_advise_on))
        is_waiting = or_(is_waiting, and_(Notice.kind == "advice", is_open))
    waiting, told = seen.where(is_waiting), seen.where(~is_waiting)
    first, total = count_of(waiting), count_of(seen)
    pages = pages_for(total, NOTICES_PER_PAGE)
    number = clamp(number, pages)
    start = (number - 1) * NOTICES_PER_PAGE
    above = _newest(waiting, start, NOTICES_PER_PAGE) if start < first else []
    below = _newest(told, max(0, start - first), NOTICES_PER_PAGE - len(above))
    return Inbox(Page([*above, *below], number, pages, total), above, below)


def _newest(query: Select[Notice], start: int, limit: int) -> Sequence[Notice]:
    newest = query.order_by(*NEWEST_FIRST).offset(start).limit(limit)
    return db.session.scalars(newest.options(joinedload(Notice.actor))).all() if limit else []


class Entry(NamedTuple):
    """A line of an inbox: a notice, or several of new posts in one topic.

    `notice` is the newest of them and `first` the oldest; `number` is how many posts they tell of, and `others` how many
    people besides the actor of the newest.
    """

    notice: Notice
    first: Notice
    number: int
    others: int


def entries(notices: Sequence[Notice]) -> Sequence[Entry]:
    """One entry for each notice, except that those of replies in one topic share one, and those of other posts in it.

    The read and the unread are apart.
    """
    groups: dict[Any, list[Notice]] = {}
    for notice in notices:
        is_post = NOTICE_KINDS[notice.kind].is_joined and notice.topic_id
        which = (notice.kind, notice.topic_id, notice.read_at is None)
        groups.setdefault(which if is_post else notice.id, []).append(notice)
    return [_entry(group) for group in groups.values()]


def _entry(group: Sequence[Notice]) -> Entry:
    people = {notice.actor_id for notice in group}
    others = len(people) - 1 if len(group) > 1 else group[0].others
    return Entry(group[0], group[-1], len(group), others)


def unread_count(reader: Person) -> int:
    """The number of the reader's unread notices, counted up to `MAX_COUNTED`.

    Without those of the moderation queue, whose entries have a number of their own in the masthead.
    """
    return execute_core(_unread_count(), {"member_id": reader.id}).scalar() or 0


def unread_by_part(reader: Person) -> dict[str, int]:
    """The numbers of unread notices in each part of the inbox, those of the moderation queue as well."""
    is_waiting = Notice.kind.in_(ACTIONABLE_KINDS)
    seen = _visible(reader.id, is_curator=reader.is_curator)
    counts = (_capped_count(seen.where(one)).scalar_subquery() for one in (is_waiting, ~is_waiting))
    return dict(zip((WAITING, TOLD), db.session.execute(select(*counts)).one(), strict=True))


@cache
def _unread_count() -> Select[Any]:
    return _capped_count(_visible(bindparam("member_id"), is_curator=False))


@cache
def unread_beside_session() -> ColumnElement[int]:
    """`unread_count` as an SQL expression beside a session, for its member."""
    theirs = _visible(Session.member_id, is_curator=False).correlate(Session)
    return _capped_count(theirs).scalar_subquery()


def _capped_count(seen: Select[Notice]) -> Select[Any]:
    unread = seen.where(Notice.read_at.is_(None))
    some = unread.with_only_columns(Notice.id).limit(MAX_COUNTED).subquery()
    return select(func.count()).select_from(some)


def is_unread_about(member_id: Any, topic_id: Any) -> ColumnElement[bool]:
    """SQL condition: the member has an unread notice about the topic."""
    unread = _visible(member_id).where(Notice.read_at.is_(None), Notice.topic_id == topic_id)
    return unread.with_only_columns(Notice.id).exists()


def lock_notice(reader: Person, notice_id: int) -> Notice | None:
    """One of the reader's own notices, locked for update; None when there is none with this id."""
    which = visible_notices(reader).where(Notice.id == notice_id)
    return db.session.scalar(which.with_for_update(of=Notice))


def is_about_mark(post_id: int, marker_id: int) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: the event tells of the mark that the member gave the post."""
    return Event.kind == "mark", Event.post_id == post_id, Event.actor_id == marker_id


def mark_texts(post_id: int, marker_id: int) -> Select[Any]:
    """A select of the notes that events of a member's mark have quoted, however often it was given."""
    return select(Event.text).where(*is_about_mark(post_id, marker_id), Event.text != "")


def finished_event_ids(limit: int) -> list[int]:
    """The ids of up to `limit` events whose notices were made a month ago and are all gone."""
    is_finished = (Event.done_at < now() - KEPT_DONE, without_notices())
    return list(db.session.scalars(select(Event.id).where(*is_finished).limit(limit)))


def without_notices() -> ColumnElement[bool]:
    """SQL condition: the event has no notices."""
    return ~exists().where(Notice.event_id == Event.id)


# How a member wants to be told, and what a member watches


def ways_of(member: Person) -> dict[str, str]:
    """How each kind of notice is mailed to a member."""
    require(member.can.see_notices())
    query = select(NoticeChoice.kind, NoticeChoice.way).where(NoticeChoice.member_id == member.id)
    chosen = {row.kind: row.way for row in db.session.execute(query)}
    return {kind: chosen.get(kind, way) for kind, way in DEFAULT_WAYS.items()}


def settings_of(member_id: int) -> NoticeSettings:
    """A member's notice settings; without stored ones, a new instance with the defaults outside of the session."""
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


def zone_of(member_id: int) -> tzinfo:
    """The time zone that a member has chosen; UTC for who has chosen none."""
    return zone_called(settings_of(member_id).time_zone)


def zone_called(name: str) -> tzinfo:
    """The time zone of a name; UTC for one that this machine does not know, so that the digest still comes."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


@cache
def time_zones() -> Sequence[str]:
    """The names of the time zones that one can choose: UTC, and the regional ones of the IANA list on this machine."""
    regional = (name for name in available_timezones() if "/" in name)
    offered = (name for name in regional if not name.startswith(("Etc/", "SystemV/", "US/")))
    return ("UTC", *sorted(offered))


def watches_of(
    member: Person, number: int = 1, condition: ColumnElement[bool] | None = None
) -> Page[Watch]:
    """One page of what a member watches and mutes, all of it or what meets a condition, the latest first."""
    require(member.can.see_notices())
    query = select(Watch).where(Watch.member_id == member.id)
    query = query if condition is None else query.where(condition)
    newest = query.order_by(Watch.created_at.desc(), Watch.subject, Watch.subject_id.desc())
    return page_of(newest, number, WATCHES_PER_PAGE)


def watched_ids(member_id: Any, subject: str, limit: int) -> Select[Any]:
    """A select of the ids of the subjects of one kind that a member watches, of the last `limit` that they chose.

    Ordered by the id alone, SQLite would look through what all members watch.
    """
    watched = Watch.member_id == member_id, Watch.subject == subject, Watch.level == WATCHING
    newest = select(Watch.subject_id).where(*watched)
    newest = newest.order_by(Watch.created_at.desc(), Watch.subject_id.desc())
    return newest.limit(constant(limit))


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


def watch_level_of(member_id: Any, subject: str, subject_id: Any) -> Any:
    """`level_of` as an SQL expression; null for neither."""
    query = select(Watch.level).where(Watch.member_id == member_id, Watch.subject == subject)
    return query.where(Watch.subject_id == subject_id).scalar_subquery()


def watchers_of(topic_id: int, member_ids: Iterable[int] | None = None) -> Select[Any]:
    """A select of the ids of those who watch a topic; only those in `member_ids`, if given."""
    query = select(Watch.member_id).where(Watch.subject == TOPIC, Watch.subject_id == topic_id)
    query = query.where(Watch.level == WATCHING)
    return query if member_ids is None else query.where(Watch.member_id.in_(list(member_ids)))


def is_watched(doer: Person, subjects: Iterable[Subject]) -> bool:
    """Whether anybody except the doer watches one of the subjects."""
    others = select(Watch.member_id).where(
        _is_watch_of(subjects), Watch.level == WATCHING, Watch.member_id != (doer.id or 0)
    )
    return bool(db.session.scalar(select(others.exists())))


def watchers_among(subjects: Iterable[Subject], member_ids: Collection[int]) -> set[int]:
    """Those of the members who watch one of the subjects and mute none of them."""
    rows = select(Watch.member_id, Watch.level).where(
        _is_watch_of(subjects), Watch.member_id.in_(member_ids)
    )
    levels: dict[str, set[int]] = {WATCHING: set(), MUTED: set()}
    for member_id, level in db.session.execute(rows):
        levels[level].add(member_id)
    return levels[WATCHING] - levels[MUTED]


def _is_watch_of(subjects: Iterable[Subject]) -> ColumnElement[bool]:
    each = (
        and_(Watch.subject == kind, Watch.subject_id == subject_id) for kind, subject_id in subjects
    )
    return or_(*each)


# For the worker


def due_events(limit: int) -> Sequence[Event]:
    """Due events with recipients, oldest first, locked for update; those that another worker has locked are skipped."""
    return _due(Event.watched.is_(None), limit)


def due_broadcasts(limit: int) -> Sequence[Event]:
    """Due events for watchers, otherwise as `due_events`."""
    return _due(Event.watched.is_not(None), limit)


def due_event(event_id: int) -> Event | None:
    """One due event, locked for update; None when it is not due, or another worker has locked it."""
    return next(iter(_due(Event.id == event_id, 1)), None)


def due_event_ids(limit: int) -> list[int]:
    """The ids of due events, oldest first."""
    return list(
        db.session.scalars(select(Event.id).where(*_is_due()).order_by(Event.id).limit(limit))
    )


def _due(condition: ColumnElement[bool], limit: int) -> Sequence[Event]:
    query = select(Event).where(*_is_due(), condition)
    return db.session.scalars(
        query.order_by(Event.id).limit(limit).with_for_update(skip_locked=True)
    ).all()


def _is_due() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: notices are to be made of the event now. New ones are due whatever the clock said: it may have been ahead."""
    return (
        Event.done_at.is_(None),
        Event.hidden_at.is_(None),
        or_(Event.attempts == 0, Event.due_at <= now()),
        Event.attempts < MAX_ATTEMPTS,
    )


def events_of_decisions(decision_ids: Iterable[int]) -> Sequence[Event]:
    """The events that tell of decisions, in their order, locked for update: a worker that makes notices of them ends first."""
    query = select(Event).where(Event.decision_id.in_(decision_ids)).order_by(Event.id)
    return db.session.scalars(query.with_for_update()).all()


def titled_by_sentence(model: type[Event | Notice], addresses: Collection[str]) -> Sequence[Any]:
    """The events or notices about entries of the queue at these addresses that keep sentences, locked for update."""
    named = model.address.in_(addresses), model.sentences.is_not(None)
    query = select(model).where(is_of_queue(model), *named).order_by(model.id)
    return db.session.scalars(query.with_for_update()).all()


def is_told_to_others(topics: Select[Any], since: datetime, members: Collection[int]) -> bool:
    """Whether anybody but these members was told of something in the topics since a moment, or is still to be.

    `topics` selects their ids. What tells somebody of a decision about the own text does not count.
    """
    events = select(Event.recipients, Event.watched).where(
        Event.topic_id.in_(topics), Event.created_at >= since, Event.kind != "decision"
    )
    return any(
        watched or not set(recipients) <= set(members)
        for recipients, watched in db.session.execute(events)
    )


def ended_queue_events(address: str, since: datetime) -> Sequence[Event]:
    """The events about an entry of the queue that ended since a moment, locked."""
    ended = (Event.address == address, is_of_queue(Event), Event.done_at >= since)
    return db.session.scalars(select(Event).where(*ended).with_for_update()).all()


def open_events(kind: str, addresses: Collection[str]) -> Sequence[Event]:
    """The events of a kind that lead to these addresses and of which notices are still to be made, locked for update.

    When this returns, a worker that makes some right now has ended.
    """
    is_open = Event.done_at.is_(None), Event.hidden_at.is_(None)
    query = select(Event).where(*is_open, Event.kind == kind, Event.address.in_(addresses))
    return db.session.scalars(query.order_by(Event.id).with_for_update()).all()


def is_of_decisions(decision_ids: Iterable[int]) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: a notice tells those of decisions whom they concern, not who reported something."""
    events = select(Event.id).where(Event.decision_id.in_(decision_ids))
    return Notice.event_id.in_(events), Notice.kind == "decision"


def members_with_notices(event_ids: Iterable[int]) -> dict[int, set[int]]:
    """The ids of the members who have a notice of these events, by event."""
    found: dict[int, set[int]] = {}
    rows = select(Notice.event_id, Notice.member_id).where(Notice.event_id.in_(event_ids))
    for event_id, member_id in db.session.execute(rows):
        found.setdefault(event_id, set()).add(member_id)
    return found


def next_watchers(event: Event, limit: int) -> list[int]:
    """The ids of the next watchers of an event's subjects, in order; they may mute another subject."""
    selects = [_watcher_ids(event, subject, limit) for subject in event.watched or ()]
    ids = union_all(*selects).subquery()
    return list(db.session.scalars(select(ids.c[0]).distinct().order_by(ids.c[0]).limit(limit)))


def _watcher_ids(event: Event, subject: Subject, limit: int) -> Select[Any]:
    """A select of the next watchers of one subject; limited by itself, as a hundred thousand may watch it."""
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
        # Suspended members get only notices that concern them by name, such as of a decision.
        recipients = recipients.where(~_has_muted(event.watched), may_sign_in(Member, now()))
    return recipients.order_by(Member.id)


def notice_values(event: Event) -> Mapping[str, Any]:
    """The columns of an event's notice as SQL expressions; the query must select from `Member`, who gets it.

    A notice is never of a later moment than now, when it would be mailed too late: the clock may have been ahead.
    """
    copied = ("kind", "actor_id", "title", "text", "sentences", "address", "topic_id", "post_id")
    known = {name: getattr(event, name) for name in copied}
    known["created_at"] = min(event.created_at, now())
    columns = Notice.__table__.c
    values = {name: literal(value, columns[name].type) for name, value in known.items()}
    key = {"event_id": literal(event.id, columns.event_id.type), "member_id": Member.id}
    return {**key, **values, "others": literal(0), "way": _way(event.kind)}


def _way(kind: str) -> ColumnElement[str]:
    chosen = select(NoticeChoice.way).where(
        NoticeChoice.member_id == Member.id, NoticeChoice.kind == kind
    )
    way = func.coalesce(chosen.scalar_subquery(), NOTICE_KINDS[kind].way)
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


# For the mail


def notices_to_mail(limit: int, before: datetime, decided_before: datetime) -> Sequence[Notice]:
    """The notices to be mailed at once that were made before a moment, oldest first, with their actors.

    Those of decisions of moderators wait until `decided_before` is past them. They are locked for update; those that
    another worker has locked are skipped.
    """
    query = _to_mail(AT_ONCE, decided_before).where(Notice.created_at < before).limit(limit)
    return db.session.scalars(query.with_for_update(of=Notice, skip_locked=True)).all()


def notices_for_digest(member_id: int, decided_before: datetime) -> Sequence[Notice]:
    """The notices of a member's next digest, the oldest `MOST_IN_DIGEST`, with their actors; otherwise as `notices_to_mail`."""
    waiting = _to_mail(DIGEST, decided_before).where(Notice.member_id == member_id)
    query = waiting.limit(MOST_IN_DIGEST)
    return db.session.scalars(query.with_for_update(of=Notice, skip_locked=True)).all()


def digests_waiting(
    after_id: int, limit: int, decided_before: datetime
) -> Sequence[Row[int, datetime]]:
    """Rows of the next members, by id, with notices for their digest: `member_id`, and `oldest`, since when."""
    waiting = _to_mail(DIGEST, decided_before).where(Notice.member_id > after_id).order_by(None)
    by_member = waiting.with_only_columns(
        Notice.member_id, func.min(Notice.created_at).label("oldest"), maintain_column_froms=True
    )
    page = by_member.group_by(Notice.member_id).order_by(Notice.member_id).limit(limit)
    return db.session.execute(page).all()


def settings_by_member(member_ids: Sequence[int]) -> dict[int, NoticeSettings]:
    """The settings of members by id, with the defaults for those without stored ones."""
    query = select(NoticeSettings).where(NoticeSettings.member_id.in_(member_ids))
    known = {one.member_id: one for one in db.session.scalars(query)}
    return {member_id: known.get(member_id) or _defaults(member_id) for member_id in member_ids}


def _to_mail(way: str, decided_before: datetime) -> Select[Notice]:
    is_settled = or_(Notice.kind.not_in(DECISION_KINDS), Notice.created_at < decided_before)
    waiting = select(Notice).where(
        Notice.way
        == literal(
            way, literal_execute=True
        ),  # no parameter, so that the partial index can be used
        Notice.mailed_at.is_(None),
        Notice.read_at.is_(None),
        Notice.hidden_at.is_(None),
        ~_is_from_hidden(),
        is_settled,
    )
    return waiting.order_by(Notice.id).options(joinedload(Notice.actor))
