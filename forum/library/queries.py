"""Finding cases, practices and readings: what a reader may see, the libraries with their facets, and single ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

from flask_babel import gettext
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased, joinedload, selectinload

from forum.agendas.models import Agenda, Theme
from forum.agendas.queries import agendas, all_agendas
from forum.db import db, execute_core
from forum.dialogue.models import TRIED, Mark, Post, Topic
from forum.dialogue.queries import AgendaRow, NameAndSlug, visible_topics
from forum.diffs import Piece, changes
from forum.errors import NotFound
from forum.history.models import Version
from forum.history.queries import versions_of
from forum.library.models import (
    Case,
    CasePlace,
    CaseTheme,
    Practice,
    PracticeSection,
    PracticeTheme,
    Reading,
)
from forum.members.models import City, Member
from forum.pages import Page, page_of
from forum.permissions import (
    Person,
    cached_for_reader,
    cached_statement,
    moderated_by,
    read_by,
    reads,
    require,
    shown_to,
)

T = TypeVar("T")
PAGE = 20
MOST = 200  # cases, practices or readings in a list without pages
MOST_CHOICES = 60  # choices of one facet
SIZES = (("small", 100_000), ("medium", 500_000), ("large", 2_000_000))
LARGEST = "largest"
OUTCOMES = ("kept", "adapted", "stopped")
EVIDENCE = ("told", "counted", "measured", "studied")
SECTIONS = ("challenge", "done", "resources", "results", "failure", "lessons", "needs")
FAILURE = "failure"
PUBLISHED = "published"
FIGURE = ("label", "value", "unit", "as_at", "source", "address")  # the parts of a figure, in order
LINK = ("label", "address", "kind")
READING = ("title", "authors", "year", "kind", "link", "why", "language")
Fields = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """One value of a facet, its words, and how many things have it under the other filters."""

    value: str
    label: str
    count: int


class Tried(NamedTuple):
    """That somebody tried a practice: which one, and the mark with outcome, note, city and member."""

    practice: Practice
    mark: Mark


Values = tuple[str, ...]


@dataclass(frozen=True)
class CaseFilter:
    """What narrows the library of cases: agendas, themes and cities by slug, sizes and the rest by word."""

    agenda: Values = ()
    theme: Values = ()
    country: Values = ()
    city: Values = ()
    size: Values = ()
    kind: Values = ()
    status: Values = ()
    language: Values = ()
    tried: Values = ()


@dataclass(frozen=True)
class PracticeFilter:
    """What narrows the library of practices. `order` is `featured` (first, then newest) or `newest`."""

    agenda: Values = ()
    theme: Values = ()
    country: Values = ()
    city: Values = ()
    size: Values = ()
    evidence: Values = ()
    failed: Values = ()
    language: Values = ()
    tried: Values = ()
    order: str = "featured"


@dataclass(frozen=True)
class ReadingFilter:
    """What narrows the list of best reads."""

    agenda: Values = ()
    kind: Values = ()
    year: Values = ()


# What a reader may see


def visible_cases(reader: Person) -> Select[Any]:
    """The cases that a reader may see: not hidden, or on an agenda that the reader moderates."""
    return select(Case).where(shown_to(reader, Case.hidden_at, Case.agenda_id))


def published_practices(reader: Person) -> Select[Any]:
    """The published practices of the reader's audiences, as libraries list them."""
    return select(Practice).where(
        Practice.state == PUBLISHED,
        Practice.deleted_at.is_(None),
        read_by(reader, Practice.audience),
        shown_to(reader, Practice.hidden_at, Practice.agenda_id),
    )


def visible_practices(reader: Person) -> Select[Any]:
    """The practices whose page a reader may see.

    They are the published ones, the reader's own that nobody has removed, and whatever is on an agenda that the
    reader moderates.
    """
    is_published = and_(
        Practice.state == PUBLISHED,
        Practice.hidden_at.is_(None),
        read_by(reader, Practice.audience),
    )
    mine = and_(Practice.author_id == reader.id, Practice.removed_at.is_(None))
    is_mine = [mine] if reader.is_member and reader.id else []
    return select(Practice).where(
        Practice.deleted_at.is_(None),
        or_(is_published, moderated_by(reader, Practice.agenda_id), *is_mine),
    )


def visible_readings(reader: Person) -> Select[Any]:
    """The best reads that a reader may see: all that are not removed."""
    return select(Reading).where(Reading.removed_at.is_(None))


