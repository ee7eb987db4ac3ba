"""Which pages are cached, and for whom: nothing personal is, and memory is bounded."""

from __future__ import annotations

from typing import Any

import brotli
import pytest
from flask import Flask
from werkzeug.test import Client

from forum import pagecache
from forum.freshness import VersionCache
from forum.keptpages import _best_encoding
from forum.members import actions as members
from forum.pagecache import MAX_KEY_LENGTH, PageCache
from forum.permissions import SYSTEM
from tests.changes import FACE, MARK
from tests.pagecache.conftest import Counting, count_answers


def test_what_is_personal_is_never_kept(
    app: Flask, cache: PageCache, kept: Client, world: dict[str, Any], people: Any, sign_in: Any
) -> None:
    browser = sign_in(people.ana)
    cookie = browser.get_cookie("session")
    asked = count_answers(cache)
    for _turn in range(2):
        page = kept.get("/topics", headers={"Cookie": f"session={cookie.value}"})
        assert "Ana Prado" in page.text and "no-store" in page.headers["Cache-Control"]
        assert "Ana Prado" not in kept.get("/").text.partition("<main")[0]
        for form in ("/join", "/sign-in"):
            assert "csrf_token" in kept.get(form).text or not app.config["WTF_CSRF_ENABLED"]
    assert asked.count("/topics") == 2 and asked.count("/") == 1
    assert all("session" not in str(page.headers) for page in cache.pages.values())
    assert kept.get("/nowhere").status_code == kept.get("/nowhere").status_code == 404
    assert asked.count("/nowhere") == 2


def test_what_is_sent_is_never_answered_with_a_page_that_was_kept(
    cache: PageCache, kept: Client, world: dict[str, Any]
) -> None:
    kept.get("/topics")
    asked = count_answers(cache)
    assert kept.get("/topics").status_code == 200 and asked.count("/topics") == 0
    for method in ("POST", "DELETE"):
        assert kept.open("/topics", method=method).status_code == 405
    assert asked.count("/topics") == 2


def test_each_theme_host_and_query_has_a_page_of_its_own(
    cache: PageCache, kept: Client, world: dict[str, Any]
) -> None:
    dark = {"Cookie": "device=x; theme=dark"}
    assert 'data-theme="dark"' in kept.get("/topics", headers=dark).text
    assert "data-theme" not in kept.get("/topics").text
    assert 'data-theme="dark"' in kept.get("/topics", headers=dark).text
    for odd in (
        "theme=dark-x",
        "__Host-theme=dark",
        "xtheme=dark",
        'theme="dark',
        "theme=; theme=dark",
    ):
        assert "data-theme" not in kept.get("/topics?kind=case", headers={"Cookie": odd}).text, odd
    quoted = {"Cookie": 'theme="dark"'}
    for cookie in (dark, quoted):
        assert 'data-theme="dark"' in kept.get("/topics?kind=case", headers=cookie).text
    assert kept.get("/topics", headers={"Host": "elsewhere.example"}).status_code == 400
    assert kept.get("/topics?kind=question").text != kept.get("/topics?kind=case").text


def test_files_are_kept_by_the_name_of_their_content(
    app: Flask, cache: PageCache, kept: Client
) -> None:
    with app.test_request_context():
        from forum.assets import asset

        address = asset("style.css")
    asked = count_answers(cache)
    for _turn in range(2):
        style = kept.get(address, headers={"Accept-Encoding": "br"})
        assert brotli.decompress(style.data) == app.test_client().get("/static/style.css").data
        assert "immutable" in style.headers["Cache-Control"]
    assert asked == ["/static/style.css"]


def test_the_mark_of_the_forum_is_kept_until_it_has_another(
    cache: PageCache, kept: Client, people: Any
) -> None:
    members.found_federation(SYSTEM, "Quiet Cities")
    members.use_mark(people.administrator, MARK)
    asked, address = count_answers(cache), f"/mark/{MARK.name}.webp"
    for _turn in range(2):
        answer = kept.get(address)
        assert (answer.status_code, answer.data) == (200, MARK.whole)
        assert "immutable" in answer.headers["Cache-Control"]
    assert asked == [address]
    members.use_usual_mark(people.administrator)
    assert kept.get(address).status_code == 404


