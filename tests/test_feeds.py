"""Feeds and sitemaps are well formed, whatever people wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from xml.etree.ElementTree import fromstring

from forum.feeds import ATOM, LANGUAGE, SITEMAP, Entry, atom, sitemap, sitemap_index

NAMES = {"a": ATOM, "s": SITEMAP}
DAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


def entry(**changes: object) -> Entry:
    fields = {
        "address": "https://f.example/topics/1",
        "title": "T",
        "html": "<p>H</p>",
        "author": "A",
        "author_address": "https://f.example/members/a",
        "published_at": DAY,
        "updated_at": DAY,
    }
    return Entry(**{**fields, **changes})  # type: ignore[arg-type]


def feed(*entries: Entry) -> bytes:
    return atom(
        "F", "https://f.example/f.atom", "https://f.example/", "https://f.example/", entries
    )


def test_an_entry_says_all_that_a_reader_needs() -> None:
    later = DAY + timedelta(days=1)
    root = fromstring(feed(entry(language="ar", kind="question", updated_at=later), entry()))
    first = root.find("a:entry", NAMES)
    assert first is not None
    assert first.get(LANGUAGE) == "ar"
    assert first.findtext("a:id", namespaces=NAMES) == "https://f.example/topics/1"
    assert first.findtext("a:author/a:name", namespaces=NAMES) == "A"
    assert first.findtext("a:content", namespaces=NAMES) == "<p>H</p>"
    assert first.findtext("a:published", namespaces=NAMES) == "2026-05-01T12:00:00Z"
    assert root.findtext("a:updated", namespaces=NAMES) == "2026-05-02T12:00:00Z"


def test_what_xml_cannot_hold_does_not_break_it() -> None:
    odd = "a\x00b\x01c\x0bd\ufffee]]>&<script>\ud800"
    root = fromstring(feed(entry(title=odd, html=odd, author=odd)))
    assert "]]>&<script>" in (root.findtext("a:entry/a:title", namespaces=NAMES) or "")


def test_times_are_in_utc_and_an_empty_feed_has_one() -> None:
    east = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert b"2026-05-01T10:00:00Z" in feed(entry(updated_at=east, published_at=east))
    assert b"<updated>2000-01-01T00:00:00Z</updated>" in feed()


def test_sitemaps_list_addresses() -> None:
    urls = fromstring(sitemap([("https://f.example/?a&b", DAY), ("https://f.example/x", None)]))
    assert [url.text for url in urls.findall("s:url/s:loc", NAMES)] == [
        "https://f.example/?a&b",
        "https://f.example/x",
    ]
    assert len(urls.findall("s:url/s:lastmod", NAMES)) == 1
    index = fromstring(sitemap_index(["https://f.example/sitemap-1.xml"]))
    assert index.findtext("s:sitemap/s:loc", namespaces=NAMES) == "https://f.example/sitemap-1.xml"
