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
