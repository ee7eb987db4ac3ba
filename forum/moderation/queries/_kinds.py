"""Kinds of things, deeds grouped by their effect, page sizes, and small expressions that these queries share."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import ColumnElement

from forum.markup import excerpt
from forum.moderation.models import Decision, Deed, Report

KINDS = ("post", "topic", "case", "practice", "member", "mark", "followup", "letter", "held")
EDITABLE_KINDS = ("post", "topic")  # the author can be asked to edit them
# Short texts attached to something else: the note of a "tried it" mark, and the follow-up of a question
ATTACHED_KINDS = ("mark", "followup")
# Hidden profiles and attached texts leave no trace for readers, so that there is nothing more to remove.
REMOVABLE_KINDS = (*EDITABLE_KINDS, "case", "practice")
# Deeds that restrict somebody: they must name the house rule or the law that was broken.
DEEDS_NEEDING_GROUND = (Deed.HIDE, Deed.REMOVE, Deed.REFUSE, Deed.WARN, Deed.SILENCE, Deed.SUSPEND)
# Deeds that must say what happened; asking for an edit restricts nobody, so it needs no ground.
DEEDS_NEEDING_REASON = (*DEEDS_NEEDING_GROUND, Deed.LOCK, Deed.SEND_BACK, Deed.ASK_TO_EDIT)
RESTRICTING_DEEDS = (*DEEDS_NEEDING_GROUND, Deed.LOCK, Deed.SEND_BACK, Deed.CLEAR_SPAM)
WITHHOLDING_DEEDS = (
    Deed.HIDE,
    Deed.REMOVE,
)  # of a topic, they also withhold what others wrote in it
# Which later deeds end the effect of a deed
ENDED_BY: dict[str, tuple[Deed, ...]] = {
    Deed.HIDE: (Deed.RESTORE,),
    Deed.REMOVE: (Deed.RESTORE,),
    Deed.LOCK: (Deed.UNLOCK,),
    Deed.SEND_BACK: (Deed.PUBLISH,),
    Deed.REFUSE: (Deed.APPROVE,),
    Deed.NOTE: (Deed.UNNOTE,),
    Deed.SILENCE: (Deed.UNSILENCE,),
    Deed.SUSPEND: (Deed.UNSUSPEND,),
    Deed.CLEAR_SPAM: (Deed.UNSUSPEND,),
}
UPHOLDING_DEEDS = (Deed.KEEP, Deed.RESTORE, Deed.ASK_TO_EDIT)  # what was reported stays
MAX_STAFF_NOTES = 100
REPORTS_PER_PAGE = 20  # in the list of one's own reports
UNDO_PERIOD = timedelta(minutes=10)
# Deeds that their moderator can undo within `UNDO_PERIOD`
UNDOABLE_DEEDS = (
    *RESTRICTING_DEEDS,
    Deed.APPROVE,
    Deed.ASK_TO_EDIT,
    Deed.NOTE,
    Deed.UNNOTE,
    Deed.KEEP,
    Deed.RESTORE,
    Deed.UNLOCK,
    Deed.PIN,
    Deed.UNPIN,
    Deed.MOVE,
    Deed.RETITLE,
    Deed.CHANGE_KIND,
    Deed.SPLIT,
    Deed.MERGE,
    Deed.PUBLISH,
    Deed.FEATURE,
    Deed.UNFEATURE,
    Deed.UNSILENCE,
    Deed.UNSUSPEND,
    Deed.ARCHIVE,
    Deed.REOPEN,
)
# How deeds were called before version 0034; addresses of the log that somebody has kept still say so.
FORMER_NAMES: dict[str, Deed] = {
    "send back": Deed.SEND_BACK,
    "ask to edit": Deed.ASK_TO_EDIT,
    "change kind": Deed.CHANGE_KIND,
    "spam": Deed.CLEAR_SPAM,
}
LOGGED_DEEDS = (*UNDOABLE_DEEDS, Deed.UNDO, Deed.REVERSE)  # to which the log can be narrowed
MAX_OPEN_REPORTS = (
    500  # things with open reports in the queue, and reports of one thing; the oldest first
)
LOG_PAGE_SIZE = 50
MAX_RELATED_DECISIONS = 20  # of each sort, beside an opened entry
MARKDOWN_SYNTAX = re.compile(r"[*_#`|]+|\]\([^)]*\)|\[")


def first_words(source: str) -> str:
    """The first 90 characters of a text without its quotations and Markdown signs; an ellipsis when nothing is left.

    Headings count only when there is nothing else: the forum itself offers some to begin with.
    """
    own = [line for line in source.split("\n") if not line.startswith(">")]
    told = [line for line in own if not line.startswith("#")]
    plain = (MARKDOWN_SYNTAX.sub("", " ".join(lines)) for lines in (told, own))
    return next((excerpt(text, 90) for text in plain if text.strip()), "…")


def is_about(
    model: type[Decision] | type[Report], kind: str, item_id: int
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """SQL conditions: the decision or report is about this thing."""
    return model.kind == kind, model.item_id == item_id
