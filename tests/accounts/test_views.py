"""The doors of accounts: who comes in, what is refused and how, what stays behind."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from forum import passwords, ratelimits
from forum.accounts import actions as account_actions
from forum.accounts.views import settings, signing_in
from forum.app import create_app
from forum.clock import at, now
from forum.columns import Base
from forum.db import db
from forum.errors import NotFound
from forum.identities.actions import link
from forum.identities.queries import member_of
from forum.members import actions
from forum.members import queries as members
from forum.members.actions import Joining, Profile
from forum.passwords import hash_password, verify_password
from forum.permissions import SYSTEM, VISITOR
from forum.versions import EVERYTHING, PAGE_VERSIONS
from tests.conftest import link_in
from tests.factors.conftest import change_before_the_session
from tests.mail.conftest import with_settings
from tests.odd import ODD_VALUES, OPEN_REDIRECTS

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


@pytest.fixture
def eva(app):
    joining = Joining("Eva Holm", "eva@city.example", hash_password(PASSWORD))
    return actions.join(VISITOR, joining)


def enter(client, email="eva@city.example", password=PASSWORD, **more):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def is_signed_in(client):
    return client.get("/settings").status_code == 200


# Joining


def confirm(client, letters, **typed):
    """Open the link of the last letter and press."""
    path = link_in(letters()[-1])
    assert client.get(path).status_code == 200
    return client.post(path, data=typed)


def test_joining_takes_a_letter_and_a_press(client, app, letters):
    answer = client.post("/join", data=JOINING)
    assert (answer.status_code, answer.location) == (303, "/join/sent")
    page = client.get("/join/sent")
    assert "eva@city.example" in page.text and "private" in page.headers["Cache-Control"]
    assert "does not go out" in page.text and "on its way" not in page.text
    with with_settings(app, smtp_url="smtp://mail.example.org"):
        said = client.get("/join/sent").text
    assert "on its way" in said and "does not go out" not in said
    assert members.member_by_email("eva@city.example") is None
    (letter,) = letters()
    assert letter.to == "eva@city.example" and "Confirm my address" in letter.text
    answer = confirm(client, letters)
    assert (answer.status_code, answer.location) == (303, "/")
    member = members.get_member(VISITOR, "eva-holm")
    assert (member.city.name, member.position, member.email) == (
        "Copenhagen",
        "Planner",
        "eva@city.example",
    )
    assert [spoken.language for spoken in member.languages] == ["da", "en"]
    assert is_signed_in(client)


def test_a_forum_without_mail_says_so_before_somebody_fills_in_the_form(app, client):
    actions.found_federation(SYSTEM, "Quiet cities", "")
    assert "No e-mail can be sent yet" in client.get("/join").text
    with with_settings(app, smtp_url="smtp://mail.example.org"):
        assert "No e-mail can be sent yet" not in client.get("/join").text


def test_every_page_leads_to_signing_in_and_back(client, agenda):
    for path in ("/cases?kind=network", "/nowhere", "/agendas/quieter"):
        page = client.get(path).text
        for door in ("sign-in", "join"):
            assert f'href="/{door}?next={path.replace("=", "%3D")}"' in page
    assert "Some pages are for members only." in client.get("/nowhere").text
    for path in ("/", "/sign-in", "/join"):
        assert 'class="btn alt sm" href="/sign-in"' in client.get(path).text


def test_joining_goes_on_to_where_one_came_from(client, letters):
    client.post("/join", data={**JOINING, "next": "/agendas/quieter/topics/new?kind=question"})
    answer = confirm(client, letters)
    assert answer.location == "/agendas/quieter/topics/new?kind=question"


def test_the_page_for_joining(client):
    page = client.get("/join?next=/topics/7")
    assert page.status_code == 200
    assert 'name="next" type="hidden" value="/topics/7"' in page.text
    for name in JOINING:
        assert re.search(rf'<(input|select|textarea)[^>]* name="{name}"', page.text), name
        assert f'<label for="{name}"' in page.text


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.5", "fr"),
        ("pt-BR", "pt"),
        ("nb-NO,nb;q=0.9,en;q=0.8", "nb"),
        ("tlh,sw;q=0.4,de;q=0.2", "sw"),
        ("tlh", "en"),
        ("*", "en"),
        ("", "en"),
        (None, "en"),
        ("\x00;q=,;;=", "en"),
    ],
)
def test_joining_begins_with_the_language_of_the_browser(client, accepted, chosen):
    page = client.get("/join", headers={"Accept-Language": accepted} if accepted else {})
    field = page.text.partition('name="language"')[2].partition("</select>")[0]
    assert re.findall('selected value="([a-z]*)"', field) == [chosen]
    refused = client.post("/join", data={**JOINING, "name": "", "language": "it"})
    field = refused.text.partition('name="language"')[2].partition("</select>")[0]
    assert re.findall('selected value="([a-z]*)"', field) == ["it"]


def test_a_page_for_joining_with_one_language_is_sent_to_nobody_else(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)  # as in every forum
    page = client.get("/join", headers={"Accept-Language": "fr"})
    assert 'selected value="fr"' in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


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
        ({"email": "=?utf-8?q?x?=@example.org"}, "email", "Write an e-mail address such as"),
        ({"email": "a@b.c\nBcc: d@e.example"}, "email", "Write an e-mail address such as"),
        ({"email": "a..b@city.example"}, "email", "Write an e-mail address such as"),
        ({"email": ".a@city.example"}, "email", "Write an e-mail address such as"),
        ({"email": "a.@city.example"}, "email", "Write an e-mail address such as"),
        ({"email": "x" * 300 + "@b.example"}, "email", "Write at most 200 characters."),
        ({"password": ""}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "kort123"}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "x1y2z3" * 30}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "Password123!"}, "password", "Many people use this password."),
        ({"password": "aaaaaaaaaaaa"}, "password", "Many people use this password."),
        ({"password": "evaholm1975"}, "password", "not made of your name"),
        ({"password": "interurban-22"}, "password", "Many people use this password."),
        ({"city": "Atlantis"}, "city", "No city of this name is known."),
        ({"organisation": "99"}, "organisation", "Choose one from the list"),
        ({"language": "xx"}, "language", "Choose one from the list"),
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
    assert members.member_by_email("eva@city.example") is None


def test_the_forum_s_name_is_no_password(client):
    actions.found_federation(SYSTEM, "Cities in Dialogue", "")
    answer = client.post("/join", data={**JOINING, "password": "citiesindialogue1"})
    assert "not made of your name" in answer.text.replace("&#39;", "'")


def test_joining_tells_nobody_whether_there_is_an_account(client, app, eva, letters):
    """The answer, the page after it and the cookie are the same for an address that has an account."""
    known = client.post("/join", data={**JOINING, "email": "EVA@city.example"})
    other = app.test_client()
    unknown = other.post("/join", data={**JOINING, "email": "xva@city.example"})
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    pages = [one.get("/join/sent").text for one in (client, other)]
    assert pages[0].replace("eva@", "@") == pages[1].replace("xva@", "@")
    with client.session_transaction() as mine, other.session_transaction() as theirs:
        assert set(mine) == set(theirs)
        assert {k: set(v) for k, v in mine.items()} == {k: set(v) for k, v in theirs.items()}
    first, second = letters()
    assert "an account already" in first.text and "“Join”" in second.text


@pytest.mark.parametrize("email", ["eva@city.example", "xva@city.example"])
@pytest.mark.parametrize("name", ["https://e.example", "a@b", "...", "a" + "\u0301" * 9])
def test_a_name_that_nobody_may_have_tells_it_neither(client, eva, letters, name, email):
    answer = client.post("/join", data={**JOINING, "name": name, "email": email})
    assert answer.status_code == 422 and letters() == []


def test_in_another_browser_the_chosen_password_is_asked_for(client, app, letters):
    """So that nobody makes an account with somebody's address and a password of their own."""
    client.post("/join", data=JOINING)
    phone = app.test_client()
    path = link_in(letters()[0])
    assert 'name="password"' in phone.get(path).text
    assert 'name="password"' not in client.get(path).text
    refused = phone.post(path, data={"password": "not the one"})
    assert refused.status_code == 422 and "not the password that was chosen" in refused.text
    assert phone.post(path, data={}).status_code == 422
    assert members.member_by_email("eva@city.example") is None
    assert phone.post(path, data={"password": PASSWORD}).status_code == 303
    assert is_signed_in(phone) and not is_signed_in(client)


