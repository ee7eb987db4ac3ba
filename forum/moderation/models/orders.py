"""Orders of courts and administrative authorities, and what was answered to them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from forum.columns import Base

# What an order demands: to act against content, or to give information about members
AGAINST_CONTENT, FOR_INFORMATION = ORDER_KINDS = ("content", "information")
# What became of it; empty as long as nothing did
GIVEN, NOT_FOLLOWED = EFFECTS = ("given", "not followed")


class Order(Base):
    """An order of an authority (Regulation (EU) 2022/2065, articles 9 and 10), and what was answered.

    `state` is the country of the authority, by its code. `about` says which content or member it names, `territory`
    and `until_on` where and how long it holds, `redress` what it says that the member can do against it. The
    authority was told on `confirmed_on` that the order had arrived, and on `answered_on` what became of it (`effect`,
    one of `EFFECTS`), of which `answer` has the words. Decisions that follow an order have its id.
    """

    __tablename__ = "authority_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    authority: Mapped[str]
    state: Mapped[str]
    reference: Mapped[str]
    law: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    territory: Mapped[str]
    redress: Mapped[str] = mapped_column(Text)
    issued_on: Mapped[date]
    received_on: Mapped[date]
    until_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    effect: Mapped[str]
    effect_on: Mapped[date | None]
    answer: Mapped[str] = mapped_column(Text)
    answered_on: Mapped[date | None]
    written_at: Mapped[datetime]

    @property
    def label(self) -> str:
        """How forms and lists name it: the authority, and its reference."""
        return f"{self.authority}, {self.reference}"
