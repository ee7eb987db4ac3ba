"""Rows that actions and the worker change, locked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, or_, select

from forum.db import db
from forum.errors import or_not_found
from forum.library.models import PUBLISHED, Case, Practice
from forum.library.queries import cases_to_index, practices_to_index
from forum.parallels.models import Translation
from forum.parallels.queries._originals import (
    Original,
    is_of,
    original_to_change,
    set_original,
    with_all_parts,
)
from forum.parallels.queries.reading import is_written_by, visible_translations
from forum.permissions import Person
from forum.reach import is_on_open_agenda


def translation_to_change(doer: Person, translation_id: int) -> Translation:
    """One translation, locked after its original, so that the audience of that cannot change meanwhile; raises `NotFound`."""
    mine = visible_translations(doer).where(Translation.id == translation_id)
    ids = mine.with_only_columns(Translation.practice_id, Translation.case_id)
    practice_id, case_id = or_not_found(db.session.execute(ids).first())
    kind = "practice" if practice_id else "case"
    original = original_to_change(doer, kind, practice_id or case_id or 0)
    locked = (
        with_all_parts(mine)
        .with_for_update(of=Translation)
        .execution_options(populate_existing=True)
    )
    known: Translation | None = db.session.scalars(locked).first()
    found = or_not_found(known)
    set_original(found, original)
    return found


def translation_in(original: Original, language: str) -> Translation | None:
    """The translation of a locked original into a language, hidden or not; None if there is none."""
    here = is_of(original), Translation.language == language, Translation.deleted_at.is_(None)
    found: Translation | None = db.session.scalar(select(Translation).where(*here))
    return found


def translation_by_submission_key(
    translator: Person, key: str | None, *, with_texts: bool = False
) -> Translation | None:
    """The translation that the member's form with this submission key has made already, or None."""
    if not key:
        return None
    mine = Translation.translator_id == translator.id, Translation.submission_key == key
    query = select(Translation).where(*mine)
    found: Translation | None = db.session.scalar(with_all_parts(query) if with_texts else query)
    return found


def translations_by_id(translation_ids: Collection[int]) -> Sequence[Translation]:
    """Translations in any state with their originals and parts, locked after these, in the order of their ids: for the worker."""
    which = select(Translation.id, Translation.practice_id, Translation.case_id)
    rows = db.session.execute(which.where(Translation.id.in_(translation_ids))).all()
    practices = practices_to_index({row.practice_id for row in rows if row.practice_id})
    cases = cases_to_index({row.case_id for row in rows if row.case_id})
    of = {("practice", practice.id): practice for practice in practices} | {
        ("case", case.id): case for case in cases
    }
    ids = [row.id for row in rows]
    locked = with_all_parts(select(Translation).where(Translation.id.in_(ids))).order_by(
        Translation.id
    )
    found = db.session.scalars(
        locked.with_for_update(of=Translation).execution_options(populate_existing=True)
    ).all()
    for translation in found:
        set_original(
            translation, of[translation.kind, translation.practice_id or translation.case_id or 0]
        )
    return found


def ids_of_changed(limit: int) -> list[int]:
    """The ids of translations whose original has changed since the worker looked at them, or is deleted.

    Hidden, withdrawn and unopened originals are left out until they are visible again, so that nobody is told their text.
    """
    is_told = and_(_has_changed(Practice), Practice.state == PUBLISHED)
    practices = (
        select(Translation.id)
        .join(Practice, Practice.id == Translation.practice_id)
        .where(or_(is_told, Practice.deleted_at.is_not(None)))
    )
    cases = (
        select(Translation.id).join(Case, Case.id == Translation.case_id).where(_has_changed(Case))
    )
    ids = [
        *db.session.scalars(practices.where(Translation.deleted_at.is_(None)).limit(limit)),
        *db.session.scalars(cases.where(Translation.deleted_at.is_(None)).limit(limit)),
    ]
    return sorted(ids)[:limit]


def _has_changed(model: type[Practice] | type[Case]) -> ColumnElement[bool]:
    is_open = is_on_open_agenda(model.agenda_id)
    return and_(model.updated_at > Translation.looked_at, model.hidden_at.is_(None), is_open)


def ids_written_by(member_id: int) -> list[int]:
    """The ids of the translations that a member has begun or last corrected."""
    return sorted(db.session.scalars(select(Translation.id).where(is_written_by(member_id))))


def ids_of_practice(practice_id: int) -> list[int]:
    """The ids of the translations of a practice, also hidden ones."""
    there = Translation.practice_id == practice_id, Translation.deleted_at.is_(None)
    return sorted(db.session.scalars(select(Translation.id).where(*there)))


def languages_gone(kind: str, item_id: int) -> list[str]:
    """The languages into which a practice or case has been translated, but no translation is shown now, in their order."""
    its = Translation.practice_id if kind == "practice" else Translation.case_id
    is_shown = Translation.hidden_at.is_(None) & Translation.deleted_at.is_(None)
    query = select(Translation.language, is_shown).where(its == item_id).distinct()
    known = db.session.execute(query).all()
    return sorted({row[0] for row in known} - {row[0] for row in known if row[1]})