def test_whoever_confirms_first_has_the_address(client, app, letters):
    """A stranger who fills in the form with the same address is forgotten with it."""
    stranger = app.test_client()
    stranger.post("/join", data={**JOINING, "name": "Not Eva"})
    client.post("/join", data=JOINING)
    theirs, mine = map(link_in, letters())
    assert client.post(mine).status_code == 303
    assert stranger.post(theirs).status_code == 410
    assert members.get_member(VISITOR, "eva-holm").name == "Eva Holm"


def test_a_link_is_spent_by_a_press_and_once(client, letters):
    client.post("/join", data=JOINING)
    path = link_in(letters()[0])
    for _times in range(3):
        assert client.get(path).status_code == 200
    assert members.member_by_email("eva@city.example") is None
    assert client.post(path).status_code == 303
    client.post("/sign-out")
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410 and "no longer good" in answer.text


def test_two_presses_at_once_join_once(client, letters, monkeypatch):
    """The second finds the link spent between looking and pressing."""
    client.post("/join", data=JOINING)
    path = link_in(letters()[0])

    def was_faster(*_args):
        raise NotFound()

    monkeypatch.setattr(account_actions, "confirm_joining", was_faster)
    answer = client.post(path)
    assert answer.status_code == 410 and "no longer good" in answer.text


