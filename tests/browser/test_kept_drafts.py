"""Drafts that the forum keeps, too: on another device, in another window, and after the browser has lost its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.conftest import HAS_KEPT, PUBLISH, forgotten, leading_nowhere, publish
from tests.browser.looks import look_narrow_and_wide
from tests.browser.people import READY, SEND_NOTHING, Visit, leaving, open_ready


def delete_draft(page: Page) -> None:
    """Delete the first of one's drafts, on the page that lists them."""
    page.locator("summary", has_text="Delete").first.click()
    page.get_by_role("button", name="Delete the draft").first.click()


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
        delete_draft(member_list)
    expect(member_list.locator("main")).not_to_contain_text("Changes to ")


def test_a_case_with_its_tables_is_gone_on_with_on_another_device(
    visit: Callable[..., Visit], moderator: Visit
) -> None:
    window, form = visit(viewport={"width": 390, "height": 844}), "/agendas/affordable/cases/new"
    window.sign_in("moderator")
    phone = window.tab()
    phone.clock.install()
    open_ready(phone, form)
    phone.fill("[name=name]", "Quiet streets at night")
    phone.fill("[name=figures-1-label]", "Streets")
    phone.get_by_role("button", name="Add a figure").click()
    phone.fill("[name=figures-2-label]", "Lanes")
    kept_by_the_forum(phone)
    desk = moderator.go(form)
    expect(desk.locator("[data-restore]")).to_be_hidden()
    desk.get_by_role("link", name="Quiet streets at night").click()
    expect(desk.locator("[name=figures-2-label]")).to_have_value("Lanes")
    # Also where the browser had its own copy, the form leads there
    open_ready(phone, form)
    expect(phone.locator("[data-restore]")).to_be_hidden()
    expect(phone.get_by_role("link", name="Quiet streets at night")).to_be_visible()
    look_narrow_and_wide(desk)
    drafts = moderator.go("/drafts")
    with leaving(drafts):
        delete_draft(drafts)
    expect(moderator.go(form).locator("main")).not_to_contain_text("Go on with")


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
    delete_draft(page)
    # Practices of earlier tests may be listed below
    expect(page.get_by_role("link", name="Go on writing")).to_have_count(0)
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
    phone.wait_for_load_state(
        "networkidle"
    )  # it asks what is kept; closed meanwhile, it would complain
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
    # However long a busy machine takes: after ten seconds the form would send its text to be kept, by the route below
    page.clock.pause_at(datetime.now() + timedelta(hours=1))

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
    page.clock.resume()
    open_ready(page, topic)
    expect(page.locator("main")).to_contain_text("Published on a slow line.")
    forgotten(page)
    page.goto("/drafts")
    expect(page.get_by_role("link", name="Go on writing")).to_have_count(0)
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
