"""How drafts end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete

from forum.db import DRAFTS, db, serialize
from forum.dialogue.models import Draft
from forum.dialogue.queries import SUBMISSION_KEY_LENGTH
from forum.members.actions import note_drafts
from forum.permissions import Person


def lock_drafts(author: Person) -> None:
    """Let an author's texts be kept, discarded and published one after the other; call this first in an action.

    The author's row would not do: it is locked last by whoever counts posts, with the topic locked already.
    """
    if author.id:
        serialize(DRAFTS, author.id)


@contextmanager
def draft_sent(author: Person, key: str | None) -> Iterator[None]:
    """Around the sending of a form: deletes the draft in the form with this submission key, if there is one.

    It is counted at the end, as posts are, so that two transactions never wait for each other.
    """
    mine = Draft.author_id == author.id, Draft.submission_key == (key or "")[:SUBMISSION_KEY_LENGTH]
    gone = _delete(*mine) if key else Counter()
    yield
    _count_out(author, gone)


def delete_drafts(doer: Person, *which: Any) -> int:
    """Delete the drafts that all these conditions are true of, and count their authors'; returns how many they were."""
    gone = _delete(*which)
    _count_out(doer, gone)
    return gone.total()


def _delete(*which: Any) -> Counter[int]:
    return Counter(db.session.scalars(delete(Draft).where(*which).returning(Draft.author_id)))


def _count_out(doer: Person, gone: Counter[int]) -> None:
    for author_id, count in sorted(gone.items()):
        note_drafts(doer, author_id, -count)
