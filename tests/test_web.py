"""What holds at every door: headers, cookies, hosts, ways back, odd input, and texts that are never lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError, PendingRollbackError
from werkzeug.exceptions import HTTPException, TooManyRequests
from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired

from forum import configuring, errorpages, web, webforms
from forum import db as database
from forum.app import create_app
from forum.db import db
from forum.errors import Busy, Invalid
from forum.members import actions as members
from forum.moderation.actions import Reasons, lock
from forum.passwords import hash_password
from tests.conftest import fields_of, undone
from tests.test_routes import rows

TOP = Path(__file__).parent.parent
PASSWORD = "seven quiet trams"
once = pytest.mark.sqlite_only  # what no database has a part in
LONG = "What we did, in a text that took an hour to write: **quieter** rails.\n\nAnd more."


@pytest.fixture
def csrf(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms need their token, as in life."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)


@pytest.fixture
def failing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the rules page fail: `failing(Busy())`. Exceptions are answered as in life."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TESTING", False)

    def fail(error: BaseException) -> None:
        def view() -> str:
            raise error

        monkeypatch.setitem(app.view_functions, "rules.index", view)
        monkeypatch.setitem(app.view_functions, "dialogue.reply", lambda topic_id: view())

    return fail


def token_of(page: str) -> str:
    found = re.search(r'<input[^>]* name="csrf_token"[^>]* value="([^"]+)"', page)
    assert found
    return found[1]


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def another(app: Flask, tmp_path: Path, **changes: Any) -> FlaskClient:
    """A browser of a forum with other settings, over the same database."""
    settings = replace(app.extensions["settings"], data=tmp_path, **changes)
    made = create_app(settings)
    made.test_client_class = app.test_client_class
    return made.test_client()


# Headers


@once
@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/sign-in",
        "/none",
        "/static/style.css",
        "/static/none.css",
        "/settings",
        "/feeds/all.atom",
    ],
)
def test_every_answer_has_the_headers(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Strict-Transport-Security" not in answer.headers  # not served by https here


@once
def test_refusals_have_the_headers_too(client: FlaskClient) -> None:
    for answer in (client.post("/"), client.get("/", headers={"Host": "evil.example"})):
        assert answer.status_code in (400, 405)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "private, no-store"


@once
def test_static_files_are_kept_for_ever_under_the_name_of_their_content(
    client: FlaskClient,
) -> None:
    page = text(client.get("/"))
    address = re.search(r'href="(/static/style\.css\?v=[0-9a-f]{10})"', page)
    assert address
    answer = client.get(address[1])
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    for name in re.findall(r"/static/[^\"' ]+", page):
        assert re.search(r"\?v=[0-9a-f]{10}(#|$)", name), name
    assert client.get("/static/style.css").headers["Cache-Control"] == "public, no-cache"


@once
def test_a_file_is_not_kept_under_the_name_of_a_content_that_it_does_not_have(
    client: FlaskClient,
) -> None:
    """A server of the version before is asked for a file of the next, whose address a page of that one names."""
    for version in ("0123456789", "", "0"):
        answer = client.get(f"/static/style.css?v={version}")
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "public, no-cache"


@once
def test_scripts_come_without_their_comments(client: FlaskClient) -> None:
    for path in Path("static").glob("*.js"):
        answer = client.get(f"/static/{path.name}")
        source, sent = path.read_text("utf-8"), answer.text
        assert answer.mimetype == "text/javascript" and len(sent) < 0.9 * len(source)
        assert "/**" not in sent and "\n  " not in sent
        assert not re.search(r"`[^`]*\$\{[^}`]*`", source), (
            "rjsmin reads no template within a template"
        )
        again = client.get(
            f"/static/{path.name}", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
        part = client.get(f"/static/{path.name}", headers={"Range": "bytes=0-9"})
        assert part.status_code == 200 and part.text == sent


@once
def test_a_static_file_that_is_not_there_is_not_kept_for_ever(client: FlaskClient) -> None:
    for name in ("none.css", "none.js", "..%2fnone.js"):
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 404
        assert "immutable" not in answer.headers["Cache-Control"]


@once
@pytest.mark.parametrize(
    "address",
    [
        "/static/../pyproject.toml", "/static/..%2fpyproject.toml", "/static/%2e%2e/pyproject.toml",
        "/static/..%5cpyproject.toml", "/static//etc/passwd", "/.git/config", "/.env", "/console",
        "/var/forum.sqlite", "/settings/x.css", "/topics/1/../../settings", "/metrics", "/openapi.json",
    ],
)  # fmt: skip
def test_nothing_else_lies_about(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in (303, 308, 404), address
    assert "root:" not in text(answer) and "requires-python" not in text(answer)


def test_a_visitors_page_is_checked_again_by_its_tag(client: FlaskClient, world: Any) -> None:
    first = client.get("/topics")
    assert first.headers["Cache-Control"] == "no-cache" and "Cookie" in first.headers["Vary"]
    tag = first.headers["ETag"]
    again = client.get("/topics", headers={"If-None-Match": tag})
    assert (again.status_code, text(again)) == (304, "")
    assert "default-src 'none'" in again.headers["Content-Security-Policy"]
    client.set_cookie("theme", "dark")
    dark = client.get("/topics", headers={"If-None-Match": tag})
    assert dark.status_code == 200 and dark.headers["ETag"] != tag


@once
def test_a_members_page_is_kept_by_nobody(sign_in: Any, people: Any, client: FlaskClient) -> None:
    tag = client.get("/topics").headers["ETag"]
    answer = sign_in(people.ana).get("/topics", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store" and "ETag" not in answer.headers


@once
def test_pages_for_visitors_are_the_same_for_all(client: FlaskClient, world: Any) -> None:
    """What is not part of the key of a cache changes nothing."""
    plain = client.get("/topics")
    for name, value in {
        "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Original-URL": "/settings",
        "X-Forwarded-For": "10.0.0.1", "X-Requested-With": "XMLHttpRequest", "Accept": "application/json",
        "Accept-Language": "fi", "Origin": "https://evil.example", "X-HTTP-Method-Override": "POST",
        "User-Agent": "<script>", "Referer": "https://evil.example/",
    }.items():  # fmt: skip
        assert text(client.get("/topics", headers={name: value})) == text(plain), name


# Hosts


@once
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost@evil.example", "", "x" * 300, "a b", "[::1"]
)  # fmt: skip
def test_another_host_is_refused(client: FlaskClient, host: str) -> None:
    for answer in (
        client.get("/", headers={"Host": host}),
        client.post("/sign-in", headers={"Host": host}, data={"email": "a@b.example"}),
        client.get("/static/style.css", headers={"Host": host}),
    ):
        assert answer.status_code == 400, host
        assert "evil" not in text(answer)
        assert "Location" not in answer.headers


@once
def test_links_follow_the_setting_and_not_the_request(client: FlaskClient, world: Any) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "1",
    }
    for address in ("/", "/topics", "/feeds/all.atom", "/sitemap.xml", "/robots.txt", "/settings"):
        answer = client.get(address, headers=headers)
        assert "evil" not in text(answer) + str(answer.headers), address
    assert '<link rel="canonical" href="http://localhost/topics">' in text(client.get("/topics"))


# Cookies


@once
def test_cookies_by_https_are_bound_to_host_and_secure(
    app: Flask, client: FlaskClient, people: Any, tmp_path: Path
) -> None:
    members.change_password(people.ana, hash_password(PASSWORD))
    browser = another(app, tmp_path, url="https://localhost")
    base = "https://localhost"
    token = token_of(text(browser.get("/sign-in", base_url=base)))
    data = {"email": people.ana.email, "password": PASSWORD, "csrf_token": token}
    answer = browser.post("/sign-in", base_url=base, data=data)
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-session="))
    for words in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert words in session
    assert "Domain" not in session
    for cookie in cookies:
        assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie, cookie
        assert cookie.startswith("__Host-") and "Path=/" in cookie, cookie
    theme = browser.post("/appearance", base_url=base, data={"theme": "dark"})
    assert "Secure" in theme.headers["Set-Cookie"]
    assert theme.headers["Set-Cookie"].startswith("__Host-theme=dark")
    assert 'data-theme="dark"' in text(browser.get("/rules", base_url=base))
    gone = browser.post("/appearance", base_url=base, data={"theme": ""}).headers["Set-Cookie"]
    assert gone.startswith("__Host-theme=;") and "Secure" in gone
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]


@once
def test_cookies_by_http_are_hidden_from_scripts(client: FlaskClient, csrf: None) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("session=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie


@once
def test_signing_in_begins_another_session(app: Flask, client: FlaskClient, people: Any) -> None:
    members.change_password(people.ana, hash_password(PASSWORD))
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    client.post("/sign-in", data={"email": people.ana.email, "password": PASSWORD})
    with client.session_transaction() as session:
        assert "planted" not in session and session["_user_id"]


def test_a_cookie_that_was_kept_is_worth_nothing_after_signing_out(
    sign_in: Any, people: Any
) -> None:
    browser = sign_in(people.ana)
    kept = dict(browser._cookies)
    answer = browser.post("/sign-out")
    assert "storage" in answer.headers["Clear-Site-Data"]
    browser._cookies = kept
    assert browser.get("/settings").status_code == 303


# The way on


AWAY = (
    "https://evil.example/", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example",
    "\\\\evil.example", "/\t/evil.example", "http:///evil.example", "https:evil.example",
    "/..//evil.example", "//evil.example@localhost", "localhost.evil.example", "javascript:alert(1)",
    "data:text/html,x", "/ /evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", " /settings", "",
    "/.//evil.example", "/%2f/evil.example\u0000", "settings", "?next=/", "#", "/a//evil.example",
    "/\u2028/evil.example", "/;@evil.example//x", "//", "/" * 500, "\x00/settings",
)  # fmt: skip


@once
def test_the_way_on_stays_here(app: Flask) -> None:
    for target in AWAY:
        with app.test_request_context("/sign-in", query_string={"next": target}):
            assert web.safe_next("/fallback") == "/fallback", target
        with app.test_request_context("/sign-in", method="POST", data={"next": target}):
            assert web.safe_next("/fallback") == "/fallback", target
    for target in KEPT:
        with app.test_request_context("/sign-in", query_string={"next": target}):
            assert web.safe_next("/fallback") == target


KEPT = (
    "/",
    "/settings",
    "/topics/7-why?page=2#post-21",
    "/search?q=a%20b&next=//c",
    "/topics/7-東京?a=é",
)


@once
def test_every_door_that_goes_on_stays_here(sign_in: Any, people: Any, world: Any) -> None:
    browser = sign_in(people.moderator)
    for address in (
        "/join",
        "/sign-in",
        f"/topics/{world['topic']}/pin",
        f"/topics/{world['topic']}/unpin",
    ):
        for method in ("GET", "POST"):
            answer = browser.open(address, method=method, query_string={"next": "//evil.example"})
            assert not (answer.location or "").startswith(("//", "http")), address
    answer = browser.post("/appearance", data={"next": "https://evil.example/", "theme": "dark"})
    assert answer.location == "/"


# Odd input


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
    """Every parameter that a view asks the query string for, as the source says."""
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
    """Every page with odd values in all of its parameters; those that list, with several in each."""
    browser, names = sign_in(people.moderator), queried()
    for turn, address in enumerate(pages(app, world)):
        for rotation in range(turn, turn + 6 * (address in LISTS) + 1):
            check(browser, address, odd(names, rotation))
    for turn, address in enumerate(LISTS):
        check(client, address, odd(names, turn))
        check(browser, address, [(name, str(number)) for name in names for number in range(60)])
        check(browser, address, {f"{name}[]": ODD["NUL"] for name in names})


def odd(names: list[str], rotation: int) -> dict[str, Any]:
    """An odd value for each parameter, another one with each rotation."""
    values = list(ODD.values())[1:]  # without NUL, which is refused before anything is asked
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
    """The pages that ask for something, or might."""
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
    """The last number there can be, and a name of each odd kind in turn, at every door."""
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
    """Every form with odd values in all of its fields, each of them in several turns."""
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
    """Also in what a door asks the form for by itself, and hands to a database."""
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
def test_a_body_that_is_too_large_is_refused_at_once(sign_in: Any, people: Any, world: Any) -> None:
    browser = sign_in(people.ana)
    path = f"/topics/{world['topic']}/reply"
    answer = browser.post(path, data={"source": "a" * configuring.MAX_BODY})
    assert answer.status_code == 413 and "too long" in text(answer)
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
    answer = client.post("/sign-in", data=b"a&" * 100_000, **form)
    assert answer.status_code == 413 and len(answer.data) < 20_000
    most = b"a&" * (configuring.MAX_FORM_FIELDS - 1) + b"source=" + LONG.encode()
    answer = client.post("/sign-in", data=most, **form)
    assert answer.status_code == 400 and "took an hour" in text(answer)
    assert client.post("/sign-in", data=b"a&" + most, **form).status_code == 413


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


# Nothing typed is lost


def test_a_refused_token_gives_the_text_back_and_sending_again_works(
    csrf: None, sign_in: Any, people: Any, world: Any
) -> None:
    browser = sign_in(people.ana)
    path = f"/topics/{world['topic']}/reply"
    typed = {"source": LONG, "language": "en", "author": "me", "submission_key": "once"}
    answer = browser.post(path, data={**typed, "csrf_token": "old"})
    page = text(answer)
    assert answer.status_code == 400 and "Your text is safe" in page and "took an hour" in page
    assert answer.headers["Cache-Control"] == "private, no-store"
    fields = fields_of(page, path)
    assert fields["source"].replace("\r\n", "\n") == LONG
    sent = browser.post(path, data=fields)
    assert sent.status_code == 303
    assert "took an hour" in text(browser.get(sent.location))
    twice = browser.post(path, data=fields)
    assert (twice.status_code, twice.location) == (303, sent.location)


def test_what_holds_no_text_is_not_called_one(csrf: None, sign_in: Any, people: Any) -> None:
    browser = sign_in(people.ana)
    for fields in ({"option": "7"}, {"after": "week", "next": "/bookmarks?kind=practice&page=2"}):
        page = text(browser.post("/posts/7/vote", data={**fields, "csrf_token": "old"}))
        assert "<h1>This was not sent yet</h1>" in page and "Error: This was not sent yet" in page
        assert "our text" not in page and "Send it<" in page
        assert fields_of(page, "/posts/7/vote").items() >= fields.items()


def test_a_picture_that_is_lost_is_not_called_safe(csrf: None, sign_in: Any, people: Any) -> None:
    sent = {"alt": "A wall", "picture": (BytesIO(b"a picture"), "a.png"), "csrf_token": "old"}
    page = text(sign_in(people.ana).post("/pictures", data=sent))
    assert "The picture was not kept." in page and "is safe" not in page
    assert fields_of(page, "/pictures")["alt"] == "A wall" and ">What it shows</label>" in page


def test_a_practice_that_is_given_back_names_each_of_its_texts(
    csrf: None, sign_in: Any, people: Any
) -> None:
    typed = {
        "title": "Pumps that call",
        "sentence": "Each pump sends a message.",
        "done": LONG,
        "needs": "",
    }
    answer = sign_in(people.ana).post("/practices/new", data={**typed, "csrf_token": "old"})
    page = text(answer)
    labels = re.findall(r'<label for="kept-(\d)">([^<]+)</label>.*?<textarea id="kept-\1"', page)
    assert [words for _number, words in labels] == ["Title", "In one sentence", "What was done"]
    assert fields_of(page, "/practices/new")["title"] == "Pumps that call"
    assert "<title>Error: Nothing was sent" in page


def test_an_ended_session_gives_the_text_back_and_it_is_sent_after_signing_in(
    csrf: None, app: Flask, client: FlaskClient, people: Any, world: Any
) -> None:
    members.change_password(people.ana, hash_password(PASSWORD))
    path = f"/topics/{world['topic']}/reply"
    token = token_of(text(client.get("/sign-in")))
    typed = {"source": LONG, "submission_key": "once", "csrf_token": token, "language": "en"}
    answer = client.post(path, data=typed)
    page = text(answer)
    assert answer.status_code == 403 and "Your text is safe" in page
    fields = fields_of(page, "/sign-in")
    assert fields["kept_action"] == path and fields["kept:source"] == LONG
    wrong = client.post(
        "/sign-in", data={**fields, "email": people.ana.email, "password": "not this"}
    )
    assert wrong.status_code == 422
    assert fields_of(text(wrong), "/sign-in")["kept:source"] == LONG
    fields = fields_of(text(wrong), "/sign-in")
    right = client.post(
        "/sign-in", data={**fields, "email": people.ana.email, "password": PASSWORD}
    )
    assert right.status_code == 200 and "signed in again" in text(right)
    again = fields_of(text(right), path)
    assert again["source"] == LONG
    sent = client.post(path, data=again)
    assert sent.status_code == 303 and "took an hour" in text(client.get(sent.location))


def test_a_text_is_offered_to_nobody_but_its_author(
    csrf: None, client: FlaskClient, people: Any, world: Any
) -> None:
    """Two members share a computer: in one tab somebody writes, in another somebody else has signed in."""
    for member in (people.ana, people.ben):
        members.change_password(member, hash_password(PASSWORD))

    def enter(member: Any, **fields: str) -> str:
        token = fields or {"csrf_token": token_of(text(client.get("/join")))}
        data = {**token, "email": member.email, "password": PASSWORD}
        return text(client.post("/sign-in", data=data))

    path = f"/topics/{world['topic']}/reply"
    enter(people.ana)
    opened = fields_of(text(client.get(path)), path)
    token = token_of(text(client.get("/settings")))
    client.post("/sign-out", data={"csrf_token": token})
    enter(people.ben)
    typed = {**opened, "source": LONG, "csrf_token": token, "written_as": str(people.ana.id)}
    answer = client.post(path, data=typed)
    page = text(answer)
    assert answer.status_code == 403
    assert "Another member wrote this text" in page and "You are signed in as Ben" in page
    assert "Send it<" not in page and "<textarea" not in page
    kept = fields_of(page, "/sign-in")
    assert kept["kept:source"] == LONG
    again = enter(people.ben, **kept)
    assert "Another member wrote this text" in again
    back = enter(people.ana, **fields_of(again, "/sign-in"))
    sent = client.post(path, data=fields_of(back, path))
    assert sent.status_code == 303 and "took an hour" in text(client.get(sent.location))


def test_every_form_of_a_member_says_who_writes(sign_in: Any, people: Any, world: Any) -> None:
    browser = sign_in(people.ana)
    mine = f'name="written_as" value="{people.ana.id}"'
    settings = [f"/settings{page}" for page in ("", "/advice", "/notices", "/themes")]
    for path in (f"/topics/{world['topic']}/reply", "/practices/new", *settings):
        assert mine in text(browser.get(path)), path


@once
def test_passwords_and_tokens_are_never_given_back(csrf: None, client: FlaskClient) -> None:
    data = {"name": "Ana Prado " * 3, "email": "a@city.example", "password": "very secret words",
            "current_password": "very secret words", "new_password": "very secret words", "csrf_token": "old"}  # fmt: skip
    for address in ("/join", "/sign-in", "/settings/password"):
        page = text(client.post(address, data=data))
        assert "very secret words" not in page and "Ana Prado" in page


@once
def test_a_text_is_given_back_to_this_site_alone(csrf: None, client: FlaskClient) -> None:
    for target in (
        "//evil.example/a",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
    ):
        data = {"kept_action": target, "kept:source": LONG, "csrf_token": "old"}
        page = text(client.post("/sign-in", data=data))
        assert "evil" not in page and "alert" not in page, target
    for path in ("//evil.example/a", "/%2f%2fevil.example/a", "/\\evil.example/a"):
        answer = client.post(path, data={"source": LONG})
        assert 'action="//' not in text(answer) and 'action="/\\' not in text(answer)
        assert not (answer.location or "").startswith("//"), path


def test_a_lock_put_on_meanwhile_gives_the_text_back(sign_in: Any, people: Any, world: Any) -> None:
    lock(people.moderator, world["topic"], Reasons("It is settled."))
    data = {"source": LONG, "submission_key": "once"}
    answer = sign_in(people.ana).post(f"/topics/{world['topic']}/reply", data=data)
    assert answer.status_code == 403 and "took an hour" in text(answer) and "locked" in text(answer)


def test_a_busy_database_gives_the_text_back(
    sign_in: Any, people: Any, world: Any, failing: Callable[[BaseException], None]
) -> None:
    failing(Busy())
    answer = sign_in(people.ana).post(f"/topics/{world['topic']}/reply", data={"source": LONG})
    assert answer.status_code == 503 and "took an hour" in text(answer)
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "not open to you"), (404, "moved or deleted"), (409, "has changed since"),
     (429, "Too much was sent in a short time. Try again in 60 seconds."), (503, "back soon")],
)  # fmt: skip
def test_a_text_is_given_back_with_what_stopped_it(
    sign_in: Any, people: Any, world: Any, failing: Any, status: int, words: str
) -> None:
    class Refused(HTTPException):
        code = status

    failing(Refused())
    answer = sign_in(people.ana).post(f"/topics/{world['topic']}/reply", data={"source": LONG})
    assert answer.status_code == status and "took an hour" in text(answer)
    assert words in text(answer) and "Your text was not sent yet." in " ".join(text(answer).split())
    page = "/" if status == 404 else f"/topics/{world['topic']}"
    away = {403: "Back to the page", 404: "Go to the home page"}.get(status, "Do not send it")
    assert f'href="{page}">{away}</a>' in text(answer)
    assert ("Send it<" in text(answer)) is (status not in (403, 404))


def test_what_is_too_long_to_send_says_so(sign_in: Any, people: Any, world: Any) -> None:
    data = {"source": "x" * (configuring.MAX_BODY + 1)}
    answer = sign_in(people.ana).post(f"/topics/{world['topic']}/reply", data=data)
    assert answer.status_code == 413 and "too long to send" in text(answer)


@once
@pytest.mark.parametrize(
    ("action", "page"),
    [("/topics/7/reply", "/topics/7"), ("/posts/3/edit", "/posts/3"), ("", "/"), ("/nowhere", "/"),
     ("/agendas/quieter/topics/new?kind=case", "/agendas/quieter/topics"), ("/agendas/new", "/agendas"),
     ("/members/%61na/ignore?x=1", "/members/%61na"), ("/posts/99999999999/reply", "/")],
)  # fmt: skip
def test_who_does_not_send_it_goes_back_to_what_it_speaks_of(
    app: Flask, action: str, page: str
) -> None:
    with app.test_request_context("/"):
        assert errorpages._parent_page(action) == page


@once
@pytest.mark.parametrize(
    ("seconds", "words"),
    [("1", "1 second."), ("119", "119 seconds."), ("121", "3 minutes."), ("3600", "60 minutes."),
     ("7201", "3 hours.")],
)  # fmt: skip
def test_a_wait_is_said_so_that_nobody_comes_too_early(
    app: Flask, seconds: str, words: str
) -> None:
    with app.test_request_context("/"):
        error = TooManyRequests(response=Response(headers={"Retry-After": seconds}))
        assert errorpages.retry_message(error) == f"Try again in {words}"


# Refusals


@once
@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "did not understand"), (403, "not do this"), (404, "not here"), (405, "does not take"),
     (409, "faster"), (413, "too long"), (429, "Too many"), (503, "not available")],
)  # fmt: skip
def test_every_refusal_has_a_page_in_the_design(
    client: FlaskClient, failing: Callable[[BaseException], None], status: int, words: str
) -> None:
    class Refused(HTTPException):
        code = status

    failing(Refused())
    answer = client.get("/rules")
    page = text(answer)
    assert answer.status_code == status and words in page
    assert '<main id="main"' in page and "style.css" in page and "<h1>" in page
    assert f"Error {status}." in page and 'href="/"' in page


@once
@pytest.mark.parametrize(
    "error", [ValueError("secret words"), RecursionError(), KeyError("secret words")]
)
def test_a_mistake_of_ours_shows_no_trace(
    client: FlaskClient, failing: Callable[[BaseException], None], error: Exception
) -> None:
    failing(error)
    answer = client.get("/rules")
    page = text(answer)
    assert answer.status_code == 500 and "The forum made a mistake" in page
    assert "secret words" not in page and "Traceback" not in page and "forum/web.py" not in page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Server" not in answer.headers or "Werkzeug" not in answer.headers["Server"]


@once
@pytest.mark.parametrize("words", ["database is locked", "deadlock detected", "database or disk is full",
                                   "server closed the connection unexpectedly"])  # fmt: skip
def test_a_database_in_trouble_is_not_available(
    client: FlaskClient, failing: Callable[[BaseException], None], words: str
) -> None:
    failing(OperationalError("SELECT topic.locked_at", {}, Exception(words)))
    answer = client.get("/rules")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert "locked_at" not in text(answer) and words not in text(answer)


def test_a_connection_that_was_cut_before_is_not_available(
    client: FlaskClient, failing: Callable[[BaseException], None]
) -> None:
    failing(PendingRollbackError("Can't reconnect until invalid transaction is rolled back"))
    answer = client.get("/rules")
    assert answer.status_code == 503 and "invalid transaction" not in text(answer)


def test_no_database_at_all_is_not_available(
    client: FlaskClient, failing: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the words of the page can be asked for."""

    def gone(*_args: Any, **_options: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("unable to open database file"))

    client.application.extensions.pop("federation", None)
    monkeypatch.setattr(db.session, "scalar", gone)
    monkeypatch.setattr(db.session, "scalars", gone)
    monkeypatch.setattr(db.session, "execute", gone)
    for address in ("/", "/topics", "/rules"):
        answer = client.get(address)
        assert answer.status_code == 503 and "not available" in text(answer), address


