"""Declaring endpoints of the API in one list, from which addresses, the description and the page about them are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from forum.errorpages import answer_otherwise
from forum.errors import Invalid
from forum.openapi import PROBLEM, Operation, Parameter, to_json
from forum.pages import MAX_PAGE
from forum.pictures.views import with_removals
from forum.plaintext import tidy
from forum.webforms import lazy_text as _

bp = Blueprint("api", __name__)
PREFIX = "/api/v1"
MAX_VALUES = 20  # of one parameter
MAX_VALUE_LENGTH = 300  # characters
MAX_DIGITS = 10
# Pages of any site may read what every visitor may. Browsers send no cookie with such requests, and no response
# depends on one.
OPEN_TO_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Robots-Tag": "noindex",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Accept-Language, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
DETAILS = {
    404: _("There is nothing here that visitors may read."),
    405: _("This can only be read, with GET."),
}

LIMIT = Parameter("limit", _("How many at most."), most=100, default="50")
PAGE = Parameter("page", _("Which page of the list."), most=MAX_PAGE, default="1")


@dataclass(frozen=True)
class Listing:
    """The response of a list: its items, and the parameter with its value for the next part (None: this is the last).

    `beside` is what the response says beside these, by name, as the route declares it.
    """

    items: Sequence[Any]
    next: tuple[Parameter, str | int] | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)


NOTHING: Mapping[str, Any] = {}
OPERATIONS: list[Operation] = []
View = Callable[..., Any]


def route(
    path: str,
    meaning: str,
    answer: type,
    *parameters: Parameter,
    is_list: bool = False,
    beside: Mapping[str, Any] = NOTHING,
) -> Callable[[View], View]:
    """Declare the address `path` (below `PREFIX`, in Flask's syntax) that responds with an `answer`, or a `Listing` of them.

    `beside` are the types of what a list says beside its items, by name.

    The view gets the values in the path, and returns that response; the values of other parameters are read by
    `value`, `values` and `number`. An undeclared parameter is refused, because a program that has misspelt one would
    trust the response.
    """

    def declare(view: View) -> View:
        plain = path.replace("<int:", "<").replace("<", "{").replace(">", "}")
        operation = Operation(view.__name__, plain, meaning, answer, parameters, is_list, beside)
        OPERATIONS.append(operation)

        @wraps(view)
        def answered(**in_path: Any) -> AnyResponse:
            _check(operation)
            found = view(**in_path)
            return found if isinstance(found, AnyResponse) else json_answer(_body(found, operation))

        bp.get(PREFIX + path, strict_slashes=False)(answered)
        return view

    return declare


def _asked(operation: Operation) -> dict[str, Parameter]:
    return {
        parameter.name: parameter for parameter in operation.parameters if not parameter.is_in_path
    }


def _check(operation: Operation) -> None:
    """Refuse undeclared parameters, and several values of a parameter that takes one."""
    known = _asked(operation)
    for name, given in request.args.lists():
        if name not in known:
            names = ", ".join(known) or "–"
            sentence = gettext(
                "There is no “%(name)s” here. There are: %(names)s.",
                name=tidy(name)[:40],
                names=names,
            )
            raise Invalid(sentence, name)
        if len(given) > (MAX_VALUES if known[name].several else 1):
            raise Invalid(gettext("“%(name)s” is given too often.", name=name), name)


def _body(answer: Any, operation: Operation) -> Any:
    if not isinstance(answer, Listing):
        return _with_removals(to_json(answer))
    following = None
    if answer.next:
        parameter, at = answer.next
        asked = {name: list(values(parameter)) for name, parameter in _asked(operation).items()}
        asked[parameter.name] = [str(at)]
        query = urlencode({name: given for name, given in asked.items() if given}, doseq=True)
        following = f"{web.canonical()}?{query}"
    items = _with_removals(to_json(answer.items))
    return {"items": items, "next": following, **to_json(answer.beside)}


def _with_removals(body: Any) -> Any:
    """A body whose HTML says which pictures and files are removed."""
    places = [*_html_in(body)]
    texts = with_removals([place[name] for place, name in places])
    for (place, name), text in zip(places, texts, strict=True):
        place[name] = text
    return body


def _html_in(body: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a body has HTML: the object, and the name in it."""
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, str) and name.endswith("html"):
                yield body, name
            yield from _html_in(value)
    elif isinstance(body, list):
        for item in body:
            yield from _html_in(item)


def json_answer(body: Any, status: int = 200, mimetype: str = "application/json") -> Response:
    """A response in JSON."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, mimetype=mimetype)


def problem(status: int, detail: str = "") -> Response:
    """The response that says what is wrong (RFC 9457)."""
    said = Problem(
        HTTP_STATUS_CODES.get(status, ""), status, str(detail or DETAILS.get(status, ""))
    )
    return _open(json_answer(to_json(said), status, PROBLEM))


@bp.record
def _answer_errors(state: BlueprintSetupState) -> None:
    answer_otherwise(cast(Flask, state.app), PREFIX, problem)


@bp.after_request
def _open(answer: Response) -> Response:
    """Let pages of other sites read a response, and answer their preflight requests (Fetch standard)."""
    if request.path.startswith(PREFIX):
        answer.headers.update(OPEN_TO_ALL)
        if request.method == "OPTIONS":
            answer.headers.update(PREFLIGHT)
    return answer


def values(parameter: Parameter) -> tuple[str, ...]:
    """The values of a parameter in the query, tidied. Raises `Invalid` for a value that is not among its choices."""
    typed = request.args.getlist(parameter.name)[:MAX_VALUES]
    found = [tidy(text).strip()[:MAX_VALUE_LENGTH].strip() for text in typed]
    given = tuple(text for text in found if text)
    if parameter.choices and not set(given) <= set(parameter.choices):
        choices = ", ".join(parameter.choices)
        sentence = gettext(
            "“%(name)s” is one of: %(choices)s.", name=parameter.name, choices=choices
        )
        raise Invalid(sentence, parameter.name)
    return given


def value(parameter: Parameter) -> str:
    """The value of a parameter in the query, or its default."""
    return next(iter(values(parameter)), parameter.default)


def number(parameter: Parameter) -> int:
    """The number in a parameter of the query, or the default (0 without one). Raises `Invalid` for anything else."""
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
