"""What the writing and the publishing of practices share: their texts as rendered, in whose name, search documents, notices of returns."""

from __future__ import annotations

from collections.abc import Mapping

from forum.library.actions._entries import failure_entry, practice_entry
from forum.library.models import Practice
from forum.library.queries import FAILURE
from forum.markup import PlainTexts, Written, write
from forum.notifications.actions import read_outdated
from forum.permissions import Person
from forum.search import actions as search


def written_of(practice: Practice, source: str, texts: Mapping[str, Written]) -> Written:
    """A text of a practice as rendered before the action, or rendered now."""
    return texts.get(source) or write(source, practice.language)


def take_as_own(author: Person, practice: Practice) -> None:
    """Let a practice bear its author's name alone if the author no longer writes for the organisation beside it."""
    if not author.writes_for(practice.organisation_id):
        practice.organisation_id = practice.organisation = None


def index_practice(doer: Person, practice: Practice, texts: Mapping[str, Written]) -> None:
    """Write the search documents of a published practice."""
    plain = PlainTexts({source: written.plain for source, written in texts.items()})
    search.index(doer, practice_entry(practice, plain))
    if entry := failure_entry(practice, plain):
        search.index(doer, entry)
    else:
        search.unindex(doer, FAILURE, practice.id)
    read_by = practice.audience, practice.failure_audience
    search.lead_translations(doer, "practice", practice.id, practice.agenda_id, *read_by)


def close_returns(doer: Person, practice: Practice) -> None:
    """Mark notices to the author that the practice was returned as read: it is submitted again, published or deleted."""
    read_outdated(doer, "returned", [f"/practices/{practice.slug}"], [practice.author_id])
