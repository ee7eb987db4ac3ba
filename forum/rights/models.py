"""Departures, and the kinds of data that members get a copy of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel.speaklater import LazyString
from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.columns import Base


class Departure(Base):
    """The remaining work for a member who has left: the current `step`, and the id of the last row done.

    It keeps name, handles and address until the end: others' texts contain the name and the handles, and the last
    letter is sent to the address. Then the row is deleted. `earlier_handles` are separated by spaces.
    """

    __tablename__ = "departure"
    __table_args__ = (Index(None, "member_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    how: Mapped[str]
    name: Mapped[str]
    handle: Mapped[str]
    earlier_handles: Mapped[str] = mapped_column(Text, default="", server_default="")
    address: Mapped[str]
    locale: Mapped[str | None]  # the language of the last letter
    step: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime]


Record = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of data about a member: its file, title, description and fields.

    `columns` are the (table, column) that refer to the member. `batch` takes the member and a key, and returns the
    records after the key together with the key to continue from, None when there are no more. `fields` describe the
    fields of a record.
    """

    name: str
    title: LazyString
    about: LazyString
    columns: tuple[tuple[str, str], ...]
    batch: Callable[[Any, Any], tuple[list[Record], Any]]
    fields: dict[str, LazyString]
