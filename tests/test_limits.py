"""Which routes have a rate limit, and why the others have none."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits.strategies import FixedWindowRateLimiter

from tests.conftest import undone
from tests.test_routes import OWN_OF_REPRESENTATIVE, rows

# At a limited route nothing can be sent any more; a preview has a limit of its own, which is used up, too.
SPENT = 429
# Why these routes have no limit
UNLIMITED = {
    "nothing is stored but in a cookie": {"/appearance", "/sign-in/elsewhere/forget", "/sign-out"},
    "what is read or agreed to is not written twice": {
        *("/notices/read-all", "/notices/unread-all", "/notices/{notice}/read", "/terms/agree"),
    },
    "a switch of one's own account": {
        *("/mail/stop/{member}/reply/noseal", "/settings/address/resume"),
        *("/settings/contact", "/settings/leave/stay"),
    },
    "it ends, replaces or names what one has": {
        *("/invitations/{invitation}/end", "/settings/codes/begin", "/settings/codes/remove"),
        *("/settings/elsewhere/link", "/settings/elsewhere/{identity}/unlink"),
        *("/settings/passkeys/{passkey}/remove", "/settings/passkeys/{passkey}/rename"),
        *("/settings/sessions/end", "/settings/sessions/{session}/end"),
    },
}
# What a plain member does for an organisation, although neither of the two in the table of routes may
WITHOUT_OFFICE = {*OWN_OF_REPRESENTATIVE, "/organisations/{organisation}/voices"}
TRIALS = ({"preview": "1"}, {"prompt": "What we did"})


@pytest.fixture
def counting(limited_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The forum with rate limits, all of which are used up."""
    for name in ("hit", "test"):
        monkeypatch.setattr(FixedWindowRateLimiter, name, lambda *_args, **_options: False)
    return limited_app


@pytest.mark.sqlite_only  # the counters are not in the database
def test_no_field_opens_a_door_that_is_limited(
    world: Any, counting: Flask, browsers: dict[str, FlaskClient]
) -> None:
    limited, opened = set(), []
    for role in ("author", "administrator"):
        browser = counting.test_client()
        browser._cookies = browsers[role]._cookies
        for address, _expected in rows("POST"):
            path = address.format(**world)
            if browser.post(path).status_code != SPENT:
                continue
            limited.add(address)
            for trial in TRIALS:
                with undone(browser):
                    status = browser.post(path, data=trial).status_code
                if status not in (SPENT, 403, 404):  # refused, because they may not preview it
                    opened.append((role, address, trial, status))
    assert not opened
    assert {"/posts/{post}/mark", "/posts/{post}/edit", "/practices/new", "/settings"} <= limited
    assert {"/agendas/{agenda}/edit", "/agendas/{agenda}/watch", "/themes/new"} <= limited


@pytest.mark.sqlite_only  # the counters are not in the database
def test_every_deed_has_a_limit_or_a_reason(
    world: Any, counting: Flask, browsers: dict[str, FlaskClient]
) -> None:
    """Actions of moderators and administrators have none, because they work through long queues quickly."""
    browser, free = counting.test_client(), set()
    browser._cookies = browsers["author"]._cookies
    for address, expected in rows("POST"):
        with undone(browser):
            is_limited = browser.post(address.format(**world)).status_code == SPENT
        if not (is_limited or is_of_office(address, expected)):
            free.add(address)
    assert free == set().union(*UNLIMITED.values())


def is_of_office(address: str, expected: dict[str, str]) -> bool:
    """Whether only moderators, hosts or administrators may do it; the route of what nobody may do here has a limit."""
    if address in WITHOUT_OFFICE or address.startswith("/settings/"):
        return False
    return (expected["member"], expected["author"]) == ("403", "403") and "yes" in expected.values()
