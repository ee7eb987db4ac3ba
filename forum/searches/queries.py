"""A member's kept searches, how many texts are new for each, and what the worker finds for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import Select, select

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.bookmarks.queries import reminder_moment
from forum.clock import now
from forum.commitments.models import Commitment
from forum.db import db, execute_core
from forum.declarations.models import Declaration
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import topic_after_merge, visible_topics
from forum.errors import NotFound, or_not_found
from forum.glossary.queries import widened
from forum.library.models import Case, Practice, Reading
from forum.meetings.models import Meeting
from forum.members.models import Member
from forum.members.queries import language_names
from forum.notifications.models import SEARCH_KINDS, Notice, NoticeSettings
from forum.notifications.queries import zone_called
from forum.parallels.models import Translation
from forum.permissions import Person, require
from forum.search.models import FAILURE, TRANSLATED_FAILURE, TRANSLATION, TRANSLATION_KINDS
from forum.search.queries import (
    Query,
    ids_found,
    looked_for,
    newer_hits,
    newest_document_id,
    settled_document_id,
)
from forum.searches.models import MAX_FOUND, MAX_NEW, KeptSearch, Wanted
from forum.sentences import Sentence, plural_sentence, sentence

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
MAX_MERGERS = 20  # merged topics through which a topic is followed


# One's own


def my_searches(member: Person) -> Sequence[KeptSearch]:
    """All searches that a member keeps, the latest first; their number is limited."""
    mine = select(KeptSearch).where(KeptSearch.member_id == member.id)
    return db.session.scalars(mine.order_by(KeptSearch.id.desc())).all()


def get_search(member: Person, search_id: int) -> KeptSearch:
    """A member's own kept search with this id; raises `NotFound`."""
    require(member.can.see_own())
    return or_not_found(db.session.scalar(_mine(member, search_id)))


def lock_search(member: Person, search_id: int) -> KeptSearch:
    """A member's own kept search, locked until the action ends, because the worker may change it at this moment."""
    return or_not_found(db.session.scalar(_mine(member, search_id).with_for_update()))


def _mine(member: Person, search_id: int) -> Select[KeptSearch]:
    mine = select(KeptSearch).where(KeptSearch.member_id == member.id)
    return mine.where(KeptSearch.id == search_id)


def same_search(kept: Iterable[KeptSearch], wanted: Wanted) -> KeptSearch | None:
    """The equivalent one among some kept searches, or None."""
    looked_for = _looked_for(wanted)
    return next((search for search in kept if _looked_for(search.wanted) == looked_for), None)


def _looked_for(wanted: Wanted) -> tuple[object, ...]:
    """A key that is equal for equivalent searches: it ignores the order of values and characters that belong to no word."""
    chosen = (wanted.kinds, wanted.agenda_ids, wanted.languages)
    words = looked_for(wanted.words)
    return (words, *map(frozenset, chosen), wanted.topic_id, wanted.is_exact)


