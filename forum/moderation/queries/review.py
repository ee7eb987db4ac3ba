"""The context of a decision: reports, neighbouring posts, earlier decisions, staff notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased, joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.db import db
from forum.declarations.models import CONSULTATION, OPEN, Declaration
from forum.declarations.queries import declarations_on
from forum.dialogue.models import Post
from forum.dialogue.queries import (
    is_readable,
    opening_after_merge,
    visible_posts,
)
from forum.errors import or_not_found
from forum.meetings.queries import NextMeeting, next_meetings
from forum.members.models import Member
from forum.moderation.models import Decision, Deed, Report, StaffNote
from forum.moderation.queries._deeds import RESTRICTING_DEEDS
from forum.moderation.queries._kinds import (
    ATTACHED_KINDS,
    EDITABLE_KINDS,
    REMOVABLE_KINDS,
    Thing,
    is_of_page,
)
from forum.moderation.queries._shared import MAX_RELATED_DECISIONS, MAX_STAFF_NOTES, is_about
from forum.moderation.queries.decisions import latest_decisions
from forum.moderation.queries.parties import JUDGING_DEEDS, right_to_end
from forum.moderation.queries.publishing import waits_for_another
from forum.moderation.queries.reports import has_open_reports, open_reports
from forum.moderation.queries.things import (
    is_emptied,
    is_first_post,
    thing_to_moderate,
)
from forum.permissions import Person, require
from forum.reach import moderated_by
from forum.verdicts import OWN_TEXT, YES, Verdict


@dataclass(frozen=True)
class ReviewContext:
    """One thing opened for a decision, with everything a moderator needs to decide about it.

    `earlier_decisions` are about the thing, `decisions_about_author` restricted its author before and were not taken back;
    `latest_decision_id` is 0 when there is no earlier decision. `is_own` says that the reader is the author; the
    reader then sees no reports, only whether there are any (`is_reported`). `may` says why only another moderator may
    decide: the reader wrote it, or is a party to the decision that would end.
    """

    thing: Thing
    reports: Sequence[Report]
    previous_post: Post | None
    next_post: Post | None
    author: Member | None
    earlier_decisions: Sequence[Decision]
    decisions_about_author: Sequence[Decision]
    latest_decision_id: int
    staff_notes: Sequence[StaffNote] = ()
    may: Verdict = YES
    is_own: bool = False
    is_reported: bool = False

    @property
    def is_for_others(self) -> bool:
        """Whether only another moderator may decide."""
        return not self.may

    @property
    def is_first(self) -> bool:
        """Whether it is one of its author's first posts and no moderator has looked at it yet."""
        return is_first_post(self.thing)

    @property
    def deeds(self) -> list[Deed]:
        """The deeds that the reader may choose now, in the order in which the form offers them."""
        if self.is_own and self.is_reported:
            return []
        if self.thing.kind == "held" or self.thing.is_submitted:
            return [] if self.is_for_others else self._publishing_deeds()
        keep = [Deed.KEEP] if (self.reports or self.is_first) and not self.is_own else []
        if self.is_for_others:
            return keep + [deed for deed in self._visibility_deeds() if deed == Deed.ASK_TO_EDIT]
        return keep + self._visibility_deeds()

    def _publishing_deeds(self) -> list[Deed]:
        if self.thing.is_submitted:
            return [Deed.PUBLISH, Deed.SEND_BACK, *([Deed.HIDE] if self.reports else [])]
        return {"waiting": [Deed.APPROVE, Deed.REFUSE], "refused": [Deed.APPROVE]}[self.thing.state]

    def _visibility_deeds(self) -> list[Deed]:
        remove = [Deed.REMOVE] if self.thing.kind in REMOVABLE_KINDS else []
        edit = [Deed.ASK_TO_EDIT] if self.thing.kind in EDITABLE_KINDS else []
        restore = [] if is_emptied(self.thing) else [Deed.RESTORE]
        by_state = {
            "shown": [Deed.HIDE, *remove, *edit],
            "hidden": [*restore, *remove],
            "removed": restore,
        }
        return by_state.get(self.thing.state, [])


