"""Passkeys: added, renamed, removed, used alone and as a second factor; and attacks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from forum.clock import at, now
from forum.db import db
from forum.factors import queries
from forum.factors.actions import forget_old
from forum.factors.models import Challenge
from forum.members import actions as members
from forum.members.queries import member_by_id, sessions_of
from forum.passkeys import base64url
from forum.permissions import SYSTEM
from tests.factors.conftest import (
    PASSWORD,
    add_key,
    asked,
    change_before_the_session,
    enter,
    is_signed_in,
    shown_codes,
    use,
)
from tests.keys import PRESENT, VERIFIED, SoftwarePasskey

SIGN_IN_PATH = "/sign-in/passkey"
NOT_TAKEN = "This passkey was not accepted."


def fresh(member):
    return member_by_id(SYSTEM, member.id)


def keep(client, key=None, name="Phone"):
    """Register a new passkey by the routes that a browser uses."""
    key = key or SoftwarePasskey()
    options = asked(client, "new")
    key.handle = options["user"]["id"]
    answer = client.post(
        "/settings/passkeys/new",
        data={"name": name, "credential": key.register(options["challenge"])},
    )
    return key, answer


# Adding one


def test_a_passkey_is_kept_with_a_name_and_brings_recovery_codes_once(client, eva, letters):
    enter(client)
    _key, answer = keep(client)
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    assert len(shown_codes(answer)) == 10
    page = client.get("/settings/factors").text
    assert "Phone" in page and "Not used yet" in page and "10 codes are left." in page
    assert not shown_codes(client.get("/settings/factors"))
    _key, answer = keep(client, name="SoftwarePasskey in the drawer")
    assert answer.status_code == 303, "the codes of the first one stay good"
    assert "A passkey was added to your account: Phone" in letters()[0].text.replace("\n", " ")
    assert fresh(eva).factor_at is not None


def test_what_a_browser_is_told_to_make(client, eva):
    enter(client)
    options = asked(client, "new")
    assert options["rp"]["id"] == "localhost"
    assert options["user"]["name"] == "eva@city.example" and len(options["user"]["id"]) == 43
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert options["excludeCredentials"] == []
    add_key(eva)
    assert len(asked(client, "new")["excludeCredentials"]) == 1


def test_a_key_is_kept_once_whoever_tries(client, sign_in, people, eva):
    enter(client)
    key, _answer = keep(client)
    for browser in (client, sign_in(people.ana)):
        _key, answer = keep(browser, key)
        assert answer.status_code == 422 and NOT_TAKEN in answer.text
    assert len(queries.passkeys_of(eva)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"host": "e.example"},
        {"said": {"origin": "https://e.example"}},
        {"said": {"origin": "http://localhost:81"}},
        {"said": {"type": "webauthn.get"}},
        {"said": {"challenge": "AAAA"}},
        {"said": {"crossOrigin": True}},
        {"flags": 0},
    ],
)
def test_an_answer_that_proves_nothing_is_not_kept(client, eva, change):
    enter(client)
    challenge = asked(client, "new")["challenge"]
    form = {"name": "Mine", "credential": SoftwarePasskey().register(challenge, **change)}
    answer = client.post("/settings/passkeys/new", data=form)
    assert answer.status_code == 422 and NOT_TAKEN in answer.text
    assert queries.passkeys_of(eva) == [] and not fresh(eva).factor_at


ODD = [
    "", "x", "null", "[]", "{}", "1", '{"id": 1}', '{"response": 3, "id": "x"}', "x" * 30_000, "\x00",
    '{"id": "AA", "response": {"clientDataJSON": "e30"}}', '{"id": "AA", "response": {"clientDataJSON": "%%"}}',
    "[" * 15_000,
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_what_is_no_answer_at_all_is_refused(client, eva, odd):
    assert client.post(SIGN_IN_PATH, data={"credential": odd}).status_code == 422
    enter(client)
    for path in ("/settings/passkeys/new", "/settings/prove"):
        answer = client.post(path, data={"credential": odd, "name": "Mine"})
        assert answer.status_code == 422, path


def test_a_key_that_lacks_parts_is_refused(client, eva):
    key = add_key(eva)
    whole = json.loads(key.authenticate(asked(client, "sign-in")["challenge"]))
    for part in ("id", "rawId", "type", "response"):
        cut = {name: value for name, value in whole.items() if name != part}
        assert client.post(SIGN_IN_PATH, data={"credential": json.dumps(cut)}).status_code == 422, (
            part
        )
    for part in list(whole["response"]):
        for odd in (None, 7, "", ["x"], "A" * 9):
            asked_for = asked(client, "sign-in")["challenge"]
            bent = json.loads(key.authenticate(asked_for))
            bent["response"][part] = odd
            answer = client.post(SIGN_IN_PATH, data={"credential": json.dumps(bent)})
            assert answer.status_code == 422, (part, odd)
    assert not is_signed_in(client)


@pytest.mark.parametrize("odd", ["\0", "a\0", "\ud800", "ä", ""], ids=ascii)
def test_an_id_and_a_challenge_that_nobody_was_given_are_refused(client, eva, odd):
    key = add_key(eva)
    whole = json.loads(key.authenticate(asked(client, "sign-in")["challenge"]))
    asks = {"type": "webauthn.get", "challenge": odd, "origin": "http://localhost"}
    said = base64url(json.dumps(asks).encode())
    bent = {**whole, "response": {**whole["response"], "clientDataJSON": said}}
    for sent in (bent, {**whole, "id": odd}):
        assert client.post(SIGN_IN_PATH, data={"credential": json.dumps(sent)}).status_code == 422
    assert not is_signed_in(client)


# As the only factor


def test_signing_in_with_a_passkey_alone(client, eva):
    key = add_key(eva)
    answer = use(client, key, "sign-in", SIGN_IN_PATH, data={"next": "/topics/7"})
    assert (answer.status_code, answer.location) == (303, "/topics/7")
    assert is_signed_in(client)
    assert "by passkey" in client.get("/settings/sessions").text
    (kept,) = queries.passkeys_of(eva)
    assert kept.signatures == 1 and kept.used_at is not None


def test_the_offer_on_the_page_of_signing_in_sets_no_cookie(client):
    """Its response may arrive after that of the next page, and must not overwrite the session cookie of that one."""
    client.get("/sign-in")
    answer = client.post("/passkeys/options/sign-in")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_anybody_is_asked_alike_and_for_any_key(client, eva):
    add_key(eva)
    options = asked(client, "sign-in")
    assert options["allowCredentials"] == [] and options["userVerification"] == "required"
    assert options["rpId"] == "localhost"


def test_what_it_is_asked_for_never_comes_from_the_host_header(client, eva):
    answer = client.post("/passkeys/options/sign-in", headers={"Host": "localhost:9999"})
    assert json.loads(answer.text)["rpId"] == "localhost"
    assert (
        client.post("/passkeys/options/sign-in", headers={"Host": "e.example"}).status_code == 400
    )


@pytest.mark.parametrize(
    "change",
    [
        {"host": "e.example"},
        {"said": {"origin": "https://e.example"}},
        {"said": {"type": "webauthn.create"}},
        {"said": {"crossOrigin": True}},
        {"flags": VERIFIED},
        {"flags": PRESENT},
        {"handle": ""},
        {"handle": "AAAA"},
        {"signer": ec.generate_private_key(ec.SECP256R1())},
    ],
)
def test_an_answer_that_proves_nothing_signs_nobody_in(client, eva, change):
    """Another site, another ceremony, a frame of another site, user not present, user not verified, another owner, another key."""
    key = add_key(eva)
    answer = use(client, key, "sign-in", SIGN_IN_PATH, **change)
    assert answer.status_code == 422 and NOT_TAKEN in answer.text
    assert not is_signed_in(client)


def test_a_count_that_goes_back_is_a_copied_key(client, eva):
    key = add_key(eva)
    assert use(client, key, "sign-in", SIGN_IN_PATH, count=7).status_code == 303
    client.post("/sign-out")
    for count in (7, 3, 0):
        assert use(client, key, "sign-in", SIGN_IN_PATH, count=count).status_code == 422, count
    assert use(client, key, "sign-in", SIGN_IN_PATH, count=8).status_code == 303


def test_a_key_that_does_not_count_is_taken(client, eva):
    key = add_key(eva, count=None)
    for _time in range(2):
        assert use(client, key, "sign-in", SIGN_IN_PATH).status_code == 303
        client.post("/sign-out")


def test_a_challenge_is_good_once(client, app, eva):
    key = add_key(eva)
    answer = key.authenticate(asked(client, "sign-in")["challenge"])
    assert client.post(SIGN_IN_PATH, data={"credential": answer}).status_code == 303
    client.post("/sign-out")
    assert client.post(SIGN_IN_PATH, data={"credential": answer}).status_code == 422


def test_a_challenge_is_good_for_one_try(client, eva):
    """A wrong answer uses the challenge up, too, so that nobody can try many answers."""
    key = add_key(eva, count=None)
    challenge = asked(client, "sign-in")["challenge"]
    wrong = key.authenticate(challenge, flags=PRESENT)
    assert client.post(SIGN_IN_PATH, data={"credential": wrong}).status_code == 422
    assert (
        client.post(SIGN_IN_PATH, data={"credential": key.authenticate(challenge)}).status_code
        == 422
    )


def test_a_challenge_is_short_lived(client, eva):
    key = add_key(eva)
    challenge = asked(client, "sign-in")["challenge"]
    with at(now() + timedelta(minutes=5, seconds=1)):
        assert (
            client.post(SIGN_IN_PATH, data={"credential": key.authenticate(challenge)}).status_code
            == 422
        )


def test_a_challenge_of_another_browser_is_worth_nothing(client, app, eva):
    """An attacker cannot make somebody answer the attacker's challenge."""
    key = add_key(eva)
    victim = app.test_client()
    asked(victim, "sign-in")
    challenge = asked(client, "sign-in")["challenge"]
    assert (
        victim.post(SIGN_IN_PATH, data={"credential": key.authenticate(challenge)}).status_code
        == 422
    )
    assert not is_signed_in(victim)


