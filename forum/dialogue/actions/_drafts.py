"""How drafts end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import cast

from sqlalchemy import CursorResult, delete

from forum.db import db
from forum.dialogue.models import Draft
from forum.dialogue.queries import SUBMISSION_KEY_LENGTH
from forum.members.actions import note_drafts
from forum.permissions import Person


def end_draft(author: Person, key: str | None) -> None:
    """Delete the draft in the form with this submission key, if there is one: what it said is sent now."""
    if not key:
        return
    mine = delete(Draft).where(
        Draft.author_id == author.id, Draft.submission_key == key[:SUBMISSION_KEY_LENGTH]
    )
    if cast(CursorResult[None], db.session.execute(mine)).rowcount:
        note_drafts(author, author.id, -1)


def delete_drafts(doer: Person, drafts: Iterable[Draft]) -> None:
    """Delete drafts, and count their authors' again."""
    counts = Counter(draft.author_id for draft in drafts)
    for draft in drafts:
        db.session.delete(draft)
    db.session.flush()
    for author_id, count in sorted(counts.items()):
        note_drafts(doer, author_id, -count)
