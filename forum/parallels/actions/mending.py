"""What other rooms let translations follow: members who leave, erased practices, search, new HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forum.db import store_html
from forum.deeds import action
from forum.markup import PlainTexts, Written
from forum.parallels.actions._documents import documents_of
from forum.parallels.actions._rows import delete_translation
from forum.parallels.models import TranslatedPart
from forum.parallels.queries import ids_of_practice, ids_written_by, translations_by_id
from forum.permissions import Person, require
from forum.search import actions as search
from forum.search.models import Thing


@action
def forget_member(system: Person, member_id: int) -> None:
    """Remove a member who has left from the translations that they began or corrected; the translations stay."""
    require(system.can.administer())
    for translation in translations_by_id(ids_written_by(member_id)):
        if translation.translator_id == member_id:
            translation.translator_id = translation.submission_key = None
        if translation.writer_id == member_id:
            translation.writer_id = None


@action
def delete_translations(system: Person, practice_id: int) -> None:
    """Delete the translations of a practice that is erased with its author's account."""
    require(system.can.administer())
    for translation in translations_by_id(ids_of_practice(practice_id)):
        delete_translation(system, translation)


@action
def reindex_translations(system: Person, translation_ids: Sequence[int], texts: PlainTexts) -> None:
    """Rebuild the search documents of translations; `texts` are plain texts by source."""
    require(system.can.administer())
    things: dict[Thing, search.Known | None] = {}
    for translation in translations_by_id(translation_ids):
        things |= documents_of(translation, texts)
    search.reindex(system, things)


@action
def rerender(system: Person, texts: Mapping[tuple[int, str], Written]) -> int:
    """Store newly rendered HTML of parts, where the text still has that source; returns for how many."""
    require(system.can.administer())
    part = TranslatedPart
    return store_html(part.source, part.html, part.html_version, texts)
