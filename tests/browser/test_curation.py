"""Selecting several posts, notes, splitting and merging: by keyboard, without scripts, and checked by axe."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import faults_here
from tests.browser.people import leaving

PASSWORD = "a long password of the tests"


def number_of(topic: str) -> str:
    """The topic's address without its name."""
    return re.sub(r"(/topics/\d+).*", r"\1", topic)


def require_fine(page: Page, name: str) -> None:
    """Wide and narrow, light and dark: axe finds nothing, nothing is wider than the window."""
    assert faults_here(page, name) == []


@pytest.fixture
def moderating(visit: Any) -> Any:
    """A moderator's window, and a topic with three replies of a member's."""
    window, member = visit(), visit()
    window.sign_in("moderator")
    member.sign_in("member")
    window.topic = window.open_topic("Where to put the benches")
    window.replies = [
        member.reply(window.topic, text)
        for text in ("In the shade.", "Buy benches at my shop.", "Off topic: who cuts the grass?")
    ]
    return window


def test_posts_are_ticked_and_hidden_with_the_keyboard(moderating: Any) -> None:
    page = moderating.go(moderating.topic)
    link = page.get_by_role("link", name="Hide, remove or split off posts")
    link.focus()
    with leaving(page):
        page.keyboard.press("Enter")
    require_fine(page, "select")
    boxes = page.locator("main input[type=checkbox]")
    expect(boxes).to_have_count(4)
    boxes.nth(2).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Hide", exact=True).focus()
    with leaving(page):
        page.keyboard.press("Enter")
    require_fine(page, "hide-posts")
    expect(page.locator("h1")).to_have_text("Hide 2 posts")
    page.locator("#rule").select_option("2")
    page.locator("#reason").fill("It does not belong here.")
    with leaving(page):
        page.locator("#reason").press("Control+Enter")
    assert page.locator(".posts > .gone").count() == 2


def test_notes_requests_and_what_was_removed(moderating: Any) -> None:
    first, second = moderating.replies[0], moderating.replies[1]
    ids = [self_id(moderating, address) for address in (first, second)]
    moderating.send(f"/posts/{ids[0]}/note", source="The **city** says so too.", language="en")
    moderating.send(f"/posts/{ids[0]}/ask-to-edit", reason="Say which street.")
    moderating.send(f"/posts/{ids[1]}/remove", reason="Advertising.", rule="2")
    page = moderating.go(moderating.topic)
    expect(page.get_by_text("Note by the moderators")).to_have_count(1)
    expect(page.get_by_text("Readers do not see that it was here")).to_have_count(1)
    require_fine(page, "topic-curated")
    for door in (
        f"/posts/{ids[0]}/note",
        f"/posts/{ids[0]}/ask-to-edit",
        f"/posts/{ids[0]}/remove",
    ):
        require_fine(moderating.go(door), door.strip("/").replace("/", "-"))


def test_the_way_back_of_an_advertiser_is_fit_to_be_seen(visit: Any, moderating: Any) -> None:
    advertiser = visit()  # nobody of the demo, which other tests read
    advertiser.join(
        name="Ben Ch", email="ch@bench.example", password=PASSWORD, language="en", organisation=""
    )
    advertiser.reply(moderating.topic, "Benches, benches, benches.")
    page = moderating.go(moderating.topic)
    member = str(page.get_by_role("link", name="Ben Ch").first.get_attribute("href"))
    moderating.send(f"{member}/clear-spam")
    page = moderating.go(f"{member}/unsuspend")
    expect(page.get_by_label("Show these texts again")).to_be_checked()
    require_fine(page, "way-back")
    moderating.send(f"{member}/unsuspend", asked="1", shows_again="y")
    page = moderating.go(member)
    expect(page.get_by_role("button", name="Undo")).to_have_count(1)
    require_fine(page, "way-back-undo")


def self_id(window: Any, address: str) -> str:
    """The id of the post that an address leads to."""
    page = window.go(address)
    place = address.partition("#")[2]
    return str(page.locator(f"#{place} [data-post]").first.get_attribute("data-post"))


