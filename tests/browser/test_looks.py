"""What only rendering shows: texts from right to left, print, narrow windows, colours forced by the device."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Visit
from tests.browser.unseen import MENUS, SPACED

QUOTING = """> [Hanne Vestergaard](/posts/1)
>
> We planted trees!

شكرا على هذه التجربة!

- بند أول!
"""
NAMED = """> [نور الدين](/posts/1)
>
> We planted trees!

So did we!
"""
ARABIC = """مرحبا بالجميع!

An English sentence!

```
- done!
```

استخدم `f(a, b);` هنا.

| السنة | التغير |
|---|---|
| 2020 | -5 % |
"""
# Where the first letter and the last one of what an element says stand
ENDS = """element => {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), all = [];
  while (texts.nextNode()) if (texts.currentNode.data.trim()) all.push(texts.currentNode);
  const place = (node, at) => {
    const range = document.createRange();
    range.setStart(node, at); range.setEnd(node, at + 1);
    return range.getBoundingClientRect().left;
  };
  const last = all.at(-1);
  return [place(all[0], 0), place(last, last.data.trimEnd().length - 1)];
}"""

# Into how many pieces the letters of an element fall, apart from the ends of lines
PIECES = """element => {
  const range = document.createRange();
  range.selectNodeContents(element);
  const boxes = [...range.getClientRects()];
  return boxes.length - new Set(boxes.map(({top}) => top)).size + 1;
}"""


@pytest.fixture(scope="module")
def topic(windows: Callable[..., Visit]) -> str:
    """The address of a topic with replies in Arabic, or partly so."""
    window = windows("member", "light", 1280)
    address = str(window.open_topic("Shade along the canal"))
    for text in (QUOTING, ARABIC, NAMED):
        window.reply(address, text)
    return address


def runs_left_to_right(page: Page, where: str) -> bool:
    first, last = page.locator(where).evaluate(ENDS)
    return bool(first < last)


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


def test_a_button_that_is_on_has_a_thicker_edge(member: Visit, topic: str) -> None:
    page = member.go(topic)
    watch = page.get_by_role("button", name="Watch").first
    expect(watch).to_have_attribute("aria-pressed", "true")
    expect(watch).to_have_css("box-shadow", re.compile(r"0px 0px 0px 1px inset"))
    mute = page.get_by_role("button", name="Mute").last
    expect(mute).to_have_css("box-shadow", "none")


def test_each_paragraph_runs_as_its_own_letters_do(member: Visit, topic: str) -> None:
    page = member.go(topic)
    quoting, arabic = "#post-2 .prose", "#post-3 .prose"
    for where in (f"{quoting} > p", f"{quoting} li", f"{arabic} > p >> nth=0"):
        assert not runs_left_to_right(page, where), where
    for where in (
        f"{quoting} blockquote p >> nth=1",
        f"{arabic} > p >> nth=1",
        f"{arabic} pre",
        f"{arabic} p code",
        f"{arabic} td >> nth=1",
    ):
        assert runs_left_to_right(page, where), where
    gap = page.locator(f"{quoting} li").evaluate(
        "li => { const words = document.createRange(); words.selectNodeContents(li);"
        " return li.getBoundingClientRect().right - words.getBoundingClientRect().right }"
    )
    assert gap < 2, "the words stand beside their marker, which is at the right"


def test_a_name_above_a_quote_turns_nothing_round(member: Visit, topic: str) -> None:
    page = member.go(topic)
    for where, direction in (
        ("#post-2 .prose", "rtl"),
        ("#post-2 blockquote", "ltr"),
        ("#post-4 .prose", "ltr"),
        ("#post-4 blockquote", "ltr"),
    ):
        assert page.locator(where).evaluate("one => getComputedStyle(one).direction") == direction


# Each page with what must stand on its paper, and what must not
PAPER = [
    ("/practices", "ol.rows h3", ".facets"),
    ("/cases", "ol.rows h3", ".facets"),
    ("/members", "ol.rows .person", ".facets"),
    ("/readings", "main a[href^='https:']", ".facets"),
    ("/search?q=city", "ol.rows h3", "main input"),
    ("/practices/ledger-building-rights", "#tried", ".acts"),
    ("/cases/vienna-social-housing", "#places", ".acts"),
    ("/practices/ledger-building-rights", ".crumb", ".tabs"),
    ("/declarations/2", ".digest code", "a[download]"),
    ("/cases/c40", "main a[href^='http'][href*='/report']", "main header .re"),
    ("/transparency", "table.figures", ".field"),
    ("/meetings", ".rows h3", "label[for=agenda]"),
    ("/meetings/3", ".glance", "#manage"),
    ("/declarations", ".rows a", "label[for=state]"),
]


def test_dates_beside_words_from_right_to_left_are_in_one_piece(member: Visit) -> None:
    page = member.go("/agendas/climate-resilient")
    arabic = page.locator("figcaption", has_text="ليلى حداد")
    expect(arabic.locator("bdi").first).to_have_text("منسقة خطة المناخ")
    assert arabic.locator("time").evaluate(PIECES) == 1
    # where a name has no element of its own, too
    arabic.locator("bdi").evaluate_all("all => all.forEach(one => one.replaceWith(one.innerText))")
    assert arabic.locator("time").evaluate(PIECES) == 1


@pytest.mark.parametrize("path", ["/", "/agendas/climate-resilient"])
def test_what_a_deed_says_keeps_its_distance_from_a_coloured_head(member: Visit, path: str) -> None:
    gap = member.go(path).evaluate(
        """() => {
          const main = document.getElementById("main"), told = document.createElement("div");
          told.className = "wrap stack g2 mt4"; told.textContent = "Saved"; main.before(told);
          return main.firstElementChild.getBoundingClientRect().top - told.getBoundingClientRect().bottom;
        }"""
    )
    assert gap >= 12


@pytest.mark.parametrize(("path", "kept", "left"), PAPER, ids=[path for path, *_ in PAPER])
def test_paper_has_the_words_and_no_controls(
    moderator: Visit, path: str, kept: str, left: str
) -> None:
    page = moderator.go(path)
    page.emulate_media(media="print")
    try:
        assert page.locator(kept).first.is_visible()
        assert page.locator(left).count() and not page.locator(left).first.is_visible()
        for heading in page.locator("#follow, #moderate, #curate").all():
            assert not heading.is_visible()
    finally:
        page.emulate_media(media="screen")


def test_on_paper_all_begins_at_one_margin(member: Visit) -> None:
    page = member.go("/practices/ledger-building-rights")
    page.emulate_media(media="print")
    places = ("main h1", ".crumb .key", ".glance dt", ".sec > h2", ".source")
    begins = {
        page.locator(place).first.evaluate("e => e.getBoundingClientRect().left")
        for place in places
    }
    page.emulate_media(media="screen")
    assert len(begins) == 1


def test_long_lines_of_code_are_whole_on_paper(member: Visit) -> None:
    code = f"```\n{'kerb ' * 300}\n```"
    page = member.go(member.open_topic(f"A script for kerbs\n\n{code}"))
    page.emulate_media(media="print")
    wide, frame = page.locator(".prose pre").evaluate("pre => [pre.scrollWidth, pre.clientWidth]")
    page.emulate_media(media="screen")
    assert wide == frame


AGENDAS = [f"/agendas/{name}" for name in ("globally-connected", "climate-resilient", "affordable")]


@pytest.mark.parametrize("path", ["topic", "/cases/c40", "/practices/ward-rehearsal", AGENDAS[0]])
def test_pages_of_paper_end_between_lines(member: Visit, topic: str, path: str) -> None:
    """Safari cuts through the lines of what it cannot divide: no grid or flexible box there is higher than a few of them."""
    page = member.go(topic if path == "topic" else path)
    page.emulate_media(media="print")
    high = page.evaluate("""() => [document.body, ...document.body.querySelectorAll("*")].filter(part =>
        /grid|flex/.test(getComputedStyle(part).display) && getComputedStyle(part).breakInside !== "avoid"
        && part.getBoundingClientRect().height > 200 && !part.closest(".posts > li")).map(part => part.className)""")
    gap = page.evaluate("""() => [...document.querySelectorAll("main .stack > * + *")].filter(part =>
        part.getClientRects().length && parseFloat(getComputedStyle(part).marginTop) < 8).length""")
    page.emulate_media(media="screen")
    assert (high, gap) == ([], 0)


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
    for path in (*administration, "/moderation/log", "/transparency/decisions"):
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


def test_a_mark_that_is_on_shows_in_forced_colours(visit: Callable[..., Visit]) -> None:
    window = visit(forced_colors="active")
    window.sign_in("member")
    practice = window.go("/practices").locator("ol.rows h3 a").first.get_attribute("href")
    mark = window.go(str(practice)).locator(".re", has_text="Tried it").first
    grounds = []
    for _state in ("off", "on"):
        grounds.append(mark.evaluate("mark => getComputedStyle(mark).backgroundColor"))
        mark.evaluate("mark => mark.classList.toggle('on')")
    assert grounds[0] != grounds[1]


def test_drawings_have_the_forced_colours_of_the_words_around_them(
    visit: Callable[..., Visit],
) -> None:
    """Also where one has chosen the theme that the device does not have."""
    window = visit(forced_colors="active", color_scheme="dark")
    window.sign_in("administrator")
    for path, part, colour in (
        ("/administration/figures", ".chart text", "fill"),
        ("/", ".land", "stroke"),
    ):
        page = window.go(path)
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        drawn, said = page.locator(part).first.evaluate(
            "(part, colour) => [part, document.body].map((one, place) =>"
            " getComputedStyle(one)[place ? 'color' : colour])",
            colour,
        )
        assert drawn == said, path


def test_reporting_is_as_small_as_the_marks_and_stands_in_their_line(
    windows: Callable[..., Visit], topic: str
) -> None:
    moderator = windows("moderator", "light", 1280).go(topic)
    mark = moderator.locator("[data-marks] [value=useful]").first
    mark.click()
    expect(mark).to_have_attribute("aria-pressed", "true")
    expect(moderator.locator("[data-marks] [data-busy]")).to_have_count(0)  # it is kept
    for width in (390, 1280):
        page = windows("visitor", "light", width).go(topic)
        acts = page.locator(".acts:has(p)").first
        marks, link = acts.locator("p"), acts.get_by_role("link", name="Report illegal content")
        sizes, middles = [], []
        for part in (marks, link):
            sizes.append(part.evaluate("part => getComputedStyle(part).fontSize"))
            box = part.bounding_box()
            assert box
            middles.append(box["y"] + box["height"] / 2)
        assert sizes[0] == sizes[1], width
        assert abs(middles[0] - middles[1]) < 6, width
        link = page.locator("#post-2 .post-h").get_by_role("link", name="Report illegal content")
        expect(link).to_have_text("Report")
        assert link.evaluate("part => getComputedStyle(part).fontSize") == sizes[0], width


# The parts of lists with dots between them that leave no room for the dot, beside the part before on the same line
CROWDED = """() => {
  const place = (part) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    return range.getBoundingClientRect();
  };
  const gap = (a, b) => Math.max(a.left - b.right, b.left - a.right);
  const isCrowded = (a, b) => a.top < b.bottom && b.top < a.bottom && gap(a, b) < 8;
  return [...document.querySelectorAll(".dot")].flatMap((list) => {
    const parts = [...list.children].filter((part) => part.textContent.trim());
    return parts.slice(1).filter((part, n) => isCrowded(place(parts[n]), place(part))).map((part) => part.textContent);
  });
}"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/", "/search?q=flood", "/topics", "/members"])
def test_a_page_of_a_language_from_right_to_left_is_turned_round(
    windows: Callable[..., Visit], path: str, width: int
) -> None:
    """What people wrote from left to right stays in its place in it."""
    page = windows("visitor", "light", width).go(path)
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate(CROWDED) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first, last = (page.locator(".nav a").nth(number).bounding_box() for number in (0, -1))
    assert first and last and first["x"] > last["x"]


