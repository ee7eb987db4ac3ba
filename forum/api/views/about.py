"""The description of the API: for programs (OpenAPI), and for the people who write them."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.api.models import Problem
from forum.api.views._routes import OPERATIONS, PREFIX, bp, json_answer
from forum.members.views import federation
from forum.openapi import describe
from forum.terms.queries import has_terms


@bp.get("/api")
def about() -> ResponseReturnValue:
    """What programs can read, and how."""
    web.depends_on()
    context = {"operations": OPERATIONS, "prefix": PREFIX, "has_terms": has_terms()}
    return render_template("api/about.html", **context)


@bp.get(f"{PREFIX}/openapi.json")
def description() -> AnyResponse:
    """The description of all endpoints (OpenAPI 3.1)."""
    web.depends_on()
    name = federation().name
    info = {
        "title": name,
        "version": "1",
        "description": _("What visitors may read at %(forum)s, for programs.", forum=name),
    }
    if has_terms():
        info["termsOfService"] = web.absolute(url_for("terms.index"))
    return json_answer(describe(info, web.absolute(PREFIX), OPERATIONS, Problem))
