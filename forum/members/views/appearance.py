"""The looks and the language of pages."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from forum import locales, web
from forum.configuring import csrf
from forum.members import queries
from forum.members.views._shared import bp

COOKIE_SECONDS = 365 * 24 * 3600  # a year


@bp.post("/appearance")
def appearance() -> AnyResponse:
    """Choose the looks and the language of pages, or switch single-key shortcuts (`keys`).

    `theme` is *light*, *dark*, or empty for that of the device; `locale` is a language of the interface.
    """
    answer = web.see_other(web.safe_next())
    if keys := request.form.get("keys", ""):
        return _set_keys_cookie(answer, keys, web.settings().is_https)
    if "theme" in request.form:
        theme = request.form["theme"]
        _set_cookie(answer, "theme", theme if theme in ("light", "dark") else "")
    locale = request.form.get("locale", "")
    if locale in web.settings().locales and locale != web.locale():
        _set_cookie(answer, locales.COOKIE, locale)
    return answer


# Pages of visitors hold no token; a forged request can only make pages dark
csrf.exempt(appearance)


def _set_cookie(answer: AnyResponse, name: str, value: str) -> None:
    """Keep a choice in the browser for a year; an empty one is taken back."""
    how: dict[str, Any] = {
        "samesite": "Lax",
        "httponly": True,
        "secure": web.settings().is_https,
    }
    if value:
        answer.set_cookie(web.cookie_name(name), value, max_age=COOKIE_SECONDS, **how)
    else:
        answer.delete_cookie(web.cookie_name(name), **how)


def _set_keys_cookie(answer: AnyResponse, keys: str, secure: bool) -> AnyResponse:
    """A script reads the cookie, so that pages are the same for everybody (WCAG 2.1.4)."""
    name = web.cookie_name("keys")
    if keys == "off":
        answer.set_cookie(name, "off", max_age=COOKIE_SECONDS, samesite="Lax", secure=secure)
    else:
        answer.delete_cookie(name, samesite="Lax", secure=secure)
    return answer


@bp.app_template_global()
def interface_languages() -> tuple[tuple[str, str], ...]:
    """The languages in which readers can have the pages, with their own names."""
    return queries.locale_names(web.settings().locales)
