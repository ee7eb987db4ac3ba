"""Who sees which topics and posts, and who wrote them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, load_only

from forum import permissions
from forum.db import topic_scope
from forum.dialogue.models import Post, Topic
from forum.markup import Written, handles_in, write
from forum.members.models import City, Member, Named, Organisation
from forum.members.queries import members_to_mention
from forum.permissions import Person, read_by, shown_to

R = TypeVar("R")
BYLINE = load_only(
    Member.handle, Member.name, Member.position, Member.hidden_at, Member.left_at, raiseload=True
)
NAME_OF_ORGANISATION = load_only(Organisation.name, Organisation.slug, raiseload=True)


class Name(NamedTuple):
    """A city or an organisation by its name."""

    name: str
    slug: str


class _Person(NamedTuple):
    id: int
    handle: str
    name: str
    position: str
    hidden_at: datetime | None
    left_at: datetime | None
    city: Name | None
    organisation: Name | None


class Byline(_Person, Named):
    """Who wrote a post, as far as a page says it."""


def _name(name: str | None, slug: str | None) -> Name | None:
    return Name(name, slug) if name is not None and slug is not None else None


_THEIRS, _FOR = aliased(Organisation), aliased(Organisation)
_OF_PERSON = [getattr(Member, name) for name in _Person._fields[:6]]
_OF_PEOPLE = (
    *_OF_PERSON,
    *(City.name, City.slug, _THEIRS.name, _THEIRS.slug, _FOR.name, _FOR.slug),
)


def with_people_of(query: Select[Any], written: Any) -> Select[Any]:
    """Add who wrote something, from where, and for which organisation: `_OF_PEOPLE`, of which `people_of` makes values."""
    return (
        query.add_columns(*_OF_PEOPLE)
        .join(Member, Member.id == written.author_id)
        .outerjoin(City, City.id == Member.city_id)
        .outerjoin(_THEIRS, _THEIRS.id == Member.organisation_id)
        .outerjoin(_FOR, _FOR.id == written.organisation_id)
    )


def people_of(row: Sequence[Any]) -> tuple[Byline, Name | None]:
    author = Byline._make((*row[:6], _name(*row[6:8]), _name(*row[8:10])))
    return author, _name(*row[10:12])


def visible_topics(reader: Person) -> Select[Any]:
    """The topics that the reader may see: not deleted, not hidden from them, for an audience of theirs."""
    return select(Topic).where(
        Topic.deleted_at.is_(None),
        shown_to(reader, Topic.hidden_at, Topic.agenda_id),
        read_by(reader, Topic.audience),
    )


def remembered(reader: Person, topic_id: int, what: Hashable, read: Callable[[], R]) -> R:
    """What visitors, or members, see of a topic, remembered until a deed touches it."""
    return permissions.cached_for_reader(reader, (what, topic_id), read, topic_scope(topic_id))


def visible_posts(reader: Person, *of_topic: Any) -> Select[Any]:
    """The posts, and the gaps that some have left, in the topics that the reader may see.

    A removed post is there for who moderates its agenda, and for nobody else.
    """
    whole = visible_topics(reader).whereclause
    query = select(Post).join(Post.topic)
    query = query.where(shown_to(reader, Post.removed_at, Topic.agenda_id))
    return (query.where(whole) if whole is not None else query).options(
        contains_eager(Post.topic).options(joinedload(Topic.agenda), *of_topic)
    )


def written(source: str, language: str = "en") -> Written:
    """A text as it is stored, in which the names of members whom it mentions are links."""
    handles = handles_in(source)
    people = {member.handle for member in members_to_mention(handles)} if handles else ()
    return write(source, language, people)


def with_people(query: Select[Any]) -> Select[Any]:
    for_whom = joinedload(Post.organisation).options(NAME_OF_ORGANISATION)
    return query.options(for_whom, written_by(Post.author))


def written_by(relationship: Any) -> Any:
    """Who wrote something, as far as a page says it: the rest of a row costs time, twenty times a page."""
    return joinedload(relationship).options(
        BYLINE,
        joinedload(Member.city).options(load_only(City.name, City.slug, raiseload=True)),
        joinedload(Member.organisation).options(NAME_OF_ORGANISATION),
    )


def is_there() -> tuple[Any, ...]:
    """In SQL: a post with a text that readers may see."""
    return (Post.deleted_at.is_(None), Post.hidden_at.is_(None))
