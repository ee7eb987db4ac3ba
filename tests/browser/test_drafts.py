"""Nothing typed is ever lost: drafts, expired sessions, topics locked meanwhile, forms sent twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.looks import look_narrow_and_wide
from tests.browser.people import READY, SEND_NOTHING, Visit, leaving, open_ready

DRAFTS = "Object.keys(localStorage).filter(key => key.startsWith('draft:'))"
HAS_KEPT = "text => Object.values(localStorage).some(kept => kept.includes(JSON.stringify(text).slice(1, -1)))"
PUBLISH = "main [data-publish]"


@pytest.fixture
def own_window(visit: Callable[..., Visit], member: Visit, another_device: Visit) -> Visit:
    """A window of the demo's member for this test alone, whose clock may be set: it is that of the whole window.

    The shared windows have left their forms, so that none of them still sends what an earlier test has typed.
    """
    window = visit()
    window.sign_in("member")
    return window


@contextmanager
def leading_nowhere(page: Page) -> Iterator[None]:
    """Wait until what is pressed inside has led to the browser's own page, which says that nothing answers."""
    with page.expect_event("framenavigated"):
        yield


def type_and_crash(member: Visit, address: str, text: str) -> None:
    """Type into the composer of a page until the browser keeps it, and lose the page before the forum has it."""
    page = member.tab()
    open_ready(page, address)
    page.locator("[name=source]").press_sequentially(text)
    # All of it: where keys come slowly, a part is kept before
    page.wait_for_function(HAS_KEPT, arg=text)
    expect(page.locator("[data-saved]")).to_have_text("Kept in this browser")
    page.evaluate(SEND_NOTHING)
    page.close()


def forgotten(page: Page) -> None:
    page.wait_for_function(f"() => !{DRAFTS}.length")


def publish(page: Page) -> None:
    with leaving(page):
        page.click(PUBLISH)


def test_a_text_is_offered_after_a_crash(member: Visit, topic: str) -> None:
    type_and_crash(member, topic, "We lowered it by four centimetres.")
    page = member.go(topic)
    field, offer = page.locator("[name=source]"), page.locator("[data-restore]")
    expect(offer).to_contain_text("There is a text that you have not sent.")
    page.click("[data-act=restore]")
    expect(field).to_have_value("We lowered it by four centimetres.")
    expect(field).to_be_focused()
    expect(offer).to_be_hidden()
    publish(page)
    expect(page.locator(f"#{page.url.partition('#')[2]}")).to_be_focused()
    forgotten(page)
    member.go(topic)
    expect(offer).to_be_hidden()


def test_a_text_can_be_discarded(member: Visit, topic: str) -> None:
    type_and_crash(member, topic, "Never mind.")
    page = member.go(topic)
    page.click("[data-act=discard]")
    expect(page.locator("[data-restore]")).to_be_hidden()
    expect(page.locator("[name=source]")).to_have_value("")
    forgotten(page)


def test_an_offer_says_how_its_text_begins_and_when_it_was_typed(
    own_window: Visit, topic: str
) -> None:
    member = own_window
    page = member.tab()
    page.clock.set_fixed_time("2026-09-08T12:50:00")
    open_ready(page, topic)
    page.fill("[name=source]", f"The kerb is lower now.{' And so on.' * 20}")
    page.clock.run_for(1_000)
    expect(page.locator("[data-saved]")).to_have_text("Kept in this browser")
    page.close()
    page = member.go(topic)
    offer = page.locator("[data-restore]")
    expect(offer.locator("q")).to_have_text(re.compile(r"^The kerb is lower now\..{1,58}$"))
    expect(offer.locator("[data-at]")).to_have_text("8 Sept 2026, 12:50")


def test_an_offer_has_words_and_no_markup(member: Visit, topic: str) -> None:
    typed = "> They said no.\n\n## What we *did*\n\n- Ask [the tram](https://t.example/), and_then __go__."
    type_and_crash(member, topic, typed)
    page = member.go(topic)
    offer = page.locator("[data-restore]")
    expect(offer.locator("q")).to_have_text("What we did Ask the tram, and_then go.")
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value(typed)
    page.fill("[name=source]", "")


