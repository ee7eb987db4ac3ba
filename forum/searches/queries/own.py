"""A member's kept searches, and each as a row of a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import Select, select

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import Topic
from forum.dialogue.queries import visible_topics
from forum.errors import or_not_found
from forum.members.queries import language_names
from forum.permissions import Person, require
from forum.search.models import FAILURE, TRANSLATED_FAILURE, TRANSLATION
from forum.search.queries import looked_for
from forum.searches.models import KeptSearch, Wanted
from forum.searches.queries._shared import agendas_seen, new_numbers

MAX_MERGERS = 20  # merged topics through which a topic is followed


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
        "experience": _("Experiences"),
        "question": _("Questions"),
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
    return rows_with(member, kept, new_numbers(member, kept))


def rows_with(
    member: Person, kept: Collection[KeptSearch], numbers: Mapping[int, int]
) -> list[SearchRow]:
    """Some searches of a member as rows, with numbers of new texts that are known."""
    agendas = agendas_seen(member, {number for search in kept for number in search.agenda_ids})
    topics = _topics(member, {search.topic_id for search in kept if search.topic_id})
    rows = []
    for search in kept:
        chosen = [agendas[number] for number in search.agenda_ids if number in agendas]
        topic = topics.get(search.topic_id or 0)
        is_gone = len(chosen) < len(search.agenda_ids) or bool(search.topic_id and topic is None)
        rows.append(SearchRow(search, chosen, topic, is_gone, numbers.get(search.id, 0)))
    return rows


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
    known = {topic.id: topic for topic in seen}
    return {number: known[target] for number, target in where.items() if target in known}


def _merged(ids: Collection[int]) -> dict[int, int]:
    rows = select(Topic.id, Topic.merged_into_id).where(
        Topic.id.in_(ids), Topic.merged_into_id.is_not(None)
    )
    return {number: target for number, target in db.session.execute(rows) if target}