def boxes(page: Page, where: str) -> list[dict[str, float]]:
    return [box for element in page.locator(where).all() if (box := element.bounding_box())]


def test_the_sentence_below_a_heading_keeps_the_same_distance_on_every_page(
    windows: Callable[..., Visit],
) -> None:
    gaps = {}
    lists = ("/agendas", "/themes", "/members", "/cities", "/organisations", "/practices")
    for path in (*lists, "/drafts", "/bookmarks", "/searches", "/waiting", "/waiting/1/revise"):
        page = windows("member", "light", 1280).go(path)
        heading, lede = boxes(page, "main h1")[0], boxes(page, "main h1 ~ .lede")[0]
        gaps[path] = lede["y"] - heading["y"] - heading["height"]
    assert {path: gap for path, gap in gaps.items() if abs(gap - 12) > 1} == {}


@pytest.mark.parametrize("width", [320, 390])
def test_fields_of_one_line_fill_it_on_a_phone(visit: Callable[..., Visit], width: int) -> None:
    window = visit(viewport={"width": width, "height": 844})
    window.sign_in("moderator")
    for path in ("/settings", "/moderation/log", "/members/wanjiru-kamau/silence"):
        page = window.go(path)
        ends = [box["x"] + box["width"] for box in boxes(page, ".low > .field :is(select, input)")]
        assert ends and abs(max(ends) - (width - 16)) < 1, path
        assert all(end > width * 0.45 for end in ends), path
    page = window.go("/agendas/affordable/meetings/new")
    day, begin, end = boxes(page, ".low > .field input")
    assert day["y"] < begin["y"] == end["y"]
    assert abs(end["x"] + end["width"] - (width - 16)) < 1