def test_what_was_discarded_can_be_taken_back(member: Visit, topic: str) -> None:
    for text in ("The first of two.", "The second of two."):
        type_and_crash(member, topic, text)
    page = member.go(topic)
    offer, back = page.locator("[data-restore]"), page.get_by_role("button", name="Take it back")
    expect(back).to_be_hidden()
    for text in ("The second of two.", "The first of two."):
        expect(offer.locator("q")).to_have_text(text)
        page.click("[data-act=discard]")
    expect(offer).to_be_hidden()
    expect(back).to_be_focused()
    forgotten(page)
    back.click()
    expect(offer.locator("q")).to_have_text("The first of two.")
    back.click()
    expect(offer.locator("q")).to_have_text("The second of two.")
    expect(back).to_be_hidden()
    expect(offer.get_by_role("button", name="Restore")).to_be_focused()
    page = member.go(topic)
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value("The second of two.")
    expect(offer.locator("q")).to_have_text("The first of two.")


def test_two_windows_keep_two_texts(member: Visit, topic: str) -> None:
    first, second = member.tab(), member.tab()
    for page in (first, second):
        open_ready(page, topic)
    for page, text in ((first, "From the desk"), (second, "From the train"), (first, ", later")):
        page.locator("[name=source]").press_sequentially(text)
        page.wait_for_function(f"() => JSON.stringify(localStorage).includes({text!r})")
    for page in (first, second):
        page.close()
    page = member.go(topic)
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value("From the desk, later")
    expect(page.locator("[data-restore]")).to_be_visible()
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value("From the train")
    page.click("[data-act=restore]")  # what a restored text replaces is offered in its turn
    expect(page.locator("[name=source]")).to_have_value("From the desk, later")


def test_a_text_is_offered_where_it_belongs(member: Visit) -> None:
    case = "/cases/vienna-social-housing"
    page = member.go(case)
    links = page.locator("a[href*='paragraph=']:not([href*='quote='])")
    first, second = (links.nth(n).get_attribute("href") or "" for n in (0, 1))
    type_and_crash(member, first, "About the first paragraph.")
    offer = page.locator("[data-restore]")
    elsewhere = page.get_by_role("link", name="You had begun a comment beside a paragraph.")
    for address in (second, case):
        member.go(address)
        expect(page.locator("[name=source]")).to_have_value("")
        expect(offer).to_be_hidden()
        expect(elsewhere).to_be_visible(visible=address == case)
    with leaving(page):
        elsewhere.click()
    expect(offer).to_be_visible()
    page.click("[data-act=discard]")
    member.go(case)
    expect(elsewhere).to_be_hidden()


def test_each_paragraph_says_that_a_comment_was_begun_there(member: Visit) -> None:
    case = "/cases/vienna-social-housing"
    page = member.go(case)
    links = page.locator("a[href*='paragraph=']:not([href*='quote='])")
    addresses = [links.nth(n).get_attribute("href") or "" for n in (0, 1, 2)]
    for address in addresses[1:]:
        type_and_crash(member, address, "About this paragraph.")
    member.go(case)
    for number, words in enumerate(("Comment on this paragraph", *["Go on with your comment"] * 2)):
        expect(links.nth(number)).to_have_text(words)
        expect(links.nth(number)).to_have_accessible_name(f"{words} ({number + 1})")
    for address in addresses[1:]:
        member.go(address)
        page.click("[data-act=discard]")
    member.go(case)
    expect(page.get_by_role("link", name="Go on with your comment")).to_have_count(0)


def test_what_is_adapted_is_offered_for_the_same_practice(member: Visit) -> None:
    page = member.go("/practices")
    found = page.locator("main h3 a[href^='/practices/'], main h2 a[href^='/practices/']")
    one, other = (
        "/practices/new?adapt=" + (found.nth(n).get_attribute("href") or "").rpartition("/")[2]
        for n in (0, 1)
    )
    page = member.go(one)
    page.locator("[name=sentence]").press_sequentially(" Ours, too.")
    page.wait_for_function(f"() => {DRAFTS}.length")
    offer = page.locator("[data-restore]")
    for address in (other, "/practices/new"):
        member.go(address)
        expect(offer).to_be_hidden()
    member.go(one)
    expect(offer).to_be_visible()


def test_what_is_typed_before_the_script_arrives_is_kept(member: Visit, topic: str) -> None:
    page = member.tab()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/drafts.js*", hold)
    with page.expect_request("**/drafts.js*"):
        page.goto(topic, wait_until="domcontentloaded")
    page.fill("[name=source]", "Quicker than the line.")
    held[0].continue_()
    page.wait_for_function(f"() => {DRAFTS}.length")
    page.close()


