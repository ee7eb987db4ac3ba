"""Decisions about topics: locking, slowing, pinning, moving, splitting and merging."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from flask_babel import gettext as _

from forum.advice.queries import is_advice_awaited
from forum.agendas.queries import agenda_by_id, lock_opening
from forum.clock import now
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Pace, Topic
from forum.dialogue.queries import get_topic, topics_locked_before
from forum.errors import Conflict, Invalid
from forum.moderation.actions._concurrency import (
    refuse_in_own_case,
    require_change,
    topic_to_decide,
)
from forum.moderation.actions._reasons import NO_REASONS, Reasons, check_length, require_reasons
from forum.moderation.actions._record import Columns, notify_asker, notify_moved_authors, record
from forum.moderation.actions._topics import (
    check_last_day,
    is_last,
    last_day,
    lock_topic,
    move_topic,
    retitle_topic,
)
from forum.moderation.models import (
    LAST_DAY,
    Decision,
    Deed,
    KindBefore,
    LockBefore,
    PaceBefore,
    RegroupingBefore,
)
from forum.moderation.queries import latest_of, serialize_decisions, who_told_all
from forum.permissions import Person, require
from forum.sentences import kept, plural_sentence, sentence
from forum.versions import EVERYTHING

BATCH_SIZE = 100  # topics that one transaction unlocks
# What the log says about a topic that became slow or slower by a merger, by the minutes of its new pace
SLOW_THERE = {
    10: sentence("It is slow there now: each member can write once in 10 minutes."),
    60: sentence("It is slow there now: each member can write once an hour."),
    480: sentence("It is slow there now: each member can write once in 8 hours."),
    1440: sentence("It is slow there now: each member can write once a day."),
}


@action
def lock(
    moderator: Person,
    topic_id: int,
    reasons: Reasons,
    until: date | None = None,
    *,
    seen: int | None = None,
) -> Decision:
    """Lock a topic: it takes no more replies, and its readers see why. `seen` as in `thing_to_decide`.

    If it has a last day, the worker unlocks it when that day is over (UTC).
    """
    thing = topic_to_decide(moderator, topic_id, seen)
    require_reasons(Deed.LOCK, reasons)
    check_last_day(until)
    require_change(not thing.row.locked_at)
    return lock_topic(moderator, thing, reasons, until, record=record)


@action
def set_lock_end(
    moderator: Person,
    topic_id: int,
    until: date | None,
    reasons: Reasons = NO_REASONS,
) -> Decision:
    """Set, change or remove the last day of a topic's lock; its reason stays."""
    thing = topic_to_decide(moderator, topic_id)
    check_length(reasons.facts, "reason")
    check_last_day(until)
    topic = thing.row
    require_change(topic.locked_at and topic.locked_until != until)
    refuse_in_own_case(moderator, thing, [Deed.LOCK])
    before = LockBefore("", topic.locked_until)  # the reason stays with the topic
    dialogue.set_lock_end(moderator, topic_id, until)
    said = sentence("Locked until a moderator ends it.") if until is None else is_last(until)
    more: Columns = {**last_day(until), "sentences": kept([said]), "before": before}
    return record(moderator, Deed.SET_LOCK_END, thing, reasons, **more)


@action
def open_after_last_day(system: Person) -> int:
    """Unlock topics whose lock had its last day before today; returns how many.

    The log names the moderator who locked the topic or chose the day, because nobody else has decided it. Moderators
    cannot undo it, because it is not their own deed. A topic that was imported as locked is unlocked without an
    entry.
    """
    require(system.can.administer())
    serialize_decisions(system)  # before the topics are locked, as in all decisions about topics
    over = topics_locked_before(now().date(), BATCH_SIZE)
    touches(*([EVERYTHING] if over else []))  # lists also show that a topic is locked
    for agenda_id in sorted({topic.agenda_id for topic in over}):
        lock_opening(agenda_id)  # to which each decision refers
    with dialogue.counting_last(system):
        for topic in over:
            _open_after(system, topic)
    return len(over)


