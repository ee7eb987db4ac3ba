"""A version of the house rules with its rules, the ready texts of moderators, and who helps outside of the forum."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.db import Base


class HouseRule(Base):
    """One rule of one version. Decisions name it by its `number` and keep its words, so it is never changed."""

    __tablename__ = "house_rule"

    version: Mapped[int] = mapped_column(ForeignKey("rule_book.number"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    sentence: Mapped[str] = mapped_column(Text)


class RuleBook(Base):
    """The house rules from a day on, until the next version is in force. `change` says what is new, in a sentence.

    Number 0 is no row: it is what a forum begins with, in the language of the page.
    """

    __tablename__ = "rule_book"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    change: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="en")
    valid_from: Mapped[datetime]
    written_at: Mapped[datetime]

    rules: Mapped[list[HouseRule]] = relationship(
        lazy="raise_on_sql", order_by=HouseRule.number, cascade="all, delete-orphan"
    )


class ReadyText(Base):
    """A statement of reasons that moderators use again: for which deed, under which rule, and the facts in words.

    `deed` is the word of one deed; `rule` is the number of a rule, 0 for none, in the `version` of the rules that held
    when it was written. Numbers 1 to 7 are what a forum begins with, in the language of the page, until the first of
    them is changed.
    """

    __tablename__ = "ready_text"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    deed: Mapped[str]
    rule: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]


BODY, AUTHORITY = RECOURSES = ("body", "authority")


class Recourse(Base):
    """Whom somebody can turn to outside of the forum when a decision seems wrong; statements of reasons name them.

    `kind` is *body*, a body certified to settle disputes out of court (EU Digital Services Act, article 21), or
    *authority*. One without a name is not there.
    """

    __tablename__ = "recourse"

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(Text, default="")
    sentence: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="en")
    changed_at: Mapped[datetime]
