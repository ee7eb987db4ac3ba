"""The home page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask

from forum.agendas.actions import AgendaText, set_member_themes, write_agenda
from forum.clock import now
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import Topic
from forum.front.queries import welcome
from forum.markup import write
from forum.members.actions import Joining, Profile, edit_profile, found_federation, join
from forum.members.queries import get_member
from forum.moderation.actions import open_agenda
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from tests.front.conftest import Small, topic


def test_home_leads_to_everything(small: Small, client: Any) -> None:
    text = client.get("/").text
    for words in (
        small.question.title,
        "Rubber wheels",
        "The quiet network",
        "Making Cities Quieter",
    ):
        assert words in text
    assert text.index("Latest dialogue") < text.index('<svg class="map"')
    assert '<path class="arc"' in text and 'aria-label="Map of the member cities"' in text
    assert '<span lang="en">Making Cities Quieter</span>' in text
    after = text.split('<svg class="map"')[1].split("</figure>")[0]
    # Not in a `figcaption`: it would name the figure, and the link would be part of that name
    assert "<figcaption" not in after and 'href="/cities">List of' in after
    assert small.members_only.title not in text
    about = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)[0])
    assert about["potentialAction"]["target"]["urlTemplate"].endswith(
        "/search?q={search_term_string}"
    )


def test_a_member_is_led_to_write(app: Flask, small: Small, sign_in: Any) -> None:
    text = sign_in(small.people.ana).get("/").text
    assert "/agendas/quieter/topics/new?kind=experience" in text
    # What the forum is stands there for those who do not know it yet
    assert "Read it, question it" in app.test_client().get("/").text and "Read it," not in text
    assert small.members_only.title in text


def test_an_empty_forum_says_so_and_offers_a_step(app: Flask, client: Any) -> None:
    for path in ("/", "/members", "/cities", "/search?q=a", "/feeds/all.atom", "/sitemap.xml"):
        assert client.get(path).status_code == 200
    home = client.get("/").text
    assert "This forum is new" in home and "The cities of the members will be shown" in home
    assert "Browse the agendas" not in home and "Make the first agenda" not in home
    assert "Nobody has joined yet" in client.get("/members").text


def test_an_empty_forum_tells_who_runs_it_what_to_do_first(people: Any, sign_in: Any) -> None:
    browser = sign_in(people.moderator)
    home = browser.get("/").text
    assert '<a class="btn" href="/agendas/new">' in home and "http://localhost/join" in home
    for words in ("Nothing has been written yet", "There is no agenda yet", "Browse the agendas"):
        assert words not in home
    assert "/agendas/order" not in browser.get("/agendas").text
    assert "This forum is new" in sign_in(people.ana).get("/").text


def test_the_first_agenda_is_made_when_it_is_open(people: Any, sign_in: Any) -> None:
    found_federation(SYSTEM, "Quiet cities")
    text = AgendaText("Cooler", write("Shade."), slug="cooler", is_open=False)
    made = write_agenda(people.administrator, text)
    new = NewTopic("question", "Where is the shade?", write("We look for it."))
    open_topic(people.moderator, made.id, new)
    for person in (people.administrator, people.moderator):
        page = sign_in(person).get("/").text
        assert "<li><div><h3>Make the first agenda</h3>" in page
        assert '<a class="btn" href="/agendas/cooler/open">Open it</a>' in page
        assert '<a class="btn" href="/agendas/new">' not in page
    write_agenda(people.administrator, replace(text, title="Drier", slug="drier"))
    page = sign_in(people.administrator).get("/").text
    assert '/agendas/drier/open">Open it: <span lang="en" dir="auto">Drier</span></a>' in page
    open_agenda(people.administrator, made.id)
    page = sign_in(people.administrator).get("/").text
    step = page.partition("<h3>Make the first agenda ")[2].partition("</li>")[0]
    assert "Done</span>" in step and "Open it" not in page
    assert "Begin here" not in sign_in(people.moderator).get("/").text


def test_a_new_member_is_welcomed_until_the_first_steps_are_taken(
    small: Small, sign_in: Any
) -> None:
    member = join(VISITOR, Joining("Nora Lind", "nora@city.example", "hash"))
    browser = sign_in(member)

    def done() -> list[bool]:
        welcome = browser.get("/").text.partition('id="welcome"')[2].partition("</section>")[0]
        return ["> Done</span>" in step for step in welcome.split("<li>")[1:]]

    assert "Welcome, Nora Lind" in browser.get("/").text and done() == [False, False, False]
    reply(member, small.question.id, write("At night."))
    assert done() == [False, False, True]
    set_member_themes(member, [small.themes[0].id])
    assert done() == [False, True, True]
    edit_profile(member, Profile("Nora Lind", position="Planner", city_id=small.people.ana.city_id))
    assert "Welcome, Nora Lind" not in browser.get("/").text


def test_a_question_for_a_first_reply_is_in_a_language_that_the_new_member_reads(
    small: Small, sign_in: Any
) -> None:
    def offered(language: str) -> str:
        email = f"nora-{language}@city.example"
        new = Joining("Nora Lind", email, "hash", language=language)
        page = sign_in(join(VISITOR, new)).get("/").text
        return page.partition("Write your first contribution")[2].partition("</li>")[0]

    def asked(language: str) -> str:
        new = NewTopic("question", "Why?", write("Why?", language))
        return open_topic(small.people.ana, small.agenda.id, new).address

    uzbek = asked("uz")
    assert "A reply of two sentences" in offered("sw") and uzbek not in offered("ha")
    english = asked("en")
    assert english in offered("yo"), "the language of the pages"
    assert uzbek in offered("uz")


def test_the_welcome_takes_two_queries_and_one_for_whom_a_text_waits(
    small: Small, sign_in: Any, queries: Any
) -> None:
    member = join(VISITOR, Joining("Nora Lind", "nora@city.example", "hash"))
    with queries() as made:
        assert welcome(member) == (False, False, False)
    assert made.count == 2
    make_rule(small.people.administrator, RuleText("word", "casino", "We read this first."))
    reply(member, small.question.id, write("A casino for all."))
    waiting = get_member(SYSTEM, member.handle)
    with queries() as made:
        assert welcome(waiting) == (False, False, True)
    assert made.count == 1


def test_what_is_written_for_members_is_a_first_contribution_and_who_may_not_write_is_not_welcomed(
    small: Small, sign_in: Any
) -> None:
    writer, silenced = (
        join(VISITOR, Joining(name, f"{name[:4]}@city.example", "hash"))
        for name in ("Nora Lind", "Otto Lind")
    )
    new = NewTopic("question", "For members?", write("Why?"), audience="members")
    open_topic(writer, small.agenda.id, new)
    silenced.silenced_until = now() + timedelta(days=2)
    db.session.commit()
    assert welcome(writer) == (False, False, True) and welcome(silenced) is None


def test_who_joined_long_ago_is_not_welcomed(small: Small, sign_in: Any, client: Any) -> None:
    member = join(VISITOR, Joining("Nora Lind", "nora@city.example", "hash"))
    member.joined_at = now() - timedelta(days=15)
    db.session.commit()
    assert "Welcome, " not in sign_in(member).get("/").text + client.get("/").text


def test_a_question_that_waits_is_the_newcomers_first(small: Small, sign_in: Any) -> None:
    waiting = topic(small.people.ana, small.agenda, "Who answers this?", kind="question")
    member = join(VISITOR, Joining("Nora Lind", "nora@city.example", "hash"))

    def offered() -> str:
        page = sign_in(member).get("/").text
        return page.partition('id="welcome"')[2].partition("</section>")[0]

    assert f'href="{waiting.address}"' in offered()
    newer = NewTopic("question", "Kuka vastaa?", write("Kuka?", "fi"))
    assert isinstance(open_topic(small.people.ana, small.agenda.id, newer), Topic)
    assert f'href="{waiting.address}"' in offered(), "of the member's language"


def test_an_agenda_is_watched_near_its_title(
    agenda: Any, client: Any, sign_in: Any, people: Any
) -> None:
    door, button = "/agendas/quieter", 'form="deeds" formaction="/agendas/quieter/watch"'
    ben = sign_in(people.ben)
    assert button in ben.get(door).text and button not in client.get(door).text
    assert ben.post(f"{door}/watch", data={"level": "watching"}).status_code == 303
    band = ben.get(door).text.partition('class="band"')[2].partition('class="stick"')[0]
    assert 'name="level" value="" aria-pressed="true"' in band
    assert '<form id="deeds"' in band


def test_members_go_from_the_home_page_to_what_is_new_to_them(
    people: Any, agenda: Any, client: Any, sign_in: Any
) -> None:
    open_topic(people.ana, agenda.id, NewTopic("question", "Why so loud?", write("Hm.")))
    way = 'href="/topics?mine=new">New posts for you</a>'
    assert way in sign_in(people.ben).get("/").text and way not in client.get("/").text


def test_cities_ask_beside_the_latest_dialogue_what_it_does_not_show(
    small: Small, client: Any
) -> None:
    def asking() -> tuple[list[str], bool]:
        before, _start, section = client.get("/").text.partition(' aria-labelledby="waiting">')
        titles = re.findall(r"<b>(.*?)</b>", section.partition("</section>")[0])
        return titles, before.endswith('class="hide-s"')

    for number in range(5):
        topic(small.people.ana, small.agenda, f"Who knows {number}?", kind="question")
    repeated = asking()
    assert "Who knows 4?" in repeated[0] and len(repeated[0]) == 3 and repeated[1]
    for number in range(6):
        topic(small.people.ana, small.agenda, f"We know {number}", kind="experience")
    further, is_repeated = asking()
    assert further[:3] == ["Who knows 2?", "Who knows 1?", "Who knows 0?"] and not is_repeated


def test_a_topic_is_said_to_be_pinned_where_that_moves_it(
    small: Small, client: Any, sign_in: Any
) -> None:
    pinned = topic(small.people.ana, small.agenda, "Read this first", kind="experience")
    sign_in(small.people.moderator).post(f"/topics/{pinned.id}/pin")
    for path, says in (
        ("/", False),
        ("/topics", False),
        ("/agendas/quieter", True),
        ("/agendas/quieter/topics", True),
        (pinned.address, True),
    ):
        page = client.get(path).text
        assert "Read this first" in page and (" Pinned</span>" in page) == says, path


def test_an_empty_list_has_nothing_to_filter(client: Any, people: Any, sign_in: Any) -> None:
    for path in ("/cases", "/practices", "/readings", "/topics"):
        text = client.get(path).text
        assert 'class="facets"' not in text and "Choose the agenda" not in text, path
        assert "<h2>" in text and 'class="btn' in text
    page = sign_in(people.ana).get("/practices/new").text
    assert "There is no open agenda" in page and 'href="/agendas/new"' not in page
    assert 'href="/agendas/new"' in sign_in(people.moderator).get("/practices/new").text
