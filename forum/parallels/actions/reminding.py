"""Telling translators, by the worker, that an original has changed."""

from __future__ import annotations

from forum.clock import now
from forum.deeds import action, touches
from forum.library.models import Practice
from forum.notifications.actions import note_event
from forum.parallels.actions._documents import index_translation, plain_texts_of, set_audiences
from forum.parallels.actions._rows import delete_translation
from forum.parallels.actions._telling import OUTDATED, notice_about
from forum.parallels.queries import ids_of_changed, is_outdated, translations_by_id
from forum.permissions import Person, require

BATCH_SIZE = 50  # translations that one transaction looks at


@action
def look_after_translations(system: Person) -> int:
    """Notify translators, once each, that an original has changed; delete translations whose original was deleted.

    Returns how many translations it looked at.
    """
    require(system.can.administer())
    found = translations_by_id(ids_of_changed(BATCH_SIZE))
    if not found:
        touches()  # no cached page depends on it
    for translation in found:
        original = translation.original
        if isinstance(original, Practice) and original.deleted_at:
            delete_translation(system, translation)
            continue
        translation.looked_at = original.updated_at
        if is_outdated(translation) and translation.told_at is None:
            translation.told_at = now()
            note_event(
                system,
                notice_about(translation, [OUTDATED]),
                [translation.translator_id],
                is_named=False,
            )
        # The original may have lost a part or got it back, or a figure may have another value
        if translation.told_at is not None or translation.figures:
            index_translation(system, translation, plain_texts_of(translation))
        else:
            set_audiences(system, translation)
    return len(found)
