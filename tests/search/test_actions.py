"""The actions of the search room: what is indexed is found, what is hidden or unindexed is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from forum.errors import Forbidden
from forum.permissions import MEMBERS, SYSTEM, VISITOR, Person
from forum.search import actions
from forum.search.actions import Entry
from forum.search.queries import Query, find, finding

Found = Callable[..., list[tuple[str, int]]]


class Reader(Person):
    id = 1
    role = "member"


TOPIC = Entry(
    kind="topic",
    item_id=7,
    address="/topics/7-warnings",
    title="Warnings at night",
    body="The telephone list was out of date.",
    written_at=datetime(2026, 5, 1, tzinfo=UTC),
    byline="Aarav Deshmukh, Surat",
    agenda_id=None,
    language="en",
)
POST = replace(
    TOPIC, kind="post", item_id=70, body="We call each number monthly.", parent=("topic", 7)
)


@pytest.fixture
def found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Found:
    """The results of a search, if wanted in one topic."""
    monkeypatch.setattr(finding, "MAX_OTHERS", 10)

    def kinds_and_ids(words: str, reader: Person = VISITOR, **facets: Any) -> list[tuple[str, int]]:
        hits = find(reader, Query(words, **facets)).page.items
        documents = (document for hit in hits for document in (hit.document, *hit.others))
        return sorted((document.kind, document.item_id) for document in documents)

    return kinds_and_ids


def test_a_thing_is_found_by_title_body_and_byline(found: Found) -> None:
    actions.index(SYSTEM, TOPIC)
    assert found("night") == found("telephone") == found("Deshmukh") == [("topic", 7)]


def test_indexing_again_replaces_the_words(found: Found) -> None:
    actions.index(SYSTEM, TOPIC)
    actions.index(SYSTEM, replace(TOPIC, title="Sirens", body="Louder."))
    assert found("sirens") == [("topic", 7)]
    assert found("telephone") == []


def test_what_is_hidden_is_found_by_nobody_until_it_is_restored(found: Found) -> None:
    actions.index(SYSTEM, TOPIC)
    actions.hide(SYSTEM, "topic", 7)
    assert found("night") == found("night", Reader()) == []
    actions.restore(SYSTEM, "topic", 7)
    assert found("night") == [("topic", 7)]


def test_indexing_again_does_not_bring_back_what_is_hidden(found: Found) -> None:
    actions.index(SYSTEM, TOPIC)
    actions.hide(SYSTEM, "topic", 7)
    actions.index(SYSTEM, replace(TOPIC, title="Night warnings"))
    assert found("night") == []


def test_hiding_a_topic_covers_its_posts(found: Found) -> None:
    actions.index(SYSTEM, TOPIC)
    actions.index(SYSTEM, POST)
    assert found("monthly") == [("post", 70)]
    actions.hide(SYSTEM, "topic", 7)
    assert found("monthly") == []


def test_a_hidden_post_leaves_its_topic_to_be_found(found: Found) -> None:
    actions.index(SYSTEM, TOPIC)
    actions.index(SYSTEM, POST)
    actions.hide(SYSTEM, "post", 70)
    assert found("night") == [("topic", 7)]


def test_forgetting_a_topic_forgets_its_posts(found: Found) -> None:
    actions.index(SYSTEM, TOPIC)
    actions.index(SYSTEM, POST)
    actions.unindex(SYSTEM, "topic", 7)
    assert found("night") == found("monthly") == []


def test_forgetting_what_is_not_known_does_nothing(found: Found) -> None:
    actions.unindex(SYSTEM, "topic", 999)
    actions.hide(SYSTEM, "topic", 999)
    actions.restore(SYSTEM, "topic", 999)
    actions.move(SYSTEM, "topic", 999, 1)
    assert found("night") == []


def test_what_is_for_members_is_found_by_members(found: Found) -> None:
    actions.index(SYSTEM, replace(TOPIC, audience=MEMBERS))
    assert found("night") == []
    assert found("night", Reader()) == [("topic", 7)]


def test_a_change_of_audience_covers_the_posts(found: Found) -> None:
    actions.index(SYSTEM, TOPIC)
    actions.index(SYSTEM, POST)
    actions.set_audience(SYSTEM, "topic", 7, MEMBERS)
    assert found("monthly") == []
    assert found("monthly", Reader()) == [("post", 70)]


def test_moving_a_topic_takes_its_posts_along(found: Found) -> None:
    actions.index(SYSTEM, replace(TOPIC, agenda_id=1))
    actions.index(SYSTEM, replace(POST, agenda_id=1))
    actions.move(SYSTEM, "topic", 7, 2)
    assert found("night monthly", agenda_ids=(1,)) == []
    assert found("monthly", agenda_ids=(2,)) == [("post", 70)]
    assert ("topic", 7) in found("warnings", agenda_ids=(2,))


def posts_of_a_long_topic(number: int) -> None:
    actions.index(SYSTEM, TOPIC)
    for item_id in range(1, number + 1):
        actions.index(SYSTEM, replace(POST, item_id=item_id, body=f"Word{item_id} in a reply."))


def retitle(title: str) -> None:
    actions.retitle(SYSTEM, "topic", 7, title)
    actions.index(SYSTEM, replace(TOPIC, title=title))


def test_the_posts_of_a_topic_are_found_by_its_new_title(found: Found) -> None:
    posts_of_a_long_topic(2)
    retitle("Sirens in winter")
    assert found("sirens reply") == [("post", 1), ("post", 2)] and found("sirens") == [("topic", 7)]
    assert found("warnings reply") == []
    assert actions.continue_retitling(SYSTEM) == 0


def test_a_long_topic_gets_its_title_in_portions(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH_SIZE", 2)
    posts_of_a_long_topic(5)
    retitle("Sirens in winter")
    assert found("sirens reply") == [("post", 1), ("post", 2)]
    assert found("warnings reply") == [("post", 3), ("post", 4), ("post", 5)]
    assert [actions.continue_retitling(SYSTEM, 2) for _turn in range(3)] == [1, 1, 0]
    assert found("warnings reply") == [] and len(found("sirens reply")) == 5


def test_a_title_that_changes_again_meanwhile_is_the_last(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH_SIZE", 2)
    posts_of_a_long_topic(5)
    retitle("Sirens in winter")
    actions.continue_retitling(SYSTEM, 2)
    retitle("Bells in summer")
    while actions.continue_retitling(SYSTEM, 2):
        pass
    assert found("sirens reply") == found("warnings reply") == []
    assert len(found("bells reply")) == 5


def test_a_topic_that_is_gone_has_nothing_left_to_do(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH_SIZE", 2)
    posts_of_a_long_topic(5)
    retitle("Sirens in winter")
    actions.unindex(SYSTEM, "topic", 7)
    assert actions.continue_retitling(SYSTEM, 2) == 0 and found("sirens") == []


@pytest.mark.usefixtures("app")
def test_only_the_forum_itself_carries_on() -> None:
    with pytest.raises(Forbidden):
        actions.continue_retitling(VISITOR)
