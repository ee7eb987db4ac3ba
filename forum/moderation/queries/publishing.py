"""Whether a moderator may publish what waits, or another has to."""

from __future__ import annotations

from collections.abc import Mapping, Set

from sqlalchemy import select, tuple_

from forum.agendas.queries import curators_of
from forum.db import db
from forum.moderation.models import Decision
from forum.moderation.queries._deeds import PUBLISHING_DEEDS, deeds_ended_by
from forum.moderation.queries.effect import is_in_effect
from forum.permissions import Person
from forum.verdicts import Verdict


def waits_for_another(person: Person, kind: str, item_id: int, agenda_id: int) -> bool:
    """Whether the person's own practice or text that waits on an agenda must be published by another moderator."""
    return bool(waiting_for_another(person, {(kind, item_id): agenda_id}))


def waiting_for_another(
    person: Person, agenda_ids: Mapping[tuple[str, int], int]
) -> set[tuple[str, int]]:
    """Those of the person's own waiting practices and texts that must be published by another moderator.

    `agenda_ids` are the agendas where they wait, by kind and id. It takes a query for each agenda, and one for all of
    them.
    """
    may = {
        agenda_id: may_publish(person, agenda_id, person.id)
        for agenda_id in set(agenda_ids.values())
    }
    barred = {key for key, agenda_id in agenda_ids.items() if not may[agenda_id]}
    return barred | _ended_by_another(person, agenda_ids.keys() - barred)


def _ended_by_another(person: Person, keys: Set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of the person's own practices and texts that only another may publish, because it would end a decision against them."""
    if not keys:
        return set()
    ended = deeds_ended_by(*PUBLISHING_DEEDS.values())
    against = Decision.author_id == person.id, Decision.moderator_id != person.id
    query = select(Decision).where(*against, Decision.deed.in_(ended))
    about = query.where(tuple_(Decision.kind, Decision.item_id).in_(list(keys)))
    return {
        (decision.kind, decision.item_id)
        for decision in db.session.scalars(about)
        if is_in_effect(decision) and not person.can.give_back(decision)
    }


def may_publish(person: Person, agenda_id: int, author_id: int | None) -> Verdict:
    """Whether a moderator may publish a waiting text of an author on an agenda."""
    is_alone = author_id == person.id and not set(curators_of(agenda_id)) - {person.id}
    return person.can.publish(agenda_id, author_id, is_alone)
