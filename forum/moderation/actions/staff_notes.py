"""What moderators write down about a member for each other, and names of who has left."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, or_, update

from forum.db import action, db, delete_batch, now, touches
from forum.errors import Invalid
from forum.matches import unnamed
from forum.members.queries import member_by_id
from forum.moderation.actions._reasons import check_length
from forum.moderation.actions._record import PORTION, in_queue
from forum.moderation.models import Decision, Report, StaffNote
from forum.moderation.queries import KINDS, decisions_naming, staff_note, things_reported
from forum.notifications.actions import retitle_queue
from forum.permissions import Person, require

NAMING = ("member", "letter")  # kinds of things whose title is somebody's name
KEPT_STAFF_NOTES = timedelta(days=730)


@action
def unname(system: Person, member_id: int, name: str, former: str, *, is_silent: bool) -> None:
    """Take a member who has left off the record of decisions and reports, which stays.

    The name and address of a profile or a sender go, and the name from the reasons; with `is_silent` also the first words of what they
    wrote, and what they said in their reports.
    """
    require(system.can.administer())
    for model in (Decision, Report):
        theirs = update(model).where(model.author_id == member_id)
        named = theirs.where(model.kind.in_(NAMING))
        db.session.execute(named.values(title=former, address=""))
        if is_silent:
            db.session.execute(theirs.where(model.kind.not_in(NAMING)).values(title=former))
    kinds = KINDS if is_silent else NAMING
    where = [in_queue(*thing) for thing in things_reported(member_id, kinds)]
    retitle_queue(system, where, former)
    if is_silent:
        said = update(Report).where(Report.reporter_id == member_id)
        db.session.execute(said.values(text=""))
    theirs_too = StaffNote.member_id == member_id
    if is_silent:
        theirs_too = or_(theirs_too, StaffNote.author_id == member_id)
    db.session.execute(delete(StaffNote).where(theirs_too))
    for decision in decisions_naming(member_id, name):
        decision.reason = unnamed(decision.reason, name, former)


@action
def write_staff_note(moderator: Person, member_id: int, text: str) -> StaffNote:
    """Note about a member what the other moderators should know; hosts do not read it, and the member may ask for it."""
    touches()
    member = member_by_id(moderator, member_id)
    require(moderator.can.note_about(member))
    if not text.strip():
        raise Invalid(_("Write a note."), "text")
    check_length(text, "text")
    said = {"author_id": moderator.id, "text": text.strip(), "written_at": now()}
    note = StaffNote(member_id=member.id, **said)
    db.session.add(note)
    db.session.flush()
    return note


@action
def remove_staff_note(moderator: Person, note_id: int) -> int:
    """Remove a note about a member, whoever wrote it; says about whom it was."""
    touches()
    note = staff_note(moderator, note_id)
    db.session.delete(note)
    return note.member_id


@action
def forget_staff_notes(system: Person, limit: int = PORTION) -> int:
    """Delete some notes about members that are two years old; says how many."""
    require(system.can.administer())
    touches()
    return len(delete_batch(StaffNote, limit, StaffNote.written_at < now() - KEPT_STAFF_NOTES))
