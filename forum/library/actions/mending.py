"""What is made anew from the rows: stored HTML, and the words that search knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, update

from forum.db import action, db
from forum.library.actions._entries import case_entry, practice_entry, reading_entry
from forum.library.models import CaseParagraph, PracticeSection
from forum.library.queries import PUBLISHED, cases_to_index, practices_to_index, readings_to_index
from forum.markup import PlainTexts, Written
from forum.permissions import Person, require
from forum.search import actions as search


@action
def rerender_paragraphs(system: Person, texts: Mapping[int, Written]) -> int:
    """Store HTML made anew, by the id of a case's paragraph, where it still has that source. Says how many."""
    require(system.can.administer())
    row = CaseParagraph
    return sum(_store_html(row, text, row.id == row_id) for row_id, text in texts.items())


@action
def rerender_sections(system: Person, texts: Mapping[tuple[int, str], Written]) -> int:
    """The same for the parts of practices, by the practice's id and the part's name."""
    require(system.can.administer())
    row = PracticeSection
    return sum(
        _store_html(row, text, row.practice_id == practice_id, row.name == name)
        for (practice_id, name), text in texts.items()
    )


def _store_html(
    row: type[CaseParagraph] | type[PracticeSection], text: Written, *which: ColumnElement[bool]
) -> int:
    same = update(row).where(*which, row.source == text.source)
    made = same.values(html=text.html, html_version=text.html_version).returning(row.position)
    return len(db.session.scalars(made).all())


@action
def reindex_cases(system: Person, case_ids: Sequence[int], plain: PlainTexts) -> None:
    """Make the documents of cases anew. `plain` may know their words already."""
    require(system.can.administer())
    cases = cases_to_index(case_ids)
    known = {("case", case.id): (case_entry(case, plain), case.hidden_at) for case in cases}
    search.reindex(system, known)


@action
def reindex_practices(system: Person, practice_ids: Sequence[int], _plain: PlainTexts) -> None:
    """Make the documents of practices anew; only a published one has a document."""
    require(system.can.administer())
    known: dict[search.Thing, search.Known | None] = {}
    for practice in practices_to_index(practice_ids):
        is_there = practice.state == PUBLISHED and practice.deleted_at is None
        entry = (practice_entry(practice), practice.hidden_at) if is_there else None
        known["practice", practice.id] = entry
    search.reindex(system, known)


@action
def reindex_readings(system: Person, reading_ids: Sequence[int], _plain: PlainTexts) -> None:
    """Make the documents of best reads anew; one that was removed has none."""
    require(system.can.administer())
    known: dict[search.Thing, search.Known | None] = {}
    for reading in readings_to_index(reading_ids):
        entry = (reading_entry(reading), None) if reading.removed_at is None else None
        known["reading", reading.id] = entry
    search.reindex(system, known)
