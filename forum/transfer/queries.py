"""What a content file may speak of, by name; and everything stored, in batches, to be made anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.library.models import Case, CaseParagraph, Practice, PracticeSection, Reading
from forum.markup import VERSION
from forum.members.models import City, Member, Organisation
from forum.members.queries import city_by_name
from forum.search.models import Document
from forum.terms.models import Terms
from forum.transfer.models import Texts

TEXTS = {
    "posts": Texts(Post.source, Post.html_version, (Post.id,)),
    "notes of moderators": Texts(
        Post.note_source, Post.note_html_version, (Post.id,), is_optional=True
    ),
    "paragraphs of cases": Texts(
        CaseParagraph.source, CaseParagraph.html_version, (CaseParagraph.id,)
    ),
    "parts of practices": Texts(
        PracticeSection.source,
        PracticeSection.html_version,
        (PracticeSection.practice_id, PracticeSection.name),
    ),
    "introductions of agendas": Texts(Agenda.introduction, Agenda.html_version, (Agenda.id,)),
    "profiles": Texts(Member.about, Member.html_version, (Member.id,), is_optional=True),
    "terms of use": Texts(Terms.source, Terms.html_version, (Terms.number,)),
}
# What documents lead to. Posts bring the documents of their topics along.
THINGS: dict[str, Any] = {
    "topic": Topic,
    "post": Post,
    "case": Case,
    "practice": Practice,
    "reading": Reading,
    "member": Member,
}


def members_called(handles: Iterable[str]) -> dict[str, Member]:
    """The members with these handles."""
    found = db.session.scalars(select(Member).where(Member.handle.in_(set(handles))))
    return {member.handle: member for member in found}


def cities_called(names: Iterable[str]) -> dict[str, City]:
    """The cities written as `Surat, IN`, by what was written; those not found are left out."""
    found = {written: _city(written) for written in set(names)}
    return {written: city for written, city in found.items() if city}


def _city(written: str) -> City | None:
    name, _comma, country = written.rpartition(",")
    return city_by_name(name.strip() or country.strip(), country.strip().upper() if name else None)


def organisation_ids() -> dict[str, int]:
    """The ids of all organisations by slug."""
    rows = db.session.execute(select(Organisation.slug, Organisation.id))
    return {row[0]: row[1] for row in rows}


def agenda_of(slug: str) -> Agenda | None:
    """The agenda with a slug."""
    return db.session.scalar(select(Agenda).filter_by(slug=slug))


def cases_called(slugs: Iterable[str]) -> dict[str, Case]:
    """The cases with these slugs."""
    return {
        case.slug: case for case in db.session.scalars(select(Case).where(Case.slug.in_(slugs)))
    }


def practices_called(slugs: Iterable[str]) -> dict[str, Practice]:
    """The practices with these slugs."""
    found = db.session.scalars(select(Practice).where(Practice.slug.in_(slugs)))
    return {practice.slug: practice for practice in found}


def opening_of(topic_id: int) -> Post:
    """The post that opens a topic."""
    query = select(Post).filter_by(topic_id=topic_id, number=1).options(joinedload(Post.author))
    return db.session.scalars(query).one()


def topic_of(topic_id: int) -> Topic:
    """A topic with its author and agenda."""
    loads = joinedload(Topic.author), joinedload(Topic.agenda)
    return db.session.scalars(select(Topic).filter_by(id=topic_id).options(*loads)).one()


def counts() -> dict[str, int]:
    """How much of everything there is, for a command to tell."""
    tables = {"members": Member, "agendas": Agenda, "topics": Topic, "posts": Post}
    return {
        name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in (tables | {"cases": Case, "practices": Practice}).items()
    }


# Everything stored, in batches


def outdated_count(kind: str) -> int:
    """How many texts of a kind have HTML that an older version of `markup` has made."""
    query = select(func.count()).where(*_is_outdated(TEXTS[kind]))
    return db.session.scalar(query) or 0


def outdated(kind: str, size: int) -> Iterator[dict[Any, str]]:
    """The sources of those texts by the keys of their rows, so many at a time and each once."""
    texts = TEXTS[kind]
    query = select(*texts.key, texts.source).where(*_is_outdated(texts))
    query = query.order_by(*texts.key).limit(size)
    rows = db.session.execute(query).all()
    while rows:
        yield {row[0] if len(row) == 2 else tuple(row[:-1]): row[-1] for row in rows}
        following = query.where(tuple_(*texts.key) > tuple(rows[-1][:-1]))
        rows = db.session.execute(following).all()


def _is_outdated(texts: Texts) -> tuple[ColumnElement[bool], ...]:
    is_old = texts.version < VERSION
    return (is_old, texts.source != "") if texts.is_optional else (is_old,)


def things_count(kind: str) -> int:
    """How many things of a kind there are, gone ones too."""
    return db.session.scalar(select(func.count()).select_from(THINGS[kind])) or 0


def things(kind: str, size: int) -> Iterator[list[int]]:
    """The ids of all things of a kind in the order in which they were made, so many at a time."""
    query = select(THINGS[kind].id).order_by(THINGS[kind].id).limit(size)
    ids = db.session.scalars(query).all()
    while ids:
        yield list(ids)
        ids = db.session.scalars(query.where(THINGS[kind].id > ids[-1])).all()


def sources_of(kind: str, ids: Sequence[int]) -> list[str]:
    """The Markdown of some things of a kind whose documents hold its plain words."""
    queries = {
        "post": [select(Post.source).where(Post.id.in_(ids))],
        "case": [
            select(Case.summary).where(Case.id.in_(ids)),
            select(CaseParagraph.source).where(CaseParagraph.case_id.in_(ids)),
        ],
    }
    return [source for query in queries.get(kind, []) for source in db.session.scalars(query)]


def documents_count() -> int:
    """How many documents search knows."""
    return db.session.scalar(select(func.count()).select_from(Document)) or 0


def stray_documents() -> list[tuple[str, int]]:
    """Kind and id of the things that have a document and nothing else."""
    leads = (
        and_(Document.kind == kind, exists().where(table.id == Document.item_id))
        for kind, table in THINGS.items()
    )
    strays = select(Document.kind, Document.item_id).where(~or_(*leads)).order_by(Document.id)
    return [(row[0], row[1]) for row in db.session.execute(strays)]
