"""What a database contains before it is filled: nothing, a forum, or a part of a filled one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from forum.agendas.models import Agenda, Theme
from forum.db import db
from forum.dialogue.models import Mark, Post, Revision, Topic
from forum.filling.models import START, Foundation
from forum.members.models import Member, Organisation
from forum.moderation.models import Decision
from forum.notifications.models import Event, Notice
from forum.search.models import Document

# The times that show whether a row was written before the dialogue began.
MOMENTS: dict[Any, Any] = {
    Topic: Topic.created_at,
    Post: Post.created_at,
    Mark: Mark.created_at,
    Revision: Revision.replaced_at,
    Document: Document.written_at,
    Decision: Decision.decided_at,
    Event: Event.created_at,
    Notice: Notice.created_at,
}


def is_empty() -> bool:
    """Whether there is neither a member nor an agenda nor a post."""
    return not any(db.session.scalar(select(table.id).limit(1)) for table in (Member, Agenda, Post))


def foundation() -> Foundation:
    """The rows that the dialogue of a filled forum refers to, and the last ids before it."""
    last_ids = {
        table.__tablename__: _last_id(table, moment < START) for table, moment in MOMENTS.items()
    }
    return Foundation(
        agendas=_ids(Agenda, Agenda.position),
        themes=_ids(Theme, Theme.id),
        organisations=_ids(Organisation, Organisation.id),
        last_ids=last_ids,
    )


def last_post() -> int:
    """The highest id of a post; 0 without any."""
    return _last_id(Post)


def _last_id(table: Any, *which: Any) -> int:
    return db.session.scalar(select(func.max(table.id)).where(*which)) or 0


def _ids(table: Any, order: Any) -> Sequence[int]:
    return db.session.scalars(select(table.id).order_by(order)).all()
