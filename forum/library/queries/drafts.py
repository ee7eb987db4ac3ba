"""Practices and cases that somebody has begun, and changes of them: drafts that the dialogue room keeps."""

from __future__ import annotations

from collections.abc import Container, Sequence
from urllib.parse import quote

from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import all_agendas
from forum.confusables import visible
from forum.db import db
from forum.dialogue.models import Draft
from forum.dialogue.queries import (
    BegunText,
    my_drafts_in_form,
    rows_in,
    says_the_same_words,
    with_links_home,
    words_begun,
)
from forum.library.models import DRAFT, RETURNED, Case, Practice
from forum.library.queries._shared import FIGURE_PARTS, SECTIONS, TYPED_FIELDS_OF_CASES
from forum.library.queries._visibility import visible_cases, visible_practices
from forum.library.queries.practices import drafts_of
from forum.members.models import City
from forum.members.queries import city_choices, city_choices_by_name
from forum.permissions import Person
from forum.plaintext import fold, single_line

# What is typed beside the sections and the city: also a year and a day, which alone are no practice yet
LINES = ("title", "sentence", "link", "cost", "started", "revisit_on")
# Of which the list of drafts shows the first two, so that a link or a cost is what a practice is called last of all
WORDS_OF_PRACTICES = ("title", "sentence", *SECTIONS, "link", "cost")


def begun_practices(author: Person, drafts: Sequence[Draft]) -> dict[int, BegunText]:
    """What is begun in those of one's own drafts that are of practices, by the id of the draft."""
    mine = [draft for draft in drafts if draft.kind == "practice"]
    if not mine:
        return {}
    ids = {draft.item_id for draft in mine if draft.item_id}
    slugs = {draft.value("adapt") for draft in mine if draft.value("adapt")}
    wanted = Practice.id.in_(ids) | Practice.slug.in_(slugs)
    found = db.session.scalars(visible_practices(author).where(wanted)).all()
    by_id = {practice.id: practice for practice in found}
    slugs_found = {practice.slug for practice in found}

    def begun(draft: Draft) -> BegunText:
        if changed := by_id.get(draft.item_id or 0):
            return _begun_changes(author, draft, changed)
        return _begun_practice(author, draft, slugs_found)

    return {draft.id: begun(draft) for draft in mine}


def _begun_changes(author: Person, draft: Draft, changed: Practice) -> BegunText:
    page = f"/practices/{changed.slug}"
    return BegunText(
        _("Practice"),
        words_begun(draft, WORDS_OF_PRACTICES),
        go_on=f"{page}/edit?draft={draft.id}",
        why_not=str(author.can.edit_practice(changed).why_not or ""),
        title=changed.title,
        language=changed.language,
        page=page,
    )


def _begun_practice(author: Person, draft: Draft, slugs: Container[str]) -> BegunText:
    """A practice begun, which may adapt one of those that are found by their `slugs`; or changes to one that is gone."""
    source = draft.value("adapt")
    adapted = f"adapt={quote(source)}&" if source in slugs else ""
    gone = draft.item_id and _("This practice is not there any more.")
    return BegunText(
        _("Practice"),
        words_begun(draft, WORDS_OF_PRACTICES),
        go_on=f"/practices/new?{adapted}draft={draft.id}",
        why_not=str(gone or author.can.write().why_not or ""),
    )


def begun_cases(curator: Person, drafts: Sequence[Draft]) -> dict[int, BegunText]:
    """What is begun in those of one's own drafts that are of cases, by the id of the draft."""
    mine = [draft for draft in drafts if draft.kind == "case"]
    if not mine:
        return {}
    ids = {draft.item_id for draft in mine if draft.item_id}
    shown = visible_cases(curator).where(Case.id.in_(ids)).options(joinedload(Case.agenda))
    by_id = {case.id: case for case in db.session.scalars(shown)}
    agendas = {agenda.slug: agenda for agenda in all_agendas(curator)}

    def begun(draft: Draft) -> BegunText:
        if case := by_id.get(draft.item_id or 0):
            return _begun_changes_of_case(curator, draft, case)
        return _begun_case(curator, draft, agendas.get(draft.value("agenda")))

    return {draft.id: begun(draft) for draft in mine}


