"""The looks and the language of pages."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response as AnyResponse

from forum import locales, web
from forum.configuring import csrf
from forum.members import queries
from forum.members.views._shared import bp

COOKIE_SECONDS = 365 * 24 * 3600  # a year


@bp.get("/appearance")
def form_of_appearance() -> AnyResponse:
    """Lead to the form, which stands at the foot of every page."""
    return web.see_other(url_for("front.home", _anchor="appearance"))


@bp.post("/appearance")
def appearance() -> AnyResponse:
    """Choose the theme and the language of pages, or switch single-key shortcuts (`keys`).

    `theme` is *light*, *dark*, or empty for that of the device; `locale` is a language of the interface.
    """
    answer = web.see_other(web.safe_next())
    if keys := request.form.get("keys", ""):
        # Read by a script, so that pages are the same for everybody (WCAG 2.1.4)
        _set_cookie(answer, "keys", keys if keys == "off" else "", is_for_script=True)
        return answer
    if "theme" in request.form:
        theme = request.form["theme"]
        _set_cookie(answer, "theme", theme if theme in ("light", "dark") else "")
    locale = request.form.get("locale", "")
    if locale in web.settings().locales and locale != web.locale():
        _set_cookie(answer, locales.COOKIE, locale)
    return answer


# Pages of visitors contain no token; a forged request could only make pages dark
csrf.exempt(appearance)


def _set_cookie(answer: AnyResponse, name: str, value: str, *, is_for_script: bool = False) -> None:
    """Store a choice in the browser for a year; an empty one is deleted."""
    how: dict[str, Any] = {
        "samesite": "Lax",
        "httponly": not is_for_script,
        "secure": web.settings().is_https,
    }
    if value:
        answer.set_cookie(web.cookie_name(name), value, max_age=COOKIE_SECONDS, **how)
    else:
        answer.delete_cookie(web.cookie_name(name), **how)


@bp.app_template_global()
def interface_languages() -> tuple[tuple[str, str], ...]:
    """The languages in which readers can have the pages, with their own names."""
    return queries.locale_names(web.settings().locales)
