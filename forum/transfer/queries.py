"""What a content file may speak of: members, cities, organisations, agendas, cases and practices by name."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.library.models import Case, Practice
from forum.members.models import City, Member, Organisation
from forum.members.queries import city_by_name


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