def test_the_whole_form_is_kept(member: Visit) -> None:
    address = "/agendas/affordable/topics/new"
    page = member.tab()
    open_ready(page, address)
    page.fill("[name=title]", "Two keys for one gate")
    page.check("[name=kind][value=question]", force=True)
    page.select_option("[name=language]", "fi")
    page.fill("[name=source]", "Who holds the other?")
    page.close(run_before_unload=False)  # at once: what was typed last is kept on the way out
    page = member.go(f"{address}?kind=experience")
    page.click("[data-act=restore]")
    expect(page.locator("[name=title]")).to_have_value("Two keys for one gate")
    expect(page.locator("[name=source]")).to_have_value("Who holds the other?")
    expect(page.locator("[name=language]")).to_have_value("fi")
    expect(page.locator("[name=kind][value=question]")).to_be_checked()


def test_what_is_typed_in_one_line_is_kept(member: Visit) -> None:
    page = member.go("/agendas/affordable/topics/new")
    page.fill("[name=title]", "Nothing but a title")
    page.wait_for_function(f"() => {DRAFTS}.length")
    page = member.go("/agendas/affordable/topics/new")
    page.click("[data-act=restore]")
    expect(page.locator("[name=title]")).to_have_value("Nothing but a title")
    page = member.go("/settings")
    page.fill("[name=position]", "Keeper of the kerbs")
    page.wait_for_function(f"() => {DRAFTS}.length === 2")
    page = member.go("/settings")
    page.click("[data-act=restore]")
    expect(page.locator("[name=position]")).to_have_value("Keeper of the kerbs")
    member.go("/settings")
    page.click("[data-act=discard]")
    expect(page.locator("[data-restore]")).to_be_hidden()


def test_a_restored_text_is_seen(member: Visit) -> None:
    page = member.go("/practices/new")
    page.click("main summary >> text=Add the full description")
    page.fill("[name=challenge]", "The bench was always wet.")
    page.wait_for_function(f"() => {DRAFTS}.length")
    page = member.go("/practices/new")
    page.click("[data-act=restore]")
    expect(page.locator("[name=challenge]")).to_be_visible()
    expect(page.locator("[name=challenge]")).to_be_focused()


def test_an_edit_is_forgotten_when_it_is_published(member: Visit, topic: str) -> None:
    edit = f"/posts/{number_of(member, member.reply(topic, 'A first wording.'))}/edit"
    type_and_crash(member, edit, "Better: ")
    page = member.go(edit)
    page.click("[data-act=restore]")
    publish(page)
    assert "Better:" in page.locator(f"{page.url[page.url.index('#') :]} .prose").inner_text()
    forgotten(page)


def test_a_long_text_is_kept_whole_and_said_to_be_too_long(member: Visit, topic: str) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.focus()
    page.keyboard.insert_text("x" * 40_000)
    expect(page.locator("#reply-form .err")).to_have_text("Characters too many: 20,000")
    publish(page)
    assert len(field.input_value()) == 40_000
    expect(page.locator(".sum")).to_contain_text("Shorten the text to 20,000 characters.")
    field.fill("Short after all.")
    publish(page)
    expect(page.locator(".posts .prose", has_text="Short after all")).to_have_count(1)


def test_a_report_is_forgotten_when_it_is_sent(member: Visit, topic: str) -> None:
    page = member.go(f"/posts/{number_of(member, topic + '#post-1')}/report")
    page.check("[name=reason] >> nth=0")
    page.fill("[name=text]", "It is odd.")
    page.wait_for_function(f"() => {DRAFTS}.length")
    publish(page)
    forgotten(page)


def number_of(member: Visit, address: str) -> str:
    """The number of the post that an address names."""
    page = member.go(address)
    post = page.locator(f"#{address.partition('#')[2]}")
    link = post.locator("a[href^='/posts/']").first.get_attribute("href") or ""
    return re.findall(r"/posts/(\d+)", link)[0]


def test_a_form_sent_twice_posts_once(member: Visit, topic: str) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "Sent by a nervous finger.")
    with leaving(page):
        page.dblclick(PUBLISH)
    expect(page.locator(".prose", has_text="nervous finger")).to_have_count(1)


def test_back_brings_no_published_text_again(member: Visit, topic: str) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "Said once, and that is enough.")
    publish(page)
    page.wait_for_function(READY)
    page.go_back(wait_until="load")
    page.wait_for_function(READY)
    expect(page.locator("[name=source]")).to_have_value("")
    expect(page.locator("[data-saved]")).to_have_text("")
    assert page.evaluate(DRAFTS) == []
    page.fill("[name=source]", "Something else.")
    page.wait_for_function(f"() => {DRAFTS}.length")
    page.go_forward(wait_until="load")
    page.go_back(wait_until="load")
    page.wait_for_function(READY)
    expect(page.locator("[name=source]")).to_have_value("Something else.")


