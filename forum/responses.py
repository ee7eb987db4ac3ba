"""Headers of every response: security headers, and who may cache it; and responses in Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, flash, g, request, session
from werkzeug.wrappers import Response as AnyResponse

from forum.assets import is_current
from forum.plaintext import on_one_line
from forum.web import SEE_OTHER, is_cross_site, me, settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}
SECURITY_HEADERS_OF_HTTPS = {
    **SECURITY_HEADERS,
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",  # two years
}
# If a browser opens a picture as a page, it can do nothing (ASVS 5.0, 3.2.1)
PICTURE_POLICY = "default-src 'none'; sandbox"
IMMUTABLE = "public, max-age=31536000, immutable"  # one year
# Likewise, for what nobody but a browser may keep, because it may have to go
KEPT_BY_BROWSERS = "private, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Add headers to every response of an application."""
    app.after_request(_finish)


def _finish(response: Response) -> Any:
    _add_security_headers(response)
    if request.endpoint == "static" and response.status_code < 400:
        return _cache_file(response)
    if response.headers.get("Cache-Control") == IMMUTABLE:
        return response  # for everybody, whoever asks
    response.vary.update(
        ("Cookie",) if len(settings().locales) == 1 else ("Cookie", "Accept-Language")
    )
    if request.method == "POST" and is_cross_site():
        session.modified = False  # no cookie is sent
    _note_published(response)
    return _cacheable(response) if _is_for_everybody(response) else _private(response)


def security_headers(is_https: bool) -> dict[str, str]:
    """The headers of every response, of a forum with or without HTTPS."""
    return SECURITY_HEADERS_OF_HTTPS if is_https else SECURITY_HEADERS


def _add_security_headers(response: Response) -> None:
    """Add the headers that the view has not set itself."""
    present = {name.lower() for name, _value in response.headers}
    for name, value in security_headers(settings().is_https).items():
        if name.lower() not in present:
            response.headers.add(name, value)


def _cache_file(response: Response) -> Response:
    """Let a static file be cached for ever if the version in its address is that of its present content.

    While a new release is rolled out to several servers, one with the old release may be asked for a file of the new
    one: its response must not be cached under that address.
    """
    name = (request.view_args or {}).get("filename", "")
    is_immutable = is_current(name, request.args.get("v", ""))
    response.headers["Cache-Control"] = IMMUTABLE if is_immutable else "public, no-cache"
    return response


def _note_published(response: Response) -> None:
    """Tell the next page that a text was saved or discarded, so that its script deletes the draft in the browser.

    A form without a submission key is identified by its path, if the browser says (`drafted`) that it keeps a draft.
    """
    if request.method != "POST" or response.status_code != SEE_OTHER:
        return
    key = request.form.get("submission_key") or ("drafted" in request.form and quote(request.path))
    if key and me().is_member:
        flash(key[:100], "published")


def _is_for_everybody(response: Response) -> bool:
    """Whether the response is the same for all visitors: a page without a form token, not requested by a member.

    The member is looked up last: while the database does not answer this fails, and the error page must still be
    sent.
    """
    is_page = request.method in ("GET", "HEAD") and response.status_code == 200
    if not is_page or response.is_streamed or g.get("csrf_token"):
        return False
    return not me().is_member


def _cacheable(response: Response) -> AnyResponse:
    response.headers.setdefault("Cache-Control", "no-cache")
    response.add_etag()
    return response.make_conditional(request)


def _private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def changes_by_itself(response: AnyResponse) -> AnyResponse:
    """Keep a response out of the page cache: on some day it says something else, without a write."""
    response.headers["Cache-Control"] = "no-cache, max-age=0"
    return response


def markdown(facts: Mapping[str, Any], text: str) -> AnyResponse:
    """A text in Markdown for people and programs, below facts about it (YAML, of which JSON's values are a part)."""
    written = (
        f"{name}: {json.dumps(_plain(value), ensure_ascii=False)}" for name, value in facts.items()
    )
    page = "\n".join(("---", *written, "---", "", text.strip(), ""))
    return changes_by_itself(Response(page, content_type="text/markdown; charset=utf-8"))


def _plain(value: Any) -> Any:
    """As JSON and YAML have it; YAML allows no control characters within quotation marks, and JSON some."""
    if isinstance(value, str):
        return on_one_line(value)
    return value.isoformat() if isinstance(value, datetime) else value
