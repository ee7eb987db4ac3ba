"""A translation and its parts, as they are stored, compared and deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from forum.clock import now
from forum.history.actions import forget_versions
from forum.library.models import Practice
from forum.notifications.actions import hide_told
from forum.parallels.actions._texts import PARTS, TranslationText
from forum.parallels.models import TranslatedPart, Translation
from forum.parallels.queries import Original, all_texts, digests, figures_of
from forum.permissions import PUBLIC, Person
from forum.plaintext import single_line
from forum.search import actions as search
from forum.search.models import TRANSLATED_FAILURE, TRANSLATION


def new_translation(
    original: Original, text: TranslationText, moment: datetime, **columns: object
) -> Translation:
    is_practice = isinstance(original, Practice)
    translation = Translation(
        practice_id=original.id if is_practice else None,
        case_id=None if is_practice else original.id,
        language=text.language,
        title="",
        sentence="",
        created_at=moment,
        **columns,
    )
    if isinstance(original, Practice):
        translation.practice = original
    else:
        translation.case = original
    compare_with_original(translation)
    return translation


def compare_with_original(translation: Translation) -> None:
    """Record that a translation corresponds to the present original, with the present audiences."""
    original = translation.original
    translation.made_from, translation.checked_at = digests(all_texts(original)), now()
    translation.looked_at, translation.told_at = original.updated_at, None
    for name in ("audience", "failure_audience"):
        setattr(translation, name, getattr(original, name, PUBLIC))


def fill(translation: Translation, text: TranslationText) -> None:
    translation.title = single_line(text.title)
    translation.sentence = single_line(text.sentence)
    existing = {part.name: part for part in translation.parts}
    parts = []
    for position, name in enumerate(PARTS, 1):
        if name in text.written:
            part, written = existing.get(name) or TranslatedPart(name=name), text.written[name]
            part.position, part.source = position, written.source
            part.html, part.html_version = written.html, written.html_version
            parts.append(part)
    translation.parts = parts
    translation.figures = [list(figure) for figure in text.figures]


def with_kept_parts(translation: Translation, text: TranslationText) -> TranslationText:
    """A text completed by the parts and figures that the form left out because the original no longer has them."""
    asked, named = all_texts(translation.original), figures_of(translation.original)
    kept = {part.name: part.source for part in translation.parts if part.name not in asked}
    opening = text.sentence if "sentence" in asked else translation.sentence
    figures = [words for words in translation.figure_words if words[:2] not in named]
    if not (kept or figures) and opening == text.sentence:
        return text
    parts = {**text.parts, **kept}
    return replace(text, sentence=opening, parts=parts, figures=[*text.figures, *figures])


def delete_translation(doer: Person, translation: Translation) -> None:
    for name in (TRANSLATION, TRANSLATED_FAILURE):
        search.unindex(doer, name, translation.id)
    forget_versions(doer, "translation", translation.id)
    hide_told(doer, "translation", translation.address)
    translation.deleted_at, translation.submission_key = now(), None
    translation.title, translation.sentence, translation.parts = "", "", []
    translation.figures = []
    translation.made_from = {}
