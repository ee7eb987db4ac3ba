"""Recording events, making notices of them, reading notices, choosing how to be notified, watching and muting."""

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
    DIGEST_FREQUENCIES,
    EVERYBODY,
    LEVELS,
    MERGING_KINDS,
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
    due_broadcasts,
    due_event,
    due_events,
    get_notice,
    is_about_mark,
    is_watched,
    mark_texts,
    next_watchers,
    notice_values,
    notices_to_make,
    settings_of,
    time_zones,
    watchers_of,
    watches_replies,
    without_notices,
)
from forum.permissions import Person, require

BATCH = 200
PORTION = 500  # watchers who get their notices in one transaction
MAX_BROADCASTS = 20  # events for watchers that one worker takes at once
QUOTED_CHARACTERS = 400  # of a text, in an event and its notices
QUOTING_KINDS = ("reply", "quote", "mention", "topic", "post")  # show the first words of a post
KEPT_READ = timedelta(days=365)  # notices, after they were read
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


# Recording events


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
    """Record an event that concerns `recipients`, the ids of members; the worker makes the notices.

    `kind` is one of `DEFAULT_WAYS`, `address` the path to which the notice leads. The doer gets no notice of own
    deeds, and is not named in the notice when `is_named` is false (a moderator, a reporter).
    """
    concerned = sorted({member_id for member_id in recipients if member_id} - {doer.id})
    if concerned:
        _add_event(
            kind,
            address,
            actor_id=doer.id if is_named else None,
            recipients=concerned,
            title=title,
            text=text,
            topic_id=topic_id,
            post_id=post_id,
        )