def test_a_dead_link_offers_a_member_no_signing_in(client, eva):
    enter(client)
    page = client.get("/sign-in/letter/nothing").text
    assert "no longer good" in page and "Ask for a new letter" not in page


def test_one_address_gets_few_letters_whoever_asks(client, letters):
    for _number in range(8):
        assert client.post("/join", data=JOINING).location == "/join/sent"
    assert len(letters()) == 5


def test_one_of_several_cities_is_chosen(client, letters):
    rows = [(90000001, "Copenhagen", "US", 1.0, 2.0, 5_000, [])]
    actions.load_cities(SYSTEM, rows)
    form = {**JOINING, "city": "Copenhagen"}
    answer = client.post("/join", data=form)
    assert answer.status_code == 422
    assert re.findall(r'type="radio" value="(\d+)"', answer.text) == ["2618425", "90000001"]
    assert "5,000 people" in answer.text
    assert client.post("/join", data={**form, "city_id": "12"}).status_code == 422
    assert client.post("/join", data={**form, "city_id": "90000001"}).status_code == 303
    confirm(client, letters)
    assert members.get_member(VISITOR, "eva-holm").city_id == 90000001


def test_the_beginning_of_a_name_offers_the_city(client):
    answer = client.post("/join", data={**JOINING, "city": "Copenh"})
    assert re.findall(r'type="radio" value="(\d+)"', answer.text) == ["2618425"]
    assert "Is it this city?" in answer.text and "Several cities" not in answer.text


@pytest.mark.parametrize("name", sorted(JOINING))
def test_odd_values_give_a_page(client, name):
    for value in ODD_VALUES:
        answer = client.post(
            "/join", data={**JOINING, name: value.encode("utf-8", "surrogatepass")}
        )
        assert answer.status_code in (303, 422), value
        assert "<script>alert(1)</script>" not in answer.text
        client.delete_cookie("session")


def test_arrays_and_further_fields_are_not_taken(client, letters):
    form = {
        **JOINING,
        "name": ["Eva Holm", "Other"],
        "role": "administrator",
        "id": "1",
        "handle": "admin",
    }
    assert client.post("/join", data=form).status_code == 303
    confirm(client, letters)
    member = members.get_member(VISITOR, "eva-holm")
    assert (member.role, member.name) == ("member", "Eva Holm")


def test_joining_writes_one_member_for_a_form_sent_twice(client, app, letters):
    client.post("/join", data=JOINING)
    client.post("/join", data=JOINING)
    first, second = map(link_in, letters())
    assert client.post(second).status_code == 303
    client.post("/sign-out")
    assert client.post(first).status_code == 410
    assert len(members.all_members()) == 1


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
    outdated = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    actions.set_password(SYSTEM, "eva-holm", outdated)
    assert enter(client).status_code == 303
    renewed = members.member_by_email("eva@city.example").password_hash
    assert renewed != outdated and not passwords.is_outdated(renewed)
    assert enter(client).status_code == 303


def reset_meanwhile(monkeypatch, view):
    """Let the password be reset while a view verifies the former one, and its hash be outdated."""
    outdated = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    actions.set_password(SYSTEM, "eva-holm", outdated.hash(PASSWORD))

    def verify(password_hash, password):
        is_right = verify_password(password_hash, password)
        actions.set_password(SYSTEM, "eva-holm", hash_password("plain words in a row"))
        return is_right

    monkeypatch.setattr(view, "verify_password", verify)


def test_a_password_that_is_reset_while_it_is_verified_opens_nothing(client, eva, monkeypatch):
    reset_meanwhile(monkeypatch, signing_in)
    answer = enter(client, next="/rules")
    assert answer.status_code == 409 and 'name="password"' in answer.text
    assert "How you sign in was changed a moment ago. Sign in again." in answer.text
    assert 'value="/rules"' in answer.text and not is_signed_in(client)
    monkeypatch.undo()
    assert enter(client).status_code == 422
    assert enter(client, password="plain words in a row").status_code == 303


