"""Decisions: one, those about a thing, those of a lot, and the place of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from forum.advice.models import FollowUp
from forum.commitments.models import Commitment
from forum.commitments.queries import visible_commitments
from forum.db import DECISIONS, db, serialize
from forum.declarations.models import Declaration, Signature
from forum.declarations.queries import visible_declarations
from forum.dialogue.models import Mark, Post, Topic
from forum.dialogue.queries import (
    lock_place_of,
    lock_posts_to_withhold,
    lock_topics,
    visible_topics,
)
from forum.errors import Forbidden, or_not_found
from forum.library.queries import lock_practices
from forum.members.models import Member
from forum.moderation.models import Decision, Deed, Report
from forum.moderation.queries._shared import MAX_RELATED_DECISIONS, is_about
from forum.moderation.queries.concerned import has_written_there
from forum.parallels.models import Translation
from forum.parallels.queries import translation_if_there
from forum.permissions import Person, require
from forum.reach import moderated_by
from forum.verdicts import SIGN_IN

# What authors change in answer to a decision: to be edited, or sent back
ASKING_DEEDS = (Deed.ASK_TO_EDIT, Deed.SEND_BACK)
OF_SEVERAL_TOPICS = (Deed.LOCK, Deed.MOVE, Deed.RETITLE)
VISIBILITY = (Deed.HIDE, Deed.REMOVE, Deed.RESTORE)
ANSWERED_KINDS = ("practice", "topic", "post")


def decisions_in_lot(lot_id: int) -> Sequence[Decision]:
    """The decisions that one deed made about several things at once, in their order."""
    return db.session.scalars(
        select(Decision).where(Decision.lot_id == lot_id).order_by(Decision.id)
    ).all()


def others_in_lot(reader: Person, decision: Decision) -> Sequence[Decision]:
    """The other decisions of the same lot that the reader may see: about own texts, or on moderated agendas."""
    if decision.lot_id is None:
        return []
    is_mine = or_(Decision.author_id == reader.id, _is_moderated(reader))
    others = select(Decision).where(Decision.lot_id == decision.lot_id, is_mine)
    return db.session.scalars(others.where(Decision.id != decision.id).order_by(Decision.id)).all()


def _is_moderated(reader: Person) -> ColumnElement[bool]:
    """`Can.see_decision` in SQL: the reader moderates the agenda of the decision, or the present one of its thing."""
    places = (Decision.agenda_id, Decision.present_agenda_id)
    return or_(*(moderated_by(reader, place) for place in places))


def latest_decisions(*which: Iterable[ColumnElement[bool]]) -> Sequence[Decision]:
    """The latest decisions of each sort, all together newest first, with their moderators; one query.

    Each argument is one sort: conditions over `Decision`. At most `MAX_RELATED_DECISIONS` of each sort are returned.
    """
    sorts = (
        select(Decision.id).where(*conditions).order_by(Decision.id.desc()) for conditions in which
    )
    few = (Decision.id.in_(select(sort.limit(MAX_RELATED_DECISIONS).subquery())) for sort in sorts)
    query = select(Decision).where(or_(*few)).options(joinedload(Decision.moderator))
    return db.session.scalars(query.order_by(Decision.id.desc())).all()


def decisions_about(kind: str, item_id: int) -> Sequence[Decision]:
    """All decisions about a thing, the oldest first."""
    query = select(Decision).where(*is_about(Decision, kind, item_id)).order_by(Decision.id)
    return db.session.scalars(query).all()


def latest_of(kind: str, item_id: int, deeds: Collection[str]) -> Decision | None:
    """The latest decision about a thing with one of these deeds that was not reversed, with its moderator; or None."""
    query = select(Decision).where(*is_about(Decision, kind, item_id), Decision.deed.in_(deeds))
    undoing = aliased(Decision)
    query = query.where(~select(undoing.id).where(undoing.undoes_id == Decision.id).exists())
    newest = query.options(joinedload(Decision.moderator)).order_by(Decision.id.desc())
    return db.session.scalars(newest.limit(1)).first()


def latest_decision_id(kind: str, item_id: int) -> int:
    """The id of the latest decision about a thing; 0 when there is none."""
    query = select(func.max(Decision.id)).where(*is_about(Decision, kind, item_id))
    return db.session.scalar(query) or 0


def is_of_a_clearing() -> ColumnElement[bool]:
    """SQL condition: the decision is part of one about a member, whose id is its lot."""
    head = aliased(Decision)
    about_member = select(head.id).where(head.id == Decision.lot_id, head.kind == "member")
    return about_member.correlate(Decision).exists()


def serialize_decisions(doer: Person, keys: Iterable[tuple[str, int]] = ()) -> None:
    """Make decisions of moderators run one after another, so that each sees what the one before decided, also about the doer.

    They lock no row for that: who appoints somebody or names hosts reads the federation's with other rows in hand.
    `keys` are those (kind, id) of what the decision is about: where a held text would be published is locked, too,
    before anything asks for the time.
    """
    serialize(DECISIONS)
    db.session.scalar(select(Member).where(Member.id == doer.id))
    for kind, item_id in keys:
        if kind == "held":
            lock_place_of(item_id)


def lock_things_of(decisions: Collection[Decision]) -> None:
    """Lock what decisions withheld or showed, and what authors changed in answer to them, before their notices: authors end them with it in hand."""
    asked = [decision for decision in decisions if decision.deed in ASKING_DEEDS]
    ids = {kind: [row.item_id for row in asked if row.kind == kind] for kind in ANSWERED_KINDS}
    lock_practices(ids["practice"])
    changed = [row.item_id for row in decisions if row.kind == "post" and row.deed in VISIBILITY]
    # What undoes a single one locks its topic itself, with others
    together = decisions if len(decisions) > 1 else ()
    topics = [row.item_id for row in together if row.deed in OF_SEVERAL_TOPICS]
    topics += ids["topic"]
    if ids["post"] or topics or changed:
        posts = select(Post.topic_id).where(Post.id.in_([*ids["post"], *changed]))
        lock_topics([*topics, *db.session.scalars(posts)])
    if changed:
        lock_posts_to_withhold(changed)


Place = Topic | Declaration | Commitment | Translation


def place_of(reader: Person, decision: Decision) -> Place | None:
    """The topic of a decision's post, note or follow-up, or the topic itself, if the reader sees it.

    For a reservation it is the declaration; commitments and translations have a page of their own.
    """
    if decision.kind == "translation":
        return translation_if_there(reader, decision.item_id)
    if decision.kind == "commitment":
        mine = visible_commitments(reader).where(Commitment.id == decision.item_id)
        commitment: Commitment | None = db.session.scalar(mine)
        return commitment
    if decision.kind == "reservation":
        signed = select(Signature.declaration_id).where(Signature.id == decision.item_id)
        query = visible_declarations(reader).where(Declaration.id.in_(signed))
        declaration: Declaration | None = db.session.scalar(query)
        return declaration
    topic_ids = {
        "topic": select(Topic.id).where(Topic.id == decision.item_id),
        "post": select(Post.topic_id).where(Post.id == decision.item_id),
        "mark": select(Post.topic_id).join(Mark).where(Mark.id == decision.item_id),
        "followup": select(FollowUp.topic_id).where(FollowUp.id == decision.item_id),
    }.get(decision.kind)
    if topic_ids is None:
        return None
    place: Topic | None = db.session.scalar(visible_topics(reader).where(Topic.id.in_(topic_ids)))
    return place


def answered_by(decision_id: int) -> Sequence[Report]:
    """The reports that a decision answered, oldest first, with their reporters."""
    query = select(Report).where(Report.decision_id == decision_id).order_by(Report.id)
    people = joinedload(Report.reporter).joinedload(Member.city)
    return db.session.scalars(query.options(people)).all()


def undoings_of(decisions: Iterable[Decision]) -> dict[int, Decision]:
    """For those decisions that were undone or reversed: the decision that did so, by the id of the first; one query."""
    ids = [decision.id for decision in decisions]
    if not ids:
        return {}
    query = select(Decision).where(Decision.undoes_id.in_(ids)).order_by(Decision.id.desc())
    return {
        undoing.undoes_id: undoing for undoing in db.session.scalars(query) if undoing.undoes_id
    }


def related_decisions(reader: Person, decision: Decision) -> Sequence[Decision]:
    """The other decisions about the same thing, for readers who moderate its agenda; empty for others."""
    if not reader.can.see_decision(decision):
        return []
    about = is_about(Decision, decision.kind, decision.item_id)
    others = latest_decisions((*about, _is_moderated(reader)))
    return [other for other in others if other.id != decision.id]


def decision_to_review(moderator: Person, decision_id: int) -> Decision:
    """A decision, locked for update, for a moderator of its thing's present agenda; else `NotFound` or `Forbidden`."""
    require(moderator.can.see_queue())
    query = select(Decision).where(Decision.id == decision_id)
    found = db.session.scalar(query.with_for_update().execution_options(populate_existing=True))
    decision = or_not_found(found)
    require(moderator.can.moderate(decision.present_agenda_id))
    return decision


