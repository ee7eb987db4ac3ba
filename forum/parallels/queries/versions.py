"""Earlier versions of a translation, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from forum.errors import Forbidden
from forum.history.models import Version
from forum.history.queries import Edit, differences, versions_of
from forum.library.models import Practice
from forum.library.queries import FAILURE
from forum.parallels.models import FIGURES, Translation
from forum.parallels.queries._originals import Original
from forum.permissions import MEMBERS, PUBLIC, Person
from forum.reach import reads


def fields_of(translation: Translation) -> dict[str, str]:
    """The fields of a translation that its history keeps and compares, with their audiences."""
    audiences = {name: getattr(translation, name) for name in ("audience", "failure_audience")}
    return translation.said | audiences


def edits_of(reader: Person, translation: Translation) -> list[Edit]:
    """The edits of a translation, newest first; only between versions whose audiences include the reader."""
    after: Mapping[str, Any] = fields_of(translation)
    edits = []
    for version in versions_of("translation", translation.id):
        before = version.fields
        if all(reads(reader, said["audience"]) for said in (before, after)):
            texts = [_without_withheld(reader, translation, said) for said in (before, after)]
            if FAILURE not in texts[0] or FAILURE not in texts[1]:
                texts = [{k: v for k, v in said.items() if k != FAILURE} for said in texts]
            texts = [_with_plain_bars(said) for said in texts]
            edits.append(Edit(version, texts[0], differences(*texts)))
        after = before
    return edits


def _with_plain_bars(said: Mapping[str, Any]) -> dict[str, Any]:
    """A version with unescaped bars in the names of its figures."""
    figures = {FIGURES: str(said[FIGURES]).replace("\\|", "|")} if FIGURES in said else {}
    return {**said, **figures}


def _without_withheld(
    reader: Person, translation: Translation, said: Mapping[str, Any]
) -> dict[str, Any]:
    """A version without "what did not work", unless both it and the present original show that to the reader."""
    original = translation.original
    now_for = original.failure_audience if isinstance(original, Practice) else PUBLIC
    if all(reads(reader, audience) for audience in (said["failure_audience"], now_for)):
        return {FAILURE: "", **said}
    return {name: text for name, text in said.items() if name != FAILURE}


def is_failure_withheld(original: Original, version: Version) -> bool:
    """Whether "what did not work" of a version was for members, and the page is for everyone now.

    Raises `Forbidden` if the whole version was.
    """
    if getattr(original, "audience", PUBLIC) != PUBLIC:
        return False
    if version.fields.get("audience") == MEMBERS:
        raise Forbidden(_("This version was for members, and the page is for everyone now."))
    is_open = getattr(original, "failure_audience", PUBLIC) == PUBLIC
    return is_open and version.fields.get("failure_audience") == MEMBERS
