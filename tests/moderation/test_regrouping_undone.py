"""Topics that were merged or split are put back as they were, whatever else has happened there since."""

from __future__ import annotations

from typing import Any

import pytest

from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import get_topic
from forum.markup import write
from forum.moderation import actions
from forum.permissions import SYSTEM, VISITOR
from tests.moderation.conftest import part, shown, split, undo

pytestmark = pytest.mark.usefixtures("sound")


@pytest.fixture
def other(people: Any, agenda: Any, things: Any) -> Topic:
    """Another topic on the agenda: Ben's, with a reply of Ana's."""
    new = dialogue.NewTopic("experience", "Quiet trams", write("The trams are quiet."))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    dialogue.reply(people.ana, topic.id, write("Ours squeal."))
    return get_topic(SYSTEM, topic.id)


def test_the_number_of_what_came_since_and_went_on_is_not_used_again(
    people: Any, things: Any, other: Topic
) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    came = dialogue.reply(people.ana, other.id, write("It came."))
    actions.split(people.moderator, other.id, [came.id], part(things))
    undo(people.host)
    assert shown(VISITOR, other.id) == [1, 2]
    assert get_topic(VISITOR, other.id).posts_count == 6
    further = dialogue.reply(people.ana, other.id, write("Further."))
    assert further.number == 7
    actions.split(people.moderator, other.id, [further.id], part(things, title="Further"))


def test_nor_that_of_what_went_on_from_a_part_that_was_split_off(people: Any, things: Any) -> None:
    new = split(people.host, things, things.second)
    came = dialogue.reply(people.ana, new.id, write("It came."))
    actions.split(people.moderator, new.id, [came.id], part(things, title="Further"))
    undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]
