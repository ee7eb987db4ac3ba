"""Malformed requests to every route: parameters, parts of addresses, forms and bodies that no page sends."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum import configuring
from tests.conftest import undone
from tests.test_errorpages import LONG
from tests.test_routes import rows
from tests.test_web import once, text

TOP = Path(__file__).parent.parent
ODD = {
    "NUL": "a\x00b",
    "a lone surrogate": b"\xed\xa0\x80",
    "bytes that are no text": b"\xff\xfe\xfa",
    "2^31": str(2**31),
    "2^63": str(2**63),
    "10^400": "1" + "0" * 400,
    "a negative number": "-1",
    "a fraction": "1e400",
    "not a number": "NaN",
    "digits of another script": "١٢٣",
    "an exponent": "²",
    "a quote": "' OR 1=1 --",
    "signs of a query": '"*(^:AND NEAR(',
    "a template": "{{7*7}}${7*7}%(x)s",
    "an element": "<script>window.hit=1</script>",
    "a line end": "a\r\nSet-Cookie: b=c",
    "a path": "../../etc/passwd",
    "half a mark": "\u202e\ufeff\u0301",
    "a long text": "a" * 6_000,
    "the empty text": "",
}


def queried() -> list[str]:
    """All parameters that views read from the query string, taken from their source."""
    source = "".join(path.read_text() for path in (TOP / "forum").rglob("*.py"))
    called = re.findall(r"web\.(?:number|text|choice)\(\s*[\"'](\w+)[\"']", source)
    asked = re.findall(r"request\.(?:args|values)\.get(?:list)?\(\s*[\"'](\w+)[\"']", source)
    return sorted(
        {*called, *asked, "agenda", "kind", "theme", "language", "tried", "size", "country", "city"}
    )


def test_the_parameters_are_known() -> None:
    assert {"page", "q", "kind", "order", "next"} <= set(queried())


def test_odd_parameters_never_break_a_page(
    app: Flask, client: FlaskClient, sign_in: Any, people: Any, world: Any
) -> None:
    """Every page with odd values in all parameters; lists also with several values for each."""
    browser, names = sign_in(people.moderator), queried()
    for turn, address in enumerate(pages(app, world)):
        for rotation in range(turn, turn + 6 * (address in LISTS) + 1):
            check(browser, address, odd(names, rotation))
    for turn, address in enumerate(LISTS):
        check(client, address, odd(names, turn))
        check(browser, address, [(name, str(number)) for name in names for number in range(60)])
        check(browser, address, {f"{name}[]": ODD["NUL"] for name in names})


def odd(names: list[str], rotation: int) -> dict[str, Any]:
    """An odd value for each parameter; another one for each `rotation`."""
    values = list(ODD.values())[1:]  # without NUL, which is refused before the view runs
    return {name: values[(at * 3 + rotation) % len(values)] for at, name in enumerate(names)}


LISTS = (
    "/topics", "/search", "/practices", "/cases", "/members", "/readings", "/cities/suggest",
    "/agendas/quieter/topics", "/moderation", "/moderation/log", "/notices", "/practices/new",
)  # fmt: skip


def check(browser: FlaskClient, address: str, query: Any) -> None:
    answer = browser.get(address, query_string=query)
    assert answer.status_code < 500, (address, query)
    assert "window.hit=1</script>" not in text(answer), (address, query)
    assert "Traceback" not in text(answer), address


def pages(app: Flask, world: dict[str, Any]) -> list[str]:
    """All pages that may read the query string."""
    return [
        address.format(**world)
        for address, expected in rows("GET")
        if expected["moderator"] == "200"
        and not address.startswith(("/static", "/privacy", "/help"))
    ]


NUMBERS = ("0", "-1", str(2**31), str(2**63), "1" + "0" * 400, "1e3", "١", "²")
NAMES = ("%00", "%ED%A0%80", "%FF", "a" * 5_000, "<b>", "..", "%0d%0aa", "'")


def test_odd_parts_of_an_address_never_break_a_page(
    app: Flask, sign_in: Any, people: Any, world: Any
) -> None:
    """The highest id, and each odd name, for every route."""
    browser = sign_in(people.administrator)
    some = {f"/topics/{part}" for part in NUMBERS} | {f"/cases/{part}" for part in NAMES}
    for turn, rule in enumerate(app.url_map.iter_rules()):
        if rule.arguments:
            numbered = re.sub(r"<int:[^>]+>", str(2**31 - 1), rule.rule)
            some |= {re.sub(r"<[^>]+>", NAMES[(turn + by) % 4], numbered) for by in (0, 1)}
    for address in sorted(some):
        for method in ("GET", "POST"):
            answer = browser.open(address, method=method)
            assert 300 <= answer.status_code < 500, address
            assert "<b>" not in text(answer), address


def test_odd_forms_are_refused_and_never_break(
    app: Flask, sign_in: Any, people: Any, world: Any
) -> None:
    """Every form with odd values in all of its fields, several times with other values."""
    browser = sign_in(people.administrator)
    for at, (address, _expected) in enumerate(rows("POST")):
        path = address.format(**world)
        page = text(browser.get(path))
        names = set(re.findall(r'<(?:input|textarea|select)[^>]* name="([^"]+)"', page)) | FIELDS
        for turn in (at, at + 1, at + 2):
            data = {name: TYPED[(turn + by) % len(TYPED)] for by, name in enumerate(sorted(names))}
            with undone(browser):
                assert browser.post(path, data=data).status_code < 500, (path, data)


def test_a_nul_in_a_form_is_read_as_if_it_were_not_there(sign_in: Any, people: Any) -> None:
    """Also in fields that a view reads itself and passes to the database."""
    browser = sign_in(people.ana)
    data = {"subject": "top\x00ic", "subject_id": "1\x00"}
    assert browser.post("/settings/notices/end", data=data).status_code == 303


TYPED = ("a\x00b", b"\xed\xa0\x80", str(2**63), "word " * 5_000, " \u00a0\u200b\n")
FIELDS = {
    "source",
    "kind",
    "outcome",
    "note",
    "reason",
    "until",
    "deed",
    "post_id",
    "submission_key",
}


@once
def test_odd_bodies_never_break(sign_in: Any, people: Any, world: Any) -> None:
    browser = sign_in(people.ana)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "application/json",
                 "text/plain", "application/x-www-form-urlencoded", "x", ""):  # fmt: skip
        for body in (b"\x00" * 50, b"[" * 10_000, b'{"source": [1]}', b"--x\r\n\r\n", b"a=%ED%A0%80",
                     b"&" * 5_000, b"\r" * 50_000):  # fmt: skip
            for path in (f"/topics/{world['topic']}/reply", "/settings", "/preview"):
                answer = browser.post(path, data=body, content_type=kind)
                assert answer.status_code < 500, (kind, body[:20], path)


@once
def test_a_field_without_a_name_counts_as_nothing(client: FlaskClient) -> None:
    part = b"--b\r\nContent-Disposition: form-data%s\r\n\r\nana@example.org\r\n"
    for sent in (part % b"", part % b"; a=b" + part % b'; name="email"'):
        answer = client.post(
            "/sign-in", data=sent + b"--b--", content_type="multipart/form-data; boundary=b"
        )
        assert answer.status_code == 422
        assert ("ana@example.org" in text(answer)) == (b"email" in sent)


@once
def test_a_body_that_is_too_large_is_refused_at_once(sign_in: Any, people: Any, world: Any) -> None:
    browser = sign_in(people.ana)
    path = f"/topics/{world['topic']}/reply"
    answer = browser.post(path, data={"source": "a" * configuring.MAX_BODY})
    assert answer.status_code == 413 and "too large" in text(answer)
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' for _ in range(2_000)
    )
    answer = browser.post(
        path, data=parts + b"--x--", content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 413


@once
def test_a_form_of_absurdly_many_fields_is_refused_before_anything_is_given_back(
    csrf: None, client: FlaskClient
) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    answer = client.post("/practices/new", data=b"a&" * 100_000, **form)
    assert answer.status_code == 413 and len(answer.data) < 20_000
    most = b"a&" * (configuring.MAX_FORM_FIELDS - 1) + b"source=" + LONG.encode()
    answer = client.post("/practices/new", data=most, **form)
    assert answer.status_code == 400 and "took an hour" in text(answer)
    assert client.post("/practices/new", data=b"a&" + most, **form).status_code == 413


@once
@pytest.mark.parametrize(
    ("path", "field"),
    [("/posts/{post}/report", "text"), ("/join", "name"), ("/password", "email"), ("/settings", "name"),
     ("/topics/{topic}/reply", "source"), ("/practices/new", "title"), ("/settings/password", "new_password"),
     ("/settings/advice", "until")],
)  # fmt: skip
def test_a_file_in_place_of_a_text_counts_as_nothing(
    client: FlaskClient, sign_in: Any, people: Any, world: Any, path: str, field: str
) -> None:
    for browser in (client, sign_in(people.ben)):
        data = {field: (BytesIO(b"words"), "words.txt"), "language": "en"}
        assert browser.post(path.format_map(world), data=data).status_code < 500


@once
def test_a_line_end_makes_no_header(client: FlaskClient) -> None:
    for address in (
        "/settings?a=%0d%0aSet-Cookie:%20b=c",
        "/topics/1%0d%0aSet-Cookie:b=c",
        "/join?next=/%0d%0aa:b",
    ):
        answer = client.get(address)
        assert "b" not in answer.headers and "Set-Cookie" not in answer.headers
