"""Commitments from files, with what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.commitments.actions._peers import count_followers
from forum.commitments.actions._rows import commitment_entry, fill, note_copied, note_next_day
from forum.commitments.actions._texts import CommitmentText
from forum.commitments.models import Commitment, Milestone, Peer
from forum.commitments.queries import commitment_to_change
from forum.db import db
from forum.deeds import action
from forum.errors import Invalid
from forum.members.queries import lock_organisation
from forum.permissions import Person, require
from forum.search import actions as search


@dataclass(frozen=True)
class KnownMilestone:
    """A milestone in a file: the columns of `Milestone`."""

    words: str
    day: date
    kept_moves: Sequence[Sequence[str]] = ()
    reached_at: datetime | None = None
    reached_words: str = ""
    given_up_at: datetime | None = None
    given_up_reason: str = ""
    reminded_after_at: datetime | None = None


@dataclass(frozen=True)
class CommitmentCourse:
    """The course of a commitment in a file: who published it for whom, when, and what became of it; `peer_ids` follow it."""

    organisation_id: int
    author_id: int | None
    published_at: datetime
    kept_at: datetime | None = None
    kept_words: str = ""
    ended_at: datetime | None = None
    ended_reason: str = ""
    peer_ids: Collection[int] = field(default_factory=tuple)


@action
def load_commitment(
    curator: Person,
    agenda_id: int,
    text: CommitmentText,
    course: CommitmentCourse,
    milestones: Sequence[KnownMilestone],
) -> Commitment:
    """Add a commitment from a file with its whole course, and notify nobody."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    organisation = lock_organisation(course.organisation_id)
    if organisation is None:
        raise Invalid(_("Choose one from the list."), "organisation")
    told = {name: value for name, value in vars(course).items() if name != "peer_ids"}
    commitment = Commitment(agenda_id=agenda.id, declaration_id=text.declaration_id, **told)
    commitment.agenda, commitment.organisation = agenda, organisation
    fill(curator, commitment, text)
    db.session.add(commitment)
    db.session.flush()
    for milestone in milestones:
        columns = vars(milestone) | {"kept_moves": [list(move) for move in milestone.kept_moves]}
        db.session.add(Milestone(commitment_id=commitment.id, **columns))
    for member_id in sorted(set(course.peer_ids)):
        row = Peer(commitment_id=commitment.id, member_id=member_id, followed_at=now())
        db.session.add(row)
    count_followers(commitment)
    note_next_day(commitment)
    search.index(curator, commitment_entry(commitment, text.text.plain), is_new=True)
    return commitment


@action
def load_origin(
    curator: Person, commitment_id: int, declaration_id: int | None, copied: str
) -> Commitment:
    """Record what a commitment from a file follows from and copies, if that was loaded after it; recorded values stay."""
    require(curator.can.curate_all())
    commitment = commitment_to_change(curator, commitment_id)
    commitment.declaration_id = commitment.declaration_id or declaration_id
    if copied and not (commitment.practice_id or commitment.case_id):
        note_copied(curator, commitment, copied)
    return commitment
