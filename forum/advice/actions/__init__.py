"""Asking members for advice, how they respond, what happened next, and what the worker does for questions."""

from __future__ import annotations

from forum.advice.actions.asking import MAX_ASKED, ask
from forum.advice.actions.following_up import (
    MAX_DEED,
    MAX_STORY,
    FollowUpText,
    follow_up,
    hide_follow_up,
    restore_follow_up,
    withdraw_follow_up,
)
from forum.advice.actions.forgetting import forget_member
from forum.advice.actions.reminding import await_answers, look_after
from forum.advice.actions.responding import (
    MAX_TIME_AWAY,
    decline,
    pass_on,
    postpone,
    set_availability,
)

__all__ = [
    "MAX_ASKED",
    "MAX_DEED",
    "MAX_STORY",
    "MAX_TIME_AWAY",
    "FollowUpText",
    "ask",
    "await_answers",
    "decline",
    "follow_up",
    "forget_member",
    "hide_follow_up",
    "look_after",
    "pass_on",
    "postpone",
    "restore_follow_up",
    "set_availability",
    "withdraw_follow_up",
]
