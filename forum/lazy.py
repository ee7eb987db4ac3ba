"""Libraries that few requests need, loaded by the first one that does: every process is lighter by what they take."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


@cache
def library(name: str) -> Any:
    """A library by its name, such as `webauthn`. Not for our own rooms, whose order the contracts keep."""
    return import_module(name)