def sections_for(reader: Person, practice: Practice) -> list[PracticeSection]:
    """The parts of a practice that the reader may see, in order; call nothing else to print them."""
    is_back = is_failure_kept_back(reader, practice)
    return [part for part in practice.sections if not (is_back and part.name == FAILURE)]


def is_failure_kept_back(reader: Person, practice: Practice) -> bool:
    """Whether the practice says what did not work, but not to this reader."""
    has_failure = any(part.name == FAILURE for part in practice.sections)
    return has_failure and not reads(reader, practice.failure_audience)


def why_not_shown(reader: Person, model: type[Case] | type[Practice], slug: str) -> NotFound:
    """What is said to who asks for a page: a sentence if it is hidden and not removed, and they could see it else."""
    query = select(model.id, model.hidden_reason).where(
        model.slug == slug, model.hidden_at.is_not(None), model.removed_at.is_(None)
    )
    if model is Practice:
        is_there = (Practice.state == PUBLISHED, Practice.deleted_at.is_(None))
        query = query.where(*is_there, read_by(reader, Practice.audience))
    row = db.session.execute(query).first()
    if row is None:
        return NotFound()
    known, (item_id, reason) = gettext("The moderators have hidden this page."), row
    words = f"{known} {reason.rstrip('.')}." if reason else known
    return NotFound(words, ("practice" if model is Practice else "case", item_id))


# Cases


def cases(reader: Person, wanted: CaseFilter, number: int = 1) -> Page[Case]:
    """One page of the library of cases, by agenda and in its order; with agenda, places and topic."""
    found = visible_cases(reader).where(*_clauses(Case.id, _case_facets(), wanted))
    ordered = found.join(Agenda, Agenda.id == Case.agenda_id).order_by(
        Agenda.position, Agenda.id, Case.position, Case.id
    )
    return page_of(ordered.options(*_case_row()), number, PAGE)


def case_choices(reader: Person, wanted: CaseFilter) -> dict[str, list[Choice]]:
    """The choices of every facet of the library of cases, each counted under the other filters."""
    return _choices(visible_cases(reader), Case.id, _case_facets(), wanted)


def cases_of(reader: Person, agenda: Agenda) -> Sequence[Case]:
    """The cases of an agenda in their order, with links, places and topic."""
    query = visible_cases(reader).where(Case.agenda_id == agenda.id)
    options = (*_case_row(), selectinload(Case.links))
    ordered = query.order_by(Case.position, Case.id).options(*options).limit(MOST)
    return db.session.scalars(ordered).all()


class CaseRow(NamedTuple):
    """A case in a short list."""

    slug: str
    name: str
    language: str
    agenda: AgendaRow


def latest_cases(reader: Person, limit: int = 5) -> Sequence[CaseRow]:
    """The newest cases."""

    def read() -> tuple[CaseRow, ...]:
        rows = execute_core(_latest_cases(reader), {"limit": limit})
        return tuple(CaseRow._make((*row[:3], AgendaRow._make(row[3:]))) for row in rows)

    return cached_for_reader(reader, ("latest cases", limit), read)


@cached_statement
def _latest_cases(reader: Person) -> Select[Any]:
    found = visible_cases(reader).join(Agenda, Agenda.id == Case.agenda_id)
    of_agenda = (getattr(Agenda, name) for name in AgendaRow._fields)
    found = found.with_only_columns(Case.slug, Case.name, Case.language, *of_agenda)
    newest_first = found.order_by(Case.created_at.desc(), Case.id.desc())
    return newest_first.limit(bindparam("limit"))


def other_cases(reader: Person, case: Case, limit: int = 5) -> Sequence[Case]:
    """Other cases of the same agenda, in its order, with places."""
    query = visible_cases(reader).where(Case.agenda_id == case.agenda_id, Case.id != case.id)
    ordered = query.order_by(Case.position, Case.id).options(*_case_row()).limit(limit)
    return db.session.scalars(ordered).all()


def get_case(reader: Person, slug: str) -> Case:
    """The case of an address with all that its page prints."""
    return _the(Case, visible_cases(reader).where(Case.slug == slug).options(*_case_page()))


def case_by_id(reader: Person, case_id: int) -> Case:
    """The case of an id with all that its page prints."""
    return _the(Case, visible_cases(reader).where(Case.id == case_id).options(*_case_page()))


