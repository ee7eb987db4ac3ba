"""Fixtures of the appeals tests: the things of moderation, and a decision about a post of Ben's."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from forum.agendas.models import Agenda
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from tests.datasets import dataset_fixture
from tests.moderation.conftest import Things, known_things

REASONS = Reasons("It is rude.", 2)


@pytest.fixture
@dataset_fixture
def things(app: Flask, people: Any, agenda: Agenda) -> Things:
    """Something of each kind on one agenda."""
    return known_things(app, people, agenda)


@pytest.fixture
def hidden(people: Any, things: Any) -> Decision:
    """The moderator's decision to hide a post by Ben that Ana had reported."""
    moderation.report(people.ana, "post", things.first.id, "rules")
    return moderation.decide(people.moderator, "post", things.first.id, "hide", REASONS)
