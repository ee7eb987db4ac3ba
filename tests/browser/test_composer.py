"""The composer in a browser: its buttons, drafts, pictures and quotes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.people import Visit, leaving
from tests.browser.test_scripts import NEW


def test_the_preview_follows_the_text(member: Visit, topic: str) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "It was **wet**.")
    page.click("button[name=preview]")
    preview = page.locator("[data-preview] .prose")
    expect(preview.locator("strong")).to_have_text("wet")
    page.locator("[name=source]").press_sequentially(" Then *dry*.")
    expect(preview.locator("em")).to_have_text("dry")
    assert page.url.endswith(topic)


def test_the_preview_says_that_a_text_is_marked_wrongly(member: Visit) -> None:
    page = member.go(NEW)
    page.fill("[name=title]", "Des toits blancs")
    page.fill(
        "[name=source]", "The roofs of twelve schools are white now, and the rooms are cooler."
    )
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("The roofs of twelve")
    expect(preview.get_by_role("button")).to_have_count(0)
    french = "Nous avons peint en blanc les toits de douze écoles avec les parents, et la pluie lave la chaux."
    page.fill("[name=source]", french)
    expect(preview).to_contain_text("It is marked as English and reads like French.")
    preview.get_by_role("button", name="Mark it as French").click()
    expect(page.locator("[name=language]")).to_have_value("fr")
    expect(page.locator("[name=source]")).to_have_value(french)
    expect(preview).to_contain_text("Nous avons peint")
    expect(preview.get_by_role("button")).to_have_count(0)


def test_what_the_preview_button_did_is_said(member: Visit, topic: str) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "It was **wet**.")
    status = page.locator("main form[data-draft] [aria-live=polite][data-shown]")
    expect(status).to_have_text("")
    page.locator("button[name=preview]").focus()
    page.keyboard.press("Enter")
    expect(status).to_have_text("The preview is above.")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("It was wet.")


def test_on_a_phone_the_preview_is_shown_and_leads_back(visit: Callable[..., Visit]) -> None:
    window = visit(viewport={"width": 390, "height": 844})
    window.sign_in("member")
    page = window.go(NEW)
    page.fill("[name=title]", "Rain on the square")
    page.fill("[name=source]", "It was **wet**.")
    button, preview = page.locator("button[name=preview]"), page.locator("[data-preview]")
    button.click()
    expect(preview).to_be_focused()
    expect(preview).to_be_in_viewport()
    preview.get_by_role("link", name="Back to the buttons").click()
    expect(button).to_be_in_viewport()


def test_without_a_line_the_preview_leaves_the_text_alone(member: Visit, topic: str) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "Written in a *tunnel*.")
    page.route("**/reply", lambda route: route.abort("internetdisconnected"))
    page.click("button[name=preview]")
    expect(page.locator("[data-shown]")).to_have_text(
        "There is no preview now. Your text is still here."
    )
    page.unroute("**/reply")
    member.complaints.clear()
    page.click("button[name=preview]")
    expect(page.locator("[data-preview] em")).to_have_text("tunnel")
    assert page.url.endswith(topic)


def test_members_are_suggested_behind_an_at(member: Visit, topic: str) -> None:
    page = member.go(topic)
    field, options = page.locator("[name=source]"), page.locator("[role=option]")
    field.press_sequentially("Ask @koskela")
    expect(options).to_have_count(1)
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    field.press("Enter")
    expect(field).to_have_value("Ask @henna-koskela ")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.press_sequentially("or @kos")
    expect(options.first).to_be_visible()
    field.press("Escape")
    field.press("Enter")
    expect(field).to_have_value("Ask @henna-koskela or @kos\n")
    field.press_sequentially("@kos")
    options.first.click()
    expect(field).to_have_value("Ask @henna-koskela or @kos\n@henna-koskela ")
    field.press_sequentially("me@kos")  # an address
    page.wait_for_timeout(400)
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.click("button[name=preview]")
    preview = page.locator("[data-preview] .prose")
    expect(preview.locator("a[href='/members/henna-koskela']")).to_have_count(2)


def test_what_is_typed_before_the_suggestions_are_loaded_counts(member: Visit, topic: str) -> None:
    page = member.page
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/suggest.js*", hold)
    with page.expect_request("**/suggest.js*"):
        page.goto(topic)
    page.locator("[name=source]").press_sequentially("Ask @koskela")
    expect(page.locator("[role=option]")).to_have_count(0)
    waiting[0].continue_()
    expect(page.locator("[role=option]")).to_have_text(re.compile("Henna Koskela"))


def test_what_is_like_a_title_is_shown_once_it_is_typed(member: Visit, topic: str) -> None:
    page = member.go(NEW)
    alike = page.locator("[data-alike]")
    expect(alike.get_by_role("link")).to_have_count(0)
    page.locator("[name=title]").press_sequentially("Was the kerb too high for the tram?")
    expect(alike.get_by_role("link", name="The kerb was too high")).to_have_attribute(
        "href", re.compile(topic)
    )
    page.fill("[name=title]", "Quite another matter")
    expect(alike.get_by_role("link")).to_have_count(0)
    expect(page.locator("[data-preview]")).to_be_hidden()


def test_members_are_suggested_where_a_form_asks_for_one(moderator: Visit) -> None:
    page = moderator.go("/organisations/new")
    field = page.get_by_role("combobox", name="Representative")
    field.press_sequentially("kosk")
    expect(page.locator(".combo [role=option]")).to_have_text(
        re.compile("Henna Koskela.*@henna-koskela")
    )
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("@henna-koskela")
    page = moderator.go("/agendas/new")
    several = page.get_by_role("combobox", name="Hosts")
    several.press_sequentially("Henna Koskela, rauti")
    expect(page.locator(".combo [role=option]")).to_have_count(1)
    several.press("ArrowDown")
    several.press("Enter")
    expect(several).to_have_value("Henna Koskela, @mikko-rautio")
    several.fill("")  # so that no draft is kept


def test_enter_takes_nobody_of_an_older_list(member: Visit, topic: str) -> None:
    page = member.go(topic)
    field, choices = page.locator("[name=source]"), page.get_by_role("listbox")
    field.press_sequentially("Ask @k")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.route("**/members/suggest?*", lambda _route: None)  # no answer comes
    field.press_sequentially("nobody-of-them")
    field.press("Enter")
    expect(field).to_have_value("Ask @knobody-of-them\n")
    page.unroute("**/members/suggest?*")
    field.fill("")
    field.press_sequentially("@k")
    expect(choices).to_be_visible()
    page.route("**/members/suggest?*", lambda route: route.fulfill(body="no list"))
    field.press_sequentially("o")
    expect(choices).to_be_hidden()


def test_enter_in_the_title_shows_the_preview(member: Visit) -> None:
    page = member.go(NEW)
    page.fill("[name=source]", "It was *late*.")
    page.locator("[name=title]").press("Enter")
    expect(page.locator("[data-preview] em")).to_have_text("late")


def test_enter_in_a_choice_shows_the_preview_of_a_reply(moderator: Visit) -> None:
    page = moderator.go(moderator.open_topic("Half of an answer"))
    page.fill("[name=source]", "I have *not yet* finished")
    page.click("#reply-form summary >> text=Language")
    page.locator("[name=writes_for]").first.press("Enter")
    expect(page.locator("[data-preview] em")).to_have_text("not yet")
    moderator.go(page.url)
    expect(page.locator(".posts .prose", has_text="not yet")).to_have_count(0)


def test_enter_in_a_line_of_a_practice_sends_it_to_nobody(member: Visit) -> None:
    page = member.go("/practices/new")
    page.fill("[name=sentence]", "Benches are mended within a week.")
    page.fill("[name=title]", "Mended benches")
    with leaving(page):
        page.locator("[name=title]").press("Enter")
    assert page.url.endswith("/practices/new")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Benches are mended")
    expect(page.locator("[name=title]")).to_have_value("Mended benches")


def test_the_tools_are_one_stop_for_the_tab_key(member: Visit, topic: str) -> None:
    page = member.go(topic)
    tools = page.locator(".tools button")
    expect(page.get_by_role("toolbar", name="Formatting")).to_be_visible()
    tools.first.focus()
    for key, at in (("ArrowRight", 1), ("End", 7), ("ArrowRight", 0), ("ArrowLeft", 7)):
        page.keyboard.press(key)
        expect(tools.nth(at)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("[name=source]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(tools.nth(7)).to_be_focused()


@pytest.mark.parametrize("scripted", ["by the tools", "by keys"])
def test_the_tools_write_what_they_say(member: Visit, topic: str, scripted: str) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    wanted = {
        "bold": "**a\nb**",
        "italic": "*a\nb*",
        "link": "[a\nb](https://)",
        "quote": "> a\n> b",
        "list": "- a\n- b",
        "numbers": "1. a\n2. b",
    }
    keys = {"bold": "Control+b", "italic": "Control+i", "link": "Control+k"}
    for deed in keys if scripted == "by keys" else wanted:
        field.fill("a\nb")
        field.select_text()
        if scripted == "by keys":
            field.press(keys[deed])
        else:
            page.click(f".tools [data-md={deed}]")
        expect(field).to_have_value(wanted[deed])
        field.press("Control+z")
        expect(field).to_have_value("a\nb")


@pytest.mark.parametrize(
    ("text", "start", "end", "deeds", "wanted"),
    [
        ("a b", 0, 3, ["bold", "bold"], ["**a b**", "a b"]),
        ("a b", 0, 1, ["bold", "italic", "bold"], ["**a** b", "***a*** b", "*a* b"]),
        ("**a**", 0, 5, ["italic", "bold", "italic"], ["***a***", "*a*", "a"]),
        ("a\nb\nc", 0, 4, ["list", "list"], ["- a\n- b\nc", "a\nb\nc"]),
        ("a\nb", 0, 3, ["list", "numbers", "list"], ["- a\n- b", "1. a\n2. b", "- a\n- b"]),
        ("1. a\n2. b", 9, 9, ["numbers"], ["1. a\nb"]),
        ("- a", 0, 0, ["list"], ["a"]),
        ("a\nb", 0, 3, ["quote", "quote"], ["> a\n> b", "a\nb"]),
        ("- a\n- b", 0, 7, ["quote", "quote"], ["> - a\n> - b", "- a\n- b"]),
        ("a b", 2, 3, ["link", "link"], ["a [b](https://)", "a b"]),
        ("a\nb", 0, 3, ["link", "link"], ["[a\nb](https://)", "a\nb"]),
        ("[a](/b) [c](/d)", 8, 15, ["link", "link"], ["[a](/b) c", "[a](/b) [c](https://)"]),
        ("[a](/b_(c)) (d)", 1, 1, ["link"], ["a (d)"]),
        ("[a](/b) [c](/d)", 4, 5, ["link"], ["a [c](/d)"]),
        ("[a](/b) c", 7, 7, ["link"], ["[a](/b)[](https://) c"]),
        ("[a](/b) c", 4, 9, ["link"], ["[a]([/b) c](https://)"]),
    ],
)
def test_a_second_press_on_a_tool_takes_its_signs_away(
    member: Visit, topic: str, text: str, start: int, end: int, deeds: list[str], wanted: list[str]
) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.fill(text)
    field.evaluate("(field, [start, end]) => field.setSelectionRange(start, end)", [start, end])
    for deed, value in zip(deeds, wanted, strict=True):
        page.click(f".tools [data-md={deed}]")
        expect(field).to_have_value(value)


@pytest.mark.parametrize(
    ("text", "at", "before", "after"),
    [
        ("", 0, "", ""),
        ("One.\n\nTwo.", 2, "One.\n\n", "\n\nTwo."),
        ("One.\n\n", 6, "One.\n\n", ""),
        ("| X |\n|---|\n| y |", 3, "| X |\n|---|\n| y |\n\n", ""),
        ("| X |\n|---|\n| y |\n\nTwo.", 15, "| X |\n|---|\n| y |\n\n", "\n\nTwo."),
    ],
)
def test_a_table_goes_below_the_paragraph_or_table_where_one_is(
    member: Visit, topic: str, text: str, at: int, before: str, after: str
) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.fill(text)
    field.evaluate("(field, at) => field.setSelectionRange(at, at)", at)
    page.click(".tools [data-md=table]")
    expect(field).to_have_value(f"{before}| A | B |\n|---|---|\n|   |   |\n{after}")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("- one\ntwo\n\nafter", "- one\n- two\n\nafter"),
        ("9. nine\nten\n\nafter", "9. nine\n10. ten\n\nafter"),
        ("  * a\nb", "  * a\n  * b"),
        ("No list\n-5 °C\nend", "No list\n-5 °C\nend"),
    ],
)
def test_enter_goes_on_with_a_list_and_ends_it(
    member: Visit, topic: str, typed: str, wanted: str
) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.press_sequentially(typed)
    expect(field).to_have_value(wanted)
    field.fill("- one two")
    field.evaluate("field => field.setSelectionRange(5, 6)")
    field.press("Enter")
    field.press("Control+z")
    expect(field).to_have_value("- one two")


def test_enter_in_a_list_takes_the_member_who_is_suggested(member: Visit, topic: str) -> None:
    page = member.go(topic)
    field = page.locator("[name=source]")
    field.press_sequentially("- Ask @koskela")
    expect(page.locator("[role=option]").first).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value("- Ask @henna-koskela ")


def test_prompts_are_put_below_the_text(member: Visit) -> None:
    page = member.go(NEW)
    page.fill("[name=source]", "In short.")
    for heading in ("What we did", "What happened"):
        page.locator("[data-prompt]", has_text=heading).click()
    field = page.locator("[name=source]")
    expect(field).to_have_value("In short.\n\n## What we did\n\n## What happened\n\n")
    expect(field).to_be_focused()


def test_ctrl_enter_publishes(member: Visit, topic: str) -> None:
    page = member.go(topic)
    page.fill("[name=source]", "Sent by two keys.")
    with leaving(page):
        page.locator("[name=source]").press("Control+Enter")
    expect(page.locator(".posts .prose", has_text="two keys")).to_have_count(1)


def test_an_error_takes_the_focus(member: Visit) -> None:
    page = member.go(NEW)
    with leaving(page):
        page.click("[data-publish]")
    expect(page.locator(".sum")).to_be_focused()
    assert page.title().startswith("Error:")


# Quotes


SELECT = """([from, to]) => {
    const prose = document.querySelector('.post .prose');
    const range = document.createRange();
    range.setStart(prose.querySelector(from).firstChild, 0);
    range.setEndAfter(prose.querySelector(to).lastChild);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
}"""


@pytest.mark.parametrize("by", ["button", "row", "row by key", "key"])
def test_a_quoted_selection_keeps_its_formatting(member: Visit, rich: str, by: str) -> None:
    page = member.go(rich)
    row = page.locator(".post.op .acts a", has_text="Quote")
    page.evaluate(SELECT, ["p", "ul"])
    expect(page.locator(".quoter")).to_be_visible()
    if by == "button":
        page.click(".quoter")
    elif by == "key":
        page.keyboard.press("q")
    else:
        row.press("Enter") if by == "row by key" else row.click()
    value = page.locator("[name=source]").input_value()
    name = page.locator(".post").first.get_attribute("data-name")
    assert re.match(rf"> \[{name}\]\(/posts/\d+\)\n>\n> We \*\*measured\*\*", value), value
    assert "[read](https://example.org/a) the `log`.\n>\n> - one *small* step\n> - another" in value
    assert "Later" not in value
    expect(page.locator(".quoter")).to_be_hidden()
    expect(page.locator("[name=source]")).to_be_focused()
    page.keyboard.type("So did we.")
    expect(page.locator("[name=source]")).to_have_value(re.compile(r"another\n\nSo did we\.$"))


def test_what_is_selected_in_another_post_is_not_quoted(member: Visit, moderator: Visit) -> None:
    topic = moderator.open_topic("First words of the topic")
    member.reply(topic, "Other words in a reply.")
    page = member.go(topic)
    page.evaluate(SELECT, ["p", "p"])
    page.locator(".posts .acts a", has_text="Quote").click()
    expect(page.locator("[name=source]")).to_have_value(re.compile(r"> Other words in a reply\."))
    assert "First words" not in page.locator("[name=source]").input_value()


def test_a_quoted_post_is_what_was_written(member: Visit, rich: str) -> None:
    page = member.go(rich)
    page.fill("[name=source]", "You said:")
    page.locator("a.re", has_text="Quote").first.click()
    expect(page.locator("[name=source]")).to_have_value(
        re.compile(r"said:\n\n> \[[\s\S]*> ## Later")
    )


def test_signs_that_were_words_stay_words_in_a_quotation(member: Visit, moderator: Visit) -> None:
    said = ["\\# No heading", "1\\. No list", "\\- Nor this", "\\_id\\_ \\~ \\| \\&amp;", "-5 %"]
    page = member.go(moderator.open_topic("\n\n".join(said), is_numbered=False))
    page.evaluate(SELECT, ["p", "p:last-of-type"])
    page.click(".quoter")
    value = page.locator("[name=source]").input_value()
    assert [line.removeprefix("> ") for line in value.split("\n")[2:] if len(line) > 2] == said
    page.click("button[name=preview]")
    plain = ["# No heading", "1. No list", "- Nor this", "_id_ ~ | &amp;", "-5 %"]
    expect(
        page.locator("[data-preview] blockquote p").filter(has_not=page.locator("a"))
    ).to_have_text(plain)


def test_a_second_press_on_quote_quotes_once(member: Visit, rich: str) -> None:
    page = member.go(rich)
    answers: list[Route] = []
    page.route("**/reply?quote=*", lambda route: answers.append(route))  # noqa: PLW0108  # it is asked for its parameters
    link = page.locator("a.re", has_text="Quote").first
    link.click()
    expect(link).to_have_attribute("aria-busy", "true")
    link.click()
    for answer in answers:
        answer.continue_()
    field = page.locator("[name=source]")
    expect(field).to_have_value(re.compile("It held"))
    expect(link).not_to_have_attribute("aria-busy", "true")
    assert field.input_value().count("It held") == len(answers) == 1
    page.unroute("**/reply?quote=*")


def test_a_quotation_that_never_comes_leads_to_the_page_that_has_it(
    member: Visit, rich: str
) -> None:
    page = member.go(rich)
    soon = "const after = AbortSignal.timeout; AbortSignal.timeout = (time) => after.call(AbortSignal, time / 600)"
    page.evaluate(soon)  # a fifth of a second instead of two minutes
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.resource_type)
        if route.request.resource_type == "document":
            route.continue_()

    page.route("**/reply?quote=*", answer)
    page.locator("a.re", has_text="Quote").first.click()
    page.wait_for_url("**/reply?quote=*")
    expect(page.locator("[name=source]")).to_have_value(re.compile("It held"))
    assert asked == ["fetch", "document"]
    page.unroute("**/reply?quote=*")


def test_one_writes_below_a_quotation(member: Visit, rich: str) -> None:
    for is_here in (True, False):
        page = member.go(rich)
        link = page.locator("a.re", has_text="Quote").first
        if is_here:
            link.click()
        else:
            page = member.go(link.get_attribute("href") or "")
        expect(page.locator("[name=source]")).to_have_value(re.compile("It held"))
        page.keyboard.type("Thank you.")
        expect(page.locator("[name=source]")).to_have_value(re.compile(r"held.\n\nThank you.$"))
