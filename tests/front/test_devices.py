"""The icon, the web app manifest, and search from the address bar."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from flask import Flask
from PIL import Image

from forum import web
from forum.feeds import OPENSEARCH, search_description
from forum.front.views.devices import ICON_SIZES
from tests.front.conftest import Small

DESCRIBED = {"s": OPENSEARCH}


def test_a_page_leads_to_what_devices_ask_for(small: Small, client: Any) -> None:
    page = client.get("/").text
    head = page.partition("</head>")[0]
    for pattern in (
        r'<link rel="manifest" href="(/manifest\.webmanifest)">',
        r'<link rel="search" href="(/opensearch\.xml)" type="application/opensearchdescription\+xml"',
        r'<link rel="apple-touch-icon" href="(/static/icon-180\.png\?v=[0-9a-f]+)">',
        r'<meta property="og:image" content="http://localhost(/static/icon-512\.png\?v=[0-9a-f]+)">',
    ):
        found = re.search(pattern, head)
        assert found, pattern
        assert client.get(found[1]).status_code == 200


def test_the_bars_of_a_browser_take_on_the_paper(small: Small, client: Any) -> None:
    style = Path("static/style.css").read_text()
    light, dark = web.THEME_COLORS.values()
    assert f"--paper: light-dark({light}, {dark});" in style

    def bars() -> list[str]:
        return re.findall(r'<meta name="theme-color" content="(\S+)" media=', client.get("/").text)

    assert bars() == [light, dark]
    client.post("/appearance", data={"theme": "dark"})
    assert bars() == [dark, dark]


def test_the_manifest_says_how_the_forum_stands_on_a_home_screen(
    small: Small, client: Any, queries: Any
) -> None:
    with queries() as made:
        answer = client.get("/manifest.webmanifest")
    assert made.count <= 1
    assert answer.mimetype == "application/manifest+json"
    assert answer.headers["Cache-Control"] == "no-cache"
    said = json.loads(answer.text)
    assert said["name"] == "Quiet cities" and said["lang"] == "en" and said["dir"] == "ltr"
    assert said["start_url"] == said["scope"] == said["id"] == "/"
    assert {(icon["sizes"], icon["purpose"]) for icon in said["icons"]} == {
        (f"{size}x{size}", purpose) for size in ICON_SIZES for purpose in ("any", "maskable")
    }
    for icon in said["icons"]:
        with Image.open(BytesIO(client.get(icon["src"]).data)) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
    for shortcut in said["shortcuts"]:
        assert client.get(shortcut["url"]).status_code in (200, 303)


def test_the_manifest_speaks_the_language_that_a_browser_asks_for(
    small: Small, several: Flask
) -> None:
    reader = several.test_client()
    said = reader.get("/manifest.webmanifest", headers={"Accept-Language": "fr"}).json
    assert said["lang"] == "fr"
    assert [place["name"] for place in said["shortcuts"]] == [
        "Dialogue",
        "Rechercher",
        "Notifications",
    ]


def test_the_mark_of_a_masked_icon_is_whole() -> None:
    """It is within the circle (radius 40 % of the width) that no mask cuts (W3C, maskable icons)."""
    for size in ICON_SIZES:
        with Image.open(f"static/icon-{size}.png") as picture:
            pixels = picture.convert("RGB")
        paper = pixels.getpixel((0, 0))
        assert "#{:02x}{:02x}{:02x}".format(*paper) == web.THEME_COLORS["light"]  # type: ignore[misc]  # three numbers
        for x in range(0, size, 4):
            for y in range(0, size, 4):
                if (x - size / 2) ** 2 + (y - size / 2) ** 2 > (0.4 * size) ** 2:
                    assert pixels.getpixel((x, y)) == paper, (size, x, y)


def test_browsers_search_from_their_address_bar(small: Small, client: Any) -> None:
    answer = client.get("/opensearch.xml")
    assert answer.mimetype == "application/opensearchdescription+xml"
    root = fromstring(answer.data)
    assert root.findtext("s:ShortName", None, DESCRIBED) == "Quiet cities"
    url = root.find("s:Url", DESCRIBED)
    assert url is not None
    assert url.get("template") == "http://localhost/search?q={searchTerms}"
    assert root.findtext("s:Image", None, DESCRIBED) == "http://localhost/favicon.ico"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Quiet Cities", "Quiet Cities"),
        ("The Federation of Cities", "The Federation…"),
        ("Bürgermeisterinnenkonferenz", "Bürgermeisterin…"),
        ("A & <b> \x00", "A & <b> �"),
    ],
)
def test_a_search_engine_has_a_short_name(name: str, short: str) -> None:
    root = fromstring(
        search_description(name, "x" * 2000, "https://f/i", "https://f/{searchTerms}")
    )
    assert (root.findtext("s:ShortName", None, DESCRIBED) or "").strip() == short
    assert len(root.findtext("s:Description", "", DESCRIBED)) <= 1024


def test_the_icon_is_at_its_old_address(small: Small, client: Any) -> None:
    answer = client.get("/favicon.ico")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    with Image.open(BytesIO(client.get(answer.location).data)) as icon:
        assert icon.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