def _begun_changes_of_case(curator: Person, draft: Draft, case: Case) -> BegunText:
    page = f"/cases/{case.slug}"
    return BegunText(
        _("Case"),
        words_begun(draft, TYPED_FIELDS_OF_CASES),
        go_on=f"{page}/edit?draft={draft.id}",
        why_not=str(curator.can.curate(case.agenda).why_not or ""),
        title=case.name,
        language=case.language,
        page=page,
    )


def _begun_case(curator: Person, draft: Draft, agenda: Agenda | None) -> BegunText:
    """A case begun on an agenda; or changes to one that is gone."""
    go_on = f"/agendas/{agenda.slug}/cases/new?draft={draft.id}" if agenda else ""
    if draft.item_id:
        why_not = _("This case is not there any more.")
    elif agenda:
        why_not = str(curator.can.curate(agenda).why_not or "")
    else:
        why_not = _("Its agenda is not there any more.")
    return BegunText(_("Case"), words_begun(draft, TYPED_FIELDS_OF_CASES), go_on, why_not)


def drafts_of_new_practices(author: Person, adapted_slug: str) -> list[Draft]:
    """One's own drafts of new practices that begin with this one of another city (with an empty slug: with none)."""
    drafts = my_drafts_in_form(author, "practice")
    return [draft for draft in drafts if draft.value("adapt") == adapted_slug]


def drafts_of_changes(author: Person, practice: Practice) -> Sequence[Draft]:
    """One's own drafts of changes of a practice."""
    return my_drafts_in_form(author, "practice", practice.id)


def unfinished_practices(author: Person) -> list[Practice]:
    """The author's own practices that are drafts or were returned, the most recently changed first."""
    return [practice for practice in drafts_of(author) if practice.state in (DRAFT, RETURNED)]


def says_already(practice: Practice, fields: Sequence[tuple[str, str]]) -> bool:
    """Whether a practice has just the words that its form holds (`fields` as in `Draft`); choices count for nothing."""
    typed, wished = {name: _as_saved(name, value) for name, value in fields}, dict(fields)
    saved = {section.name: section.source for section in practice.sections}
    saved |= {name: str(getattr(practice, name) or "") for name in LINES}
    names = (*LINES, *SECTIONS)
    is_said = all(typed.get(name, "") == _as_saved(name, saved.get(name, "")) for name in names)
    city = typed.get("city", ""), wished.get("city_id", "")
    return is_said and _is_city(practice.city, *city)


def case_says_already(case: Case, fields: Sequence[tuple[str, str]]) -> bool:
    """Whether a case has just the words that its form holds, as `says_already`."""
    lines = {
        name: getattr(case, name) for name in ("name", "summary", "reach", "since", "checked_on")
    }
    figures = [{name: getattr(row, name) for name in FIGURE_PARTS} for row in case.figures]
    links = [{name: getattr(row, name) for name in ("label", "address")} for row in case.links]
    tables = {"figures": figures, "links": links}
    typed = [row["city"] for row in rows_in("places", dict(fields)) if row.get("city")]
    saved = [
        {fold(city.label), fold(city.name), fold(f"{city.name}, {city.country}")}
        for city in case.places
    ]
    are_places = len(typed) == len(saved) and all(
        any(fold(place) in names for names in saved) for place in typed
    )
    return are_places and says_the_same_words(fields, lines, {"body": case.body}, tables)


def _as_saved(name: str, typed: str) -> str:
    """What was typed into a field, as the form changes it before it is saved; a link without its scheme."""
    if name in SECTIONS:
        return with_links_home(typed).strip()
    words = single_line(visible(typed))
    return words.removeprefix("https://") if name == "link" else words


def _is_city(city: City | None, typed: str, wished: str) -> bool:
    """Whether a form means a city: by the name that was typed, in any spelling, and among several by the choice (`wished`)."""
    if city is None or not typed:
        return city is None and not typed
    if fold(typed) in (fold(city.label), fold(city.name)) and wished in ("", str(city.id)):
        return True
    called = city_choices_by_name(typed)
    found = {choice.city.id for choice in called or city_choices(typed)}
    return city.id in found and (len(called) == 1 or wished == str(city.id))
