"""What holds for every response: headers, cookies, hosts, redirects, query strings."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired

from forum import web, webforms
from forum.app import create_app
from forum.errors import Invalid
from forum.members import actions as members
from forum.passwords import hash_password
from forum.web import MAX_ADDRESS

PASSWORD = "seven quiet trams"
once = pytest.mark.sqlite_only  # does not depend on the database


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
    # Only for https, which the tests do not use
    assert "Strict-Transport-Security" not in answer.headers


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
    """During an upgrade, a server of the old version may be asked for a file whose address is from a page of the new one."""
    for version in ("0123456789", "", "0"):
        answer = client.get(f"/static/style.css?v={version}")
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "public, no-cache"


def sent_files(client: FlaskClient, ending: str) -> list[tuple[str, str, TestResponse]]:
    """Of each file of `static/` with an ending: its address, its source, and the answer."""
    paths = list(Path(__file__).parent.parent.joinpath("static").glob(f"*{ending}"))
    assert paths
    addresses = [f"/static/{path.name}" for path in paths]
    return [
        (address, path.read_text("utf-8"), client.get(address))
        for path, address in zip(paths, addresses, strict=True)
    ]


@once
def test_scripts_come_without_their_comments(client: FlaskClient) -> None:
    for address, source, answer in sent_files(client, ".js"):
        sent = answer.text
        assert answer.mimetype == "text/javascript" and len(sent) < 0.9 * len(source)
        assert "/**" not in sent and "\n  " not in sent
        assert not re.search(r"`[^`]*\$\{[^}`]*`", source), (
            "rjsmin reads no template within a template"
        )
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        part = client.get(address, headers={"Range": "bytes=0-9"})
        assert part.status_code == 200 and part.text == sent


@once
def test_styles_come_without_their_comments(client: FlaskClient) -> None:
    for address, source, answer in sent_files(client, ".css"):
        sent = answer.text
        assert answer.mimetype == "text/css" and len(sent) < 0.96 * len(source)
        assert sent.split() == re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL).split()
        assert "/*" not in sent and "\n " not in sent and "\n\n" not in sent
        assert client.get(address).headers["ETag"] == answer.headers["ETag"]


@once
@pytest.mark.parametrize(
    ("style", "sent"),
    [
        (
            "a::before { content: \"/* 'no' */\" } /* \"one */ b { c: '*/' }",
            "a::before { content: \"/* 'no' */\" }  b { c: '*/' }",
        ),
        (
            r'a { quotes: "\"" "/*" } /* one */ b { c: "*/" }',
            r'a { quotes: "\"" "/*" }  b { c: "*/" }',
        ),
        ("a { b: url(c/*d.svg) } e { f: g } /* h */", "a { b: url(c/*d.svg) } e { f: g }"),
    ],
)
def test_what_looks_like_a_comment_within_a_string_or_an_address_of_a_style_stays(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, style: str, sent: str
) -> None:
    (tmp_path / "odd.css").write_text(style)
    monkeypatch.setattr(client.application, "static_folder", str(tmp_path))
    assert client.get("/static/odd.css").text == sent


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
    """Headers that are not part of the cache key must not change the page."""
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
        assert "evil.example" not in text(answer)
        assert "Location" not in answer.headers


@once
def test_the_name_of_a_host_has_no_case(client: FlaskClient, world: Any) -> None:
    for host in ("LOCALHOST", "LocalHost", "Localhost:8000"):
        answer = client.get("/topics", headers={"Host": host})
        assert answer.status_code == 200, host
        assert host not in text(answer)


@once
def test_an_address_longer_than_any_page_needs_is_refused(
    client: FlaskClient, sign_in: Any, people: Any, world: Any
) -> None:
    most = MAX_ADDRESS - len("/glossary")
    for browser in (client, sign_in(people.administrator)):
        plain = len(browser.get("/glossary").data)
        longest = browser.get("/glossary?" + "a" * most)
        assert longest.status_code == 200 and len(longest.data) < plain + 20 * MAX_ADDRESS
        for address in (
            "/glossary?" + "a" * 60_000,
            "/" + "a/" * 30_000,
            "/a?" + "q=%CC%81&" * 7_000,
        ):
            for answer in (browser.get(address), browser.post(address, data={"source": "A text."})):
                assert answer.status_code == 414 and len(answer.data) < 20_000, address[:20]
    refused = client.get("/glossary?" + "a" * (most + 1))
    assert refused.status_code == 414 and "<h1>That address is too long</h1>" in refused.text
    assert "Search with fewer words." in refused.text and 'name="q"' in refused.text
    refused = client.get("/api/v1/topics?" + "a" * 33_000)
    assert refused.status_code == 414 and refused.is_json


@once
def test_links_follow_the_setting_and_not_the_request(client: FlaskClient, world: Any) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "1",
    }
    for address in ("/", "/topics", "/feeds/all.atom", "/sitemap.xml", "/robots.txt", "/settings"):
        answer = client.get(address, headers=headers)
        assert "evil.example" not in text(answer) + str(answer.headers), address
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


# Redirects


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


# Cookies and the clock


def test_a_clock_that_was_set_back_signs_nobody_out(
    app: Flask, people: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And unsigned sessions are refused, whatever the clock says."""
    browser = sign_in(people.ana)
    real = time.time
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: real() - 86_400)
    assert browser.get("/settings").status_code == 200
    held = browser.get_cookie("session")
    browser.set_cookie("session", held.value[:-2])
    assert browser.get("/settings").status_code == 303


# Words of pages


class Odd(webforms.Form):
    """A field of each kind for which WTForms has an error message of its own."""

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