def test_a_password_that_is_reset_meanwhile_is_not_replaced_by_the_former_one(
    client, eva, monkeypatch
):
    enter(client)
    reset_meanwhile(monkeypatch, settings)
    enter(client)
    form = {"current_password": PASSWORD, "new_password": "words of somebody else"}
    answer = client.post("/settings/password", data=form)
    assert answer.status_code == 422 and "changed a moment ago" in answer.text
    monkeypatch.undo()
    assert not is_signed_in(client)
    assert enter(client, password="words of somebody else").status_code == 422
    assert enter(client, password="plain words in a row").status_code == 303


def test_signing_in_stays_on_this_site(client, eva):
    for target in OPEN_REDIRECTS:
        page = client.get("/sign-in", query_string={"next": target})
        assert 'name="next" type="hidden" value=""' in page.text, target
        assert enter(client, next=target).location == "/", target
        client.delete_cookie("session")


@pytest.mark.parametrize(
    "target", ["/", "/topics/7-a?page=2", "/search?q=http://x", "/t#post-3", "/a?next=//e"]
)
def test_signing_in_goes_on_to_a_page_of_this_site(client, eva, target):
    assert enter(client, next=target).location == target


def test_odd_sign_ins_are_refused(client):
    for odd in ODD_VALUES:
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
    assert "<title>Your text is safe" in answer.text and "<title>Error:" in refused.text
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
    session = members.session_by_token(_token(client))
    for minutes, seen in ((50, 0), (70, 70), (120, 70), (140, 140)):
        with at(session.seen_at + timedelta(minutes=minutes)):
            assert is_signed_in(client)
            seen_at = members.session_by_token(_token(client)).seen_at
        assert seen_at == session.seen_at + timedelta(minutes=seen), minutes


def test_members_pages_send_visitors_to_sign_in(client):
    for address in ("/settings", "/settings/password", "/settings/sessions", "/organisations/new",
                    "/administration/members", "/administration/members/eva-holm/role"):  # fmt: skip
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (303, f"/sign-in?next={address}")


# By letter


def ask(client, path, email="eva@city.example"):
    answer = client.post(path, data={"email": email})
    assert (answer.status_code, answer.location) == (303, "/join/sent")


def test_signing_in_by_letter(client, eva, letters):
    ask(client, "/sign-in/letter", " EVA@city.example ")
    path = link_in(letters()[0])
    assert "sign in as Eva Holm" in client.get(path).text and not is_signed_in(client)
    answer = client.post(path)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(client)
    client.post("/sign-out")
    assert client.post(path).status_code == 410


def test_a_link_that_is_pressed_while_the_password_is_reset_opens_nothing(
    client, eva, letters, monkeypatch
):
    ask(client, "/sign-in/letter")
    change_before_the_session(monkeypatch)
    answer = client.post(link_in(letters()[0]))
    assert answer.status_code == 409 and 'name="password"' in answer.text
    assert "How you sign in was changed a moment ago. Sign in again." in answer.text
    assert not is_signed_in(client)


@pytest.mark.parametrize("path", ["/sign-in/letter", "/password"])
def test_asking_for_a_letter_tells_nobody_whether_there_is_an_account(client, eva, letters, path):
    ask(client, path, "nobody@city.example")
    assert "no account with this address" in letters()[0].text
    ask(client, path)
    assert letters()[1].to == "eva@city.example"


def test_a_lost_password_is_replaced_by_letter(client, app, eva, letters):
    elsewhere = app.test_client()
    enter(elsewhere)
    ask(client, "/sign-in/letter")
    ask(client, "/password")
    by_letter, path = map(link_in, letters())
    assert client.post(path, data={"new_password": "evaholm99"}).status_code == 422
    assert enter(app.test_client()).status_code == 303, "the old one is good until then"
    assert client.post(path, data={"new_password": "plain words in a row"}).status_code == 303
    assert is_signed_in(client) and not is_signed_in(elsewhere)
    assert enter(app.test_client()).status_code == 422
    assert enter(app.test_client(), password="plain words in a row").status_code == 303
    assert client.post(path, data={"new_password": "other plain words"}).status_code == 410
    assert client.get(by_letter).status_code == 410, "what was sent before is void"
    assert "password" in letters()[-1].subject


