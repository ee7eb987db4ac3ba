"""Every text of the forum is translated: each page, response and e-mail, tested with a pseudo-language."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import fromstring
from zipfile import ZipFile

import pytest
from babel.support import Translations
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import Environment, nodes
from sqlalchemy import select
from werkzeug.exceptions import TooManyRequests

from forum import errorpages, locales
from forum.admission import AdmissionGate
from forum.agendas.models import Agenda
from forum.app import create_app
from forum.clock import at, now
from forum.db import db
from forum.emails import Letter
from forum.mail.actions import write_letter
from forum.mail.commands import compose, write_notice_letters
from forum.mail.models import KIND_NAMES, Delivery
from forum.mail.queries import deliveries_by_id
from forum.members.actions import depart
from forum.members.models import Member
from forum.members.queries import language_names
from forum.permissions import SYSTEM
from forum.templating import cache_bytecode
from tests.conftest import IsolatedClient, signed_in, undone
from tests.pseudo import (
    LANGUAGE,
    SPOKEN,
    TOP,
    extracted,
    greek_catalogue,
    said_in,
    write_in_cyrillic,
)
from tests.test_routes import GOES_ON, ROLES, rows

# Words that are the same in every language
NAMES = re.compile(
    r"https?://\S+|[\w.+-]+@[\w.-]+|@?[\w-]*\b(ana|ben|chitra|hana|mona|adam)-[\w-]+|(?<!\w)/[\w/.{}-]+"  # addresses, handles
    r"|\bUTC\b|\b[kMG]B\b|\b\w+/[\w/+-]+"  # units, time zones
    r"|\bInterurban\b|\b(Python|Flask|SQLAlchemy|SQLite|PostgreSQL|granian) \d[\w.]*|\d-\d\dT[\d:]+Z"
    r"|\b\w+\.(org|example|txt|json)\b|zeppelin"  # the last word is that of a screening rule in `tests.world`
)
LATIN = re.compile("[A-Za-z]")
MESSAGE_FUNCTIONS = {"_", "gettext", "ngettext", "lazy_text", "lazy_gettext"}
MESSAGE_FUNCTIONS |= {"pgettext", "lazy_pgettext", "sentence", "plural_sentence"}
EXTENSIONS = ["jinja2.ext.i18n", "jinja2.ext.do"]


@pytest.fixture(scope="session")
def messages() -> Translations:
    """The catalogue."""
    return greek_catalogue()


@pytest.fixture
def greek(
    app: Flask,
    messages: Translations,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Flask:
    """The forum in the pseudo-language, on the database of the test, with compiled templates of its own."""
    data = tmp_path_factory.getbasetemp() / "greek"
    data.mkdir(exist_ok=True)
    monkeypatch.setattr("forum.app.cache_bytecode", cache_bytecode)
    monkeypatch.setattr(locales, "translations", lambda _locale: messages)
    made = create_app(replace(app.extensions["settings"], locales=(LANGUAGE,), data=data))
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    made.test_client_class = IsolatedClient
    return made


def browser_of(role: str, greek: Flask, people: Any) -> FlaskClient:
    """A browser of a member in a role; all texts of members are in Cyrillic."""
    person = {"member": people.chitra, "author": people.ana}.get(role) or getattr(people, role, 0)
    browser = signed_in(greek, person) if person else greek.test_client()
    write_in_cyrillic()
    return browser


def untranslated(texts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The texts that contain Latin letters other than in names."""
    languages = re.compile("|".join(map(re.escape, language_names().values())))
    for place, text in texts:
        words = " ".join(text.split())
        # Quick test first: removing names adds no Latin letters, and nearly all texts have none
        if LATIN.search(words) and LATIN.search(languages.sub("", NAMES.sub("", words))):
            yield f"<{place}> {words}"


@pytest.mark.sqlite_only  # pages are the same on both databases
@pytest.mark.thorough
@pytest.mark.parametrize("role", ROLES)
def test_no_page_says_anything_untranslated(
    world: dict[str, Any], greek: Flask, people: Any, role: str
) -> None:
    browser, found = browser_of(role, greek, people), set()
    for address, _expected in rows("GET"):
        answer = browser.get(address.format(**world))
        if answer.mimetype == "text/html" and answer.status_code not in GOES_ON:
            assert f'<html lang="{LANGUAGE}" dir="ltr"' in answer.text, address
            found |= {f"{address} {words}" for words in untranslated(said_in(answer.text))}
    assert not found, "\n".join(sorted(found))


