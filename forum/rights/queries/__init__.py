"""All that is kept about one member, in kinds and in portions, and the departures that are under way."""

from __future__ import annotations

from forum.rights.queries._rows import said
from forum.rights.queries.departures import Place, departure_at, next_place
from forum.rights.queries.portions import BATCH, KINDS, LEFT_OUT, records

__all__ = [
    "BATCH",
    "KINDS",
    "LEFT_OUT",
    "Place",
    "departure_at",
    "next_place",
    "records",
    "said",
]
