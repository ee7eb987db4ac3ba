"""Practices that somebody has begun, and changes of practices: drafts that the dialogue room keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask_babel import gettext as _

from forum.confusables import visible
from forum.db import db
from forum.dialogue.models import Draft
from forum.dialogue.queries import my_drafts_in_form, with_links_home
from forum.library.models import DRAFT, RETURNED, Practice
from forum.library.queries._shared import SECTIONS, TYPED_FIELDS
from forum.library.queries._visibility import visible_practices
from forum.library.queries.practices import drafts_of
from forum.members.models import City
from forum.members.queries import city_choices, city_choices_by_name
from forum.permissions import Person
from forum.plaintext import excerpt, fold, single_line

MAX_NAME, MAX_GIST = 100, 160  # characters
# What is typed beside the sections and the city: also a year and a day, which alone are no practice yet
LINES = ("title", "sentence", "link", "cost", "started", "revisit_on")


class BegunPractice(NamedTuple):
    """A draft of a practice in its author's list.

    `changes` is the practice that it changes, `source` the one with which a new one began; None if there is none, or
    the author no longer sees it. `name` is its title, or else its first words, `gist` the words that follow; `typed`
    are the names of the fields that may have words; `why_not` says why it cannot be continued now, and is empty when
    it can.
    """

    name: str
    gist: str
    typed: Sequence[str]
    changes: Practice | None
    source: Practice | None
    why_not: str


def begun_practices(author: Person, drafts: Sequence[Draft]) -> dict[int, BegunPractice]:
    """What is begun in those of one's own drafts that are of practices, by the id of the draft."""
    mine = [draft for draft in drafts if draft.kind == "practice"]
    if not mine:
        return {}
    ids = {draft.item_id for draft in mine if draft.item_id}
    slugs = {draft.value("adapt") for draft in mine if draft.value("adapt")}
    wanted = Practice.id.in_(ids) | Practice.slug.in_(slugs)
    found = db.session.scalars(visible_practices(author).where(wanted)).all()
    by_id = {practice.id: practice for practice in found}
    by_slug = {practice.slug: practice for practice in found}
    return {
        draft.id: _begun(
            author, draft, by_id.get(draft.item_id or 0), by_slug.get(draft.value("adapt"))
        )
        for draft in mine
    }


def _begun(
    author: Person, draft: Draft, changes: Practice | None, source: Practice | None
) -> BegunPractice:
    texts = (draft.value(name) for name in ("title", "sentence", *SECTIONS))
    name, gist, *_more = *(text for text in texts if text.strip()), "", ""
    if changes:
        why_not = author.can.edit_practice(changes).why_not
    elif draft.item_id:
        why_not = _("This practice is not there any more.")
    else:
        why_not = author.can.write().why_not
    name, gist = excerpt(name, MAX_NAME) or "…", excerpt(gist, MAX_GIST)
    return BegunPractice(name, gist, TYPED_FIELDS, changes, source, str(why_not or ""))


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