def _open_after(system: Person, topic: Topic) -> None:
    day, before = topic.locked_until, LockBefore(topic.locked_reason, topic.locked_until)
    decided = latest_of("topic", topic.id, (Deed.LOCK, Deed.SET_LOCK_END))
    thing = topic_to_decide(system, topic.id)
    dialogue.unlock(system, topic.id)
    if decided is not None and day is not None:
        said = sentence("The last day of the lock was %(day)s.", day=day.isoformat())
        more: Columns = {"sentences": kept([said]), "before": before, "source": LAST_DAY}
        record(decided.moderator, Deed.UNLOCK, thing, **more)


@action
def unlock(moderator: Person, topic_id: int) -> Decision:
    """Unlock a topic: it takes replies again."""
    thing = topic_to_decide(moderator, topic_id)
    require_change(thing.row.locked_at)
    refuse_in_own_case(moderator, thing, [Deed.LOCK])
    before = LockBefore(thing.row.locked_reason, thing.row.locked_until)
    dialogue.unlock(moderator, topic_id)
    return record(moderator, Deed.UNLOCK, thing, before=before)


@action
def slow(
    moderator: Person, topic_id: int, pace: Pace, reasons: Reasons, *, seen: int | None = None
) -> Decision:
    """Make a topic slow: each member can write there once per so many minutes, and its readers see why.

    The reason is in `reasons`. `seen` as in `thing_to_decide`.
    """
    thing = topic_to_decide(moderator, topic_id, seen)
    require_reasons(Deed.SLOW, reasons)
    if pace.is_over:
        raise Invalid(_("Choose an end that is still ahead."), "lasts")
    require_change(not thing.row.present_pace)
    dialogue.slow(moderator, topic_id, replace(pace, reason=reasons.facts))
    more: Columns = {"sentences": kept([pace.sentence])}
    if pace.until:
        more["until"] = pace.until
    return record(moderator, Deed.SLOW, thing, reasons, **more)


@action
def unslow(moderator: Person, topic_id: int) -> Decision:
    """Remove the limit of a slow topic."""
    thing = topic_to_decide(moderator, topic_id)
    pace = thing.row.present_pace
    require_change(pace)
    refuse_in_own_case(moderator, thing, [Deed.SLOW])
    dialogue.unslow(moderator, topic_id)
    return record(moderator, Deed.UNSLOW, thing, before=PaceBefore(pace))


@action
def pin(moderator: Person, topic_id: int) -> Decision:
    """Keep a topic at the top of its agenda's dialogue."""
    thing = topic_to_decide(moderator, topic_id)
    require_change(not thing.row.pinned_at)
    dialogue.pin(moderator, topic_id)
    return record(moderator, Deed.PIN, thing)


@action
def unpin(moderator: Person, topic_id: int) -> Decision:
    """Unpin a topic: its latest post decides its place in the list again."""
    thing = topic_to_decide(moderator, topic_id)
    require_change(thing.row.pinned_at)
    dialogue.unpin(moderator, topic_id)
    return record(moderator, Deed.UNPIN, thing)


@action
def tell_all(administrator: Person, topic_id: int) -> Decision:
    """Tell every member of a topic, once; at most one topic a day. Nobody can take it back."""
    thing = topic_to_decide(administrator, topic_id)
    require(administrator.can.tell_all(thing.row))
    if thing.row.told_all_at:
        raise Conflict(who_told_all(thing.row))
    dialogue.tell_all(administrator, topic_id)
    return record(administrator, Deed.TELL_ALL, thing)


@action
def move(
    moderator: Person,
    topic_id: int,
    agenda_id: int,
    reasons: Reasons = NO_REASONS,
    *,
    seen: int | None = None,
) -> Decision:
    """Move a topic to another agenda, together with its held texts. `seen` as in `thing_to_decide`."""
    thing = topic_to_decide(moderator, topic_id, seen)
    agenda = agenda_by_id(moderator, agenda_id)
    if thing.agenda_id == agenda_id:
        raise Invalid(_("The topic is on this agenda already."), "agenda")
    check_length(reasons.facts, "reason")
    return move_topic(moderator, thing, agenda, reasons, record=record)


