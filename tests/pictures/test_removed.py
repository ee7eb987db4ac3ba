"""Deleted pictures and files: every page whose text shows or links to one says in words that it is removed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.illustrations import line_of, source_without_removed
from forum.mail.commands import write_notice_letters
from forum.markup import write
from forum.notifications.actions import choose_ways, make_notices, watch
from forum.permissions import SYSTEM
from forum.pictures import queries as picture_queries
from forum.pictures.actions import delete_picture, import_picture, look_after
from forum.pictures.models import KEPT_UNUSED
from forum.sentfiles import SentFile, examine
from forum.upkeep.queries.rebuilding import TEXT_COLUMNS
from tests.pictures.conftest import added, added_file
from tests.samples_of_files import PDF
from tests.world import build

HOME = "http://localhost"
MARK = '<small lang="en" dir="auto">(removed)</small>'
REMOVED = f"<s>the kerb</s> {MARK}"
# A page with each kind of text whose HTML is stored
PAGES = {
    "posts": "/topics/{topic}-{topic_slug}",
    "notes of moderators": "/topics/{topic}-{topic_slug}",
    "paragraphs of cases": "/cases/{case}",
    "parts of practices": "/practices/{practice}",
    "introductions of agendas": "/agendas/{agenda}",
    "findings of agendas": "/agendas/{agenda}",
    "declarations": "/declarations/{open_declaration}-{open_slug}",
    "commitments": "/commitments/{commitment}-{commitment_slug}",
    "parts of translations": "/practices/{practice}/in/fr",
    "meetings": "/meetings/{over}-{over_slug}",
    "what came of meetings": "/meetings/{over}-{over_slug}",
    "profiles": "/members/ana-prado",
    "terms of use": "/terms",
}
MORE_PAGES = {
    "feeds": "/topics/{topic}/feed.atom",
    "briefings": "/agendas/{agenda}/briefing",
    "briefings to keep": "/agendas/{agenda}/briefing.html",
    "posts of the API": "/api/v1/topics/{topic}/posts",
    "a post of the API": "/api/v1/posts/{post}",
    "the agenda of the API": "/api/v1/agendas/{agenda}",
    "the case of the API": "/api/v1/cases/{case}",
    "the practice of the API": "/api/v1/practices/{practice}",
}


@pytest.fixture
def file(people: Any) -> Any:
    return added_file(people.ana)


@pytest.fixture
def world(people: Any, agenda: Any) -> dict[str, Any]:
    return build(people, agenda)


def set_everywhere(source: str) -> None:
    """Give every text whose HTML is stored this source, with the HTML that it had before the file was deleted."""
    text = write(source)
    for columns in TEXT_COLUMNS.values():
        model = columns.source.class_
        name = columns.version.key.removesuffix("_version")
        html = name if hasattr(model, name) else f"{columns.source.key}_html"
        values = {columns.source.key: text.source, html: text.html}
        db.session.execute(update(model).values(values))
    db.session.commit()


def told(browser: FlaskClient, address: str) -> str:
    """What a response says, with the text of a feed or of the API as HTML."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    if answer.mimetype == "application/json":
        return json.dumps(answer.json, ensure_ascii=False).replace('\\"', '"')
    if answer.mimetype == "application/atom+xml":
        return answer.text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return answer.text.replace(HOME, "")


def test_every_kind_of_text_has_a_page_here() -> None:
    assert PAGES.keys() == TEXT_COLUMNS.keys()


@pytest.mark.thorough
def test_every_page_says_so_and_links_again_when_the_file_is_there_again(
    people: Any, world: dict[str, Any], client: FlaskClient, sign_in: Any, file: Any
) -> None:
    name = file.name
    link = f'<a class="file" href="/files/{name}">the kerb <small dir="ltr">(PDF'
    set_everywhere(f"So {line_of(name, 'the kerb')}.\n\n> [quoted]({HOME}/files/{name})")
    for browser in (client, sign_in(people.ben)):
        import_picture(SYSTEM, people.ana.id, examined(name))
        before = {}
        for kind, path in (PAGES | MORE_PAGES).items():
            before[kind] = told(browser, path.format(**world))
            assert link in before[kind] and "(removed)" not in before[kind], kind
        delete_picture(people.ana, picture_queries.picture_named(name).id)
        for kind, path in (PAGES | MORE_PAGES).items():
            page = told(browser, path.format(**world))
            assert name not in page.replace(f"](/files/{name})", ""), kind
            assert page.count(REMOVED) == before[kind].count(link), kind
            assert f"<s>quoted</s> {MARK}" in page, kind
        import_picture(SYSTEM, people.ana.id, examined(name))
        after = {kind: told(browser, path.format(**world)) for kind, path in PAGES.items()}
        assert all(link in page and "(removed)" not in page for page in after.values())


def examined(name: str) -> SentFile:
    """The file as an import reads it."""
    made = examine(BytesIO(PDF), "Kerb.pdf", 10_000_000)
    return SentFile(name, made.title, BytesIO(PDF))


def replied(people: Any, world: dict[str, Any], source: str) -> Any:
    return dialogue.reply(people.ana, world["topic"], write(source))


def page_of(browser: FlaskClient, world: dict[str, Any]) -> str:
    return browser.get("/topics/{topic}-{topic_slug}".format(**world)).text