@dataclass(frozen=True)
class GoingOn:
    """Unfinished things on an agenda that archiving affects: declarations that are neither drafts nor over, and future meetings."""

    declarations: Sequence[Declaration]
    meetings: Sequence[NextMeeting]


def going_on(moderator: Person, agenda: Agenda) -> GoingOn:
    """The unfinished things on an agenda, for a moderator who is about to archive it."""
    declarations = declarations_on(moderator, agenda)
    return GoingOn(
        [declaration for declaration in declarations if declaration.state in (CONSULTATION, OPEN)],
        next_meetings(moderator, MAX_RELATED_DECISIONS, agenda.id),
    )


def moderated_agendas(reader: Person) -> Sequence[Agenda]:
    """The agendas that a reader moderates, in order."""
    require(reader.can.see_queue())
    return db.session.scalars(visible_agendas(reader).where(moderated_by(reader, Agenda.id))).all()


def review_context(reader: Person, kind: str, item_id: int) -> ReviewContext:
    """The context of a thing, for a reader who may decide about it; raises what `thing_to_moderate` raises."""
    thing = thing_to_moderate(reader, kind, item_id)
    previous_post, next_post = _neighbours(reader, thing)
    earlier, about_author = _earlier_decisions(reader, thing)
    is_own = not reader.can.judge(thing.author_id)
    reports = [] if is_own else open_reports(thing.kind, thing.item_id)
    return ReviewContext(
        thing=thing,
        reports=reports,
        previous_post=previous_post,
        next_post=next_post,
        author=_member(thing.author_id),
        earlier_decisions=earlier,
        decisions_about_author=about_author,
        latest_decision_id=max((decision.id for decision in earlier), default=0),
        staff_notes=_notes_for(reader, thing.author_id),
        may=_may_decide(reader, thing, earlier),
        is_own=is_own,
        is_reported=bool(reports) or (is_own and has_open_reports(thing.kind, thing.item_id)),
    )


def _may_decide(reader: Person, thing: Thing, earlier: Sequence[Decision]) -> Verdict:
    """Whether the reader may decide about a thing, or another moderator has to; `earlier` are the decisions about it."""
    is_hidden = thing.state in ("hidden", "removed")
    if is_hidden or not (thing.kind == "held" or thing.is_submitted):
        by_others = [decision for decision in earlier if decision.moderator_id != reader.id]
        if not any(decision.deed in JUDGING_DEEDS for decision in by_others):
            return YES
        deed = Deed.RESTORE if is_hidden else Deed.HIDE
        return right_to_end(reader, thing.kind, thing.item_id, deed)
    if thing.author_id != reader.id or thing.agenda_id is None:
        return YES
    is_theirs = waits_for_another(reader, thing.kind, thing.item_id, thing.agenda_id)
    return OWN_TEXT if is_theirs else YES


def right_to_withhold(person: Person, thing: Thing, deed: str) -> Verdict:
    """Whether somebody may hide or remove (`deed`) a thing, or another moderator has to: as a party to what was decided, or to open reports."""
    if person.is_self(thing.author_id) and has_open_reports(thing.kind, thing.item_id):
        return person.can.judge(thing.author_id)
    return right_to_end(person, thing.kind, thing.item_id, deed)


