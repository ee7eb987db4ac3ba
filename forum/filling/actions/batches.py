"""Writing a batch of rows."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, text, update

from forum.agendas import actions as agendas
from forum.columns import Base
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.filling.actions._tables import TABLES, advance_sequences, insert_rows
from forum.filling.models import Row, RowBatch
from forum.permissions import Person, require

# While filling, SQLite gets a larger cache and fewer checkpoints of its write-ahead log: about a quarter less is
# written to disk.
CACHE_KB, WAL_CHECKPOINT_PAGES = 200_000, 60_000


@action
def write_batch(system: Person, batch: RowBatch) -> None:
    """Write one batch, in a single transaction."""
    require(system.can.administer())
    _enlarge_sqlite_buffers()
    for table in TABLES:
        insert_rows(table, batch.rows[table])
    _update_by_id("topic", batch.counters)
    _update_by_id("topic", batch.answers)
    _update_by_id("notice", batch.changed_notices)
    dialogue.count_topics(system, batch.list_counts)
    _add_to_posts_counts(batch.posts_by_author)
    for agenda_id, moment in batch.active_at.items():
        agendas.note_activity(system, agenda_id, moment)
    advance_sequences(batch.last_ids)


def _update_by_id(table: str, values: Mapping[int, Row]) -> None:
    """Give rows new values; `values` are by id."""
    if values:
        known = Base.metadata.tables[table]
        change = update(known).where(known.c.id == bindparam("key"))
        db.session.execute(change, [{"key": key, **row} for key, row in values.items()])


def _add_to_posts_counts(author_posts: Mapping[int, int]) -> None:
    """Do what `members.note_posts` does, for many members at once."""
    more = [{"key": key, "more": number} for key, number in author_posts.items() if number]
    known = Base.metadata.tables["member"]
    change = update(known).where(known.c.id == bindparam("key"))
    if more:
        db.session.execute(change.values(posts_count=known.c.posts_count + bindparam("more")), more)


def _enlarge_sqlite_buffers() -> None:
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text(f"PRAGMA cache_size=-{CACHE_KB}"))
        db.session.execute(text(f"PRAGMA wal_autocheckpoint={WAL_CHECKPOINT_PAGES}"))
