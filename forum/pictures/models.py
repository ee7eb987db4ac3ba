"""Pictures that members have added, and their bytes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.illustrations import address_of, has_small, line_of, size_of
from forum.members.models import Member

WHOLE, SMALL = VERSIONS = ("whole", "small")
# How long a picture is kept before any text shows it: as long as browsers keep a text that was not sent
KEPT_UNUSED = timedelta(days=30)
KEPT_AFTERWARDS = timedelta(days=1)  # after the worker found that no text shows it any more
LOOKED_AFTER = timedelta(days=1)  # between two looks whether a text shows it


class Picture(Base):
    """A picture that a member added. Texts refer to it by its address, which nobody can guess and which contains its size.

    `size` is how many bytes its versions take together. `used_at` is when a text first showed it, `agenda_id` that of
    the last such text. `due_at` is when the worker next checks whether a text still shows it, `unused_at` when it
    first found none. Who can see it is not stored here: readers who find a text with it (`search.ShownPicture`), its
    author, and moderators of that agenda.
    """

    __tablename__ = "picture"
    __table_args__ = (Index(None, "member_id", "id"), Index(None, "due_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    size: Mapped[int]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    unused_at: Mapped[datetime | None]
    agenda_id: Mapped[int | None]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")

    @property
    def address(self) -> str:
        """The path of the whole picture."""
        return address_of(self.name)

    def line(self, alt: str = "") -> str:
        """The Markdown that shows the picture in a text, with a description."""
        return line_of(self.name, alt)

    @property
    def thumbnail(self) -> str:
        """The path of its smallest version."""
        return address_of(self.name, is_small=has_small(self.name))

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return size_of(self.name)[0]

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return size_of(self.name)[1]


class PictureFile(Base):
    """The bytes of one version of a picture, one of `VERSIONS`, as WebP."""

    __tablename__ = "picture_file"

    picture_id: Mapped[int] = mapped_column(
        ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
