"""Search, and existing topics that are similar to a new one."""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from typing import Any, NamedTuple

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web
from forum.agendas.models import Agenda
from forum.agendas.queries import all_agendas
from forum.clock import day_in_words, months_after, now
from forum.dialogue.queries import (
    KINDS_OF_TOPICS,
    FoundTopic,
    TopicRow,
    found_topics,
    get_topic_row,
    topic_after_merge,
)
from forum.engines import without_waiting
from forum.errors import Busy, NotFound
from forum.front import queries
from forum.front.forms import TypedDays, day_of
from forum.front.views._shared import MAX_QUERY_LENGTH, SIDE_ITEMS, bp
from forum.glossary.queries import widened
from forum.glossary.views import readers_language
from forum.members.queries import language_name, languages, members_matching
from forum.pages import Page, page_of
from forum.permissions import Person
from forum.plaintext import tidy
from forum.search.models import Document
from forum.search.queries import ANY_TIME, Hit, Query, SearchResults, words_of
from forum.search.queries import KINDS as FOUND_KINDS
from forum.searches import actions as searches
from forum.searches.models import KeptSearch, Wanted
from forum.searches.queries import my_searches, same_search
from forum.web import me

MAX_ALIKE = 5
MAX_DAY_LENGTH = 40  # characters of a day that is typed
ANY_DAYS = dict.fromkeys(("from", "to", "page"))  # what the address has no more
MONTHS_SINCE = {"month": 1, "year": 12}
# Where to look, in addresses by the plural: the kind of text that is meant
KINDS_IN = {
    "topics": "topic",
    "posts": "post",
    "cases": "case",
    "practices": "practice",
    "readings": "reading",
}
OFFERED_KINDS = (*KINDS_OF_TOPICS.names, *FOUND_KINDS)
NOTHING_FOUND = SearchResults(Page([], 1, 1, 0))


