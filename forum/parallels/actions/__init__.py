"""Adding, correcting, confirming and removing translations, hiding them, and telling translators when an original has changed."""

from __future__ import annotations

from forum.parallels.actions._texts import (
    MAX_FIGURE_PART,
    MAX_SENTENCE,
    MAX_TITLE,
    PARTS,
    TranslationText,
)
from forum.parallels.actions.drafts import keep_translation_draft
from forum.parallels.actions.loading import TranslationCourse, load_translation
from forum.parallels.actions.mending import (
    delete_translations,
    forget_member,
    reindex_translations,
    rerender,
)
from forum.parallels.actions.moderating import (
    find_again,
    hide_told_of_gone,
    hide_translation,
    restore_translation,
)
from forum.parallels.actions.reminding import look_after_translations
from forum.parallels.actions.translating import (
    add_translation,
    confirm_translation,
    correct_translation,
    remove_translation,
)

__all__ = [
    "MAX_FIGURE_PART",
    "MAX_SENTENCE",
    "MAX_TITLE",
    "PARTS",
    "TranslationCourse",
    "TranslationText",
    "add_translation",
    "confirm_translation",
    "correct_translation",
    "delete_translations",
    "find_again",
    "forget_member",
    "hide_told_of_gone",
    "hide_translation",
    "keep_translation_draft",
    "load_translation",
    "look_after_translations",
    "reindex_translations",
    "remove_translation",
    "rerender",
    "restore_translation",
]
