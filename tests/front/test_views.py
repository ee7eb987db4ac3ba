"""Pages that combine several rooms: what they show, to whom, and with how many queries."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from forum.agendas.actions import (
    AgendaText,
    archive,
    set_member_themes,
    write_agenda,
)
from forum.agendas.models import Agenda
from forum.agendas.queries import themes_of_member
from forum.clock import now
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import PollText, Topic
from forum.front.queries import welcome
from forum.library.actions import CaseText, ReadingText, write_case, write_reading
from forum.markup import write
from forum.members.actions import (
    Joining,
    OrganisationText,
    Profile,
    edit_profile,
    found_federation,
    hide_profile,
    join,
    silence,
    take_letters,
    write_organisation,
)
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation.actions import Reasons, lock, open_agenda, unlock
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from forum.search.queries import KINDS
from forum.upkeep.queries import checks, faults_of

from .conftest import NAIROBI, Small, a_case, a_practice, topic

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
    # Five of them read names of cities, organisations, themes and (twice) glossary entries, which a server process caches
    "/search?q=noise": 14,
    "/search": 2,
    "/feeds/all.atom": 2,
    "/agendas/quieter/feed.atom": 4,
    "/sitemap.xml": 3,
    "/privacy": 1,
    "/accessibility": 1,
    "/contact": 1,
    "/help": 1,
}


def grow(small: Small) -> None:
    """Add many more rows of every kind."""
    for number in range(12):
        joining = Joining(
            f"Person Nr{number}",
            f"p{number}@example.org",
            "no hash",
            city_id=small.people.ben.city_id,
            organisation_id=small.organisation.id,
        )
        member = join(VISITOR, joining)
        set_member_themes(member, [theme.id for theme in small.themes])
        opened = topic(member, small.agenda, f"Noise {number}", kind="question")
        reply(small.people.ana, opened.id, write(f"About noise, {number}."))
        a_case(small.people.moderator, small.agenda, f"Case {number}")
        a_practice(member, small.people.moderator, small.agenda, f"Practice {number}")


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


# Home


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
    assert '/agendas/drier/open">Open it: <span dir="auto">Drier</span></a>' in page
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
    way = 'href="/topics?mine=new">With new posts for you</a>'
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


# People and places


def test_a_profile_tells_what_others_made_of_it(small: Small, client: Any) -> None:
    text = " ".join(client.get("/members/ben-okoth").text.split())
    assert "reply was chosen as the answer, by members in 1 city" in text
    assert "time an idea was tried elsewhere, most recently in Surat" in text
    assert "practice reviewed and published" in text
    assert "With one meter &amp; a &lt;notebook&gt;." in text
    assert "Report this profile" not in text


def test_a_profile_begins_with_what_the_member_helps_with(small: Small, client: Any) -> None:
    set_member_themes(small.people.ben, [small.themes[0].id])
    page = client.get("/members/ben-okoth").text
    assert 0 < page.find('id="helps"') < page.find('id="wrote-title"')


def test_names_from_right_to_left_stay_in_their_order_and_beside_their_squares(
    small: Small, client: Any
) -> None:
    """Otherwise "…, 3 Cities" would be split and shown on both sides of an Arabic position."""
    ben = small.people.ben
    organisation = write_organisation(SYSTEM, OrganisationText("3 Cities", "association"))
    said = Profile("ليلى حداد 2", "مهندسة، القسم 3", organisation.id, ben.city_id)
    edit_profile(ben, said)
    listed = client.get("/members").text
    assert "<bdi>مهندسة، القسم 3</bdi>, <bdi>3 Cities</bdi>, <bdi>" in listed
    square = re.search(r'class="av[^>]*>([^<]+)</span><div><b>\s*<a[^>]*ben-okoth', listed)
    assert square and square[1] == "ل\u200cح"
    assert "<h1><bdi>ليلى حداد 2</bdi></h1>" in client.get("/members/ben-okoth").text


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ana Prado", "AP"),
        ("דנה לוי (חיפה)", "דל"),
        ("Ben 2", "B"),
        ("東京 太郎", "東太"),
        ("ليلى عبد الرحمن", "ل\u200cا"),
        ("ليلى", "ل"),
        ("ليلى Haddad", "لH"),
        ("7", "7"),
    ],
)
def test_initials_are_letters(name: str, initials: str) -> None:
    assert Member(name=name).initials == initials


def test_a_visitor_is_told_that_a_member_can_be_written_to(small: Small, client: Any) -> None:
    ben = small.people.ben
    assert "Sign in to write to Ben" in client.get("/members/ben-okoth").text
    take_letters(ben, False)
    assert "Sign in to write to" not in client.get("/members/ben-okoth").text


def test_offices_stand_beside_names(small: Small, client: Any) -> None:
    for path in ("/members", "/members/mona-berg", "/search?q=mona", "/cities/copenhagen"):
        assert '<span class="st mod">Moderator</span>' in client.get(path).text, path
    assert "Host of an agenda" in client.get("/members/hana-virtanen").text
    assert "st mod" not in client.get("/members/ben-okoth").text


def test_ones_own_profile_leads_to_the_settings(small: Small, sign_in: Any) -> None:
    own = sign_in(small.people.ben).get("/members/ben-okoth").text
    assert "Edit your profile" in own
    assert "Report this profile" not in own
    assert "Report this profile" in sign_in(small.people.ana).get("/members/ben-okoth").text


def test_a_hidden_profile_is_seen_by_its_person_and_moderators(
    small: Small, client: Any, sign_in: Any
) -> None:
    hide_profile(small.people.moderator, small.people.ben.id)
    assert client.get("/members/ben-okoth").status_code == 404
    assert sign_in(small.people.ana).get("/members/ben-okoth").status_code == 404
    assert sign_in(small.people.ben).get("/members/ben-okoth").status_code == 200
    assert sign_in(small.people.moderator).get("/members/ben-okoth").status_code == 200
    for path in ("/members", "/search?q=okoth"):
        assert "/members/ben-okoth" not in client.get(path).text
    assert "Nairobi" not in client.get("/cities").text


def test_who_has_searched_nothing_yet_can_type_at_once(small: Small, client: Any) -> None:
    for path, types in (("/search", True), ("/search?q=noise", False)):
        field = re.search(r'<input[^>]* id="q"[^>]*>', client.get(path).text)
        assert field and (" autofocus" in field.group()) == types, path


@pytest.mark.parametrize(
    ("typed", "led_to"),
    [
        ("quieter", {"/agendas/quieter"}),
        ("cities QUIET", {"/agendas/quieter"}),
        ("nairobi", {"/cities/nairobi"}),
        ("نيروبي", {"/cities/nairobi"}),
        ("institute tamp", {"/organisations/tampere-institute"}),
        ("nois", {"/topics?theme=noise"}),
        ("oise", set()),
        ("tokyo", set()),  # no member is from this city
    ],
)
def test_a_search_leads_to_the_pages_of_that_name(
    typed: str, led_to: set[str], small: Small, client: Any
) -> None:
    page = client.get("/search", query_string={"q": typed}).text
    found = re.search(r'<section aria-labelledby="named">.*?</section>', page, re.S)
    assert set(re.findall(r'<a href="([^"]+)"', found.group() if found else "")) == led_to
    if led_to:
        assert "Nothing was found" not in page
        assert "0 results" not in page
        narrowed = client.get("/search", query_string={"q": typed, "kind": "post"}).text
        assert 'id="named"' not in narrowed


@pytest.mark.parametrize(
    ("name", "typed", "is_found"),
    [
        ("मुंबई महानगरपालिका", "मुंबई", True),
        ("சென்னை மாநகராட்சி", "மாநகராட்சி", True),
        ("東京都市研究所", "都市", True),
        ("กรุงเทพมหานคร", "มหานคร", True),
        ("Lantern-Street Data & Co.", "street data", True),
        ("Gemeente Den Haag", "den haag", True),
        ("The Hague Municipality", "the", True),
        ("House of the Cities", "the", False),
    ],
)
def test_a_search_leads_to_an_organisation_in_any_script(
    name: str, typed: str, is_found: bool, small: Small, client: Any
) -> None:
    organisation = write_organisation(SYSTEM, OrganisationText(name, "institute"))
    ben = small.people.ben
    edit_profile(ben, Profile(ben.name, city_id=ben.city_id, organisation_id=organisation.id))
    page = client.get("/search", query_string={"q": typed}).text
    assert (f"/organisations/{quote(organisation.slug)}" in page) == is_found
    listed = client.get("/members", query_string={"words": typed}).text
    assert ("/members/ben-okoth" in listed) == is_found


def test_a_search_leads_to_no_city_of_a_hidden_member(
    small: Small, client: Any, sign_in: Any
) -> None:
    hide_profile(small.people.moderator, small.people.ben.id)
    assert (
        "/cities/nairobi"
        not in client.get("/search?q=nairobi")
        .text.partition("</form>")[0]
        .partition('id="results"')[0]
    )
    assert "/cities/nairobi" in sign_in(small.people.moderator).get("/search?q=nairobi").text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("words=okoth", {"Ben Okoth"}),
        ("words=nairobi", {"Ben Okoth"}),
        ("words=ben+Nairobi", {"Ben Okoth"}),
        ("words=ana+Nairobi", set()),
        ("words=BEN+OKO", {"Ben Okoth"}),
        ("city=nairobi", {"Ben Okoth"}),
        ("theme=noise", {"Chitra Desai"}),
        ("theme=noise&words=ben", set()),
        ("city=nowhere", set()),
        ("city=&theme=", {"Ben Okoth", "Chitra Desai", "Ana Prado"}),
        ("size=large", {"Ben Okoth", "Chitra Desai", "Ana Prado"}),
        ("size=large&theme=noise", {"Chitra Desai"}),
        ("size=small", set()),
        ("size=huge", set()),
    ],
)
def test_the_directory_is_filtered(asked: str, found: set[str], small: Small, client: Any) -> None:
    set_member_themes(small.people.chitra, [small.themes[0].id])
    text = client.get("/members?" + asked).text
    names = {"Ben Okoth", "Chitra Desai", "Ana Prado"}
    assert {name for name in names if f">{name}</a>" in text} == found


def test_cities_and_organisations_gather_people_and_what_they_did(
    small: Small, client: Any
) -> None:
    grow(small)
    city = client.get("/cities/nairobi").text
    for words in ("Kenya", "Ben Okoth", "Rubber wheels", "The quiet network", small.question.title):
        assert words in city
    surat = client.get("/cities/surat").text
    assert "Night trams" in surat
    organisation = client.get(f"/organisations/{small.organisation.slug}").text
    assert "Person Nr1" in organisation and "Noise 11" in organisation
    assert "Nobody from Tokyo has joined yet" in client.get("/cities/tokyo").text


def test_a_city_leads_to_members_practices_and_cases_of_cities_of_its_size(
    small: Small, client: Any
) -> None:
    nobody = client.get("/cities/tokyo").text
    where = re.findall(r'href="(/[a-z]+\?size=[a-z]+)"', nobody)
    assert where == ["/members?size=largest", "/practices?size=largest", "/cases?size=largest"]
    assert 'href="/practices?tried_size=largest"' in nobody
    assert 'href="/practices?tried_size=largest&amp;tried=stopped"' in nobody
    found = client.get(where[0].replace("largest", "large")).text
    assert small.people.ben.name in found
    assert '<option value="large" selected>1 to 5 million' in found


def test_what_a_city_wrote_is_paged(small: Small, client: Any) -> None:
    for number in range(25):
        topic(small.people.chitra, small.agenda, f"Numbered {number:02}")
    first = client.get("/members/chitra-desai").text
    second = client.get("/members/chitra-desai?page=2").text
    assert "Numbered 24" in first and "Numbered 00" not in first
    assert "Numbered 00" in second and "Page 2 of 2" in second
    assert client.get("/members/chitra-desai?page=1000000000").status_code == 200


def test_members_choose_what_they_can_help_with(small: Small, sign_in: Any, client: Any) -> None:
    assert client.get("/settings/themes").status_code == 303
    browser = sign_in(small.people.ana)
    assert "Noise" in browser.get("/settings/themes").text
    answer = browser.post("/settings/themes", data={"themes": [small.themes[0].id]})
    assert answer.status_code == 303
    assert [theme.name for theme in themes_of_member(small.people.ana.id)] == ["Noise"]
    assert browser.post("/settings/themes", data={"themes": ["x", "999"]}).status_code == 422
    assert browser.post("/settings/themes", data={"sent": "1"}).status_code == 303
    assert themes_of_member(small.people.ana.id) == []


def test_who_may_not_write_is_told_so_instead_of_being_offered_themes(
    small: Small, sign_in: Any
) -> None:
    silence(SYSTEM, small.people.ana.id, now() + timedelta(days=3))
    page = sign_in(small.people.ana).get("/settings/themes").text
    assert "paused your right to write" in page and 'name="themes"' not in page


def test_the_way_to_write_stands_at_the_top_of_a_list(
    small: Small, client: Any, sign_in: Any
) -> None:
    for kind in ("experience", "question"):
        door = f"/agendas/quieter/topics/new?kind={kind}"
        for path in ("/topics", "/agendas/quieter/topics"):
            page = client.get(path).text
            assert door in page and page.index(door) < page.index('<ol class="rows"'), path
        assert door in sign_in(small.people.ana).get("/").text and door not in client.get("/").text
    archive(small.people.moderator, small.agenda.id)
    assert "topics/new" not in client.get("/agendas/quieter/topics").text
    assert "topics/new" not in client.get("/topics").text


def test_a_locked_question_asks_nobody_any_more(small: Small, client: Any) -> None:
    waiting = topic(small.people.ana, small.agenda, "Which bell?", kind="question")
    row = rf'{waiting.address}"[^>]*>Which bell\?.*?</article>'
    before = re.search(row, client.get("/topics").text, re.S)
    assert before and "Asks for advice" in before[0]
    lock(small.people.moderator, waiting.id, Reasons("It is settled."))
    after = re.search(row, client.get("/topics").text, re.S)
    assert after and "Asks for advice" not in after[0] and "Locked" in after[0]

    def unanswered() -> str:
        assert [fault for check in checks() for fault in faults_of(check)] == []
        return str(client.get("/topics?order=unanswered").text)

    assert waiting.address not in unanswered()
    unlock(small.people.moderator, waiting.id)
    assert waiting.address in unanswered()


@pytest.mark.parametrize("path", ["/help", "/privacy"])
def test_a_long_page_begins_with_links_to_its_headings(
    path: str, small: Small, client: Any
) -> None:
    text = client.get(path).text
    nav, _end, page = text.partition("<main")[2].partition("<nav ")[2].partition("</nav>")
    assert nav.startswith('aria-label="On this page"')
    linked = re.findall(r'<a href="#([^"]+)">([^<]+)', nav)
    headed = [
        found for found in re.findall(r'<h2 id="([^"]+)">([^<]+)', page) if found[0] != "more"
    ]
    assert linked == headed and len(linked) >= 5


def test_the_page_of_contact_sends_nobody_to_an_address_that_is_not_there(client: Any) -> None:
    text = client.get("/contact").text
    assert (
        "Write from the address" not in text and ">Write to us<" not in text.partition("<footer")[0]
    )
    assert "write to us" not in text and "Press “Report illegal content” beside it" in text
    found_federation(SYSTEM, "Quiet Cities", "We listen.", contact_email="a@city.example")
    text = client.get("/contact").text
    assert "mailto:a@city.example" in text and "Write from the address" in text


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
    assert set(re.findall(r'"(\w+)": ', named)) == set(KINDS)


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
