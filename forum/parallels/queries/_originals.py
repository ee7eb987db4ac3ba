"""The practice or the case that a translation belongs to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from forum.library.models import Case, Practice
from forum.library.queries import case_by_id, case_to_change, practice_by_id, practice_to_change
from forum.members.models import Member
from forum.parallels.models import Translation
from forum.permissions import Person

Original = Practice | Case


def is_of(original: Original) -> ColumnElement[bool]:
    """SQL condition: a translation is one of a practice or case."""
    is_its: ColumnElement[bool] = column_of(kind_of(original)) == original.id
    return is_its


def column_of(kind: str) -> Any:
    """The column of translations that refers to originals of a kind."""
    return Translation.practice_id if kind == "practice" else Translation.case_id


def original_by_id(reader: Person, kind: str, item_id: int) -> Original:
    """The practice or case with this id, if the reader sees it; raises `NotFound`."""
    return practice_by_id(reader, item_id) if kind == "practice" else case_by_id(reader, item_id)


def original_of(reader: Person, translation: Translation) -> Original:
    if translation.practice_id:
        return practice_by_id(reader, translation.practice_id)
    return case_by_id(reader, translation.case_id or 0)


def set_original(translation: Translation, original: Original) -> None:
    set_committed_value(translation, kind_of(original), original)


def kind_of(original: Original) -> str:
    """Whether an original is a practice or a case."""
    return "practice" if isinstance(original, Practice) else "case"


def with_all_parts(found: Select[Any]) -> Select[Any]:
    who = joinedload(Translation.translator)
    people = who.joinedload(Member.city), who.joinedload(Member.organisation)
    return found.options(*people, selectinload(Translation.parts))


def original_to_change(doer: Person, kind: str, item_id: int) -> Original:
    """The practice or case with this id, locked; raises `NotFound`."""
    return (
        practice_to_change(doer, item_id) if kind == "practice" else case_to_change(doer, item_id)
    )
