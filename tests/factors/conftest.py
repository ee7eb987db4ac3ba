"""Fixtures: somebody with a password, an app for codes and a passkey, and what browsers send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from webauthn.helpers import bytes_to_base64url

from forum import otp
from forum.clock import at, now
from forum.factors import actions, queries
from forum.factors.views import unconfirmed_secret
from forum.members import actions as members
from forum.members import queries as member_queries
from forum.members.actions import Joining
from forum.members.models import Credentials, Member
from forum.members.queries import member_by_id
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from tests.keys import SITE, SoftwarePasskey

PASSWORD = "four unrelated plain words"
EMAIL = "eva@city.example"


@pytest.fixture
def eva(app: Any) -> Member:
    return members.join(VISITOR, Joining("Eva Holm", EMAIL, hash_password(PASSWORD)))


def enter(client: FlaskClient, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", data={"email": EMAIL, "password": password, **more})


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/settings").status_code == 200


def change_before_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset the password just before a session starts, as another person might."""
    real = member_queries.lock_credentials

    def lock(member: Member, verified: Credentials) -> None:
        members.set_password(SYSTEM, member.handle, "another hash")
        real(member, verified)

    monkeypatch.setattr(member_queries, "lock_credentials", lock)


def add_key(member: Member, name: str = "Phone", **how: Any) -> SoftwarePasskey:
    """Add a passkey to a member, by the real actions."""
    key, browser = SoftwarePasskey(**how), "a browser"
    own = queries.passkeys_of(member)
    key.handle = own[0].user_handle if own else key.handle
    challenge = bytes_to_base64url(
        actions.ask_for_passkey(member, queries.FOR_REGISTRATION, browser)
    )
    answer = actions.spend_challenge(
        member, queries.FOR_REGISTRATION, key.register(challenge), browser, SITE
    )
    actions.add_passkey(member, answer, name, key.handle, [])
    return key


def switch_codes_on(member: Member) -> tuple[str, list[str]]:
    """Set up an app for codes, by the real actions; returns its secret and the recovery codes."""
    actions.begin_codes(member)

    secret = unconfirmed_secret(queries.authenticator_of(member))
    codes = otp.recovery_codes()
    hashes = [hash_password(otp.normalised(code)) for code in codes]
    # One moment for both, because a new time step may begin between making the code and checking it
    with at(now()):
        actions.confirm_codes(member, code_of(secret, -1), hashes)
    return secret, codes


def code_of(secret: str, steps: int = 0) -> str:
    """The code that an app shows now, or some time steps later or earlier."""
    return pyotp.TOTP(secret).at(now(), counter_offset=steps)


def asked(client: FlaskClient, purpose: str) -> dict[str, Any]:
    """The WebAuthn options that the forum gives to the script of a page."""
    answer = client.post(f"/passkeys/options/{purpose}")
    assert answer.status_code == 200, answer.text
    return dict(json.loads(answer.text))


def use(client: FlaskClient, key: SoftwarePasskey, purpose: str, path: str, **change: Any) -> Any:
    """Request a challenge for a passkey, and send the passkey's answer."""
    challenge = asked(client, purpose)["challenge"]
    data = change.pop("data", {})
    return client.post(path, data={"credential": key.authenticate(challenge, **change), **data})


def shown_codes(answer: Any) -> list[str]:
    """The recovery codes on a page."""
    return re.findall(r"<code>([0-9][a-z0-9]{3}-[a-z0-9]{4}-[a-z0-9]{4})</code>", answer.text)


Signing = Callable[[Member], FlaskClient]


def fresh(member):
    return member_by_id(SYSTEM, member.id)


def begin(client):
    assert client.post("/settings/codes/begin").location == "/settings/codes"
    page = client.get("/settings/codes").text
    (written,) = re.findall(r'<code class="secret".*?>(.*?)</code>', page)
    return re.sub(r"<[^>]+>|\s", "", written), page


def show(client, code, **more):
    return client.post("/sign-in/second", data={"code": code, **more})


@pytest.fixture
def with_codes(eva):
    """Eva has set up an app; returns its secret and her recovery codes."""
    return switch_codes_on(eva)
