"""Concurrent requests that count topics and posts: always agendas, then lists, then members, so that none ends as a deadlock."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.queries import get_agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic, PageOfTopic, TopicChanges, _changing, _counts, _telling
from forum.dialogue.models import Topic
from forum.markup import write
from forum.permissions import SYSTEM
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person, posts_of
from tests.races import at_once, halting, meanwhile

own, topics = races.own, races.topics  # two topics by an administrator, each with two replies
FRENCH = write("Pour quoi ?", "fr")


def opened(title: str, audience: str = "public", **more: Any) -> int:
    """The id of a topic by Adam, without replies."""
    new = NewTopic("question", title, write("One."), audience=audience, **more)
    agenda_id = get_agenda(SYSTEM, "quiet").id
    return int(dialogue.open_topic(person("adam-de-wit"), agenda_id, new).id)


def opens(where: str = "quiet") -> Callable[[], Any]:
    new = NewTopic("question", "Mine", write("Of my own."))
    return by("adam-de-wit", dialogue.open_topic, get_agenda(SYSTEM, where).id, new)


def publishes(topic_id: int, text: Any) -> Callable[[], Any]:
    """Adam's edit of the post that opens a topic: everybody may read it now."""
    changes = TopicChanges(audience="public")
    return by("adam-de-wit", dialogue.edit, posts_of(topic_id)[0], text, changes)


def _hidden() -> tuple[Callable[[], Any], Callable[[], Any]]:
    return by("mona-berg", dialogue.hide, posts_of(opened("Alone"))[0], "Rude."), opens()


def _deleted() -> tuple[Callable[[], Any], Callable[[], Any]]:
    return by("adam-de-wit", dialogue.delete, posts_of(opened("Alone"))[0]), opens()


def _translated() -> tuple[Callable[[], Any], Callable[[], Any]]:
    one, other = (opened(title, "members") for title in ("One", "Other"))
    return publishes(one, FRENCH), publishes(other, write("One."))


def _moved_both_ways() -> tuple[Callable[[], Any], Callable[[], Any]]:
    here = get_agenda(SYSTEM, "quiet").id
    other = write_agenda(person("mona-berg"), AgendaText("Loud", write("Text."), slug="loud")).id
    there, back = (opened(title, "members") for title in ("There", "Back"))
    dialogue.move(person("mona-berg"), back, other)
    for topic_id in (there, back):
        db.session.get_one(Topic, topic_id).home = f"/practices/{topic_id}"
    moves = {there: other, back: here}
    pages = {key: PageOfTopic("A page", None, agenda, "public") for key, agenda in moves.items()}
    first, second = (partial(dialogue.follow_page, SYSTEM, key, pages[key]) for key in moves)
    return first, second


def _moved_with_its_page() -> tuple[Callable[[], Any], Callable[[], Any]]:
    moderator = person("mona-berg")
    other = write_agenda(moderator, AgendaText("Loud", write("Text."), slug="loud")).id
    topic_id = opened("A page", "members")
    dialogue.reply(person("adam-de-wit"), topic_id, write("A comment."))
    db.session.get_one(Topic, topic_id).home = "/practices/a-page"
    page = PageOfTopic("A page", FRENCH, other, "public")
    return lambda: dialogue.follow_page(SYSTEM, topic_id, page), opens("loud")


def _quoted() -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Its author closes a topic from which somebody quotes who has replied there."""
    here, there = opened("Quoting"), opened("Quoted")
    dialogue.reply(person("mona-berg"), there, write("Two."))
    post_id = posts_of(there)[0]
    text = write(f"> [Adam](/posts/{post_id}):\n>\n> One.\n\nIndeed.")
    close = TopicChanges(audience="members")
    closes = by("adam-de-wit", dialogue.edit, post_id, write("One."), close)
    return by("mona-berg", dialogue.reply, here, text), closes


TOGETHER = {
    "its only post is hidden": (_hidden, _counts, "count_topics"),
    "its only post is deleted": (_deleted, _counts, "count_topics"),
    "its language and readers change": (_translated, _changing, "lock_to_note"),
    "readers and agenda of its page change": (_moved_with_its_page, _changing, "lock_opening"),
    "somebody quotes from it": (_quoted, _telling, "lock_posts_to_quote"),
    "pages change their agendas for each other": (_moved_both_ways, _changing, "lock_opening"),
}


@pytest.mark.parametrize("what", TOGETHER)
def test_a_topic_is_counted_elsewhere_while_somebody_writes(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """What changes the topic stops before it takes its next row, until the other can go no further."""
    prepare, module, name = TOGETHER[what]
    changes, writes = prepare()
    db.session.commit()
    change = halting(monkeypatch, module, name, changes)
    assert at_once(own, [change, meanwhile(writes)]) == ["done", "done"]
