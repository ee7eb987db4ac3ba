"""What all readers of one *reach* have in common, built or read once: statements, and short lists.

Whether two readers have the same reach is decided here and nowhere else, so a rule of `permissions` that makes a reader see
more or less because of anything new about them has to be known to `_reach` as well.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from forum.permissions import Person
from forum.versions import cached

P = ParamSpec("P")
R = TypeVar("R")
MAX_CACHED_STATEMENTS = 200  # for each function: every set of hosted agendas is a reach of its own


def cached_statement(build: Callable[P, R]) -> Callable[P, R]:
    """Cache the SQLAlchemy statements that a function builds, one for each reach and each set of further arguments.

    The function's first argument is the reader, on whom the statement may depend only through the reach. Ids and numbers are
    bound parameters, to be given when it is executed.
    """
    cache: dict[Any, R] = {}

    @wraps(build)
    def statement(*args: P.args, **kwargs: P.kwargs) -> R:
        reader: Any = args[0]
        key = (_reach(reader), args[1:], *kwargs.items())
        built = cache.get(key)
        if built is None:
            if len(cache) > MAX_CACHED_STATEMENTS:
                cache.clear()  # other threads keep the statements that they are using
            built = cache[key] = build(*args, **kwargs)
        return built

    return statement


def _reach(reader: Person) -> tuple[bool, bool, bool, tuple[int, ...]]:
    """All of a reader on which depends what they see in common with others."""
    return reader.is_member, reader.is_moderator, reader.sees_preparation, tuple(reader.hosts)


def cached_for_reader(reader: Person, key: Hashable, read: Callable[[], R], *scopes: str) -> R:
    """`versions.cached` for what all visitors see alike, and all members; for moderators and hosts it is read each time."""
    if reader.is_moderator or reader.hosts or reader.sees_preparation:
        return read()
    return cached((key, reader.is_member), read, *scopes)
