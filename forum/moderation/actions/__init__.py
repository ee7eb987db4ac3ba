"""Reporting, and the deeds of moderators: each calls the action of the room concerned and records the decision."""

from __future__ import annotations

from forum.moderation.actions._reasons import MAX_REASON_LENGTH, NO_REASONS, Reasons
from forum.moderation.actions._record import AUTHOR_MESSAGES
from forum.moderation.actions.batches import MAX_POSTS_AT_ONCE, decide_all
from forum.moderation.actions.deciding import (
    approve,
    archive,
    ask_to_edit,
    decide,
    decide_here,
    feature,
    note,
    publish,
    refuse,
    reopen,
    send_back,
    unfeature,
    unnote,
)
from forum.moderation.actions.members import (
    clear_spam,
    silence,
    suspend,
    unsilence,
    unsuspend,
    warn,
)
from forum.moderation.actions.reporting import (
    KEPT_VISITORS,
    REPORT_REASONS,
    IllegalContentNotice,
    forget_visitors,
    note_confirmed,
    note_told,
    report,
    report_illegal,
    report_letter,
)
from forum.moderation.actions.staff_notes import (
    KEPT_STAFF_NOTES,
    KINDS_TITLED_BY_NAME,
    forget_staff_notes,
    remove_staff_note,
    unname,
    write_staff_note,
)
from forum.moderation.actions.topics import lock, merge, move, pin, split, unlock, unpin
from forum.moderation.actions.undoing import reverse, undo

__all__ = [
    "AUTHOR_MESSAGES",
    "KEPT_STAFF_NOTES",
    "KEPT_VISITORS",
    "KINDS_TITLED_BY_NAME",
    "MAX_POSTS_AT_ONCE",
    "MAX_REASON_LENGTH",
    "NO_REASONS",
    "REPORT_REASONS",
    "IllegalContentNotice",
    "Reasons",
    "approve",
    "archive",
    "ask_to_edit",
    "clear_spam",
    "decide",
    "decide_all",
    "decide_here",
    "feature",
    "forget_staff_notes",
    "forget_visitors",
    "lock",
    "merge",
    "move",
    "note",
    "note_confirmed",
    "note_told",
    "pin",
    "publish",
    "refuse",
    "remove_staff_note",
    "reopen",
    "report",
    "report_illegal",
    "report_letter",
    "reverse",
    "send_back",
    "silence",
    "split",
    "suspend",
    "undo",
    "unfeature",
    "unlock",
    "unname",
    "unnote",
    "unpin",
    "unsilence",
    "unsuspend",
    "warn",
    "write_staff_note",
]
