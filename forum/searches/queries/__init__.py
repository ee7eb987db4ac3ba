"""A member's kept searches, how many texts are new for each, and what the worker finds for them."""

from __future__ import annotations

from forum.searches.queries._shared import new_between, new_numbers
from forum.searches.queries.looking import (
    Look,
    day_of_look,
    due_searches,
    lock_due,
    looks_for,
    next_look,
    owners_of,
)
from forum.searches.queries.own import (
    get_search,
    lock_search,
    my_searches,
    rows_of,
    same_search,
    search_rows,
)
from forum.searches.queries.telling import Told, heading_of, told_searches

__all__ = [
    "Look",
    "Told",
    "day_of_look",
    "due_searches",
    "get_search",
    "heading_of",
    "lock_due",
    "lock_search",
    "looks_for",
    "my_searches",
    "new_between",
    "new_numbers",
    "next_look",
    "owners_of",
    "rows_of",
    "same_search",
    "search_rows",
    "told_searches",
]
