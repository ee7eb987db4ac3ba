"""Every hostile text of the corpus in a real browser, with and without the Content-Security-Policy: no script runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from markupsafe import escape
from playwright.sync_api import Browser

from forum import markup, responses
from forum.plaintext import excerpt
from tests.corpus import ELEMENTS, HOSTILE, stress_texts

ADDRESS = "http://localhost/sanitiser"
POLICIES = {
    "with the policy": {"Content-Security-Policy": responses.CONTENT_SECURITY_POLICY},
    "without": {},
}
# What the browser itself makes of the page: its tree, and the schemes that its links would follow (none: it leads nowhere).
LOOK = """() => [...document.querySelectorAll("main *")].flatMap(element => [
    ...[...element.attributes].filter(a => /^on|^(id|name|style|src|srcdoc)$/.test(a.name)).map(a => a.name),
    ...(/^(script|iframe|object|embed|style|form|base|meta|link|svg|math|img)$/i.test(element.tagName)
        ? [element.tagName] : []),
    ...(element.href && !/^(https?|mailto|):$/.test(element.protocol) ? [element.href] : []),
])"""


def pages_of(texts: tuple[str, ...]) -> Iterator[str]:
    """The texts as pages hold them: as HTML, and their sources where pages show those."""
    for start in range(0, len(texts), 250):
        parts = []
        for source in texts[start : start + 250]:
            written = markup.write(source)
            shown, cut = escape(written.source), escape(excerpt(written.plain))
            parts.append(
                f'<div>{written.html}</div><p title="{cut}">{cut}</p><p>{shown}</p>'
                f"<textarea>\n{shown}</textarea>"
            )
        yield f"<!doctype html><title>A page</title><main>{''.join(parts)}</main>"


class Trap:
    """A window that notes whatever a page does beyond being shown."""

    def __init__(self, browser: Browser, headers: dict[str, str]) -> None:
        self.noted: list[str] = []
        self.headers = {"Content-Type": "text/html; charset=utf-8", **headers}
        self.context = browser.new_context()
        self.page = self.context.new_page()
        self.page.on("dialog", self._dialog)
        self.page.on("console", lambda message: self.noted.append(message.text))
        self.page.on("pageerror", lambda error: self.noted.append(str(error)))
        self.page.on("popup", lambda _page: self.noted.append("a window"))
        self.page.route("**/*", self._answer)

    def _dialog(self, dialog: Any) -> None:
        self.noted.append(dialog.message)
        dialog.dismiss()

    def _answer(self, route: Any) -> None:
        if route.request.url == ADDRESS:
            route.fulfill(body=self.body, headers=self.headers)
        else:
            self.noted.append(f"asked for {route.request.url}")
            route.abort()

    def show(self, body: str) -> list[str]:
        """Show a page, move and press keys over it; hands back what was noted."""
        self.body = body
        self.page.goto(ADDRESS)
        for _press in range(3):
            self.page.keyboard.press("Tab")
        self.page.mouse.move(50, 50)
        self.page.mouse.move(200, 200)
        if self.page.evaluate("() => window.hit"):
            self.noted.append("window.hit")
        return self.noted


@pytest.fixture(params=POLICIES)
def trap(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Trap]:
    """A window under the policy of the forum, or under none."""
    made = Trap(chromium, POLICIES[request.param])
    yield made
    made.context.close()


def test_no_text_of_the_corpus_runs(trap: Trap) -> None:
    for body in pages_of((*HOSTILE, *stress_texts(400).values())):
        assert trap.show(body) == []
        assert trap.page.evaluate(LOOK) == []


def test_the_trap_would_notice(chromium: Browser) -> None:
    """What is not cleaned does run, so that the test above means something."""
    trap = Trap(chromium, {})
    noted = trap.show("<main><img src=x onerror='window.hit=1'><p onclick=a() id=b>a</p></main>")
    assert "window.hit" in noted and any("asked for" in note for note in noted)
    assert {"IMG", "onerror", "onclick", "id"} <= set(trap.page.evaluate(LOOK))
    trap.context.close()


def test_the_policy_alone_would_hold(chromium: Browser) -> None:
    """Were both cleaners gone, the second wall still stands: raw HTML is shown and no script of it runs."""
    trap = Trap(chromium, POLICIES["with the policy"])
    refused = 0
    for source in ELEMENTS[::2]:
        trap.noted.clear()
        noted = trap.show(f"<!doctype html><main>{source.encode(errors='replace').decode()}</main>")
        assert "window.hit" not in noted, source
        refused += any("Content Security Policy" in note for note in noted)
    assert refused > len(ELEMENTS) // 6
    trap.context.close()
