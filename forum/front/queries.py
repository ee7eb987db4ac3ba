"""What pages made of several rooms show: the masthead's counters, exchanges, recognition, feeds, the sitemap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from forum.agendas.models import Agenda, MemberTheme, Theme
from forum.agendas.queries import visible_agendas
from forum.db import db
from forum.dialogue.models import TRIED, Mark, Post, Topic
from forum.dialogue.queries import get_topic, is_there, visible_posts, visible_topics
from forum.library.models import Case, Practice
from forum.library.queries import published_practices, visible_cases
from forum.members.models import City, Member, Organisation
from forum.members.queries import visible_members
from forum.moderation.queries import queue_count
from forum.notifications.queries import unread_count
from forum.pages import Page, page_of
from forum.permissions import VISITOR, Person
from forum.search.queries import texts_of

PAGE = 20
MOST_ARCS = 10
MOST_REPLIES = 2_000  # of the last weeks, that the map looks at
WEEKS = timedelta(days=30)
IN_FEED = 40
ADDRESSES = 10_000  # in one file of the sitemap
ABOUT = ("/help", "/rules", "/privacy", "/accessibility", "/contact")
LISTS = ("/agendas", "/topics", "/cases", "/practices", "/readings", "/members", "/cities")


# The masthead


class Masthead(NamedTuple):
    """What waits for a member: unread notices, and things in the queue of those who moderate."""

    unread_notices: int
    queue_count: int


def masthead(member: Person) -> Masthead:
    """The counters beside a member's name on every page."""
    return Masthead(unread_count(member), queue_count(member) if member.is_curator else 0)


# Exchanges between cities


class Exchange(NamedTuple):
    """Two cities whose members answered each other, and how often."""

    one: City
    other: City
    replies: int


def exchanges(reader: Person, until: datetime, cities: Mapping[int, City]) -> list[Exchange]:
    """The pairs of cities with the most replies between them in the last weeks before a moment.

    The moment is that of the latest post, never the clock, so that the page stays the same until somebody
    writes. Only pairs of `cities`, by id, are named.
    """
    pairs: Counter[tuple[int, int]] = Counter()
    for here, there, replies in db.session.execute(_crossed(reader, until - WEEKS)):
        if here in cities and there in cities:
            pairs[min(here, there), max(here, there)] += replies
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:MOST_ARCS]
    return [Exchange(cities[one], cities[other], replies) for (one, other), replies in ordered]


def _crossed(reader: Person, since: datetime) -> Any:
    helper, asker = aliased(Member), aliased(Member)
    newest = select(Post.id).where(Post.created_at > since, Post.number > 1)
    newest = newest.order_by(Post.created_at.desc()).limit(MOST_REPLIES)
    crossed = (
        visible_topics(reader)
        .join(Post, Post.topic_id == Topic.id)
        .join(helper, helper.id == Post.author_id)
        .join(asker, asker.id == Topic.author_id)
        .where(Post.id.in_(select(newest.subquery().c.id)), *is_there(), Topic.hidden_at.is_(None))
        .where(helper.hidden_at.is_(None), asker.hidden_at.is_(None))
        .where(helper.city_id != asker.city_id)
    )
    counted = crossed.with_only_columns(helper.city_id, asker.city_id, func.count())
    grouped = counted.group_by(helper.city_id, asker.city_id)
    return grouped.order_by(func.count().desc(), helper.city_id, asker.city_id).limit(100)


# People


class Recognition(NamedTuple):
    """What others made of somebody's contributions, as numbers for whole sentences."""

    answers: int
    answers_cities: int
    tried: int
    tried_cities: int
    tried_latest: str | None
    practices: int


