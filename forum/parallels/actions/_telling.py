"""Notices about translations."""

from __future__ import annotations

from collections.abc import Sequence

from forum.library.models import Practice
from forum.notifications.actions import NoticeText, note_event
from forum.parallels.models import Translation
from forum.permissions import Person
from forum.sentences import Sentence, sentence

APPEARED = sentence("It has been translated into another language.")
OUTDATED = sentence("The original has changed since. Is the translation still right?")


def tell_author(member: Person, translation: Translation) -> None:
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
