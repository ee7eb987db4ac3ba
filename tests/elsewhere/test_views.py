"""Signing in with an account of a provider: joining, linking, unlinking, and all attacks."""

from __future__ import annotations

import base64
import hmac
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Response

from forum import admission, oidc
from forum.candidates import actions
from forum.candidates.queries import waiting
from forum.clock import at, now
from forum.db import db
from forum.identities.actions import link
from forum.identities.queries import identities_of, member_of
from forum.invitations.actions import EntranceText, set_entrance
from forum.members import actions as members
from forum.members import queries
from forum.members.actions import Joining
from forum.members.models import Session
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from tests.conftest import link_in
from tests.elsewhere.conftest import KEY, STRANGE_KEY, as_json
from tests.factors.conftest import add_key, change_before_the_session

PASSWORD = "four unrelated plain words"
EVA = {"email": "eva@city.example", "email_verified": True, "name": "Eva Holm"}


@pytest.fixture
def eva(people):
    joining = Joining("Eva Holm", "eva@city.example", hash_password(PASSWORD))
    return members.join(VISITOR, joining)


def go(browser, **query):
    answer = browser.get("/sign-in/elsewhere", query_string=query)
    assert answer.status_code == 303, answer.text
    return answer.location


def is_signed_in(browser):
    return browser.get("/settings").status_code == 200


# At a real provider


def test_without_a_provider_there_is_no_button_and_no_door(client, sign_in, people):
    assert "/sign-in/elsewhere" not in client.get("/sign-in").text
    assert client.get("/sign-in/elsewhere").status_code == 404
    assert "Accounts elsewhere" not in sign_in(people.ana).get("/settings").text


def test_the_button_goes_there_with_state_nonce_and_pkce(client, real):
    assert "Sign in with City ID" in client.get("/sign-in").text
    door = go(client)
    assert door.startswith(real.issuer + "/")
    for name in ("state=", "nonce=", "code_challenge=", "code_challenge_method=S256"):
        assert name in door
    assert "redirect_uri=http%3A%2F%2Flocalhost%2Fsign-in%2Felsewhere%2Fback" in door


def test_a_linked_account_signs_in(client, real, eva):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    answer = client.get(real.says_yes(go(client, next="/cases"), "eva"))
    assert (answer.status_code, answer.location) == (303, "/cases")
    assert is_signed_in(client)
    assert "by another service" in client.get("/settings/sessions").text


def test_somebody_new_joins_without_a_letter(client, real, letters):
    real.knows("eva", **EVA)
    answer = client.get(real.says_yes(go(client), "eva"))
    assert answer.location == "/join"
    page = client.get("/join").text
    assert 'value="Eva Holm"' in page and 'value="eva@city.example"' in page
    assert "You have signed in at City ID as" in page and "This is not me" in page
    form = {
        "name": "Eva Holm",
        "email": "eva@city.example",
        "password": "",
        "language": "en",
        "organisation": "",
    }
    assert client.post("/join", data=form).location == "/"
    assert is_signed_in(client)
    assert "by another service" in client.get("/settings/sessions").text
    (told,) = letters()  # and no e-mail that asks for confirmation
    assert told.to == "eva@city.example" and "linked with your account" in told.text
    assert member_of(real.issuer, "eva").handle == "eva-holm"
    other = client.application.test_client()
    assert other.get(real.says_yes(go(other), "eva")).status_code == 303
    assert is_signed_in(other)


