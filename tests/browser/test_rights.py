"""Members' rights in a browser, with and without scripts: e-mails, terms, everything about me, leaving."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser

from tests.browser.people import Demo, Site, Visit, leaving, passwords_of, run_site

WORDS = "May I call you about the trams of your city? We plan a line of our own."


@pytest.fixture(scope="module")
def own_site(demo: Demo) -> Iterator[Site]:
    """A forum of its own: its terms concern everybody, and its member leaves."""
    data = demo("own")
    yield from run_site(data, passwords_of(data))


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def window(chromium: Browser, own_site: Site, request: Any) -> Iterator[Visit]:
    """A window in which nobody is signed in."""
    visit = Visit(chromium, own_site, java_script_enabled=request.param)
    yield visit
    visit.context.close()
    assert visit.complaints == []


def press(page: Any, name: str) -> None:
    with leaving(page):
        page.locator("main").get_by_role("button", name=name, exact=True).click()


def test_a_letter_to_a_member(window: Visit) -> None:
    page = window.sign_in("member")
    page = window.go("/members/mikko-rautio")
    page.get_by_role("link", name="Write an e\N{NON-BREAKING HYPHEN}mail").click()
    press(page, "Send the e\N{NON-BREAKING HYPHEN}mail")
    assert "Write 20 to 3,000 characters." in page.locator("main").inner_text()
    page.get_by_label("Your e-mail").fill(WORDS)
    press(page, "Send the e\N{NON-BREAKING HYPHEN}mail")
    assert "Your e-mail to Mikko Rautio is on its way." in page.locator("#told").inner_text()


def test_everything_about_me(window: Visit) -> None:
    page = window.sign_in("member")
    page = window.go("/settings/data")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download everything").click()
    content = Path(waiting.value.path()).read_bytes()
    archive = ZipFile(io.BytesIO(content))
    assert archive.testzip() is None and "index.html" in archive.namelist()
    folder = waiting.value.path().with_suffix(".all")
    archive.extractall(folder)
    offline = window.context.new_page()
    offline.goto(f"file://{folder}/index.html")
    offline.get_by_role("link", name="Posts", exact=True).click()
    assert offline.locator("h1").inner_text() == "Posts" and offline.locator("article").count() > 0
    offline.close()


def test_new_terms(window: Visit, own_site: Site, chromium: Browser) -> None:
    """An administrator writes them; a member reads on, and writes once they have agreed."""
    other = Visit(chromium, own_site, java_script_enabled=window.has_scripts)
    page = other.sign_in("administrator")
    page = other.go("/administration/terms")
    page.get_by_label("Terms of use").last.fill(f"# Terms\n\nBe kind. {window.has_scripts}")
    page.get_by_label("What is new, in a sentence").fill("Kinder than before.")
    day = page.evaluate("() => new Date().toISOString().slice(0, 10)") if window.has_scripts else ""
    page.get_by_label("In force from").fill(day or os.popen("date -u +%F").read().strip())
    press(page, "Save the terms")
    other.context.close()
    page = window.sign_in_as(*own_site.passwords["member"])
    assert "New terms of use" in page.locator("h1").inner_text()  # the first page after signing in
    window.follow(page.get_by_role("link", name="Only read for now").click)
    page = window.go("/agendas/affordable")
    assert page.url.endswith("/agendas/affordable")
    assert "There are new terms of use." in page.content()
    page.get_by_role("link", name="Read the terms").click()
    press(page, "Agree")
    assert "You can write again." in page.locator("#told").inner_text()
    assert "There are new terms of use." not in page.content()


def test_leaving_and_coming_back(window: Visit) -> None:
    page = window.sign_in("member")
    page = window.go("/settings/leave")
    press(page, "Close my account")
    assert "Choose what becomes of what was written." in page.locator("main").inner_text()
    page.get_by_label("The posts stay, without the name").check()
    press(page, "Close my account")
    assert page.locator("h1").inner_text() == "Your account is closed"
    page = window.sign_in_as(*window.site.passwords["member"])
    assert page.locator("h1").inner_text() == "Your account is closed"
    page = window.go("/topics")
    assert page.locator("h1").inner_text() == "Your account is closed"
    press(page, "Open my account again")
    assert "Your account is open again." in page.locator("#told").inner_text()
