"""Describing JSON endpoints (OpenAPI 3.1) by the classes of their responses; and serialising these as JSON."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from inspect import getsource
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

VERSION = "3.1.0"
PROBLEM = "application/problem+json"  # the media type of RFC 9457
SCHEMAS = "#/components/schemas/"
SIMPLE: dict[Any, dict[str, str]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    type(None): {"type": "null"},
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an endpoint: in the query, or in its path (`is_in_path`).

    Its values are the `choices`, or numbers from 1 to `most`, or days, or any words. `several` values are repeated:
    `?kind=a&kind=b`.
    """

    name: str
    meaning: str
    choices: Sequence[str] = ()
    most: int = 0
    default: str = ""
    several: bool = False
    is_in_path: bool = False
    is_day: bool = False

    def schema(self) -> dict[str, Any]:
        """Its values, as JSON Schema."""
        schema: dict[str, Any] = {"type": "string"}
        if self.most:
            schema = {"type": "integer", "minimum": 1, "maximum": self.most}
        elif self.is_day:
            schema["format"] = "date"
        elif self.choices:
            schema["enum"] = list(self.choices)
        if self.default:
            schema["default"] = int(self.default) if self.most else self.default
        return {"type": "array", "items": schema} if self.several else schema

    def described(self) -> dict[str, Any]:
        """The parameter as OpenAPI has it."""
        return {
            "name": self.name,
            "in": "path" if self.is_in_path else "query",
            "required": self.is_in_path,
            "description": str(self.meaning),
            "schema": self.schema(),
        }


@dataclass(frozen=True)
class Operation:
    """An endpoint that can be read: its path with the names of parameters in braces, and the class of its response.

    The response of a list (`is_list`) contains items of that class, the address of its next part, and what is `beside`
    these: the type of each by its name.
    """

    name: str
    path: str
    meaning: str
    answer: type
    parameters: Sequence[Parameter] = ()
    is_list: bool = False
    beside: Mapping[str, Any] = field(default_factory=dict)


def describe(
    info: Mapping[str, Any], server: str, operations: Iterable[Operation], problem: type
) -> dict[str, Any]:
    """The description of all operations, with the schemas of what they answer. `problem` is the class of refusals."""
    known: dict[str, Any] = {}
    paths = {
        operation.path: {"get": _operation(operation, known, problem)} for operation in operations
    }
    return {
        "openapi": VERSION,
        "info": dict(info),
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": known},
    }


def _operation(operation: Operation, known: dict[str, Any], problem: type) -> dict[str, Any]:
    answer = schema_of(operation.answer, known)
    if operation.is_list:
        beside = {name: schema_of(kind, known) for name, kind in operation.beside.items()}
        answer = list_of(answer, beside)
    refusal = {PROBLEM: {"schema": schema_of(problem, known)}}
    return {
        "operationId": operation.name,
        "summary": str(operation.meaning),
        "parameters": [parameter.described() for parameter in operation.parameters],
        "responses": {
            "200": {
                "description": str(operation.meaning),
                "content": {"application/json": {"schema": answer}},
            },
            "default": {"description": "It was refused: the answer says why.", "content": refusal},
        },
    }


def list_of(item: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a part of a list: its items, the address of the next part, or null, and what is beside these."""
    return {
        "type": "object",
        "required": ["items", "next", *beside],
        "properties": {
            "items": {"type": "array", "items": dict(item)},
            "next": {"type": ["string", "null"], "format": "uri"},
            **beside,
        },
    }


def schema_of(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a type. That of a dataclass is added to `known` under its name, and referred to.

    `Annotated[str, words]` is one of the words. Raises `KeyError` for a type that no response has.
    """
    if is_dataclass(kind):
        return _reference(kind, known)
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return {**SIMPLE[parts[0]], "enum": list(parts[1])}
    if origin in (list, Sequence):
        return {"type": "array", "items": schema_of(parts[0], known)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(parts[1], known)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(part, known) for part in parts]}
    return dict(SIMPLE[kind])


def _reference(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in known:
        known[name] = {}  # so that a class may contain itself
        hints = get_type_hints(kind, include_extras=True)
        known[name] = {
            "type": "object",
            "description": _docstrings(kind.__module__).get(name, ""),
            "required": [field.name for field in fields(kind)],
            "properties": {
                field.name: schema_of(hints[field.name], known) for field in fields(kind)
            },
        }
    return {"$ref": f"{SCHEMAS}{name}"}


@cache
def _docstrings(module: str) -> Mapping[str, str]:
    """The docstrings of the classes of a module, by their names: from its file, because servers run without them (`-OO`)."""
    found = ast.walk(ast.parse(getsource(sys.modules[module])))
    classes = [node for node in found if isinstance(node, ast.ClassDef)]
    return {class_.name: " ".join((ast.get_docstring(class_) or "").split()) for class_ in classes}


def to_json(value: Any) -> Any:
    """A value of such a class as JSON: moments are in UTC, to the second (RFC 3339)."""
    if is_dataclass(value):
        return {part.name: to_json(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, str) else value  # neither Markup nor lazy text
