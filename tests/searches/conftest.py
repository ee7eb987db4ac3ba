"""Fixtures of the tests of kept searches: a search of Ben's, a topic by another member, and the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forum.clock import at
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.searches import actions
from forum.searches.models import Wanted
from tests.bookmarks.conftest import federation

assert federation
TODAY = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def today(federation):
    """A Wednesday in November, at noon."""
    with at(TODAY):
        yield


@pytest.fixture
def kept(people, agenda, today):
    """Ben's search for heat shelters."""
    return actions.keep(people.ben, Wanted("heat shelters"))


def open_topic(author, agenda, title, text="What do you do?"):
    """A question with a title and a text."""
    return dialogue.open_topic(author, agenda.id, dialogue.NewTopic("question", title, write(text)))