@pytest.mark.parametrize("purpose", ["/sign-in/letter", "/password", "/address", "/join/confirm"])
def test_a_secret_is_good_for_one_purpose(client, eva, letters, purpose):
    ask(client, "/sign-in/letter")
    ask(client, "/password")
    for path in map(link_in, letters()):
        here, secret = path.rsplit("/", 1)
        if here != purpose:
            for answer in (client.get(f"{purpose}/{secret}"), client.post(f"{purpose}/{secret}")):
                assert answer.status_code == 410, (here, purpose)


def test_a_secret_is_short_lived_and_kept_as_a_hash_alone(client, eva, letters):
    ask(client, "/password")
    path = link_in(letters()[0])
    secret = path.rsplit("/", 1)[1]
    kept = [
        str(row)
        for table in Base.metadata.sorted_tables
        for row in db.session.execute(table.select())
    ]
    assert not [row for row in kept if secret in row]
    with at(now() + timedelta(minutes=61)):
        assert client.get(path).status_code == 410


@pytest.mark.parametrize("purpose", ["/sign-in/letter", "/password"])
def test_the_page_of_a_secret_repeats_it_nowhere(client, eva, letters, purpose):
    """No link leads on with it, so that no log of addresses but its own holds it."""
    ask(client, purpose)
    path = link_in(letters()[0])
    answer = client.get(path)
    links = re.findall(r'(?:href|content)="([^"]*)"', answer.text)
    assert links and not [link for link in links if path in link]
    over = client.get(f"{purpose}/nothing")
    assert 'class="btn alt sm" href="/sign-in"' in over.text


def test_odd_secrets_are_over(client, eva):
    for path in ("/sign-in/letter", "/password", "/address", "/address/undo", "/join/confirm"):
        for odd in ("x", "%00", "a" * 3000, "..", "%F0%9F%92%A5", "letter"):
            assert client.get(f"{path}/{odd}").status_code in (404, 410)


def test_a_suspended_member_does_not_come_in_by_letter(client, eva, letters):
    ask(client, "/sign-in/letter")
    actions.suspend(SYSTEM, eva.id, now() + timedelta(days=1))
    answer = client.post(link_in(letters()[0]))
    assert answer.status_code == 403 and "suspended" in answer.text
    assert not is_signed_in(client)


# The address


def change_address(client, email="eva@harbour.example"):
    return client.post("/settings/address", data={"email": email})


def test_a_new_address_is_inert_until_it_is_confirmed(client, app, eva, letters):
    enter(client)
    assert change_address(client).status_code == 303
    (letter,) = letters()
    assert letter.to == "eva@harbour.example"
    assert members.member_by_email("eva@harbour.example") is None
    assert enter(app.test_client()).status_code == 303
    anywhere = app.test_client()
    assert "becomes eva@harbour.example" in anywhere.get(link_in(letter)).text
    assert anywhere.post(link_in(letter)).status_code == 303
    assert "Your address is now eva@harbour.example." in anywhere.get("/sign-in").text
    assert enter(app.test_client()).status_code == 422
    assert enter(app.test_client(), "eva@harbour.example").status_code == 303
    assert letters()[-1].to == "eva@city.example", "the old address is told"


def test_the_old_address_takes_everything_back(client, app, eva, letters):
    """Whoever changes the address of somebody else, and the password after it, has not won."""
    enter(client)
    change_address(client)
    client.post(link_in(letters()[0]))
    form = {"current_password": PASSWORD, "new_password": "plain words in a row"}
    assert client.post("/settings/password", data=form).status_code == 303
    undo = next(one for one in letters() if one.to == "eva@city.example")
    owner = app.test_client()
    assert "again" in owner.get(link_in(undo)).text
    assert owner.post(link_in(undo)).status_code == 303
    assert not is_signed_in(client)
    assert members.member_by_email("eva@city.example") is not None
    for password in (PASSWORD, "plain words in a row"):
        assert enter(app.test_client(), password=password).status_code == 422
    assert "choose a new password" in owner.get("/sign-in").text
    reset = letters()[-1]
    assert reset.to == "eva@city.example" and link_in(reset).startswith("/password/")
    assert owner.post(link_in(undo)).status_code == 410


def test_undoing_a_change_opens_the_account_again(client, app, eva, letters):
    """Who took it over has closed it, so that it ends in two weeks."""
    enter(client)
    change_address(client)
    client.post(link_in(letters()[0]))
    actions.ask_to_leave(members.all_members()[0], eva.id, "everything")
    undo = next(one for one in letters() if one.to == "eva@city.example")
    owner = app.test_client()
    assert owner.post(link_in(undo)).status_code == 303
    assert members.member_by_email("eva@city.example").leaving_at is None
    form = {"new_password": "plain words in a row"}
    assert owner.post(link_in(letters()[-1]), data=form).status_code == 303
    assert is_signed_in(owner)


