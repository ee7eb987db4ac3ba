"""Checks of pictures and files: whether search documents list those in their texts, and whether their bytes are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any

from sqlalchemy import CompoundSelect, Executable, Select, and_, exists, func, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute

from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.illustrations import FOLDERS, has_small, is_file, names_in
from forum.library.models import CaseParagraph, Practice, PracticeSection
from forum.members.models import Member, Portrait
from forum.parallels.models import BODY, TranslatedPart, Translation
from forum.permissions import MEMBERS, PUBLIC
from forum.pictures.models import SMALL, WHOLE, FilePortion, Picture, PictureFile
from forum.search.models import (
    FAILURE,
    TRANSLATED_FAILURE,
    TRANSLATION,
    Document,
    ShownPicture,
)
from forum.upkeep.models import Check, Fault
from forum.upkeep.queries._shared import stream

TEXTS_AT_ONCE = 50  # that are in memory at once
IS_APART = and_(Practice.audience == PUBLIC, Practice.failure_audience == MEMBERS)
# The texts behind search documents that may show pictures: a column with the id of the thing, and the source
SECTIONS = select(PracticeSection.practice_id, PracticeSection.source).join(
    Practice, Practice.id == PracticeSection.practice_id
)
# Those that the original has, too
PARTS = select(TranslatedPart.translation_id, TranslatedPart.source).where(
    or_(
        TranslatedPart.name == BODY,
        exists()
        .where(
            Translation.id == TranslatedPart.translation_id,
            PracticeSection.practice_id == Translation.practice_id,
            PracticeSection.name == TranslatedPart.name,
        )
        .correlate(TranslatedPart),
    )
)
TEXTS: dict[str, Any] = {
    "topic": select(Post.topic_id, Post.source)
    .join(Topic, Topic.id == Post.topic_id)
    .where(
        Post.number == 1, Post.hidden_at.is_(None), Post.deleted_at.is_(None), Topic.home.is_(None)
    ),
    "post": select(Post.id, Post.source).where(Post.number > 1),
    "case": select(CaseParagraph.case_id, CaseParagraph.source),
    "practice": SECTIONS.where(~and_(PracticeSection.name == FAILURE, IS_APART)),
    FAILURE: SECTIONS.where(PracticeSection.name == FAILURE, IS_APART),
    TRANSLATION: PARTS.where(TranslatedPart.name != FAILURE),
    TRANSLATED_FAILURE: PARTS.where(TranslatedPart.name == FAILURE),
}


def picture_checks() -> list[Check]:
    return [
        Check("pictures without a file", _incomplete_pictures),
        Check("files without their bytes", _incomplete_files),
        Check("pictures of members", _odd_portraits),
        *(
            Check(f"search: pictures of {kind}", partial(_wrongly_shown, kind), "documents")
            for kind in TEXTS
        ),
    ]


def _incomplete_pictures() -> Iterator[Fault]:
    """Pictures that lack a version, and those whose size differs from the recorded one."""
    for number, name, size, whole, small in stream(_sizes_of_pictures()):
        if is_file(name):
            continue
        if not whole:
            yield Fault("picture", number, "has lost its file")
        elif not small and has_small(name):
            yield Fault("picture", number, "has lost its small version")
        elif whole + (small or 0) != size:
            yield Fault("picture", number, "bytes in its files", whole + (small or 0), size)


@cache
def _sizes_of_pictures() -> Executable:
    of_version = {
        version: func.sum(func.length(PictureFile.data)).filter(PictureFile.version == version)
        for version in (WHOLE, SMALL)
    }
    rows = select(Picture.id, Picture.name, Picture.size, *of_version.values())
    rows = rows.outerjoin(PictureFile, PictureFile.picture_id == Picture.id)
    return rows.group_by(Picture.id).order_by(Picture.id)


def _incomplete_files() -> Iterator[Fault]:
    """Files that lack portions, and those whose size differs from the recorded one."""
    for number, name, size, portions, last, length in stream(_sizes_of_files()):
        if is_file(name) and (length != size or portions != last + 1):
            yield Fault("picture", number, "bytes in its portions", length or 0, size)


@cache
def _sizes_of_files() -> Executable:
    found = (func.count(FilePortion.number), func.max(FilePortion.number))
    length = func.sum(func.length(FilePortion.data))
    rows = select(Picture.id, Picture.name, Picture.size, *found, length)
    rows = rows.outerjoin(FilePortion, FilePortion.picture_id == Picture.id)
    return rows.group_by(Picture.id).order_by(Picture.id)


def _odd_portraits() -> Iterator[Fault]:
    """Members whose profiles name another picture than the one that is kept of them, or one that has no bytes."""
    for number, named, kept, length in stream(_members_with_odd_portraits()):
        yield Fault("member", number, "picture", named or None, (length and kept) or None)


@cache
def _members_with_odd_portraits() -> Select[Any]:
    length = func.length(Portrait.data)
    rows = select(Member.id, Member.portrait, Portrait.name, length)
    rows = rows.outerjoin(Portrait, Portrait.member_id == Member.id)
    odd = or_(Member.portrait != func.coalesce(Portrait.name, ""), length == 0)
    return rows.where(odd).order_by(Member.id)


def _wrongly_shown(kind: str) -> Iterator[Fault]:
    """Things whose documents list other pictures and files than their texts show."""
    return wrongly_listed(kind, ShownPicture.picture, FOLDERS, names_in, "pictures in search")


def wrongly_listed(
    kind: str,
    listed: InstrumentedAttribute[str],
    folders: tuple[str, ...],
    read: Callable[[str], Iterable[str]],
    what: str,
) -> Iterator[Fault]:
    """Things of a kind whose documents list other names in a column than `read` finds in their texts.

    Only texts are read that contain one of the folders, or whose documents list something; `what` says what is wrong.
    """
    found = db.session.execute(
        _perhaps_naming(kind, listed, folders), execution_options={"yield_per": TEXTS_AT_ONCE}
    )
    thing = TEXTS[kind].selected_columns[0]
    known = select(Document.item_id, listed)
    known = known.outerjoin(listed.class_, listed.class_.document_id == Document.id)
    for ids in found.scalars().partitions():
        texts = db.session.execute(TEXTS[kind].where(thing.in_(ids)))
        should = _by_thing((item_id, name) for item_id, text in texts for name in read(text))
        rows = known.where(Document.kind == kind, Document.item_id.in_(ids))
        # A missing document is reported by another check
        for item_id, has in sorted(_by_thing(db.session.execute(rows)).items()):
            if has != should.get(item_id, set()):
                both = (has, should.get(item_id, ()))
                yield Fault(
                    kind, item_id, what, *(", ".join(sorted(some)) or None for some in both)
                )


@cache
def _perhaps_naming(
    kind: str, listed: InstrumentedAttribute[str], folders: tuple[str, ...]
) -> CompoundSelect[Any]:
    """The ids of things of a kind whose text may name something, and of those whose documents list something."""
    thing, source = TEXTS[kind].selected_columns
    may_name = or_(*(source.contains(folder) for folder in folders))
    naming = TEXTS[kind].with_only_columns(thing).where(may_name)
    shown = select(Document.item_id).join(listed.class_, listed.class_.document_id == Document.id)
    return union(naming, shown.where(Document.kind == kind))


def _by_thing(pairs: Iterable[Any]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for item_id, name in pairs:
        found.setdefault(item_id, set()).update([name] if name else [])
    return found