def test_a_challenge_for_one_purpose_is_worth_nothing_for_another(client, eva):
    key = add_key(eva)
    enter(client)
    challenge = asked(client, "second")["challenge"]
    assert (
        client.post(SIGN_IN_PATH, data={"credential": key.authenticate(challenge)}).status_code
        == 422
    )
    challenge = asked(client, "sign-in")["challenge"]
    answer = client.post("/sign-in/second", data={"credential": key.authenticate(challenge)})
    assert answer.status_code == 422 and not is_signed_in(client)


def test_a_challenge_made_up_by_a_browser_is_worth_nothing(client, eva):
    key = add_key(eva)
    asked(client, "sign-in")
    assert (
        client.post(SIGN_IN_PATH, data={"credential": key.authenticate("A" * 43)}).status_code
        == 422
    )


def test_challenges_are_kept_as_hashes_and_forgotten(client, eva):
    challenge = asked(client, "sign-in")["challenge"]
    (row,) = db.session.query(Challenge).all()
    assert challenge not in str(vars(row))
    assert forget_old(SYSTEM) == 0
    with at(now() + timedelta(minutes=6)):
        assert forget_old(SYSTEM) == 1
    assert db.session.query(Challenge).count() == 0


def test_a_suspended_member_does_not_come_in_and_only_the_owner_is_told(client, eva):
    key = add_key(eva)
    members.suspend(SYSTEM, eva.id, now() + timedelta(days=1))
    answer = use(client, key, "sign-in", SIGN_IN_PATH)
    assert answer.status_code == 422 and "suspended" in answer.text
    stranger = use(client, SoftwarePasskey(), "sign-in", SIGN_IN_PATH)
    assert stranger.status_code == 422 and "suspended" not in stranger.text
    assert not is_signed_in(client)


