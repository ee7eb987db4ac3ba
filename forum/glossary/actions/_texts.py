"""The texts of an entry as they are typed, tidied and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _

from forum.errors import Invalid
from forum.glossary.models import Wording
from forum.members.queries import language_names
from forum.plaintext import fold, words_in

MAX_LANGUAGES, MAX_OTHERS, MAX_THEMES = 12, 8, 3
MAX_NAME, MAX_MEANING, MAX_SOURCE = 100, 600, 500  # characters


@dataclass(frozen=True)
class WordingText:
    """The names of an entry in one language, and its meaning in that language."""

    language: str
    name: str
    others: tuple[str, ...] = ()
    meaning: str = ""


@dataclass(frozen=True)
class EntryText:
    """An entry as a moderator types it; `theme_ids` None leaves its themes unchanged.

    `slug` is the address of a new entry; without it, one is made from its name.
    """

    wordings: Sequence[WordingText]
    source: str = ""
    theme_ids: Sequence[int] | None = None
    slug: str = ""


def text_of(wording: Wording) -> WordingText:
    """A wording as a moderator would type it."""
    return WordingText(wording.language, wording.name, tuple(wording.other_names), wording.meaning)


def fields_of(text: WordingText) -> dict[str, Any]:
    """The columns of a wording."""
    return {
        "language": text.language,
        "name": text.name,
        "other_names": [*text.others],
        "meaning": text.meaning,
    }


def without_repetition(names: Sequence[str]) -> list[str]:
    """Names, each once, compared as search does; the first spelling counts."""
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(fold(name), name)
    return list(kept.values())


def with_name(names: Sequence[str], new: str) -> list[str]:
    """Names with a new one; if it is only another spelling of one of them, it replaces that."""
    known = fold(new)
    if any(fold(name) == known for name in names):
        return [new if fold(name) == known else name for name in names]
    return [*names, new]


def tidied(wordings: Sequence[WordingText]) -> list[WordingText]:
    """Wordings without white space around their names, and without repeated names."""
    texts = []
    for wording in wordings:
        names = [name.strip() for name in (wording.name, *wording.others)]
        first, *others = without_repetition([names[0], *filter(None, names[1:])])
        meaning = wording.meaning.strip()
        texts.append(replace(wording, name=first, others=tuple(others), meaning=meaning))
    return texts


def check_entry(text: EntryText, field: str = "wordings") -> None:
    """Refuse an entry without a meaning, and texts that are too many, too long, or repeated."""
    languages = [wording.language for wording in text.wordings]
    if not any(wording.name and wording.meaning for wording in text.wordings):
        raise Invalid(_("Give a name and a meaning in at least one language."), field)
    if len(languages) > MAX_LANGUAGES:
        raise Invalid(_("Give at most %(most)s languages.", most=MAX_LANGUAGES), field)
    if len({*languages}) < len(languages):
        raise Invalid(_("Each language can be there once."), field)
    for wording in text.wordings:
        check_wording(wording, field)
    if len(text.source) > MAX_SOURCE:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_SOURCE), "source")
    if len(set(text.theme_ids or ())) > MAX_THEMES:
        raise Invalid(_("Choose at most %(most)s themes.", most=MAX_THEMES), "themes")


def check_wording(wording: WordingText, field: str) -> None:
    """Refuse an unknown language, a name without a letter or digit, and texts that are too long or too many."""
    language = language_names().get(wording.language)
    if language is None:
        raise Invalid(_("Choose a language."), field)
    if not all(words_in(name) for name in (wording.name, *wording.others)):
        raise Invalid(
            _("Each name in %(language)s needs a letter or a digit.", language=language), field
        )
    if any(len(name) > MAX_NAME for name in (wording.name, *wording.others)):
        raise Invalid(
            _(
                "Shorten each name in %(language)s to %(most)s characters.",
                language=language,
                most=MAX_NAME,
            ),
            field,
        )
    if len(wording.others) > MAX_OTHERS:
        raise Invalid(
            _(
                "Give at most %(most)s other names in %(language)s.",
                language=language,
                most=MAX_OTHERS,
            ),
            field,
        )
    if len(wording.meaning) > MAX_MEANING:
        raise Invalid(
            _(
                "Shorten the meaning in %(language)s to %(most)s characters.",
                language=language,
                most=MAX_MEANING,
            ),
            field,
        )
