"""For an export: topics and comments with their posts, as far as the reader may see them, in batches."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select, true, tuple_

from forum.advice.models import FollowUp
from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import Poll, PollOption, Post, Topic, TopicTheme
from forum.dialogue.queries import (
    is_readable,
    unreadable_by,
    visible_posts,
    visible_topics,
    with_links_home,
)
from forum.library.models import Case, CaseParagraph, Practice
from forum.library.queries import visible_cases, visible_practices
from forum.permissions import AUDIENCES, Person
from forum.quotes import cited_in_source, withhold_in_source
from forum.transfer.models import (
    Author,
    ExportedDiscussion,
    ExportedPoll,
    ExportedPost,
    ExportedTopic,
    Story,
)
from forum.transfer.queries._shared import AUTHOR_COLUMNS, theme_names_by

TOPICS_PER_QUERY = 100
POST_ADDRESS = re.compile(r"/posts/(\d{1,12})")
IDS_PER_QUERY = 500
_TOPIC_COLUMNS = [getattr(Topic, name) for name in ExportedTopic._fields[:-1]]
_DISCUSSION_COLUMNS: list[Any] = [Topic.id, Topic.audience]
_POST_COLUMNS = [getattr(Post, name) for name in ExportedPost._fields[:-1]]


def posts_to_write(reader: Person) -> int:
    """About how many posts an export has to write."""
    numbers = visible_topics(reader).with_only_columns(func.sum(Topic.posts_count))
    return int(db.session.scalar(numbers) or 0)


def topics_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[list[ExportedTopic]]:
    """The topics of an agenda's dialogue, oldest first, in lists of topics with at most `size` posts, or one larger topic."""
    key = (Topic.created_at, Topic.id)
    query = visible_topics(reader).where(Topic.agenda_id == agenda.id, Topic.home.is_(None))
    query = query.with_only_columns(*_TOPIC_COLUMNS, *AUTHOR_COLUMNS).join(Topic.author)
    query = query.order_by(*key).limit(TOPICS_PER_QUERY)
    rows = db.session.execute(query).all()
    while rows:
        few: list[ExportedTopic] = []
        for row in rows:
            topic = ExportedTopic._make(
                (*row[: len(_TOPIC_COLUMNS)], Author._make(row[len(_TOPIC_COLUMNS) :]))
            )
            if few and sum(earlier.posts_count for earlier in few) + topic.posts_count > size:
                yield few
                few = []
            few.append(topic)
        yield few
        following = query.where(tuple_(*key) > (few[-1].created_at, few[-1].id))
        rows = db.session.execute(following).all()


def posts_in_topics(
    reader: Person, agenda: Agenda, topics: Mapping[int, str], size: int
) -> Iterator[list[ExportedPost]]:
    """The posts of topics of an agenda, ordered by topic and number; those of a single topic in batches of `size`.

    `topics` has the audience of each topic, by id. Quotes that this audience may not read are withheld.
    """
    whole = visible_posts(reader).whereclause
    query = select(*_POST_COLUMNS, *AUTHOR_COLUMNS).join(Post.topic).join(Post.author)
    query = query.where(whole if whole is not None else true(), Post.topic_id.in_(topics))
    query = query.where(*is_readable()).order_by(Post.topic_id, Post.number)
    last = 0
    while rows := db.session.execute(_next_batch(query, last, len(topics), size)).all():
        yield _withhold_unseen_quotes([_exported_post(row) for row in rows], topics, agenda)
        if len(topics) > 1 or len(rows) < size:
            break
        last = rows[-1].number


def _next_batch(query: Select[Any], last: int, topics: int, size: int) -> Select[Any]:
    return query if topics > 1 else query.where(Post.number > last).limit(size)


def _exported_post(row: Sequence[Any]) -> ExportedPost:
    return ExportedPost._make((*row[: len(_POST_COLUMNS)], Author._make(row[len(_POST_COLUMNS) :])))


