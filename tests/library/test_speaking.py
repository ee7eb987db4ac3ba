"""Cases and practices whose own text links to a page speak of it: for whom, once, and until when."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import speaking_of
from forum.library import actions
from forum.markup import write
from forum.members.actions import ignore
from forum.permissions import SYSTEM, VISITOR, Person
from forum.search.actions import unindex
from tests.library.conftest import World, case_text, draft, published
from tests.soundness import faults


@pytest.fixture
def topic(world: World) -> Topic:
    new = dialogue.NewTopic("question", "Kerbs?", write("How high?"), [world.themes[0].id])
    return dialogue.open_topic(world.reader, world.agenda.id, new)


def link(topic: Topic) -> str:
    return f"As [asked](/topics/{topic.id}-kerbs)."


def told(reader: Person, topic: Topic) -> list[tuple[str, str]]:
    found = speaking_of(reader, f"/topics/{topic.id}", topic.id)
    return [(speaking.kind, speaking.address) for speaking in found]


def part(page: Any, name: str) -> list[str]:
    """The addresses in a section of a page."""
    within = page.text.partition(f'id="{name}"')[2].partition("</section>")[0]
    return re.findall(r'href="([^"#]*)', within)


def test_a_case_and_a_practice_speak_of_what_their_text_links_to_once(
    client: FlaskClient, world: World, topic: Topic
) -> None:
    case = actions.write_case(
        world.host, world.agenda.id, case_text(body=f"We did.\n\n{link(topic)}")
    )
    made = published(world, sections={"done": link(topic), "lessons": link(topic)})
    case_page, page = f"/cases/{case.slug}", f"/practices/{made.slug}"
    assert told(VISITOR, topic) == [("practice", page), ("case", case_page)]
    shown = client.get(topic.address)
    assert part(shown, "spoken") == [page, case_page] and ">Practice, <time" in shown.text
    comment = dialogue.reply(world.reader, case.topic_id, write(link(topic)))
    assert told(VISITOR, topic) == [("", f"/posts/{comment.id}"), ("practice", page)]
    actions.write_case(world.host, world.agenda.id, case_text(body="We did."), case.id)
    dialogue.delete(world.reader, comment.id)
    assert part(client.get(topic.address), "spoken") == [page]
    assert not faults()


def test_what_did_not_work_speaks_to_those_who_may_read_it(
    client: FlaskClient, sign_in: Any, world: World, topic: Topic
) -> None:
    made = published(world, sections={"done": "We did.", "failure": link(topic)})
    page = f"/practices/{made.slug}"
    assert told(VISITOR, topic) == [] and part(client.get(topic.address), "spoken") == []
    assert told(world.reader, topic) == [("practice", f"{page}#failure")]
    assert part(sign_in(world.reader).get(topic.address), "spoken") == [page]
    inner = published(world, title="Inner", sections={"done": link(topic)}, audience="members")
    assert told(VISITOR, topic) == []
    assert ("practice", f"/practices/{inner.slug}") in told(world.reader, topic)


def test_what_is_a_draft_or_hidden_or_of_somebody_ignored_speaks_of_nothing(
    world: World, topic: Topic
) -> None:
    draft(world, sections={"done": link(topic)})
    assert told(world.author, topic) == []
    made = published(world, title="Shown", sections={"done": link(topic)})
    ignore(world.reader, world.author.id)
    assert told(world.reader, topic) == [] and len(told(VISITOR, topic)) == 1
    actions.hide_practice(world.host, made.id, "Off.")
    assert told(VISITOR, topic) == []


def test_a_page_does_not_speak_of_itself(client: FlaskClient, world: World) -> None:
    made = published(world, title="Pumps", sections={"done": "See [above](/practices/pumps)."})
    assert made.slug == "pumps"
    assert "Mentioned in" not in client.get("/practices/pumps").text


def test_what_speaks_of_a_page_is_not_named_again_among_those_on_the_same_themes(
    client: FlaskClient, world: World, topic: Topic
) -> None:
    themes = [world.themes[0].id]
    made = published(world, theme_ids=themes, sections={"done": link(topic)})
    page = f"/practices/{made.slug}"
    other = published(world, title="Other pumps", theme_ids=themes)
    new = dialogue.NewTopic("question", "Low kerbs?", write(link(topic)), themes)
    second = dialogue.open_topic(world.reader, world.agenda.id, new)
    shown = client.get(topic.address)
    assert part(shown, "spoken") == [second.address, page]
    assert f"/practices/{other.slug}" in part(shown, "more")
    assert not {second.address, page} & {*part(shown, "more")}
    unindex(SYSTEM, "practice", made.id)
    unindex(SYSTEM, "topic", second.id)
    assert {second.address, page} <= {*part(client.get(topic.address), "more")}
