"""Translations that a reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from forum.db import db
from forum.errors import NotFound, or_not_found
from forum.library.models import PUBLISHED, Case, Practice
from forum.library.queries import FAILURE, sections_for, visible_cases, visible_practices
from forum.members.queries import language_names
from forum.parallels.models import BODY, TranslatedPart, Translation
from forum.parallels.queries._originals import (
    Original,
    column_of,
    is_of,
    kind_of,
    original_of,
    set_original,
    with_all_parts,
)
from forum.parallels.queries.texts import texts_of
from forum.permissions import Person
from forum.plaintext import fold
from forum.reach import moderated_by, read_by, reads
from forum.reachcache import cached_statement
from forum.rules.models import said_of_ground

MAX_LISTED = 200  # translations of one page; there is at most one for each language


def visible_translations(reader: Person, own_id: Any = None) -> Select[Any]:
    """The translations that a reader may see: their originals are visible to the reader now, and were when they were translated.

    Hidden ones only for moderators of the agenda and the writers. `own_id` as in `visible_practices`.
    """
    if own_id is None:
        own_id = reader.id or None
    practices = visible_practices(reader, own_id).with_only_columns(Practice.id)
    cases = visible_cases(reader).with_only_columns(Case.id)
    is_mine = [is_written_by(own_id)] if reader.is_member and own_id is not None else []
    is_shown = Translation.hidden_at.is_(None)
    return select(Translation).where(
        Translation.deleted_at.is_(None),
        read_by(reader, Translation.audience),
        or_(Translation.practice_id.in_(practices), Translation.case_id.in_(cases)),
        or_(is_shown, _is_moderated_by(reader), *is_mine),
    )


def is_written_by(member_id: Any) -> ColumnElement[bool]:
    """SQL condition: a member has begun a translation, or wrote its present words."""
    return or_(Translation.translator_id == member_id, Translation.writer_id == member_id)


def shown_translations(reader: Person, own_id: Any = None) -> Select[Any]:
    """Visible translations without hidden ones, for lists. `own_id` as in `visible_practices`."""
    return visible_translations(reader, own_id).where(Translation.hidden_at.is_(None))


def _is_moderated_by(reader: Person) -> ColumnElement[bool]:
    practices = select(Practice.id).where(moderated_by(reader, Practice.agenda_id))
    cases = select(Case.id).where(moderated_by(reader, Case.agenda_id))
    return or_(Translation.practice_id.in_(practices), Translation.case_id.in_(cases))


def languages_of(reader: Person, original: Original) -> list[str]:
    """The languages (codes) into which a page is translated for this reader: the reader's own first, then by name."""
    values = {"original_id": original.id, "reader_id": reader.id or 0}
    codes = db.session.scalars(_languages_of(reader, kind_of(original)), values)
    names = language_names()
    return sorted(codes, key=lambda code: (code != reader.language, fold(names[code])))


@cached_statement
def _languages_of(reader: Person, kind: str) -> Select[Any]:
    found = shown_translations(reader, bindparam("reader_id"))
    here = column_of(kind) == bindparam("original_id")
    return found.where(here).with_only_columns(Translation.language).limit(MAX_LISTED)


def get_translation(reader: Person, original: Original, language: str) -> Translation:
    """The translation of a visible practice or case into a language; raises `NotFound`."""
    here = is_of(original), Translation.language == language
    query = with_all_parts(visible_translations(reader).where(*here))
    found: Translation | None = db.session.scalar(query)
    if found is None:
        raise _why_not_shown(reader, original, language)
    set_original(found, original)
    return found


def translation_by_id(reader: Person, translation_id: int) -> Translation:
    """The translation with this id and its original, or `NotFound`."""
    query = visible_translations(reader).where(Translation.id == translation_id)
    known: Translation | None = db.session.scalar(with_all_parts(query))
    found = or_not_found(known)
    set_original(found, original_of(reader, found))
    return found


def translation_if_there(reader: Person, translation_id: int) -> Translation | None:
    """The translation with this id and its original; None where the reader finds none."""
    try:
        return translation_by_id(reader, translation_id)
    except NotFound:
        return None