def case_to_edit(curator: Person, slug: str) -> Case:
    """The case of an address, for somebody who may curate it."""
    case = get_case(curator, slug)
    require(curator.can.curate(case.agenda))
    return case


def case_by_submission_key(curator: Person, key: str | None) -> Case | None:
    """The case that the curator's form of this submission key has made already."""
    if not key:
        return None
    query = select(Case).join(Post, _opens(Case.topic_id))
    mine = query.where(Post.author_id == curator.id, Post.submission_key == key)
    return db.session.scalars(mine.options(*_case_page())).first()


def curated_agendas(curator: Person) -> list[Agenda]:
    """The agendas whose cases and readings somebody may write."""
    return [agenda for agenda in all_agendas(curator) if curator.can.curate(agenda)]


def case_to_change(doer: Person, case_id: int) -> Case:
    """The case of an id, held until the deed that asks is done."""
    held = visible_cases(doer).where(Case.id == case_id).with_only_columns(Case.id)
    _hold(held.with_for_update(of=Case))
    return _the(Case, select(Case).where(Case.id == case_id).options(*_case_page()))


def cases_to_index(case_ids: Iterable[int]) -> Sequence[Case]:
    """Cases with all that they say, hidden ones too, held until the deed that asks is done."""
    query = select(Case).where(Case.id.in_(case_ids)).order_by(Case.id).options(*_case_page())
    return db.session.scalars(query.with_for_update(of=Case)).all()


# Practices


def practices(reader: Person, wanted: PracticeFilter, number: int = 1) -> Page[Practice]:
    """One page of the library of practices, with agenda, author and city."""
    clauses = _clauses(Practice.id, _practice_facets(reader), wanted)
    found = published_practices(reader).where(*clauses)
    ordered = found.order_by(*_practice_order(wanted.order))
    return page_of(ordered.options(*_practice_row()), number, PAGE)


def practice_choices(reader: Person, wanted: PracticeFilter) -> dict[str, list[Choice]]:
    """The choices of every facet of the library of practices, each counted under the other filters."""
    facets = _practice_facets(reader)
    return _choices(published_practices(reader), Practice.id, facets, wanted)


class PracticeRow(NamedTuple):
    """A practice in a short list."""

    slug: str
    title: str
    language: str
    evidence: str
    topic_id: int | None
    city: NameAndSlug | None


def latest_practices(reader: Person, limit: int = 5) -> Sequence[PracticeRow]:
    """The newest published practices."""

    def read() -> tuple[PracticeRow, ...]:
        rows = execute_core(_latest_practices(reader), {"limit": limit})
        return tuple(_practice_row_of(row) for row in rows)

    return cached_for_reader(reader, ("latest practices", limit), read)


def _practice_row_of(row: Sequence[Any]) -> PracticeRow:
    return PracticeRow._make((*row[:5], NameAndSlug._make(row[5:]) if row[5] else None))


@cached_statement
def _latest_practices(reader: Person) -> Select[Any]:
    found = published_practices(reader).outerjoin(City, City.id == Practice.city_id)
    columns = [getattr(Practice, name) for name in PracticeRow._fields[:5]]
    newest = found.with_only_columns(*columns, City.name, City.slug)
    return newest.order_by(*_practice_order("newest")).limit(bindparam("limit"))


def practices_of(reader: Person, agenda: Agenda, limit: int = MOST) -> Sequence[Practice]:
    """The published practices of an agenda, featured ones first."""
    query = published_practices(reader).where(Practice.agenda_id == agenda.id)
    ordered = query.order_by(*_practice_order("featured"))
    return db.session.scalars(ordered.options(*_practice_row()).limit(limit)).all()


def practices_by(
    reader: Person,
    member_id: int | None = None,
    city_id: int | None = None,
    organisation_id: int | None = None,
    limit: int = PAGE,
) -> Sequence[Practice]:
    """The published practices that a member, a city or an organisation shares, newest first."""
    query = published_practices(reader).order_by(*_practice_order("newest"))
    query = query.where(Practice.author_id == member_id) if member_id else query
    query = query.where(Practice.city_id == city_id) if city_id else query
    query = query.where(Practice.organisation_id == organisation_id) if organisation_id else query
    return db.session.scalars(query.options(*_practice_row()).limit(limit)).all()


