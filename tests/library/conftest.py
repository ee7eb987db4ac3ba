"""Fixtures of the library: two agendas, a host, an author, a reader, a case, a practice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Select

from forum.agendas.actions import AgendaText, ensure_themes, set_hosts, write_agenda
from forum.agendas.models import Agenda, Theme
from forum.clock import at
from forum.db import db
from forum.library import actions
from forum.library.actions import CaseText, FigureText, LinkText, PracticeText
from forum.library.models import Case, Practice
from forum.library.queries import case_by_id, practice_by_id
from forum.markup import write
from forum.members.actions import Joining, appoint, found_federation, join
from forum.members.models import Member
from forum.members.queries import visible_members, whole_profile
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find
from tests.datasets import dataset_fixture, load_dataset, load_dataset_rows

Created = TypeVar("Created")
SignIn = Callable[[Member], FlaskClient]


def rows(table: str, *typed: str) -> dict[str, str]:
    """The form data for rows of a table in the form of a case, each given as one text with bars between its parts."""
    fields = {
        "places": {"city": ""},
        "figures": dict.fromkeys(("label", "value", "unit", "as_at", "source", "address"), ""),
        "links": {"label": "", "address": "", "kind": "site"},
    }[table]
    sent = {}
    for number, row in enumerate(typed, 1):
        parts = dict(zip(fields, map(str.strip, row.split("|")), strict=False))
        sent |= {f"{table}-{number}-{name}": part for name, part in {**fields, **parts}.items()}
    return sent


CASE = {
    "name": "Quiet streets",
    "agenda": "floods-and-heat",
    "kind": "city project",
    "status": "running",
    "summary": "Cars wait outside.",
    "body": "One paragraph.\n\nAnother one.",
    "language": "en",
    "since": "2019",
    "checked_on": "2026-10-02",
    **rows("places", "Tampere, FI", "", "Copenhagen"),
    **rows(
        "figures",
        "Streets | 41 | streets | 2025 | Count of the city | https://t.example/streets",
        "Cost | 3",
    ),
    **rows("links", "The plan | https://t.example/plan | report"),
}
PRACTICE = {
    "title": "Pumps that call",
    "agenda": "floods-and-heat",
    "sentence": "Each pump sends a message.",
    "language": "en",
    "city": "Surat, India",
}
HOSTILE = [
    "\x00",
    "x" * 30_000,
    "\ud800 lone",
    str(2**63),
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "{{ 7 * 7 }}",
    "٤٢",
]

SURAT, TAMPERE, TOKYO, COPENHAGEN = 1255364, 634963, 1850147, 2618425
SECRET = "The pumps drowned in the basement"
BODY = "The network began small.\n\nIts members pay a fee of honour each spring.\n\nIt will end one day."


@dataclass
class World:
    """The people and agendas of the tests."""

    host: Member
    author: Member
    reader: Member
    moderator: Member
    agenda: Agenda
    other: Agenda
    themes: list[Theme]


def person(name: str, city_id: int | None = None) -> Member:
    """A new member."""
    address = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    return join(VISITOR, Joining(name, address, "hash", city_id=city_id))


def at_present(create: Callable[[], Created]) -> Callable[[], Created]:
    """Create a dataset at the present time: other tests use it, too, whatever time the first one has set."""

    def created() -> Created:
        with at(datetime.now(UTC).replace(microsecond=0)):
            return create()

    return created


@pytest.fixture
@dataset_fixture
def world(app: Flask) -> World:
    """Two agendas and four people."""
    rows = load_dataset_rows("two agendas and four people", app, at_present(make_world))
    by_name = {member.name: member for member in db.session.scalars(_people())}
    return World(**rows, **{role: by_name[name] for role, name in NAMES.items()})


NAMES = {
    "host": "Hanne Host",
    "author": "Aarav Author",
    "reader": "Rosa Reader",
    "moderator": "Mo Meijer",
}


@cache
def _people() -> Select[tuple[Member]]:
    """The statement for the people of `World`, built once: each test of the library executes it."""
    known = visible_members(SYSTEM).where(Member.name.in_(NAMES.values()))
    return known.options(*whole_profile())


def make_world() -> dict[str, Any]:
    found_federation(SYSTEM, "Interurban")
    agenda = write_agenda(SYSTEM, AgendaText("Floods and heat", write("Text.")))
    other = write_agenda(SYSTEM, AgendaText("Homes", write("Text."), palette="rose"))
    cities = {"host": TAMPERE, "author": SURAT, "reader": TOKYO}
    people = {role: person(name, cities.get(role)) for role, name in NAMES.items()}
    set_hosts(SYSTEM, agenda.id, [people["host"].handle])
    appoint(SYSTEM, people["moderator"].handle, "moderator")
    themes = ensure_themes(SYSTEM, ["Pumps", "Trees"])
    return {"agenda": agenda, "other": other, "themes": themes}


def case_text(**changes: Any) -> CaseText:
    """A complete case; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "name": "The delta network",
        "kind": "network",
        "summary": "Cities on deltas compare their dikes.",
        "body": BODY,
        "reach": "Global",
        "since": 2005,
        "city_ids": [SURAT, TOKYO],
        "figures": [
            FigureText("Members", "75", "cities", "2014", "Yearbook", "https://d.example/y")
        ],
        "links": [LinkText("The network", "https://d.example")],
    }
    return CaseText(**{**fields, **changes})


