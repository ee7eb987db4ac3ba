"""One thing in its context, opened for a decision, and what moderators know of its author."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.db import db
from forum.dialogue.models import Post
from forum.dialogue.queries import (
    is_there,
    opening_after_merge,
    visible_posts,
)
from forum.errors import NotFound
from forum.members.models import Member
from forum.moderation.models import Decision, Report, StaffNote
from forum.moderation.queries._words import (
    ADDED,
    FEW,
    NOTES,
    REMOVABLE,
    RESTRICTING,
    TEXTS,
    is_of,
)
from forum.moderation.queries.decisions import is_for_another, latest_decisions
from forum.moderation.queries.reports import has_open_reports, open_reports
from forum.moderation.queries.things import (
    Thing,
    is_emptied,
    is_first_post,
    is_of_page,
    thing_to_moderate,
)
from forum.permissions import Person, moderated_by, require


@dataclass(frozen=True)
class Entry:
    """One thing opened for a decision, with all that a moderator needs to decide."""

    thing: Thing
    reports: Sequence[Report]
    before: Post | None
    after: Post | None
    author: Member | None
    earlier: Sequence[Decision]
    about_author: Sequence[Decision]
    seen: int
    staff_notes: Sequence[StaffNote] = ()
    is_for_others: bool = (
        False  # whether another moderator alone can decide, since it is the reader's own
    )
    is_own: bool = False
    is_reported: bool = False  # of one's own one learns no more than that

    @property
    def is_submitted(self) -> bool:
        """Whether it is a practice that waits to be published, which nobody has hidden."""
        is_there = self.thing.kind == "practice" and self.thing.state == "shown"
        return is_there and self.thing.row.state == "submitted"

    @property
    def is_first(self) -> bool:
        """Whether it is one of somebody's first posts, and nobody has looked at it yet."""
        return is_first_post(self.thing)

    @property
    def deeds(self) -> list[str]:
        """What can be decided now."""
        if self.is_own and self.is_reported:
            return []
        is_to_publish = self.thing.kind == "held" or self.is_submitted
        if is_to_publish and self.is_for_others:
            return []
        if self.thing.kind == "held":
            return {"waiting": ["approve", "refuse"], "refused": ["approve"]}[self.thing.state]
        if self.is_submitted:
            return ["publish", "send_back", *(["hide"] if self.reports else [])]
        keep = ["keep"] if (self.reports or self.is_first) and not self.is_own else []
        if self.is_for_others:
            return keep
        remove = ["remove"] if self.thing.kind in REMOVABLE else []
        edit = ["ask_to_edit"] if self.thing.kind in TEXTS else []
        restore = [] if is_emptied(self.thing) else ["restore"]
        known = {"shown": ["hide", *remove, *edit], "hidden": [*restore, *remove]}
        known |= {"removed": restore}
        return keep + known.get(self.thing.state, [])


def moderated_agendas(reader: Person) -> Sequence[Agenda]:
    """The agendas that a reader moderates, in order."""
    require(reader.can.see_queue())
    return db.session.scalars(visible_agendas(reader).where(moderated_by(reader, Agenda.id))).all()


def entry(reader: Person, kind: str, item_id: int) -> Entry:
    """One thing in its context, for somebody who may decide about it."""
    thing = thing_to_moderate(reader, kind, item_id)
    before, after = _neighbours(reader, thing)
    earlier, about_author = _decided(reader, thing)
    is_own = not reader.can.judge(thing.author_id)
    reports = [] if is_own else open_reports(thing.kind, thing.item_id)
    return Entry(
        thing=thing,
        reports=reports,
        before=before,
        after=after,
        author=_member(thing.author_id),
        earlier=earlier,
        about_author=about_author,
        seen=max((decision.id for decision in earlier), default=0),
        staff_notes=_notes_for(reader, thing.author_id),
        is_for_others=_is_for_others(reader, thing),
        is_own=is_own,
        is_reported=bool(reports) or (is_own and has_open_reports(thing.kind, thing.item_id)),
    )


