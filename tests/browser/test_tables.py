"""The rows of figures, links and places of a case: by keyboard, without scripts, saved as a draft, checked by axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import faults_here, look
from tests.browser.people import Visit, leaving

EDIT, NEW = "/cases/c40/edit", "/agendas/affordable/cases/new"
FIGURE = "#figures .line"


def values(page: Page, name: str) -> list[str]:
    """What stands in a column of figures."""
    found: list[str] = page.locator(f"{FIGURE} .{name} input").evaluate_all(
        "fields => fields.map(field => field.value)"
    )
    return found


def kept(page: Page) -> None:
    """Wait until the browser has kept what was typed."""
    expect(page.locator("[data-saved]")).to_have_text("Kept in this browser")


def test_rows_are_added_and_removed_with_the_keyboard(moderator: Visit) -> None:
    page = moderator.go(EDIT)
    rows = page.locator(FIGURE)
    before = values(page, "label")
    rows.last.locator(".address input").focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.locator("#figures-add")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(len(before) + 1)
    expect(rows.last.get_by_role("textbox", name="What is counted")).to_be_focused()
    page.keyboard.type("Trees")
    assert values(page, "label") == [*before, "Trees"]
    remove = page.get_by_role("button", name="Remove Figures, row 2")
    remove.focus()
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("group", name="Figures, row 2").get_by_role("textbox", name="What is")
    ).to_be_focused()
    assert values(page, "label") == [before[0], *before[2:], "Trees"]
    rows.last.get_by_role("button").press("Enter")
    expect(page.locator("#figures-add")).to_be_focused()
    for _row in before[1:]:
        rows.first.get_by_role("button").click()
    expect(rows).to_have_count(1)
    expect(rows.get_by_role("textbox", name="What is counted")).to_be_focused()
    assert values(page, "label") == [""]


def test_added_rows_suggest_cities_and_say_what_is_too_long(moderator: Visit) -> None:
    page = moderator.go(NEW)
    page.locator("#places-add").click()
    page.keyboard.type("Tamp")
    page.get_by_role("option", name="Tampere").click()
    expect(page.locator("#places-2-city")).to_have_value("Tampere, Finland")
    page.locator("#figures-add").click()
    page.locator("#figures-2-unit").fill("x" * 202)
    page.locator("#figures-2-unit").press("x")
    expect(page.get_by_text("Characters too many: 3")).to_be_visible()


def test_an_added_row_is_heard_from_its_first_letter(moderator: Visit) -> None:
    page = moderator.go(NEW)
    page.evaluate("""() => {
        document.getElementById("figures-add").click();
        const field = document.getElementById("figures-2-unit");
        field.value = "x".repeat(203);
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }""")
    expect(page.get_by_text("Characters too many: 3")).to_be_visible()


def test_no_more_rows_can_be_added_than_are_accepted(moderator: Visit) -> None:
    page = moderator.go(NEW)
    add = page.locator("#links-add")
    for _ in range(39):
        add.click()
    expect(add).to_be_disabled()
    expect(page.locator("#links .line")).to_have_count(40)
    page.get_by_role("button", name="Remove Links, row 7").click()
    expect(add).to_be_enabled()


def test_rows_are_kept_as_a_draft_and_given_back(moderator: Visit) -> None:
    page = moderator.tab()
    page.goto(EDIT)
    page.wait_for_function("() => document.body.dataset.ready")
    before = values(page, "label")
    page.get_by_role("button", name="Remove Figures, row 1").click()
    for label, value in (("Trees", "75"), ("Benches", "4")):
        page.locator("#figures-add").click()
        page.keyboard.type(label)
        page.keyboard.press("Tab")
        page.keyboard.type(value)
    page.get_by_role("button", name="Remove Figures, row 2").click()
    page.locator("#links-add").click()
    page.keyboard.type("A map")
    page.locator("#links .line").last.locator("select").select_option("data")
    kept(page)
    page.close()
    page = moderator.go(EDIT)
    assert values(page, "label") == before
    page.click("[data-act=restore]")
    left = [label for n, label in enumerate(before) if n not in (0, 2)]
    assert values(page, "label") == [*left, "Trees", "Benches"]
    assert values(page, "value")[-2:] == ["75", "4"]
    link = page.locator("#links .line").last
    expect(link.get_by_role("textbox", name="Text")).to_have_value("A map")
    expect(link.locator("select")).to_have_value("data")
    expect(page.locator("[data-restore]")).to_be_hidden()


def test_a_draft_that_differs_in_its_rows_alone_is_offered(moderator: Visit) -> None:
    page = moderator.tab()
    page.goto(NEW)
    page.wait_for_function("() => document.body.dataset.ready")
    page.locator("#places-add").click()
    page.keyboard.type("Surat")
    kept(page)
    page.close()
    page = moderator.go(NEW)
    page.click("[data-act=restore]")
    expect(page.locator("#places-2-city")).to_have_value("Surat")
    page = moderator.go(NEW)
    expect(page.locator("#places .line")).to_have_count(1)
    page.click("[data-act=discard]")


def test_what_is_refused_is_offered_to_nobody_as_a_draft(moderator: Visit) -> None:
    page = moderator.go(NEW)
    page.locator("#figures-add").click()
    page.keyboard.type("Trees")
    page.get_by_role("button", name="Remove Figures, row 1").click()
    with leaving(page):
        page.click("[data-publish]")
    page.wait_for_function("() => document.body.dataset.ready")
    assert values(page, "label") == ["Trees"]
    expect(page.locator("[data-restore]")).to_be_hidden()


@pytest.fixture
def plain(visit: Callable[..., Visit]) -> Visit:
    """A moderator's window without scripts."""
    window = visit(java_script_enabled=False)
    window.sign_in("moderator")
    return window


