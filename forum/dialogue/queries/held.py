"""Texts that a rule holds back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from flask_babel import gettext
from sqlalchemy import Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import aliased, joinedload

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import EDIT, OPEN, Held, Mark, Post, Quote, Topic
from forum.dialogue.queries._rows import TopicRow
from forum.dialogue.queries.changing import SUBMISSION_KEY_LENGTH, theme_ids_of
from forum.errors import NotFound
from forum.members.models import Member
from forum.permissions import Person, cached_statement, moderated_by, require

MOST_HELD = 100  # texts of one member that wait
LAST_DECIDED, FEW_DECIDED = 20, 3  # decisions from which it is reckoned how long one waits


def is_kept_back() -> tuple[Any, ...]:
    """In SQL: a text that waits, or was refused and is still there."""
    return (Held.became_id.is_(None), Held.source != "")


def visible_held(reader: Person) -> Select[Any]:
    """The texts that wait or were refused: one's own, and those on agendas that the reader moderates."""
    is_own = and_(Held.author_id == reader.id, literal(reader.is_member))
    is_theirs = or_(is_own, moderated_by(reader, Held.agenda_id))
    return select(Held).where(is_theirs, *is_kept_back()).options(*_around_held())


def _around_held() -> tuple[Any, ...]:
    topic = joinedload(Held.topic).joinedload(Topic.agenda)
    post = joinedload(Held.post).joinedload(Post.topic)
    return joinedload(Held.agenda), topic, post, joinedload(Held.author).joinedload(Member.city)


def held_waiting(reader: Person) -> Select[Any]:
    """What waits for this reader to approve or refuse it, longest first, with author, agenda and topic."""
    waits = select(Held).where(Held.decided_at.is_(None), moderated_by(reader, Held.agenda_id))
    return waits.options(*_around_held()).order_by(Held.created_at, Held.id)


@cached_statement
def held_counted(reader: Person) -> Select[Any]:
    """A select of how many texts wait for this reader."""
    waits = select(func.count()).select_from(Held)
    return waits.where(Held.decided_at.is_(None), moderated_by(reader, Held.agenda_id))


def get_held(reader: Person, held_id: int) -> Held:
    """A text that waits or was refused, for its author and who moderates its agenda; else `NotFound`."""
    held: Held | None = db.session.scalar(visible_held(reader).where(Held.id == held_id))
    if held is None:
        raise NotFound()
    return held


def approved_held(moderator: Person, held_id: int) -> Held | None:
    """A text that was approved, with author, agenda and topic, for who moderates its agenda."""
    theirs = (Held.became_id.is_not(None), moderated_by(moderator, Held.agenda_id))
    query = select(Held).where(Held.id == held_id, *theirs)
    return db.session.scalar(query.options(*_around_held()))


def my_held(author: Person) -> Sequence[Held]:
    """One's own texts that wait or were refused, the newest first."""
    require(author.can.see_notices())
    mine = visible_held(author).where(Held.author_id == author.id)
    return db.session.scalars(mine.order_by(Held.id.desc()).limit(MOST_HELD)).all()


def my_held_in(author: Person, topic: Topic | TopicRow) -> Sequence[Held]:
    """The same in one topic, in the order of writing; no question is asked for those who have none."""
    if not author.waiting_count:
        return []
    mine = visible_held(author).where(Held.author_id == author.id, Held.topic_id == topic.id)
    return db.session.scalars(mine.order_by(Held.id).limit(MOST_HELD)).all()


def my_held_text(author: Person, held_id: int) -> Held:
    """One's own text that waits or was refused; else `NotFound`, also for moderators, who read it in the queue."""
    require(author.can.see_notices())
    held = get_held(author, held_id)
    if held.author_id != author.id:
        raise NotFound()
    return held


def became_of(author: Person, held_id: int) -> int | None:
    """The post that one's own text has become, if it has."""
    became = select(Held.became_id).where(Held.id == held_id, Held.author_id == author.id)
    return db.session.scalar(became)


def held_to_revise(author: Person, held_id: int) -> Held:
    """One's own text for changing it."""
    require(author.can.see_notices())
    held = get_held(author, held_id)
    require(author.can.revise(held))
    return held


def hold_held(doer: Person, held_id: int) -> Held:
    """A text that the doer sees, whatever became of it, held until the deed is done; else `NotFound`."""
    _hold_its_place(held_id)
    found: Held | None = db.session.scalar(
        select(Held).where(Held.id == held_id).with_for_update(of=Held)
    )
    if found is None:
        raise NotFound(gettext("Its author has taken this text back."))
    if not doer.can.see_held(found):
        raise NotFound()
    return found


def _hold_its_place(held_id: int) -> None:
    """Hold the topic of a text, and the post that it would change, before the text: as who deletes or moves those does."""
    where = select(Held.topic_id, Held.post_id).where(Held.id == held_id)
    topic_id, post_id = db.session.execute(where).first() or (None, None)
    if topic_id:
        held = select(Topic.id).where(Topic.id == topic_id)
        db.session.scalar(held.with_for_update(of=Topic))
    if post_id:
        db.session.scalar(select(Post.id).where(Post.id == post_id).with_for_update(of=Post))


