"""Cases: the library, lists, single ones, and what actions read before they change one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_to_curate, all_agendas
from forum.db import db, execute_core
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import AgendaRow
from forum.library.models import Case, CasePlace
from forum.library.queries._choices import Choices, facet_choices
from forum.library.queries._facets import CaseFilter
from forum.library.queries._filtering import facet_conditions
from forum.library.queries._shared import (
    ITEMS_PER_PAGE,
    MAX_LISTED,
    lock_row,
    one_or_not_found,
    opens_topic,
    place_in_list,
)
from forum.library.queries._visibility import visible_cases
from forum.pages import Page, page_of, rows_after
from forum.permissions import Person, require
from forum.reachcache import cached_for_reader, cached_statement

MAX_OTHERS = 5  # cases that the page of one leads to
CASE_ORDER = (Agenda.position, Agenda.id, Case.position, Case.id)  # the order of the library


def cases(reader: Person, wanted: CaseFilter, number: int = 1) -> Page[Case]:
    """One page of the library of cases, ordered by agenda and position; with agenda, places and topic."""
    ordered = _wanted_cases(reader, wanted).order_by(*CASE_ORDER)
    return page_of(ordered, number, ITEMS_PER_PAGE)


def cases_after(
    reader: Person, wanted: CaseFilter, last: Case | None, limit: int
) -> Sequence[Case]:
    """At most `limit` cases that follow `last` in the library; with None, the first ones."""
    return rows_after(_wanted_cases(reader, wanted), CASE_ORDER, place_in_list(last), limit)


def _wanted_cases(reader: Person, wanted: CaseFilter) -> Select[Any]:
    found = visible_cases(reader).where(*facet_conditions(reader, Case, wanted))
    return found.join(Agenda, Agenda.id == Case.agenda_id).options(*case_row_options())


def case_choices(reader: Person, wanted: CaseFilter) -> Choices:
    """The choices of every facet of the library of cases, each counted under the other filters."""
    return facet_choices(reader, Case, wanted)


def cases_of(reader: Person, agenda: Agenda) -> Sequence[Case]:
    """The cases of an agenda in their order, with links, places and topic."""
    return db.session.scalars(_cases_of(reader), {"agenda_id": agenda.id}).all()


@cached_statement
def _cases_of(reader: Person) -> Select[Any]:
    query = visible_cases(reader).where(Case.agenda_id == bindparam("agenda_id"))
    options = (*case_row_options(), selectinload(Case.links))
    return query.order_by(Case.position, Case.id).options(*options).limit(MAX_LISTED)


def cases_in_city(reader: Person, city_id: int, limit: int = ITEMS_PER_PAGE) -> Sequence[Case]:
    """The first cases that name a city, in the order of the library; with agenda, places and topic."""
    values = {"city_id": city_id, "limit": limit}
    return db.session.scalars(_cases_in_city(reader), values).all()


@cached_statement
def _cases_in_city(reader: Person) -> Select[Any]:
    names_it = select(CasePlace.case_id).where(CasePlace.city_id == bindparam("city_id"))
    found = visible_cases(reader).where(Case.id.in_(names_it))
    found = found.join(Agenda, Agenda.id == Case.agenda_id).options(*case_row_options())
    return found.order_by(*CASE_ORDER).limit(bindparam("limit"))


def has_cases(reader: Person) -> bool:
    """Whether there is a case that the reader may see, on any agenda."""
    return bool(db.session.scalar(select(visible_cases(reader).exists())))


class CaseRow(NamedTuple):
    """A case in a short list: values instead of an ORM row, so that it can be cached (see `dialogue/queries/_rows.py`)."""

    slug: str
    name: str
    language: str
    agenda: AgendaRow


def latest_cases(reader: Person, limit: int = 5) -> Sequence[CaseRow]:
    """The newest cases, from the cache if possible."""

    def read() -> tuple[CaseRow, ...]:
        rows = execute_core(_latest_cases_query(reader), {"limit": limit})
        return tuple(CaseRow._make((*row[:3], AgendaRow._make(row[3:]))) for row in rows)

    return cached_for_reader(reader, ("latest cases", limit), read)


@cached_statement
def _latest_cases_query(reader: Person) -> Select[Any]:
    found = visible_cases(reader).join(Agenda, Agenda.id == Case.agenda_id)
    of_agenda = (getattr(Agenda, name) for name in AgendaRow._fields)
    found = found.with_only_columns(Case.slug, Case.name, Case.language, *of_agenda)
    newest_first = found.order_by(Case.created_at.desc(), Case.id.desc())
    return newest_first.limit(bindparam("limit"))


def other_cases(reader: Person, case: Case) -> Sequence[Case]:
    """The first other cases of the same agenda, in its order, with places."""
    values = {"agenda_id": case.agenda_id, "case_id": case.id}
    return db.session.scalars(_other_cases(reader), values).all()


@cached_statement
def _other_cases(reader: Person) -> Select[Any]:
    here = Case.agenda_id == bindparam("agenda_id"), Case.id != bindparam("case_id")
    ordered = visible_cases(reader).where(*here).order_by(Case.position, Case.id)
    return ordered.options(*case_row_options()).limit(MAX_OTHERS)


def get_case(reader: Person, slug: str) -> Case:
    """The case with this slug and all that its page prints, or `NotFound`."""
    return one_or_not_found(Case, _case_page(reader), {"slug": slug})


@cached_statement
def _case_page(reader: Person) -> Select[Any]:
    seen = visible_cases(reader).where(Case.slug == bindparam("slug"))
    return seen.options(*case_page_options())


def case_by_id(reader: Person, case_id: int) -> Case:
    """The case with this id and all that its page prints, or `NotFound`."""
    return one_or_not_found(
        Case, visible_cases(reader).where(Case.id == case_id).options(*case_page_options())
    )


def case_to_edit(curator: Person, slug: str) -> Case:
    """The case with this slug, for somebody who may curate it; else `Forbidden`, or `NotFound`."""
    case = get_case(curator, slug)
    require(curator.can.curate(case.agenda))
    return case


def case_to_bookmark(member: Person, slug: str) -> Case:
    """The case with this slug, for a member who bookmarks it or removes the bookmark."""
    require(member.can.bookmark())
    return one_or_not_found(Case, visible_cases(member).where(Case.slug == slug))


def case_by_submission_key(curator: Person, key: str | None) -> Case | None:
    """The case that the curator's form with this submission key has created, or None."""
    if not key:
        return None
    query = select(Case).join(Post, opens_topic(Case.topic_id))
    mine = query.where(Post.author_id == curator.id, Post.submission_key == key)
    return db.session.scalars(mine.options(*case_page_options())).first()


