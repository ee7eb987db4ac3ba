"""What scripts offer in one press: a link to send, the time zone of the device."""

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
