"""The pages of the dialogue: status and content for each reader, and numbers of queries."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import datetime, timedelta
from html import escape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError

from forum import deeds
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import first_post
from forum.errors import Busy
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Profile, ignore
from forum.moderation.actions import Reasons, decide
from forum.notifications.actions import make_notices
from forum.notifications.queries import unread_count
from forum.permissions import SYSTEM
from tests.dialogue.conftest import odd_texts, page
from tests.heard import Control, controls

# Reading


def test_a_topic_is_read_by_everybody(client: FlaskClient, people: Any, topic: Topic) -> None:
    actions.reply(people.ben, topic.id, write("Count <b>badges</b> & doors."))
    text = page(client, topic.address)
    assert "<strong>two</strong>" in text
    assert "Count &lt;b&gt;badges&lt;/b&gt; &amp; doors." in text
    assert 'id="post-2"' in text and "Ben Okoth" in text and "Nairobi" in text
    assert "Sign in to reply" in text
    assert f'<link rel="canonical" href="http://localhost{topic.address}">' in text


def test_who_wrote_in_a_topic_leads_to_their_cities(
    client: FlaskClient, people: Any, topic: Topic
) -> None:
    actions.reply(people.ben, topic.id, write("Count badges."))
    text = page(client, topic.address)
    where = "2 members from 2 cities: "
    where += '<a href="/cities/medellin">Medellín</a>, <a href="/cities/nairobi">Nairobi</a>.</p>'
    assert where in text


def test_beside_a_post_stands_the_office_of_its_author(
    client: FlaskClient, people: Any, topic: Topic
) -> None:
    for author in (people.ben, people.host, people.moderator):
        actions.reply(author, topic.id, write("Please stay with the subject."))

    def offices() -> list[str]:
        return re.findall(r'</(?:b|h3)> <span class="st mod">([^<]+)', page(client, topic.address))

    assert offices() == ["Host of this agenda", "Moderator"]
    members.appoint(SYSTEM, people.ana.handle, "administrator")
    members.appoint(SYSTEM, people.moderator.handle, "member")
    agendas.set_hosts(people.administrator, topic.agenda_id, [people.ben.handle])
    assert offices() == ["Administrator", "Host of this agenda"]
    members.hide_profile(SYSTEM, people.ana.id)
    assert offices() == ["Host of this agenda"]


def test_beside_a_post_stands_no_position_of_a_hidden_profile(
    client: FlaskClient, sign_in: Any, people: Any, topic: Topic
) -> None:
    said = Profile(people.ana.name, position="Pills by post", city_id=people.ana.city_id)
    members.edit_profile(people.ana, said)
    assert "Pills by post" in page(client, topic.address)
    decide(people.moderator, "member", people.ana.id, "hide", Reasons("Advertising.", 2))
    for reader in (client, sign_in(people.ben)):
        shown = page(reader, topic.address)
        assert "Ana Prado" in shown and "Medellín" in shown and "Pills by post" not in shown
    entry = f"/moderation/member/{people.ana.id}"
    assert "Pills by post" in page(sign_in(people.moderator), entry)


def test_a_visitors_page_holds_no_token_and_no_name(
    client: FlaskClient, people: Any, topic: Topic
) -> None:
    for path in (topic.address, "/topics", "/agendas/quieter/topics"):
        response = client.get(path)
        assert "csrf_token" not in response.text
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["", "-wrong", "-how-do-you", "-%F0%9F%98%80"])
def test_every_other_name_leads_to_the_own_one(
    client: FlaskClient, topic: Topic, name: str
) -> None:
    response = client.get(f"/topics/{topic.id}{name}?page=2")
    assert response.status_code == 301
    assert response.location == f"{topic.address}?page=2"


def test_a_case_is_read_on_its_own_page(client: FlaskClient, people: Any, agenda: Agenda) -> None:
    new = actions.NewTopic("case", "C40", write("A network."), home="/cases/c40")
    topic = actions.open_topic(people.moderator, agenda.id, new)
    reply = actions.reply(people.ben, topic.id, write("We are in."))
    assert client.get(f"/topics/{topic.id}-c40").location == "/cases/c40"
    assert client.get(f"/posts/{reply.id}").location == "/cases/c40#post-2"


def test_a_post_has_an_address_for_ever(client: FlaskClient, people: Any, topic: Topic) -> None:
    for number in range(2, 23):
        reply = actions.reply(people.ben, topic.id, write(str(number)))
    response = client.get(f"/posts/{reply.id}")
    assert (response.status_code, response.location) == (302, f"{topic.address}?page=2#post-22")
    text = page(client, f"{topic.address}?page=2")
    assert 'id="post-22"' in text and 'id="post-20"' not in text
    assert f'<link rel="canonical" href="http://localhost{topic.address}?page=2">' in text


def test_a_page_that_is_not_there_is_the_last_or_the_first(
    client: FlaskClient, people: Any, topic: Topic
) -> None:
    for number in range(2, 23):
        actions.reply(people.ben, topic.id, write(str(number)))
    no_pages = ("0", "-1", "x", "1.5", "", "%00x", "%D9%A2")  # an Arabic digit 2
    for asked, shown in {
        **dict.fromkeys(no_pages, ""),
        **dict.fromkeys(("3", "999999999", "1000000000", "9" * 40), "?page=2"),
    }.items():
        text = page(client, f"{topic.address}?page={asked}&page=2")
        assert f'<link rel="canonical" href="http://localhost{topic.address}{shown}">' in text, (
            asked
        )
        assert ('id="post-22"' in text) == bool(shown), asked


@pytest.mark.parametrize("path", ["/topics/{}", "/topics/{}-x", "/posts/{}", "/posts/{}/marks"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    for number in ("0", "-1", "999999", str(2**31), str(2**63), "x", "1.5", "%00"):
        page(client, path.format(number), 404)


def test_gone_posts_leave_a_gap(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any
) -> None:
    deleted = actions.reply(people.ben, topic.id, write("A xylophone."))
    hidden = actions.reply(people.ben, topic.id, write("A marimba."))
    actions.delete(people.ben, deleted.id)
    actions.hide(people.moderator, hidden.id, "It sells <something>")
    for browser in (client, sign_in(people.ana)):
        text = page(browser, topic.address)
        assert "Number 2 was deleted by its author." in text
        assert "Number 3 was hidden by a moderator." in text
        assert "It sells &lt;something&gt;" in text
        assert "xylophone" not in text and "marimba" not in text
    text = page(sign_in(people.host), topic.address)
    assert "marimba" in text and "xylophone" not in text


def test_a_topic_whose_beginning_is_gone_is_still_read(
    client: FlaskClient, people: Any, topic: Topic
) -> None:
    actions.reply(people.ben, topic.id, write("Yes."))
    actions.delete(people.ana, first_post(topic).id)
    text = page(client, topic.address)
    assert "Number 1 was deleted by its author." in text and "Yes." in text


def test_the_answer_stands_up_front(client: FlaskClient, people: Any, topic: Topic) -> None:
    replies = [actions.reply(people.ben, topic.id, write(f"Way {n}")) for n in range(2, 25)]
    actions.choose_answer(people.ana, topic.id, replies[-1].id)
    text = page(client, topic.address)
    assert "Answer, from Ben Okoth in Nairobi:" in text and "Way 24" in text
    # Only these words are the link: a screen reader would read a longer one aloud as a link
    assert Control("Go to the answer", f"{topic.address}?page=2#post-24") in controls(text)
    actions.hide(people.moderator, replies[-1].id, "No")
    assert "Way 24" not in page(client, topic.address)


def structured(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert found
    return dict(json.loads(found[1]))


def test_search_engines_read_a_question_with_its_answer(
    client: FlaskClient, people: Any, agenda: Agenda, topic: Topic
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Count </script> doors."))
    actions.choose_answer(people.ana, topic.id, reply.id)
    question = structured(page(client, topic.address))["mainEntity"]
    assert question["name"] == topic.title
    assert question["acceptedAnswer"]["text"] == "Count </script> doors."
    new = actions.NewTopic("experience", "We counted", write("Long."))
    other = actions.open_topic(people.ana, agenda.id, new)
    data = structured(page(client, other.address))
    assert data["@type"] == "DiscussionForumPosting" and data["author"]["name"] == "Ana Prado"


def test_members_only_is_not_found_by_visitors(
    client: FlaskClient, people: Any, agenda: Agenda, sign_in: Any
) -> None:
    new = actions.NewTopic("experience", "Xylophones", write("Inside."), audience="members")
    topic = actions.open_topic(people.ana, agenda.id, new)
    reply = actions.reply(people.ben, topic.id, write("Yes."))
    for path in (topic.address, f"/topics/{topic.id}", f"/posts/{reply.id}"):
        page(client, path, 404)
    for path in (f"/posts/{reply.id}/history", f"/posts/{reply.id}/marks"):
        page(client, path, 404)
    for path in ("/topics", "/agendas/quieter/topics", "/topics?kind=experience"):
        assert "Xylophones" not in page(client, path)
    text = page(sign_in(people.chitra), topic.address)
    assert "Members only" in text and "ld+json" not in text


def test_a_hidden_topic_is_found_by_its_moderators_only(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any
) -> None:
    actions.hide_topic(people.moderator, topic.id)
    page(client, topic.address, 404)
    page(sign_in(people.ana), topic.address, 404)
    text = page(sign_in(people.host), topic.address)
    assert "Only moderators see it" in text and "ld+json" not in text


# Lists


@pytest.mark.parametrize("kind", ["experience", "question"])
@pytest.mark.parametrize("is_locked", [False, True])
def test_a_list_says_once_that_nobody_has_replied_yet(
    client: FlaskClient, people: Any, agenda: Agenda, kind: str, is_locked: bool
) -> None:
    new = actions.NewTopic(kind, "Trams at night", write("Loud."))
    made = actions.open_topic(people.ana, agenda.id, new)
    if is_locked:
        actions.lock(people.moderator, made.id)
    for path in ("/topics", "/agendas/quieter", "/agendas/quieter/topics"):
        row = page(client, path).partition(">Trams at night<")[2].partition("</article>")[0]
        assert row.count("No replies yet") == 1 and not re.search(r"\b0 repl", row), path
    actions.reply(people.moderator, made.id, write("Old rails."))
    for path in ("/topics", "/agendas/quieter", "/agendas/quieter/topics"):
        row = page(client, path).partition(">Trams at night<")[2].partition("</article>")[0]
        assert row.count("1 reply") == 1 and "No replies" not in row, path


def test_lists_show_and_filter(
    client: FlaskClient, people: Any, agenda: Agenda, topic: Topic
) -> None:
    agendas.write_theme(people.moderator, "Floods")
    for path in ("/topics", "/agendas/quieter/topics"):
        assert topic.title in page(client, path)
        assert topic.title in page(client, f"{path}?kind=question&order=unanswered&language=en")
        assert topic.title not in page(client, f"{path}?kind=experience")
        assert topic.title not in page(client, f"{path}?theme=floods")
        assert topic.title not in page(client, f"{path}?language=fr")
    page(client, "/agendas/nowhere/topics", 404)


@pytest.mark.parametrize("name", ["kind", "theme", "language"])
def test_an_unknown_filter_finds_nothing_and_can_be_taken_away(
    client: FlaskClient, topic: Topic, name: str
) -> None:
    for path in ("/topics", "/agendas/quieter/topics"):
        text = page(client, f"{path}?order=newest&{name}=nowhere+<b>")
        assert topic.title not in text and "Nothing fits these filters" in text
        taken_away = rf'href="{re.escape(path)}\?order=newest"[^>]*><bdi>nowhere &lt;b&gt;'
        assert re.search(taken_away, text) and "Clear all" in text


@pytest.mark.parametrize("name", ["kind", "order", "theme", "language", "page"])
def test_no_query_string_breaks_a_list(client: FlaskClient, agenda: Agenda, name: str) -> None:
    for text in odd_texts():
        response = client.get("/topics", query_string={name: text, f"{name}[]": text})
        assert response.status_code in (200, 404), text


def test_opening_a_topic_reads_the_notices_about_it(
    people: Any, topic: Topic, agenda: Agenda, sign_in: Any
) -> None:
    again = actions.NewTopic("question", "Another question?", write("A text."))
    other = actions.open_topic(people.ana, agenda.id, again)
    for asked in (topic, other):
        actions.reply(people.ben, asked.id, write("A reply."))
    make_notices(SYSTEM)
    assert unread_count(people.ana) == 2
    page(sign_in(people.chitra), topic.address)
    assert unread_count(people.ana) == 2
    ana = sign_in(people.ana)
    assert "Notices, 1 unread" in page(ana, topic.address)
    assert "Notices, 1 unread" in page(ana, topic.address)
    page(ana, other.address)
    assert unread_count(people.ana) == 0


def test_a_full_disk_refuses_nobody_a_topic_whose_notice_would_be_read(
    people: Any, topic: Topic, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.reply(people.ben, topic.id, write("A reply."))
    make_notices(SYSTEM)
    ana = sign_in(people.ana)

    def full(_session: Any, _scopes: Any) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(deeds, "count_up", full)
    assert "A reply." in page(ana, topic.address)
    monkeypatch.undo()
    assert unread_count(people.ana) == 1


# How many queries


def many(topic: Topic, author_id: int, count: int) -> None:
    """Insert many replies directly, because the actions would take too long."""
    rows = [
        {
            "topic_id": topic.id,
            "number": number,
            "author_id": author_id,
            "source": "text",
            "html": "<p>text</p>",
            "html_version": 1,
            "language": "en",
            "useful_count": 0,
            "same_here_count": 0,
            "tried_count": 0,
            "hidden_reason": "",
            "created_at": now(),
        }
        for number in range(topic.posts_count + 1, count + 1)
    ]
    db.session.execute(insert(Post), rows)
    counts = {"posts_count": count, "replies_count": count - 1}
    db.session.execute(update(Topic).where(Topic.id == topic.id).values(**counts))
    db.session.commit()


@pytest.mark.parametrize("count", [20, 2_000])
def test_a_page_of_a_topic_asks_little_however_long_it_is(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any, queries: Any, count: int
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    actions.choose_answer(people.ana, topic.id, reply.id)
    many(topic, people.ben.id, count)
    last = f"{topic.address}?page={count // 20}"
    member, host = sign_in(people.chitra), sign_in(people.host)
    for browser, most, writing in ((client, 5, 0), (member, 6, 5), (host, 8, 4)):
        for path in (topic.address, last):
            # The first visit also stores how far the member has read; the second does not
            for more in (writing, 0):
                with queries() as made:
                    assert 'id="post-' in page(browser, path)
                assert made.count <= most + more, made.statements


def languages_offered(text: str) -> list[str]:
    """The options of the filter by language; a star marks the chosen one."""
    options = text.partition('id="by-language"')[2].partition("</select>")[0]
    return [
        f"{name}*" if chosen else name
        for chosen, name in re.findall(r"<option [^>]*?( selected)?>([^<]+)", options)
    ]


def test_languages_of_topics_are_offered_with_numbers_those_of_the_reader_first(
    client: FlaskClient, people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    assert languages_offered(page(client, "/topics")) == []
    for language, kind in (("de", "question"), ("fr", "question"), ("fr", "experience")):
        new = actions.NewTopic(kind, f"In {language}", write("Hm.", language))
        actions.open_topic(people.ana, agenda.id, new)
    every = ["All languages*", "Deutsch (1)", "English (1)", "Français (2)"]
    for path in ("/topics", "/agendas/quieter/topics"):
        assert languages_offered(page(client, path)) == every
    asked = languages_offered(page(client, "/topics?kind=experience&language=de"))
    assert asked == ["All languages", "Deutsch (0)*", "Français (1)"]
    assert languages_offered(page(client, "/topics?language=xx")) == ["All languages", *every[1:]]
    members.edit_profile(people.ben, members.Profile("Ben Okoth", languages=("fr", "en")))
    own = languages_offered(page(sign_in(people.ben), "/topics"))
    assert own == ["All languages*", "Français (2)", "English (1)", "Deutsch (1)"]


def test_a_list_asks_little(
    client: FlaskClient, people: Any, agenda: Agenda, topic: Topic, sign_in: Any, queries: Any
) -> None:
    member = sign_in(people.ben)
    for path in ("/topics", "/agendas/quieter/topics?kind=question"):
        with queries() as made:
            page(client, path)
        assert made.count <= 7, made.statements
        with queries() as made:
            page(member, path)
        assert made.count <= 10, made.statements


# Marks and answers


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
        assert "Members are told by e-mail." in follow and 'href="/help#following"' in follow, door
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
