"""Notes of moderators about members, and taking the names of those who have left off the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Text, case, cast, delete, literal, or_, update

from forum.claims.models import queue_path
from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.matches import KnownAs, replace_name, without_member
from forum.members.queries import member_by_id
from forum.moderation.actions._reasons import check_length
from forum.moderation.models import (
    Decision,
    Deed,
    RegroupingBefore,
    Report,
    StaffNote,
    TitleBefore,
)
from forum.moderation.queries import (
    KINDS,
    decisions_naming,
    decisions_of_deeds,
    reported_keys,
    staff_note,
)
from forum.notifications.actions import retitle_queue
from forum.permissions import Person, require
from forum.sentences import reworded

KINDS_TITLED_BY_NAME = ("member", "letter")  # a profile, and "An e-mail from …"
# They keep words for readers, of moderators, in order to be undone
DEEDS_WITH_WORDS = (Deed.NOTE, Deed.UNNOTE, Deed.UNLOCK, Deed.UNSLOW)
KEPT_STAFF_NOTES = timedelta(days=730)


@action
def unname(system: Person, member_id: int, known: KnownAs, *, is_silent: bool) -> None:
    """Take the name and the handles of a member who has left off decisions and reports, which stay.

    They are replaced in titles, addresses and reasons. Notes below the member's posts that were replaced, and
    why a topic of theirs was locked or slow before, are kept no longer. With `is_silent` the titles made from the member's texts,
    those that moderators replaced too, with the addresses that hold their words, the texts of the member's own reports and
    the staff notes that the member wrote go as well.
    """
    require(system.can.administer())
    for model in (Decision, Report):
        theirs = update(model).where(model.author_id == member_id)
        named = theirs.where(model.kind.in_(KINDS_TITLED_BY_NAME))
        db.session.execute(named.values(title=known.former, address=""))
        if is_silent:
            titled = theirs.where(model.kind.not_in(KINDS_TITLED_BY_NAME))
            db.session.execute(titled.values(title=known.former, address=_without_words(model)))
    kinds = tuple(KINDS) if is_silent else KINDS_TITLED_BY_NAME
    addresses = [queue_path(*key) for key in reported_keys(member_id, kinds)]
    retitle_queue(system, addresses, known.former)
    is_obsolete = StaffNote.member_id == member_id
    if is_silent:
        own_reports = update(Report).where(Report.reporter_id == member_id)
        db.session.execute(own_reports.values(text=""))
        is_obsolete = or_(is_obsolete, StaffNote.author_id == member_id)
    db.session.execute(delete(StaffNote).where(is_obsolete))
    _forget_words_before(member_id, known.former, is_silent=is_silent)
    for decision in decisions_naming(member_id, known.words):
        decision.reason = without_member(decision.reason, known)
        decision.sentences = reworded(decision.sentences, partial(without_member, known=known))


def _without_words(model: type[Decision | Report]) -> ColumnElement[str]:
    """SQL: the address of a row without words of a title: by number, or none for what has no such address."""
    by_number = literal("/topics/") + cast(model.item_id, Text)
    return case((model.kind == "post", model.address), (model.kind == "topic", by_number), else_="")


def _forget_words_before(member_id: int, former: str, *, is_silent: bool) -> None:
    """Delete what decisions keep of notes and locks, and with `is_silent` of titles, in order to be undone, which nobody does now."""
    for decision in decisions_of_deeds(member_id, DEEDS_WITH_WORDS):
        decision.before = None
    for decision in decisions_of_deeds(member_id, (Deed.MERGE,)):
        if decision.before:
            before = RegroupingBefore.from_json(decision.before)
            decision.before = replace(before, paces=()).to_json()
    for decision in decisions_of_deeds(member_id, (Deed.RETITLE,)) if is_silent else ():
        if decision.before:
            title = TitleBefore.from_json(decision.before).title
            decision.reason = replace_name(decision.reason, title, former)
            rename = partial(replace_name, name=title, former=former)
            decision.sentences = reworded(decision.sentences, rename)
            decision.before = None


@action
def write_staff_note(moderator: Person, member_id: int, text: str) -> StaffNote:
    """Write a note about a member for the other moderators; hosts do not see it, the member can ask for it."""
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
def forget_staff_notes(system: Person, limit: int = DELETION_BATCH_SIZE) -> int:
    """Delete up to `limit` notes older than `KEPT_STAFF_NOTES`; returns how many."""
    require(system.can.administer())
    touches()
    return len(delete_batch(StaffNote, limit, StaffNote.written_at < now() - KEPT_STAFF_NOTES))
