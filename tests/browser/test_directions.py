"""Texts and pages that run from right to left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Visit

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


def runs_left_to_right(page: Page, where: str) -> bool:
    first, last = page.locator(where).evaluate(ENDS)
    return bool(first < last)


def test_each_paragraph_runs_as_its_own_letters_do(member: Visit, two_ways: str) -> None:
    page = member.go(two_ways)
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


def test_a_name_above_a_quote_turns_nothing_round(member: Visit, two_ways: str) -> None:
    page = member.go(two_ways)
    for where, direction in (
        ("#post-2 .prose", "rtl"),
        ("#post-2 blockquote", "ltr"),
        ("#post-4 .prose", "ltr"),
        ("#post-4 blockquote", "ltr"),
    ):
        assert page.locator(where).evaluate("one => getComputedStyle(one).direction") == direction


def test_dates_beside_words_from_right_to_left_are_in_one_piece(member: Visit) -> None:
    page = member.go("/agendas/climate-resilient")
    arabic = page.locator("figcaption", has_text="ليلى حداد")
    expect(arabic.locator("bdi").first).to_have_text("منسقة خطة المناخ")
    assert arabic.locator("time").evaluate(PIECES) == 1
    # where a name has no element of its own, too
    arabic.locator("bdi").evaluate_all("all => all.forEach(one => one.replaceWith(one.innerText))")
    assert arabic.locator("time").evaluate(PIECES) == 1


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
