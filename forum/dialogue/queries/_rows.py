"""Immutable rows for the pages of the dialogue, and how they are selected and put together.

The hottest pages (lists of topics, the page of a topic) print named tuples instead of ORM objects, for two reasons.
They are cheaper: a whole `Topic` with its agenda and its people takes four times as long to load as a `TopicRow`, and
twenty whole `Post`s with their authors twice as long as twenty `PostRow`s. And they are values without a session, so
that they can be kept in a cache and shared between requests.

How they relate:

    TopicRow      a topic in a list or at the head of its page
      agenda        AgendaRow
      author        AuthorRow (its city and organisation are NameAndSlug)
      organisation  NameAndSlug, for which the author wrote
      themes        ThemeRow, on the topic's own page only
    PostRow       a post on the page of a topic
      topic         TopicContext, shared by all posts of the page, whose agenda is an AgendaContext
      author        AuthorRow
      organisation  NameAndSlug

Each has the attribute names of its model, so templates and `permissions` take either. What follows from the columns
(`address`, `is_gone`, `initials`, …) comes from a mixin that the model and its row share: `TopicMixin`, `PostMixin`,
`members.models.PersonLabel`.

A row is built by position. For each kind, the fields that are columns come first, in a private base class of their own
(`_TopicColumns`), from which the list of columns to select is derived: the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from markupsafe import Markup
from sqlalchemy import Select, bindparam, case, select
from sqlalchemy.orm import aliased

from forum.agendas.models import Agenda
from forum.dialogue.models import Poll, Post, PostMixin, Topic, TopicMixin
from forum.members.models import City, Member, Organisation, PersonLabel


class NameAndSlug(NamedTuple):
    """What a link to a city, an organisation or a theme needs."""

    name: str
    slug: str


class ThemeRow(NamedTuple):
    """A theme of a topic."""

    id: int
    name: str
    slug: str


class _AuthorColumns(NamedTuple):
    id: int
    handle: str
    name: str
    position: str
    hidden_at: datetime | None
    left_at: datetime | None
    leaving_at: datetime | None
    role: str
    hosted: tuple[int, ...]
    city: NameAndSlug | None
    organisation: NameAndSlug | None


class AuthorRow(_AuthorColumns, PersonLabel):
    """The member who wrote something, as a byline shows them."""


_AUTHOR_COLUMNS = [
    getattr(Member, name) for name in _AuthorColumns._fields if name not in ("city", "organisation")
]
_CITY_START = len(_AUTHOR_COLUMNS)
_AUTHORS_OWN, _WRITTEN_FOR = aliased(Organisation), aliased(Organisation)
_PEOPLE_COLUMNS = (
    *_AUTHOR_COLUMNS,
    *(City.name, City.slug),
    *(_AUTHORS_OWN.name, _AUTHORS_OWN.slug),
    *(_WRITTEN_FOR.name, _WRITTEN_FOR.slug),
)


def with_people_columns(query: Select[Any], model: type[Topic] | type[Post]) -> Select[Any]:
    """Append to a query who wrote its topics or posts, and for which organisation; `people_from` reads the columns."""
    return (
        query.add_columns(*_PEOPLE_COLUMNS)
        .join(Member, Member.id == model.author_id)
        .outerjoin(City, City.id == Member.city_id)
        .outerjoin(_AUTHORS_OWN, _AUTHORS_OWN.id == Member.organisation_id)
        .outerjoin(_WRITTEN_FOR, _WRITTEN_FOR.id == model.organisation_id)
    )


def people_from(columns: Sequence[Any]) -> tuple[AuthorRow, NameAndSlug | None]:
    """The author, and the organisation they wrote for, from what `with_people_columns` selected."""
    *plain, hosted = columns[:_CITY_START]
    city, own, written_for = (
        _link(*columns[start : start + 2]) for start in range(_CITY_START, _CITY_START + 6, 2)
    )
    # A tuple, because the row is part of the key of `MacroCache`
    return AuthorRow._make((*plain, tuple(hosted), city, own)), written_for


def _link(name: str | None, slug: str | None) -> NameAndSlug | None:
    return NameAndSlug(name, slug) if name is not None and slug is not None else None


class AgendaRow(NamedTuple):
    """The agenda of a topic or a case, with the columns that their pages show."""

    id: int
    slug: str
    title: str
    language: str
    palette: str
    opened_at: datetime | None
    archived_at: datetime | None


AGENDA_COLUMNS = [getattr(Agenda, name) for name in AgendaRow._fields]


class _TopicColumns(NamedTuple):
    id: int
    kind: str
    agenda_id: int
    author_id: int
    title: str
    slug: str
    excerpt: str
    language: str
    audience: str
    home: str | None
    posts_count: int
    replies_count: int
    answer_id: int | None
    created_at: datetime
    active_at: datetime
    pinned_at: datetime | None
    told_all_at: datetime | None
    locked_at: datetime | None
    locked_reason: str
    locked_until: date | None
    slowed_at: datetime | None
    slow_until: datetime | None
    slow_minutes: int | None
    slow_reason: str
    hidden_at: datetime | None
    deleted_at: datetime | None
    followed_up_at: datetime | None
    unseen_at: datetime | None
    removed_at: datetime | None
    emptied_at: datetime | None
    regrouped_at: datetime | None
    follow_up_hidden_at: datetime | None
    has_poll: bool
    agenda: AgendaRow
    author: AuthorRow
    organisation: NameAndSlug | None
    themes: tuple[ThemeRow, ...]
    may_be_linked: bool


class TopicRow(_TopicColumns, TopicMixin):
    """A topic as pages print it. `themes` is filled on the topic's own page, and empty in lists.

    `may_be_linked`, on that page alone, says that a text may link to the topic or a post of it, as `_linked` has it.
    `has_poll` says that the post that opens it has a poll and is visible.
    """


_opening = aliased(Post)
# Looked up in the tables, by an index of each: a column would have to be updated whenever posts are moved, merged or
# split
_HAS_POLL = (
    select(Poll.id)
    .join(_opening, _opening.id == Poll.post_id)
    .where(_opening.topic_id == Topic.id, _opening.number == 1)
    .where(_opening.hidden_at.is_(None), _opening.deleted_at.is_(None))
    .correlate(Topic)
    .exists()
    .label("has_poll")
)
_TOPIC_COLUMNS = [
    *(
        getattr(Topic, name)
        for name in _TopicColumns._fields
        if name not in ("has_poll", "agenda", "author", "organisation", "themes", "may_be_linked")
    ),
    _HAS_POLL,
]
_AGENDA_START = len(_TOPIC_COLUMNS)
_TOPIC_PEOPLE_START = _AGENDA_START + len(AGENDA_COLUMNS)


def as_topic_rows(query: Select[Any]) -> Select[Any]:
    """Turn a select of topics into one of the columns that `to_topic_row` reads."""
    query = query.join(Agenda, Agenda.id == Topic.agenda_id)
    return with_people_columns(query.with_only_columns(*_TOPIC_COLUMNS, *AGENDA_COLUMNS), Topic)


def to_topic_row(
    columns: Sequence[Any], themes: tuple[ThemeRow, ...] = (), may_be_linked: bool = False
) -> TopicRow:
    """A topic from the columns of `as_topic_rows`; further columns after them are ignored."""
    agenda = AgendaRow._make(columns[_AGENDA_START:_TOPIC_PEOPLE_START])
    people = people_from(columns[_TOPIC_PEOPLE_START:])
    return TopicRow._make((*columns[:_AGENDA_START], agenda, *people, themes, may_be_linked))


class AgendaContext(NamedTuple):
    """What `permissions` needs to know of the agenda of a post."""

    archived_at: datetime | None


class TopicContext(NamedTuple):
    """What decides how the posts of a topic are shown, and who may do what with them."""

    id: int
    kind: str
    agenda_id: int
    author_id: int
    home: str | None
    address: str
    answer_id: int | None
    locked_at: datetime | None
    locked_reason: str
    locked_until: date | None
    hidden_at: datetime | None
    deleted_at: datetime | None
    agenda: AgendaContext


_CONTEXT_FIELDS = TopicContext._fields[:-1]


def topic_context(topic: Topic | TopicRow) -> TopicContext:
    """The context of a topic's posts."""
    values = [getattr(topic, name) for name in _CONTEXT_FIELDS]
    return TopicContext._make((*values, AgendaContext(topic.agenda.archived_at)))