def test_without_a_database_members_are_told_so_too(
    failing: Callable[[BaseException], None],
    sign_in: Any,
    people: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who they are cannot be asked either, while the page is made nor when its headers are."""
    browser = sign_in(people.ana)
    failing(Busy())

    def gone(*_args: Any, **_options: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    monkeypatch.setattr(database, "read_state", gone)
    for name in ("scalar", "scalars", "execute"):
        monkeypatch.setattr(db.session, name, gone)
    text_of_reply = {"source": "Of a reply that is long enough.", "language": "en"}
    answers = [
        browser.get("/"),
        browser.get("/topics"),
        browser.post("/topics/1/reply", data=text_of_reply),
    ]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert all("not available" in text(answer) for answer in answers)


# Cookies and the clock


def test_a_clock_that_was_set_back_signs_nobody_out(
    app: Flask, people: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is not signed by us opens nothing, whatever the clock says."""
    browser = sign_in(people.ana)
    real = time.time
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: real() - 86_400)
    assert browser.get("/settings").status_code == 200
    held = browser.get_cookie("session")
    browser.set_cookie("session", held.value[:-2])
    assert browser.get("/settings").status_code == 303


# Words of pages


class Odd(webforms.Form):
    """A field of each kind to which WTForms has a word of its own."""

    word = SelectField(choices=[("a", "A")])
    number = SelectField(choices=[(1, "One")], coerce=int)
    words = SelectMultipleField(choices=[("a", "A")])
    numbers = SelectMultipleField(choices=[(1, "One")], coerce=int)
    uses = IntegerField()
    day = DateField()


