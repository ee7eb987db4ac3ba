"""A departure is somebody's leaving that is being carried out, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from forum.db import Base


class Departure(Base):
    """What is still to be done for a member who has left: `step` is its word, `position` the last row done.

    It knows the name, the handle and the address until the end, because the others' quotes hold the first two and the
    last letter goes to the third. Then the row is deleted.
    """

    __tablename__ = "departure"
    __table_args__ = (Index(None, "member_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    how: Mapped[str]
    name: Mapped[str]
    handle: Mapped[str]
    address: Mapped[str]
    step: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime]


Record = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of thing that is kept about a member: its file, its words, where it stands, and its fields.

    `columns` are the (table, column) that name the member. `batch` gives the records after a key, and the key to go on
    from: nothing when there are no more. `fields` say what each part of a record means.
    """

    name: str
    title: str
    about: str
    columns: tuple[tuple[str, str], ...]
    batch: Callable[[Any, Any], tuple[list[Record], Any]]
    fields: dict[str, str]
