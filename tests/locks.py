"""Which rows of topics, posts, agendas, lists and members a deed locks, and in which order; also on SQLite, which locks no rows.

Those of one table are locked in the order of their keys. A row to which a new row refers is locked, too (`FOR KEY SHARE`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, pairwise
from typing import Any

from sqlalchemy import ClauseElement, Delete, Insert, Select, Subquery, Update, event, func, select
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
# The columns of each table by which a row that is written locks the one to which it refers. Members are left out: whoever
# changes one does not have it alone, so that nobody waits for one
REFERENCES = {
    table.name: {
        key.parent: place
        for key in table.foreign_keys
        for place in ("topics", "posts", "agendas")
        if key.column.table.name == ORDER[place]
    }
    for table in Base.metadata.sorted_tables
}
KEYS = {
    table: [key.label(f"key {key.name}") for key in Base.metadata.tables[table].primary_key]
    for table in ORDER.values()
}

# The SELECTs that lock nothing, as SQLAlchemy tells statements apart: by all but their values
LOCKLESS: set[Any] = set()


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
        # The agendas that nobody else can refer to, so that there nobody makes a new list
        self.whole: set[int] = set()
        # What the deed has updated, by table and key
        self.updated: set[tuple[Any, ...]] = set()
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
                rows = connection.execute(query, given).mappings().all()
                self._add(place, rows)
                if place == "agendas" and _is_whole(statement):
                    self.whole.update(row["key id"] for row in rows)
        is_counted = isinstance(statement, Insert) and statement.select is None
        if is_counted and statement.table.name == ORDER["lists"]:
            # Foreign keys are checked afterwards: one that has it already locks no agenda, and a new one locks it later
            self._add("lists", list(self._seen_lists(connection, sent)))
        for given in sent:
            for place, query in _referring(statement, given):
                self._add(place, connection.execute(query, given).mappings().all())
            if isinstance(statement, Update):
                self._note_update(connection, statement, given)
        self.is_asking = False

    def _note_update(self, connection: Connection, statement: Update, given: Any) -> None:
        """Note that rows are updated: of those that were before, PostgreSQL checks the foreign keys again, though none is set.

        It cannot tell from such a row whether its key is one that was checked (`RI_FKey_fk_upd_check_required`). Only
        agendas are noted. Posts are not: of a topic that is changed, the answer alone.
        """
        table = statement.table
        to_agendas = [column for column, at in REFERENCES[table.name].items() if at == "agendas"]
        if not to_agendas:
            return
        keys, [agenda] = list(table.primary_key), KEYS["agenda"]
        found = select(*keys, *to_agendas).where(*statement._where_criteria)
        for row in connection.execute(found, given).all():
            key = (table.name, *row[: len(keys)])
            if key in self.updated:
                values = [value for value in row[len(keys) :] if value is not None]
                self._add("agendas", [{agenda.name: value} for value in values])
            self.updated.add(key)

    def _seen_lists(
        self, connection: Connection, sent: Sequence[Mapping[str, Any]]
    ) -> Iterator[Mapping[Any, Any]]:
        """The lists that are counted, without new ones that nobody else can make meanwhile."""
        keys = KEYS[ORDER["lists"]]
        for given in sent:
            row = {key.name: given[key.element.name] for key in keys}
            is_there = select(*keys).where(*(key.element == row[key.name] for key in keys))
            is_new_agenda = given["agenda_id"] > (self.newest["agenda"] or 0)
            is_alone = given["agenda_id"] in self.whole and not connection.execute(is_there).first()
            if not (is_new_agenda or is_alone):
                yield row

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


def _locking(statement: Any) -> Sequence[tuple[str, Select[Any]]]:
    """The places of what a statement locks, each with a query for the keys of the rows.

    What a SELECT reads from is known when it is compiled, which is done once for all that differ only in their values.
    """
    key = statement._generate_cache_key() if isinstance(statement, Select) else None
    if key and key.key in LOCKLESS:
        return []
    found = list(_places_locked(statement))
    if key and not found:
        LOCKLESS.add(key.key)
    return found


def _places_locked(statement: Any) -> Iterator[tuple[str, Select[Any]]]:
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


def _is_whole(statement: Any) -> bool:
    """Whether a statement locks its rows so that nothing else can refer to them."""
    lock = statement._for_update_arg if isinstance(statement, Select) else None
    return lock is not None and not lock.read and not lock.key_share


def _referring(statement: Any, given: Mapping[str, Any]) -> Iterator[tuple[str, Select[Any]]]:
    """The places of what a row that is written refers to, each with a query for the keys of those rows.

    PostgreSQL locks them when it checks the foreign keys: those of a new row, and those that an UPDATE sets.
    """
    if not isinstance(statement, Insert | Update):
        return
    for column, place in REFERENCES[statement.table.name].items():
        [key] = KEYS[ORDER[place]]
        for value in _set_to(statement, column.name, given):
            yield place, select(key).where(key.element.in_(value))


def _set_to(statement: Any, name: str, given: Mapping[str, Any]) -> Iterator[Any]:
    """What a statement sets a column to, as that which `in_` takes."""
    if isinstance(statement, Insert) and statement.select is not None:
        names = statement._select_names
        if name in names:
            made = statement.select.subquery()
            yield select(list(made.c)[names.index(name)])
        return
    rows = [statement._values or {}, *chain(*statement._multi_values), given]
    conditions = statement._where_criteria if isinstance(statement, Update) else ()
    for row in rows:
        for column, value in row.items():
            if getattr(column, "name", column) == name and value is not None:
                is_asked = isinstance(value, ClauseElement)
                yield select(value).where(*conditions) if is_asked else [value]


@contextmanager
def noted_locks() -> Iterator[Locks]:
    """Inside, the locks of one deed are noted."""
    locks = Locks()
    event.listen(Engine, "before_execute", locks.note)
    try:
        yield locks
    finally:
        event.remove(Engine, "before_execute", locks.note)
