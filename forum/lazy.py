"""Libraries that few requests need, imported at first use, which saves memory in every process."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


@cache
def library(name: str) -> Any:
    """Import a library by its module name, such as `webauthn`. Not for modules of the forum, whose order the contracts check."""
    return import_module(name)
