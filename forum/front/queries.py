"""Data for pages that combine several rooms: the masthead, exchanges, recognition, contributions, feeds, the sitemap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
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

from forum.agendas.models import Agenda, AgendaHost, MemberTheme, Theme
from forum.agendas.queries import themes_by_words, visible_agendas
from forum.db import constant, db, execute_core
from forum.dialogue.models import TRIED, Mark, Post, Topic
from forum.dialogue.queries import (
    get_topic,
    is_readable,
    topic_after_merge,
    visible_posts,
    visible_topics,
)
from forum.invitations.models import Entrance
from forum.library.models import Case, Practice
from forum.library.queries import published_practices, visible_cases
from forum.markup import has_words_starting_with, words_in
from forum.members.models import City, Federation, Member, Organisation
from forum.members.queries import (
    HomeCity,
    home_cities,
    home_cities_by_prefix,
    organisations_by_words,
    visible_members,
)
from forum.notifications.models import AGENDA, CITY, SUBJECTS, THEME, TOPIC, Watch
from forum.notifications.queries import unread_count, watches_of
from forum.pages import Page, clamp, pages_for
from forum.permissions import VISITOR, Person, cached_statement, require
from forum.queue.queries import waiting_count
from forum.search.models import Document
from forum.search.queries import Query, find_alike, texts_of

PAGE_SIZE = 20
MAX_CONTRIBUTIONS = 1_000  # a list shows the newest ones; older ones are found by search
MAX_RECOGNISED = 200
MAX_CANDIDATES = 2_000  # the newest posts of several people that are checked for being listed
MAX_EXCHANGES = 10
MAX_REPLIES_READ = 200  # the newest replies, from which the map's exchanges are counted
EXCHANGE_PERIOD = timedelta(days=30)
FEED_SIZE = 40
IDS_PER_SITEMAP_FILE = 5_000  # of each kind; a file may hold 50,000 addresses (sitemaps.org)
INFO_PAGES = ("/help", "/rules", "/privacy", "/accessibility", "/contact")
LIST_PAGES = ("/agendas", "/topics", "/cases", "/practices", "/readings", "/members", "/cities")


# Search


MAX_NAMED_PAGES = 5  # of each kind
MAX_NAME_WORDS = 12


@dataclass(frozen=True)
class NamedPage:
    """A page whose name a search has typed: of an agenda, a city, an organisation or a theme (`kind`)."""

    kind: str
    name: str
    slug: str


def named_pages(reader: Person, typed: str, agendas: Iterable[Agenda]) -> list[NamedPage]:
    """The pages whose name begins with the typed words, in any order and script; none when nothing is typed.

    `agendas` are all that the reader sees. Of each other kind there are at most `MAX_NAMED_PAGES`.
    """
    wanted = words_in(typed)[:MAX_NAME_WORDS]
    if not wanted:
        return []
    titled = [one for one in agendas if has_words_starting_with(words_in(one.title), wanted)]
    cities = home_cities_by_prefix(reader, typed, MAX_NAMED_PAGES)
    organisations = organisations_by_words(wanted)[:MAX_NAMED_PAGES]
    themes = themes_by_words(wanted)[:MAX_NAMED_PAGES]
    return [
        *(NamedPage("agenda", one.title, one.slug) for one in titled),
        *(NamedPage("city", one.name, one.slug) for one in cities),
        *(NamedPage("organisation", one.name, one.slug) for one in organisations),
        *(NamedPage("theme", one.name, one.slug) for one in themes),
    ]


AUTHORED_MODELS: dict[str, Any] = {
    "topic": Topic,
    "post": Post,
    "practice": Practice,
}  # what search finds and has an author


def ignored_authors(
    reader: Person, things: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """Those of the things (kind, item id) that members wrote whom the reader ignores, with the names of these authors."""
    found: dict[tuple[str, int], str] = {}
    for kind, model in AUTHORED_MODELS.items() if reader.ignored else ():
        ids = [item_id for known, item_id in things if known == kind]
        query = select(model.id, Member.name).join(Member, Member.id == model.author_id)
        theirs = query.where(model.id.in_(ids), model.author_id.in_(reader.ignored))
        found |= {(kind, row[0]): row[1] for row in execute_core(theirs)} if ids else {}
    return found


def alike(reader: Person, title: str, limit: int) -> Sequence[Document]:
    """What is there already that is like a topic with this title: topics, practices and cases, the most alike first.

    Without what members wrote whom the reader ignores.
    """
    found = find_alike(reader, title, Query("", kinds=("topic", "practice", "case")), limit)
    ignored = ignored_authors(reader, [(one.kind, one.item_id) for one in found])
    return [one for one in found if (one.kind, one.item_id) not in ignored]


# A new forum


class FirstSteps(NamedTuple):
    """What whoever begins a forum has done of what is to be done."""

    agenda: bool
    mail: bool
    contact: bool
    groups: bool
    joining: bool
    people: bool
    hosts: bool

    @property
    def are_taken(self) -> bool:
        """Whether a dialogue can begin; what is left then is a matter of taste."""
        return self.agenda and self.mail and self.contact and self.people


def first_steps(curator: Person, *, agenda: bool, mail: bool, contact: bool) -> FirstSteps | None:
    """The first steps, for moderators, of which the caller knows some; one query.

    None when an administrator has closed the list, or a dialogue can begin.
    """
    require(curator.can.curate_all())
    members = visible_members(curator).with_only_columns(func.count()).scalar_subquery()
    columns = (
        and_(select(Organisation.id).exists(), select(Theme.id).exists()),
        select(Entrance.id).exists(),
        members > 1,
        select(AgendaHost.agenda_id).exists(),
        select(Federation.id).where(Federation.first_steps_closed_at.is_not(None)).exists(),
    )
    *found, is_closed = map(bool, execute_core(select(*columns)).one())
    steps = FirstSteps(agenda, mail, contact, *found)
    return None if is_closed or steps.are_taken else steps


# The masthead


class Masthead(NamedTuple):
    """The counters of a member: unread notices, and entries in the moderation queue for those who moderate."""

    unread_notices: int
    queue_count: int


def masthead(member: Person, unread: int | None = None) -> Masthead:
    """The counters beside a member's name on every page.

    `unread` is `SessionUser.unread` if it is known already; for curators it is too low, so it is asked again.
    """
    if unread is None or member.is_curator:
        unread = unread_count(member)
    return Masthead(unread, waiting_count(member))


# What a member watches


class Watched(NamedTuple):
    """Something that a member watches or mutes, with its name and address; both empty if it is out of reach now."""

    watch: Watch
    name: str = ""
    address: str = ""


def watched(member: Person, number: int) -> Page[Watched]:
    """One page of what a member watches and mutes, by name."""
    page = watches_of(member, number)
    ids = {kind: [row.subject_id for row in page.items if row.subject == kind] for kind in SUBJECTS}
    found = {kind: _names_and_addresses(member, kind, ids[kind]) for kind in SUBJECTS if ids[kind]}
    rows = [Watched(row, *found[row.subject].get(row.subject_id, ())) for row in page.items]
    return Page(rows, page.number, page.pages, page.total)


def _names_and_addresses(
    reader: Person, subject: str, ids: Sequence[int]
) -> dict[int, tuple[str, str]]:
    if subject == TOPIC:
        topics = db.session.scalars(visible_topics(reader).where(Topic.id.in_(ids)))
        return {topic.id: (topic.title, topic.address) for topic in topics}
    table, name, path = WATCHABLE[subject]
    rows = db.session.execute(select(table.id, name, table.slug).where(table.id.in_(ids)))
    return {key: (words, f"{path}{slug}") for key, words, slug in rows}


WATCHABLE: dict[str, tuple[Any, Any, str]] = {
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
    """The pairs of cities with the most replies between them in `EXCHANGE_PERIOD` before a moment.

    Only the newest `MAX_REPLIES_READ` replies are counted, and only pairs of `cities`, which are by id.

    `until` is the time of the latest post, never the clock, so that the cached page stays valid until somebody writes.
    """
    pairs: Counter[tuple[int, int]] = Counter()
    crossing = {"since": until - EXCHANGE_PERIOD}
    for here, there, replies in execute_core(_replies_between_cities(reader), crossing).all():
        if here in cities and there in cities:
            pairs[min(here, there), max(here, there)] += replies
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:MAX_EXCHANGES]
    return [Exchange(cities[one], cities[other], replies) for (one, other), replies in ordered]


@cached_statement
def _replies_between_cities(reader: Person) -> Any:
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
    """The newest replies, with columns of an index only, so that the long rows of posts are not read."""
    columns = Post.topic_id, Post.author_id, Post.hidden_at, Post.deleted_at
    lately = select(*columns).where(Post.created_at > bindparam("since"), Post.number > 1)
    newest = lately.order_by(Post.created_at.desc(), Post.id.desc())
    return newest.limit(constant(MAX_REPLIES_READ)).subquery()


# People


class Recognition(NamedTuple):
    """What others made of a member's contributions, as numbers for sentences."""

    answers: int
    answers_cities: int
    tried: int
    tried_latest: str | None
    practices: int

    def figure(self, number: int) -> str:
        """A number for the page, with a plus where counting stopped."""
        return f"{number}+" if number >= MAX_RECOGNISED else str(number)


