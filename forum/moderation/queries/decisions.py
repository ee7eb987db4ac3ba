"""Decisions: the log, the latest about a thing, whom a decision concerns, and whether it is in effect."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import aliased, joinedload

from forum.advice.models import FollowUp
from forum.agendas.models import Agenda
from forum.agendas.queries import curators_of, ids_in_preparation
from forum.clock import now
from forum.commitments.models import Commitment
from forum.commitments.queries import (
    commitments_told_by,
    ids_of_voices,
    visible_commitments,
    with_milestones,
)
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.declarations.queries import visible_declarations
from forum.dialogue.models import Mark, Post, Topic
from forum.dialogue.queries import visible_topics
from forum.errors import Forbidden, NotFound, or_not_found
from forum.library.models import Case, Practice
from forum.members.models import Federation, Member
from forum.members.queries import has_or_had
from forum.moderation.models import LAST_DAY, Decision, Deed, MemberBefore, MoveBefore, Report
from forum.moderation.queries._deeds import (
    DEEDS,
    PUBLISHING_DEEDS,
    RESTRICTING_DEEDS,
    UNDO_PERIOD,
    UNDOABLE_DEEDS,
    WITHHOLDING_DEEDS,
    deeds_ended_by,
)
from forum.moderation.queries._kinds import ATTACHED_KINDS, EDITABLE_KINDS, KINDS, Thing
from forum.moderation.queries._shared import LOG_PAGE_SIZE, MAX_RELATED_DECISIONS, is_about
from forum.moderation.queries.things import existing_things, thing_to_review
from forum.pages import Page, page_of
from forum.parallels.models import Translation
from forum.parallels.queries import translation_if_there, with_parts
from forum.permissions import Person, require
from forum.reach import moderated_by
from forum.verdicts import SIGN_IN, Verdict


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


def present_end(decision: Decision) -> datetime | None:
    """Until when a decision is in effect: as decided or, for a lock, as its last day was changed since; None for no end."""
    if decision.deed == Deed.LOCK and is_in_effect(decision):
        chosen = latest_of(decision.kind, decision.item_id, (Deed.LOCK, Deed.SET_LOCK_END))
        return chosen.until if chosen else None
    return decision.until


def latest_decision_id(kind: str, item_id: int) -> int:
    """The id of the latest decision about a thing; 0 when there is none."""
    query = select(func.max(Decision.id)).where(*is_about(Decision, kind, item_id))
    return db.session.scalar(query) or 0


def decided_since(decision: Decision, keys: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of the things that were decided about after a decision; decisions that belong to a clearing do not count."""
    of_these = Decision.item_id.in_([item_id for _kind, item_id in keys])
    later = select(Decision.kind, Decision.item_id).where(of_these, Decision.id > decision.id)
    rows = db.session.execute(later.where(~_is_of_a_clearing()))
    return {(kind, item_id) for kind, item_id in rows}


def clearing_of_shared_page(kind: str, item_id: int, deed: str) -> Decision | None:
    """The latest decision about a topic or page that was part of clearing its author (`remove`) or of undoing that (`restore`).

    Such a decision exists only for pages on which others wrote. None when it is no longer in effect.
    """
    query = select(Decision).where(*is_about(Decision, kind, item_id), _is_of_a_clearing())
    latest = query.where(Decision.deed == deed).order_by(Decision.id.desc()).limit(1)
    decision = db.session.scalars(latest).first()
    return decision if decision and is_in_effect(decision) else None


def _is_of_a_clearing() -> ColumnElement[bool]:
    """SQL condition: the decision is part of one about a member, whose id is its lot."""
    head = aliased(Decision)
    about_member = select(head.id).where(head.id == Decision.lot_id, head.kind == "member")
    return about_member.correlate(Decision).exists()


