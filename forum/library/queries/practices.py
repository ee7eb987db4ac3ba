"""Practices: the library, lists, single ones, and what actions read before they change one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from forum.agendas.models import Agenda
from forum.agendas.queries import agendas
from forum.db import db, execute_core
from forum.dialogue.models import Mark, Post, Topic
from forum.dialogue.queries import NameAndSlug
from forum.library.models import PUBLISHED, Practice
from forum.library.queries._choices import Choices, facet_choices
from forum.library.queries._facets import PracticeFilter
from forum.library.queries._filtering import facet_conditions
from forum.library.queries._shared import (
    ITEMS_PER_PAGE,
    MAX_LISTED,
    equal,
    given,
    is_tried_mark,
    lock_row,
    one_or_not_found,
    opens_topic,
)
from forum.library.queries._visibility import is_left_over, published_practices, visible_practices
from forum.members.models import City, Member
from forum.pages import Page, page_of, rows_after
from forum.permissions import Person, require
from forum.reach import opened_to
from forum.reachcache import cached_for_reader, cached_statement


def practices(reader: Person, wanted: PracticeFilter, number: int = 1) -> Page[Practice]:
    """One page of the library of practices, with agenda, author and city."""
    ordered = _wanted_practices(reader, wanted).order_by(*practice_order(wanted.order))
    return page_of(ordered, number, ITEMS_PER_PAGE)


def practices_after(
    reader: Person, wanted: PracticeFilter, last: Practice | None, limit: int
) -> Sequence[Practice]:
    """At most `limit` practices that follow `last` in the library, newest first; with None, the first ones."""
    key = (last.published_at, last.id) if last else None
    return rows_after(_wanted_practices(reader, wanted), practice_order("newest"), key, limit)


def _wanted_practices(reader: Person, wanted: PracticeFilter) -> Select[Any]:
    clauses = facet_conditions(reader, Practice, wanted)
    return published_practices(reader).where(*clauses).options(*practice_row_options())


def practice_choices(reader: Person, wanted: PracticeFilter) -> Choices:
    """The choices of every facet of the library of practices, each counted under the other filters."""
    return facet_choices(reader, Practice, wanted)


class PracticeRow(NamedTuple):
    """A practice in a short list: values instead of an ORM row, like `CaseRow`."""

    slug: str
    title: str
    language: str
    evidence: str
    topic_id: int | None
    city: NameAndSlug | None


def latest_practices(reader: Person, limit: int = 5) -> Sequence[PracticeRow]:
    """The newest published practices, from the cache if possible."""

    def read() -> tuple[PracticeRow, ...]:
        rows = execute_core(_latest_practices_query(reader), {"limit": limit})
        return tuple(_to_practice_row(row) for row in rows)

    return cached_for_reader(reader, ("latest practices", limit), read)


def _to_practice_row(row: Sequence[Any]) -> PracticeRow:
    return PracticeRow._make((*row[:5], NameAndSlug._make(row[5:]) if row[5] else None))


@cached_statement
def _latest_practices_query(reader: Person) -> Select[Any]:
    found = published_practices(reader).outerjoin(City, City.id == Practice.city_id)
    columns = [getattr(Practice, name) for name in PracticeRow._fields[:5]]
    newest = found.with_only_columns(*columns, City.name, City.slug)
    return newest.order_by(*practice_order("newest")).limit(bindparam("limit"))


def practices_of(reader: Person, agenda: Agenda, limit: int = MAX_LISTED) -> Sequence[Practice]:
    """The published practices of an agenda, featured ones first."""
    values = {"agenda_id": agenda.id, "limit": limit}
    return db.session.scalars(_practices_of(reader), values).all()


@cached_statement
def _practices_of(reader: Person) -> Select[Any]:
    query = published_practices(reader).where(Practice.agenda_id == bindparam("agenda_id"))
    ordered = query.order_by(*practice_order("featured")).limit(bindparam("limit"))
    return ordered.options(*practice_row_options())


def practices_by(
    reader: Person,
    member_id: int | None = None,
    city_id: int | None = None,
    organisation_id: int | None = None,
    limit: int = ITEMS_PER_PAGE,
) -> Sequence[Practice]:
    """The published practices that a member, a city or an organisation shares, newest first."""
    by = given(member_id=member_id, city_id=city_id, organisation_id=organisation_id)
    return db.session.scalars(_practices_by(reader, *by), {**by, "limit": limit}).all()


@cached_statement
def _practices_by(reader: Person, *given_names: str) -> Select[Any]:
    columns = {
        "member_id": Practice.author_id,
        "city_id": Practice.city_id,
        "organisation_id": Practice.organisation_id,
    }
    query = published_practices(reader).where(*equal(columns, given_names))
    newest = query.order_by(*practice_order("newest")).limit(bindparam("limit"))
    return newest.options(*practice_row_options())


class TriedPractice(NamedTuple):
    """A practice and a "tried it" mark on it, with outcome, note, city and member."""

    practice: Practice
    mark: Mark


def practices_tried_by(
    reader: Person,
    city_id: int | None = None,
    organisation_id: int | None = None,
    member_id: int | None = None,
    limit: int = 100,
) -> list[TriedPractice]:
    """The practices that a city, an organisation or a member tried, each with the mark that says so."""
    by = given(member_id=member_id, city_id=city_id, organisation_id=organisation_id)
    rows = db.session.execute(_practices_tried_by(reader, *by), {**by, "limit": limit})
    return [TriedPractice(practice, mark) for practice, mark in rows.unique()]


@cached_statement
def _practices_tried_by(reader: Person, *given_names: str) -> Select[Any]:
    columns = {
        "member_id": Mark.member_id,
        "city_id": Mark.city_id,
        "organisation_id": Member.organisation_id,
    }
    query = published_practices(reader).add_columns(Mark).join(Post, opens_topic(Practice.topic_id))
    query = query.join(Mark, is_tried_mark(Post.id)).join(Member, Member.id == Mark.member_id)
    newest = query.order_by(Mark.created_at.desc(), Practice.id.desc()).limit(bindparam("limit"))
    with_people = (joinedload(Mark.member), joinedload(Mark.city), *practice_row_options())
    return newest.where(*equal(columns, given_names)).options(*with_people)


def get_practice(reader: Person, slug: str) -> Practice:
    """The practice with this slug and all that its page prints, or `NotFound`."""
    values = {"slug": slug, "reader_id": reader.id or 0}
    return one_or_not_found(Practice, _practice_page(reader), values)


@cached_statement
def _practice_page(reader: Person) -> Select[Any]:
    seen = visible_practices(reader, bindparam("reader_id"))
    return seen.where(Practice.slug == bindparam("slug")).options(*practice_page_options())


def own_hidden_practice(author: Person, practice_id: int) -> Practice | None:
    """A practice that moderators have hidden or removed, for its author, who reads it with the decision."""
    query = select(Practice).where(
        Practice.id == practice_id,
        Practice.author_id == author.id,
        Practice.hidden_at.is_not(None),
        Practice.deleted_at.is_(None),
        opened_to(author, Practice.agenda_id),
    )
    return db.session.scalars(query.options(*practice_page_options())).unique().first()


def practice_by_id(reader: Person, practice_id: int) -> Practice:
    """The practice with this id and all that its page prints, or `NotFound`."""
    query = visible_practices(reader).where(Practice.id == practice_id)
    return one_or_not_found(Practice, query.options(*practice_page_options()))


def practice_to_edit(author: Person, slug: str) -> Practice:
    """The practice with this slug, for somebody who may edit it; else `Forbidden`, or `NotFound`."""
    practice = get_practice(author, slug)
    require(author.can.edit_practice(practice))
    return practice


def practice_to_delete(author: Person, slug: str) -> Practice:
    """The practice with this slug, for somebody who may delete it; else `Forbidden`, or `NotFound`."""
    practice = get_practice(author, slug)
    require(author.can.delete_practice(practice))
    return practice


def practice_to_bookmark(member: Person, slug: str) -> Practice:
    """The practice with this slug, for a member who bookmarks it or removes the bookmark."""
    require(member.can.bookmark())
    return one_or_not_found(Practice, visible_practices(member).where(Practice.slug == slug))


def agendas_to_share_on(author: Person) -> Sequence[Agenda]:
    """The open agendas, for somebody who may share a practice."""
    require(author.can.write())
    return agendas(author)


def practice_to_change(doer: Person, practice_id: int) -> Practice:
    """The practice with this id and all that its page prints, locked; or `NotFound`."""
    lock = visible_practices(doer).where(Practice.id == practice_id).with_only_columns(Practice.id)
    lock_row(lock.with_for_update(of=Practice))
    return one_or_not_found(
        Practice,
        select(Practice).where(Practice.id == practice_id).options(*practice_page_options()),
    )


def practices_to_look_at(today: date, limit: int) -> Sequence[Practice]:
    """Published practices that the worker should look at now, locked; those locked by other workers are skipped."""
    due = select(Practice).where(
        Practice.look_on <= today, Practice.state == PUBLISHED, Practice.deleted_at.is_(None)
    )
    due = due.order_by(Practice.look_on, Practice.id).limit(limit)
    locked = due.with_for_update(of=Practice, skip_locked=True)
    shown = (joinedload(Practice.agenda), joinedload(Practice.author))
    return db.session.scalars(locked.options(*shown)).all()


def asked_lately(author_ids: Collection[int], since: datetime) -> dict[int, int]:
    """About how many practices each author was asked since a moment without having answered."""
    asked = select(Practice.author_id, func.count())
    asked = asked.where(Practice.author_id.in_(author_ids), Practice.asked_at > since)
    rows = db.session.execute(asked.group_by(Practice.author_id))
    return {row[0]: row[1] for row in rows}


def practices_to_index(practice_ids: Iterable[int]) -> Sequence[Practice]:
    """Practices in any state with everything that search indexes, locked."""
    query = select(Practice).where(Practice.id.in_(practice_ids)).order_by(Practice.id)
    query = query.options(*practice_page_options())
    return db.session.scalars(query.with_for_update(of=Practice)).all()


def lock_practices(practice_ids: Iterable[int], author_id: int | None = None) -> None:
    """Lock some practices, or all of an author, in order: before their topics, as whoever changes one of them does."""
    ids = list(practice_ids)
    wanted = Practice.author_id == author_id if author_id else Practice.id.in_(ids)
    if ids or author_id:
        found = select(Practice.id).where(wanted).order_by(Practice.id)
        db.session.execute(found.with_for_update())


def practices_written(member_id: int, after: int, limit: int) -> list[tuple[int, bool]]:
    """At most `limit` practices of a member in any state with ids after `after`: (id, whether others know it).

    Others know a practice that is not deleted and is published, or was published, as comments of others show.
    """
    of_others = and_(
        Post.topic_id == Practice.topic_id, Post.author_id != member_id, Post.deleted_at.is_(None)
    )
    is_known = or_(Practice.state == PUBLISHED, exists().where(of_others))
    is_known = and_(is_known, Practice.deleted_at.is_(None))
    mine = (Practice.author_id == member_id, Practice.id > after)
    rows = select(Practice.id, is_known).where(*mine).order_by(Practice.id).limit(limit)
    return [(row[0], bool(row[1])) for row in db.session.execute(rows)]


def practice_by_submission_key(author: Person, key: str | None) -> Practice | None:
    """The practice that the author's form with this submission key has created, or None."""
    if not key:
        return None
    query = select(Practice).where(
        Practice.author_id == author.id,
        Practice.submission_key == key,
        Practice.deleted_at.is_(None),
    )
    return db.session.scalars(query.options(*practice_page_options())).first()