def test_signing_out_leaves_nothing_and_a_lost_session_loses_nothing(
    visit: Callable[..., Visit], topic: str
) -> None:
    member = visit()
    member.sign_in("member")
    page = member.go(topic)
    page.fill("[name=source]", "Typed before the session ended.")
    page.wait_for_function(f"() => {DRAFTS}.length")
    other = member.tab()
    other.goto("/rules")
    other.click("header .more summary")
    other.once("dialog", lambda question: question.dismiss())
    other.click("header [data-sign-out] button")
    assert other.evaluate(DRAFTS)  # one is asked, and may stay
    asked: list[str] = []
    other.once("dialog", lambda question: (asked.append(question.message), question.accept()))
    with leaving(other):
        other.click("header [data-sign-out] button")
    assert "keeps texts that you have not sent" in asked[0]
    forgotten(other)
    publish(page)
    expect(page.locator("h1")).to_have_text("Your text is safe")
    expect(page.locator("main textarea")).to_have_value("Typed before the session ended.")
    sign_in_again(member, page)
    publish_again(page)
    expect(page.locator(".prose", has_text="Typed before")).to_have_count(1)
    forgotten(page)


def test_signing_out_that_fails_forgets_nothing(member: Visit, topic: str) -> None:
    type_and_crash(member, topic, "Typed before the line was cut.")
    page = member.go("/rules")
    page.route("**/sign-out", lambda route: route.abort("internetdisconnected"))
    page.on("dialog", lambda question: question.accept())
    page.click("header .more summary")
    with leading_nowhere(page):
        page.click("header [data-sign-out] button")
    page.unroute("**/sign-out")
    member.complaints.clear()
    member.go(topic)
    expect(page.locator("[data-restore]")).to_be_visible()


def test_no_draft_drives_out_another(member: Visit, topic: str) -> None:
    texts = [f"Draft number {number}." for number in range(5)]
    for text in texts:
        type_and_crash(member, topic, text)
    page = member.go(topic)
    for text in reversed(texts):
        page.click("[data-act=restore]")
        expect(page.locator("[name=source]")).to_have_value(text)
        page.fill("[name=source]", "")
    expect(page.locator("[data-restore]")).to_be_hidden()


def test_a_draft_is_forgotten_after_a_month(member: Visit, topic: str) -> None:
    """Of whom it was, and wherever the next page with a form is; newer ones stay."""
    type_and_crash(member, topic, "Typed five weeks ago.")
    page = member.go("/rules")
    age = "days => JSON.stringify([{ fields: [['source', '', 'x']], key: '1', at: Date.now() - days * 86_400_000 }])"
    for name, days in (("draft:77:/appeals/1", 31), ("draft:77:/appeals/2", 29)):
        page.evaluate(f"([name, days]) => localStorage[name] = ({age})(days)", [name, days])
    page.evaluate(
        f"{DRAFTS}.filter(key => !key.startsWith('draft:77')).forEach(key => localStorage[key] ="
        " JSON.stringify(JSON.parse(localStorage[key]).map(one => ({ ...one, at: one.at - 35 * 86_400_000 }))))"
    )
    page = member.go(topic)
    expect(page.locator("[data-restore]")).to_be_hidden()
    assert page.evaluate(DRAFTS) == ["draft:77:/appeals/2"]


@pytest.mark.parametrize("damage", ["{", "null", "[null]", '[{"key": "1"}]'])
def test_a_damaged_draft_is_in_nobodys_way(member: Visit, topic: str, damage: str) -> None:
    type_and_crash(member, topic, "Soon to be damaged.")
    page = member.go("/rules")
    page.evaluate(f"damage => {DRAFTS}.forEach(key => localStorage.setItem(key, damage))", damage)
    page = member.go(topic)
    page.fill("[name=source]", "Typed after the damage.")
    expect(page.locator("[data-saved]")).to_have_text("Kept in this browser")
    member.go(topic)
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value("Typed after the damage.")


