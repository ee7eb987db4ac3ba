"""Commitments as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable

from forum.api import models
from forum.api.views._addresses import address, address_of, api_address
from forum.api.views._answers_of_members import agenda_reference, city
from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries import Copied
from forum.declarations.models import Declaration


def commitment(found: Commitment) -> models.Commitment:
    """A commitment, with its agenda and its organisation loaded."""
    whose = found.organisation
    page = address("front.organisation", slug=whose.slug)
    return models.Commitment(
        id=found.id,
        title=found.title,
        url=address_of(found.address),
        api_url=api_address("commitment", commitment_id=found.id),
        agenda=agenda_reference(found.agenda),
        organisation=models.Reference(whose.name, whose.slug, page),
        city=city(whose.city) if whose.city else None,
        language=found.language,
        state=found.state,
        published_at=found.published_at,
        last_day=found.last_day,
        next_on=found.next_on,
        kept_at=found.kept_at,
        ended_at=found.ended_at,
        peers_count=found.peers_count,
    )


def whole_commitment(
    found: Commitment,
    milestones: Iterable[Milestone],
    declaration: Declaration | None,
    copied: Copied | None,
) -> models.WholeCommitment:
    """A commitment with its text, its milestones, and where it comes from."""
    return models.WholeCommitment(
        **vars(commitment(found)),
        source=found.source,
        html=found.html,
        kept_words=found.kept_words or None,
        ended_because=found.ended_reason or None,
        declaration_url=address_of(declaration.address) if declaration else None,
        copied_url=address_of(copied.address) if copied else None,
        milestones=[_milestone(milestone) for milestone in milestones],
    )


def _milestone(found: Milestone) -> models.Milestone:
    return models.Milestone(
        text=found.words,
        day=found.day,
        reached_at=found.reached_at,
        reached_words=found.reached_words or None,
        given_up_at=found.given_up_at,
        given_up_because=found.given_up_reason or None,
        earlier_days=[
            models.EarlierDay(move.earlier, move.moved_on, move.reason) for move in found.moves
        ],
    )
