"""Looking up what a content file refers to by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.columns import possible_ids
from forum.commitments.models import Commitment
from forum.db import db
from forum.declarations.models import Declaration
from forum.declarations.queries import visible_declarations
from forum.dialogue.models import Poll, PollOption, Post, Topic
from forum.glossary.models import Entry
from forum.library.models import Case, CaseFigure, CaseParagraph, Practice
from forum.members.models import City, Member, Organisation
from forum.members.queries import city_by_name
from forum.permissions import Person
from forum.pictures.models import Picture

CITY_ID = re.compile(r" *[0-9]{1,9} *")  # the GeoNames id of a city


def post_saying(words: str) -> Post:
    """The first post whose text has these words; there must be one."""
    query = select(Post).where(Post.source.contains(words, autoescape=True)).order_by(Post.id)
    return db.session.scalars(query.limit(1)).one()


def cities_by_label(names: Iterable[str]) -> dict[str, City]:
    """The cities by labels such as `Surat, IN`; those that are not found are left out."""
    found = {written: _city(written) for written in set(names)}
    return {written: city for written, city in found.items() if city}


def _city(written: str) -> City | None:
    name, _comma, country = written.rpartition(",")
    if CITY_ID.fullmatch(country):
        return db.session.get(City, int(country))
    return city_by_name(name.strip() or country.strip(), country.strip().upper() if name else None)


def organisation_ids() -> dict[str, int]:
    """The ids of all organisations by slug."""
    rows = db.session.execute(select(Organisation.slug, Organisation.id))
    return {row[0]: row[1] for row in rows}


def agenda_by_slug(slug: str) -> Agenda | None:
    """The agenda with a slug, or None; none that was deleted."""
    return db.session.scalar(select(Agenda).filter_by(slug=slug, deleted_at=None))


def cases_by_slug(slugs: Iterable[str]) -> dict[str, Case]:
    """The cases with these slugs, by slug."""
    return {
        case.slug: case for case in db.session.scalars(select(Case).where(Case.slug.in_(slugs)))
    }


def practices_by_slug(slugs: Iterable[str]) -> dict[str, Practice]:
    """The practices with these slugs, by slug."""
    found = db.session.scalars(select(Practice).where(Practice.slug.in_(slugs)))
    return {practice.slug: practice for practice in found}


def slugs_of(kind: str) -> Sequence[str]:
    """The slugs of all cases, or of all practices."""
    return db.session.scalars(select(Case.slug if kind == "case" else Practice.slug)).all()


def figures_of_case(slug: str) -> Sequence[tuple[str, str]]:
    """Label and unit of each figure of the case with this slug."""
    of_case = select(CaseFigure.label, CaseFigure.unit).join(Case, Case.id == CaseFigure.case_id)
    rows = db.session.execute(of_case.where(Case.slug == slug).order_by(CaseFigure.position))
    return [(label, unit) for label, unit in rows]


def paragraph_keys(case_id: int) -> Sequence[str]:
    """The keys of the paragraphs of a case, in order."""
    query = select(CaseParagraph.key).where(CaseParagraph.case_id == case_id)
    return db.session.scalars(query.order_by(CaseParagraph.position)).all()


def opening_post(topic_id: int) -> Post:
    """The post that opens a topic."""
    query = select(Post).filter_by(topic_id=topic_id, number=1).options(joinedload(Post.author))
    return db.session.scalars(query).one()


def topic_ids_of(post_ids: Collection[int]) -> Sequence[int]:
    """The ids of the topics in which these posts are."""
    found = select(Post.topic_id).where(Post.id.in_(possible_ids(post_ids))).distinct()
    return db.session.scalars(found).all()


def author_of_topic(topic_id: int) -> Member:
    """The member who opened a topic."""
    query = select(Member).join(Topic, Topic.author_id == Member.id).where(Topic.id == topic_id)
    return db.session.scalars(query).one()


def counts() -> dict[str, int]:
    """How many members, agendas, topics and so on there are, by name, for a command to print."""
    tables = {"members": Member, "agendas": Agenda, "topics": Topic, "posts": Post}
    return {
        name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in (
            tables
            | {"cases": Case, "practices": Practice, "pictures": Picture, "expressions": Entry}
        ).items()
    }


def organisations_by_slug(slugs: Collection[str]) -> Sequence[Organisation]:
    """The organisations with these slugs."""
    return db.session.scalars(select(Organisation).where(Organisation.slug.in_(slugs))).all()


def commitments_called(
    agenda: str, organisation: str, title: str, published_at: datetime
) -> list[int]:
    """The ids of the commitments with this title and moment of an organisation on an agenda, both by slug."""
    found = select(Commitment.id).join(Commitment.agenda).join(Commitment.organisation)
    there = (Agenda.slug == agenda, Organisation.slug == organisation)
    is_it = (Commitment.title == title, Commitment.published_at == published_at)
    return list(db.session.scalars(found.where(*there, *is_it).order_by(Commitment.id)))


def declarations_titled(titles: Collection[str] | None = None) -> Sequence[str]:
    """The titles of all declarations that are no drafts, or those among some titles that one has."""
    found = select(Declaration.title).where(Declaration.opened_at.is_not(None))
    found = found if titles is None else found.where(Declaration.title.in_(titles))
    return db.session.scalars(found).all()


def declaration_called(reader: Person, title: str) -> Declaration | None:
    """The newest declaration with this title that is no draft, if the reader finds one."""
    told = (Declaration.title == title, Declaration.opened_at.is_not(None))
    found = visible_declarations(reader).where(*told).order_by(Declaration.id.desc())
    return db.session.scalars(found.limit(1)).first()


def option_ids(post_id: int) -> Sequence[int]:
    """The ids of the options of the poll below a post, in order."""
    query = select(PollOption.id).join(Poll, Poll.id == PollOption.poll_id)
    query = query.where(Poll.post_id == post_id).order_by(PollOption.position)
    return db.session.scalars(query).all()


def has_handle_beginning_with(beginning: str) -> bool:
    """Whether any member's handle begins with this."""
    begins = exists().where(Member.handle.startswith(beginning, autoescape=True))
    return bool(db.session.scalar(select(begins)))