class Asked(NamedTuple):
    """What the address of a search asks for.

    `chosen` are the values of the filters in the address, and `days` what it says of when texts were written. An unknown
    value finds nothing, nor does a topic that the reader cannot see: then `is_possible` is false. `gone_ids` are the ids by which the address of a kept search names
    agendas that are no longer visible.
    """

    query: Query
    chosen: dict[str, list[str]]
    days: TypedDays
    topic: TopicRow | None
    is_in_topic: bool
    is_possible: bool
    is_exact: bool
    gone_ids: tuple[int, ...]

    @property
    def has_words(self) -> bool:
        """Whether there is anything to look for."""
        return bool(words_of(self.query.words))

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for less than the whole forum."""
        return self.is_in_topic or self.is_dated or any(self.chosen.values())

    @property
    def is_dated(self) -> bool:
        """Whether it asks for texts of certain days only."""
        return self.days != TypedDays()


@bp.get("/search")
def search() -> ResponseReturnValue:
    """Everything with all the words, in the whole forum or in one topic, with facets, and pages and members of that name.

    For the texts since a month or a year it redirects to those since a day, so that no page that is kept depends on
    the time. An address that says where to look (`in`) leads to the filter for it, or to the members.
    """
    if elsewhere := _place_to_look():
        return web.moved_permanently(elsewhere)
    if months := MONTHS_SINCE.get(request.args.get("since", "")):
        first = months_after(now().date(), -months).isoformat()
        return web.see_other(web.here(**{**ANY_DAYS, "since": None, "from": first}))
    reader = me()
    agendas = all_agendas(reader)
    language_names = dict(languages())
    asked = _asked(reader, agendas, language_names)
    wider, also = widened(asked.query)
    query = asked.query if asked.is_exact else wider
    found, ignored = NOTHING_FOUND, queries.NOBODY_IGNORED
    if asked.is_possible:
        found, ignored = queries.find_with_ignored(reader, query, web.number("page"))
    beside = _beside(reader, asked, query, agendas, found)
    partly = beside["partly"].hits if beside["partly"] else ()
    return render_template(
        "front/search.html",
        found=found,
        ignored=ignored,
        agendas={agenda.id: agenda for agenda in agendas},
        slugs={agenda.slug: agenda.title for agenda in agendas},
        languages_of_agendas={agenda.slug: agenda.language for agenda in agendas},
        language_names=language_names,
        also=[(name, language_name(name.language)) for name in also],
        without=_url_without,
        without_topic=web.here(topic=None, page=None),
        orders=_orders(asked.query.is_newest_first),
        **_form_context(asked),
        **_unread_context(asked, found),
        **_kept_context(reader, asked, found),
        **beside,
        found_topics=_found_topics([*found.page.items, *partly]),
    )


def _place_to_look() -> str | None:
    """The address of the same search in one kind of texts, or among the members, if it says where to look."""
    place = request.args.get("in", "")
    if place == "members":
        return url_for("front.directory", words=web.text("q", MAX_QUERY_LENGTH))
    kind = KINDS_IN.get(place)
    return web.here(**{"in": None, "kind": kind, "page": None}) if kind else None


def _found_topics(hits: Sequence[Hit]) -> dict[int, FoundTopic]:
    """What the results say of the topics among them."""
    return found_topics([hit.document.item_id for hit in hits if hit.document.kind == "topic"])


def _form_context(asked: Asked) -> dict[str, Any]:
    """What the form shows again of what was asked."""
    return {
        "typed": asked.query.words,
        "wanted": asked.query.wanted,
        "unwanted": asked.query.unwanted,
        "with_unwanted": web.here(
            q=" ".join([asked.query.wanted, *asked.query.unwanted]), page=None
        ),
        "has_words": asked.has_words,
        "topic": asked.topic,
        "is_in_topic": asked.is_in_topic,
        "chosen": asked.chosen,
        "days": asked.days,
        "is_dated": asked.is_dated,
        "chips_of_days": _chips_of_days(asked.days),
        "any_time": web.here(**ANY_DAYS),
        "since": {name: web.here(**ANY_DAYS, since=name) for name in MONTHS_SINCE},
        "is_exact": asked.is_exact,
        "is_newest_first": asked.query.is_newest_first,
    }


def _unread_context(asked: Asked, found: SearchResults) -> dict[str, Any]:
    """The day from before which texts were not read for this search (see `find`), if any, and the address of a search for these."""
    if not found.unread_before:
        return {"unread_before": None}
    day, last = found.unread_before.astimezone(UTC).date(), asked.query.period.last
    # Where a single day has so many, no period leads on
    is_older = last is None or day < last
    older = web.here(to=day.isoformat(), page=None) if is_older else None
    return {"unread_before": day_in_words(day), "older": older}


def _kept_context(reader: Person, asked: Asked, found: SearchResults) -> dict[str, Any]:
    """Whether the reader may keep this search, or keeps it already; a look at its newest results is recorded."""
    may_keep = reader.is_member and asked.has_words and asked.is_possible
    kept = _kept(reader, asked) if may_keep else None
    if kept and asked.query.is_newest_first and not asked.is_dated:
        _note_look(kept, found)
    return {"may_keep": may_keep, "kept": kept}


def _beside(
    reader: Person, asked: Asked, query: Query, agendas: Sequence[Agenda], found: SearchResults
) -> dict[str, Any]:
    """Pages and members of this name, and what has only some of the words: on the first page of a search without filters."""
    if not asked.has_words or asked.is_narrowed or found.page.number > 1:
        return {"named": [], "people": None, "partly": None}
    typed, language = asked.query.wanted, readers_language()
    partly = None
    if not found.texts and not found.unread_before:
        partly = queries.find_partly(reader, query, agendas, language, MAX_ALIKE)
    return {
        "named": queries.named_pages(reader, typed, agendas, language),
        "people": page_of(members_matching(reader, typed), 1, SIDE_ITEMS),
        "partly": partly,
    }


def _asked(reader: Person, agendas: Sequence[Agenda], languages: Container[str]) -> Asked:
    topic, is_in_topic = _topic_to_search(reader), bool(request.args.get("topic"))
    days = TypedDays(*(web.text(name, MAX_DAY_LENGTH) for name in ("from", "to")))
    period = days.period
    agenda_ids = {agenda.slug: agenda.id for agenda in agendas}
    offered = {"kind": OFFERED_KINDS, "agenda": agenda_ids, "language": languages}
    chosen = {name: _chosen_values(name) for name in offered}
    wanted = {name: [value for value in chosen[name] if value in offered[name]] for name in offered}
    query = Query(
        web.text("q", MAX_QUERY_LENGTH),
        tuple(agenda_ids[slug] for slug in wanted["agenda"]),
        tuple(wanted["kind"]),
        tuple(wanted["language"]),
        is_newest_first=web.choice("order", ("newest",)) == "newest",
        topic_id=topic.id if topic else None,
        period=period or ANY_TIME,
        finer=KINDS_OF_TOPICS,
    )
    is_offered = all(wanted[name] or not chosen[name] for name in offered) and period is not None
    is_possible = is_offered and (topic is not None or not is_in_topic)
    named = (slug for slug in chosen["agenda"] if slug not in agenda_ids)
    gone_ids = tuple(number for slug in named if (number := web.whole_number(slug)))
    is_exact = bool(request.args.get("exact"))
    return Asked(query, chosen, days, topic, is_in_topic, is_possible, is_exact, gone_ids)


def _kept(reader: Person, asked: Asked) -> KeptSearch | None:
    """The search of this page among the member's kept searches, which tell what is new and know no days."""
    query = asked.query
    chosen = (query.kinds, query.agenda_ids, query.languages)
    wanted = Wanted(query.words, *chosen, query.topic_id, asked.is_exact)
    mine = my_searches(reader)
    # Since it was kept, the topic may have been merged, and some of its agendas may no longer be visible
    named = replace(wanted, agenda_ids=(*query.agenda_ids, *asked.gone_ids))
    named = replace(named, topic_id=web.number("topic", 0)) if asked.is_in_topic else named
    return same_search(mine, wanted) or same_search(mine, named)


