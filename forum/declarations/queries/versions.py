"""Earlier versions of a declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forum.declarations.models import Declaration
from forum.history.queries import Edit, edits_between, versions_of

FIELDS = ("title", "source", "language")


def declaration_fields(declaration: Declaration) -> dict[str, Any]:
    """The fields of a declaration by which a form detects changes."""
    return {name: getattr(declaration, name) for name in FIELDS}


def fields_to_keep(declaration: Declaration) -> dict[str, Any]:
    """The fields of a declaration that its history stores and compares: with its state, so that it shows who changed that."""
    return {**declaration_fields(declaration), "state": declaration.state}


def edits_of(declaration: Declaration, state_names: Mapping[str, str]) -> list[Edit]:
    """What was changed in a declaration since it was opened for consultation, newest first; states by their names."""
    present = {declaration.id: fields_to_keep(declaration)}
    return edits_between(versions_of("declaration", declaration.id), present, state_names)