@pytest.mark.sqlite_only  # pages are the same on both databases
@pytest.mark.thorough
@pytest.mark.parametrize("role", ROLES)
def test_no_answer_to_a_form_says_anything_untranslated(
    world: dict[str, Any], greek: Flask, people: Any, role: str
) -> None:
    """Refused forms with all their errors, and messages about actions on the page that follows."""
    browser, found = browser_of(role, greek, people), set()
    for address, _expected in rows("POST"):
        with undone(browser):
            answer = browser.post(address.format(**world))
            if answer.status_code in GOES_ON:
                answer = browser.get(answer.location)
            if answer.mimetype == "text/html" and answer.status_code not in GOES_ON:
                found |= {f"{address} {words}" for words in untranslated(said_in(answer.text))}
    assert not found, "\n".join(sorted(found))


def check(texts: Iterable[tuple[str, str]]) -> None:
    assert not [*untranslated(texts)]


@pytest.mark.sqlite_only  # e-mails are the same on both databases
@pytest.mark.parametrize("kind", sorted({*KIND_NAMES} - {"notice", "digest"}))
def test_no_letter_says_anything_untranslated(
    greek: Flask, people: Any, agenda: Agenda, kind: str
) -> None:
    words = {
        **{"path": "/x", "profile": "/members/ben-okoth", "report": "/letters/1/report"},
        **{"place": "/posts/1", "salt": "1", "purpose": "1", "number": "12345", "minutes": 120},
        **{"sender_id": people.moderator.id, "what": "password", "how": "everything"},
        **dict.fromkeys(("who", "by", "sender", "recipient", "day", "said", "text"), "Слова"),
        **dict.fromkeys(("why", "sentence", "name", "detail", "until"), "Слова"),
        **({"title": "Слова"} if kind == "opened" else {}),
    }
    letter = write_letter(SYSTEM, kind, people.host.email, words, member_id=people.host.id)
    write_in_cyrillic()
    with greek.app_context():
        made = compose(letter, greek.extensions["settings"])
    assert made
    check_letter(made)


def check_letter(letter: Letter) -> None:
    assert letter.language == LANGUAGE and f'<html lang="{LANGUAGE}" dir="ltr">' in letter.html
    check([("subject", letter.subject), *said_in(letter.html)])
    check(("text", line) for line in letter.text.splitlines())


@pytest.mark.sqlite_only  # e-mails are the same on both databases
def test_no_letter_about_a_notice_says_anything_untranslated(
    world: dict[str, Any], greek: Flask, people: Any
) -> None:
    with at(now() + timedelta(minutes=5)):
        write_notice_letters()
    write_in_cyrillic()
    settings = greek.extensions["settings"]
    ids = db.session.scalars(select(Delivery.id).where(Delivery.kind == "notice")).all()
    with greek.app_context():
        written = [compose(row, settings) for row in deliveries_by_id(ids)]
    assert len(written) > 2
    for letter in filter(None, written):
        check_letter(letter)


