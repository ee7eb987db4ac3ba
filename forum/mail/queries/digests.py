"""Due letters and their content, the letters on the administrator's page, digests and when they are due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import agendas_of_findings, get_agenda
from forum.appeals.queries import get_appeal
from forum.claims.models import queue_key
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import visible_topics
from forum.errors import Conflict, Forbidden, NotFound
from forum.glossary.models import PROPOSAL
from forum.glossary.queries import proposal_to_judge
from forum.library.queries import unreadable_at
from forum.mail.models import TO_MEMBERS, Delivery
from forum.meetings.models import Meeting
from forum.meetings.queries import attendance_of, still_to_tell
from forum.members.models import Member
from forum.moderation.models import Decision
from forum.moderation.queries import (
    UNDO_PERIOD,
    Thing,
    decision_by_id,
    is_first_post,
    open_reports,
    thing_to_moderate,
)
from forum.notifications.models import (
    NO_DIGEST,
    NOTICE_KINDS,
    QUEUE_KINDS,
    REMINDER,
    SEARCH_KINDS,
    Event,
    Notice,
    NoticeSettings,
)
from forum.notifications.queries import (
    digests_waiting,
    settings_by_member,
    visible_notices,
    zone_called,
)
from forum.permissions import Person, require
from forum.searches.queries import Told, heading_of, told_searches

MAX_SHOWN = 50
MEETING_KINDS = ("meeting", "coming", "soon")  # of notices about meetings
MAX_COMPARED = 500  # due letters of which those are sent first for which somebody is waiting
MAX_SCORED_NOTICES, MAX_SCORED_REPLIES = 5, 50
MAX_ENTRIES = 12  # of one agenda in a digest; the others are on the site


def due_deliveries(limit: int) -> Sequence[Delivery]:
    """Up to `limit` of the `MAX_COMPARED` longest due letters, locked for update; those that others have locked are skipped.

    Letters for which somebody is waiting come before those that tell members of what happened (`TO_MEMBERS`).
    """
    is_due = (is_waiting(), Delivery.due_at <= now())
    oldest = select(Delivery.id).where(*is_due).order_by(Delivery.due_at, Delivery.id)
    compared = Delivery.id.in_(oldest.limit(MAX_COMPARED))
    in_order = (Delivery.kind.in_(TO_MEMBERS), Delivery.due_at, Delivery.id)
    due = select(Delivery).where(compared, *is_due).order_by(*in_order).limit(limit)
    return db.session.scalars(due.with_for_update(skip_locked=True)).all()


def due_count(most: int) -> int:
    """How many letters are due now, counted up to `most`."""
    due = select(Delivery.id).where(is_waiting(), Delivery.due_at <= now()).limit(most)
    return db.session.scalar(select(func.count()).select_from(due.subquery())) or 0


def deliveries_by_id(ids: Sequence[int]) -> Sequence[Delivery]:
    """Letters by id, with their members, the longest due first."""
    found = select(Delivery).where(Delivery.id.in_(ids)).options(joinedload(Delivery.member))
    return db.session.scalars(found.order_by(Delivery.due_at, Delivery.id)).all()


def letters_since(address: str, kinds: Sequence[str], since: timedelta) -> int:
    """How many letters of these kinds were written to an address within the last `since`."""
    found = select(func.count(Delivery.id)).where(
        Delivery.address == address,
        Delivery.kind.in_(kinds),
        Delivery.created_at > now() - since,
    )
    return db.session.scalar(found) or 0


def collecting_letter(address: str) -> Delivery | None:
    """The letter to an address that collects outcomes of reports for a later day, locked for update; None for none.

    On its day it stops collecting, even if it is due later: it is being sent, or was tried.
    """
    about = (Delivery.address == address, Delivery.kind == "outcomes", Delivery.created_at > now())
    last = select(Delivery).where(*about, is_waiting()).order_by(Delivery.due_at.desc())
    locked = last.order_by(Delivery.id.desc()).limit(1).with_for_update()
    return db.session.scalars(locked.execution_options(populate_existing=True)).first()


def waiting_letters(administrator: Person) -> tuple[int, datetime | None, str]:
    """How many letters wait, since when the oldest does, and the last error of the mail server about one of them.

    Letters that collect outcomes for a later day do not count.
    """
    require(administrator.can.administer())
    is_counted = (is_waiting(), Delivery.created_at <= now())
    number, oldest = db.session.execute(
        select(func.count(Delivery.id), func.min(Delivery.created_at)).where(*is_counted)
    ).one()
    errors = select(Delivery.why).where(is_waiting(), Delivery.why != "")
    latest = errors.order_by(Delivery.due_at.desc()).limit(1)
    return number, oldest, db.session.scalar(latest) or ""


def letters_given_up(administrator: Person) -> Sequence[Delivery]:
    """The letters that were given up, newest first; at most `MAX_SHOWN`."""
    require(administrator.can.administer())
    lost = select(Delivery).where(Delivery.given_up_at.is_not(None))
    newest = lost.order_by(Delivery.given_up_at.desc(), Delivery.id.desc()).limit(MAX_SHOWN)
    return db.session.scalars(newest.options(joinedload(Delivery.member))).all()


def letters_sent(administrator: Person, since: timedelta) -> int:
    """The number of letters that were sent within the last `since`."""
    require(administrator.can.administer())
    found = select(func.count(Delivery.id)).where(Delivery.sent_at > now() - since)
    return db.session.scalar(found) or 0


def paused_members(administrator: Person) -> Sequence[Member]:
    """Members whose mail is paused because the address failed, newest first; at most `MAX_SHOWN`."""
    require(administrator.can.administer())
    found = select(Member).where(Member.mail_paused_at.is_not(None), Member.left_at.is_(None))
    return db.session.scalars(
        found.order_by(Member.mail_paused_at.desc(), Member.id).limit(MAX_SHOWN)
    ).all()


def is_waiting() -> ColumnElement[bool]:
    """SQL condition: the letter is still to be sent."""
    return and_(
        Delivery.sent_at.is_(None), Delivery.given_up_at.is_(None), Delivery.dropped_at.is_(None)
    )


# The subjects of letters


class QueueContent(NamedTuple):
    """What waits in the queue: what its moderators are asked, the agenda's title, and why it was first reported.

    `asked` is *appeal*, *candidate*, *proposal*, *held*, *report*, *practice* or *first post*; `agenda` and `reason`
    may be empty.
    """

    asked: str
    agenda: str = ""
    reason: str = ""


class NoticeContent(NamedTuple):
    """A notice with the post and topic that it is about, each None when there is none."""

    notice: Notice
    post: Post | None
    topic: Topic | None


def notice_to_tell(member: Member, notice_id: int) -> NoticeContent | None:
    """A member's unread notice about something that the member can still read; else None."""
    query = visible_notices(member).where(Notice.id == notice_id, Notice.read_at.is_(None))
    notice = db.session.scalar(query.options(joinedload(Notice.actor)))
    if notice is None or not _wanted(member, [notice]):
        return None
    if notice.topic_id is None or not NOTICE_KINDS[notice.kind].is_in_topic:
        return NoticeContent(notice, None, None)
    topic = _topics_in_reach(member, [notice.topic_id]).get(notice.topic_id)
    post = db.session.get(Post, notice.post_id) if notice.post_id else None
    if topic is None or (post and post.is_gone):
        return None
    return NoticeContent(notice, post, topic)