FORBID = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("No", "SecurityError") } })"""


def test_where_nothing_may_be_kept_all_else_works(member: Visit, topic: str) -> None:
    page = member.tab()
    page.add_init_script(FORBID)
    open_ready(page, topic)
    page.fill("[name=source]", "Kept nowhere.")
    page.wait_for_timeout(700)
    expect(page.locator("[data-saved]")).to_have_text("")
    publish(page)
    expect(page.locator(f"#{page.url.partition('#')[2]} .prose")).to_have_text("Kept nowhere.")
    page.close()


def sign_in_again(member: Visit, page: Page) -> None:
    email, password = member.site.passwords["member"]
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    with leaving(page):
        page.locator("main button", has_text="Sign in").click()


def publish_again(page: Page) -> None:
    with leaving(page):
        page.locator("main button", has_text="Publish").click()


def test_who_signs_in_in_another_tab_comes_back_and_sends(
    topic: str, visit: Callable[..., Visit]
) -> None:
    window = visit()
    window.sign_in("member")
    page = window.go(topic)
    page.fill("[name=source]", "Written before the session ended.")
    window.context.clear_cookies()
    publish(page)
    expect(page.locator("h1")).to_have_text("Your text is safe")
    window.complaints.clear()  # of the answer 400
    page.click("text=I have signed in there")
    expect(page.locator(".lede")).to_contain_text("You are not signed in yet.")
    with page.context.expect_page() as opened:
        page.click("text=Page for signing in")
    opened.value.wait_for_url("**/sign-in")
    window.sign_in("member")
    page.click("text=I have signed in there")
    expect(page.locator(".lede")).to_contain_text("You are signed in again.")
    publish_again(page)
    expect(page.locator(".prose", has_text="Written before")).to_have_count(1)


def test_a_lock_put_on_meanwhile_gives_the_text_back(
    member: Visit, windows: Callable[..., Visit]
) -> None:
    moderator = windows("moderator", "light", 1280)
    address = moderator.open_topic("Soon to be locked")
    page = member.go(address)
    page.fill("[name=source]", "A long answer that nobody should have to type twice.")
    lock = re.sub(r"(/topics/\d+).*", r"\1/lock", address)
    moderator.send(lock, reason="It has been answered.")
    publish(page)
    expect(page.locator("h1")).to_have_text("Your text is safe")
    expect(page.locator("main textarea")).to_have_value(re.compile("type twice"))
    assert page.evaluate(DRAFTS) != []


def test_a_stopped_form_can_be_sent_again(member: Visit, topic: str) -> None:
    """The line drops while a form is on its way: the text is there when it is back."""
    page = member.go(topic)
    page.fill("[name=source]", "Through the tunnel.")
    page.route("**/reply", lambda route: route.abort("internetdisconnected"))
    with leading_nowhere(page):
        page.click(PUBLISH)
    page.unroute("**/reply")
    member.complaints.clear()
    page = member.go(topic)
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value("Through the tunnel.")


# Drafts that the forum keeps, too


def kept_by_the_forum(page: Page) -> None:
    """Wait until the forum has what was typed: it is sent every ten seconds, and when the page goes."""
    page.clock.run_for(11_000)
    expect(page.locator("[data-saved]")).to_have_text("Kept among your drafts")


def begin(member: Visit, address: str, text: str) -> Page:
    page = member.tab()
    page.clock.install()
    open_ready(page, address)
    page.fill("[name=source]", text)
    kept_by_the_forum(page)
    return page


def until_kept(device: Visit, text: str) -> Page:
    """The list of drafts, once it contains one: what a page sends while it goes may take its time."""
    for _time in range(120):
        page = device.go("/drafts")
        if text in page.inner_text("main"):
            break
        page.wait_for_timeout(100)
    expect(page.locator("main")).to_contain_text(text)
    return page


def test_a_text_is_gone_on_with_on_another_device(
    own_window: Visit, another_device: Visit, topic: str
) -> None:
    desk = begin(own_window, topic, "Begun at the desk.")
    train = another_device.go(topic)
    train.click("[data-act=restore]")
    expect(train.locator("[name=source]")).to_have_value("Begun at the desk.")
    train.fill("[name=source]", "Begun at the desk, done on the train.")
    publish(train)
    expect(train.locator("main")).to_contain_text("done on the train")
    # At the desk nothing of it is offered any more, nor kept
    open_ready(desk, topic)
    expect(desk.locator("[data-restore]")).to_be_hidden()
    desk.goto("/drafts")
    expect(desk.locator("main")).to_contain_text("No drafts")


def test_a_practice_is_gone_on_with_on_another_device(
    own_window: Visit, another_device: Visit
) -> None:
    desk = own_window.tab()
    desk.clock.install()
    open_ready(desk, "/practices/new")
    desk.fill("[name=title]", "Pumps that call at night")
    desk.click("summary:has-text('Add the full description')")
    desk.fill("[name=needs]", "A mayor who sleeps well.")
    desk.check("[name=evidence][value=counted]")
    kept_by_the_forum(desk)
    train = another_device.go("/practices/new")
    expect(train.locator("[data-restore] q")).to_have_text("Pumps that call at night")
    train.click("[data-act=restore]")
    expect(train.locator("[name=needs]")).to_have_value("A mayor who sleeps well.")
    expect(train.locator("[name=needs]")).to_be_visible()
    expect(train.locator("[name=evidence][value=counted]")).to_be_checked()
    train.select_option("[name=agenda]", index=1)
    with leaving(train):
        train.click("main button[value=save]")
    # Kept as a practice now, it is offered nowhere any more
    open_ready(desk, "/practices/new")
    expect(desk.locator("[data-restore]")).to_be_hidden()
    drafts = another_device.go("/drafts")
    expect(drafts.get_by_role("link", name="Pumps that call at night")).to_be_visible()
    expect(drafts.get_by_role("link", name="Go on writing")).to_have_count(0)


def test_changes_to_a_practice_are_gone_on_with_from_the_list(
    own_window: Visit, another_device: Visit
) -> None:
    page = own_window.go("/practices/new")
    page.fill("[name=title]", "Pumps that ring by day")
    page.select_option("[name=agenda]", index=1)
    with leaving(page):
        page.click("main button[value=save]")
    desk = own_window.tab()
    desk.clock.install()
    open_ready(desk, "/practices/pumps-that-ring-by-day/edit")
    if not desk.locator("[name=needs]").is_visible():
        desk.click("summary:has-text('Add the full description')")
    desk.fill("[name=needs]", "A mayor who sleeps well.")
    kept_by_the_forum(desk)
    train = until_kept(another_device, "Changes to ")
    train.get_by_role("link", name="Go on writing").click()
    expect(train.locator("[name=needs]")).to_have_value("A mayor who sleeps well.")
    expect(train.locator("[data-restore]")).to_be_hidden()
    member_list = another_device.go("/drafts")
    with leaving(member_list):
        member_list.get_by_role("button", name="Delete").click()
    expect(member_list.locator("main")).not_to_contain_text("Changes to ")


def test_what_is_discarded_is_gone_from_all_devices(
    own_window: Visit, another_device: Visit, topic: str
) -> None:
    desk = begin(own_window, topic, "Never mind that.")
    train = another_device.go(topic)
    with train.expect_response("**/drafts/discard"):
        train.click("[data-act=discard]")
    open_ready(desk, topic)
    expect(desk.locator("[name=source]")).to_have_value("")
    expect(desk.locator("[data-restore]")).to_be_hidden()
    # What is taken back is there, and kept again once it is restored
    train.click("[data-act=back]")
    train.click("[data-act=restore]")
    expect(train.locator("[name=source]")).to_have_value("Never mind that.")


def test_what_is_discarded_before_the_forum_answers_is_not_offered_again(
    member: Visit, another_device: Visit, topic: str
) -> None:
    begin(another_device, topic, "Begun on the train.").close()
    begin(member, topic, "Begun at the desk.").close()
    page, answers = member.page, list[tuple[Route, APIResponse]]()
    page.route("**/drafts/topic/*", lambda route: answers.append((route, route.fetch())))
    open_ready(page, topic)
    expect(page.locator("[data-restore] q")).to_have_text("Begun at the desk.")
    with page.expect_response("**/drafts/discard"):
        page.click("[data-act=discard]")
    [(route, with_both)] = answers
    route.fulfill(response=with_both)
    expect(page.locator("[data-restore] q")).to_have_text("Begun on the train.")
    page.click("[data-act=discard]")
    expect(page.locator("[data-restore]")).to_be_hidden()


def test_a_page_that_goes_takes_its_text_to_the_forum(
    member: Visit, another_device: Visit, topic: str
) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "Typed in a hurry.")
    with page.expect_request(lambda request: b"draft" in (request.post_data_buffer or b"")):
        page.goto("/help")
    drafts = until_kept(another_device, "Typed in a hurry.")
    drafts.get_by_role("link", name="Go on writing").click()
    expect(drafts.locator("[name=source]")).to_have_value("Typed in a hurry.")


def test_a_draft_is_kept_with_a_button(member: Visit, topic: str) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "Half of it.")
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.locator("h1")).to_have_text("Your drafts")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("main")).to_contain_text("No drafts")
    page = member.go(topic)
    expect(page.locator("[data-restore]")).to_be_hidden()


def test_a_page_that_is_not_seen_any_more_has_sent_its_text(
    member: Visit, another_device: Visit, topic: str
) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "Typed before the phone rang.")
    page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
          delete document.hidden;
        }"""
    )
    expect(page.locator("[data-saved]")).to_have_text("Kept among your drafts")
    until_kept(another_device, "Typed before the phone rang.")