def adapted_from(reader: Person, practice: Practice) -> Practice | None:
    """The practice from which this one was adapted, if the reader may see it."""
    if practice.adapted_from_id is None:
        return None
    query = published_practices(reader).where(Practice.id == practice.adapted_from_id)
    return db.session.scalars(query.options(*practice_row_options())).first()


def adapted_by(reader: Person, practice: Practice) -> Sequence[Practice]:
    """The published practices that were adapted from this one, newest first."""
    return db.session.scalars(_adapted_by(reader), {"practice_id": practice.id}).all()


@cached_statement
def _adapted_by(reader: Person) -> Select[Any]:
    query = published_practices(reader).where(Practice.adapted_from_id == bindparam("practice_id"))
    ordered = query.order_by(*practice_order("newest")).limit(MAX_LISTED)
    return ordered.options(*practice_row_options())


def drafts_of(author: Person) -> Sequence[Practice]:
    """The author's own practices that are not published, the most recently changed first."""
    require(author.can.see_own())
    query = select(Practice).where(
        Practice.author_id == author.id,
        Practice.state != PUBLISHED,
        Practice.deleted_at.is_(None),
        Practice.removed_at.is_(None),
        or_(opened_to(author, Practice.agenda_id), is_left_over()),
    )
    latest = query.order_by(Practice.updated_at.desc(), Practice.id.desc()).limit(MAX_LISTED)
    return db.session.scalars(latest.options(*practice_row_options())).all()


