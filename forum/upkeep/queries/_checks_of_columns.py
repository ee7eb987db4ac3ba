"""Checks of columns that repeat other rows, and of relations between rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    ScalarSelect,
    Select,
    Text,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)

from forum.agendas.models import Agenda, AgendaHost
from forum.commitments.models import Commitment, Milestone, Peer
from forum.commitments.queries import is_in_state
from forum.declarations.models import Declaration, Signature
from forum.declarations.queries import wrongly_digested
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import DERIVED_COLUMNS, wrong_counts
from forum.library.models import Practice
from forum.meetings.models import Meeting
from forum.meetings.queries import COUNTED
from forum.members.models import Ignore, Member
from forum.upkeep.models import Check, Fault
from forum.upkeep.queries._shared import stream

MAX_ACTION_TIME = timedelta(minutes=1)  # by which two times of the same action may differ


@cache
def column_checks() -> tuple[Check, ...]:
    return (
        *(
            _column_check(model, column, expected)
            for model in DERIVED_COLUMNS
            for column, expected in DERIVED_COLUMNS[model].items()
        ),
        *(_column_check(Meeting, column, expected) for column, expected in COUNTED.items()),
        Check("topics without a beginning", _without_opening),
        Check("topics in lists", _wrong_shelves, "shelves"),
        Check("agendas that members host", _wrong_hosted, "hosts"),
        Check("members that members ignore", _wrong_ignored, "ignored"),
        Check("practices adapted in a circle", _circular_adaptations),
        _column_check(Declaration, Declaration.signatures_count, _signatures(), "signatures"),
        _column_check(Agenda, Agenda.declarations_count, _declarations(), "declarations"),
        _column_check(Commitment, Commitment.peers_count, _peers()),
        _column_check(Commitment, Commitment.next_on, _next_day()),
        Check("texts that were signed", _texts_changed_by_hand),
    )


def _column_check(model: Any, column: Any, expected: Any, mend: str = "") -> Check:
    kind = model.__tablename__
    wrong = select(model.id, column, expected).where(column.is_distinct_from(expected))
    faults = partial(_wrong_values, kind, column.key, wrong)
    return Check(f"{kind}.{column.key}", faults, mend or kind)


def _wrong_values(kind: str, name: str, wrong: Executable) -> Iterator[Fault]:
    for item_id, has, should in stream(wrong):
        if not _are_close_moments(has, should):
            yield Fault(kind, item_id, name, has, should)


def _are_close_moments(has: Any, should: Any) -> bool:
    """Whether both are times and nearly the same, because an action reads the time more than once."""
    are_moments = isinstance(has, datetime) and isinstance(should, datetime)
    return are_moments and abs(has - should) < MAX_ACTION_TIME


def _without_opening() -> Iterator[Fault]:
    """Topics without a row for their first post. Only merged topics have none; deleted posts keep their rows."""
    for (topic_id,) in stream(_topics_without_opening()):
        yield Fault("topic", topic_id, "has lost the post that opens it")


@cache
def _topics_without_opening() -> Select[Any]:
    opening = exists().where(Post.topic_id == Topic.id, Post.number == 1)
    return select(Topic.id).where(Topic.merged_into_id.is_(None), ~opening)


def _wrong_shelves() -> Iterator[Fault]:
    for key, has, should in wrong_counts():
        yield Fault("topic_count", "/".join(map(str, key)), "number", has, should)


def _wrong_hosted() -> Iterator[Fault]:
    yield from _wrong_id_lists(Member.hosted, AgendaHost.member_id, AgendaHost.agenda_id)


def _wrong_ignored() -> Iterator[Fault]:
    yield from _wrong_id_lists(Member.ignored, Ignore.member_id, Ignore.ignored_id)


def _wrong_id_lists(column: Any, member_id: Any, listed_id: Any) -> Iterator[Fault]:
    """Members whose column of ids differs from the rows of another table that say the same."""
    expected: dict[int, list[int]] = {}
    for key, other_id in stream(select(member_id, listed_id)):
        expected.setdefault(key, []).append(other_id)
    has_any = or_(cast(column, Text) != "[]", Member.id.in_(expected))
    for key, has in stream(select(Member.id, column).where(has_any)):
        if has != (should := sorted(expected.get(key, []))):
            yield Fault("member", key, column.key, has, should)


def _signatures() -> ScalarSelect[int]:
    mine = (Signature.declaration_id == Declaration.id, Signature.withdrawn_at.is_(None))
    return select(func.count(Signature.id)).where(*mine).scalar_subquery()


def _declarations() -> ScalarSelect[int]:
    told = (Declaration.agenda_id == Agenda.id, Declaration.opened_at.is_not(None))
    return select(func.count(Declaration.id)).where(*told).scalar_subquery()


def _peers() -> ScalarSelect[int]:
    return select(func.count()).where(Peer.commitment_id == Commitment.id).scalar_subquery()


def _next_day() -> ColumnElement[Any]:
    is_open = (Milestone.reached_at.is_(None), Milestone.given_up_at.is_(None))
    first = select(func.min(Milestone.day)).where(
        Milestone.commitment_id == Commitment.id, *is_open
    )
    running = func.coalesce(first.scalar_subquery(), Commitment.last_day)
    return case((is_in_state("running"), running), else_=None)


def _texts_changed_by_hand() -> Iterator[Fault]:
    """Frozen declarations whose digest is not that of their text. Only a person can know which of the two is right."""
    for declaration_id in wrongly_digested():
        yield Fault("declaration", declaration_id, "is not the text that was signed (SHA-256)")


def _circular_adaptations() -> Iterator[Fault]:
    """Practices that were directly or indirectly adapted from themselves."""
    for (practice_id,) in stream(_practices_above_themselves()):
        yield Fault("practice", practice_id, "is adapted, in the end, from itself")


@cache
def _practices_above_themselves() -> Select[Any]:
    steps = select(Practice.id, Practice.adapted_from_id.label("above")).cte(recursive=True)
    further = select(steps.c.id, Practice.adapted_from_id).join(
        Practice, Practice.id == steps.c.above
    )
    steps = steps.union(further)
    return select(steps.c.id).where(steps.c.id == steps.c.above)
