"""The endpoints of the API: lists and single things, as visitors may read them, for all clients alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from flask import request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from forum import locales, web
from forum.agendas.models import Theme
from forum.agendas.queries import all_agendas, get_agenda, statements_of, themes_by_slug
from forum.agendas.queries import themes as all_themes
from forum.api import models, queries
from forum.api.queries import ACTIVE, NEWEST, OLDEST, ORDERS
from forum.api.views import _answers as answers
from forum.api.views._routes import (
    LIMIT,
    OPERATIONS,
    PAGE,
    PREFIX,
    Listing,
    number,
    route,
    value,
    values,
)
from forum.columns import MAX_ID
from forum.commitments import queries as committed
from forum.commitments.models import STATES
from forum.declarations import queries as declared
from forum.declarations.models import TOLD_STATES
from forum.declarations.queries import DeclarationFilter
from forum.dialogue.models import KINDS, OUTCOMES
from forum.dialogue.queries import tried_in
from forum.errors import Invalid, NotFound
from forum.glossary.queries import IndexFilter, index, whole_entries, widened
from forum.library import queries as library
from forum.library.forms import KIND_NAMES, SIZE_NAMES
from forum.library.models import Case, Practice
from forum.library.queries import EVIDENCE, CaseFilter, PracticeFilter, ReadingFilter
from forum.meetings.queries import coming_meetings, past_meetings
from forum.members.queries import (
    cities_with_members,
    language_names,
    organisations_with_members,
)
from forum.members.views import federation
from forum.openapi import Operation, Parameter
from forum.pages import Page
from forum.parallels import queries as parallels
from forum.permissions import VISITOR
from forum.search.queries import KINDS as FOUND_KINDS
from forum.search.queries import Query, find
from forum.versions import MEETINGS, topic_scope
from forum.webforms import lazy_text as _

AGENDA = Parameter("agenda", _("The last part of the address of an agenda."))
AGENDAS = Parameter("agenda", AGENDA.meaning, several=True)
THEME = Parameter("theme", _("The last part of the address of a theme."))
THEMES = Parameter("theme", THEME.meaning, several=True)
LANGUAGE = Parameter("language", _("A language, by its code: fr."))
LANGUAGES = Parameter("language", LANGUAGE.meaning, several=True)
COUNTRIES = Parameter("country", _("A country, by its code of two letters: FI."), several=True)
TRIED = Parameter(
    "tried",
    _("What became of it in a city that tried it. Its size and country are of the same city."),
    choices=OUTCOMES,
    several=True,
)
TRIED_SIZES = Parameter(
    "tried_size", _("How large a city is that tried it."), choices=tuple(SIZE_NAMES), several=True
)
TRIED_COUNTRIES = Parameter(
    "tried_country", _("The country of a city that tried it, by its code: FI."), several=True
)
TRIED_CITIES = Parameter(
    "tried_city", _("The last part of the address of a city that tried it."), several=True
)
TRIALS = (TRIED, TRIED_SIZES, TRIED_COUNTRIES, TRIED_CITIES)
KIND = Parameter("kind", _("What kind."), choices=KINDS)
ORDER = Parameter("order", _("In which order."), choices=ORDERS, default=ACTIVE)
ORDER_OF_POSTS = Parameter("order", ORDER.meaning, choices=(NEWEST, OLDEST), default=NEWEST)
CURSOR = Parameter("cursor", _("Where to go on: the address in “next” has it."))
AFTER = Parameter("after", _("The number of the last post that you have."), most=MAX_ID)
SLUG = Parameter("slug", _("The last part of its address."), is_in_path=True)
IN_LANGUAGE = Parameter("language", _("The code of the language, such as fr."), is_in_path=True)
TOPIC_ID = Parameter("topic_id", _("The number of a topic."), most=MAX_ID, is_in_path=True)
POST_ID = Parameter("post_id", _("The number of a post."), most=MAX_ID, is_in_path=True)
KINDS_OF_CASES = Parameter("kind", KIND.meaning, choices=tuple(KIND_NAMES), several=True)
PROOF = Parameter("evidence", _("How well the result is proven."), choices=EVIDENCE, several=True)
FAILED = Parameter("failed", _("Only those that say what did not work."), choices=("yes",))
CONFIRMED = Parameter(
    "confirmed",
    _(
        "Whether its author has said recently that it is still true, or was asked and has not answered."
    ),
    choices=("yes", "no"),
)
STATE = Parameter("state", _("How far it has come."), choices=TOLD_STATES)
BEFORE = Parameter("before", _("The number of the last declaration that you have."), most=MAX_ID)
DECLARATION_ID = Parameter(
    "declaration_id", _("The number of a declaration."), most=MAX_ID, is_in_path=True
)
COMMITMENT_ID = Parameter(
    "commitment_id", _("The number of a commitment."), most=MAX_ID, is_in_path=True
)
STATE_OF_COMMITMENT = Parameter("state", STATE.meaning, choices=STATES)
LAST_COMMITMENT = Parameter(
    "before", _("The number of the last commitment that you have."), most=MAX_ID
)
COMMITMENTS_LISTED = 20
MAX_SIGNATURES = 1_000  # below one declaration
SHOWN = Parameter(
    "show",
    _("Those that come, or those that are over."),
    choices=("coming", "past"),
    default="coming",
)
KINDS_FOUND = Parameter("kind", KIND.meaning, choices=FOUND_KINDS, several=True)
WORDS = Parameter("q", _("The words to look for."))
EXACT = Parameter("exact", _("Only these words, without other names."), choices=("1",))
PART_OF_NAME = Parameter("q", _("A part of a name, in any language."))


@route("/", _("The forum: its name, and where its lists are."), models.Forum)
def forum() -> models.Forum:
    """The forum and its lists."""
    known = federation()
    return models.Forum(
        name=known.name,
        tagline=known.tagline,
        url=web.absolute("/"),
        languages=[locales.tag(code) for code in web.settings().locales],
        description=answers.api_address("description"),
        documentation=answers.api_address("about"),
        terms=answers.address("terms.index"),
        lists={
            operation.name: web.absolute(PREFIX + operation.path)
            for operation in OPERATIONS
            if _is_whole(operation)
        },
    )


def _is_whole(operation: Operation) -> bool:
    """Whether the operation returns the list of everything, without anything in its path."""
    return operation.is_list and "{" not in operation.path


@route("/agendas", _("All agendas, in their order."), models.Agenda, is_list=True)
def agendas() -> Listing:
    """All agendas."""
    return Listing([answers.agenda(agenda) for agenda in all_agendas(VISITOR)])


@route("/agendas/<slug>", _("An agenda, and what members say of it."), models.WholeAgenda, SLUG)
def agenda(slug: str) -> models.WholeAgenda:
    """One agenda."""
    found = get_agenda(VISITOR, slug)
    return answers.whole_agenda(found, statements_of(found))


@route(
    "/topics",
    _("Topics that everybody may read."),
    models.Topic,
    AGENDA,
    KIND,
    THEME,
    LANGUAGE,
    ORDER,
    LIMIT,
    CURSOR,
    is_list=True,
)
def topics() -> Listing:
    """Topics: those in which somebody wrote last, the newest or the oldest first."""
    wanted = queries.Wanted(
        agenda_id=next(iter(_agenda_ids(AGENDA)), 0),
        kind=value(KIND),
        theme_id=next((theme.id for theme in _themes(THEME)), 0),
        language=next(iter(_languages(LANGUAGE)), ""),
        order=value(ORDER),
        cursor=_cursor(),
        most=number(LIMIT),
    )
    part = queries.topics(wanted)
    answered = queries.answered(part.items)
    shown = [answers.topic(topic, is_answered=topic.id in answered) for topic in part.items]
    return _portion(shown, CURSOR, part)


@route("/topics/<int:topic_id>", _("One topic."), models.Topic, TOPIC_ID)
def topic(topic_id: int) -> models.Topic | AnyResponse:
    """One topic; one that was merged redirects to the other."""
    try:
        found = queries.get_topic(topic_id)
    except NotFound:
        return _merged("api.topic", topic_id)
    web.depends_on(topic_scope(topic_id))
    return answers.topic(found, is_answered=bool(queries.answered([found])))


@route(
    "/topics/<int:topic_id>/posts",
    _("The posts of a topic, by number."),
    models.Post,
    TOPIC_ID,
    LIMIT,
    AFTER,
    is_list=True,
)
def posts_of_topic(topic_id: int) -> Listing | AnyResponse:
    """The posts of a topic, by number; those of a merged one are in the other."""
    try:
        found = queries.get_topic(topic_id)
    except NotFound:
        return _merged("api.posts_of_topic", topic_id, limit=request.args.get(LIMIT.name))
    web.depends_on(topic_scope(topic_id))
    part = queries.posts_in(found, number(AFTER), number(LIMIT))
    return _portion(answers.posts(part.items), AFTER, part)


@route(
    "/posts",
    _("The posts of all these topics."),
    models.Post,
    ORDER_OF_POSTS,
    LIMIT,
    CURSOR,
    is_list=True,
)
def posts() -> Listing:
    """The newest or the oldest posts."""
    part = queries.posts(value(ORDER_OF_POSTS), _cursor(), number(LIMIT))
    return _portion(answers.posts(part.items), CURSOR, part)


@route("/posts/<int:post_id>", _("One post."), models.Post, POST_ID)
def post(post_id: int) -> models.Post:
    """One post."""
    found = queries.get_post(post_id)
    web.depends_on(topic_scope(found.topic_id))
    return answers.posts([found])[0]


@route(
    "/cases",
    _("Case examples."),
    models.Case,
    AGENDAS,
    THEMES,
    COUNTRIES,
    *TRIALS,
    KINDS_OF_CASES,
    LANGUAGES,
    PAGE,
    is_list=True,
)
def cases() -> Listing:
    """The library of cases."""
    wanted = CaseFilter(**_filters_of_libraries(), kind=values(KINDS_OF_CASES))
    page = _page(lambda at: library.cases(VISITOR, wanted, at))
    tried = library.tried_counts(case.topic_id for case in page.items)
    return _paged([answers.case(case, tried) for case in page.items], page)


@route("/cases/<slug>", _("A case with its text, figures and links."), models.WholeCase, SLUG)
def case(slug: str) -> models.WholeCase:
    """One case."""
    found = library.get_case(VISITOR, slug)
    tried, wanted = tried_in(found.topic_id, 1), library.intentions_in(found.topic_id)
    languages = parallels.languages_of(VISITOR, found)
    return answers.whole_case(found, tried, wanted, languages=languages)


@route(
    "/cases/<slug>/in/<language>",
    _("A case in another language, as members have translated it."),
    models.Translation,
    SLUG,
    IN_LANGUAGE,
)
def case_in_language(slug: str, language: str) -> models.Translation:
    """One translation of a case."""
    return _translation(library.get_case(VISITOR, slug), language)


def _translation(original: Practice | Case, language: str) -> models.Translation:
    found = parallels.get_translation(VISITOR, original, language)
    is_outdated = bool(parallels.changed_texts(VISITOR, found))
    since = parallels.first_change(found).at if is_outdated else None
    said, parts = parallels.said_to(VISITOR, found), parallels.shown_parts(VISITOR, found)
    return answers.translation(found, said, parts, since)


@route(
    "/practices",
    _("Best practices that are published."),
    models.Practice,
    AGENDAS,
    THEMES,
    COUNTRIES,
    *TRIALS,
    PROOF,
    FAILED,
    CONFIRMED,
    LANGUAGES,
    PAGE,
    is_list=True,
)
def practices() -> Listing:
    """The library of practices, the newest first."""
    wanted = PracticeFilter(
        **_filters_of_libraries(),
        evidence=values(PROOF),
        failed=values(FAILED),
        confirmed=values(CONFIRMED),
        order="newest",
    )
    page = _page(lambda at: library.practices(VISITOR, wanted, at))
    tried = library.tried_counts(practice.topic_id for practice in page.items)
    return _paged([answers.practice(practice, tried) for practice in page.items], page)


@route("/practices/<slug>", _("A practice with its parts."), models.WholePractice, SLUG)
def practice(slug: str) -> models.WholePractice:
    """One practice."""
    found = library.get_practice(VISITOR, slug)
    sections = library.sections_for(VISITOR, found)
    source = library.adapted_from(VISITOR, found)
    tried = tried_in(found.topic_id, 1) if found.topic_id else ()
    wanted = library.intentions_in(found.topic_id) if found.topic_id else ()
    languages = parallels.languages_of(VISITOR, found)
    return answers.whole_practice(found, sections, source, tried, wanted, languages=languages)


@route(
    "/practices/<slug>/in/<language>",
    _("A practice in another language, as members have translated it."),
    models.Translation,
    SLUG,
    IN_LANGUAGE,
)
def practice_in_language(slug: str, language: str) -> models.Translation:
    """One translation of a practice."""
    return _translation(library.get_practice(VISITOR, slug), language)


@route("/readings", _("Best reads."), models.Reading, AGENDAS, PAGE, is_list=True)
def readings() -> Listing:
    """The best reads, by agenda."""
    _agenda_ids(AGENDAS)
    wanted = ReadingFilter(agenda=values(AGENDAS))
    page = _page(lambda at: library.readings(VISITOR, wanted, at))
    return _paged([answers.reading(reading) for reading in page.items], page)


@route(
    "/declarations",
    _("Joint declarations, the newest first."),
    models.Declaration,
    AGENDA,
    STATE,
    BEFORE,
    is_list=True,
)
def declarations() -> Listing:
    """The declarations that are no drafts."""
    web.depends_on()
    _agenda_ids(AGENDA)
    wanted = DeclarationFilter(value(AGENDA), value(STATE))
    found, older = declared.declarations(VISITOR, wanted, number(BEFORE) or None)
    shown = [answers.declaration(declaration) for declaration in found]
    return Listing(shown, (BEFORE, older) if older else None)


@route(
    "/declarations/<int:declaration_id>",
    _("A declaration with its text and its signatures."),
    models.WholeDeclaration,
    DECLARATION_ID,
)
def declaration(declaration_id: int) -> models.WholeDeclaration:
    """One declaration."""
    web.depends_on()
    found = declared.get_declaration(VISITOR, declaration_id)
    return answers.whole_declaration(found, declared.signatures_of(found, MAX_SIGNATURES))


@route(
    "/commitments",
    _("What organisations say that they will do, the newest first."),
    models.Commitment,
    AGENDA,
    STATE_OF_COMMITMENT,
    LAST_COMMITMENT,
    is_list=True,
)
def commitments() -> Listing:
    """The commitments."""
    web.depends_on()
    _agenda_ids(AGENDA)
    wanted = value(AGENDA), value(STATE_OF_COMMITMENT), number(LAST_COMMITMENT) or None
    found = committed.commitments_after(VISITOR, *wanted, COMMITMENTS_LISTED + 1)
    listed, more = found[:COMMITMENTS_LISTED], found[COMMITMENTS_LISTED:]
    shown = [answers.commitment(commitment) for commitment in listed]
    return Listing(shown, (LAST_COMMITMENT, listed[-1].id) if more else None)


@route(
    "/commitments/<int:commitment_id>",
    _("A commitment with its text and its milestones."),
    models.WholeCommitment,
    COMMITMENT_ID,
)
def commitment(commitment_id: int) -> models.WholeCommitment:
    """One commitment."""
    web.depends_on()
    found = committed.get_commitment(VISITOR, commitment_id)
    return answers.whole_commitment(
        found,
        committed.milestones_of(found),
        committed.declaration_of(VISITOR, found),
        committed.copied_by(VISITOR, found),
    )


@route(
    "/meetings",
    _("Meetings: those that come, the next one first, or those that are over, the latest first."),
    models.Meeting,
    AGENDA,
    SHOWN,
    PAGE,
    is_list=True,
)
def meetings() -> Listing:
    """The meetings that come, or those that are over."""
    web.depends_on(MEETINGS)
    agenda_id = _agenda_ids(AGENDA)[0] if value(AGENDA) else None
    listed = past_meetings if value(SHOWN) == "past" else coming_meetings
    page = _page(lambda at: listed(VISITOR, agenda_id, at))
    return _paged([answers.meeting(meeting) for meeting in page.items], page)


@route("/themes", _("The themes, by name."), models.Reference, is_list=True)
def themes() -> Listing:
    """All themes."""
    web.depends_on()
    return Listing(answers.themes(all_themes()))


@route(
    "/glossary",
    _("The glossary: names of the same thing in several languages; by their English names."),
    models.Expression,
    PART_OF_NAME,
    THEME,
    LANGUAGE,
    PAGE,
    is_list=True,
)
def glossary() -> Listing:
    """The entries of the glossary."""
    web.depends_on()
    theme = next((theme.id for theme in _themes(THEME)), None)
    language = next(iter(_languages(LANGUAGE)), "")
    wanted = IndexFilter(value(PART_OF_NAME), language, theme)
    page = _page(lambda at: index(wanted, "en", at).page)
    found = whole_entries([entry.id for entry in page.items])
    return _paged([answers.expression(entry) for entry in found], page)


@route(
    "/organisations",
    _("The organisations of members; the first two thousand by name."),
    models.Organisation,
    is_list=True,
)
def organisations() -> Listing:
    """The organisations of members whom visitors see, by name."""
    found = organisations_with_members(VISITOR)
    return Listing([answers.organisation(organisation, members) for organisation, members in found])


@route(
    "/cities",
    _("The cities of members; the two thousand with most members, these first."),
    models.HomeCity,
    is_list=True,
)
def cities() -> Listing:
    """The cities of members whom visitors see."""
    found = cities_with_members(VISITOR)
    return Listing([answers.home_city(city, members) for city, members in found])


@route(
    "/search",
    _(
        "What contains the words, or other names of the same in the glossary, the best first; the best thousand."
    ),
    models.Hit,
    WORDS,
    EXACT,
    KINDS_FOUND,
    AGENDAS,
    LANGUAGES,
    PAGE,
    is_list=True,
)
def search() -> Listing:
    """What a search finds, without what moderators have not seen yet."""
    agenda_ids = tuple(_agenda_ids(AGENDAS))
    query = Query(value(WORDS), agenda_ids, values(KINDS_FOUND), _languages(LANGUAGES))
    if not value(EXACT):
        query, _also = widened(query)
    page = _page(lambda at: find(VISITOR, query, at).page)
    things = [(hit.document.kind, hit.document.item_id) for hit in page.items]
    unseen = queries.unseen_among(things)
    seen = [hit for hit, thing in zip(page.items, things, strict=True) if thing not in unseen]
    return _paged([answers.hit(hit) for hit in seen], page)


def _agenda_ids(parameter: Parameter) -> list[int]:
    """The ids of the agendas that the query names. Raises `Invalid` for one that is not there."""
    slugs = values(parameter)
    known = {agenda.slug: agenda.id for agenda in all_agendas(VISITOR)} if slugs else {}
    return [known[slug] if slug in known else _unknown(parameter, slug) for slug in slugs]


def _themes(parameter: Parameter) -> Sequence[Theme]:
    """The themes that the query names. Raises `Invalid` for one that is not there."""
    slugs = values(parameter)
    found = themes_by_slug(slugs) if slugs else ()
    for slug in set(slugs) - {theme.slug for theme in found}:
        _unknown(parameter, slug)
    return found


def _languages(parameter: Parameter) -> tuple[str, ...]:
    """The languages that the query names. Raises `Invalid` for one that no text can have."""
    codes = tuple(code.lower() for code in values(parameter))
    for code in set(codes) - set(language_names()):
        _unknown(parameter, code)
    return codes


def _filters_of_libraries() -> dict[str, tuple[str, ...]]:
    """The filters that cases and practices share. Raises `Invalid` for an agenda, theme or language that is not there."""
    _agenda_ids(AGENDAS)
    _themes(THEMES)
    return {
        "agenda": values(AGENDAS),
        "theme": values(THEMES),
        "country": _country_codes(COUNTRIES),
        "tried": values(TRIED),
        "tried_size": values(TRIED_SIZES),
        "tried_country": _country_codes(TRIED_COUNTRIES),
        "tried_city": values(TRIED_CITIES),
        "language": _languages(LANGUAGES),
    }


def _country_codes(parameter: Parameter) -> tuple[str, ...]:
    return tuple(code.upper() for code in values(parameter))


def _cursor() -> queries.Cursor | None:
    typed = value(CURSOR)
    try:
        return queries.Cursor.read(typed) if typed else None
    except ValueError:
        _unknown(CURSOR, typed)


def _unknown(parameter: Parameter, given: str) -> NoReturn:
    name = parameter.name
    sentence = gettext(
        "“%(name)s” cannot be “%(value)s”: that is not there.", name=name, value=given[:40]
    )
    raise Invalid(sentence, name)


def _portion(items: Sequence[Any], parameter: Parameter, part: queries.Part[Any]) -> Listing:
    return Listing(items, (parameter, part.next) if part.next else None)


def _page(read: Callable[[int], Page[Any]]) -> Page[Any]:
    """The page of a list that the query asks for; empty after the last one, so that nothing is repeated."""
    wanted = number(PAGE)
    page = read(wanted)
    return page if page.number == wanted else Page([], wanted, page.pages, page.total)


def _paged(items: Sequence[Any], page: Page[Any]) -> Listing:
    return Listing(items, (PAGE, page.next) if page.next else None)


def _merged(endpoint: str, topic_id: int, **query: Any) -> AnyResponse:
    """The redirect from a topic that was merged into another, or `NotFound`."""
    target = url_for(endpoint, topic_id=queries.merged_into(topic_id), **query)
    return web.moved_until_undone(target)
