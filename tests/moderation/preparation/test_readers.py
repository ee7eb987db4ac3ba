"""Who finds an agenda in preparation, and what pages say of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum import reachcache
from forum.agendas.actions import StatementText, set_hosts, write_statement, write_theme
from forum.agendas.models import Agenda
from forum.clock import now
from forum.dialogue.actions import UnsentForm, keep_draft
from forum.dialogue.queries import first_post
from forum.library.actions import (
    CaseText,
    PracticeText,
    ReadingText,
    write_case,
    write_practice,
    write_reading,
)
from forum.library.queries import latest_cases, related
from forum.members.actions import silence
from forum.moderation import actions
from forum.permissions import ANY_MEMBER, VISITOR, with_preparation
from tests.moderation.conftest import undo
from tests.moderation.preparation.conftest import LINE, topic_on

pytestmark = pytest.mark.usefixtures("sound")


def test_only_hosts_and_moderators_find_it(
    client: FlaskClient, sign_in: Any, people: Any, prepared: Agenda
) -> None:
    for who in (people.host, people.moderator, people.administrator):
        assert LINE in sign_in(who).get("/agendas/cooler").text
        assert "Making Cities Cooler" in sign_in(who).get("/agendas").text
    for browser in (client, sign_in(people.ben)):
        assert browser.get("/agendas/cooler").status_code == 404
        assert "Cooler" not in browser.get("/agendas").text + browser.get("/").text
    for door in ("open", "watch", "topics/new", "statements/new", "edit", "archive"):
        assert sign_in(people.ben).post(f"/agendas/cooler/{door}").status_code == 404, door
    silence(people.moderator, people.host.id, now() + timedelta(days=366))
    assert sign_in(people.host).get("/agendas/cooler").status_code == 404


def test_whoever_hosts_it_no_more_finds_nothing_of_it(
    sign_in: Any, people: Any, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    practice = write_practice(people.host, prepared.id, PracticeText("Awnings", "Cloth."))
    keep_draft(
        people.host,
        UnsentForm("a key", [("title", "Begun"), ("source", "So.")]),
        agenda_id=prepared.id,
    )
    addresses = (topic.address, f"/practices/{practice.slug}", f"/posts/{first_post(topic).id}")
    for address in addresses:
        assert sign_in(people.host).get(address).status_code in (200, 302, 303), address
    set_hosts(people.moderator, prepared.id, [])
    for address in addresses:
        assert sign_in(people.host).get(address).status_code == 404, address
    assert "Awnings" not in sign_in(people.host).get("/practices/mine").text
    drafts = sign_in(people.host).get("/drafts").text
    assert "Begun" in drafts and "Cooler" not in drafts and "not there any more" in drafts


def test_each_page_of_it_says_that_it_is_in_preparation(
    sign_in: Any, people: Any, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    said = write_statement(people.host, prepared.id, StatementText("Ana", "Shade is a service."))
    case = write_case(people.host, prepared.id, CaseText("Arcades", "network", "S.", "One."))
    reading = write_reading(people.host, prepared.id, ReadingText("A book", "Somebody"))
    practice = write_practice(people.host, prepared.id, PracticeText("Awnings", "Cloth."))
    post = f"/posts/{first_post(topic).id}"
    browser = sign_in(people.host)
    for address in (
        *("/agendas/cooler", "/agendas/cooler/edit", "/agendas/cooler/history"),
        *("/agendas/cooler/topics", "/agendas/cooler/topics/new", "/agendas/cooler/statements"),
        f"/agendas/cooler/statements/{said.id}/edit",
        *(topic.address, f"{post}/edit", f"{post}/delete", f"{post}/history", f"{post}/marks"),
        *(f"/cases/{case.slug}", f"/cases/{case.slug}/edit", f"/practices/{practice.slug}"),
        *(f"/practices/{practice.slug}/edit", f"/readings/{reading.id}/edit"),
    ):
        page = browser.get(address)
        assert page.status_code == 200 and page.text.count(LINE) == 1, address
    actions.open_agenda(people.host, prepared.id)
    assert LINE not in browser.get(topic.address).text + browser.get("/agendas/cooler").text


def test_a_moderator_reads_on_where_all_members_do(people: Any, prepared: Agenda) -> None:
    """What is cached for a theme is the same for all members, so a moderator must not fill it with more."""
    theme = write_theme(people.moderator, "Shade")
    topic_on(prepared, people.host, themes=[theme.id])
    assert related(people.moderator, [theme], ()) == related(ANY_MEMBER, [theme], ())
    assert not related(people.moderator, [theme], ()).rows


def test_what_an_export_reads_of_it_is_kept_for_nobody_else(
    monkeypatch: pytest.MonkeyPatch, people: Any, prepared: Agenda
) -> None:
    """A plain dictionary replaces the cache of a process."""
    kept: dict[Any, Any] = {}
    monkeypatch.setattr(
        reachcache, "cached", lambda key, read, *_scopes: kept.setdefault(key, read())
    )
    write_case(people.host, prepared.id, CaseText("Arcades", "network", "Short.", "One."))
    for reader in (VISITOR, ANY_MEMBER):
        assert [case.name for case in latest_cases(with_preparation(reader))] == ["Arcades"]
        assert not latest_cases(reader)
        assert [case.name for case in latest_cases(with_preparation(reader))] == ["Arcades"]


def test_its_plan_is_drawn_for_who_sees_it(
    client: FlaskClient, sign_in: Any, people: Any, prepared: Agenda
) -> None:
    browser = sign_in(people.host)
    address = browser.get("/agendas/cooler").text.split('href="/agendas/plans.svg')[1].split("#")[0]
    own = browser.get(f"/agendas/plans.svg{address}")
    assert 'id="cooler"' in own.text and own.headers["Cache-Control"].startswith("private")
    assert 'id="cooler"' not in client.get(f"/agendas/plans.svg{address}").text
    actions.open_agenda(people.host, prepared.id)
    assert 'id="cooler"' in client.get("/agendas/plans.svg").text


def test_its_host_is_called_one_once_it_is_open(
    client: FlaskClient, people: Any, prepared: Agenda
) -> None:
    set_hosts(people.moderator, prepared.id, [people.chitra.handle])
    profile = "/members/chitra-desai"
    assert "Host of an agenda" not in client.get(profile).text
    assert client.get("/members").text.count("Host of an agenda") == 1
    actions.open_agenda(people.moderator, prepared.id)
    assert "Host of an agenda" in client.get(profile).text
    assert client.get("/members").text.count("Host of an agenda") == 2


def test_it_may_be_given_up_unseen(client: FlaskClient, people: Any, prepared: Agenda) -> None:
    actions.archive(people.moderator, prepared.id)
    assert client.get("/agendas/cooler").status_code == 404
    assert "Cooler" not in client.get("/agendas").text


def test_a_page_makes_no_further_query(
    app: Flask, client: FlaskClient, queries: Any, people: Any, things: Any, prepared: Agenda
) -> None:
    topic_on(prepared, people.host)
    addresses = ("/", things.topic.address, "/topics", "/cases", "/agendas/quieter")
    for address in addresses:
        client.get(address)
    for address in addresses:
        with queries() as hidden:
            client.get(address)
        actions.open_agenda(people.moderator, prepared.id)
        client.get(address)
        with queries() as opened:
            client.get(address)
        undo(people.moderator)
        assert hidden.count <= opened.count, address


def test_the_form_of_a_reply_says_who_reads_it(sign_in: Any, people: Any, prepared: Agenda) -> None:
    topic = topic_on(prepared, people.host)
    sentence = "Hosts and moderators can read it, and others once this agenda is open."
    for path in (topic.address, f"/topics/{topic.id}/reply"):
        page = sign_in(people.host).get(path).text
        assert sentence in page and "Everyone can read it." not in page, path
    actions.open_agenda(people.host, prepared.id)
    page = sign_in(people.host).get(topic.address).text
    assert "Everyone can read it." in page and sentence not in page
