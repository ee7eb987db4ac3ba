"""Writing entries, and taking them away."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import format_decimal
from flask_babel import gettext as _

from forum.agendas.queries import themes_by_id
from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action
from forum.errors import Invalid
from forum.glossary.actions._texts import (
    EntryText,
    WordingText,
    check_entry,
    text_of,
    tidied,
    without_repetition,
)
from forum.glossary.models import Entry, Wording
from forum.glossary.queries import (
    by_language,
    entries_count,
    entry_fields,
    entry_to_change,
    taken_slugs,
)
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.permissions import Person, require
from forum.plaintext import first_free, slugify

MAX_ENTRIES = 2_000
RESERVED = frozenset(["new", "propose"])  # addresses of pages that are no entries


@action
def write_entry(
    moderator: Person, text: EntryText, entry_id: int | None = None, *, seen: str | None = None
) -> Entry:
    """Make an entry, or change one; its address stays. `seen` is the fingerprint of what the form began with.

    Raises `Invalid` for what is too long, empty, or there twice, and `Conflict` when the entry was changed meanwhile.
    """
    require(moderator.can.keep_glossary())
    text = replace(text, wordings=tidied(text.wordings))
    check_entry(text)
    if entry_id is None:
        return _new_entry(text)
    entry = entry_to_change(entry_id)
    before = entry_fields(entry)
    refuse_unseen(seen, before)
    _apply(entry, text)
    _keep_before(moderator, entry, before)
    return entry


@action
def remove_entry(moderator: Person, entry_id: int, into_id: int | None = None) -> Entry | None:
    """Take an entry away; its address leads to the entry `into_id`, which gets its names, or to the index.

    Returns the entry that took its place.
    """
    require(moderator.can.keep_glossary())
    # In the order of their ids, in which others lock them, too
    held = {number: entry_to_change(number) for number in sorted({entry_id, into_id or entry_id})}
    entry, target = held[entry_id], held[into_id] if into_id else None
    if target is entry:
        raise Invalid(_("Choose another entry than the one that you take away."), "into")
    if target:
        merged = EntryText(_merged(target, entry), target.source)
        check_entry(merged, "into")
        before = entry_fields(target)
        _apply(target, merged)
        _keep_before(moderator, target, before)
    keep_version(moderator, "entry", entry.id, entry_fields(entry))
    entry.removed_at, entry.merged_into_id = now(), target.id if target else None
    return target


def _new_entry(text: EntryText) -> Entry:
    if entries_count() >= MAX_ENTRIES:
        most = format_decimal(MAX_ENTRIES)
        raise Invalid(_("The glossary holds %(most)s entries and no more.", most=most))
    entry = Entry(slug=_free_slug(text), created_at=now(), updated_at=now())
    entry.wordings, entry.themes = [], []
    _apply(entry, text)
    db.session.add(entry)
    flush_unique()
    return entry


def _free_slug(text: EntryText) -> str:
    """An address made of the English name, if there is one, or else of the first with a meaning."""
    explained = [one for one in text.wordings if one.meaning]
    english = next((one for one in text.wordings if one.language == "en"), None)
    wish = slugify((english or explained[0]).name, "entry")
    return first_free(wish, lambda names: {*taken_slugs(names), *RESERVED})


def _apply(entry: Entry, text: EntryText) -> None:
    known = by_language(entry.wordings)
    kept = []
    for one in sorted(text.wordings, key=lambda wording: wording.language):
        wording = known.get(one.language) or Wording(language=one.language)
        wording.name, wording.meaning = one.name, one.meaning
        if wording.other_names != [*one.others]:
            wording.other_names = [*one.others]
        kept.append(wording)
    entry.wordings = kept
    entry.source = text.source.strip()
    if text.theme_ids is not None:
        entry.themes = [*themes_by_id(text.theme_ids)]
    db.session.flush()


def _keep_before(editor: Person, entry: Entry, before: dict[str, str]) -> None:
    """Keep what an entry said, if that was changed."""
    if entry_fields(entry) != before:
        keep_version(editor, "entry", entry.id, before)
        entry.updated_at = now()


def _merged(target: Entry, gone: Entry) -> list[WordingText]:
    """The wordings of an entry with those names of another that it has not."""
    texts = {one.language: text_of(one) for one in target.wordings}
    for one in gone.wordings:
        known = texts.get(one.language)
        if known is None:
            texts[one.language] = text_of(one)
            continue
        names = without_repetition([known.name, *known.others, *one.names])
        meaning = known.meaning or one.meaning
        texts[one.language] = replace(known, others=tuple(names[1:]), meaning=meaning)
    return list(texts.values())
