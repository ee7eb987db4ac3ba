"""The pages of a case and a practice say in which topics somebody speaks of them."""

from __future__ import annotations

from typing import Any

import pytest

from forum.dialogue.actions import NewTopic, hide_topic, open_topic, reply
from forum.markup import write
from forum.permissions import MEMBERS
from tests.dialogue.test_speaking import listed
from tests.front.conftest import Small
from tests.screens import faults_in


@pytest.mark.parametrize("kind", ["case", "practice"])
def test_a_page_of_the_library_says_which_topics_link_to_it_or_its_comments(
    small: Small, client: Any, sign_in: Any, kind: str
) -> None:
    thing = getattr(small, kind)
    path = f"/{kind}s/{thing.slug}"
    assert "Mentioned in" not in client.get(path).text
    comment = reply(small.people.ben, thing.topic_id, write(f"[Above]({path})."))
    assert "Mentioned in" not in client.get(path).text
    first, second, third = (
        open_topic(
            small.people.ana,
            small.agenda.id,
            NewTopic("question", f"{link}?", write(f"[a]({link})"), audience=audience),
        )
        for link, audience in (
            (f"http://localhost{path}", "public"),
            (f"/posts/{comment.id}", "public"),
            (path, MEMBERS),
        )
    )
    text = client.get(path).text
    assert listed(text) == [second.address, first.address] and not faults_in(text)
    member = sign_in(small.people.chitra)
    assert listed(member.get(path).text) == [third.address, second.address, first.address]
    hide_topic(small.people.moderator, second.id, "Off.")
    assert listed(client.get(path).text) == [first.address]
    other = small.practice if kind == "case" else small.case
    said = reply(small.people.ben, other.topic_id, write(f"As in {path}: [it]({path})."))
    assert listed(client.get(path).text) == [f"/posts/{said.id}", first.address]
