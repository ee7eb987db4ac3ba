"""Marks, answers, what is new and how far one has read, on pages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import escape
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum import deeds
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.dialogue import actions
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post, mark_given
from forum.errors import Busy
from forum.markup import write
from forum.members.actions import ignore
from forum.moderation.actions import Reasons, decide
from tests.dialogue.conftest import odd_texts, page


def test_a_mark_is_pressed_and_pressed_again(people: Any, topic: Topic, sign_in: Any) -> None:
    post = first_post(topic)
    browser, path = sign_in(people.ben), f"/posts/{post.id}/mark"
    response = browser.post(path, data={"kind": "useful"})
    assert (response.status_code, response.location) == (303, f"{topic.address}#post-1")
    assert 'aria-pressed="true"' in page(browser, topic.address)
    script = {"Accept": "application/json"}
    assert browser.post(path, data={"kind": "useful"}, headers=script).json == {
        "on": False,
        "count": 0,
    }
    for _ in range(2):
        response = browser.post(path, data={"kind": "same here", "on": "1"}, headers=script)
        assert response.json == {"on": True, "count": 1}
    response = browser.post(path, data={"kind": "same here", "on": "0"}, headers=script)
    assert response.json == {"on": False, "count": 0}


def test_who_tried_it_is_asked_what_became_of_it(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any
) -> None:
    post = first_post(topic)
    browser, path = sign_in(people.ben), f"/posts/{post.id}/mark"
    gist = post.gist
    response = browser.post(path, data={"kind": "tried it"})
    assert "Number 1, by Ana Prado" in response.text and escape(gist) in response.text
    assert response.status_code == 200 and "What became of it?" in response.text
    for note in ("", "Half of it."):  # no outcome is chosen
        response = browser.post(path, data={"kind": "tried it", "note": note})
        assert response.status_code == 422 and note in response.text
        assert "Say what became of it: kept, adapted or stopped." in response.text
    form = {"kind": "tried it", "outcome": "lost", "note": "x"}
    assert browser.post(path, data=form).status_code == 422
    form = {"kind": "tried it", "outcome": "adapted", "note": "Half of <it>."}
    assert browser.post(path, data=form).status_code == 303
    text = page(client, f"/posts/{post.id}/marks")
    assert "Nairobi" in text and "Half of &lt;it&gt;." in text and "Adapted: 1" in text
    text = browser.post(path, data={"kind": "tried it"}).text
    assert (
        re.search(r'checked[^>]* value="adapted"', text) and 'value="Half of &lt;it&gt;."' in text
    )
    assert browser.post(path, data={"kind": "tried it", "take_back": "1"}).status_code == 303
    assert "take_back" not in browser.post(path, data={"kind": "tried it"}).text
    assert "Nobody has tried it yet" in page(client, f"/posts/{post.id}/marks")


def _seen_in(page: str) -> str:
    [seen] = re.findall(r'name="seen"[^>]* value="([^"]+)"', page)
    return str(seen)


def test_what_was_said_in_another_window_is_not_taken_back_unread(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    post = first_post(topic)
    browser, path = sign_in(people.ben), f"/posts/{post.id}/mark"
    actions.mark(people.ben, post.id, "tried it", "kept", "Good.")
    form = {"kind": "tried it"}
    form |= {"seen": _seen_in(browser.post(path, data=form).text), "take_back": "1"}
    actions.mark(people.ben, post.id, "tried it", "stopped", "It broke in May.")
    late = browser.post(path, data=form)
    assert late.status_code == 409 and "It broke in May." in late.text
    assert browser.post(path, data=form | {"seen": _seen_in(late.text)}).status_code == 303
    assert mark_given(people.ben, post.id, "tried it") is None


@pytest.mark.parametrize("name", ["kind", "on", "outcome", "note"])
def test_no_mark_breaks_the_door(people: Any, topic: Topic, sign_in: Any, name: str) -> None:
    browser, path = sign_in(people.ben), f"/posts/{first_post(topic).id}/mark"
    for text in odd_texts():
        data = {"kind": "tried it", "outcome": "kept", name: [text, text]}
        assert browser.post(path, data=data).status_code in (200, 303, 422), text


@pytest.mark.parametrize("kind", ["nonsense", "a\x00b", ""])
def test_a_mark_that_there_is_not_is_neither_given_nor_taken_back(
    people: Any, topic: Topic, sign_in: Any, kind: str
) -> None:
    browser, path = sign_in(people.ben), f"/posts/{first_post(topic).id}/mark"
    for on in ("0", "1"):
        for accepted in ("application/json", "text/html"):
            data, wanted = {"kind": kind, "on": on}, {"Accept": accepted}
            assert browser.post(path, data=data, headers=wanted).status_code == 422


def test_who_may_not_mark_is_told(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any
) -> None:
    path = f"/posts/{first_post(topic).id}/mark"
    assert client.post(path, data={"kind": "useful"}).status_code == 403
    assert sign_in(people.ana).post(path, data={"kind": "useful"}).status_code == 403


def test_the_asker_chooses_the_answer(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    path = f"/topics/{topic.id}/answer"
    assert client.post(path, data={"post": str(reply.id)}).status_code == 403
    assert sign_in(people.ben).post(path, data={"post": str(reply.id)}).status_code == 403
    browser = sign_in(people.ana)
    assert "Choose as the answer" in page(browser, topic.address)
    assert browser.post(path, data={"post": str(reply.id)}).status_code == 303
    assert "Answer to the question" in page(client, topic.address)
    assert browser.post(path, data={"post": ""}).status_code == 303
    assert "Answer to the question" not in page(client, topic.address)
    for odd in odd_texts()[2:]:  # the first two are empty when NUL is removed
        assert browser.post(path, data={"post": odd}).status_code in (404, 422)


def test_the_asker_of_an_open_question_has_the_answer_in_sight(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    new = actions.NewTopic("question", "How loud is loud?", write("We ask."))
    topic = actions.open_topic(people.ana, agenda.id, new)
    asker, moderator = sign_in(people.ana), sign_in(people.moderator)
    hint, choose = "Does one of the replies answer your question?", "Choose as the answer"
    assert hint not in page(asker, topic.address)
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    actions.reply(people.ana, topic.id, write("Thank you."))

    def outside_the_menu(browser: Any) -> int:
        return re.sub(
            "(?s)<details class=.more.*?</details>", "", page(browser, topic.address)
        ).count(choose)

    assert hint in page(asker, topic.address) and outside_the_menu(asker) == 1
    assert page(asker, topic.address).count(choose) == 2  # one's own reply is chosen in its menu
    assert outside_the_menu(moderator) == 0 and page(moderator, topic.address).count(choose) == 2
    assert hint not in page(moderator, topic.address)
    actions.choose_answer(people.ana, topic.id, reply.id)
    assert hint not in page(asker, topic.address) and outside_the_menu(asker) == 0


# What is new, and how far one has read


def test_lists_lead_to_the_first_new_post_until_it_is_read(
    people: Any, topic: Topic, client: FlaskClient, sign_in: Any
) -> None:
    actions.read_all(people.ana)
    with at(now() + timedelta(minutes=1)):
        actions.reply(people.ben, topic.id, write("A reply."))
        actions.reply(people.ben, topic.id, write("One more."))
    ana, place = sign_in(people.ana), f'href="{topic.address}#post-2">'
    for path in ("/", "/topics", "/agendas/quieter", "/agendas/quieter/topics"):
        assert f"{place}2 new<" in page(ana, path)
        assert " new<" not in page(client, path)
    assert f"{place}Go to the first of 2 new posts<" in page(ana, topic.address)
    assert "new posts" not in page(ana, topic.address)
    assert " new<" not in page(ana, "/topics")


def test_the_last_page_asks_what_others_have_written_since(
    people: Any, topic: Topic, client: FlaskClient, sign_in: Any, queries: Any
) -> None:
    ana = sign_in(people.ana)
    door = f"/topics/{topic.id}/news?after=1"
    assert f'data-news="{door}"' in page(client, topic.address)
    assert client.get(door).json == {}
    replies = [
        actions.reply(author, topic.id, write("A reply."))
        for author in (people.ana, people.ben, people.chitra)
    ]
    several = {"words": "Go to the first of 3 new posts", "address": f"/posts/{replies[0].id}"}
    assert client.get(door).json == several
    several = {"words": "Go to the first of 2 new posts", "address": f"/posts/{replies[1].id}"}
    with queries() as made:
        assert ana.get(door).json == several  # her own post is not new to her
    assert made.count == 3, made.statements  # one each for the session, the topic and its posts
    reasons = Reasons("It names a neighbour.", 2)
    decide(people.moderator, "post", replies[1].id, "hide", reasons)
    news = {"words": "Go to the new post", "address": f"/posts/{replies[2].id}"}
    assert ana.get(door).json == news
    assert ana.get(f"/topics/{topic.id}/news?after=4").json == {}
    for odd in ("", "-1", "x", "9" * 400):
        assert (
            client.get(f"/topics/{topic.id}/news", query_string={"after": odd}).status_code == 200
        )
    decide(people.moderator, "topic", topic.id, "hide", reasons)
    assert client.get(door).status_code == ana.get(door).status_code == 404


def test_nobody_is_called_back_to_what_they_ignore(
    people: Any, topic: Topic, client: FlaskClient, sign_in: Any
) -> None:
    ignore(people.ana, people.ben.id)
    ana, door = sign_in(people.ana), f"/topics/{topic.id}/news?after=1"
    actions.reply(people.ben, topic.id, write("A reply."))
    assert ana.get(door).json == {}
    told = actions.reply(people.chitra, topic.id, write("A reply."))
    assert ana.get(door).json == {"words": "Go to the new post", "address": f"/posts/{told.id}"}
    assert client.get(door).json["words"] == "Go to the first of 2 new posts"


def test_a_page_before_the_last_asks_nothing(
    client: FlaskClient, people: Any, topic: Topic
) -> None:
    for number in range(20):
        actions.reply(people.ben, topic.id, write(f"Measured {number} times."))
    assert "data-news" not in page(client, topic.address)
    assert "news?after=21" in page(client, f"{topic.address}?page=2")


def test_visitors_read_what_a_feed_is_for_and_how_members_are_told(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any
) -> None:
    ana = sign_in(people.ana)
    for door in (topic.address, "/topics", "/agendas/quieter", "/agendas/quieter/topics"):
        follow = page(client, door).partition('id="follow"')[2].partition("</section>")[0]
        assert (
            "Members are told by e\N{NON-BREAKING HYPHEN}mail." in follow
            and 'href="/help#following"' in follow
        ), door
        assert "What a feed is" not in page(ana, door), "they have a button for it"
    assert "a feed reader" in page(client, "/help").partition('id="following"')[2]


def test_all_is_marked_as_read_with_one_press(people: Any, topic: Topic, sign_in: Any) -> None:
    for door in ("/topics/read-all", "/agendas/quieter/topics/read-all"):
        ana = sign_in(people.ana)
        with at(now() - timedelta(seconds=1)):  # a post of the same second counts as read
            actions.reply(people.ben, topic.id, write("A reply."))
        head = page(ana, "/topics").partition('<ol class="rows">')[0]
        assert 'action="/topics/read-all"' in head and "Mark all as read</button>" in head
        assert ana.post(door).status_code == 303
        assert " new<" not in page(ana, "/topics")


def test_marking_all_topics_as_read_can_be_undone(people: Any, topic: Topic, sign_in: Any) -> None:
    ana, start = sign_in(people.ana), now()
    actions.read_all(people.ana, topic.agenda_id)
    with at(start + timedelta(minutes=1)):
        actions.reply(people.ben, topic.id, write("A reply."))
    assert 'class="news"' in page(ana, "/topics")
    for door in ("/topics", "/agendas/quieter/topics"):
        with at(start + timedelta(minutes=2)):
            assert ana.post(f"{door}/read-all").status_code == 303
        shown = page(ana, door)
        assert 'class="news"' not in shown and "All topics are marked as read." in shown
        form = shown.partition(f'action="{door}/unread-all"')[2].partition("</form>")[0]
        sent = dict(re.findall(r'name="(until)" value="([^"]+)"', form))
        assert f"{door}/unread-all" not in page(ana, door), "it is offered once"
        for _press in range(2):
            assert ana.post(f"{door}/unread-all", data=sent).status_code == 303
            assert 'class="news"' in page(ana, "/topics")


def test_two_presses_that_mark_all_topics_as_read_are_undone_together(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    ana, start = sign_in(people.ana), now()
    with at(start + timedelta(minutes=1)):
        actions.reply(people.ben, topic.id, write("A reply."))
    before = page(ana, "/topics")
    for seconds in (0, 0, 2):
        with at(start + timedelta(minutes=2, seconds=seconds)):
            ana.post("/topics/read-all")
    shown = page(ana, "/topics")
    sent = dict(re.findall(r'name="(until)" value="([^"]+)"', shown))
    assert 'class="news"' not in shown and shown.count("All topics are marked as read.") == 1
    ana.post("/topics/unread-all", data=sent)
    assert 'class="news"' in page(ana, "/topics") and 'class="news"' in before


@pytest.mark.parametrize("was_marked_before", [False, True])
def test_two_presses_are_undone_together_when_the_browser_breaks_off_the_answer_to_the_first(
    people: Any, topic: Topic, sign_in: Any, was_marked_before: bool
) -> None:
    """The browser that sends the second press has not got what the session says after the first."""
    if was_marked_before:
        actions.read_all(people.ana)
    start = now()
    with at(start + timedelta(minutes=1)):
        actions.reply(people.ben, topic.id, write("A reply."))
    with at(start + timedelta(minutes=2)):
        sign_in(people.ana).post("/topics/read-all")
    ana = sign_in(people.ana)
    with at(start + timedelta(minutes=2, seconds=4)):
        ana.post("/topics/read-all")
    shown = page(ana, "/topics")
    assert shown.count("All topics are marked as read.") == 1 and 'class="news"' not in shown
    sent = dict(re.findall(r'name="(until)" value="([^"]+)"', shown))
    for said in ("The topics are as they were before.", "There was nothing more to undo."):
        ana.post("/topics/unread-all", data=sent)
        shown = page(ana, "/topics")
        assert 'class="news"' in shown and said in shown


def test_what_was_marked_as_read_again_since_is_not_undone(people: Any, topic: Topic) -> None:
    def press(minutes: int) -> datetime:
        with at(start + timedelta(minutes=minutes)):
            return actions.read_all(people.ana)

    start = now()
    first, again = press(0), press(1)
    assert not actions.unread_all(people.ana, None, first)
    assert actions.unread_all(people.ana, None, again)
    assert not actions.unread_all(people.ana, None, again)
    assert actions.unread_all(people.ana, None, first), "it is as after the first"
    assert not actions.unread_all(people.ana, None, first)


def test_a_locked_database_refuses_nobody_the_page_that_would_note_how_far_one_reads(
    people: Any, topic: Topic, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at(now() + timedelta(minutes=1)):
        actions.reply(people.ben, topic.id, write("A reply."))
    ana = sign_in(people.ana)

    def locked(_session: Any) -> None:
        raise Busy()

    monkeypatch.setattr(deeds, "_take_write_lock", locked)
    assert "Go to the new post" in page(ana, topic.address)
    monkeypatch.undo()
    assert "Go to the new post" in page(ana, topic.address)
    assert "Go to the new post" not in page(ana, topic.address)
