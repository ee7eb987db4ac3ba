"""All data about one member, by kind and in batches, and departures in progress."""

from __future__ import annotations

from forum.rights.queries._rows import json_value
from forum.rights.queries.departures import DepartureState, departure_in_state, next_departure
from forum.rights.queries.kinds import KINDS, LEFT_OUT, records
from forum.rights.queries.pictures import picture_files, texts_with_pictures, unused_pictures

__all__ = [
    "KINDS",
    "LEFT_OUT",
    "DepartureState",
    "departure_in_state",
    "json_value",
    "next_departure",
    "picture_files",
    "records",
    "texts_with_pictures",
    "unused_pictures",
]
