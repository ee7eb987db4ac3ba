"""Kept searches in a browser: kept, told of, changed and removed, with the keyboard and without scripts."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.looks import faults_here
from tests.browser.people import Visit, leaving
from tests.browser.unseen import crowded, misleading

LONG = "Drempelvrijegemeentehuisingangsvoorzieningen wheelchair"
ARABIC = "ضوضاء الترام"


def test_a_search_is_kept_with_the_keyboard(member: Visit) -> None:
    page = member.go("/search?q=ferry+kerbs&kind=topic")
    keep = page.get_by_role("button", name="Keep this search")
    keep.focus()
    with leaving(page):
        page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("This search is kept.")
    assert "q=ferry+kerbs&kind=topic" in page.url
    page.get_by_role("link", name="You keep this search").focus()
    with leaving(page):
        page.keyboard.press("Enter")
    assert page.url.endswith("/searches")
    expect(page.locator("h2", has_text="ferry kerbs · Topics")).to_be_visible()
    page.locator("summary.av").click()
    expect(page.locator("details .pop").get_by_text("Your kept searches")).to_be_visible()


def test_everything_goes_without_scripts(visit: Any) -> None:
    reader = visit(java_script_enabled=False)
    reader.sign_in("member")
    page = reader.go("/search?q=night+ferries")
    page.get_by_role("button", name="Keep this search").click()
    page.get_by_role("link", name="You keep this search").click()
    row = page.locator("article.row", has_text="night ferries")
    row.get_by_role("link", name="Change").click()
    page.fill("[name=name]", "Boats after dark")
    page.get_by_label("Once a week").check()
    page.locator("main").get_by_text("Save").click()
    row = page.locator("article.row", has_text="Boats after dark")
    expect(row).to_contain_text("night ferries")
    expect(row).to_contain_text("once a week")
    row.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove the search").click()
    expect(page.locator("body")).to_contain_text("The search is removed.")
    expect(page.locator("main")).not_to_contain_text("Boats after dark")


def test_the_pages_look_well_with_long_words_and_from_right_to_left(visit: Any) -> None:
    reader = visit()
    reader.sign_in("moderator")
    faults = faults_here(reader.go("/searches"), "/searches-none")
    for words in (LONG, ARABIC):
        page = reader.go(f"/search?q={words}&language=ar&exact=1")
        faults += faults_here(page, "/search-to-keep")
        with leaving(page):
            page.get_by_role("button", name="Keep this search").click()
        faults += faults_here(page, "/search-kept")
    page = reader.go("/searches")
    faults += faults_here(page, "/searches-some") + crowded(page) + misleading(page)
    for name in ("Change", "Remove"):
        with leaving(page):
            page.locator("main").get_by_role("link", name=name).first.click()
        faults += faults_here(page, f"/searches-{name}")
        page = reader.go("/searches")
    assert not faults, faults
