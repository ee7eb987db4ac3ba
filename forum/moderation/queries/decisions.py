"""What was decided: the latest, the log, whom it concerns, whether it still holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from forum.advice.models import FollowUp
from forum.agendas.models import Agenda
from forum.db import db, now
from forum.dialogue.models import Mark, Post, Topic
from forum.errors import Forbidden, NotFound
from forum.library.models import Case, Practice
from forum.members.models import Federation, Member
from forum.moderation.models import Decision, Report
from forum.moderation.queries._words import (
    ENDED_BY,
    FEW,
    LOG_PAGE,
    RESTRICTING,
    TEXTS,
    UNDO,
    UNDONE,
    WITHHOLDING,
    is_of,
)
from forum.moderation.queries.things import Thing, thing_taken_back, things_there
from forum.pages import Page, page_of
from forum.permissions import SIGN_IN, Person, moderated_by, require

HOLDING: dict[str, Any] = {"mark": Mark, "followup": FollowUp}  # the rows of what is added


def lot(lot_id: int) -> Sequence[Decision]:
    """The decisions that were one deed over several things, in their order."""
    return db.session.scalars(
        select(Decision).where(Decision.lot_id == lot_id).order_by(Decision.id)
    ).all()


def of_same_lot(reader: Person, decision: Decision) -> Sequence[Decision]:
    """What else was decided in the same deed, as far as it concerns a reader."""
    if decision.lot_id is None:
        return []
    is_mine = or_(Decision.author_id == reader.id, _is_moderated(reader))
    others = select(Decision).where(Decision.lot_id == decision.lot_id, is_mine)
    return db.session.scalars(others.where(Decision.id != decision.id).order_by(Decision.id)).all()


def _is_moderated(reader: Person) -> ColumnElement[bool]:
    """In SQL what `Can.see_decision` says: it was decided on an agenda that a reader moderates, or its thing is there now."""
    places = (Decision.agenda_id, Decision.present_agenda_id)
    return or_(*(moderated_by(reader, place) for place in places))


def latest_decisions(*which: Iterable[ColumnElement[bool]]) -> Sequence[Decision]:
    """The latest decisions of each of some sorts, with who decided, the latest of all first; one query."""
    sorts = (select(Decision.id).where(*one).order_by(Decision.id.desc()) for one in which)
    few = (Decision.id.in_(select(sort.limit(FEW).subquery())) for sort in sorts)
    query = select(Decision).where(or_(*few)).options(joinedload(Decision.moderator))
    return db.session.scalars(query.order_by(Decision.id.desc())).all()


def latest_decision(kind: str, item_id: int) -> int:
    """The id of the latest decision about a thing; 0 when there is none."""
    query = select(func.max(Decision.id)).where(*is_of(Decision, kind, item_id))
    return db.session.scalar(query) or 0


def decided_since(decision: Decision, keys: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of some things that somebody has decided about after a decision, apart from what was cleared away or shown with its author."""
    of_these = Decision.item_id.in_([item_id for _kind, item_id in keys])
    later = select(Decision.kind, Decision.item_id).where(of_these, Decision.id > decision.id)
    rows = db.session.execute(later.where(~_is_of_a_clearing()))
    return {(kind, item_id) for kind, item_id in rows}


def cleared_with_others(kind: str, item_id: int, deed: str) -> Decision | None:
    """What was decided last about a thing while all of its author was cleared away (`remove`) or shown again (`restore`).

    None when that holds no more, or when nobody else had written there.
    """
    query = select(Decision).where(*is_of(Decision, kind, item_id), _is_of_a_clearing())
    latest = query.where(Decision.deed == deed).order_by(Decision.id.desc()).limit(1)
    decision = db.session.scalars(latest).first()
    return decision if decision and holds(decision) else None


def _is_of_a_clearing() -> ColumnElement[bool]:
    """In SQL: one of those decisions that follow from one about a member: they have its number as their lot."""
    head = aliased(Decision)
    about_member = select(head.id).where(head.id == Decision.lot_id, head.kind == "member")
    return about_member.correlate(Decision).exists()


