"""Hostile input in every form of moderation: it is accepted or refused, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.agendas.models import Agenda
from forum.db import db
from tests.odd import ODD_VALUES, OPEN_REDIRECTS
from tests.savepoints import OneConnectionSession
from tests.test_routes import rows
from tests.world import build

pytestmark = pytest.mark.thorough

ROOMS = ("moderation", "appeals", "queue", "rules", "screening", "register")
# Valid values for the fields of all routes; each route uses those that it knows.
WELL: dict[str, str] = {
    **{"reason": "It is rude.", "rule": "2", "law": "", "is_automated": "", "seen": "", "read": ""},
    **{
        "holder": "",
        "ready": "",
        "text": "A sentence.",
        "answer": "It is so.",
        "outcome": "upheld",
    },
    **{"deed": "keep", "days": "7", "agenda": "2", "name": "A name", "email": "n@x.example"},
    **{"good_faith": "1", "about_children": "", "rules": "Be kind\nAlways.", "language": "en"},
    **{"change": "Shorter.", "valid_from": "2099-01-01", "kind": "word", "value": "advert"},
    **{"sentence": "Read first.", "posts": "3", "first_posts": "2", "domains": "shop.example"},
    **{"who": "new", "title": "A title", "source": "A text.", "on": "1", "next": "/"},
}
ODDER = [
    *ODD_VALUES,
    "\u202etxt.exe\u202c",
    "²",
    "٣",
    "1e9",
    "0x10",
    "' OR 1=1 --",
    "=1+1",
    "[]",
    "%s%n",
    "a\r\nSet-Cookie: x=1",
    "2",
    "law",
    "reverse",
    "0001-01-01",
    "9999-12-31",
    "*.",
    ".",
    "xn--\u0430",
]
DOORS = sorted(
    {
        address
        for address, _expected in rows("POST")
        if any(
            part in address
            for part in (
                *("/report", "/hide", "/restore", "/lock", "/unlock", "/pin", "/unpin", "/move"),
                *("/slow", "/unslow"),
                *("/moderation/", "/appeal", "/warn", "/silence", "/unsilence", "/suspend"),
                *("/unsuspend", "/clear-spam", "/notes", "/archive", "/reopen", "/publish"),
                *("/send-back", "/feature", "/unfeature", "/administration/rules"),
                "/administration/screening",
            )
        )
    }
)


@pytest.fixture
def world(people: Any, agenda: Agenda) -> dict[str, Any]:
    """Values for the parts of each address."""
    return build(people, agenda)


def forms() -> Iterator[Any]:
    """Form data with one odd field, with all fields odd, and with each field several times."""
    for number, odd in enumerate(ODDER):
        sent = odd.encode("utf-8", "surrogatepass")
        yield dict.fromkeys(WELL, sent)
        for name in list(WELL)[number % 31 :: 31]:
            yield {**WELL, name: sent}
    yield {name: [value, value, "x"] for name, value in WELL.items()}
    yield {f"{name}[]": value for name, value in WELL.items()}
    yield {}


def post(browser: FlaskClient, address: str, form: Any) -> Any:
    """Send a form, and roll back what it did."""
    db.session.commit()
    savepoint = OneConnectionSession.connection_of_test.begin_nested()
    try:
        return browser.post(address, data=form)
    finally:
        db.session.remove()
        savepoint.rollback()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("role", ["administrator", "host", "visitor"])
def test_nothing_that_is_typed_breaks_a_door(
    app: Flask, client: FlaskClient, sign_in: Any, people: Any, world: Any, role: str, door: str
) -> None:
    browser = client if role == "visitor" else sign_in(getattr(people, role))
    statuses = set()
    # Each form runs on one database: every odd value is tried on both, every field on one of them
    turn = DOORS.index(door) + (db.engine.dialect.name == "sqlite")
    some = (
        list(forms())[turn % 2 :: 2] if role == "administrator" else list(forms())[turn % 23 :: 23]
    )
    for form in some:
        try:
            answer = post(browser, door.format(**world), form)
        except Exception as error:
            raise AssertionError((door, form)) from error
        statuses.add(answer.status_code)
        assert answer.status_code < 500, (door, form)
        assert "x=1" not in answer.headers.get("Set-Cookie", ""), (door, form)
    assert statuses


LOOKED_AT = (
    *("/moderation", "/moderation/log", "/moderation/texts/new", "/reports", "/transparency"),
    *(
        "/transparency.csv",
        "/transparency/decisions",
        "/transparency/decisions.csv",
        "/administration/screening",
        "/rules",
    ),
)
ASKED = ("agenda", "kind", "age", "page", "number", "from", "to", "q", "ready", "next")


def test_nothing_that_an_address_says_breaks_a_page(
    app: Flask, sign_in: Any, people: Any, world: Any
) -> None:
    browser = sign_in(people.administrator)
    for odd in ODDER:
        for address in (*LOOKED_AT, f"/posts/{world['reply']}/hide"):
            asked: Any = dict.fromkeys(ASKED, odd.encode("utf-8", "surrogatepass"))
            assert browser.get(address, query_string=asked).status_code < 500, (address, odd)
    for huge in (2**31, 2**63, 10**30):
        for address in (
            *("/moderation/post/{}", "/moderation/appeal/{}", "/moderation/held/{}"),
            *("/moderation/decisions/{}", "/moderation/decisions/{}/appeal", "/posts/{}/why"),
            *("/moderation/appeals/{}", "/rules/{}", "/moderation/texts/{}", "/posts/{}/report"),
            *("/administration/screening/{}", "/waiting/{}", "/appeal/{}/1/x", "/posts/{}/hide"),
            *("/moderation/candidate/{}", "/moderation/letter/{}", "/moderation/member/{}"),
        ):
            answer = browser.get(address.format(huge))
            assert answer.status_code == 404, (address, huge, answer.status_code)
        for deed in ("decide", "claim", "release", "note"):
            answer = post(browser, f"/moderation/post/{huge}/{deed}", WELL)
            assert answer.status_code == 404, (deed, huge)


def test_no_deed_leads_elsewhere(app: Flask, sign_in: Any, people: Any, world: Any) -> None:
    browser = sign_in(people.moderator)
    for target in OPEN_REDIRECTS:
        for door in (f"/posts/{world['reply']}/hide", f"/topics/{world['topic']}/pin"):
            answer = post(browser, f"{door}", {**WELL, "next": target})
            location = answer.headers.get("Location", "/")
            assert location.startswith("/") and "e.example" not in location, (door, target)