@action
def retitle(
    moderator: Person,
    topic_id: int,
    title: str,
    themes: Sequence[int],
    reasons: Reasons = NO_REASONS,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Correct the title and the themes (ids) of a topic; its author is told the former ones.

    `seen` as in `thing_to_decide`; `read` is the `title_fingerprint` of the topic that the moderator's page showed.
    """
    thing = topic_to_decide(moderator, topic_id, seen)
    check_length(reasons.facts, "reason")
    return retitle_topic(moderator, thing, title, themes, reasons, read=read)


@action
def change_kind(
    member: Person, topic_id: int, kind: str, reasons: Reasons = NO_REASONS
) -> Decision | None:
    """Make an experience a question, or the reverse.

    Returns the decision, or None when the member does not moderate there: what authors do with their own topics is no
    decision.
    """
    if not member.can.moderate(get_topic(member, topic_id).agenda_id):
        dialogue.change_kind(member, topic_id, kind)
        return None
    thing = topic_to_decide(member, topic_id)
    check_length(reasons.facts, "reason")
    topic = thing.row
    answer = (topic.answer_id, topic.answered_at) if topic.answer_id else None
    before = KindBefore(topic.kind, answer)
    dialogue.change_kind(member, topic_id, kind)
    is_question = kind == "question"
    made = sentence("Made a question.") if is_question else sentence("Made an experience.")
    return record(member, Deed.CHANGE_KIND, thing, reasons, sentences=kept([made]), before=before)


@action
def split(
    moderator: Person,
    topic_id: int,
    post_ids: Collection[int],
    part: dialogue.SplitTarget,
    reasons: Reasons = NO_REASONS,
) -> Decision:
    """Split posts of a topic off into a new topic (`part`), and tell their authors where they are."""
    thing = topic_to_decide(moderator, topic_id)
    check_length(reasons.facts, "reason")
    moved = dialogue.split(moderator, topic_id, post_ids, part)
    gone = plural_sentence(
        "%(num)s post went to “%(title)s”.",
        "%(num)s posts went to “%(title)s”.",
        len(moved.numbers),
        title=moved.target.title,
    )
    before = _regrouping(moved)
    decision = record(moderator, Deed.SPLIT, thing, reasons, sentences=kept([gone]), before=before)
    notify_moved_authors(moderator, decision, moved, reasons)
    if moved.answer:
        notify_asker(moderator, decision, moved.topic, moved.target)
    return decision


@action
def merge(
    moderator: Person, topic_id: int, target_id: int, reasons: Reasons = NO_REASONS
) -> Decision:
    """Merge a topic into another: its posts are appended there, and its address permanently redirects there."""
    thing = topic_to_decide(moderator, topic_id)
    check_length(reasons.facts, "reason")
    if is_advice_awaited(topic_id):
        raise Invalid(
            _(
                "Members were asked for advice on this topic, and look for it here. Put the other into it."
            ),
            "target",
        )
    moved = dialogue.merge(moderator, topic_id, target_id)
    said = [sentence("Put into “%(title)s”.", title=moved.target.title)]
    said += [SLOW_THERE[pace.minutes] for pace in moved.paces[1:] if pace]
    before = _regrouping(moved)
    decision = record(moderator, Deed.MERGE, thing, reasons, sentences=kept(said), before=before)
    notify_moved_authors(moderator, decision, moved, reasons, but=thing.author_id)
    return decision


def _regrouping(moved: dialogue.MovedRecord) -> RegroupingBefore:
    """What is needed to undo a split or merger; `_undoings._moved_posts` turns it back into a `MovedRecord`."""
    return RegroupingBefore(
        moved.target.id, moved.numbers, moved.before, moved.answer, moved.held, moved.paces
    )
