"""A real Chromium before a real server with the demo content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import Demo, Site, Visit, load_demo, passwords_of, run_site

# The shell draws no window around its pages, and needs less than half of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
HOW = "no Chromium found: install it (Debian: apt-get install chromium) to run the browser tests"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
# A page of the same site takes the place of the one before, instead of a new frame: a quarter of a visit's time.
FLAGS.append("--enable-features=RenderDocument:level/crashed-frame")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker has a server of its own, so browser tests run in any of them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, compiled_templates: Path) -> Demo:
    """A new folder with the demo in it, which is loaded once for all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own

    def copied(name: str) -> Path:
        data = tmp_path_factory.mktemp(name) / "data"
        shutil.copytree(load_demo(shared), data, ignore=lambda *_which: {"templates"})
        data.joinpath("templates").symlink_to(
            compiled_templates
        )  # no server has to compile them again
        return data

    return copied


@pytest.fixture(scope="session")
def site(demo: Demo) -> Iterator[Site]:
    """The forum with its demo, on SQLite."""
    data = demo("site")
    yield from run_site(data, passwords_of(data))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser; without one the test is skipped, or fails where nothing may be skipped."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("FORUM_TEST_ALL") else pytest.skip)(HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Any]:
    """Open windows: `visit()`, `visit(java_script_enabled=False)`. A script's complaint fails the test."""
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
    """Windows by who looks, theme and width, each opened and signed in once: for pages that are only read."""
    opened: dict[tuple[str, str, int], Visit] = {}

    def window(who: str, theme: str, width: int) -> Visit:
        key = (who, theme, width)
        if key not in opened:
            size = {"width": width, "height": 900}
            opened[key] = Visit(
                chromium, site, viewport=size, color_scheme=theme, reduced_motion="reduce"
            )
            if who != "visitor":
                opened[key].sign_in(who)
        return opened[key]

    return window


@pytest.fixture
def member(windows: Any) -> Iterator[Visit]:
    """The demo's member at a desk, without drafts; the window is shared, so leave it usable."""
    yield from _at_a_desk(windows("member", "light", 1280))


@pytest.fixture
def moderator(windows: Any) -> Iterator[Visit]:
    """The demo's moderator at a desk."""
    yield from _at_a_desk(windows("moderator", "light", 1280))


@pytest.fixture
def administrator(windows: Any) -> Iterator[Visit]:
    """The demo's administrator at a desk; who moderates decides nothing about their own words."""
    yield from _at_a_desk(windows("administrator", "light", 1280))


def _at_a_desk(window: Visit) -> Iterator[Visit]:
    window.complaints.clear()
    window.go("/rules").evaluate("localStorage.clear()")
    yield window
    assert window.complaints == []


@pytest.fixture(scope="session")
def topic(windows: Any) -> str:
    """The address of a topic of the moderator's, to which the member may reply."""
    return str(windows("moderator", "light", 1280).open_topic("The kerb was too high"))
