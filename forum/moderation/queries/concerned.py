"""Whom a decision concerns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select

from forum.commitments.models import Commitment
from forum.commitments.queries import commitments_told_by, ids_of_voices
from forum.db import db
from forum.dialogue.models import Post
from forum.library.models import Case, Practice
from forum.moderation.models import Decision, Report
from forum.moderation.queries._deeds import WITHHOLDING_DEEDS
from forum.parallels.models import Translation
from forum.permissions import Person


def is_concerned(person: Person, decision: Decision) -> bool:
    """Whether a decision concerns the person: as the author, or as one of the other members concerned.

    These wrote in the topic or on the page that it withholds, began the translation, or speak for the organisation of
    the commitment.
    """
    if person.is_self(decision.author_id):
        return True
    theirs = select(Decision.id).where(Decision.id == decision.id, has_written_there(person))
    return db.session.scalar(theirs) is not None


def own_decisions_among(member: Person, decision_ids: Collection[int]) -> set[int]:
    """The ids of those of some decisions that are about the member's own account or profile; no query without any."""
    if not decision_ids:
        return set()
    own = select(Decision.id).where(Decision.id.in_(decision_ids), Decision.kind == "member")
    return set(db.session.scalars(own.where(Decision.item_id == member.id)))


def has_written_there(person: Person) -> ColumnElement[bool]:
    """SQL condition: the decision withholds something in which the person has a part without being its author.

    That is a topic, case or practice in which they wrote, a translation that they began, or a commitment of an
    organisation for which they speak.
    """
    case_topic = select(Case.topic_id).where(Case.id == Decision.item_id).correlate(Decision)
    practice_topic = select(Practice.topic_id).where(Practice.id == Decision.item_id)
    practice_topic = practice_topic.correlate(Decision)
    topic_id = case(
        (Decision.kind == "topic", Decision.item_id),
        (Decision.kind == "case", case_topic.scalar_subquery()),
        (Decision.kind == "practice", practice_topic.scalar_subquery()),
    )
    wrote = select(Post.id).where(Post.topic_id == topic_id, Post.author_id == person.id)
    has_part = or_(wrote.exists(), began_or_tells(person.id))
    return and_(Decision.deed.in_(WITHHOLDING_DEEDS), has_part)


def began_or_tells(member_id: Any) -> ColumnElement[bool]:
    """SQL condition: a decision is about a translation that a member began, or a commitment of an organisation for which they speak.

    The id may be a parameter of the statement.
    """
    is_theirs = Translation.id == Decision.item_id, Translation.translator_id == member_id
    began = select(Translation.id).where(Decision.kind == "translation", *is_theirs)
    of_theirs = Decision.item_id.in_(commitments_told_by(member_id))
    return or_(began.correlate(Decision).exists(), and_(Decision.kind == "commitment", of_theirs))


def beginners_and_tellers(decision: Decision) -> set[int]:
    """The ids of the members for whom `began_or_tells` is true."""
    if decision.kind == "translation":
        began = select(Translation.translator_id).where(Translation.id == decision.item_id)
        return {member_id for member_id in db.session.scalars(began) if member_id}
    if decision.kind == "commitment":
        its = select(Commitment.organisation_id).where(Commitment.id == decision.item_id)
        return {
            member_id
            for organisation_id in db.session.scalars(its)
            for member_id in ids_of_voices(organisation_id)
        }
    return set()


def is_reporter(person: Person, decision: Decision) -> bool:
    """Whether a decision answered a report of the person."""
    own = select(Report.id).where(
        Report.decision_id == decision.id, Report.reporter_id == person.id
    )
    return bool(db.session.scalar(select(own.exists())))