def decision_told(notice: Notice) -> Decision | None:
    """The moderator's decision that a notice is about; None for none."""
    told = select(Event.decision_id).where(Event.id == notice.event_id)
    decision_id = db.session.scalar(told)
    return decision_by_id(decision_id) if decision_id else None


def is_of_own_decision(member: Person, decision: Decision | None) -> bool:
    """Whether a decision reverses one that the member made as a moderator."""
    first = decision_by_id(decision.undoes_id) if decision and decision.undoes_id else None
    return first is not None and first.moderator_id == member.id


def queue_content(moderator: Person, address: str) -> QueueContent | None:
    """What waits at an address of the queue, for a moderator who may decide about it; None when nothing does."""
    key = queue_key(address)
    if key is None:
        return None
    kind, item_id = key
    if kind == "candidate":
        return QueueContent("candidate") if moderator.can.admit() else None
    try:
        if kind == PROPOSAL:
            return QueueContent(PROPOSAL) if proposal_to_judge(moderator, item_id) else None
        if kind == "appeal":
            decision = get_appeal(moderator, item_id).decision
            return QueueContent("appeal", _title(decision.agenda))
        return _content_of(thing_to_moderate(moderator, kind, item_id))
    except (Conflict, Forbidden, NotFound):
        return None


def _content_of(thing: Thing) -> QueueContent | None:
    agenda = _title(thing.agenda)
    if thing.kind == "held":
        return QueueContent("held", agenda)
    if reports := open_reports(thing.kind, thing.item_id):
        return QueueContent("report", agenda, reports[0].reason)
    if thing.kind == "practice":
        return QueueContent("practice", agenda)
    return QueueContent("first post", agenda) if is_first_post(thing) else None


