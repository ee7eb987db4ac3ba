"""Fixtures of the tests of accounts: Eva, who has an account, and the data that visitors send."""

from __future__ import annotations

import pytest

from forum.members import actions
from forum.members.actions import Joining
from forum.passwords import hash_password
from forum.permissions import VISITOR
from tests.conftest import link_in

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


def confirm(client, letters, **typed):
    """Open the link of the last e-mail and press its button."""
    path = link_in(letters()[-1])
    assert client.get(path).status_code == 200
    return client.post(path, data=typed)


def ask(client, path, email="eva@city.example"):
    answer = client.post(path, data={"email": email})
    assert (answer.status_code, answer.location) == (303, "/join/sent")


def session_token(client):
    with client.session_transaction() as session:
        return session["_user_id"]


@pytest.fixture
def limited(limited_app):
    """A browser for a forum with rate limits and the check for forms filled in too fast."""
    return limited_app.test_client()
