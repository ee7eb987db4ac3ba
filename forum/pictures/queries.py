"""Who may see which picture, and one's own pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import func, select

from forum.clock import now
from forum.db import db
from forum.errors import NotFound, or_not_found
from forum.illustrations import Illustration, illustrations_in
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.pictures.models import SMALL, WHOLE, Picture, PictureFile
from forum.search.models import Document
from forum.search.queries import (
    documents_showing,
    is_picture_moderated,
    is_picture_shown,
    pictures_found,
)

PICTURES_PER_PAGE = 24


class OwnPicture(NamedTuple):
    """A picture in its author's list, with the search documents of the texts that show it."""

    picture: Picture
    shown_in: Sequence[Document]


def get_picture(reader: Person, name: str) -> Picture:
    """A picture by name, for those who may see it: its author, readers of a text with it, and moderators of such a text.

    Raises `NotFound` for anybody else.
    """
    picture = or_not_found(picture_named(name))
    if reader.can.see_picture(picture) or is_picture_shown(reader, name):
        return picture
    if reader.hosts and is_picture_moderated(reader, name):
        return picture
    raise NotFound()


def unseen_pictures(reader: Person, names: Collection[str]) -> set[str]:
    """Those of these names whose pictures the reader may not see, or that do not exist: where `get_picture` raises `NotFound`."""
    if not names:
        return set()
    known = pictures_named(names)
    seen = {picture.name for picture in known if reader.can.see_picture(picture)}
    others = {picture.name for picture in known} - seen
    seen |= pictures_found(reader, others)
    if reader.hosts:
        seen |= {name for name in others - seen if is_picture_moderated(reader, name)}
    return set(names) - seen


def first_picture(reader: Person, texts: Iterable[str]) -> Illustration | None:
    """The first picture in the HTML of some texts that the reader may see; a deleted one is still in its text."""
    shown = illustrations_in(texts)
    unseen = unseen_pictures(reader, {one.name for one in shown})
    return next((one for one in shown if one.name not in unseen), None)


def picture_named(name: str) -> Picture | None:
    """The picture with a name, without a check of rights."""
    return db.session.scalar(select(Picture).where(Picture.name == name))


def data_of(picture: Picture, *, is_small: bool = False) -> bytes:
    """The bytes of a picture, or of its small version. Raises `NotFound` for a version that it does not have."""
    query = select(PictureFile.data).where(
        PictureFile.picture_id == picture.id,
        PictureFile.version == (SMALL if is_small else WHOLE),
    )
    return or_not_found(db.session.scalar(query))


def my_pictures(author: Person, number: int) -> Page[OwnPicture]:
    """A page of the pictures that one has added, the latest first."""
    require(author.can.see_own())
    mine = select(Picture).where(Picture.member_id == author.id).order_by(Picture.id.desc())
    page = page_of(mine, number, PICTURES_PER_PAGE)
    shown = documents_showing(author, [picture.name for picture in page.items])
    return replace(page, items=[OwnPicture(one, shown.get(one.name, ())) for one in page.items])


def my_picture(author: Person, picture_id: int) -> Picture:
    """One's own picture by id; raises `NotFound` for any other."""
    require(author.can.see_own())
    query = select(Picture).where(Picture.id == picture_id, Picture.member_id == author.id)
    return or_not_found(db.session.scalar(query))


def texts_showing(author: Person, picture: Picture) -> Sequence[Document]:
    """The search documents, visible to the author, of the texts that show a picture."""
    return documents_showing(author, [picture.name]).get(picture.name, ())


def space_taken(member_id: int) -> int:
    """How many bytes the pictures of a member take."""
    return (
        db.session.scalar(
            select(func.coalesce(func.sum(Picture.size), 0)).where(Picture.member_id == member_id)
        )
        or 0
    )


def pictures_named(names: Collection[str]) -> Sequence[Picture]:
    """The existing pictures among these names."""
    if not names:
        return ()
    return db.session.scalars(select(Picture).where(Picture.name.in_(names))).all()


def pictures_to_show(names: Collection[str]) -> Sequence[Picture]:
    """The pictures with these names, locked, so that none is deleted as unused while a text with it is written."""
    if not names:
        return ()
    found = select(Picture).where(Picture.name.in_(names)).order_by(Picture.id)
    return db.session.scalars(found.with_for_update()).all()


def pictures_due(limit: int) -> Sequence[Picture]:
    """Pictures that are due to be checked for use, those waiting longest first."""
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
