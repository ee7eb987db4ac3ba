"""The pages of agendas, the masthead, and what all pages that combine several rooms do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, archive, set_member_themes, write_agenda
from forum.agendas.models import Agenda
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import PollText
from forum.dialogue.queries import KINDS_OF_TOPICS
from forum.library.actions import CaseText, ReadingText, write_case, write_reading
from forum.markup import write
from forum.members.models import Member
from forum.search.queries import KINDS
from tests.front.conftest import NAIROBI, Small, a_case, a_practice, grow, topic

PAGES = {
    "/": 12,
    # Two of them read the next meetings and milestones, which a server process caches
    "/agendas/quieter": 15,
    "/agendas/quieter/briefing": 16,
    "/members": 10,
    "/members/ben-okoth": 12,
    "/cities": 2,
    # Four of them read cities with the same questions; a server process caches two of these
    "/cities/nairobi": 17,
    "/cities/nairobi/exchange": 9,
    "/organisations/tampere-institute": 9,
    # Five of them read names of cities, organisations, themes and (twice) glossary entries, which a server process caches;
    # one how many replied to the topics on the page
    "/search?q=noise": 15,
    "/search": 2,
    "/feeds/all.atom": 2,
    "/agendas/quieter/feed.atom": 4,
    "/sitemap.xml": 3,
    "/privacy": 1,
    "/accessibility": 1,
    "/contact": 1,
    "/help": 1,
}


def test_the_number_of_queries_is_small_and_does_not_grow(
    small: Small, client: Any, queries: Any
) -> None:
    def counted() -> dict[str, int]:
        found = {}
        for path in PAGES:
            with queries() as made:
                assert client.get(path).status_code == 200, path
            found[path] = made.count
        return found

    client.get("/help")  # fills the cache of the federation
    client.get("/search?q=noise")  # and that of word frequencies, on PostgreSQL
    reply(small.people.ana, small.question.id, write("A noise beside another text of its topic."))
    set_member_themes(small.people.ben, [small.themes[0].id])  # for the search by city
    few = counted()
    assert {path: count for path, count in few.items() if count > PAGES[path]} == {}
    grow(small)
    many = counted()
    assert {path: count for path, count in many.items() if count > few[path]} == {}


def test_an_agenda_has_one_number_of_topics_everywhere(
    small: Small, client: Any, sign_in: Any
) -> None:
    reply(small.people.ben, small.case.topic_id, write("We are in that network, too."))
    for browser, number in ((client, 4), (sign_in(small.people.ben), 5)):
        for path in ("/", "/agendas"):
            assert re.search(rf"\b{number} topics</span>", browser.get(path).text), path
        text = browser.get("/agendas/quieter").text
        assert f'<a href="#dialogue">Dialogue <span class="n">{number}</span></a>' in text
        for path in ("/topics", "/agendas/quieter/topics", "/agendas/quieter"):
            assert f'All <span class="n">{number}</span>' in browser.get(path).text, path


def test_lists_name_the_kind_and_the_places_of_a_case(small: Small, client: Any) -> None:
    reply(small.people.ben, small.case.topic_id, write("We are in that network, too."))
    for path in ("/", "/topics", "/agendas/quieter", "/agendas/quieter/topics"):
        lines = re.findall(r'<p class="meta dot">(.*?)</p>', client.get(path).text, re.DOTALL)
        told = [re.findall(r"<span>(.*?)</span>", line) for line in lines]
        assert ["Case", "Nairobi"] in [facts[:2] for facts in told], path
        for kind in ("Experience", "Question", "Practice"):
            assert any(facts[0] == kind for facts in told if facts), (path, kind)


def test_visitors_pages_are_the_same_for_everybody(small: Small, client: Any) -> None:
    for path in PAGES:
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-cache", path
        assert "csrf_token" not in answer.text, path
        assert not answer.headers.getlist("Set-Cookie"), path
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304, path


def test_pages_have_one_heading_and_say_where_they_live(small: Small, client: Any) -> None:
    for path in [p for p in PAGES if not p.endswith((".atom", ".xml"))]:
        text = client.get(path).text
        assert len(re.findall(r"<h1\b", text)) == 1, path
        home = f"http://localhost{path.split('?')[0]}"
        assert f'<link rel="canonical" href="{home}">' in text, path
        assert "Quiet cities</title>" in text, path


# Agenda


def test_the_agenda_has_all_its_parts(small: Small, client: Any) -> None:
    text = client.get("/agendas/quieter").text
    for words in ("Noise is heard last.", "“Listen first.", "Then draw.”", "Christer Example"):
        assert words in text
    for words in ("The quiet network", "The network’s site", "The Soundscape", "(1977)"):
        assert words in text
    for words in (
        small.question.title,
        "Hana Virtanen",
        "Rubber wheels",
        "/agendas/quieter/feed.atom",
    ):
        assert words in text
    assert small.members_only.title not in text
    assert "New case" not in text


def test_an_empty_agenda_leads_to_cases_and_reads_where_there_are_any(
    agenda: Agenda, people: Any, client: Any
) -> None:
    links = ("See all cases", "See all best reads")
    page = client.get("/agendas/quieter").text
    assert "No case example yet" in page and not any(words in page for words in links)
    other = write_agenda(people.moderator, AgendaText("Other", write("Text."), slug="other"))
    write_case(people.moderator, other.id, CaseText("A case", "network", "Short.", "Text."))
    write_reading(people.moderator, other.id, ReadingText("A book", "Somebody"))
    page = client.get("/agendas/quieter").text
    assert all(words in page for words in links)


def test_a_case_of_an_agenda_names_its_place_once(agenda: Agenda, people: Any, client: Any) -> None:
    for name, reach in (("Here", "Nairobi"), ("There", "East Africa")):
        text = CaseText(name, "network", "Cities compare.", "Text.", reach, city_ids=[NAIROBI])
        write_case(people.host, agenda.id, text)
    lines = re.findall(r'<p class="meta dot xs">(.*?)</p>', client.get("/agendas/quieter").text)
    places = [re.findall(r"Nairobi|East Africa", line) for line in lines]
    assert places == [["Nairobi"], ["East Africa", "Nairobi"]]


def test_the_dialogue_of_an_agenda_has_kinds_and_orders(small: Small, client: Any) -> None:
    questions = client.get("/agendas/quieter?kind=question").text
    assert small.question.title in questions
    assert "Night trams" not in questions
    unanswered = client.get("/agendas/quieter?order=unanswered").text
    assert "Every question here has an answer" in unanswered
    for odd in ("kind=nothing", "order=x&kind[]=1", "kind=question&kind=case", "page=99999999999"):
        assert client.get(f"/agendas/quieter?{odd}").status_code == 200


def test_a_long_dialogue_goes_on_elsewhere(small: Small, client: Any) -> None:
    for number in range(12):
        topic(small.people.ana, small.agenda, f"Experience {number}")
    assert "Show 5 more topics" in client.get("/agendas/quieter").text  # 12 and 3, 10 shown


def test_hosts_curate_their_agenda(small: Small, sign_in: Any) -> None:
    text = sign_in(small.people.host).get("/agendas/quieter").text
    for words in ("New case", "New best read", "New statement", "History", "Curate this agenda"):
        assert words in text
    assert "Curate this agenda" not in sign_in(small.people.ben).get("/agendas/quieter").text


def test_an_archived_agenda_takes_nothing_more(small: Small, client: Any) -> None:
    archive(small.people.moderator, small.agenda.id)
    text = client.get("/agendas/quieter").text
    assert "This agenda is archived" in text
    assert "/topics/new" not in text


def test_what_is_not_there_is_not_found(small: Small, client: Any) -> None:
    for path in ("/agendas/x", "/members/x", "/cities/x", "/organisations/x", "/sitemap-9.xml"):
        assert client.get(path).status_code == 404
    for path in ("/agendas/x/feed.atom", "/topics/99999/feed.atom", "/sitemap-0.xml"):
        assert client.get(path).status_code == 404


# The masthead


def test_the_masthead_costs_a_member_nothing_and_who_moderates_one_query(
    small: Small, sign_in: Any, queries: Any
) -> None:
    def counted(member: Member) -> int:
        browser = sign_in(member)
        browser.get("/help")
        with queries() as made:
            assert browser.get("/help").status_code == 200
        return int(made.count)

    member, moderator = counted(small.people.ana), counted(small.people.moderator)
    assert member <= 3
    assert moderator == member + 1


@pytest.mark.parametrize("log", ["json", "plain", "off"])
def test_the_privacy_page_promises_a_log_of_looks_where_there_is_one(app, client, monkeypatch, log):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], log=log))
    promised = "the server’s log says who of them did" in client.get("/privacy").text
    assert promised == (log != "off")


def test_the_privacy_page_says_how_long_things_are_kept(client, monkeypatch):
    """The page uses the constants of the actions for the periods."""
    for number, name in enumerate(
        (
            "candidates.actions.UNCONFIRMED_RETENTION",
            "candidates.actions.REFUSED_RETENTION",
            "accounts.actions.TOKEN_RETENTION",
            "mail.actions.KEPT",
            "mail.actions.KEPT_FAILED",
            "members.actions.SESSION_RETENTION",
            "members.actions.COOLING_OFF",
            "notifications.actions.KEPT_READ",
            "contact.actions.KEPT",
            "front.views.about.SESSION_IDLE_LIMIT",
            "front.views.about.SESSION_MAX_AGE",
        ),
        1001,
    ):
        monkeypatch.setattr(f"forum.{name}", timedelta(days=number))
        assert f"{number} days" in client.get("/privacy").text, name


@pytest.mark.parametrize("template", ["front/search.html", "glossary/entry.html"])
def test_each_kind_of_text_that_search_finds_has_a_name(app: Flask, template: str) -> None:
    source, _name, _is_fresh = app.jinja_env.loader.get_source(app.jinja_env, template)
    (named,) = re.findall(r"{% set kinds = {(.*?)} %}", source, re.DOTALL)
    finer = KINDS_OF_TOPICS.names if template == "front/search.html" else ()
    assert set(re.findall(r'"(\w+)": ', named)) == {*KINDS, *finer}


def test_a_mention_in_a_title_from_right_to_left_keeps_its_at_before_the_handle(
    small: Small, client: Any
) -> None:
    title, apart = "مرحبا @ben-okoth كيف", 'مرحبا <bdi dir="ltr">@ben-okoth</bdi> كيف'
    poll = PollText(title, (title, "No"))
    new = NewTopic("question", title, write(".", "ar"), poll=poll)
    asked = open_topic(small.people.ana, small.agenda.id, new)
    case = a_case(small.people.moderator, small.agenda, title)
    practice = a_practice(small.people.ana, small.people.moderator, small.agenda, title)
    lists = [
        "/",
        "/topics",
        "/agendas/quieter",
        "/agendas/quieter/topics",
        "/agendas/quieter/briefing",
    ]
    lists += ["/cases", "/practices", f"/members/{small.people.ana.handle}", "/search?q=مرحبا"]
    pages = dict.fromkeys(lists, 1) | {f"/cases/{case.slug}": 1, f"/practices/{practice.slug}": 1}
    for path, least in (pages | {asked.address: 3}).items():
        body = (
            client.get(path).text.partition("<body")[2].replace("<mark>", "").replace("</mark>", "")
        )
        assert body.count(apart) >= least, path
        assert not re.search(f'(?<!class="vh")>[^<"]*{title}', body), path