def recognition(reader: Person, member: Member) -> Recognition:
    """How often a member's posts were chosen as the answer and tried by others, and how many practices are published.

    Answers and trials are counted up to `MAX_RECOGNISED`.
    """
    answers, tried = (
        _chosen_answers(reader, member).cte("answers"),
        _tried_posts(reader, member).cte("tried"),
    )
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


def _chosen_answers(reader: Person, member: Member) -> Select[Any]:
    others = visible_topics(reader).join(Member, Member.id == Topic.author_id)
    chosen = others.where(Topic.answered_by_id == member.id, Topic.author_id != member.id)
    newest = chosen.with_only_columns(Member.city_id).order_by(Topic.id.desc())
    return newest.limit(MAX_RECOGNISED)


def _tried_posts(reader: Person, member: Member) -> Select[int | None, datetime]:
    marked = visible_topics(reader).join(Post, Post.topic_id == Topic.id)
    marked = marked.join(Mark, Mark.post_id == Post.id).join(Member, Member.id == Mark.member_id)
    tried = marked.where(
        Mark.kind == TRIED,
        Post.author_id == member.id,
        Post.tried_count > constant(0),  # not a parameter, so that the partial index is used
        Mark.member_id != member.id,
        Member.hidden_at.is_(None),
        *is_readable(),
    )
    newest = tried.order_by(Post.created_at.desc(), Post.id.desc()).limit(MAX_RECOGNISED)
    return newest.with_only_columns(Mark.city_id, Mark.created_at)


