"""Which searches are due, and what the worker finds for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from forum.bookmarks.queries import reminder_moment
from forum.clock import now
from forum.commitments.models import Commitment
from forum.db import db, execute_core
from forum.declarations.models import Declaration
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import KINDS_OF_TOPICS, topic_after_merge
from forum.errors import NotFound
from forum.glossary.queries import widened
from forum.library.models import Case, Practice, Reading
from forum.meetings.models import Meeting
from forum.members.models import Member
from forum.notifications.models import NoticeSettings
from forum.notifications.queries import zone_called
from forum.parallels.models import Translation
from forum.permissions import Person
from forum.search.models import FAILURE, TRANSLATION_KINDS
from forum.search.queries import Query, newer_hits, newest_document_id, settled_document_id
from forum.searches.models import MAX_NEW, KeptSearch
from forum.searches.queries._shared import agendas_seen, is_news_for

# The columns with the id and the author of what search finds: who began a translation, who added a case or meeting
AUTHORS: Mapping[str, tuple[Any, Any]] = {
    "topic": (Topic.id, Topic.author_id),
    "post": (Post.id, Post.author_id),
    "case": (Case.id, select(Topic.author_id).where(Topic.id == Case.topic_id).scalar_subquery()),
    "practice": (Practice.id, Practice.author_id),
    FAILURE: (Practice.id, Practice.author_id),
    "reading": (Reading.id, Reading.added_by_id),
    "meeting": (Meeting.id, Meeting.announced_by_id),
    "declaration": (Declaration.id, Declaration.author_id),
    "commitment": (Commitment.id, Commitment.author_id),
    **dict.fromkeys(TRANSLATION_KINDS, (Translation.id, Translation.translator_id)),
}
# Between writing a text and its publication, which may wait for moderators: an older text was only indexed again
MAX_DELAY = timedelta(days=30)
# A transaction that is still running may add a document with a smaller id than the newest one
SETTLED_AFTER = timedelta(minutes=5)
# The searches for different members are spread over so many minutes
SPREAD_MINUTES = 240


class Look(NamedTuple):
    """What the worker found for a search among the documents after `after_id` and up to `until_id`.

    `seen_up_to` is what the search said when the look began. It is beyond `after_id` where later documents are deleted: their
    ids may be given again. `found` are ids of documents with their authors, oldest first, and `came_at` when the newest was written.
    """

    search_id: int
    seen_up_to: int
    after_id: int
    until_id: int
    found: Sequence[tuple[int, int]] = ()
    came_at: datetime | None = None


def due_searches(limit: int) -> Sequence[KeptSearch]:
    """Searches that are due, the longest due first."""
    due = select(KeptSearch).where(KeptSearch.look_at <= now())
    return db.session.scalars(due.order_by(KeptSearch.look_at, KeptSearch.id).limit(limit)).all()


def lock_due(ids: Collection[int]) -> Sequence[KeptSearch]:
    """The searches among these that are still due, locked; rows locked by another worker are skipped."""
    due = select(KeptSearch).where(KeptSearch.id.in_(ids), KeptSearch.look_at <= now())
    return db.session.scalars(due.order_by(KeptSearch.id).with_for_update(skip_locked=True)).all()


def owners_of(kept: Collection[KeptSearch]) -> dict[int, Member]:
    """The members who keep these searches, by id."""
    ids = {search.member_id for search in kept}
    owners = db.session.scalars(select(Member).where(Member.id.in_(ids))) if ids else ()
    return {owner.id: owner for owner in owners}


def looks_for(kept: Sequence[KeptSearch]) -> list[Look]:
    """For each of some searches, find what is new since the last look, with its owner's rights."""
    owners, settled_id = owners_of(kept), settled_document_id(now() - SETTLED_AFTER)
    newest_id = newest_document_id()
    return [look_for(owners[search.member_id], search, settled_id, newest_id) for search in kept]


def look_for(owner: Person, kept: KeptSearch, settled_id: int, newest_id: int) -> Look:
    """What is new for a search among the documents up to `settled_id`; at most one text more than is counted."""
    after_id = min(kept.seen_up_to, newest_id)
    until_id = max(settled_id, after_id)
    known = (kept.id, kept.seen_up_to, after_id, until_id)
    query = query_of(owner, kept) if owner.is_member and until_id > after_id else None
    if query is None:
        return Look(*known)
    found: list[tuple[int, int]] = []
    came_at = None
    for hits in newer_hits(owner, query, after_id, until_id):
        news = [hit for hit in hits if hit.written_at > kept.created_at - MAX_DELAY]
        authors = _authors_of([(hit.kind, hit.item_id) for hit in news])
        for hit in news:
            author_id = authors.get((hit.kind, hit.item_id), 0)
            if is_news_for(owner, author_id):
                came_at = came_at or hit.written_at
                found.append((hit.id, author_id))
        if len(found) > MAX_NEW:
            break
    return Look(*known, found[: MAX_NEW + 1][::-1], came_at)


def query_of(reader: Person, kept: KeptSearch) -> Query | None:
    """The query of a kept search, the newest texts first; None if the reader sees none of its agendas, or not its topic."""
    agendas = agendas_seen(reader, kept.agenda_ids)
    if kept.agenda_ids and not agendas:
        return None
    try:
        topic_id = topic_after_merge(reader, kept.topic_id).id if kept.topic_id else None
    except NotFound:
        return None
    chosen = (tuple(agendas), tuple(kept.kinds), tuple(kept.languages))
    query = Query(
        kept.words, *chosen, is_newest_first=True, topic_id=topic_id, finer=KINDS_OF_TOPICS
    )
    return query if kept.is_exact else widened(query)[0]


def _authors_of(things: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """The ids of the authors of some things, where there is one."""
    authors: dict[tuple[str, int], int] = {}
    for kind, (key, author_id) in AUTHORS.items():
        if ids := [item_id for its_kind, item_id in things if its_kind == kind]:
            rows = execute_core(select(key, author_id).where(key.in_(ids)))
            authors |= {(kind, row[0]): row[1] for row in rows if row[1]}
    return authors


def next_look(settings: NoticeSettings, after: datetime) -> datetime:
    """When to search next for a member: before a digest, which then includes new texts; spread over the members."""
    moments = (_moment(settings, day) for day in _days(settings, after))
    return next(moment for moment in moments if moment > after)


def day_of_look(settings: NoticeSettings) -> date:
    """The day of the next digest after a moment."""
    moments = ((day, reminder_moment(settings, day)) for day in _days(settings, now()))
    return next(day for day, moment in moments if moment + timedelta(hours=1) > now())


def _days(settings: NoticeSettings, after: datetime) -> list[date]:
    """Some days, beginning with that of a moment in the time zone of a member."""
    today = after.astimezone(zone_called(settings.time_zone)).date()
    return [today + timedelta(days=number) for number in range(4)]


def _moment(settings: NoticeSettings, day: date) -> datetime:
    spread = timedelta(minutes=settings.member_id % SPREAD_MINUTES)
    return reminder_moment(settings, day) - spread
