"""The pages of the dialogue: status and content for each reader, and numbers of queries."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError

from forum import deeds
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import first_post
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Profile
from forum.members.models import Member
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


def test_thousands_of_marks_are_grouped(client: FlaskClient, people: Any, topic: Topic) -> None:
    db.session.execute(update(Post).where(Post.topic_id == topic.id).values(useful_count=1_234))
    db.session.commit()
    assert '<span class="n">1,234</span>' in page(client, topic.address)


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


def test_the_token_of_a_reply_comes_before_its_button(
    sign_in: Any, people: Any, topic: Topic
) -> None:
    """On a slow line the button is there for a while before what stands behind it, and a press sends what is there."""
    for address in (topic.address, f"/topics/{topic.id}/reply"):
        text = page(sign_in(people.ben), address)
        before = text.partition('id="reply-form"')[2].partition(" data-publish")[0]
        for name in ("csrf_token", "submission_key", "written_as"):
            assert f'name="{name}"' in before, (address, name)


def test_a_visitors_page_holds_no_token_and_no_name(
    client: FlaskClient, people: Any, topic: Topic
) -> None:
    for path in (topic.address, "/topics", "/agendas/quieter/topics"):
        response = client.get(path)
        assert "csrf_token" not in response.text
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["", "-", "-wrong", "-how-do-you", "-%F0%9F%98%80"])
def test_every_other_name_leads_to_the_own_one(
    client: FlaskClient, topic: Topic, name: str
) -> None:
    response = client.get(f"/topics/{topic.id}{name}?page=2")
    assert response.status_code == 301
    assert response.location == f"{topic.address}?page=2"


def test_no_address_that_is_built_ends_in_a_hyphen(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    assert adapter.build("dialogue.topic", {"topic_id": 7}) == "/topics/7"


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
    waiting = structured(page(client, topic.address))
    assert waiting["@type"] == "DiscussionForumPosting" and waiting["headline"] == topic.title
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


def _is_read_when_opened(browser: FlaskClient, reader: Member, topic: Topic) -> None:
    assert unread_count(reader) == 1
    assert queries.reading_state(reader, topic, []).place == 0
    assert browser.get(topic.address).status_code == 200
    assert unread_count(reader) == 0


def test_what_a_browser_asks_for_in_advance_is_not_read_before_somebody_opens_it(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    actions.reply(people.ben, topic.id, write("A reply."))
    make_notices(SYSTEM)
    ana = sign_in(people.ana)
    for purpose in ("prefetch", "Prefetch;prerender", "prefetch;anonymous-client-ip"):
        for address in (topic.address, f"/topics/{topic.id}/whole"):
            assert ana.get(address, headers={"Sec-Purpose": purpose}).status_code == 503
    _is_read_when_opened(ana, people.ana, topic)
    # Nothing more is to be noted, so that it may be shown at once
    assert ana.get(topic.address, headers={"Sec-Purpose": "prefetch"}).status_code == 200


def test_who_asks_for_the_headers_of_a_topic_alone_has_not_read_it(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    actions.reply(people.ben, topic.id, write("A reply."))
    make_notices(SYSTEM)
    ana = sign_in(people.ana)
    for address in (topic.address, f"/topics/{topic.id}/whole"):
        answer = ana.head(address)
        assert (answer.status_code, answer.data) == (200, b"")
    _is_read_when_opened(ana, people.ana, topic)


def test_visitors_may_ask_in_advance(client: FlaskClient, topic: Topic) -> None:
    assert client.get(topic.address, headers={"Sec-Purpose": "prefetch"}).status_code == 200


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
