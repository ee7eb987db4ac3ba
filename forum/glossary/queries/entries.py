"""Entries as pages, deeds and exports read them, and the index."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from forum.db import db
from forum.errors import or_not_found
from forum.glossary.models import Entry, Wording
from forum.glossary.queries._known import (
    KnownEntry,
    by_name,
    entries_named,
    is_telling,
    known,
    letter_of,
)
from forum.history.queries import Edit, edits_between, versions_of
from forum.pages import Page, clamp, pages_for
from forum.permissions import Person, require
from forum.plaintext import fold, join_parts, words_in
from forum.search.models import Document
from forum.search.queries import newest_naming, words_only

ENTRIES_PER_PAGE = 60
MAX_TEXTS = 8  # newest texts that use a name of an entry
MAX_NAMES_LOOKED_FOR = 24  # of an entry, to find these texts
MAX_STEPS = 10  # from an entry through those into which it was successively merged
ENTRIES_AT_ONCE = 200  # that are read before the next ones are


@dataclass(frozen=True)
class IndexFilter:
    """What the index shows: entries with a name that contains `words`, with a name in a `language`, on a theme (id)."""

    words: str = ""
    language: str = ""
    theme_id: int | None = None


@dataclass(frozen=True)
class Index:
    """One page of the index: entries by letter, and the page on which each letter begins."""

    page: Page[KnownEntry]
    groups: Sequence[tuple[str, Sequence[KnownEntry]]]
    letters: Sequence[tuple[str, int]]


def index(wanted: IndexFilter, language: str, number: int = 1) -> Index:
    """One page of the entries in the order of their names in a language."""
    found = in_order(wanted, language)
    pages = pages_for(len(found), ENTRIES_PER_PAGE)
    number = clamp(number, pages)
    first = (number - 1) * ENTRIES_PER_PAGE
    shown = found[first : first + ENTRIES_PER_PAGE]
    letters: dict[str, int] = {}
    for place, entry in enumerate(found):
        letters.setdefault(letter_of(entry, language), place // ENTRIES_PER_PAGE + 1)
    groups: dict[str, list[KnownEntry]] = {}
    for entry in shown:
        groups.setdefault(letter_of(entry, language), []).append(entry)
    return Index(Page(shown, number, pages, len(found)), [*groups.items()], [*letters.items()])


def in_order(wanted: IndexFilter, language: str) -> list[KnownEntry]:
    """The entries that match a filter, sorted by their names in a language."""
    return by_name(matching(wanted), language)


def matching(wanted: IndexFilter) -> list[KnownEntry]:
    """The entries that match a filter; a name in any language matches if it contains the typed words."""
    typed = " ".join(words_in(wanted.words))
    return [
        known_entry
        for known_entry in known().entries
        if (not wanted.words or (typed and _is_like(known_entry, typed)))
        and (
            not wanted.language or any(w.language == wanted.language for w in known_entry.wordings)
        )
        and (wanted.theme_id is None or wanted.theme_id in known_entry.themes)
    ]


def _is_like(entry: KnownEntry, typed: str) -> bool:
    return any(typed in " ".join(words_in(name)) for name in entry.folded.split("\n"))


def has_entries() -> bool:
    """Whether the glossary has any entry."""
    return bool(known().entries)


def languages_used() -> set[str]:
    """The languages in which entries have names."""
    return {wording.language for entry in known().entries for wording in entry.wordings}


def entries_on_theme(theme_id: int, language: str, most: int) -> list[KnownEntry]:
    """The entries on a theme, by their names in a language; at most so many."""
    return in_order(IndexFilter(theme_id=theme_id), language)[:most]


def entries_called(typed: str, most: int) -> list[KnownEntry]:
    """The entries of which the whole typed text is a name, in any language."""
    return [
        entry
        for entry, _at in zip(entries_named(words_only(typed).split()), range(most), strict=False)
    ]


def homonyms(entry: Entry) -> list[KnownEntry]:
    """The other entries that share a name with one."""
    names = {fold(name) for wording in entry.wordings for name in wording.names}
    return [
        other
        for other in known().entries
        if other.id != entry.id and not names.isdisjoint(other.folded.split("\n"))
    ]


def meanings_of(entry_ids: Collection[int], language: str) -> dict[int, Wording]:
    """The meanings of entries, by id, in a language; without one, in English, or else in the first language."""
    query = select(Wording).where(Wording.entry_id.in_(entry_ids), Wording.meaning != "")
    found: dict[int, Wording] = {}
    for wording in db.session.scalars(query.order_by(Wording.entry_id, Wording.language)):
        before = found.get(wording.entry_id)
        if before is None or _rank(wording, language) < _rank(before, language):
            found[wording.entry_id] = wording
    return found


def _rank(wording: Wording, language: str) -> tuple[bool, bool, str]:
    return wording.language != language, wording.language != "en", wording.language


def ordered_wordings(entry: Entry, language: str) -> list[Wording]:
    """The wordings of an entry, that in the reader's language first, then English, then the others."""
    return sorted(entry.wordings, key=lambda wording: _rank(wording, language))