def test_pictures_of_members_take_no_room_of_pages(
    cache: PageCache, kept: Client, people: Any
) -> None:
    profile = members.Profile(people.ana.name, portrait=FACE)
    members.edit_profile(people.ana, profile)
    address = f"/portraits/{FACE.name}.webp"
    asked = count_answers(cache)
    for _turn in range(2):
        answer = kept.get(address)
        assert (answer.status_code, answer.data) == (200, FACE.whole)
    assert asked == [address, address] and not cache.pages


def test_memory_is_bounded(app: Flask, cache: PageCache, kept: Client, world: Any) -> None:
    cache.max_bytes = 100_000
    kept.get("/topics")
    for number in range(40):
        for encoding in ("br", "gzip", "identity")[: number % 4]:
            kept.get(f"/cases?page={number}", headers={"Accept-Encoding": encoding})
        kept.get("/topics")
    assert cache.size <= cache.max_bytes and len(cache.pages) > 5
    assert cache.size == sum(page.size + len("".join(k)) for k, page in cache.pages.items())
    assert any(key[0] == "/topics" for key in cache.pages), "what is read often stays"


def test_of_addresses_that_lead_nowhere_the_latest_are_known(
    monkeypatch: pytest.MonkeyPatch, cache: PageCache, kept: Client, world: dict[str, Any]
) -> None:
    monkeypatch.setattr(pagecache, "MAX_UNCACHEABLE", 2)
    known = list[int]()
    for number in range(4):
        assert kept.get(f"/nowhere-{number}").status_code == 404
        known.append(next(reversed(cache.uncacheable)))
    assert len({*known}) == 4 and list(cache.uncacheable) == known[-2:]


def test_absurdly_long_addresses_and_headers_take_no_memory(
    cache: PageCache, kept: Client, world: dict[str, Any]
) -> None:
    asked = count_answers(cache)
    for _turn in range(2):
        answer = kept.get("/robots.txt?" + "x" * MAX_KEY_LENGTH)
        assert answer.status_code == 200
        assert kept.get("/nowhere?" + "x" * MAX_KEY_LENGTH).status_code == 404
    assert len(asked) == 4 and not cache.pages and not cache.uncacheable
    kept.get("/robots.txt?" + "x" * 1_000)
    assert cache.size > 2_000
    known = _best_encoding.cache_info().currsize
    odd = {"Accept-Encoding": "gzip, " + "x" * 10_000}
    assert "Content-Encoding" not in kept.get("/topics", headers=odd).headers
    assert _best_encoding.cache_info().currsize == known


@pytest.mark.parametrize("odd", ["theme =dark", "\ttheme\t=\tdark", "a;theme =dark"])
def test_cookies_are_read_as_the_page_reads_them(
    cache: PageCache, kept: Client, world: dict[str, Any], odd: str
) -> None:
    assert 'data-theme="dark"' in kept.get("/topics", headers={"Cookie": odd}).text
    assert "data-theme" not in kept.get("/topics").text


def test_a_session_is_one_however_its_cookie_is_written(
    cache: PageCache, kept: Client, world: dict[str, Any], people: Any, sign_in: Any
) -> None:
    cookie = sign_in(people.ana).get_cookie("session")
    asked = count_answers(cache)
    page = kept.get("/topics", headers={"Cookie": f"session ={cookie.value}"})
    assert "Ana Prado" in page.text.partition("<main")[0] and not cache.uncacheable
    for _turn in range(2):  # another site's cookie: the page for visitors
        page = kept.get("/topics", headers={"Cookie": "xsession=1"})
        assert "Ana Prado" not in page.text.partition("<main")[0]
    assert asked == ["/topics"] * 2
    broken = kept.get("/topics", headers={"Cookie": "theme=\xff"})
    assert broken.status_code == 200


def test_who_is_turned_away_says_nothing_about_a_page() -> None:
    """A refused request must not make the page uncacheable; otherwise each reader of a crowd would render it."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        status = "503 Service Unavailable" if environ["PATH_INFO"] == "/busy" else "404 Not Found"
        start_response(status, [])
        return [b""]

    cache = PageCache(application, VersionCache(Counting()), 1)
    for path in ("/busy", "/nothing"):
        Client(cache).get(path)
    assert [*cache.uncacheable] == [hash(("/nothing", "", "localhost", "http", "", "en"))]