@pytest.mark.parametrize(
    "change", [{"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}]
)
def test_an_address_that_is_not_verified_needs_a_letter(client, real, letters, change):
    real.knows("eva2", **{**EVA, **change})
    client.get(real.says_yes(go(client), "eva2"))
    form = {
        "name": "Eva Holm",
        "email": "eva@city.example",
        "password": "",
        "language": "en",
        "organisation": "",
    }
    # The account with this address may be somebody else's
    refused = client.post("/join", data=form)
    assert refused.status_code == 422 and 'id="password-error"' in refused.text
    form["link"] = "y"
    assert client.post("/join", data=form).location == "/join/sent"
    path = link_in(letters()[0])
    phone = client.application.test_client()
    assert "open this e-mail in the browser" in phone.get(path).text
    assert phone.post(path, data={"password": ""}).status_code == 422
    assert client.post(path).status_code == 303
    assert member_of(real.issuer, "eva2").email == "eva@city.example"


def test_what_somebody_is_called_there_is_text_on_the_page(client, real):
    real.knows("eva3", name="<img src=x>Eva")
    page = client.get(client.get(real.says_yes(go(client), "eva3")).location).text
    assert "Sign in here with &lt;img src=x&gt;Eva, too" in page and "<img src=x>" not in page


def test_another_address_than_the_verified_one_needs_a_letter(client, real, letters):
    real.knows("eva", **EVA)
    client.get(real.says_yes(go(client), "eva"))
    form = {
        "name": "Eva Holm",
        "email": "other@city.example",
        "password": "",
        "language": "en",
        "organisation": "",
        "link": "y",
    }
    assert client.post("/join", data=form).location == "/join/sent"
    assert queries.member_by_email("other@city.example") is None


def test_who_joins_after_somebody_else_is_not_linked_with_their_account(client, real, letters):
    """On a shared computer, the first person has left the form for joining without sending it."""
    real.knows("mallory", email="mallory@evil.example", email_verified=True, name="Mallory")
    client.get(real.says_yes(go(client), "mallory"))
    page = client.get("/join").text
    assert '<b dir="auto">mallory@evil.example</b>' in page
    assert "Sign in here with mallory@evil.example, too" in page and "checked" not in page
    form = {
        "name": "Vera Lund",
        "email": "vera@city.example",
        "password": PASSWORD,
        "language": "en",
        "organisation": "",
    }
    assert client.post("/join", data=form).location == "/join/sent"
    assert client.post(link_in(letters()[0])).status_code == 303
    assert queries.member_by_email("vera@city.example") is not None
    assert member_of(real.issuer, "mallory") is None


def test_an_account_that_is_somebody_elses_is_forgotten_by_a_press(client, real):
    real.knows("mallory", email="mallory@evil.example", email_verified=True, name="Mallory")
    client.get(real.says_yes(go(client), "mallory"))
    answer = client.post("/sign-in/elsewhere/forget", data={"next": "/join"})
    assert answer.status_code == 303 and answer.location == "/join"
    page = client.get("/join").text
    assert "mallory" not in page.lower() and "City ID as" not in page


def test_nobody_is_linked_by_the_address(client, real, eva):
    real.knows("stranger", **EVA)
    answer = client.get(real.says_yes(go(client), "stranger"))
    assert (
        answer.status_code == 409
        and "Sign in first, then link City ID in your settings." in answer.text
    )
    assert member_of(real.issuer, "stranger") is None and not is_signed_in(client)


def test_an_unverified_address_tells_nothing_about_accounts(client, real, eva):
    real.knows("stranger", **{**EVA, "email_verified": False})
    assert client.get(real.says_yes(go(client), "stranger")).location == "/join"


def test_joining_by_approval_waits_with_the_account(client, real, people):
    set_entrance(people.administrator, EntranceText("approval"))
    real.knows("eva", **EVA)
    client.get(real.says_yes(go(client), "eva"))
    form = {
        "name": "Eva Holm",
        "email": "eva@city.example",
        "password": "",
        "language": "en",
        "organisation": "",
    }
    assert client.post("/join", data=form).location == "/join/waiting"
    other = client.application.test_client()
    assert other.get(real.says_yes(go(other), "eva")).location == "/join/waiting"

    actions.approve(people.moderator, waiting(people.moderator)[0].candidate.id)
    assert other.get(real.says_yes(go(other), "eva")).location == "/"
    assert is_signed_in(other)


def test_whoever_is_suspended_is_told_so(client, real, eva, people):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    members.suspend(people.moderator, eva.id, now() + timedelta(days=3))
    answer = client.get(real.says_yes(go(client), "eva"))
    assert (
        answer.status_code == 403 and "A moderator has suspended this account until" in answer.text
    )
    assert not is_signed_in(client)


def test_who_comes_back_while_credentials_change_is_told_so(client, real, eva, monkeypatch):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    change_before_the_session(monkeypatch)
    answer = client.get(real.says_yes(go(client), "eva"))
    assert answer.status_code == 409 and not is_signed_in(client)
    assert "How you sign in was changed a moment ago. Sign in again." in answer.text


def test_saying_no_there_is_no_mistake(client, real):
    door = go(client)
    answer = client.get(re.sub("^.*\\?", "/sign-in/elsewhere/back?", real.says_no(door)))
    assert answer.status_code == 400 and "did not confirm who you are" in answer.text


# Linking and unlinking


def test_a_member_links_an_account_by_a_press_and_unlinks_it(sign_in, real, eva, letters):
    browser = sign_in(eva)
    real.knows("eva", **EVA)
    assert "Accounts elsewhere" in browser.get("/settings").text
    assert browser.get(real.says_yes(go(browser), "eva")).location == "/settings/elsewhere"
    assert "Is this you?" in browser.get("/settings/elsewhere").text
    # Returning from the provider links nothing without a confirmation
    assert list(identities_of(eva)) == []
    assert browser.post("/settings/elsewhere/link").status_code == 303
    (identity,) = identities_of(eva)
    assert (identity.subject, identity.label) == ("eva", "eva@city.example")
    assert "how you sign in" in letters()[-1].subject.lower() and "linked" in letters()[-1].text
    assert browser.post(f"/settings/elsewhere/{identity.id}/unlink").status_code == 303
    assert list(identities_of(eva)) == [] and len(letters()) == 2


def test_linking_wants_to_know_who_sits_there(sign_in, real, eva):
    browser = sign_in(eva)
    real.knows("eva", **EVA)
    browser.get(real.says_yes(go(browser), "eva"))
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    assert browser.get("/settings/elsewhere").location.startswith("/settings/prove")
    assert browser.post("/settings/elsewhere/link").location.startswith("/settings/prove")
    assert list(identities_of(eva)) == []


def test_the_question_who_sits_there_leads_back_to_a_page(sign_in, real, eva):
    """To the list of linked accounts, and not to a route that accepts POST only."""
    identity, browser = link(eva, real.issuer, "eva"), sign_in(eva)
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    for door in ("link", f"{identity.id}/unlink"):
        asked = browser.post(f"/settings/elsewhere/{door}").location
        assert asked == "/settings/prove?next=/settings/elsewhere"


def test_a_closed_account_is_shown_to_be_ones_own_by_the_provider(sign_in, real, app):
    """Members without a password prove in this way who they are, to download everything about them."""
    eva = members.join(VISITOR, Joining("Eva Holm", "eva@city.example", ""))
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    members.leave(eva, eva.id, "nameless")
    browser = sign_in(eva)
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    assert browser.get("/settings/data").location.startswith("/settings/prove")
    copied = browser.application.test_client()
    copied.set_cookie("session", browser.get_cookie("session").value)
    came = browser.get(real.says_yes(go(browser, next="/settings/data"), "eva"))
    assert came.status_code == 303 and came.location == "/settings/data"
    assert copied.get("/settings/leave").location.startswith("/sign-in"), "its session has ended"
    assert browser.get("/settings/data").status_code == 200


def test_unlinking_ends_the_sessions_elsewhere(sign_in, real, eva):
    """Perhaps somebody else had linked the account."""
    identity, thief, owner = link(eva, real.issuer, "thief"), sign_in(eva), sign_in(eva)
    assert owner.post(f"/settings/elsewhere/{identity.id}/unlink").status_code == 303
    assert is_signed_in(owner) and not is_signed_in(thief)


def test_a_passkey_is_a_way_to_sign_in(sign_in, real, app):
    eva = members.join(VISITOR, Joining("Eva Holm", "eva@city.example", ""))
    identity = link(eva, real.issuer, "eva")
    add_key(eva)
    assert sign_in(eva).post(f"/settings/elsewhere/{identity.id}/unlink").status_code == 303
    assert list(identities_of(eva)) == []


def test_a_linked_account_shows_who_sits_there(sign_in, real, eva):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    browser = sign_in(eva)
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    page = browser.get("/settings/address").location
    assert "Show it with City ID instead" in browser.get(page).text
    door = go(browser, next="/settings/address")
    assert "prompt=login" in door and "max_age=0" in door


def test_a_linked_account_does_not_stand_for_the_second_factor(sign_in, real, eva):
    """As when signing in, the provider counts as the first factor."""
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    add_key(eva)
    browser = sign_in(eva)
    way = go(browser, next="/settings/address")
    assert browser.get(real.says_yes(way, "eva")).location == "/settings/address"
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    assert "instead" not in browser.get("/settings/prove").text
    came = browser.get(real.says_yes(go(browser, next="/settings/address"), "eva"))
    assert came.location == "/settings/prove?next=/settings/address"
    assert browser.get("/settings/address").location.startswith("/settings/prove")


def test_what_is_linked_with_another_is_not_linked_again(sign_in, real, eva, people):
    link(people.ana, real.issuer, "eva")
    real.knows("eva", **EVA)
    browser = sign_in(eva)
    answer = browser.get(real.says_yes(go(browser), "eva"))
    assert answer.status_code == 409 and "linked with a member already" in answer.text


def test_the_last_way_to_sign_in_stays(sign_in, real, app):
    eva = members.join(VISITOR, Joining("Eva Holm", "eva@city.example", ""))
    identity = link(eva, real.issuer, "eva")
    answer = sign_in(eva).post(f"/settings/elsewhere/{identity.id}/unlink")
    assert answer.status_code == 422 and "This is your only way to sign in." in answer.text
    assert len(identities_of(eva)) == 1


def test_without_a_password_nobody_signs_in_with_an_empty_one(client, real, app):
    members.join(VISITOR, Joining("Eva Holm", "eva@city.example", ""))
    for password in ("", " ", "x"):
        answer = client.post("/sign-in", data={"email": "eva@city.example", "password": password})
        assert answer.status_code == 422


def test_nothing_is_linked_that_did_not_come_back(sign_in, real, eva):
    answer = sign_in(eva).post("/settings/elsewhere/link")
    assert answer.status_code == 409 and "Begin once more" in answer.text


def test_nobody_unlinks_for_another(sign_in, real, eva, people):
    identity = link(eva, real.issuer, "eva")
    assert sign_in(people.ana).post(f"/settings/elsewhere/{identity.id}/unlink").status_code == 404
    assert len(identities_of(eva)) == 1


# What must not work, at a provider that can be told to lie


def test_the_provider_made_by_hand_is_right_when_nothing_is_changed(client, made, eva):
    link(eva, made.issuer, "eva")
    assert client.get(made.comes_back(go(client))).location == "/"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": None},
        {"aud": ["the-forum", "another-client"]},  # several audiences need an `azp`
        {"azp": "another-client"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": timedelta(minutes=-10)},
        {"exp": None},
        {"exp": "soon"},
        {"iat": timedelta(minutes=10)},
        {"nbf": timedelta(minutes=10)},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"at_hash": "bm90IHRoaXMgb25l"},
        {"at_hash": 7},
        {"aud": 7},
        {"aud": {}},
        {"exp": float("inf")},
        {"nonce": []},
        {"auth_time": "now"},
    ],
    ids=str,
)
def test_a_token_that_is_not_right_signs_nobody_in(client, made, eva, claims):
    link(eva, made.issuer, "eva")
    made.claims = {
        name: int(time.time() + value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in claims.items()
    }
    answer = client.get(made.comes_back(go(client)))
    assert answer.status_code == 400 and "did not confirm who you are" in answer.text
    assert not is_signed_in(client)


def test_a_signature_of_somebody_else_is_refused(client, made, eva):
    link(eva, made.issuer, "eva")
    made.key = STRANGE_KEY
    assert client.get(made.comes_back(go(client))).status_code == 400
    assert not is_signed_in(client)


def b64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_token_signed_with_what_everybody_knows_is_refused(client, made, eva):
    """With the public key as an HMAC secret, and without any signature (RFC 8725, 2.1)."""
    link(eva, made.issuer, "eva")
    way = made.comes_back(go(client))
    head, body, _signature = made.token().split(".")
    head = b64(b'{"alg":"HS256","kid":"one"}')
    signature = hmac.digest(KEY.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    made.token = lambda: f"{head}.{body}.{b64(signature)}"
    assert client.get(way).status_code == 400
    for forged in (f"eyJhbGciOiJub25lIn0.{body}.", f"{body}", "", "a.b.c", "…"):
        made.token = lambda forged=forged: forged
        assert client.get(made.comes_back(go(client))).status_code in (400, 502)
    assert not is_signed_in(client)


def test_another_state_is_refused(client, app, made, eva):
    link(eva, made.issuer, "eva")
    way = made.comes_back(go(client))
    stranger = app.test_client()
    assert stranger.get(way).status_code == 400  # this browser has begun nothing
    go(stranger)
    assert stranger.get(way).status_code == 400  # this browser has begun another sign-in
    assert client.get(re.sub("state=.*", "state=", way)).status_code == 400
    assert not is_signed_in(stranger)


def test_a_return_is_good_once(client, made, eva):
    link(eva, made.issuer, "eva")
    way = made.comes_back(go(client))
    assert client.get(way).status_code == 303
    client.post("/sign-out")
    assert client.get(way).status_code == 400
    assert not is_signed_in(client)


def test_a_cookie_from_before_brings_nothing_back(client, made, eva):
    """The provider accepts a code once, so a kept cookie is worth nothing."""
    link(eva, made.issuer, "eva")
    way = made.comes_back(go(client))
    cookie = client.get_cookie("session").value
    assert client.get(way).status_code == 303
    thief = client.application.test_client()
    thief.set_cookie("session", cookie)
    assert thief.get(way).status_code == 400 and not is_signed_in(thief)


def test_a_return_after_a_long_time_is_refused(client, made, eva):
    link(eva, made.issuer, "eva")
    way = made.comes_back(go(client))
    with at(now() + timedelta(minutes=16)):
        assert client.get(way).status_code == 400


def test_an_answer_of_another_issuer_is_refused(client, made, eva):
    """The mix-up attack (RFC 9207)."""
    link(eva, made.issuer, "eva")
    assert client.get(made.comes_back(go(client)) + "&iss=https://other.example").status_code == 400
    assert client.get(made.comes_back(go(client)) + f"&iss={made.issuer}").status_code == 303


def test_the_verifier_of_another_way_is_worth_nothing(client, made, eva):
    link(eva, made.issuer, "eva")
    way = made.comes_back(go(client))
    made.challenge = "of another way"
    assert client.get(way).status_code == 400


def test_what_the_token_leaves_out_is_asked_for(client, made):
    made.claims = {"email": None, "email_verified": None, "name": None}
    told = {"sub": "eva", **EVA}
    made.answers["/userinfo"] = lambda: as_json(told)
    client.get(made.comes_back(go(client)))
    assert 'value="eva@city.example"' in client.get("/join").text
    told["sub"] = "somebody else"
    assert client.get(made.comes_back(go(client))).status_code == 400


def test_to_show_who_sits_there_the_sign_in_must_be_new(sign_in, made, eva):
    link(eva, made.issuer, "eva")
    browser = sign_in(eva)
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    for old in (int(time.time()) - 3_600, None):
        made.claims = {"auth_time": old}
        answer = browser.get(made.comes_back(go(browser)))
        assert answer.status_code == 403 and "Sign in there again" in answer.text
    made.claims = {}
    answer = browser.get(made.comes_back(go(browser, next="/settings/address")))
    assert answer.location == "/settings/address"
    assert browser.get("/settings/address").status_code == 200


# A provider that does not do its part


def big() -> Response:
    return Response(b"{" + b" " * 400_000 + b"}", mimetype="application/json")


def slow() -> Response:
    def drops():
        for _part in range(100):
            yield b" "
            time.sleep(0.2)

    return Response(drops(), mimetype="application/json")


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response("", 500),
        lambda: Response("", 404),
        lambda: Response("not json", 200),
        lambda: Response("[]", 200),
        lambda: Response("[" * 100_000, 200),
        lambda: Response("", 302, {"Location": "http://localhost:1/"}),
        big,
        slow,
    ],
    ids=["500", "404", "words", "list", "deep", "elsewhere", "big", "slow"],
)
def test_a_provider_out_of_order_is_a_sentence(client, made, eva, monkeypatch, answer):
    link(eva, made.issuer, "eva")
    begun = time.monotonic()
    for path in ("/.well-known/openid-configuration", "/token", "/jwks"):
        made.answers = {}
        way = made.comes_back(go(client))
        made.answers = {path: answer}
        oidc._cache.clear()  # as if the cached responses had expired
        with monkeypatch.context() as patch:
            patch.setattr(oidc, "TIMEOUT_SECONDS", 0.8)
            said = client.get("/sign-in/elsewhere" if path.startswith("/.") else way)
        assert said.status_code == 502, path
        assert "City ID" in said.text and "Sign in here" in said.text
    assert time.monotonic() - begun < 40, "a slow one takes 20 seconds each time"
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "known",
    [
        {"issuer": "https://other.example"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": 7},
        {"authorization_endpoint": "http://["},
        {"authorization_endpoint": "http://a.example/\r\nX: y"},
    ],
    ids=str,
)
def test_a_provider_that_calls_itself_otherwise_is_not_gone_to(client, made, known):
    made.known = known
    assert client.get("/sign-in/elsewhere").status_code == 502


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"keys": "one"},
        {"keys": [7]},
        {"keys": [{}]},
        {"keys": [{"kty": "RSA", "kid": "one"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "one"}]},
        {"keys": [{"kty": "oct", "k": "AA", "kid": "one"}]},
    ],
    ids=str,
)
def test_odd_keys_prove_nothing(client, made, eva, keys):
    link(eva, made.issuer, "eva")
    made.answers["/jwks"] = lambda: as_json(keys)
    assert client.get(made.comes_back(go(client))).status_code == 400
    assert not is_signed_in(client)


