"""Reporting, and the deeds of moderators: each does what its room does and writes down who decided what, and why."""

from __future__ import annotations

from forum.moderation.actions._reasons import LONGEST, NONE, Reasons
from forum.moderation.actions._record import TOLD
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
    REASONS,
    Illegal,
    forget_visitors,
    note_confirmed,
    note_told,
    report,
    report_illegal,
    report_letter,
)
from forum.moderation.actions.several import MOST_AT_ONCE, decide_all
from forum.moderation.actions.staff_notes import (
    KEPT_STAFF_NOTES,
    NAMING,
    forget_staff_notes,
    remove_staff_note,
    unname,
    write_staff_note,
)
from forum.moderation.actions.topics import lock, merge, move, pin, split, unlock, unpin
from forum.moderation.actions.undoing import reverse, undo

__all__ = [
    "KEPT_STAFF_NOTES",
    "KEPT_VISITORS",
    "LONGEST",
    "MOST_AT_ONCE",
    "NAMING",
    "NONE",
    "REASONS",
    "TOLD",
    "Illegal",
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
