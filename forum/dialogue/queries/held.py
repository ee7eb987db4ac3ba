"""Held texts, which a screening rule holds back."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from flask_babel import gettext
from sqlalchemy import Select, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from forum.agendas.models import Agenda
from forum.agendas.queries import lock_opening
from forum.db import db, start_again
from forum.dialogue.models import (
    EDIT,
    OPEN,
    TRIED,
    Held,
    Mark,
    Poll,
    PollOption,
    PollVote,
    Post,
    Quote,
    Topic,
)
from forum.dialogue.queries._rows import TopicRow
from forum.dialogue.queries._visibility import visible_posts
from forum.dialogue.queries.changing import SUBMISSION_KEY_LENGTH, is_as_seen, theme_ids_of
from forum.dialogue.queries.quoting import (
    lock_posts_to_give_readers,
    lock_posts_to_quote,
    lock_topics_to_quote,
)
from forum.errors import NotFound, or_not_found
from forum.members.models import Member
from forum.permissions import PUBLIC, Person, require
from forum.quotes import quoted_posts
from forum.reach import moderated_by
from forum.reachcache import cached_statement

MAX_HELD = 100  # texts in a list of one member's
# The usual wait is the median of the latest decisions: of at most and of at least so many.
RECENT_DECIDED, MIN_DECIDED = 20, 3


def is_held_back() -> tuple[Any, ...]:
    """In SQL: a text that waits, or that was refused and is still kept."""
    return (Held.became_id.is_(None), Held.source != "")


def visible_held(reader: Person) -> Select[Any]:
    """Select the texts that wait or were refused: the reader's own, and those on agendas that the reader moderates."""
    is_own = and_(Held.author_id == reader.id, literal(reader.is_member))
    is_visible = or_(is_own, moderated_by(reader, Held.agenda_id))
    return select(Held).where(is_visible, *is_held_back()).options(*_held_options())


def _held_options() -> tuple[Any, ...]:
    topic = joinedload(Held.topic).joinedload(Topic.agenda)
    post = joinedload(Held.post).joinedload(Post.topic)
    return joinedload(Held.agenda), topic, post, joinedload(Held.author).joinedload(Member.city)


def held_waiting(reader: Person) -> Select[Any]:
    """Select the texts that this reader can approve or refuse, longest waiting first, with author, agenda and topic."""
    waits = select(Held).where(Held.decided_at.is_(None), moderated_by(reader, Held.agenda_id))
    return waits.options(*_held_options()).order_by(Held.created_at, Held.id)


@cached_statement
def held_count(reader: Person) -> Select[Any]:
    """Select how many texts wait for this reader to decide about them."""
    waits = select(func.count()).select_from(Held)
    return waits.where(Held.decided_at.is_(None), moderated_by(reader, Held.agenda_id))


def get_held(reader: Person, held_id: int) -> Held:
    """A text that waits or was refused, for its author and who moderates its agenda; else `NotFound`."""
    query = visible_held(reader).where(Held.id == held_id)
    held: Held = or_not_found(db.session.scalar(query))
    return held


def approved_held(moderator: Person, held_id: int) -> Held | None:
    """A text that was approved, with author, agenda and topic, for who moderates its agenda; else None."""
    query = select(Held).where(
        Held.id == held_id, Held.became_id.is_not(None), moderated_by(moderator, Held.agenda_id)
    )
    return db.session.scalar(query.options(*_held_options()))


def my_held(author: Person) -> Sequence[Held]:
    """One's own texts that wait or were refused, the newest first."""
    require(author.can.see_own())
    mine = visible_held(author).where(Held.author_id == author.id)
    return db.session.scalars(mine.order_by(Held.id.desc()).limit(MAX_HELD)).all()


def my_held_in(author: Person, topic: Topic | TopicRow) -> Sequence[Held]:
    """One's own held or refused texts in a topic, oldest first. Queries the database only for members who have such texts."""
    if not author.waiting_count:
        return []
    mine = visible_held(author).where(Held.author_id == author.id, Held.topic_id == topic.id)
    return db.session.scalars(mine.order_by(Held.id).limit(MAX_HELD)).all()


