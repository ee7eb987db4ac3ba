"""The command `check` finds documents that list other links than their texts have, and mends them; so does `reindex`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from tests.upkeep.test_commands import Run, run

__all__ = ["run"]

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.actions import NewTopic, hide, open_topic, reply
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post
from forum.markup import write
from forum.search.models import Document, LinkedPage


@pytest.fixture
def said(people: Any, agenda: Agenda) -> tuple[int, int]:
    """A topic and a reply in it, which link to pages."""
    text = write("[a](/cases/a), http://localhost/practices/b and `[c](/cases/c)`.")
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Where?", text))
    linking = reply(people.ben, topic.id, write(f"> [a](/cases/a)\n\n[It](/topics/{topic.id})"))
    reply(people.ben, topic.id, write("Nothing at /topics/1."))
    return topic.id, linking.id


def all_linked() -> list[Any]:
    linked = select(Document.kind, Document.item_id, LinkedPage.address)
    return sorted(map(tuple, db.session.execute(linked.join(LinkedPage))))


def forgotten() -> None:
    db.session.execute(delete(LinkedPage))


def made_up() -> None:
    forgotten()
    for number in db.session.scalars(select(Document.id)):
        wrong = {"document_id": number, "address": "/posts/7"}
        db.session.execute(insert(LinkedPage).values(wrong))


@pytest.mark.parametrize("damage", [forgotten, made_up])
@pytest.mark.parametrize("remedy", [["check", "--fix"], ["reindex"]])
def test_what_texts_link_to_is_noted_anew(
    run: Run, said: tuple[int, int], damage: Callable[[], None], remedy: list[str]
) -> None:
    topic_id, reply_id = said
    before = all_linked()
    assert before == [
        ("post", reply_id, f"/topics/{topic_id}"),
        ("topic", topic_id, "/cases/a"),
        ("topic", topic_id, "/practices/b"),
    ]
    assert run("check").exit_code == 0
    damage()
    db.session.commit()
    told = run("check")
    assert told.exit_code == 1 and f"post {reply_id}: links in search is " in told.output
    assert f"topic {topic_id}: links in search is " in told.output
    done = run(*remedy)
    assert done.exit_code == 0, done.output
    assert all_linked() == before and run("check").exit_code == 0


def test_a_hidden_opening_links_to_nothing(run: Run, people: Any, said: tuple[int, int]) -> None:
    topic_id, reply_id = said
    hide(people.moderator, first_post(db.session.get_one(Topic, topic_id)).id, "Rule 2")
    assert [row[:2] for row in all_linked()] == [("post", reply_id)]
    assert run("check").exit_code == 0
