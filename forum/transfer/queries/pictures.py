"""For an export: pictures and files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import and_, select

from forum.db import db
from forum.pictures.models import WHOLE, Picture, PictureFile
from forum.pictures.queries import portions_of
from forum.transfer.models import Author
from forum.transfer.queries._shared import AUTHOR_COLUMNS


class PictureToWrite(NamedTuple):
    """A picture or file, who added it, and its bytes in parts; `title` is what a file is saved as."""

    name: str
    title: str | None
    author: Author
    parts: Iterable[bytes]


def pictures_to_write(names: Collection[str]) -> Iterator[PictureToWrite]:
    """The pictures and files with some names, as far as there are such, one at a time."""
    is_whole = and_(PictureFile.picture_id == Picture.id, PictureFile.version == WHOLE)
    columns = (Picture.id, Picture.size, Picture.title, PictureFile.data)
    query = select(*columns, *AUTHOR_COLUMNS).select_from(Picture)
    query = query.outerjoin(PictureFile, is_whole).join(Picture.member)
    for name in sorted(names):
        if row := db.session.execute(query.where(Picture.name == name)).first():
            number, size, title, data = row[:4]
            parts = [data] if data else portions_of(number, 0, size)
            yield PictureToWrite(name, title, Author._make(row[4:]), parts)