def test_what_is_said_of_a_draft_takes_no_room_among_the_buttons_before_it_is_said(
    windows: Callable[..., Visit],
) -> None:
    page = windows("member", "light", 1280).go("/waiting/1/revise")
    send, preview, cancel = boxes(page, "main form .rt > .btn")
    gaps = [
        right["x"] - left["x"] - left["width"]
        for left, right in ((send, preview), (preview, cancel))
    ]
    assert abs(gaps[0] - gaps[1]) < 1


def test_a_name_stands_beside_the_middle_of_its_number(windows: Callable[..., Visit]) -> None:
    for path in ("/agendas/order", "/agendas/affordable/cases/order"):
        page = windows("moderator", "light", 390).go(path)
        middles = [
            box["y"] + box["height"] / 2
            for box in (boxes(page, "input.place")[0], boxes(page, ".place + *")[0])
        ]
        assert abs(middles[0] - middles[1]) < 3, path


def test_the_marks_of_a_comment_beside_a_paragraph_stand_in_one_line(
    windows: Callable[..., Visit],
) -> None:
    for width in (390, 1280):
        page = windows("member", "light", width).go("/cases/c40")
        acts = page.locator(".mg .acts").first
        tops = acts.locator(".re").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().top)"
        )
        assert len(tops) == 4 and max(tops) - min(tops) < 2, width


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_value_stays_below_its_label_whichever_way_it_runs(
    windows: Callable[..., Visit], direction: str
) -> None:
    page = windows("visitor", "light", 1280).go("/practices/read-each-others-flood-plan")
    page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    for words in ("Surat", "سورت"):
        page.locator(".glance dd bdi, .glance dd").first.evaluate(
            "(dd, words) => { dd.firstChild.textContent = words }", words
        )
        label, value = page.locator(".glance > div").first.evaluate(
            """(div, isRightward) => [...div.children].map((part) => {
              const range = document.createRange();
              range.selectNodeContents(part.firstChild);
              const box = range.getBoundingClientRect();
              return isRightward ? box.left : box.right;
            })""",
            direction == "ltr",
        )
        assert abs(label - value) < 2, words


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


