"""In a long list, readers can go to any page by its number, without a script."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from forum import pages
from forum.dialogue.queries import listing, posts
from forum.search.queries import finding


class Forms(HTMLParser):
    """Which forms of a page have a field for a page number, inside or by its `form` attribute; fails for nested forms."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[dict[str, str | None]] = []
        self.known: dict[str | None, list[tuple[str | None, str | None]]] = {}
        self.fields: list[dict[str, str | None]] = []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "form":
            assert not self.open, "a form within a form"
            self.open.append(found)
        elif tag == "input" and found.get("name") == "page":
            self.fields.append(found | {"action": (self.open or [{}])[0].get("action")})
        elif tag == "input" and self.open:
            key = self.open[0].get("id")
            self.known.setdefault(key, []).append((found.get("name"), found.get("value")))

    def handle_endtag(self, tag):
        if tag == "form":
            self.open.pop()


def read(client, address: str) -> Forms:
    answer = client.get(address)
    assert answer.status_code == 200
    forms = Forms()
    forms.feed(answer.text)
    return forms


def with_pages(monkeypatch, number: int) -> None:
    """Let every list have this many pages."""
    for module in (pages, listing, posts, finding):
        monkeypatch.setattr(module, "pages_for", lambda total, size: number)


@pytest.mark.parametrize(
    "address", ["/practices?", "/cases?", "/readings?", "/search?q=noise&", "/topics?", "{topic}?"]
)
def test_a_long_list_leads_to_any_page(sign_in, small, monkeypatch, address):
    with_pages(monkeypatch, 12)
    browser = sign_in(small.people.ben)
    address = f"{address.format(topic=small.question.address)}order=newest"
    forms = read(browser, address)
    (field,) = forms.fields
    assert (field["inputmode"], "required" in field) == ("numeric", True)
    assert ("order", "newest") in forms.known[field.get("form")]
    for typed in ("0", "x", ""):
        assert browser.get(f"{address}&page={typed}").status_code == 200


def test_a_short_list_has_no_field_for_that(sign_in, small, monkeypatch):
    with_pages(monkeypatch, 10)
    for address in ("/practices", "/topics"):
        page = sign_in(small.people.ben).get(address).text
        assert "Page 1 of 10<" in page, address
        assert 'name="page"' not in page
