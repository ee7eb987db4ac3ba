"""For crawlers: the sitemap, and robots.txt."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, url_for

from forum import feeds, web
from forum.errors import NotFound
from forum.front import queries
from forum.front.views._shared import bp

DISALLOWED_PATHS = (
    "/search",
    "/api/v1/",
    "/join",
    "/sign-in",
    "/sign-out",
    "/settings",
    "/notices",
    "/moderation",
    "/administration",
    "/*/report",
    "/*/compare",
    "/reports",
    "/*?quote=",
)


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """All public addresses, or an index of the files that list them."""
    pages = queries.sitemap_pages()
    if pages == 1:
        return _sitemap(1)
    addresses = (
        web.absolute(url_for("front.sitemap_page", number=page)) for page in range(1, pages + 1)
    )
    return Response(feeds.sitemap_index(addresses), mimetype="application/xml")


@bp.get("/sitemap-<int:number>.xml")
def sitemap_page(number: int) -> Response:
    """One file of the sitemap."""
    if not 1 <= number <= queries.sitemap_pages():
        raise NotFound()
    return _sitemap(number)


def _sitemap(number: int) -> Response:
    places = queries.sitemap_page(number)
    absolute = ((web.absolute(quote(place.path)), place.changed_at) for place in places)
    return Response(feeds.sitemap(absolute), mimetype="application/xml")


@bp.get("/robots.txt")
def robots() -> Response:
    """What crawlers should not fetch, and where the sitemap is."""
    lines = ["User-agent: *"]
    lines += [f"Disallow: {path}" for path in DISALLOWED_PATHS]
    lines += ["", f"Sitemap: {web.absolute('/sitemap.xml')}", ""]
    return Response("\n".join(lines), mimetype="text/plain")
