"""Keeping the documents: made and changed in the same deed as the thing they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, text, update
from sqlalchemy.exc import DatabaseError

from forum.db import ANY_CHANGE, action, db, now, touches
from forum.permissions import PUBLIC, Person, require
from forum.search.models import Document, Retitling
from forum.search.queries import (
    document_id,
    documents_of,
    folded_and_sort_key,
    get_document,
    next_documents_below,
    next_retitling,
)

PORTION = 200  # documents that one deed gives another title
REBUILD = {
    "sqlite": "INSERT INTO document_fts(document_fts) VALUES ('rebuild')",
    "postgresql": "REINDEX INDEX words_index",
}
COMPARE = "INSERT INTO document_fts(document_fts, rank) VALUES ('integrity-check', 1)"


@dataclass(frozen=True)
class Entry:
    """What search is told of one thing. `parent` is the (kind, item id) of the topic that a post belongs to."""

    kind: str
    item_id: int
    address: str
    title: str
    body: str
    written_at: datetime
    byline: str = ""
    agenda_id: int | None = None
    parent: tuple[str, int] | None = None
    language: str = ""
    audience: str = PUBLIC


Thing = tuple[str, int]  # kind and item id
Known = tuple[Entry, datetime | None]  # what search is told of a thing, and since when it is hidden


@action
def index(_doer: Person, entry: Entry, *, is_new: bool = False) -> None:
    """Make one thing findable, or findable by its new words. A hidden thing stays hidden.

    One that `is_new` was just made: it has no document, and need not be asked for one.
    """
    parent_id = document_id(*entry.parent) if entry.parent else None
    document = None if is_new else get_document(entry.kind, entry.item_id)
    _write(entry, document, parent_id)
    db.session.flush()


@action
def reindex(system: Person, things: Mapping[Thing, Known | None]) -> None:
    """Make the documents of things anew, each hidden as the thing is. Those with None are forgotten."""
    require(system.can.administer())
    known = {thing: told for thing, told in things.items() if told}
    _write_all(known)
    for kind, item_id in things.keys() - known.keys():
        unindex(system, kind, item_id)


@action
def index_all(_doer: Person, known: Mapping[Thing, Known]) -> None:
    """Make many things findable by their words, each hidden as it is; a topic stands before its posts."""
    _write_all(known)


def _write_all(known: Mapping[Thing, Known]) -> None:
    """Write many documents with few queries. A parent comes before its children."""
    parents = {entry.parent for entry, _hidden_at in known.values() if entry.parent}
    documents = documents_of({*known, *parents})
    for thing, (entry, hidden_at) in known.items():
        parent = documents.get(entry.parent) if entry.parent else None
        documents[thing] = _write(entry, documents.get(thing), parent.id if parent else None)
        documents[thing].hidden_at = hidden_at
        if not entry.parent:
            db.session.flush()  # gives it the id that its children need
    db.session.flush()


def _write(entry: Entry, document: Document | None, parent_id: int | None) -> Document:
    if document is None:
        document = Document(kind=entry.kind, item_id=entry.item_id)
        db.session.add(document)
    document.parent_id = parent_id
    document.agenda_id, document.address = entry.agenda_id, entry.address
    document.title, document.body, document.byline = entry.title, entry.body, entry.byline
    document.folded_title, document.folded_body = _words_of(entry)
    document.language, document.audience = entry.language, entry.audience
    document.written_at = entry.written_at
    return document


def _words_of(entry: Entry) -> tuple[str, str]:
    return folded_and_sort_key(entry.title, entry.body, entry.byline, entry.parent is not None)


@action
def rebuild(system: Person) -> None:
    """Make the full-text index anew from the documents, even a damaged one. Nobody can write meanwhile."""
    require(system.can.administer())
    db.session.execute(text(REBUILD[db.session.connection().dialect.name]))


@action
def mend_words(system: Person) -> bool:
    """Compare each word of the full-text index with the documents, and make it anew if it has others; says whether.

    On SQLite alone: PostgreSQL makes the words itself. Nobody can write meanwhile.
    """
    require(system.can.administer())
    if db.session.connection().dialect.name != "sqlite":
        return False
    try:
        db.session.execute(text(COMPARE))
    except DatabaseError:
        rebuild(system)
        return True
    touches()  # nothing
    return False


@action
def unindex(_doer: Person, kind: str, item_id: int) -> None:
    """Forget one thing, and the posts of a topic with it."""
    document = get_document(kind, item_id)
    if document is None:
        return
    db.session.execute(delete(Document).where(_is_family(document)))


@action
def hide(_doer: Person, kind: str, item_id: int) -> None:
    """Let one thing be found by nobody; for a topic this covers its posts."""
    if document := get_document(kind, item_id):
        document.hidden_at = now()


@action
def restore(_doer: Person, kind: str, item_id: int) -> None:
    """Let one thing be found again."""
    if document := get_document(kind, item_id):
        document.hidden_at = None


@action
def move(_doer: Person, kind: str, item_id: int, agenda_id: int) -> None:
    """Put one thing, and the posts of a topic with it, under another agenda."""
    if document := get_document(kind, item_id):
        _set_on_family(document, {"agenda_id": agenda_id})


@action
def set_audience(_doer: Person, kind: str, item_id: int, audience: str) -> None:
    """Change who may find one thing, and the posts of a topic with it."""
    if document := get_document(kind, item_id):
        _set_on_family(document, {"audience": audience})


@action
def retitle(_doer: Person, kind: str, item_id: int, title: str) -> None:
    """Give the posts of a topic the topic's new title; its own document is indexed anew.

    Those of a long topic get it from the worker, one portion after the other: writers would wait for half a minute.
    """
    above = document_id(kind, item_id)
    if above is None:
        return
    reached = _retitle_some(above, title, 0, PORTION)
    if before := db.session.get(Retitling, above):
        db.session.delete(before)
        db.session.flush()
    if reached is not None:
        db.session.add(Retitling(document_id=above, title=title, reached=reached))


@action
def carry_on(system: Person, portion: int = PORTION) -> int:
    """Give the next posts of a topic its new title, for the worker; says with how many topics it was busy (1 or 0)."""
    require(system.can.administer())
    touches()
    todo = next_retitling()
    if todo is None:
        return 0
    touches(ANY_CHANGE)
    reached = _retitle_some(todo.document_id, todo.title, todo.reached, portion)
    if reached is None:
        db.session.delete(todo)
    else:
        todo.reached = reached
    return 1


def _retitle_some(above: int, title: str, after_id: int, most: int) -> int | None:
    """Give the next posts of a topic another title; says which was the last, or nothing when there are no more."""
    documents = next_documents_below(above, after_id, most)
    for document in documents:
        document.title = title
        document.folded_title, document.folded_body = folded_and_sort_key(
            title, document.body, document.byline, True
        )
    return documents[-1].id if len(documents) == most else None


def _set_on_family(document: Document, values: dict[str, object]) -> None:
    db.session.execute(update(Document).where(_is_family(document)).values(values))


def _is_family(document: Document) -> ColumnElement[bool]:
    return or_(Document.id == document.id, Document.parent_id == document.id)
