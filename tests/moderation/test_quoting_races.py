"""Concurrent requests: texts that quote from a topic while that is edited, hidden or closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import TopicChanges, editing
from forum.dialogue.models import Post
from forum.markup import write
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person, posts_of
from tests.races import at_once, let_others_come, meanwhile, slowly

own, topics = races.own, races.topics  # two topics by an administrator, each with two replies
WORDS = "Three of Bells at night."


def quoting(post_id: int, words: str = "One.") -> Any:
    return write(f"> [Somebody](/posts/{post_id}):\n>\n> {words}\n\nIndeed.")


def stop_in_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an edit that has its post wait until the other deed can go no further."""
    usual = editing.post_to_change

    def find_slowly(*given: Any) -> Any:
        post = usual(*given)
        let_others_come()
        return post

    monkeypatch.setattr(editing, "post_to_change", find_slowly)


@pytest.mark.parametrize("is_newer", [False, True])
def test_two_posts_are_made_to_quote_each_other(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, is_newer: bool
) -> None:
    pair = [posts_of(topic_id)[0] for topic_id in topics]
    first, second = reversed(pair) if is_newer else pair
    db.session.commit()
    stop_in_edits(monkeypatch)
    edits = [
        by("adam-de-wit", dialogue.edit, first, quoting(second)),
        meanwhile(by("adam-de-wit", dialogue.edit, second, quoting(first))),
    ]
    assert at_once(own, edits) == ["done", "done"]


def test_a_post_that_quotes_is_edited_while_the_quoted_one_is_hidden(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = topics
    quoted = posts_of(there)[2]
    reply = dialogue.reply(person("adam-de-wit"), here, quoting(quoted, WORDS))
    db.session.commit()
    stop_in_edits(monkeypatch)
    deeds = [
        by("adam-de-wit", dialogue.edit, reply.id, quoting(quoted, f"{WORDS} Again.")),
        meanwhile(by("mona-berg", dialogue.hide, quoted, "Rude.")),
    ]
    assert at_once(own, deeds) == ["done", "done"]
    assert WORDS not in html_of(reply.id)


def html_of(post_id: int) -> str:
    db.session.expire_all()
    return str(db.session.get_one(Post, post_id).html)


def hides(topic_id: int) -> Callable[[], Any]:
    return by("mona-berg", dialogue.hide_topic, topic_id, "Rude.")


def closes(topic_id: int) -> Callable[[], Any]:
    close = TopicChanges(audience="members")
    return by("adam-de-wit", dialogue.edit, posts_of(topic_id)[0], write("One."), close)


@pytest.mark.parametrize("deed", [hides, closes])
@pytest.mark.parametrize("way", ["reply", "edit"])
def test_no_quotation_stays_of_a_topic_that_is_taken_from_its_readers_at_that_moment(
    own: Flask, topics: list[int], deed: Callable[[int], Callable[[], Any]], way: str
) -> None:
    here, there = topics
    quoted, mine = posts_of(there)[2], posts_of(here)[0]
    takes_away = deed(there)
    db.session.commit()
    where = here if way == "reply" else mine
    text, quotes = quoting(quoted, WORDS), getattr(dialogue, way)
    deeds = [
        lambda: slowly(quotes, person("adam-de-wit"), where, text),
        meanwhile(takes_away),
    ]
    assert at_once(own, deeds) == ["done", "done"]
    texts = [html_of(post_id) for post_id in posts_of(here)]
    assert any("Indeed." in html for html in texts)
    assert not any(WORDS in html for html in texts)
