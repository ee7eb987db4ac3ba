"""Which rows of topics, posts, agendas, lists and members a deed locks, and in which order; also on SQLite, which locks no rows.

Those of one table are locked in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from sqlalchemy import Delete, Insert, Select, Subquery, Update, event, func, select
from sqlalchemy.engine import Connection, Engine

from forum.columns import Base
from forum.db import db

# Whoever writes holds the member's key before anything else; all that changes a member's row comes last, as its counters do.
# `docs/decisions.md` says why (`lock_writer`, `lock_to_note`).
ORDER = {
    "the member": "member",
    "topics": "topic",
    "posts": "post",
    "agendas": "agenda",
    "lists": "topic_count",
    "members": "member",
}
PLACES = list(ORDER)
KEYS = {
    table: [key.label(f"key {key.name}") for key in Base.metadata.tables[table].primary_key]
    for table in ORDER.values()
}


class Locks:
    """The rows that one deed has locked."""

    def __init__(self) -> None:
        # Each place in the order with the keys of its rows, once
        self.rows: dict[tuple[str, tuple[Any, ...]], None] = {}
        # What the deed adds is seen by nobody else, so nobody waits for it
        ids = {table: keys[0] for table, keys in KEYS.items() if len(keys) == 1}
        self.newest = {
            table: db.session.scalar(select(func.max(key))) for table, key in ids.items()
        }
        self.is_asking = False

    def note(
        self, connection: Connection, statement: Any, many: Any, values: Any, _options: Any
    ) -> None:
        """For the event `before_execute`: note the rows that a statement will lock."""
        if self.is_asking:
            return
        self.is_asking = True
        sent = list(many) or [values]
        for place, query in _locking(statement):
            for given in sent:
                self._add(place, connection.execute(query, given).mappings().all())
        is_counted = isinstance(statement, Insert) and statement.select is None
        if is_counted and statement.table.name == ORDER["lists"]:
            self._add("lists", [{f"key {name}": given[name] for name in given} for given in sent])
        self.is_asking = False

    def _add(self, place: str, rows: Sequence[Mapping[Any, Any]]) -> None:
        table = ORDER[place]
        for row in rows:
            key = tuple(row[column.name] for column in KEYS[table])
            if table not in self.newest or key[0] <= (self.newest[table] or 0):
                self.rows.setdefault((place, key))

    def out_of_order(self) -> set[str]:
        """What was locked after something that comes later in the order."""
        places = [PLACES.index(place) for place, _key in self.rows]
        late = {
            f"{PLACES[place]} after {PLACES[max(places[:number])]}"
            for number, place in enumerate(places)
            if 0 < place < max(places[: number + 1])
        }
        return late | {
            f"{place}: {later} after {earlier}"
            for place in PLACES[1:]
            for earlier, later in pairwise(key for at, key in self.rows if at == place)
            if later < earlier
        }


def _locking(statement: Any) -> Iterator[tuple[str, Select[Any]]]:
    """The places of what a statement locks, each with a query for the keys of the rows."""
    sources = statement.get_final_froms() if isinstance(statement, Select) else ()
    for source in (source for source in sources if isinstance(source, Subquery)):
        yield from _locking(source.element)  # such as `lock_members`
    lock = statement._for_update_arg if isinstance(statement, Select) else None
    if lock is not None:
        tables = lock.of or statement.get_final_froms()
        # Only who takes a member's row as its key does has not to wait for counters
        member = "the member" if lock.read and lock.key_share else "members"
        places = {ORDER[place]: place for place in PLACES[1:-1]} | {"member": member}
        for table in (table.name for table in tables if table.name in places):
            query = statement.add_columns(*KEYS[table])
            query._for_update_arg = None
            yield places[table], query
    elif isinstance(statement, Update | Delete):
        for place in (place for place in PLACES[1:] if ORDER[place] == statement.table.name):
            yield place, select(*KEYS[ORDER[place]]).where(*statement._where_criteria)


@contextmanager
def noted_locks() -> Iterator[Locks]:
    """Inside, the locks of one deed are noted."""
    locks = Locks()
    event.listen(Engine, "before_execute", locks.note)
    try:
        yield locks
    finally:
        event.remove(Engine, "before_execute", locks.note)
