"""The queue of moderation by keyboard alone: fifty entries, the dialog of shortcuts, claims, notes; checked by axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import AXE, axe_faults
from tests.browser.people import READY, Visit, leaving

FIFTY = 50
MAX_ENTRIES = 150  # what the demo brings along, and what other tests have left


@pytest.fixture
def fifty(member: Visit, administrator: Visit, topic: str) -> Iterator[None]:
    """Fifty replies of the member's, each reported by the administrator."""
    for number in range(FIFTY):
        post = member.post(topic, f"An odd reply, number {number}.")
        administrator.send(
            f"/posts/{post}/report", reason="off topic", text=f"Look at it, {number}."
        )
    yield


def press(page: Page, *keys: str) -> None:
    """Press keys, of which the last leads to another page."""
    for key in keys[:-1]:
        page.keyboard.press(key)
    with leaving(page):
        page.keyboard.press(keys[-1])
    page.wait_for_function(READY)


def test_fifty_entries_are_decided_with_the_keyboard_alone(moderator: Visit, fifty: None) -> None:
    page = moderator.go("/moderation?kind=post")  # what else other tests have left may need words
    page.evaluate(AXE)
    assert axe_faults(page) == []
    decided = 0
    while page.locator("#entry").count():
        press(page, "1", "Enter" if decided % 2 else "Control+Enter")
        decided += 1
        assert decided < MAX_ENTRIES
    assert decided >= FIFTY
    expect(page.locator("main")).to_contain_text("Nothing is waiting")
    assert page.evaluate("document.activeElement.closest('form')") is None


@pytest.fixture
def one(member: Visit, administrator: Visit, topic: str) -> str:
    """One entry of the queue; its address."""
    post = member.post(topic, "An odd reply.")
    administrator.send(f"/posts/{post}/report", reason="spam")
    return f"/moderation/post/{post}"


def test_one_is_at_it_and_notes_something_by_keys(moderator: Visit, one: str) -> None:
    page = moderator.go(one)
    press(page, "c")
    expect(page.locator("[data-claim]")).to_contain_text("Leave it to others")
    page.keyboard.press("n")
    expect(page.locator("#notes textarea")).to_be_focused()
    page.keyboard.type("I have seen this before: j k c 1")
    press(page, "Control+Enter")
    expect(page.locator("#notes")).to_contain_text("I have seen this before: j k c 1")
    page.evaluate(AXE)
    assert axe_faults(page) == []
    press(page, "c")
    expect(page.locator("[data-claim]")).to_contain_text("I am working on this")
    press(page, "2", "Control+Enter")  # hiding asks for a reason
    expect(page.locator(".sum")).to_be_focused()
    press(page, "1", "Enter")
    press(page, "u")
    assert page.url.endswith(f"{one}#entry")
    expect(page.locator("#entry")).to_be_focused()  # and what was done is said there
    expect(page.locator("#entry")).to_have_accessible_description(re.compile("back"))
    press(page, "1", "Enter")


def test_on_a_phone_the_entry_begins_with_what_was_decided(
    visit: Callable[..., Visit], one: str, member: Visit, administrator: Visit, topic: str
) -> None:
    administrator.send(f"/posts/{member.post(topic, 'Another odd reply.')}/report", reason="spam")
    window = visit(viewport={"width": 390, "height": 844})
    window.sign_in("moderator")
    page = window.go(one)
    page.locator("[name=deed][value=keep]").check(force=True)
    with leaving(page):
        page.locator("#entry [data-publish]").first.click()
    expect(page.locator("#entry [data-undo]")).to_be_in_viewport()


