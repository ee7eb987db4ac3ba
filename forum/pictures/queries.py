"""Who may see which picture or file, and the pictures and files of a member."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from math import ceil
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, or_, select

from forum.clock import now
from forum.db import db
from forum.errors import NotFound, or_not_found
from forum.illustrations import FOLDERS, Illustration, is_file
from forum.pages import Page, page_of
from forum.pastedlinks import pasted_links, with_used
from forum.permissions import Person, require
from forum.pictures.models import SMALL, WHOLE, FilePortion, Picture, PictureFile
from forum.search.models import Document
from forum.search.queries import (
    documents_showing,
    is_picture_moderated,
    is_picture_shown,
    pictures_found,
)
from forum.sentfiles import PORTION
from forum.web import settings

PICTURES_PER_PAGE = 24
MAX_LOOKED_UP = 2_000  # names of one page: a hundred texts, each with as many as it may show


class OwnPicture(NamedTuple):
    """A picture or file in its author's list, with the documents of the texts that show it."""

    picture: Picture
    shown_in: Sequence[Document]


def get_picture(reader: Person, name: str) -> Picture:
    """A picture or file by name, for its author, the readers of a text that shows it, and the moderators of such a text.

    Raises `NotFound` for all others.
    """
    picture = or_not_found(picture_named(name))
    if reader.can.see_picture(picture) or is_picture_shown(reader, name):
        return picture
    if reader.hosts and is_picture_moderated(reader, name):
        return picture
    raise NotFound()


def get_file(reader: Person, name: str) -> Picture:
    """A file by name, for the same readers as in `get_picture`; raises `NotFound`, with a sentence, for all others."""
    try:
        if is_file(name):
            return get_picture(reader, name)
    except NotFound:
        pass
    raise NotFound(
        _("This file is not there any more, or you may not read the text that links to it.")
    )


def unseen_pictures(reader: Person, names: Collection[str]) -> set[str]:
    """Those of some names for which `get_picture` finds nothing: no picture or file, or none that the reader may see."""
    if not names:
        return set()
    known = pictures_named(names)
    seen = {picture.name for picture in known if reader.can.see_picture(picture)}
    others = {picture.name for picture in known} - seen
    seen |= pictures_found(reader, others)
    if reader.hosts:
        seen |= {name for name in others - seen if is_picture_moderated(reader, name)}
    return set(names) - seen


def removed_pictures(names: Iterable[str]) -> set[str]:
    """Those of the first `MAX_LOOKED_UP` names that no picture or file has, regardless of who may see it."""
    asked = [*islice(dict.fromkeys(names), MAX_LOOKED_UP)]
    if not asked:
        return set()
    return {*asked}.difference(
        db.session.scalars(select(Picture.name).where(Picture.name.in_(asked)))
    )


def first_picture(
    reader: Person, shown: Iterable[Illustration], removed: Collection[str]
) -> Illustration | None:
    """The first of some pictures, apart from those `removed` (names), that texts show to the reader."""
    there = [picture for picture in shown if picture.name not in removed]
    found = pictures_found(reader, {picture.name for picture in there})
    return next((picture for picture in there if picture.name in found), None)


def with_own_links(author: Person, source: str) -> str:
    """The author's text in which pasted addresses of their pictures and files are links that use these.

    Links to those of others stay ordinary ones, which let nobody see anything.
    """
    links = pasted_links(source, settings().url)
    named = pictures_named({link.name for link in links})
    words = {picture.name: picture.words for picture in named if author.can.show_picture(picture)}
    return with_used(source, links, words) if words else source


def picture_named(name: str) -> Picture | None:
    """The picture or file with a name, regardless of who may see it."""
    return db.session.scalar(select(Picture).where(Picture.name == name))


def data_of(picture: Picture, *, is_small: bool = False) -> bytes:
    """The bytes of a picture, or of its small version. Raises `NotFound` for a version that it does not have."""
    query = select(PictureFile.data).where(
        PictureFile.picture_id == picture.id,
        PictureFile.version == (SMALL if is_small else WHOLE),
    )
    return or_not_found(db.session.scalar(query))