def get_my_held(author: Person, held_id: int) -> Held:
    """One's own held or refused text; else `NotFound`, also for moderators, who read texts in the queue."""
    require(author.can.see_own())
    held = get_held(author, held_id)
    if held.author_id != author.id:
        raise NotFound()
    return held


def published_post_id(author: Person, held_id: int) -> int | None:
    """The id of the post that one's own text has become, if it was approved."""
    query = select(Held.became_id).where(Held.id == held_id, Held.author_id == author.id)
    return db.session.scalar(query)


def held_to_revise(author: Person, held_id: int) -> Held:
    """One's own held or refused text, in order to change it; `Forbidden` when that is not allowed."""
    require(author.can.see_own())
    held = get_held(author, held_id)
    require(author.can.revise(held))
    return held


def post_changed_since(author: Person, held: Held) -> Post | None:
    """The post that one's held edit is for, with the themes of its topic, if it has changed since the edit; else None."""
    if held.deed != EDIT:
        return None
    query = visible_posts(author, selectinload(Topic.themes)).where(Post.id == held.post_id)
    post: Post | None = db.session.scalar(query)
    return None if post is None or is_as_seen(post, held.seen) else post


def lock_held(doer: Person, held_id: int) -> Held:
    """A text that the doer sees, decided or not, locked until the transaction ends; else `NotFound`.

    The topic and the post that it would change come first, in the same order as when posts are deleted or moved, to
    avoid deadlocks.
    """
    if target := _target_of(held_id):
        _lock_row(Topic, target.topic_id)
        _require_same_topic(held_id, target)
        _lock_row(Post, target.post_id)
    query = select(Held).where(Held.id == held_id).with_for_update(of=Held)
    taken_back = gettext("Its author has taken this text back.")
    found: Held = or_not_found(db.session.scalar(query), taken_back)
    if not doer.can.see_held(found):
        raise NotFound()
    return found


def lock_place_of(
    held_id: int, quoted_ids: Collection[int] = (), audience: str | None = None
) -> None:
    """Lock where a held text would be published, as its author did when it was sent: topics, posts, and then the agenda.

    These are also the posts that it quotes, those of `quoted_ids` as well, with their topics; and what quotes its topic
    and is quoted there, if that gets the readers that it wants, or those of `audience`. Call this before an action that
    may approve it asks for the time: on PostgreSQL it waits here for who writes there.
    """
    if target := _target_of(held_id):
        quoted = {*quoted_ids, *quoted_posts(target.source)}
        lock_topics_to_quote(quoted, target.topic_id)
        _lock_row(Topic, target.topic_id)
        _require_same_topic(held_id, target)
        _lock_posts(target, quoted, audience or target.audience)
    place = select(Held.agenda_id, func.coalesce(Held.audience, Topic.audience, PUBLIC))
    found = place.outerjoin(Topic, Topic.id == Held.topic_id).where(Held.id == held_id)
    for agenda_id, readers in db.session.execute(found):
        lock_opening(agenda_id, is_noted=readers == PUBLIC)


class _Target(NamedTuple):
    """What a held text would change, and what it says of itself."""

    topic_id: int | None
    post_id: int | None
    audience: str | None
    source: str


def _target_of(held_id: int) -> _Target | None:
    columns = (Held.topic_id, Held.post_id, Held.audience, Held.source)
    found = db.session.execute(select(*columns).where(Held.id == held_id)).first()
    return _Target(*found) if found else None


def _require_same_topic(held_id: int, target: _Target) -> None:
    """Begin the action anew if the held text belongs to another topic by now, as that was merged or split while this waited."""
    found = _target_of(held_id)
    if found and found.topic_id != target.topic_id:
        start_again()


