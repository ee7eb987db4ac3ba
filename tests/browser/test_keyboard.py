"""The whole forum by keyboard alone: the focus is always visible, never covered, never trapped."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import READY, Visit, leaving

# What is wrong with the place of the focus, if anything: unseen, not whole, or under something else.
FAULT = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return "nowhere";
    const name = `${element.tagName} ${element.className} ${(element.innerText || element.name || "").slice(0, 30)}`;
    const shown = element.closest("label.opt, label.btn, .comp, .find") ?? element;  // lit for what is inside
    if (getComputedStyle(shown).opacity < .5) return `${name}: is not marked`;
    const boxes = [...element.getClientRects()].filter(box => box.width > 1 && box.height > 1);
    if (!boxes.length && shown === element) return `${name}: has no size`;
    const isMarked = style => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    if (![element, shown].some(one => isMarked(getComputedStyle(one)))) return `${name}: is not marked`;
    const roomOf = ({clipPath}) => clipPath.startsWith("inset(") ? -parseFloat(clipPath.slice(6)) : null;
    const isHolding = style => style.overflowX !== "visible" || roomOf(style) !== null;
    const holds = one => isHolding(getComputedStyle(one)) || one === document.body;
    let holder = element.parentElement;
    while (!holds(holder)) holder = holder.parentElement;
    const {outlineStyle, outlineWidth, outlineOffset} = getComputedStyle(element);
    const frame = holder.getBoundingClientRect(), ring = parseFloat(outlineWidth) + parseFloat(outlineOffset);
    const room = (roomOf(getComputedStyle(holder)) ?? 0) - ring + .5;
    const isCut = boxes.some(box => box.left < frame.left - room || box.right > frame.right + room);
    if (outlineStyle !== "none" && holder !== document.body && isCut) return `${name}: its ring is cut off`;
    const seen = (boxes.length ? boxes : [...shown.getClientRects()]).some(box => [.1, .5, .9].some(part => {
        const top = document.elementFromPoint(box.left + box.width * part, box.top + box.height / 2);
        return top && (element.contains(top) || shown.contains(top));
    }));
    return seen ? "" : `${name}: is covered or out of sight`;
}"""
HERE = """(selector) => document.activeElement.matches(selector)"""
MAX_STEPS = 250