def test_a_draft_that_did_not_reach_the_forum_stays_in_the_browser(
    member: Visit, topic: str
) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "Kept in a tunnel.")
    page.route("**/reply", lambda route: route.abort("internetdisconnected"))
    with leading_nowhere(page):
        page.get_by_role("button", name="Keep as a draft").click()
    page.goto("/rules")
    page.unroute("**/reply")
    member.complaints.clear()
    page = member.go(topic)
    page.wait_for_timeout(300)  # in which it asks the forum
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value("Kept in a tunnel.")


def kept_apart(page: Page) -> None:
    """Wait until the forum has refused what was typed, and then has it as a draft of its own."""
    key = page.locator("[name=submission_key]")
    refused = key.input_value()
    page.clock.run_for(11_000)
    expect(key).not_to_have_value(refused)
    expect(page.locator("[data-saved]")).to_have_text("Kept in this browser")
    kept_by_the_forum(page)


def test_what_is_typed_after_the_text_was_published_elsewhere_is_a_draft_of_its_own(
    member: Visit, another_device: Visit, topic: str
) -> None:
    desk = begin(member, topic, "Begun at the office.")
    train = another_device.go(topic)
    train.click("[data-act=restore]")
    train.fill("[name=source]", "Begun at the office, published on the train.")
    publish(train)
    desk.fill("[name=source]", "Begun at the office, and gone on with there.")
    kept_apart(desk)
    member.complaints.clear()  # the forum has said that it was published
    until_kept(another_device, "gone on with there")
    open_ready(desk, topic)
    desk.click("[data-act=restore]")
    expect(desk.locator("[name=source]")).to_have_value(re.compile("gone on with there"))
    desk.evaluate(SEND_NOTHING)
    desk.close()


