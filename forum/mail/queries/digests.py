"""Digests: what one says, and when it is due."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import agendas_of_findings
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Topic
from forum.mail.models import Delivery
from forum.mail.queries.notices import meetings_told, still_wanted, topics_in_reach
from forum.members.models import Member
from forum.moderation.queries import UNDO_PERIOD
from forum.notifications.models import NO_DIGEST, NOTICE_KINDS, Notice, NoticeSettings
from forum.notifications.queries import (
    digests_waiting,
    settings_by_member,
    visible_notices,
    zone_called,
)
from forum.searches.queries import Told, heading_of, told_searches

MAX_SCORED_NOTICES, MAX_SCORED_REPLIES = 5, 50
MAX_ENTRIES = 12  # of one agenda in a digest; the others are on the site
# Of all agendas together: with more, some mail programs cut a digest off before the link that ends it (Gmail at 102 kB)
MAX_ENTRIES_IN_ALL = 60


@dataclass(frozen=True)
class DigestEntry:
    """What a digest says about one topic, or about something else.

    `language` is that of the title, empty where it is not known. `counts` are the numbers of notices by kind, `who` the
    names of the actors; entries with a high `score` come first.
    """

    title: str
    address: str
    text: str
    counts: dict[str, int]
    who: tuple[str, ...]
    score: int
    language: str = ""


class DigestGroup(NamedTuple):
    """The entries of one agenda, the best first, and how many `further` were left out; without an agenda, personal ones."""

    agenda: Agenda | None
    entries: list[DigestEntry]
    further: int


def digest_groups(member: Member, notice_ids: Sequence[int]) -> list[DigestGroup]:
    """A member's digest of notices: by agenda, best first, without notices that were read, hidden or are no longer visible."""
    query = visible_notices(member).where(Notice.id.in_(notice_ids), Notice.read_at.is_(None))
    notices = db.session.scalars(query.options(joinedload(Notice.actor)).order_by(Notice.id)).all()
    wanted = still_wanted(member, notices)
    topics = topics_in_reach(member, [notice.topic_id for notice in wanted if notice.topic_id])
    found = agendas_of_findings(
        member, {notice.address for notice in wanted if notice.kind == "findings"}
    )
    meetings = meetings_told(member, wanted)
    found |= {address: meeting.agenda for (_kind, address), meeting in meetings.items()}
    searches = told_searches(member, wanted)
    agendas: dict[Agenda | None, list[DigestEntry]] = {}
    for (topic_id, address), group in groupby(sorted(wanted, key=_digest_key), _digest_key):
        topic = topics.get(topic_id)
        if topic_id == 0:
            agendas.setdefault(found.get(address), []).append(
                _entry(list(group), address, None, searches)
            )
        elif topic:
            agendas.setdefault(topic.agenda, []).append(
                _entry(list(group), address, topic, searches)
            )
    most = _most_of_agenda(agendas.values())
    groups = [_group(agenda, entries, most) for agenda, entries in agendas.items()]
    return sorted(groups, key=lambda group: -group.entries[0].score)


def _digest_key(notice: Notice) -> tuple[int, str]:
    """The key by which notices are grouped into entries: the id of their topic, or else (0 and) their address."""
    if notice.topic_id is None or not NOTICE_KINDS[notice.kind].is_in_topic:
        return 0, notice.address
    return notice.topic_id, ""


def _entry(
    notices: list[Notice], address: str, topic: Topic | None, searches: Mapping[int, Told]
) -> DigestEntry:
    counts: dict[str, int] = {}
    for notice in notices:
        counts[notice.kind] = counts.get(notice.kind, 0) + 1 + notice.others
    names = [notice.actor.name for notice in notices if notice.actor]
    score = sum(
        NOTICE_KINDS[kind].score * min(number, MAX_SCORED_NOTICES)
        for kind, number in counts.items()
    )
    if topic:
        score += min(topic.replies_count, MAX_SCORED_REPLIES) // 5
    latest = notices[-1]
    title = topic.title if topic else _heading(notices, searches)
    language = latest.language if title == latest.title else ""
    return DigestEntry(
        title,
        address or notices[0].address,
        latest.words,
        counts,
        tuple(dict.fromkeys(names)),
        score,
        topic.language if topic else language,
    )


def _heading(notices: Sequence[Notice], searches: Mapping[int, Told]) -> str:
    """The heading of notices that lead to one address; those of a search count all their texts together."""
    told = [searches[notice.id] for notice in notices if notice.id in searches]
    if not told:
        return notices[-1].heading
    return str(heading_of(told[-1].called, sum(told_search.number for told_search in told)))


def _most_of_agenda(agendas: Collection[Sequence[DigestEntry]]) -> int:
    """How many entries of one agenda a digest tells, the same for each, and at least one."""
    numbers = [len(entries) for entries in agendas]
    fitting = (
        most
        for most in range(MAX_ENTRIES, 1, -1)
        if sum(min(number, most) for number in numbers) <= MAX_ENTRIES_IN_ALL
    )
    return next(fitting, 1)


def _group(agenda: Agenda | None, entries: list[DigestEntry], most: int) -> DigestGroup:
    best = sorted(entries, key=lambda entry: -entry.score)
    return DigestGroup(agenda, best[:most], max(0, len(best) - most))


def members_due_for_digest(after_id: int, limit: int) -> tuple[list[int], int]:
    """The ids of members whose digest is due, among the next `limit`, and the id to continue after (0 at the end)."""
    waiting = digests_waiting(after_id, limit, now() - UNDO_PERIOD)
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
    """Whether a digest is due at `moment`: its time has come since the `oldest` notice, and none was written since then.

    `last` is when the last digest was written.
    """
    if settings.digest_every == NO_DIGEST:
        return False
    hour = _latest_digest_time(settings, moment)
    return oldest <= hour and (last is None or last < hour)


def _latest_digest_time(settings: NoticeSettings, moment: datetime) -> datetime:
    """The latest moment before `moment` that the member chose for digests: an hour of every day, or of Mondays.

    When clocks are set back, the first of the two equal hours counts; when they are set forward over that hour, the
    moment of the change.
    """
    local = moment.astimezone(zone_called(settings.time_zone))
    hour = local.replace(hour=settings.digest_hour, minute=0, second=0, microsecond=0, fold=0)
    if hour > local:
        hour -= timedelta(days=1)
    if settings.digest_every == "weekly":
        hour -= timedelta(days=hour.weekday())
    return hour
