"""Noting what happened, making the notices of it, reading them, and choosing what one is told and how."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, literal, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from forum.db import Base, action, db, delete_batch, now, touches
from forum.errors import Invalid, NotFound
from forum.markup import excerpt
from forum.members.queries import ignores, lock_member
from forum.notifications.models import (
    AT_ONCE,
    DEFAULT_WAYS,
    DIGEST,
    EVERY,
    EVERYBODY,
    GROWING,
    LEVELS,
    NEVER,
    NO_DIGEST,
    SUBJECTS,
    TOPIC,
    WATCHING,
    WAYS,
    Event,
    Notice,
    NoticeChoice,
    NoticeSettings,
    Watch,
)
from forum.notifications.queries import (
    Subject,
    due_event,
    due_events,
    due_news,
    get_notice,
    is_watched,
    made,
    next_watchers,
    notices_to_make,
    settings_of,
    tells_of_mark,
    time_zones,
    watchers_of,
    watches_replies,
    without_notices,
    words_with_mark,
)
from forum.permissions import Person, require

BATCH = 200
PORTION = 500  # watchers who are told in one transaction
NEWS = 20  # events for watchers that one worker has in hand
QUOTING = (
    "reply",
    "quote",
    "mention",
    "topic",
    "post",
)  # kinds of notices that show the first words of a post
KEPT_READ = timedelta(days=365)  # notices, after they were read
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


# Noting what happened


@action
def note_event(
    doer: Person,
    kind: str,
    recipients: Iterable[int | None],
    address: str,
    *,
    title: str = "",
    text: str = "",
    topic_id: int | None = None,
    post_id: int | None = None,
    is_named: bool = True,
) -> None:
    """Write down that something happened which concerns `recipients` (ids of members).

    The worker makes the notices. The doer is told nothing about own deeds, and stays unnamed in the notice
    when `is_named` is false (a moderator, a reporter). `address` is the path that the notice leads to.
    """
    concerned = sorted({member_id for member_id in recipients if member_id} - {doer.id})
    if concerned:
        what: dict[str, Any] = {
            "title": title,
            "text": text,
            "topic_id": topic_id,
            "post_id": post_id,
        }
        actor_id = doer.id if is_named else None
        _add_event(kind, address, actor_id=actor_id, recipients=concerned, **what)


@action
def note_news(
    doer: Person,
    kind: str,
    subjects: Sequence[Subject],
    address: str,
    *,
    title: str = "",
    text: str = "",
    topic_id: int | None = None,
    post_id: int | None = None,
    but: Iterable[int] = (),
) -> None:
    """Write down that something happened which concerns everybody who watches one of `subjects` and mutes none.

    It is one row, however many people watch: the worker finds them. The doer is not told. Those in `but` are not told
    either, because another event tells them of the same deed by name.
    """
    if is_watched(doer, subjects):
        left_out = sorted({*but, *([doer.id] if doer.id else [])})
        who: dict[str, Any] = {
            "recipients": [],
            "watched": [list(one) for one in subjects],
            "but": left_out,
        }
        what: dict[str, Any] = {
            "title": title,
            "text": text,
            "topic_id": topic_id,
            "post_id": post_id,
        }
        _add_event(kind, address, actor_id=doer.id, **who, **what)


@action
def note_everybody(doer: Person, kind: str, address: str, *, title: str, text: str = "") -> None:
    """Write down that something concerns every member: one row, as `note_news`. The doer is told as well."""
    who: dict[str, Any] = {"recipients": [], "watched": [[EVERYBODY, 0]], "but": []}
    _add_event(kind, address, actor_id=None, title=title, text=text, **who)


def _add_event(kind: str, address: str, *, text: str, **words: Any) -> None:
    times = {"created_at": now(), "due_at": now()}
    what = {"kind": kind, "address": address, "text": excerpt(text, 400)}
    db.session.add(Event(**what, **words, **times))


# Making notices: a worker does it again and again


@action
def make_notices(_system: Person, limit: int = BATCH, portion: int = PORTION) -> int:
    """Turn events that are due into notices, one for each event and person; returns how many it has worked on.

    One call takes at most `limit` events that name people, and tells at most `portion` watchers. An event with a hundred
    thousand watchers takes many calls; each notes how far it has come.
    """
    touches()
    events = due_events(limit)
    for event in events:
        _tell(event, event.recipients)
        event.done_at = now()
    return len(events) + _tell_watchers(portion)


@action
def make_notices_of(_system: Person, event_id: int, portion: int = PORTION) -> int:
    """Turn one event that is due into notices, or tell the next `portion` of its watchers; says whether there was one (1 or 0)."""
    touches()
    event = due_event(event_id)
    if event is None:
        return 0
    if event.watched is None:
        _tell(event, event.recipients)
        event.done_at = now()
    else:
        _tell_portion(event, portion)
    return 1


@action
def put_off(_system: Person, event_id: int) -> None:
    """Note that the notices of an event could not be made. It is tried again later and later, and `TRIES` times in all."""
    touches()
    event = due_event(event_id)
    if event is not None:
        event.attempts += 1
        event.due_at = now() + timedelta(minutes=2**event.attempts)


def _tell_watchers(left: int) -> int:
    told = 0
    for event in due_news(NEWS):
        told, left = told + 1, left - _tell_portion(event, left)
        if left <= 0:
            break
    return told


def _tell_portion(event: Event, most: int) -> int:
    """Tell the next watchers of an event, at most so many; says how many."""
    watchers = next_watchers(event, most)
    _tell(event, watchers)
    if len(watchers) < most:
        event.done_at = now()
    else:
        event.reached = watchers[-1]
    return len(watchers)


def _tell(event: Event, member_ids: Sequence[int]) -> None:
    if event.kind in GROWING:
        grown = _grow(event, member_ids)
        member_ids = [member_id for member_id in member_ids if member_id not in grown]
    if member_ids:
        rows = notices_to_make(event, member_ids)
        put = _insert(Notice).from_select(list(made(event)), rows)
        db.session.execute(put.on_conflict_do_nothing())


def _grow(event: Event, member_ids: Sequence[int]) -> set[int]:
    """Let unread notices about the same post that were not mailed yet speak of one more person; says whose."""
    found = update(Notice).where(
        Notice.member_id.in_(member_ids),
        Notice.kind == event.kind,
        Notice.post_id == event.post_id,
        Notice.read_at.is_(None),
        Notice.mailed_at.is_(None),
        *([~ignores(Notice.member_id, event.actor_id)] if event.actor_id else []),
    )
    words = {"text": event.text} if event.text else {}
    grown = found.values(others=Notice.others + 1, actor_id=event.actor_id, **words)
    return set(db.session.scalars(grown.returning(Notice.member_id)))


def _insert(model: type[Base]) -> Any:
    return INSERTS[db.session.get_bind().dialect.name](model)


# Reading


@action
def read(member: Person, notice_id: int) -> Notice:
    """Mark one notice read; raises `NotFound` when it is not the member's. Hands it back for its address."""
    touches()
    notice = get_notice(member, notice_id)
    if notice is None:
        raise NotFound()
    notice.read_at = notice.read_at or now()
    return notice