def practice_text(**changes: Any) -> PracticeText:
    """A complete practice whose failures are for members only; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "title": "Pumps that call for help",
        "sentence": "Each pump sends a message when the water rises.",
        "link": "https://pumps.example",
        "city_id": SURAT,
        "evidence": "measured",
        "cost": "EUR 3,200 a year",
        "started": 2021,
        "failure_audience": "members",
        "sections": {"challenge": "Nobody knew.", "done": "We **wired** them.", "failure": SECRET},
    }
    return PracticeText(**{**fields, **changes})


@pytest.fixture
@dataset_fixture
def case(app: Flask, world: World) -> Case:
    """A case on the first agenda."""

    def make() -> int:
        text = case_text(theme_ids=[world.themes[0].id])
        return actions.write_case(world.host, world.agenda.id, text).id

    return case_by_id(world.host, load_dataset("the delta network", app, at_present(make)))


@pytest.fixture
@dataset_fixture
def practice(app: Flask, world: World) -> Practice:
    """A published practice on the first agenda."""
    create = at_present(lambda: published(world).id)
    made = load_dataset("pumps that call for help", app, create)
    return practice_by_id(world.author, made)


def published(world: World, **changes: Any) -> Practice:
    """A practice that its author has submitted and the host has published."""
    made = actions.write_practice(world.author, world.agenda.id, practice_text(**changes))
    actions.submit(world.author, made.id)
    return actions.publish(world.host, made.id)


def structured(page: str) -> dict[str, Any]:
    """The structured data for search engines on a page; empty if there is none."""
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    return json.loads(found.group(1)) if found else {}


def post(browser: FlaskClient, path: str, form: dict[str, str]) -> Any:
    """Send form data unchanged, even data that no browser would send."""
    body = urlencode(form, errors="surrogatepass").encode()
    return browser.post(path, data=body, content_type="application/x-www-form-urlencoded")


def errors(page: str) -> list[str]:
    """The fields of a form that have errors."""
    return re.findall(r'class="err" id="([\w-]+)-error"', page)


def found(words: str, reader: Any = VISITOR) -> list[tuple[str, str]]:
    hits = find(reader, Query(words)).page.items
    return [(hit.document.kind, hit.document.address) for hit in hits]


def told(member: Any) -> list[tuple[str, str]]:
    make_notices(SYSTEM)
    return [(notice.kind, notice.address) for notice in inbox(member).page.items]


def draft(world: World, **changes: Any) -> Practice:
    return actions.write_practice(world.author, world.agenda.id, practice_text(**changes))