class Contribution(NamedTuple):
    """A post in a list of contributions, and its plain text."""

    post: Post
    text: str


def contributions_of_member(reader: Person, member: Member, number: int) -> Page[Contribution]:
    """One page of what a member wrote, newest first."""
    posts = _only_listed(reader, select(Post).where(Post.author_id == member.id, *is_readable()))
    return _contributions_page(_newest_ids(posts), number)


def contributions_in_city(reader: Person, city: City, number: int) -> Page[Contribution]:
    """One page of what the members of a city wrote, newest first."""
    here = visible_members(reader).where(Member.city_id == city.id)
    return _contributions_page(_newest_by_several(reader, _written_by_any_of(here)), number)


def contributions_in_organisation(
    reader: Person, organisation: Organisation, number: int
) -> Page[Contribution]:
    """One page of what the members of an organisation wrote, or anybody in its name, newest first."""
    here = visible_members(reader).where(Member.organisation_id == organisation.id)
    in_its_name = Post.organisation_id == organisation.id
    return _contributions_page(
        _newest_by_several(reader, _written_by_any_of(here), in_its_name), number
    )


def _written_by_any_of(people: Select[Any]) -> ColumnElement[bool]:
    return Post.author_id.in_(people.with_only_columns(Member.id))


def _newest_by_several(reader: Person, *whose: ColumnElement[bool]) -> Select[Any]:
    """The ids of the newest posts for each of the conditions. Posts are limited first, by an index, and joined with topics then."""
    newest = (
        _newest_ids(select(Post).where(one, *is_readable()), MAX_CANDIDATES).subquery()
        for one in whose
    )
    ids = union(*(select(rows.c.id) for rows in newest)).subquery()
    return _newest_ids(_only_listed(reader, select(Post).join(ids, ids.c.id == Post.id)))


