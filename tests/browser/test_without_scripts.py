"""Every action in a browser that runs no scripts: links and forms are enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import Site, Visit, leaving


@pytest.fixture(scope="module")
def plain(chromium: Browser, site: Site) -> Iterator[Callable[[str], Visit]]:
    """Windows without scripts, by who looks; each is opened and signed in once."""
    opened: dict[str, Visit] = {}

    def window(who: str) -> Visit:
        if who not in opened:
            opened[who] = Visit(chromium, site, java_script_enabled=False)
            if who != "visitor":
                opened[who].sign_in(who)
        return opened[who]

    yield window
    complaints = [complaint for window in opened.values() for complaint in window.complaints]
    for window in opened.values():
        window.context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def said(plain: Callable[[str], Visit]) -> str:
    """The address of a topic of the moderator's, which the member may mark and quote."""
    return plain("moderator").open_topic("The **kerb** was too high for prams")


def press(page: Page, words: str, within: str = "main") -> None:
    """Press the button that says this."""
    with leaving(page):
        page.locator(f"{within} button", has_text=words).first.click()


def test_only_what_works_is_shown(plain: Any, said: str) -> None:
    for who, path in (("member", said), ("moderator", "/moderation"), ("visitor", "/help")):
        page = plain(who).go(path)
        for selector in (".tools", ".js", "[data-restore]", "[data-keys]", ":not(th) > kbd"):
            assert page.locator(f"{selector} >> visible=true").count() == 0, (path, selector)


def test_marks(plain: Any, said: str) -> None:
    page = plain("member").go(said)
    useful = page.locator("[value=useful]").first
    press(page, "Useful")
    expect(useful).to_have_attribute("aria-pressed", "true")
    expect(useful).to_contain_text("1")
    press(page, "Useful")
    expect(useful).to_have_attribute("aria-pressed", "false")


def test_who_goes_back_and_publishes_once_more_has_posted_once(plain: Any, said: str) -> None:
    """Going back asks for the page anew, with a form that is another one."""
    page = plain("member").go(said)
    text, keys = "We have measured it at nine stops.", set()
    for words in ("Your reply is published.", "You have posted this already."):
        keys.add(page.locator("[name=submission_key]").get_attribute("value"))
        page.locator("[name=source]").fill(text)
        press(page, "Publish reply")
        expect(page.get_by_text(words)).to_be_visible()
        expect(page.locator("main p", has_text=text)).to_have_count(1)
        with leaving(page):
            page.go_back()
    assert len(keys) == 2


def test_tried_it(plain: Any, said: str) -> None:
    page = plain("member").go(said)
    press(page, "Tried it")
    page.locator("[name=outcome][value=adapted]").check()
    page.locator("[name=note]").fill("Two centimetres lower.")
    press(page, "Publish")
    press(page, "Tried it")
    expect(page.locator("[name=outcome][value=adapted]")).to_be_checked()
    page.go_back()
    with leaving(page):
        page.locator("a", has_text="Who tried it").click()
    expect(page.locator("main")).to_contain_text("Two centimetres lower.")


def test_a_reply_with_a_quotation_and_a_preview(plain: Any, said: str) -> None:
    page = plain("member").go(said)
    with leaving(page):
        page.locator("a.re", has_text="Quote").first.click()
    field = page.locator("[name=source]")
    expect(field).to_have_value(re.compile(r"> \[Hanne[^\]]+\]\(/posts/\d+\)\n>\n> The \*\*kerb"))
    field.fill(field.input_value() + "Ours was *lower*.")
    press(page, "Preview")
    expect(page.locator("[data-preview] em")).to_have_text("lower")
    press(page, "Publish")
    expect(page.locator(".posts .cite a[href^='/posts/']").first).to_be_visible()


def test_a_form_sent_twice_posts_once(plain: Any, said: str) -> None:
    page = plain("member").go(said)
    page.fill("[name=source]", "Pressed twice.")
    # Not with `leaving`: the second press breaks off what the first had begun, which
    # a browser may tell as a page that failed.
    page.locator("[data-publish]").dblclick()
    expect(page.locator(".posts .prose", has_text="Pressed twice.")).to_have_count(1)
    plain("member").go(said)
    expect(page.locator(".posts .prose", has_text="Pressed twice.")).to_have_count(1)


