"""The libraries as tables for spreadsheet programs: the items of the lists, with the same filters and labels.

They are for people; programs read `/api/v1`, whose keys do not depend on the language. Because files are passed on,
they never contain items that are hidden or in preparation, which pages mark for moderators. A long table is read in
batches, so that it is complete and needs hardly more memory than a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

from flask import Response
from flask_babel import gettext as _
from flask_babel import ngettext

from forum import web
from forum.dialogue.forms import AUDIENCE_NAMES
from forum.dialogue.models import Mark, Topic
from forum.library import forms, queries
from forum.library.queries import CaseFilter, PracticeFilter, ReadingFilter
from forum.library.views._facets import chosen_values
from forum.library.views._shared import bp, is_in_sight, trial_in_words
from forum.members.models import City, Member
from forum.members.queries import language_names
from forum.permissions import Person
from forum.sheets import delimiter_in, long_sheet
from forum.web import me

ROWS_AT_ONCE = 500  # that are read before the next ones are
TRIALS_AT_ONCE = 20  # of each item that are read with its batch; the others of an item that has more, with its line
MAX_TRIALS_IN_TABLE = 1_000  # told of one item
MAX_CELL = 32_000  # characters that all trials of an item may take: spreadsheet programs take 32,767 in a cell
BETWEEN = "; "  # two trials
# The name of a column, and a function that returns an item's value for it
Columns = list[tuple[str, Callable[[Any], object]]]
# Returns at most so many items after a given one; the first items after None
After = Callable[[Any, int], Sequence[Any]]


class _Tried:
    """In which cities the items of a batch were tried, and what became of it there: what a filter wants of trials."""

    def __init__(self, reader: Person, wanted: CaseFilter | PracticeFilter) -> None:
        self._reader, self._wanted = reader, wanted
        self._counts: dict[int, int] = {}
        self._trials: dict[int, queries.Trials] = {}

    def read(self, topic_ids: Sequence[int | None]) -> None:
        self._counts = queries.tried_counts(topic_ids)
        self._trials = queries.trials_in(topic_ids, self._wanted, TRIALS_AT_ONCE)

    def cities(self, topic_id: int | None) -> int:
        return self._counts.get(topic_id or 0, 0)

    def told(self, topic_id: int | None) -> str:
        found = self._trials.get(topic_id or 0)
        if found and found.more:
            found = queries.trials_in([topic_id], self._wanted, MAX_TRIALS_IN_TABLE).get(
                topic_id or 0
            )
        return self._listed(found) if found else ""

    def _listed(self, found: queries.Trials) -> str:
        """All trials, the newest first; of those that no cell can take, how many there are and that the page tells them."""
        told: list[str] = []
        room = MAX_CELL
        for mark in found.marks:
            words = self._in_words(mark)
            room -= len(words) + len(BETWEEN)
            if room < 0:
                break
            told.append(words)
        if left := len(found.marks) - len(told) + found.more:
            told.append(ngettext("%(num)s more on its page", "%(num)s more on its page", left))
        return BETWEEN.join(told)

    def _in_words(self, mark: Mark) -> str:
        note = "" if mark.member_id in self._reader.ignored else mark.note
        return f"{trial_in_words(mark)}{_(': ')}{note}" if note else trial_in_words(mark)


@bp.get("/cases.csv")
def cases_table() -> Response:
    """The library of cases as a table."""
    reader, wanted = me(), CaseFilter(**chosen_values(CaseFilter))
    tried = _Tried(reader, wanted)
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
        (_("Cities that tried it"), lambda case: tried.cities(case.topic_id)),
        (_("What became of it"), lambda case: tried.told(case.topic_id)),
        (_("Comments"), lambda case: _comments(case.topic)),
        (_("Address"), lambda case: web.absolute(f"/cases/{case.slug}")),
    ]
    return _table("cases", columns, partial(queries.cases_after, reader, wanted), tried)


@bp.get("/practices.csv")
def practices_table() -> Response:
    """The library of practices as a table, the newest first."""
    reader, wanted = me(), PracticeFilter(**chosen_values(PracticeFilter), order="newest")
    tried = _Tried(reader, wanted)
    languages = language_names()
    columns: Columns = [
        (_("Title"), lambda row: row.title),
        (_("Agenda"), lambda row: row.agenda.title),
        (_("City"), lambda row: _label(row.city)),
        (_("In one sentence"), lambda row: row.sentence),
        (_("Evidence"), lambda row: forms.EVIDENCE_NAMES.get(row.evidence, "")),
        (_("Cost"), lambda row: row.cost),
        (_("Started"), lambda row: row.started),
        (_("Author"), lambda row: _name(row.author)),
        (_("Language"), lambda row: languages.get(row.language, row.language)),
        (_("Who can read it"), lambda row: AUDIENCE_NAMES[row.audience]),
        (_("Cities that tried it"), lambda row: tried.cities(row.topic_id)),
        (_("What became of it"), lambda row: tried.told(row.topic_id)),
        (_("Comments"), lambda row: _comments(row.topic)),
        (_("Published on"), lambda row: row.published_at and row.published_at.date()),
        (_("Still true, says the author, on"), lambda row: row.confirmed_on),
        (_("Address"), lambda row: web.absolute(f"/practices/{row.slug}")),
    ]
    return _table(
        "practices",
        columns,
        partial(queries.practices_after, reader, wanted),
        tried,
    )


@bp.get("/readings.csv")
def readings_table() -> Response:
    """The best reads as a table."""
    web.depends_on()
    reader, wanted = me(), ReadingFilter(**chosen_values(ReadingFilter))
    languages = language_names()
    columns: Columns = [
        (_("Title"), lambda row: row.title),
        (_("Authors"), lambda row: row.authors),
        (_("Year"), lambda row: row.year),
        (_("Kind"), lambda row: forms.READING_NAMES.get(row.kind, row.kind)),
        (_("Why it matters"), lambda row: row.why),
        (_("Agenda"), lambda row: row.agenda.title),
        (_("Language"), lambda row: languages.get(row.language, row.language)),
        (_("Link"), lambda row: row.link),
    ]
    return _table("readings", columns, partial(queries.readings_after, reader, wanted))


def _table(name: str, columns: Columns, after: After, tried: _Tried | None = None) -> Response:
    """The file: the names of the columns, then the values of each item. `tried` reads what it knows of each batch."""
    end = delimiter_in(web.locale())
    names: list[object] = [name for name, _value in columns]
    return long_sheet(name, chain([[names]], _portions(columns, after, tried)), end)


def _portions(columns: Columns, after: After, tried: _Tried | None) -> Iterator[list[list[object]]]:
    """The cells of all rows in batches; at least one batch, which may be empty."""
    for shown in portions(after):
        if tried is not None:
            tried.read([row.topic_id for row in shown])
        yield [[value(row) for _name, value in columns] for row in shown]


def portions(after: After) -> Iterator[list[Any]]:
    """The items of a library that may be passed on, in batches; at least one batch, which may be empty."""
    last = None
    while True:
        found = after(last, ROWS_AT_ONCE)
        yield [row for row in found if is_in_sight(row)]
        if len(found) < ROWS_AT_ONCE:
            return
        last = found[-1]


def _name(author: Member) -> str:
    return _("Former member") if author.left_at else author.name


def _label(city: City | None) -> str:
    return city.label if city else ""


def _comments(topic: Topic | None) -> int:
    return topic.replies_count if topic else 0