class Hands:
    """Somebody who has only a keyboard, and looks where the focus is after every press."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> bool:
        """Press a key; the focus must be seen afterwards. Says whether the page still has it."""
        self.page.keyboard.press(key)
        fault = self.page.evaluate(FAULT)
        assert fault in ("", "nowhere"), f"{self.page.url}, {key}: {fault}"
        return not fault

    def reach(self, selector: str, key: str = "Tab") -> None:
        """Press Tab until the focus is there."""
        for _press in range(MAX_STEPS):
            if self.page.evaluate(HERE, selector):
                return
            self.press(key)
        raise AssertionError(f"{selector} cannot be reached on {self.page.url}")

    def type(self, selector: str, text: str) -> None:
        """Go to a field and type."""
        self.reach(selector)
        self.page.keyboard.type(text)

    def follow(self, selector: str, key: str = "Enter") -> None:
        """Go to a link or button that leads to another page, and press it."""
        self.reach(selector)
        with leaving(self.page):
            self.page.keyboard.press(key)
        self.page.wait_for_function(READY)

    def open(self, selector: str) -> None:
        """Go to a menu and open it."""
        self.reach(selector)
        self.press("Space")


@pytest.mark.parametrize(
    ("who", "path", "width", "key"),
    [
        ("visitor", "/", 1280, "Tab"),
        ("visitor", "/search?q=flood", 390, "Shift+Tab"),
        ("member", "topic", 1280, "Tab"),
        ("member", "topic", 390, "Shift+Tab"),
        ("member", "/cases/c40", 1280, "Shift+Tab"),
        ("member", "/agendas/affordable/topics/new", 390, "Tab"),
        ("moderator", "/moderation", 1280, "Tab"),
    ],
)
def test_the_focus_goes_through_the_page_and_out(
    windows: Callable[..., Visit], topic: str, who: str, path: str, width: int, key: str
) -> None:
    window = windows(who, "light" if width > 400 else "dark", width)
    hands = Hands(window.go(topic if path == "topic" else path))
    stops = 0
    while hands.press(key):
        stops += 1
        assert stops < MAX_STEPS, f"{path} holds the focus"
    assert stops > 10


SPOIL = """style => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    document.adoptedStyleSheets = [sheet];
}"""


@pytest.mark.parametrize(
    ("style", "fault"),
    [
        (":focus-visible { outline: 0 !important }", "is not marked"),
        ("body::after { content: ''; position: fixed; inset: 0 }", "is covered"),
        (":focus { opacity: 0 }", "is not marked"),
        (
            "nav { overflow: hidden } nav a { padding: 0 !important; outline-offset: 2px !important }",
            "is cut off",
        ),
        (
            "nav { clip-path: inset(-1px) } nav a { padding: 0 !important; outline-offset: 2px !important }",
            "is cut off",
        ),
    ],
)
def test_a_lost_focus_would_be_noticed(member: Visit, style: str, fault: str) -> None:
    page = member.go("/rules")
    page.evaluate(SPOIL, style)
    with pytest.raises(AssertionError, match=fault):
        Hands(page).reach("nothing")


def test_a_press_on_a_part_of_a_menu_is_one_on_the_menu(member: Visit, topic: str) -> None:
    """In Safari the focus could not leave a summary of which a part was pressed."""
    page = member.go(topic)
    pressed = page.locator("summary:has(*)").evaluate_all("""summaries => summaries.map(summary => {
        summary.scrollIntoView({block: "center"});
        const {left, top, width, height} = summary.lastElementChild.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2) === summary;
    })""")
    assert len(pressed) > 1 and all(pressed)


def test_the_skip_link_skips(member: Visit, topic: str) -> None:
    hands = Hands(member.go(topic))
    hands.press("Tab")
    assert hands.page.evaluate("document.activeElement.textContent") == "Skip to main content"
    hands.page.keyboard.press("Enter")
    hands.press("Tab")
    assert hands.page.evaluate("document.activeElement.closest('main') !== null")


def test_the_story_by_keyboard(visit: Callable[..., Visit], topic: str) -> None:
    window = visit(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    hands = Hands(window.go("/"))
    email = f"keita-{uuid4().hex[:6]}@example.org"
    joins(hands, email)
    signs_out_and_in(hands, email)
    opens_a_topic(hands)
    address = replies(hands, window, topic)
    marks_and_reports(hands, window, address)


def joins(hands: Hands, email: str) -> None:
    hands.follow("header a[href^='/join']")
    hands.follow("main form button[type=submit]")
    expect(hands.page.locator(".sum")).to_be_focused()
    hands.press("Tab")
    hands.page.keyboard.press("Enter")
    expect(hands.page.locator("[name=name]")).to_be_focused()
    hands.page.keyboard.type("Keita Mori")
    hands.type("main [name=city]", "東京")
    expect(hands.page.locator("[role=option]").first).to_be_visible()
    hands.press("ArrowDown")
    hands.press("Enter")
    hands.type("[name=email]", email)
    hands.type("[name=password]", "nine slow lanterns drifting")
    hands.follow("[name=password]")
    hands.follow("main a[href^='/join/confirm']")
    hands.follow("main form button[type=submit]")
    expect(hands.page.locator("#told")).to_contain_text("Welcome, Keita Mori")


def signs_out_and_in(hands: Hands, email: str) -> None:
    hands.open("header .more summary")
    hands.follow("[data-sign-out] button", "Space")
    hands.follow("header a[href^='/sign-in']")
    hands.type("[name=email]", email)
    hands.type("[name=password]", "nine slow lanterns drifting")
    hands.follow("main button[type=submit]", "Space")


def opens_a_topic(hands: Hands) -> None:
    hands.follow("header nav a[href='/agendas']")
    hands.follow("main a[href='/agendas/affordable']")
    hands.follow("main a[href*='topics/new']")
    hands.type("[name=title]", "A bench in the shade")
    hands.reach("[data-prompt]")
    hands.press("Enter")
    expect(hands.page.locator("[name=source]")).to_be_focused()
    hands.page.keyboard.type("We moved it.")
    hands.follow("[data-publish]")
    expect(hands.page.locator("h1")).to_have_text("A bench in the shade")
    expect(hands.page.locator("#post-1")).to_be_focused()
    assert hands.page.evaluate(FAULT) == ""


def replies(hands: Hands, window: Visit, topic: str) -> str:
    window.go(topic)
    hands.type("[name=source]", "We did the same.")
    hands.follow("[data-publish]", "Space")
    post = hands.page.url.partition("#")[2]
    expect(hands.page.locator(f"#{post}")).to_be_focused()
    assert hands.page.evaluate(FAULT) == ""
    return topic


def marks_and_reports(hands: Hands, window: Visit, address: str) -> None:
    window.go(address)
    hands.reach("[data-marks] [value=useful]")
    hands.press("Space")
    expect(hands.page.locator("[data-marks] [value=useful]").first).to_have_attribute(
        "aria-pressed", "true"
    )
    hands.follow("[data-marks] [value='tried it']", "Space")
    hands.reach("[name=outcome]")
    hands.press("Space")
    hands.press("ArrowDown")
    hands.type("[name=note]", "It fits our kerbs.")
    hands.follow("[name=note]")
    hands.open(".acts .more:has([href$='/report']) summary")
    hands.follow("a[href$='/report']")
    hands.reach("[name=reason]")
    hands.press("Space")
    hands.press("ArrowDown")
    hands.type("[name=text]", "By mistake, perhaps.")
    hands.follow("[data-publish]")
    expect(hands.page.locator("#told")).to_be_visible()


def test_a_member_comes_to_a_meeting_and_signs_a_declaration_by_keyboard(member: Visit) -> None:
    hands = Hands(member.go("/meetings"))
    hands.follow("main a[href^='/meetings/3-']")
    hands.follow("form[action$='/come'] button")
    expect(hands.page.locator(".sum")).to_be_focused()
    hands.press("Tab")
    hands.page.keyboard.press("Enter")
    expect(hands.page.locator("#way")).to_be_focused()
    hands.press("Tab")
    hands.press("Space")
    hands.press("ArrowDown")
    hands.follow("form[action$='/come'] button")
    expect(hands.page.locator("#told")).to_contain_text("You are coming.")
    expect(hands.page.locator("[name=way]").nth(1)).to_be_checked()
    hands.follow("form[action$='/stay-away'] button", "Space")
    expect(hands.page.locator("#told")).to_be_focused()
    member.go("/declarations/2")
    hands.follow("main a[href*='/sign']")
    hands.type("[name=reservation]", "But not on Sundays.")
    hands.follow("main form .btn[type=submit]:not(.quiet)")
    hands.follow("main form .btn[type=submit]:not(.alt)")
    expect(hands.page.locator("#signatures")).to_contain_text("But not on Sundays.")
    hands.follow("main a[href$='/take-back']")
    hands.follow("main form .btn[type=submit]")
    expect(hands.page.locator("#told")).to_be_focused()


def test_a_moderator_decides_by_keyboard(
    member: Visit, moderator: Visit, administrator: Visit
) -> None:
    number = re.findall(r"/topics/(\d+)", member.open_topic("A topic of the member's"))[0]
    administrator.send(f"/topics/{number}/report", reason="off topic", text="Look at it.")
    hands = Hands(moderator.go("/moderation"))
    hands.follow(f"ol.q a[href*='/topic/{number}']")
    hands.reach("[name=deed]")
    hands.press("Space")
    hands.press("ArrowDown")
    hands.press("ArrowUp")
    kept: Any = hands.page.locator("[name=deed][value=keep]")
    expect(kept).to_be_checked()
    hands.follow("[data-publish]")
    expect(hands.page.locator("[data-undo]")).to_be_visible()


@pytest.mark.parametrize("link", [".map a", ".rows h3 a"])
def test_tab_shows_a_link_and_the_map_whole(windows: Callable[..., Visit], link: str) -> None:
    """Firefox scrolls neither to a link of which a part is seen, nor to one of the map."""
    page = windows("visitor", "dark", 390).go("/")
    at = page.locator(link).last
    box = at.evaluate("""link => {
        link.focus({preventScroll: true});
        scrollTo(0, scrollY + link.getBoundingClientRect().bottom - innerHeight - 2);
        return link.getBoundingClientRect().bottom - innerHeight;
    }""")
    page.keyboard.up("Tab")
    seen = "link => (link.ownerSVGElement ?? link).getBoundingClientRect().bottom <= innerHeight"
    assert box > 0 and at.evaluate(seen)