def take_turn() -> None:
    """Let moderation deeds happen one after another; each sees what the one before has decided.

    SQLite has one writer at a time anyway. On PostgreSQL the deeds wait for one another at this row.
    """
    db.session.execute(select(Federation.id).limit(1).with_for_update())


def my_latest(reader: Person) -> Decision | None:
    """The reader's latest decision, while it can be taken back: ten minutes, and nothing decided since."""
    require(reader.can.see_queue())
    later = aliased(Decision)
    is_same = (later.kind == Decision.kind) & (later.item_id == Decision.item_id)
    query = select(Decision).where(
        Decision.moderator_id == reader.id,
        Decision.decided_at > now() - UNDO,
        Decision.deed.in_(UNDONE),
        ~_is_of_a_clearing(),
        ~select(later.id).where(is_same, later.id > Decision.id).exists(),
    )
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()


def decided_by_another(
    person: Person, kind: str, item_id: int, deeds: Sequence[str]
) -> Decision | None:
    """What another moderator has done to something of a person's own, by one of some deeds, if it holds."""
    theirs = Decision.author_id == person.id, Decision.moderator_id != person.id
    query = select(Decision).where(*is_of(Decision, kind, item_id), *theirs)
    done = db.session.scalars(query.where(Decision.deed.in_(deeds))).all()
    return next((decision for decision in done if holds(decision)), None)


def is_for_another(person: Person, kind: str, item_id: int, deed: str) -> bool:
    """Whether a deed would end what another moderator decided about a person's own, so that it is not the person's to do."""
    ended = [done for done, ends in ENDED_BY.items() if deed in ends]
    decision = decided_by_another(person, kind, item_id, ended)
    return decision is not None and not person.can.give_back(decision)


@dataclass(frozen=True)
class Cleared:
    """What was cleared away as advertising and is so still: texts out of sight, and texts that were refused unread."""

    things: Sequence[Thing] = ()
    held: Sequence[Thing] = ()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.things or self.held)


def cleared_of(moderator: Person, member_id: int) -> Cleared:
    """What was cleared away of a member, last and without being taken back."""
    undoing = aliased(Decision)
    is_undone = select(undoing.id).where(undoing.undoes_id == Decision.id).exists()
    query = select(Decision).where(*is_of(Decision, "member", member_id), ~is_undone)
    latest = query.where(Decision.deed == "spam").order_by(Decision.id.desc()).limit(1)
    decision = db.session.scalars(latest).first()
    return cleared_by(moderator, decision) if decision else Cleared()


def cleared_by(moderator: Person, decision: Decision) -> Cleared:
    """What a decision has cleared away, as far as nobody has decided about it since."""
    before: dict[str, Any] = decision.before or {}
    hidden = [(kind, item_id) for kind, item_id in before.get("hidden", ())]
    since = decided_since(decision, hidden)
    texts = things_there(moderator, [key for key in hidden if key not in since])
    held = things_there(moderator, [("held", held_id) for held_id in before.get("refused", ())])
    return Cleared(
        [text for text in texts if text.state in ("hidden", "removed")],
        [text for text in held if text.state == "refused"],
    )


def answered_by(decision_id: int) -> Sequence[Report]:
    """The reports that a decision has answered, oldest first, with their reporters."""
    query = select(Report).where(Report.decision_id == decision_id).order_by(Report.id)
    people = joinedload(Report.reporter).joinedload(Member.city)
    return db.session.scalars(query.options(people)).all()


def log(reader: Person, agenda: str = "", number: int = 1) -> Page[Decision]:
    """One page of the moderation log, newest first; a host reads what was decided on the host's own agendas."""
    require(reader.can.see_queue())
    query = select(Decision).where(moderated_by(reader, Decision.agenda_id))
    if agenda:
        query = query.join(Decision.agenda).where(Agenda.slug == agenda)
    people = (joinedload(Decision.moderator), joinedload(Decision.author))
    newest = query.options(*people, joinedload(Decision.agenda)).order_by(Decision.id.desc())
    return page_of(newest, number, LOG_PAGE)