def serialize_decisions() -> None:
    """Make decisions of moderators run one after another, so that each sees what the one before decided.

    SQLite has one writer at a time anyway. On PostgreSQL they wait for a lock on the federation's row.
    """
    db.session.execute(select(Federation.id).limit(1).with_for_update())


def latest_undoable_decision(reader: Person) -> Decision | None:
    """The moderator's latest decision that can still be undone: within `UNDO_PERIOD`, without a later one about its thing."""
    require(reader.can.see_queue())
    later = aliased(Decision)
    is_same = (later.kind == Decision.kind) & (later.item_id == Decision.item_id)
    query = select(Decision).where(
        Decision.moderator_id == reader.id,
        Decision.decided_at > now() - UNDO_PERIOD,
        Decision.deed.in_(UNDOABLE_DEEDS),
        Decision.source != LAST_DAY,  # made by the worker in their name
        ~_is_of_a_clearing(),
        ~select(later.id).where(is_same, later.id > Decision.id).exists(),
    )
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()


def decision_to_offer(reader: Person) -> Decision | None:
    """`latest_undoable_decision` for a page that offers to undo it; None for members who no longer moderate anything."""
    latest = latest_undoable_decision(reader) if reader.can.see_queue() else None
    is_kept = latest is None or has_brought_to_light(latest) or has_lost_place(latest)
    return None if is_kept else latest


Place = Topic | Declaration | Commitment | Translation
OwnText = Post | Mark | FollowUp | Signature | Commitment | Translation


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


def ids_ended_by(decision: Decision) -> Sequence[int]:
    """The ids of earlier decisions about the same thing that a decision ends, undoes or (hiding or removing) replaces.

    Decisions of a lot are left out unless the whole lot is undone: their notices are about other things, too.
    """
    deeds = deeds_ended_by(decision.deed)
    deeds += WITHHOLDING_DEEDS if decision.deed in WITHHOLDING_DEEDS else ()
    if not deeds and decision.undoes_id is None:
        return []
    is_earlier = (*is_about(Decision, decision.kind, decision.item_id), Decision.id < decision.id)
    is_ended = or_(Decision.deed.in_(deeds), Decision.id == decision.undoes_id)
    if decision.deed != Deed.UNDO:
        is_ended = and_(is_ended, Decision.lot_id.is_(None))
    return db.session.scalars(select(Decision.id).where(*is_earlier, is_ended)).all()


def waits_for_another(person: Person, kind: str, item_id: int, agenda_id: int) -> bool:
    """Whether the person's own practice or text that waits on an agenda must be published by another moderator."""
    return bool(waiting_for_another(person, {(kind, item_id): agenda_id}))


def waiting_for_another(
    person: Person, agenda_ids: Mapping[tuple[str, int], int]
) -> set[tuple[str, int]]:
    """Those of the person's own waiting practices and texts that must be published by another moderator.

    `agenda_ids` are the agendas where they wait, by kind and id. It takes a query for each agenda, and one for all of
    them.
    """
    may = {
        agenda_id: may_publish(person, agenda_id, person.id)
        for agenda_id in set(agenda_ids.values())
    }
    barred = {key for key, agenda_id in agenda_ids.items() if not may[agenda_id]}
    return barred | _ended_by_another(person, agenda_ids.keys() - barred)


