"""Small offers of scripts: sharing a link, the device's time zone, immediate messages about form fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.people import Visit


def test_the_link_of_an_invitation_is_copied(visit: Callable[..., Visit]) -> None:
    moderator = visit(permissions=["clipboard-read", "clipboard-write"])
    moderator.sign_in("moderator")
    page = moderator.go("/invitations/new")
    page.fill("[name=uses]", "3")
    page.fill("[name=ends_on]", (datetime.now(UTC) + timedelta(days=7)).date().isoformat())
    page.locator("main button[type=submit]").click()
    row = page.locator("main .rows > li").first
    row.get_by_role("button", name="Copy the link").click()
    expect(row.get_by_role("status")).to_have_text("Copied")
    shown = row.locator("p[dir=ltr]")
    assert page.evaluate("navigator.clipboard.readText()") == shown.inner_text()
    page.set_viewport_size({"width": 390, "height": 800})
    assert shown.evaluate("shown => shown.scrollWidth <= shown.clientWidth")


def test_one_s_address_for_new_topics_is_copied(visit: Callable[..., Visit]) -> None:
    member = visit(permissions=["clipboard-read", "clipboard-write"])
    member.sign_in("member")
    page = member.go("/agendas/affordable/by-email")
    copy = page.get_by_role("button", name="Copy the address")
    copy.focus()
    page.keyboard.press("Enter")
    expect(copy.locator("xpath=..").get_by_role("status")).to_have_text("Copied")
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == page.locator("main p[dir=ltr]").inner_text()
    write = page.get_by_role("link", name="Write an e\N{NON-BREAKING HYPHEN}mail")
    assert write.get_attribute("href") == f"mailto:{address}"
    page.get_by_role("button", name="Make new addresses").press("Enter")
    expect(page.get_by_text("Your addresses are new")).to_be_visible()
    assert page.locator("main p[dir=ltr]").inner_text() != address


def test_without_scripts_one_s_address_is_shown_and_made_new(visit: Callable[..., Visit]) -> None:
    member = visit(java_script_enabled=False)
    member.sign_in("member")
    page = member.go("/agendas/affordable/by-email")
    assert not page.get_by_role("button", name="Copy the address").is_visible()
    before = page.locator("main p[dir=ltr]").inner_text()
    assert before.startswith("reply+a")
    page.get_by_role("button", name="Make new addresses").click()
    assert page.locator("main p[dir=ltr]").inner_text() != before


def test_the_time_zone_of_the_device_is_taken_with_one_press(visit: Callable[..., Visit]) -> None:
    away = visit(timezone_id="Pacific/Fiji")
    away.sign_in("member")
    page = away.go("/settings/notices")
    zone = page.locator("[name=time_zone]")
    zone.select_option("UTC")
    page.get_by_role("button", name="Save how you are told").click()
    expect(page.locator("[data-zone]")).to_contain_text("Your browser says: Pacific/Fiji")
    expect(zone).to_have_value("UTC")  # nothing is guessed
    page.get_by_role("button", name="Use this time zone and save").click()
    expect(page.locator("#told")).to_contain_text("Your choice of notices is saved.")
    expect(zone).to_have_value("Pacific/Fiji")
    expect(page.locator("[data-zone]")).to_be_hidden()
    zone.select_option("UTC")
    page.get_by_role("button", name="Save how you are told").click()
    expect(zone).to_have_value("UTC")


def test_no_time_zone_is_offered_that_is_chosen_or_unknown(visit: Callable[..., Visit]) -> None:
    for zone in ("UTC", "Etc/GMT+5"):
        there = visit(timezone_id=zone)
        there.sign_in("member")
        expect(there.go("/settings/notices").locator("[data-zone]")).to_be_hidden()


def test_a_meeting_is_offered_the_time_zone_of_the_device_and_not_sent_by_that(
    visit: Callable[..., Visit],
) -> None:
    away = visit(timezone_id="Pacific/Fiji")
    away.sign_in("moderator")
    page = away.go("/agendas/affordable/meetings/new")
    page.fill("[name=title]", "Who maintains the map?")
    zone = page.locator("[name=time_zone]")
    expect(zone).to_have_value("UTC")  # nothing is guessed here either
    page.get_by_role("button", name="Use this time zone").press("Enter")
    expect(zone).to_have_value("Pacific/Fiji")
    expect(zone).to_be_focused()
    expect(page.locator("[data-zone]")).to_be_hidden()
    expect(page.locator("[name=title]")).to_have_value("Who maintains the map?")
    assert page.url.endswith("/meetings/new")


def test_one_theme_too_many_is_said_at_once(member: Visit) -> None:
    page = member.go("/agendas/affordable/topics/new?kind=experience")
    page.locator("#themes summary").click()
    boxes, said = page.locator("#themes input"), page.locator("#themes [role=status]")
    for number in range(5):
        boxes.nth(number).check()
    expect(said).to_have_text("")
    boxes.nth(5).check()
    expect(said).to_have_text("Choose at most 5 themes.")
    boxes.nth(0).uncheck()
    expect(said).to_have_text("")
