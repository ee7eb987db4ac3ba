"""The commitments on the pages of other things, and the next milestones of an agenda."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, exists, literal, select, union_all

from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries._reach import (
    in_order,
    is_going_on,
    is_open_milestone,
    organisations_based,
    shown_commitments,
    with_whose,
)
from forum.db import db, execute_core
from forum.declarations.models import Declaration
from forum.library.models import Case, Practice
from forum.members.models import City, Organisation
from forum.permissions import Person
from forum.reach import is_on_open_agenda
from forum.reachcache import cached_statement
from forum.versions import cached

MAX_HERE = 20  # on the page of a declaration, a city or an organisation
MAX_NEXT = 5  # milestones of an agenda that a process remembers


class Whereabouts(NamedTuple):
    """The ids of declarations, organisations and cities with commitments, and of what commitments copy."""

    declarations: frozenset[int | None]
    organisations: frozenset[int]
    cities: frozenset[int | None]
    practices: frozenset[int | None]
    cases: frozenset[int | None]


def _whereabouts() -> Whereabouts:
    """Cached in the process, so that most pages of such things need no query."""
    return cached("whereabouts of commitments", _read_whereabouts)


def _read_whereabouts() -> Whereabouts:
    """Read in one statement; each column comes from its index."""
    found: dict[str, set[int]] = {name: set() for name in Whereabouts._fields}
    columns = {
        "declarations": Commitment.declaration_id,
        "organisations": Commitment.organisation_id,
        "practices": Commitment.practice_id,
        "cases": Commitment.case_id,
    }
    each = [select(literal(name), column).distinct() for name, column in columns.items()]
    city = Organisation.city_id
    has_one = Organisation.id.in_(select(Commitment.organisation_id))
    each.append(select(literal("cities"), city).where(has_one).distinct())
    for name, row_id in execute_core(union_all(*each)):
        found[name].add(row_id)
    return Whereabouts(**{name: frozenset(ids) for name, ids in found.items()})


def commitments_of_organisation(reader: Person, organisation_id: int) -> Sequence[Commitment]:
    """The commitments of an organisation in the order of the list, at most `MAX_HERE`."""
    if organisation_id not in _whereabouts().organisations:
        return ()
    return _some(reader, Commitment.organisation_id == organisation_id)


def commitments_of_city(reader: Person, city_id: int) -> Sequence[Commitment]:
    """The commitments of the organisations in a city, in the order of the list, at most `MAX_HERE`."""
    if city_id not in _whereabouts().cities:
        return ()
    return _some(reader, Commitment.organisation_id.in_(organisations_based(City.id == city_id)))


def commitments_from(reader: Person, declaration: Declaration) -> Sequence[Commitment]:
    """The commitments that follow from a declaration, in the order of the list, at most `MAX_HERE`."""
    if declaration.id not in _whereabouts().declarations:
        return ()
    return _some(reader, Commitment.declaration_id == declaration.id)


def commitments_copying(reader: Person, page: Practice | Case) -> Sequence[Commitment]:
    """The commitments that copy a practice or a case, in the order of the list, at most `MAX_HERE`."""
    is_case, known = isinstance(page, Case), _whereabouts()
    if page.id not in (known.cases if is_case else known.practices):
        return ()
    return db.session.scalars(_copying(reader, is_case), {"page_id": page.id}).all()


@cached_statement
def _copying(reader: Person, is_case: bool) -> Select[Any]:
    column = Commitment.case_id if is_case else Commitment.practice_id
    return _listed(reader, column == bindparam("page_id"))


def _some(reader: Person, condition: ColumnElement[bool]) -> Sequence[Commitment]:
    return db.session.scalars(_listed(reader, condition)).all()


def _listed(reader: Person, condition: ColumnElement[bool]) -> Select[Any]:
    return in_order(with_whose(shown_commitments(reader).where(condition))).limit(MAX_HERE)


class NextMilestone(NamedTuple):
    """An open milestone in a short list of those that come next."""

    commitment_id: int
    slug: str
    title: str
    language: str
    agenda_id: int
    organisation: str
    words: str
    day: date
    is_open: bool

    @property
    def address(self) -> str:
        """The path of the page of its commitment."""
        return f"/commitments/{self.commitment_id}-{self.slug}"


def next_milestones(reader: Person, limit: int, agenda_id: int) -> list[NextMilestone]:
    """The next milestones on an agenda that a reader sees, at most `MAX_NEXT`; cached in the process."""
    found = cached(("next milestones", agenda_id), lambda: _read_next(agenda_id))
    return [
        milestone for milestone in found if milestone.is_open or reader.can.moderate(agenda_id)
    ][:limit]


def _read_next(agenda_id: int) -> Sequence[NextMilestone]:
    """The first open milestones belong to the commitments with the next days."""
    is_open = exists().where(Milestone.commitment_id == Commitment.id, *is_open_milestone())
    here = Commitment.agenda_id == agenda_id, Commitment.next_on.is_not(None), *is_going_on()
    first = select(Commitment.id).where(*here, is_open)
    first = first.order_by(Commitment.next_on, Commitment.id).limit(MAX_NEXT)
    columns = (
        Commitment.id,
        Commitment.slug,
        Commitment.title,
        Commitment.language,
        Commitment.agenda_id,
        Organisation.name,
        Milestone.words,
        Milestone.day,
        is_on_open_agenda(Commitment.agenda_id),
    )
    found = select(*columns).join(Milestone.commitment).join(Commitment.organisation)
    found = found.where(Commitment.id.in_(first.correlate(None)), *is_open_milestone())
    ordered = found.order_by(Milestone.day, Milestone.id)
    return [NextMilestone(*row) for row in execute_core(ordered.limit(MAX_NEXT))]