def test_rows_are_added_and_removed_without_a_script(plain: Visit) -> None:
    page = plain.go(EDIT)
    before = values(page, "label")

    def press(button: Any) -> None:
        with leaving(page):
            button.press("Enter")

    page.locator("#body").fill("Another text.")
    press(page.locator("#figures-add"))
    last = page.locator(FIGURE).last
    expect(last.get_by_role("textbox", name="What is counted")).to_be_focused()
    last.get_by_role("textbox", name="What is counted").fill("Trees")
    last.get_by_role("textbox", name="Value").fill("75")
    press(page.get_by_role("button", name="Remove Figures, row 1"))
    expect(
        page.get_by_role("group", name="Figures, row 1").get_by_role("textbox", name="What is")
    ).to_be_focused()
    assert values(page, "label") == [*before[1:], "Trees"]
    expect(page.locator("#body")).to_have_value("Another text.")
    press(page.locator(FIGURE).last.get_by_role("button"))
    expect(page.locator("#figures-add")).to_be_focused()
    page = plain.go(EDIT)
    assert values(page, "label") == before


def test_what_is_wrong_is_said_beside_its_field_in_every_window(moderator: Visit) -> None:
    """On a phone, on a tablet, and in a wide window; axe finds nothing, and nothing is wider than the window."""
    page = moderator.go(EDIT)
    page.locator("#figures-1-value").fill("")
    page.locator("#figures-2-label").fill("عدد الأشجار")
    page.locator("#links-1-address").fill("no address")
    page.locator("#places-1-city").fill("Nowhere at all")
    with leaving(page):
        page.click("[data-publish]")
    page.wait_for_function("() => document.body.dataset.ready")
    expect(page.locator(".sum")).to_be_focused()
    page.get_by_role("link", name="Links, row 1, Address: Enter a whole address").click()
    field = page.locator("#links-1-address")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(
        "Error: Enter a whole address, such as https://example.org."
    )
    expect(page.locator("#places-1-city")).to_have_attribute("aria-invalid", "true")
    assert faults_here(page, "case-refused") == []
    for width, lines in ((320, 4), (390, 4), (720, 2), (1000, 2), (1280, 2)):
        look(page, "light", width)
        assert page.locator(CONTROLS).evaluate_all(UNFIT) == [], width
        assert page.locator("#figures-3 input").evaluate_all(LINES) == lines, width
    assert page.locator("#figures-2-label").evaluate("e => getComputedStyle(e).direction") == "rtl"
    look(page, "light", 1280)


CONTROLS = ".lines :is(input, select, button)"
# The ids of controls that are too small, or that stick out of their table
UNFIT = """all => all.filter(one => {
  const [own, frame] = [one, one.closest(".lines")].map(e => e.getBoundingClientRect());
  return own.height < 36 || own.width < 60 || own.left < frame.left || own.right > frame.right + 1;
}).map(one => one.id)"""
LINES = "all => new Set(all.map(one => Math.round(one.getBoundingClientRect().top))).size"
