"""What a city, an organisation or a member gave to the dialogue and received from it, year by year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from forum.db import db, execute_core
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import (
    author_options,
    is_readable,
    visible_posts,
    visible_topics,
    with_author,
)
from forum.front.queries.contributions import MAX_CONTRIBUTIONS, newest_listed
from forum.library.models import Practice
from forum.library.queries import (
    TriedPractice,
    practices_by,
    practices_tried_by,
    tried_counts,
)
from forum.members.models import City, Member, Organisation
from forum.members.queries import visible_members
from forum.permissions import VISITOR

SHOWN = 20  # of each kind, the newest first, so that it stays a few pages
# Limits for members with very many topics: the newest of them, and replies to these
WEIGHED, COUNTED = 500, 20_000
MAX_PRACTICES = 500  # shared, and tried, that are counted


class Partner(NamedTuple):
    """Another city, how many replies its members received, and how many they gave."""

    city: City
    given: int
    got: int


@dataclass(frozen=True)
class ExchangeRecord:
    """What somebody gave and received, in one year or, with `year` None, in all years.

    `years` are those that can be chosen, the newest first. Of `answers` (to questions of others that were chosen
    there), `questions`, `experiences` (the posts that open them), `practices` and `tried`, the newest `SHOWN` are
    here, and their `…_count` counts all. `chosen` is the answer to a question, by the question's topic. `tried_in`
    says by topic in how many cities a practice was tried. `partners` are ordered by country and name, because this is
    no ranking. `is_capped` says that only the newest contributions were counted.
    """

    year: int | None
    years: Sequence[int]
    answers: Sequence[Post]
    answers_count: int
    questions: Sequence[Post]
    questions_count: int
    chosen: dict[int, Post]
    experiences: Sequence[Post]
    experiences_count: int
    replies_count: int
    practices: Sequence[Practice]
    practices_count: int
    tried_in: dict[int, int]
    tried: Sequence[TriedPractice]
    tried_count: int
    partners: Sequence[Partner]
    is_capped: bool


class _Party(NamedTuple):
    """The subject of an exchange: the members, conditions for their posts and practices, and the id of their own city.

    `opened` is the condition for their topics.
    """

    people: Select[Any]
    whose: Sequence[ColumnElement[bool]]
    practices_of: dict[str, int]
    city_id: int | None
    opened: ColumnElement[bool]


def exchange_of_city(city: City, year: int) -> ExchangeRecord:
    """What the members of a city gave and received; the same for everybody who reads it.

    A year that cannot be chosen, such as 0, means all years.
    """
    people = _ids(Member.city_id == city.id)
    whose, opened = [Post.author_id.in_(people)], Topic.author_id.in_(people)
    return _record(_Party(people, whose, {"city_id": city.id}, city.id, opened), year)


def exchange_of_organisation(organisation: Organisation, year: int) -> ExchangeRecord:
    """Like `exchange_of_city`, for the members of an organisation and for what was written in its name."""
    people = _ids(Member.organisation_id == organisation.id)
    whose = [Post.author_id.in_(people), Post.organisation_id == organisation.id]
    opened = or_(Topic.author_id.in_(people), Topic.organisation_id == organisation.id)
    practices = {"organisation_id": organisation.id}
    return _record(_Party(people, whose, practices, organisation.city_id, opened), year)


def exchange_of_member(member: Member, year: int) -> ExchangeRecord:
    """Like `exchange_of_city`, for one member: what visitors can read of it, so that the page can be passed on."""
    people = _ids(Member.id == member.id)
    whose, opened = [Post.author_id == member.id], Topic.author_id == member.id
    return _record(_Party(people, whose, {"member_id": member.id}, member.city_id, opened), year)


def _ids(condition: ColumnElement[bool]) -> Select[Any]:
    return visible_members(VISITOR).where(condition).with_only_columns(Member.id)


class _Read(NamedTuple):
    """The rows read: contributions, published practices, marks on practices."""

    rows: Sequence[Row[Any]]
    practices: Sequence[Practice]
    tried: Sequence[TriedPractice]

    @property
    def years(self) -> Sequence[int]:
        """The years with contributions, the newest first."""
        days = [row.created_at for row in self.rows]
        days += [practice.published_at for practice in self.practices if practice.published_at]
        days += [trial.mark.created_at for trial in self.tried]
        return sorted({day.year for day in days}, reverse=True)


def _record(party: _Party, year: int) -> ExchangeRecord:
    """The record of what visitors can read, without what still waits for moderators to look at it."""
    practices = practices_by(VISITOR, **party.practices_of, limit=MAX_PRACTICES)
    tried = practices_tried_by(VISITOR, **party.practices_of, limit=MAX_PRACTICES)
    read = _Read(_written(party, None), practices, tried)
    years = read.years
    if year not in years:
        return _told(party, read, years, None)
    of_year = _Read(
        _written(party, year),
        [
            practice
            for practice in practices
            if practice.published_at and practice.published_at.year == year
        ],
        [trial for trial in tried if trial.mark.created_at.year == year],
    )
    return _told(party, of_year, years, year)


def _told(party: _Party, read: _Read, years: Sequence[int], year: int | None) -> ExchangeRecord:
    rows = read.rows
    answers = [row.id for row in rows if row.answer_id == row.id and not row.is_own]
    questions = [row for row in rows if row.number == 1 and row.kind == "question"]
    experiences = [row.id for row in rows if row.number == 1 and row.kind == "experience"]
    replies = [row for row in rows if row.number > 1 and not row.is_own and row.kind != "case"]
    asked = [row.id for row in questions[:SHOWN]]
    found = _posts(
        answers[:SHOWN],
        asked,
        experiences[:SHOWN],
        [row.answer_id for row in questions[:SHOWN] if row.answer_id],
    )
    return ExchangeRecord(
        year=year,
        years=years,
        answers=[found[post_id] for post_id in answers[:SHOWN] if post_id in found],
        answers_count=len(answers),
        questions=[found[post_id] for post_id in asked if post_id in found],
        questions_count=len(questions),
        chosen={row.topic_id: found[row.answer_id] for row in questions if row.answer_id in found},
        experiences=[found[post_id] for post_id in experiences[:SHOWN] if post_id in found],
        experiences_count=len(experiences),
        replies_count=len(replies),
        practices=read.practices[:SHOWN],
        practices_count=len(read.practices),
        tried_in=tried_counts(practice.topic_id for practice in read.practices[:SHOWN]),
        tried=read.tried[:SHOWN],
        tried_count=len(read.tried),
        partners=_partners(party, Counter(row.city_id for row in replies), _got(party, year)),
        is_capped=len(rows) >= MAX_CONTRIBUTIONS,
    )


def _written(party: _Party, year: int | None) -> Sequence[Row[Any]]:
    """The newest contributions, each with the kind of its topic, the city of the topic's author, and whether that is one of them."""
    whose = [and_(condition, *_within(year)) for condition in party.whose]
    listed, opener = newest_listed(VISITOR, *whose).subquery(), aliased(Member)
    there = select(
        Post.id,
        Post.number,
        Post.created_at,
        Post.topic_id,
        Topic.kind,
        Topic.answer_id,
        party.opened.label("is_own"),
        opener.city_id,
    )
    there = there.join(listed, listed.c.id == Post.id).join(Topic, Topic.id == Post.topic_id)
    there = there.outerjoin(opener, and_(opener.id == Topic.author_id, opener.hidden_at.is_(None)))
    newest = there.where(Topic.unseen_at.is_(None)).order_by(Post.created_at.desc(), Post.id.desc())
    return execute_core(newest.limit(MAX_CONTRIBUTIONS)).all()