def own_text(reader: Person, decision: Decision) -> Post | Mark | FollowUp | None:
    """The text that a decision hid, for its author; None for others, and once it is shown or deleted.

    Of a topic it is the post that opens it.
    """
    if decision.author_id != reader.id:
        return None
    if decision.kind in HOLDING:
        model = HOLDING[decision.kind]
        is_it = (model.id == decision.item_id, model.hidden_at.is_not(None))
        added: Mark | FollowUp | None = db.session.scalar(select(model).where(*is_it))
        return added
    if decision.kind not in TEXTS:
        return None
    is_hidden = or_(Post.hidden_at.is_not(None), Topic.hidden_at.is_not(None))
    query = select(Post).join(Post.topic).where(Post.author_id == reader.id, is_hidden)
    query = query.where(Post.deleted_at.is_(None))
    if decision.kind == "topic":
        return db.session.scalar(query.where(Topic.id == decision.item_id, Post.number == 1))
    return db.session.scalar(query.where(Post.id == decision.item_id))


def request_to_edit(reader: Person, post: Post) -> Decision | None:
    """What the moderators asked the author of a post to change, while that is not done; for the author alone."""
    is_open = post.edit_asked_at is not None and post.edit_answered_at is None
    if not is_open or post.author_id != reader.id:
        return None
    about = [and_(*is_of(Decision, "post", post.id))]
    if post.number == 1:
        about.append(and_(*is_of(Decision, "topic", post.topic_id)))
    query = select(Decision).where(or_(*about), Decision.deed == "ask to edit")
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()


def why_restricted(reader: Person, kind: str, item_id: int) -> Decision:
    """The latest decision that restricted a thing, for its author and for who moderates its agenda.

    Of a post that opens a topic, the one about the topic when there is none about the post.
    """
    which = (*is_of(Decision, kind, item_id), Decision.deed.in_(RESTRICTING))
    latest = db.session.scalar(select(func.max(Decision.id)).where(*which))
    if latest is None and kind == "post":
        opened = select(Post.topic_id).where(Post.id == item_id, Post.number == 1)
        topic_id = db.session.scalar(opened)
        return why_restricted(reader, "topic", topic_id or 0)
    return get_decision(reader, latest or 0)


def why_hidden(reader: Person, kind: str, item_id: int) -> Decision | None:
    """The decision that hides a thing, if it concerns a reader: its author, and whoever wrote there."""
    which = (*is_of(Decision, kind, item_id), Decision.deed.in_(WITHHOLDING))
    latest = db.session.scalar(select(func.max(Decision.id)).where(*which))
    decision = decision_of(latest or 0)
    return decision if decision and is_concerned(reader, decision) else None


def file_of(reader: Person, decision: Decision) -> Sequence[Decision]:
    """What else was decided about the same thing, for who moderates its agenda."""
    if not reader.can.see_decision(decision):
        return []
    about = is_of(Decision, decision.kind, decision.item_id)
    others = latest_decisions((*about, _is_moderated(reader)))
    return [other for other in others if other.id != decision.id]


def decision_to_review(moderator: Person, decision_id: int) -> Decision:
    """A decision, held, for somebody who may take back what others decided on its agenda."""
    require(moderator.can.see_queue())
    query = select(Decision).where(Decision.id == decision_id)
    decision = db.session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if decision is None:
        raise NotFound()
    require(moderator.can.moderate(decision.present_agenda_id))
    return decision


def holds(decision: Decision) -> bool:
    """Whether a decision that restricts still stands: neither taken back, nor ended by a later one."""
    later = select(Decision.id).where(Decision.id > decision.id)
    same = (Decision.kind == decision.kind) & (Decision.item_id == decision.item_id)
    undoing = aliased(Decision)
    is_undone = select(undoing.id).where(undoing.undoes_id == Decision.id).exists()
    ended = same & Decision.deed.in_(ENDED_BY.get(decision.deed, ())) & ~is_undone
    over = later.where(or_(Decision.undoes_id == decision.id, ended))
    return not db.session.scalar(select(over.exists()))


