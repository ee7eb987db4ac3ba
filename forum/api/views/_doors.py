"""How a door of the JSON is declared: one list, from which come the addresses, their description and the page about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from flask_babel import gettext
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.api.models import Problem
from forum.api.queries import MAX_ITEMS
from forum.errorpages import answer_otherwise
from forum.errors import Invalid
from forum.openapi import PROBLEM, Operation, Parameter, to_json
from forum.plaintext import tidy
from forum.webforms import lazy_text as _

bp = Blueprint("api", __name__)
PREFIX = "/api/v1"
MAX_VALUES = 20  # of one parameter
MAX_VALUE_LENGTH = 300  # characters
MAX_DIGITS = 10
# Any page of any site may read what every visitor may; no cookie is sent along, and none is looked at.
OPEN_TO_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Robots-Tag": "noindex",
}

LIMIT = Parameter("limit", _("How many at most."), most=MAX_ITEMS, default="50")
PAGE = Parameter("page", _("Which page of the list."), most=100_000, default="1")


@dataclass(frozen=True)
class Listing:
    """The answer of a list: its items, and what of the query changes for the next part (None: this is the last)."""

    items: Sequence[Any]
    next: dict[str, int] | None = None


OPERATIONS: list[Operation] = []
View = Callable[..., Any]


def door(
    path: str, meaning: str, answer: type, *parameters: Parameter, is_list: bool = False
) -> Callable[[View], View]:
    """Declare the address `path` (below `PREFIX`, as Flask writes it) that answers in JSON with an `answer`, or a `Listing` of them.

    The view gets what stands in the path, and returns that; the values of the other parameters come from `value`.
    """

    def declare(view: View) -> View:
        plain = path.replace("<int:", "<").replace("<", "{").replace(">", "}")
        operation = Operation(view.__name__, plain, meaning, answer, parameters, is_list)
        OPERATIONS.append(operation)

        @wraps(view)
        def answered(**in_path: Any) -> AnyResponse:
            answer = view(**in_path)
            return _open(answer if isinstance(answer, AnyResponse) else json_answer(_body(answer)))

        bp.get(PREFIX + path)(answered)
        return view

    return declare


def _body(answer: Any) -> Any:
    if not isinstance(answer, Listing):
        return to_json(answer)
    following = None
    if answer.next:
        asked = {**request.args.to_dict(flat=False), **answer.next}
        following = f"{web.canonical()}?{urlencode(asked, doseq=True)}"
    return {"items": to_json(answer.items), "next": following}


def json_answer(body: Any, status: int = 200, mimetype: str = "application/json") -> Response:
    """An answer in JSON."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    # What browsers cannot send back: lone surrogates, which no column holds, would not be UTF-8
    return Response(text.encode("utf-8", "replace"), status, mimetype=mimetype)


def _open(answer: AnyResponse) -> AnyResponse:
    answer.headers.update(OPEN_TO_ALL)
    return answer


def problem(status: int, detail: str = "") -> Response:
    """The answer that says why there is none."""
    title = HTTP_STATUS_CODES.get(status, "")
    answer = json_answer(to_json(Problem(title, status, detail)), status, PROBLEM)
    answer.headers.update(OPEN_TO_ALL)
    return answer


@bp.record
def _answer_errors(state: BlueprintSetupState) -> None:
    answer_otherwise(cast(Flask, state.app), f"{PREFIX}/", problem)


def values(parameter: Parameter) -> tuple[str, ...]:
    """The values of a parameter in the query, tidied. Raises `Invalid` for one that is none of its choices."""
    typed = request.args.getlist(parameter.name)[:MAX_VALUES]
    found = [tidy(one).strip()[:MAX_VALUE_LENGTH].strip() for one in typed]
    given = tuple(one for one in found if one)
    if parameter.choices and not set(given) <= set(parameter.choices):
        choices = ", ".join(parameter.choices)
        sentence = gettext(
            "“%(name)s” is one of: %(choices)s.", name=parameter.name, choices=choices
        )
        raise Invalid(sentence, parameter.name)
    return given


def value(parameter: Parameter) -> str:
    """The first of these values, or the default."""
    return next(iter(values(parameter)), parameter.default)


def number(parameter: Parameter) -> int:
    """The number that a parameter has in the query, or the default (0 without one). Raises `Invalid` for anything else."""
    typed = value(parameter)
    found = web.whole_number(typed, MAX_DIGITS) if typed else 0
    if typed and not (found and found <= parameter.most):
        sentence = gettext(
            "“%(name)s” is a whole number from 1 to %(most)s.",
            name=parameter.name,
            most=parameter.most,
        )
        raise Invalid(sentence, parameter.name)
    return found or 0
