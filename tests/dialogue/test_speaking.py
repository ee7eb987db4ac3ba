"""Pages say in which topics somebody speaks of them: to whom, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue import actions
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import speaking_of, topics_at
from forum.markup import PlainTexts, write
from forum.members.actions import ignore
from forum.permissions import MEMBERS, SYSTEM, VISITOR, Person
from forum.search.actions import reindex
from tests.dialogue.conftest import page


@pytest.fixture
def other(people: Any, agenda: Agenda, topic: Topic) -> Topic:
    """A topic whose first post links to `topic`."""
    text = write(f"As [there](/topics/{topic.id}-how).")
    return actions.open_topic(people.ben, agenda.id, NewTopic("question", "Kerbs?", text))


def told(reader: Person, topic: Topic) -> list[str]:
    return [speaking.title for speaking in speaking_of(reader, "", topic.id)]


def listed(text: str) -> list[str]:
    """The addresses in the list of a page."""
    part = text.partition('id="spoken"')[2].partition("</section>")[0]
    return re.findall(r'href="([^"]*)"', part)


def test_a_topic_says_which_others_link_to_it_the_newest_first(
    client: FlaskClient, people: Any, agenda: Agenda, topic: Topic, other: Topic
) -> None:
    assert listed(page(client, topic.address)) == [other.address]
    assert "Mentioned in" not in page(client, other.address)
    third = actions.open_topic(
        people.ana, agenda.id, NewTopic("experience", "Bollards", write("We."))
    )
    link = f"[a](/posts/{first(topic).id})"
    replies = [actions.reply(people.ben, third.id, write(f"{n} {link}.")) for n in ("So", "Again")]
    actions.reply(people.ben, topic.id, write(f"[Above](/topics/{topic.id})."))
    assert listed(page(client, topic.address)) == [f"/posts/{replies[1].id}", other.address]


def first(topic: Topic) -> Post:
    return db.session.query(Post).filter_by(topic_id=topic.id, number=1).one()


def test_nobody_learns_of_a_topic_that_they_do_not_see(
    client: FlaskClient, people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    text = write(f"As [there](/topics/{topic.id}).")
    new = NewTopic("question", "A secret", text, audience=MEMBERS)
    secret = actions.open_topic(people.ben, agenda.id, new)
    for reader, seen in ((VISITOR, []), (people.chitra, ["A secret"])):
        assert told(reader, topic) == seen
    assert "Mentioned in" not in page(client, topic.address)
    assert listed(page(sign_in(people.chitra), topic.address)) == [secret.address]


DEEDS: dict[str, Callable[[Any, Topic], object]] = {
    "hide": lambda p, topic: actions.hide_topic(p.moderator, topic.id, "Off."),
    "hide the post": lambda p, topic: actions.hide(p.moderator, first(topic).id, "Off."),
    "edit": lambda p, topic: actions.edit(p.ben, first(topic).id, write("As there.")),
    "delete": lambda p, topic: actions.delete(p.ben, first(topic).id),
    "quote": lambda p, topic: actions.edit(
        p.ben, first(topic).id, write("> " + first(topic).source + "\n\nYes.")
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_speaks_of_a_topic_no_longer_is_not_listed(
    client: FlaskClient, people: Any, topic: Topic, other: Topic, deed: str
) -> None:
    assert listed(page(client, topic.address))
    DEEDS[deed](people, other)
    assert "Mentioned in" not in page(client, topic.address)


def test_what_is_shown_again_speaks_again(people: Any, topic: Topic, other: Topic) -> None:
    actions.hide_topic(people.moderator, other.id, "Off.")
    assert told(VISITOR, topic) == []
    actions.restore_topic(people.moderator, other.id)
    assert told(VISITOR, topic) == ["Kerbs?"]


def test_members_who_are_ignored_speak_of_nothing(people: Any, topic: Topic, other: Topic) -> None:
    ignore(people.chitra, people.ben.id)
    assert told(people.chitra, topic) == []
    assert told(people.ana, topic) == ["Kerbs?"]


def test_a_topic_into_which_others_were_merged_is_spoken_of_where_these_were(
    people: Any, agenda: Agenda, topic: Topic, other: Topic
) -> None:
    second, third = (
        actions.open_topic(people.ana, agenda.id, NewTopic("question", title, write("When?")))
        for title in ("Hours", "Days")
    )
    actions.merge(people.moderator, topic.id, second.id)
    assert told(VISITOR, second) == ["Kerbs?"]
    actions.merge(people.moderator, second.id, third.id)
    assert told(VISITOR, third) == ["Kerbs?"]
    addresses = [f"/topics/{topic.id}", f"/posts/{first(other).id}", "/cases/nowhere"]
    assert topics_at(addresses) == {third.id, other.id}


def test_a_new_title_is_the_one_that_is_listed(people: Any, topic: Topic, other: Topic) -> None:
    post = first(other)
    actions.edit(people.ben, post.id, write(post.source), actions.TopicChanges("Bollards?"))
    assert told(VISITOR, topic) == ["Bollards?"]


def test_indexing_anew_keeps_what_speaks(people: Any, topic: Topic, other: Topic) -> None:
    post = first(other)
    actions.reindex(SYSTEM, [post.id], PlainTexts({post.source: "As there."}))
    assert told(VISITOR, topic) == ["Kerbs?"]
    reindex(SYSTEM, {("topic", other.id): None})
    assert told(VISITOR, topic) == []
    assert speaking_of(VISITOR, "/cases/nowhere", None) == []


@pytest.mark.postgresql_only
def test_a_page_looks_for_one_link_to_each_of_its_posts_and_reads_no_others(topic: Topic) -> None:
    made: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        made.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    assert told(VISITOR, topic) == []
    event.remove(db.engine, "before_cursor_execute", note)
    ((statement, parameters),) = [row for row in made if "linked_page" in row[0]]
    rows = db.session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)
    plan = "\n".join(row[0] for row in rows)
    for_each = plan.partition("SubPlan")[2]
    assert "Limit" in for_each and plan.count(" on linked_page") == 1
    assert " on linked_page" in for_each, "a join reads all links"
