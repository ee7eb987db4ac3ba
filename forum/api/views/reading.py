"""The doors of the JSON: lists and single things, as visitors may read them, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for
from werkzeug.wrappers import Response as AnyResponse

from forum import locales, web
from forum.agendas.queries import all_agendas, get_agenda, statements_of
from forum.agendas.queries import themes as all_themes
from forum.api import models, queries
from forum.api.views import _answers as answers
from forum.api.views._doors import (
    LIMIT,
    OPERATIONS,
    PAGE,
    PREFIX,
    Listing,
    door,
    number,
    value,
    values,
)
from forum.columns import MAX_ID
from forum.dialogue.models import KINDS
from forum.errors import NotFound
from forum.library import queries as library
from forum.library.queries import EVIDENCE, CaseFilter, PracticeFilter, ReadingFilter
from forum.members.queries import cities_with_members, organisations_with_members
from forum.members.views import federation
from forum.openapi import Operation, Parameter
from forum.pages import Page
from forum.permissions import VISITOR
from forum.search.queries import KINDS as FOUND_KINDS
from forum.search.queries import Query, find
from forum.versions import theme_scope, topic_scope
from forum.webforms import lazy_text as _

NEWEST, OLDEST = ORDERS = ("newest", "oldest")

AGENDA = Parameter("agenda", _("The last part of the address of an agenda."))
AGENDAS = Parameter("agenda", AGENDA.meaning, several=True)
THEME = Parameter("theme", _("The last part of the address of a theme."))
THEMES = Parameter("theme", THEME.meaning, several=True)
LANGUAGE = Parameter("language", _("A language, by its code: fr."))
LANGUAGES = Parameter("language", LANGUAGE.meaning, several=True)
COUNTRIES = Parameter("country", _("A country, by its code of two letters: FI."), several=True)
KIND = Parameter("kind", _("What kind."), choices=KINDS)
ORDER = Parameter("order", _("In which order."), choices=ORDERS, default=NEWEST)
AFTER = Parameter("after", _("The number of the last one that you have."), most=MAX_ID)
SLUG = Parameter("slug", _("The last part of its address."), is_in_path=True)
TOPIC_ID = Parameter("topic_id", _("The number of a topic."), most=MAX_ID, is_in_path=True)
POST_ID = Parameter("post_id", _("The number of a post."), most=MAX_ID, is_in_path=True)
KIND_OF_CASE = Parameter(
    "kind", KIND.meaning, choices=("network", "project", "programme"), several=True
)
PROOF = Parameter("evidence", _("How well the result is proven."), choices=EVIDENCE, several=True)
FAILED = Parameter("failed", _("Only those that say what did not work."), choices=("yes",))
FOUND_KIND = Parameter("kind", KIND.meaning, choices=FOUND_KINDS, several=True)
WORDS = Parameter("q", _("The words to look for."))


@door("/", _("The forum: its name, and where its lists are."), models.Forum)
def forum() -> models.Forum:
    """The forum and its lists."""
    known = federation()
    return models.Forum(
        name=known.name,
        tagline=known.tagline,
        url=web.absolute("/"),
        languages=[locales.tag(one) for one in web.settings().locales],
        description=answers.address("api.description"),
        documentation=answers.address("api.about"),
        lists={one.name: web.absolute(PREFIX + one.path) for one in OPERATIONS if is_whole(one)},
    )


@door("/agendas", _("All agendas, in their order."), models.Agenda, is_list=True)
def agendas() -> Listing:
    """All agendas."""
    return Listing([answers.agenda(one) for one in all_agendas(VISITOR)])


@door("/agendas/<slug>", _("An agenda, and what members say of it."), models.WholeAgenda, SLUG)
def agenda(slug: str) -> models.WholeAgenda:
    """One agenda."""
    found = get_agenda(VISITOR, slug)
    return answers.whole_agenda(found, statements_of(found))


@door(
    "/topics",
    _("Topics that everybody may read."),
    models.Topic,
    AGENDA,
    KIND,
    THEME,
    LANGUAGE,
    ORDER,
    AFTER,
    LIMIT,
    is_list=True,
)
def topics() -> Listing:
    """Topics in the order of their numbers."""
    found = queries.topics(
        queries.Wanted(
            agenda=value(AGENDA),
            kind=value(KIND),
            theme=value(THEME),
            language=value(LANGUAGE),
            after=number(AFTER),
            most=number(LIMIT),
            is_newest_first=value(ORDER) == NEWEST,
        )
    )
    return _portion([answers.topic(one) for one in found.items], found)


@door("/topics/<int:topic_id>", _("One topic."), models.Topic, TOPIC_ID)
def topic(topic_id: int) -> models.Topic | AnyResponse:
    """One topic; one that was merged redirects to the other."""
    try:
        found = queries.get_topic(topic_id)
    except NotFound:
        return _merged("api.topic", topic_id)
    web.depends_on(topic_scope(topic_id), *(theme_scope(theme.id) for theme in found.themes))
    return answers.topic(found)


@door(
    "/topics/<int:topic_id>/posts",
    _("The posts of a topic."),
    models.Post,
    TOPIC_ID,
    AFTER,
    LIMIT,
    is_list=True,
)
def posts(topic_id: int) -> Listing | AnyResponse:
    """The posts of a topic, by number; those of a merged one are in the other."""
    try:
        found = queries.get_topic(topic_id)
    except NotFound:
        return _merged("api.posts", topic_id)
    web.depends_on(topic_scope(topic_id))
    part = queries.posts(found, number(AFTER), number(LIMIT))
    return _portion([answers.post(one) for one in part.items], part)


@door("/posts/<int:post_id>", _("One post."), models.Post, POST_ID)
def post(post_id: int) -> models.Post:
    """One post."""
    found = queries.get_post(post_id)
    web.depends_on(topic_scope(found.topic_id))
    return answers.post(found)


@door(
    "/cases",
    _("Case examples."),
    models.Case,
    AGENDAS,
    THEMES,
    COUNTRIES,
    KIND_OF_CASE,
    LANGUAGES,
    PAGE,
    is_list=True,
)
def cases() -> Listing:
    """The library of cases."""
    wanted = CaseFilter(
        agenda=values(AGENDAS),
        theme=values(THEMES),
        country=values(COUNTRIES),
        kind=values(KIND_OF_CASE),
        language=values(LANGUAGES),
    )
    page = _page(lambda at: library.cases(VISITOR, wanted, at))
    tried = library.tried_counts(one.topic_id for one in page.items)
    return _paged([answers.case(one, tried) for one in page.items], page)


@door("/cases/<slug>", _("A case with its text, figures and links."), models.WholeCase, SLUG)
def case(slug: str) -> models.WholeCase:
    """One case."""
    found = library.get_case(VISITOR, slug)
    return answers.whole_case(found, library.tried_counts([found.topic_id]))


@door(
    "/practices",
    _("Best practices that are published."),
    models.Practice,
    AGENDAS,
    THEMES,
    COUNTRIES,
    PROOF,
    FAILED,
    LANGUAGES,
    PAGE,
    is_list=True,
)
def practices() -> Listing:
    """The library of practices, the newest first."""
    wanted = PracticeFilter(
        agenda=values(AGENDAS),
        theme=values(THEMES),
        country=values(COUNTRIES),
        evidence=values(PROOF),
        failed=values(FAILED),
        language=values(LANGUAGES),
        order=NEWEST,
    )
    page = _page(lambda at: library.practices(VISITOR, wanted, at))
    tried = library.tried_counts(one.topic_id for one in page.items)
    return _paged([answers.practice(one, tried) for one in page.items], page)


@door("/practices/<slug>", _("A practice with its parts."), models.WholePractice, SLUG)
def practice(slug: str) -> models.WholePractice:
    """One practice."""
    found = library.get_practice(VISITOR, slug)
    sections = library.sections_for(VISITOR, found)
    source = library.adapted_from(VISITOR, found)
    tried = library.tried_counts([found.topic_id])
    return answers.whole_practice(found, sections, source, tried)


@door("/readings", _("Best reads."), models.Reading, AGENDAS, PAGE, is_list=True)
def readings() -> Listing:
    """The best reads, by agenda."""
    wanted = ReadingFilter(agenda=values(AGENDAS))
    page = _page(lambda at: library.readings(VISITOR, wanted, at))
    return _paged([answers.reading(one) for one in page.items], page)


@door("/themes", _("The themes, by name."), models.Reference, is_list=True)
def themes() -> Listing:
    """All themes."""
    web.depends_on()
    return Listing(answers.themes(all_themes()))


@door("/organisations", _("The organisations of members."), models.Organisation, is_list=True)
def organisations() -> Listing:
    """The organisations of members whom visitors see, by name."""
    found = organisations_with_members(VISITOR)
    return Listing([answers.organisation(one, members) for one, members in found])


@door(
    "/cities",
    _("The cities of members, those with most members first."),
    models.HomeCity,
    is_list=True,
)
def cities() -> Listing:
    """The cities of members whom visitors see."""
    found = cities_with_members(VISITOR)
    return Listing([models.HomeCity(answers.city(one), members) for one, members in found])


@door(
    "/search",
    _("Everything that contains the words, the best first."),
    models.Hit,
    WORDS,
    FOUND_KIND,
    AGENDAS,
    LANGUAGES,
    PAGE,
    is_list=True,
)
def search() -> Listing:
    """What a search finds."""
    slugs = values(AGENDAS)
    agenda_ids = tuple(one.id for one in all_agendas(VISITOR) if one.slug in slugs)
    if slugs and not agenda_ids:
        return Listing([])
    query = Query(value(WORDS), agenda_ids, values(FOUND_KIND), values(LANGUAGES))
    page = _page(lambda at: find(VISITOR, query, at).page)
    return _paged([answers.hit(one) for one in page.items], page)


def is_whole(operation: Operation) -> bool:
    """Whether the operation answers a list that nothing in its path chooses."""
    return operation.is_list and "{" not in operation.path


def _portion(items: Sequence[Any], part: queries.Part[Any]) -> Listing:
    return Listing(items, {AFTER.name: part.next_after} if part.next_after else None)


def _page(read: Callable[[int], Page[Any]]) -> Page[Any]:
    """The page of a list that the query asks for; empty behind the last, so that nothing is given twice."""
    wanted = number(PAGE)
    page = read(wanted)
    return page if page.number == wanted else Page([], wanted, page.pages, page.total)


def _paged(items: Sequence[Any], page: Page[Any]) -> Listing:
    return Listing(items, {PAGE.name: page.next} if page.next else None)


def _merged(endpoint: str, topic_id: int) -> AnyResponse:
    """The redirect from a topic that was merged into another, or `NotFound`."""
    target = url_for(endpoint, topic_id=queries.merged_into(topic_id))
    response = web.moved_permanently(target)
    response.headers["Cache-Control"] = "no-cache"  # a merger can be undone for ten minutes
    return response
