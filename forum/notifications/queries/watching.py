"""What members watch and mute."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, column, false, or_, select, table

from forum.db import constant, db
from forum.notifications.models import MUTED, TOPIC, WATCHING, Watch
from forum.notifications.queries._shared import Subject, is_watch_of
from forum.pages import Page, page_of
from forum.permissions import Person, require

WATCHES_PER_PAGE = 50
# A table of the room `webhooks`, which is far above this one
_WEBHOOK = table("webhook", column("id"), column("paused_at"))


def watches_of(
    member: Person, number: int = 1, condition: ColumnElement[bool] | None = None
) -> Page[Watch]:
    """One page of what a member watches and mutes, all of it or what meets a condition, the latest first."""
    require(member.can.see_notices())
    query = select(Watch).where(Watch.member_id == member.id)
    query = query if condition is None else query.where(condition)
    newest = query.order_by(Watch.created_at.desc(), Watch.subject, Watch.subject_id.desc())
    return page_of(newest, number, WATCHES_PER_PAGE)


def watched_ids(member_id: Any, subject: str, limit: int) -> Select[Any]:
    """A select of the ids of the subjects of one kind that a member watches, the `limit` most recent choices.

    Ordered by the id alone, SQLite would scan what all members watch.
    """
    watched = Watch.member_id == member_id, Watch.subject == subject, Watch.level == WATCHING
    newest = select(Watch.subject_id).where(*watched)
    newest = newest.order_by(Watch.created_at.desc(), Watch.subject_id.desc())
    return newest.limit(constant(limit))


def level_of(reader: Person, subject: str, subject_id: int) -> str:
    """Whether the reader watches or mutes something; empty for neither, and for visitors."""
    if not reader.is_member:
        return ""
    which = {"member_id": reader.id, "subject": subject, "subject_id": subject_id}
    return db.session.scalar(_level_of(), which) or ""


@cache
def _level_of() -> Select[Any]:
    names = ("member_id", "subject", "subject_id")
    return select(Watch.level).where(*(getattr(Watch, name) == bindparam(name) for name in names))


def watch_level_of(member_id: Any, subject: str, subject_id: Any) -> Any:
    """`level_of` as an SQL expression; null for neither."""
    query = select(Watch.level).where(Watch.member_id == member_id, Watch.subject == subject)
    return query.where(Watch.subject_id == subject_id).scalar_subquery()


def watchers_of(topic_id: int, member_ids: Iterable[int] | None = None) -> Select[Any]:
    """A select of the ids of those who watch a topic; only those in `member_ids`, if given."""
    query = select(Watch.member_id).where(Watch.subject == TOPIC, Watch.subject_id == topic_id)
    query = query.where(Watch.level == WATCHING)
    return query if member_ids is None else query.where(Watch.member_id.in_(list(member_ids)))


def who_listens(doer: Person, subjects: Iterable[Subject]) -> tuple[bool, bool]:
    """Whether anybody except the doer watches one of the subjects, and whether any webhook is active."""
    others = Watch.level == WATCHING, Watch.member_id != (doer.id or 0)
    # The first in the order of the index: asked for any, PostgreSQL reads all watches where one subject has most of them
    first = (
        select(Watch.member_id)
        .where(is_watch_of([subject]), *others)
        .order_by(Watch.member_id)
        .limit(constant(1))
        .scalar_subquery()
        for subject in subjects
    )
    by_any = or_(false(), *(member_id.is_not(None) for member_id in first))
    webhooks = select(_WEBHOOK.c.id).where(_WEBHOOK.c.paused_at.is_(None))
    # In one statement, because every post asks
    is_watched, is_told = db.session.execute(select(by_any, webhooks.exists())).one()
    return bool(is_watched), bool(is_told)


def watchers_among(subjects: Iterable[Subject], member_ids: Collection[int]) -> set[int]:
    """Those of the members who watch one of the subjects and mute none of them."""
    rows = select(Watch.member_id, Watch.level).where(
        is_watch_of(subjects), Watch.member_id.in_(member_ids)
    )
    levels: dict[str, set[int]] = {WATCHING: set(), MUTED: set()}
    for member_id, level in db.session.execute(rows):
        levels[level].add(member_id)
    return levels[WATCHING] - levels[MUTED]
