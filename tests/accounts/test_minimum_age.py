"""The age from which people may join: one tick, and no age is kept."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from forum.candidates.models import Candidate
from forum.db import db
from tests.accounts.conftest import JOINING
from tests.mail.conftest import with_settings

TOO_YOUNG = "Only people of 16 or older can join. Tick this if you are."
OLD_ENOUGH = {**JOINING, "is_old_enough": "y"}


@pytest.fixture
def of_16(app):
    with with_settings(app, minimum_age=16):
        yield


def is_refused(answer):
    page = answer.text
    said = re.search(r'id="is_old_enough-error">(<span[^>]*>[^<]*</span>)?([^<]*)', page)
    return answer.status_code == 422 and said is not None and said.group(2) == TOO_YOUNG


def test_without_the_setting_nobody_is_asked_for_an_age(client, letters):
    assert "is_old_enough" not in client.get("/join").text
    assert "or older" not in client.get("/privacy").text
    assert client.post("/join", data=JOINING).location == "/join/sent"


def test_who_joins_says_by_a_tick_that_they_are_old_enough(client, letters, of_16):
    page = client.get("/join").text
    (box,) = re.findall(r'<input[^>]*name="is_old_enough"[^>]*>', page)
    assert "checked" not in box and "I am 16 or older." in page
    refused = client.post("/join", data=JOINING)
    assert is_refused(refused) and 'href="#is_old_enough"' in refused.text
    assert 'value="Planner"' in refused.text and letters() == []
    assert client.post("/join", data=OLD_ENOUGH).location == "/join/sent"
    candidate = db.session.scalars(select(Candidate)).one()
    assert candidate.answers == [] and "is_old_enough" not in candidate.profile
    assert "Members are 16 or older." in client.get("/privacy").text
