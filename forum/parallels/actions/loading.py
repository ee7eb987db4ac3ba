"""Translations from content files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forum.db import db
from forum.deeds import action
from forum.parallels.actions._documents import index_translation
from forum.parallels.actions._rows import fill, new_translation
from forum.parallels.actions._texts import (
    TranslationText,
    check_language,
    check_translation,
    show_pictures,
)
from forum.parallels.models import Translation
from forum.parallels.queries import original_to_change
from forum.permissions import Person, require


@dataclass(frozen=True)
class TranslationCourse:
    """Who began an imported translation and when, and who wrote its present words.

    `is_current` is false where the original had changed since.
    """

    translator_id: int | None
    writer_id: int | None
    created_at: datetime
    edited_at: datetime | None = None
    is_current: bool = True


@action
def load_translation(
    curator: Person, kind: str, item_id: int, text: TranslationText, course: TranslationCourse
) -> Translation:
    """Add a translation from a file without notices."""
    original = original_to_change(curator, kind, item_id)
    require(curator.can.curate(original.agenda))
    check_translation(text, original)
    check_language(text, original)
    people = {"translator_id": course.translator_id, "writer_id": course.writer_id}
    translation = new_translation(original, text, course.created_at, **people)
    translation.parts, translation.edited_at = [], course.edited_at
    show_pictures(curator, translation, text)
    fill(translation, text)
    if not course.is_current:
        translation.made_from = {}
        translation.checked_at = translation.told_at = course.edited_at or course.created_at
    db.session.add(translation)
    db.session.flush()
    index_translation(curator, translation, text.plain)
    return translation