def test_prompts_and_the_answer_to_a_question(plain: Any) -> None:
    page = plain("member").go("/agendas/affordable/topics/new?kind=question")
    page.fill("[name=title]", "Who pays for the ramp?")
    page.fill("[name=source]", "We have three bids.")
    press(page, "Our situation")
    expect(page.locator("[name=title]")).to_have_value("Who pays for the ramp?")
    expect(page.locator("[name=source]")).to_have_value(
        re.compile(r"^We have three bids\.\s+## Our situation\s+$")
    )
    press(page, "Publish")
    plain("moderator").reply(page.url.removeprefix(page.url.split("/topics")[0]), "The city does.")
    page.reload()
    page.locator(".posts summary", has_text="More actions").first.click()
    press(page, "Choose as the answer", ".posts")
    expect(page.locator(".posts > li.acc")).to_contain_text("The city does.")
    expect(page.locator(".post.op")).to_contain_text("Go to the answer")


def test_the_form_of_a_topic_says_what_fits_the_kind_that_is_chosen(plain: Any) -> None:
    page = plain("member").go("/agendas/affordable/topics/new?kind=experience")
    page.fill("[name=title]", "Who holds the key?")
    for kind, heading, button, prompt, hint in (
        ("question", "Ask a question", "Publish question", "Our situation", "want to know"),
        ("experience", "Share an experience", "Publish experience", "What we did", "happened"),
    ):
        page.locator(f"label:has([name=kind][value={kind}])").click()
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.get_by_role("button", name=button, exact=True)).to_be_visible()
        shown = page.locator("button[name=prompt]:visible")
        expect(shown).to_have_count(3)
        expect(shown.first).to_have_text(prompt)
        title = page.get_by_role("textbox", name="Title", exact=True)
        expect(title).to_have_accessible_description(
            re.compile(rf"^Say [^.]*{hint}[^.]*\. Up to 120 characters\.$")
        )
        expect(title).to_have_value("Who holds the key?")


def test_the_themes_that_are_chosen_are_counted(plain: Any) -> None:
    window = plain("member")
    page = window.go("/agendas/affordable/topics/new")
    page.locator("#themes summary").click()
    for number, said in enumerate(("0", "1", "2")):
        if number:
            page.locator("#themes input").nth(number).check()
        assert f" {said} of 5 chosen" in read_aloud(window)


def read_aloud(window: Visit) -> str:
    """The words of a page as a screen reader finds them, with what the style sheet adds."""
    tree = window.context.new_cdp_session(window.page).send("Accessibility.getFullAXTree")
    texts = [node for node in tree["nodes"] if node.get("role", {}).get("value") == "StaticText"]
    return " ".join(" ".join(str(text["name"]["value"]) for text in texts).split())


def test_asking_for_advice_and_what_happened_next(plain: Any) -> None:
    asker, member = plain("moderator"), plain("member")
    page = asker.go("/agendas/affordable/topics/new?kind=question")
    page.fill("[name=title]", "Mobility, traders and public space below a bridge")
    page.fill("[name=source]", "It is dark there.")
    press(page, "Publish")
    with leaving(page):
        page.locator("main a", has_text="Ask members who may help").click()
    boxes = page.locator("[name=asked]")
    expect(page.locator("[name=asked]:checked")).to_have_count(5)
    for handle in [box.get_attribute("value") for box in boxes.all()]:
        page.locator(f"[name=asked][value={handle}]").set_checked(handle == "wanjiru-kamau")
    press(page, "Ask these members")
    expect(page.locator("#asked-members li")).to_have_count(1)
    topic = re.sub(r".*(/topics/\d+).*", r"\1", page.url)
    asked = member.go(topic)
    expect(asked.locator("#asked")).to_contain_text("Helps with: mobility, public space")
    press(asked, "Not me", "#asked")
    expect(asked.locator("#asked")).to_have_count(0)
    page.reload()
    expect(page.locator("#asked-members")).to_contain_text("Not me")
    member.reply(topic, "Ask the traders.")
    asker.go(topic)
    with leaving(page):
        page.locator("main a", has_text="Tell what happened next").click()
    page.fill("[name=deed]", "We hung lamps.")
    press(page, "Publish what happened next")
    expect(page.locator(".sum")).to_contain_text("Say whether it worked.")
    page.locator("[name=outcome][value=partly]").check()
    press(page, "Publish what happened next")
    expect(page.locator("#next")).to_contain_text("We hung lamps.")


def test_an_edit_keeps_what_it_said_before_until_it_is_withdrawn(plain: Any) -> None:
    page = plain("member").go("/search?q=residents+abroad+paid+for+a+drain")
    with leaving(page):
        page.locator(".rows a[href^='/topics/']").first.click()
    reply = page.locator(".posts .post[data-name='Wanjiru Kamau']").first
    reply.locator("summary", has_text="More actions").click()
    post = reply.get_attribute("data-post")
    with leaving(page):
        reply.locator("a[href$='/edit']").click()
    page.locator("[name=source]").fill(f"All of it is new {uuid4().hex}.")
    press(page, "Save changes")
    page.goto(f"/posts/{post}/history")
    expect(page.locator(".diff ins", has_text="new").first).to_be_visible()
    with leaving(page):
        page.locator("a", has_text="Withdraw version").first.click()
    press(page, "Withdraw it")
    expect(page.locator("main")).to_contain_text("The author has withdrawn the earlier versions.")


