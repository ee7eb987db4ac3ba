"""The libraries as tables for spreadsheet programs: what their pages list under the same filters, in the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Response
from flask_babel import gettext as _

from forum import web
from forum.dialogue.models import Topic
from forum.library import forms, queries
from forum.library.models import Case, Practice, Reading
from forum.library.queries import CaseFilter, PracticeFilter, ReadingFilter
from forum.library.views._facets import chosen_values
from forum.library.views._shared import bp
from forum.members.models import City
from forum.members.queries import language_names
from forum.sheets import sheet
from forum.web import me

MOST = 5_000  # rows of a table


@bp.get("/cases.csv")
def cases_table() -> Response:
    """The library of cases as a table."""
    wanted = CaseFilter(**chosen_values(CaseFilter))
    found = queries.cases(me(), wanted, size=MOST).items
    tried = queries.tried_counts(case.topic_id for case in found)
    languages = language_names()
    columns: list[tuple[str, Callable[[Case], object]]] = [
        (_("Name"), lambda case: case.name),
        (_("Agenda"), lambda case: case.agenda.title),
        (_("Kind"), lambda case: forms.KIND_NAMES.get(case.kind, case.kind)),
        (_("Status"), lambda case: forms.STATUS_NAMES.get(case.status, case.status)),
        (_("Since"), lambda case: case.since),
        (_("Reach"), lambda case: case.reach),
        (_("Places"), lambda case: "; ".join(place.label for place in case.places)),
        (_("Summary"), lambda case: case.summary),
        (_("Language"), lambda case: languages.get(case.language, case.language)),
        (_("Cities that tried it"), lambda case: tried.get(case.topic_id, 0)),
        (_("Comments"), lambda case: _comments(case.topic)),
        (_("Address"), lambda case: web.absolute(f"/cases/{case.slug}")),
    ]
    return sheet("cases", _rows(columns, found))


@bp.get("/practices.csv")
def practices_table() -> Response:
    """The library of practices as a table, the newest first."""
    wanted = PracticeFilter(**chosen_values(PracticeFilter), order="newest")
    found = queries.practices(me(), wanted, size=MOST).items
    tried = queries.tried_counts(practice.topic_id for practice in found)
    languages = language_names()
    columns: list[tuple[str, Callable[[Practice], object]]] = [
        (_("Title"), lambda one: one.title),
        (_("Agenda"), lambda one: one.agenda.title),
        (_("City"), lambda one: _label(one.city)),
        (_("In one sentence"), lambda one: one.sentence),
        (_("Evidence"), lambda one: forms.EVIDENCE_NAMES.get(one.evidence, "")),
        (_("Cost"), lambda one: one.cost),
        (_("Started"), lambda one: one.started),
        (_("Author"), lambda one: one.author.name),
        (_("Language"), lambda one: languages.get(one.language, one.language)),
        (_("Who can read it"), lambda one: forms.AUDIENCE_NAMES[one.audience]),
        (_("Cities that tried it"), lambda one: tried.get(one.topic_id or 0, 0)),
        (_("Comments"), lambda one: _comments(one.topic)),
        (_("Published on"), lambda one: one.published_at and one.published_at.date()),
        (_("Address"), lambda one: web.absolute(f"/practices/{one.slug}")),
    ]
    return sheet("practices", _rows(columns, found))


@bp.get("/readings.csv")
def readings_table() -> Response:
    """The best reads as a table."""
    web.depends_on()
    found = queries.readings(me(), ReadingFilter(**chosen_values(ReadingFilter)), size=MOST).items
    languages = language_names()
    columns: list[tuple[str, Callable[[Reading], object]]] = [
        (_("Title"), lambda one: one.title),
        (_("Authors"), lambda one: one.authors),
        (_("Year"), lambda one: one.year),
        (_("Kind"), lambda one: forms.READING_NAMES.get(one.kind, one.kind)),
        (_("Why it matters"), lambda one: one.why),
        (_("Agenda"), lambda one: one.agenda.title),
        (_("Language"), lambda one: languages.get(one.language, one.language)),
        (_("Link"), lambda one: one.link),
    ]
    return sheet("readings", _rows(columns, found))


def _rows(columns: list[tuple[str, Callable[[Any], object]]], found: Any) -> Iterator[list[object]]:
    """The names of the columns, then what each has of each item."""
    yield [name for name, _value in columns]
    for one in found:
        yield [value(one) for _name, value in columns]


def _label(city: City | None) -> str:
    return city.label if city else ""


def _comments(topic: Topic | None) -> int:
    return topic.replies_count if topic else 0
