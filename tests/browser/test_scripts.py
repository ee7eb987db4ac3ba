"""Small scripts in a browser: marks, keys, menus, times, cities, appearance. The composer is in `test_composer.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.people import Visit, leaving, open_ready

NEW = "/agendas/affordable/topics/new?kind=experience"


@pytest.fixture
def visitor(windows: Callable[..., Visit]) -> Iterator[Visit]:
    """Somebody who is not signed in."""
    window = windows("visitor", "light", 1280)
    window.page.unroute_all()
    window.go("/rules").evaluate("localStorage.clear()")
    yield window
    assert window.complaints == []


# Marks


def test_a_mark_is_shown_at_once_and_kept(member: Visit, rich: str) -> None:
    page = member.go(rich)
    useful = page.locator("[data-marks] [value=useful]").first
    useful.click()
    expect(useful).to_have_attribute("aria-pressed", "true")
    expect(useful).to_have_text(re.compile(r"Useful 1, number \d+$"))
    expect(page.locator("[data-marks] [data-busy]")).to_have_count(0)
    member.go(rich)
    expect(useful).to_have_attribute("aria-pressed", "true")
    useful.click()
    expect(useful).to_have_attribute("aria-pressed", "false")
    expect(page.locator("[data-marks] [data-busy]")).to_have_count(0)


@pytest.mark.parametrize("how", ["refused", "unreachable"])
def test_a_mark_that_fails_is_taken_back(member: Visit, rich: str, how: str) -> None:
    page = member.go(rich)
    refuse = (lambda r: r.fulfill(status=403)) if how == "refused" else (lambda r: r.abort())
    page.route("**/mark", refuse)
    same = page.locator("[data-marks] [value='same here']").first
    same.click()
    expect(page.locator("[data-marks] [role=status]")).to_have_text(
        "This was not saved. Please try again."
    )
    expect(same).to_have_attribute("aria-pressed", "false")
    expect(same).to_have_text(re.compile(r"Same here\s*, number \d+$"))
    page.unroute("**/mark")
    same.click()
    expect(same).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-marks] [role=status]")).to_have_text("")
    expect(page.locator("[data-marks] [data-busy]")).to_have_count(0)
    same.click()
    expect(page.locator("[data-marks] [data-busy]")).to_have_count(0)
    member.complaints[:] = [c for c in member.complaints if "ERR_FAILED" not in c]


def test_a_second_mark_need_not_wait_for_the_first(member: Visit, moderator: Visit) -> None:
    page = member.go(moderator.open_topic("Two marks at once"))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/mark", hold)
    marks = [
        page.locator(f"[data-marks] [value='{kind}']").first for kind in ("useful", "same here")
    ]
    for mark in marks:
        mark.click()
        expect(mark).to_have_attribute("aria-pressed", "true")
    for _moment in range(100):  # a button shows its mark before its request is on its way
        if len(held) == len(marks):
            break
        page.wait_for_timeout(50)
    assert len(held) == len(marks)
    for route in held:
        route.continue_()
    expect(page.locator("[data-marks] [data-busy]")).to_have_count(0)
    page.unroute("**/mark")
    member.go(page.url)
    for mark in marks:
        expect(mark).to_have_attribute("aria-pressed", "true")


# Keys


def test_keys_lead_through_a_page(member: Visit, moderator: Visit) -> None:
    # In the shared one others hide replies
    topic = moderator.open_topic("Keys lead through this one")
    member.reply(topic, "One to go to.")
    page = member.go(topic)
    page.keyboard.press("j")
    expect(page.locator(".post.op")).to_be_focused()
    expect(page.locator(".post.op")).to_have_accessible_name("Keys lead through this one")
    page.keyboard.press("j")
    expect(page.locator(".posts > li").first).to_be_focused()
    expect(page.locator(".posts > li").first).to_have_accessible_name("Reply 2 by Wanjiru Kamau")
    page.keyboard.press("q")
    expect(page.locator("[name=source]")).to_have_value(re.compile(r"^> \["))
    page.locator("[name=source]").fill("")
    page.locator("[name=source]").press_sequentially("jkrq/?")
    expect(page.locator("[name=source]")).to_have_value("jkrq/?")
    page.locator(".posts > li").first.focus()
    page.keyboard.press("k")
    expect(page.locator(".post.op")).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("[name=source]")).to_be_focused()


# A key as a layout sends it: what it writes, and where it stands.
KEY = """(field, [key, code, ctrlKey]) => field.dispatchEvent(
    new KeyboardEvent("keydown", { key, code, ctrlKey, bubbles: true, cancelable: true }))"""


@pytest.mark.parametrize(
    ("reply", "bold"),
    [
        (("к", "KeyR"), ("и", "KeyB")),
        (("R", "KeyR"), ("B", "KeyB")),
        (("r", "KeyO"), ("b", "KeyN")),
    ],
    ids=["Cyrillic", "Caps Lock", "Dvorak"],
)
def test_keys_are_found_on_every_layout(
    member: Visit, topic: str, reply: tuple[str, str], bold: tuple[str, str]
) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    page.locator("body").evaluate(KEY, [*reply, False])
    expect(field).to_be_focused()
    field.fill("wet")
    field.select_text()
    field.evaluate(KEY, [*bold, True])
    expect(field).to_have_value("**wet**")


@pytest.mark.parametrize(
    ("typed", "asked"), [("@रवि", "रवि"), ("@Nguye\u0302\u0303n", "Nguy\u1ec5n")]
)
def test_members_are_asked_for_in_every_script(
    member: Visit, topic: str, typed: str, asked: str
) -> None:
    page = member.go(topic)
    page.locator("[name=source]").focus()
    with page.expect_request("**/members/suggest?*") as request:
        page.keyboard.insert_text(typed)
    assert request.value.url.endswith(f"?q={quote(asked)}")


def test_keys_lead_through_a_list_to_the_search_and_to_the_list_of_keys(visitor: Visit) -> None:
    page = visitor.go("/topics")
    for _press in range(2):
        page.keyboard.press("j")
    second = page.locator(".rows > li").nth(1).locator("h2 a, h3 a")
    expect(second).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    expect(page.locator("#find")).to_have_value("")
    second.focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(second).to_be_focused()
    assert page.url.endswith("/topics")


def test_single_keys_can_be_switched_off(visitor: Visit) -> None:
    page = visitor.go("/help")
    off = page.get_by_role("button", name="Switch single keys off")
    on = page.get_by_role("button", name="Switch single keys on")
    expect(on).to_be_hidden()
    with leaving(page):
        off.click()
    expect(on).to_be_visible()
    expect(off).to_be_hidden()
    visitor.go("/topics")
    page.keyboard.press("/")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body")
    visitor.go("/help")
    with leaving(page):
        on.click()
    visitor.go("/topics").keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()


def test_a_number_chooses_a_decision_and_ctrl_enter_sends_it(
    member: Visit, moderator: Visit, administrator: Visit, topic: str
) -> None:
    for text in ("A first odd reply.", "A second odd reply."):
        post = report(administrator, member.reply(topic, text))
    page = moderator.go("/moderation")
    with leaving(page):
        page.keyboard.press("j")
    assert re.search(r"/moderation/\w+/\d+#entry$", page.url), page.url
    moderator.go(f"/moderation/post/{post}")
    for key, deed in (("2", "hide"), ("1", "keep"), ("2", "hide")):
        page.keyboard.press(key)
        expect(page.locator(f"[name=deed][value={deed}]")).to_be_checked()
    page.wait_for_timeout(200)
    assert page.url.endswith(f"/moderation/post/{post}"), "choosing never sends"
    page.select_option("[name=rule]", "2")
    page.fill("[name=reason]", "2 It is odd.")
    expect(page.locator("[name=reason]")).to_have_value("2 It is odd.")
    with leaving(page):
        page.keyboard.press("Control+Enter")
    expect(page.locator("main q", has_text="A second odd reply")).to_have_count(1)
    with leaving(page):
        page.keyboard.press("u")
    moderator.go(f"/moderation/post/{post}")
    page.keyboard.press("1")
    with leaving(page):
        page.keyboard.press("Control+Enter")


def report(reporter: Visit, address: str) -> str:
    """Report a post; says its number."""
    page = reporter.context.request.get(address.partition("#")[0]).text()
    number = address.partition("#post-")[2]
    post = re.findall(rf'id="post-{number}".*?data-post="(\d+)"', page, re.S)[0]
    reporter.send(f"/posts/{post}/report", reason="off topic", text="It is odd.")
    return str(post)


@pytest.mark.parametrize("who", ["visitor", "member"])
def test_the_keys_are_listed_over_the_page(
    windows: Callable[..., Visit], topic: str, who: str
) -> None:
    page = windows(who, "light", 1280).go(topic)
    if who == "member":
        page.fill("[name=source]", "Half of a sentence")
        page.locator("[name=source]").blur()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_be_visible()
    expect(keys.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("?")
    with leaving(page):
        keys.get_by_role("button", name="Switch single keys off").click()
    assert page.url.endswith(topic)
    page.keyboard.press("?")
    expect(keys).to_be_hidden()
    page.context.clear_cookies(name="keys")
    if who == "member":
        page.evaluate("localStorage.clear()")


def test_all_lists_of_keys_say_the_same(moderator: Visit) -> None:
    page = moderator.go("/help")
    listed = page.locator("#keys tbody tr").all_inner_texts()
    for path in ("/help", "/moderation"):
        rows = moderator.go(path).locator("#key-list dl > div")
        shown = rows.evaluate_all(
            "rows => rows.map(row => row.textContent.replace(/\\s+/g, ' ').trim())"
        )
        assert shown == [re.sub(r"\s+", " ", line).strip() for line in listed]


# Menus, times, cities, appearance


def test_every_tab_is_seen_in_a_narrow_window(visit: Callable[..., Visit]) -> None:
    window = visit(viewport={"width": 390, "height": 800})
    window.sign_in("administrator")
    agenda = "/agendas/globally-connected"
    for path, button, links in (
        ("/moderation", "", ".tabs a"),
        ("/topics", "", ".tabs a"),
        ("/practices", "", ".tabs a"),
        (agenda, "", ".tabs a"),
        ("/administration/members", "All of the administration", ".sets a"),
        ("/settings", "All settings", ".sets a"),
    ):
        page = window.go(path)
        if button:
            page.get_by_text(button).click()
        tabs = page.locator(links)
        assert tabs.count() > 1, path
        for number in range(tabs.count()):
            tab = tabs.nth(number).bounding_box()
            assert tab and tab["x"] >= 0 and tab["x"] + tab["width"] <= 390, (path, number)


def test_menus_close(member: Visit) -> None:
    page = member.go("/rules")
    menu, button = page.locator("header .more"), page.locator("header .more summary")
    button.click()
    expect(menu.locator(".pop")).to_be_visible()
    menu.locator("a").first.focus()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(menu.locator(".pop")).to_be_hidden()
    button.click()
    page.evaluate("document.activeElement.blur()")  # as Safari does, where buttons have no focus
    page.keyboard.press("Escape")
    expect(menu.locator(".pop")).to_be_hidden()
    button.click()
    page.locator("h1").click(position={"x": 4, "y": 4})
    expect(menu.locator(".pop")).to_be_hidden()
    button.click()
    menu.locator("button").last.focus()
    page.keyboard.press("Tab")
    expect(menu.locator(".pop")).to_be_hidden()


@pytest.mark.parametrize("who", ["visitor", "member"])
def test_what_others_write_meanwhile_is_said_and_moves_nothing(
    who: str, visit: Callable[..., Visit], moderator: Visit
) -> None:
    """Also to visitors, whose pages are kept, and also once more is written."""
    address = moderator.open_topic("Who sweeps the platforms?")
    window = visit()
    if who == "member":
        window.sign_in("member")
    page = window.page
    page.clock.install()
    open_ready(page, window.site.url + address)
    below = page.locator("#reply")
    before = below.bounding_box()
    place = page.locator("[data-news]")
    page.clock.run_for(61_000)
    expect(place).to_have_text("")
    first = moderator.reply(address, "The drivers do.")
    page.clock.run_for(61_000)
    expect(place).to_have_text("Go to the new post")
    assert below.bounding_box() == before
    moderator.reply(address, "And the guards.")
    page.route("**/news?*", lambda route: route.abort())
    page.clock.run_for(61_000)
    expect(place).to_have_text("Go to the new post")
    page.unroute("**/news?*")
    page.clock.run_for(61_000)
    expect(place).to_have_text("Go to the first of 2 new posts")
    place.locator("a").click()
    expect(page.locator("#post-2")).to_contain_text("The drivers do.")
    expect(page.locator("#post-3")).to_contain_text("And the guards.")
    assert page.url.endswith(first)
    window.complaints.clear()  # of the answer that never came


def test_times_are_shortened_for_a_week(member: Visit, topic: str) -> None:
    address = member.reply(topic, "It is late.")
    page = member.tab()
    page.goto(address)
    time = page.locator(f"#{address.partition('#')[2]} time").first
    written = datetime.fromisoformat(time.get_attribute("datetime") or "")  # without its seconds
    for later, words in (
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=8), r"\d+ \w+ \d{4}, \d\d:\d\d"),
    ):
        page.clock.set_fixed_time(written + later)
        page.goto("about:blank")
        page.goto(address)
        expect(time).to_have_text(re.compile(f"^{words}$"))
        expect(time).to_have_attribute("title", re.compile(r"^\d+\s\w+ \d{4}, \d\d:\d\d UTC$"))
    page.close()


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_clock_times_are_those_of_the_reader(visit: Any, zone: str) -> None:
    """The form is that of the page without a script; also where versions are told apart by the second."""
    reader, seen = visit(timezone_id=zone), []
    page = reader.go("/search?q=Parking+minimums+gone")
    for link in ("main ol a, main ul a", "a[href$='/history']"):
        page = reader.go(str(page.locator(link).first.get_attribute("href")))
        seen += [told_by(time) for time in page.locator("time").all()]
    clocks = [stamp for stamp in seen if ":" in stamp[1]]
    assert {len(stamp) for stamp, *_words in clocks} == {17, 20}
    for stamp, words, title in clocks:
        then, clock = datetime.fromisoformat(stamp), "%H:%M:%S" if len(stamp) == 20 else "%H:%M"
        local = then.astimezone(ZoneInfo(zone))
        assert words == f"{local.day} {local:%B %Y}, {local:{clock}}"
        assert title == f"{then.day} {then:%B %Y}, {then:{clock}} UTC"


def told_by(time: Locator) -> tuple[str, str, str]:
    """What a `<time>` holds: its stamp, its words and its title."""
    title = (time.get_attribute("title") or "").replace("\xa0", " ")
    return time.get_attribute("datetime") or "", time.inner_text(), title


def test_a_city_is_found_in_any_script(visitor: Visit) -> None:
    page = visitor.go("/join")
    city = page.get_by_role("combobox", name="City")
    options = page.locator("[role=option]")
    said = page.locator(".combo [aria-live=polite]")
    for typed, name in (("東京", "Tokyo"), ("Αθήνα", "Athens"), ("нью-йорк", "New York")):
        city.fill(typed)
        expect(options.filter(has_text=name).first).to_be_visible()
        expect(said).to_have_text(f"Cities found: {options.count()}")
        city.press("ArrowDown")
        expect(options.first).to_have_attribute("aria-selected", "true")
        active = city.get_attribute("aria-activedescendant")
        assert active and active == options.first.get_attribute("id")
        # A part in a box of its own would not be read with the name: which of two cities it is
        display = "part => getComputedStyle(part).display"
        assert options.first.locator(".meta").evaluate(display) == "inline"
        city.press("Enter")
        expect(city).to_have_value(re.compile(f"^{name}"))
        expect(city).to_have_attribute("aria-expanded", "false")
    city.fill("Tampere")
    expect(options.first).to_be_visible()
    city.press("ArrowUp")
    city.press("Escape")
    expect(city).to_have_value("Tampere")
    expect(page.get_by_role("listbox")).to_be_hidden()
    city.fill("qqqqqq")
    expect(options).to_have_text("No city of that name is known")
    expect(said).to_have_text("No city of that name is known")
    assert page.url.endswith("/join")


def test_a_search_that_fails_does_not_say_that_there_is_no_such_city(visitor: Visit) -> None:
    page = visitor.go("/join")
    city = page.get_by_role("combobox", name="City")
    page.route("**/suggest?*", lambda route: route.fulfill(status=503, body="[]"))
    with page.expect_response("**/suggest?*"):
        city.fill("Tampere")
    page.wait_for_timeout(100)
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator(".combo [aria-live=polite]")).to_have_text("")
    page.unroute("**/suggest?*")
    visitor.complaints.clear()
    city.press("ArrowDown")
    expect(page.locator(".combo [role=option]").first).to_have_text(re.compile("^Tampere"))


def test_the_chosen_one_of_two_cities_is_meant(visitor: Visit) -> None:
    page = visitor.go("/join")
    page.get_by_role("combobox", name="City").fill("Springfield")
    options = page.get_by_role("option", name="Springfield")
    expect(options.nth(1)).to_be_visible()
    options.nth(1).click()
    with leaving(page):
        page.locator("main button[type=submit]", has_text="Join").click()
    expect(page.locator(".sum")).to_contain_text("Write your name.")
    expect(page.locator(".sum")).not_to_contain_text("Several cities fit")


def test_light_dark_and_as_the_device(visit: Callable[..., Visit]) -> None:
    window = visit(color_scheme="dark")
    page = window.go("/rules")
    dark = ground(page)
    choose_theme(page, "light")
    assert page.url.endswith("/rules") and ground(page) != dark
    assert ground(window.go("/topics")) != dark
    choose_theme(page, "dark")
    page.emulate_media(color_scheme="light")
    assert ground(page) == dark
    choose_theme(page, "")
    assert ground(page) != dark and not page.locator("html[data-theme]").count()
    cookies = [cookie["name"] for cookie in window.context.cookies()]
    assert "theme" not in cookies


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def choose_theme(page: Page, theme: str) -> None:
    page.select_option("#appearance", theme)
    with leaving(page):
        page.locator("footer button", has_text="Save").click()