def can_be_taken_back(moderator: Person, decision: Decision) -> bool:
    """Whether a decision still stands, and what it was about is there: authors take back texts that were refused.

    Of a topic that was put into another only that can be taken back, and that its reports were answered.
    """
    try:
        thing = thing_taken_back(moderator, decision.kind, decision.item_id)
    except NotFound:
        return False
    is_there = thing.state != "merged" or decision.deed in ("merge", "keep")
    return is_there and holds(decision)


def end_of_others(decision: Decision, deeds: Sequence[str]) -> datetime | None:
    """Until when a member is restricted by another decision of one of these deeds, the latest that still holds."""
    query = select(Decision).where(
        *is_of(Decision, decision.kind, decision.item_id),
        Decision.id != decision.id,
        Decision.deed.in_(deeds),
        Decision.until > now(),
    )
    others = db.session.scalars(query.order_by(Decision.id.desc())).all()
    return next((other.until for other in others if holds(other)), None)


def decision_of(decision_id: int) -> Decision | None:
    """A decision by its number, for rooms above that ask themselves whom it concerns."""
    query = select(Decision).where(Decision.id == decision_id)
    return db.session.scalar(query.options(joinedload(Decision.agenda)))


def is_concerned(person: Person, decision: Decision) -> bool:
    """Whether a decision is about something of a person: the author, or who wrote in a topic or page that was hidden."""
    if decision.author_id == person.id is not None:
        return True
    theirs = select(Decision.id).where(Decision.id == decision.id, _has_written_there(person))
    return db.session.scalar(theirs) is not None


def _has_written_there(person: Person) -> ColumnElement[bool]:
    """In SQL: whether a decision took a topic, a case or a practice out of sight, and with it what a person wrote there."""
    case_topic = select(Case.topic_id).where(Case.id == Decision.item_id).correlate(Decision)
    practice_topic = select(Practice.topic_id).where(Practice.id == Decision.item_id)
    practice_topic = practice_topic.correlate(Decision)
    topic_id = case(
        (Decision.kind == "topic", Decision.item_id),
        (Decision.kind == "case", case_topic.scalar_subquery()),
        (Decision.kind == "practice", practice_topic.scalar_subquery()),
    )
    wrote = select(Post.id).where(Post.topic_id == topic_id, Post.author_id == person.id)
    return and_(Decision.deed.in_(WITHHOLDING), wrote.exists())


def is_reporter(person: Person, decision: Decision) -> bool:
    """Whether a decision answered a report of a person."""
    said = select(Report.id).where(
        Report.decision_id == decision.id, Report.reporter_id == person.id
    )
    return bool(db.session.scalar(select(said.exists())))


def get_decision(reader: Person, decision_id: int) -> Decision:
    """One decision, for those whom it concerns and for who moderates its agenda.

    It concerns the author, and whoever wrote in a topic, or on a page, that was hidden.
    """
    if not reader.is_member:
        raise Forbidden(str(SIGN_IN.why_not))
    is_mine = or_(
        Decision.author_id == reader.id,
        _has_written_there(reader),
        _is_moderated(reader),
    )
    query = select(Decision).where(Decision.id == decision_id, is_mine)
    decision = db.session.scalars(query.options(joinedload(Decision.agenda))).first()
    if decision is None:
        raise NotFound()
    return decision


def named_visitors_until(moment: datetime, limit: int) -> list[int]:
    """The ids of some reports that a visitor signed, and that were decided before a moment."""
    is_named = or_(Report.name != "", Report.email != "")
    old = select(Decision.id).where(Decision.decided_at < moment)
    some = select(Report.id).where(is_named, Report.decision_id.in_(old)).limit(limit)
    return list(db.session.scalars(some))
