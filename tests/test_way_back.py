"""Where a refusal leads back to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import undone
from tests.moderation.test_on_the_page import land
from tests.test_routes import rows


@pytest.mark.sqlite_only  # who may open what is tested in test_routes.py
@pytest.mark.parametrize("role", ["member", "author", "host", "moderator"])
def test_the_way_back_from_a_refusal_leads_to_no_other(
    world: Any, browsers: dict[str, FlaskClient], role: str
) -> None:
    """Of a page that is not for this person, and of a form, without words and with words that are given back."""
    browser, back = browsers[role], re.compile(r'href="([^"]+)">Back to the page<')
    opened: dict[str, int] = {}
    for method in ("GET", "POST"):
        for address, expected in rows(method):
            if expected[role] != "403":
                continue
            for data in [None] if method == "GET" else [None, {"reason": "It is off topic."}]:
                with undone(browser):
                    page = browser.open(address.format(**world), method=method, data=data).text
                    for there in back.findall(page):
                        if there not in opened:
                            opened[there] = land(browser, browser.get(there)).status_code
                        assert opened[there] == 200, (method, address, there)
    assert opened


@pytest.mark.sqlite_only  # who may open what is tested in test_routes.py
@pytest.mark.parametrize("role", ["member", "author", "host", "moderator", "administrator"])
def test_the_way_on_from_what_is_gone_leads_to_a_page(
    world: Any, browsers: dict[str, FlaskClient], role: str
) -> None:
    """From every address that takes a form, of things that were never there."""
    browser, on = browsers[role], re.compile(r'href="([^"]+)">See what is there now<')
    opened: dict[str, int] = {}
    thing = re.compile(r"/(?:posts|marks|revisions|follow-ups|reservations)/")
    gone = {name: 999_999 if isinstance(value, int) else "gone" for name, value in world.items()}
    for address, _expected in rows("POST"):
        for data in ({}, {"reason": "It is off topic."}):
            with undone(browser):
                answer = browser.post(address.format(**gone), data=data)
                ways = on.findall(answer.text) if answer.status_code == 404 else []
                is_told = answer.status_code == 404 and not data and thing.match(address)
                assert ways or not is_told, (address, "leads nowhere")
                for there in ways:
                    if there not in opened:
                        opened[there] = land(browser, browser.get(there)).status_code
                    assert opened[there] == 200, (address, there)
    assert {"/topics", "/practices", "/agendas"} <= opened.keys()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/posts/999999/edit", "/topics"),
        ("/topics/999999-kerbs", "/topics"),
        ("/cases/no", "/cases"),
    ],
)
def test_an_address_of_what_is_gone_leads_on_and_one_of_nothing_does_not(
    world: Any, browsers: dict[str, FlaskClient], address: str, page: str
) -> None:
    answer = browsers["member"].get(address)
    assert answer.status_code == 404 and f'href="{page}">See what is there now<' in answer.text
    assert "See what is there now" not in browsers["member"].get("/nowhere").text
