"""Translations of practices and cases, and their parts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, cast

from markupsafe import Markup
from sqlalchemy import JSON, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from forum.agendas.models import Agenda
from forum.columns import Base, partial_index
from forum.library.models import Case, Practice
from forum.members.models import Member
from forum.permissions import PUBLIC
from forum.plaintext import join_parts, short_hash

IS_THERE = "deleted_at IS NULL"
BODY = "body"  # the name of the only part of a translated case
FIGURES = "figures"  # the name of the field with the names of figures


class FigureWords(NamedTuple):
    """The name of a figure of a case: its label and unit in the original, and both in another language.

    The figure is identified by those of the original, so that figures can be added, removed and moved.
    """

    of_label: str
    of_unit: str
    label: str
    unit: str = ""


def address_in(original: Practice | Case, language: str) -> str:
    """The path of the page that shows an original in another language."""
    kind = "practices" if isinstance(original, Practice) else "cases"
    return f"/{kind}/{original.slug}/in/{language}"


class Translation(Base):
    """A translation of a practice or a case.

    It belongs to all members; `translator_id` is who began it, `writer_id` who last changed its words, to whom decisions about
    them go; each is empty when that member has left.

    `made_from` are digests of the texts of the original, by name, from which it was made or with which it was last compared, on
    `checked_at`. `audience` and `failure_audience` are those of the original then: what was written for members stays with them
    when the original is opened, until somebody compares both again. The worker looks at it when the original has changed since
    `looked_at`, and tells the translator once (`told_at`). `sentence` is the summary of a case. One that is deleted is emptied;
    reports and decisions name translations by their ids, so these are never reused. `figures` are what the figures of a case are
    called, each as `FigureWords`.
    """

    __tablename__ = "translation"
    __table_args__ = (
        Index(
            "ix_translation_of_practice",
            "practice_id",
            "language",
            unique=True,
            **partial_index(IS_THERE),
        ),
        Index(
            "ix_translation_of_case", "case_id", "language", unique=True, **partial_index(IS_THERE)
        ),
        Index(None, "translator_id", "submission_key", unique=True),
        Index(None, "writer_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practice.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    translator_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    submission_key: Mapped[str | None]
    language: Mapped[str]
    title: Mapped[str] = mapped_column(Text)
    sentence: Mapped[str] = mapped_column(Text, default="", server_default="")
    figures: Mapped[list[list[str]]] = mapped_column(JSON, server_default="[]")
    audience: Mapped[str] = mapped_column(default=PUBLIC)
    failure_audience: Mapped[str] = mapped_column(default=PUBLIC)
    made_from: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    checked_at: Mapped[datetime]
    looked_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    deleted_at: Mapped[datetime | None]

    practice: Mapped[Practice | None] = relationship(lazy="raise_on_sql")
    case: Mapped[Case | None] = relationship(lazy="raise_on_sql")
    translator: Mapped[Member | None] = relationship(
        lazy="raise_on_sql", foreign_keys=translator_id
    )
    writer: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=writer_id)
    parts: Mapped[list[TranslatedPart]] = relationship(
        lazy="raise_on_sql", cascade="all, delete-orphan", order_by="TranslatedPart.position"
    )

    @property
    def original(self) -> Practice | Case:
        """The translated practice or case."""
        return cast(Practice | Case, self.practice if self.practice_id else self.case)

    @property
    def agenda(self) -> Agenda:
        """The agenda of the original."""
        return self.original.agenda

    @property
    def agenda_id(self) -> int:
        """The id of the agenda of the original."""
        return self.original.agenda_id

    @property
    def kind(self) -> str:
        """The kind of the original: practice or case."""
        return "practice" if self.practice_id else "case"

    @property
    def address(self) -> str:
        """The path of its page."""
        return address_in(self.original, self.language)

    @property
    def said(self) -> dict[str, str]:
        """Its texts by name: parts in Markdown, names of figures as lines."""
        texts = {"title": self.title, "sentence": self.sentence}
        figures = {FIGURES: in_lines(self.figures)} if self.figures else {}
        return texts | {part.name: part.source for part in self.parts} | figures

    @property
    def figure_words(self) -> list[FigureWords]:
        """The names of the figures of the case."""
        return [FigureWords(*row) for row in self.figures]

    @property
    def words(self) -> str:
        """All texts, for moderators who decide about the translation."""
        return "\n\n".join(filter(None, self.said.values()))

    @property
    def fingerprint(self) -> str:
        """A hash of its words: a moderator's decision is refused when they have changed since they were read."""
        return digest(self.words)


class TranslatedPart(Base):
    """One part of a translation: a section of a practice, or the body of a case."""

    __tablename__ = "translated_part"

    translation_id: Mapped[int] = mapped_column(
        ForeignKey("translation.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[Markup]
    html_version: Mapped[int]


def in_lines(rows: Iterable[Iterable[str]]) -> str:
    """Rows as lines, with bars between their parts; empty parts at the end of a row are left out."""
    return "\n".join(join_parts(_without_empty_end(row), "|") for row in rows)


def _without_empty_end(row: Iterable[str]) -> list[str]:
    parts = list(row)
    while parts and not parts[-1]:
        parts.pop()
    return parts


def digest(text: str) -> str:
    """A hash of a text, to find out later whether it has changed."""
    return short_hash(text)
