"""Translations that a reader may see, comparing them with their originals, and rows for actions."""

from __future__ import annotations

from forum.parallels.queries._originals import Original, kind_of, original_to_change
from forum.parallels.queries.audiences import (
    audience_now,
    failure_audience_now,
    has_document,
    stays_with_members,
)
from forum.parallels.queries.changing import (
    ids_of_changed,
    ids_of_practice,
    ids_written_by,
    translation_by_submission_key,
    translation_in,
    translation_to_change,
    translations_by_id,
)
from forum.parallels.queries.comparing import (
    changed_texts,
    digests,
    first_change,
    is_outdated,
    names_since,
    signs_of,
)
from forum.parallels.queries.reading import (
    ShownPart,
    get_translation,
    is_written_by,
    languages_of,
    original_at,
    said_to,
    shown_parts,
    shown_translations,
    translation_by_id,
    translation_if_there,
    with_originals,
    with_parts,
)
from forum.parallels.queries.texts import (
    all_texts,
    figures_of,
    figures_to_name,
    named_figures,
    texts_of,
)
from forum.parallels.queries.versions import edits_of, fields_of, is_failure_withheld
from forum.parallels.queries.writing import (
    expressions_in,
    languages_left,
    may_translate,
    original_to_translate,
    translation_to_correct,
    translation_to_put_back,
    translation_to_remove,
)

__all__ = [
    "Original",
    "ShownPart",
    "all_texts",
    "audience_now",
    "changed_texts",
    "digests",
    "edits_of",
    "expressions_in",
    "failure_audience_now",
    "fields_of",
    "figures_of",
    "figures_to_name",
    "first_change",
    "get_translation",
    "has_document",
    "ids_of_changed",
    "ids_of_practice",
    "ids_written_by",
    "is_failure_withheld",
    "is_outdated",
    "is_written_by",
    "kind_of",
    "languages_left",
    "languages_of",
    "may_translate",
    "named_figures",
    "names_since",
    "original_at",
    "original_to_change",
    "original_to_translate",
    "said_to",
    "shown_parts",
    "shown_translations",
    "signs_of",
    "stays_with_members",
    "texts_of",
    "translation_by_id",
    "translation_by_submission_key",
    "translation_if_there",
    "translation_in",
    "translation_to_change",
    "translation_to_correct",
    "translation_to_put_back",
    "translation_to_remove",
    "translations_by_id",
    "with_originals",
    "with_parts",
]