def _ended_by_another(person: Person, keys: Set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of the person's own practices and texts that only another may publish, because it would end a decision against them."""
    if not keys:
        return set()
    ended = deeds_ended_by(*PUBLISHING_DEEDS.values())
    against = Decision.author_id == person.id, Decision.moderator_id != person.id
    query = select(Decision).where(*against, Decision.deed.in_(ended))
    about = query.where(tuple_(Decision.kind, Decision.item_id).in_(list(keys)))
    return {
        (decision.kind, decision.item_id)
        for decision in db.session.scalars(about)
        if is_in_effect(decision) and not person.can.give_back(decision)
    }


def may_publish(person: Person, agenda_id: int, author_id: int | None) -> Verdict:
    """Whether a moderator may publish a waiting text of an author on an agenda."""
    is_alone = author_id == person.id and not set(curators_of(agenda_id)) - {person.id}
    return person.can.publish(agenda_id, author_id, is_alone)


@dataclass(frozen=True)
class ClearedContent:
    """What was cleared as spam and still is: `things` that are hidden or removed, `held` texts that were refused; and when."""

    things: Sequence[Thing] = ()
    held: Sequence[Thing] = ()
    cleared_at: datetime | None = None

    def __bool__(self) -> bool:
        """Whether anything is still cleared."""
        return bool(self.things or self.held)


def content_cleared_of(moderator: Person, member_id: int) -> ClearedContent:
    """What the latest clearing of a member, unless it was undone, still hides."""
    undoing = aliased(Decision)
    is_undone = select(undoing.id).where(undoing.undoes_id == Decision.id).exists()
    query = select(Decision).where(*is_about(Decision, "member", member_id), ~is_undone)
    latest = query.where(Decision.deed == Deed.CLEAR_SPAM).order_by(Decision.id.desc()).limit(1)
    decision = db.session.scalars(latest).first()
    return content_cleared_by(moderator, decision) if decision else ClearedContent()


def content_cleared_by(moderator: Person, decision: Decision) -> ClearedContent:
    """What a decision `clear_spam` has cleared, without what somebody has decided about since."""
    cleared = MemberBefore.from_json(decision.kept)
    since = decided_since(decision, cleared.hidden)
    texts = existing_things(moderator, [key for key in cleared.hidden if key not in since])
    held = existing_things(moderator, [("held", held_id) for held_id in cleared.refused])
    return ClearedContent(
        [text for text in texts if text.state in ("hidden", "removed")],
        [text for text in held if text.state == "refused"],
        decision.decided_at,
    )


def answered_by(decision_id: int) -> Sequence[Report]:
    """The reports that a decision answered, oldest first, with their reporters."""
    query = select(Report).where(Report.decision_id == decision_id).order_by(Report.id)
    people = joinedload(Report.reporter).joinedload(Member.city)
    return db.session.scalars(query.options(people)).all()


@dataclass(frozen=True)
class LogFilter:
    """Which entries of the moderation log are wanted; empty values do not filter.

    `agenda` is a slug; `author` (of the thing) and `by` (the moderator) are handles.
    """

    agenda: str = ""
    deed: str = ""
    author: str = ""
    by: str = ""


def decision_log(
    reader: Person, wanted: LogFilter = LogFilter(), number: int = 1
) -> Page[Decision]:
    """Page `number` of the moderation log, newest first; hosts see what was decided on their own agendas."""
    require(reader.can.see_queue())
    query = select(Decision).where(moderated_by(reader, Decision.agenda_id))
    if wanted.agenda:
        query = query.join(Decision.agenda).where(Agenda.slug == wanted.agenda)
    if wanted.deed:
        query = query.where(Decision.deed == wanted.deed)
    for handle, column in (
        (wanted.author, Decision.author_id),
        (wanted.by, Decision.moderator_id),
    ):
        if handle:
            named = select(Member.id).where(has_or_had(handle))
            query = query.where(column == named.scalar_subquery())
    people = (joinedload(Decision.moderator), joinedload(Decision.author))
    newest = query.options(*people, joinedload(Decision.agenda)).order_by(Decision.id.desc())
    return page_of(newest, number, LOG_PAGE_SIZE)


def undoings_of(decisions: Iterable[Decision]) -> dict[int, Decision]:
    """For those decisions that were undone or reversed: the decision that did so, by the id of the first; one query."""
    ids = [decision.id for decision in decisions]
    if not ids:
        return {}
    query = select(Decision).where(Decision.undoes_id.in_(ids)).order_by(Decision.id.desc())
    return {
        undoing.undoes_id: undoing for undoing in db.session.scalars(query) if undoing.undoes_id
    }


def own_withheld_text(reader: Person, decision: Decision) -> OwnText | None:
    """The text that a decision hid, for its author; None for others, and once it is visible or deleted.

    For a topic it is the post that opens it.
    """
    if decision.author_id != reader.id:
        return None
    if decision.kind in ATTACHED_KINDS:
        model: Any = KINDS[decision.kind].attached
        is_it = (model.id == decision.item_id, model.hidden_at.is_not(None))
        added: OwnText | None = db.session.scalar(select(model).where(*is_it))
        if isinstance(added, Translation):
            return with_parts(added)
        return with_milestones(added) if isinstance(added, Commitment) else added
    if decision.kind not in EDITABLE_KINDS:
        return None
    is_hidden = or_(Post.hidden_at.is_not(None), Topic.hidden_at.is_not(None))
    query = select(Post).join(Post.topic).where(Post.author_id == reader.id, is_hidden)
    query = query.where(Post.deleted_at.is_(None))
    if decision.kind == "topic":
        return db.session.scalar(query.where(Topic.id == decision.item_id, Post.number == 1))
    return db.session.scalar(query.where(Post.id == decision.item_id))


def request_to_edit(reader: Person, post: Post) -> Decision | None:
    """The open request to edit a post, for its author; None for everybody else, or once the author has edited it."""
    is_open = post.edit_asked_at is not None and post.edit_answered_at is None
    if not is_open or post.author_id != reader.id:
        return None
    about = [and_(*is_about(Decision, "post", post.id))]
    if post.number == 1:
        about.append(and_(*is_about(Decision, "topic", post.topic_id)))
    query = select(Decision).where(or_(*about), Decision.deed == Deed.ASK_TO_EDIT)
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()


def restricting_decision(reader: Person, kind: str, item_id: int) -> Decision:
    """The decision that restricts a thing, for its author and the moderators of its agenda, else `NotFound`.

    It is the latest one in effect or, if there is none, the latest that was. For the opening post of a topic it is
    the decision about the topic when there is none about the post.
    """
    which = (*is_about(Decision, kind, item_id), Decision.deed.in_(RESTRICTING_DEEDS))
    found = _latest_in_effect(*which)
    if found is None and kind == "post":
        opened = select(Post.topic_id).where(Post.id == item_id, Post.number == 1)
        topic_id = db.session.scalar(opened)
        return restricting_decision(reader, "topic", topic_id or 0)
    return get_decision(reader, found.id if found else 0)


def why_hidden(reader: Person, kind: str, item_id: int) -> Decision | None:
    """The decision that withholds a thing, for readers concerned by it: its author, and the authors of texts in it."""
    which = (*is_about(Decision, kind, item_id), Decision.deed.in_(WITHHOLDING_DEEDS))
    found = _latest_in_effect(*which)
    return found if found and is_concerned(reader, found) else None


def _latest_in_effect(*which: ColumnElement[bool]) -> Decision | None:
    """The latest of these decisions that is in effect, or else the latest of all; None when there is none."""
    query = select(Decision).where(*which).options(joinedload(Decision.agenda))
    decisions = db.session.scalars(query.order_by(Decision.id.desc())).all()
    in_effect = (decision for decision in decisions if is_in_effect(decision))
    return next(in_effect, decisions[0] if decisions else None)


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


def is_in_effect(decision: Decision) -> bool:
    """Whether a decision is neither reversed nor ended by a later one (see `DeedKind.ended_by`)."""
    later = select(Decision.id).where(Decision.id > decision.id)
    same = (Decision.kind == decision.kind) & (Decision.item_id == decision.item_id)
    undoing = aliased(Decision)
    is_undone = select(undoing.id).where(undoing.undoes_id == Decision.id).exists()
    ended = same & Decision.deed.in_(DEEDS[decision.deed].ended_by) & ~is_undone
    over = later.where(or_(Decision.undoes_id == decision.id, ended))
    return not db.session.scalar(select(over.exists()))


def has_brought_to_light(decision: Decision) -> bool:
    """Whether a decision moved a topic from an agenda in preparation to an open one, where it stays visible."""
    in_preparation = ids_in_preparation() if decision.deed == Deed.MOVE else []
    if not in_preparation or MoveBefore.from_json(decision.kept).agenda_id not in in_preparation:
        return False
    is_there = select(Topic.agenda_id).where(Topic.id == decision.item_id)
    return db.session.scalar(is_there) not in in_preparation


def has_lost_place(decision: Decision) -> bool:
    """Whether a decision moved a topic from an agenda that was deleted since, so that it cannot be moved back."""
    if decision.deed != Deed.MOVE:
        return False
    former_id = MoveBefore.from_json(decision.kept).agenda_id
    is_gone = select(Agenda.id).where(Agenda.id == former_id, Agenda.deleted_at.is_not(None))
    return db.session.scalar(is_gone) is not None


def is_reversible(moderator: Person, decision: Decision) -> bool:
    """Whether a decision can be reversed: it is in effect and its thing still exists (authors may withdraw held texts).

    What was published by a move stays there. For a topic that was merged into another, only the merger and the answer
    to its reports can be reversed.
    """
    try:
        thing = thing_to_review(moderator, decision.kind, decision.item_id)
    except NotFound:
        return False
    is_possible = thing.state != "merged" or decision.deed in (Deed.MERGE, Deed.KEEP)
    is_possible = is_possible and not has_brought_to_light(decision)
    return is_possible and not has_lost_place(decision) and is_in_effect(decision)


def end_of_other_restriction(decision: Decision, deeds: Sequence[str]) -> datetime | None:
    """Until when a member is restricted by the latest other decision in effect with one of these deeds; None for none."""
    query = select(Decision).where(
        *is_about(Decision, decision.kind, decision.item_id),
        Decision.id != decision.id,
        Decision.deed.in_(deeds),
        Decision.until > now(),
    )
    others = db.session.scalars(query.order_by(Decision.id.desc())).all()
    return next((other.until for other in others if is_in_effect(other)), None)


def decision_by_id(decision_id: int) -> Decision | None:
    """A decision with its agenda, without any check of rights: the caller has to make sure that it concerns the reader."""
    query = select(Decision).where(Decision.id == decision_id)
    return db.session.scalar(query.options(joinedload(Decision.agenda)))


def is_concerned(person: Person, decision: Decision) -> bool:
    """Whether a decision concerns the person: as the author, or as one of the other members concerned.

    These wrote in the topic or on the page that it withholds, began the translation, or speak for the organisation of
    the commitment.
    """
    if person.is_self(decision.author_id):
        return True
    theirs = select(Decision.id).where(Decision.id == decision.id, _has_written_there(person))
    return db.session.scalar(theirs) is not None


def _has_written_there(person: Person) -> ColumnElement[bool]:
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
        return {found for found in db.session.scalars(began) if found}
    if decision.kind == "commitment":
        its = select(Commitment.organisation_id).where(Commitment.id == decision.item_id)
        return {
            found
            for organisation_id in db.session.scalars(its)
            for found in ids_of_voices(organisation_id)
        }
    return set()


def is_reporter(person: Person, decision: Decision) -> bool:
    """Whether a decision answered a report of the person."""
    own = select(Report.id).where(
        Report.decision_id == decision.id, Report.reporter_id == person.id
    )
    return bool(db.session.scalar(select(own.exists())))


def get_decision(reader: Person, decision_id: int) -> Decision:
    """One decision, for members whom it concerns (see `is_concerned`) and the moderators of its agenda.

    Raises `Forbidden` for visitors, and `NotFound` for other members.
    """
    if not reader.is_member:
        raise Forbidden(str(SIGN_IN.why_not))
    is_mine = or_(
        Decision.author_id == reader.id,
        _has_written_there(reader),
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
