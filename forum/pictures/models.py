"""Pictures and files that members have added, and their bytes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.columns import Base
from forum.illustrations import address_of, has_small, is_file, kind_and_size, line_of, size_of
from forum.members.models import Member

WHOLE, SMALL = VERSIONS = ("whole", "small")
# How long a picture is kept before any text shows it: as long as browsers keep a text that was not sent
KEPT_UNUSED = timedelta(days=30)
KEPT_AFTERWARDS = timedelta(days=1)  # after the worker found that no text shows it any more
LOOKED_AFTER = timedelta(days=1)  # between two checks whether a text shows it


def words_of_title(title: str) -> str:
    """The words of a link to a file, from the name under which it is saved."""
    return title.rpartition(".")[0].replace("_", " ")


class Picture(Base):
    """A picture, or a file of another kind, that a member added. Texts refer to it by its address, which nobody can guess.

    Its name contains its kind and size (`illustrations`). `title` is the file name under which browsers save it;
    empty for a picture. `size` is the number of bytes of all its versions. `used_at` is when a text first showed it,
    `agenda_id` the agenda of the text that did so last. `due_at` is when the worker next checks whether a text still
    shows it, `unused_at` when it first found that none does.

    It is readable for everybody who can read a text that shows it (`search.ShownPicture`), its author, and the
    moderators of that agenda.
    """

    __tablename__ = "picture"
    __table_args__ = (Index(None, "member_id", "id"), Index(None, "due_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str | None]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    size: Mapped[int]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    unused_at: Mapped[datetime | None]
    agenda_id: Mapped[int | None]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")

    @property
    def is_file(self) -> bool:
        """Whether it is a file, not a picture."""
        return is_file(self.name)

    @property
    def kind_and_size(self) -> str:
        """The kind and size of a file, which a text shows after the words of the link."""
        return kind_and_size(self.name)

    @property
    def address(self) -> str:
        """The path of the file, or of the whole picture."""
        return address_of(self.name)

    def line(self, alt: str = "") -> str:
        """The Markdown that shows it in a text, with a description; for a file, by default, the title."""
        return line_of(self.name, alt or self.words)

    @property
    def words(self) -> str:
        """The words of a link to it as long as its author gives none: the title of a file; empty for a picture."""
        return words_of_title(self.title or "")

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


class FilePortion(Base):
    """One portion of a file, numbered from 0; each but the last has `sentfiles.PORTION` bytes."""

    __tablename__ = "file_portion"

    picture_id: Mapped[int] = mapped_column(
        ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