def test_an_endless_time_of_signing_in_is_no_mistake(sign_in, made, eva):
    link(eva, made.issuer, "eva")
    made.claims = {"auth_time": float("inf")}
    browser = sign_in(eva)
    assert browser.get(made.comes_back(go(browser))).status_code == 403


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
def test_no_other_host_is_asked(client, made, eva, name):
    link(eva, made.issuer, "eva")
    way = made.comes_back(go(client))
    oidc._cache.clear()
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.2)
        made.known = {name: f"http://127.0.0.1:{other.getsockname()[1]}/"}
        assert client.get(way).status_code == 502
        with pytest.raises(TimeoutError):
            other.accept()


def test_what_the_provider_says_of_itself_is_asked_once_for_a_while(client, made, eva, monkeypatch):
    link(eva, made.issuer, "eva")
    for _turn in range(2):
        assert client.get(made.comes_back(go(client))).status_code == 303
        client.post("/sign-out")
    assert made.asked == ["/.well-known/openid-configuration", "/token", "/jwks", "/token"]
    monkeypatch.setattr(oidc, "CACHE_SECONDS", 0.0)
    oidc._cache.clear()
    go(client), go(client)
    assert made.asked[4:] == ["/.well-known/openid-configuration"] * 2


def test_a_provider_that_signs_with_a_new_key_is_asked_for_it(client, made, eva):
    link(eva, made.issuer, "eva")
    client.get(made.comes_back(go(client)))
    client.post("/sign-out")
    made.key = RSAKey.generate_key(2048, {"kid": "two"})
    made.header = {"alg": "RS256", "kid": "two"}
    made.answers["/jwks"] = lambda: as_json({"keys": [made.key.as_dict(private=False)]})
    assert client.get(made.comes_back(go(client))).status_code == 303
    assert is_signed_in(client)