def test_posts_are_split_and_merged_without_a_script(visit: Any, moderating: Any) -> None:
    plain = visit(java_script_enabled=False)
    plain.sign_in("moderator")
    topic = number_of(moderating.topic)
    page = plain.go(f"{topic}/posts/select")
    page.locator("main input[type=checkbox]").nth(3).check()
    with leaving(page):
        page.get_by_role("button", name="Split off").click()
    page.locator("#title").fill("Who cuts the grass?")
    page.get_by_label("Question").check()
    with leaving(page):
        page.locator("main form button.btn", has_text="Split off").click()
    expect(page.locator("h1")).to_have_text("Who cuts the grass?")
    expect(page.get_by_text("1 post came from")).to_have_count(1)
    new = page.url
    require_fine(moderating.go(moderating.topic), "topic-split")
    expect(moderating.page.get_by_text("1 post went to")).to_have_count(1)
    require_fine(moderating.go(new.removeprefix(plain.site.url)), "topic-new")
    require_fine(moderating.go(f"{topic}/posts/split?post=1x"), "nothing-there")
    page.goto(f"{number_of(new.removeprefix(plain.site.url))}/merge")
    page.locator("#target").fill(moderating.topic)
    with leaving(page):
        page.get_by_role("button", name="Put it there").click()
    expect(page.get_by_role("note")).to_contain_text("Where to put the benches")
    with leaving(page):
        page.get_by_role("button", name="Put it there").click()
    expect(page.locator("h1")).to_have_text("Where to put the benches")
    require_fine(moderating.go(moderating.topic), "topic-merged")
    require_fine(moderating.go(f"{topic}/merge"), "merge")


def test_who_saves_last_is_led_to_what_somebody_else_saved(visit: Any) -> None:
    first, last = visit(), visit()
    first.sign_in("moderator")
    last.sign_in("administrator")
    path = "/agendas/affordable/edit"
    pages = [window.go(path) for window in (first, last)]
    for page, name, text in zip(pages, ("summary", "hosts"), ("Homes for all.", ""), strict=True):
        page.locator(f"main [name={name}]").fill(text)
        with leaving(page):
            page.locator("main [data-publish]").click()
    page = pages[1]
    expect(page.locator(".sum")).to_be_focused()
    assert page.title().startswith("Error: Edit")
    expect(page.get_by_label("What it says now: Summary")).to_have_value("Homes for all.")
    require_fine(page, "agenda-changed-meanwhile")


def test_topics_are_locked_together_without_a_script(visit: Any, moderating: Any) -> None:
    """Those that the pages name are told apart by their numbers: other tests have opened some, too."""
    other = number_of(moderating.open_topic("Where to put the bins"))
    topics = [number_of(moderating.topic), other]
    moderating.send(f"{other}/lock", reason="They have a place.")
    plain = visit(java_script_enabled=False)
    plain.sign_in("moderator")
    page = plain.go("/agendas/affordable/topics?order=newest")
    with leaving(page):
        page.get_by_role("link", name="Select topics").click()
    for topic in topics:
        page.locator(f"main input[type=checkbox][value='{topic.rpartition('/')[2]}']").check()
    with leaving(page):
        page.get_by_role("button", name="Lock", exact=True).click()
    left = page.locator("section", has=page.locator("#left")).locator("li")
    expect(page.locator("h1")).to_have_text("Lock 1 topic")
    expect(left).to_contain_text("It is locked already.")
    require_fine(moderating.go(page.url.removeprefix(plain.site.url)), "topics-to-lock")
    page.locator("#reason").fill("We have a plan by now.")
    with leaving(page):
        page.locator("main form button.btn", has_text="Lock").click()
    expect(page.locator("h1")).to_have_text("What happened to the topics")
    expect(left).to_contain_text("It is locked already.")
    require_fine(moderating.go(page.url.removeprefix(plain.site.url)), "topics-locked")
    with leaving(page):
        page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back on")).to_have_count(1)


def test_a_deleted_draft_comes_back_without_a_script(visit: Any, moderating: Any) -> None:
    plain = visit(java_script_enabled=False)
    plain.sign_in("member")
    page = plain.go(f"{number_of(moderating.topic)}/reply")
    page.locator("#source").fill("Half of a sentence about benches")
    with leaving(page):
        page.get_by_role("button", name="Keep as a draft").click()
    draft = page.locator("main section", has_text="Half of a sentence about benches")
    draft.locator("summary").click()
    with leaving(page):
        draft.locator("button.stop").click()
    expect(draft).to_have_count(0)
    with leaving(page):
        page.get_by_role("button", name="Undo").click()
    expect(draft).to_have_count(1)
