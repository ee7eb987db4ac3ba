"""Polls in a browser, with and without scripts: made, voted in and closed; in both themes, wide and narrow."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.looks import faults_here
from tests.browser.people import leaving
from tests.browser.test_without_scripts import press

LONG = "A raised kerb with planters that were paid for by the neighbours themselves, and are watered by a school"
TEN = (
    LONG,
    "أرصفة أعلى مع أشجار",
    "Bollards",
    "A fine",
    "Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüsselbrettgestaltungsverordnungsentwurf",
    *("Paint", "Cameras", "A warden", "Bicycle stands", "Nothing at all"),
)


def typed(window: Any, options: tuple[str, ...], **more: str) -> str:
    """Open a topic with a poll by an HTTP request; returns its path."""
    words = {"title": f"Cars on the pavement {uuid4()}", "source": "What helps?", "language": "en"}
    words |= {"question": "Which of these keeps your streets free of parked cars?"}
    path, poll = "/agendas/affordable/topics/new?kind=question", "\n".join(options)
    said = {"kind": "question", "audience": "public", **words, "options": poll, **more}
    return str(window.send(path, **said).partition("#")[0])


def test_polls_look_well_whatever_their_options(visit: Any, moderator: Any, member: Any) -> None:
    visitor, found = visit(), []
    path = typed(moderator, TEN, is_multiple="y", lasts="month")
    found += faults_here(visitor.go(path), "/poll-without-votes")
    page = member.go(path)
    for words in (LONG, "A fine"):
        page.get_by_label(words).check()
    with leaving(page):
        page.get_by_role("button", name="Vote", exact=True).click()
    found += faults_here(page, "/poll-voted")
    found += faults_here(visitor.go(path), "/poll-visitor")
    page = moderator.go(path)
    press(page, "Close the poll")
    found += faults_here(page, "/poll-closed")
    with leaving(page):
        page.get_by_role("link", name="Remove the poll").click()
    found += faults_here(page, "/poll-remove")
    press(page, "Remove the poll")
    expect(page.locator(".poll")).to_have_count(0)
    found += faults_here(moderator.go(path), "/poll-none")
    assert found == []


def test_a_poll_is_typed_and_voted_in_without_scripts(visit: Any) -> None:
    author = visit(java_script_enabled=False)
    author.sign_in("member")
    page = author.go("/agendas/affordable/topics/new?kind=question")
    expect(page.get_by_label("Question of the poll")).to_be_hidden()
    page.get_by_text("Add a poll").click()
    page.get_by_label("Title").fill(f"Trees or bollards {uuid4()}")
    page.get_by_label("Text", exact=True).fill("What helps?")
    page.get_by_label("Question of the poll").fill("Which helps?")
    page.get_by_label("Options", exact=True).fill("Trees")
    press(page, "Publish question")
    expect(page.locator("main")).to_contain_text("Write 2 to 10 options")
    expect(page.get_by_label("Options", exact=True)).to_have_value("Trees")
    page.get_by_label("Options", exact=True).fill("Trees\nBollards")
    press(page, "Preview")
    expect(page.locator("[data-preview] .poll li")).to_have_text(["Trees", "Bollards"])
    press(page, "Publish question")
    press(page, "Vote", ".poll")
    expect(page.locator("main .sum")).to_have_text("Choose an option.")
    page.get_by_role("radio", name="Bollards").check()
    press(page, "Vote")
    expect(page.locator(".poll")).to_contain_text("1 member has voted.")
    expect(page.get_by_role("radio", name="Bollards")).to_be_checked()
    press(page, "Take my vote back")
    expect(page.locator(".poll")).to_contain_text("Nobody has voted yet.")


def test_the_preview_shows_the_poll_while_it_is_typed(visit: Any) -> None:
    window = visit()
    window.sign_in("member")
    page = window.go("/agendas/affordable/topics/new?kind=question")
    page.get_by_text("Add a poll").click()
    page.get_by_label("Text", exact=True).fill("What helps?")
    page.get_by_label("Question of the poll").fill("Which helps?")
    page.get_by_label("Options", exact=True).fill("Trees\nBollards")
    found = faults_here(page, "/poll-typed")
    page.locator("button[name=preview]").first.click()
    expect(page.locator("[data-preview] .poll li")).to_have_text(["Trees", "Bollards"])
    assert found == []
