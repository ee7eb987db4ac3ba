"""Narrow windows: nothing is wider than they are, and nothing lies over anything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import AGENDAS, boxes
from tests.browser.people import Visit
from tests.browser.unseen import LARGE, MENUS, SET, SPACED


def test_on_a_phone_the_ways_of_being_told_stay_named(windows: Callable[..., Visit]) -> None:
    page = windows("member", "light", 390).go("/settings/notices")
    head, last = page.get_by_text("In the digest", exact=True), page.locator(".ways input").last
    last.focus()
    page.mouse.wheel(0, 200)
    page.wait_for_function("scrollY > 500")
    expect(head).to_be_in_viewport()
    for where in (page.locator(".ways input:checked").nth(3), last):
        where.focus()
        box, over = where.bounding_box(), head.bounding_box()
        assert box and over and box["y"] >= over["y"] + over["height"], "the head hides it"


def test_what_one_is_told_of_has_half_the_width_of_a_phone(visit: Callable[..., Visit]) -> None:
    window = visit(viewport={"width": 390, "height": 844})
    window.sign_in("member")
    page = window.go("/settings/notices")
    words, table = boxes(page, ".ways tbody td:last-child")[0], boxes(page, ".ways")[0]
    named = boxes(page, ".ways tbody th[scope=row]")
    assert named and words["width"] < 60
    assert all(name["width"] > table["width"] / 2 for name in named)
    page.set_viewport_size({"width": 320, "height": 700})
    fits = "table => table.offsetWidth <= table.parentElement.clientWidth"
    assert page.locator(".ways").evaluate(fits), "nothing is moved sideways"


@pytest.mark.parametrize(("path", "least"), [("/practices/ward-rehearsal", 3), ("/topics/11", 2)])
def test_each_state_is_words_in_one_run(visit: Callable[..., Visit], path: str, least: int) -> None:
    page = visit(viewport={"width": 320, "height": 700}).go(path)
    runs = page.locator("main header .st").evaluate_all(
        "all => all.map(state => [...state.childNodes].filter(part => part.data?.trim()).length)"
    )
    times = page.locator("main header .st > time").count()
    assert (len(runs) >= least, times) == (True, 0), runs


def test_no_letter_of_a_deed_is_cut_off_on_a_phone(visit: Callable[..., Visit]) -> None:
    window = visit(viewport={"width": 390, "height": 844}, locale="fr")
    window.sign_in("member")
    deed = window.go("/topics/11").locator(".acts .bare .word").first
    expect(deed).to_have_text("Marque\u2011page")
    expect(deed).to_have_css("overflow", "visible")  # its line is as high as its x


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_the_heads_of_the_ways_of_being_told_do_not_touch(
    visit: Callable[..., Visit], language: str
) -> None:
    window = visit(viewport={"width": 390, "height": 844}, locale=language)
    window.sign_in("member")
    heads = (
        window.go("/settings/notices")
        .locator(".ways thead th + th")
        .evaluate_all(
            """heads => heads.map(head => {
            const words = document.createRange()
            words.selectNodeContents(head)
            const {left, right} = words.getBoundingClientRect()
            return [left, right]
        })"""
        )
    )
    gaps = [after[0] - before[1] for before, after in pairwise(heads)]
    assert len(gaps) == 2 and min(gaps) >= 7.9, gaps


def test_on_a_phone_what_became_of_a_text_stands_below_the_buttons(
    windows: Callable[..., Visit],
) -> None:
    page = windows("member", "light", 390).go("/agendas/affordable/topics/new?kind=question")
    page.fill("[name=source]", "Where does the rain go?")
    page.click(".btn[name=preview]")
    shown, kept = page.locator("[data-shown]"), page.locator("[data-saved]")
    expect(shown).not_to_be_empty()
    expect(kept).not_to_be_empty()
    boxes = [found.bounding_box() for found in (page.get_by_text("Cancel"), shown, kept)]
    last, *said = [(box["y"], box["height"]) for box in boxes if box]
    assert len(said) == 2 and all(top >= last[0] + last[1] for top, _height in said)


def test_nothing_is_wider_than_a_narrow_window(visit: Callable[..., Visit]) -> None:
    window = visit(viewport={"width": 320, "height": 800}, bypass_csp=True)
    window.sign_in("member")
    faults = []
    for path in (*AGENDAS, "/settings/notices"):
        page = window.go(path)
        for how in ("as it is", "with wider letters"):
            wide = page.evaluate("document.documentElement.scrollWidth")
            faults += [f"{path} {how}: {wide}"] if wide > 320 else []
            page.add_style_tag(content=SPACED)
    assert faults == []


# The lines of text that the button which opens the filters covers
COVERED = """() => {
  const button = document.querySelector(".facets > summary"), box = button.getBoundingClientRect();
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), covered = [];
  for (let text; (text = texts.nextNode()); ) {
    if (!text.data.trim() || button.contains(text) || text.parentElement.closest(".vh")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    covered.push(...[...range.getClientRects()].filter((line) => line.left < box.right - 1 && line.right > box.left + 1
      && line.top < box.bottom - 1 && line.bottom > box.top + 1).map(() => text.data.trim()));
  }
  return covered;
}"""


# A phone; a small one; and both with letters of twice the size, which leave half as many of them in a line
@pytest.mark.parametrize("width", [390, 320, 195, 160])
def test_the_button_that_opens_filters_covers_no_text(
    visit: Callable[..., Visit], width: int
) -> None:
    window = visit(viewport={"width": width, "height": 800}, locale="fr")
    for path in (
        "/practices?tried=kept&language=en",
        "/search?q=climate&kind=practice",
        "/search?q=street&from=2026-01-01&to=2026-12-31",
        "/search?q=what+we+counted&topic=63",
        "/members?language=en",
        "/readings?kind=book",
    ):
        assert window.go(path).evaluate(COVERED) == [], path


def test_the_lists_of_menus_stay_in_the_window(visit: Callable[..., Visit]) -> None:
    window = visit(viewport={"width": 768, "height": 800})
    window.sign_in("member")
    faults = []
    for path in ("/", "/topics"):
        assert window.go(path).locator("main .more").count() == 2
        for width in (375, 390, 430, 500, 768, 1000):
            window.page.set_viewport_size({"width": width, "height": 800})
            faults += [f"{path}, {width}: {fault}" for fault in window.page.evaluate(MENUS)]
    assert faults == []


LONG = "Hochwasserschutzmaßnahmenkoordinierungsstellenleiterbesprechung"


def test_long_words_break_in_notices_and_beside_boxes(
    visit: Callable[..., Visit], moderator: Visit, member: Visit
) -> None:
    topic = member.open_topic(f"{LONG}\n\nhttps://example.org/{'x' * 90}")
    moderator.reply(topic, "We have such a meeting, too.")
    select = re.sub(r"(/topics/\d+).*", r"\1/posts/select", topic)
    faults = []
    for role, path in (("member", "/notices"), ("moderator", select)):
        window = visit(viewport={"width": 320, "height": 800})
        window.sign_in(role)
        page = window.go(path)
        for _try in range(120):  # the worker makes notices within a moment
            if LONG[:30] in page.locator("main").inner_text():
                break
            page.wait_for_timeout(250)
            page.reload()
        expect(page.locator("main")).to_contain_text(LONG[:30])
        wide = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{path}: {wide}"] if wide > 320 else []
    assert faults == []


def test_long_words_break_on_the_way_to_a_page(visit: Callable[..., Visit], member: Visit) -> None:
    words = {"title": LONG, "source": "What helps?", "language": "en", "audience": "public"}
    topic = member.send("/agendas/affordable/topics/new?kind=question", kind="question", **words)
    window = visit(viewport={"width": 320, "height": 800})
    window.sign_in("member")
    page = window.go(re.sub(r"(/topics/\d+).*", r"\1/ask", str(topic)))
    expect(page.locator(".crumb")).to_contain_text(LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_rows_of_wide_tables_are_blocks_on_a_phone(
    visit: Callable[..., Visit], administrator: Visit, member: Visit
) -> None:
    post = member.post(member.open_topic("A row of a table"), "A reply that is out of place.")
    administrator.send(f"/posts/{post}/hide", rule="1", reason="It is not about this topic.")
    window = visit(viewport={"width": 390, "height": 844})
    window.sign_in("administrator")
    administration = ("/administration/members", "/administration/screening")
    for path in (*administration, "/moderation/log", "/transparency/decisions", "/privacy"):
        frame = window.go(path).locator(".tw").first
        wide, seen = frame.evaluate("tw => [tw.scrollWidth, tw.clientWidth]")
        assert wide <= seen, path
        heading = frame.locator("td").first.evaluate(
            "td => getComputedStyle(td, '::before').content"
        )
        column = "td => td.closest('table').tHead.rows[0].cells[td.cellIndex].textContent"
        assert heading.strip('"') == frame.locator("td").first.evaluate(column), path
        assert not any(cell.is_visible() for cell in frame.locator("td:empty").all()), path


# How wide the widest heading beside a cell is, and how much wider is the room that these have
HEADINGS = """table => {
  const cells = [...table.querySelectorAll("td[data-heading]")], range = document.createRange();
  const wide = text => {
    const said = table.appendChild(document.createElement("caption")).appendChild(document.createElement("span"));
    said.textContent = text;
    const width = said.getBoundingClientRect().width;
    said.parentElement.remove();
    return width;
  };
  const widest = Math.max(...cells.map(cell => wide(cell.dataset.heading)));
  return [widest, parseFloat(getComputedStyle(cells[0]).paddingInlineStart) - widest];
}"""


@pytest.mark.parametrize("path", ["/moderation/log", "/administration/members"])
@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_short_headings_beside_cells_leave_a_phone_to_the_words(
    visit: Callable[..., Visit], path: str, language: str
) -> None:
    window = visit(viewport={"width": 320, "height": 844}, locale=language)
    window.sign_in("administrator")
    page = window.go(path)
    heading, rest = page.locator(".by-row table").evaluate(HEADINGS)
    assert heading > 40 and 4 < rest < 40


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_the_tabs_of_a_practice_take_two_lines_of_a_narrow_phone(
    visit: Callable[..., Visit], language: str
) -> None:
    window = visit(viewport={"width": 320, "height": 800}, locale=language)
    for practice in ("ward-rehearsal", "ledger-building-rights"):
        tabs = boxes(window.go(f"/practices/{practice}"), "nav.tabs a")
        assert len(tabs) == 4 and len({tab["y"] for tab in tabs}) == 2


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_the_groups_of_members_take_two_lines_of_a_narrow_phone(
    visit: Callable[..., Visit], language: str
) -> None:
    window = visit(viewport={"width": 320, "height": 800}, locale=language)
    window.sign_in("administrator")
    tabs = boxes(window.go("/administration/members"), "nav.tabs a")
    assert len(tabs) == 6 and len({tab["y"] for tab in tabs}) == 2
    window.page.set_viewport_size({"width": 390, "height": 800})
    *_others, hosts, restricted = boxes(window.page, "nav.tabs a")
    assert restricted["x"] - hosts["x"] - hosts["width"] < 40, "the second line is not torn apart"


@pytest.mark.parametrize("width", [320, 390])
def test_fields_of_one_line_fill_it_on_a_phone(visit: Callable[..., Visit], width: int) -> None:
    window = visit(viewport={"width": width, "height": 844})
    window.sign_in("moderator")
    for path in ("/settings", "/moderation/log", "/members/wanjiru-kamau/silence"):
        page = window.go(path)
        for folded in page.locator("details.facets > summary").all():
            folded.click()
        ends = [box["x"] + box["width"] for box in boxes(page, ".low > .field :is(select, input)")]
        assert ends and abs(max(ends) - (width - 16)) < 1, path
        assert all(end > width * 0.45 for end in ends), path
    page = window.go("/agendas/affordable/meetings/new")
    day, begin, end = boxes(page, ".low > .field input")
    assert day["y"] < begin["y"] == end["y"]
    assert abs(end["x"] + end["width"] - (width - 16)) < 1


# Words that are broken over two lines
BROKEN = """facts => {
  const found = [], texts = document.createTreeWalker(facts, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    for (const word of texts.currentNode.data.matchAll(/[^\\s]+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) found.push(word[0]);
    }
  return found;
}"""


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_no_word_of_the_facts_is_broken_on_the_smallest_phone(
    visit: Callable[..., Visit], language: str
) -> None:
    window = visit(viewport={"width": 320, "height": 800})
    window.context.add_cookies([{"name": "language", "value": language, "url": window.site.url}])
    for path in ("/cases/c40", "/practices/read-each-others-flood-plan"):
        facts = window.go(path).locator(".glance")
        assert facts.evaluate(BROKEN) == [], path


# What lies over the outer end of each line of a list, where a press has to reach the list
OVERLAID = """() => [...document.querySelectorAll("main :is(.rows, .refs) li")].filter(row => {
  row.scrollIntoView({ block: "center" });
  const box = row.getBoundingClientRect();
  return !row.contains(document.elementFromPoint(box.right - 4, box.top + box.height / 2));
}).map(row => row.textContent.trim().slice(0, 60))"""


@pytest.mark.parametrize(
    "path", ["/practices", "/cases", "/members", "/readings", "/search?q=water"]
)
@pytest.mark.parametrize("width", [390, 800])
def test_folded_filters_lie_over_no_result(
    windows: Callable[..., Visit], path: str, width: int
) -> None:
    page = windows("visitor", "light", width).go(path)
    assert page.locator("main :is(.rows, .refs) li").count() > 3
    assert page.evaluate(OVERLAID) == []


def test_the_head_of_a_topic_says_on_a_phone_how_many_replied(
    windows: Callable[..., Visit],
) -> None:
    link = (
        windows("visitor", "light", 390).go("/topics/63").locator(".op header a[href='#replies']")
    )
    expect(link).to_have_text("6 replies")
    expect(link).to_be_in_viewport()
    link.click()
    expect(link.page.locator("#replies")).to_be_in_viewport()
    # Beside the text, a wide window has the stations of the topic
    wide = windows("visitor", "light", 1280).go("/topics/63")
    expect(wide.locator(".op header a[href='#replies']")).to_be_hidden()
    expect(wide.locator(".rail a[href='#replies']")).to_be_in_viewport()


def test_the_links_of_an_agenda_stay_on_one_line_of_a_narrow_phone(
    visit: Callable[..., Visit],
) -> None:
    page = visit(viewport={"width": 320, "height": 800}).go("/agendas/affordable")
    tops = {box["y"] for box in boxes(page, ".stick nav a")}
    assert len(boxes(page, ".stick nav a")) == 4 and len(tops) == 1


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_menu_of_moderators_on_a_profile_stays_in_the_window(
    visit: Callable[..., Visit], width: int
) -> None:
    window = visit(viewport={"width": width, "height": 900})
    window.sign_in("moderator")
    page = window.go("/members/wanjiru-kamau")
    page.locator("main summary", has_text="Moderate").click()
    (menu,) = boxes(page, "main .pop")
    assert menu["x"] >= 0 and menu["x"] + menu["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_beginning_of_a_text_takes_three_lines_of_a_phone(
    windows: Callable[..., Visit],
) -> None:
    for path in ("/", "/topics", "/members/wanjiru-kamau"):
        page = windows("visitor", "light", 390).go(path)
        beginnings = page.locator(".row .few")
        lines = beginnings.evaluate_all(
            "all => all.map(one => one.clientHeight / parseFloat(getComputedStyle(one).lineHeight))"
        )
        assert lines and max(lines) < 3.1, path


def test_the_links_of_the_foot_stand_in_two_columns_of_a_phone(
    windows: Callable[..., Visit],
) -> None:
    page = windows("visitor", "light", 390).go("/themes")
    first, second = boxes(page, ".foot nav")
    assert first["y"] == second["y"] and first["x"] + first["width"] <= second["x"]


def test_five_tabs_stand_in_one_line_of_a_phone(windows: Callable[..., Visit]) -> None:
    for path in ("/topics", "/agendas/globally-connected"):
        page = windows("visitor", "light", 390).go(path)
        tabs = boxes(page, ".tabs:not(.stick *) a")
        assert len(tabs) == 5 and len({tab["y"] for tab in tabs}) == 1, path


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_the_tabs_of_a_profile_stand_in_one_line_of_a_phone(
    visit: Callable[..., Visit], language: str
) -> None:
    window = visit(viewport={"width": 390, "height": 844}, locale=language)
    tabs = boxes(window.go("/members/hanne-vestergaard"), ".tabs a")
    assert len(tabs) == 4 and len({tab["y"] for tab in tabs}) == 1


def test_long_words_beside_figures_break_where_letters_are_large(
    visit: Callable[..., Visit],
) -> None:
    page = visit(viewport={"width": 390, "height": 844}, locale="es").go("/transparency")
    page.evaluate(SET, LARGE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_long_words_break_in_the_place_of_a_hidden_post(visit: Callable[..., Visit]) -> None:
    """A rule of the house, which is the reason that readers see there, may name an address."""
    page = visit(viewport={"width": 390, "height": 844}).go("/topics")
    width = page.evaluate(
        """word => {
            const place = document.createElement("ol")
            place.className = "posts"
            place.innerHTML = `<li class="gone"><p class="gone meta flow g2"><span>Hidden. <span>${word}</span></span></p></li>`
            document.querySelector("main").append(place)
            return document.documentElement.scrollWidth
        }""",
        "W" * 120,
    )
    assert width == 390


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_four_decisions_take_two_lines_of_the_smallest_phone(
    visit: Callable[..., Visit], language: str
) -> None:
    """They stay in the window while a report is read, and have to leave it some room."""
    window = visit(viewport={"width": 320, "height": 700}, locale=language)
    window.sign_in("moderator")
    page = window.go("/moderation")
    tops = {box["y"] for box in boxes(page, ".dec .btn")}
    assert page.locator(".dec .btn").count() == 4 and len(tops) == 2
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
    assert page.locator(".dec .btn").evaluate_all(cut) == []
    (bar,) = boxes(page, ".decbar")
    assert bar["height"] < 180


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_what_one_does_with_a_post_stands_in_one_line_of_the_smallest_phone(
    visit: Callable[..., Visit], language: str
) -> None:
    window = visit(viewport={"width": 320, "height": 700}, locale=language)
    window.sign_in("member")
    window.go("/topics/19")
    deeds = boxes(window.page, "#post-2 .acts .bare")
    assert len(deeds) == 4 and len({deed["y"] for deed in deeds}) == 1


def test_below_a_name_quiet_deeds_begin_where_it_does(visit: Callable[..., Visit]) -> None:
    window = visit(viewport={"width": 390, "height": 844}, locale="fr")
    window.sign_in("administrator")
    row = window.go("/moderation/texts").locator(".rows > li").last
    text = "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect().left }"
    name, deed = row.locator("h3"), row.locator(".quiet").first
    above, below = name.bounding_box(), deed.bounding_box()
    assert above and below and below["y"] > above["y"] + above["height"] - 1
    assert abs(name.evaluate(text) - deed.evaluate(text)) < 1