def test_undoing_a_change_leaves_an_account_closed_that_was_closed_before(app, eva):
    actions.ask_to_leave(eva, eva.id, "everything")
    actions.stay_since(SYSTEM, eva, now() + timedelta(minutes=1))
    assert eva.leaving_at is not None


def test_a_closed_account_gets_a_new_password(client, eva, letters):
    """Or nobody who has lost it could come back within the two weeks."""
    actions.ask_to_leave(eva, eva.id, "everything")
    client.post("/password", data={"email": "eva@city.example"})
    path = link_in(letters()[-1])
    form = {"new_password": "plain words in a row"}
    assert client.get(path).status_code == 200
    assert client.post(path, data=form).status_code == 303
    assert client.get("/settings/leave").status_code == 200
    assert verify_password(
        members.member_by_email("eva@city.example").password_hash, form["new_password"]
    )


def test_who_may_not_write_publishes_nothing_in_the_profile(sign_in, people):
    """But may move, and say in which language they read."""
    actions.silence(people.moderator, people.ana.id, now() + timedelta(days=3))
    browser = sign_in(people.ana)
    same = {"name": "Ana Prado", "position": "", "helps_with": "", "about": "", "organisation": ""}
    for words in (
        {"about": "Buy my trams, which are the best."},
        {"position": "Buy my trams, which are the best."},
    ):
        refused = browser.post("/settings", data={**same, "language": "en", **words})
        assert refused.status_code == 403 and "paused your right to write" in refused.text
        assert "Buy my trams, which are the best." in refused.text
    moved = {**same, "language": "es", "city": "Nairobi"}
    assert browser.post("/settings", data=moved).status_code == 303
    found = members.get_member(SYSTEM, people.ana.handle)
    assert (found.language, found.city.name, found.about) == ("es", "Nairobi", "")


def test_languages_that_the_form_has_no_room_for_stay(sign_in, people):
    """They came with an import."""
    spoken = ("es", "en", "fr", "pt", "de")
    actions.edit_profile(people.ana, Profile(name="Ana Prado", language="en", languages=spoken))
    form = {"name": "Ana Prado", "organisation": "", "language": "en", "helps_with": "Trams."}
    form |= {"second_language": "es", "third_language": ""}
    assert sign_in(people.ana).post("/settings", data=form).status_code == 303
    db.session.expire_all()
    found = members.get_member(SYSTEM, people.ana.handle)
    assert [one.language for one in found.languages] == ["en", "es", "pt", "de"]


def test_undoing_a_change_unlinks_what_was_linked_since(client, app, eva, letters):
    """Or a thief comes back with an account of elsewhere, of which a letter told the thief alone."""
    with at(now() - timedelta(days=3)):
        link(eva, "https://id.example", "eva")
    enter(client)
    change_address(client)
    client.post(link_in(letters()[-1]))
    link(members.all_members()[0], "https://id.example", "thief")
    undo = next(one for one in letters() if one.to == "eva@city.example" and "/undo/" in one.text)
    assert app.test_client().post(link_in(undo)).status_code == 303
    assert member_of("https://id.example", "thief") is None
    assert member_of("https://id.example", "eva").id == eva.id


def test_undoing_a_change_undoes_those_after_it(client, app, eva, letters):
    """A thief who changes the address twice is told of the second change, and cannot undo the owner's undoing."""
    for email in ("thief@harbour.example", "thief@island.example"):
        enter(client, members.all_members()[0].email)
        change_address(client, email)
        client.post(link_in(letters()[-1]))
    owners, thiefs = (
        link_in(next(one for one in letters() if one.to == to and "/undo/" in one.text))
        for to in ("eva@city.example", "thief@harbour.example")
    )
    assert app.test_client().post(owners).status_code == 303
    assert app.test_client().post(thiefs).status_code == 410
    assert members.member_by_email("eva@city.example") is not None


def test_the_older_of_two_changes_can_be_undone_after_the_newer(client, app, eva, letters):
    for email in ("eva@harbour.example", "eva@island.example"):
        enter(client, members.all_members()[0].email)
        change_address(client, email)
        client.post(link_in(letters()[-1]))
    for to in ("eva@harbour.example", "eva@city.example"):
        undo = next(one for one in letters() if one.to == to and "/undo/" in one.text)
        assert app.test_client().post(link_in(undo)).status_code == 303
        assert members.member_by_email(to) is not None


