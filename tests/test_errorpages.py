"""Error pages: a page in the design, with the typed text, which is never lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from time import process_time
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError, PendingRollbackError
from werkzeug.exceptions import HTTPException, TooManyRequests

from forum import configuring, errorpages
from forum import db as database
from forum.db import db
from forum.errors import Busy
from forum.members import actions as members
from forum.moderation.actions import Reasons, lock
from forum.passwords import hash_password
from forum.web import MAX_DEPTH, nearest_page
from tests.conftest import fields_of
from tests.mail.conftest import with_settings
from tests.test_web import PASSWORD, once, text, token_of

LONG = "What we did, in a text that took an hour to write: **quieter** rails.\n\nAnd more."


@pytest.fixture
def failing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the rules page fail: `failing(Busy())`. Exceptions are answered as in production."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TESTING", False)

    def fail(error: BaseException) -> None:
        def view() -> str:
            raise error

        monkeypatch.setitem(app.view_functions, "rules.index", view)
        monkeypatch.setitem(app.view_functions, "dialogue.reply", lambda topic_id: view())

    return fail


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
    assert "The picture or file was not kept." in page and "is safe" not in page
    assert (
        fields_of(page, "/pictures")["alt"] == "A wall"
        and ">What it shows, or what it is</label>" in page
    )


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
    """Two members share a browser: one writes in a tab, the other one signs in in another tab."""
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


@pytest.mark.parametrize("entrance", ["/sign-in", "/sign-in/letter", "/sign-in/second", "/join"])
def test_who_has_signed_in_in_another_window_is_led_on_by_the_forms_for_visitors(
    csrf: None, client: FlaskClient, people: Any, entrance: str
) -> None:
    """There is nothing to send any more; and whoever wanted to be somebody else reads who is signed in."""
    members.change_password(people.ana, hash_password(PASSWORD))
    known = {"email": people.ana.email, "password": PASSWORD, "next": "/rules"}
    token = token_of(text(client.get("/sign-in")))
    assert client.post("/sign-in", data={**known, "csrf_token": token}).status_code == 303
    answer = client.post(entrance, data={**known, "name": "Somebody else", "csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/rules")
    assert "You are signed in already, as Ana" in text(client.get("/rules"))


@pytest.mark.parametrize(
    "entrance", ["/sign-in", "/sign-in/letter", "/password", "/join", "/join/invited/nonsense"]
)
def test_a_form_of_visitors_that_was_open_for_too_long_comes_again(
    csrf: None, client: FlaskClient, people: Any, entrance: str
) -> None:
    members.change_password(people.ana, hash_password(PASSWORD))
    known = {"email": people.ana.email, "password": PASSWORD, "next": "/rules"}
    answer = client.post(entrance, data=known | {"name": "Somebody else", "csrf_token": "old"})
    page = text(answer)
    assert answer.status_code == 400 and answer.headers["Cache-Control"] == "private, no-store"
    assert "This page was open for too long." in page and "keep the cookies" in page
    assert "Your text is safe" not in page and PASSWORD not in page
    assert f'value="{people.ana.email}"' in page
    assert ("Type your password again" in page) == ('name="password"' in page)
    sent = client.post(entrance, data=known | {"csrf_token": token_of(page)})
    assert sent.status_code == {"/join": 422, "/join/invited/nonsense": 410}.get(entrance, 303)


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
        assert "very secret words" not in page
        assert ("a@city.example" if address == "/sign-in" else "Ana Prado") in page


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
        assert "evil" not in page and "alert(" not in page, target
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
    [(403, "not open to you"), (404, "is not here any more"), (409, "has changed since"),
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
    page = "/topics" if status == 404 else f"/topics/{world['topic']}"
    away = {403: "Back to the page", 404: "See what is there now", 409: "Back to the page"}
    assert f'href="{page}">{away.get(status, "Do not send it")}</a>' in text(answer)
    assert ("Send it<" in text(answer)) is (status not in (403, 404, 409))


def test_what_is_too_long_to_send_says_so(sign_in: Any, people: Any, world: Any) -> None:
    data = {"source": "x" * (configuring.MAX_BODY + 1)}
    answer = sign_in(people.ana).post(f"/topics/{world['topic']}/reply", data=data)
    assert answer.status_code == 413 and "too large to send" in text(answer)
    assert "If it was a picture or file, go back and choose a smaller one." in text(answer)
    most = "This form takes up to 2 MB, all its fields and files together."
    limits = "A text can have up to 20,000 characters, a picture 12 MB, and a file 10 MB."
    assert f"{most} {limits}" in text(answer)


@pytest.mark.parametrize(("file_mb", "most"), [(10, 12), (25, 25)])
def test_where_files_are_added_more_is_taken_and_said(
    app: Flask, sign_in: Any, people: Any, file_mb: int, most: int
) -> None:
    with with_settings(app, file_mb=file_mb):
        length = configuring.max_file_body(app.extensions["settings"]) + 1
        sent = {"picture": (BytesIO(b"x" * length), "a.pdf")}
        answer = sign_in(people.ana).post("/pictures", data=sent)
    assert answer.status_code == 413
    assert f"This form takes up to {most} MB, all" in text(answer)


def test_a_form_of_too_many_fields_is_not_called_too_long(client: FlaskClient) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    answer = client.post("/sign-in", data=b"a&" * 2_000, **form)
    assert answer.status_code == 413 and "This form takes up to" not in text(answer)


@once
@pytest.mark.usefixtures("no_collection")
def test_an_address_of_very_many_parts_takes_no_time(csrf: None, client: FlaskClient) -> None:
    begun = process_time()
    typed = {"kept:source": LONG, "kept_action": "/topics/7/reply" + "/a" * 30_000}
    page = text(client.post("/sign-in", data=typed))
    assert "Your text is safe" in page
    assert client.post("/a" * 4_000, data={"source": LONG}).status_code == 404
    assert process_time() - begun < 3


@once
def test_pages_have_no_more_parts_than_are_looked_at(app: Flask) -> None:
    pages = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    assert max(rule.rule.count("/") for rule in pages if rule.endpoint != "static") == MAX_DEPTH
    with app.test_request_context():
        page = "/practices/trams/in/fr"
        assert nearest_page(f"{page}/edit") == f"{page}/edit"
        for above in (page, f"{page}/nothing", f"{page}/a/b/c/d/e/f"):
            assert nearest_page(above) == page
        assert nearest_page("/nothing/at/all") == nearest_page("nothing") == "/"


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


@pytest.mark.parametrize(
    ("path", "above"),
    [("/agendas/{agenda}/edit", "/agendas/{agenda}"), ("/topics/{topic}/lock", ""),
     ("/moderation/log", ""), ("/administration/mail", ""), ("/posts/1/hide", ""), ("/posts/1/remove", ""),
     ("/topics/{topic}/remove", ""), ("/cases/dry-street/hide", "/cases")],
)  # fmt: skip
def test_a_member_who_is_refused_is_led_to_what_is_open(
    sign_in: Any, people: Any, world: Any, path: str, above: str
) -> None:
    answer = sign_in(people.ben).get(path.format(**world))
    ways = re.findall(r'<a class="btn[^"]*" href="([^"]+)"', text(answer))
    assert answer.status_code == 403 and "hosts of each agenda" in text(answer)
    assert ways == [*filter(None, [above.format(**world)]), "/topics", "/agendas"]


@once
def test_what_moderators_decide_about_may_be_hidden_already(app: Flask) -> None:
    of_members = {"report", "why", "change-kind"}  # who are refused there when they see it
    hideable = re.compile(r"/(?:topics|posts|cases|practices)/<[^>]+>/(.+)")
    for rule in app.url_map.iter_rules():
        found = hideable.fullmatch(rule.rule)
        if found and rule.endpoint.startswith("moderation.") and found[1] not in of_members:
            assert errorpages.FOR_FEW.match(re.sub(r"<[^>]+>", "1", rule.rule)), rule.rule


def test_capital_letters_in_a_slug_lead_to_the_page(
    app: Flask, agenda: Any, client: FlaskClient
) -> None:
    small = f"/agendas/{agenda.slug}/topics?kind=question"
    typed = f"/agendas/{agenda.slug.title()}/topics?kind=question"
    answer = client.get(typed)
    assert (answer.status_code, answer.location) == (301, small)
    assert client.get(small).status_code == 200
    assert client.get("/agendas/Nowhere").location == "/agendas/nowhere"
    assert client.get("/agendas/nowhere").status_code == 404


@once
def test_a_slash_at_the_end_leads_to_the_page(client: FlaskClient) -> None:
    for typed, page in {
        "/practices/": "/practices",
        "/agendas/nothing/topics/?kind=question&q=%C3%A9": "/agendas/nothing/topics?kind=question&q=%C3%A9",
        "/cities/k%C3%B8ge/": "/cities/k%C3%B8ge",
    }.items():
        answer = client.get(typed)
        assert (answer.status_code, answer.location) == (301, page)
        assert client.head(typed).location == page
    for nothing in (
        "/nothing/",
        "/administration/mail/test/",
        "/static/nothing/",
        "/%5Cexample.org/",
    ):
        assert client.get(nothing).status_code == 404
    assert client.post("/practices/").status_code == 404


def test_a_page_that_is_not_there_says_who_looked_for_it(
    sign_in: Any, client: FlaskClient, people: Any
) -> None:
    """The link may have come in an e-mail to another account; whether the page is there for that one is not told."""
    who = f"You are signed in as {people.ana.name}. If the link came in an"
    browser = sign_in(people.ana)
    for nothing in ("/nothing", "/topics/1000000", "/moderation/decisions/1000000"):
        assert who in text(browser.get(nothing)) and "signed in as" not in text(client.get(nothing))
    assert "signed in as" not in text(browser.post("/posts/1000000/mark", data={"kind": "useful"}))


def test_a_visitor_who_is_refused_is_asked_to_sign_in(client: FlaskClient, world: Any) -> None:
    answer = client.post(f"/topics/{world['topic']}/watch")
    assert answer.status_code == 403 and 'href="/sign-in?next=' in text(answer)


@once
@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "did not understand"), (403, "not do this"), (404, "not here"), (405, "does not take"),
     (409, "changed meanwhile"), (413, "too large"), (429, "Too many"), (503, "not available")],
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
    """Even the name of the forum cannot be read."""

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
    """Nothing about the member can be read, neither for the page nor for its headers."""
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


@pytest.mark.parametrize(
    ("role", "path", "page"),
    [
        ("author", "/settings/codes/remove", "/settings/codes"),
        ("author", "/pictures/{picture}/delete", "/pictures"),
        ("host", "/settings/passkeys/{passkey}/remove", "/settings"),
        ("moderator", "/moderation/orders/{order}/delete", "/moderation/orders"),
    ],
)
def test_what_was_deleted_in_another_window_leads_on(
    browsers: Any, world: Any, role: str, path: str, page: str
) -> None:
    browser, address = browsers[role], path.format(**world)
    browser.post(address)
    answer = browser.post(address)
    assert answer.status_code == 404 and f'href="{page}">See what is there now</a>' in answer.text
    assert "a letter missing" not in answer.text


def test_what_has_changed_in_another_window_leads_to_its_page(browsers: Any, world: Any) -> None:
    browser = browsers["author"]
    browser.post(f"/posts/{world['polled']}/close-poll")
    answer = browser.post(f"/posts/{world['polled']}/close-poll")
    assert answer.status_code == 409 and "It has changed meanwhile" in answer.text
    assert f'<a class="btn" href="/posts/{world["polled"]}">Back to the page</a>' in answer.text


def test_who_was_signed_out_in_another_window_is_asked_to_sign_in(
    browsers: Any, world: Any
) -> None:
    """And not told that only the author may edit a text, or that this is not allowed."""
    browser = browsers["author"]
    browser.post("/sign-out")
    for path in (f"/posts/{world['post']}/edit", "/settings"):
        answer = browser.post(path, data={"source": LONG, "about": LONG, "name": "Ana Prado"})
        assert answer.status_code == 403 and "took an hour" in text(answer)
        assert "Sign in to do this. Your text was not sent yet." in text(answer)


def test_who_deletes_a_text_twice_is_told_so(browsers: Any, world: Any) -> None:
    for _time in range(2):
        answer = browsers["author"].post(f"/posts/{world['post']}/delete")
    assert answer.status_code == 403 and "You have deleted this text already." in answer.text
