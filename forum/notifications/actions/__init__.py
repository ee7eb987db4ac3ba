"""Recording events, making notices of them, reading notices, choosing how to be notified, watching and muting."""

from __future__ import annotations

from forum.notifications.actions.choosing import (
    choose,
    choose_ways,
    end_digest,
    end_mail,
    set_digest,
    set_watching_replies,
)
from forum.notifications.actions.following import (
    clear_titles,
    forget_events,
    hide_notices,
    move_notices,
    restore_notices,
    retitle_queue,
    take_back,
    update_mark_notices,
    update_quotations,
)
from forum.notifications.actions.forgetting import KEPT_READ, PORTION, forget_member, forget_old
from forum.notifications.actions.making import BATCH, make_notices, make_notices_of, postpone_event
from forum.notifications.actions.reading import (
    note_mailed,
    read,
    read_all,
    read_decisions,
    read_outdated,
    read_queue,
    read_topic,
    read_until,
    unread_decisions,
    unread_queue,
)
from forum.notifications.actions.recording import (
    NoticeText,
    note_event,
    note_event_for_everybody,
    note_event_for_watchers,
)
from forum.notifications.actions.watching import (
    clear_watches,
    copy_watchers,
    remove_copied_watchers,
    undo_watch_own_topic,
    unwatch,
    watch,
    watch_own_topic,
)

__all__ = [
    "BATCH",
    "KEPT_READ",
    "PORTION",
    "NoticeText",
    "choose",
    "choose_ways",
    "clear_titles",
    "clear_watches",
    "copy_watchers",
    "end_digest",
    "end_mail",
    "forget_events",
    "forget_member",
    "forget_old",
    "hide_notices",
    "make_notices",
    "make_notices_of",
    "move_notices",
    "note_event",
    "note_event_for_everybody",
    "note_event_for_watchers",
    "note_mailed",
    "postpone_event",
    "read",
    "read_all",
    "read_decisions",
    "read_outdated",
    "read_queue",
    "read_topic",
    "read_until",
    "remove_copied_watchers",
    "restore_notices",
    "retitle_queue",
    "set_digest",
    "set_watching_replies",
    "take_back",
    "undo_watch_own_topic",
    "unread_decisions",
    "unread_queue",
    "unwatch",
    "update_mark_notices",
    "update_quotations",
    "watch",
    "watch_own_topic",
]