def test_a_deleted_reply_leaves_a_gap(plain: Any, said: str) -> None:
    address = plain("member").reply(said, "Said too soon.")
    page = plain("member").go(address)
    reply = page.locator(f"#{address.partition('#')[2]}")
    reply.locator("summary", has_text="More actions").click()
    with leaving(page):
        reply.locator("a", has_text="Delete").click()
    press(page, "Delete")
    expect(page.locator("main")).not_to_contain_text("Said too soon.")
    expect(reply).to_have_class("gone")


def test_a_practice_from_draft_to_published(plain: Any) -> None:
    title = f"Borrow a ramp {uuid4().hex[:6]}"
    page = plain("member").go("/practices/new?agenda=affordable")
    page.fill("[name=title]", title)
    page.fill("[name=sentence]", "Shops lend ramps to each other.")
    press(page, "Keep as a draft")
    with leaving(page):
        page.locator("main a", has_text="Edit").first.click()
    page.locator("summary", has_text="Add the full description").click()
    page.fill("[name=challenge]", "Steps at *every* door.")
    press(page, "Preview")
    expect(page.locator("main section em", has_text="every")).to_be_visible()
    press(page, "Submit to the moderators")
    desk = plain("moderator").go("/moderation")
    with leaving(desk):
        desk.locator("ol.q a", has_text=title).click()
    desk.locator("[name=deed][value=publish]").check()
    press(desk, "Decide and open next")
    found = plain("visitor").go(f"/search?q={title.replace(' ', '+')}")
    expect(found.locator(".rows a", has_text=title).first).to_be_visible()


def test_filters_of_the_search(plain: Any) -> None:
    page = plain("visitor").go("/search?q=city")
    page.locator("[name=kind]").first.check(force=True)
    press(page, "Show")
    assert "kind=" in page.url
    with leaving(page):
        page.locator("main a", has_text="Clear all").click()
    assert "kind=" not in page.url


def test_the_server_asks_which_city_is_meant(plain: Any) -> None:
    window = plain("visitor")
    page = window.go("/join")
    page.fill("[name=name]", "Pat Doe")
    page.fill("[name=email]", f"pat-{uuid4().hex[:6]}@example.org")
    page.fill("[name=password]", "four damp umbrellas waiting")
    page.fill("main [name=city]", "Springfield")
    press(page, "Join")
    expect(page.locator(".sum")).to_contain_text("Several cities fit.")
    expect(page.locator("[name=name]")).to_have_value("Pat Doe")
    page.locator("[name=city_id]").nth(1).check()
    page.fill("[name=password]", "four damp umbrellas waiting")
    press(page, "Join")
    window.open_letter()
    expect(page.locator("#told")).to_contain_text("Welcome, Pat Doe")
    page.locator("header .more summary").click()
    press(page, "Sign out", "header")


def test_light_and_dark(plain: Any) -> None:
    page = plain("visitor").go("/topics")
    for theme in ("dark", "light", ""):
        page.select_option("#appearance", theme)
        press(page, "Save", "footer")
        assert page.url.endswith("/topics")
        assert (page.locator("html").get_attribute("data-theme") or "") == theme


def test_a_meeting_is_announced_taken_up_and_cancelled(plain: Any) -> None:
    host = plain("moderator").go("/agendas/affordable/meetings/new")
    day = (date.today() + timedelta(days=30)).isoformat()
    typed = {"title": "No script", "source": "We *meet*.", "starts_on": day, "seats": "1"}
    for name, text in typed.items():
        host.fill(f"[name={name}]", text)
    press(host, "Preview")
    expect(host.locator("main em", has_text="meet")).to_be_visible()
    host.fill("[name=starts_time]", "10:00")
    host.fill("[name=ends_time]", "11:00")
    host.fill("[name=place]", "Hall")
    press(host, "Announce the meeting")
    expect(host.locator("h1")).to_have_text("No script")
    address = host.url.replace(plain("moderator").site.url, "")
    guest = plain("member").go(address)
    press(guest, "I am coming")
    expect(guest.locator(".people")).to_be_visible()
    press(plain("moderator").go(address), "Wait for a place")
    press(plain("member").go(address), "I am not coming after all")
    expect(plain("moderator").go(address).locator("main .st.ok")).to_be_visible()
    with leaving(host):
        host.locator("main a[href$='/cancel']").click()
    host.fill("[name=reason]", "Snow.")
    press(host, "Cancel the meeting")
    expect(host.locator("main .note")).to_contain_text("Snow.")
