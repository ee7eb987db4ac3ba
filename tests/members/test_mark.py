"""The forum's own mark: an administrator chooses it, every page shows it at once, and everybody may load it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum import configuring
from forum.db import db
from forum.errors import Forbidden, Invalid
from forum.members import actions, queries
from forum.members.actions import MAX_MARK
from forum.members.models import FederationMark
from forum.members.views import mark
from forum.permissions import SYSTEM
from forum.responses import IMMUTABLE, PICTURE_POLICY
from forum.shrinking import Shrunk, shrink
from tests.samples_of_pictures import opened, picture

ADDRESS = "/administration/mark"
USUAL = '<svg viewBox="0 0 28 28"'
MARK = re.compile(
    r'<a class="mark" [^>]*><img(?: class="wordmark")? src="(/mark/[0-9a-f]{24}-(\d+)x(\d+)\.webp)"'
)
SENTENCES = {
    "none": ({}, "Choose a picture."),
    "words": ({"picture": "words"}, "Choose a picture."),
    "empty": (b"", "Choose a picture."),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no picture that can be read"),
    "too large": (
        picture() + b"\0" * 12_000_000,
        "This picture has more than 12 MB.",
    ),
    "too wide": (picture(size=(410, 100)), "more than four times as long"),
    "too high": (picture(size=(20, 90)), "more than four times as long"),
}


@pytest.fixture
def browser(app: Flask, sign_in: Callable[[Any], FlaskClient], people: Any) -> FlaskClient:
    """That of an administrator of a forum that has a name."""
    actions.found_federation(SYSTEM, "Quiet Cities")
    return sign_in(people.administrator)


def sent(data: bytes) -> dict[str, Any]:
    return {"picture": (BytesIO(data), "logo.png")}


def choose(browser: FlaskClient, data: bytes) -> str:
    """Choose a mark; returns its address, which pages of visitors have."""
    assert browser.post(ADDRESS, data=sent(data)).location == ADDRESS
    found = MARK.search(browser.get("/").text)
    assert found
    return found[1]


def number_of_marks() -> int:
    return db.session.scalar(select(func.count()).select_from(FederationMark)) or 0


def test_an_administrator_chooses_a_mark_and_every_page_shows_it_at_once(
    browser: FlaskClient, client: FlaskClient
) -> None:
    assert client.get("/").text.count(USUAL) == 1 and browser.get(ADDRESS).text.count(USUAL) == 3
    answer = browser.post(ADDRESS, data=sent(picture(size=(1000, 400))))
    assert answer.location == ADDRESS
    assert "Every page shows it from now on." in browser.get(ADDRESS).text
    for address in ("/", "/topics", "/none"):
        for reader in (client, browser):
            page = reader.get(address).text
            found = MARK.search(page)
            assert found and USUAL not in page, address
            assert (found[2], found[3]) == ("256", "102")
            assert f'<link rel="icon" href="{found[1]}" type="image/webp">' in page
            assert f'content="http://localhost{found[1]}"' in page or address == "/none"
    assert client.get("/favicon.ico").location == found[1]
    assert browser.get(ADDRESS).text.count(f' src="{found[1]}" width=') == 3, (
        "light, dark, masthead"
    )
    whole = opened(client.get(found[1]).data)
    assert (whole.format, whole.size) == ("WEBP", (256, 102))


def test_the_usual_mark_comes_back_and_the_bytes_go(
    browser: FlaskClient, client: FlaskClient
) -> None:
    assert "Go back to the usual mark" not in browser.get(ADDRESS).text
    first = choose(browser, picture())
    second = choose(browser, picture())
    assert first != second and number_of_marks() == 1
    assert client.get(first).status_code == 404 and client.get(second).status_code == 200
    assert "Go back to the usual mark" in browser.get(ADDRESS).text
    assert browser.post(f"{ADDRESS}/usual").location == ADDRESS
    assert "Every page shows the usual mark again." in browser.get(ADDRESS).text
    assert USUAL in client.get("/").text and number_of_marks() == 0
    assert client.get(second).status_code == 404
    assert client.get("/favicon.ico").location.startswith("/static/favicon.ico")


@pytest.mark.parametrize("why", SENTENCES)
def test_what_cannot_be_a_mark_is_refused_beside_the_field(browser: FlaskClient, why: str) -> None:
    data, words = SENTENCES[why]
    form = data if isinstance(data, dict) else sent(data)
    answer = browser.post(ADDRESS, data=form, content_type="multipart/form-data")
    assert answer.status_code == 422 and "<title>Error: " in answer.text
    assert 'id="picture-error"' in answer.text and answer.text.count(words) == 2
    assert USUAL in answer.text and number_of_marks() == 0


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (3, 3)])
def test_a_mark_may_be_four_times_as_long_as_high_and_small(
    browser: FlaskClient, size: tuple[int, int]
) -> None:
    assert choose(browser, picture(size=size))


def test_a_mark_may_be_larger_than_other_forms(browser: FlaskClient) -> None:
    assert choose(browser, picture() + b"\0" * (configuring.MAX_BODY + 10))
    beyond = sent(picture() + b"\0" * configuring.MAX_BODY)
    assert browser.post(f"{ADDRESS}/usual", data=beyond).status_code == 413


def test_everybody_loads_the_mark_once_and_other_names_are_not_found(
    browser: FlaskClient, client: FlaskClient, queries: Any
) -> None:
    address = choose(browser, picture())
    for reader in (client, browser):
        with queries() as made:
            answer = reader.get(address)
        assert answer.status_code == 200 and answer.mimetype == "image/webp"
        assert answer.headers["Cache-Control"] == IMMUTABLE
        assert answer.headers["Content-Security-Policy"] == PICTURE_POLICY
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers and made.count == 1, made.statements
        tag = {"If-None-Match": answer.headers["ETag"]}
        with queries() as made:
            again = reader.get(address, headers=tag)
        assert (again.status_code, again.data, made.count) == (304, b"", 0), made.statements
    for other in ("none", "", "a" * 24 + "-40x30", "../1", "%00"):
        assert client.get(f"/mark/{other}.webp", headers=tag).status_code == 404, other


def test_a_home_screen_of_an_iphone_gets_the_mark_on_the_ground_of_the_pages(
    browser: FlaskClient, client: FlaskClient, queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    icon = re.compile(r'<link rel="apple-touch-icon" href="([^"]+)">')
    usual = icon.search(client.get("/").text)
    assert usual and usual[1].startswith("/static/icon-180.png")
    address = choose(browser, picture("PNG", (300, 150), "RGBA"))
    found = icon.search(client.get("/").text)
    assert found and found[1] == address.replace(".webp", ".png")
    answer = client.get(found[1])
    assert answer.status_code == 200 and answer.mimetype == "image/png"
    assert answer.headers["Cache-Control"] == IMMUTABLE and "Set-Cookie" not in answer.headers
    whole = opened(answer.data)
    assert (whole.format, whole.size, whole.mode) == ("PNG", (180, 180), "RGB")
    ground, pixel = (0xFC, 0xFD, 0xFD), whole.load()
    drawn = [(x, y) for x in range(180) for y in range(180) if pixel[x, y] != ground]
    assert (min(drawn)[0], max(drawn)[0]) == (26, 153)
    assert (min(y for _x, y in drawn), max(y for _x, y in drawn)) == (58, 121)
    # Each process makes it once
    monkeypatch.setattr(mark, "icon_of", None)
    assert browser.get(found[1]).data == answer.data
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(found[1], headers=tag).status_code == 304
    assert client.get(f"/mark/{'a' * 24}-40x30.png").status_code == 404
    browser.post(f"{ADDRESS}/usual")
    assert client.get(found[1]).status_code == 404
    again = icon.search(client.get("/").text)
    assert again and again[1] == usual[1]


def test_no_name_is_found_while_the_forum_has_the_usual_mark(client: FlaskClient) -> None:
    assert client.get("/mark/.webp").status_code == client.get("/mark/.png").status_code == 404


def test_a_page_costs_no_more_queries_with_a_mark(
    browser: FlaskClient, client: FlaskClient, queries: Any
) -> None:
    def asked() -> int:
        client.get("/topics")
        with queries() as made:
            client.get("/topics")
        return int(made.count)

    before = asked()
    choose(browser, picture())
    assert asked() == before


@pytest.mark.parametrize(
    ("size", "has_usual"), [((300, 300), False), ((300, 100), True), ((100, 100), True)]
)
def test_home_screens_get_the_mark_and_the_usual_one_where_it_is_no_icon(
    browser: FlaskClient, client: FlaskClient, size: tuple[int, int], has_usual: bool
) -> None:
    address = choose(browser, picture(size=size))
    own, *usual = json.loads(client.get("/manifest.webmanifest").text)["icons"]
    assert own["src"] == address and (own["type"], own["purpose"]) == ("image/webp", "any")
    whole = opened(client.get(address).data)
    assert own["sizes"] == f"{whole.width}x{whole.height}"
    assert bool(usual) == has_usual


def test_who_may_not_describe_the_forum_chooses_no_mark(people: Any) -> None:
    actions.found_federation(SYSTEM, "Quiet Cities")
    made = shrink(picture(), MAX_MARK)
    for member in (people.ana, people.moderator):
        with pytest.raises(Forbidden):
            actions.use_mark(member, made)
        with pytest.raises(Forbidden):
            actions.use_usual_mark(member)


def test_a_picture_is_no_mark_if_it_is_too_long(people: Any) -> None:
    actions.found_federation(SYSTEM, "Quiet Cities")
    with pytest.raises(Invalid, match="nearer to a square"):
        actions.use_mark(people.administrator, Shrunk(f"{'a' * 24}-256x63", b"", b""))
    assert not queries.federation_if_there().mark  # type: ignore[union-attr]


def test_who_changed_the_mark_is_kept(browser: FlaskClient, people: Any) -> None:
    assert "What was changed" not in browser.get(ADDRESS).text
    name = choose(browser, picture()).removeprefix("/mark/").removesuffix(".webp")
    browser.post(f"{ADDRESS}/usual")
    browser.post(f"{ADDRESS}/usual")  # nothing changes
    kept = queries.mark_versions(people.administrator)
    assert [version.fields["mark"] for version in kept] == [name, ""]
    assert {version.editor_name for version in kept} == {people.administrator.name}
    text = browser.get(ADDRESS).text.partition("What was changed")[2]
    assert text.index("a mark of its own") < text.index("the usual mark")
    with pytest.raises(Forbidden):
        queries.mark_versions(people.moderator)
