"""Providers that lie, or do not do their part."""

from __future__ import annotations

import base64
import hmac
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Response

from forum import admission, oidc
from forum.accounts.views import PROVIDER_ACCOUNT_KEY
from forum.clock import at, now
from forum.db import db
from forum.identities.actions import link
from forum.members import queries
from forum.members.models import Session
from forum.permissions import SYSTEM
from tests.elsewhere.conftest import EVA, KEY, STRANGE_KEY, as_json, go, is_signed_in


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
        {"sub": "ev\x00a"},
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


@pytest.mark.parametrize("said", [{"email_verified": False}, {}], ids=["not verified", "nothing"])
def test_what_the_token_says_is_verified_is_no_address_from_elsewhere(client, made, said):
    made.claims = {"email": None, "email_verified": True}
    made.answers["/userinfo"] = lambda: as_json({"sub": "eva", "email": "dan@city.example", **said})
    client.get(made.comes_back(go(client)))
    with client.session_transaction() as kept:
        told = kept[PROVIDER_ACCOUNT_KEY]
    assert (told["email"], told["name"]) == ("dan@city.example", "Eva Holm")
    assert not told["is_verified"]


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
    ("first", "each"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 ", b"O"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    ],
    ids=["header", "first line", "continue", "name of a chunk"],
)
def test_a_provider_that_answers_drop_by_drop_is_not_waited_for(monkeypatch, first, each):
    monkeypatch.setattr(oidc, "TIMEOUT_SECONDS", 0.5)
    is_over = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _address = server.accept()
        with connection, suppress(OSError):
            connection.recv(9_999)
            connection.sendall(first)
            for _drop in range(80):
                if is_over.wait(0.1):
                    return
                connection.sendall(each)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        provider = oidc.Provider(f"http://127.0.0.1:{server.getsockname()[1]}", "the-forum")
        begun = time.monotonic()
        with pytest.raises(oidc.ProviderUnavailable):
            oidc.begin(provider, "/")
        took = time.monotonic() - begun
        is_over.set()
        thread.join(30)
    assert took < 6, "all of its drops take eight seconds"


@pytest.mark.parametrize(
    "known",
    [
        {"issuer": "https://other.example"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": 7},
        {"authorization_endpoint": "http://["},
        {"authorization_endpoint": "http://localhost:99999/"},
        {"authorization_endpoint": "http://localhost:port/"},
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


def test_a_private_part_of_a_key_is_not_looked_at(client, made, eva):
    """Whose primes would be searched for, for seconds."""
    link(eva, made.issuer, "eva")
    key = KEY.as_dict(private=False) | {"d": "AQAB" * 30_000}
    made.answers["/jwks"] = lambda: as_json({"keys": [7, {"kty": "oct", "k": "AA"}, key]})
    assert client.get(made.comes_back(go(client))).status_code == 303
    assert is_signed_in(client)


@pytest.mark.parametrize("methods", [7, True, "client_secret_basic", {}, None], ids=str)
def test_odd_ways_of_showing_who_asks_count_as_none_named(client, made, eva, methods):
    link(eva, made.issuer, "eva")
    made.known = {"token_endpoint_auth_methods_supported": methods}
    assert client.get(made.comes_back(go(client))).status_code == 303
    assert is_signed_in(client)


@pytest.mark.parametrize("access", ["a\r\nX: y", "a\x00", "\ud800", "é", "a b", ["a"]], ids=ascii)
def test_an_access_token_that_no_header_can_have_opens_nothing(client, made, access):
    made.claims = {"email": None}
    made.answers["/token"] = lambda: as_json({"id_token": made.token(), "access_token": access})
    assert client.get(made.comes_back(go(client))).location == "/join"
    assert "/userinfo" not in made.asked


@pytest.mark.parametrize(
    "email", ["ev\x00a@city.example", "\ud800eva@city.example", "eva@city.example\u202e", "eva@city.example" + " x" * 100]
)  # fmt: skip
def test_an_address_is_taken_as_it_is_or_not_at_all(client, made, eva, email):
    made.claims = {"email": None, "name": None, "email_verified": None}
    told = {"sub": "eva", "email": email, "email_verified": True, "name": "Eva\x00 \nHolm"}
    made.answers["/userinfo"] = lambda: as_json(told)
    assert client.get(made.comes_back(go(client))).location == "/join", "it is nobody's address"
    page = client.get("/join").text
    assert 'value="Eva Holm"' in page and "city.example" not in page


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
