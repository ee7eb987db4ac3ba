"""A real Chromium before a real server with the demo content."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

TOP = Path(__file__).parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
HOW = "no Chromium found: install it (Debian: apt-get install chromium) to run the browser tests"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests share one server, so they run in one worker."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass(frozen=True)
class Site:
    """A running forum, and the passwords of its demo people by role."""

    url: str
    passwords: dict[str, tuple[str, str]]
    data: Path


def run_site(data: Path, **settings: str) -> Iterator[Site]:
    """Load the demo, start the server and its worker; end both afterwards."""
    port = _free_port()
    environment = {**os.environ, "FORUM_DEMO": "1", "FORUM_DATA": str(data), "FORUM_LIMITS": "0"}
    environment |= {"FORUM_URL": f"http://localhost:{port}", **settings}
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    for command in (["db", "upgrade"], ["demo"]):
        subprocess.run(
            [*flask, *command], cwd=TOP, env=environment, check=True, capture_output=True
        )
    said = (data / "demo-people.txt").read_text()
    people = re.findall(r"^\s+(\w+)\s+(\S+@\S+)\s+(\S+)$", said, re.M)
    serve = [*flask, "serve", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(serve, cwd=TOP, env=environment, start_new_session=True)
    try:
        _wait_for(f"http://localhost:{port}/healthz")
        passwords = {role: (email, word) for role, email, word in people}
        yield Site(f"http://localhost:{port}", passwords, data)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    for _try in range(100):
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The forum with its demo, on SQLite."""
    yield from run_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser; without one the test is skipped, or fails where nothing may be skipped."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("FORUM_TEST_ALL") else pytest.skip)(HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """Somebody's browser window: `visit.go("/topics")`, `visit.sign_in("moderator")`."""

    def __init__(self, browser: Browser, site: Site, **options: Any) -> None:
        self.site = site
        self.context: BrowserContext = browser.new_context(base_url=site.url, **options)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: Any) -> None:
        if (
            message.type in ("error", "warning")
            and "the server responded with a status of 4" not in message.text
        ):
            self.complaints.append(message.text)

    def go(self, path: str) -> Page:
        """Open an address."""
        self.page.goto(path, wait_until="load")
        return self.page

    def sign_in(self, role: str) -> Page:
        """Sign in as the demo's member, moderator or administrator."""
        email, password = self.site.passwords[role]
        return self.sign_in_as(email, password)

    def sign_in_as(self, email: str, password: str) -> Page:
        """Sign in with an address and a password."""
        page = self.go("/sign-in")
        page.locator("main [name=email]").fill(email)
        page.locator("main [name=password]").fill(password)
        page.locator("main [name=password]").press("Enter")
        page.wait_for_load_state()
        return page


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
