"""The pages of members, cities and organisations, and the directory."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from forum.agendas.actions import archive, set_member_themes
from forum.agendas.queries import themes_of_member
from forum.clock import now
from forum.dialogue.actions import reply
from forum.markup import write
from forum.members.actions import (
    OrganisationText,
    Profile,
    edit_profile,
    found_federation,
    hide_profile,
    silence,
    take_letters,
    write_organisation,
)
from forum.members.models import Member
from forum.moderation.actions import Reasons, lock, unlock
from forum.permissions import SYSTEM
from tests.front.conftest import Small, grow, topic
from tests.soundness import faults


def test_a_profile_tells_what_others_made_of_it(small: Small, client: Any) -> None:
    text = " ".join(client.get("/members/ben-okoth").text.split())
    assert "reply was chosen as the answer, by members in 1 city" in text
    assert "time an idea was tried elsewhere, most recently in Surat" in text
    assert "practice reviewed and published" in text
    assert "With one meter &amp; a &lt;notebook&gt;." in text
    assert "Report this profile" not in text


def test_a_title_on_a_profile_begins_on_the_side_from_which_it_is_read(
    small: Small, client: Any
) -> None:
    """`dir=auto` looks at no letters of what has a `dir` of its own, so a heading around the title alone has the only one."""
    topic(small.people.ben, small.agenda, "كيف نحافظ على ظلال الأشجار")
    page = client.get("/members/ben-okoth").text
    assert re.search(r'<h3 lang="en" dir="auto"><a href="/topics/[^"]+">كيف', page)
    assert re.search(r'<h3><a href="/posts/\d+">Reply to <span lang="en" dir="auto">', page)


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


def test_the_name_of_a_city_in_any_script_begins_where_the_other_headings_do(
    client: Any, people: Any
) -> None:
    page = client.get(f"/members/{people.ben.handle}").text
    assert '<h2 id="city"><bdi>Nairobi</bdi></h2>' in page


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


def contributions(browser: Any, handle: str, wanted: str = "") -> str:
    """The part of a profile with what its member wrote."""
    page: str = browser.get(f"/members/{handle}?wrote={wanted}").text
    return page.partition('<section id="wrote"')[2].partition("</section>")[0]


def test_a_profile_keeps_topics_replies_and_answers_apart(small: Small, client: Any) -> None:
    ben = small.people.ben
    assert "wrote=replies" not in contributions(client, ben.handle)  # too few to be kept apart
    topic(ben, small.agenda, "Wheels on cobbles")
    for number in range(4):
        reply(ben, small.experience.id, write(f"Bell number {number}."))
    every = contributions(client, ben.handle)
    assert "6 contributions" in every
    shown = {
        "topics": "1 contribution<",
        "replies": "5 contributions",
        "answers": "1 contribution<",
    }
    for wanted, number in shown.items():
        assert f"/members/{ben.handle}?wrote={wanted}#wrote" in every, wanted
        assert number in contributions(client, ben.handle, wanted), wanted
    assert "Wheels on cobbles" in contributions(client, ben.handle, "topics")
    answers = contributions(client, ben.handle, "answers")
    assert small.question.title in answers and "Bell number" not in answers
    recognised = f'<a href="/members/{ben.handle}?wrote=answers#wrote">'
    assert recognised in client.get(f"/members/{ben.handle}").text
    nothing = contributions(client, small.people.ana.handle, "answers")
    assert "Nothing fits these filters" in nothing and "Show all contributions" in nothing
    assert "6 contributions" in contributions(client, ben.handle, "nonsense")
    silent = contributions(client, small.people.administrator.handle, "topics")
    assert "There are other contributions" not in silent and "wrote=replies" not in silent


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
        assert faults() == []
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