def test_to_go_on_with_a_draft_offers_what_this_browser_has_of_it_alone(
    member: Visit, topic: str
) -> None:
    page = begin(member, topic, "Twice as long ago.")
    page.route("**/reply", lambda route: route.abort("internetdisconnected"))
    page.fill("[name=source]", "Written without a line.")
    page.clock.run_for(1_000)
    page.evaluate(SEND_NOTHING)
    page.close()
    page = member.go("/drafts")
    page.get_by_role("link", name="Go on writing").click()
    expect(page.locator("[name=source]")).to_have_value("Twice as long ago.")
    expect(page.locator("[data-restore] q")).to_have_text("Written without a line.")
    page.fill("[name=source]", "Twice as long ago, and more.")
    page.wait_for_function(HAS_KEPT, arg="Twice as long ago, and more.")
    page.evaluate(SEND_NOTHING)
    page = member.go(topic)
    for text in ("Twice as long ago, and more.", "Written without a line."):
        # The latest first, once the forum has answered
        expect(page.locator("[data-restore] q")).to_have_text(text)
        page.click("[data-act=restore]")
        expect(page.locator("[name=source]")).to_have_value(text)


def test_a_text_of_more_than_64_kb_is_kept_too(member: Visit, topic: str) -> None:
    """A browser sends no more than that while a page goes."""
    begin(member, topic, "Ж" * 40_000).close()


def test_what_could_not_be_sent_is_sent_when_the_line_is_back(member: Visit, topic: str) -> None:
    page = member.tab()
    page.clock.install()
    open_ready(page, topic)
    page.route("**/reply", lambda route: route.abort("internetdisconnected"))
    page.fill("[name=source]", "Typed in a lift.")
    with page.expect_event("requestfailed"):
        page.clock.run_for(11_000)
    expect(page.locator("[data-saved]")).to_have_text("Kept in this browser")
    page.unroute("**/reply")
    kept_by_the_forum(page)
    member.complaints.clear()
    page.close()


def begin_again(device: Visit, address: str, text: str) -> Page:
    page = device.tab()
    page.clock.install()
    open_ready(page, address)
    page.click("[data-act=restore]")
    page.fill("[name=source]", text)
    kept_by_the_forum(page)
    return page


def test_a_form_left_open_writes_over_nothing_that_was_written_elsewhere(
    member: Visit, another_device: Visit, topic: str
) -> None:
    desk = begin(member, topic, "Left open in the evening.")
    begin_again(another_device, topic, "Gone on with in the night train.").close()
    desk.fill("[name=source]", "Left open in the evening, and found in the morning.")
    kept_apart(desk)
    member.complaints.clear()  # the forum has said that the text went on
    drafts = until_kept(member, "Gone on with in the night train.")
    drafts.get_by_role("link", name="Go on writing").first.click()
    expect(drafts.locator("[name=source]")).to_have_value(re.compile("found in the morning"))
    desk.close()