def _withhold_unseen_quotes(
    posts: list[ExportedPost], topics: Mapping[int, str], agenda: Agenda
) -> list[ExportedPost]:
    posts = [post._replace(source=with_links_home(post.source)) for post in posts]
    named = {post.id: _possibly_cited_in(post.source) for post in posts if "/posts/" in post.source}
    everything = {post_id for ids in named.values() for post_id in ids}
    unseen = {
        audience: unreadable_by(audience, everything, here_agenda_id=agenda.id)
        for audience in AUDIENCES
    }
    for place, post in enumerate(posts):
        if named.get(post.id, set()) & (hidden := unseen.get(topics[post.topic_id], set())):
            hidden = cited_in_source(post.source) & hidden
            posts[place] = post._replace(source=withhold_in_source(post.source, hidden))
    return posts


def _possibly_cited_in(source: str) -> set[int]:
    """The ids of posts that a text may quote. Parsing takes a millisecond, so plain addresses are found without it."""
    if "&" in source or "\\" in source:  # an address may be escaped
        return cited_in_source(source)
    return {int(number) for number in POST_ADDRESS.findall(source)}


def themes_of_topics(topic_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the themes of topics, by topic id."""
    return theme_names_by(TopicTheme.topic_id, TopicTheme, topic_ids)


def polls_of(post_ids: Collection[int]) -> dict[int, ExportedPoll]:
    """The polls below posts, by post id."""
    names = [name for name in ExportedPoll._fields if name != "options"]
    query = select(Poll.post_id, PollOption.words, *(getattr(Poll, name) for name in names))
    query = query.join(PollOption, PollOption.poll_id == Poll.id).where(Poll.post_id.in_(post_ids))
    found: dict[int, ExportedPoll] = {}
    for post_id, words, *asked in (
        db.session.execute(query.order_by(Poll.id, PollOption.position)) if post_ids else ()
    ):
        before = found.get(post_id) or ExportedPoll(*asked)
        found[post_id] = before._replace(options=(*before.options, words))
    return found


def stories_of(topic_ids: Collection[int]) -> dict[int, Story]:
    """What the authors of questions reported on what happened next, by topic id, as pages show it."""
    columns = [getattr(FollowUp, name) for name in Story._fields]
    query = select(FollowUp.topic_id, *columns).where(FollowUp.topic_id.in_(topic_ids))
    query = query.join(Topic, Topic.id == FollowUp.topic_id)
    query = query.where(FollowUp.hidden_at.is_(None), Topic.followed_up_at.is_not(None))
    return {row[0]: Story._make(row[1:]) for row in db.session.execute(query)}


def discussions_to_write(reader: Person, agenda: Agenda) -> list[ExportedDiscussion]:
    """The cases and practices of an agenda that have comments, in the order of the agenda file."""
    is_shown = visible_topics(reader).whereclause
    where = (is_shown if is_shown is not None else true(), Topic.replies_count > 0)
    cases = visible_cases(reader).where(Case.agenda_id == agenda.id).join(Case.topic)
    of_case = cases.where(*where).order_by(Case.position, Case.id)
    rows = db.session.execute(
        of_case.with_only_columns(Case.slug, *_DISCUSSION_COLUMNS, Case.id)
    ).all()
    keys = _paragraph_keys_of([row[3] for row in rows])
    found = [
        ExportedDiscussion("case", slug, topic_id, audience, keys.get(case_id, ()))
        for slug, topic_id, audience, case_id in rows
    ]
    practices = visible_practices(reader).where(Practice.agenda_id == agenda.id)
    of_practice = practices.join(Practice.topic).where(*where).order_by(Practice.id)
    others = db.session.execute(of_practice.with_only_columns(Practice.slug, *_DISCUSSION_COLUMNS))
    return [*found, *(ExportedDiscussion("practice", *row[:3]) for row in others.all())]


def _paragraph_keys_of(case_ids: Sequence[int]) -> dict[int, list[str]]:
    query = select(CaseParagraph.case_id, CaseParagraph.key).order_by(CaseParagraph.position)
    found: dict[int, list[str]] = {}
    for start in range(0, len(case_ids), IDS_PER_QUERY):
        is_here = CaseParagraph.case_id.in_(case_ids[start : start + IDS_PER_QUERY])
        for case_id, key in db.session.execute(query.where(is_here)):
            found.setdefault(case_id, []).append(key)
    return found