def recognition(reader: Person, member: Member) -> Recognition:
    """How often a member's posts were chosen as the answer and tried elsewhere, and the practices published."""
    answers, tried = _answers(reader, member), _trials(reader, member)
    practices = published_practices(reader).where(Practice.author_id == member.id)
    latest = tried.with_only_columns(City.name).order_by(Mark.created_at.desc(), City.name)
    columns = (
        answers.with_only_columns(func.count()),
        answers.with_only_columns(func.count(Member.city_id.distinct())),
        tried.with_only_columns(func.count()),
        tried.with_only_columns(func.count(Mark.city_id.distinct())),
        latest.where(City.name.is_not(None)).limit(1),
        practices.with_only_columns(func.count()),
    )
    row = db.session.execute(select(*(column.scalar_subquery() for column in columns))).one()
    return Recognition(*row)


def _answers(reader: Person, member: Member) -> Select[Any]:
    chosen = visible_topics(reader).join(Post, Post.id == Topic.answer_id)
    others = chosen.join(Member, Member.id == Topic.author_id)
    return others.where(Post.author_id == member.id, Topic.author_id != member.id, *is_there())


def _trials(reader: Person, member: Member) -> Select[Any]:
    marked = visible_topics(reader).join(Post, Post.topic_id == Topic.id)
    tried = marked.join(Mark, Mark.post_id == Post.id).join(Member, Member.id == Mark.member_id)
    return tried.outerjoin(City, City.id == Mark.city_id).where(
        Mark.kind == TRIED,
        Post.author_id == member.id,
        Mark.member_id != member.id,
        Member.hidden_at.is_(None),
        *is_there(),
    )


class Written(NamedTuple):
    """One contribution of a list, and the beginning of its plain text."""

    post: Post
    text: str


def written_by_member(reader: Person, member: Member, number: int) -> Page[Written]:
    """One page of what a member wrote, newest first."""
    return _written(reader, Post.author_id == member.id, number)


def written_in_city(reader: Person, city: City, number: int) -> Page[Written]:
    """One page of what the members of a city wrote, newest first."""
    here = visible_members(reader).where(Member.city_id == city.id)
    return _written(reader, Post.author_id.in_(here.with_only_columns(Member.id)), number)


def written_in_organisation(
    reader: Person, organisation: Organisation, number: int
) -> Page[Written]:
    """One page of what the members of an organisation wrote, or anybody in its name, newest first."""
    here = visible_members(reader).where(Member.organisation_id == organisation.id)
    own = Post.author_id.in_(here.with_only_columns(Member.id))
    return _written(reader, or_(own, Post.organisation_id == organisation.id), number)


def _written(reader: Person, whose: ColumnElement[bool], number: int) -> Page[Written]:
    shown = visible_posts(reader).where(
        whose,
        *is_there(),
        Topic.hidden_at.is_(None),
        or_(Post.number > 1, Topic.home.is_(None)),  # a case or practice is listed as such
    )
    newest = shown.order_by(Post.created_at.desc(), Post.id.desc())
    author = joinedload(Post.author).joinedload(Member.city)
    page: Page[Post] = page_of(newest.options(author), number, PAGE)
    texts = texts_of("post", [post.id for post in page.items if post.number > 1])
    rows = [Written(post, texts.get(post.id) or _opening(post)) for post in page.items]
    return Page(rows, page.number, page.pages, page.total)


def _opening(post: Post) -> str:
    return post.topic.excerpt if post.number == 1 else ""


def helpers_with(theme: str) -> Select[Any]:
    """The ids of the members who can help with a theme, for the directory's filter."""
    found = select(MemberTheme.member_id).join(Theme, Theme.id == MemberTheme.theme_id)
    return found.where(Theme.slug == theme, Theme.removed_at.is_(None))


def themes_offered(reader: Person) -> Sequence[tuple[Theme, int]]:
    """The themes that members can help with, by name, each with how many of them."""
    here = visible_members(reader).with_only_columns(Member.id)
    counted = select(Theme, func.count(MemberTheme.member_id)).join(MemberTheme)
    found = counted.where(Theme.removed_at.is_(None), MemberTheme.member_id.in_(here))
    rows = db.session.execute(found.group_by(Theme.id).order_by(Theme.name, Theme.id).limit(500))
    return [(theme, members) for theme, members in rows]


