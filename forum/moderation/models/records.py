"""Reports, the decisions that answer them (together the moderation log), and notes of moderators about members."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, Text, case, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from forum.advice.models import FollowUp
from forum.agendas.models import Agenda
from forum.columns import Base, partial_index
from forum.commitments.models import Commitment
from forum.declarations.models import Declaration, Signature
from forum.dialogue.models import Held, Mark, Post, Topic
from forum.library.models import Case, Practice
from forum.members.models import Member
from forum.parallels.models import Translation
from forum.sentences import Kept, Sentence, recognised, said, sentence

# Sources of a report
BY_MEMBER, BY_VISITOR, BY_TRUSTED = ("member", "visitor", "trusted flagger")
# The reason of a report of illegal content: the law lets everybody make one
ILLEGAL_REASON = "illegal"
# What is shown as the title of a letter, of which moderators see only what its reports quote
LETTER_TITLE = sentence("An e-mail from %(name)s")
# What led to a decision
OWN, REPORT, RULE, APPEAL, LAST_DAY = ("own initiative", "report", "rule", "appeal", "last day")
ORDER = "order"  # of an authority
# What part somebody has in a decision
AUTHOR, TELLER, REPORTER = ("author", "teller", "reporter")


def heading_of(kind: str, title: str) -> str | Sentence:
    """The title of a thing, as a row stores it; for a letter a translated sentence."""
    return (kind == "letter" and recognised(title, LETTER_TITLE.message)) or title


class Deed(StrEnum):
    """What a moderator did, by the name of the action; the first four are for all kinds of things and done by `decide`."""

    KEEP = auto()
    HIDE = auto()
    REMOVE = auto()
    RESTORE = auto()
    ASK_TO_EDIT = auto()
    NOTE = auto()
    UNNOTE = auto()
    APPROVE = auto()
    REFUSE = auto()
    PUBLISH = auto()
    SEND_BACK = auto()
    FEATURE = auto()
    UNFEATURE = auto()
    LOCK = auto()
    UNLOCK = auto()
    SET_LOCK_END = auto()
    SLOW = auto()
    UNSLOW = auto()
    PIN = auto()
    UNPIN = auto()
    TELL_ALL = auto()
    MOVE = auto()
    RETITLE = auto()
    CHANGE_KIND = auto()
    SPLIT = auto()
    MERGE = auto()
    WARN = auto()
    SILENCE = auto()
    UNSILENCE = auto()
    SUSPEND = auto()
    UNSUSPEND = auto()
    CLEAR_SPAM = auto()
    WARN_REPORTER = auto()
    SUSPEND_REPORTS = auto()
    RESUME_REPORTS = auto()
    OPEN_AGENDA = auto()
    ARCHIVE = auto()
    REOPEN = auto()
    DELETE_AGENDA = auto()
    CHOOSE_VOICES = auto()
    UNDO = auto()
    REVERSE = auto()


def _agenda_now(kind: Any, item_id: Any, kept: Any) -> ColumnElement[int | None]:
    """SQL expression: the present agenda of a thing, after any moves; `kept` if its row is gone."""
    agenda_ids = {
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
        "reservation": select(Declaration.agenda_id)
        .join(Signature, Signature.declaration_id == Declaration.id)
        .where(Signature.id == item_id),
        "commitment": select(Commitment.agenda_id).where(Commitment.id == item_id),
        "translation": select(func.coalesce(Practice.agenda_id, Case.agenda_id))
        .select_from(Translation)
        .outerjoin(Practice, Practice.id == Translation.practice_id)
        .outerjoin(Case, Case.id == Translation.case_id)
        .where(Translation.id == item_id),
    }
    told = (Declaration, Signature, Commitment, Translation)
    inner = (Post, Topic, Case, Practice, Held, Mark, FollowUp, *told)
    cases = [
        (kind == name, agenda_id.correlate_except(*inner).scalar_subquery())
        for name, agenda_id in agenda_ids.items()
    ]
    return func.coalesce(case(*cases), kept)


class Decision(Base):
    """What a moderator did (`deed`, a value of `Deed`) about one thing, and why.

    `sentences` are the forum's words on what was done, such as where a topic was moved, shown in the language of the
    reader.

    `reason` (the facts, and what the author can do, in the moderator's words), the ground and the source together are
    the statement of reasons of Regulation (EU) 2022/2065, article 17. The ground is `rule`, the number of a house
    rule (0 for none) whose words are stored as they were, or `law`. `source` says what led to the decision,
    `is_automated` whether a machine pointed the thing out. `is_excused` marks advertising in bulk, for which the law
    requires no reasons. `order_id` is the order of an authority that it followed (`source` is `ORDER`).

    `before` is the state that undoing the decision restores, an instance of a class of `before.py`; `undoes_id` is
    the decision that this one reverses. Decisions of one deed over several things share a `lot_id`, the id of the
    first of them; those that followed from clearing a member have the id of that decision. `agenda_id` is the agenda
    at the time, `present_agenda_id` the present one of the thing: its moderators answer appeals and reverse
    decisions.

    `part` is in no column; queries that judge set it to the part in the decision that the moderator has for whom they
    read it: `AUTHOR`, `TELLER` (who began the translation, or speaks for the organisation of the commitment, that it is
    about), `REPORTER` (whose report it answered), or empty.
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
    language: Mapped[str] = mapped_column(server_default="")  # of the title
    address: Mapped[str] = mapped_column(Text, default="")
    sentences: Mapped[Kept | None] = mapped_column(JSON(none_as_null=True))
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
    order_id: Mapped[int | None] = mapped_column(
        ForeignKey("authority_order.id", name="fk_decision_order_id"), index=True
    )
    decided_at: Mapped[datetime]

    present_agenda_id: Mapped[int | None] = column_property(_agenda_now(kind, item_id, agenda_id))
    part = ""
    moderator: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[moderator_id])
    author: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])
    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")

    @property
    def heading(self) -> str | Sentence:
        """The title of the thing, or the sentence that stands for it."""
        return heading_of(self.kind, self.title)

    @property
    def what_was_done(self) -> str:
        """The forum's words on what was done, in the present language; empty if the deed alone says it."""
        return said(self.sentences)

    @property
    def kept(self) -> dict[str, Any]:
        """What was stored so that it can be undone, as JSON; empty for nothing."""
        return self.before or {}