def texts_naming(reader: Person, entry: Entry) -> Sequence[Document]:
    """The newest texts that use a name of an entry and that the reader may read."""
    names = [name for wording in entry.wordings for name in wording.names]
    telling = [name for name in names if is_telling(words_only(name).split())]
    return newest_naming(reader, telling[:MAX_NAMES_LOOKED_FOR], MAX_TEXTS)


# Rows


def visible_entries() -> Select[Entry]:
    """The entries that were not removed; everybody sees them."""
    return select(Entry).where(Entry.removed_at.is_(None))


def _whole(query: Select[Entry]) -> Select[Entry]:
    return query.options(selectinload(Entry.wordings), selectinload(Entry.themes))


def get_entry(slug: str) -> Entry:
    """An entry with its names and themes, or `NotFound`."""
    query = _whole(visible_entries().where(Entry.slug == slug))
    return or_not_found(db.session.scalars(query).first())


def place_of_removed(slug: str) -> str:
    """The slug of the entry that replaced a removed one, or an empty string; `NotFound` if there never was one."""
    query = select(Entry).where(Entry.slug == slug)
    gone: Entry | None = or_not_found(db.session.scalars(query).first())
    for _step in range(MAX_STEPS):
        if gone is None or gone.removed_at is None:
            break
        gone = db.session.get(Entry, gone.merged_into_id) if gone.merged_into_id else None
    return gone.slug if gone and gone.removed_at is None else ""


def require_keeping(moderator: Person) -> None:
    """Raise `Forbidden` for somebody who may not keep the glossary."""
    require(moderator.can.keep_glossary())


def entry_to_keep(moderator: Person, slug: str) -> Entry:
    """An entry, for somebody who may edit it; else `Forbidden`, or `NotFound`."""
    require_keeping(moderator)
    return get_entry(slug)


def entry_to_change(entry_id: int) -> Entry:
    """The entry with this id, locked, with its names and themes; or `NotFound`."""
    held = visible_entries().where(Entry.id == entry_id).with_for_update()
    or_not_found(db.session.scalars(held).first())
    return db.session.scalars(_whole(visible_entries().where(Entry.id == entry_id))).one()


def entries_count() -> int:
    """How many entries there are."""
    return db.session.scalar(select(func.count(Entry.id)).where(Entry.removed_at.is_(None))) or 0


def taken_slugs(names: Sequence[str]) -> Collection[str]:
    """Which of these addresses belong to entries, including removed ones."""
    return db.session.scalars(select(Entry.slug).where(Entry.slug.in_(names))).all()


def whole_entries(entry_ids: Collection[int]) -> list[Entry]:
    """Some entries with their names and themes, in the order of the ids."""
    found = db.session.scalars(_whole(visible_entries().where(Entry.id.in_(entry_ids)))).all()
    by_id = {entry.id: entry for entry in found}
    return [by_id[entry_id] for entry_id in entry_ids if entry_id in by_id]


def identical_entry(language: str, name: str, rows: Sequence[Mapping[str, str]]) -> Entry | None:
    """The entry with exactly these wordings (`wording_row`), one of which has this name in this language; or None."""
    called_so = select(Wording.entry_id).filter_by(language=language, name=name)
    found = db.session.scalars(_whole(visible_entries().where(Entry.id.in_(called_so))))
    wanted = sorted(rows, key=lambda row: row["language"])
    return next((entry for entry in found if wordings_typed(entry) == wanted), None)


def wordings_typed(entry: Entry) -> list[dict[str, str]]:
    """The wordings of an entry as rows of the form, by language."""
    return [
        wording_row(wording)
        for wording in sorted(entry.wordings, key=lambda wording: wording.language)
    ]


def all_entries() -> Iterator[Sequence[Entry]]:
    """All entries by id, some after the others, each with its names and themes."""
    last = 0
    while True:
        after = visible_entries().where(Entry.id > last).order_by(Entry.id).limit(ENTRIES_AT_ONCE)
        found = db.session.scalars(_whole(after)).all()
        if found:
            yield found
        if len(found) < ENTRIES_AT_ONCE:
            return
        last = found[-1].id


# History

WORDING_PARTS = ("language", "name", "others", "meaning")


def entry_fields(entry: Entry) -> dict[str, Any]:
    """The fields of an entry as its history stores and compares them."""
    rows = sorted(entry.wordings, key=lambda wording: wording.language)
    return {
        "wordings": "\n".join(join_parts(wording_row(row).values(), "|") for row in rows),
        "source": entry.source,
        "themes": "\n".join(sorted(theme.name for theme in entry.themes)),
    }


def wording_row(wording: Wording) -> dict[str, str]:
    """A wording as a row of the form; the other names are in one field, separated by semicolons."""
    others = join_parts(wording.other_names, ";")
    values = wording.language, wording.name, others, wording.meaning
    return dict(zip(WORDING_PARTS, values, strict=True))


def entry_edits(entry: Entry) -> list[Edit]:
    """What was changed in an entry, newest first."""
    return edits_between(versions_of("entry", entry.id), {entry.id: entry_fields(entry)})


def by_language(wordings: Iterable[Wording]) -> Mapping[str, Wording]:
    """Wordings by their languages."""
    return {wording.language: wording for wording in wordings}
