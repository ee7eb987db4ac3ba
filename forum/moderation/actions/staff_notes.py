"""Notes of moderators about members."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _

from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.members.queries import member_by_id
from forum.moderation.actions._reasons import check_length
from forum.moderation.models import StaffNote
from forum.moderation.queries import staff_note
from forum.permissions import Person, require

KEPT_STAFF_NOTES = timedelta(days=730)


@action
def write_staff_note(moderator: Person, member_id: int, text: str) -> StaffNote:
    """Write a note about a member for the other moderators; hosts do not see it, the member gets it in the data export."""
    touches()
    member = member_by_id(moderator, member_id)
    require(moderator.can.write_staff_note(member))
    if not text.strip():
        raise Invalid(_("Write a note."), "text")
    check_length(text, "text")
    note = StaffNote(
        member_id=member.id, author_id=moderator.id, text=text.strip(), written_at=now()
    )
    db.session.add(note)
    db.session.flush()
    return note


@action
def remove_staff_note(moderator: Person, note_id: int) -> int:
    """Remove a note about a member, whoever wrote it; returns the id of the member."""
    touches()
    note = staff_note(moderator, note_id)
    db.session.delete(note)
    return note.member_id


@action
def forget_staff_notes(system: Person) -> int:
    """Delete up to `DELETION_BATCH_SIZE` notes older than `KEPT_STAFF_NOTES`; returns how many."""
    require(system.can.administer())
    touches()
    return len(
        delete_batch(
            StaffNote, DELETION_BATCH_SIZE, StaffNote.written_at < now() - KEPT_STAFF_NOTES
        )
    )