@action
def read_all(member: Person) -> None:
    """Mark every notice of a member read."""
    touches()
    _set(Notice, {"read_at": now()}, Notice.member_id == member.id, Notice.read_at.is_(None))


@action
def read_topic(member: Person, topic_id: int) -> None:
    """Mark the member's notices about one topic read."""
    touches()
    _set(
        Notice,
        {"read_at": now()},
        Notice.member_id == member.id,
        Notice.topic_id == topic_id,
        Notice.read_at.is_(None),
    )


@action
def read_queue(_moderator: Person, address: str) -> None:
    """Mark everybody's notices read that something waits in the queue, and make no more of them: it was decided."""
    touches()
    for model, moment in ((Notice, Notice.read_at), (Event, Event.done_at)):
        is_it = (model.address == address, model.kind == "queue", moment.is_(None))
        _set(model, {moment.key: now()}, *is_it)


@action
def read_until(_system: Person, moment: datetime) -> None:
    """Mark everybody's notices from before a moment read: after an import they are no news. None is mailed."""
    touches()
    _set(Notice, {"read_at": now()}, Notice.created_at < moment, Notice.read_at.is_(None))
    _set(Notice, {"way": NEVER}, Notice.way != NEVER, Notice.mailed_at.is_(None))


@action
def note_mailed(_system: Person, notice_ids: Sequence[int]) -> None:
    """Note that notices have gone out by mail."""
    touches()
    _set(Notice, {"mailed_at": now()}, Notice.id.in_(notice_ids))


