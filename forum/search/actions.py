"""Keeping the search documents up to date, in the same transaction as the things that they describe."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, or_, text, true, update
from sqlalchemy.exc import DatabaseError

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.permissions import MEMBERS, PUBLIC, Person, require
from forum.search.models import (
    TRANSLATED_FAILURE,
    TRANSLATION_KINDS,
    Document,
    LinkedPage,
    Retitling,
    ShownPicture,
    Thing,
)
from forum.search.queries import (
    document_id,
    documents_of,
    folded_words,
    get_document,
    next_documents_below,
    next_retitling,
    pages_linked_by,
    pictures_shown_by,
)
from forum.versions import ANY_CHANGE, EVERYTHING

BATCH_SIZE = 200  # documents that get a new title in one transaction
REBUILD_SQL = {
    "sqlite": "INSERT INTO document_fts(document_fts) VALUES ('rebuild')",
    "postgresql": "REINDEX INDEX words_index",
}
INTEGRITY_CHECK_SQL = "INSERT INTO document_fts(document_fts, rank) VALUES ('integrity-check', 1)"


@dataclass(frozen=True)
class Entry:
    """The content of a document. `parent` is the (kind, item id) of the topic that a post belongs to.

    `pictures` are the names of the pictures and files that the text shows, `links` the pages to which it links;
    `made_for` as in `Document`, for translations.
    """

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
    pictures: Sequence[str] = ()
    links: Sequence[str] = ()
    made_for: str | None = None


# The content of a document, and since when the thing is hidden
Known = tuple[Entry, datetime | None]


@action
def index(_doer: Person, entry: Entry, *, is_new: bool = False) -> None:
    """Write the document of one thing, or replace its content. A hidden document stays hidden.

    `is_new`: the thing was just created, so it has no document yet.
    """
    parent_id = document_id(*entry.parent) if entry.parent else None
    known = None if is_new else get_document(entry.kind, entry.item_id)
    document = _write(entry, known, parent_id)
    db.session.flush()
    _note_named({document.id: entry}, are_new=known is None)


@action
def reindex(system: Person, things: Mapping[Thing, Known | None]) -> None:
    """Rebuild the documents of things, each hidden like its thing; delete those of things without an entry (None)."""
    require(system.can.administer())
    known = {thing: told for thing, told in things.items() if told}
    _write_all(known)
    for kind, item_id in things.keys() - known.keys():
        unindex(system, kind, item_id)


@action
def index_all(_doer: Person, known: Mapping[Thing, Known]) -> None:
    """Write the documents of many things, each hidden like its thing. A topic has to come before its posts."""
    _write_all(known)


def _write_all(known: Mapping[Thing, Known]) -> None:
    """Write many documents with few queries. A parent has to come before its children."""
    parents = {entry.parent for entry, _hidden_at in known.values() if entry.parent}
    documents = documents_of({*known, *parents})
    for thing, (entry, hidden_at) in known.items():
        parent = documents.get(entry.parent) if entry.parent else None
        documents[thing] = _write(entry, documents.get(thing), parent.id if parent else None)
        documents[thing].hidden_at = hidden_at
        if not entry.parent:
            db.session.flush()  # gives it the id that its children need
    db.session.flush()
    _note_named({documents[thing].id: entry for thing, (entry, _) in known.items()})


def _write(entry: Entry, document: Document | None, parent_id: int | None) -> Document:
    if document is None:
        document = Document(kind=entry.kind, item_id=entry.item_id)
        db.session.add(document)
    document.parent_id = parent_id
    document.agenda_id, document.address = entry.agenda_id, entry.address
    document.title, document.body, document.byline = entry.title, entry.body, entry.byline
    document.folded_title, document.folded_body = _folded_words(entry)
    document.language, document.audience = entry.language, entry.audience
    document.made_for = entry.made_for
    document.written_at = entry.written_at
    return document


def _note_named(entries: Mapping[int, Entry], *, are_new: bool = False) -> None:
    """Record the pictures that the texts of some documents show, and the pages to which they link, by document.

    Those that `are_new` named none before.
    """
    pictures = {number: entry.pictures for number, entry in entries.items()}
    _note(ShownPicture.picture, pictures, {} if are_new else pictures_shown_by(pictures))
    links = {number: entry.links for number, entry in entries.items()}
    _note(LinkedPage.address, links, {} if are_new else pages_linked_by(links))
    db.session.flush()


def _note(
    column: Any, named: Mapping[int, Sequence[str]], known: Mapping[int, Collection[str]]
) -> None:
    model = column.class_
    for number, names in named.items():
        before = known.get(number, ())
        if gone := set(before).difference(names):
            which = (model.document_id == number, column.in_(gone))
            db.session.execute(delete(model).where(*which))
        db.session.add_all(
            model(**{"document_id": number, column.key: name})
            for name in dict.fromkeys(names)
            if name not in before
        )


def _folded_words(entry: Entry) -> tuple[str, str]:
    return folded_words(entry.title, entry.body, entry.byline, entry.parent is not None)


@action
def rebuild(system: Person) -> None:
    """Rebuild the full-text index from the documents, even if it is damaged. Nobody else can write meanwhile."""
    require(system.can.administer())
    db.session.execute(text(REBUILD_SQL[db.session.connection().dialect.name]))


@action
def mend_index(system: Person) -> bool:
    """Compare each word of the full-text index with the documents, and rebuild it if they differ; returns whether they did.

    Only on SQLite: PostgreSQL computes the words itself. Nobody else can write meanwhile.
    """
    require(system.can.administer())
    if db.session.connection().dialect.name != "sqlite":
        return False
    try:
        db.session.execute(text(INTEGRITY_CHECK_SQL))
    except DatabaseError:
        rebuild(system)
        return True
    touches()  # no cached page has changed
    return False


@action
def unindex(_doer: Person, kind: str, item_id: int) -> None:
    """Delete the document of one thing, and those of its posts if it is a topic."""
    document = get_document(kind, item_id)
    if document is None:
        return
    db.session.execute(delete(Document).where(_is_document_or_child(document)))


@action
def hide(_doer: Person, kind: str, item_id: int) -> None:
    """Hide one thing from search, and a topic's posts with it."""
    if document := get_document(kind, item_id):
        document.hidden_at = now()


