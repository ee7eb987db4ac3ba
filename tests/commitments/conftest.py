"""Fixtures: a commitment of a city that Ana speaks for; an institute has named Chitra, who follows it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from forum.clock import now
from forum.commitments import actions
from forum.commitments.actions import CommitmentText, Step
from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries import milestones_of
from forum.markup import write
from tests.declarations.conftest import bodies

__all__ = ["bodies"]
TEXT = "We will put **felt** below the trams of line 2."


def in_days(days: int) -> date:
    return now().date() + timedelta(days=days)


def a_text(**words: Any) -> CommitmentText:
    """The text of a commitment with two milestones, in thirty and in sixty days."""
    said = {
        "title": "Felt below line 2",
        "text": write(words.pop("source", TEXT), has_pictures=False),
        "last_day": in_days(90),
        "milestones": [
            Step("A kilometre is done", in_days(30)),
            Step("Two kilometres are", in_days(60)),
        ],
    }
    return CommitmentText(**(said | words))


def published(member: Any, agenda: Any, body: Any, **words: Any) -> Commitment:
    """Publish a commitment for an organisation."""
    return actions.publish_commitment(member, agenda.id, body.id, a_text(**words))


@pytest.fixture
def commitment(people: Any, agenda: Any, bodies: Any) -> Commitment:
    """The commitment of the city."""
    return published(people.ana, agenda, bodies.city)


def first_of(commitment: Commitment) -> Milestone:
    """The milestone with the earliest day."""
    return milestones_of(commitment)[0]
