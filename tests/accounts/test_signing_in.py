"""Signing in with a password or an e-mailed link, and signing out: who is let in, and which messages are shown."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from hashlib import sha256

import pytest
from argon2 import PasswordHasher

from forum import passwords
from forum.accounts.views import settings, signing_in
from forum.clock import at, now
from forum.columns import Base
from forum.db import db
from forum.members import actions
from forum.members import queries as members
from forum.moderation.actions import Reasons, suspend
from forum.passwords import hash_password, verify_password
from forum.permissions import SYSTEM
from tests.accounts.conftest import (
    JOINING,
    PASSWORD,
    WRONG,
    ask,
    enter,
    is_signed_in,
    session_token,
)
from tests.conftest import link_in
from tests.factors.conftest import (
    add_key,
    change_before_the_session,
    code_of,
    switch_codes_on,
    use,
)
from tests.odd import ODD_VALUES, OPEN_REDIRECTS

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
    first = session_token(client)
    enter(client)
    assert session_token(client) != first


def by_password(client, eva, letters):
    enter(client)


def by_letter(client, eva, letters):
    ask(client, "/sign-in/letter")
    client.post(link_in(letters()[-1]))


def by_code(client, eva, letters):
    secret, _codes = switch_codes_on(eva)
    enter(client)
    client.post("/sign-in/second", data={"code": code_of(secret)})


def by_passkey(client, eva, letters):
    use(client, add_key(eva), "sign-in", "/sign-in/passkey")


def by_joining(client, eva, letters):
    elsewhere = client.application.test_client()
    elsewhere.post("/join", data={**JOINING, "email": "new@city.example"})
    client.post(link_in(letters()[-1]), data={"password": PASSWORD})


@pytest.mark.parametrize("way", [by_password, by_letter, by_code, by_passkey, by_joining])
def test_signing_in_again_ends_the_session_that_the_browser_had(client, app, eva, letters, way):
    """A copied cookie of the former session is worth nothing, even if that session was another member's."""
    enter(client)
    copied, before = app.test_client(), session_token(client)
    copied.set_cookie("session", client.get_cookie("session").value)
    assert is_signed_in(copied)
    way(client, eva, letters)
    assert is_signed_in(client) and session_token(client) != before
    assert not is_signed_in(copied)


@pytest.mark.parametrize("name", ["session", "device"])
def test_cookies_are_signed_with_sha_256(client, eva, name):
    enter(client)
    _said, _dot, signature = client.get_cookie(name).value.rpartition(".")
    assert len(base64.urlsafe_b64decode(signature + "==")) == sha256().digest_size


def test_a_session_that_does_not_begin_ends_no_other(client, eva, monkeypatch):
    enter(client)
    assert enter(client, password="not this one").status_code == 422
    assert is_signed_in(client)
    change_before_the_session(monkeypatch)
    assert enter(client).status_code == 409
    assert is_signed_in(client)


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
    assert WRONG in answer.text and "Type your password again" not in answer.text
    assert answer.text.replace(email, "") == _refused(client).text.replace(
        "nobody@city.example", ""
    )


class _Counting:
    """A password hasher that records which hashes were checked."""

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
    assert f"suspended this account until {until.day} {until:%B %Y, %H:%M} UTC." in answer.text
    assert not is_signed_in(client)


def test_an_outdated_hash_is_made_anew(client, eva):
    outdated = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    actions.set_password(SYSTEM, "eva-holm", outdated)
    assert enter(client).status_code == 303
    renewed = members.member_by_email("eva@city.example").password_hash
    assert renewed != outdated and not passwords.is_outdated(renewed)
    assert enter(client).status_code == 303


def reset_meanwhile(monkeypatch, view):
    """Reset the password while a view verifies the former one, whose hash has outdated parameters."""
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
    assert 'value="eva@city.example"' in refused.text
    answer = enter(client, **form)
    assert answer.status_code == 200
    assert 'action="/topics/7/reply"' in answer.text and 'name="source"' in answer.text
    assert "What I wrote before my session ended." in answer.text
    assert "<title>Your text is safe" in answer.text and "<title>Error:" in refused.text
    assert PASSWORD not in answer.text
    assert is_signed_in(client)


def test_a_kept_text_waits_for_who_signs_in_in_another_window(client, eva):
    text = {"kept_action": "/topics/7/reply", "kept:source": "What I wrote before."}
    early = client.post("/sign-in", data=text | {"elsewhere": "1"})
    assert early.status_code == 200 and "You are not signed in yet." in early.text
    assert "I have signed in there" in early.text and "What I wrote before." in early.text
    enter(client)
    answer = client.post("/sign-in", data=text | {"elsewhere": "1"})
    assert answer.status_code == 200 and "You are signed in again." in answer.text
    assert 'action="/topics/7/reply"' in answer.text and "What I wrote before." in answer.text
    assert "Email" not in answer.text and "Write your e-mail" not in answer.text