# Choosing


@action
def choose(member: Person, ways: Mapping[str, str], every: str, hour: int, time_zone: str) -> None:
    """Choose how one is told of each kind of notice by mail, and when the digest comes."""
    touches()
    choose_ways(member, ways)
    set_digest(member, every, hour, time_zone)


@action
def choose_ways(member: Person, ways: Mapping[str, str]) -> None:
    """Choose how one is told of kinds of notices by mail.

    What waits to be mailed follows, but for one thing: what was kept for the digest stays there when its kind
    is to be mailed at once from now on.
    """
    touches()
    require(member.can.see_notices())
    for kind, way in sorted(ways.items()):
        if kind not in DEFAULT_WAYS or way not in WAYS:
            raise Invalid(_("Choose one of the ways."), f"way-{kind}")
        _put(NoticeChoice(member_id=member.id, kind=kind, way=way))
        waits = (Notice.member_id == member.id, Notice.kind == kind, Notice.mailed_at.is_(None))
        if way != AT_ONCE:
            _set(Notice, {"way": way}, *waits, Notice.way != NEVER)


@action
def end_mail(_visitor: Person, member_id: int, kind: str) -> None:
    """Mail a member no notices of a kind any more; the letter that said how has shown who asks."""
    touches()
    if kind in DEFAULT_WAYS:
        _put(NoticeChoice(member_id=member_id, kind=kind, way=NEVER))
        waits = (Notice.member_id == member_id, Notice.kind == kind, Notice.mailed_at.is_(None))
        _set(Notice, {"way": NEVER}, *waits)


@action
def end_digest(_visitor: Person, member_id: int) -> None:
    """Send a member no digest any more."""
    touches()
    settings = _settings_to_change(member_id)
    settings.digest_every = NO_DIGEST
    _leave_out(member_id)


@action
def set_digest(member: Person, every: str, hour: int, time_zone: str) -> None:
    """Choose how often and at which hour of one's own day the digest comes."""
    touches()
    require(member.can.see_notices())
    if every not in EVERY or hour not in range(24) or time_zone not in time_zones():
        raise Invalid(_("Choose how often and when the digest comes."), "digest_every")
    settings = _settings_to_change(member.id)
    if NO_DIGEST in (every, settings.digest_every):
        _leave_out(member.id)
    settings.digest_every, settings.digest_hour, settings.time_zone = every, hour, time_zone


def _leave_out(member_id: int) -> None:
    """Keep what waits for a digest out of the next one, which may come in a year: it is in the inbox."""
    waits = (Notice.member_id == member_id, Notice.way == DIGEST, Notice.mailed_at.is_(None))
    _set(Notice, {"way": NEVER}, *waits)


@action
def set_watching_replies(member: Person, is_on: bool) -> None:
    """Choose whether one watches the topics that one opens or replies to from now on."""
    touches()
    require(member.can.see_notices())
    settings = _settings_to_change(member.id)
    settings.watches_replies = is_on


def _settings_to_change(member_id: int) -> NoticeSettings:
    """What a member has chosen, in a row of its own; held, so that two windows do not both make it."""
    lock_member(member_id, may_write=True)
    settings = settings_of(member_id)
    db.session.add(settings)
    return settings


