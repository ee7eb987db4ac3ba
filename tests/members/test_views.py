"""The doors of the members room: who comes in, what is refused and how, what stays behind."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from forum import passwords, rates
from forum.app import create_app
from forum.db import at, db, now
from forum.members import actions, views
from forum.members import queries as members
from forum.members.actions import Joining, OrganisationText
from forum.members.models import Member
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR

PASSWORD = "four unrelated plain words"
WRONG = "The address or the password is not right."
JOINING = {
    "name": "Eva Holm",
    "email": "eva@city.example",
    "password": PASSWORD,
    "position": "Planner",
    "city": "København",
    "organisation": "",
    "language": "da",
    "second_language": "en",
    "third_language": "",
}
# Every variant leads elsewhere in some browser or some check (A11), or is not a path at all.
ELSEWHERE = [
    "//e.example", "///e.example", "////e.example", "/\\e.example", "\\\\e.example", "/%09/e.example\t",
    "/\t/e.example", "http:///e.example", "https:e.example", "http://e.example", "/..//e.example",
    "/./\\e.example", "//e.example@localhost", "localhost.e.example", "javascript:alert(1)", " //e.example",
    "/\n/e.example", "", "e.example", "/a//e.example", "/x\x00", "data:text/html,x", "?q=1",
]  # fmt: skip
LONG = "x" * 5_000
ODD = [
    LONG,
    "\x00",
    "\ud800",
    "a\x00b",
    "💥" * 300,
    "-1",
    str(2**63),
    "<script>alert(1)</script>",
    "{{7*7}}",
]


@pytest.fixture
def eva(app):
    joining = Joining("Eva Holm", "eva@city.example", hash_password(PASSWORD))
    return actions.join(VISITOR, joining)


def enter(client, email="eva@city.example", password=PASSWORD, **more):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def words_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def is_signed_in(client):
    return client.get("/settings").status_code == 200


# Joining


def test_joining_signs_in_at_once(client):
    answer = client.post("/join", data=JOINING)
    assert (answer.status_code, answer.location) == (303, "/")
    member = members.get_member(VISITOR, "eva-holm")
    assert (member.city.name, member.position, member.email) == (
        "Copenhagen",
        "Planner",
        "eva@city.example",
    )
    assert [spoken.language for spoken in member.languages] == ["da", "en"]
    assert is_signed_in(client)


def test_every_page_leads_to_signing_in_and_back(client, agenda):
    for path in ("/cases?kind=network", "/nowhere", "/agendas/quieter"):
        page = client.get(path).text
        for door in ("sign-in", "join"):
            assert f'href="/{door}?next={path.replace("=", "%3D")}"' in page
    assert "Some pages are for members only." in client.get("/nowhere").text
    for path in ("/", "/sign-in", "/join"):
        assert 'class="btn alt sm" href="/sign-in"' in client.get(path).text


def test_joining_goes_on_to_where_one_came_from(client):
    answer = client.post(
        "/join", data={**JOINING, "next": "/agendas/quieter/topics/new?kind=question"}
    )
    assert answer.location == "/agendas/quieter/topics/new?kind=question"


def test_the_page_for_joining(client):
    page = client.get("/join?next=/topics/7")
    assert page.status_code == 200
    assert 'name="next" type="hidden" value="/topics/7"' in page.text
    for name in JOINING:
        assert re.search(rf'<(input|select|textarea)[^>]* name="{name}"', page.text), name
        assert f'<label for="{name}"' in page.text


def test_who_is_signed_in_does_not_join(sign_in, people):
    assert sign_in(people.ana).get("/join").status_code == 303


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"name": ""}, "name", "Write your name."),
        ({"name": "x" * 81}, "name", "Write at most 80 characters."),
        ({"name": "https://e.example"}, "name", "Write a name, not an address."),
        ({"email": ""}, "email", "Write your e-mail address."),
        ({"email": "eva"}, "email", "Write an e-mail address such as"),
        ({"email": "eva@cıty.example"}, "email", "Write an e-mail address such as"),
        ({"email": "a@b.c\nBcc: d@e.example"}, "email", "Write an e-mail address such as"),
        ({"email": "x" * 300 + "@b.example"}, "email", "Write at most 200 characters."),
        ({"password": ""}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "kort123"}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "x1y2z3" * 30}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "Password123!"}, "password", "Many people use this password."),
        ({"password": "aaaaaaaaaaaa"}, "password", "Many people use this password."),
        ({"password": "evaholm1975"}, "password", "not made of your name"),
        ({"password": "interurban-22"}, "password", "Many people use this password."),
        ({"city": "Atlantis"}, "city", "No city of this name is known."),
        ({"organisation": "99"}, "organisation", "Not a valid choice"),
        ({"language": "xx"}, "language", "Not a valid choice"),
    ],
)
def test_a_refused_form_says_what_to_do_and_keeps_what_was_typed(client, change, field, sentence):
    answer = client.post("/join", data={**JOINING, **change})
    assert answer.status_code == 422
    assert re.search(
        rf'id="{field}-error">(<span[^>]*>[^<]*</span>)?{re.escape(sentence)}|{re.escape(sentence)}',
        answer.text,
    )
    assert f'href="#{field}"' in answer.text
    if field != "position":
        assert 'value="Planner"' in answer.text
    assert PASSWORD not in answer.text
    assert members.by_email("eva@city.example") is None


def test_the_forum_s_name_is_no_password(client):
    actions.found_federation(SYSTEM, "Cities in Dialogue", "")
    answer = client.post("/join", data={**JOINING, "password": "citiesindialogue1"})
    assert "not made of your name" in answer.text.replace("&#39;", "'")


def test_a_known_address_is_answered_beside_the_field(client, eva):
    answer = client.post("/join", data={**JOINING, "name": "Somebody", "email": "EVA@city.example"})
    assert answer.status_code == 422
    assert "There is an account with this address." in answer.text


def test_one_of_several_cities_is_chosen(client):
    rows = [(90000001, "Copenhagen", "US", 1.0, 2.0, 5_000, [])]
    actions.load_cities(SYSTEM, rows)
    form = {**JOINING, "city": "Copenhagen"}
    answer = client.post("/join", data=form)
    assert answer.status_code == 422
    assert re.findall(r'type="radio" value="(\d+)"', answer.text) == ["2618425", "90000001"]
    assert "5,000 people" in answer.text
    assert client.post("/join", data={**form, "city_id": "12"}).status_code == 422
    assert client.post("/join", data={**form, "city_id": "90000001"}).status_code == 303
    assert members.get_member(VISITOR, "eva-holm").city_id == 90000001


def test_the_beginning_of_a_name_offers_the_city(client):
    answer = client.post("/join", data={**JOINING, "city": "Copenh"})
    assert re.findall(r'type="radio" value="(\d+)"', answer.text) == ["2618425"]
    assert "Is it this city?" in answer.text and "Several cities" not in answer.text


@pytest.mark.parametrize("name", sorted(JOINING))
def test_odd_values_give_a_page(client, name):
    for value in ODD:
        answer = client.post(
            "/join", data={**JOINING, name: value.encode("utf-8", "surrogatepass")}
        )
        assert answer.status_code in (303, 422), value
        assert "<script>alert(1)</script>" not in answer.text
        client.delete_cookie("session")


def test_arrays_and_further_fields_are_not_taken(client):
    form = {
        **JOINING,
        "name": ["Eva Holm", "Other"],
        "role": "administrator",
        "id": "1",
        "handle": "admin",
    }
    assert client.post("/join", data=form).status_code == 303
    member = members.get_member(VISITOR, "eva-holm")
    assert (member.role, member.name) == ("member", "Eva Holm")


def test_joining_writes_one_member_for_a_form_sent_twice(client, app):
    client.post("/join", data=JOINING)
    assert app.test_client().post("/join", data=JOINING).status_code == 422


# Signing in


def test_signing_in_and_out(client, eva):
    answer = enter(client)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(client)
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert "You are signed out" in client.get("/sign-out").text
    assert not is_signed_in(client)


def test_an_address_is_taken_however_it_is_cased(client, eva):
    assert enter(client, " EVA@City.Example ").status_code == 303


def test_a_copied_cookie_is_worth_nothing_after_signing_out(client, app, eva):
    enter(client)
    cookie = client.get_cookie("session").value
    client.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("session", cookie)
    assert not is_signed_in(thief)


def test_a_session_given_before_signing_in_is_not_kept(client, eva):
    with client.session_transaction() as session:
        session.update(
            {"_user_id": "chosen by the attacker", "csrf_token": "known", "left": "behind"}
        )
    enter(client)
    with client.session_transaction() as session:
        assert session["_user_id"] != "chosen by the attacker"
        assert session.get("csrf_token") != "known"
        assert "left" not in session
    first = _token(client)
    enter(client)
    assert _token(client) != first


def _token(client):
    with client.session_transaction() as session:
        return session["_user_id"]


def test_a_session_ended_on_the_server_is_refused(client, eva):
    enter(client)
    actions.end_sessions(eva)
    assert not is_signed_in(client)
    assert client.post("/settings", data={"name": "X"}).status_code == 403


@pytest.mark.parametrize("state", ["unknown", "wrong", "suspended"])
def test_the_answer_tells_nobody_whether_there_is_an_account(client, eva, state, monkeypatch):
    if state == "suspended":
        actions.suspend(SYSTEM, eva.id, now() + timedelta(days=1))
    checked: list[str] = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(passwords, "HASHER", _Counting(passwords.HASHER, checked))
    email = "nobody@city.example" if state == "unknown" else "eva@city.example"
    answer = enter(client, email, "not this one at all")
    assert verify is PasswordHasher.verify
    assert (answer.status_code, len(checked)) == (422, 1)
    assert checked[0].startswith("$argon2id$")
    assert "Set-Cookie" not in answer.headers or "_user_id" not in answer.headers["Set-Cookie"]
    assert WRONG in answer.text
    assert answer.text.replace(email, "") == _refused(client).text.replace(
        "nobody@city.example", ""
    )


class _Counting:
    """The hasher, with a list of the hashes that were checked."""

    def __init__(self, hasher, checked):
        self.hasher, self.checked = hasher, checked

    def verify(self, password_hash, password):
        self.checked.append(password_hash)
        return self.hasher.verify(password_hash, password)

    def __getattr__(self, name):
        return getattr(self.hasher, name)


def _refused(client):
    return enter(client, "nobody@city.example", "not this one at all")


def test_only_who_knows_the_password_hears_of_a_suspension(client, eva):
    until = now() + timedelta(days=1)
    actions.suspend(SYSTEM, eva.id, until)
    answer = enter(client)
    assert answer.status_code == 422
    assert f"suspended this account until {until.day} {until:%B %Y, %H:%M}, UTC." in answer.text
    assert not is_signed_in(client)


def test_an_outdated_hash_is_made_anew(client, eva):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    actions.set_password(SYSTEM, "eva-holm", weak)
    assert enter(client).status_code == 303
    renewed = members.by_email("eva@city.example").password_hash
    assert renewed != weak and not passwords.is_outdated(renewed)
    assert enter(client).status_code == 303


def test_signing_in_stays_on_this_site(client, eva):
    for target in ELSEWHERE:
        page = client.get("/sign-in", query_string={"next": target})
        assert page.status_code in (200, 404)
        assert page.status_code == 404 or 'name="next" type="hidden" value=""' in page.text, target
        assert enter(client, next=target).location == "/", target
        client.delete_cookie("session")


@pytest.mark.parametrize(
    "target", ["/", "/topics/7-a?page=2", "/search?q=http://x", "/t#post-3", "/a?next=//e"]
)
def test_signing_in_goes_on_to_a_page_of_this_site(client, eva, target):
    assert enter(client, next=target).location == target


def test_odd_sign_ins_are_refused(client):
    for odd in ODD:
        value = odd.encode("utf-8", "surrogatepass")
        assert enter(client, value, value).status_code == 422
        assert client.get("/sign-in", query_string={"next": value}).status_code in (200, 404)


def test_a_kept_text_is_given_back_after_signing_in(client, eva):
    form = {
        "kept_action": "/topics/7/reply",
        "kept:source": "What I wrote before my session ended.",
    }
    refused = enter(client, password="wrong", **form)
    assert refused.status_code == 422
    assert WRONG in refused.text and "What I wrote before" in refused.text
    answer = enter(client, **form)
    assert answer.status_code == 200
    assert 'action="/topics/7/reply"' in answer.text and 'name="source"' in answer.text
    assert "What I wrote before my session ended." in answer.text
    assert PASSWORD not in answer.text
    assert is_signed_in(client)


def test_a_kept_text_is_not_sent_elsewhere(client, eva):
    answer = enter(client, kept_action="//e.example/x", **{"kept:source": "Mine"})
    assert answer.status_code == 303
    assert "e.example" not in answer.text


def test_signing_out_without_a_session_is_no_error(client):
    assert client.post("/sign-out").status_code == 303
    page = client.get("/sign-out")
    assert "csrf_token" not in page.text
    assert "no-store" not in page.headers["Cache-Control"]


def test_the_use_of_a_session_is_noted_once_an_hour(client, eva, queries):
    enter(client)
    session = members.session_of(_token(client))
    for minutes, seen in ((50, 0), (70, 70), (120, 70), (140, 140)):
        with at(session.created_at + timedelta(minutes=minutes)):
            assert is_signed_in(client)
            seen_at = members.session_of(_token(client)).seen_at
        assert seen_at == session.created_at + timedelta(minutes=seen), minutes


def test_members_pages_send_visitors_to_sign_in(client):
    for address in ("/settings", "/settings/password", "/settings/sessions", "/organisations/new",
                    "/administration/members", "/administration/members/eva-holm/role"):  # fmt: skip
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (303, f"/sign-in?next={address}")


# Limits


@pytest.fixture
def limited(app, client, tmp_path):
    """A browser of a forum that counts requests, over the same database."""
    counting = create_app(replace(app.extensions["settings"], limits=True, data=tmp_path))
    counting.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    counting.test_client_class = type(client)
    yield counting.test_client()
    rates.limiter.enabled = False


def test_signing_in_is_limited_for_an_address(limited, eva):
    for _number in range(10):
        assert enter(limited, f"e{_number}@city.example", "no").status_code == 422
    answer = enter(limited)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert "That was tried too often." in answer.text
    assert 'value="eva@city.example"' in answer.text


def test_signing_in_is_limited_for_an_account_from_wherever(limited, eva):
    def from_address(number, password):
        data = {
            "email": "EVA@city.example" if number % 2 else "eva@city.example",
            "password": password,
        }
        return limited.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})

    for number in range(20):
        assert from_address(number, "no").status_code == 422
    assert from_address(40, PASSWORD).status_code == 429


def test_guesses_from_elsewhere_do_not_lock_the_owner_out(limited, eva):
    assert enter(limited).status_code == 303
    assert limited.get_cookie("device") is not None
    limited.post("/sign-out")
    stranger = limited.application.test_client()
    for number in range(21):
        data = {"email": "eva@city.example", "password": "guess"}
        stranger.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})
    assert enter(stranger).status_code == 429
    assert enter(limited).status_code == 303
    # A cookie that was made up, or is another account's, gives no place of its own.
    stranger.set_cookie("device", "made.up")
    assert enter(stranger).status_code == 429


def test_signing_in_well_does_not_use_up_the_account(limited, eva):
    for number in range(25):
        answer = limited.post(
            "/sign-in",
            data={"email": "eva@city.example", "password": PASSWORD},
            environ_base={"REMOTE_ADDR": f"10.0.1.{number}"},
        )
        assert answer.status_code == 303


def test_joining_is_limited_for_an_address(limited):
    for _number in range(10):
        assert limited.post("/join", data={**JOINING, "name": ""}).status_code == 422
    answer = limited.post("/join", data=JOINING)
    assert answer.status_code == 429
    assert 'value="Planner"' in answer.text
    assert members.by_email("eva@city.example") is None


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
    for value in ODD:
        typed = {name: value.encode("utf-8", "surrogatepass")}
        assert browser.post("/settings", data=profile(**typed)).status_code in (303, 422), value


def test_a_password_is_changed_with_the_present_one(client, app, eva):
    elsewhere = app.test_client()
    enter(client)
    enter(elsewhere)
    form = {"current_password": "wrong", "new_password": "plain words in a row"}
    answer = client.post("/settings/password", data=form)
    assert answer.status_code == 422 and "This is not your present password." in answer.text
    copied = app.test_client()
    copied._cookies = dict(client._cookies)
    assert is_signed_in(copied)
    answer = client.post("/settings/password", data={**form, "current_password": PASSWORD})
    assert answer.status_code == 303
    assert is_signed_in(client) and not is_signed_in(elsewhere) and not is_signed_in(copied)
    assert enter(elsewhere).status_code == 422
    assert enter(elsewhere, password="plain words in a row").status_code == 303


def test_a_weak_new_password_is_refused(client, eva):
    enter(client)
    form = {"current_password": PASSWORD, "new_password": "evaholm99"}
    answer = client.post("/settings/password", data=form)
    assert answer.status_code == 422
    assert 'id="new_password-error"' in answer.text


def test_sessions_are_listed_and_ended(client, app, eva):
    elsewhere = app.test_client()
    enter(client)
    elsewhere.post(
        "/sign-in",
        data={"email": "eva@city.example", "password": PASSWORD},
        headers={
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
        },
    )
    page = client.get("/settings/sessions")
    assert "Firefox on Linux" in page.text
    assert page.text.count('<span class="tag">here</span>') == 1
    (number,) = re.findall(r"/settings/sessions/(\d+)/end", page.text)
    assert client.post(f"/settings/sessions/{number}/end").status_code == 303
    assert is_signed_in(client) and not is_signed_in(elsewhere)
    enter(elsewhere)
    assert client.post("/settings/sessions/end").status_code == 303
    assert is_signed_in(client) and not is_signed_in(elsewhere)


def test_nobody_ends_the_session_of_somebody_else(client, sign_in, people, eva):
    enter(client)
    number = members.session_of(_token(client)).id
    assert sign_in(people.ana).post(f"/settings/sessions/{number}/end").status_code == 303
    assert is_signed_in(client)


# Appearance


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
    for target in ELSEWHERE:
        answer = client.post("/appearance", data={"theme": "light", "next": target})
        assert answer.location == "/", target


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
    tokyo = {"id": 1850147, "name": "Tokyo", "country": "JP", "population": 8336599}
    assert answer.get_json() == [tokyo]
    assert answer.headers["Content-Type"] == "application/json"
    assert client.get("/cities/suggest").get_json() == []
    assert client.get("/cities/suggest?q=" + LONG).get_json() == []


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
    answer = browser.post(
        "/organisations/gemeente-rotterdam/edit", data=organisation(name="Rotterdam", seats="")
    )
    assert answer.status_code == 303
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
        ({"about": LONG}, "about"),
    ],
)
def test_a_refused_organisation_says_why(sign_in, people, change, field):
    answer = sign_in(people.moderator).post("/organisations/new", data=organisation(**change))
    assert answer.status_code == 422
    assert (f'id="{field}-error"' in answer.text and "A port." in answer.text) or field == "about"


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


def test_administrators_find_members_and_give_roles(sign_in, people):
    browser = sign_in(people.administrator)
    page = browser.get("/administration/members?q=prado")
    assert "ana@example.org" in page.text and "ben@example.org" not in page.text
    assert browser.get("/administration/members/ana-prado/role").status_code == 200
    answer = browser.post("/administration/members/ana-prado/role", data={"role": "moderator"})
    assert answer.status_code == 303
    assert members.get_member(VISITOR, "ana-prado").is_moderator
    assert (
        browser.post("/administration/members/ana-prado/role", data={"role": "king"}).status_code
        == 422
    )
    last = f"/administration/members/{people.administrator.handle}/role"
    assert "Somebody has to run the forum." in words_of(browser.post(last, data={"role": "member"}))


def test_others_see_no_addresses_and_give_no_roles(sign_in, people):
    for member in (people.ana, people.host, people.moderator):
        browser = sign_in(member)
        assert browser.get("/administration/members").status_code == 403
        answer = browser.post("/administration/members/ana-prado/role", data={"role": "moderator"})
        assert answer.status_code == 403
    assert not members.get_member(VISITOR, "ana-prado").is_moderator


@pytest.mark.parametrize(
    "query", ["?q=" + LONG, "?q=%25", "?q=%ED%A0%80", "?page=1000000000", "?page=-1&q[]=a"]
)
def test_anything_asked_of_the_list_gives_a_page(sign_in, people, query):
    assert sign_in(people.administrator).get("/administration/members" + query).status_code == 200


# How many statements pages take


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/join", 2),
        ("/sign-in", 1),
        ("/sign-out", 1),
        ("/organisations", 3),
        ("/cities/suggest?q=to", 1),
    ],
)
def test_pages_for_visitors_take_few_statements(client, app, queries, address, most):
    actions.found_federation(SYSTEM, "Cities in Dialogue", "")
    app.extensions.pop("federation", None)
    with queries() as made:
        assert client.get(address).status_code == 200
    assert made.count <= most, made.statements


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
    with queries() as made:  # two of them for the numbers in the masthead
        assert browser.get(address).status_code == 200
    assert made.count <= most, made.statements


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
            one["handle"] for one in ben.get("/members/suggest", query_string={"q": typed}).json
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
