"""What a screen reader can list on a page: headings, regions, and links and buttons with their names."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}
SILENT = {"script", "style", "svg", "template"}
HEADINGS = {"h1", "h2", "h3", "h4"}


class Control(NamedTuple):
    """A link or a button: what it is called, and where it leads or what it does."""

    name: str
    leads_to: str


class _Listener(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.silent = 0  # depth of elements that are not announced
        self.open: list[tuple[str, int, str, list[str]]] = []
        self.stack: list[tuple[str, bool]] = []
        self.headings: list[tuple[int, str]] = []
        self.controls: list[Control] = []
        self.regions: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        said = dict(attrs)
        is_silent = "hidden" in said or said.get("aria-hidden") == "true" or tag in SILENT
        is_silent |= "pop" in (said.get("class") or "").split()  # a closed menu
        self.stack.append((tag, is_silent))
        self.silent += is_silent
        named = said.get("aria-label") or said.get("aria-labelledby")
        if tag == "section" and named:
            self.regions.append(named)
        if tag in HEADINGS or tag in ("a", "button", "summary"):
            where = said.get("href") or f"{said.get('formaction')} {said.get('value')}"
            self.open.append((tag, len(self.stack), where, [said.get("aria-label") or ""]))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or not self.stack:  # an end tag may close elements that began before it
            return
        if self.open and self.open[-1][:2] == (tag, len(self.stack)):
            _tag, _depth, where, words = self.open.pop()
            name = " ".join((words[0] or "".join(words[1:])).split())
            if tag in HEADINGS:
                self.headings.append((int(tag[1]), name))
            elif not self.silent:
                self.controls.append(Control(name, where))
        _tag, was_silent = self.stack.pop()
        self.silent -= was_silent

    def handle_data(self, data: str) -> None:
        if not self.silent:
            for *_rest, words in self.open:
                words.append(data)


def headings(page: str) -> list[tuple[int, str]]:
    """The headings of the page, each with its level, in order."""
    return _heard(page).headings


def regions(page: str) -> list[str]:
    """The names of the sections that are landmarks; the id of one without a name."""
    return _heard(page).regions


def controls(page: str) -> list[Control]:
    """The links and buttons of the page, in order, without those in menus, which are closed at first."""
    return _heard(page).controls


def ambiguous(page: str) -> dict[str, set[str]]:
    """Names that several links or buttons share, and where these lead."""
    places: dict[str, set[str]] = {}
    for name, where in _heard(page).controls:
        places.setdefault(name, set()).add(where)
    return {name: found for name, found in places.items() if len(found) > 1}


def _heard(page: str) -> _Listener:
    listener = _Listener()
    listener.feed(page)
    return listener