def _neighbours(reader: Person, thing: Thing) -> tuple[Post | None, Post | None]:
    """The posts before and after a post; for a topic its opening post, for a note or follow-up the post it is attached to."""
    if thing.kind in ATTACHED_KINDS and thing.row is not None:
        return _parent_post(reader, thing), None
    if thing.kind not in ("post", "topic") or thing.row is None:
        return None, None
    number = thing.row.number if thing.kind == "post" else 0
    people = joinedload(Post.author).joinedload(Member.city)
    if thing.state == "merged":
        opening = opening_after_merge(reader, thing.item_id).options(people)
        return None, db.session.scalars(opening).first()
    existing = visible_posts(reader).where(Post.topic_id == thing.topic_id, *is_readable())
    numbers = existing.with_only_columns(Post.number)
    nearest = (
        numbers.where(Post.number < number).order_by(Post.number.desc()).limit(1),
        numbers.where(Post.number > number).order_by(Post.number).limit(1),
    )
    is_nearest = or_(*(Post.number == neighbour.scalar_subquery() for neighbour in nearest))
    found = db.session.scalars(existing.where(is_nearest).options(people)).all()
    before = next((post for post in found if post.number < number), None)
    return before, next((post for post in found if post.number > number), None)


def _parent_post(reader: Person, thing: Thing) -> Post | None:
    """The post of a note, unless that is a case or practice; the question of a follow-up."""
    if thing.kind == "mark":
        return None if is_of_page(thing.row.post) else thing.row.post
    if thing.kind in ("reservation", "commitment", "translation"):
        return None
    question = visible_posts(reader).where(Post.topic_id == thing.row.topic_id, Post.number == 1)
    people = joinedload(Post.author).joinedload(Member.city)
    return db.session.scalars(question.options(people)).first()


def _member(member_id: int | None) -> Member | None:
    if member_id is None:
        return None
    loads = (joinedload(Member.city), joinedload(Member.organisation))
    return db.session.scalars(select(Member).where(Member.id == member_id).options(*loads)).first()


def _earlier_decisions(reader: Person, thing: Thing) -> tuple[list[Decision], list[Decision]]:
    """The latest decisions about a thing, and those that restricted its author on agendas that the reader moderates.

    Decisions that were undone, or reversed after an appeal, are left out.
    """
    undoing = aliased(Decision)
    is_undone = select(undoing.id).where(undoing.undoes_id == Decision.id).exists()
    against = (Decision.author_id == thing.author_id, Decision.deed.in_(RESTRICTING_DEEDS))
    about = is_about(Decision, thing.kind, thing.item_id)
    found = latest_decisions(
        about, (*against, ~is_undone, moderated_by(reader, Decision.agenda_id))
    )
    key = (thing.kind, thing.item_id)
    earlier = [decision for decision in found if (decision.kind, decision.item_id) == key]
    undone_ids = {decision.undoes_id for decision in earlier}
    theirs = [
        decision
        for decision in found
        if thing.author_id is not None
        and decision.author_id == thing.author_id
        and decision.deed in RESTRICTING_DEEDS
        and decision.id not in undone_ids
        and reader.can.moderate(decision.agenda_id)
    ]
    return earlier[:MAX_RELATED_DECISIONS], theirs[:MAX_RELATED_DECISIONS]


def staff_notes(moderator: Person, member: Member) -> Sequence[StaffNote]:
    """The notes of moderators about a member, newest first; at most `MAX_STAFF_NOTES`."""
    require(moderator.can.write_staff_note(member))
    return _notes_about(member.id)


def _notes_for(reader: Person, member_id: int | None) -> Sequence[StaffNote]:
    """The notes shown beside an entry: none for hosts, and nobody sees notes about themselves."""
    if member_id is None or member_id == reader.id or not reader.can.curate_all():
        return ()
    return _notes_about(member_id)


def _notes_about(member_id: int) -> Sequence[StaffNote]:
    query = select(StaffNote).where(StaffNote.member_id == member_id)
    newest = query.options(joinedload(StaffNote.author)).order_by(StaffNote.id.desc())
    return db.session.scalars(newest.limit(MAX_STAFF_NOTES)).all()


def staff_note(moderator: Person, note_id: int) -> StaffNote:
    """One staff note, for a moderator who may remove it; `NotFound` for a note about the moderator."""
    require(moderator.can.curate_all())
    query = select(StaffNote).where(StaffNote.id == note_id, StaffNote.member_id != moderator.id)
    return or_not_found(db.session.scalar(query))
