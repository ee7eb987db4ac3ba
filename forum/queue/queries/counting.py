"""How many entries wait for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all

from forum.db import db
from forum.dialogue.models import Held
from forum.dialogue.queries import held_count
from forum.library.models import Practice
from forum.moderation import queries as moderation
from forum.permissions import Person
from forum.queue.queries._sources import SOURCES, is_waiting
from forum.reach import is_by_another, moderated_by
from forum.reachcache import cached_statement


def waiting_count(reader: Person) -> int:
    """How many entries wait for a decision of this reader, each once, without those that only another moderator may decide.

    One query, and some more for a reader with own waiting texts, which others may have to publish.
    """
    if not reader.is_curator:
        return 0
    values = {"reader_id": reader.id}
    by_others, own = db.session.execute(_waiting_counts(reader), values).one()
    if not own:
        return int(by_others)
    rows = db.session.execute(union_all(*_own_to_publish(reader)), values)
    agenda_ids = {(kind, item_id): agenda_id for kind, item_id, agenda_id in rows}
    for_others = moderation.waiting_for_another(reader, agenda_ids)
    return int(by_others) + len(agenda_ids.keys() - for_others)


@cached_statement
def _waiting_counts(reader: Person) -> Select[Any]:
    """How many entries by others wait for the reader (parameter `reader_id`), and how many own ones to be published."""
    by_others = [counted for source in SOURCES if (counted := source.counted(reader)) is not None]
    own = [part.with_only_columns(func.count()) for part in _own_to_publish(reader)]
    return select(_sum_of(by_others), _sum_of(own))


def _sum_of(counts: Sequence[Select[Any]]) -> Any:
    numbers: list[Any] = [counted.scalar_subquery() for counted in counts]
    return reduce(lambda total, other: total + other, numbers)


@cached_statement
def _own_to_publish(reader: Person) -> Sequence[Select[Any]]:
    """(kind, id, agenda) of the reader's own texts (parameter `reader_id`) that wait where they moderate and are not reported."""
    practice: list[Any] = [literal("practice"), Practice.id, Practice.agenda_id]
    text: list[Any] = [literal("held"), Held.id, Held.agenda_id]
    practices = select(*practice).where(
        *is_waiting(),
        moderated_by(reader, Practice.agenda_id),
        ~is_by_another(Practice.author_id),
        ~moderation.is_reported("practice", Practice.id),
    )
    held = held_count(reader).where(~is_by_another(Held.author_id))
    return practices, held.with_only_columns(*text)
