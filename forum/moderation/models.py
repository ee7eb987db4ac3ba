"""Reports of what is wrong, and the decisions that answer them; the decisions are the moderation log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, Text, case, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from forum.advice.models import FollowUp
from forum.agendas.models import Agenda
from forum.db import Base, partial_index
from forum.dialogue.models import Held, Mark, Post, Topic
from forum.library.models import Case, Practice
from forum.members.models import Member

SOURCES = BY_MEMBER, BY_VISITOR, BY_RULE = ("member", "visitor", "screening")  # of a report
LED_BY = OWN, REPORT, RULE, APPEAL = ("own initiative", "report", "rule", "appeal")  # to a decision


def _agenda_now(kind: Any, item_id: Any, kept: Any) -> ColumnElement[int | None]:
    """In SQL: the agenda to which a thing belongs now, wherever it has been moved; the `kept` one when there is no row of it."""
    places = {
        "post": select(Topic.agenda_id)
        .join(Post, Post.topic_id == Topic.id)
        .where(Post.id == item_id),
        "topic": select(Topic.agenda_id).where(Topic.id == item_id),
        "case": select(Case.agenda_id).where(Case.id == item_id),
        "practice": select(Practice.agenda_id).where(Practice.id == item_id),
        "held": select(Held.agenda_id).where(Held.id == item_id),
        "mark": select(Topic.agenda_id)
        .join(Post, Post.topic_id == Topic.id)
        .join(Mark, Mark.post_id == Post.id)
        .where(Mark.id == item_id),
        "followup": select(Topic.agenda_id)
        .join(FollowUp, FollowUp.topic_id == Topic.id)
        .where(FollowUp.id == item_id),
    }
    inner = (Post, Topic, Case, Practice, Held, Mark, FollowUp)
    found = [
        (kind == name, place.correlate_except(*inner).scalar_subquery())
        for name, place in places.items()
    ]
    return func.coalesce(case(*found), kept)


class Decision(Base):
    """What a moderator did about one thing, and why. `deed` is the word of the deed: hide, keep, lock …

    With `reason` (the facts, and what one can do), the ground and the source it is the statement of reasons of
    Regulation (EU) 2022/2065, article 17. `rule` is the number of a house rule, whose words are kept as they were; `law`
    names a law instead. `source` says what led to it, `is_automated` whether a machine found it. `is_excused` is
    advertising in bulk, for which the law asks no reasons. `before` is what is needed to take the decision back, and
    `undoes_id` the decision that this one takes back. Decisions that were one deed over several things have the
    same `lot_id`, the id of the first of them; what followed from clearing away all of a member has the id of that decision. `agenda_id` is where it was decided, `present_agenda_id` where the thing
    is now: who moderates that answers appeals and takes decisions back.
    """

    __tablename__ = "decision"
    __table_args__ = (Index(None, "kind", "item_id", "id"), Index(None, "agenda_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    deed: Mapped[str]
    kind: Mapped[str] = mapped_column()
    item_id: Mapped[int] = mapped_column()
    agenda_id: Mapped[int | None] = mapped_column(ForeignKey("agenda.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    title: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    rule: Mapped[int] = mapped_column(default=0)
    rule_name: Mapped[str] = mapped_column(default="")
    rule_sentence: Mapped[str] = mapped_column(Text, default="")
    law: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(default=OWN)
    is_automated: Mapped[bool] = mapped_column(default=False)
    is_excused: Mapped[bool] = mapped_column(default=False)
    until: Mapped[datetime | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    lot_id: Mapped[int | None] = mapped_column(
        ForeignKey("decision.id", name="fk_decision_lot_id"), index=True
    )
    decided_at: Mapped[datetime]

    present_agenda_id: Mapped[int | None] = column_property(_agenda_now(kind, item_id, agenda_id))
    moderator: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[moderator_id])
    author: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])
    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")


class StaffNote(Base):
    """What a moderator wants the others to know of a member. The member may read it among everything kept about them."""

    __tablename__ = "staff_note"
    __table_args__ = (Index(None, "member_id", "id"), Index(None, "written_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]

    author: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])


class Report(Base):
    """Somebody says that a post, topic, case, practice, profile, note or follow-up is wrong. Who it was its author never learns.

    `source` says who: a *member*, by `reporter_id`; a *visitor*, who reports what is illegal, by `name` and `email`
    (both empty when it is about the abuse of children and somebody would rather not say); or *screening*, by a rule.
    It waits for who moderates the agenda on which the thing is now (`present_agenda_id`); `agenda_id` is where it was
    reported, which counts when there is nothing left of it. `number` is the receipt. `confirmed_at` says that a visitor was told of the receipt by letter, `told_at` of the
    outcome.
    """

    __tablename__ = "report"
    __table_args__ = (
        Index(None, "decision_id", "id"),
        Index(None, "kind", "item_id"),
        Index(None, "reporter_id", "kind", "item_id"),
        Index(
            "ix_report_open_once",
            *("reporter_id", "kind", "item_id"),
            unique=True,
            **partial_index("decision_id IS NULL"),
        ),
        Index(None, "number", unique=True),
        # What the worker asks each second: whom a letter is due.
        Index(
            "ix_report_to_confirm", "id", **partial_index("email <> '' AND confirmed_at IS NULL")
        ),
        Index(
            "ix_report_to_tell",
            "decision_id",
            "id",
            **partial_index("email <> '' AND told_at IS NULL AND decision_id IS NOT NULL"),
        ),
        Index("ix_report_to_forget", "id", **partial_index("name <> '' OR email <> ''")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    source: Mapped[str] = mapped_column(default=BY_MEMBER, server_default=BY_MEMBER)
    name: Mapped[str] = mapped_column(default="", server_default="")
    email: Mapped[str] = mapped_column(default="", server_default="")
    number: Mapped[str | None]
    kind: Mapped[str] = mapped_column()
    item_id: Mapped[int] = mapped_column()
    agenda_id: Mapped[int | None] = mapped_column(ForeignKey("agenda.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    title: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str]
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    confirmed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]

    present_agenda_id: Mapped[int | None] = column_property(_agenda_now(kind, item_id, agenda_id))
    reporter: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[reporter_id])
    author: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])
    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")
    decision: Mapped[Decision | None] = relationship(lazy="raise_on_sql")

    @property
    def is_by_visitor(self) -> bool:
        """Whether somebody without an account has said so."""
        return self.source == BY_VISITOR
