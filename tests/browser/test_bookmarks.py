"""Bookmarks in a browser: added, seen on another device, annotated and removed, by keyboard and without scripts."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.looks import faults_here
from tests.browser.people import Visit, leaving
from tests.browser.unseen import crowded, misleading

LONG = "Drempelvrijegemeentehuisingangsvoorzieningen and what a wheelchair needs"
ARABIC = "كيف نقيس ضوضاء الترام في الليل قرب المستشفيات"


def button(page: Page, number: int = 1) -> Any:
    return page.locator(f"#post-{number} button", has_text="Bookmark").first


def test_a_bookmark_is_shown_at_once_and_found_on_another_device(
    member: Visit, another_device: Visit, moderator: Visit
) -> None:
    topic = moderator.open_topic("A kerb to keep for later")
    page = member.go(topic)
    # Nobody counts bookmarks, so that none is shown while it is on its way, either
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/bookmark", hold)
    button(page).click()
    expect(button(page)).to_have_attribute("aria-pressed", "true")
    expect(button(page)).to_have_text(re.compile(r"^\s*Bookmark\s*, number 1$"))
    held[0].abort()
    expect(button(page)).to_have_attribute("aria-pressed", "false")
    page.unroute("**/bookmark")
    member.complaints.clear()  # of the answer that never came
    button(page).focus()
    page.keyboard.press("Enter")
    expect(button(page)).to_have_attribute("aria-pressed", "true")
    expect(button(page)).to_be_focused()
    expect(button(page)).to_have_text(re.compile(r"^\s*Bookmark\s*, number 1$"))
    expect(page.locator("[data-busy]")).to_have_count(0)
    expect(button(member.go(topic))).to_have_attribute("aria-pressed", "true")
    expect(button(moderator.go(topic))).to_have_attribute("aria-pressed", "false")
    other = another_device.go("/")
    other.locator("summary.av").click()
    with leaving(other):
        other.get_by_text("Your bookmarks").click()
    with leaving(other):
        other.locator(".row h2 a", has_text="A kerb to keep for later").click()
    assert other.url.endswith(f"{topic}#post-1")
    button(page).click()
    expect(button(page)).to_have_attribute("aria-pressed", "false")
    expect(page.locator("[data-busy]")).to_have_count(0)
    expect(another_device.go("/bookmarks").locator("main")).not_to_contain_text("A kerb to keep")


def test_a_press_in_an_older_window_keeps_what_is_kept(
    member: Visit, another_device: Visit, moderator: Visit
) -> None:
    topic = moderator.open_topic("A kerb in two windows")
    older, page = another_device.go(topic), member.go(topic)
    for device in (page, older):
        button(device).click()
        expect(device.locator("[data-busy]")).to_have_count(0)
        expect(button(device)).to_have_attribute("aria-pressed", "true")
    expect(button(member.go(topic))).to_have_attribute("aria-pressed", "true")
    for state in ("false", "true", "false"):
        button(older).click()
        expect(older.locator("[data-busy]")).to_have_count(0)
        expect(button(older)).to_have_attribute("aria-pressed", state)
        expect(button(member.go(topic))).to_have_attribute("aria-pressed", state)


def test_the_list_looks_well_with_long_titles_and_from_right_to_left(visit: Any) -> None:
    reader, writer = visit(), visit()
    reader.sign_in("member")
    writer.sign_in("moderator")
    faults = faults_here(reader.go("/bookmarks"), "/bookmarks-none")
    gone = ""
    for title in (LONG, ARABIC, "A kerb that goes"):
        gone = writer.open_topic(title, is_numbered=title == LONG)
        reader.send(f"/posts/{post_of(reader, gone)}/bookmark", gone)
    reader.send("/cases/c40/bookmark", "/cases/c40")
    practice = "/practices/read-each-others-flood-plan"
    reader.send(f"{practice}/bookmark", practice)
    book = reader.go("/readings").locator("main button", has_text="Bookmark").first
    reader.send(str(book.get_attribute("formaction")), "/readings")
    writer.send(f"/posts/{post_of(writer, gone)}/delete", gone)
    page = reader.go("/bookmarks")
    reader.follow(page.locator("a", has_text="Add a note").last.click)
    faults += faults_here(page, "/bookmark-note")
    page.fill("[name=note]", "For the meeting with the tram company, and the one after that")
    page.get_by_label("In a month").check()
    with leaving(page):
        page.locator("main").get_by_text("Save").click()
    for words in ("This can no longer be read.", "Your note is saved.", ARABIC, LONG[:30]):
        expect(page.locator("body")).to_contain_text(words)
    page.locator("summary", has_text="Remind me").nth(1).click()
    faults += faults_here(page, "/bookmarks-remind")
    with leaving(page):
        page.locator("main button:visible", has_text="In a week").click()
    expect(page.locator("main")).to_contain_text("Reminder on")
    faults += faults_here(page, "/bookmarks-some") + crowded(page) + misleading(page)
    for address in ("/agendas/globally-connected", "/readings"):
        faults += faults_here(reader.go(address), f"{address}-kept") + crowded(page)
    for _each in range(6):
        with leaving(page):
            reader.go("/bookmarks").locator("main button", has_text="Remove").first.click()
    expect(page.locator("main")).to_contain_text("No bookmarks yet")
    assert faults == []


def post_of(window: Visit, topic: str) -> str:
    """The number of the post that opens a topic."""
    return re.findall(r'data-post="(\d+)"', window.context.request.get(topic).text())[0]


def test_everything_goes_without_scripts(visit: Any) -> None:
    writer, reader = visit(), visit(java_script_enabled=False)
    writer.sign_in("moderator")
    topic = writer.open_topic("Kept without a script")
    page = reader.sign_in("member")
    reader.go(topic)
    for said, state in (("among your bookmarks now", "true"), ("not among", "false")) * 2:
        with leaving(page):
            button(page).click()
        assert page.url.endswith(f"{topic}#post-1")
        expect(page.locator("#told")).to_contain_text(said)
        expect(button(page)).to_have_attribute("aria-pressed", state)
    with leaving(page):
        button(page).click()
    reader.go("/bookmarks")
    with leaving(page):
        page.locator("main button", has_text="Remove").first.click()
    expect(page.locator("#told")).to_contain_text("not among your bookmarks")
