"""Writing and removing entries."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy import update

from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.errors import Invalid
from forum.glossary.actions._rows import change, make
from forum.glossary.actions._texts import (
    EntryText,
    WordingText,
    check_entry,
    fields_of,
    text_of,
    tidied,
    without_repetition,
)
from forum.glossary.models import Entry, Proposal, Wording
from forum.glossary.queries import (
    entry_fields,
    entry_to_change,
    identical_entry,
    lock_proposals,
    wording_row,
)
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.permissions import Person, require


@action
def write_entry(
    moderator: Person, text: EntryText, entry_id: int | None = None, *, seen: str | None = None
) -> Entry:
    """Make an entry, or change one; its address stays. `seen` is the fingerprint of what the form began with.

    A new entry sent twice is made once: one with the same content in all languages is returned. Raises `Invalid` for
    texts that are too long, empty, or repeated, and `Conflict` when the entry has changed meanwhile.
    """
    require(moderator.can.keep_glossary())
    text = replace(text, wordings=tidied(text.wordings))
    check_entry(text)
    if entry_id is None:
        return (None if text.slug else _made_already(text)) or make(text)
    entry = entry_to_change(entry_id)
    refuse_unseen(seen, entry_fields(entry))
    change(moderator, entry, text)
    return entry


def _made_already(text: EntryText) -> Entry | None:
    rows = [wording_row(Wording(**fields_of(wording))) for wording in text.wordings]
    first = text.wordings[0]
    return identical_entry(first.language, first.name, rows)


@action
def remove_entry(
    moderator: Person, entry_id: int, into_id: int | None = None, *, seen: str | None = None
) -> Entry | None:
    """Remove an entry; its address redirects to the entry `into_id`, which gets its names, or to the index.

    Returns the entry that replaces it. `seen` is the fingerprint of what it said on the page that asked. Raises
    `Conflict` when it says something else since.
    """
    require(moderator.can.keep_glossary())
    # Locked in the order of their ids, as everywhere
    held = {number: entry_to_change(number) for number in sorted({entry_id, into_id or entry_id})}
    entry, target = held[entry_id], held[into_id] if into_id else None
    refuse_unseen(seen, entry_fields(entry), _("This entry has changed. Look at it again."))
    if target is entry:
        raise Invalid(_("Choose an entry other than the one that you remove."), "into")
    if target:
        merged = EntryText(_merged(target, entry), target.source)
        check_entry(merged, "into")
        change(moderator, target, merged)
        waiting = Proposal.entry_id == entry.id, Proposal.outcome == ""
        lock_proposals(*waiting)
        db.session.execute(update(Proposal).where(*waiting).values(entry_id=target.id))
    keep_version(moderator, "entry", entry.id, entry_fields(entry))
    entry.removed_at, entry.merged_into_id = now(), target.id if target else None
    return target


def _merged(target: Entry, gone: Entry) -> list[WordingText]:
    """The wordings of an entry, with those names of another that it does not have."""
    texts = {wording.language: text_of(wording) for wording in target.wordings}
    for wording in gone.wordings:
        known = texts.get(wording.language)
        if known is None:
            texts[wording.language] = text_of(wording)
            continue
        names = without_repetition([known.name, *known.others, *wording.names])
        meaning = known.meaning or wording.meaning
        texts[wording.language] = replace(known, others=tuple(names[1:]), meaning=meaning)
    return list(texts.values())