def test_asking_for_addresses_sends_few_letters_to_one(client, eva, letters):
    enter(client)
    for _number in range(5):
        assert change_address(client, "other@city.example").status_code == 303
    refused = change_address(client, "other@city.example")
    assert refused.status_code == 422 and len(letters()) == 5


def test_the_newer_address_is_told_when_it_is_undone(client, eva, letters):
    """The older mailbox may be that of a former employer."""
    enter(client)
    change_address(client)
    client.post(link_in(letters()[0]))
    undo = next(one for one in letters() if one.to == "eva@city.example")
    client.post(link_in(undo))
    told = [one for one in letters() if one.to == "eva@harbour.example"]
    assert "older address again" in told[-1].subject


def test_a_taken_address_is_told_by_letter_alone(client, eva, letters):
    actions.join(VISITOR, Joining("Other", "other@city.example", "no hash"))
    enter(client)
    assert change_address(client, "other@city.example").status_code == 303
    (letter,) = letters()
    assert letter.to == "other@city.example" and "an account already" in letter.text


def test_an_address_that_was_taken_meanwhile_is_refused(client, eva, letters):
    enter(client)
    change_address(client)
    actions.join(VISITOR, Joining("Other", "eva@harbour.example", "no hash"))
    answer = client.post(link_in(letters()[0]))
    assert answer.status_code in (409, 422) and "another account" in answer.text
    assert members.member_by_email("eva@city.example") is not None


def test_who_was_signed_in_for_long_shows_who_they_are(client, eva, letters):
    enter(client)
    with at(now() + timedelta(minutes=16)):
        assert client.get("/settings/address").location == "/settings/prove?next=/settings/address"
        assert 'href="/password"' in client.get("/settings/prove").text
        assert change_address(client).location == "/settings/prove?next=/settings/address"
        assert letters() == []
        assert client.post("/settings/prove", data={"password": "no"}).status_code == 422
        proof = {"password": PASSWORD, "next": "/settings/address"}
        assert client.post("/settings/prove", data=proof).location == "/settings/address"
        assert client.get("/settings/address").status_code == 200


def test_mail_that_came_back_is_said_and_tried_again(client, eva):
    actions.pause_mail(SYSTEM, eva.id, "eva@city.example", "550 no such user")
    enter(client)
    page = client.get("/settings/address").text
    assert "Mail to eva@city.example came back" in page and "550 no such user" in page
    assert client.post("/settings/address/resume").status_code == 303
    assert "came back" not in client.get("/settings/address").text


# Limits


@pytest.fixture
def limited(app, client, tmp_path):
    """A browser of a forum that counts requests, over the same database."""
    counting = create_app(replace(app.extensions["settings"], limits=True, data=tmp_path))
    counting.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    counting.test_client_class = type(client)
    yield counting.test_client()
    ratelimits.limiter.enabled = False


def test_signing_in_is_limited_for_an_address(limited, eva):
    for _number in range(10):
        assert enter(limited, f"e{_number}@city.example", "no").status_code == 422
    answer = enter(limited)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert "That was tried too often." in answer.text
    assert 'value="eva@city.example"' in answer.text


def test_a_door_without_a_form_of_its_own_says_that_it_was_too_often(limited):
    for _number in range(20):
        assert limited.post("/sign-in/letter/nosecret").status_code == 410
    refused = limited.post("/sign-in/letter/nosecret")
    assert refused.status_code == 429 and "Too much was sent in a short time." in refused.text
    assert int(refused.headers["Retry-After"]) <= 3600


PROFILE = {"name": "Eva Holm", "organisation": "", "language": "en", "helps_with": ""}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/sign-in/second", 409), ("/settings/prove", 403), ("/settings/address", 403)],
)
def test_who_may_not_see_a_form_is_told_as_well_that_it_was_too_often(limited, path, status):
    """Visitors, and people whose first half of signing in is over."""
    for _number in range(10):
        assert limited.post(path, data={"code": "000"}).status_code == status
    refused = limited.post(path, data={"code": "000"})
    assert refused.status_code == 429 and "Too much was sent in a short time." in refused.text
    assert "Retry-After" in refused.headers


def test_saving_a_profile_is_limited_and_gives_the_words_back(limited, eva):
    enter(limited)
    for _number in range(20):
        assert limited.post("/settings", data={**PROFILE, "preview": "1"}).status_code == 200
    for number in range(30):
        said = {**PROFILE, "helps_with": f"Trams, for the {number}th time."}
        assert limited.post("/settings", data=said).status_code == 303
    refused = limited.post("/settings", data={**PROFILE, "helps_with": "Trams, once too often."})
    assert refused.status_code == 429 and "Trams, once too often." in refused.text
    for _number in range(30):
        assert limited.post("/settings/themes").status_code == 303
    assert limited.post("/settings/themes").status_code == 429


