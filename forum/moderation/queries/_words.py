"""What several of these files speak of: deeds by what they do, limits, how a text begins."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import ColumnElement

from forum.markup import excerpt
from forum.moderation.models import Decision, Report

KINDS = ("post", "topic", "case", "practice", "member", "mark", "followup", "letter", "held")
TEXTS = ("post", "topic")  # what an author can be asked to edit
# Short texts at something else: what a reader says who tried it, what happened next of a question
ADDED = ("mark", "followup")
# Of profiles and of what is added readers see nothing either when they are hidden
REMOVABLE = (*TEXTS, "case", "practice")
# Deeds that restrict somebody by a rule or a law, and cannot be done without naming it
GROUNDED = ("hide", "remove", "refuse", "warn", "silence", "suspend")
# Deeds that cannot be done without saying what happened; a request restricts nobody
REASONED = (*GROUNDED, "lock", "send back", "ask to edit")
RESTRICTING = (*GROUNDED, "lock", "send back", "spam")
WITHHOLDING = ("hide", "remove")  # a topic, and with it what others wrote there
# What ends what a deed did
ENDED_BY = {
    "hide": ("restore",),
    "remove": ("restore",),
    "lock": ("unlock",),
    "send back": ("publish",),
    "refuse": ("approve",),
    "note": ("unnote",),
    "silence": ("unsilence",),
    "suspend": ("unsuspend",),
    "spam": ("unsuspend",),
}
UPHOLDING = ("keep", "restore", "ask to edit")  # decisions by which what was reported stays
NOTES = 100
MINE = 20  # of one's own reports on a page
UNDO = timedelta(minutes=10)
# Decisions that their moderator can take back
UNDONE = (
    *RESTRICTING,
    "approve",
    "ask to edit",
    "note",
    "unnote",
    "keep",
    "restore",
    "unlock",
    "pin",
    "unpin",
    "move",
    "split",
    "merge",
    "publish",
    "feature",
    "unfeature",
    "unsilence",
    "unsuspend",
    "archive",
    "reopen",
)
MOST = 500  # open reports in the queue at once; the oldest come first
LOG_PAGE = 50
FEW = 20  # decisions of a sort beside an entry
SIGNS = re.compile(r"[*_#`|]+|\]\([^)]*\)|\[")


def first_words(source: str) -> str:
    """How a text begins, without what it quotes."""
    own = (line for line in source.split("\n") if not line.startswith(">"))
    return excerpt(SIGNS.sub("", " ".join(own)), 90) or "…"


def is_of(
    model: type[Decision] | type[Report], kind: str, item_id: int
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """In SQL: a decision about one thing, or a report of it."""
    return model.kind == kind, model.item_id == item_id