def portions_of(picture_id: int, start: int, stop: int) -> Iterator[bytes]:
    """The bytes of a file between two offsets, in portions, each read on demand; ends early if the file is deleted meanwhile."""
    for number in range(start // PORTION, ceil(stop / PORTION)):
        known = {"picture_id": picture_id, "number": number}
        data = db.session.scalar(select(FilePortion.data).filter_by(**known))
        if data is None:
            return
        before = number * PORTION
        yield data[max(0, start - before) : stop - before]


def my_pictures(author: Person, number: int) -> Page[OwnPicture]:
    """A page of the reader's own pictures and files, the latest first."""
    require(author.can.see_own())
    mine = select(Picture).where(Picture.member_id == author.id).order_by(Picture.id.desc())
    page = page_of(mine, number, PICTURES_PER_PAGE)
    shown = documents_showing(author, [picture.name for picture in page.items])
    return replace(
        page, items=[OwnPicture(picture, shown.get(picture.name, ())) for picture in page.items]
    )


def my_picture(author: Person, picture_id: int) -> Picture:
    """The reader's own picture or file by id; raises `NotFound` for any other."""
    require(author.can.see_own())
    query = select(Picture).where(Picture.id == picture_id, Picture.member_id == author.id)
    return or_not_found(db.session.scalar(query))


def texts_showing(author: Person, picture: Picture) -> Sequence[Document]:
    """The documents, of those that its author finds, of the texts that show a picture or file."""
    return documents_showing(author, [picture.name]).get(picture.name, ())


def space_taken(member_id: int) -> int:
    """The number of bytes of a member's pictures and files."""
    return (
        db.session.scalar(
            select(func.coalesce(func.sum(Picture.size), 0)).where(Picture.member_id == member_id)
        )
        or 0
    )


def may_show(source: Any) -> ColumnElement[bool]:
    """Whether a text in a column may show pictures or files: the same as `illustrations.may_show`."""
    return or_(*(source.contains(folder) for folder in FOLDERS))


def pictures_named(names: Collection[str]) -> Sequence[Picture]:
    """The existing pictures and files among some names."""
    if not names:
        return ()
    return db.session.scalars(select(Picture).where(Picture.name.in_(names))).all()


def lock_pictures(ids: Collection[int]) -> None:
    """Lock pictures and files, in the order in which all deeds lock them."""
    these = select(Picture.id).where(Picture.id.in_(ids)).order_by(Picture.id)
    db.session.execute(these.with_for_update())


def pictures_to_show(names: Collection[str]) -> Sequence[Picture]:
    """The pictures and files with some names, locked, so that none is deleted as unused while a text that shows it is saved."""
    if not names:
        return ()
    found = select(Picture).where(Picture.name.in_(names)).order_by(Picture.id)
    return db.session.scalars(found.with_for_update()).all()


def pictures_due(limit: int) -> Sequence[Picture]:
    """Pictures and files that are due for the check whether a text shows them, the longest overdue first."""
    due = select(Picture).where(Picture.due_at <= now()).order_by(Picture.due_at, Picture.id)
    return db.session.scalars(due.limit(limit)).all()


def pictures_to_look_after(ids: Collection[int]) -> Sequence[Picture]:
    """The pictures with these ids, locked; those locked by others are skipped."""
    found = select(Picture).where(Picture.id.in_(ids)).order_by(Picture.id)
    return db.session.scalars(found.with_for_update(skip_locked=True)).all()


def pictures_of(member_id: int, after: int, limit: int) -> Sequence[Picture]:
    """At most `limit` pictures of a member with ids after `after`."""
    found = select(Picture).where(Picture.member_id == member_id, Picture.id > after)
    return db.session.scalars(found.order_by(Picture.id).limit(limit)).all()