def _chips_of_days(days: TypedDays) -> list[tuple[str, str]]:
    """What the search is narrowed to by days, each with the address of the search without it; what is no day narrows nothing."""
    typed = (
        ("from", _("From %(day)s"), day_of(days.first)),
        ("to", _("Until %(day)s"), day_of(days.last)),
    )
    return [
        (words % {"day": day_in_words(day)}, _url_without_day(name))
        for name, words, day in typed
        if day
    ]


def _url_without_day(name: str) -> str:
    return web.here(**{name: None, "page": None})


def _note_look(kept: KeptSearch, found: SearchResults) -> None:
    """Record that the newest results of a kept search were looked at, if there is something new among them."""
    if found.page.number > 1:
        return
    newest = max((hit.document.id for hit in found.page.items), default=0)
    latest = max((number for number, _author in kept.found), default=0)
    if max(newest, latest) > kept.looked_up_to:
        # Never delay a reader for this: the next visit records it. The search may also be removed at this moment
        with suppress(Busy, NotFound), without_waiting():
            searches.look(me(), kept.id, newest)


def _orders(is_newest_first: bool) -> list[tuple[str, str, bool, None]]:
    """The orders of the results, as tabs: (label, address, whether it is the present one, no number)."""
    best, newest = web.here(order=None, page=None), web.here(order="newest", page=None)
    return [
        (_("Best match"), best, not is_newest_first, None),
        (_("Newest"), newest, is_newest_first, None),
    ]


def _topic_to_search(reader: Person) -> TopicRow | None:
    """The topic that is searched, or the one it was merged into; None when the reader sees neither."""
    if not request.args.get("topic"):
        return None
    try:
        topic = topic_after_merge(reader, web.number("topic", 0))
        return get_topic_row(reader, topic.id)
    except NotFound:
        return None


def _chosen_values(name: str) -> list[str]:
    given = dict.fromkeys(tidy(value)[:100] for value in request.args.getlist(name)[:50])
    return [value for value in given if value]


def _url_without(name: str, value: str) -> str:
    """The address of this search without one value of a filter, on its first page."""
    left = [kept for kept in _chosen_values(name) if kept != value]
    return web.here(**{"page": None, name: left})


@bp.app_template_global()
def alike(title: str | None) -> Sequence[Document]:
    """For the form of a new topic: see `queries.alike`."""
    return queries.alike(me(), title or "", MAX_ALIKE)
