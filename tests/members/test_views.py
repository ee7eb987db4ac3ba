"""The pages of the members room: who may open them, what is refused and how."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from itertools import count
from typing import Any

import pytest

from forum.clock import now
from forum.db import db
from forum.members import actions, views
from forum.members import queries as members
from forum.members.actions import Joining, OrganisationText
from forum.members.models import Member
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from tests.odd import LONG_TEXT, ODD_VALUES, OPEN_REDIRECTS

PASSWORD = "four unrelated plain words"


@pytest.fixture
def eva(app):
    joining = Joining("Eva Holm", "eva@city.example", hash_password(PASSWORD))
    return actions.join(VISITOR, joining)


def words_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


# Settings


def profile(**change):
    return {
        "name": "Ana Prado",
        "position": "Engineer",
        "organisation": "",
        "city": "Tampere",
        "language": "es",
        "second_language": "en",
        "third_language": "",
        "helps_with": "Flood maps",
        "about": "I draw *water*.",
        **change,
    }


def test_a_profile_is_edited(sign_in, people):
    browser = sign_in(people.ana)
    page = browser.get("/settings")
    assert (
        'value="Medellín, Colombia"' in page.text and 'name="city_id" value="3674962"' in page.text
    )
    answer = browser.post("/settings", data=profile())
    assert (answer.status_code, answer.location) == (303, "/settings")
    found = members.get_member(VISITOR, "ana-prado")
    assert (found.city.name, found.position, found.helps_with) == (
        "Tampere",
        "Engineer",
        "Flood maps",
    )
    assert "<em>water</em>" in found.about_html
    assert "Your profile is saved." in browser.get("/settings").text


def test_a_profile_is_previewed_without_saving(sign_in, people):
    answer = sign_in(people.ana).post("/settings", data=profile(preview="1"))
    assert answer.status_code == 200
    assert "<em>water</em>" in answer.text and "Flood maps" in answer.text
    assert members.get_member(VISITOR, "ana-prado").about == ""


def test_a_refused_profile_keeps_what_was_typed(sign_in, people):
    answer = sign_in(people.ana).post(
        "/settings", data=profile(name="", about="A long text about me.")
    )
    assert answer.status_code == 422
    assert "A long text about me." in answer.text and "Write your name." in answer.text


@pytest.mark.parametrize("name", ["name", "city", "helps_with", "about", "language", "city_id"])
def test_odd_profiles_give_a_page(sign_in, people, name):
    browser = sign_in(people.ana)
    for value in ODD_VALUES:
        typed = {name: value.encode("utf-8", "surrogatepass")}
        assert browser.post("/settings", data=profile(**typed)).status_code in (303, 422), value


# Appearance


def test_the_address_of_appearance_leads_to_its_form(client):
    answer = client.get("/appearance")
    assert (answer.status_code, answer.location) == (303, "/#appearance")
    assert '<select id="appearance" name="theme">' in client.get(answer.location).text


def test_appearance_is_kept_for_a_year(client):
    answer = client.post("/appearance", data={"theme": "dark", "next": "/join"})
    assert (answer.status_code, answer.location) == (303, "/join")
    cookie = client.get_cookie("theme")
    assert (cookie.value, cookie.max_age, cookie.http_only) == ("dark", 31_536_000, True)
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert 'data-theme="dark"' in client.get("/sign-out").text
    client.post("/appearance", data={"theme": ""})
    assert client.get_cookie("theme") is None
    client.post("/appearance", data={"theme": '"><script>'})
    assert client.get_cookie("theme") is None


def test_appearance_stays_on_this_site(client):
    for target in OPEN_REDIRECTS:
        answer = client.post("/appearance", data={"theme": "light", "next": target})
        assert answer.location == "/", target
    without_nul = client.post("/appearance", data={"theme": "light", "next": "/x\x00"})
    assert without_nul.location == "/x"


def test_appearance_alone_needs_no_token(client, app, eva, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert client.post("/appearance", data={"theme": "dark"}).status_code == 303
    for address in ("/sign-in", "/join", "/sign-out", "/settings", "/settings/password", "/settings/sessions/end",
                    "/settings/sessions/1/end", "/organisations/new"):  # fmt: skip
        assert client.post(address, data={"email": "e", "password": "p"}).status_code == 400, (
            address
        )


# Cities


def test_cities_are_suggested_while_typing(client):
    answer = client.get("/cities/suggest?q=東京")
    tokyo = {
        "id": 1850147,
        "label": "Tokyo, Japan",
        "name": "Tokyo",
        "about": "Japan, 8,336,599 people",
    }
    assert answer.get_json() == [tokyo | {"name": "Tokyo (東京)"}]
    assert client.get("/cities/suggest?q=Toky").get_json() == [tokyo]
    assert answer.headers["Content-Type"] == "application/json"
    assert client.get("/cities/suggest").get_json() == []
    assert client.get("/cities/suggest?q=" + LONG_TEXT).get_json() == []


def test_equal_cities_are_told_apart(client, sign_in, people):
    rows = [
        (4951788, "Springfield", "US", 42.10, -72.59, 154_341, []),
        (4409896, "Springfield", "US", 37.22, -93.30, 170_188, []),
        (4930956, "Boston", "US", 42.36, -71.06, 653_833, []),
        (3685533, "Cúcuta", "CO", 7.91, -72.50, 777_106, ["San José de Cùcuta"]),
    ]
    actions.load_cities(SYSTEM, rows)
    told = [city["about"] for city in client.get("/cities/suggest?q=spri").json]
    assert told == ["United States, 170,188 people", "United States, near Boston, 154,341 people"]
    browser = sign_in(people.ana)
    page = words_of(browser.post("/settings", data=profile(city="springfield", city_id="")))
    assert "Springfield, United States, near Boston (154,341 people)" in page
    assert "Springfield, United States (170,188 people)" in page
    page = words_of(browser.post("/settings", data=profile(city="San Jose de", city_id="")))
    assert "Cúcuta (San José de Cùcuta), Colombia (777,106 people)" in page
    answer = browser.post("/settings", data=profile(city="Springfield", city_id="4951788"))
    assert answer.status_code == 303
    assert members.get_member(VISITOR, "ana-prado").city_id == 4951788


# Organisations


def organisation(**change):
    return {
        "name": "Gemeente Rotterdam",
        "kind": "city",
        "city": "Rotterdam",
        "representative": "ana-prado",
        "seats": "5",
        "website": "https://rotterdam.example",
        "about": "A port.",
        **change,
    }


def test_a_representative_is_named_by_handle_or_unique_full_name(sign_in, people):
    browser, numbers = sign_in(people.moderator), count(1)

    def saved(typed: str) -> str:
        fields = organisation(name=f"Institute {next(numbers)}", representative=typed)
        answer = browser.post("/organisations/new", data=fields)
        return "saved" if answer.status_code == 303 else unescape(answer.text)

    for typed in ("Ana Prado", "@ana-prado", "ana  PRADO"):
        assert saved(typed) == "saved"
    assert "No member has the handle or name “Ana”." in saved("Ana")
    actions.join(VISITOR, Joining("Ana Prado", "other-ana@example.org", "no hash"))
    several = "“Ana Prado” is the name or the handle of several members. Write @ and the handle."
    assert several in saved("Ana Prado")
    assert saved("ana-prado") == "saved"
    assert 'value="@ana-prado"' in browser.get("/organisations/institute-1/edit").text
    assert 'data-members="one"' in browser.get("/organisations/new").text


def test_moderators_add_and_edit_organisations(sign_in, people, client):
    browser = sign_in(people.moderator)
    assert browser.get("/organisations/new").status_code == 200
    assert browser.post("/organisations/new", data=organisation()).status_code == 303
    found = members.get_organisation("gemeente-rotterdam")
    assert (found.city.name, found.representative.handle, found.seats) == (
        "Rotterdam",
        "ana-prado",
        5,
    )
    page = browser.get("/organisations/gemeente-rotterdam/edit")
    assert 'value="5"' in page.text and 'value="Rotterdam, Netherlands"' in page.text
    changed = organisation(name="Rotterdam", seats="", website="rotterdam.example/haven")
    answer = browser.post("/organisations/gemeente-rotterdam/edit", data=changed)
    assert answer.status_code == 303
    assert 'value="https://rotterdam.example/haven"' in browser.get(page.request.path).text
    assert "Gemeente Rotterdam" in browser.get("/organisations/gemeente-rotterdam/history").text
    assert "Rotterdam" in client.get("/organisations").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"kind": "empire"}, "kind"),
        ({"city": "Atlantis"}, "city"),
        ({"representative": "nobody"}, "representative"),
        ({"seats": "-1"}, "seats"),
        ({"seats": "٣"}, "seats"),
        ({"seats": "99999999999999999999"}, "seats"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "ftp://x.example"}, "website"),
        ({"about": LONG_TEXT}, "about"),
    ],
)
def test_a_refused_organisation_says_why(sign_in, people, change, field):
    answer = sign_in(people.moderator).post("/organisations/new", data=organisation(**change))
    assert answer.status_code == 422
    assert (f'id="{field}-error"' in answer.text and "A port." in answer.text) or field == "about"


def test_an_organisation_sent_twice_is_made_once(sign_in, people):
    browser = sign_in(people.moderator)
    answers = [browser.post("/organisations/new", data=organisation()) for _time in range(2)]
    assert [answer.status_code for answer in answers] == [303, 422]
    assert 'id="name-error"' in answers[1].text and "A port." in answers[1].text


def test_others_do_not_curate_organisations(sign_in, people, client):
    actions.write_organisation(SYSTEM, OrganisationText("Rotterdam", "city"))
    for address in (
        "/organisations/new",
        "/organisations/rotterdam/edit",
        "/organisations/rotterdam/history",
    ):
        assert sign_in(people.ana).get(address).status_code == 403
    assert sign_in(people.ana).post("/organisations/new", data=organisation()).status_code == 403
    assert client.post("/organisations/new", data=organisation()).status_code == 403
    assert sign_in(people.moderator).get("/organisations/nothing/edit").status_code == 404


# Roles


def test_administrators_find_members(sign_in, people):
    browser = sign_in(people.administrator)
    page = browser.get("/administration/members?q=prado")
    assert "ana@example.org" in page.text and "ben@example.org" not in page.text
    for office, name in (("", "ana@"), ("moderators", "mona@"), ("administrators", "adam@")):
        found = browser.get(f"/administration/members?group={office}").text
        assert name in found and ("ben@" in found) == (not office), office
    newest = browser.get("/administration/members?group=lately").text
    assert "Newest first" in newest, "it lists everybody"
    hosts = browser.get("/administration/members?group=hosts").text
    assert "Nobody is in this list" in hosts and "No member hosts an agenda now." in hosts
    assert "Nobody was found" in browser.get("/administration/members?q=zzz").text


def test_administrators_read_in_the_list_what_is_restricted_and_until_when(sign_in, people):
    browser = sign_in(people.administrator)
    actions.silence(people.moderator, people.ana.id, datetime(2099, 3, 5, 12, tzinfo=UTC))
    page = browser.get("/administration/members?group=restricted")
    assert "silenced until 5 March 2099" in words_of(page) and "ben@example.org" not in page.text
    assert ">Close the account</a>" in page.text and ">Change the role</a>" in page.text


def test_one_line_of_the_menu_leads_to_every_page_of_the_administration(app, sign_in, people):
    browser = sign_in(people.administrator)
    page = browser.get("/administration/members").text
    menu = page[page.index("Your menu") : page.index("data-sign-out")]
    assert re.findall(r'href="(/administration[^"]*)"', menu) == ["/administration/members"]
    assert "Administration</a>" in menu
    assert "Administration</a>" not in sign_in(people.moderator).get("/help").text
    pages = page[page.index("All of the administration") : page.index("</nav></details>")]
    linked = set(re.findall(r'href="([^"]+)"', pages))
    known = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if re.fullmatch(r"/administration/[a-z-]+", rule.rule) and "GET" in rule.methods
    }
    assert known - linked == {"/administration/recourse"}, "which is a part of the house rules"
    outside = {"/agendas", "/themes", "/organisations", "/glossary", "/moderation/invitations"}
    assert linked - known == outside
    # Invitations are about people, and stand with those who are here
    people = page.partition('aria-labelledby="set-1"')[2].partition("</ul>")[0]
    assert "/moderation/invitations" in people and "/administration/joining" in people
    assert not {browser.get(address).status_code for address in linked} & {403, 404}


def test_administrators_find_the_hosts(sign_in, people, agenda):
    browser = sign_in(people.administrator)
    hosts = browser.get("/administration/members?group=hosts").text
    assert "hana@example.org" in hosts and "mona@" not in hosts and "host of 1 agenda" in hosts
    assert "Nobody was found" in browser.get("/administration/members?group=hosts&q=mona").text
    assert browser.get("/administration/members?group=nobody").text.count("@example.org") == 6


def test_others_see_no_addresses_and_give_no_roles(sign_in, people):
    for member in (people.ana, people.host, people.moderator):
        browser = sign_in(member)
        assert browser.get("/administration/members").status_code == 403
        answer = browser.post("/administration/members/ana-prado/role", data={"role": "moderator"})
        assert answer.status_code == 403
    assert not members.get_member(VISITOR, "ana-prado").is_moderator


@pytest.mark.parametrize(
    "query", ["?q=" + LONG_TEXT, "?q=%25", "?q=%ED%A0%80", "?page=1000000000", "?page=-1&q[]=a"]
)
def test_anything_asked_of_the_list_gives_a_page(sign_in, people, query):
    assert sign_in(people.administrator).get("/administration/members" + query).status_code == 200


# How many statements pages take


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/join", 5),
        ("/sign-in", 1),
        ("/sign-out", 1),
        ("/organisations", 3),
        ("/cities/suggest?q=to", 1),
    ],
)
def test_pages_for_visitors_take_few_statements(client, app, queries, address, most):
    actions.found_federation(SYSTEM, "Cities in Dialogue", "")
    client.get(address)  # the first request of a process checks the schema
    app.extensions.pop("federation", None)
    with queries() as made:
        assert client.get(address).status_code == 200
    assert made.count <= most, "\n".join(made.statements)


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/settings", 6),
        ("/settings/password", 5),
        ("/settings/sessions", 6),
        ("/organisations", 5),
        ("/organisations/new", 4),
        ("/administration/members", 5),
        ("/administration/members/ana-prado/role", 5),
    ],
)
def test_pages_for_members_take_few_statements(sign_in, people, queries, address, most):
    for number in range(30):
        actions.write_organisation(SYSTEM, OrganisationText(f"City {number}", "city"))
    actions.found_federation(SYSTEM, "Cities in Dialogue", "")
    browser = sign_in(people.administrator)
    browser.get(address)
    with queries() as made:  # two of them count for the masthead
        assert browser.get(address).status_code == 200
    assert made.count <= most, "\n".join(made.statements)


def test_each_page_of_a_list_has_a_title_of_its_own(sign_in, people):
    for number in range(50):
        actions.join(VISITOR, actions.Joining(f"Nora {number}", f"n{number}@city.example", "-"))
    browser = sign_in(people.administrator)
    titles = [
        browser.get(f"/administration/members?page={page}").text.partition("</title>")[0][-60:]
        for page in (1, 2)
    ]
    assert "Members and roles – " in titles[0] and "Members and roles, page 2 – " in titles[1]


def test_the_federation_is_asked_for_once_in_a_process(client, queries):
    actions.found_federation(SYSTEM, "Cities in Dialogue", "We learn.")
    assert "Cities in Dialogue" in client.get("/sign-in").text
    with queries() as made:
        assert "Cities in Dialogue" in client.get("/sign-in").text
    assert made.count == 0


def test_a_forum_without_a_name_still_answers(client):
    assert client.get("/sign-in").status_code == 200
    assert views.federation().name == "Interurban"


# Suggestions for mentions


def test_members_are_suggested_by_name_and_handle(people: Any, sign_in: Any, client: Any) -> None:
    ben = sign_in(people.ben)

    def suggested(typed: str) -> list[str]:
        return [
            member["handle"]
            for member in ben.get("/members/suggest", query_string={"q": typed}).json
        ]

    assert suggested("ana") == suggested("Pra") == suggested("ana-p") == ["ana-prado"]
    assert suggested("") == suggested("@") == suggested("%") == []
    assert ben.get("/members/suggest?q=ana").json[0] == {
        "handle": "ana-prado",
        "name": "Ana Prado",
        "place": "Medellín",
    }
    db.session.get_one(Member, people.ana.id).hidden_at = now()
    db.session.commit()
    assert suggested("ana") == []
    assert client.get("/members/suggest?q=ana").status_code == 303