# As the second factor


def test_a_passkey_as_the_second_half(client, eva):
    key = add_key(eva, is_verifying=False)
    answer = enter(client, next="/topics/7")
    assert answer.location == "/sign-in/second?next=/topics/7"
    assert not is_signed_in(client) and sessions_of(eva) == []
    assert "Use a passkey" in client.get(answer.location).text
    assert asked(client, "second")["allowCredentials"][0]["id"]
    answer = use(client, key, "second", "/sign-in/second", data={"next": "/topics/7"})
    assert (answer.status_code, answer.location) == (303, "/topics/7")
    assert "by password and passkey" in client.get("/settings/sessions").text


def test_a_passkey_of_another_member_is_not_the_second_half(client, people, eva):
    add_key(eva)
    other = add_key(people.ana)
    enter(client)
    answer = use(client, other, "second", "/sign-in/second")
    assert answer.status_code == 422 and not is_signed_in(client)


def test_a_passkey_of_another_member_does_not_show_who_one_is(client, people, eva):
    other = add_key(people.ana)
    enter(client)
    assert use(client, other, "prove", "/settings/prove").status_code == 422


def test_who_has_a_passkey_shows_it_and_not_the_password(client, eva):
    key = add_key(eva)
    enter_with_key(client, eva)
    page = client.get("/settings/prove").text
    assert "Use a passkey" in page and 'name="password"' not in page and 'name="code"' not in page
    with at(now() + timedelta(minutes=16)):
        assert client.post("/settings/prove", data={"password": PASSWORD}).status_code == 422
        assert client.get("/settings/passkeys/new").location.startswith("/settings/prove")
        assert use(client, key, "prove", "/settings/prove").status_code == 303
        assert client.get("/settings/passkeys/new").status_code == 200


