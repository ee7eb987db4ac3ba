"""Readings on pages, bad input, and how many queries pages make."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.dialogue import actions as dialogue
from forum.library import actions
from forum.library import queries as library
from forum.library.actions import LinkText
from forum.library.models import Case, Practice
from forum.markup import write
from forum.permissions import VISITOR
from tests.library.conftest import (
    CASE,
    HOSTILE,
    PRACTICE,
    SignIn,
    World,
    case_text,
    post,
    published,
)


def test_on_an_agenda_title_and_words_of_a_reading_are_in_its_language(
    world: World, sign_in: SignIn
) -> None:
    text = actions.ReadingText("Les villes", "Paquot, Thierry", why="Un beau livre.", language="fr")
    actions.write_reading(world.host, world.agenda.id, text)
    page = sign_in(world.host).get("/agendas/floods-and-heat").text
    assert '<span lang="fr" dir="auto">Un beau livre.</span>' in page
    assert '<bdi lang="fr">Les villes</bdi>' in page  # the name of its bookmark


def test_what_a_case_or_practice_says_of_its_reach_links_and_cost_is_in_its_language(
    world: World, client: FlaskClient
) -> None:
    links = [LinkText("Le réseau", "https://d.example")]
    text = case_text(language="fr", reach="Le monde", links=links)
    case = actions.write_case(world.host, world.agenda.id, text)
    page = client.get(f"/cases/{case.slug}").text
    assert '<dd lang="fr" dir="auto">Le monde</dd>' in page
    link = 'rel="noopener" lang="fr" dir="auto">Le réseau'
    assert link in page and link in client.get("/agendas/floods-and-heat").text
    practice = published(world, language="fr", cost="Deux francs par rue")
    page = client.get(f"/practices/{practice.slug}").text
    assert '<dd lang="fr" dir="auto">Deux francs par rue</dd>' in page
    without = published(world, title="Another", slug="another", language="fr", cost="")
    assert '<dd dir="auto">Not known</dd>' in client.get(f"/practices/{without.slug}").text


def test_readings_are_curated_in_the_browser(
    world: World, sign_in: SignIn, client: FlaskClient
) -> None:
    host = sign_in(world.host)
    form = {
        "title": "The book",
        "authors": "Katz, Bruce",
        "year": "2013",
        "kind": "book",
        "language": "en",
    }
    address = "/agendas/floods-and-heat/readings/new"
    assert host.post(address, data={**form, "link": "nowhere"}).status_code == 422
    assert host.post(address, data={**form, "year": "twenty"}).status_code == 422
    assert host.post(address, data={**form, "why": "It <b>matters</b>."}).status_code == 303
    page = client.get("/readings?year=2013&kind=book").text
    assert "The book" in page and "It &lt;b&gt;matters&lt;/b&gt;." in page
    reading = library.readings_of(VISITOR, world.agenda)[0]
    assert (
        host.post(
            f"/readings/{reading.id}/edit", data={**form, "title": "The other book"}
        ).status_code
        == 303
    )
    assert (
        "<del>book</del>" in host.get(f"/readings/{reading.id}/history").text
        or "<ins>other" in host.get(f"/readings/{reading.id}/history").text
    )
    assert client.get(f"/readings/{reading.id}/history").location.startswith("/sign-in")
    assert host.post(f"/readings/{reading.id}/remove").status_code == 303
    assert host.get(f"/readings/{reading.id}/edit").status_code == 404
    assert host.get("/readings/2147483648/edit").status_code == 404


# Bad input, and how many queries


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_typed_is_an_error_of_ours(
    world: World, case: Case, practice: Practice, sign_in: SignIn, value: str
) -> None:
    host = sign_in(world.host)
    for name in [
        *CASE,
        "figures",
        "links",
        "places",
        "add_row",
        "remove_row",
        f"figures-{value}-label",
    ]:
        answer = post(host, "/cases/the-delta-network/edit", {**CASE, name: value})
        assert (
            answer.status_code == 200 if name.endswith("_row") else answer.status_code in (303, 422)
        )
    names = [*PRACTICE, "challenge", "failure", "cost", "started", "revisit_on", "evidence"]
    for name in [*names, "themes", "city_id", "submission_key", "writes_for", "deed"]:
        answer = post(host, f"/practices/{practice.slug}/edit", {**PRACTICE, name: value})
        assert answer.status_code in (303, 422), name
    assert "alert(1)</script>" not in host.get(f"/practices/{practice.slug}").text


@pytest.mark.parametrize("value", HOSTILE[1:], ids=range(1, len(HOSTILE)))
def test_nothing_in_an_address_is_an_error_of_ours(
    client: FlaskClient, case: Case, value: str
) -> None:
    names = ("agenda", "theme", "country", "city", "size", "kind", "year", "page", "tried", "order")
    for path in ("/cases", "/practices", "/readings"):
        asked = {name: [value[:500].encode("utf-8", "surrogatepass")] * 2 for name in names}
        assert client.get(path, query_string=asked).status_code == 200
    assert client.get("/cases/\ufffd").status_code == 404


def test_pages_take_few_queries_however_much_is_said(
    world: World, case: Case, practice: Practice, client: FlaskClient, sign_in: SignIn, queries: Any
) -> None:
    reader = sign_in(world.reader)
    # One of them reads which commitments copy it (a server process caches that), and one its translations
    paths = [
        (client, f"/cases/{case.slug}", 17),
        (client, f"/practices/{practice.slug}", 14),
        (client, "/cases", 13),
        (client, "/practices", 13),
        (client, "/readings", 5),
        (reader, f"/cases/{case.slug}", 21),
        (reader, f"/practices/{practice.slug}", 21),
        (reader, "/practices/mine", 8),
    ]

    def look() -> list[int]:
        made_by = []
        for browser, path, _most in paths:
            with queries() as made:
                assert browser.get(path).status_code == 200
            made_by.append(made.count)
        return made_by

    def say(number: int) -> None:
        key = case.paragraphs[number % 3].key
        dialogue.reply(world.author, case.topic_id, write(f"Comment {number}"), paragraph=key)
        dialogue.reply(world.author, practice.topic_id, write(f"Comment {number}"))  # type: ignore[arg-type]
        actions.write_case(world.host, world.agenda.id, case_text(name=f"Case {number}"))
        published(world, title=f"Practice {number}", adapted_from_id=practice.id)

    say(0)
    look()
    few = look()
    for (_browser, path, most), count in zip(paths, few, strict=True):
        assert count <= most, (path, count)
    for number in range(1, 6):
        say(number)
    look()  # the first visit stores how far the member has read
    assert look() == few