@pytest.mark.sqlite_only  # answered without the database
def test_no_error_says_anything_untranslated(
    greek: Flask, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of("member", greek, people)
    check([("host", browser.get("/", headers={"Host": "elsewhere.example"}).text)])
    check(said_in(browser.put("/topics").text))
    check(said_in(browser.post("/practices/new", headers={"Sec-Fetch-Site": "cross-site"}).text))
    with greek.test_request_context():
        check(said_in(errorpages._bare_page(500).get_data(as_text=True)))
        for seconds in ("1", "100", "7000", "90000"):
            limited = TooManyRequests(retry_after=int(seconds))
            check([("limit", errorpages._rate_limit_message(limited))])
    monkeypatch.setitem(greek.config, "WTF_CSRF_ENABLED", True)
    kept = browser.post("/practices/new", data={"title": "Слова", "sentence": "Слова"})
    assert kept.status_code == 400
    check(said_in(kept.text))
    monkeypatch.setattr("forum.app.schema_problem", lambda: "a problem")
    greek.extensions.pop("has_checked_schema", None)
    check([("upgrade", browser.get("/").text)])
    gate: Any = greek.wsgi_app
    while not isinstance(gate, AdmissionGate):
        gate = gate.application
    refused = b"".join(gate._refuse(lambda *_started: None, is_reading=False)).decode()
    assert refused.count("\n") == 2
    check([("busy", refused)])


@pytest.mark.sqlite_only  # pages are the same on both databases
def test_the_pages_about_oneself_are_translated(
    world: dict[str, Any], greek: Flask, people: Any
) -> None:
    """Except the names of fields and files, which are for programs."""
    browser = browser_of("author", greek, people)
    archive = ZipFile(BytesIO(browser.post("/settings/data").data))
    assert json.loads(archive.read("about.json"))["kinds"][0]["title"]
    for name in archive.namelist():
        if name.endswith(".html"):
            said = [*said_in(archive.read(name).decode())]
            check(
                text
                for text in said
                if text[0] in ("title", "h1", "h2", "p", "th", "li", "dt title")
            )


@pytest.mark.sqlite_only  # feeds are the same on both databases
def test_no_feed_says_anything_untranslated(
    world: dict[str, Any], greek: Flask, people: Any
) -> None:
    browser = browser_of("visitor", greek, people)
    for address in ("/feeds/all.atom", f"/agendas/{world['agenda']}/feed.atom"):
        feed = fromstring(browser.get(address).data)
        check(
            (element.tag, element.text or "")
            for element in feed.iter()
            if element.tag.endswith(("title", "name"))
        )


@pytest.mark.sqlite_only  # stored texts are the same on both databases
def test_who_has_left_is_called_so_in_the_language_of_the_forum(greek: Flask, people: Any) -> None:
    with greek.app_context():
        depart(SYSTEM, people.ben.id)
    name = db.session.scalar(select(Member.name).where(Member.id == people.ben.id))
    assert name and not LATIN.search(name)


def test_every_message_is_in_the_catalogue() -> None:
    """The extraction misses messages in f-strings, and such as are not literals."""
    known: set[Any] = {message.id for message in extracted()}
    known |= {message[0] for message in known if isinstance(message, tuple)}
    for path in sorted((TOP / "forum").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in MESSAGE_FUNCTIONS:
                message = node.args[-1 if "pgettext" in ast.unparse(node.func) else 0]
                is_passed_on = isinstance(message, ast.Name) and path.name == "webforms.py"
                assert is_passed_on or ast.literal_eval(message) in known, (path, node.lineno)
    for path in sorted((TOP / "templates").rglob("*.*")):
        template = Environment(extensions=EXTENSIONS).parse(path.read_text("utf-8"))
        for call in template.find_all(nodes.Call):
            name = call.node.name if isinstance(call.node, nodes.Name) else ""
            if name in MESSAGE_FUNCTIONS:
                text = call.args[name == "pgettext"]
                assert isinstance(text, nodes.Const) and text.value in known, (path, call.lineno)


def test_no_template_holds_words_of_its_own() -> None:
    """Also in templates that the tests above do not render."""
    for path in sorted((TOP / "templates").rglob("*.*")):
        found = [*untranslated(bare_words(path.read_text("utf-8")))]
        assert not found, (path, found)


def bare_words(template: str) -> Iterator[tuple[str, str]]:
    """The literal text of a template, with a 0 in place of each expression."""
    template = re.sub(r"{% block (main_class|page_class|og_type) %}.*?{% endblock %}", "", template)
    tokens = Environment(extensions=EXTENSIONS).lex(template)
    page = "".join(
        text if kind == "data" else "0" * kind.endswith("_begin") for _line, kind, text in tokens
    )
    page = re.sub(r"<style>.*?</style>|<code.*?</code>|<kbd.*?</kbd>", "", page, flags=re.S)
    for name, value in re.findall(r'([\w-]+)="([^"]*)"', " ".join(re.findall(r"<[^>]*>", page))):
        if name in SPOKEN:
            yield name, value
    for text in re.split(r"<[^>]*>|&\w+;", page):
        # Without attributes in the arguments of macros
        yield (
            "text",
            re.sub(r'[\w-]+="[^"]*"', "", text),
        )


# A message without an end before a value; a message in lower case after a value
OPEN_MESSAGE = r'\{\{ _\("[^"]*[^.:!?…”)"]"[^{}]*\)[^{}]*\}\}\s+(?:<(?:b|bdi|q|a|em)\b[^>]*>)?\{\{(?! (?:icon|_|pgettext|ngettext)\()'
CONTINUED = r'\{\{(?! (?:icon|_)\()[^{}]*\}\}(?:</(?:b|bdi|q|a|em)>)?\s+\{\{ _\("[a-z]'


def test_no_sentence_is_put_together_from_messages() -> None:
    """Other languages have another word order, so values in a sentence must be parameters of its message."""
    for path in sorted((TOP / "templates").rglob("*.html")):
        found = re.search(f"{OPEN_MESSAGE}|{CONTINUED}", path.read_text("utf-8"))
        assert not found, (path, found[0])
