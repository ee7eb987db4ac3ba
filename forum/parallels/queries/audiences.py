"""Who may read a translation now, and whether search finds it."""

from __future__ import annotations

from forum.library.models import PUBLISHED, Practice
from forum.parallels.models import Translation
from forum.permissions import MEMBERS, PUBLIC


def has_document(translation: Translation) -> bool:
    """Whether a translation is in the search index: it and its published original exist."""
    original = translation.original
    is_there = translation.deleted_at is None
    if isinstance(original, Practice):
        return is_there and original.state == PUBLISHED and original.deleted_at is None
    return is_there


def audience_now(translation: Translation) -> str:
    """Who may read a translation: who may read the original now, and could when it was translated."""
    original = translation.original
    now_for = original.audience if isinstance(original, Practice) else PUBLIC
    return MEMBERS if MEMBERS in (now_for, translation.audience) else PUBLIC


def failure_audience_now(translation: Translation) -> str:
    """The audience of "what did not work" in a translation."""
    original = translation.original
    now_for = original.failure_audience if isinstance(original, Practice) else PUBLIC
    wanted = (audience_now(translation), now_for, translation.failure_audience)
    return MEMBERS if MEMBERS in wanted else PUBLIC


def stays_with_members(translation: Translation) -> bool:
    """Whether a translation, or its "what did not work", stays for members although the original is public now."""
    original = translation.original
    names = ("audience", "failure_audience") if isinstance(original, Practice) else ()
    return any(
        getattr(translation, name) == MEMBERS and getattr(original, name) == PUBLIC
        for name in names
    )