def published_by(author: Person) -> Sequence[Practice]:
    """The author's own practices that are published, even hidden ones, newest first."""
    require(author.can.see_own())
    query = select(Practice).where(
        Practice.author_id == author.id,
        Practice.state == PUBLISHED,
        Practice.deleted_at.is_(None),
        Practice.removed_at.is_(None),
        opened_to(author, Practice.agenda_id),
    )
    ordered = query.order_by(*practice_order("newest")).limit(MAX_LISTED)
    return db.session.scalars(ordered.options(*practice_row_options())).all()


def practice_order(order: str) -> tuple[Any, ...]:
    """The ORDER BY of practices: `newest`, or `featured` (featured ones first, then the newest)."""
    newest = (Practice.published_at.desc(), Practice.id.desc())
    return newest if order == "newest" else (Practice.featured_at.is_(None), *newest)


def practice_row_options() -> tuple[Any, ...]:
    """What a list of practices loads with each of them."""
    author = joinedload(Practice.author)
    return (
        joinedload(Practice.agenda),
        joinedload(Practice.city),
        author.joinedload(Member.city),
        joinedload(Practice.topic),
    )


def practice_page_options() -> tuple[Any, ...]:
    """What the page of a practice loads with it."""
    author = joinedload(Practice.author)
    topic = joinedload(Practice.topic)
    return (
        joinedload(Practice.agenda),
        joinedload(Practice.city),
        joinedload(Practice.organisation),
        author.joinedload(Member.city),
        author.joinedload(Member.organisation),
        topic.joinedload(Topic.agenda),
        selectinload(Practice.sections),
        selectinload(Practice.themes),
    )