def with_parts(translation: Translation) -> Translation:
    """A translation with its parts, read afresh, for a writer whose translation is hidden."""
    mine = select(TranslatedPart).where(TranslatedPart.translation_id == translation.id)
    parts = db.session.scalars(mine.order_by(TranslatedPart.position)).all()
    set_committed_value(translation, "parts", list(parts))
    return translation


def _why_not_shown(reader: Person, original: Original, language: str) -> NotFound:
    """The `NotFound` of a translation; it gives the reason for hiding if the reader could see it otherwise."""
    hidden = Translation.deleted_at.is_(None), Translation.hidden_at.is_not(None)
    query = select(Translation.id, Translation.hidden_reason).where(
        is_of(original),
        Translation.language == language,
        read_by(reader, Translation.audience),
        *hidden,
    )
    row = db.session.execute(query).first()
    if row is None:
        return NotFound()
    known = _("The moderators have hidden this translation.")
    return NotFound.hidden(known, said_of_ground(row.hidden_reason), ("translation", row.id))


@dataclass(frozen=True)
class ShownPart:
    """A part of a translated page: translated, or else that of the original, with its language."""

    name: str
    html: Markup
    language: str
    is_translated: bool = True


def shown_parts(reader: Person, translation: Translation) -> list[ShownPart]:
    """The parts of the present original that the reader may see, translated where there is a translation."""
    translated = {
        part.name: part for part in translation.parts if _reads_part(reader, translation, part.name)
    }
    language, original = translation.language, translation.original
    shown = []
    for name, html in _parts_of(reader, original):
        part = translated.get(name)
        shown.append(
            ShownPart(name, part.html, language)
            if part
            else ShownPart(name, html, original.language, is_translated=False)
        )
    return shown


def said_to(reader: Person, translation: Translation) -> dict[str, str]:
    """The texts of a translation by name, limited to parts that the original has and the reader may see."""
    known = texts_of(reader, translation.original)
    return {
        name: text
        for name, text in translation.said.items()
        if text and name in known and _reads_part(reader, translation, name)
    }


def _reads_part(reader: Person, translation: Translation, name: str) -> bool:
    return name != FAILURE or reads(reader, translation.failure_audience)


def _parts_of(reader: Person, original: Original) -> list[tuple[str, Markup]]:
    if isinstance(original, Practice):
        return [(part.name, part.html) for part in sections_for(reader, original)]
    return [(BODY, Markup("\n").join(paragraph.html for paragraph in original.paragraphs))]


def original_at(reader: Person, path: str) -> Original | None:
    """The published practice or case at a path such as /practices/quiet-asphalt, if the reader may see it; else None.

    A case has its figures loaded.
    """
    kind, _slash, slug = path.strip("/").partition("/")
    if kind == "practices":
        query = visible_practices(reader).where(Practice.slug == slug, Practice.state == PUBLISHED)
    else:
        query = visible_cases(reader).where(Case.slug == slug).options(selectinload(Case.figures))
    found: Original | None = db.session.scalars(query).first()
    return found


def with_originals(reader: Person, translations: Sequence[Translation]) -> list[Translation]:
    """The translations among these whose originals are published and visible to the reader, with these originals loaded."""
    ids = (
        {translation.practice_id for translation in translations},
        {translation.case_id for translation in translations},
    )
    practices = visible_practices(reader).where(Practice.id.in_(ids[0] - {None}))
    practices = practices.options(joinedload(Practice.agenda), selectinload(Practice.sections))
    cases = visible_cases(reader).where(Case.id.in_(ids[1] - {None}))
    texts = selectinload(Case.paragraphs), selectinload(Case.figures)
    cases = cases.options(joinedload(Case.agenda), *texts)
    known: dict[tuple[str, int], Original] = {
        (kind_of(original), original.id): original
        for query in (practices, cases)
        for original in db.session.scalars(query)
        if original.is_told
    }
    found = []
    for translation in translations:
        key = translation.kind, translation.practice_id or translation.case_id or 0
        if key in known:
            set_original(translation, known[key])
            found.append(translation)
    return found
