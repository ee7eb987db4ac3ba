"""Which topics and posts a reader may see, and how their authors are loaded with them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import contains_eager, joinedload, load_only

from forum import web
from forum.dialogue.models import MAX_MENTIONED, Post, Topic
from forum.illustrations import with_local_pictures
from forum.markup import Written, write
from forum.members.models import City, Member, Organisation
from forum.members.queries import handles_to_link, members_to_mention
from forum.mentions import handles_in
from forum.permissions import VISITOR, Person
from forum.pictures.queries import with_own_links
from forum.quotes import with_local_quotes
from forum.reach import read_by, shown_to
from forum.reachcache import cached_for_reader
from forum.versions import topic_scope

T = TypeVar("T")
BYLINE_OPTIONS = load_only(
    Member.handle,
    Member.name,
    Member.position,
    Member.hidden_at,
    Member.left_at,
    Member.leaving_at,
    Member.role,
    Member.hosted,
    raiseload=True,
)
ORGANISATION_OPTIONS = load_only(Organisation.name, Organisation.slug, raiseload=True)


def visible_topics(reader: Person) -> Select[Any]:
    """The topics that the reader may see: not deleted, not hidden from them, of their audiences and on an agenda they see."""
    return select(Topic).where(
        Topic.deleted_at.is_(None),
        shown_to(reader, Topic.hidden_at, Topic.agenda_id),
        read_by(reader, Topic.audience),
    )


def indexable_topics() -> Select[Any]:
    """The topics that search engines and feeds get, as `Topic.is_indexable` says: visitors see them, and they are reviewed."""
    return visible_topics(VISITOR).where(Topic.unseen_at.is_(None))


def cached_for_topic(reader: Person, topic_id: int, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` returns, from the cache if possible; an action that touches the topic removes it from there.

    The cache has one value for visitors and one for members, so `read` may not depend on anything else about the
    reader.
    """
    return cached_for_reader(reader, (key, topic_id), read, topic_scope(topic_id))


def visible_posts(reader: Person, *topic_options: Any) -> Select[Any]:
    """The posts in the topics that the reader may see, with topic and agenda; hidden and deleted ones too, as gaps.

    Removed posts are included only for moderators of their agenda. `topic_options` are further loader options below
    `Post.topic`.
    """
    topic_condition = visible_topics(reader).whereclause
    query = select(Post).join(Post.topic)
    query = query.where(shown_to(reader, Post.removed_at, Topic.agenda_id))
    if topic_condition is not None:
        query = query.where(topic_condition)
    return query.options(
        contains_eager(Post.topic).options(joinedload(Topic.agenda), *topic_options)
    )


def is_readable(row: Any = Post) -> tuple[ColumnElement[bool], ...]:
    """In SQL: a post whose text readers may see, neither deleted nor hidden; or a topic or practice, as `row` says."""
    return row.deleted_at.is_(None), row.hidden_at.is_(None)


def with_author(query: Select[Any]) -> Select[Any]:
    """Load posts with their authors, and with the organisations that they were written for."""
    written_for = joinedload(Post.organisation).options(ORGANISATION_OPTIONS)
    return query.options(written_for, author_options(Post.author))


def author_options(relationship: Any) -> Any:
    """Load only those columns of an author that a byline shows: the others cost time, twenty times on a page."""
    return joinedload(relationship).options(
        BYLINE_OPTIONS,
        joinedload(Member.city).options(load_only(City.name, City.slug, raiseload=True)),
        joinedload(Member.organisation).options(ORGANISATION_OPTIONS),
    )


def render_with_mentions(
    source: str,
    language: str = "en",
    author: Person | None = None,
    *,
    has_pictures: bool = True,
) -> Written:
    """Render Markdown for storing: handles of members become links to their profiles, and links of quotes become local.

    Of the members whom the author mentions, only the first `MAX_MENTIONED` become links; they are the ones notified.
    Whoever writes it now is given as its `author`, so that it uses the pictures and files of theirs to which it links.
    `has_pictures` as in `markup.write`.
    """
    source = with_links_home(source, author)
    handles = handles_in(source)
    people = handles_to_link(handles) if handles else ()
    return write(source, language, people, MAX_MENTIONED, has_pictures=has_pictures)


def count_mentioned(text: Written) -> int:
    """How many members a text mentions; looked up only where that may be more than are notified."""
    count = len(text.mentions)
    return len(members_to_mention(text.mentions)) if count > MAX_MENTIONED else count


def handles_of_nobody(text: Written) -> list[str]:
    """The handles that a text mentions and that do not become links, because no public profile has them; in lower case.

    It does not reveal whether somebody has such a handle, is notified, or can read the text.
    """
    if not text.mentions:
        return []
    known = handles_to_link(text.mentions)
    return [handle for handle in text.mentions if handle not in known]


def with_links_home(source: str, author: Person | None = None) -> str:
    """Markdown in which the forum's own links of quotes, and its pictures, have local addresses, however they were written.

    An author's own pictures and files are used by links to them, as in `pictures.queries.with_own_links`.
    """
    home = web.settings().url
    source = with_local_pictures(with_local_quotes(source, home), home)
    return with_own_links(author, source) if author else source
