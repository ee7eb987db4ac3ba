"""Atom feeds (RFC 4287), sitemaps and OpenSearch descriptions, in XML that is well-formed whatever people wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from forum.plaintext import excerpt

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
MAX_SHORT_NAME, MAX_DESCRIPTION = 16, 1024  # characters, by OpenSearch 1.1
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
BASE = "{http://www.w3.org/XML/1998/namespace}base"
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # the date of a feed that is still empty


@dataclass(frozen=True)
class Entry:
    """An entry of a feed. `address` is also its id, so it must never change; `html` is sanitised already."""

    address: str
    title: str
    html: str
    author: str
    author_address: str
    published_at: datetime
    updated_at: datetime
    language: str = "en"
    kind: str = ""


def atom(title: str, address: str, page: str, base: str, entries: Iterable[Entry]) -> bytes:
    """An Atom feed. `address` is its own address and id, `page` the page it belongs to, `base` that of relative links."""
    entries = list(entries)
    feed = Element("feed", {"xmlns": ATOM, BASE: base})
    _add(feed, "id", address)
    _add(feed, "title", title)
    _add(feed, "updated", _time(max((entry.updated_at for entry in entries), default=BEGINNING)))
    SubElement(feed, "link", rel="self", type="application/atom+xml", href=address)
    SubElement(feed, "link", rel="alternate", type="text/html", href=page)
    for entry in entries:
        _add_entry(feed, entry)
    return _document(feed)


def sitemap(places: Iterable[tuple[str, datetime | None]]) -> bytes:
    """One file of a sitemap: addresses, and when each last changed, if that is known."""
    urls = Element("urlset", xmlns=SITEMAP)
    for address, changed_at in places:
        url = SubElement(urls, "url")
        _add(url, "loc", address)
        if changed_at:
            _add(url, "lastmod", _time(changed_at))
    return _document(urls)


def sitemap_index(addresses: Iterable[str]) -> bytes:
    """The index of a sitemap in several files."""
    index = Element("sitemapindex", xmlns=SITEMAP)
    for address in addresses:
        _add(SubElement(index, "sitemap"), "loc", address)
    return _document(index)


def search_description(name: str, description: str, icon: str, template: str) -> bytes:
    """What browsers need to search from their address bar (OpenSearch 1.1, draft 6).

    `icon` is the address of a picture of 32 pixels; `template` that of the results, with `{searchTerms}` for the words.
    """
    root = Element("OpenSearchDescription", xmlns=OPENSEARCH)
    _add(root, "ShortName", excerpt(name, MAX_SHORT_NAME))
    _add(root, "Description", excerpt(description, MAX_DESCRIPTION))
    _add(root, "InputEncoding", "UTF-8")
    picture = _add(root, "Image", icon)
    picture.attrib.update(width="32", height="32", type="image/x-icon")
    SubElement(root, "Url", type="text/html", template=template)
    return _document(root)


def _add_entry(feed: Element, entry: Entry) -> None:
    element = SubElement(feed, "entry", {LANGUAGE: entry.language})
    _add(element, "id", entry.address)
    _add(element, "title", entry.title)
    _add(element, "published", _time(entry.published_at))
    _add(element, "updated", _time(entry.updated_at))
    SubElement(element, "link", rel="alternate", type="text/html", href=entry.address)
    author = SubElement(element, "author")
    _add(author, "name", entry.author)
    if entry.author_address:
        _add(author, "uri", entry.author_address)
    if entry.kind:
        SubElement(element, "category", term=entry.kind)
    _add(element, "content", entry.html).set("type", "html")


def _add(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = NOT_XML.sub("\ufffd", text)
    return element


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(root: Element) -> bytes:
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
