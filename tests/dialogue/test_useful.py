"""The most useful replies of a topic: which they are, for which readers, and in how many queries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.db import db
from forum.dialogue import actions
from forum.dialogue.models import POSTS_PER_PAGE, Post, Topic
from forum.dialogue.queries.posts import _MOST_USEFUL
from forum.markup import write
from forum.members.actions import ignore
from forum.members.models import Member
from tests.dialogue.conftest import page


def marked(topic: Topic, by: Member, words: str, readers: list[Member]) -> Post:
    post = actions.reply(by, topic.id, write(words))
    for reader in readers:
        actions.mark(reader, post.id, "useful")
    return post


@pytest.fixture
def four(people: Any, topic: Topic) -> list[Post]:
    """Replies with two marks, none, one and one."""
    ana, ben, chitra = people.ana, people.ben, people.chitra
    return [
        marked(topic, ben, "Count by ear, with *two* of you.", [ana, chitra]),
        marked(topic, ben, "We never counted.", []),
        marked(topic, chitra, "Ask the night watch.", [ana]),
        marked(topic, chitra, "Ask the bakers.", [ben]),
    ]


def numbers(words: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li id="post-(\d+)"', words)]


def test_those_that_most_members_marked_stand_first(
    topic: Topic, four: list[Post], client: FlaskClient
) -> None:
    words = page(client, f"/topics/{topic.id}/useful")
    assert numbers(words) == [2, 5, 4]  # with equal numbers of marks, the newest first
    assert "Count by ear, with <em>two</em> of you." in words and "We never counted" not in words
    assert f'href="{topic.address}#post-2">#2 ·' in words
    assert '<meta name="robots" content="noindex">' in words


def test_a_long_topic_leads_to_them(
    people: Any, topic: Topic, four: list[Post], client: FlaskClient
) -> None:
    link = f'href="/topics/{topic.id}/useful"'
    assert link not in page(client, topic.address)
    for number in range(POSTS_PER_PAGE):
        actions.reply(people.ben, topic.id, write(f"And night {number}."))
    assert link in page(client, topic.address)
    assert link in page(client, f"{topic.address}?page=2")


def test_above_its_replies_a_long_topic_leads_to_the_newest(
    people: Any, topic: Topic, client: FlaskClient
) -> None:
    way = re.compile(r'<a class="flow g1" href="([^"]+)">(?:(?!</a>).)*Newest reply</a>', re.S)
    for number in range(2 * POSTS_PER_PAGE - 1):
        if number == POSTS_PER_PAGE - 1:
            assert not way.search(page(client, topic.address))
        newest = actions.reply(people.ben, topic.id, write(f"Night {number}."))
    (address,) = way.findall(page(client, topic.address))
    assert address == f"{topic.address}?page=2#post-{newest.number}"
    assert f'id="post-{newest.number}"' in page(client, address)
    assert not way.search(page(client, address))


def test_a_link_to_the_newest_reply_leads_to_the_one_before_if_that_is_removed(
    people: Any, topic: Topic, client: FlaskClient, sign_in: Any
) -> None:
    before, newest = (actions.reply(people.ben, topic.id, write(words)) for words in ("A", "B"))
    anchor = f'id="post-{newest.number}"'
    assert page(client, topic.address).count(anchor) == 1
    actions.remove(people.moderator, newest.id, "It names a person.")
    assert f'<li id="post-{before.number}" data-said' in page(client, topic.address)
    assert re.search(
        f'<li id="post-{before.number}"[^>]*><span {anchor}>', page(client, topic.address)
    )
    assert page(sign_in(people.moderator), topic.address).count(anchor) == 1


def test_nothing_is_marked_yet(topic: Topic, client: FlaskClient) -> None:
    words = page(client, f"/topics/{topic.id}/useful")
    assert "Nothing is marked as useful yet" in words and numbers(words) == []


def test_what_is_gone_is_not_among_them(
    people: Any, topic: Topic, four: list[Post], client: FlaskClient, sign_in: Any
) -> None:
    actions.hide(people.moderator, four[0].id, "It names a person.")
    actions.delete(people.chitra, four[3].id)
    for reader in (client, sign_in(people.moderator)):
        words = page(reader, f"/topics/{topic.id}/useful")
        assert numbers(words) == [4]
        assert "Count by ear" not in words and "bakers" not in words


def test_a_reader_marks_here_and_sees_who_is_ignored(
    people: Any, topic: Topic, four: list[Post], sign_in: Any
) -> None:
    ignore(people.ana, people.chitra.id)
    ana = sign_in(people.ana)
    words = page(ana, f"/topics/{topic.id}/useful")
    assert words.count("You ignore Chitra Desai") == 2
    assert 'name="kind" value="useful" aria-pressed="true"' in words
    answer = ana.post(f"/posts/{four[0].id}/mark", data={"kind": "useful"})
    assert answer.location == f"{topic.address}#post-2"
    assert numbers(page(ana, f"/topics/{topic.id}/useful")) == [5, 4, 2]


def test_the_way_to_reply_leads_to_the_form_which_is_elsewhere(
    people: Any, topic: Topic, four: list[Post], sign_in: Any
) -> None:
    ways = re.findall(
        r'href="([^"]*)#reply"', page(sign_in(people.ana), f"/topics/{topic.id}/useful")
    )
    assert ways == [topic.address] * 3
    assert 'href="#reply"' in page(sign_in(people.ana), topic.address)


def test_a_press_leads_back_to_the_page_and_the_post(
    people: Any, topic: Topic, four: list[Post], sign_in: Any
) -> None:
    ana, here = sign_in(people.ana), f"/topics/{topic.id}/useful"
    form = page(ana, here).partition('<form id="deeds"')[2].partition("</form>")[0]
    (back,) = re.findall(r'name="next" value="([^"]+)"', form)
    assert back == here
    for kind in ("useful", "same here", "useful"):
        answer = ana.post(f"/posts/{four[2].id}/mark", data={"kind": kind, "next": back})
        assert answer.location == f"{here}#post-4"
    answer = ana.post(f"/posts/{four[2].id}/bookmark", data={"next": back})
    assert answer.location == f"{here}#post-4"
    asked = ana.post(f"/posts/{four[0].id}/mark", data={"kind": "tried it", "next": back})
    assert f'name="next" value="{here}"' in asked.text and f'href="{here}#post-2"' in asked.text
    told = {"kind": "tried it", "next": back, "outcome": "lost"}
    refused = ana.post(f"/posts/{four[0].id}/mark", data=told)
    assert refused.status_code == 422 and f'name="next" value="{here}"' in refused.text
    answer = ana.post(f"/posts/{four[0].id}/mark", data=told | {"outcome": "kept"})
    assert answer.location == f"{here}#post-2"


@pytest.mark.parametrize(
    "next", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "\n", ""]
)
def test_a_press_leads_to_no_other_site(
    people: Any, topic: Topic, four: list[Post], sign_in: Any, next: str
) -> None:
    press = {"kind": "useful", "next": next}
    answer = sign_in(people.ana).post(f"/posts/{four[2].id}/mark", data=press)
    assert answer.location == f"{topic.address}#post-4"


@pytest.mark.parametrize("id", ["0", "999", "2147483648", "9" * 30, "x"])
def test_a_topic_that_is_not_there(topic: Topic, client: FlaskClient, id: str) -> None:
    assert client.get(f"/topics/{id}/useful").status_code == 404


def test_a_hidden_topic_has_none(
    people: Any, topic: Topic, four: list[Post], client: FlaskClient
) -> None:
    actions.hide_topic(people.moderator, topic.id, "It is about nothing.")
    page(client, f"/topics/{topic.id}/useful", 404)


def test_a_merged_topic_leads_to_those_of_the_other(
    people: Any, agenda: Any, topic: Topic, four: list[Post], client: FlaskClient
) -> None:
    new = actions.NewTopic("question", "Who counts?", write("At night."))
    other = actions.open_topic(people.ben, agenda.id, new)
    marked(other, people.chitra, "We count.", [people.ana])
    actions.merge(people.moderator, topic.id, other.id)
    answer = client.get(f"/topics/{topic.id}/useful")
    assert (answer.status_code, answer.location) == (301, f"/topics/{other.id}/useful")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Count by ear" in page(client, answer.location)
    actions.hide_topic(people.moderator, other.id, "It is about nothing.")
    page(client, f"/topics/{topic.id}/useful", 404)


def test_they_cost_as_much_in_a_long_topic(
    people: Any, topic: Topic, four: list[Post], sign_in: Any, queries: Any, app: Flask
) -> None:
    address = f"/topics/{topic.id}/useful"
    ana = sign_in(people.ana)
    page(ana, address)
    with queries() as few:
        page(ana, address)
    for number in range(2 * POSTS_PER_PAGE):
        marked(topic, people.ben, f"And night {number}.", [people.ana])
    with queries() as many:
        words = page(ana, address)
    assert len(numbers(words)) == POSTS_PER_PAGE
    assert many.count == few.count <= 6


@pytest.mark.sqlite_only  # PostgreSQL uses no index for so small a table
@pytest.mark.usefixtures("four")
def test_an_index_has_their_order() -> None:
    asked = str(_MOST_USEFUL.limit(20).compile(db.engine))
    plan = db.session.connection().exec_driver_sql(
        f"EXPLAIN QUERY PLAN {asked}", (None,) * asked.count("?")
    )
    steps = [row[-1] for row in plan]
    assert any("ix_post_useful" in step for step in steps), steps
    assert not any("ORDER BY" in step for step in steps), steps
