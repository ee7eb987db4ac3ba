"""How cached pages and static files are sent: small, and not again to browsers that have them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from forum.agendas.models import Agenda
from forum.keptpages import _best_encoding
from forum.library import actions as library
from forum.library.actions import ReadingText
from forum.pagecache import PageCache
from tests.conftest import People


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("BR ; q=1.0", "br"),
        ("gzip;q=0.000", ""),
        ("br;q=0.1, gzip;q=1.0", "gzip"),
        ("identity;q=1, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("br;q=nonsense", ""),
        ("br;q=nonsense, gzip", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("identity", ""),
        ("", ""),
        ("xbr,;;,=", ""),
    ],
)
def test_the_best_encoding_is_chosen(accepted: str, encoding: str) -> None:
    assert _best_encoding(accepted) == encoding


def test_pages_are_sent_small_and_with_one_name(
    kept: Client, client: FlaskClient, world: dict[str, Any]
) -> None:
    plain = client.get("/topics")
    opened = {"br": brotli.decompress, "gzip": gzip.decompress}
    for encoding, openly in opened.items():
        for _turn in range(2):
            page = kept.get("/topics", headers={"Accept-Encoding": encoding})
            assert page.headers["Content-Encoding"] == encoding
            assert openly(page.data) == plain.data and len(page.data) < len(plain.data) / 2
            assert page.headers["Vary"] == "Cookie, Accept-Encoding"
    same = {"If-None-Match": page.headers["ETag"], "Accept-Encoding": "br"}
    assert page.headers["ETag"].startswith('W/"')
    again = kept.get("/topics", headers=same)
    assert (again.status_code, again.data) == (304, b"")
    assert kept.get("/agendas", headers=same).status_code == 200
    head = kept.head("/agendas")
    assert (head.status_code, head.data) == (200, b"") and int(head.headers["Content-Length"]) > 999
    assert kept.get("/agendas").data


def test_a_first_question_may_be_a_conditional_one(kept: Client, world: dict[str, Any]) -> None:
    assert kept.get("/topics", headers={"If-None-Match": '"other"'}).status_code == 200
    assert kept.head("/cases").status_code == 200
    assert kept.get("/cases").data


@pytest.mark.parametrize("name", ["style.css", "icon-192.png"])
def test_a_file_that_the_browser_has_is_not_sent_again_without_a_version_in_its_address_either(
    app: Flask, kept: Client, name: str
) -> None:
    address = f"/static/{name}"
    for encoding in ("br", "identity"):
        first = kept.get(address, headers={"Accept-Encoding": encoding})
        assert first.status_code == 200
        given = {
            "If-None-Match": first.headers["ETag"],
            "If-Modified-Since": "Mon, 1 Jan 2001 00:00:00 GMT",
        }
        conditions = [
            given,
            {"If-None-Match": f'"other", W/{given["If-None-Match"].removeprefix("W/")}'},
            {"If-None-Match": given["If-None-Match"].removeprefix("W/")},
            {"If-None-Match": "*"},
        ]
        if "Last-Modified" in first.headers:
            conditions.append({"If-Modified-Since": first.headers["Last-Modified"]})
        for condition in conditions:
            for ask in (kept.get, kept.head):
                again = ask(address, headers={"Accept-Encoding": encoding, **condition})
                assert (again.status_code, again.data) == (304, b""), condition
                assert again.headers["ETag"] == first.headers["ETag"]
                assert again.headers["Cache-Control"] == "public, no-cache"
                assert again.headers["Vary"] == first.headers["Vary"]
                assert not {"Content-Length", "Content-Type"} & set(again.headers.keys())
    for other in (
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Mon, 1 Jan 2001 00:00:00 GMT"},
    ):
        assert kept.get(address, headers=other).data == app.test_client().get(address).data


def test_one_entity_tag_for_several_encodings_is_a_weak_one(kept: Client) -> None:
    """RFC 9110, 8.8.1: with a strong one, parts of two encodings could be put together. A picture has only one."""
    answers = [
        kept.get("/static/style.css", headers={"Accept-Encoding": encoding})
        for encoding in ("br", "gzip", "identity")
    ]
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert all(answer.headers["ETag"].startswith("W/") for answer in answers)
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in answers)
    assert kept.get("/static/icon-192.png").headers["ETag"].startswith('"')


def test_whether_the_forum_lives_is_never_said_by_what_somebody_has(kept: Client) -> None:
    for address in ("/healthz", "/readyz"):
        assert kept.get(address, headers={"If-None-Match": "*"}).status_code == 200


def test_files_are_as_small_as_they_get(app: Flask, kept: Client) -> None:
    with app.test_request_context():
        from forum.assets import asset

        addresses = {path.name: asset(path.name) for path in Path("static").glob("*.js")}
    scripts = sum(
        len(kept.get(address, headers={"Accept-Encoding": "br"}).data)
        for address in addresses.values()
    )
    assert 5_000 < scripts < 15_000


def test_files_of_a_list_are_kept_and_sent_small_like_its_page(
    kept: Client, client: FlaskClient, people: People, agenda: Agenda
) -> None:
    text = ReadingText("A book", "Somebody", why="Well worth the time. " * 60)
    library.write_reading(people.host, agenda.id, text)
    for address in ("/readings.csv", "/readings.ris"):
        whole = client.get(address)
        for _turn in range(2):
            sent = kept.get(address, headers={"Accept-Encoding": "br"})
            assert sent.headers["Content-Encoding"] == "br", address
            assert brotli.decompress(sent.data) == whole.data
            for name in ("Content-Type", "Content-Disposition"):
                assert sent.headers[name] == whole.headers[name]


def test_a_page_is_kept_in_the_encodings_that_were_asked_for_and_no_other(
    cache: PageCache, kept: Client, world: Any
) -> None:
    def read(encoding: str) -> bytes:
        answer = kept.get("/topics", headers={"Accept-Encoding": encoding})
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        return {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding, bytes)(answer.data)

    first = read("br")
    (page,) = cache.pages.values()
    assert page.body is None and [*page.encoded] == ["br"]
    small = cache.size
    assert read("gzip") == first and [*page.encoded] == ["br", "gzip"]
    assert read("identity") == read("br") == first and len(first) > 5_000
    assert [*page.encoded] == ["br", "gzip", ""] and cache.size > small + len(first)
    assert [*cache.pages.values()] == [page]