def _lock_row(model: type[Topic | Post], row_id: int | None) -> None:
    if row_id:
        db.session.scalar(select(model.id).where(model.id == row_id).with_for_update(of=model))


def _lock_posts(target: _Target, quoted: Set[int], audience: str | None) -> None:
    """In the order of their ids, like an edit that no rule holds back."""
    post_id = target.post_id or 0
    if post_id and target.topic_id and audience:
        lock_posts_to_give_readers(target.topic_id, post_id, audience, quoted)
    lock_posts_to_quote({quoted_id for quoted_id in quoted if quoted_id < post_id})
    _lock_row(Post, post_id)
    lock_posts_to_quote({quoted_id for quoted_id in quoted if quoted_id > post_id})


def state_before_approval(held: Held) -> dict[str, Any]:
    """What `hold_again` needs to undo the approval of a text, as JSON values; call it before the approval.

    The keys are `said` (the text's fingerprint), `reason`, `decided_at`; for a new topic or reply also `active_at` of
    the agenda; for an edit also `edited_at` and `edit_answered_at` of the post, its `language`, and of its topic
    `last` (the number of the last post), `audience` and `themes`.
    """
    post = db.session.get(Post, held.post_id) if held.post_id else None
    is_reply = post is not None and post.number > 1
    state: dict[str, Any] = {
        "said": held.fingerprint_under("" if is_reply else held.title),
        "reason": held.reason,
        "decided_at": _iso(held.decided_at),
    }
    if held.deed != EDIT or post is None:
        active_at = db.session.scalar(select(Agenda.active_at).where(Agenda.id == held.agenda_id))
        return state | {"active_at": _iso(active_at)}
    topic = db.session.get_one(Topic, post.topic_id)
    return state | {
        "edited_at": _iso(post.edited_at),
        "edit_answered_at": _iso(post.edit_answered_at),
        "last": topic.posts_count,
        "language": post.language,
        "audience": topic.audience,
        "themes": list(theme_ids_of(topic)),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def has_reactions_since(held: Held, post: Post, since: datetime) -> bool:
    """Whether the `post` that a text became was marked, quoted or voted below since then, or a held reply or edit refers to it."""
    quoting = aliased(Post)
    quotes = select(Quote.post_id).join(quoting, quoting.id == Quote.post_id)
    is_quoted_later = or_(quoting.created_at >= since, quoting.edited_at >= since)
    is_in_its_topic = and_(Held.topic_id == post.topic_id, literal(post.number == 1))
    waiting = select(Held.id).where(
        or_(Held.post_id == post.id, is_in_its_topic), Held.id != held.id, *is_held_back()
    )
    return _any_exists(
        select(Mark.post_id).where(Mark.post_id == post.id, Mark.created_at >= since),
        _votes_below(post).where(PollVote.created_at >= since),
        quotes.where(Quote.quoted_id == post.id, is_quoted_later),
        waiting.where(Held.created_at >= since),
    )


def _votes_below(post: Post) -> Select[Any]:
    votes = select(PollVote.option_id).join(PollOption, PollOption.id == PollVote.option_id)
    return votes.join(Poll, Poll.id == PollOption.poll_id).where(Poll.post_id == post.id)


def _any_exists(*queries: Select[Any]) -> bool:
    """Whether one of the queries finds a row; those after it are not run."""
    return any(db.session.scalar(select(query.exists())) for query in queries)


def held_by_submission_key(author: Person, key: str | None) -> Held | None:
    """What an author has sent with this submission key if a rule held it back, decided or not; or None."""
    if not key:
        return None
    values = {"author_id": author.id, "key": key[:SUBMISSION_KEY_LENGTH]}
    return db.session.scalar(_BY_KEY, values)


_BY_KEY = select(Held).where(
    Held.author_id == bindparam("author_id"), Held.submission_key == bindparam("key")
)


def held_edit_of(author: Person, post_id: int) -> Held | None:
    """The author's held or refused edit of a post, locked; or None."""
    mine = select(Held).where(Held.author_id == author.id, Held.post_id == post_id)
    return db.session.scalar(mine.where(*is_held_back()).with_for_update(of=Held))


def held_edits_of(post: Post) -> Sequence[Held]:
    """All edits of a post that wait or were refused, locked."""
    its = select(Held).where(Held.post_id == post.id, *is_held_back())
    return db.session.scalars(its.with_for_update(of=Held)).all()


def refused_before(moment: datetime, limit: int) -> Sequence[Held]:
    """At most `limit` texts that were refused before a moment and still have their text, locked."""
    old = select(Held).where(Held.decided_at < moment, *is_held_back())
    return db.session.scalars(old.order_by(Held.id).limit(limit).with_for_update(of=Held)).all()


def held_by_author(member_id: int) -> Sequence[Held]:
    """All texts of one member that wait or were refused, locked."""
    theirs = select(Held).where(Held.author_id == member_id, *is_held_back())
    return db.session.scalars(theirs.with_for_update(of=Held)).all()


def held_ids_in(topic: Topic) -> Sequence[int]:
    """The ids of all texts of a topic that were ever held."""
    return db.session.scalars(select(Held.id).where(Held.topic_id == topic.id)).all()


def _has_replies(topic: Topic) -> bool:
    """Whether somebody has replied in a topic; hidden replies, which may be restored, and held ones count."""
    waiting = select(Held.id).where(
        Held.topic_id == topic.id, Held.deed != OPEN, Held.author_id != topic.author_id
    )
    return _any_exists(
        select(Post.id).where(
            Post.topic_id == topic.id, Post.number > 1, Post.deleted_at.is_(None)
        ),
        waiting.where(*is_held_back()),
    )


def why_for_members_only(topic: Topic) -> str:
    """Why a topic for members only cannot be made public: what others have written in it, and for whom; or nothing.

    Who tried it is listed with name, city and note for whoever reads the topic.
    """
    if _has_replies(topic):
        return gettext("Others have replied for members only, so this stays so.")
    # Without replies only the opening is left to be tried, and no author marks their own
    opening = (Post.topic_id == topic.id, Post.number == 1)
    tried = select(Mark.id).join(Post, Post.id == Mark.post_id).where(*opening)
    if _any_exists(tried.where(Mark.kind == TRIED)):
        return gettext("Others have said for members only that they tried it, so this stays so.")
    return ""


def usual_wait() -> timedelta | None:
    """The median waiting time of the texts that were decided most recently; None if there are fewer than `MIN_DECIDED`."""
    last = select(Held.created_at, Held.decided_at).where(Held.decided_at.is_not(None))
    rows = db.session.execute(last.order_by(Held.decided_at.desc()).limit(RECENT_DECIDED)).all()
    waits = sorted((decided - created).total_seconds() for created, decided in rows if decided)
    return timedelta(seconds=median(waits)) if len(waits) >= MIN_DECIDED else None


class HeldOutcomes(NamedTuple):
    """How many of the texts that a rule held back are waiting, approved or refused; without those taken back."""

    waiting: int = 0
    approved: int = 0
    refused: int = 0

    @property
    def held(self) -> int:
        """How many texts there were altogether."""
        return self.waiting + self.approved + self.refused


def held_outcomes(rule_ids: Sequence[int]) -> dict[int, HeldOutcomes]:
    """What became of the texts that these rules held back, by the id of the rule; rules without any are left out."""
    is_open = Held.decided_at.is_(None)
    is_approved = Held.became_id.is_not(None)
    counted = (
        func.sum(case((is_open, 1), else_=0)),
        func.sum(case((is_approved, 1), else_=0)),
        func.sum(case((and_(~is_open, ~is_approved), 1), else_=0)),
    )
    query: Any = select(Held.rule_id, *counted).where(Held.rule_id.in_(rule_ids))
    rows = db.session.execute(query.group_by(Held.rule_id))
    return {rule_id: HeldOutcomes(*map(int, numbers)) for rule_id, *numbers in rows}
