"""Identity providers: a real one from PyPI, and a fake one that can be told to lie."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses parts of Authlib that will be removed
    import oidc_provider_mock


from forum import oidc
from forum.members import actions as members
from forum.members.actions import Joining
from forum.passwords import hash_password
from forum.permissions import VISITOR

CLIENT = "the-forum"


def use_provider(app: Flask, patch: pytest.MonkeyPatch, issuer: str) -> None:
    """Let people sign in with a provider during a test."""
    words = {"oidc_client_id": CLIENT, "oidc_client_secret": "s&cret%+", "oidc_name": "City ID"}
    settings = replace(app.extensions["settings"], oidc_issuer=issuer, **words)
    patch.setitem(app.extensions, "settings", settings)


@dataclass
class Real:
    """The provider from PyPI."""

    issuer: str

    def knows(self, sub: str, **claims: Any) -> None:
        """Add a person to the provider."""
        body = json.dumps(claims).encode()
        where = f"{self.issuer}/users/{urllib.parse.quote(sub)}"
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(where, body, headers, method="PUT"))

    def says_yes(self, door: str, sub: str) -> str:
        """Sign in at the provider as somebody; returns the path of the redirect back."""
        return self._press(door, {"sub": sub})

    def says_no(self, door: str) -> str:
        """Press “deny” at the provider; returns the path of the redirect back."""
        return self._press(door, {"action": "deny"})

    def _press(self, door: str, form: dict[str, str]) -> str:
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_args: Any) -> None:
                return None

        opener = urllib.request.build_opener(Stay)
        try:
            opener.open(door, urllib.parse.urlencode(form).encode())
        except urllib.error.HTTPError as answer:
            return answer.headers["Location"].removeprefix("http://localhost")
        raise AssertionError("the provider did not send back")


@pytest.fixture(scope="session")
def real_provider() -> Iterator[Real]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield Real(f"http://localhost:{server.server_port}")


@pytest.fixture
def real(app: Flask, real_provider: Real, monkeypatch: pytest.MonkeyPatch) -> Iterator[Real]:
    """The provider from PyPI, which the forum uses."""
    use_provider(app, monkeypatch, real_provider.issuer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # see above
        yield real_provider


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a provider take its time, so that none counts as silent because the machine is busy."""
    assert (oidc.TIMEOUT_SECONDS, oidc.WAIT_SECONDS) == (5.0, 1.0)
    for name in ("TIMEOUT_SECONDS", "WAIT_SECONDS"):
        monkeypatch.setattr(oidc, name, 60.0)


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what is cached about providers before each test."""
    monkeypatch.setattr("forum.oidc._cache", {})


KEY = RSAKey.generate_key(2048, {"kid": "one"})
STRANGE_KEY = RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class HandMade:
    """A provider of which every response can be changed. It gives one code, and checks PKCE as it should."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    key: Any = field(default_factory=lambda: KEY)
    known: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Callable[[], Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    challenge: str = ""
    nonce: str = ""

    def comes_back(self, door: str) -> str:
        """The path of the redirect back, after somebody has agreed at the provider."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(door).query))
        assert query["code_challenge_method"] == "S256"
        self.challenge, self.nonce = query["code_challenge"], query["nonce"]
        return f"/sign-in/elsewhere/back?code=one&state={query['state']}"

    def token(self) -> str:
        """The signed token, valid except for what a test has changed."""
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT, "sub": "eva", "nonce": self.nonce}
        right |= {"iat": now, "exp": now + 300, "auth_time": now}
        right |= {"email": "eva@city.example", "email_verified": True, "name": "Eva Holm"}
        claims = {k: v for k, v in {**right, **self.claims}.items() if v is not None}
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])

    def __call__(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        self.asked.append(request.path)
        answer = self.answers.get(request.path, lambda: self.answer(request))
        return answer()(environ, start)

    def answer(self, request: Request) -> Response:
        if request.path == "/.well-known/openid-configuration":
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
            known = {name: f"{self.issuer}/{name.split('_')[0]}" for name in names}
            return as_json({"issuer": self.issuer, **known, **self.known})
        if request.path == "/jwks":
            return as_json({"keys": [KEY.as_dict(private=False)]})
        if request.path == "/token":
            return self.exchange(request)
        return Response("", 404)

    def exchange(self, request: Request) -> Response:
        form, auth = request.form, request.authorization
        is_right = create_s256_code_challenge(form["code_verifier"]) == self.challenge
        names = (urllib.parse.unquote_plus(auth.username), urllib.parse.unquote_plus(auth.password))
        if not is_right or form["code"] != "one" or names != (CLIENT, "s&cret%+"):
            return as_json({"error": "invalid_grant"}, 400)
        self.challenge = "spent"
        return as_json({"id_token": self.token(), "access_token": "a", "token_type": "Bearer"})


def as_json(what: Any, status: int = 200) -> Response:
    return Response(json.dumps(what), status, mimetype="application/json")


@pytest.fixture
def made(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[HandMade]:
    """A fake provider that the forum uses."""
    provider = HandMade()
    server = make_server("localhost", 0, provider, threaded=True)
    provider.issuer = f"http://localhost:{server.server_port}"
    often = {"poll_interval": 0.01}  # how often it checks whether it should stop
    thread = threading.Thread(target=server.serve_forever, kwargs=often, daemon=True)
    thread.start()
    use_provider(app, monkeypatch, provider.issuer)
    yield provider
    server.shutdown()
    server.server_close()
    thread.join(30)


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