def members_in(reader: Person, city_id: int) -> int:
    """How many members a city has."""
    here = visible_members(reader).where(Member.city_id == city_id)
    return db.session.scalar(here.with_only_columns(func.count())) or 0


# Feeds: what everybody may read, whoever asks


def feed_of_openings(agenda: Agenda | None = None) -> Sequence[Post]:
    """The first posts of the newest public topics, of one agenda or of all."""
    opening = _public_posts().where(Post.number == 1)
    if agenda is not None:
        opening = opening.where(Topic.agenda_id == agenda.id)
    newest = opening.order_by(Topic.created_at.desc(), Topic.id.desc()).limit(IN_FEED)
    return db.session.scalars(newest).all()


def feed_of_topic(topic_id: int) -> tuple[Topic, Sequence[Post]]:
    """A public topic with its newest posts."""
    topic = get_topic(VISITOR, topic_id)
    newest = _public_posts().where(Post.topic_id == topic.id).order_by(Post.number.desc())
    return topic, db.session.scalars(newest.limit(IN_FEED)).all()


def _public_posts() -> Select[Any]:
    return visible_posts(VISITOR).where(*is_there()).options(joinedload(Post.author))


# The sitemap


class Place(NamedTuple):
    """One address of the sitemap, and when what it shows changed last, if that is known."""

    path: str
    changed_at: datetime | None


def sitemap_pages() -> int:
    """How many files the sitemap needs."""
    rows = _places().subquery()
    total = db.session.scalar(select(func.count()).select_from(rows)) or 0
    return -(-(total + len(_fixed_places())) // ADDRESSES) or 1


def sitemap_page(number: int) -> list[Place]:
    """The public addresses of one file of the sitemap; the first holds those that are always there, too."""
    fixed = _fixed_places()
    start = max(0, (number - 1) * ADDRESSES - len(fixed))
    size = ADDRESSES - (len(fixed) if number == 1 else 0)
    rows = db.session.execute(
        _places().order_by(text("part"), text("id")).offset(start).limit(size)
    )
    return (fixed if number == 1 else []) + [Place(row.path, row.changed_at) for row in rows]


def _fixed_places() -> list[Place]:
    return [Place(path, None) for path in ("/", *LISTS, *ABOUT)]


def _places() -> Any:
    topic = literal("/topics/") + cast(Topic.id, String) + "-" + Topic.slug
    cities = select(Member.city_id).where(Member.hidden_at.is_(None), Member.left_at.is_(None))
    wrote = visible_members(VISITOR).where(Member.posts_count > 0)
    parts: list[tuple[Select[Any], Any, Any, Any]] = [
        (visible_agendas(VISITOR), Agenda.id, "/agendas/" + Agenda.slug, Agenda.active_at),
        (visible_cases(VISITOR), Case.id, "/cases/" + Case.slug, Case.updated_at),
        (
            published_practices(VISITOR),
            Practice.id,
            "/practices/" + Practice.slug,
            Practice.updated_at,
        ),
        (visible_topics(VISITOR).where(Topic.home.is_(None)), Topic.id, topic, Topic.active_at),
        (wrote, Member.id, "/members/" + Member.handle, null()),
        (select(City).where(City.id.in_(cities)), City.id, "/cities/" + City.slug, null()),
        (select(Organisation), Organisation.id, "/organisations/" + Organisation.slug, null()),
    ]
    return union_all(*(_part(at, *part) for at, part in enumerate(parts)))


def _part(number: int, query: Select[Any], row: Any, path: Any, changed_at: Any) -> Select[Any]:
    columns = (literal(number).label("part"), row.label("id"), path.label("path"))
    return query.order_by(None).with_only_columns(*columns, changed_at.label("changed_at"))
