"""Pages for machines: feeds, the sitemap, robots.txt and security.txt."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from forum.agendas.actions import AgendaText, write_agenda
from forum.dialogue.actions import hide_topic
from forum.feeds import ATOM, LANGUAGE
from forum.front.queries import sitemap
from forum.markup import write
from tests.front.conftest import Small, topic

NAMES = {"a": ATOM}


def test_feeds_are_public_whoever_asks(small: Small, client: Any, sign_in: Any) -> None:
    for browser in (client, sign_in(small.people.moderator)):
        answer = browser.get("/feeds/all.atom")
        assert answer.mimetype == "application/atom+xml"
        titles = [t.text for t in fromstring(answer.data).findall("a:entry/a:title", NAMES)]
        assert small.question.title in titles
        assert small.members_only.title not in titles
        assert browser.get(f"/topics/{small.members_only.id}/feed.atom").status_code == 404


def feed_of(browser: Any, address: str) -> tuple[list[str | None], str, list[str]]:
    """The titles in a feed, its own title, and the addresses of itself and of its page."""
    root = fromstring(browser.get(address).data)
    titles = [title.text for title in root.findall("a:entry/a:title", NAMES)]
    links = [link.get("href", "") for link in root.findall("a:link", NAMES)]
    return titles, root.findtext("a:title", namespaces=NAMES) or "", links


def test_a_feed_is_narrowed_as_its_list_is(small: Small, client: Any) -> None:
    ana, noise = small.people.ana, [small.themes[0].id]
    other = write_agenda(small.people.moderator, AgendaText("Other", write("Of others.")))
    for agenda, title, more in (
        (small.agenda, "Bells at night", {"themes": noise}),
        (small.agenda, "Who hears the bells?", {"themes": noise, "kind": "question"}),
        (other, "Cloches", {"themes": noise}),
        (small.agenda, "Whispers", {"themes": noise, "audience": "members"}),
    ):
        topic(ana, agenda, title, **more)
    titles, title, links = feed_of(client, "/feeds/all.atom?theme=noise")
    assert titles == ["Cloches", "Who hears the bells?", "Bells at night"]
    assert title == "Noise – Quiet cities"
    assert links[0] == "http://localhost/feeds/all.atom?theme=noise"
    assert links[1] == "http://localhost/topics?theme=noise"
    path = "/agendas/quieter/feed.atom"
    titles, title, links = feed_of(client, f"{path}?theme=noise&kind=question&language=en")
    assert titles == ["Who hears the bells?"]
    assert title.startswith("Questions – Noise – English – ")
    assert "/agendas/quieter/topics?kind=question&theme=noise" in links[1]
    assert feed_of(client, f"{path}?theme=trams")[0] == []
    for unknown in ("theme=none", "kind=opera", "language=xx"):
        assert client.get(f"{path}?{unknown}").status_code == 404, unknown


def test_a_list_leads_to_the_feed_of_what_it_shows(small: Small, client: Any) -> None:
    topic(small.people.ana, small.agenda, "Bells", themes=[small.themes[0].id])
    for path, feed in (
        ("/topics", "/feeds/all.atom"),
        ("/agendas/quieter/topics", "/agendas/quieter/feed.atom"),
    ):
        assert f'href="{feed}">' in client.get(path).text.partition("<main")[2]
        narrowed = client.get(f"{path}?theme=noise&kind=experience").text
        address = f'href="{feed}?kind=experience&amp;theme=noise"'
        assert narrowed.count(address) == 2, path
        assert client.get(f"{feed}?kind=experience&theme=noise").status_code == 200
        assert f'href="{feed}">' in client.get(f"{path}?theme=none").text.partition("<main")[2]


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