def decision_by_id(decision_id: int) -> Decision | None:
    """A decision with its agenda, without any check of rights: the caller has to make sure that it concerns the reader."""
    query = select(Decision).where(Decision.id == decision_id)
    return db.session.scalar(query.options(joinedload(Decision.agenda)))


def get_decision(reader: Person, decision_id: int) -> Decision:
    """One decision, for members whom it concerns (see `is_concerned`) and the moderators of its agenda.

    Raises `Forbidden` for visitors, and `NotFound` for other members.
    """
    if not reader.is_member:
        raise Forbidden(str(SIGN_IN.why_not))
    is_mine = or_(
        Decision.author_id == reader.id,
        has_written_there(reader),
        _is_moderated(reader),
    )
    query = select(Decision).where(Decision.id == decision_id, is_mine)
    return or_not_found(db.session.scalars(query.options(joinedload(Decision.agenda))).first())


def signed_report_ids(moment: datetime, limit: int) -> list[int]:
    """The ids of up to `limit` reports with a visitor's name or address that were decided before `moment`."""
    is_named = or_(Report.name != "", Report.email != "")
    old = select(Decision.id).where(Decision.decided_at < moment)
    ids = select(Report.id).where(is_named, Report.decision_id.in_(old)).limit(limit)
    return list(db.session.scalars(ids))
