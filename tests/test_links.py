"""Every link on every page leads somewhere, for everybody who sees it, also when much is hidden."""

from __future__ import annotations

import re
from collections import Counter, deque
from html import unescape
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum import web
from forum.agendas.models import Agenda
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from tests.world import build

# The links of a page do not depend on the database
pytestmark = [pytest.mark.sqlite_only, pytest.mark.thorough]
MAX_ALIKE = 2  # addresses with the same path and different query strings
LINK = re.compile(r'<a [^>]*href="([^"]*)"')


def dead_links(browser: FlaskClient) -> list[str]:
    """Follow all links from the home page; returns addresses whose response is not a page, with the pages that link there."""
    waiting, seen, dead = deque([("/", "")]), {"/"}, []
    alike = Counter("/")  # the number of addresses by path
    while waiting:
        address, linked_by = waiting.popleft()
        answer = browser.get(address)
        if answer.status_code not in (200, 301, 302, 303):
            dead.append(f"{answer.status_code} {address} on {linked_by}")
        for found in dict.fromkeys([*LINK.findall(answer.text), answer.location or ""]):
            there = urlsplit(urljoin(address, unescape(found)))
            target = f"{there.path}?{there.query}" if there.query else there.path
            if (
                there.netloc in ("", "localhost")
                and there.scheme != "mailto"
                and target not in seen
                and alike[there.path] < MAX_ALIKE
            ):
                seen.add(target)
                alike[there.path] += 1
                waiting.append((target, unquote(address)))
    assert len(seen) > 40
    return dead


def hide_much(people: Any, made: dict[str, Any]) -> None:
    """Hide one thing of each kind."""
    things = {"case": made["case_id"], "practice": made["practice_id"], "topic": made["topic"]}
    for kind, number in {**things, "member": people.ben.id}.items():
        moderation.decide(
            people.moderator, kind, number, "hide", Reasons("It breaks the rules.", 2)
        )


@pytest.mark.parametrize(
    ("who", "is_much_hidden"),
    [("visitor", False), ("ana", False), ("host", False), ("host", True), ("administrator", True)],
)
def test_every_link_leads_somewhere(
    people: Any, agenda: Agenda, client: FlaskClient, sign_in: Any, who: str, is_much_hidden: bool
) -> None:
    made = build(people, agenda)
    if is_much_hidden:
        hide_much(people, made)
    assert dead_links(client if who == "visitor" else sign_in(getattr(people, who))) == []


@pytest.mark.parametrize(
    ("form", "back"),
    [
        ("/agendas/new", "/agendas"),
        ("/agendas/{agenda}/edit", "/agendas/{agenda}"),
        ("/agendas/{agenda}/statements", "/agendas/{agenda}"),
        ("/agendas/{agenda}/statements/new", "/agendas/{agenda}/statements"),
        ("/agendas/{agenda}/statements/{statement}/edit", "/agendas/{agenda}/statements"),
        ("/agendas/{agenda}/cases/new", "/agendas/{agenda}#cases"),
        ("/cases/{case}/edit", "/cases/{case}"),
        ("/agendas/{agenda}/readings/new", "/agendas/{agenda}#reads"),
        ("/readings/{reading}/edit", "/agendas/{agenda}#reads"),
        ("/practices/new", "/practices"),
        ("/practices/new?adapt={practice}", "/practices/{practice}"),
        ("/practices/{practice}/edit", "/practices/{practice}"),
        ("/organisations/new", "/organisations"),
        ("/organisations/{organisation}/edit", "/organisations/{organisation}"),
        ("/agendas/{agenda}/topics/new", "/agendas/{agenda}"),
        ("/posts/{post}/edit", "/topics/{topic}-{topic_slug}#post-2"),
        ("/administration/screening/new", "/administration/screening"),
    ],
)
def test_every_form_leads_back_in_the_same_manner(
    people: Any, agenda: Agenda, sign_in: Any, form: str, back: str
) -> None:
    made = build(people, agenda)
    who = people.ana if form.startswith(("/practices/{", "/posts")) else people.administrator
    page = sign_in(who).get(form.format(**made)).text
    assert f'<a class="btn quiet" href="{back.format(**made)}">Cancel</a>' in page


@pytest.mark.parametrize(
    ("address", "page"),
    [("/topics?kind=case", "/topics?kind=case"), ("/topics/7/watch", "/topics/7"), ("/posts/3/mark", "/posts/3"),
     ("/notices/read-all?part=told", "/notices"), ("/settings?x=1", "/settings?x=1"), ("/preview", "/")],
)  # fmt: skip
def test_one_comes_back_to_a_page_and_not_to_a_form(app: Flask, address: str, page: str) -> None:
    with app.test_request_context(address, method="POST"):
        assert web.page_here() == page


def test_the_appearance_and_signing_in_lead_back_from_what_answers_a_form(
    client: FlaskClient, sign_in: Any, people: Any, agenda: Agenda
) -> None:
    made = build(people, agenda)
    post, topic = made["reply"], made["topic"]
    asked = sign_in(people.ana).post(f"/posts/{post}/mark", data={"kind": "tried it"})
    assert asked.status_code == 200 and f'name="next" value="/posts/{post}"' in asked.text
    refused = client.post(f"/topics/{topic}/watch", data={"level": "watching"})
    assert refused.status_code == 403 and f'href="/sign-in?next=/topics/{topic}"' in refused.text
