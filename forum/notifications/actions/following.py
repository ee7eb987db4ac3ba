"""Updating notices and events after their subject: they are hidden, shown, moved, reworded and withdrawn with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.notifications.actions._rows import quoted, set_values
from forum.notifications.models import QUOTING_KINDS, Event, Notice, kept_sentences
from forum.notifications.queries import (
    events_of_decisions,
    events_told,
    is_about_mark,
    is_of_queue,
    is_of_reminder,
    lock_mark_events,
    mark_texts,
    members_with_notices,
    titled_by_sentence,
    without_notices,
)
from forum.permissions import Person, require
from forum.sentences import unkept


@action
def hide_notices(
    _doer: Person,
    *,
    topic_id: int | None = None,
    post_id: int | None = None,
    kinds: Collection[str] = (),
) -> None:
    """Hide the notices and events about a topic or a post: all of them, or those of some kinds.

    With a post, `topic_id` is the topic that it opens, if any: then early requests for advice, which quote that post
    but do not name it, are included. Notices of decisions stay, because the author must be able to read why something
    was hidden.
    """
    _set_hidden(topic_id, post_id, kinds=kinds, is_hidden=True)


@action
def hide_reminders(_doer: Person, address: str) -> None:
    """Hide the notices and events of reminders about the thing at an address, which has no topic by which to hide them.

    Events come first: this waits for a worker that is making notices of them, so that these are hidden, too.
    """
    for model in (Event, Notice):
        is_about = is_of_reminder(model), model.address == address
        set_values(model, {"hidden_at": now()}, *is_about)


@action
def hide_told(_doer: Person, kind: str, address: str) -> None:
    """Hide the notices and events of a kind that lead to an address and no longer apply; events first, as in `hide_reminders`."""
    events = events_told(kind, address)
    for model, is_meant in ((Event, Event.id.in_(events)), (Notice, Notice.event_id.in_(events))):
        set_values(model, {"hidden_at": now()}, is_meant, model.hidden_at.is_(None))


@action
def hide_told_to(member: Person, kinds: Collection[str], address: str) -> None:
    """Hide a member's own notices of some kinds that lead to an address, and events of which they are still to be made."""
    touches()
    is_meant = (Event.done_at.is_(None), Event.kind.in_(kinds), Event.address == address)
    set_values(Event, {"hidden_at": now()}, *is_meant)
    mine = (Notice.member_id == member.id, Notice.kind.in_(kinds), Notice.address == address)
    set_values(Notice, {"hidden_at": now()}, *mine)


@action
def hide_told_from_others(
    _doer: Person, kind: str, address: str, member_ids: Collection[int]
) -> None:
    """Hide the notices of a kind that lead to an address from all but these members; `restore_told` shows them again."""
    events = events_told(kind, address)
    is_meant = Notice.event_id.in_(events), Notice.member_id.not_in(member_ids)
    set_values(Notice, {"hidden_at": now()}, *is_meant, Notice.hidden_at.is_(None))


@action
def restore_told(
    _doer: Person, kind: str, address: str, since: datetime, *, actor_id: int | None = None
) -> bool:
    """Show again what `hide_told` has hidden, since a moment; returns whether there was anything.

    With `actor_id` only what that member has caused, and is named for.
    """
    told = events_told(kind, address).where(Event.created_at >= since)
    events = db.session.scalars(told.where(Event.actor_id == actor_id) if actor_id else told).all()
    for model, is_meant in ((Event, Event.id.in_(events)), (Notice, Notice.event_id.in_(events))):
        set_values(model, {"hidden_at": None}, is_meant)
    return bool(events)


@action
def restore_notices(
    _doer: Person,
    *,
    topic_id: int | None = None,
    post_id: int | None = None,
    kinds: Collection[str] = (),
    but: Sequence[int] = (),
) -> None:
    """Show the notices about a topic or a post again, all or of some kinds, except those about the posts in `but`.

    `topic_id` together with a post is as in `hide_notices`.
    """
    _set_hidden(topic_id, post_id, but, kinds=kinds, is_hidden=False)


def _set_hidden(
    topic_id: int | None,
    post_id: int | None,
    but: Sequence[int] = (),
    *,
    kinds: Collection[str],
    is_hidden: bool,
) -> None:
    hidden_at = now() if is_hidden else None
    for model in (Event, Notice):
        conditions = [
            _is_about(model, post_id, topic_id) if post_id else model.topic_id == topic_id,
            or_(model.post_id.is_(None), model.post_id.not_in(but)),
            model.kind != "decision",
        ]
        if kinds:
            conditions.append(model.kind.in_(kinds))
        set_values(model, {"hidden_at": hidden_at}, *conditions)


