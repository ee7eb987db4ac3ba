"""Members who have left, and what is made again: counts, search documents, HTML."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from forum.commitments.actions._peers import count_followers, end_following
from forum.commitments.actions._rows import commitment_entry, note_next_day
from forum.commitments.models import Commitment
from forum.commitments.queries import commitments_by_id, commitments_of_author, followed_by
from forum.db import store_html
from forum.deeds import action
from forum.markup import PlainTexts, Written
from forum.permissions import Person, require
from forum.search import actions as search


@action
def forget_member(system: Person, member_id: int) -> None:
    """Remove a member who has left from the commitments that they published and followed.

    The commitments stay, however the member leaves, because they belong to their organisations.
    """
    require(system.can.administer())
    for commitment in commitments_of_author(member_id):
        commitment.author_id = None
    for commitment in commitments_by_id(followed_by(member_id)):
        end_following(commitment, member_id)


@action
def mend_commitments(system: Person, commitment_ids: Collection[int]) -> None:
    """Recompute the number of followers and the next day of commitments."""
    require(system.can.administer())
    for commitment in commitments_by_id(commitment_ids):
        count_followers(commitment)
        changed_at = commitment.updated_at
        note_next_day(commitment)
        commitment.updated_at = changed_at


@action
def reindex_commitments(system: Person, commitment_ids: Sequence[int], texts: PlainTexts) -> None:
    """Rebuild the search documents of commitments; `texts` are plain texts by source."""
    require(system.can.administer())
    found = commitments_by_id(commitment_ids)
    entries = {
        ("commitment", commitment.id): (
            commitment_entry(commitment, texts[commitment.source]),
            commitment.hidden_at,
        )
        for commitment in found
    }
    search.reindex(system, entries)


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store re-rendered HTML by commitment id, where the text still has that source; returns the number of commitments."""
    require(system.can.administer())
    return store_html(Commitment.source, Commitment.html, Commitment.html_version, texts)