def practices_tried_by(
    reader: Person,
    city_id: int | None = None,
    organisation_id: int | None = None,
    member_id: int | None = None,
    limit: int = 100,
) -> list[Tried]:
    """The practices that a city, an organisation or a member tried, each with the mark that says so."""
    query = published_practices(reader).add_columns(Mark).join(Post, _opens(Practice.topic_id))
    query = query.join(Mark, _is_trial(Post.id)).join(Member, Member.id == Mark.member_id)
    query = query.where(Mark.city_id == city_id) if city_id else query
    query = query.where(Member.organisation_id == organisation_id) if organisation_id else query
    query = query.where(Mark.member_id == member_id) if member_id else query
    with_people = (joinedload(Mark.member), joinedload(Mark.city), *_practice_row())
    newest = query.order_by(Mark.created_at.desc(), Practice.id.desc()).limit(limit)
    rows = db.session.execute(newest.options(*with_people)).unique()
    return [Tried(practice, mark) for practice, mark in rows]


def tried_counts(topic_ids: Iterable[int | None]) -> dict[int, int]:
    """In how many cities the things that these topics discuss were tried, by topic."""
    wanted = [topic_id for topic_id in topic_ids if topic_id]
    rows: Any = execute_core(_tried_counts(), {"topic_ids": wanted}) if wanted else ()
    return dict(tuple(row) for row in rows)


@cache
def _tried_counts() -> Select[Any]:
    counted: tuple[Any, Any] = (Post.topic_id, func.count(Mark.city_id.distinct()))
    query: Select[Any] = select(*counted)
    query = query.join(Mark, _is_trial(Post.id)).where(Post.number == 1)
    about = Post.topic_id.in_(bindparam("topic_ids", expanding=True))
    return query.where(about).group_by(Post.topic_id)


def get_practice(reader: Person, slug: str) -> Practice:
    """The practice of an address with all that its page prints."""
    query = visible_practices(reader).where(Practice.slug == slug)
    return _the(Practice, query.options(*_practice_page()))


def own_withheld(author: Person, practice_id: int) -> Practice | None:
    """A practice that moderators hide or have removed, for its author, who reads it with the decision."""
    query = select(Practice).where(
        Practice.id == practice_id,
        Practice.author_id == author.id,
        Practice.hidden_at.is_not(None),
        Practice.deleted_at.is_(None),
    )
    return db.session.scalars(query.options(*_practice_page())).unique().first()


def practice_by_id(reader: Person, practice_id: int) -> Practice:
    """The practice of an id with all that its page prints."""
    query = visible_practices(reader).where(Practice.id == practice_id)
    return _the(Practice, query.options(*_practice_page()))


def practice_to_edit(author: Person, slug: str) -> Practice:
    """The practice of an address, for somebody who may edit it."""
    practice = get_practice(author, slug)
    require(author.can.edit_practice(practice))
    return practice


def practice_to_delete(author: Person, slug: str) -> Practice:
    """The practice of an address, for its author."""
    practice = get_practice(author, slug)
    require(author.can.delete_practice(practice))
    return practice


def agendas_to_share_on(author: Person) -> Sequence[Agenda]:
    """The open agendas, for somebody who may share a practice."""
    require(author.can.write())
    return agendas(author)


def practice_to_change(doer: Person, practice_id: int) -> Practice:
    """The practice of an id, held until the deed that asks is done."""
    held = visible_practices(doer).where(Practice.id == practice_id).with_only_columns(Practice.id)
    _hold(held.with_for_update(of=Practice))
    return _the(
        Practice, select(Practice).where(Practice.id == practice_id).options(*_practice_page())
    )


def practices_to_index(practice_ids: Iterable[int]) -> Sequence[Practice]:
    """Practices in every state with all that they say, held until the deed that asks is done."""
    query = select(Practice).where(Practice.id.in_(practice_ids)).order_by(Practice.id)
    query = query.options(*_practice_page())
    return db.session.scalars(query.with_for_update(of=Practice)).all()


def practices_written(member_id: int, after: int, limit: int) -> list[tuple[int, bool]]:
    """Some practices of a member in every state, after an id: each with whether others have read it and it is there.

    It is published, or waits again and others have replied below it while it was.
    """
    of_others = and_(
        Post.topic_id == Practice.topic_id, Post.author_id != member_id, Post.deleted_at.is_(None)
    )
    was_read = or_(Practice.state == PUBLISHED, exists().where(of_others))
    is_there = and_(was_read, Practice.deleted_at.is_(None))
    mine = (Practice.author_id == member_id, Practice.id > after)
    rows = select(Practice.id, is_there).where(*mine).order_by(Practice.id).limit(limit)
    return [(row[0], bool(row[1])) for row in db.session.execute(rows)]