def test_who_was_suspended_meanwhile_gets_a_kept_text_back_before_the_decision(client, people, eva):
    suspend(people.administrator, eva.id, now() + timedelta(days=1), Reasons("Stop.", 2))
    text = {"kept_action": "/topics/7/reply", "kept:source": "What I wrote before."}
    answer = enter(client, **text)
    assert answer.status_code == 422 and not is_signed_in(client)
    assert "What I wrote before." in answer.text and "suspended this account" in answer.text
    assert "signing in leads to the decision" in answer.text
    assert "/appeal" in enter(client).location
    assert "suspended" not in enter(client, password="wrong", **text).text


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
    session = members.session_by_token(session_token(client))
    for minutes, seen in ((50, 0), (70, 70), (120, 70), (140, 140)):
        with at(session.seen_at + timedelta(minutes=minutes)):
            assert is_signed_in(client)
            seen_at = members.session_by_token(session_token(client)).seen_at
        assert seen_at == session.seen_at + timedelta(minutes=seen), minutes


def test_members_pages_send_visitors_to_sign_in(client):
    for address in ("/settings", "/settings/password", "/settings/sessions", "/organisations/new",
                    "/administration/members", "/administration/members/eva-holm/role"):  # fmt: skip
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (303, f"/sign-in?next={address}")


def test_signing_in_by_letter(client, eva, letters):
    ask(client, "/sign-in/letter", " EVA@city.example ")
    path = link_in(letters()[0])
    assert "sign in as Eva Holm" in client.get(path).text and not is_signed_in(client)
    answer = client.post(path)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(client)
    client.post("/sign-out")
    assert client.post(path).status_code == 410


@pytest.mark.parametrize("what", ["/sign-in/letter", "/password"])
def test_a_link_says_whose_session_it_ends(client, eva, people, sign_in, letters, what):
    ask(client, what)
    path, said = link_in(letters()[0]), "If you go on, that session ends."
    page = sign_in(people.ana).get(path).text
    assert f"You are signed in here as {people.ana.name}. {said}" in page.replace("\xa0", " ")
    assert said not in client.get(path).text and said not in sign_in(eva).get(path).text


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
    paths = [link_in(letter).rsplit("/", 1) for letter in letters()]
    assert [here for here, _secret in paths] == ["/sign-in/letter", "/password"]
    for here, secret in paths:
        if here != purpose:
            for answer in (client.get(f"{purpose}/{secret}"), client.post(f"{purpose}/{secret}")):
                assert answer.status_code == 410, (here, purpose)


@pytest.mark.parametrize(
    ("door", "says", "minutes"),
    [("/sign-in/letter", "within 15 minutes", 15), ("/password", "within an hour", 60)],
)
def test_a_letter_says_how_soon_its_link_is_over(client, eva, letters, door, says, minutes):
    ask(client, door)
    (letter,) = letters()
    assert says in letter.text and says in letter.html
    for after, status in ((minutes - 1, 200), (minutes + 1, 410)):
        with at(now() + timedelta(minutes=after)):
            assert client.get(link_in(letter)).status_code == status


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
    """No link on the page contains the secret, so no other address in a server log contains it."""
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


@pytest.mark.parametrize("path", ["/sign-in/letter", "/password"])
def test_a_link_in_a_letter_leads_a_suspended_member_to_the_decision(
    client, people, eva, letters, path
):
    ask(client, path)
    suspend(people.administrator, eva.id, now() + timedelta(days=1), Reasons("Stop.", 2))
    answer = client.post(link_in(letters()[0]), data={"new_password": "five other quiet old words"})
    assert answer.status_code == 303 and answer.location.startswith("/appeal/")
    page = client.get(answer.location).text
    assert "suspended this account until" in page and "Stop." in page
    assert not is_signed_in(client)


def test_password_managers_are_led_to_the_form_for_a_new_password(client, people, sign_in) -> None:
    known = "/.well-known/change-password"  # W3C, A Well-Known URL for Changing Passwords
    for browser in (client, sign_in(people.ben)):
        answer = browser.get(known)
        assert (answer.status_code, answer.location) == (303, "/settings/password")
    assert client.get("/.well-known/resource-that-should-not-exist").status_code == 404
