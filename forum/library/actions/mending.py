"""For maintenance commands: rebuilding what is derived from other columns (HTML, search documents, topics)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forum.db import store_html
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.library.actions._discussions import page_of_case, page_of_practice
from forum.library.actions._entries import (
    case_entry,
    failure_entry,
    practice_entry,
    reading_entry,
)
from forum.library.models import PUBLISHED, CaseParagraph, PracticeSection
from forum.library.queries import (
    FAILURE,
    case_to_change,
    cases_to_index,
    practice_to_change,
    practices_to_index,
    readings_to_index,
)
from forum.markup import PlainTexts, Written, write
from forum.permissions import Person, require
from forum.search import actions as search
from forum.search.models import Thing


@action
def rerender_paragraphs(system: Person, texts: Mapping[int, Written]) -> int:
    """Store re-rendered HTML by paragraph id, where the paragraph still has that source; returns the number of paragraphs."""
    require(system.can.administer())
    paragraph = CaseParagraph
    return store_html(paragraph.source, paragraph.html, paragraph.html_version, texts)


@action
def rerender_sections(system: Person, texts: Mapping[tuple[int, str], Written]) -> int:
    """Like `rerender_paragraphs`, for the sections of practices, by (practice id, name of the section)."""
    require(system.can.administer())
    section = PracticeSection
    return store_html(section.source, section.html, section.html_version, texts)


@action
def reindex_cases(system: Person, case_ids: Sequence[int], plain: PlainTexts) -> None:
    """Rebuild the search documents of cases; `plain` holds plain texts by source."""
    require(system.can.administer())
    cases = cases_to_index(case_ids)
    things = {("case", case.id): (case_entry(case, plain), case.hidden_at) for case in cases}
    search.reindex(system, things)


@action
def reindex_practices(system: Person, practice_ids: Sequence[int], plain: PlainTexts) -> None:
    """Rebuild the search documents of practices; only a published one has a document. `plain` holds plain texts by source."""
    require(system.can.administer())
    things: dict[Thing, search.Known | None] = {}
    for practice in practices_to_index(practice_ids):
        has_document = practice.state == PUBLISHED and practice.deleted_at is None
        entry = (practice_entry(practice, plain), practice.hidden_at) if has_document else None
        failure = failure_entry(practice, plain) if has_document else None
        things["practice", practice.id] = entry
        things[FAILURE, practice.id] = (failure, None) if failure else None
    search.reindex(system, things)


@action
def reindex_readings(system: Person, reading_ids: Sequence[int], _plain: PlainTexts) -> None:
    """Rebuild the search documents of best reads; a removed one has none."""
    require(system.can.administer())
    things: dict[Thing, search.Known | None] = {}
    for reading in readings_to_index(reading_ids):
        entry = (reading_entry(reading), None) if reading.removed_at is None else None
        things["reading", reading.id] = entry
    search.reindex(system, things)


@action
def mend_discussion(system: Person, kind: str, page_id: int) -> None:
    """Let the topic of a case or a practice (`kind`) say again what its page says. `NotFound` if there is no such page."""
    require(system.can.administer())
    if kind == "case":
        case = case_to_change(system, page_id)
        page = page_of_case(case, write(case.summary, case.language))
        dialogue.follow_page(system, case.topic_id, page)
        return
    practice = practice_to_change(system, page_id)
    if practice.topic_id:
        page = page_of_practice(practice, write(practice.sentence, practice.language))
        dialogue.follow_page(system, practice.topic_id, page)
