"""What the query of a request asks for, checked, and the parts of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NoReturn

from flask import url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.agendas.models import Theme
from forum.agendas.queries import all_agendas, themes_by_slug
from forum.api import queries
from forum.api.views._parameters import (
    AGENDAS,
    COUNTRIES,
    CURSOR,
    FROM,
    LANGUAGES,
    THEMES,
    TO,
    TRIED,
    TRIED_CITIES,
    TRIED_COUNTRIES,
    TRIED_SIZES,
)
from forum.api.views._routes import PAGE, Listing, number, value, values
from forum.errors import Invalid
from forum.members.queries import language_names
from forum.openapi import Parameter
from forum.pages import Page
from forum.permissions import VISITOR
from forum.search.queries import Period


def wanted_agenda_ids(parameter: Parameter) -> list[int]:
    """The ids of the agendas that the query names. Raises `Invalid` for one that is not there."""
    slugs = values(parameter)
    known = {agenda.slug: agenda.id for agenda in all_agendas(VISITOR)} if slugs else {}
    return [known[slug] if slug in known else refuse_unknown(parameter, slug) for slug in slugs]


def wanted_themes(parameter: Parameter) -> Sequence[Theme]:
    """The themes that the query names. Raises `Invalid` for one that is not there."""
    slugs = values(parameter)
    found = themes_by_slug(slugs) if slugs else ()
    for slug in set(slugs) - {theme.slug for theme in found}:
        refuse_unknown(parameter, slug)
    return found


def wanted_languages(parameter: Parameter) -> tuple[str, ...]:
    """The languages that the query names. Raises `Invalid` for one that no text can have."""
    codes = tuple(code.lower() for code in values(parameter))
    for code in set(codes) - set(language_names()):
        refuse_unknown(parameter, code)
    return codes


def filters_of_libraries() -> dict[str, tuple[str, ...]]:
    """The filters that cases and practices share. Raises `Invalid` for an agenda, theme or language that is not there."""
    wanted_agenda_ids(AGENDAS)
    wanted_themes(THEMES)
    return {
        "agenda": values(AGENDAS),
        "theme": values(THEMES),
        "country": wanted_countries(COUNTRIES),
        "tried": values(TRIED),
        "tried_size": values(TRIED_SIZES),
        "tried_country": wanted_countries(TRIED_COUNTRIES),
        "tried_city": values(TRIED_CITIES),
        "language": wanted_languages(LANGUAGES),
    }


def wanted_countries(parameter: Parameter) -> tuple[str, ...]:
    """The countries that the query names."""
    return tuple(code.upper() for code in values(parameter))


def wanted_period() -> Period:
    """The days that the query asks for. Raises `Invalid` for what is no day, and for a first one after the last."""
    first, last = wanted_day(FROM), wanted_day(TO)
    if first and last and first > last:
        sentence = gettext("“%(name)s” is after “%(other)s”.", name=FROM.name, other=TO.name)
        raise Invalid(sentence, FROM.name)
    return Period(first, last)


def wanted_day(parameter: Parameter) -> date | None:
    """The day in a parameter of the query, or None. Raises `Invalid` for anything else."""
    typed = value(parameter)
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as error:
        sentence = gettext("“%(name)s” is a day such as 2026-11-30.", name=parameter.name)
        raise Invalid(sentence, parameter.name) from error


def wanted_cursor() -> queries.Cursor | None:
    """Where the query goes on; None at the beginning. Raises `Invalid` for what is no place in a list."""
    typed = value(CURSOR)
    try:
        return queries.Cursor.read(typed) if typed else None
    except ValueError:
        refuse_unknown(CURSOR, typed)


def refuse_unknown(parameter: Parameter, given: str) -> NoReturn:
    """Raise `Invalid` for a value that a parameter cannot have."""
    name = parameter.name
    sentence = gettext(
        "“%(name)s” cannot be “%(value)s”: that is not there.", name=name, value=given[:40]
    )
    raise Invalid(sentence, name)


def portion_of(items: Sequence[Any], parameter: Parameter, part: queries.Part[Any]) -> Listing:
    """A part of a list, and from where it goes on."""
    return Listing(items, (parameter, part.next) if part.next else None)


def asked_page(read: Callable[[int], Page[Any]]) -> Page[Any]:
    """The page of a list that the query asks for; empty after the last one, so that nothing is repeated."""
    wanted = number(PAGE)
    page = read(wanted)
    return page if page.number == wanted else Page([], wanted, page.pages, page.total)


def paged(items: Sequence[Any], page: Page[Any]) -> Listing:
    """A page of a list, and the next one."""
    return Listing(items, (PAGE, page.next) if page.next else None)


def redirect_after_merge(endpoint: str, topic_id: int, **query: Any) -> AnyResponse:
    """The redirect from a topic that was merged into another, or `NotFound`."""
    target = url_for(endpoint, topic_id=queries.merged_into(topic_id), **query)
    return web.moved_until_undone(target)
