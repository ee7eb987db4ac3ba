"""Writing the rows of an entry."""

from __future__ import annotations

from flask_babel import format_decimal
from flask_babel import gettext as _

from forum.agendas.queries import themes_by_id
from forum.clock import now
from forum.db import db, flush_unique
from forum.errors import Invalid
from forum.glossary.actions._texts import EntryText
from forum.glossary.models import Entry, Wording
from forum.glossary.queries import by_language, entries_count, entry_fields, taken_slugs
from forum.history.actions import keep_version
from forum.permissions import Person
from forum.plaintext import first_free, slugify

MAX_ENTRIES = 2_000
RESERVED = frozenset(["new", "propose"])  # paths of other pages under /glossary/


def make(text: EntryText) -> Entry:
    """Make an entry from texts that were checked."""
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
    """The requested address, or one made from the English name, or else from the first name with a meaning."""
    explained = [wording for wording in text.wordings if wording.meaning]
    english = next((wording for wording in text.wordings if wording.language == "en"), None)
    wish = text.slug or slugify((english or explained[0]).name, "entry")
    return first_free(wish, lambda names: {*taken_slugs(names), *RESERVED})


def _apply(entry: Entry, text: EntryText) -> None:
    known = by_language(entry.wordings)
    kept = []
    for named in sorted(text.wordings, key=lambda wording: wording.language):
        wording = known.get(named.language) or Wording(language=named.language)
        wording.name, wording.meaning = named.name, named.meaning
        if wording.other_names != [*named.others]:
            wording.other_names = [*named.others]
        kept.append(wording)
    entry.wordings = kept
    entry.source = text.source.strip()
    if text.theme_ids is not None:
        entry.themes = [*themes_by_id(text.theme_ids)]
    db.session.flush()


def change(editor: Person, entry: Entry, text: EntryText) -> None:
    """Change an entry to texts that were checked, and keep its former version if it differs."""
    before = entry_fields(entry)
    _apply(entry, text)
    if entry_fields(entry) != before:
        keep_version(editor, "entry", entry.id, before)
        entry.updated_at = now()
