"""Search documents of topics, posts, pages of the library and much else; the pictures and links in them; pending changes of titles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, query_expression

from forum.columns import Base
from forum.permissions import PUBLIC

FAILURE = "failure"  # "what did not work", of a practice that tells it to members only
# A translation, and its "what did not work", which has a document of its own because others may find it
TRANSLATION, TRANSLATED_FAILURE = TRANSLATION_KINDS = ("translation", "translated_failure")
IN_LANGUAGE = "/in/"  # in the address of a translation, after that of its page
# Kinds of texts whose address begins with that of their page
PAGE_KINDS = ("case", "practice", FAILURE, *TRANSLATION_KINDS)
# Kinds of parts of a topic or practice; their words include its title
PART_KINDS = ("post", FAILURE, TRANSLATED_FAILURE)
Thing = tuple[str, int]  # what a document is about: its kind, and its id


class Document(Base):
    """One thing that can be found. The `folded_…` columns contain its words without case and accents.

    A post's `parent_id` is the document of its topic: hiding the topic hides its posts without changing their rows.
    The document of "what did not work", which exists where only members may find it, has the practice as its parent.
    A translation is `made_for` those who may read its words, whatever the audience of its original is now; its
    `audience` are those who may read both.

    A migration creates the full-text index over the folded columns (FTS5 or tsvector). Whether a text has a poll is
    no column, nor is the language of the title, which a post has from its topic: queries that need them pass expressions.
    """

    __tablename__ = "document"
    __table_args__ = (
        Index(None, "kind", "item_id", unique=True),
        Index(None, "parent_id", "id"),
        Index(None, "agenda_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    item_id: Mapped[int]
    parent_id: Mapped[int | None]
    agenda_id: Mapped[int | None]
    address: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    folded_title: Mapped[str] = mapped_column(Text)
    folded_body: Mapped[str] = mapped_column(Text)
    byline: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="")
    audience: Mapped[str] = mapped_column(default=PUBLIC)
    made_for: Mapped[str | None]
    written_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    has_poll: Mapped[bool | None] = query_expression()
    title_language: Mapped[str | None] = query_expression()


class ShownPicture(Base):
    """A picture or file that the text of a document shows, by its name: whoever finds the text sees it, too.

    A name that a text has and no picture or file is as good as none.
    """

    __tablename__ = "shown_picture"
    __table_args__ = (Index(None, "picture", "document_id"),)

    document_id: Mapped[int] = mapped_column(
        ForeignKey("document.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    picture: Mapped[str] = mapped_column(primary_key=True)


class LinkedPage(Base):
    """A page of the forum to which the text of a document links, by its address: see `pagelinks`.

    Whoever finds the text may know that it speaks of the page. An address that leads nowhere is as good as none.
    """

    __tablename__ = "linked_page"
    __table_args__ = (Index(None, "address", "document_id"),)

    document_id: Mapped[int] = mapped_column(
        ForeignKey("document.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    address: Mapped[str] = mapped_column(String(220), primary_key=True)


class Retitling(Base):
    """The posts of a long topic that still need its new title: those whose documents have ids after `reached`."""

    __tablename__ = "retitling"

    document_id: Mapped[int] = mapped_column(
        ForeignKey("document.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(Text)
    reached: Mapped[int] = mapped_column(default=0)
