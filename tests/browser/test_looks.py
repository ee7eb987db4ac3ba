"""What only rendering shows: where the parts of a page stand, and colours forced by the device."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import boxes
from tests.browser.looks import AXE, AXE_ALONE
from tests.browser.people import Visit

# Words on grounds in several notations, some of which are transparent
GROUNDS = """<main style="background: hsl(0.5turn 40% 30% / 80%); color: color(srgb 0.4 0.5 0.6)">
  <p style="background: rgb(120 130 140 / 30%)">A <b style="color: #0006; opacity: .8">quiet</b> word</p>
  <p style="background: oklch(60% 0.1 200)">Another <a href="#" style="color: teal">word</a></p>
  <p style="background: #fff; color: #999">The last word</p><p style="background: #fff; color: #000">A clear one</p>
</main>"""
JUDGED = """() => axe.run().then(found => ["violations", "incomplete", "passes"].map(kind =>
  found[kind].filter(({id}) => id === "color-contrast")
    .map(({nodes}) => nodes.map(({html, any}) => [html, any[0].data]))))"""


def test_axe_that_remembers_colours_judges_as_axe_alone(chromium: Browser) -> None:
    page, judged = chromium.new_page(), []
    for axe in (AXE_ALONE, AXE):
        page.set_content(GROUNDS)
        page.evaluate(axe)
        judged.append(page.evaluate(JUDGED))
    page.close()
    [[wrong], _unsure, [right]] = judged[0]
    assert len(wrong) > 2 and right
    assert judged[0] == judged[1]


def test_a_button_that_is_on_has_a_thicker_edge(member: Visit, two_ways: str) -> None:
    page = member.go(two_ways)
    watch = page.get_by_role("button", name="Watch").first
    expect(watch).to_have_attribute("aria-pressed", "true")
    expect(watch).to_have_css("box-shadow", re.compile(r"0px 0px 0px 1px inset"))
    mute = page.get_by_role("button", name="Mute").last
    expect(mute).to_have_css("box-shadow", "none")


@pytest.mark.parametrize(("width", "place"), [(390, ".band"), (1280, ".side")])
def test_an_agenda_offers_once_to_be_watched_in_what_one_first_reads(
    windows: Callable[..., Visit], width: int, place: str
) -> None:
    page = windows("member", "light", width).go("/agendas/globally-connected")
    watch = page.get_by_role("button", name="Watch", exact=True)
    near, far = page.locator(place).get_by_role("button", name="Watch", exact=True), watch.nth(1)
    expect(near).to_be_visible()
    expect(watch).to_have_count(1 if place == ".side" else 2)
    if place == ".side":  # below those who can be asked, above lists that can be long
        assert boxes(page, "#follow")[0]["y"] < boxes(page, "#meetings")[0]["y"]
    else:  # behind the dialogue, with the button that mutes
        assert boxes(page, "#dialogue")[0]["y"] < (far.bounding_box() or {"y": 0})["y"]


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
    windows: Callable[..., Visit], two_ways: str
) -> None:
    moderator = windows("moderator", "light", 1280).go(two_ways)
    mark = moderator.locator("[data-marks] [value=useful]").first
    mark.click()
    expect(mark).to_have_attribute("aria-pressed", "true")
    expect(moderator.locator("[data-marks] [data-busy]")).to_have_count(0)  # it is kept
    for width in (390, 1280):
        page = windows("visitor", "light", width).go(two_ways)
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


# The white space between the parts of lists with dots between them, which widens the gap before the second one
BLANKS = """() => [...document.querySelectorAll(".dot")].flatMap((list) => [...list.childNodes].filter((node) =>
  node.nodeType === Node.TEXT_NODE && !node.data.trim() && node.nextElementSibling
  && node.previousElementSibling && !node.previousElementSibling.matches(".key")
).map((node) => node.nextElementSibling.textContent))"""


def test_what_stands_between_dots_has_even_gaps(windows: Callable[..., Visit]) -> None:
    window = windows("moderator", "light", 1280)
    asking = window.go("/topics?kind=question").locator(".rows h2 a, .rows h3 a").last
    ask = f"/topics/{str(asking.get_attribute('href')).split('/')[2].partition('-')[0]}/ask"
    seen = {}
    for path in ("/", "/agendas/affordable/statements", "/topics", "/practices", ask):
        page = window.go(path)
        assert page.locator(".dot").count(), path
        seen[path] = page.evaluate(BLANKS)
    assert {path: blanks for path, blanks in seen.items() if blanks} == {}


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


def test_why_to_read_something_is_as_large_as_other_sentences(
    windows: Callable[..., Visit],
) -> None:
    for path in ("/readings", "/agendas/climate-resilient"):
        page = windows("visitor", "light", 390).go(path)
        sizes = page.locator(".refs .meta > [lang]").evaluate_all(
            "all => all.map(why => parseFloat(getComputedStyle(why).fontSize))"
        )
        assert len(sizes) > 3 and min(sizes) == 15, path


def test_the_ring_around_a_new_comment_keeps_its_distance_from_the_words(
    visit: Callable[..., Visit],
) -> None:
    window = visit(viewport={"width": 390, "height": 844})
    window.sign_in("member")
    page = window.go("/cases/c40")
    comment = page.locator(".mg li").first
    comment.evaluate("one => { one.tabIndex = -1; one.focus({focusVisible: true}) }")
    assert comment.evaluate("one => parseFloat(getComputedStyle(one).outlineOffset)") >= 6


def test_the_whole_field_for_searching_can_be_pressed(windows: Callable[..., Visit]) -> None:
    page = windows("visitor", "light", 1280).go("/topics")
    for part in ("svg", "kbd"):
        box = boxes(page, f".find {part}")[0]
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page.locator("#find")).to_be_focused()
        page.locator("#find").blur()


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


def test_a_meeting_stands_beside_the_key_of_its_agenda(windows: Callable[..., Visit]) -> None:
    page = windows("visitor", "light", 1280).go("/meetings")
    keys, titles = boxes(page, ".rows .key"), boxes(page, ".rows h3")
    assert len(keys) == len(titles) > 0
    assert all(
        key["x"] + key["width"] < title["x"] for key, title in zip(keys, titles, strict=True)
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_a_topic_on_one_page_begins_where_it_does_page_by_page(
    windows: Callable[..., Visit], width: int
) -> None:
    window = windows("member", "light", width)
    (heading,) = boxes(window.go("/topics/63"), "main h1")
    (whole,) = boxes(window.go("/topics/63/whole"), "main h1")
    assert whole["y"] == heading["y"]


@pytest.mark.parametrize(
    ("language", "quotes"), [("fr", '"«\u00a0" "\u00a0»" "“" "”"'), ("es", '"«" "»" "“" "”"')]
)
def test_what_somebody_said_stands_between_the_signs_of_the_language_of_the_page(
    visit: Callable[..., Visit], language: str, quotes: str
) -> None:
    window = visit(locale=language)
    window.sign_in("moderator")
    said = window.go("/moderation").locator("main q").first
    expect(said).to_have_css("quotes", quotes)


def test_buttons_beside_each_other_on_a_profile_are_of_one_height(
    windows: Callable[..., Visit],
) -> None:
    for width in (1280, 390):
        page = windows("member", "light", width).go("/members/hanne-vestergaard")
        write, watch = "a:has-text('Write an e')", "form[action$='/watch'] .re"
        tops = [page.locator(f"main {of}").bounding_box() for of in (write, watch)]
        assert len({(round(box["y"]), round(box["height"])) for box in tops}) == 1, tops


def test_all_notices_begin_at_one_line(windows: Callable[..., Visit]) -> None:
    """The mark and the wash of those that are unread hang in the margin."""
    for width in (1280, 390):
        page = windows("member", "light", width).go("/notices")
        begins = "all => [...new Set(all.map(of => Math.round(of.getBoundingClientRect().x)))]"
        assert len(page.eval_on_selector_all(".ntf > :first-child", begins)) == 1
        kinds = page.eval_on_selector_all("li:has(> .ntf)", "all => all.map(of => of.className)")
        assert "unread" in kinds and "" in kinds
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_deeds_of_a_practice_fill_their_lines_on_a_phone(windows: Callable[..., Visit]) -> None:
    page = windows("member", "light", 390).go("/practices/ledger-building-rights")
    line = page.locator("main p.rt").bounding_box()
    last = page.locator("main p.rt > .btn").last.bounding_box()
    assert line and last and abs(line["x"] + line["width"] - last["x"] - last["width"]) < 1


def test_words_of_a_comment_beside_a_paragraph_keep_their_distance_from_its_buttons(
    windows: Callable[..., Visit],
) -> None:
    gap = """all => all.map(of => of.getBoundingClientRect().top
      - of.previousElementSibling.getBoundingClientRect().bottom)"""
    begins = "all => [...new Set(all.map(of => Math.round(of.getBoundingClientRect().x)))]"
    for width in (1280, 390):
        page = windows("member", "light", width).go("/cases/copenhagen-cloudburst")
        gaps = page.eval_on_selector_all(".mg .acts", gap)
        assert gaps and min(gaps) >= 6, gaps
        icons = page.eval_on_selector_all(".mg:has(li) > p .i", begins)
        assert icons == page.eval_on_selector_all(".mg li .av", begins), width