@action
def note_event_for_watchers(
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
    """Record an event that concerns everybody who watches one of `subjects` and mutes none of them.

    It is one row, however many people watch: the worker finds them. The doer gets no notice, nor do the members in
    `but`, whom another event notifies of the same deed by name.
    """
    if is_watched(doer, subjects):
        excluded = {*but, doer.id} if doer.id else {*but}
        _add_event(
            kind,
            address,
            actor_id=doer.id,
            recipients=[],
            watched=[list(subject) for subject in subjects],
            but=sorted(excluded),
            title=title,
            text=text,
            topic_id=topic_id,
            post_id=post_id,
        )


@action
def note_event_for_everybody(
    doer: Person, kind: str, address: str, *, title: str, text: str = ""
) -> None:
    """Record an event that concerns every member, the doer too; one row, as with `note_event_for_watchers`."""
    _add_event(
        kind,
        address,
        actor_id=None,
        recipients=[],
        watched=[[EVERYBODY, 0]],
        but=[],
        title=title,
        text=text,
    )


def _add_event(kind: str, address: str, *, text: str, **columns: Any) -> None:
    quoted = excerpt(text, QUOTED_CHARACTERS)
    times = {"created_at": now(), "due_at": now()}
    db.session.add(Event(kind=kind, address=address, text=quoted, **columns, **times))


# Making notices: the worker calls these again and again


@action
def make_notices(_system: Person, limit: int = BATCH, portion: int = PORTION) -> int:
    """Make the notices of due events, one for each event and member; returns how many events it worked on.

    One call takes at most `limit` events that name members, and makes notices for at most `portion` watchers. An event
    with a hundred thousand watchers takes many calls; each records how far it came.
    """
    touches()
    events = due_events(limit)
    for event in events:
        _make_for(event, event.recipients)
        event.done_at = now()
    return len(events) + _make_for_watchers(portion)


@action
def make_notices_of(_system: Person, event_id: int, portion: int = PORTION) -> int:
    """Make the notices of one due event, at most for the next `portion` of its watchers; returns 1, or 0 if it is not due."""
    touches()
    event = due_event(event_id)
    if event is None:
        return 0
    if event.watched is None:
        _make_for(event, event.recipients)
        event.done_at = now()
    else:
        _make_portion(event, portion)
    return 1


@action
def postpone_event(_system: Person, event_id: int) -> None:
    """Record that an event failed: it is tried again after 2, 4, 8 … minutes, `MAX_ATTEMPTS` times in all."""
    touches()
    event = due_event(event_id)
    if event is not None:
        event.attempts += 1
        event.due_at = now() + timedelta(minutes=2**event.attempts)


def _make_for_watchers(portion: int) -> int:
    """Make the notices of events for watchers, `portion` at most; returns how many events it worked on."""
    worked_on = 0
    for event in due_broadcasts(MAX_BROADCASTS):
        worked_on += 1
        portion -= _make_portion(event, portion)
        if portion <= 0:
            break
    return worked_on


def _make_portion(event: Event, most: int) -> int:
    """Make an event's notices for its next watchers, at most `most`; returns for how many."""
    watchers = next_watchers(event, most)
    _make_for(event, watchers)
    if len(watchers) < most:
        event.done_at = now()
    else:
        event.reached = watchers[-1]
    return len(watchers)


def _make_for(event: Event, member_ids: Sequence[int]) -> None:
    """Make an event's notices for these members, as far as they want them."""
    if event.kind in MERGING_KINDS:
        merged = _merge_into_unread(event, member_ids)
        member_ids = [member_id for member_id in member_ids if member_id not in merged]
    if member_ids:
        rows = notices_to_make(event, member_ids)
        insert = _insert(Notice).from_select(list(notice_values(event)), rows)
        db.session.execute(insert.on_conflict_do_nothing())


def _merge_into_unread(event: Event, member_ids: Sequence[int]) -> set[int]:
    """Let unread, unmailed notices about the same post tell of one more person; returns the ids of their members."""
    unread = update(Notice).where(
        Notice.member_id.in_(member_ids),
        Notice.kind == event.kind,
        Notice.post_id == event.post_id,
        Notice.read_at.is_(None),
        Notice.mailed_at.is_(None),
        *([~ignores(Notice.member_id, event.actor_id)] if event.actor_id else []),
    )
    text = {"text": event.text} if event.text else {}
    merged = unread.values(others=Notice.others + 1, actor_id=event.actor_id, **text)
    return set(db.session.scalars(merged.returning(Notice.member_id)))


def _insert(model: type[Base]) -> Any:
    """An INSERT in the dialect of the database, which knows ON CONFLICT."""
    return INSERTS[db.session.get_bind().dialect.name](model)


# Reading


@action
def read(member: Person, notice_id: int) -> Notice:
    """Mark one notice read and return it; raises `NotFound` when it is not the member's."""
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
    """Mark everybody's notices of an entry of the queue read, and make no more of them: it was decided."""
    touches()
    for model, moment in ((Notice, Notice.read_at), (Event, Event.done_at)):
        is_open = (model.address == address, model.kind == "queue", moment.is_(None))
        _set(model, {moment.key: now()}, *is_open)


@action
def read_until(_system: Person, moment: datetime) -> None:
    """Mark all notices up to a moment read, its own second too, and mail none: after an import they are no news."""
    touches()
    _set(Notice, {"read_at": now()}, Notice.created_at <= moment, Notice.read_at.is_(None))
    _set(Notice, {"way": NEVER}, Notice.way != NEVER, Notice.mailed_at.is_(None))


@action
def note_mailed(_system: Person, notice_ids: Sequence[int]) -> None:
    """Record that notices were mailed."""
    touches()
    _set(Notice, {"mailed_at": now()}, Notice.id.in_(notice_ids))


# Choosing


@action
def choose(member: Person, ways: Mapping[str, str], every: str, hour: int, time_zone: str) -> None:
    """Choose how each kind of notice is mailed, and when the digest comes."""
    touches()
    choose_ways(member, ways)
    set_digest(member, every, hour, time_zone)


@action
def choose_ways(member: Person, ways: Mapping[str, str]) -> None:
    """Choose how kinds of notices are mailed (`ways`: one of `WAYS` by kind).

    Notices that wait to be mailed follow the choice, with one exception: those kept for the digest stay in it when
    their kind is to be mailed at once from now on.
    """
    touches()
    require(member.can.see_notices())
    for kind, way in sorted(ways.items()):
        if kind not in DEFAULT_WAYS or way not in WAYS:
            raise Invalid(_("Choose one of the ways."), f"way-{kind}")
        _upsert(NoticeChoice(member_id=member.id, kind=kind, way=way))
        if way != AT_ONCE:
            is_unmailed = _is_unmailed(member.id, Notice.kind == kind)
            _set(Notice, {"way": way}, *is_unmailed, Notice.way != NEVER)


@action
def end_mail(_visitor: Person, member_id: int, kind: str) -> None:
    """Stop mailing a member notices of a kind. The calling deed has checked the seal of the letter that offers this."""
    touches()
    if kind in DEFAULT_WAYS:
        _upsert(NoticeChoice(member_id=member_id, kind=kind, way=NEVER))
        _set(Notice, {"way": NEVER}, *_is_unmailed(member_id, Notice.kind == kind))


@action
def end_digest(_visitor: Person, member_id: int) -> None:
    """Stop sending a member the digest."""
    touches()
    settings = _settings_to_change(member_id)
    settings.digest_every = NO_DIGEST
    _skip_waiting_digest(member_id)


@action
def set_digest(member: Person, every: str, hour: int, time_zone: str) -> None:
    """Choose how often the digest comes, and at which hour (0 to 23) in one's own time zone."""
    touches()
    require(member.can.see_notices())
    if every not in DIGEST_FREQUENCIES or hour not in range(24) or time_zone not in time_zones():
        raise Invalid(_("Choose how often and when the digest comes."), "digest_every")
    settings = _settings_to_change(member.id)
    if NO_DIGEST in (every, settings.digest_every):
        _skip_waiting_digest(member.id)
    settings.digest_every, settings.digest_hour, settings.time_zone = every, hour, time_zone


def _skip_waiting_digest(member_id: int) -> None:
    """Keep the notices that wait for a digest out of the next one, which may come in a year: they are in the inbox."""
    _set(Notice, {"way": NEVER}, *_is_unmailed(member_id, Notice.way == DIGEST))


def _is_unmailed(member_id: int, condition: Any) -> tuple[Any, ...]:
    """SQL conditions: a notice of the member that meets the condition and was not mailed yet."""
    return Notice.member_id == member_id, condition, Notice.mailed_at.is_(None)


@action
def set_watching_replies(member: Person, is_on: bool) -> None:
    """Choose whether one watches, from now on, the topics that one opens or replies to."""
    touches()
    require(member.can.see_notices())
    settings = _settings_to_change(member.id)
    settings.watches_replies = is_on


def _settings_to_change(member_id: int) -> NoticeSettings:
    """The stored settings of a member; the member is locked, so that two requests do not both insert them."""
    lock_member(member_id, may_write=True)
    settings = settings_of(member_id)
    db.session.add(settings)
    return settings


@action
def watch(member: Person, subject: str, subject_id: int, level: str = WATCHING) -> None:
    """Watch or mute a subject (`level`). The caller has checked that the member can see it."""
    touches()
    require(member.can.watch())
    if subject not in SUBJECTS or level not in LEVELS:
        raise Invalid(_("Choose whether to watch or to mute."), "level")
    key = {"member_id": member.id, "subject": subject, "subject_id": subject_id}
    _upsert(Watch(**key, level=level, created_at=now()))


@action
def unwatch(member: Person, subject: str, subject_id: int) -> None:
    """Neither watch nor mute a subject any longer."""
    touches()
    require(member.can.watch())
    is_of_subject = (Watch.subject == subject, Watch.subject_id == subject_id)
    db.session.execute(delete(Watch).where(Watch.member_id == member.id, *is_of_subject))


@action
def watch_own_topic(author: Person, topic_id: int) -> None:
    """Let an author watch the topic, unless they have switched that off or muted the topic."""
    if author.id and watches_replies(author.id):
        key = {"member_id": author.id, "subject": TOPIC, "subject_id": topic_id}
        row = {**key, "level": WATCHING, "created_at": now()}
        db.session.execute(_insert(Watch).values(row).on_conflict_do_nothing())


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
    """Let the watchers of a topic (only those in `member_ids`, if given) watch `target_id`, too, unless they mute it."""
    values = (
        literal(TOPIC),
        literal(target_id),
        literal(WATCHING),
        literal(since, Watch.created_at.type),
    )
    watchers = watchers_of(topic_id, member_ids).add_columns(*values)
    columns = ["member_id", "subject", "subject_id", "level", "created_at"]
    insert = _insert(Watch).from_select(columns, watchers)
    db.session.execute(insert.on_conflict_do_nothing())


@action
def remove_copied_watchers(_doer: Person, topic_id: int, target_id: int, since: datetime) -> None:
    """Undo `copy_watchers`, for those who have watched the other topic since exactly then."""
    is_copied = (Watch.subject == TOPIC, Watch.subject_id == target_id, Watch.created_at == since)
    is_watcher = Watch.member_id.in_(watchers_of(topic_id))
    db.session.execute(delete(Watch).where(*is_copied, Watch.level == WATCHING, is_watcher))


def _upsert(row: Any) -> None:
    """Insert a row, or replace the one with the same primary key."""
    columns = type(row).__table__.c
    values = {column.name: getattr(row, column.name) for column in columns}
    key = list(type(row).__table__.primary_key)
    insert = _insert(type(row)).values(values)
    db.session.execute(insert.on_conflict_do_update(index_elements=key, set_=values))


# Notices follow what they are about


@action
def hide_notices(
    _doer: Person,
    *,
    topic_id: int | None = None,
    post_id: int | None = None,
    kinds: Collection[str] = (),
    since: datetime | None = None,
) -> None:
    """Hide the notices and events about a topic or a post: all of them, or those of some kinds or since a moment.

    Notices of decisions stay: the author must be able to read why something was hidden.
    """
    _set_hidden(topic_id, post_id, kinds=kinds, since=since, is_hidden=True)


@action
def restore_notices(
    _doer: Person,
    *,
    topic_id: int | None = None,
    post_id: int | None = None,
    kinds: Collection[str] = (),
    but: Sequence[int] = (),
) -> None:
    """Show the notices about a topic or a post again, all or of some kinds; those about the posts in `but` stay hidden."""
    _set_hidden(topic_id, post_id, but, kinds=kinds, is_hidden=False)


@action
def move_notices(_doer: Person, post_ids: Collection[int], topic_id: int, title: str) -> None:
    """Let the events and notices about posts that moved belong to the other topic, and name it."""
    for model in (Event, Notice):
        is_about_posts = (model.post_id.in_(post_ids), model.kind != "decision")
        _set(model, {"topic_id": topic_id, "title": title}, *is_about_posts)


@action
def forget_old(system: Person, event_ids: Collection[int], limit: int = PORTION) -> int:
    """Delete up to `limit` notices that were read a year ago, and those of the events that have no notices; returns how many."""
    require(system.can.administer())
    touches()
    gone = _delete_notices(limit, Notice.read_at < now() - KEPT_READ)
    return gone + len(delete_batch(Event, limit, Event.id.in_(event_ids), without_notices()))


@action
def forget_member(system: Person, member_id: int, *, is_silent: bool, limit: int = PORTION) -> int:
    """Delete the choices and up to `limit` notices of a member who has left; returns how many notices.

    With `is_silent` also the notices and events that tell others of the member's deeds, with the words in them.
    """
    require(system.can.administer())
    touches()
    for model in (Watch, NoticeChoice, NoticeSettings):
        db.session.execute(delete(model).where(model.member_id == member_id))
    gone = _delete_notices(limit, Notice.member_id == member_id)
    if is_silent:
        gone += _delete_notices(limit, Notice.actor_id == member_id)
        gone += len(delete_batch(Event, limit, Event.actor_id == member_id))
    return gone


def _delete_notices(limit: int, *conditions: Any) -> int:
    """Delete up to `limit` notices, and those of their events that have no other notice; returns how many notices."""
    event_ids = delete_batch(Notice, limit, *conditions, returning=Notice.event_id)
    is_done = (Event.id.in_(set(event_ids)), Event.done_at.is_not(None))
    db.session.execute(delete(Event).where(*is_done, without_notices()))
    return len(event_ids)


@action
def update_quotations(system: Person, post_id: int, text: str, topic_id: int | None = None) -> None:
    """Let events and notices quote a post as it is now; `topic_id` is the topic that the post opens, if it does."""
    require(system.can.administer())
    words = {"text": excerpt(text, QUOTED_CHARACTERS)}
    for model in (Event, Notice):
        _set(model, words, model.post_id == post_id, model.kind.in_(QUOTING_KINDS))
        if topic_id:
            _set(model, words, model.topic_id == topic_id, model.kind == "advice")


@action
def update_mark_notices(_doer: Person, post_id: int, marker_id: int, text: str) -> None:
    """Let events and notices of a member's mark quote its note as it is now: edited, withdrawn, hidden or restored.

    A notice that tells of several members is found by the words that it quotes, whomever it names first.
    """
    words = {"text": excerpt(text, QUOTED_CHARACTERS)}
    is_of_marker = or_(
        Notice.actor_id == marker_id, Notice.text.in_(mark_texts(post_id, marker_id))
    )
    _set(Notice, words, Notice.kind == "mark", Notice.post_id == post_id, is_of_marker)
    _set(Event, words, *is_about_mark(post_id, marker_id))


@action
def clear_titles(system: Person, topic_id: int) -> None:
    """Clear the title in events and notices about a topic that has none any more."""
    require(system.can.administer())
    for model in (Event, Notice):
        _set(model, {"title": ""}, model.topic_id == topic_id)


@action
def retitle_queue(system: Person, addresses: Collection[str], title: str) -> None:
    """Replace the title in events and notices about entries of the queue at these addresses."""
    require(system.can.administer())
    for model in (Event, Notice):
        is_queue = model.kind == literal("queue", literal_execute=True)  # so that its index is used
        _set(model, {"title": title}, is_queue, model.address.in_(addresses))


def _set_hidden(
    topic_id: int | None,
    post_id: int | None,
    but: Sequence[int] = (),
    *,
    kinds: Collection[str] = (),
    since: datetime | None = None,
    is_hidden: bool,
) -> None:
    hidden_at = now() if is_hidden else None
    for model in (Event, Notice):
        conditions = [
            model.post_id == post_id if post_id else model.topic_id == topic_id,
            or_(model.post_id.is_(None), model.post_id.not_in(but)),
            model.kind != "decision",
        ]
        if kinds:
            conditions.append(model.kind.in_(kinds))
        if since:
            conditions.append(model.created_at >= since)
        _set(model, {"hidden_at": hidden_at}, *conditions)


def _set(model: type[Event] | type[Notice], values: dict[str, Any], *conditions: Any) -> None:
    db.session.execute(update(model).where(*conditions).values(values))
