"""When staff look at private data of others, the log says so: every page that shows an address of somebody else."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.db import db
from forum.members.models import Member
from tests.test_routes import rows

LOOKS = "forum.looks"
# Address of a page, and what the log says is looked at there
PAGES = (
    ("/administration/members", "e-mail addresses of members"),
    ("/administration/members/ben-okoth/role", "e-mail address of member {member}"),
    ("/administration/flaggers", "which members are trusted flaggers"),
    ("/administration/mail", "addresses of e-mails that did not arrive"),
    ("/moderation/joining", "requests to join"),
    ("/moderation/joining/{candidate}/refuse", "request {candidate} to join"),
    ("/moderation/post/{reply}", "post {reply} in the queue, with its reports and notes"),
    ("/moderation/appeals/{appeal}", "appeal {appeal}, with its reports"),
    ("/members/ben-okoth/notes", "notes about member {member}"),
    ("/meetings/{meeting}/people.csv", "who comes to meeting {meeting}"),
    ("/moderation/orders", "orders of authorities"),
    ("/moderation/orders/{order}", "order {order} of an authority"),
)


@pytest.mark.parametrize(("address", "said"), PAGES, ids=[page for page, _said in PAGES])
def test_who_of_the_staff_looks_at_what_is_in_the_log(
    sign_in: Any,
    people: Any,
    world: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    address: str,
    said: str,
) -> None:
    browser = sign_in(people.administrator)
    with caplog.at_level(logging.INFO, LOOKS):
        assert browser.get(address.format(**world)).status_code == 200
    (line,) = [record.getMessage() for record in caplog.records if record.name == LOOKS]
    who = f"member {people.administrator.id} looks at private data: "
    assert line == who + said.format(**world)


def test_who_may_not_look_is_not_in_the_log(
    sign_in: Any, people: Any, world: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    browser = sign_in(people.ana)
    with caplog.at_level(logging.INFO, LOOKS):
        for address, _said in PAGES:
            assert browser.get(address.format(**world)).status_code in (403, 404)
    assert [record for record in caplog.records if record.name == LOOKS] == []


def test_no_page_shows_an_address_of_somebody_else_without_a_line(
    app: Flask,
    sign_in: Any,
    people: Any,
    world: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    own = people.administrator.email
    addresses = set(db.session.scalars(select(Member.email).where(Member.email != own))) - {""}
    browser = sign_in(people.administrator)
    silent, shown = [], 0
    for address, expected in rows("GET"):
        if expected["administrator"] != "200":
            continue
        caplog.clear()
        with caplog.at_level(logging.INFO, LOOKS):
            page = browser.get(address.format(**world)).get_data(as_text=True)
        if any(email in page for email in addresses):
            shown += 1
            if not [record for record in caplog.records if record.name == LOOKS]:
                silent.append(address)
    assert silent == [] and shown > 0
