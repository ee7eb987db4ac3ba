"""The pages of texts that a rule holds back, and first posts for search engines."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post
from forum.markup import write
from forum.screening.actions import RuleText, make_rule, set_newness
from tests.conftest import fields_of


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Any:
    new = dialogue.NewTopic("question", "Why so loud?", write("Trams are loud."))
    return dialogue.open_topic(people.ben, agenda.id, new)


@pytest.fixture(autouse=True)
def rule(people: Any, agenda: Agenda) -> Any:
    return make_rule(people.administrator, RuleText("word", "casino", "We read this first."))


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def the_held() -> Held:
    return db.session.scalars(db.select(Held)).one()


def test_a_reply_that_waits_is_shown_at_its_place(
    sign_in: Any, client: Any, people: Any, topic: Any
) -> None:
    browser = sign_in(people.ana)
    answer = browser.post(
        f"/topics/{topic.id}/reply", data={"source": "A casino.", "language": "en"}
    )
    held = the_held()
    assert answer.status_code == 303 and answer.location.endswith(f"#waiting-{held.id}")
    page = words(browser.get(answer.location))
    assert "Your text waits until a moderator has read it" in page
    assert "A casino." in page and "We read this first." in page and "Only you see this" in page
    for other in (client, sign_in(people.ben), sign_in(people.moderator)):
        assert "A casino." not in words(other.get(topic.address))


def test_how_long_one_waits_is_said_in_words(sign_in: Any, people: Any, topic: Any) -> None:
    for hours in (3, 5, 90):
        held = dialogue.reply(people.ana, topic.id, write(f"A casino of {hours}."))
        with at(now() + timedelta(hours=hours)):
            dialogue.refuse(people.moderator, held.id, "No.")
    held = dialogue.reply(people.ana, topic.id, write("A casino."))
    browser = sign_in(people.ana)
    assert "Waiting for a moderator, usually 5 hours." in words(browser.get(f"/waiting/{held.id}"))


def test_a_topic_that_waits_has_a_page_of_its_own(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    browser = sign_in(people.ana)
    form = {
        "kind": "question",
        "title": "Where is it?",
        "source": "A casino.",
        "audience": "public",
    }
    answer = browser.post("/agendas/quieter/topics/new", data={**form, "language": "en"})
    held = the_held()
    assert answer.location == f"/waiting/{held.id}"
    assert "Where is it?" in words(browser.get(answer.location))
    assert "Where is it?" in words(browser.get("/waiting"))
    assert "Where is it?" not in words(browser.get("/topics"))
    form |= {"language": "en", "seen": held.fingerprint, "source": "A house."}
    answer = browser.post(f"/waiting/{held.id}/revise", data=form)
    assert answer.status_code == 303 and "/topics/" in answer.location
    assert "Where is it?" in words(browser.get("/topics"))
    assert "Nothing waits" in words(browser.get("/waiting"))


def test_an_edit_that_waits_leaves_the_post_as_it_is(sign_in: Any, people: Any, topic: Any) -> None:
    post = dialogue.reply(people.ana, topic.id, write("A house."))
    browser = sign_in(people.ana)
    form = {"source": "A casino.", "language": "en", "seen": post.fingerprint}
    answer = browser.post(f"/posts/{post.id}/edit", data=form)
    held = the_held()
    assert answer.location == f"/waiting/{held.id}"
    page = words(browser.get(topic.address))
    assert "A house." in page and "A casino." in page
    assert "A change of number 2 in" in page


def test_it_is_taken_back_by_a_press(sign_in: Any, people: Any, topic: Any) -> None:
    held = dialogue.reply(people.ana, topic.id, write("A casino."))
    browser = sign_in(people.ana)
    assert "1" in words(browser.get("/")) and "/waiting" in browser.get("/").get_data(as_text=True)
    answer = browser.post(f"/waiting/{held.id}/take-back")
    assert answer.location == "/waiting"
    assert 'href="/waiting"' not in browser.get("/").get_data(as_text=True)
    assert browser.get(f"/waiting/{held.id}").status_code == 404


def test_once_published_its_address_leads_to_the_post(
    sign_in: Any, people: Any, topic: Any
) -> None:
    held = dialogue.reply(people.ana, topic.id, write("A casino."))
    post = dialogue.approve(people.moderator, held.id)
    answer = sign_in(people.ana).get(f"/waiting/{held.id}")
    assert answer.location == f"/posts/{post.id}"
    assert sign_in(people.ben).get(f"/waiting/{held.id}").status_code == 404


def test_a_revision_that_is_wrong_is_given_back(sign_in: Any, people: Any, topic: Any) -> None:
    held = dialogue.reply(people.ana, topic.id, write("A casino."))
    browser = sign_in(people.ana)
    answer = browser.post(f"/waiting/{held.id}/revise", data={"source": "", "language": "en"})
    assert answer.status_code == 422 and "Write a text." in words(answer)
    form = {"source": "A casino!", "language": "en", "preview": "1"}
    assert browser.post(f"/waiting/{held.id}/revise", data=form).status_code == 200
    assert the_held().source == "A casino."


def test_who_has_nothing_waiting_is_asked_nothing_more(
    sign_in: Any, people: Any, topic: Any, queries: Any
) -> None:
    browser = sign_in(people.ana)
    browser.get(topic.address)
    with queries() as made:
        browser.get(topic.address)
    assert not [statement for statement in made.statements if " held" in statement], made.statements
    dialogue.reply(people.ana, topic.id, write("A casino."))
    with queries() as more:
        browser.get(topic.address)
    assert more.count == made.count + 2  # the held text, and how long texts usually wait


def test_search_engines_wait_until_a_moderator_has_looked(
    client: Any, sign_in: Any, people: Any, agenda: Agenda
) -> None:
    set_newness(people.administrator, days=14, posts=3, first_posts=2)
    new = dialogue.NewTopic("question", "My first topic", write("See https://a.example."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    reply = dialogue.reply(people.ana, topic.id, write("My second words."))
    places = ("/feeds/all.atom", "/agendas/quieter/feed.atom", f"/topics/{topic.id}/feed.atom")
    page = client.get(topic.address).get_data(as_text=True)
    assert '<meta name="robots" content="noindex">' in page and "application/ld+json" not in page
    assert 'rel="nofollow ugc noopener"' in page and "My second words." in page
    # Readers see it at once; only search engines have to wait
    assert "My first topic" in words(client.get("/topics"))
    assert topic.slug not in client.get("/sitemap.xml").get_data(as_text=True)
    for place in places:
        text = client.get(place).get_data(as_text=True)
        assert "My second words." not in text and "a.example" not in text, place
    for post in db.session.scalars(db.select(Post).where(Post.topic_id == topic.id)).all():
        dialogue.look_at(people.moderator, post.id)
    page = client.get(topic.address).get_data(as_text=True)
    assert "noindex" not in page and "application/ld+json" in page
    assert topic.slug in client.get("/sitemap.xml").get_data(as_text=True)
    for place in places:
        assert "My first topic" in client.get(place).get_data(as_text=True), place
    assert reply.id


def revising(sign_in: Any, people: Any, topic: Any) -> tuple[Any, Any, str, dict[str, Any]]:
    """The browser of an author with the form of a text that waits: the text, the address of the form, and its fields."""
    held = dialogue.reply(people.ana, topic.id, write("A casino."))
    browser, address = sign_in(people.ana), f"/waiting/{held.id}/revise"
    return browser, held, address, fields_of(browser.get(address).text, address)


def test_a_text_that_is_published_while_its_author_changes_it_becomes_a_change_of_the_post(
    sign_in: Any, people: Any, topic: Any
) -> None:
    browser, held, address, opened = revising(sign_in, people, topic)
    post = dialogue.approve(people.moderator, held.id)
    assert browser.get(address).location == f"/posts/{post.id}"
    answer = browser.post(address, data=opened | {"source": "A casino, and trams."})
    assert answer.status_code == 409
    for said in (
        "Not saved yet",
        "This text is published by now.",
        "Below is what your post says now",
        "A casino, and trams.",
    ):
        assert said in answer.text
    assert ">\nA casino.</textarea>" in answer.text
    edit = f"/posts/{post.id}/edit"
    again = fields_of(answer.text, edit)
    assert browser.post(edit, data=again).status_code == 303
    assert "A casino, and trams." in {held.source for held in db.session.scalars(db.select(Held))}


def test_who_changes_a_text_that_waits_in_two_windows_reads_both(
    sign_in: Any, people: Any, topic: Any
) -> None:
    browser, held, address, opened = revising(sign_in, people, topic)
    dialogue.revise(people.ana, held.id, write("A casino on my phone."))
    answer = browser.post(address, data=opened | {"source": "A casino on my desk."})
    assert answer.status_code == 409 and "Not saved yet" in answer.text
    assert "A casino on my phone." in answer.text and "A casino on my desk." in answer.text
    again = fields_of(answer.text, address)
    assert browser.post(address, data=again).status_code == 303
    assert the_held().source == "A casino on my desk."
