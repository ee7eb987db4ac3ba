"""The texts of an original, and the names of its figures."""

from __future__ import annotations

from collections.abc import Mapping

from forum.library.models import Case, Practice
from forum.library.queries import sections_for
from forum.parallels.models import BODY, FIGURES, FigureWords, Translation, in_lines
from forum.parallels.queries._originals import Original
from forum.permissions import Person


def texts_of(reader: Person, original: Original) -> dict[str, str]:
    """The translatable texts of a practice or case that the reader may see, by name, in order.

    Those that are empty are left out.
    """
    if isinstance(original, Practice):
        parts = {part.name: part.source for part in sections_for(reader, original)}
        said = {"title": original.title, "sentence": original.sentence, **parts}
    else:
        said = _fields_of(original)
    return {name: text for name, text in said.items() if text.strip()}


def all_texts(original: Original) -> dict[str, str]:
    """All translatable texts, whoever may read "what did not work": for hashes, never for pages."""
    if isinstance(original, Case):
        return not_empty(_fields_of(original))
    parts = {part.name: part.source for part in original.sections}
    return not_empty({"title": original.title, "sentence": original.sentence, **parts})


def _fields_of(case: Case) -> dict[str, str]:
    words = {"title": case.name, "sentence": case.summary, BODY: case.body}
    return words | {FIGURES: in_lines(figures_of(case))}


def not_empty(fields: Mapping[str, str]) -> dict[str, str]:
    """The texts that say something, by name."""
    return {name: text for name, text in fields.items() if text.strip()}


def figures_of(original: Original) -> list[tuple[str, str]]:
    """Label and unit of each figure of a case, in order and without repetition; empty for a practice."""
    figures = [] if isinstance(original, Practice) else original.figures
    return list(dict.fromkeys((figure.label, figure.unit) for figure in figures))


def named_figures(translation: Translation) -> dict[tuple[str, str], FigureWords]:
    """The translated names of a case's present figures, by label and unit in the original."""
    known = set(figures_of(translation.original))
    return {words[:2]: words for words in translation.figure_words if words[:2] in known}


def figures_to_name(translation: Translation | None, original: Original) -> list[FigureWords]:
    """Each figure of a case with its name in a translation, which may be empty."""
    known = named_figures(translation) if translation else {}
    return [known.get(key) or FigureWords(*key, "") for key in figures_of(original)]
