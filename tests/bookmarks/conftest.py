"""Fixtures of the tests of bookmarks: something of each kind, and the federation whose name every page shows."""

from __future__ import annotations

import pytest

from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, get_post
from forum.library import actions as library
from forum.markup import write
from forum.members.actions import found_federation as found
from forum.permissions import SYSTEM
from tests.datasets import dataset_fixture, load_dataset


@pytest.fixture
@dataset_fixture
def federation(app):
    """The federation whose name every page shows."""
    load_dataset("quiet cities", app, lambda: found(SYSTEM, "Quiet cities").name)


@pytest.fixture
def post(people, agenda):
    """The post that opens a topic of Ana."""
    new = dialogue.NewTopic("question", "How do you count hours?", write("It took **two** years."))
    opened = dialogue.open_topic(people.ana, agenda.id, new)
    return get_post(people.ana, first_post(opened).id)


@pytest.fixture
def case(people, agenda):
    """A case."""
    text = library.CaseText("A network of harbours", "network", "Ships wait.", "One.\n\nTwo.")
    return library.write_case(people.host, agenda.id, text)


@pytest.fixture
def practice(people, agenda):
    """A practice of Ana that is published."""
    text = library.PracticeText("Pumps that call", "Each pump sends a message.")
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    return library.publish(people.host, made.id)


@pytest.fixture
def reading(people, agenda):
    """A best read."""
    text = library.ReadingText("Noise", "Ada Blum", 2019, why="It counts hours.")
    return library.write_reading(people.host, agenda.id, text)