def practice_by_submission_key(author: Person, key: str | None) -> Practice | None:
    """The practice that the author's form of this submission key has made already."""
    if not key:
        return None
    query = select(Practice).where(
        Practice.author_id == author.id,
        Practice.submission_key == key,
        Practice.deleted_at.is_(None),
    )
    return db.session.scalars(query.options(*_practice_page())).first()


def adapted_from(reader: Person, practice: Practice) -> Practice | None:
    """The practice that another one copies, if the reader may see it."""
    if practice.adapted_from_id is None:
        return None
    query = published_practices(reader).where(Practice.id == practice.adapted_from_id)
    return db.session.scalars(query.options(*_practice_row())).first()


def adapted_by(reader: Person, practice: Practice) -> Sequence[Practice]:
    """The published practices that copy one."""
    query = published_practices(reader).where(Practice.adapted_from_id == practice.id)
    ordered = query.order_by(*_practice_order("newest")).limit(MOST)
    return db.session.scalars(ordered.options(*_practice_row())).all()


def drafts_of(author: Person) -> Sequence[Practice]:
    """The author's own practices that are not published, the one last worked on first."""
    query = select(Practice).where(
        Practice.author_id == author.id,
        Practice.state != PUBLISHED,
        Practice.deleted_at.is_(None),
        Practice.removed_at.is_(None),
    )
    latest = query.order_by(Practice.updated_at.desc(), Practice.id.desc()).limit(MOST)
    return db.session.scalars(latest.options(*_practice_row())).all()


def published_by(author: Person) -> Sequence[Practice]:
    """The author's own practices that are published, even hidden ones, newest first."""
    query = select(Practice).where(
        Practice.author_id == author.id,
        Practice.state == PUBLISHED,
        Practice.deleted_at.is_(None),
        Practice.removed_at.is_(None),
    )
    ordered = query.order_by(*_practice_order("newest")).limit(MOST)
    return db.session.scalars(ordered.options(*_practice_row())).all()


def submitted(reader: Person) -> Sequence[Practice]:
    """The practices that wait for a moderator, on the agendas that the reader moderates, oldest first."""
    query = select(Practice).where(
        Practice.state == "submitted",
        Practice.deleted_at.is_(None),
        Practice.hidden_at.is_(None),
        moderated_by(reader, Practice.agenda_id),
    )
    oldest = query.order_by(Practice.submitted_at, Practice.id).limit(MOST)
    return db.session.scalars(oldest.options(*_practice_row())).all()


# Readings


def readings(reader: Person, wanted: ReadingFilter, number: int = 1) -> Page[Reading]:
    """One page of the best reads, by agenda and in its order."""
    found = visible_readings(reader).where(*_clauses(Reading.id, _reading_facets(), wanted))
    ordered = found.join(Agenda, Agenda.id == Reading.agenda_id).order_by(
        Agenda.position, Agenda.id, Reading.position, Reading.id
    )
    return page_of(ordered.options(joinedload(Reading.agenda)), number, 50)


def reading_choices(reader: Person, wanted: ReadingFilter) -> dict[str, list[Choice]]:
    """The choices of every facet of the best reads, each counted under the other filters."""
    return _choices(visible_readings(reader), Reading.id, _reading_facets(), wanted)


def readings_of(reader: Person, agenda: Agenda) -> Sequence[Reading]:
    """The best reads of an agenda in their order."""
    query = visible_readings(reader).where(Reading.agenda_id == agenda.id)
    ordered = query.order_by(Reading.position, Reading.id).limit(MOST)
    return db.session.scalars(ordered.options(joinedload(Reading.agenda))).all()


def reading_to_edit(curator: Person, reading_id: int) -> Reading:
    """One best read, for somebody who may curate it."""
    reading = get_reading(curator, reading_id)
    require(curator.can.curate(reading.agenda))
    return reading


def same_reading(agenda_id: int, fields: dict[str, Any]) -> Reading | None:
    """A best read of an agenda that says exactly the same: a form that came twice."""
    query = select(Reading).filter_by(agenda_id=agenda_id, removed_at=None, **fields)
    return db.session.scalars(query.options(joinedload(Reading.agenda))).first()


