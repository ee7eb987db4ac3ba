"""For browsers and phones: the icon, the web app manifest, and the search from the address bar."""

from __future__ import annotations

import json

from flask import Response, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import feeds, locales, web
from forum.assets import asset
from forum.front.views._shared import bp
from forum.members.views import federation

# Pixels: the sizes that Android needs for its home screen and for the splash screen of an app
ICON_SIZES = (192, 512)
MIN_ICON = 144  # of a square: Chromium offers to install no site without an icon of that size
ICON_AGE = 24 * 60 * 60  # seconds for which a browser caches the redirect to the icon


@bp.get("/favicon.ico")
def favicon() -> AnyResponse:
    """The address at which feed readers and old browsers look for the icon."""
    if federation().mark:
        answer = redirect(federation().mark_address)
        answer.headers["Cache-Control"] = "no-cache"  # that of before is not found any more
        return answer
    answer = redirect(asset("favicon.ico"))
    answer.headers["Cache-Control"] = f"public, max-age={ICON_AGE}"
    return answer


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """How the forum is shown on a home screen (W3C Web Application Manifest).

    `minimal-ui` has a back button; systems that do not know it, such as an iPhone, use `standalone`.
    """
    locale = web.locale()
    places = (
        (_("Dialogue"), url_for("dialogue.index")),
        (_("Search"), url_for("front.search")),
        (_("Notices"), url_for("front.inbox")),
    )
    said = {
        "id": "/",
        "name": federation().name,
        "description": federation().tagline_in(locale)[0],
        "lang": locales.tag(locale),
        "dir": "rtl" if locales.is_leftward(locale) else "ltr",
        "start_url": url_for("front.home"),
        "scope": "/",
        "display": "standalone",
        "display_override": ["minimal-ui"],
        "background_color": web.THEME_COLORS["light"],
        "theme_color": web.THEME_COLORS["light"],
        "icons": [*_own_icon(), *_usual_icons()],
        "shortcuts": [{"name": name, "url": address} for name, address in places],
    }
    return Response(json.dumps(said, ensure_ascii=False), mimetype="application/manifest+json")


def _usual_icons() -> list[dict[str, str]]:
    """The usual mark in each size, unless the forum's own is one that browsers put on a home screen."""
    width, height = federation().mark_size if federation().mark else (0, 0)
    if width == height >= MIN_ICON:
        return []
    # One picture serves both purposes: the mark lies within the circle that no mask cuts off
    return [
        _icon(asset(f"icon-{size}.png"), (size, size), "png", purpose)
        for size in ICON_SIZES
        for purpose in ("any", "maskable")
    ]


def _own_icon() -> list[dict[str, str]]:
    """The forum's own mark, if it has one; its edges may be anywhere, so no mask is laid over it."""
    known = federation()
    return [_icon(known.mark_address, known.mark_size, "webp", "any")] if known.mark else []


def _icon(address: str, size: tuple[int, int], kind: str, purpose: str) -> dict[str, str]:
    width, height = size
    return {
        "src": address,
        "sizes": f"{width}x{height}",
        "type": f"image/{kind}",
        "purpose": purpose,
    }


@bp.get("/opensearch.xml")
def search_description() -> Response:
    """The forum as a search engine of the browser."""
    document = feeds.search_description(
        federation().name,
        federation().tagline_in(web.locale())[0],
        web.absolute(url_for("front.favicon")),
        web.absolute(url_for("front.search")) + "?q={searchTerms}",
    )
    return Response(document, mimetype="application/opensearchdescription+xml")
