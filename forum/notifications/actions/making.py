"""Making notices of events: the worker calls these actions repeatedly."""

from __future__ import annotations

from datetime import timedelta

from forum.clock import now
from forum.deeds import action, touches
from forum.notifications.actions._rows import make_for
from forum.notifications.models import Event
from forum.notifications.queries import due_broadcasts, due_event, due_events, next_watchers
from forum.permissions import Person

BATCH_SIZE = 50  # events with named recipients that one transaction handles
WATCHER_BATCH_SIZE = 500  # watchers who get their notices in one transaction
MAX_BROADCASTS = 20  # events for watchers that one worker takes at once


@action
def make_notices(
    _system: Person, limit: int = BATCH_SIZE, most_watchers: int = WATCHER_BATCH_SIZE
) -> int:
    """Make the notices of due events, one for each event and member; returns how many events it worked on.

    One call takes at most `limit` events with named recipients, and makes notices for at most `most_watchers`
    watchers. An event with a hundred thousand watchers takes many calls; each records its progress.
    """
    touches()
    events = due_events(limit)
    for event in events:
        make_for(event, event.recipients)
        event.done_at = now()
    return len(events) + _make_for_watchers(most_watchers)


@action
def make_notices_of(_system: Person, event_id: int) -> int:
    """Make the notices of one due event, of its watchers only for the next batch; returns 1, or 0 if it is not due."""
    touches()
    event = due_event(event_id)
    if event is None:
        return 0
    if event.watched is None:
        make_for(event, event.recipients)
        event.done_at = now()
    else:
        _make_for_next(event, WATCHER_BATCH_SIZE)
    return 1


@action
def postpone_event(_system: Person, event_id: int) -> None:
    """Record that an event failed: it is tried again after 2, 4, 8 … minutes, `MAX_ATTEMPTS` times in all."""
    touches()
    event = due_event(event_id)
    if event is not None:
        event.attempts += 1
        event.due_at = now() + timedelta(minutes=2**event.attempts)


def _make_for_watchers(most_watchers: int) -> int:
    """Make the notices of events for watchers, `most_watchers` at most; returns how many events it worked on."""
    worked_on = 0
    for event in due_broadcasts(MAX_BROADCASTS):
        worked_on += 1
        most_watchers -= _make_for_next(event, most_watchers)
        if most_watchers <= 0:
            break
    return worked_on


def _make_for_next(event: Event, most: int) -> int:
    """Make an event's notices for its next watchers, at most `most`; returns for how many."""
    watchers = next_watchers(event, most)
    make_for(event, watchers)
    if len(watchers) < most:
        event.done_at = now()
    else:
        event.reached = watchers[-1]
    return len(watchers)
