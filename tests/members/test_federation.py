"""The name, purpose and contact addresses of the forum: an administrator changes them, and every process shows them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from forum.app import create_app
from forum.db import db
from forum.errors import Conflict, Forbidden, Invalid
from forum.history.queries import fingerprint
from forum.members import actions, queries, views
from forum.members.models import Federation
from forum.permissions import SYSTEM
from tests.candidates import test_races as races
from tests.conftest import link_in
from tests.forums import forums
from tests.races import at_once

ADDRESS = "/administration/forum"
SAID = {"name": "Quiet Cities", "tagline": "We listen.", "contact_email": "office@city.example"}


@pytest.fixture
def named(app: Flask, people: Any) -> dict[str, str]:
    """A forum with a name; returns its description."""
    told = {"tagline": "Cities learn.", "contact_email": "a@city.example"}
    return queries.federation_fields(actions.found_federation(SYSTEM, "Interurban", **told))


@pytest.fixture
def browser(sign_in: Callable[[Any], FlaskClient], people: Any) -> FlaskClient:
    return sign_in(people.administrator)


def test_an_administrator_changes_it_and_every_page_says_so_at_once(
    named: dict[str, str], browser: FlaskClient, client: FlaskClient
) -> None:
    for page in (client, browser):
        assert "Interurban" in page.get("/").text
    form = browser.get(ADDRESS).text
    for words in named.values():
        assert f'value="{words}"' in form
    assert browser.post(ADDRESS, data=SAID).headers["Location"] == ADDRESS
    assert "Every page says so from now on." in browser.get(ADDRESS).text
    for address in ("/", "/topics", "/contact", "/feeds/all.atom", "/none"):
        for page in (client, browser):
            said = page.get(address).text
            assert "Quiet Cities" in said and "Interurban" not in said, address
    assert "We listen." in client.get("/").text and '"name": "Quiet Cities"' in client.get("/").text
    assert "office@city.example" in client.get("/contact").text
    assert "mailto:office@city.example" in client.get("/.well-known/security.txt").text


def test_a_letter_says_what_the_forum_is_called_when_it_goes(
    named: dict[str, str], client: FlaskClient, people: Any, letters: Callable[[], list[Any]]
) -> None:
    client.post("/sign-in/letter", data={"email": people.ana.email})
    actions.describe_federation(people.administrator, name="Quiet Cities")
    (letter,) = letters()
    assert link_in(letter) and "Quiet Cities" in letter.text and "Interurban" not in letter.text


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"name": " "}, "name", "Give the forum a name."),
        ({"name": "x" * 81}, "name", "Write at most 80 characters."),
        ({"tagline": "x" * 301}, "tagline", "Write at most 300 characters."),
        ({"contact_email": "office"}, "contact_email", "Write an e-mail address such as"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    named: dict[str, str], browser: FlaskClient, wrong: dict[str, str], field: str, words: str
) -> None:
    answer = browser.post(ADDRESS, data=SAID | wrong)
    assert answer.status_code == 422 and "<title>Error: " in answer.text
    assert f'id="{field}-error"' in answer.text and answer.text.count(words) == 2
    for name, typed in SAID.items():
        if name not in wrong:
            assert f'value="{typed}"' in answer.text
    assert queries.federation_fields(queries.federation_if_there()) == named  # type: ignore[arg-type]


def test_a_second_administrator_reads_both_texts_before_one_replaces_the_other(
    named: dict[str, str], browser: FlaskClient
) -> None:
    seen = fingerprint(named)
    browser.post(ADDRESS, data=SAID | {"seen": seen})
    mine = named | {"tagline": "Cities speak."}
    answer = browser.post(ADDRESS, data=mine | {"seen": seen})
    assert answer.status_code == 409 and "<title>Error: " in answer.text
    assert "It was saved meanwhile, by somebody else or by you in another window." in answer.text
    for words in ("Quiet Cities", "We listen.", "Cities speak.", "office@city.example"):
        assert words in answer.text
    assert queries.federation_fields(queries.federation_if_there()) == SAID  # type: ignore[arg-type]
    assert browser.post(ADDRESS, data=mine | {"seen": fingerprint(SAID)}).status_code == 303
    assert queries.federation_fields(queries.federation_if_there()) == mine  # type: ignore[arg-type]


def test_what_was_said_before_is_kept_with_who_changed_it(
    named: dict[str, str], browser: FlaskClient, people: Any
) -> None:
    assert "What was changed" not in browser.get(ADDRESS).text
    actions.describe_federation(people.administrator, **named)  # the same values again
    assert queries.federation_versions(SYSTEM) == []
    actions.describe_federation(people.administrator, **SAID)
    actions.describe_federation(SYSTEM, tagline="")
    page = browser.get(ADDRESS).text
    for words in ("What was changed", people.administrator.name, "Cities learn.", "We listen."):
        assert words in page
    assert [version.fields for version in queries.federation_versions(SYSTEM)] == [SAID, named]


TAGLINES = {"es": "Las ciudades aprenden.", "fr": "Les villes apprennent."}


@pytest.mark.usefixtures("recognising_all")
def test_readers_of_each_language_read_what_it_is_for_in_theirs(
    named: dict[str, str], browser: FlaskClient, client: FlaskClient, several: Flask
) -> None:
    def said(locale: str, address: str = "/") -> str:
        return str(several.test_client().get(address, headers={"Accept-Language": locale}).text)

    assert "<bdi>Cities learn.</bdi>" in said("fr")  # nobody has said in which language it is
    form = browser.get(ADDRESS).text
    assert "Write this one in English." in form and "What it is for, in French" in form
    typed = named | {"tagline_fr": TAGLINES["fr"], "tagline_es": " "}
    assert browser.post(ADDRESS, data=typed).status_code == 303
    for address in ("/", "/topics"):
        assert "<bdi>Cities learn.</bdi>" in said("en", address)
        assert '<bdi lang="en">Cities learn.</bdi>' in said("es", address)
        assert "<bdi>Les villes apprennent.</bdi>" in said("fr", address)
    assert '<meta name="description" content="Les villes apprennent.">' in said("fr")
    assert '"description": "Les villes apprennent."' in said("fr", "/manifest.webmanifest")
    assert "<Description>Les villes apprennent.</Description>" in said("fr", "/opensearch.xml")
    told = client.get("/api/v1/").json
    assert (told["tagline"], told["tagline_language"]) == ("Cities learn.", "en")
    assert told["taglines"] == {"fr": "Les villes apprennent."}
    field = browser.get(ADDRESS).text.partition('id="tagline_fr"')[2].partition(">")[0]
    assert 'value="Les villes apprennent."' in field and 'lang="fr"' in field


@pytest.mark.usefixtures("recognising_all")
def test_a_tagline_in_another_language_is_kept_as_what_was_said_before_and_can_be_taken_away(
    named: dict[str, str], browser: FlaskClient, client: FlaskClient, people: Any
) -> None:
    seen = fingerprint(named)
    actions.describe_federation(people.administrator, tagline_locale="en", taglines=TAGLINES)
    late = browser.post(ADDRESS, data=named | {"seen": seen, "tagline_fr": "Les villes parlent."})
    assert late.status_code == 409
    for words in ("What it is for, in French", *TAGLINES.values(), "Les villes parlent."):
        assert words in late.text
    actions.describe_federation(people.administrator, taglines={"fr": "", "es": TAGLINES["es"]})
    known = queries.federation_to_describe(people.administrator)
    assert (known.tagline_locale, known.taglines) == ("en", {"es": TAGLINES["es"]})
    assert '<span lang="fr" dir="auto">Les villes apprennent.</span>' in browser.get(ADDRESS).text
    before = [version.fields for version in queries.federation_versions(SYSTEM)]
    assert before == [named | queries.tagline_fields(TAGLINES), named]
    actions.describe_federation(people.administrator, taglines={"es": TAGLINES["es"]})
    assert len(queries.federation_versions(SYSTEM)) == 2


@pytest.mark.usefixtures("recognising_all")
def test_a_tagline_in_another_language_is_as_long_as_the_first_one_at_most(
    named: dict[str, str], browser: FlaskClient
) -> None:
    answer = browser.post(ADDRESS, data=named | {"tagline_fr": "x" * 301})
    assert answer.status_code == 422 and 'id="tagline_fr-error"' in answer.text
    with pytest.raises(Invalid):
        actions.describe_federation(SYSTEM, taglines={"fr": "x" * 301})


@pytest.mark.parametrize(
    ("locale", "tagline_locale", "taglines", "said"),
    [
        ("en", "", {}, ("One.", "")),
        ("fr", "en", {}, ("One.", "en")),
        ("en", "en", {"fr": "Une."}, ("One.", "en")),
        ("fr", "en", {"fr": "Une."}, ("Une.", "fr")),
        ("fr", "fr", {"fr": "Une."}, ("One.", "fr")),
    ],
)
def test_a_tagline_is_said_in_the_language_of_the_page_or_else_in_its_own(
    locale: str, tagline_locale: str, taglines: dict[str, str], said: tuple[str, str]
) -> None:
    known = Federation(tagline="One.", tagline_locale=tagline_locale, taglines=taglines)
    assert known.tagline_in(locale) == said
    known.tagline = ""
    assert known.tagline_in(locale) == (said if said[0] == "Une." else ("", ""))


def test_who_may_not_describe_the_forum_is_refused(app: Flask, people: Any) -> None:
    with pytest.raises(Conflict, match="has not been set up yet"):
        actions.describe_federation(SYSTEM, name="Ours")
    actions.found_federation(SYSTEM, "Interurban")
    for reads in (queries.federation_to_describe, queries.federation_versions):
        with pytest.raises(Forbidden):
            reads(people.moderator)
    for nothing in (" ", "\u200b", "\u2066\u2069", "\u200d", "–"):
        with pytest.raises(Invalid):
            actions.describe_federation(people.administrator, name=nothing)
    turned = actions.describe_federation(people.administrator, name="Quiet\u202e Cities\u200b")
    assert turned.name == "Quiet Cities"


def test_the_page_takes_few_statements(
    named: dict[str, str], browser: FlaskClient, queries: Any
) -> None:
    browser.get(ADDRESS)
    with queries() as made:  # two of them count for the masthead
        assert browser.get(ADDRESS).status_code == 200
    assert made.count <= 6, "\n".join(made.statements)


def test_a_name_that_was_known_is_said_while_the_database_is_away(
    named: dict[str, str], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_all: Any) -> Any:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    def name() -> str:
        g.pop("federation", None)  # as at the beginning of another request
        return views.federation().name

    assert name() == "Interurban"
    monkeypatch.setitem(app.extensions, "numbers", lambda _scopes: None)
    monkeypatch.setattr(queries, "federation_to_cache", gone)
    assert name() == "Interurban"
    app.extensions.pop("federation")
    with pytest.raises(OperationalError):
        name()


own = races.own  # over an empty database with a moderator and an administrator


def test_of_two_who_save_at_once_the_second_one_is_told(own: Flask) -> None:
    told = queries.federation_fields(actions.found_federation(SYSTEM, "Interurban"))

    def press(name: str) -> Callable[[], object]:
        return lambda: actions.describe_federation(SYSTEM, seen=fingerprint(told), name=name)

    done = at_once(own, [press("Quiet Cities"), press("Loud Cities")])
    assert sorted(done)[1] == "done" and "has changed since" in sorted(done)[0]
    db.session.rollback()
    assert len(queries.federation_versions(SYSTEM)) == 1


@pytest.fixture(params=[True, False], ids=["one machine", "several machines"])
def processes(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[list[Flask]]:
    """Two applications over one forum, as in two server processes; commands run in the first one."""
    running = {"remembers": True, "page_cache_mb": 4, "is_one_machine": request.param}
    with forums(database_url, tmp_path_factory) as make:
        forum = make("named", has_tables=True, **running)
        with forum.app.app_context():
            actions.found_federation(SYSTEM, "Interurban", "Cities learn.")
        other = create_app(forum.app.extensions["settings"])
        yield [forum.app, other]
        with other.app_context():
            db.session.remove()
            db.engine.dispose()


def test_every_process_says_it_at_once(processes: list[Flask]) -> None:
    """On cached pages of visitors, and on pages that are rendered for each request."""
    first, _other = processes
    readers = [Client(app, use_cookies=False) for app in processes]

    def said(name: str) -> set[bool]:
        pages = [
            reader.get(at).text for reader in readers for at in ("/contact", "/sign-in", "/none")
        ]
        return {name in page for page in pages}

    for called in ("Interurban", "Quiet Cities", "Loud Cities"):
        if called != "Interurban":
            done = first.test_cli_runner().invoke(args=["forum", "--name", called])
            assert done.exit_code == 0 and "Every page says so from now on" in done.output
        assert said(called) == {True} and said(called) == {True}
