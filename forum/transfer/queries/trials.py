"""For an export: who tried something, and who wants to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, case, select

from forum.db import db
from forum.dialogue.models import TRIED, Mark, Post
from forum.dialogue.queries import is_readable
from forum.library.queries import intentions_of
from forum.members.models import Member
from forum.transfer.models import Author, Tried, Wanted
from forum.transfer.queries._shared import AUTHOR_COLUMNS


def tried_of(post_ids: Collection[int]) -> dict[int, list[Tried]]:
    """The "tried it" marks of posts, by post id, as pages show them: without hidden profiles and notes."""
    query = _tried_marks(Mark.post_id).where(Mark.post_id.in_(post_ids))
    return _tried_by_key(query) if post_ids else {}


def tried_of_topics(topic_ids: Collection[int]) -> dict[int, list[Tried]]:
    """The marks “tried it” of the visible posts that open topics, by topic id, as pages show them."""
    query = _tried_marks(Post.topic_id).join(Post, Post.id == Mark.post_id)
    query = query.where(Post.topic_id.in_(topic_ids), Post.number == 1, *is_readable())
    return _tried_by_key(query) if topic_ids else {}


def _tried_marks(key: Any) -> Select[Any]:
    note = case((Mark.hidden_at.is_(None), Mark.words), else_="")
    language = case((Mark.hidden_at.is_(None), Mark.language), else_="")
    query = select(key, Mark.outcome, note, language, *AUTHOR_COLUMNS).join(Mark.member)
    return query.where(Mark.kind == TRIED, Member.hidden_at.is_(None))


def _tried_by_key(query: Select[Any]) -> dict[int, list[Tried]]:
    found: dict[int, list[Tried]] = {}
    for key, outcome, note, language, *author in db.session.execute(query):
        found.setdefault(key, []).append(Tried(Author._make(author), outcome or "", note, language))
    return found


def wanted_of(topic_ids: Collection[int]) -> dict[int, list[Wanted]]:
    """Who wants to try the cases and practices of topics, by topic id, as pages show it."""
    found: dict[int, list[Wanted]] = {}
    for intention in intentions_of(topic_ids) if topic_ids else ():
        author = Author.of(intention.member)
        found.setdefault(intention.topic_id, []).append(Wanted(author, intention.until))
    return found