def _is_about(
    model: type[Event] | type[Notice], post_id: int, opened_id: int | None
) -> ColumnElement[bool]:
    """SQL condition: it is about a post, which opens the topic `opened_id` or none."""
    is_early = (model.topic_id == opened_id, model.post_id.is_(None), model.kind == "advice")
    return or_(model.post_id == post_id, and_(*is_early)) if opened_id else model.post_id == post_id


@action
def forget_events(_doer: Person, topic_ids: Collection[int]) -> None:
    """Drop the events about these topics of which notices are still to be made, so that nobody is notified."""
    is_open = Event.topic_id.in_(topic_ids), Event.done_at.is_(None)
    db.session.execute(delete(Event).where(*is_open, without_notices()))


@action
def move_notices(
    _doer: Person, post_ids: Collection[int], topic_id: int, title: str, language: str
) -> None:
    """Move the events and notices about moved posts to the other topic, with its title, which is in this language."""
    there = {"topic_id": topic_id, "title": title, "language": language}
    for model in (Event, Notice):
        is_about_posts = (model.post_id.in_(post_ids), model.kind != "decision")
        set_values(model, there, *is_about_posts)


@action
def retitle_notices(_doer: Person, topic_id: int, title: str, language: str) -> None:
    """Give events and notices about a topic its new title, where they have one; those of decisions say what was decided about."""
    for model in (Event, Notice):
        is_about = (model.topic_id == topic_id, model.kind != "decision", model.title != "")
        is_former = or_(model.title != title, model.language != language)
        set_values(model, {"title": title, "language": language}, *is_about, is_former)


@action
def update_quotations(system: Person, post_id: int, text: str, topic_id: int | None) -> None:
    """Update the quotation of a post in events and notices; `topic_id` is the topic that the post opens, if any."""
    require(system.can.administer())
    words, kinds = {"text": quoted(text)}, (*QUOTING_KINDS, "advice")
    for model in (Event, Notice):
        set_values(model, words, _is_about(model, post_id, topic_id), model.kind.in_(kinds))


@action
def update_mark_notices(_doer: Person, post_id: int, marker_id: int, text: str) -> None:
    """Update the quotation of a mark's note in events and notices: edited, withdrawn, hidden or restored.

    A notice about several members is found by the quoted words, whichever member it names first. A worker that is
    making notices of these events ends first: otherwise its notices would not be found.
    """
    lock_mark_events(post_id, marker_id)
    words = {"text": quoted(text)}
    is_of_marker = or_(
        Notice.actor_id == marker_id, Notice.text.in_(mark_texts(post_id, marker_id))
    )
    set_values(Notice, words, Notice.kind == "mark", Notice.post_id == post_id, is_of_marker)
    set_values(Event, words, *is_about_mark(post_id, marker_id))


@action
def clear_titles(system: Person, topic_id: int) -> None:
    """Clear the title in events and notices about a topic whose title was deleted."""
    require(system.can.administer())
    for model in (Event, Notice):
        set_values(model, {"title": ""}, model.topic_id == topic_id)


@action
def retitle_queue(system: Person, addresses: Collection[str], title: str) -> None:
    """Replace the title (or the sentence instead of one) in events and notices about entries of the queue at these addresses."""
    require(system.can.administer())
    for model in (Event, Notice):
        for row in titled_by_sentence(model, addresses):
            row.sentences = kept_sentences(text=unkept(row.sentences and row.sentences["text"]))
        db.session.flush()
        set_values(model, {"title": title}, is_of_queue(model), model.address.in_(addresses))


@action
def take_back(_moderator: Person, decision_ids: Collection[int]) -> list[tuple[Event, set[int]]]:
    """Withdraw unread, unmailed notices of decisions, and make no more of them.

    Returns the events that members already know about, each with the ids of these members.
    """
    touches()
    events = events_of_decisions(decision_ids)
    ids = [event.id for event in events]
    is_unknown = Notice.read_at.is_(None), Notice.mailed_at.is_(None)
    db.session.execute(delete(Notice).where(Notice.event_id.in_(ids), *is_unknown))
    known = members_with_notices(ids)
    db.session.execute(delete(Event).where(Event.id.in_(ids), without_notices()))
    return [(event, known[event.id]) for event in events if event.id in known]
