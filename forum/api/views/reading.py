"""The endpoints of the API: lists and single things, as visitors may read them, for all clients alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from forum import locales, web
from forum.agendas.queries import all_agendas, get_agenda, statements_of
from forum.agendas.queries import themes as all_themes
from forum.api import models, queries
from forum.api.views import _answers as answers
from forum.api.views._asking import (
    asked_page,
    filters_of_libraries,
    paged,
    portion_of,
    redirect_after_merge,
    wanted_agenda_ids,
    wanted_cursor,
    wanted_languages,
    wanted_period,
    wanted_themes,
)
from forum.api.views._parameters import (
    AFTER,
    AGENDA,
    AGENDAS,
    BEFORE,
    COMMITMENT_ID,
    CONFIRMED,
    COUNTRIES,
    CURSOR,
    DECLARATION_ID,
    EXACT,
    FAILED,
    FROM,
    IN_LANGUAGE,
    KIND,
    KINDS_FOUND,
    KINDS_OF_CASES,
    LANGUAGE,
    LANGUAGES,
    LAST_COMMITMENT,
    ORDER,
    ORDER_OF_POSTS,
    PART_OF_NAME,
    POST_ID,
    PROOF,
    SHOWN,
    SLUG,
    STATE,
    STATE_OF_COMMITMENT,
    THEME,
    THEMES,
    TO,
    TOPIC_ID,
    TRIALS,
    WORDS,
)
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
from forum.commitments import queries as committed
from forum.declarations import queries as declared
from forum.declarations.queries import DeclarationFilter
from forum.dialogue.queries import KINDS_OF_TOPICS, tried_in
from forum.errors import NotFound
from forum.glossary.queries import IndexFilter, index, whole_entries, widened
from forum.library import queries as library
from forum.library.models import Case, Practice
from forum.library.queries import CaseFilter, PracticeFilter, ReadingFilter
from forum.meetings.queries import coming_meetings, past_meetings
from forum.members.queries import cities_with_members, organisations_with_members
from forum.members.views import federation
from forum.openapi import Operation
from forum.parallels import queries as parallels
from forum.permissions import VISITOR
from forum.search.queries import Query, find
from forum.versions import MEETINGS, topic_scope
from forum.webforms import lazy_text as _

COMMITMENTS_LISTED = 20
MAX_SIGNATURES = 1_000  # below one declaration


@route("/", _("The forum: its name, and where its lists are."), models.Forum)
def forum() -> models.Forum:
    """The forum and its lists."""
    known = federation()
    return models.Forum(
        name=known.name,
        tagline=known.tagline,
        tagline_language=locales.tag(known.tagline_locale or ""),
        taglines={locales.tag(locale): said for locale, said in known.taglines.items()},
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
        agenda_id=next(iter(wanted_agenda_ids(AGENDA)), 0),
        kind=value(KIND),
        theme_id=next((theme.id for theme in wanted_themes(THEME)), 0),
        language=next(iter(wanted_languages(LANGUAGE)), ""),
        order=value(ORDER),
        cursor=wanted_cursor(),
        most=number(LIMIT),
    )
    part = queries.topics(wanted)
    answered = queries.answered(part.items)
    shown = [answers.topic(topic, is_answered=topic.id in answered) for topic in part.items]
    return portion_of(shown, CURSOR, part)


@route("/topics/<int:topic_id>", _("One topic."), models.Topic, TOPIC_ID)
def topic(topic_id: int) -> models.Topic | AnyResponse:
    """One topic; one that was merged redirects to the other."""
    try:
        found = queries.get_topic(topic_id)
    except NotFound:
        return redirect_after_merge("api.topic", topic_id)
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
        return redirect_after_merge(
            "api.posts_of_topic", topic_id, limit=request.args.get(LIMIT.name)
        )
    web.depends_on(topic_scope(topic_id))
    part = queries.posts_in(found, number(AFTER), number(LIMIT))
    return portion_of(answers.posts(part.items), AFTER, part)


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
    part = queries.posts(value(ORDER_OF_POSTS), wanted_cursor(), number(LIMIT))
    return portion_of(answers.posts(part.items), CURSOR, part)


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
    wanted = CaseFilter(**filters_of_libraries(), kind=values(KINDS_OF_CASES))
    page = asked_page(lambda at: library.cases(VISITOR, wanted, at))
    tried = library.tried_counts(case.topic_id for case in page.items)
    return paged([answers.case(case, tried) for case in page.items], page)


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
        **filters_of_libraries(),
        evidence=values(PROOF),
        failed=values(FAILED),
        confirmed=values(CONFIRMED),
        order="newest",
    )
    page = asked_page(lambda at: library.practices(VISITOR, wanted, at))
    tried = library.tried_counts(practice.topic_id for practice in page.items)
    return paged([answers.practice(practice, tried) for practice in page.items], page)


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
    wanted_agenda_ids(AGENDAS)
    wanted = ReadingFilter(agenda=values(AGENDAS))
    page = asked_page(lambda at: library.readings(VISITOR, wanted, at))
    return paged([answers.reading(reading) for reading in page.items], page)


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
    wanted_agenda_ids(AGENDA)
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
    wanted_agenda_ids(AGENDA)
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
    agenda_id = wanted_agenda_ids(AGENDA)[0] if value(AGENDA) else None
    listed = past_meetings if value(SHOWN) == "past" else coming_meetings
    page = asked_page(lambda at: listed(VISITOR, agenda_id, at))
    return paged([answers.meeting(meeting) for meeting in page.items], page)


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
    theme = next((theme.id for theme in wanted_themes(THEME)), None)
    language = next(iter(wanted_languages(LANGUAGE)), "")
    wanted = IndexFilter(value(PART_OF_NAME), language, theme)
    page = asked_page(lambda at: index(wanted, "en", at).page)
    found = whole_entries([entry.id for entry in page.items])
    return paged([answers.expression(entry) for entry in found], page)


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
        " Texts from before “unread_before” were not looked through, unless it is null: ask for them with “to”."
    ),
    models.Hit,
    WORDS,
    EXACT,
    KINDS_FOUND,
    AGENDAS,
    LANGUAGES,
    FROM,
    TO,
    PAGE,
    is_list=True,
    beside={"unread_before": datetime | None},
)
def search() -> Listing:
    """What a search finds, without what moderators have not seen yet."""
    agenda_ids = tuple(wanted_agenda_ids(AGENDAS))
    languages, period = wanted_languages(LANGUAGES), wanted_period()
    chosen = (agenda_ids, values(KINDS_FOUND), languages)
    query = Query(value(WORDS), *chosen, period=period, finer=KINDS_OF_TOPICS)
    if not value(EXACT):
        query, _also = widened(query)
    found = find(VISITOR, query, number(PAGE))
    page = asked_page(lambda _at: found.page)
    things = [(hit.document.kind, hit.document.item_id) for hit in page.items]
    unseen = queries.unseen_among(things)
    seen = [hit for hit, thing in zip(page.items, things, strict=True) if thing not in unseen]
    listing = paged([answers.hit(hit) for hit in seen], page)
    return replace(listing, beside={"unread_before": found.unread_before})