@once
def test_numbers_texts_and_choices_of_the_query_string(app: Flask) -> None:
    with app.test_request_context("/?page=7&long=1234567890&minus=-1&odd=²&q=+a%00b+&kind=case"):
        assert (web.number("page"), web.number("minus")) == (7, 1)
        assert web.number("long") == 999_999_999
        assert (web.number("odd"), web.number("none", 3)) == (1, 3)
        assert web.text("q") == "ab" and web.text("q", 1) == "a"
        assert web.choice("kind", ("case",)) == "case" and web.choice("q", ("case",), "x") == "x"


@once
def test_an_answer_names_the_problems_of_validators_and_checks_together(app: Flask) -> None:

    class NameForm(webforms.Form):
        name = StringField("Name", [DataRequired("Write a name.")])
        city = StringField("City")

    def refuses(field: str) -> Any:
        def check(_form: Any) -> None:
            raise Invalid(f"Wrong {field}.", field)

        return check

    def deed() -> str:
        return "done"

    def page(status: int) -> Any:
        return "page", status

    with app.test_request_context("/", method="POST", data={"city": "Lyon"}):
        form, checks = NameForm(), [refuses("name"), refuses("city"), refuses("")]
        assert webforms.process(form, page, deed, checks=checks) == ("page", 422)
        assert form.name.errors == ["Write a name."], "one problem beside a field is enough"
        assert form.city.errors == ["Wrong city."] and form.form_errors == ["Wrong ."]
    with app.test_request_context("/", method="POST", data={"name": "Eva"}):
        assert webforms.process(NameForm(), page, deed, checks=[refuses("city")]) == ("page", 422)
        assert webforms.process(NameForm(), page, deed, checks=[lambda _form: None]) == "done"
    with app.test_request_context("/"):
        assert webforms.process(NameForm(), page, deed, checks=[refuses("city")]) == ("page", 200)


