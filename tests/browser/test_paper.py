"""Pages on paper."""

from __future__ import annotations

import pytest

from tests.browser.conftest import AGENDAS
from tests.browser.people import Visit

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
    ("/topics/13", "#replies", ".meta.onward"),
    ("/declarations/2", ".digest code", "a[download]"),
    ("/cases/c40", "main a[href^='http'][href*='/report']", "main header .re"),
    ("/cases/c40", "#places", "#others"),
    ("/practices/ward-rehearsal", "#tried", "#spoken"),
    ("/transparency", "table.figures", ".field"),
    ("/meetings", ".rows h3", "label[for=agenda]"),
    ("/meetings/3", ".glance", "#manage"),
    ("/", "#waiting", ".hero .btn"),
    ("/declarations", ".rows a", "label[for=state]"),
    ("/topics?kind=experience", ".pager span", ".pager a"),
]


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


@pytest.mark.parametrize("path", ["topic", "/cases/c40", "/practices/ward-rehearsal", AGENDAS[0]])
def test_pages_of_paper_end_between_lines(member: Visit, two_ways: str, path: str) -> None:
    """Safari cuts through the lines of what it cannot divide: no grid or flexible box there is higher than a few of them."""
    page = member.go(two_ways if path == "topic" else path)
    page.emulate_media(media="print")
    high = page.evaluate("""() => [document.body, ...document.body.querySelectorAll("*")].filter(part =>
        /grid|flex/.test(getComputedStyle(part).display) && getComputedStyle(part).breakInside !== "avoid"
        && part.getBoundingClientRect().height > 200 && !part.closest(".posts > li")).map(part => part.className)""")
    gap = page.evaluate("""() => [...document.querySelectorAll("main .stack > * + *")].filter(part =>
        part.getClientRects().length && parseFloat(getComputedStyle(part).marginTop) < 8).length""")
    page.emulate_media(media="screen")
    assert (high, gap) == ([], 0)


def test_comments_on_paper_keep_their_distance_from_their_paragraph_and_are_not_cut(
    member: Visit,
) -> None:
    page = member.go("/cases/c40")
    page.emulate_media(media="print")
    gaps = page.evaluate("""() => [...document.querySelectorAll(".mg:has(li)")].map(comments =>
        comments.getBoundingClientRect().top - comments.previousElementSibling.getBoundingClientRect().bottom)""")
    cut = page.locator(".mg li").evaluate_all(
        "all => all.filter(one => getComputedStyle(one).breakInside !== 'avoid').length"
    )
    page.emulate_media(media="screen")
    assert len(gaps) > 2 and min(gaps) >= 8 and cut == 0
