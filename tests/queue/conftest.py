"""Fixtures of the queue tests: the things of moderation, a candidate, and reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.candidates.actions import JoinDetails, confirm, keep
from forum.candidates.models import Candidate
from forum.clock import at, now
from forum.invitations.actions import EntranceText, set_entrance
from forum.members.actions import Joining
from forum.moderation import actions as moderation
from forum.permissions import VISITOR
from tests.moderation.conftest import things

__all__ = ["things"]


@pytest.fixture
def candidate(people: Any) -> Candidate:
    """Somebody who has waited to join for ten minutes."""
    candidates_wait(people)
    with at(now() - timedelta(minutes=10)):
        return asks("Nora Lind", "nora@city.example")


def candidates_wait(people: Any) -> None:
    """Let joining require an approval by moderators."""
    set_entrance(people.administrator, EntranceText("approval", "moderators"))


def asks(name: str, email: str) -> Candidate:
    made = keep(
        VISITOR, Joining(name, email, "no hash"), "a key", JoinDetails([("Why?", "To learn.")])
    )
    confirm(VISITOR, made)
    return made


@pytest.fixture
def reported(people: Any, things: Any) -> Any:
    """Two reports of a post, the first an hour old, and one of a profile."""
    with at(now() - timedelta(hours=1)):
        moderation.report(people.ana, "post", things.first.id, "rules", "Rude.")
    moderation.report(people.chitra, "post", things.first.id, "spam")
    moderation.report(people.ana, "member", people.ben.id, "spam")
    return things