class _PostColumns(NamedTuple):
    id: int
    number: int
    author_id: int
    html: Markup
    language: str
    paragraph: str | None
    useful_count: int
    same_here_count: int
    tried_count: int
    created_at: datetime
    edited_at: datetime | None
    hidden_at: datetime | None
    hidden_reason: str
    removed_at: datetime | None
    deleted_at: datetime | None
    note_html: Markup
    note_language: str
    edit_asked_at: datetime | None
    edit_answered_at: datetime | None
    has_poll: bool
    source: str
    topic: TopicContext
    author: AuthorRow
    organisation: NameAndSlug | None


class PostRow(_PostColumns, PostMixin):
    """A post as a page prints it. `source` is filled for the answer to a question only; other posts need their HTML."""


_POST_COLUMNS = [
    getattr(Post, name)
    for name in _PostColumns._fields
    if name not in ("source", "topic", "author", "organisation")
]
_POST_PEOPLE_START = len(_POST_COLUMNS) + 1
_SOURCE_OF_ANSWER = case((Post.id == bindparam("answer_id"), Post.source), else_="")
# Takes the parameter `answer_id`: the post that was chosen as the answer, or None.
POST_ROWS = with_people_columns(select(*_POST_COLUMNS, _SOURCE_OF_ANSWER), Post)


def to_post_row(context: TopicContext, columns: Sequence[Any]) -> PostRow:
    """A post from the columns of `POST_ROWS`."""
    people = people_from(columns[_POST_PEOPLE_START:])
    return PostRow._make((*columns[:_POST_PEOPLE_START], context, *people))
