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
    Subquery,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union,
    union_all,
)
from sqlalchemy.orm import aliased, contains_eager, joinedload

from forum.agendas.models import Agenda, MemberTheme, Theme
from forum.agendas.queries import visible_agendas
from forum.db import constant, db, execute_core
from forum.dialogue.models import TRIED, Mark, Post, Topic
from forum.dialogue.queries import (
    get_topic,
    is_readable,
    topic_after_merge,
    visible_posts,
    visible_topics,
)
from forum.library.models import Case, Practice
from forum.library.queries import published_practices, visible_cases
from forum.members.models import City, Member, Organisation
from forum.members.queries import HomeCity, home_cities, visible_members
from forum.notifications.models import AGENDA, CITY, SUBJECTS, THEME, TOPIC, Watch
from forum.notifications.queries import unread_count, watches_of
from forum.pages import Page, clamp, pages_for
from forum.permissions import VISITOR, Person, cached_statement
from forum.queue.queries import waiting_count
from forum.search.queries import texts_of

PAGE = 20
MOST_WRITTEN = 1_000  # contributions of a list, the newest; the others are found by searching
MOST_RECOGNISED = 200
MOST_ASKED = 2_000  # posts of several people of which it is asked whether they are listed
MOST_ARCS = 10
MOST_REPLIES = 200  # of the last weeks, that the map looks at
WEEKS = timedelta(days=30)
IN_FEED = 40
IN_FILE = 5_000  # numbers of each kind of thing in one file of the sitemap, which may hold 50,000 addresses
ABOUT = ("/help", "/rules", "/privacy", "/accessibility", "/contact")
LISTS = ("/agendas", "/topics", "/cases", "/practices", "/readings", "/members", "/cities")


# Search


OF_PEOPLE: dict[str, Any] = {
    "topic": Topic,
    "post": Post,
    "practice": Practice,
}  # what is found and has an author


