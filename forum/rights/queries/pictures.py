"""The pictures and files of members: their bytes, and whether a text shows or names them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, Text, and_, cast, select

from forum.db import db
from forum.dialogue.models import Draft, Held, Post, Revision, Topic
from forum.history.models import Version
from forum.illustrations import NAME, is_file
from forum.library.models import DRAFT, RETURNED, SUBMITTED, Case, Practice, PracticeSection
from forum.members.models import EarlierHandle, Member, Portrait
from forum.pictures.models import WHOLE, Picture, PictureFile
from forum.pictures.queries import may_show, portions_of
from forum.rights.queries._rows import FILES_FOLDER, FOLDER, PORTRAIT_FILE
from forum.search.queries import pictures_shown

TEXTS_AT_ONCE = 20  # that are in memory at once


def picture_files(member: Member) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield path and bytes of a member's portrait, and of each picture and file, without holding rows or a transaction in between."""
    portrait = select(Portrait.data).where(Portrait.member_id == member.id)
    if data := db.session.scalar(portrait):
        db.session.remove()
        yield PORTRAIT_FILE, [data]
    of_picture = and_(PictureFile.picture_id == Picture.id, PictureFile.version == WHOLE)
    files = (
        select(Picture.id, Picture.name, Picture.size, PictureFile.data)
        .outerjoin(PictureFile, of_picture)
        .where(Picture.member_id == member.id)
        .order_by(Picture.id)
        .limit(1)
    )
    found = db.session.execute(files).first()
    while found:
        db.session.remove()
        if is_file(found.name):
            yield f"{FILES_FOLDER}{found.name}", portions_of(found.id, 0, found.size)
        elif found.data:
            yield f"{FOLDER}{found.name}.webp", [found.data]
        found = db.session.execute(files.where(Picture.id > found.id)).first()


def unused_pictures(pictures: Sequence[Picture]) -> set[int]:
    """The ids of those pictures that no text shows and no text, draft or earlier version of their member refers to."""
    shown = pictures_shown([picture.name for picture in pictures])
    rest: dict[int, dict[str, int]] = defaultdict(dict)
    for picture in pictures:
        if picture.name not in shown:
            rest[picture.member_id][picture.name] = picture.id
    for member_id, ids in rest.items():
        for name in _named(member_id, ids.keys()):
            del ids[name]
    return {number for ids in rest.values() for number in ids.values()}


def _named(member_id: int, names: Collection[str]) -> set[str]:
    """Which of these names occur in a member's texts."""
    found: set[str] = set()
    for texts in texts_with_pictures(member_id):
        streamed = texts.execution_options(yield_per=TEXTS_AT_ONCE)
        for text in db.session.scalars(streamed):
            found.update(set(re.findall(NAME, text)).intersection(names))
    return found


def texts_with_pictures(member_id: int) -> list[Select[Any]]:
    """Selects of a member's texts that contain the address of a picture or file and have no search document.

    They are drafts, held, hidden or former versions; texts that moderators have added to pages of the library are
    included. Pictures in search documents are in `ShownPicture`.
    """
    practices = _edited("practice", member_id).union(
        select(Practice.id).where(Practice.author_id == member_id),
        # Pages without earlier versions, which would say who has edited them
        select(Practice.id).where(Practice.state.in_((DRAFT, SUBMITTED, RETURNED))),
    )
    opened = select(Case.id).join(Topic, Topic.id == Case.topic_id)
    cases = _edited("case", member_id).union(opened.where(Topic.author_id == member_id))
    draft, version = cast(Draft.fields, Text), cast(Version.fields, Text)
    texts: list[tuple[Any, Select[Any]]] = [
        (draft, select(draft).where(Draft.author_id == member_id)),
        (Held.source, select(Held.source).where(Held.author_id == member_id)),
        (
            Post.source,
            select(Post.source).where(Post.author_id == member_id, Post.hidden_at.is_not(None)),
        ),
        (
            Revision.source,
            select(Revision.source)
            .join(Post, Post.id == Revision.post_id)
            .where(Post.author_id == member_id),
        ),
        (
            PracticeSection.source,
            select(PracticeSection.source).where(PracticeSection.practice_id.in_(practices)),
        ),
        (Case.body, select(Case.body).where(Case.id.in_(cases))),
        *(
            (version, select(version).where(Version.kind == kind, Version.item_id.in_(ids)))
            for kind, ids in (("practice", practices), ("case", cases))
        ),
    ]
    return [found.where(may_show(text)) for text, found in texts]


def _edited(kind: str, member_id: int) -> Select[Any]:
    """The ids of the pages of a kind that a member has edited, whoever created them."""
    handle = select(Member.handle).where(Member.id == member_id)
    before = select(EarlierHandle.handle).where(EarlierHandle.member_id == member_id)
    is_theirs = Version.editor_handle.in_(handle.union(before))
    return select(Version.item_id).where(Version.kind == kind, is_theirs)