def test_a_form_left_open_ends_nothing_that_was_written_elsewhere(
    member: Visit, another_device: Visit, topic: str
) -> None:
    """Not by publishing, which ends the draft of a form; and the other device lets go of its own copy then."""
    phone = begin(another_device, topic, "Begun on the phone.")
    begin_again(member, topic, "Begun on the phone, and an hour of work at the desk.").close()
    publish(phone)
    phone.close()
    page = member.go(topic)
    expect(page.locator("[data-restore] q")).to_have_text(re.compile("an hour of work"))
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value(re.compile("an hour of work"))


def test_an_offer_left_open_discards_nothing_that_was_written_since(
    member: Visit, another_device: Visit, topic: str
) -> None:
    desk = begin(member, topic, "Begun at the desk.")
    phone = another_device.go(topic)
    expect(phone.locator("[data-restore] q")).to_have_text("Begun at the desk.")
    desk.fill("[name=source]", "Begun at the desk, and an hour of work there.")
    kept_by_the_forum(desk)
    desk.close()
    with phone.expect_response("**/drafts/discard") as answer:
        phone.click("[data-act=discard]")
    assert answer.value.status == 409
    another_device.complaints.clear()  # the forum has said that the text went on
    until_kept(member, "an hour of work there")


def test_a_sending_that_comes_late_writes_over_nothing(own_window: Visit, topic: str) -> None:
    page = own_window.tab()
    page.clock.install()
    open_ready(page, topic)
    held: list[Route] = []
    page.route("**/reply", lambda route: route.continue_() if held else held.append(route))
    page.fill("[name=source]", "Older words.")
    page.clock.run_for(600)
    with page.expect_request("**/reply"):
        page.clock.run_for(11_000)
    page.fill("[name=source]", "Older words, and the newest.")
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.locator("main")).to_contain_text("and the newest")
    held[0].continue_()
    page.wait_for_timeout(1_500)  # in which it comes
    page.reload()
    expect(page.locator("main")).to_contain_text("and the newest")


def test_a_draft_is_gone_on_with_although_the_script_is_told_of_none(
    member: Visit, another_device: Visit, topic: str
) -> None:
    begin(another_device, topic, "Begun on a good line.").close()
    page = member.tab()
    page.clock.install()
    page.route("**/drafts/topic/*", lambda route: route.abort("internetdisconnected"))
    page.goto("/drafts")
    with leaving(page):
        page.get_by_role("link", name="Go on writing").click()
    page.wait_for_function(READY)
    page.fill("[name=source]", "Begun on a good line, gone on with on a bad one.")
    kept_by_the_forum(page)
    member.complaints.clear()  # the line was bad
    page.close()
    page = until_kept(member, "gone on with on a bad one")
    expect(page.get_by_role("link", name="Go on writing")).to_have_count(1)


def test_a_published_text_comes_back_as_no_draft_when_the_answer_is_slow(
    member: Visit, topic: str
) -> None:
    page = member.tab()
    page.clock.install()
    open_ready(page, topic)

    def publish_without_an_answer(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.fulfill(status=204)  # with which the browser stays on the page, as while it waits

    page.route("**/reply", publish_without_an_answer, times=1)
    page.fill("[name=source]", "Published on a slow line.")
    with page.expect_response("**/reply"):
        page.click(PUBLISH)
    with page.expect_response("**/reply") as later:
        # The form is kept each ten seconds, and not while it is being published
        page.clock.run_for(21_000)
    assert later.value.status == 204
    open_ready(page, topic)
    expect(page.locator("main")).to_contain_text("Published on a slow line.")
    forgotten(page)
    page.goto("/drafts")
    expect(page.locator("main")).to_contain_text("No drafts")
    page.close()


def test_two_tabs_with_one_draft_write_over_nothing_of_each_other(
    member: Visit, topic: str
) -> None:
    first = begin(member, topic, "In the first tab.")
    second = begin_again(member, topic, "In the first tab, then in the second.")
    first.fill("[name=source]", "In the first tab all the time.")
    first.clock.run_for(1_000)
    for page in (first, second):
        page.evaluate(SEND_NOTHING)
        page.close()
    page = member.go(topic)
    offer = page.locator("[data-restore] q")
    for text in ("In the first tab all the time.", "In the first tab, then in the second."):
        expect(offer).to_have_text(text)
        page.click("[data-act=discard]")


def test_axe_finds_nothing_in_the_list_of_drafts(member: Visit, topic: str) -> None:
    page = member.tab()
    open_ready(page, topic)
    page.fill("[name=source]", "نحن ننتظر الأرقام")
    page.select_option("[name=language]", "ar", force=True)
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.locator("h1")).to_have_text("Your drafts")
    expect(page.locator("p[lang=ar]")).to_have_text("نحن ننتظر الأرقام")
    look_narrow_and_wide(page)
    page.close()
