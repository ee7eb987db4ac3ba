"""The libraries as tables for spreadsheet programs: what their pages list under the same filters, in the same words.

A file is passed on. What is hidden or in preparation, which pages mark for those who moderate it, is in none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import Response
from flask_babel import gettext as _

from forum import web
from forum.dialogue.models import Topic
from forum.library import forms, queries
from forum.library.models import Case, Practice
from forum.library.queries import CaseFilter, PracticeFilter, ReadingFilter
from forum.library.views._facets import chosen_values
from forum.library.views._shared import bp
from forum.locales import parsed
from forum.members.models import City, Member
from forum.members.queries import language_names
from forum.sheets import sheet
from forum.web import me

MOST = 5_000  # rows of a table
Columns = list[tuple[str, Callable[[Any], object]]]  # the name of each, and what it has of an item
C = TypeVar("C", Case, Practice)


@bp.get("/cases.csv")
def cases_table() -> Response:
    """The library of cases as a table."""
    wanted = CaseFilter(**chosen_values(CaseFilter))
    found = _shown(queries.cases(me(), wanted, size=MOST).items)
    tried = queries.tried_counts(case.topic_id for case in found)
    languages = language_names()
    columns: Columns = [
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
    return _table("cases", columns, found)


@bp.get("/practices.csv")
def practices_table() -> Response:
    """The library of practices as a table, the newest first."""
    wanted = PracticeFilter(**chosen_values(PracticeFilter), order="newest")
    found = _shown(queries.practices(me(), wanted, size=MOST).items)
    tried = queries.tried_counts(practice.topic_id for practice in found)
    languages = language_names()
    columns: Columns = [
        (_("Title"), lambda one: one.title),
        (_("Agenda"), lambda one: one.agenda.title),
        (_("City"), lambda one: _label(one.city)),
        (_("In one sentence"), lambda one: one.sentence),
        (_("Evidence"), lambda one: forms.EVIDENCE_NAMES.get(one.evidence, "")),
        (_("Cost"), lambda one: one.cost),
        (_("Started"), lambda one: one.started),
        (_("Author"), lambda one: _name(one.author)),
        (_("Language"), lambda one: languages.get(one.language, one.language)),
        (_("Who can read it"), lambda one: forms.AUDIENCE_NAMES[one.audience]),
        (_("Cities that tried it"), lambda one: tried.get(one.topic_id or 0, 0)),
        (_("Comments"), lambda one: _comments(one.topic)),
        (_("Published on"), lambda one: one.published_at and one.published_at.date()),
        (_("Address"), lambda one: web.absolute(f"/practices/{one.slug}")),
    ]
    return _table("practices", columns, found)


@bp.get("/readings.csv")
def readings_table() -> Response:
    """The best reads as a table."""
    web.depends_on()
    wanted = ReadingFilter(**chosen_values(ReadingFilter))
    found = [one for one in queries.readings(me(), wanted, size=MOST).items if one.agenda.opened_at]
    languages = language_names()
    columns: Columns = [
        (_("Title"), lambda one: one.title),
        (_("Authors"), lambda one: one.authors),
        (_("Year"), lambda one: one.year),
        (_("Kind"), lambda one: forms.READING_NAMES.get(one.kind, one.kind)),
        (_("Why it matters"), lambda one: one.why),
        (_("Agenda"), lambda one: one.agenda.title),
        (_("Language"), lambda one: languages.get(one.language, one.language)),
        (_("Link"), lambda one: one.link),
    ]
    return _table("readings", columns, found)


def _shown(found: Iterable[C]) -> list[C]:
    """Those that everybody sees who reads the agenda."""
    return [one for one in found if one.hidden_at is None and one.agenda.opened_at]


def _table(name: str, columns: Columns, found: Iterable[Any]) -> Response:
    """The file: the names of the columns, then what each has of each item.

    Where numbers have a decimal comma, spreadsheet programs take semicolons for the ends of cells.
    """
    has_comma = parsed(web.locale()).number_symbols["latn"]["decimal"] == ","
    rows = [[value(one) for _name, value in columns] for one in found]
    return sheet(name, [[name for name, _value in columns], *rows], ";" if has_comma else ",")


def _name(author: Member) -> str:
    return _("Former member") if author.left_at else author.name


def _label(city: City | None) -> str:
    return city.label if city else ""


def _comments(topic: Topic | None) -> int:
    return topic.replies_count if topic else 0
