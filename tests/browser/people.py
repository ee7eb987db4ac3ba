"""A running forum with the demo, and browser windows that visit it."""

from __future__ import annotations

import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from playwright.sync_api import APIResponse, Browser, BrowserContext, Page

from tests.demos import FLASK, TOP
from tests.ports import free_port

# JavaScript modules load after the page; a test waits until their event handlers are in place.
READY = "() => !document.querySelector('[data-modules]') || document.body.dataset.ready"
# When a page goes, its forms tell the forum of what was typed; after this they do not.
SEND_NOTHING = """() => {
  for (const form of document.querySelectorAll("[data-keep]")) form.dataset.busy = "1";
}"""


@dataclass(frozen=True)
class Site:
    """A running forum, with e-mail address and password of a demo member for each role."""

    url: str
    passwords: dict[str, tuple[str, str]]
    data: Path


Demo = Callable[[str], Path]  # makes a folder with the demo in it


def passwords_of(data: Path) -> dict[str, tuple[str, str]]:
    """E-mail address and password of the demo's members, by role."""
    said = (data / "demo-people.txt").read_text()
    people = re.findall(r"^\s+(\w+)\s+(\S+@\S+)\s+(\S+)$", said, re.M)
    return {role: (email, word) for role, email, word in people}


def run_site(data: Path, passwords: dict[str, tuple[str, str]], **settings: str) -> Iterator[Site]:
    """Run a server and its worker with the data of a folder, or of the database in `settings`; yields the site."""
    port = free_port()
    environment = {**os.environ, "FORUM_DEMO": "1", "FORUM_DATA": str(data), "FORUM_LIMITS": "0"}
    environment |= {"FORUM_URL": f"http://localhost:{port}", **settings}
    serve = [*FLASK, "serve", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(serve, cwd=TOP, env=environment, start_new_session=True)
    try:
        _wait_for(f"http://localhost:{port}/healthz")
        yield Site(f"http://localhost:{port}", passwords, data)
    finally:
        server.terminate()
        server.wait(timeout=60)  # the supervisor itself waits twenty seconds for its processes


def _wait_for(url: str) -> None:
    for _try in range(600):
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


@contextmanager
def leaving(page: Page) -> Iterator[None]:
    """What is done inside leads to another page; waits until that one is loaded."""
    with page.expect_navigation(wait_until="load"):
        yield


def open_ready(page: Page, path: str) -> None:
    """Open a path in a window with scripts, and wait until these are ready; reloads if only the fragment differs."""
    if page.goto(path, wait_until="load") is None:
        page.reload(wait_until="load")
    page.wait_for_function(READY)


NUMBERS = count(1)
# That a page may take on a busy machine for what it does in a moment
PATIENCE_MS = 30_000


class Visit:
    """A browser window with cookies of its own: `visit.go("/topics")`, `visit.sign_in("moderator")`.

    `complaints` collects errors of scripts, and requests to other sites.
    """

    def __init__(self, browser: Browser, site: Site, **options: Any) -> None:
        self.site = site
        self.has_scripts = options.get("java_script_enabled", True)
        options = {"reduced_motion": "reduce", **options}  # moving pictures cost tests their time
        self.context: BrowserContext = browser.new_context(base_url=site.url, **options)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.watch(self.page)

    def watch(self, page: Page) -> Page:
        """Collect the errors of a page, and its requests to other sites."""
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._note)
        page.on("request", self._note_stranger)
        return page

    def tab(self) -> Page:
        """A new tab of the same window, where the same member is signed in."""
        return self.watch(self.context.new_page())

    def _note_stranger(self, request: Any) -> None:
        if not request.url.startswith((self.site.url, "data:")):
            self.complaints.append(f"asked for {request.url}")

    def _note(self, message: Any) -> None:
        if (
            message.type in ("error", "warning")
            and "the server responded with a status of 4" not in message.text
        ):
            self.complaints.append(message.text)

    def go(self, path: str) -> Page:
        """Open a path and wait until its scripts are ready; reloads if only the fragment differs."""
        if self.has_scripts:
            open_ready(self.page, path)
        elif self.page.goto(path, wait_until="load") is None:
            self.page.reload(wait_until="load")
        return self.page

    def open_letter(self) -> None:
        """Follow the link of an e-mail that a page of the demo shows, and confirm."""
        for pressed in (
            self.page.locator(
                "main a", has_text="Open the link of the e\N{NON-BREAKING HYPHEN}mail"
            ),
            self.page.locator("main button[type=submit]"),
        ):
            with leaving(self.page):
                pressed.click()

    def join(self, **words: str) -> None:
        """Join by HTTP requests, without the browser window."""
        self.send("/join", **words)
        sent = self.context.request.get("/join/sent").text()
        (letter,) = re.findall(r'href="(/join/confirm/[^"]+)"', sent)
        self.send(letter)

    def send(self, path: str, form: str = "", **fields: str) -> str:
        """Submit a form by HTTP requests, with the tokens of the page `form`; returns the path of the answer."""
        return self._answer(path, form, **fields).url.removeprefix(self.site.url)

    def _answer(self, path: str, form: str = "", **fields: str) -> APIResponse:
        page = self.context.request.get(form or path).text()
        keys = dict(re.findall(r'name="(csrf_token|submission_key)"[^>]* value="([^"]+)"', page))
        answer = self.context.request.post(path, form=keys | fields)
        assert answer.ok, (path, answer.status)
        return answer

    def open_topic(self, text: str, kind: str = "experience", *, is_numbered: bool = True) -> str:
        """Open a topic by HTTP requests; returns its path. A number makes the text differ from those of other tests."""
        path = f"/agendas/affordable/topics/new?kind={kind}"
        source = f"{text}\n\nNumber {next(NUMBERS)}." if is_numbered else text
        words = {"title": text.split("\n", 1)[0][:60], "source": source, "language": "en"}
        return self.send(path, kind=kind, audience="public", **words).partition("#")[0]

    def reply(self, topic: str, text: str) -> str:
        """Reply to a topic by HTTP requests; returns the path of the reply."""
        return self._reply(topic, text).url.removeprefix(self.site.url)

    def post(self, topic: str, text: str) -> str:
        """Reply to a topic by HTTP requests; returns the id of the post."""
        answer = self._reply(topic, text)
        part = answer.text().partition(f'id="{answer.url.partition("#")[2]}"')[2]
        return re.findall(r'data-post="(\d+)"', part)[0]

    def add_picture(self, data: bytes, alt: str = "", filename: str = "picture") -> str:
        """Add a picture or file by its page; returns the line for a text, which the page shows then."""
        page = self.go("/pictures")
        file: Any = {"name": filename, "mimeType": "", "buffer": data}
        page.set_input_files("[name=picture]", file)
        page.fill("[name=alt]", alt)
        with leaving(page):
            page.locator("main button[type=submit]").click()
        return page.locator("#added").input_value()

    def _reply(self, topic: str, text: str) -> APIResponse:
        path = re.sub(r"(/topics/\d+).*", r"\1/reply", topic)
        return self._answer(path, source=text, language="en")

    def sign_in(self, role: str) -> Page:
        """Sign in as the demo's member, moderator or administrator, by HTTP requests: nothing is shown of it."""
        email, password = self.site.passwords[role]
        landing = self._answer("/sign-in", email=email, password=password).text()
        assert 'href="/notices"' in landing, f"not signed in as {role}"
        return self.page

    def is_signed_in(self) -> bool:
        """Whether the forum still knows who sits at this window."""
        return self.context.request.get("/notices", max_redirects=0).status == 200

    def sign_in_as(self, email: str, password: str) -> Page:
        """Sign in with an address and a password, on the page."""
        page = self.go("/sign-in")
        page.locator("main [name=email]").fill(email)
        page.locator("main [name=password]").fill(password)
        self.follow(lambda: page.locator("main [name=password]").press("Enter"))
        return page

    def follow(self, press: Callable[[], object]) -> Page:
        """Press what leads to another page, and wait until that page and its scripts are ready.

        After a press alone the page before it may still be there, above all on a busy machine.
        """
        with leaving(self.page):
            press()
        if self.has_scripts:
            self.page.wait_for_function(READY)
        return self.page