def get_reading(reader: Person, reading_id: int) -> Reading:
    """One best read with its agenda."""
    query = visible_readings(reader).where(Reading.id == reading_id)
    return _the(Reading, query.options(joinedload(Reading.agenda)))


def readings_to_index(reading_ids: Iterable[int]) -> Sequence[Reading]:
    """Best reads with their agendas, removed ones too, held until the deed that asks is done."""
    query = select(Reading).where(Reading.id.in_(reading_ids)).order_by(Reading.id)
    query = query.options(joinedload(Reading.agenda))
    return db.session.scalars(query.with_for_update(of=Reading)).all()


# The discussion of a case or a practice


def discussed(reader: Person, topic_id: int | None) -> Topic | None:
    """The topic of a case or a practice, when the reader may see it."""
    if topic_id is None:
        return None
    query = visible_topics(reader).where(Topic.id == topic_id)
    topic: Topic | None = db.session.scalar(query.options(joinedload(Topic.agenda)))
    return topic


def opening_of(topic: Topic) -> Post | None:
    """The post that opens a topic, to be marked; the page itself says what it says."""
    query = select(Post).where(Post.topic_id == topic.id, Post.number == 1)
    return db.session.scalar(query.options(joinedload(Post.topic)))


def opening_id(reader: Person, topic_id: int | None) -> int:
    """The id of the post that opens a topic which the reader may see."""
    topic = discussed(reader, topic_id)
    opening = opening_of(topic) if topic else None
    if opening is None:
        raise NotFound()
    return opening.id


def commented_paragraphs(topic_id: int, keys: Iterable[str]) -> set[str]:
    """Which of these paragraphs of a case have comments, even hidden ones."""
    query = select(Post.paragraph).where(Post.topic_id == topic_id, Post.paragraph.in_(keys))
    return {key for key in db.session.scalars(query.distinct()) if key}


def commenting_cities(topic: Topic) -> int:
    """From how many cities the comments in a topic come."""
    query = select(func.count(Member.city_id.distinct())).join(Post, Post.author_id == Member.id)
    is_there = (Post.deleted_at.is_(None), Post.hidden_at.is_(None))
    return (
        db.session.scalar(query.where(Post.topic_id == topic.id, Post.number > 1, *is_there)) or 0
    )


# What the deeds need


def slugs_like(model: type[Case] | type[Practice], slug: str) -> set[str]:
    """The addresses of cases or practices that begin alike, in use already."""
    return set(db.session.scalars(select(model.slug).where(model.slug.startswith(slug))))


def last_position(model: type[Case] | type[Reading], agenda_id: int) -> int:
    """The highest place that a case or a reading has on an agenda."""
    query = select(func.max(model.position)).where(model.agenda_id == agenda_id)
    return db.session.scalar(query) or 0


def cities_by_id(city_ids: Iterable[int]) -> Sequence[City]:
    """The cities of these ids, by name; unknown ones are left out."""
    query = select(City).where(City.id.in_(list(city_ids)[:MOST])).order_by(City.name)
    return db.session.scalars(query).all()


# What a thing said before


@dataclass(frozen=True)
class Edit:
    """One change: the version it replaced, and what it did to each field, as `diffs.changes` says it."""

    version: Version
    differences: list[tuple[str, list[Piece]]]


def case_edits(reader: Person, case: Case) -> list[Edit]:
    """What was changed in a case that the reader was found to see, newest first."""
    return _edits(versions_of("case", case.id), case_fields(case))


def practice_edits(reader: Person, practice: Practice) -> list[Edit]:
    """What was changed in a published practice, as far as the reader belongs to the audiences of both texts."""
    fields = practice_fields(practice)
    edits = []
    for version in versions_of("practice", practice.id):
        before, after = version.fields, fields
        fields = version.fields
        if all(reads(reader, said["audience"]) for said in (before, after)):
            texts = _without_secrets(reader, practice, before, after)
            edits.append(Edit(version, _differences(*texts)))
    return edits


def reading_edits(curator: Person, reading: Reading) -> list[Edit]:
    """What was changed in a best read, newest first, for somebody who may edit it."""
    require(curator.can.curate(reading.agenda))
    return _edits(versions_of("reading", reading.id), reading_fields(reading))