def test_a_provider_that_hangs_holds_up_few(made, monkeypatch):
    """Fewer requests may wait for a provider than a process handles at once, so that readers are served."""
    assert oidc.MAX_CONCURRENT < admission.AT_ONCE
    monkeypatch.setattr(oidc, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(oidc, "TIMEOUT_SECONDS", 60.0)
    goes_on = threading.Event()
    made.answers["/.well-known/openid-configuration"] = lambda: goes_on.wait(60) and as_json({})
    provider = oidc.Provider(made.issuer, "the-forum")
    with ThreadPoolExecutor(oidc.MAX_CONCURRENT) as people:
        asking = [people.submit(oidc.begin, provider, "/") for _n in range(oidc.MAX_CONCURRENT)]
        until = time.monotonic() + 60
        while len(made.asked) < oidc.MAX_CONCURRENT and time.monotonic() < until:
            time.sleep(0.01)
        with pytest.raises(oidc.ProviderUnavailable, match="others wait"):
            oidc.begin(provider, "/")
        assert not any(answer.done() for answer in asking), "nobody was waited for"
        goes_on.set()
        for answer in asking:
            with pytest.raises(oidc.ProviderUnavailable, match="otherwise"):
                answer.result()
    made.answers = {}
    assert oidc.begin(provider, "/")[0].startswith(made.issuer)


def test_a_forum_that_the_provider_does_not_know_is_a_sentence(client, made, eva, caplog):
    made.answers["/token"] = lambda: as_json({"error": "invalid_client"}, 401)
    assert client.get(made.comes_back(go(client))).status_code == 502
    assert "401, invalid_client" in caplog.text


def test_a_provider_that_is_down_is_a_sentence(client, app, made, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = replace(app.extensions["settings"], oidc_issuer=f"http://localhost:{port}")
    monkeypatch.setitem(app.extensions, "settings", settings)
    answer = client.get("/sign-in/elsewhere")
    assert answer.status_code == 502 and "Try again in a few minutes." in answer.text


def test_without_https_only_this_machine_is_asked(client, app, made, monkeypatch):
    settings = replace(app.extensions["settings"], oidc_issuer="http://id.example")
    monkeypatch.setitem(app.extensions, "settings", settings)
    assert client.get("/sign-in/elsewhere").status_code == 502


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "?code=one",
        "?state=x",
        "?code=&state=",
        "?error=access_denied&state=x",
        "?code=" + "x" * 5_000,
    ],
)
def test_odd_returns_give_a_page(client, made, odd):
    assert client.get(f"/sign-in/elsewhere/back{odd}").status_code == 400
    go(client)
    assert client.get(f"/sign-in/elsewhere/back{odd}").status_code == 400


def test_who_has_left_does_not_come_in_by_it(client, made, eva):
    link(eva, made.issuer, "eva")
    db.session.execute(
        type(eva).__table__.update().where(type(eva).id == eva.id).values(left_at=now())
    )
    assert client.get(made.comes_back(go(client))).location == "/join"
    assert queries.is_email_taken("eva@city.example") and SYSTEM.is_member
