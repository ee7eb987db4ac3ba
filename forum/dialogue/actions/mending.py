"""For maintenance commands: rebuilding what is derived from other rows (HTML, search documents, counters, notices)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import delete as delete_rows
from sqlalchemy import insert, text, update

from forum.agendas.actions import correct_activity
from forum.agendas.models import Agenda
from forum.columns import Base
from forum.db import db, store_html
from forum.deeds import action
from forum.dialogue.actions._quotes import refresh_quotes, refresh_quotes_in
from forum.dialogue.actions._telling import post_entry, topic_entry, with_poll_words
from forum.dialogue.models import Poll, PollOption, Post, Quote, Topic
from forum.dialogue.queries import (
    actual_counts,
    derived_values,
    ids_out_of_sight,
    openings_of,
    posts_to_index,
    quoting_posts,
    revisions_to_reword,
)
from forum.markup import PlainTexts, Written
from forum.members.actions import set_post_counts
from forum.members.models import Member
from forum.notifications.actions import hide_notices, update_quotations
from forum.permissions import Person, require
from forum.plaintext import excerpt
from forum.search import actions as search
from forum.search.models import Thing

NO_LIMIT = sys.maxsize


@action
def reword(
    system: Person, texts: Mapping[int, tuple[str, Written]], change: Callable[[str], str]
) -> bool:
    """Replace the texts of posts without keeping a revision: {id: (present source, new text)}.

    `change` is applied to the sources of their earlier versions. Returns False when a post has another source by now;
    that post is left unchanged.
    """
    require(system.can.administer())
    posts = {post.id: post for post in posts_to_index(list(texts))}
    same = {key: text for key, text in texts.items() if posts[key].source == text[0]}
    for post_id, (_before, new_text) in same.items():
        _reword(system, posts[post_id], new_text)
    for revision in revisions_to_reword(texts):
        revision.source = change(revision.source)
    refresh_quotes(Quote.post_id.in_(list(same)))
    reindex(system, list(same), PlainTexts({t.source: t.plain for _before, t in same.values()}))
    return len(same) == len(texts)


def _reword(system: Person, post: Post, text: Written) -> None:
    post.write(text)
    if post.number == 1 and post.topic.excerpt and not post.topic.home:
        post.topic.excerpt = excerpt(text.plain)
    update_quotations(system, post.id, text.plain, post.topic_id if post.number == 1 else None)


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store re-rendered HTML by post id, where the post still has the same source; returns the number of posts."""
    require(system.can.administer())
    stored = store_html(Post.source, Post.html, Post.html_version, texts)
    refresh_quotes(Quote.post_id.in_(list(texts)))
    return stored


@action
def mend_quotes(system: Person, post_ids: Sequence[int]) -> None:
    """Withhold or restore quotations in these posts according to what their readers may see."""
    require(system.can.administer())
    refresh_quotes_in(
        quoting_posts(Quote.post_id.in_(list(post_ids)), 0, len(post_ids)), budget=NO_LIMIT
    )


@action
def rerender_notes(system: Person, texts: Mapping[int, Written]) -> int:
    """Like `rerender`, for the moderators' notes below posts."""
    require(system.can.administer())
    return store_html(Post.note_source, Post.note_html, Post.note_html_version, texts)


@action
def reindex(system: Person, post_ids: Sequence[int], plain: PlainTexts) -> None:
    """Rebuild the search documents of posts and of the topics that they open; `plain` holds plain texts by source."""
    require(system.can.administer())
    things: dict[Thing, search.Known | None] = {}
    for post in posts_to_index(post_ids):
        things["post", post.id] = _known_of_post(post, plain)
        if post.number == 1:
            things["topic", post.topic_id] = _known_of_topic(post, plain)
    search.reindex(system, things)


@action
def mend_topics(system: Person, topic_ids: Sequence[int]) -> None:
    """Recompute what topics store about their posts: numbers, latest activity, answer."""
    require(system.can.administer())
    _mend(Topic, topic_ids)


@action
def mend_posts(system: Person, post_ids: Sequence[int]) -> None:
    """Recompute the mark counters of posts, and whether a poll stands below them."""
    require(system.can.administer())
    _mend(Post, post_ids)


@action
def mend_polls(system: Person, poll_ids: Sequence[int]) -> None:
    """Recompute how many members have voted in polls."""
    require(system.can.administer())
    _mend(Poll, poll_ids)


@action
def mend_poll_options(system: Person, option_ids: Sequence[int]) -> None:
    """Recompute how many members have chosen options of polls."""
    require(system.can.administer())
    _mend(PollOption, option_ids)


def _mend(model: type[Topic | Post | Poll | PollOption], ids: Sequence[int]) -> None:
    for row in derived_values(model, ids):
        values = {name: value for name, value in row._mapping.items() if name != "id"}
        db.session.execute(update(model).where(model.id == row.id).values(values))


@action
def mend_agendas(system: Person, agenda_ids: Sequence[int]) -> None:
    """Recompute the latest activity of agendas."""
    require(system.can.administer())
    for agenda_id, active_at in derived_values(Agenda, agenda_ids):
        correct_activity(system, agenda_id, active_at)


@action
def mend_members(system: Person, member_ids: Sequence[int]) -> None:
    """Recompute the numbers of posts, of held texts and of drafts of members."""
    require(system.can.administer())
    for member_id, posts, waiting, drafts in derived_values(Member, member_ids):
        set_post_counts(system, member_id, posts, waiting, drafts)


@action
def mend_counts(system: Person) -> None:
    """Recompute the whole table of `TopicCount`."""
    require(system.can.administer())
    kept = Base.metadata.tables["topic_count"]
    if db.session.get_bind().dialect.name == "postgresql":
        # Waits for transactions that have counted already; later ones add to the new counts.
        db.session.execute(text("LOCK TABLE topic_count IN SHARE ROW EXCLUSIVE MODE"))
    db.session.execute(delete_rows(kept))
    db.session.execute(insert(kept).from_select(list(kept.c.keys()), actual_counts()))


@action
def mend_notices(system: Person, topic_ids: Sequence[int], post_ids: Sequence[int]) -> None:
    """Hide the notices about those of these topics and posts that are hidden or deleted."""
    require(system.can.administer())
    for topic_id in ids_out_of_sight(Topic, topic_ids):
        hide_notices(system, topic_id=topic_id)
    openings = openings_of(topic_ids)
    for post_id in ids_out_of_sight(Post, [*post_ids, *openings]):
        hide_notices(system, post_id=post_id, topic_id=openings.get(post_id))


def _known_of_post(post: Post, plain: PlainTexts) -> search.Known | None:
    """The search document of a post, or None; the post that opens a topic is found through the topic's document."""
    if post.number == 1 or post.deleted_at or post.topic.deleted_at:
        return None
    return post_entry(post, post.topic, plain[post.source]), post.hidden_at


def _known_of_topic(opening: Post, plain: PlainTexts) -> search.Known | None:
    if opening.topic.deleted_at:
        return None
    said = ("", "")
    if not opening.is_gone:
        said = (with_poll_words(opening, plain[opening.source]), opening.source)
    return topic_entry(opening.topic, *said), opening.topic.hidden_at
