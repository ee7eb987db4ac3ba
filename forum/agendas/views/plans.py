"""The drawn plans of agendas, as pictures that browsers cache."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

from flask import Response, g, request, url_for
from werkzeug.local import LocalProxy

from forum.agendas import queries
from forum.agendas.views._shared import bp
from forum.drawings import PATTERNS, edition, plans
from forum.permissions import VISITOR
from forum.web import me

PATTERN_PLANS = tuple((pattern, pattern) for pattern in PATTERNS)


@bp.get("/agendas/plans.svg", endpoint="plans")
def plans_svg() -> Response:
    """The plans of all agendas in one picture, a symbol for each."""
    drawn = queries.agenda_patterns(me())
    is_for_all = drawn == queries.agenda_patterns(VISITOR)  # whether it has none in preparation
    return _svg(drawn, "public" if is_for_all else "private")


@bp.get("/agendas/patterns.svg")
def patterns() -> Response:
    """One plan in each pattern, to choose from."""
    return _svg(PATTERN_PLANS, "public")


def patterns_url() -> str:
    """The address of `patterns`, which changes with what is drawn."""
    return url_for("agendas.patterns", v=_version(PATTERN_PLANS))


def _svg(drawn: tuple[tuple[str, str], ...], whose: str) -> Response:
    response = Response(_drawing(drawn), mimetype="image/svg+xml")
    if request.args.get("v") == _version(drawn):
        response.headers["Cache-Control"] = f"{whose}, max-age=31536000, immutable"
    return response


@lru_cache(maxsize=4)
def _drawing(drawn: tuple[tuple[str, str], ...]) -> str:
    return plans(drawn)


@lru_cache(maxsize=4)
def _version(drawn: tuple[tuple[str, str], ...]) -> str:
    # A hash of what is drawn and how, not of the drawing itself, which takes half a second
    content = f"{edition()} {drawn!r}"
    return sha256(content.encode("utf-8", "replace")).hexdigest()[:10]


def _plans_url() -> str:
    """The address of the plans, which changes with them; computed once per request."""
    if "plans_url" not in g:
        g.plans_url = url_for("agendas.plans", v=_version(queries.agenda_patterns(me())))
    return str(g.plans_url)


@bp.app_context_processor
def _template_variables() -> dict[str, Any]:
    # The database is queried only by pages that show a plan
    return {"plans_url": LocalProxy(_plans_url)}