def found_of_ignored(
    reader: Person, things: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """Which things that a search found are by members whom the reader ignores, and by whom; asks only if there are some."""
    found: dict[tuple[str, int], str] = {}
    for kind, model in OF_PEOPLE.items() if reader.ignored else ():
        ids = [item_id for known, item_id in things if known == kind]
        query = select(model.id, Member.name).join(Member, Member.id == model.author_id)
        theirs = query.where(model.id.in_(ids), model.author_id.in_(reader.ignored))
        found |= {(kind, row[0]): row[1] for row in execute_core(theirs)} if ids else {}
    return found


# The masthead


class Masthead(NamedTuple):
    """What waits for a member: unread notices, and things in the queue of those who moderate."""

    unread_notices: int
    queue_count: int


def masthead(member: Person, unread: int | None = None) -> Masthead:
    """The counters beside a member's name on every page. `unread` is `SessionUser.unread`, which is too few for who curates."""
    if unread is None or member.is_curator:
        unread = unread_count(member)
    return Masthead(unread, waiting_count(member))


# What a member watches


class Watched(NamedTuple):
    """Something that a member watches or mutes, with its name and address; without, when it cannot be read now."""

    watch: Watch
    name: str = ""
    address: str = ""


def watched(member: Person, number: int) -> Page[Watched]:
    """One page of what a member watches and mutes, by name."""
    page = watches_of(member, number)
    ids = {kind: [row.subject_id for row in page.items if row.subject == kind] for kind in SUBJECTS}
    found = {kind: _named(member, kind, ids[kind]) for kind in SUBJECTS if ids[kind]}
    rows = [Watched(row, *found[row.subject].get(row.subject_id, ())) for row in page.items]
    return Page(rows, page.number, page.pages, page.total)


def _named(reader: Person, subject: str, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    if subject == TOPIC:
        topics = db.session.scalars(visible_topics(reader).where(Topic.id.in_(ids)))
        return {topic.id: (topic.title, topic.address) for topic in topics}
    table, name, path = NAMED[subject]
    rows = db.session.execute(select(table.id, name, table.slug).where(table.id.in_(ids)))
    return {key: (words, f"{path}{slug}") for key, words, slug in rows}


NAMED: dict[str, tuple[Any, Any, str]] = {
    AGENDA: (Agenda, Agenda.title, "/agendas/"),
    CITY: (City, City.name, "/cities/"),
    THEME: (Theme, Theme.name, "/topics?theme="),
}


# Exchanges between cities


class Exchange(NamedTuple):
    """Two cities whose members answered each other, and how often."""

    one: HomeCity
    other: HomeCity
    replies: int


def exchanges(reader: Person, until: datetime, cities: Mapping[int, HomeCity]) -> list[Exchange]:
    """The pairs of cities with the most replies between them in the last weeks before a moment.

    Where much is written, the newest replies stand for all of them.

    The moment is that of the latest post, never the clock, so that the page stays the same until somebody
    writes. Only pairs of `cities`, by id, are named.
    """
    pairs: Counter[tuple[int, int]] = Counter()
    crossing = {"since": until - WEEKS}
    for here, there, replies in execute_core(_crossed(reader), crossing).all():
        if here in cities and there in cities:
            pairs[min(here, there), max(here, there)] += replies
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:MOST_ARCS]
    return [Exchange(cities[one], cities[other], replies) for (one, other), replies in ordered]


@cached_statement
def _crossed(reader: Person) -> Any:
    helper, asker, newest = aliased(Member), aliased(Member), _newest_replies()
    crossed = (
        visible_topics(reader)
        .join(newest, newest.c.topic_id == Topic.id)
        .join(helper, helper.id == newest.c.author_id)
        .join(asker, asker.id == Topic.author_id)
        .where(newest.c.deleted_at.is_(None), newest.c.hidden_at.is_(None))
        .where(Topic.hidden_at.is_(None), helper.hidden_at.is_(None), asker.hidden_at.is_(None))
        .where(helper.city_id != asker.city_id)
    )
    counted = crossed.with_only_columns(helper.city_id, asker.city_id, func.count())
    grouped = counted.group_by(helper.city_id, asker.city_id)
    return grouped.order_by(func.count().desc(), helper.city_id, asker.city_id).limit(constant(100))


def _newest_replies() -> Subquery:
    """The newest replies, by columns that an index holds: a post is long, and nothing of it is shown."""
    columns = Post.topic_id, Post.author_id, Post.hidden_at, Post.deleted_at
    lately = select(*columns).where(Post.created_at > bindparam("since"), Post.number > 1)
    newest = lately.order_by(Post.created_at.desc(), Post.id.desc())
    return newest.limit(constant(MOST_REPLIES)).subquery()


# People


class Recognition(NamedTuple):
    """What others made of somebody's contributions, as numbers for whole sentences."""

    answers: int
    answers_cities: int
    tried: int
    tried_latest: str | None
    practices: int

    def figure(self, number: int) -> str:
        """A number as the page says it, with a sign where nobody counted further."""
        return f"{number}+" if number >= MOST_RECOGNISED else str(number)


def recognition(reader: Person, member: Member) -> Recognition:
    """How often a member's posts were chosen as the answer and tried elsewhere, and the practices published.

    Nothing is counted further than `MOST_RECOGNISED`.
    """
    answers, tried = _answers(reader, member).cte("answers"), _trials(reader, member).cte("tried")
    practices = published_practices(reader).where(Practice.author_id == member.id)
    latest = select(City.name).join(tried, tried.c.city_id == City.id)
    columns = (
        select(func.count()).select_from(answers),
        select(func.count(answers.c.city_id.distinct())),
        select(func.count()).select_from(tried),
        latest.order_by(tried.c.created_at.desc(), City.name).limit(1),
        practices.with_only_columns(func.count()),
    )
    row = execute_core(select(*(column.scalar_subquery() for column in columns))).one()
    return Recognition(*row)


def _answers(reader: Person, member: Member) -> Select[Any]:
    others = visible_topics(reader).join(Member, Member.id == Topic.author_id)
    chosen = others.where(Topic.answered_by_id == member.id, Topic.author_id != member.id)
    newest = chosen.with_only_columns(Member.city_id).order_by(Topic.id.desc())
    return newest.limit(MOST_RECOGNISED)


def _trials(reader: Person, member: Member) -> Select[int | None, datetime]:
    marked = visible_topics(reader).join(Post, Post.topic_id == Topic.id)
    marked = marked.join(Mark, Mark.post_id == Post.id).join(Member, Member.id == Mark.member_id)
    tried = marked.where(
        Mark.kind == TRIED,
        Post.author_id == member.id,
        Post.tried_count > constant(0),  # no parameter: so that the index may be used
        Mark.member_id != member.id,
        Member.hidden_at.is_(None),
        *is_readable(),
    )
    newest = tried.order_by(Post.created_at.desc(), Post.id.desc()).limit(MOST_RECOGNISED)
    return newest.with_only_columns(Mark.city_id, Mark.created_at)


class Written(NamedTuple):
    """One contribution of a list, and the beginning of its plain text."""

    post: Post
    text: str


def written_by_member(reader: Person, member: Member, number: int) -> Page[Written]:
    """One page of what a member wrote, newest first."""
    posts = _seen(reader, select(Post).where(Post.author_id == member.id, *is_readable()))
    return _written(_newest(posts), number)


def written_in_city(reader: Person, city: City, number: int) -> Page[Written]:
    """One page of what the members of a city wrote, newest first."""
    here = visible_members(reader).where(Member.city_id == city.id)
    return _written(_lately(reader, _by_one_of(here)), number)


def written_in_organisation(
    reader: Person, organisation: Organisation, number: int
) -> Page[Written]:
    """One page of what the members of an organisation wrote, or anybody in its name, newest first."""
    here = visible_members(reader).where(Member.organisation_id == organisation.id)
    in_its_name = Post.organisation_id == organisation.id
    return _written(_lately(reader, _by_one_of(here), in_its_name), number)


def _by_one_of(people: Select[Any]) -> ColumnElement[bool]:
    return Post.author_id.in_(people.with_only_columns(Member.id))


def _lately(reader: Person, *whose: ColumnElement[bool]) -> Select[Any]:
    """The newest posts of several people. Posts first, which an index has: then few topics are asked about."""
    newest = (
        _newest(select(Post).where(one, *is_readable()), MOST_ASKED).subquery() for one in whose
    )
    ids = union(*(select(rows.c.id) for rows in newest)).subquery()
    return _newest(_seen(reader, select(Post).join(ids, ids.c.id == Post.id)))


def _seen(reader: Person, posts: Select[Any]) -> Select[Any]:
    """Those of the posts that are listed as such: in topics that the reader sees, and no case or practice."""
    topics = visible_topics(reader).whereclause
    is_listed = or_(Post.number > 1, Topic.home.is_(None))
    seen = posts.join(Post.topic).where(Topic.hidden_at.is_(None), is_listed)
    return seen if topics is None else seen.where(topics)


def _newest(posts: Select[Any], limit: int | None = None) -> Select[Any]:
    newest = posts.with_only_columns(Post.id).order_by(Post.created_at.desc(), Post.id.desc())
    return newest.limit(limit or MOST_WRITTEN + 1)


def _written(newest: Select[Any], number: int) -> Page[Written]:
    ids = db.session.scalars(newest).all()
    total = min(len(ids), MOST_WRITTEN)
    pages = pages_for(total, PAGE)
    number = clamp(number, pages)
    rows = _with_texts(ids[:total][(number - 1) * PAGE : number * PAGE])
    return Page(rows, number, pages, total, is_capped=len(ids) > MOST_WRITTEN)


def _with_texts(ids: Sequence[int]) -> list[Written]:
    query = select(Post).join(Post.topic).where(Post.id.in_(ids)).options(*_LISTED_POST)
    posts = db.session.scalars(query.order_by(Post.created_at.desc(), Post.id.desc())).all()
    texts = texts_of("post", [post.id for post in posts if post.number > 1])
    return [Written(post, texts.get(post.id) or _opening(post)) for post in posts]


_LISTED_POST = (
    contains_eager(Post.topic).joinedload(Topic.agenda),
    joinedload(Post.author).joinedload(Member.city),
)


def _opening(post: Post) -> str:
    return post.topic.excerpt if post.number == 1 else ""


def helpers_with(theme: str) -> Select[Any]:
    """The ids of the members who can help with a theme, for the directory's filter."""
    found = select(MemberTheme.member_id).join(Theme, Theme.id == MemberTheme.theme_id)
    return found.where(Theme.slug == theme, Theme.removed_at.is_(None))


def themes_offered(reader: Person) -> Sequence[Theme]:
    """The themes that members can help with, by name."""
    helping = visible_members(reader).join(MemberTheme, MemberTheme.member_id == Member.id)
    helps = helping.where(MemberTheme.theme_id == Theme.id).with_only_columns(Member.id).exists()
    offered = select(Theme).where(Theme.removed_at.is_(None), helps)
    return db.session.scalars(offered.order_by(Theme.name, Theme.id).limit(500)).all()


# Feeds: what everybody may read, whoever asks


def feed_of_openings(agenda: Agenda | None = None) -> Sequence[Post]:
    """The first posts of the newest public topics, of one agenda or of all."""
    begun = select(Post.id).where(Post.topic_id == Topic.id, Post.number == 1, *is_readable())
    newest = visible_topics(VISITOR).with_only_columns(Topic.id).where(begun.exists(), *_SEEN)
    if agenda is not None:
        newest = newest.where(Topic.agenda_id == agenda.id)
    newest = newest.order_by(*_NEWEST_TOPICS).limit(IN_FEED)
    opening = _public_posts().where(Post.number == 1, Topic.id.in_(newest))
    return db.session.scalars(opening.order_by(*_NEWEST_TOPICS)).all()


_SEEN = (Topic.unseen_at.is_(None),)  # of somebody new: not before a moderator has looked at it
_NEWEST_TOPICS = (Topic.created_at.desc(), Topic.id.desc())


def feed_of_topic(topic_id: int) -> tuple[Topic, Sequence[Post]]:
    """A public topic with its newest posts."""
    topic = get_topic(VISITOR, topic_id)
    newest = _public_posts().where(Post.topic_id == topic.id).order_by(Post.number.desc())
    return topic, db.session.scalars(newest.limit(IN_FEED)).all()


def feed_after_merge(topic_id: int) -> Topic:
    """The public topic that another one was put into."""
    return topic_after_merge(VISITOR, topic_id)


def _public_posts() -> Select[Any]:
    seen = visible_posts(VISITOR).where(*is_readable(), Post.unseen_at.is_(None))
    return seen.options(joinedload(Post.author))


# The sitemap


class Place(NamedTuple):
    """One address of the sitemap, and when what it shows changed last, if that is known."""

    path: str
    changed_at: datetime | None


def sitemap_pages() -> int:
    """How many files the sitemap needs: each holds the things whose numbers lie in a range, few enough for a file."""
    last = [select(func.max(part.id)).scalar_subquery() for part in _numbered()]
    numbers = db.session.execute(select(*last)).one()
    return pages_for(max(number or 0 for number in numbers), IN_FILE)


def sitemap_page(number: int) -> list[Place]:
    """The public addresses of one file of the sitemap; the first holds those that are always there, and the cities."""
    first, last = (number - 1) * IN_FILE + 1, number * IN_FILE
    parts = [part.within(first, last) for part in _numbered()]
    parts += [_cities()] if number == 1 else []
    listed = union_all(*(part.selected(at) for at, part in enumerate(parts)))
    rows = db.session.execute(listed.order_by(text("part"), text("id")))
    fixed = _fixed_places() if number == 1 else []
    return fixed + [Place(row.path, row.changed_at) for row in rows]


def _fixed_places() -> list[Place]:
    return [Place(path, None) for path in ("/", *LISTS, *ABOUT)]


class _Part(NamedTuple):
    """The things of one kind that the sitemap holds."""

    query: Select[Any]
    id: Any
    path: Any
    changed_at: Any

    def within(self, first: int, last: int) -> _Part:
        """Those of them whose numbers lie in a range."""
        return self._replace(query=self.query.where(self.id.between(first, last)))

    def selected(self, number: int) -> Select[Any]:
        """Address and latest change of each, under the number of the part."""
        columns = (literal(number).label("part"), self.id.label("id"), self.path.label("path"))
        query = self.query.order_by(None)
        return query.with_only_columns(*columns, self.changed_at.label("changed_at"))


def _numbered() -> list[_Part]:
    topics = visible_topics(VISITOR).where(Topic.home.is_(None), *_SEEN)
    topic = literal("/topics/") + cast(Topic.id, String) + "-" + Topic.slug
    wrote = visible_members(VISITOR).where(Member.posts_count > 0)
    cases, practices = visible_cases(VISITOR), published_practices(VISITOR)
    shared = "/practices/" + Practice.slug
    return [
        _Part(visible_agendas(VISITOR), Agenda.id, "/agendas/" + Agenda.slug, Agenda.active_at),
        _Part(cases, Case.id, "/cases/" + Case.slug, Case.updated_at),
        _Part(practices, Practice.id, shared, Practice.updated_at),
        _Part(topics, Topic.id, topic, Topic.active_at),
        _Part(wrote, Member.id, "/members/" + Member.handle, null()),
        _Part(select(Organisation), Organisation.id, "/organisations/" + Organisation.slug, null()),
    ]


def _cities() -> _Part:
    """Cities have the numbers of the list that they come from, so that no range holds them."""
    here = [city.id for city in home_cities(VISITOR)]
    return _Part(select(City).where(City.id.in_(here)), City.id, "/cities/" + City.slug, null())
