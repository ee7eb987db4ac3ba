"""What search knows of topics and posts, and who hears of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete as delete_rows

from forum.db import db
from forum.dialogue.actions._quotes import refresh_quotes_in
from forum.dialogue.models import Mention, Post, Quote, Topic
from forum.dialogue.queries import (
    lock_posts_to_quote,
    mentioned_member_ids,
    posts_to_quote,
    quoted_post_ids,
)
from forum.errors import Invalid
from forum.markup import Written, cited_in_html, quoted_posts
from forum.members.models import City, Member
from forum.members.queries import members_to_mention
from forum.notifications.actions import note_event, note_event_for_watchers
from forum.notifications.models import AGENDA, CITY, THEME
from forum.notifications.queries import Subject
from forum.permissions import MEMBERS, PUBLIC, Person
from forum.search import actions as search

MAX_MENTIONED = 20  # by one post


def index_topic(doer: Person, topic: Topic, plain: str, *, is_new: bool = False) -> None:
    """Let search find a topic by these words."""
    search.index(doer, topic_entry(topic, plain), is_new=is_new)


def topic_entry(topic: Topic, plain: str) -> search.Entry:
    """The document of a topic. A case or practice has one of its own, so its topic's holds no words."""
    has_words = not topic.home
    return search.Entry(
        kind="topic",
        item_id=topic.id,
        address=topic.address,
        title=topic.title if has_words else "",
        body=plain if has_words else "",
        written_at=topic.created_at,
        byline=_byline(topic.author_id) if has_words else "",
        agenda_id=topic.agenda_id,
        language=topic.language,
        audience=topic.audience,
    )


def index_post(doer: Person, post: Post, topic: Topic, plain: str, *, is_new: bool = False) -> None:
    """Let search find a post by these words."""
    search.index(doer, post_entry(post, topic, plain), is_new=is_new)


def post_entry(post: Post, topic: Topic, plain: str) -> search.Entry:
    """The document of a post."""
    return search.Entry(
        kind="post",
        item_id=post.id,
        address=f"/posts/{post.id}",
        title=topic.title,
        body=plain,
        written_at=post.created_at,
        byline=_byline(post.author_id),
        agenda_id=topic.agenda_id,
        parent=("topic", topic.id),
        language=post.language,
        audience=topic.audience,
    )


def _byline(member_id: int) -> str:
    member = db.session.get_one(Member, member_id)
    city = db.session.get(City, member.city_id) if member.city_id else None
    return f"{member.name}, {city.name}" if city else member.name


def notify_named(author: Person, post: Post, text: Written, *, is_new: bool = False) -> set[int]:
    """Keep whom a post mentions and quotes, and tell each once; hands back whom it told.

    One that `is_new` has mentioned and quoted nobody so far, and need not be asked about.
    """
    named = _notify_mentioned(author, post, text, is_new)
    return named | _notify_quoted(author, post, text.plain, named, is_new)


def _notify_mentioned(author: Person, post: Post, text: Written, is_new: bool) -> set[int]:
    """However often a text is edited, it tells no more than `MAX_MENTIONED` members that it mentions them."""
    if not text.mentions:
        return set()
    known = set() if is_new else mentioned_member_ids(post.id)
    named = [member.id for member in members_to_mention(text.mentions) if member.id != author.id]
    new = [member_id for member_id in named if member_id not in known]
    new = new[: max(0, MAX_MENTIONED - len(known))]
    db.session.add_all(Mention(post_id=post.id, member_id=member_id) for member_id in new)
    notify(author, "mention", set(new), post, text.plain)
    return set(new)


def restore_mentions_and_quotes(doer: Person, post: Post, text: Written) -> None:
    """Keep that a post mentions and quotes whom it did when it said this, and tell nobody."""
    named = {member.id for member in members_to_mention(text.mentions)} if text.mentions else set()
    theirs = delete_rows(Mention).where(Mention.post_id == post.id)
    db.session.execute(theirs.where(Mention.member_id.not_in(named)))
    db.session.execute(delete_rows(Quote).where(Quote.post_id == post.id))
    author = db.session.get_one(Member, post.author_id)
    _quoted(author, post.topic, post)
    _keep_quotes(post, set())


def _notify_quoted(
    author: Person, post: Post, plain: str, named: set[int], is_new: bool
) -> set[int]:
    """Keep which posts a post quotes, and tell their authors but those named; hands back whom it told."""
    known = set() if is_new else quoted_post_ids(post.id)
    quoted = _quoted(author, post.topic, post)
    _keep_quotes(post, known)
    new = [other for other in quoted if other.id not in known]
    authors = {other.author_id for other in new} - named
    notify(author, "quote", authors, post, plain)
    return authors


def _keep_quotes(post: Post, known: set[int]) -> None:
    """Keep which posts a post quotes, gone ones too: what it shows of those is withheld as long as they are."""
    said = cited_in_html(post.html).union(quoted_posts(post.source)) - {post.id}
    if ended := known - said:
        theirs = delete_rows(Quote).where(Quote.post_id == post.id)
        db.session.execute(theirs.where(Quote.quoted_id.in_(ended)))
    if not said:
        return
    # Held, so that nobody hides one of them who does not see yet that it is quoted here
    new = lock_posts_to_quote(said) - known
    db.session.add_all(Quote(post_id=post.id, quoted_id=quoted_id) for quoted_id in new)
    db.session.flush()
    refresh_quotes_in([post])


def _quoted(author: Person, topic: Topic, post: Post) -> Sequence[Post]:
    posts = posts_to_quote(author, set(quoted_posts(post.source)) - {post.id})
    if topic.audience == PUBLIC and any(other.topic.audience == MEMBERS for other in posts):
        raise Invalid(
            _("Members wrote this for members only: do not quote it in public."), "source"
        )
    return posts


def notify(doer: Person, kind: str, recipients: set[int], post: Post, text: str) -> None:
    """Give members a notice about a post."""
    note_event(doer, kind, recipients, f"/posts/{post.id}", text=text, **_about(post))


def notify_watchers(post: Post, kind: str, subjects: Sequence[Subject], told: set[int]) -> None:
    """Tell whoever watches one of some things of a new post, but those who are told of it by name."""
    author = db.session.get_one(Member, post.author_id)
    about = {"text": post.gist, **_about(post)}
    note_event_for_watchers(author, kind, subjects, f"/posts/{post.id}", but=told, **about)


def _about(post: Post) -> dict[str, Any]:
    return {"title": post.topic.title, "topic_id": post.topic_id, "post_id": post.id}


def watchable_subjects(author: Person, topic: Topic, theme_ids: Sequence[int]) -> list[Subject]:
    """What a new topic belongs to, as far as it can be watched."""
    city_id = author.city_id
    of_city = [(CITY, city_id)] if city_id else []
    return [(AGENDA, topic.agenda_id), *of_city, *((THEME, theme_id) for theme_id in theme_ids)]
