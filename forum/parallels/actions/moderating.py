"""Hiding translations, and showing them again."""

from __future__ import annotations

from forum.clock import now
from forum.deeds import action
from forum.notifications.actions import hide_told, restore_told
from forum.parallels.actions._documents import index_translation, plain_texts_of
from forum.parallels.models import Translation, address_in
from forum.parallels.queries import (
    ids_of_practice,
    languages_gone,
    original_to_change,
    translation_to_change,
    translations_by_id,
)
from forum.permissions import Person, require
from forum.search import actions as search
from forum.search.models import TRANSLATED_FAILURE, TRANSLATION


@action
def hide_translation(moderator: Person, translation_id: int, reason: str = "") -> Translation:
    """Hide a translation: only moderators of its agenda and its writers still find it. Notices about it are hidden, too."""
    translation = translation_to_change(moderator, translation_id)
    require(moderator.can.moderate(translation.agenda_id))
    if translation.hidden_at is None:
        translation.hidden_at, translation.hidden_reason = now(), reason.strip()
        for name in (TRANSLATION, TRANSLATED_FAILURE):
            search.hide(moderator, name, translation.id)
        hide_told(moderator, "translation", translation.address)
    return translation


@action
def restore_translation(moderator: Person, translation_id: int) -> Translation:
    """Show a translation again. Notices about it come back, too, unless the original is hidden."""
    translation = translation_to_change(moderator, translation_id)
    require(moderator.can.moderate(translation.agenda_id))
    if translation.hidden_at is not None:
        translation.hidden_at, translation.hidden_reason = None, ""
        for name in (TRANSLATION, TRANSLATED_FAILURE):
            search.restore(moderator, name, translation.id)
        if translation.original.is_told:
            restore_told(moderator, "translation", translation.address, translation.created_at)
    return translation


@action
def find_again(moderator: Person, practice_id: int) -> None:
    """Index the translations of a practice again that is published again."""
    original = original_to_change(moderator, "practice", practice_id)
    require(moderator.can.moderate(original.agenda_id))
    for translation in translations_by_id(ids_of_practice(practice_id)):
        index_translation(moderator, translation, plain_texts_of(translation))
    hide_told_of_gone(moderator, "practice", practice_id)


@action
def hide_told_of_gone(moderator: Person, kind: str, item_id: int) -> None:
    """Hide notices about translations that are not shown: they came back with the topic of a practice or case (`kind`)."""
    original = original_to_change(moderator, kind, item_id)
    require(moderator.can.moderate(original.agenda_id))
    for language in languages_gone(kind, item_id):
        hide_told(moderator, "translation", address_in(original, language))
