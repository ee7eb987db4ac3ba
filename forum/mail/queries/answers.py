"""What answers and new topics by e-mail belong to, and whether they came before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import visible_topics
from forum.members.models import Member
from forum.permissions import Person, require


def topic_of_post(reader: Member, post_id: int) -> int | None:
    """The id of the topic of a post that the reader can see; None when they cannot."""
    seen = visible_topics(reader).with_only_columns(Topic.id).join(Post, Post.topic_id == Topic.id)
    return db.session.scalar(seen.where(Post.id == post_id))


def title_for_answer(reader: Member, post_id: int) -> tuple[str, str]:
    """The title of the topic of a post that the reader can see, and its language; both empty when they cannot."""
    seen = visible_topics(reader).with_only_columns(Topic.title, Topic.language)
    found = seen.join(Post, Post.topic_id == Topic.id).where(Post.id == post_id)
    title, language = db.session.execute(found).first() or ("", "")
    return title, language


def agenda_to_open_by_email(author: Person, slug: str) -> Agenda:
    """The agenda with this slug, on which somebody wants to open topics by e-mail; `NotFound`, or `Forbidden` if they may not."""
    agenda = get_agenda(author, slug)
    require(author.can.open_by_email(agenda))
    return agenda


def sent_today(member: Member, source: str, but_key: str) -> str:
    """The path of exactly the same text that the member has sent within a day, as an automatic answer would; or empty.

    What has the submission key `but_key` does not count, because it was made from the same message; nor does what a
    moderator refused, so that who sends it again is not met by silence.
    """

    def is_alike(sent: type[Post] | type[Held]) -> tuple[ColumnElement[bool], ...]:
        alike = (
            sent.created_at > now() - timedelta(days=1),
            sent.source == source,
            sent.submission_key.is_distinct_from(but_key),
        )
        return (*alike, Held.refused_at.is_(None)) if sent is Held else alike

    return _path_of_sent(member, is_alike)


def sent_with(member: Member, keys: Sequence[str]) -> str:
    """The path of what the member has sent with one of some submission keys; empty for nothing."""
    return _path_of_sent(member, lambda sent: (sent.submission_key.in_(keys),)) if keys else ""


def _path_of_sent(
    member: Member, conditions: Callable[[type[Post] | type[Held]], tuple[ColumnElement[bool], ...]]
) -> str:
    """The path of a post of the member, or of a text that waits or was refused, that meets some conditions."""
    for table, path in ((Post, "/posts"), (Held, "/waiting")):
        sent = select(table.id).where(table.author_id == member.id, *conditions(table))
        if found := db.session.scalar(sent.order_by(table.id.desc()).limit(1)):
            return f"{path}/{found}"
    return ""
