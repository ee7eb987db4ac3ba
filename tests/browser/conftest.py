"""Fixtures for tests in a real Chromium, against a real server with the demo content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.people import (
    PATIENCE_MS,
    SEND_NOTHING,
    Demo,
    Site,
    Visit,
    leaving,
    passwords_of,
    run_site,
)
from tests.demos import load_demo

# The headless shell needs less than half the time of the full browser.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
HOW = "no Chromium found: install it (Debian: apt-get install chromium) to run the browser tests"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
# Pages of the same site reuse the frame of the one before, which saves a quarter of the time.
FLAGS.append("--enable-features=RenderDocument:level/crashed-frame")
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder as `browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, compiled_templates: Path) -> Demo:
    """Returns a function that copies the demo into a new folder; it is loaded once for all workers of pytest-xdist."""

    def copied(name: str) -> Path:
        data = tmp_path_factory.mktemp(name) / "data"
        shutil.copytree(load_demo(tmp_path_factory), data, ignore=lambda *_which: {"templates"})
        # No server has to compile them again
        data.joinpath("templates").symlink_to(compiled_templates)
        return data

    return copied


@pytest.fixture(scope="session")
def site(demo: Demo) -> Iterator[Site]:
    """A running forum with the demo and a mailbox, on SQLite."""
    data = demo("site")
    mailbox = {"FORUM_REPLY_ADDRESS": "reply@mail.example.org"}
    yield from run_site(data, passwords_of(data), **mailbox)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium. If it is not installed, the test is skipped, or fails when FORUM_TEST_ALL is set."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("FORUM_TEST_ALL") else pytest.skip)(HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Any]:
    """Opens windows: `visit()`, `visit(java_script_enabled=False)`. Errors in their consoles fail the test."""
    opened: list[Visit] = []

    def open_window(**options: Any) -> Visit:
        opened.append(Visit(chromium, site, **options))
        return opened[-1]

    yield open_window
    complaints = [complaint for window in opened for complaint in window.complaints]
    for window in opened:
        window.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def windows(chromium: Browser, site: Site) -> Any:
    """Returns shared windows by role, theme and width, each opened once and signed in: for pages that are only read."""
    opened: dict[tuple[str, str, int], Visit] = {}

    def window(who: str, theme: str, width: int) -> Visit:
        key = (who, theme, width)
        if key not in opened:
            size = {"width": width, "height": 900}
            opened[key] = Visit(
                chromium, site, viewport=size, color_scheme=theme, reduced_motion="reduce"
            )
        # Again, too: a member has fifty sessions at most, and windows of single tests begin new ones
        if who != "visitor" and not opened[key].is_signed_in():
            opened[key].sign_in(who)
        return opened[key]

    return window


# Drafts of this browser, and those that the forum has saved
FORGET_DRAFTS = """async () => {
  localStorage.clear();
  const page = new DOMParser().parseFromString(await (await fetch("/drafts")).text(), "text/html");
  for (const form of page.querySelectorAll("form[action='/drafts/discard']"))
    await fetch("/drafts/discard", { method: "POST", body: new FormData(form) });
}"""


@pytest.fixture
def member(windows: Any) -> Iterator[Visit]:
    """A wide window of the demo's member, without drafts. It is shared, so a test must leave it usable."""
    yield from _without_drafts(windows("member", "light", 1280))


@pytest.fixture
def another_device(windows: Any) -> Iterator[Visit]:
    """A narrow window of the demo's member, with a storage of its own, likewise shared."""
    yield from _without_drafts(windows("member", "light", 390))


@pytest.fixture
def moderator(windows: Any) -> Iterator[Visit]:
    """A wide window of the demo's moderator, likewise shared."""
    yield from _without_drafts(windows("moderator", "light", 1280))


@pytest.fixture
def administrator(windows: Any) -> Iterator[Visit]:
    """A wide window of the demo's administrator, for decisions about the moderator's own texts, likewise shared."""
    yield from _without_drafts(windows("administrator", "light", 1280))


def _without_drafts(window: Visit) -> Iterator[Visit]:
    for tab in window.context.pages:
        # If a failed test left a tab open, its drafts would stay in this browser
        if tab is not window.page:
            tab.close()
    window.complaints.clear()
    window.page.unroute_all()  # routes that an earlier test has intercepted
    window.page.evaluate(SEND_NOTHING)
    # An address of the same site that is quickly there: it has no style, no script and no form
    window.go("/robots.txt").evaluate(FORGET_DRAFTS)
    yield window
    assert window.complaints == []


@pytest.fixture(scope="session")
def topic(windows: Any) -> str:
    """The path of a topic by the moderator, to which the member may reply."""
    return str(windows("moderator", "light", 1280).open_topic("The kerb was too high"))


RICH = (
    "We **measured** first, then [read](https://example.org/a) the `log`.\n\n"
    "- one *small* step\n- another\n\n## Later\n\nIt held."
)


@pytest.fixture(scope="session")
def rich(windows: Any) -> str:
    """The address of a topic by the moderator whose text has all kinds of formatting."""
    return str(windows("moderator", "light", 1280).open_topic(RICH, is_numbered=False))


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


def forgotten(page: Page) -> None:
    page.wait_for_function(f"() => !{DRAFTS}.length")


def publish(page: Page) -> None:
    with leaving(page):
        page.click(PUBLISH)


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


@pytest.fixture(scope="session")
def two_ways(windows: Callable[..., Visit]) -> str:
    """The address of a topic with replies that run from right to left, or partly so."""
    window = windows("member", "light", 1280)
    address = str(window.open_topic("Shade along the canal"))
    for text in (QUOTING, ARABIC, NAMED):
        window.reply(address, text)
    return address


AGENDAS = [f"/agendas/{name}" for name in ("globally-connected", "climate-resilient", "affordable")]


def boxes(page: Page, where: str) -> list[dict[str, float]]:
    return [box for element in page.locator(where).all() if (box := element.bounding_box())]