def test_saving_what_one_said_already_leaves_every_page_as_it_is(client, eva):
    def version():
        found = db.select(PAGE_VERSIONS.c.number).where(PAGE_VERSIONS.c.scope == EVERYTHING)
        return db.session.scalar(found)

    enter(client)
    said = {**PROFILE, "about": "I build *trams*.", "city": "Nairobi", "second_language": "de"}
    before = version()
    assert client.post("/settings", data=said).status_code == 303
    saved = version()
    assert saved != before
    for _number in range(2):
        assert client.post("/settings", data=said).status_code == 303
        assert client.post("/settings/themes").status_code == 303
    assert version() == saved
    assert client.post("/settings", data={**said, "third_language": "fr"}).status_code == 303
    assert version() != saved


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
    assert members.member_by_email("eva@city.example") is None


# Password and sessions


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
    number = members.session_by_token(_token(client)).id
    assert sign_in(people.ana).post(f"/settings/sessions/{number}/end").status_code == 303
    assert is_signed_in(client)


def test_letters_to_join_keep_nobody_from_a_letter_of_their_own(client, app, eva, letters):
    """A stranger who writes somebody's address into the form for joining stops no lost password."""
    for _number in range(8):
        app.test_client().post("/join", data={**JOINING, "email": "eva@city.example"})
    ask(client, "/password")
    assert link_in(letters()[-1]).startswith("/password/")


def test_the_newest_letter_is_the_one_that_is_good(client, eva, letters):
    ask(client, "/password")
    ask(client, "/password")
    first, second = map(link_in, letters())
    assert client.get(first).status_code == 410 and client.get(second).status_code == 200


def test_a_letter_to_join_repeats_no_words_of_a_stranger(client, letters):
    client.post("/join", data={**JOINING, "name": "Cheap Pills"})
    assert "Pills" not in letters()[0].text + letters()[0].html


# Robots


@pytest.fixture
def strict(app, client, tmp_path):
    """A browser of a forum that looks how fast a form is filled in, over the same database."""
    counting = create_app(replace(app.extensions["settings"], limits=True, data=tmp_path))
    counting.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    counting.test_client_class = type(client)
    yield counting.test_client()
    ratelimits.limiter.enabled = False


def opened_in(page):
    return re.search(r'name="opened" type="hidden" value="([^"]*)"', page.text)[1]


def test_what_is_sent_too_fast_is_asked_again_and_then_taken(strict):
    opened = opened_in(strict.get("/join"))
    answer = strict.post("/join", data={**JOINING, "opened": opened})
    assert answer.status_code == 422 and "faster than people write" in answer.text
    assert opened_in(answer) == opened and "Eva Holm" in answer.text
    with at(now() + timedelta(seconds=5)):
        answer = strict.post("/join", data={**JOINING, "opened": opened})
    assert answer.location == "/join/sent"


@pytest.mark.parametrize(
    "forged", ["", "1", "1.x", "9999999999.aaaa", "²", "-1.x", "1." + "a" * 999]
)
def test_a_stamp_that_is_not_ours_or_old_is_replaced(strict, forged):
    answer = strict.post("/join", data={**JOINING, "opened": forged})
    assert answer.status_code == 422 and "open for too long" in answer.text
    with at(now() + timedelta(seconds=5)):
        again = strict.post("/join", data={**JOINING, "opened": opened_in(answer)})
    assert again.location == "/join/sent"


def test_a_form_that_was_open_for_days_is_taken_at_the_second_press(strict):
    opened = opened_in(strict.get("/join"))
    with at(now() + timedelta(days=3)):
        answer = strict.post("/join", data={**JOINING, "opened": opened})
        assert answer.status_code == 422 and "open for too long" in answer.text
    with at(now() + timedelta(days=3, seconds=5)):
        again = strict.post("/join", data={**JOINING, "opened": opened_in(answer)})
    assert again.location == "/join/sent"


def test_the_field_for_robots_is_told_in_words(client):
    page = client.get("/join").text
    assert 'tabindex="-1"' in page and "Leave this field empty" in page
    answer = client.post("/join", data={**JOINING, "website": "https://spam.example"})
    assert answer.status_code == 422 and "stays empty" in answer.text
    assert "spam.example" not in answer.text
    assert client.post("/join", data={**JOINING, "website": ""}).location == "/join/sent"