class SearchRow(NamedTuple):
    """A kept search with the agendas and the topic of its filters, as far as the member sees them now.

    `is_gone`: an agenda or the topic is no longer visible. `new` is the number of texts since the member's last visit.
    """

    kept: KeptSearch
    agendas: Sequence[Agenda]
    topic: Topic | None
    is_gone: bool
    new: int

    @property
    def called(self) -> str:
        """Its name, or its parts separated by dots."""
        return self.kept.name or " · ".join(words for words, _language in self.parts)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Its words and the values of its filters, each with its language (empty: that of the page)."""
        kinds, languages = _kind_names(), language_names()
        topics = [self.topic] if self.topic else []
        return [
            (self.kept.words, ""),
            *((kinds.get(kind, kind), "") for kind in self.kept.kinds),
            *((agenda.title, "") for agenda in self.agendas),
            *((languages.get(code, code), code) for code in self.kept.languages),
            *((topic.title, topic.language) for topic in topics),
            *([(_("only the exact words"), "")] if self.kept.is_exact else []),
        ]

    @property
    def address(self) -> str:
        """The path of its results, the newest first."""
        slugs = {agenda.id: agenda.slug for agenda in self.agendas}
        return address_of(self.kept, slugs)


def _kind_names() -> dict[str, str]:
    return {
        "topic": _("Topics"),
        "post": _("Replies"),
        "case": _("Cases"),
        "practice": _("Practices"),
        FAILURE: _("What did not work"),
        "reading": _("Best reads"),
        TRANSLATION: _("Translations"),
        TRANSLATED_FAILURE: _("What did not work, translated"),
        "meeting": _("Meetings"),
        "declaration": _("Declarations"),
        "commitment": _("Commitments"),
    }


def address_of(kept: KeptSearch, slugs: Mapping[int, str]) -> str:
    """The path of the results of a search, the newest first; an agenda without a slug here is given by its id."""
    values = {
        "q": kept.words,
        "kind": kept.kinds,
        "agenda": [slugs.get(number, str(number)) for number in kept.agenda_ids],
        "language": kept.languages,
        "topic": [kept.topic_id] if kept.topic_id else [],
        "exact": ["1"] if kept.is_exact else [],
        "order": "newest",
    }
    return f"/search?{urlencode(values, doseq=True)}"


def search_rows(member: Person) -> list[SearchRow]:
    """All searches of a member as rows, the latest first."""
    require(member.can.see_own())
    return rows_of(member, my_searches(member))


def rows_of(member: Person, kept: Sequence[KeptSearch]) -> list[SearchRow]:
    """Some searches of a member as rows."""
    return _rows(member, kept, new_numbers(member, kept))


def _rows(
    member: Person, kept: Collection[KeptSearch], numbers: Mapping[int, int]
) -> list[SearchRow]:
    agendas = _agendas(member, {number for search in kept for number in search.agenda_ids})
    topics = _topics(member, {search.topic_id for search in kept if search.topic_id})
    rows = []
    for search in kept:
        chosen = [agendas[number] for number in search.agenda_ids if number in agendas]
        topic = topics.get(search.topic_id or 0)
        is_gone = len(chosen) < len(search.agenda_ids) or bool(search.topic_id and topic is None)
        rows.append(SearchRow(search, chosen, topic, is_gone, numbers.get(search.id, 0)))
    return rows


def _agendas(reader: Person, ids: Collection[int]) -> dict[int, Agenda]:
    seen = visible_agendas(reader).where(Agenda.id.in_(ids))
    return {search.id: search for search in db.session.scalars(seen)} if ids else {}


def _topics(reader: Person, ids: Collection[int]) -> dict[int, Topic]:
    """By some ids of topics: the topic, or the one into which it was merged."""
    if not ids:
        return {}
    where = {number: number for number in ids}
    for _step in range(MAX_MERGERS):
        merged = _merged(where.values())
        if not merged:
            break
        where = {number: merged.get(target, target) for number, target in where.items()}
    seen = db.session.scalars(visible_topics(reader).where(Topic.id.in_(where.values())))
    known = {search.id: search for search in seen}
    return {number: known[target] for number, target in where.items() if target in known}


def _merged(ids: Collection[int]) -> dict[int, int]:
    rows = select(Topic.id, Topic.merged_into_id).where(
        Topic.id.in_(ids), Topic.merged_into_id.is_not(None)
    )
    return {number: target for number, target in db.session.execute(rows) if target}


def new_numbers(member: Person, kept: Sequence[KeptSearch]) -> dict[int, int]:
    """By id of a member's searches: how many texts are new since the last visit, of those visible now."""
    ranges = [(search, search.looked_up_to, search.seen_up_to) for search in kept]
    return {
        search.id: number for search, number in zip(kept, _numbers(member, ranges), strict=True)
    }


def new_between(member: Person, kept: KeptSearch, after_id: int, until_id: int) -> int:
    """How many texts were found for a search among the documents after one id and up to another, of those visible now."""
    return _numbers(member, [(kept, after_id, until_id)])[0]


