"""Notices about translations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from forum.clock import now
from forum.library.models import Practice
from forum.notifications.actions import NoticeText, note_event, restore_told
from forum.parallels.models import Translation
from forum.permissions import Person
from forum.sentences import Sentence, sentence

APPEARED = sentence("It has been translated into another language.")
OUTDATED = sentence("The original has changed since. Is the translation still right?")
TOLD_AGAIN_AFTER = timedelta(days=1)  # of one that its translator has removed and added again


def tell_author(member: Person, translation: Translation) -> None:
    """Tell the author of the original that it has been translated.

    Who removes a translation and adds it again within a day only brings the notice back that went with it.
    """
    since, address = now() - TOLD_AGAIN_AFTER, translation.address
    if not restore_told(member, "translation", address, since, actor_id=member.id):
        author_id = translation.original.written_by_id
        note_event(member, notice_about(translation, [APPEARED]), [author_id])


def notice_about(translation: Translation, before: Sequence[Sentence]) -> NoticeText:
    """A notice about a translation, with the title of the original; it is hidden together with the topic of the original."""
    original = translation.original
    title = original.title if isinstance(original, Practice) else original.name
    return NoticeText(
        "translation",
        translation.address,
        title,
        "",
        original.topic_id,
        before=before,
        language=original.language,
    )
