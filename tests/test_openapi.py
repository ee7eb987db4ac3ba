"""Response classes as schemas, and their values as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import pytest
from jsonschema import Draft202012Validator
from markupsafe import Markup

from forum.openapi import Operation, Parameter, describe, schema_of, to_json
from forum.supervisor import PYTHON

TOP = Path(__file__).parent.parent
KINDS = ("oak", "elm")


@dataclass(frozen=True)
class Leaf:
    """A leaf.

    It is green.
    """

    name: str
    fell_at: datetime | None


@dataclass(frozen=True)
class Tree:
    """A tree."""

    height: float
    planted_on: date
    leaves: list[Leaf]
    parent: Tree | None
    names: dict[str, str]
    kind: Annotated[str, KINDS]


def test_a_class_becomes_a_schema_that_its_values_meet() -> None:
    known: dict[str, object] = {}
    schema = {**schema_of(Tree, known), "components": {"schemas": known}}
    Draft202012Validator.check_schema(schema)
    east = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    oak = Tree(
        3.5, date(2026, 5, 1), [Leaf("a", east), Leaf("b", None)], None, {"en": "oak"}, "oak"
    )
    acorn = to_json(Tree(0.1, date(2026, 5, 2), [], oak, {}, "elm"))
    assert list(Draft202012Validator(schema).iter_errors(acorn)) == []
    assert acorn["parent"]["leaves"][0]["fell_at"] == "2026-05-01T10:00:00Z"
    assert acorn["planted_on"] == "2026-05-02"
    broken = {**acorn, "height": "tall", "kind": "rose"}
    assert sorted(
        error.json_path for error in Draft202012Validator(schema).iter_errors(broken)
    ) == [
        "$.height",
        "$.kind",
    ]
    assert known["Leaf"] == {
        "type": "object",
        "description": "A leaf. It is green.",
        "required": ["name", "fell_at"],
        "properties": {
            "name": {"type": "string"},
            "fell_at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        },
    }


def test_a_type_that_no_answer_has_is_refused() -> None:
    with pytest.raises(KeyError):
        schema_of(Sequence[bytes], {})


def test_markup_becomes_plain_text() -> None:
    assert type(to_json([Markup("<b>")])[0]) is str


def test_an_operation_is_described_with_its_parameters() -> None:
    parameters = (
        Parameter("id", "Which.", most=9, is_in_path=True),
        Parameter("kind", "What.", choices=("oak", "elm"), several=True),
        Parameter("limit", "How many.", most=5, default="3"),
    )
    trees = Operation("trees", "/woods/{id}/trees", "The trees.", Tree, parameters, is_list=True)
    said = describe({"title": "Woods", "version": "1"}, "https://w.example", [trees], Leaf)
    operation = said["paths"]["/woods/{id}/trees"]["get"]
    assert [parameter["schema"] for parameter in operation["parameters"]] == [
        {"type": "integer", "minimum": 1, "maximum": 9},
        {"type": "array", "items": {"type": "string", "enum": ["oak", "elm"]}},
        {"type": "integer", "minimum": 1, "maximum": 5, "default": 3},
    ]
    assert [parameter["required"] for parameter in operation["parameters"]] == [True, False, False]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Tree"}
    assert set(said["components"]["schemas"]) == {"Tree", "Leaf"}


def test_servers_describe_answers_in_the_same_words_although_they_load_no_docstrings() -> None:
    script = (
        "import json; from forum.api.models import Topic; from forum.openapi import schema_of;"
        "known = {}; schema_of(Topic, known); print(json.dumps([known, json.__doc__ is None]))"
    )
    (known, is_bare), (described, is_bare_in_servers) = (
        json.loads(subprocess.check_output([*python, "-c", script], cwd=TOP, timeout=60))
        for python in ([sys.executable], PYTHON)
    )
    assert known["Topic"]["description"] and described == known
    assert is_bare_in_servers and not is_bare
