"""Commitments and their milestones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from forum.api.models.members import City, Reference
from forum.commitments.models import STATES as COMMITMENT_STATES


@dataclass(frozen=True)
class Commitment:
    """What an organisation says in public that it will do. `next_on` is the day that comes next; null once it is kept or ended."""

    id: int
    title: str
    url: str
    api_url: str
    agenda: Reference
    organisation: Reference
    city: City | None
    language: str
    state: Annotated[str, COMMITMENT_STATES]
    published_at: datetime
    last_day: date
    next_on: date | None
    kept_at: datetime | None
    ended_at: datetime | None
    peers_count: int


@dataclass(frozen=True)
class EarlierDay:
    """The day that a milestone had before it was moved, when that was, and why."""

    day: date
    moved_on: date
    reason: str


@dataclass(frozen=True)
class Milestone:
    """A step of a commitment. `reached_words` and `given_up_because` are what was said then."""

    text: str
    day: date
    reached_at: datetime | None
    reached_words: str | None
    given_up_at: datetime | None
    given_up_because: str | None
    earlier_days: list[EarlierDay]


@dataclass(frozen=True)
class WholeCommitment(Commitment):
    """A commitment with its text and its milestones, in the order of their days; where it comes from, as far as everybody sees it."""

    source: str
    html: str
    kept_words: str | None
    ended_because: str | None
    declaration_url: str | None
    copied_url: str | None
    milestones: list[Milestone]