def _edits(versions: Sequence[Version], fields: Fields) -> list[Edit]:
    edits = []
    for version in versions:
        edits.append(Edit(version, _differences(version.fields, fields)))
        fields = version.fields
    return edits


def _differences(before: Fields, after: Fields) -> list[tuple[str, list[Piece]]]:
    names = dict.fromkeys([*before, *after])
    pairs = [(name, str(before.get(name, "")), str(after.get(name, ""))) for name in names]
    return [(name, changes(old, new)) for name, old, new in pairs if old != new]


def _without_secrets(
    reader: Person, practice: Practice, before: Fields, after: Fields
) -> tuple[Fields, Fields]:
    """Both texts without what failed, unless the reader may read that of both, and what the practice says of it now."""
    wanted = {said["failure_audience"] for said in (before, after)} | {practice.failure_audience}
    if all(reads(reader, audience) for audience in wanted):
        return before, after
    before, after = ({k: v for k, v in f.items() if k != FAILURE} for f in (before, after))
    return before, after


def case_fields(case: Case) -> dict[str, Any]:
    """What a case says, as its history keeps and compares it."""
    return {
        "agenda": case.agenda.title,
        "name": case.name,
        "kind": case.kind,
        "summary": case.summary,
        "body": case.body,
        "reach": case.reach,
        "since": str(case.since or ""),
        "status": case.status,
        "language": case.language,
        "checked_on": str(case.checked_on or ""),
        "figures": "\n".join(_line(figure, FIGURE) for figure in case.figures),
        "links": "\n".join(_line(link, LINK) for link in case.links),
        "places": "\n".join(sorted(f"{city.name}, {city.country}" for city in case.places)),
        "themes": "\n".join(sorted(theme.name for theme in case.themes)),
    }


def _line(row: Any, names: Sequence[str]) -> str:
    return " | ".join(getattr(row, name) for name in names)


def practice_fields(practice: Practice) -> dict[str, Any]:
    """What a practice says, as its history keeps and compares it."""
    return {
        "agenda": practice.agenda.title,
        "title": practice.title,
        "sentence": practice.sentence,
        "link": practice.link,
        "city": practice.city.name if practice.city else "",
        "evidence": practice.evidence,
        "cost": practice.cost,
        "started": str(practice.started or ""),
        "language": practice.language,
        "audience": practice.audience,
        "failure_audience": practice.failure_audience,
        "revisit_on": str(practice.revisit_on or ""),
        "themes": "\n".join(sorted(theme.name for theme in practice.themes)),
        **{part.name: part.source for part in practice.sections},
    }


def reading_fields(reading: Reading) -> dict[str, Any]:
    """What a best read says, as its history keeps and compares it."""
    return {name: str(getattr(reading, name) or "") for name in READING}


# Facets: each is a table of (item, value, label), so that one rule filters and counts all of them


def _case_facets() -> dict[str, Any]:
    place = select(CasePlace.case_id).join(City, City.id == CasePlace.city_id)
    theme = select(CaseTheme.case_id, Theme.slug, Theme.name)
    return {
        "agenda": _facet(_agenda_of(Case)),
        "theme": _facet(_in_use(theme.join(Theme, Theme.id == CaseTheme.theme_id))),
        "country": _facet(place.add_columns(City.country, City.country)),
        "city": _facet(place.add_columns(City.slug, City.name)),
        "size": _facet(place.add_columns(_size(), literal(""))),
        "kind": _facet(select(Case.id, Case.kind, Case.kind)),
        "status": _facet(select(Case.id, Case.status, Case.status)),
        "language": _facet(select(Case.id, Case.language, Case.language)),
        "tried": _facet(_tried(Case)),
    }


def _practice_facets(reader: Person) -> dict[str, Any]:
    place = select(Practice.id).join(City, City.id == Practice.city_id)
    theme = select(PracticeTheme.practice_id, Theme.slug, Theme.name)
    evidence = select(Practice.id, Practice.evidence, literal("")).where(Practice.evidence != "")
    failed = select(Practice.id, literal("yes"), literal("")).where(
        read_by(reader, Practice.failure_audience),
        exists().where(PracticeSection.practice_id == Practice.id, PracticeSection.name == FAILURE),
    )
    return {
        "agenda": _facet(_agenda_of(Practice)),
        "theme": _facet(_in_use(theme.join(Theme, Theme.id == PracticeTheme.theme_id))),
        "country": _facet(place.add_columns(City.country, City.country)),
        "city": _facet(place.add_columns(City.slug, City.name)),
        "size": _facet(place.add_columns(_size(), literal(""))),
        "evidence": _facet(evidence),
        "failed": _facet(failed),
        "language": _facet(select(Practice.id, Practice.language, Practice.language)),
        "tried": _facet(_tried(Practice)),
    }