def before_approval(held: Held) -> dict[str, Any]:
    """What has to be known of a text that waits, and of what it would change, to let it wait again once it is published."""
    at, post = held.decided_at, db.session.get(Post, held.post_id) if held.post_id else None
    kept: dict[str, Any] = {"said": held.fingerprint, "reason": held.reason}
    kept["decided_at"] = at.isoformat() if at else None
    if held.deed != EDIT or post is None:
        active_at = db.session.scalar(select(Agenda.active_at).where(Agenda.id == held.agenda_id))
        return kept | {"active_at": active_at.isoformat() if active_at else None}
    topic = db.session.get_one(Topic, post.topic_id)
    times = {name: getattr(post, name) for name in ("edited_at", "edit_answered_at")}
    kept |= {name: at.isoformat() if at else None for name, at in times.items()}
    kept |= {"last": topic.posts_count, "language": post.language, "audience": topic.audience}
    return kept | {"themes": list(theme_ids_of(topic))}


def is_taken_up(held: Held, post: Post, since: datetime) -> bool:
    """Whether what a text became was marked or quoted since a moment, or changed in a way that waits, or replied to so."""
    quoting = aliased(Post)
    is_later = or_(quoting.created_at >= since, quoting.edited_at >= since)
    quotes = select(Quote.post_id).join(quoting, quoting.id == Quote.post_id)
    is_of_topic = and_(Held.topic_id == post.topic_id, literal(post.number == 1))
    waits = (or_(Held.post_id == post.id, is_of_topic), Held.id != held.id, *is_kept_back())
    asked: tuple[Select[Any], ...] = (
        select(Mark.post_id).where(Mark.post_id == post.id, Mark.created_at >= since),
        quotes.where(Quote.quoted_id == post.id, is_later),
        select(Held.id).where(*waits, Held.created_at >= since),
    )
    return any(db.session.scalar(select(query.exists())) for query in asked)


def held_of_key(author: Person, key: str | None) -> Held | None:
    """What an author has sent with a submission key, and a rule holds back or held back."""
    if not key:
        return None
    sent = select(Held).where(
        Held.author_id == author.id, Held.submission_key == key[:SUBMISSION_KEY_LENGTH]
    )
    return db.session.scalar(sent)


def held_edit_of(author: Person, post_id: int) -> Held | None:
    """The change of a post that waits, or was refused."""
    mine = select(Held).where(Held.author_id == author.id, Held.post_id == post_id)
    return db.session.scalar(mine.where(*is_kept_back()).with_for_update(of=Held))


def held_edits_of(post: Post) -> Sequence[Held]:
    """The changes of a post that wait, or were refused, held."""
    its = select(Held).where(Held.post_id == post.id, *is_kept_back())
    return db.session.scalars(its.with_for_update(of=Held)).all()


def refused_before(moment: datetime, limit: int) -> Sequence[Held]:
    """Some texts that were refused before a moment and are still there, held."""
    old = select(Held).where(Held.decided_at < moment, *is_kept_back())
    return db.session.scalars(old.order_by(Held.id).limit(limit).with_for_update(of=Held)).all()


def held_of(member_id: int) -> Sequence[Held]:
    """All that waits, or was refused, of one member."""
    theirs = select(Held).where(Held.author_id == member_id, *is_kept_back())
    return db.session.scalars(theirs.with_for_update(of=Held)).all()


def held_in(topic: Topic) -> Sequence[int]:
    """The ids of all texts of a topic that a rule holds back, or has held back."""
    return db.session.scalars(select(Held.id).where(Held.topic_id == topic.id)).all()


def has_replies(topic: Topic) -> bool:
    """Whether somebody has replied in a topic: hidden replies, which may be shown again, and those that wait count."""
    there = (Post.topic_id == topic.id, Post.number > 1, Post.deleted_at.is_(None))
    waits = (Held.topic_id == topic.id, Held.deed != OPEN, Held.author_id != topic.author_id)
    asked: tuple[Select[Any], ...] = (
        select(Post.id).where(*there),
        select(Held.id).where(*waits, *is_kept_back()),
    )
    return any(db.session.scalar(select(query.exists())) for query in asked)


def usual_wait() -> timedelta | None:
    """How long texts have waited of late: the median of the last decisions; None while there are few."""
    last = select(Held.created_at, Held.decided_at).where(Held.decided_at.is_not(None))
    rows = db.session.execute(last.order_by(Held.decided_at.desc()).limit(LAST_DECIDED)).all()
    waits = sorted((decided - created).total_seconds() for created, decided in rows if decided)
    return timedelta(seconds=median(waits)) if len(waits) >= FEW_DECIDED else None


class Fates(NamedTuple):
    """What became of the texts that a rule held back."""

    waiting: int = 0
    approved: int = 0
    refused: int = 0

    @property
    def held(self) -> int:
        """How many there were, but for those that their authors took back."""
        return self.waiting + self.approved + self.refused


def fates_of(rule_ids: Sequence[int]) -> dict[int, Fates]:
    """What became of the texts that these rules held back, by rule; counted in the rows."""
    is_open = Held.decided_at.is_(None)
    is_approved = Held.became_id.is_not(None)
    counted = (
        func.sum(case((is_open, 1), else_=0)),
        func.sum(case((is_approved, 1), else_=0)),
        func.sum(case((and_(~is_open, ~is_approved), 1), else_=0)),
    )
    query: Any = select(Held.rule_id, *counted).where(Held.rule_id.in_(rule_ids))
    rows = db.session.execute(query.group_by(Held.rule_id))
    return {rule_id: Fates(*map(int, numbers)) for rule_id, *numbers in rows}