def test_a_button_without_a_border_begins_where_the_one_above_it_does(
    visit: Callable[..., Visit],
) -> None:
    for colours in ("none", "active"):
        window = visit(viewport={"width": 320, "height": 800}, forced_colors=colours)
        button = window.go("/").locator(".hero .btn.quiet")
        inside = button.evaluate("one => parseFloat(getComputedStyle(one).paddingInlineStart)")
        assert inside == 0 if colours == "none" else inside > 4, colours


@pytest.mark.parametrize(("width", "height", "seen"), [(1280, 800, 4), (390, 844, 2)])
def test_a_member_sees_the_latest_dialogue_without_scrolling(
    windows: Callable[..., Visit], width: int, height: int, seen: int
) -> None:
    page = windows("member", "light", width).go("/")
    titles = boxes(page, "main .rows h3")
    assert sum(box["y"] + box["height"] < height for box in titles) >= seen
    claim, map_ = boxes(page, "#claim")[0], boxes(page, ".world svg.map")[0]
    assert claim["y"] < titles[0]["y"] < titles[-1]["y"] < map_["y"]


@pytest.mark.parametrize("path", ["/readings", "/agendas/climate-resilient"])
def test_a_best_read_has_its_bookmark_in_the_line_of_the_title(
    windows: Callable[..., Visit], path: str
) -> None:
    for width in (1280, 600):
        page = windows("member", "light", width).go(path)
        buttons, reads = boxes(page, ".refs .re"), boxes(page, ".refs > li")
        assert len(buttons) == len(reads) > 3
        assert all(
            button["y"] - read["y"] < 12 for button, read in zip(buttons, reads, strict=True)
        )
    word = windows("member", "light", 390).go(path).locator(".refs .re .word").first
    assert word.evaluate("word => word.offsetWidth") > 40  # a finger has a word to press