def _got(party: _Party, year: int | None) -> Counter[int | None]:
    """How many replies of others the party's topics received, by the city of the replying member."""
    theirs = visible_topics(VISITOR).where(
        party.opened, Topic.kind != "case", Topic.unseen_at.is_(None)
    )
    newest = theirs.order_by(Topic.id.desc()).limit(WEIGHED).with_only_columns(Topic.id).subquery()
    # Joined: of an IN with a LIMIT PostgreSQL does not know how few rows it has (see `most_marked_answers`)
    replies = (
        select(Post.author_id)
        .join(newest, newest.c.id == Post.topic_id)
        .where(
            Post.number > 1,
            Post.author_id.not_in(party.people),
            *is_readable(),
            *_within(year),
        )
    )
    latest = replies.limit(COUNTED).subquery()
    counted = select(Member.city_id, func.count().label("replies")).join(
        latest, latest.c.author_id == Member.id
    )
    shown = counted.where(Member.hidden_at.is_(None)).group_by(Member.city_id)
    return Counter({row.city_id: row.replies for row in execute_core(shown)})


def _partners(
    party: _Party, given: Counter[int | None], got: Counter[int | None]
) -> Sequence[Partner]:
    """The other cities with which replies were exchanged, by country and name."""
    ids = {city_id for city_id in given | got if city_id and city_id != party.city_id}
    cities = db.session.scalars(select(City).where(City.id.in_(ids))).all() if ids else ()
    ordered = sorted(cities, key=lambda city: city.place_in_lists)
    return [Partner(city, given[city.id], got[city.id]) for city in ordered]


def _posts(*ids: Sequence[int]) -> dict[int, Post]:
    """Posts that visitors can read, by id, with their topics, authors and the authors of the topics."""
    wanted = {post_id for group in ids for post_id in group}
    if not wanted:
        return {}
    found = visible_posts(VISITOR, author_options(Topic.author))
    found = found.where(Post.id.in_(wanted), *is_readable())
    return {post.id: post for post in db.session.scalars(with_author(found)).unique()}


def _within(year: int | None) -> Sequence[ColumnElement[bool]]:
    if year is None:
        return ()
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    return Post.created_at >= start, Post.created_at < end
