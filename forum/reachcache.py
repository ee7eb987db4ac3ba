"""Caches of statements and short lists that are the same for all readers with the same *reach*.

`_reach` alone decides whether two readers have the same reach: a rule of `permissions` or `reach` that depends on
anything else about a reader has to be added there as well.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from forum.permissions import Person
from forum.versions import cached

P = ParamSpec("P")
R = TypeVar("R")
MAX_CACHED_STATEMENTS = 200  # for each function; every set of hosted agendas is a reach of its own
MAX_LARGE_STATEMENTS = 60  # the same, of statements of half a megabyte


def cached_statement(build: Callable[P, R]) -> Callable[P, R]:
    """Cache the SQLAlchemy statements that a function builds, one for each reach and each combination of further arguments.

    The function's first argument is the reader, and the statement may depend on the reader only through the reach.
    Ids and numbers must be bound parameters, given at execution.
    """
    return _cached(build, MAX_CACHED_STATEMENTS)


def cached_large_statement(build: Callable[P, R]) -> Callable[P, R]:
    """As `cached_statement`, for statements that take much memory, of which fewer are kept."""
    return _cached(build, MAX_LARGE_STATEMENTS)


def _cached(build: Callable[P, R], most: int) -> Callable[P, R]:
    cache: dict[Any, R] = {}

    @wraps(build)
    def statement(*args: P.args, **kwargs: P.kwargs) -> R:
        reader: Any = args[0]
        key = (_reach(reader), args[1:], *kwargs.items())
        built = cache.get(key)
        if built is None:
            if len(cache) >= most:
                cache.clear()  # other threads keep the statements that they are using
            built = cache[key] = build(*args, **kwargs)
        return built

    return statement


def _reach(reader: Person) -> tuple[bool, bool, bool, tuple[int, ...]]:
    """Everything about a reader that decides what they see in common with others."""
    return reader.is_member, reader.is_moderator, reader.sees_preparation, tuple(reader.hosts)


def cached_for_reader(reader: Person, key: Hashable, read: Callable[[], R], *scopes: str) -> R:
    """`versions.cached` with one value for visitors and one for members; for moderators and hosts it is read each time."""
    if reader.is_moderator or reader.hosts or reader.sees_preparation:
        return read()
    return cached((key, reader.is_member), read, *scopes)
