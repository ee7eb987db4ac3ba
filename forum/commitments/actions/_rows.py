"""Rows of commitments and milestones: locked, filled, kept as earlier versions, found by search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from flask_babel import gettext as _

from forum.clock import now
from forum.commitments.actions._texts import CommitmentText, Step
from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries import (
    REMIND_BEFORE,
    commitment_to_change,
    copied_at,
    copied_by,
    declarations_to_follow,
    fields_to_keep,
    first_open_day,
    milestones_of,
    organisation_of,
)
from forum.db import db
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.members.queries import lock_organisation, lock_writer
from forum.permissions import Person
from forum.plaintext import single_line, slugify
from forum.search import actions as search


def locked_commitment(member: Person, commitment_id: int) -> Commitment:
    """A commitment, locked after its organisation and the member, so that nobody withdraws the right meanwhile."""
    lock_organisation(organisation_of(member, commitment_id))
    lock_writer(member)
    return commitment_to_change(member, commitment_id)


def keep_former(member: Person, commitment: Commitment) -> None:
    """Keep what a commitment says now as an earlier version, before it is changed."""
    keep_version(member, "commitment", commitment.id, fields_to_keep(commitment))


def note_next_day(commitment: Commitment) -> None:
    """Store the next day of a commitment, that of its first open milestone or its last one, after a change of either."""
    db.session.flush()
    is_over = commitment.kept_at or commitment.ended_at
    first = first_open_day(commitment.id)
    commitment.next_on = None if is_over else first or commitment.last_day
    commitment.updated_at = now()


def fill(member: Person, commitment: Commitment, text: CommitmentText) -> None:
    """Set all columns that a text gives; raises `Invalid` for a declaration or a copied page that the member cannot name."""
    commitment.title = single_line(text.title)
    commitment.slug = slugify(commitment.title, "commitment")
    commitment.source, commitment.html = text.text.source, text.text.html
    commitment.html_version, commitment.language = text.text.html_version, text.text.language
    commitment.last_day, commitment.updated_at = text.last_day, now()
    if text.declaration_id != commitment.declaration_id:
        offered = {declaration.id for declaration in declarations_to_follow(member)}
        if text.declaration_id and text.declaration_id not in offered:
            raise Invalid(_("Choose one from the list."), "declaration")
        commitment.declaration_id = text.declaration_id
    note_copied(member, commitment, text.copied.strip())


def note_copied(member: Person, commitment: Commitment, typed: str) -> None:
    """Record what a commitment copies; a page that was hidden meanwhile stays recorded, because the form cannot name it."""
    copied = copied_at(member, typed) if typed else None
    if typed and copied is None:
        words = _("Enter the address of a practice or a case of this forum.")
        raise Invalid(words, "copied")
    has_one = commitment.practice_id or commitment.case_id
    if not typed and has_one and copied_by(member, commitment) is None:
        return
    commitment.practice_id = copied.practice_id if copied else None
    commitment.case_id = copied.case_id if copied else None


def add_milestones(commitment: Commitment, steps: Iterable[Step]) -> None:
    """Add checked milestones to a commitment that has an id."""
    for step in steps:
        db.session.add(
            Milestone(
                commitment_id=commitment.id,
                words=single_line(step.words),
                day=step.day,
                kept_moves=[],
                reminded_before_at=_reminded_already(step.day),
            )
        )
    note_next_day(commitment)


def new_steps(commitment: Commitment, steps: Sequence[Step]) -> list[Step]:
    """Those of the steps that are no milestones of the commitment yet: the same form may be sent twice."""
    present = {(milestone.words, milestone.day) for milestone in milestones_of(commitment)}
    return [step for step in steps if (single_line(step.words), step.day) not in present]


def _reminded_already(day: date) -> datetime | None:
    """Now, for a day so near that the member who sets it needs no reminder; else None."""
    return now() if day - REMIND_BEFORE <= now().date() else None


def commitment_entry(commitment: Commitment, about: str) -> search.Entry:
    """The search document of a commitment; `about` is its plain text."""
    words = (milestone.words for milestone in milestones_of(commitment))
    return search.Entry(
        kind="commitment",
        item_id=commitment.id,
        address=commitment.told_at,
        title=commitment.title,
        body="\n".join([about, *words]),
        written_at=commitment.published_at,
        byline=commitment.organisation.name,
        agenda_id=commitment.agenda_id,
        language=commitment.language,
    )