class StaffNote(Base):
    """A note about a member for the other moderators. Members can read it in the export of everything about them."""

    __tablename__ = "staff_note"
    __table_args__ = (Index(None, "member_id", "id"), Index(None, "written_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]

    author: Mapped[Member] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])


class Report(Base):
    """Somebody says that a thing breaks the rules or the law. The author of the thing never learns who.

    `source` is *member* (`reporter_id`), *trusted flagger* (a member who was one when they reported it as illegal) or
    *visitor* (`name` and `email`, for illegal content; both may be empty when it is about the abuse of children). The report waits for the moderators of the thing's present agenda
    (`present_agenda_id`); `agenda_id`, where it was reported, counts when the thing is gone. `number` is the receipt.
    `confirmed_at` is when a letter of receipt was written to a visitor, `told_at` when one about the outcome was.
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
        # The worker asks every second which letters are due.
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
    language: Mapped[str] = mapped_column(server_default="")  # of the title
    address: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str]
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    confirmed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    locale: Mapped[str | None]  # the language of the letters to a visitor

    present_agenda_id: Mapped[int | None] = column_property(_agenda_now(kind, item_id, agenda_id))
    reporter: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[reporter_id])
    author: Mapped[Member | None] = relationship(lazy="raise_on_sql", foreign_keys=[author_id])
    agenda: Mapped[Agenda | None] = relationship(lazy="raise_on_sql")
    decision: Mapped[Decision | None] = relationship(lazy="raise_on_sql")

    @property
    def heading(self) -> str | Sentence:
        """The title of what was reported, or the sentence that stands for it."""
        return heading_of(self.kind, self.title)

    @property
    def is_by_visitor(self) -> bool:
        """Whether somebody without an account reported it."""
        return self.source == BY_VISITOR

    @property
    def is_of_illegal_content(self) -> bool:
        """Whether somebody reported it as illegal."""
        return self.reason == ILLEGAL_REASON

    @property
    def is_by_trusted_flagger(self) -> bool:
        """Whether a trusted flagger reported it as illegal."""
        return self.source == BY_TRUSTED