def test_on_a_phone_the_entry_comes_before_the_list(
    visit: Callable[..., Visit],
    one: str,
    member: Visit,
    moderator: Visit,
    administrator: Visit,
    topic: str,
) -> None:
    """Without a script, too; on a wide screen the filters alone are folded."""
    administrator.send(f"/posts/{member.post(topic, 'A third odd reply.')}/report", reason="spam")
    window = visit(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    window.sign_in("moderator")
    page = window.go("/moderation")
    expect(page.locator("#entry-title")).to_be_in_viewport()
    expect(page.locator("ol.q")).to_be_hidden()
    page.get_by_text("· Show the list").click()
    with leaving(page):
        page.locator(f"ol.q a[href^='{one}#']").click()
    expect(page.locator("#entry-title")).to_be_in_viewport()
    expect(page.locator("ol.q")).to_be_hidden()
    expect(page.locator("[name=ready]").first).to_be_hidden()
    page.locator("summary", has_text="ready text").click()
    expect(page.locator("[name=ready]").first).to_be_visible()
    page.locator("[name=deed][value=keep]").check(force=True)
    with leaving(page):
        page.locator("#entry [data-publish]").first.click()
    expect(page.locator("#entry-title")).to_be_in_viewport()
    expect(page.locator("ol.q")).to_be_hidden()
    wide = moderator.go("/moderation")
    expect(wide.locator("ol.q")).to_be_visible()
    expect(wide.get_by_text("· Show the list")).to_be_hidden()
    expect(wide.locator("[name=kind]")).to_be_hidden()
    wide.locator("summary", has_text="Filter").last.click()
    expect(wide.locator("[name=kind]")).to_be_visible()


def test_what_was_reported_is_in_the_first_screen_among_long_posts(
    member: Visit, moderator: Visit, administrator: Visit, topic: str
) -> None:
    long = "We counted the same street for two years. " * 40
    posts = [member.post(topic, text) for text in (long, "The odd one.", f"{long} And again.")]
    administrator.send(f"/posts/{posts[1]}/report", reason="spam")
    page = moderator.go(f"/moderation/post/{posts[1]}")
    expect(page.locator(".ctx .hit .prose")).to_be_in_viewport(ratio=1)
    assert page.locator("ol.q > li").first.bounding_box()["y"] < 400  # type: ignore[index]
    whole = page.locator(".ctx .dim details .prose")
    expect(whole).to_have_count(2)
    page.locator(".ctx .dim summary").last.press("Enter")
    expect(whole.last).to_contain_text("And again.")
    expect(whole.last).to_be_visible()
    expect(page.locator(".ctx .dim > .prose").last).to_be_hidden()
    page.evaluate(AXE)
    assert axe_faults(page) == []
    press(page, "1", "Enter")
    # What was decided is taken back beside the head of the next entry, and covers none of it
    undo = page.locator("#entry [data-undo]").bounding_box()
    title = page.locator("#entry-title").bounding_box()
    assert undo and (
        not title
        or undo["x"] >= title["x"] + title["width"]
        or undo["y"] + undo["height"] <= title["y"]
    )


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_one_decides_in_the_first_screen_however_long_the_text_is(
    visit: Callable[..., Visit],
    member: Visit,
    administrator: Visit,
    topic: str,
    size: tuple[int, int],
) -> None:
    long = "We counted the same street for two years. " * 60
    posts = [
        administrator.post(topic, f"{text}{size}")
        for text in (long, f"Odd. {long}", f"More. {long}")
    ]
    member.send(f"/posts/{posts[1]}/report", reason="spam", text="It sells.")
    window = visit(viewport={"width": size[0], "height": size[1]}, java_script_enabled=False)
    window.sign_in("moderator")
    page = window.go(f"/moderation/post/{posts[1]}#entry")
    expect(page.locator("#entry q", has_text="It sells.")).to_be_in_viewport(ratio=1)
    expect(page.locator(".ctx .hit .by")).to_be_in_viewport(ratio=1)
    expect(page.locator(".dec")).to_be_in_viewport(ratio=1)
    page.locator("[name=deed][value=keep]").check()
    bar, text = (page.locator(where).bounding_box() for where in (".decbar", ".ctx .hit .prose"))
    assert (
        bar and text and bar["y"] - text["y"] > 100
    )  # of the text one reads some lines above them
    if size[0] < 400:
        with leaving(page):
            page.get_by_role("button", name="Decide without giving reasons").click()
        expect(page.locator("#entry form:has([data-undo])")).to_contain_text("Kept: ")


def test_in_a_low_window_the_decisions_cover_no_text(
    visit: Callable[..., Visit], member: Visit, administrator: Visit, topic: str
) -> None:
    post = administrator.post(topic, "An odd reply in a low window.")
    member.send(f"/posts/{post}/report", reason="spam")
    window = visit(viewport={"width": 800, "height": 400})
    window.sign_in("moderator")
    page = window.go(f"/moderation/post/{post}")
    assert page.locator(".decbar").evaluate("bar => getComputedStyle(bar).position") == "static"


def test_what_was_decided_lies_over_no_word_of_the_next_entry(
    moderator: Visit, member: Visit, administrator: Visit, topic: str
) -> None:
    first, claimed = (member.post(topic, f"A reply about {who}.") for who in ("Ada", "Bo"))
    for post in (first, claimed):
        administrator.send(f"/posts/{post}/report", reason="spam")
    entry = f"/moderation/post/{claimed}"
    administrator.send(f"{entry}/claim", form=entry)
    moderator.send(
        f"/moderation/post/{first}/decide", form=f"/moderation/post/{first}", deed="keep"
    )
    page = moderator.go(entry)
    note = page.locator("#entry > .note").bounding_box()
    undo = page.locator("#entry > form:has([data-undo])").bounding_box()
    assert note and undo and undo["y"] + undo["height"] <= note["y"]


@pytest.fixture
def members_own(member: Visit, administrator: Visit, topic: str) -> str:
    """The number of a post of the member's which the administrator has reported."""
    post = member.post(topic, "A reply about somebody.")
    administrator.send(f"/posts/{post}/report", reason="spam")
    return post


def test_enter_sends_the_decision_that_is_chosen_and_no_ready_text(
    moderator: Visit, members_own: str
) -> None:
    page = moderator.go(f"/moderation/post/{members_own}")
    expect(page.locator("[name=ready]").first).to_be_visible()
    press(page, "1", "Enter")
    expect(page.locator("form:has([data-undo])")).to_contain_text("Kept: ")
    press(page, "u")
    page.keyboard.press("1")
    page.select_option("[name=rule]", "law")
    page.locator("[name=law]").fill("Article 9")
    press(page, "Enter")
    expect(page.locator("form:has([data-undo])")).to_contain_text("Kept: ")


def test_enter_beside_a_reason_sends_that_reason(moderator: Visit, members_own: str) -> None:
    page = moderator.go(f"/posts/{members_own}/hide")
    expect(page.locator("[name=ready]").first).to_be_visible()
    page.select_option("[name=rule]", "law")
    page.fill("[name=reason]", "This one is about somebody else.")
    page.locator("[name=law]").fill("Article 9")
    press(page, "Enter")
    said = moderator.go("/moderation/log").locator("main")
    expect(said).to_contain_text("This one is about somebody else.")


def test_the_keys_are_listed_and_can_be_switched_off(moderator: Visit, one: str) -> None:
    page = moderator.go(one)
    page.keyboard.press("?")
    keys: Any = page.locator("#key-list")
    expect(keys).to_be_visible()
    page.evaluate(AXE)
    assert axe_faults(page) == []
    page.keyboard.press("c")  # does nothing behind the list
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("?")
    expect(keys.get_by_role("button", name="Close")).to_be_focused()
    assert keys.evaluate("list => list.scrollTop") == 0  # it is read from its beginning
    page.keyboard.press("Enter")
    expect(keys).to_be_hidden()
    page.keyboard.press("?")
    for choice in ("off", "on"):
        button = keys.get_by_role("button", name=f"Switch single keys {choice}")
        button.focus()
        press(page, "Enter")
        if choice == "off":
            page.keyboard.press("c")
            page.keyboard.press("?")
            expect(keys).to_be_hidden()
            page.evaluate("document.getElementById('key-list').showModal()")
    press(page, "c")
    press(page, "1", "Enter")


def test_a_second_moderator_is_told_and_takes_over(
    moderator: Visit, administrator: Visit, one: str
) -> None:
    press(moderator.go(one), "c")
    other = administrator.go(one)
    expect(other.locator("#entry")).to_contain_text("has been working on this since")
    press(other, "c")
    expect(other.locator("[data-claim]")).to_contain_text("Leave it to others")
    mine = moderator.go(one)
    expect(mine.locator("#entry")).to_contain_text("has been working on this since")
    press(other, "1", "Enter")


def test_without_scripts_the_same_goes_by_buttons(visit: Any, member: Visit, one: str) -> None:
    plain = visit(java_script_enabled=False)
    page = plain.sign_in("moderator")
    page.goto(one)
    for words in ("I am working on this", "Leave it to others"):
        with leaving(page):
            page.locator("main button", has_text=words).click()
    page.locator("#notes textarea").fill("Noted without a script.")
    with leaving(page):
        page.locator("main button", has_text="Add the note").click()
    expect(page.locator("#notes")).to_contain_text("Noted without a script.")
    page.locator("[name=deed][value=keep]").check()
    with leaving(page):
        page.locator("main button", has_text="Decide and open next").click()
    assert one not in page.url