def _title(agenda: Agenda | None) -> str:
    return agenda.title if agenda else ""


def _wanted(member: Member, notices: Sequence[Notice]) -> list[Notice]:
    """The notices that the member should still get, without reminders of things without a topic that are no longer readable."""
    reminders = {
        notice.address for notice in notices if notice.kind == REMINDER and notice.topic_id is None
    }
    gone = unreadable_at(member, reminders)
    meetings = meetings_told(member, notices)
    searches = told_searches(member, notices)

    def is_outdated(notice: Notice) -> bool:
        if notice.kind == REMINDER:
            return notice.address in gone
        if notice.kind in SEARCH_KINDS:
            return not _is_something_new(searches.get(notice.id))
        return notice.kind in MEETING_KINDS and (notice.kind, notice.address) not in meetings

    return [notice for notice in notices if not is_outdated(notice) and _is_wanted(member, notice)]


def _is_something_new(told: Told | None) -> bool:
    """Whether a notice's search still exists, and one of its new texts is still visible."""
    return told is not None and told.number > 0


def heading_for(member: Member, notice: Notice) -> str:
    """The heading of a notice, in the present language; for new texts of a search it counts those still visible."""
    told = told_searches(member, [notice]).get(notice.id)
    return told.heading if told else notice.heading


def meetings_told(member: Member, notices: Iterable[Notice]) -> dict[tuple[str, str], Meeting]:
    """The meetings of notices that the member should still get, by kind and path."""
    told = {(notice.kind, notice.address) for notice in notices if notice.kind in MEETING_KINDS}
    return still_to_tell(member, told) if told else {}


def meeting_told(member: Member, notice: Notice) -> tuple[Meeting, str] | None:
    """The meeting of a notice, and the link with which the member joins it, if there is one; None for none."""
    meeting = meetings_told(member, [notice]).get((notice.kind, notice.address))
    if meeting is None:
        return None
    may_join = member.can.join_meeting(meeting, attendance_of(member, meeting.id))
    is_for_who_comes = notice.kind != "meeting" and meeting.is_ahead
    return meeting, meeting.join_link if is_for_who_comes and may_join else ""


def _is_wanted(member: Member, notice: Notice) -> bool:
    """Whether the member should still get such a notice: suspended and leaving members only those about decisions.

    Notices of the queue only while the entry waits and the member may decide about it: they may host another agenda
    by now.
    """
    is_entry = notice.kind in QUEUE_KINDS and queue_key(notice.address) is not None
    if is_entry and queue_content(member, notice.address) is None:
        return False
    return member.left_at is None and (member.is_member or notice.kind == "decision")


def _topics_in_reach(member: Member, topic_ids: Iterable[int]) -> dict[int, Topic]:
    found = visible_topics(member).where(Topic.id.in_(set(topic_ids)))
    whole = found.options(joinedload(Topic.agenda))
    return {topic.id: topic for topic in db.session.scalars(whole)}


def topic_of_post(reader: Member, post_id: int) -> int | None:
    """The id of the topic of a post that the reader can see; None when they cannot."""
    seen = visible_topics(reader).with_only_columns(Topic.id).join(Post, Post.topic_id == Topic.id)
    return db.session.scalar(seen.where(Post.id == post_id))


def agenda_to_open_by_email(author: Person, slug: str) -> Agenda:
    """The agenda with this slug, on which somebody wants to open topics by e-mail; `NotFound`, or `Forbidden` if they may not."""
    agenda = get_agenda(author, slug)
    require(author.can.open_by_email(agenda))
    return agenda