@action
def watch(member: Person, subject: str, subject_id: int, level: str = WATCHING) -> None:
    """Watch or mute something. The deed or page that calls it has found that the member may see it."""
    touches()
    require(member.can.watch())
    if subject not in SUBJECTS or level not in LEVELS:
        raise Invalid(_("Choose whether to watch or to mute."), "level")
    key = {"member_id": member.id, "subject": subject, "subject_id": subject_id}
    _put(Watch(**key, level=level, created_at=now()))


@action
def unwatch(member: Person, subject: str, subject_id: int) -> None:
    """Neither watch nor mute something any longer."""
    touches()
    require(member.can.watch())
    is_it = (Watch.subject == subject, Watch.subject_id == subject_id)
    db.session.execute(delete(Watch).where(Watch.member_id == member.id, *is_it))


@action
def watch_own(author: Person, topic_id: int) -> None:
    """Let somebody who writes in a topic watch it, unless the person has switched that off or muted the topic."""
    if author.id and watches_replies(author.id):
        key = {"member_id": author.id, "subject": TOPIC, "subject_id": topic_id}
        row = {**key, "level": WATCHING, "created_at": now()}
        db.session.execute(_insert(Watch).values(row).on_conflict_do_nothing())


@action
def unwatch_own(
    _doer: Person, author_id: int, topic_id: int, since: datetime, until: datetime
) -> None:
    """Undo `watch_own`, if it was what let an author watch a topic between two moments."""
    is_it = (Watch.subject == TOPIC, Watch.subject_id == topic_id, Watch.member_id == author_id)
    then = Watch.created_at.between(since, until), Watch.level == WATCHING
    db.session.execute(delete(Watch).where(*is_it, *then))


@action
def watch_along(
    _doer: Person,
    topic_id: int,
    target_id: int,
    since: datetime,
    member_ids: Collection[int] | None = None,
) -> None:
    """Let those who watch a topic watch another, too (of `member_ids` alone, if given); who mutes that one goes on so."""
    chosen = (
        literal(TOPIC),
        literal(target_id),
        literal(WATCHING),
        literal(since, Watch.created_at.type),
    )
    along = watchers_of(topic_id, member_ids).add_columns(*chosen)
    columns = ["member_id", "subject", "subject_id", "level", "created_at"]
    put = _insert(Watch).from_select(columns, along)
    db.session.execute(put.on_conflict_do_nothing())


@action
def unwatch_along(_doer: Person, topic_id: int, target_id: int, since: datetime) -> None:
    """Undo the same, for those who have watched the other topic since then because of it."""
    is_it = (Watch.subject == TOPIC, Watch.subject_id == target_id, Watch.created_at == since)
    along = Watch.member_id.in_(watchers_of(topic_id))
    db.session.execute(delete(Watch).where(*is_it, Watch.level == WATCHING, along))


def _put(row: Any) -> None:
    """Keep a row, in place of one with the same key."""
    columns = type(row).__table__.c
    values = {column.name: getattr(row, column.name) for column in columns}
    key = list(type(row).__table__.primary_key)
    put = _insert(type(row)).values(values)
    db.session.execute(put.on_conflict_do_update(index_elements=key, set_=values))


# Out of sight and back


@action
def hide_notices(
    _doer: Person,
    *,
    topic_id: int | None = None,
    post_id: int | None = None,
    since: datetime | None = None,
) -> None:
    """Take the notices about a topic or a post out of sight, and those that are still to be made; all, or those `since`.

    Decisions stay: the author must be able to read why something was hidden.
    """
    _set_hidden(topic_id, post_id, since=since, is_hidden=True)


@action
def restore_notices(
    _doer: Person,
    *,
    topic_id: int | None = None,
    post_id: int | None = None,
    but: Sequence[int] = (),
) -> None:
    """Bring the notices about a topic or a post back, `but` those about posts that stay out of sight."""
    _set_hidden(topic_id, post_id, but, is_hidden=False)


@action
def rehome_notices(_doer: Person, post_ids: Collection[int], topic_id: int, title: str) -> None:
    """Let what tells of posts that went to another topic belong to that one, and name it."""
    for model in (Event, Notice):
        is_theirs = (model.post_id.in_(post_ids), model.kind != "decision")
        _set(model, {"topic_id": topic_id, "title": title}, *is_theirs)


