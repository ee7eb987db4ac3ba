"""The commitments that a reader may see, and the parts of their queries."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload

from forum.commitments.models import ENDED, KEPT, RUNNING, Commitment, Milestone
from forum.members.models import City, Organisation
from forum.permissions import Person
from forum.reach import moderated_by, opened_to

NO_SUCH = lazy_gettext("There is no such commitment.")
MAX_CHOICES = 500  # places of a filter, declarations of a form


def visible_commitments(reader: Person) -> Select[Any]:
    """The commitments that a reader may see: on agendas they see; hidden ones only as moderator or author."""
    is_mine = [Commitment.author_id == reader.id] if reader.is_member and reader.id else []
    is_shown = Commitment.hidden_at.is_(None)
    return select(Commitment).where(
        opened_to(reader, Commitment.agenda_id),
        or_(is_shown, moderated_by(reader, Commitment.agenda_id), *is_mine),
    )


def shown_commitments(reader: Person) -> Select[Any]:
    """Those of them that are listed: without hidden ones."""
    is_open = opened_to(reader, Commitment.agenda_id)
    return select(Commitment).where(is_open, Commitment.hidden_at.is_(None))


def is_in_state(state: str) -> ColumnElement[bool]:
    """SQL condition: a commitment is in a state."""
    is_kept, is_ended = Commitment.kept_at.is_not(None), Commitment.ended_at.is_not(None)
    return {RUNNING: and_(~is_kept, ~is_ended), KEPT: is_kept, ENDED: is_ended}[state]


def organisations_based(condition: ColumnElement[bool]) -> Select[Any]:
    return select(Organisation.id).join(City, City.id == Organisation.city_id).where(condition)


def in_order(found: Select[Any]) -> Select[Any]:
    # Ordered like indexes, so that a page of a long list sorts only a few rows
    return found.order_by(Commitment.next_on.nulls_last(), Commitment.id.desc())


def with_whose(found: Select[Any]) -> Select[Any]:
    whose = joinedload(Commitment.organisation).joinedload(Organisation.city)
    return found.options(joinedload(Commitment.agenda), whose)


def is_open_milestone() -> tuple[ColumnElement[bool], ...]:
    return Milestone.reached_at.is_(None), Milestone.given_up_at.is_(None)


def is_going_on() -> tuple[ColumnElement[bool], ...]:
    return is_in_state(RUNNING), Commitment.hidden_at.is_(None)
