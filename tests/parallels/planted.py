"""Translations with secret words, for the tests of leaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from forum.library.actions import PracticeText, publish, submit, write_practice
from forum.library.models import Case, Practice
from forum.parallels.actions import TranslationText, add_translation
from forum.parallels.models import FigureWords, Translation


def translated(
    translator: Any, original: Practice | Case, secret: Callable[[str], str], word: str
) -> Translation:
    """A French translation with the secret word in all parts of the original except "what did not work"."""
    said = secret(word)
    if isinstance(original, Case):
        parts, kind = {"body": said}, "case"
        figures = [
            FigureWords(figure.label, figure.unit, said, said) for figure in original.figures
        ]
    else:
        named = {part.name for part in original.sections} - {"failure"}
        parts, kind, figures = dict.fromkeys(named, said), "practice", []
    text = TranslationText("fr", said, said, parts, figures)
    return add_translation(translator, kind, original.id, text)


def rendition(
    people: Any, moderator: Any, agenda: Any, secret: Callable[[str], str], word: str
) -> Translation:
    """Ana's translation of a practice of somebody else, which everybody reads."""
    text = PracticeText("Sung", "Sung.", sections={"challenge": "Noise."}, slug="sung")
    practice = submit(moderator, write_practice(moderator, agenda.id, text).id)
    publish(people.moderator, practice.id)
    return translated(people.ana, practice, secret, word)


def failure_translated(
    translator: Any, practice: Practice, secret: Callable[[str], str], word: str
) -> Translation:
    """A Spanish translation of "what did not work", which the practice shows to members only."""
    return add_translation(
        translator,
        "practice",
        practice.id,
        TranslationText("es", "Mostrado", parts={"failure": secret(word)}),
    )