def _is_for_others(reader: Person, thing: Thing) -> bool:
    """Whether a thing is the reader's own, and another moderator has decided what the reader would end."""
    if thing.author_id != reader.id:
        return False
    ending = {"practice": "publish", "held": "approve"}.get(thing.kind, "")
    deed = "restore" if thing.state in ("hidden", "removed") else ending
    return is_for_another(reader, thing.kind, thing.item_id, deed)


def _neighbours(reader: Person, thing: Thing) -> tuple[Post | None, Post | None]:
    """The posts before and after a post, the one that opens a topic, or the one to which something is added."""
    if thing.kind in ADDED and thing.row is not None:
        return _added_to(reader, thing), None
    if thing.kind not in ("post", "topic") or thing.row is None:
        return None, None
    number = thing.row.number if thing.kind == "post" else 0
    people = joinedload(Post.author).joinedload(Member.city)
    if thing.state == "merged":
        opening = opening_after_merge(reader, thing.item_id).options(people)
        return None, db.session.scalars(opening).first()
    there = visible_posts(reader).where(Post.topic_id == thing.topic_id, *is_there())
    numbers = there.with_only_columns(Post.number)
    nearest = (
        numbers.where(Post.number < number).order_by(Post.number.desc()).limit(1),
        numbers.where(Post.number > number).order_by(Post.number).limit(1),
    )
    one_of_both = or_(*(Post.number == one.scalar_subquery() for one in nearest))
    found = db.session.scalars(there.where(one_of_both).options(people)).all()
    before = next((post for post in found if post.number < number), None)
    return before, next((post for post in found if post.number > number), None)


def _added_to(reader: Person, thing: Thing) -> Post | None:
    """The post that a note is about, unless that is a page for itself; the question that a follow-up belongs to."""
    if thing.kind == "mark":
        return None if is_of_page(thing.row.post) else thing.row.post
    asked = visible_posts(reader).where(Post.topic_id == thing.row.topic_id, Post.number == 1)
    people = joinedload(Post.author).joinedload(Member.city)
    return db.session.scalars(asked.options(people)).first()


def _member(member_id: int | None) -> Member | None:
    if member_id is None:
        return None
    loads = (joinedload(Member.city), joinedload(Member.organisation))
    return db.session.scalars(select(Member).where(Member.id == member_id).options(*loads)).first()


def _decided(reader: Person, thing: Thing) -> tuple[list[Decision], list[Decision]]:
    """The latest decisions about a thing, and those against its author as far as they are this reader's business."""
    against = (Decision.author_id == thing.author_id, Decision.deed.in_(RESTRICTING))
    about = is_of(Decision, thing.kind, thing.item_id)
    found = latest_decisions(about, (*against, moderated_by(reader, Decision.agenda_id)))
    key = (thing.kind, thing.item_id)
    earlier = [one for one in found if (one.kind, one.item_id) == key]
    theirs = [
        one
        for one in found
        if one.author_id == thing.author_id is not None
        and one.deed in RESTRICTING
        and reader.can.moderate(one.agenda_id)
    ]
    return earlier[:FEW], theirs[:FEW]


def staff_notes(moderator: Person, member: Member) -> Sequence[StaffNote]:
    """What moderators have noted about a member, the latest first."""
    require(moderator.can.note_about(member))
    return _notes_about(member.id)


def _notes_for(reader: Person, member_id: int | None) -> Sequence[StaffNote]:
    """The same beside an entry, for whoever may read it: no host, and nobody about themselves."""
    may = bool(reader.can.curate_all()) and member_id not in (None, reader.id)
    return _notes_about(member_id) if may and member_id else ()


def _notes_about(member_id: int) -> Sequence[StaffNote]:
    query = select(StaffNote).where(StaffNote.member_id == member_id)
    newest = query.options(joinedload(StaffNote.author)).order_by(StaffNote.id.desc())
    return db.session.scalars(newest.limit(NOTES)).all()


def staff_note(moderator: Person, note_id: int) -> StaffNote:
    """One such note, for somebody who may remove it."""
    require(moderator.can.curate_all())
    query = select(StaffNote).where(StaffNote.id == note_id, StaffNote.member_id != moderator.id)
    note = db.session.scalar(query)
    if note is None:
        raise NotFound()
    return note