# Renaming and removing


def test_a_passkey_is_renamed(client, eva):
    add_key(eva)
    enter_with_key(client, eva)
    (kept,) = [passkey for passkey in queries.passkeys_of(eva) if passkey.name == "Phone"]
    path = f"/settings/passkeys/{kept.id}/rename"
    assert 'value="Phone"' in client.get(path).text
    assert client.post(path, data={"name": ""}).status_code == 422
    assert client.post(path, data={"name": "x" * 81}).status_code == 422
    assert client.post(path, data={"name": "Office  <b>"}).status_code == 303
    assert "Office &lt;b&gt;" in client.get("/settings/factors").text


def enter_with_key(client, member):
    key = add_key(member, "Other")
    assert use(client, key, "sign-in", SIGN_IN_PATH).status_code == 303
    return key


def test_a_removed_passkey_opens_nothing_and_ends_the_other_sessions(client, app, eva, letters):
    lost = add_key(eva, "Lost")
    thief = app.test_client()
    assert use(thief, lost, "sign-in", SIGN_IN_PATH).status_code == 303
    enter_with_key(client, eva)
    number = next(passkey.id for passkey in queries.passkeys_of(eva) if passkey.name == "Lost")
    page = client.get(f"/settings/passkeys/{number}/remove")
    assert "Remove “Lost”?" in page.text and "your only second factor" not in page.text
    assert client.post(f"/settings/passkeys/{number}/remove").status_code == 303
    assert is_signed_in(client) and not is_signed_in(thief)
    assert use(thief, lost, "sign-in", SIGN_IN_PATH).status_code == 422
    assert "A passkey was removed from your account: Lost" in letters()[-1].text.replace("\n", " ")
    assert fresh(eva).factor_at is not None


def test_with_the_last_factor_go_the_recovery_codes(client, eva):
    enter(client)
    keep(client)
    (kept,) = queries.passkeys_of(eva)
    assert "your only second factor" in client.get(f"/settings/passkeys/{kept.id}/remove").text
    client.post(f"/settings/passkeys/{kept.id}/remove")
    assert not queries.has_recovery_codes(eva) and fresh(eva).factor_at is None
    client.post("/sign-out")
    assert enter(client).location == "/" and is_signed_in(client)


def test_nobody_touches_the_passkey_of_somebody_else(client, people, eva):
    add_key(people.ana)
    (kept,) = queries.passkeys_of(people.ana)
    enter(client)
    for deed in ("rename", "remove"):
        path = f"/settings/passkeys/{kept.id}/{deed}"
        assert client.get(path).status_code == 404
        assert client.post(path, data={"name": "Mine"}).status_code == 404
    assert [passkey.name for passkey in queries.passkeys_of(people.ana)] == ["Phone"]


def test_one_passkey_removed_in_two_tabs_is_removed_once(client, eva, letters):
    add_key(eva)
    enter_with_key(client, eva)
    number = queries.passkeys_of(eva)[0].id
    told = len(letters())
    answers = [client.post(f"/settings/passkeys/{number}/remove").status_code for _tab in "ab"]
    assert answers == [303, 404] and len(letters()) == told + 1


def test_passkeys_are_not_offered_where_browsers_have_none(client, app, eva, monkeypatch):
    for url, offered in (
        ("http://127.0.0.1:8000", False), ("http://forum.example", False),
        ("https://forum.example", True), ("https://[::1]", False), ("http://localhost:8000", True),
    ):  # fmt: skip
        settings = replace(app.extensions["settings"], url=url)
        monkeypatch.setitem(app.extensions, "settings", settings)
        assert ("Sign in with a passkey" in client.get("/sign-in").text) == offered, url


def test_a_passkey_shown_while_credentials_change_opens_nothing(client, eva, monkeypatch):
    key = add_key(eva)
    change_before_the_session(monkeypatch)
    answer = use(client, key, "sign-in", SIGN_IN_PATH)
    assert answer.status_code == 422 and not is_signed_in(client)
    assert "How you sign in was changed a moment ago. Sign in again." in answer.text


def test_password_alone_is_not_enough_beside_a_passkey(client, eva):
    add_key(eva)
    enter(client)
    for path in ("/settings", "/settings/factors", "/notices"):
        assert client.get(path).location.startswith("/sign-in?next=")
    assert client.post("/settings/password", data={"current_password": PASSWORD}).status_code == 403