def _numbers(member: Person, ranges: Sequence[tuple[KeptSearch, int, int]]) -> list[int]:
    """By search: how many texts were found with ids after one number and up to another, of those visible now."""
    known = [
        {
            found
            for found, author_id in search.found
            if after < found <= until and _is_for(member, author_id)
        }
        for search, after, until in ranges
    ]
    visible = ids_found(member, set().union(*known))
    return [len(ids & visible) for ids in known]


def _is_for(member: Person, author_id: int) -> bool:
    """Whether a text counts as new for a member: not by the member, and not by somebody whom the member ignores."""
    return author_id != member.id and author_id not in member.ignored


# The texts of notices


class Told(NamedTuple):
    """A notice of new texts: the name of the search, and how many of the texts are visible to the member now.

    `is_known` is false if so much was found since that the ids of these texts are no longer all stored.
    """

    called: str
    number: int
    is_known: bool = True

    @property
    def heading(self) -> str:
        """The text of the notice, in the present language."""
        if not self.is_known and self.number <= MAX_NEW:
            return _("New texts for “%(name)s”", name=self.called)
        if not self.number:
            return _("What was new for “%(name)s” is no longer there", name=self.called)
        return str(heading_of(self.called, self.number))


def heading_of(called: str, number: int, **extent: int) -> Sentence:
    """The sentence of a notice about a number of new texts; stored with the range of their document ids."""
    if number > MAX_NEW:
        return sentence(
            "More than %(most)s new texts for “%(name)s”", most=MAX_NEW, name=called, **extent
        )
    return plural_sentence(
        "%(num)s new text for “%(name)s”",
        "%(num)s new texts for “%(name)s”",
        number,
        name=called,
        **extent,
    )


def told_searches(member: Person, notices: Iterable[Notice]) -> dict[int, Told]:
    """The contents of a member's notices of new texts, by the id of the notice.

    Notices of deleted searches are left out.
    """
    kinds = [notice for notice in notices if notice.kind in SEARCH_KINDS]
    if not kinds:
        return {}
    kept = {search.path: search for search in my_searches(member)}
    there = [notice for notice in kinds if notice.address in kept]
    numbers = _numbers(member, [(kept[notice.address], *_extent(notice)) for notice in there])
    rows = _rows(member, {kept[notice.address] for notice in there}, {})
    called = {row.kept.id: row.called for row in rows}
    return {
        notice.id: Told(called[search.id], number, _is_known(search, _extent(notice)[0]))
        for notice, number in zip(there, numbers, strict=True)
        for search in (kept[notice.address],)
    }


def _is_known(kept: KeptSearch, after_id: int) -> bool:
    """Whether the ids of all texts found after this id are still stored with the search."""
    return len(kept.found) < MAX_FOUND or kept.found[0][0] <= after_id + 1


def _extent(notice: Notice) -> tuple[int, int]:
    """The range of document ids of the texts in a notice: after the first, up to the second."""
    title = (notice.sentences["title"] if notice.sentences else None) or [{}]
    values = title[0].get("values", {})
    return values.get("after", 0), values.get("until", 0)


# For the worker


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
            if _is_for(owner, author_id):
                came_at = came_at or hit.written_at
                found.append((hit.id, author_id))
        if len(found) > MAX_NEW:
            break
    return Look(*known, found[: MAX_NEW + 1][::-1], came_at)


def query_of(reader: Person, kept: KeptSearch) -> Query | None:
    """The query of a kept search, the newest texts first; None if the reader sees none of its agendas, or not its topic."""
    agendas = _agendas(reader, kept.agenda_ids)
    if kept.agenda_ids and not agendas:
        return None
    try:
        topic_id = topic_after_merge(reader, kept.topic_id).id if kept.topic_id else None
    except NotFound:
        return None
    chosen = (tuple(agendas), tuple(kept.kinds), tuple(kept.languages))
    query = Query(kept.words, *chosen, is_newest_first=True, topic_id=topic_id)
    return query if kept.is_exact else widened(query)[0]


def _authors_of(things: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """The ids of the authors of some things, where there is one."""
    authors: dict[tuple[str, int], int] = {}
    for kind, (key, author_id) in AUTHORS.items():
        if ids := [item_id for known, item_id in things if known == kind]:
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
