"""Forms sent from other sites (CSRF): they do nothing, typed texts are not lost, and no address forges a line of the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.agendas.models import Agenda
from forum.dialogue.actions import NewTopic, open_topic
from forum.markup import write

FORGED = {"kept_action": "/administration/members/mona-berg/role", "kept:role": "administrator",
          "kept:source": "Words that somebody else has chosen."}  # fmt: skip
STRANGERS: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example.org"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]
OURS: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {},
]


@pytest.fixture
def csrf(app: Flask) -> Any:
    """Require form tokens, as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize("headers", STRANGERS, ids=range(len(STRANGERS)))
@pytest.mark.parametrize("address", ["/sign-in", "/join", "/nothing/here", "/topics", "/preview"])
def test_a_form_of_another_site_gets_no_page_to_send_it_and_no_cookie(
    headers: dict[str, str], address: str, client: FlaskClient, csrf: None
) -> None:
    answer = client.post(address, data=FORGED, headers=headers)
    assert answer.status_code in (403, 404, 405)
    assert "Set-Cookie" not in answer.headers
    assert "administrator" not in answer.text and "chosen" not in answer.text


@pytest.mark.parametrize("headers", STRANGERS, ids=range(len(STRANGERS)))
def test_a_form_of_another_site_does_nothing_for_a_member(
    headers: dict[str, str], people: Any, sign_in: Any
) -> None:
    answer = sign_in(people.administrator).post("/nothing/here", data=FORGED, headers=headers)
    assert "administrator" not in answer.text and "Send it" not in answer.text
    assert sign_in(people.ana).post("/sign-out", headers=headers).status_code == 403


@pytest.mark.parametrize("headers", OURS, ids=range(len(OURS)))
def test_our_own_forms_are_taken(
    headers: dict[str, str], agenda: Agenda, people: Any, sign_in: Any
) -> None:
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Who knows?", write("A text.")))
    address = f"/topics/{topic.id}/reply"
    answer = sign_in(people.ben).post(
        address, data={"source": "I do.", "language": "en"}, headers=headers
    )
    assert answer.status_code == 303


@pytest.mark.parametrize("name", ["source", "title", "reason", "note", "body", "sentence", "why"])
def test_a_short_text_is_given_back_too(name: str, people: Any, sign_in: Any) -> None:
    answer = sign_in(people.ben).post("/topics/999999/reply", data={name: "Yes, we did."})
    assert answer.status_code == 404 and "Yes, we did." in answer.text


def test_what_cannot_be_sent_again_can_all_be_read(people: Any, sign_in: Any) -> None:
    typed = {
        "source": "We did.",
        "note": "It leaked.",
        "link": "https://a.example",
        "cost": "EUR 9",
    }
    text = sign_in(people.ben).post("/topics/999999/reply", data=typed).text
    assert "Send it<" not in text
    for words in typed.values():
        assert f'readonly dir="auto">\n{words}</textarea>' in text


def test_an_address_makes_no_line_of_the_log(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    def fails(*_args: Any, **_words: Any) -> None:
        raise RuntimeError

    monkeypatch.setitem(app.view_functions, "front.profile", fails)
    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    try:
        with caplog.at_level(logging.ERROR):
            assert client.get("/members/x%0A[2026] forged").status_code == 500
    finally:
        app.config["PROPAGATE_EXCEPTIONS"], app.testing = None, True
    assert caplog.messages and all("\n" not in message for message in caplog.messages)
