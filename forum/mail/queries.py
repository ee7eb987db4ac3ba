"""Letters that are due and what they tell; what became of others; whose digest is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.db import db, now
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import visible_topics
from forum.mail.models import Delivery
from forum.members.models import Member
from forum.notifications.models import NO_DIGEST, Notice, NoticeSettings
from forum.notifications.queries import digests_waiting, settings_by_member, visible_notices
from forum.permissions import Person, require

SHOWN = 50
ABOUT_PEOPLE = (
    "decision",
    "report",
    "published",
    "returned",
    "queue",
    "rules",
)  # told whatever became of the topic
WEIGHTS = {"answer": 5, "topic": 3, "report": 2}
MOST_ENTRIES = 12  # of one agenda in a digest; the others are on the site


def due_deliveries(limit: int) -> Sequence[Delivery]:
    """Letters that may be sent now, the longest due first; those that another worker looks at are passed over."""
    due = select(Delivery).where(is_waiting(), Delivery.due_at <= now())
    some = due.order_by(Delivery.due_at, Delivery.id).limit(limit)
    return db.session.scalars(some.with_for_update(skip_locked=True)).all()


def deliveries_by_id(ids: Sequence[int]) -> Sequence[Delivery]:
    """Letters by number, with the members they are for."""
    found = select(Delivery).where(Delivery.id.in_(ids)).options(joinedload(Delivery.member))
    return db.session.scalars(found.order_by(Delivery.due_at, Delivery.id)).all()


def letters_since(address: str, kinds: Sequence[str], since: timedelta) -> int:
    """How many letters of some kinds were written to an address of late."""
    found = select(func.count(Delivery.id)).where(
        Delivery.address == address,
        Delivery.kind.in_(kinds),
        Delivery.created_at > now() - since,
    )
    return db.session.scalar(found) or 0


def gathering_letter(address: str) -> Delivery | None:
    """The last letter to an address that still gathers what became of reports, held; its day is to come.

    One whose day has come gathers no more, though it may be due later: somebody is sending it, or has tried.
    """
    about = (Delivery.address == address, Delivery.kind == "outcomes", Delivery.created_at > now())
    last = select(Delivery).where(*about, is_waiting()).order_by(Delivery.due_at.desc())
    held = last.order_by(Delivery.id.desc()).limit(1).with_for_update()
    return db.session.scalars(held.execution_options(populate_existing=True)).first()


def waiting_letters(administrator: Person) -> tuple[int, datetime | None, str]:
    """How many letters wait, since when the oldest does, and what the mail server said last about one of them.

    Letters of another day do not wait yet.
    """
    require(administrator.can.administer())
    waits = (is_waiting(), Delivery.created_at <= now())
    number, oldest = db.session.execute(
        select(func.count(Delivery.id), func.min(Delivery.created_at)).where(*waits)
    ).one()
    said = select(Delivery.why).where(is_waiting(), Delivery.why != "")
    return number, oldest, db.session.scalar(said.order_by(Delivery.due_at.desc()).limit(1)) or ""


def letters_given_up(administrator: Person) -> Sequence[Delivery]:
    """The letters that no server took, newest first, at most fifty."""
    require(administrator.can.administer())
    lost = select(Delivery).where(Delivery.given_up_at.is_not(None))
    newest = lost.order_by(Delivery.given_up_at.desc(), Delivery.id.desc()).limit(SHOWN)
    return db.session.scalars(newest.options(joinedload(Delivery.member))).all()


def letters_sent(administrator: Person, since: timedelta) -> int:
    """How many letters were sent of late."""
    require(administrator.can.administer())
    found = select(func.count(Delivery.id)).where(Delivery.sent_at > now() - since)
    return db.session.scalar(found) or 0


def paused_members(administrator: Person) -> Sequence[Member]:
    """Members whose address takes no mail, those last found first, at most fifty."""
    require(administrator.can.administer())
    found = select(Member).where(Member.mail_paused_at.is_not(None), Member.left_at.is_(None))
    return db.session.scalars(
        found.order_by(Member.mail_paused_at.desc(), Member.id).limit(SHOWN)
    ).all()


def is_waiting() -> ColumnElement[bool]:
    """In SQL: whether a letter is still to be sent."""
    return and_(
        Delivery.sent_at.is_(None), Delivery.given_up_at.is_(None), Delivery.dropped_at.is_(None)
    )


# What a letter tells of


class Told(NamedTuple):
    """A notice, and the post and topic that it speaks of where it speaks of one."""

    notice: Notice
    post: Post | None
    topic: Topic | None


def notice_to_tell(member: Member, notice_id: int) -> Told | None:
    """A notice that is still news to its member, who may still read what it is about; else None."""
    query = visible_notices(member).where(Notice.id == notice_id, Notice.read_at.is_(None))
    notice = db.session.scalar(query.options(joinedload(Notice.actor)))
    if notice is None or not _is_to_be_told(member, notice):
        return None
    if notice.topic_id is None or notice.kind in ABOUT_PEOPLE:
        return Told(notice, None, None)
    topic = _topics_in_reach(member, [notice.topic_id]).get(notice.topic_id)
    post = db.session.get(Post, notice.post_id) if notice.post_id else None
    if topic is None or (post and post.is_gone):
        return None
    return Told(notice, post, topic)


def _is_to_be_told(member: Member, notice: Notice) -> bool:
    """Whoever is suspended, or has closed the account, is told of decisions alone."""
    return member.left_at is None and (member.is_member or notice.kind == "decision")


def _topics_in_reach(member: Member, topic_ids: Iterable[int]) -> dict[int, Topic]:
    found = visible_topics(member).where(Topic.id.in_(set(topic_ids)))
    whole = found.options(joinedload(Topic.agenda))
    return {topic.id: topic for topic in db.session.scalars(whole)}


def topic_of_post(reader: Member, post_id: int) -> int | None:
    """The topic of a post that a reader may see; None for one that is out of reach."""
    seen = visible_topics(reader).with_only_columns(Topic.id).join(Post, Post.topic_id == Topic.id)
    return db.session.scalar(seen.where(Post.id == post_id))


def has_said_today(member: Member, source: str, but_key: str) -> bool:
    """Whether a member has posted the very same text within a day: a machine that answers, as likely as not.

    The post of `but_key`, which this very message made before, does not count.
    """
    lately = Post.author_id == member.id, Post.created_at > now() - timedelta(days=1)
    said = select(Post.id).where(
        *lately, Post.source == source, Post.submission_key.is_distinct_from(but_key)
    )
    return bool(db.session.scalar(select(said.exists())))


def letters_given_up_count(administrator: Person) -> int:
    """How many letters no server took."""
    require(administrator.can.administer())
    lost = select(func.count(Delivery.id)).where(Delivery.given_up_at.is_not(None))
    return db.session.scalar(lost) or 0


def member_of_letter(member_id: int) -> Member | None:
    """Whose letter it was, if the person is still here."""
    return db.session.scalar(select(Member).where(Member.id == member_id, Member.left_at.is_(None)))


# Digests


@dataclass(frozen=True)
class Entry:
    """What a digest says about one topic, or about something else: `counts` are how many notices of each kind."""

    title: str
    address: str
    text: str
    counts: dict[str, int]
    who: tuple[str, ...]
    score: int


class Group(NamedTuple):
    """The entries of one agenda, the best first; without an agenda, what is about the member alone."""

    agenda: Agenda | None
    entries: list[Entry]
    further: int


def digest_groups(member: Member, notice_ids: Sequence[int]) -> list[Group]:
    """What a member's digest tells of some notices: by agenda, best first, nothing read, hidden or out of reach."""
    query = visible_notices(member).where(Notice.id.in_(notice_ids), Notice.read_at.is_(None))
    notices = db.session.scalars(query.options(joinedload(Notice.actor)).order_by(Notice.id)).all()
    told = [notice for notice in notices if _is_to_be_told(member, notice)]
    topics = _topics_in_reach(member, [notice.topic_id for notice in told if notice.topic_id])
    agendas: dict[Agenda | None, list[Entry]] = {}
    for (topic_id, address), some in groupby(sorted(told, key=_place), _place):
        topic = topics.get(topic_id)
        if topic_id == 0:
            agendas.setdefault(None, []).append(_entry(list(some), address, None))
        elif topic:
            agendas.setdefault(topic.agenda, []).append(_entry(list(some), address, topic))
    return sorted(map(_group, agendas, agendas.values()), key=lambda group: -group.entries[0].score)