def _only_listed(reader: Person, posts: Select[Any]) -> Select[Any]:
    """Those of the posts that lists show: in topics that the reader sees, without the first posts of cases and practices."""
    topics = visible_topics(reader).whereclause
    is_listed = or_(Post.number > 1, Topic.home.is_(None))
    seen = posts.join(Post.topic).where(Topic.hidden_at.is_(None), is_listed)
    return seen if topics is None else seen.where(topics)


def _newest_ids(posts: Select[Any], limit: int | None = None) -> Select[Any]:
    newest = posts.with_only_columns(Post.id).order_by(Post.created_at.desc(), Post.id.desc())
    return newest.limit(limit or MAX_CONTRIBUTIONS + 1)


def _contributions_page(newest: Select[Any], number: int) -> Page[Contribution]:
    ids = db.session.scalars(newest).all()
    total = min(len(ids), MAX_CONTRIBUTIONS)
    pages = pages_for(total, PAGE_SIZE)
    number = clamp(number, pages)
    rows = _contributions(ids[:total][(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    return Page(rows, number, pages, total, is_capped=len(ids) > MAX_CONTRIBUTIONS)


def _contributions(ids: Sequence[int]) -> list[Contribution]:
    query = select(Post).join(Post.topic).where(Post.id.in_(ids)).options(*_CONTRIBUTION_LOADS)
    posts = db.session.scalars(query.order_by(Post.created_at.desc(), Post.id.desc())).all()
    texts = texts_of("post", [post.id for post in posts if post.number > 1])
    return [Contribution(post, texts.get(post.id) or _excerpt_of_opening(post)) for post in posts]


_CONTRIBUTION_LOADS = (
    contains_eager(Post.topic).joinedload(Topic.agenda),
    joinedload(Post.author).joinedload(Member.city),
)


def _excerpt_of_opening(post: Post) -> str:
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


# Feeds: only what visitors may read, whoever asks


def feed_of_openings(agenda: Agenda | None = None) -> Sequence[Post]:
    """The first posts of the newest public topics, of one agenda or of all."""
    begun = select(Post.id).where(Post.topic_id == Topic.id, Post.number == 1, *is_readable())
    newest = visible_topics(VISITOR).with_only_columns(Topic.id).where(begun.exists(), *_REVIEWED)
    if agenda is not None:
        newest = newest.where(Topic.agenda_id == agenda.id)
    newest = newest.order_by(*_NEWEST_TOPICS).limit(FEED_SIZE)
    opening = _public_posts().where(Post.number == 1, Topic.id.in_(newest))
    return db.session.scalars(opening.order_by(*_NEWEST_TOPICS)).all()


_REVIEWED = (
    Topic.unseen_at.is_(None),
)  # posts of new members are in no feed before a moderator has seen them
_NEWEST_TOPICS = (Topic.created_at.desc(), Topic.id.desc())


def feed_of_topic(topic_id: int) -> tuple[Topic, Sequence[Post]]:
    """A public topic and its newest posts."""
    topic = get_topic(VISITOR, topic_id)
    newest = _public_posts().where(Post.topic_id == topic.id).order_by(Post.number.desc())
    return topic, db.session.scalars(newest.limit(FEED_SIZE)).all()


def feed_after_merge(topic_id: int) -> Topic:
    """The public topic that another one was merged into. Raises `NotFound`."""
    return topic_after_merge(VISITOR, topic_id)


def _public_posts() -> Select[Any]:
    seen = visible_posts(VISITOR).where(*is_readable(), Post.unseen_at.is_(None))
    return seen.options(joinedload(Post.author))


# The sitemap


class SitemapEntry(NamedTuple):
    """One address in the sitemap, and when the page changed last, if that is known."""

    path: str
    changed_at: datetime | None


def sitemap_pages() -> int:
    """The number of files of the sitemap; each has the things with ids in a range of `IDS_PER_SITEMAP_FILE`."""
    last = [select(func.max(part.id)).scalar_subquery() for part in _sections()]
    numbers = db.session.execute(select(*last)).one()
    return pages_for(max(number or 0 for number in numbers), IDS_PER_SITEMAP_FILE)


def sitemap_page(number: int) -> list[SitemapEntry]:
    """The entries of one file of the sitemap; the first also has the fixed pages and the cities."""
    first, last = (number - 1) * IDS_PER_SITEMAP_FILE + 1, number * IDS_PER_SITEMAP_FILE
    parts = [part.with_ids_between(first, last) for part in _sections()]
    parts += [_city_section()] if number == 1 else []
    listed = union_all(*(part.as_select(at) for at, part in enumerate(parts)))
    rows = db.session.execute(listed.order_by(text("part"), text("id")))
    fixed = _fixed_entries() if number == 1 else []
    return fixed + [SitemapEntry(row.path, row.changed_at) for row in rows]


def _fixed_entries() -> list[SitemapEntry]:
    return [SitemapEntry(path, None) for path in ("/", *LIST_PAGES, *INFO_PAGES)]


class _SitemapSection(NamedTuple):
    """The things of one kind in the sitemap."""

    query: Select[Any]
    id: Any
    path: Any
    changed_at: Any

    def with_ids_between(self, first: int, last: int) -> _SitemapSection:
        """Only those with ids in a range, both ends included."""
        return self._replace(query=self.query.where(self.id.between(first, last)))

    def as_select(self, number: int) -> Select[Any]:
        """A SELECT of path and time of change, marked with the number of the section, for a UNION."""
        columns = (literal(number).label("part"), self.id.label("id"), self.path.label("path"))
        query = self.query.order_by(None)
        return query.with_only_columns(*columns, self.changed_at.label("changed_at"))


def _sections() -> list[_SitemapSection]:
    topics = visible_topics(VISITOR).where(Topic.home.is_(None), *_REVIEWED)
    topic = literal("/topics/") + cast(Topic.id, String) + "-" + Topic.slug
    wrote = visible_members(VISITOR).where(Member.posts_count > 0)
    cases, practices = visible_cases(VISITOR), published_practices(VISITOR)
    shared = "/practices/" + Practice.slug
    return [
        _SitemapSection(
            visible_agendas(VISITOR), Agenda.id, "/agendas/" + Agenda.slug, Agenda.active_at
        ),
        _SitemapSection(cases, Case.id, "/cases/" + Case.slug, Case.updated_at),
        _SitemapSection(practices, Practice.id, shared, Practice.updated_at),
        _SitemapSection(topics, Topic.id, topic, Topic.active_at),
        _SitemapSection(wrote, Member.id, "/members/" + Member.handle, null()),
        _SitemapSection(
            select(Organisation), Organisation.id, "/organisations/" + Organisation.slug, null()
        ),
    ]


def _city_section() -> _SitemapSection:
    """The cities with members. Their ids are those of GeoNames, so they are not split into ranges."""
    here = [city.id for city in home_cities(VISITOR)]
    return _SitemapSection(
        select(City).where(City.id.in_(here)), City.id, "/cities/" + City.slug, null()
    )
