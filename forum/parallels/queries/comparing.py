"""Whether an original has changed since it was translated, when, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from forum.history.queries import versions_of
from forum.library.queries import FIGURE_PARTS, SECTIONS
from forum.parallels.models import BODY, FIGURES, Translation, digest, in_lines
from forum.parallels.queries._originals import Original, kind_of
from forum.parallels.queries.texts import all_texts, not_empty, texts_of
from forum.permissions import PUBLIC, Person
from forum.plaintext import BAR, split_parts

_TOLD = ("audience", "failure_audience", "language")
_SIGNED = (*_TOLD, "title", "sentence", *SECTIONS, BODY, FIGURES)
_SIGN = 6  # characters of a hash


def digests(texts: Mapping[str, str]) -> dict[str, str]:
    """A hash of each text, by name."""
    return {name: digest(text) for name, text in texts.items()}


def signs_of(original: Original) -> str:
    """Short hashes of an original's texts and audiences, separated by spaces, for a hidden field."""
    told = {name: str(getattr(original, name, PUBLIC)) for name in _TOLD} | all_texts(original)
    return " ".join(digest(told.get(name, ""))[:_SIGN] for name in _SIGNED)


def names_since(signs: str, original: Original) -> set[str]:
    """The names of what has changed in an original since `signs_of` made `signs`; none if that is empty."""
    if not signs:
        return set()
    pairs = zip_longest(_SIGNED, signs.split()[: len(_SIGNED)], signs_of(original).split())
    return {name for name, before, present in pairs if before != present}


def changed_texts(reader: Person, translation: Translation) -> set[str]:
    """The names of the original's texts that have changed since the translation, as far as the reader may see them."""
    return _differing(texts_of(reader, translation.original), translation)


def _differing(texts: Mapping[str, str], translation: Translation) -> set[str]:
    now_there, before = digests(texts), translation.made_from
    return {name for name, sign in now_there.items() if before.get(name) != sign}


def is_outdated(translation: Translation) -> bool:
    """Whether any text of the original was changed, added or removed since, whoever may read it."""
    return digests(all_texts(translation.original)) != translation.made_from


@dataclass(frozen=True)
class Change:
    """When the original was changed after the translation, and the version replaced then, if there is one."""

    at: datetime
    version_id: int | None = None


def first_change(translation: Translation) -> Change:
    """The first change of the texts of an outdated translation's original."""
    original = translation.original
    kept = versions_of(kind_of(original), original.id)
    since = [version for version in reversed(kept) if version.replaced_at > translation.checked_at]
    present = all_texts(original)
    for number, version in enumerate(since):
        after = _texts_in(since[number + 1].fields, present) if since[number + 1 :] else present
        if digests(after) != translation.made_from:
            return Change(version.replaced_at, version.id)
    return Change(max(original.updated_at, translation.checked_at))


def _texts_in(fields: Mapping[str, Any], present: Mapping[str, str]) -> dict[str, str]:
    """The texts in a version of an original; the history of cases has other names for them."""
    named = {"title": fields.get("title") or fields.get("name") or ""}
    named["sentence"] = fields.get("sentence") or fields.get("summary") or ""
    named[FIGURES] = _figures_in(str(fields.get(FIGURES) or ""))
    others = {*present, BODY, *SECTIONS} - named.keys()
    return not_empty(named | {name: str(fields.get(name) or "") for name in others})


def _figures_in(lines: str) -> str:
    """The labels and units in the figures of a version of a case, as `figures_of` has them."""
    rows = [split_parts(BAR, line, most=len(FIGURE_PARTS)) for line in lines.split("\n") if line]
    places = [FIGURE_PARTS.index(name) for name in ("label", "unit")]
    pairs = [tuple(row[place] if place < len(row) else "" for place in places) for row in rows]
    return in_lines(dict.fromkeys(pairs))