def _place(notice: Notice) -> tuple[int, str]:
    """Notices about one topic are one entry; of the others each address is."""
    if notice.topic_id is None or notice.kind in ABOUT_PEOPLE:
        return 0, notice.address
    return notice.topic_id, ""


def _entry(notices: list[Notice], address: str, topic: Topic | None) -> Entry:
    counts: dict[str, int] = {}
    for notice in notices:
        counts[notice.kind] = counts.get(notice.kind, 0) + 1 + notice.others
    names = [notice.actor.name for notice in notices if notice.actor]
    score = sum(WEIGHTS.get(kind, 1) * min(number, 5) for kind, number in counts.items())
    if topic:
        score += min(topic.replies_count, 50) // 5
    latest = notices[-1]
    title = topic.title if topic else latest.title
    return Entry(
        title,
        address or notices[0].address,
        latest.text,
        counts,
        tuple(dict.fromkeys(names)),
        score,
    )


def _group(agenda: Agenda | None, entries: list[Entry]) -> Group:
    best = sorted(entries, key=lambda entry: -entry.score)
    return Group(agenda, best[:MOST_ENTRIES], max(0, len(best) - MOST_ENTRIES))


def members_due_for_digest(after_id: int, limit: int) -> tuple[list[int], int]:
    """Some members whose digest is due, and after which member to go on; 0 when there are no more."""
    waiting = digests_waiting(after_id, limit)
    ids = [row.member_id for row in waiting]
    settings, last = settings_by_member(ids), _last_digests(ids)
    due = [
        row.member_id
        for row in waiting
        if is_digest_due(settings[row.member_id], row.oldest, last.get(row.member_id), now())
    ]
    return due, ids[-1] if len(ids) == limit else 0