# HEAD


def test_head_is_get_without_the_content_and_no_deed(
    sign_in: Any, people: Any, agenda: Any, client: FlaskClient
) -> None:
    browser = sign_in(people.administrator)
    paths = (
        "/settings",
        "/agendas/order",
        f"/agendas/{agenda.slug}/statements",
        "/notices",
        "/join",
    )
    for path in paths:
        head, whole = browser.head(path), browser.get(path)
        assert (head.status_code, head.data) == (whole.status_code, b""), path
        assert head.headers.get("Location") == whole.headers.get("Location")
        assert head.headers["Content-Length"] == str(len(whole.data)) or whole.status_code != 200
    browser.head("/sign-out")
    assert browser.get("/settings").status_code == 200, "that signed nobody out"
    for path in ("/sign-in", "/password", "/join"):
        assert client.head(path).status_code == client.get(path).status_code == 200


@pytest.mark.sqlite_only  # no database in it
@pytest.mark.parametrize(
    ("typed", "number"),
    [("7", 7), ("007", 7), ("999999999", 999_999_999), ("1234567890", None), ("", None), ("-1", None),
     ("1.5", None), (" 1", None), ("²", None), ("٢", None)],
)  # fmt: skip
def test_a_whole_number_is_one_that_a_row_can_have(typed: str, number: int | None) -> None:
    assert web.whole_number(typed) == number
