"""Pages for machines: feeds, the sitemap, robots.txt and security.txt."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from forum.dialogue.actions import hide_topic
from forum.feeds import ATOM, LANGUAGE
from forum.front.queries import sitemap
from tests.front.conftest import Small

NAMES = {"a": ATOM}


def test_feeds_are_public_whoever_asks(small: Small, client: Any, sign_in: Any) -> None:
    for browser in (client, sign_in(small.people.moderator)):
        answer = browser.get("/feeds/all.atom")
        assert answer.mimetype == "application/atom+xml"
        titles = [t.text for t in fromstring(answer.data).findall("a:entry/a:title", NAMES)]
        assert small.question.title in titles
        assert small.members_only.title not in titles
        assert browser.get(f"/topics/{small.members_only.id}/feed.atom").status_code == 404


def test_a_topics_feed_has_its_posts_with_stable_ids(small: Small, client: Any) -> None:
    root = fromstring(client.get(f"/topics/{small.question.id}/feed.atom").data)
    ids = [i.text for i in root.findall("a:entry/a:id", NAMES)]
    assert ids == [
        f"http://localhost/posts/{small.answer.id}",
        f"http://localhost/topics/{small.question.id}",
    ]
    reply_entry = root.findall("a:entry", NAMES)[0]
    assert reply_entry.get(LANGUAGE) == "en"
    assert reply_entry.findtext("a:author/a:name", namespaces=NAMES) == "Ben Okoth"
    content = reply_entry.findtext("a:content", namespaces=NAMES) or ""
    assert "<em>one</em> meter &amp; a &lt;notebook&gt;" in content
    for address in ids:
        assert client.get(str(address).removeprefix("http://localhost")).status_code in (
            301,
            302,
            308,
        )


def test_what_is_hidden_leaves_the_feeds(small: Small, client: Any, sign_in: Any) -> None:
    hide_topic(small.people.moderator, small.question.id)
    for browser in (client, sign_in(small.people.moderator)):
        assert small.question.title not in browser.get("/feeds/all.atom").text
        assert small.question.title not in browser.get("/agendas/quieter/feed.atom").text
        assert browser.get(f"/topics/{small.question.id}/feed.atom").status_code == 404


def test_a_long_sitemap_becomes_an_index(
    small: Small, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "<urlset" in client.get("/sitemap.xml").text
    monkeypatch.setattr(sitemap, "IDS_PER_SITEMAP_FILE", 2)
    assert "http://localhost/sitemap-2.xml" in client.get("/sitemap.xml").text
    assert client.get("/sitemap-2.xml").status_code == 200
    assert client.get("/sitemap-99999.xml").status_code == 404


def test_every_address_of_the_sitemap_answers(small: Small, client: Any) -> None:
    root = fromstring(client.get("/sitemap.xml").data)
    found = root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    paths = [str(element.text).removeprefix("http://localhost") for element in found]
    assert small.question.address in paths
    for path in paths:
        assert client.get(path).status_code == 200, path


def test_machines_are_told_what_they_ask(small: Small, client: Any) -> None:
    assert "Sitemap: http://localhost/sitemap.xml" in client.get("/robots.txt").text
    security = client.get("/.well-known/security.txt").text
    assert "Contact: mailto:desk@quiet.example" in security
    assert re.search(r"Expires: \d{4}-\d\d-01T00:00:00Z", security)