def _reading_facets() -> dict[str, Any]:
    year = func.cast(Reading.year, db.String)
    return {
        "agenda": _facet(_agenda_of(Reading)),
        "kind": _facet(select(Reading.id, Reading.kind, Reading.kind)),
        "year": _facet(select(Reading.id, year, year).where(Reading.year.is_not(None))),
    }


def _facet(rows: Any) -> Any:
    return rows.subquery()


def _agenda_of(model: type[Any]) -> Select[Any]:
    return select(model.id, Agenda.slug, Agenda.title).join(Agenda, Agenda.id == model.agenda_id)


def _in_use(query: Any) -> Any:
    return query.where(Theme.removed_at.is_(None))


def _tried(model: type[Any]) -> Select[Any]:
    query = select(model.id, Mark.outcome, literal(""))
    return query.join(Post, _opens(model.topic_id)).join(Mark, _is_trial(Post.id))


def _opens(topic_id: Any) -> ColumnElement[bool]:
    return and_(Post.topic_id == topic_id, Post.number == 1)


def _is_trial(post_id: Any) -> ColumnElement[bool]:
    is_there = and_(Post.deleted_at.is_(None), Post.hidden_at.is_(None))
    giver = aliased(
        Member
    )  # asked about by each mark: hidden ones among all members would take longer
    is_hidden = exists().where(giver.id == Mark.member_id, giver.hidden_at.is_not(None))
    is_hidden = is_hidden.correlate(Mark)
    return and_(Mark.post_id == post_id, Mark.kind == TRIED, is_there, ~is_hidden)


def _size() -> ColumnElement[str]:
    steps = [(City.population < most, literal(size)) for size, most in SIZES]
    return case(*steps, else_=literal(LARGEST))


def _clauses(
    item_id: Any, facets: Mapping[str, Any], wanted: Any, but: str = ""
) -> list[ColumnElement[bool]]:
    return [
        item_id.in_(select(facet.c[0]).where(facet.c[1].in_(getattr(wanted, name))))
        for name, facet in facets.items()
        if name != but and getattr(wanted, name)
    ]


def _choices(
    visible: Select[Any], item_id: Any, facets: Mapping[str, Any], wanted: Any
) -> dict[str, list[Choice]]:
    return {
        name: _counted(visible.where(*_clauses(item_id, facets, wanted, name)), item_id, facet)
        for name, facet in facets.items()
    }


def _counted(items: Select[Any], item_id: Any, facet: Any) -> list[Choice]:
    item, value, label = facet.c
    how_many = func.count(item.distinct())
    query = select(value, label, how_many).where(item.in_(items.with_only_columns(item_id)))
    query = query.group_by(value, label).order_by(how_many.desc(), label, value)
    return [Choice(*row) for row in db.session.execute(query.limit(MOST_CHOICES))]


# What is loaded along, and the order


def _case_row() -> tuple[Any, ...]:
    return (joinedload(Case.agenda), joinedload(Case.topic), selectinload(Case.places))


def _case_page() -> tuple[Any, ...]:
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


def _practice_row() -> tuple[Any, ...]:
    author = joinedload(Practice.author)
    return (
        joinedload(Practice.agenda),
        joinedload(Practice.city),
        author.joinedload(Member.city),
        joinedload(Practice.topic),
    )


def _practice_page() -> tuple[Any, ...]:
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


def _practice_order(order: str) -> tuple[Any, ...]:
    newest = (Practice.published_at.desc(), Practice.id.desc())
    return newest if order == "newest" else (Practice.featured_at.is_(None), *newest)


def _hold(ids: Select[Any]) -> None:
    """Hold a row before it is read with what is joined to it, see `dialogue.queries`."""
    if db.session.scalar(ids) is None:
        raise NotFound()


def _the(model: type[T], query: Select[Any]) -> T:
    row = db.session.scalars(query).unique().first()
    if not isinstance(row, model):
        raise NotFound()
    return row