def sent_today(member: Member, source: str, but_key: str) -> str:
    """The path of exactly the same text that the member has sent within a day, as an automatic answer would; or empty.

    What has the submission key `but_key` does not count, because it was made from the same message; nor does what a
    moderator refused, so that who sends it again is not met by silence.
    """

    def is_alike(sent: type[Post] | type[Held]) -> tuple[ColumnElement[bool], ...]:
        alike = (
            sent.created_at > now() - timedelta(days=1),
            sent.source == source,
            sent.submission_key.is_distinct_from(but_key),
        )
        return (*alike, Held.refused_at.is_(None)) if sent is Held else alike

    return _path_of_sent(member, is_alike)


def sent_with(member: Member, keys: Sequence[str]) -> str:
    """The path of what the member has sent with one of some submission keys; empty for nothing."""
    return _path_of_sent(member, lambda sent: (sent.submission_key.in_(keys),)) if keys else ""


def _path_of_sent(
    member: Member, conditions: Callable[[type[Post] | type[Held]], tuple[ColumnElement[bool], ...]]
) -> str:
    """The path of a post of the member, or of a text that waits or was refused, that meets some conditions."""
    for table, path in ((Post, "/posts"), (Held, "/waiting")):
        sent = select(table.id).where(table.author_id == member.id, *conditions(table))
        if found := db.session.scalar(sent.order_by(table.id.desc()).limit(1)):
            return f"{path}/{found}"
    return ""


def is_told(member: Member, kind: str, path: str) -> bool:
    """Whether a letter of a kind has told a member of what is at a path."""
    about = (Delivery.member_id == member.id, Delivery.kind == kind)
    told = select(Delivery.id).where(*about, Delivery.words["path"].as_string() == path)
    return bool(db.session.scalar(select(told.exists())))


def letters_given_up_count(administrator: Person) -> int:
    """The number of letters that were given up."""
    require(administrator.can.administer())
    lost = select(func.count(Delivery.id)).where(Delivery.given_up_at.is_not(None))
    return db.session.scalar(lost) or 0


def addressee(member_id: int) -> Member | None:
    """The member to whom a letter was sent; None when they have left."""
    return db.session.scalar(select(Member).where(Member.id == member_id, Member.left_at.is_(None)))


# Digests


@dataclass(frozen=True)
class DigestEntry:
    """What a digest says about one topic, or about something else.

    `counts` are the numbers of notices by kind, `who` the names of the actors; entries with a high `score` come
    first.
    """

    title: str
    address: str
    text: str
    counts: dict[str, int]
    who: tuple[str, ...]
    score: int


class DigestGroup(NamedTuple):
    """The entries of one agenda, the best first, and how many `further` were left out; without an agenda, personal ones."""

    agenda: Agenda | None
    entries: list[DigestEntry]
    further: int


def digest_groups(member: Member, notice_ids: Sequence[int]) -> list[DigestGroup]:
    """A member's digest of notices: by agenda, best first, without notices that were read, hidden or are no longer visible."""
    query = visible_notices(member).where(Notice.id.in_(notice_ids), Notice.read_at.is_(None))
    notices = db.session.scalars(query.options(joinedload(Notice.actor)).order_by(Notice.id)).all()
    wanted = _wanted(member, notices)
    topics = _topics_in_reach(member, [notice.topic_id for notice in wanted if notice.topic_id])
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
    return sorted(map(_group, agendas, agendas.values()), key=lambda group: -group.entries[0].score)


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
    return DigestEntry(
        title,
        address or notices[0].address,
        latest.words,
        counts,
        tuple(dict.fromkeys(names)),
        score,
    )


def _heading(notices: Sequence[Notice], searches: Mapping[int, Told]) -> str:
    """The heading of notices that lead to one address; those of a search count all their texts together."""
    told = [searches[notice.id] for notice in notices if notice.id in searches]
    if not told:
        return notices[-1].heading
    return str(heading_of(told[-1].called, sum(told_search.number for told_search in told)))


def _group(agenda: Agenda | None, entries: list[DigestEntry]) -> DigestGroup:
    best = sorted(entries, key=lambda entry: -entry.score)
    return DigestGroup(agenda, best[:MAX_ENTRIES], max(0, len(best) - MAX_ENTRIES))


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
