"""A topic as somebody hears it who reads with a screen reader."""

from __future__ import annotations

from typing import Any

from forum.dialogue import actions
from forum.dialogue.models import Topic
from forum.markup import write
from tests.dialogue.conftest import page
from tests.heard import headings


def test_from_post_to_post_leads_a_heading(client: Any, people: Any, topic: Topic) -> None:
    for author in (people.ben, people.host):
        actions.reply(author, topic.id, write("Count the doors."))
    found = headings(page(client, topic.address))
    first, last = found.index((2, "2 replies")), found.index((2, "Add your reply"))
    assert found[first + 1 : last] == [(3, people.ben.name), (3, people.host.name)]