def test_an_edit_leaves_it_removed(
    people: Any, world: dict[str, Any], client: FlaskClient, sign_in: Any, file: Any
) -> None:
    post = replied(people, world, f"See {line_of(file.name, 'the kerb')}.")
    delete_picture(people.ana, file.id)
    browser = sign_in(people.ana)
    changed = {"source": f"Do see {line_of(file.name, 'the kerb')}.", "language": "en"}
    form = {**changed, "seen": post.fingerprint}
    preview = browser.post(f"/posts/{post.id}/edit", data={**form, "preview": "1"}).text
    assert f"Do see {REMOVED}." in preview
    assert browser.post(f"/posts/{post.id}/edit", data=form).status_code == 303
    assert f"Do see {REMOVED}." in page_of(client, world)
    assert f"](/files/{file.name})" in browser.get(f"/posts/{post.id}/edit").text, (
        "it is the source"
    )


def test_what_is_shown_and_linked_of_a_picture_is_words(
    people: Any, world: dict[str, Any], client: FlaskClient
) -> None:
    one, other = added(people.ana, width=900), added(people.ana)
    source = f"![a *lane* & <more]({one.address}) [plan]({one.address}#link) "
    source += f"[![inside]({one.address})](https://a.example) ![kept]({other.address})"
    replied(people, world, f"{source}\n\n> ![quoted]({one.address})")
    delete_picture(people.ana, one.id)
    page = page_of(client, world)
    for words in (
        f"<em>Picture: a lane &amp; &lt;more</em> {MARK} <s>plan</s> {MARK}",
        f'ugc noopener"><em>Picture: inside</em> {MARK}</a> <a href="{other.address}"><img ',
        f"<s>quoted</s> {MARK}",
    ):
        assert words in page
    assert one.name not in page


def test_readers_are_told_in_their_language(
    app: Flask,
    people: Any,
    world: dict[str, Any],
    client: FlaskClient,
    file: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    three = replace(app.extensions["settings"], locales=("en", "es", "fr"))
    monkeypatch.setitem(app.extensions, "settings", three)
    replied(people, world, f"See {line_of(file.name, 'the kerb')}.")
    delete_picture(people.ana, file.id)
    for language, words in (("fr", "(n’existe plus)"), ("es", "(ya no existe)")):
        page = client.get(
            "/topics/{topic}-{topic_slug}".format(**world), headers={"Accept-Language": language}
        ).text
        assert f'<s>the kerb</s> <small lang="{language}" dir="auto">{words}</small>' in page


def test_who_links_to_what_was_never_used_is_told_too(
    people: Any, world: dict[str, Any], client: FlaskClient, file: Any
) -> None:
    """A link to somebody else's file is an ordinary one, and keeps no file from being deleted by the worker."""
    dialogue.reply(people.ben, world["topic"], write(f"[the kerb]({HOME}{file.address})"))
    assert "(removed)" not in page_of(client, world)
    with at(now() + KEPT_UNUSED + timedelta(days=1)):
        look_after(SYSTEM, {file.id: file.due_at}, [file.id])
    assert REMOVED in page_of(client, world)


@pytest.mark.parametrize(
    "source",
    [
        "`/files/{name}` and \\[the kerb](/files/{name})",
        "https://elsewhere.example/files/{name}",
        "[x](/files/{name}.html) and [y](/files/)",
        '<a class="file" href="/files/{name}">the kerb</a>',
    ],
)
def test_what_is_no_link_to_it_stays(
    people: Any, world: dict[str, Any], client: FlaskClient, file: Any, source: str
) -> None:
    post = replied(people, world, source.format(name=file.name))
    delete_picture(people.ana, file.id)
    assert post.html in page_of(client, world)


def test_a_page_asks_once_for_all_and_those_without_ask_nothing(
    people: Any, world: dict[str, Any], client: FlaskClient, queries: Any, file: Any
) -> None:
    numbers = []
    for count in (0, 1, 9):
        for _number in range(count):
            replied(people, world, line_of(added_file(people.ana).name, "the kerb"))
        page_of(client, world)
        with queries() as asked:
            page_of(client, world)
        numbers.append(asked.count)
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 1]


def test_so_many_names_are_looked_up_at_once(
    people: Any, file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_queries, "MAX_LOOKED_UP", 2)
    gone = [f"{number:024x}-9x9" for number in range(3)]
    assert picture_queries.removed_pictures([file.name, gone[0], *gone]) == {gone[0]}
    assert picture_queries.removed_pictures(gone) == {*gone[:2]}
    assert picture_queries.removed_pictures([]) == set()


def test_a_letter_that_is_sent_later_says_so_too(
    people: Any, world: dict[str, Any], letters: Any, file: Any
) -> None:
    plan, other = added(people.ana), added_file(people.ana)
    watch(people.chitra, "topic", world["topic"])
    choose_ways(people.chitra, {"post": "at once"})
    source = f"See {line_of(file.name, 'the [new] kerb')}, ![a lane]({plan.address}), <{HOME}{file.address}>"
    replied(people, world, f"{source} and {line_of(other.name, 'this')}.")
    delete_picture(people.ana, file.id)
    delete_picture(people.ana, plan.id)
    with at(now() + timedelta(minutes=2)):
        make_notices(SYSTEM)
        write_notice_letters()
    (letter,) = [
        message
        for message in letters()
        if message.to == people.chitra.email and "kerb" in message.text
    ]
    for body in (letter.text, unescape(letter.html)):
        words = " ".join(body.replace("\n> ", " ").split())
        assert "kerb (removed), a lane (removed)," in words and plan.name not in words
        assert f"{file.address} (removed) and this ({HOME}{other.address})." in words


@pytest.mark.parametrize("source", ["[a\\" * 2_600, "[" * 8_000, "![a](/files/" * 600])
def test_odd_sources_of_letters_are_read_in_time(source: str) -> None:
    assert source_without_removed(source, HOME, ["x"]) == source