def _last_digests(member_ids: Sequence[int]) -> dict[int, datetime]:
    query = select(Delivery.member_id, func.max(Delivery.created_at)).where(
        Delivery.kind == "digest", Delivery.member_id.in_(member_ids)
    )
    rows = db.session.execute(query.group_by(Delivery.member_id))
    return {member_id: at for member_id, at in rows if member_id}


def is_digest_due(
    settings: NoticeSettings, oldest: datetime, last: datetime | None, moment: datetime
) -> bool:
    """Whether the member's hour has come since the oldest news, and no digest was written since that hour."""
    if settings.digest_every == NO_DIGEST:
        return False
    hour = _last_hour(settings, moment)
    return oldest <= hour and (last is None or last < hour)


def _last_hour(settings: NoticeSettings, moment: datetime) -> datetime:
    """When the member's hour was last, on any day or on Mondays.

    Of an hour that is there twice it is the first; where it is left out, it is the moment in which that happens.
    """
    local = moment.astimezone(_zone(settings.time_zone))
    hour = local.replace(hour=settings.digest_hour, minute=0, second=0, microsecond=0, fold=0)
    if hour > local:
        hour -= timedelta(days=1)
    if settings.digest_every == "weekly":
        hour -= timedelta(days=hour.weekday())
    return hour


def _zone(name: str) -> tzinfo:
    """A time zone; UTC for one that this machine does not know, so that the member's digest still comes."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