@action
def forget_old(system: Person, event_ids: Collection[int], limit: int = PORTION) -> int:
    """Delete some notices that were read long ago, and those events of which nobody has a notice; says how many."""
    require(system.can.administer())
    touches()
    gone = _forget(limit, Notice.read_at < now() - KEPT_READ)
    return gone + len(delete_batch(Event, limit, Event.id.in_(event_ids), without_notices()))


@action
def forget_member(system: Person, member_id: int, *, is_silent: bool, limit: int = PORTION) -> int:
    """Delete some notices of a member who has left; says how many.

    With `is_silent` also what told others of the member's deeds, with the words that it holds.
    """
    require(system.can.administer())
    touches()
    for model in (Watch, NoticeChoice, NoticeSettings):
        db.session.execute(delete(model).where(model.member_id == member_id))
    gone = _forget(limit, Notice.member_id == member_id)
    if is_silent:
        gone += _forget(limit, Notice.actor_id == member_id)
        gone += len(delete_batch(Event, limit, Event.actor_id == member_id))
    return gone


def _forget(limit: int, *which: Any) -> int:
    """Delete some notices, and the events that nobody else has a notice of."""
    events = delete_batch(Notice, limit, *which, returning=Notice.event_id)
    told = (Event.id.in_(set(events)), Event.done_at.is_not(None))
    db.session.execute(delete(Event).where(*told, without_notices()))
    return len(events)


@action
def retell(system: Person, post_id: int, text: str, topic_id: int | None = None) -> None:
    """Let what tells of a post quote its words as they are now; of the topic that it opens, if it does."""
    require(system.can.administer())
    for model in (Event, Notice):
        words = {"text": excerpt(text, 400)}
        _set(model, words, model.post_id == post_id, model.kind.in_(QUOTING))
        if topic_id:
            _set(model, words, model.topic_id == topic_id, model.kind == "advice")


@action
def retell_mark(_doer: Person, post_id: int, marker_id: int, text: str) -> None:
    """Let what tells of a member's mark say this of it, or nothing: what the member says to it is edited, taken back, hidden or shown again.

    A notice that has grown since may name another member beside these words.
    """
    words = {"text": excerpt(text, 400)}
    is_it = or_(Notice.actor_id == marker_id, Notice.text.in_(words_with_mark(post_id, marker_id)))
    _set(Notice, words, Notice.kind == "mark", Notice.post_id == post_id, is_it)
    _set(Event, words, *tells_of_mark(post_id, marker_id))


@action
def untitle(system: Person, topic_id: int) -> None:
    """Let what tells of a topic say nothing of it: it has no title any more."""
    require(system.can.administer())
    for model in (Event, Notice):
        _set(model, {"title": ""}, model.topic_id == topic_id)


@action
def retitle_queue(system: Person, addresses: Collection[str], title: str) -> None:
    """Let what tells of things in the queue call them otherwise."""
    require(system.can.administer())
    for model in (Event, Notice):
        is_queue = model.kind == literal("queue", literal_execute=True)  # so that its index is used
        _set(model, {"title": title}, is_queue, model.address.in_(addresses))


def _set_hidden(
    topic_id: int | None,
    post_id: int | None,
    but: Sequence[int] = (),
    *,
    since: datetime | None = None,
    is_hidden: bool,
) -> None:
    hidden_at = now() if is_hidden else None
    for model in (Event, Notice):
        about = model.post_id == post_id if post_id else model.topic_id == topic_id
        is_meant = [or_(model.post_id.is_(None), model.post_id.not_in(but))]
        if since:
            is_meant.append(model.created_at >= since)
        _set(model, {"hidden_at": hidden_at}, about, *is_meant, model.kind != "decision")


def _set(model: type[Event] | type[Notice], values: dict[str, Any], *which: Any) -> None:
    db.session.execute(update(model).where(*which).values(values))