@action
def restore(_doer: Person, kind: str, item_id: int) -> None:
    """Make one thing findable again."""
    if document := get_document(kind, item_id):
        document.hidden_at = None


@action
def lead_translations(
    _doer: Person, kind: str, item_id: int, agenda_id: int, audience: str, failure_audience: str
) -> None:
    """Update the agenda of the translations of a case or practice, and show them to everybody who may read both.

    What a translation says for members stays with them, because the original may not say it any more.
    """
    parent_id = document_id(kind, item_id)
    of_page = update(Document).where(
        Document.parent_id == parent_id, Document.kind.in_(TRANSLATION_KINDS)
    )
    members = [Document.made_for == MEMBERS]
    if audience == MEMBERS:
        members.append(true())
    elif failure_audience == MEMBERS:
        members.append(Document.kind == TRANSLATED_FAILURE)
    told_to = case((or_(*members), MEMBERS), else_=PUBLIC)
    db.session.execute(of_page.values(agenda_id=agenda_id, audience=told_to))


@action
def move(_doer: Person, kind: str, item_id: int, agenda_id: int) -> None:
    """Move one thing, and its posts if it is a topic, to another agenda."""
    if document := get_document(kind, item_id):
        _set_on_document_and_children(document, {"agenda_id": agenda_id})


@action
def set_audience(_doer: Person, kind: str, item_id: int, audience: str) -> None:
    """Change who may find one thing, and its posts if it is a topic."""
    if document := get_document(kind, item_id):
        _set_on_document_and_children(document, {"audience": audience})


@action
def retitle(_doer: Person, kind: str, item_id: int, title: str) -> None:
    """Give the documents of a topic's posts the new title of the topic. The topic's own document is written by `index`.

    In a long topic the worker does the rest (`continue_retitling`); otherwise other writers would wait for half a
    minute.
    """
    topic_document_id = document_id(kind, item_id)
    if topic_document_id is None:
        return
    reached = _retitle_batch(topic_document_id, title, 0, BATCH_SIZE)
    if earlier := db.session.get(Retitling, topic_document_id):
        db.session.delete(earlier)
        db.session.flush()
    if reached is not None:
        db.session.add(Retitling(document_id=topic_document_id, title=title, reached=reached))


@action
def continue_retitling(system: Person, limit: int = BATCH_SIZE) -> int:
    """Give the next `limit` posts of a topic its new title, for the worker; returns 1, or 0 when nothing was left to do."""
    require(system.can.administer())
    touches()
    todo = next_retitling()
    if todo is None:
        return 0
    touches(ANY_CHANGE)
    reached = _retitle_batch(todo.document_id, todo.title, todo.reached, limit)
    if reached is None:
        touches(EVERYTHING)  # The pages that its posts speak of name it, too
        db.session.delete(todo)
    else:
        todo.reached = reached
    return 1


def _retitle_batch(topic_document_id: int, title: str, after_id: int, limit: int) -> int | None:
    """Give the next posts of a topic its new title; returns the last document's id, or None when there are no more."""
    documents = next_documents_below(topic_document_id, after_id, limit)
    for document in documents:
        document.title = title
        document.folded_title, document.folded_body = folded_words(
            title, document.body, document.byline, True
        )
    return documents[-1].id if len(documents) == limit else None


def _set_on_document_and_children(document: Document, values: dict[str, object]) -> None:
    db.session.execute(update(Document).where(_is_document_or_child(document)).values(values))


def _is_document_or_child(document: Document) -> ColumnElement[bool]:
    return or_(Document.id == document.id, Document.parent_id == document.id)
