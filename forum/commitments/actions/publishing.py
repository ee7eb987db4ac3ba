"""What members do for their organisation with a commitment: publishing and changing it, keeping or ending it."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id, lock_to_write_on
from forum.clock import now
from forum.commitments.actions._rows import (
    add_milestones,
    commitment_entry,
    fill,
    keep_former,
    locked_commitment,
    new_steps,
)
from forum.commitments.actions._telling import tell_end
from forum.commitments.actions._texts import (
    CommitmentText,
    check_commitment,
    checked_words,
    refuse_caught_words,
    screen_commitment,
)
from forum.commitments.models import Commitment
from forum.commitments.queries import commitment_fields, fields_to_keep, identical_commitment
from forum.db import db
from forum.deeds import action
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.members.queries import lock_organisation, lock_writer
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.search import actions as search
from forum.sentences import sentence

KEPT = sentence("The commitment is kept.")
ENDED = sentence("The commitment is given up. What stopped it:")


@action
def publish_commitment(
    member: Person, agenda_id: int, organisation_id: int | None, text: CommitmentText
) -> Commitment:
    """Publish what an organisation will do. The same sent twice is published once.

    A text that a rule catches is refused, because there is no queue for it.
    """
    # Locked in the same order as when an organisation chooses its voices
    organisation = lock_organisation(organisation_id)
    lock_writer(member)
    lock_to_write_on(member, agenda_id)
    agenda = agenda_by_id(member, agenda_id)
    if organisation is None:
        raise Invalid(_("Choose one from the list."), "organisation")
    require(member.can.publish_commitment(agenda, organisation))
    title, source = single_line(text.title), text.text.source
    if earlier := identical_commitment(organisation.id, agenda.id, title, source):
        require(member.can.tell_of_commitment(earlier))
        return earlier
    check_commitment(text)
    commitment = Commitment(
        agenda_id=agenda.id,
        agenda=agenda,
        organisation_id=organisation.id,
        organisation=organisation,
        author_id=member.id,
        published_at=now(),
    )
    fill(member, commitment, text)
    screen_commitment(member, agenda.id, text)
    db.session.add(commitment)
    db.session.flush()
    add_milestones(commitment, text.milestones)
    search.index(member, commitment_entry(commitment, text.text.plain), is_new=True)
    return commitment


@action
def edit_commitment(
    member: Person, commitment_id: int, text: CommitmentText, *, seen: str | None = None
) -> Commitment:
    """Change a commitment, or add milestones to it; the former version is kept. The same sent twice adds them once.

    `seen` is the `fingerprint` of its fields when the form was opened: `Conflict` when they have changed since.
    """
    commitment = locked_commitment(member, commitment_id)
    require(member.can.edit_commitment(commitment))
    text = replace(text, milestones=new_steps(commitment, text.milestones))
    check_commitment(text, commitment)
    before, kept = commitment_fields(commitment), fields_to_keep(commitment)
    fill(member, commitment, text)
    if commitment_fields(commitment) == before and not text.milestones:
        return commitment
    refuse_unseen(seen, before)
    screen_commitment(member, commitment.agenda_id, text)
    keep_version(member, "commitment", commitment.id, kept)
    add_milestones(commitment, text.milestones)
    search.index(member, commitment_entry(commitment, text.text.plain))
    return commitment


@action
def keep_commitment(member: Person, commitment_id: int, words: str = "") -> Commitment:
    """Mark a commitment as kept, with an optional sentence; followers are told, and it cannot change any more."""
    commitment = locked_commitment(member, commitment_id)
    require(member.can.tell_of_commitment(commitment))
    words = checked_words(words, "sentence", is_needed=False)
    refuse_caught_words(member, commitment, words, "sentence")
    keep_former(member, commitment)
    commitment.kept_at, commitment.kept_words = now(), words
    tell_end(member, commitment, KEPT, words)
    return commitment


@action
def end_commitment(member: Person, commitment_id: int, reason: str) -> Commitment:
    """Give a commitment up, with the reason; followers are told, and it cannot change any more."""
    commitment = locked_commitment(member, commitment_id)
    require(member.can.tell_of_commitment(commitment))
    reason = checked_words(reason, "reason")
    refuse_caught_words(member, commitment, reason, "reason")
    keep_former(member, commitment)
    commitment.ended_at, commitment.ended_reason = now(), reason
    tell_end(member, commitment, ENDED, reason)
    return commitment
