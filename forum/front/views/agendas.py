"""The page of an agenda, and its briefing."""

from __future__ import annotations

import re

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from forum import web
from forum.agendas.queries import get_agenda, statements_of
from forum.bookmarks.models import READING
from forum.bookmarks.queries import kept_among
from forum.declarations.queries import declarations_on
from forum.dialogue.models import KINDS
from forum.dialogue.queries import (
    ACTIVE,
    ORDERS,
    UNANSWERED,
    TopicFilter,
    counts_by_kind,
    first_topics,
    new_posts_in,
)
from forum.front import queries
from forum.front.views._shared import SIDE_ITEMS, bp
from forum.library.queries import (
    cases_of,
    has_cases,
    has_readings,
    practices_of,
    readings_of,
    tried_counts,
)
from forum.notifications.models import AGENDA
from forum.notifications.queries import level_of
from forum.savedfiles import saved_file
from forum.web import me

AGENDA_TOPICS = 10
# A link without a host, or without a scheme: in a file neither would work
_PARTIAL_LINK = re.compile(r'(<a [^<>]*?href=")(//?)')


@bp.get("/agendas/<slug>")
def agenda(slug: str) -> ResponseReturnValue:
    """An agenda: introduction, statements, cases, best reads, and the newest of its dialogue."""
    reader = me()
    agenda = get_agenda(reader, slug)
    kind, order = web.choice("kind", KINDS), web.choice("order", ORDERS, ACTIVE)
    wanted = TopicFilter(agenda.id, kind, order)
    totals = counts_by_kind(reader, TopicFilter(agenda.id))
    counts = counts_by_kind(reader, wanted) if order == UNANSWERED else totals
    practices = practices_of(reader, agenda, SIDE_ITEMS)
    cases, readings = cases_of(reader, agenda), readings_of(reader, agenda)
    listed = first_topics(reader, wanted, AGENDA_TOPICS)
    return render_template(
        "front/agenda.html",
        agenda=agenda,
        statements=statements_of(agenda),
        declarations=declarations_on(reader, agenda),
        cases=cases,
        has_cases=bool(cases) or has_cases(reader),
        readings=readings,
        has_readings=bool(readings) or has_readings(reader),
        my_bookmarks=kept_among(reader, READING, [reading.id for reading in readings]),
        topics=listed,
        total=sum(totals.values()),
        counts=counts,
        shown=counts.get(kind, 0) if kind else sum(counts.values()),
        kind=kind,
        order=order,
        practices=practices,
        tried=tried_counts(practice.topic_id for practice in practices),
        level=level_of(reader, AGENDA, agenda.id),
        news=new_posts_in(reader, listed),
    )


@bp.get("/agendas/<slug>/briefing")
def briefing(slug: str) -> str:
    """A summary of an agenda on a few pages, to print and take to a meeting."""
    return render_template("front/briefing.html", briefing=queries.briefing(slug))


@bp.get("/agendas/<slug>/briefing.html")
def briefing_file(slug: str) -> Response:
    """The briefing as a file for word processors, which recognise its headings; its links lead to the forum from anywhere."""
    document = render_template("front/briefing_file.html", briefing=queries.briefing(slug))
    whole = _PARTIAL_LINK.sub(_with_what_is_missing, document)
    return saved_file(f"{slug}.html", "text/html; charset=utf-8", whole.encode())


def _with_what_is_missing(link: re.Match[str]) -> str:
    here = web.settings().url
    begin = f"{here.partition(':')[0]}:" if link[2] == "//" else here
    return f"{link[1]}{begin}{link[2]}"
