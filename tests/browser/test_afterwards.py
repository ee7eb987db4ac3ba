"""After an action that ends at a post, or elsewhere on a page: the message, and where the focus is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.people import READY, Visit, leaving

LONG = "\n\n".join(["It rained on the square, and the square held."] * 40)
# Whether the first thing lies over the second, in the window.
COVERS = """([upper, lower]) => {
    const [a, b] = [upper, lower].map(one => document.querySelector(one).getBoundingClientRect());
    return a.top < b.bottom && b.top < a.bottom;
}"""


@pytest.fixture(scope="module")
def long_topic(windows: Callable[..., Visit]) -> str:
    """The path of a topic whose first post is longer than a window, with a reply of the member's."""
    moderator, member = (windows(who, "light", 1280) for who in ("moderator", "member"))
    topic = moderator.open_topic(f"A long way down\n\n{LONG}")
    member.reply(topic, "I read it to the end.")
    return topic


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("has_scripts", [True, False])
def test_what_became_of_a_reply_is_said_where_one_looks(
    visit: Callable[..., Visit], long_topic: str, width: int, has_scripts: bool
) -> None:
    window = visit(viewport={"width": width, "height": 844}, java_script_enabled=has_scripts)
    window.sign_in("member")
    page = window.go(long_topic)
    page.fill("[name=source]", f"Said at {width}, {has_scripts}.")
    with leaving(page):
        page.click("[data-publish]")
    post = page.url.partition("#")[2]
    expect(page.locator("#told")).to_have_text("Your reply is published.")
    expect(page.locator("#told")).to_be_in_viewport(ratio=1)
    expect(page.locator(f"#{post}")).to_be_in_viewport()
    assert not page.evaluate(COVERS, ["#told", f"#{post} .prose"])
    page.keyboard.press("End")
    page.locator(".foot").scroll_into_view_if_needed()
    assert not page.evaluate(COVERS, ["#told", ".foot"])


def test_a_decision_about_a_post_can_be_undone_where_one_looks(
    member: Visit, moderator: Visit, long_topic: str
) -> None:
    number = member.post(long_topic, "Soon to be hidden, for a moment.")
    page = moderator.go(f"/posts/{number}/hide")
    page.select_option("[name=rule]", "2")
    page.fill("[name=reason]", "It is about somebody else.")
    with leaving(page):
        page.click("main [data-publish]")
    post = page.url.partition("#")[2]
    expect(page.locator("#told")).to_be_in_viewport(ratio=1)
    expect(page.locator("[data-undo]")).to_be_in_viewport(ratio=1)
    assert not page.evaluate(COVERS, [".told", f"#{post}"])
    with leaving(page):
        page.click("[data-undo]")
    expect(page.locator(f"#{post} .prose")).to_contain_text("for a moment")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_what_became_of_a_watch_is_said_where_the_list_is(
    visit: Callable[..., Visit], long_topic: str, has_scripts: bool
) -> None:
    window = visit(viewport={"width": 390, "height": 844}, java_script_enabled=has_scripts)
    window.sign_in("member")
    page = window.go("/settings/notices")
    page.locator("#watched button", has_text="Stop watching").last.focus()
    with leaving(page):
        page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("You neither watch nor mute this any longer.")
    expect(page.locator("#told")).to_be_in_viewport(ratio=1)
    expect(page.locator("#watched-title")).to_be_in_viewport(ratio=1)
    number = page.locator("#watched .rows > li").count()
    with leaving(page):
        page.click("[data-undo]")
    expect(page.locator("#told")).to_contain_text("this now.")
    expect(page.locator("#watched .rows > li")).to_have_count(number + 1)


def test_elsewhere_it_is_said_above_the_page(member: Visit) -> None:
    page = member.go("/settings")
    with leaving(page):
        page.click("main [data-publish]")
    expect(page.locator("#told")).to_be_in_viewport(ratio=1)
    assert page.evaluate(ABOVE)
    # A screen reader says it, and the next stop is in the page itself
    expect(page.locator("#told")).to_be_focused()
    expect(page.locator("#told")).to_have_accessible_name("Your profile is saved.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_who_types_before_the_script_is_there_stays_in_the_field(
    member: Visit, long_topic: str
) -> None:
    """Where the script leads the focus only afterwards, and letters are keys elsewhere on the page."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page = member.go(long_topic)
    page.fill("[name=source]", "Published on a slow line.")
    page.route("**/forum.js*", hold)
    page.click("[data-publish]")
    expect(page.locator("#told")).to_have_text("Your reply is published.")
    field = page.locator("[name=source]")
    field.press_sequentially("One thing more, ")
    held[0].continue_()
    page.wait_for_function(READY)
    page.keyboard.type("under way.")
    expect(field).to_have_value("One thing more, under way.")
    page.locator(
        "h1"
    ).click()  # who then leaves the field, as one does to put the keyboard of a phone away, has left it
    expect(field).not_to_be_focused()


ABOVE = """() => document.querySelector("#told").getBoundingClientRect().bottom
    <= document.querySelector("main").getBoundingClientRect().top"""


RING = """() => {
    const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(document.activeElement);
    return [outlineStyle, outlineWidth, outlineOffset];
}"""


def test_the_ring_of_a_new_post_is_seen_and_keeps_off_its_text(
    member: Visit, long_topic: str
) -> None:
    page = member.go(long_topic)
    page.fill("[name=source]", "Seen with a calm mark.")
    with leaving(page):
        page.click("[data-publish]")
    post = page.locator(f"#{page.url.partition('#')[2]}")
    expect(post).to_be_focused()
    assert page.evaluate(RING) == ["solid", "2px", "8px"]
    expect(post).to_have_accessible_name(re.compile(r"^Reply \d+ by Wanjiru Kamau$"))
    expect(post).to_have_accessible_description("Your reply is published.")
