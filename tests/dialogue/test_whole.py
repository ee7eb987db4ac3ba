"""A topic of several pages in one piece: what stands on the page, for which readers, and in how many queries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.dialogue import actions
from forum.dialogue.models import POSTS_ON_LONG_PAGE, POSTS_PER_PAGE, PollText, Topic, topics
from forum.dialogue.queries import first_post, posts, reading_state
from forum.markup import write
from forum.members.actions import (
    OrganisationText,
    Profile,
    edit_profile,
    ignore,
    write_organisation,
)
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from tests.dialogue.conftest import page


@pytest.fixture
def long(people: Any, topic: Topic) -> Topic:
    """A topic by Ana with posts on two pages: those with odd numbers are by Chitra, from number 2 on."""
    for number in range(2, POSTS_PER_PAGE + 4):
        author = people.chitra if number % 2 else people.ben
        actions.reply(author, topic.id, write(f"Night number {number}."))
    return topic


def numbers(words: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li id="post-(\d+)"', words)]


def test_it_has_every_post_in_order(long: Topic, client: FlaskClient) -> None:
    words = page(client, f"/topics/{long.id}/whole")
    assert numbers(words) == list(range(2, POSTS_PER_PAGE + 4))
    opening, replies = words.partition("<main")[2].split('<ol class="posts">')
    assert long.title in opening and "It took <strong>two</strong> years." in opening
    last = POSTS_PER_PAGE + 3
    assert f"Night number {last}." in replies
    assert f'href="{long.address}?page=2#post-{last}">#{last} ·' in replies
    assert '<meta name="robots" content="noindex">' in words


def test_topics_of_several_pages_lead_there(
    people: Any, agenda: Any, long: Topic, client: FlaskClient
) -> None:
    new = actions.NewTopic("question", "Who counts?", write("At night."))
    short = actions.open_topic(people.ben, agenda.id, new)
    assert POSTS_ON_LONG_PAGE == 100  # as words say where a topic has more
    for address in (long.address, f"{long.address}?page=2"):
        assert "All on one page" in page(client, address), address
        assert f'href="/topics/{long.id}/whole"' in page(client, address), address
    assert "/whole" not in page(client, short.address)


def test_a_very_long_topic_has_pages_here_too(
    long: Topic, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (posts, topics):
        monkeypatch.setattr(module, "POSTS_ON_LONG_PAGE", 15)
    first = page(client, f"/topics/{long.id}/whole")
    second = page(client, f"/topics/{long.id}/whole?page=2")
    assert numbers(first) == list(range(2, 16))
    assert numbers(second) == list(range(16, POSTS_PER_PAGE + 4))
    assert "Page 1 of 2" in first and ", A hundred posts to a page, page 2" in second
    assert "All on one page" not in first + page(client, long.address)
    assert numbers(page(client, f"/topics/{long.id}/whole?page=9")) == numbers(second)


def test_what_is_out_of_sight_stays_so(
    people: Any, long: Topic, client: FlaskClient, sign_in: Any
) -> None:
    hidden, removed = (
        next(post for post in posts.posts_in(people.ana, long, 1).items if post.number == number)
        for number in (4, 6)
    )
    actions.hide(people.moderator, hidden.id, "It is rude.")
    actions.remove(people.moderator, removed.id, "It is spam.")
    address = f"/topics/{long.id}/whole"
    words = page(client, address)
    assert "Number 4 was hidden by a moderator." in words
    assert 6 not in numbers(words) and 4 in numbers(words)
    assert "Night number 4." not in words and "Night number 6." not in words
    assert "Night number 4." in page(sign_in(people.moderator), address)
    ignore(people.ana, people.chitra.id)
    assert "You ignore Chitra Desai, who wrote number 3." in page(sign_in(people.ana), address)
    actions.hide_topic(people.moderator, long.id, "It is about nothing.")
    page(client, address, 404)


def test_who_has_reported_what_is_hidden_is_led_to_the_queue(
    people: Any, long: Topic, sign_in: Any
) -> None:
    reply = posts.posts_in(people.ana, long, 1).items[1]
    moderation.report(people.host, "post", reply.id, "rules")
    moderation.decide(people.moderator, "post", reply.id, "hide", Reasons("It is rude.", 2))
    host = sign_in(people.host)
    for address in (long.address, f"/topics/{long.id}/whole"):
        assert "another moderator decides whether" in page(host, address), address


def test_whoever_opens_it_has_read_it_and_marks_there(
    people: Any, long: Topic, sign_in: Any
) -> None:
    address, ana = f"/topics/{long.id}/whole", sign_in(people.ana)
    form = page(ana, address).partition('<form id="deeds"')[2].partition("</form>")[0]
    assert f'name="next" value="{address}"' in form
    assert reading_state(people.ana, long, []).place == POSTS_PER_PAGE + 3
    ways = re.findall(r'href="([^"]*)#reply"', page(ana, address))
    assert set(ways) == {long.address, f"{long.address}?page=2"}


def test_a_merged_topic_leads_to_the_other_in_one_piece(
    people: Any, agenda: Any, long: Topic, client: FlaskClient
) -> None:
    new = actions.NewTopic("question", "Who counts?", write("At night."))
    other = actions.open_topic(people.ben, agenda.id, new)
    actions.merge(people.moderator, other.id, long.id)
    answer = client.get(f"/topics/{other.id}/whole")
    assert (answer.status_code, answer.location) == (301, f"/topics/{long.id}/whole")
    assert client.get("/topics/99999/whole").status_code == 404


def test_it_takes_no_more_queries_than_one_page(
    people: Any, long: Topic, sign_in: Any, queries: Any
) -> None:
    ben = sign_in(people.ben)
    page(ben, long.address)
    with queries() as one:
        page(ben, long.address)
    page(ben, f"/topics/{long.id}/whole")
    with queries() as whole:
        page(ben, f"/topics/{long.id}/whole")
    assert whole.count <= one.count + 1, whole.statements


def test_what_opens_it_is_as_complete_as_on_the_page_of_the_topic(
    people: Any, agenda: Any, sign_in: Any, client: FlaskClient
) -> None:
    """For whom it was written, what moderators have noted, and the poll, which goes with a text that is ignored."""
    works = write_organisation(people.moderator, OrganisationText("Tram Works", "city"))
    edit_profile(people.ana, Profile(people.ana.name, organisation_id=works.id))
    poll = PollText("Which line?", ("One", "Two"))
    asked = actions.NewTopic(
        "question", "Who counts?", write("At night."), for_organisation=True, poll=poll
    )
    topic = actions.open_topic(people.ana, agenda.id, asked)
    opening = first_post(topic)
    actions.note(people.moderator, opening.id, write("See the map."))
    address = f"/topics/{topic.id}/whole"
    words = page(client, address)
    for said in ("Written for Tram Works", "See the map.", "Which line?"):
        assert said in words, said
    ignore(people.ben, people.ana.id)
    ignored = page(sign_in(people.ben), address).partition("You ignore Ana Prado.")[2]
    assert "Which line?" in ignored.partition("</details>")[0]
    actions.reply(people.chitra, topic.id, write("We do."))
    actions.hide(people.moderator, opening.id, "It is rude.")
    assert "The poll below it, for moderators" in page(sign_in(people.moderator), address)
