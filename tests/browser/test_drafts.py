"""Nothing typed is ever lost: drafts, expired sessions, topics locked meanwhile, forms sent twice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DRAFTS, HAS_KEPT, PUBLISH, forgotten, leading_nowhere, publish
from tests.browser.people import READY, SEND_NOTHING, Visit, leaving, open_ready


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
    typed = "> They said no.\n\n## What we *did*\n\n- Ask [the tram](https://t.example/), and_then __go__.\n\n![a shed](/pictures/1)"
    type_and_crash(member, topic, typed)
    page = member.go(topic)
    offer = page.locator("[data-restore]")
    expect(offer.locator("q")).to_have_text("What we did Ask the tram, and_then go. a shed")
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


def test_what_was_begun_beside_a_paragraph_that_is_gone_is_offered_for_the_whole(
    member: Visit, visit: Callable[..., Visit]
) -> None:
    case = "/cases/nordic-city-network"
    page = member.go(case)
    begun = page.locator("a[href*='paragraph=']:not([href*='quote='])").first.get_attribute("href")
    type_and_crash(member, begun or "", "Who pays for it?")
    host = visit()
    host.sign_in("administrator")
    text = host.go(f"{case}/edit").locator("[name=body]")
    text.fill(f"In short. {text.input_value()}")
    publish(host.page)
    member.go(case)
    with leaving(page):
        page.get_by_role("link", name="You had begun a comment beside a paragraph.").click()
    expect(page.locator("main")).to_contain_text("This paragraph has changed")
    page.click("[data-act=restore]")
    expect(page.locator("[name=source]")).to_have_value("Who pays for it?")
    publish(page)
    expect(page.locator("#replies ~ ol")).to_contain_text("Who pays for it?")
    forgotten(page)


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


def test_a_rule_is_kept_with_the_version_of_its_rules(moderator: Visit) -> None:
    page = moderator.tab()
    open_ready(page, "/moderation/texts/new")
    # As it would be on a page from before the rules changed
    page.locator("[name=rules_number]").evaluate("field => { field.value = '99'; }")
    page.fill("[name=name]", "Rude")
    page.select_option("[name=rule]", "2")
    page.fill("[name=text]", "It is rude to the tram.")
    page.wait_for_function(HAS_KEPT, arg="It is rude to the tram.")
    page.close()
    page = moderator.go("/moderation/texts/new")
    page.click("[data-act=restore]")
    expect(page.locator("[name=name]")).to_be_focused()
    page.click("main form[data-draft] .btn[type=submit]:not(.quiet)")
    expect(page.locator("#rule-error")).to_contain_text("Choose the rule again.")
    expect(page.locator("[name=text]")).to_have_value("It is rude to the tram.")
    expect(page.locator("[name=rule]")).to_have_value("0")
    page.fill("[name=text]", "")
    page.fill("[name=name]", "")


def test_a_restored_text_takes_the_place_of_nothing_that_was_changed_since(
    moderator: Visit,
) -> None:
    """The text brings back what its page had shown; the page that offers it shows what another has saved meanwhile."""
    page = moderator.tab()
    open_ready(page, "/agendas/affordable/edit")
    page.locator("[name=seen]").evaluate("field => { field.value = 'before'; }")
    page.fill("[name=title]", "Affordable, and warm")
    page.wait_for_function(HAS_KEPT, arg="Affordable, and warm")
    page.close()
    page = moderator.go("/agendas/affordable/edit")
    page.click("[data-act=restore]")
    expect(page.locator("[name=title]")).to_be_focused()
    page.click("main form[data-draft] .btn[type=submit]:not(.quiet)")
    expect(page.locator("[role=alert]")).to_contain_text("changed")
    expect(page.locator("[name=title]")).to_have_value("Affordable, and warm")


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


def test_back_from_a_refused_form_goes_on_with_the_same_draft(member: Visit, topic: str) -> None:
    """It is not offered beside the form that has its text, nor after the text was published."""
    page = member.go(topic)
    page.fill("[name=source]", "Too long for now. " * 1_200)
    publish(page)
    expect(page.locator(".sum")).to_be_visible()
    page.wait_for_function(READY)
    page.go_back(wait_until="load")
    page.wait_for_function(READY)
    expect(page.locator("[name=source]")).to_have_value(re.compile("Too long"))
    expect(page.locator("[data-restore]")).to_be_hidden()
    page.fill("[name=source]", "Shortened after all, by going back.")
    publish(page)
    page.wait_for_function(READY)
    expect(page.locator(".prose", has_text="by going back")).to_have_count(1)
    assert page.evaluate(DRAFTS) == []


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
    assert "keeps texts that were not sent" in asked[0]
    forgotten(other)
    publish(page)
    expect(page.locator("h1")).to_have_text("Your text is safe")
    expect(page.locator("main textarea")).to_have_value("Typed before the session ended.")
    sign_in_again(member, page)
    publish_again(page)
    expect(page.locator(".prose", has_text="Typed before")).to_have_count(1)
    forgotten(page)


def test_who_signs_out_is_asked_about_what_a_colleague_has_typed_there(
    visit: Callable[..., Visit], topic: str
) -> None:
    member = visit()
    member.sign_in("member")
    page = member.go(topic)
    page.fill("[name=source]", "Typed by a colleague, whose session ended by itself.")
    page.wait_for_function(f"() => {DRAFTS}.length")
    member.context.clear_cookies()
    member.sign_in("moderator")
    page = member.go("/rules")
    page.click("header .more summary")
    page.once("dialog", lambda question: question.dismiss())
    page.click("header [data-sign-out] button")
    assert page.evaluate(DRAFTS)


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
