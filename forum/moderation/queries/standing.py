"""What stands on an agenda, and whether anybody was told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from forum.agendas.models import Agenda, Statement
from forum.agendas.queries import curators_of
from forum.commitments.models import Commitment
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.dialogue.models import Held, Mark, Poll, PollOption, PollVote, Post, Topic
from forum.library.models import DRAFT, Case, Intention, Practice, Reading
from forum.meetings.models import Attendance, Meeting
from forum.notifications.queries import is_told_to_others
from forum.parallels.models import Translation


def standing_on(agenda_id: int) -> dict[str, int]:
    """How much content of each kind an agenda has, including hidden, removed and unfinished things; one statement.

    Drafts, which only their authors can read, do not count, unless a moderator hides one: the authors keep them. Kinds
    without content are left out. Posts on the pages of cases and practices count with these, and statements that were
    removed do not count, because their history belongs to the agenda.
    """
    here: dict[str, tuple[Any, ColumnElement[bool]]] = {
        "topic": (Topic, Topic.home.is_(None)),
        "held": (Held, true()),
        "case": (Case, true()),
        "practice": (Practice, or_(Practice.state != DRAFT, Practice.hidden_at.is_not(None))),
        "reading": (Reading, true()),
        "statement": (Statement, Statement.removed_at.is_(None)),
        "declaration": (Declaration, true()),
        "meeting": (Meeting, true()),
        "commitment": (Commitment, true()),
    }
    counts = [
        select(func.count()).select_from(model).where(model.agenda_id == agenda_id, which)
        for model, which in here.values()
    ]
    row = db.session.execute(select(*(count.scalar_subquery() for count in counts))).one()
    return {kind: number for kind, number in zip(here, row, strict=True) if number}


def things_on(agenda_id: int) -> dict[str, list[int]]:
    """The ids of everything that members have added to an agenda, by kind.

    Kinds are topics, posts, marks, held texts, practices, declarations that are no drafts, signatures, commitments,
    translations, meetings and their attendances. For votes and intentions, it is the ids of the members.
    """
    topics = select(Topic.id).where(Topic.agenda_id == agenda_id)
    posts = select(Post.id).where(Post.topic_id.in_(topics))
    meetings = select(Meeting.id).where(Meeting.agenda_id == agenda_id)
    here = {
        "topic": topics,
        "post": posts,
        "mark": select(Mark.id).where(Mark.post_id.in_(posts)),
        "held": select(Held.id).where(Held.agenda_id == agenda_id),
        "practice": _practices_on(agenda_id),
        "vote": _voters_below(posts),
        "declaration": _told_declarations(agenda_id),
        "signature": select(Signature.id).where(
            Signature.declaration_id.in_(_told_declarations(agenda_id))
        ),
        "meeting": meetings,
        "attendance": select(Attendance.id).where(Attendance.meeting_id.in_(meetings)),
        "commitment": select(Commitment.id).where(Commitment.agenda_id == agenda_id),
        "translation": select(Translation.id).where(
            Translation.deleted_at.is_(None),
            or_(
                Translation.practice_id.in_(_practices_on(agenda_id)),
                Translation.case_id.in_(select(Case.id).where(Case.agenda_id == agenda_id)),
            ),
        ),
        "intention": select(Intention.member_id).where(Intention.topic_id.in_(topics)).distinct(),
    }
    return {kind: sorted(db.session.scalars(query)) for kind, query in here.items()}


def _practices_on(agenda_id: int) -> Select[int]:
    return select(Practice.id).where(Practice.agenda_id == agenda_id)


def _told_declarations(agenda_id: int) -> Select[int]:
    told = (Declaration.agenda_id == agenda_id, Declaration.opened_at.is_not(None))
    return select(Declaration.id).where(*told)


def _voters_below(posts: Select[int]) -> Select[int]:
    votes = select(PollVote.member_id).join(PollOption, PollOption.id == PollVote.option_id)
    polls = votes.join(Poll, Poll.id == PollOption.poll_id)
    return polls.where(Poll.post_id.in_(posts)).distinct()


def is_told_since(agenda: Agenda, since: datetime) -> bool:
    """Whether anybody but its moderators was notified, or is still to be, of something on an agenda since a moment."""
    topics = select(Topic.id).where(Topic.agenda_id == agenda.id)
    page = f"/agendas/{agenda.slug}"
    return is_told_to_others(topics, page, since, curators_of(agenda.id))