def agenda_to_add_case(curator: Person, slug: str) -> Agenda:
    """The agenda with this slug, for somebody who may add a case to it, whose discussion begins; else `Forbidden`, or `NotFound`."""
    agenda = agenda_to_curate(curator, slug)
    require(curator.can.open_topic(agenda))
    return agenda


def agendas_of_cases(curator: Person, case: Case | None = None) -> list[Agenda]:
    """The agendas, in their order, that a curator may choose for a case: not archived, or its own."""
    own_id = case.agenda_id if case else None
    return [
        agenda
        for agenda in all_agendas(curator)
        if curator.can.curate(agenda) and (agenda.archived_at is None or agenda.id == own_id)
    ]


def case_to_change(doer: Person, case_id: int) -> Case:
    """The case with this id and all that its page prints, locked; or `NotFound`."""
    lock = visible_cases(doer).where(Case.id == case_id).with_only_columns(Case.id)
    lock_row(lock.with_for_update(of=Case))
    return one_or_not_found(
        Case, select(Case).where(Case.id == case_id).options(*case_page_options())
    )


def cases_to_index(case_ids: Iterable[int]) -> Sequence[Case]:
    """Cases with everything that search indexes, hidden ones too, locked."""
    query = (
        select(Case).where(Case.id.in_(case_ids)).order_by(Case.id).options(*case_page_options())
    )
    return db.session.scalars(query.with_for_update(of=Case)).all()


def case_row_options() -> tuple[Any, ...]:
    """What a list of cases loads with each of them."""
    return (joinedload(Case.agenda), joinedload(Case.topic), selectinload(Case.places))


def case_page_options() -> tuple[Any, ...]:
    """What the page of a case loads with it."""
    topic = joinedload(Case.topic)
    return (
        joinedload(Case.agenda),
        topic.joinedload(Topic.agenda),
        selectinload(Case.paragraphs),
        selectinload(Case.figures),
        selectinload(Case.links),
        selectinload(Case.places),
        selectinload(Case.themes),
    )
