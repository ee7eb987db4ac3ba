"""What a member may translate, and what helps with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select

from forum.db import db
from forum.glossary.queries import entries_in
from forum.members.queries import languages
from forum.parallels.models import Translation
from forum.parallels.queries._originals import Original, is_of
from forum.parallels.queries.reading import MAX_LISTED, get_translation
from forum.permissions import Person, require

MAX_EXPRESSIONS = 40  # entries of the glossary that a form shows


def original_to_translate(member: Person, original: Original) -> Original:
    """A visible practice or case, if the member may translate it; raises `Forbidden`."""
    require(member.can.add_translation(original))
    return original


def may_translate(reader: Person, original: Original) -> bool:
    """Whether the page of a practice or case offers its reader to translate it."""
    return bool(reader.can.add_translation(original))


def languages_left(original: Original) -> list[tuple[str, str]]:
    """Code and own name of the languages into which a page can still be translated; hidden translations count, too."""
    there = select(Translation.language).where(is_of(original), Translation.deleted_at.is_(None))
    taken = {original.language, *db.session.scalars(there.limit(MAX_LISTED))}
    return [(code, name) for code, name in languages() if code not in taken]


class Expression(NamedTuple):
    """An entry of the glossary that occurs in an original: its name there, its names in the other language, its slug."""

    name: str
    names: tuple[str, ...]
    slug: str


def expressions_in(texts: Mapping[str, str], language: str, into: str) -> list[Expression]:
    """The entries of the glossary that occur in some texts and have a name in the language of the translation."""
    found = []
    for entry in entries_in("\n".join(texts.values()), language, MAX_EXPRESSIONS):
        names = {wording.language: wording.names for wording in entry.wordings}
        if into in names:
            found.append(Expression(names[language][0], names[into], entry.slug))
    return found


def translation_to_correct(member: Person, original: Original, language: str) -> Translation:
    """A translation, if the member may correct it; raises `Forbidden` or `NotFound`."""
    found = get_translation(member, original, language)
    require(member.can.correct_translation(found))
    return found


def translation_to_put_back(member: Person, original: Original, language: str) -> Translation:
    """A translation, if the member may restore an earlier version; raises `Forbidden` or `NotFound`."""
    found = translation_to_correct(member, original, language)
    require(member.can.put_translation_back(found))
    return found


def translation_to_remove(member: Person, original: Original, language: str) -> Translation:
    """A translation, if the member may remove it; raises `Forbidden` or `NotFound`."""
    found = get_translation(member, original, language)
    require(member.can.remove_translation(found))
    return found