def test_the_whole_field_for_searching_can_be_pressed(windows: Callable[..., Visit]) -> None:
    page = windows("visitor", "light", 1280).go("/topics")
    for part in ("svg", "kbd"):
        box = boxes(page, f".find {part}")[0]
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page.locator("#find")).to_be_focused()
        page.locator("#find").blur()


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


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("member", "/practices/ward-rehearsal"),
        ("moderator", "/practices/ward-rehearsal"),
        ("visitor", "/practices/ward-rehearsal"),
        ("administrator", "/administration/screening"),
    ],
)
def test_a_page_has_one_main_deed(windows: Callable[..., Visit], who: str, path: str) -> None:
    page = windows(who, "light", 1280).go(path)
    assert len(boxes(page, "main .btn:not(.alt, .quiet)")) == 1


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


def test_the_law_and_the_day_are_asked_for_only_where_they_are_chosen(moderator: Visit) -> None:
    page = moderator.go("/members/wanjiru-kamau/suspend")
    law, day = page.locator("[name=law]"), page.locator("[name=until]")
    expect(law).to_be_hidden()
    expect(day).to_be_hidden()
    page.select_option("[name=rule]", "law")
    page.check("[name=days][value=day]")
    expect(law).to_be_visible()
    expect(day).to_be_visible()
    page.select_option("[name=rule]", index=1)
    expect(law).to_be_hidden()


def test_members_are_named_only_where_not_all_of_them_write_for_an_organisation(
    moderator: Visit,
) -> None:
    page = moderator.go("/organisations/rotterdam/voices")
    boxes = page.locator("[name=voices]").first
    expect(boxes).to_be_hidden()
    page.check("[name=writers][value=named]")
    expect(boxes).to_be_visible()
    page.check("[name=writers][value=all]")
    expect(boxes).to_be_hidden()


def test_the_deeds_of_a_post_with_counts_stand_in_one_line_on_a_desk(
    windows: Callable[..., Visit],
) -> None:
    page = windows("member", "light", 1280).go("/topics/11")
    marks, menus = boxes(page, ".posts .acts .re:first-of-type"), boxes(page, ".posts .acts .more")
    assert len(menus) > 5
    lines = {round(box["y"] + box["height"] / 2) for box in marks}
    assert {round(box["y"] + box["height"] / 2) for box in menus} <= lines


OF_ONE_THING = (
    "/cases/c40",
    "/practices/read-each-others-flood-plan",
    "/meetings/1",
    "/declarations/2",
    "/declarations/3",
    "/commitments/1",
    "/commitments/2",
)


@pytest.mark.parametrize("width", [390, 1280])
def test_title_facts_and_text_stand_in_one_order_on_every_page_of_one_thing(
    windows: Callable[..., Visit], width: int
) -> None:
    for path in OF_ONE_THING:
        page = windows("visitor", "light", width).go(path)
        parts = ("main .crumb", "main h1", "main .glance", "main .prose")
        tops = [boxes(page, part)[0]["y"] for part in parts]
        assert tops == sorted(tops), path
        notes = [note["y"] for note in boxes(page, "main header .note")]
        assert all(tops[1] < note < tops[2] for note in notes), path


def test_no_fact_is_left_alone_in_a_line(windows: Callable[..., Visit]) -> None:
    for path in (*OF_ONE_THING, "/transparency"):
        facts = boxes(windows("visitor", "light", 1280).go(path), "main .glance > div")
        lines = Counter(round(fact["y"]) for fact in facts)
        assert max(lines.values()) - min(lines.values()) < 2, path


def test_texts_are_no_wider_than_one_reads_with_ease(windows: Callable[..., Visit]) -> None:
    paths = (*OF_ONE_THING, "/agendas/climate-resilient", "/agendas/climate-resilient/briefing")
    for path in paths:
        page = windows("visitor", "light", 1280).go(path)
        assert max(text["width"] for text in boxes(page, "main .prose")) <= 42 * 16, path


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


def test_a_meeting_stands_beside_the_key_of_its_agenda(windows: Callable[..., Visit]) -> None:
    page = windows("visitor", "light", 1280).go("/meetings")
    keys, titles = boxes(page, ".rows .key"), boxes(page, ".rows h3")
    assert len(keys) == len(titles) > 0
    assert all(
        key["x"] + key["width"] < title["x"] for key, title in zip(keys, titles, strict=True)
    )
