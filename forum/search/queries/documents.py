"""Search documents: which a reader may find, those of things, and their content."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased, defer, with_expression
from sqlalchemy.orm.interfaces import ORMOption

from forum import reach
from forum.db import db
from forum.permissions import Person
from forum.reach import moderated_by
from forum.reachcache import cached_statement
from forum.search.models import FAILURE, Document, LinkedPage, Retitling, ShownPicture, Thing
from forum.search.queries._words import folded_words

# What may speak of a page by a link
SPEAKING = ("topic", "post", "case", "practice", FAILURE)
# Long columns that only the ranking needs
WITHOUT_FOLDED = tuple(
    defer(column, raiseload=True) for column in (Document.folded_title, Document.folded_body)
)


def visible_documents(reader: Person) -> Select[Document]:
    """The documents that a reader may find: neither they nor their topic hidden, of the reader's audiences and visible agendas."""
    parent = aliased(Document)
    is_parent_hidden = exists().where(
        parent.id == Document.parent_id, parent.hidden_at.is_not(None)
    )
    return select(Document).where(
        Document.hidden_at.is_(None),
        reach.read_by(reader, Document.audience),
        reach.opened_to(reader, Document.agenda_id),
        ~is_parent_hidden,
    )


def get_document(kind: str, item_id: int) -> Document | None:
    """The document of one thing, or None."""
    return db.session.scalar(select(Document).filter_by(kind=kind, item_id=item_id))


def document_id(kind: str, item_id: int) -> int | None:
    """The id of the document of one thing, or None."""
    return db.session.scalar(_ID, {"kind": kind, "item_id": item_id})


_ID = select(Document.id).where(
    Document.kind == bindparam("kind"), Document.item_id == bindparam("item_id")
)


def documents_of(things: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Document]:
    """The existing documents of some things, by kind and item id."""
    ids: dict[str, list[int]] = {}
    for kind, item_id in things:
        ids.setdefault(kind, []).append(item_id)
    wanted = (
        and_(Document.kind == k, Document.item_id.in_(item_ids)) for k, item_ids in ids.items()
    )
    found = db.session.scalars(select(Document).where(or_(false(), *wanted)))
    return {(document.kind, document.item_id): document for document in found}


def settled_document_id(before: datetime) -> int:
    """The largest id of a document written before a moment, 0 for none.

    While things are being written, a document with a smaller id may still appear.
    """
    settled = select(Document.id).where(Document.written_at < before)
    return db.session.scalar(settled.order_by(Document.id.desc()).limit(1)) or 0


def ids_found(reader: Person, ids: Collection[int]) -> set[int]:
    """Those of some ids of documents that the reader may find now."""
    found = visible_documents(reader).where(Document.id.in_(ids)).with_only_columns(Document.id)
    return set(db.session.scalars(found)) if ids else set()


def newest_document_id() -> int:
    """The id of the latest document, 0 for none."""
    return db.session.scalar(select(Document.id).order_by(Document.id.desc()).limit(1)) or 0


def next_documents_below(document_id: int, after_id: int, limit: int) -> Sequence[Document]:
    """Up to `limit` documents of a topic's posts with ids after `after_id`. `document_id` is that of the topic."""
    below = select(Document).where(Document.parent_id == document_id, Document.id > after_id)
    return db.session.scalars(below.order_by(Document.parent_id, Document.id).limit(limit)).all()


def next_retitling() -> Retitling | None:
    """A topic whose posts still need its new title, and that no other worker has locked; or None."""
    query = select(Retitling).order_by(Retitling.document_id).limit(1)
    return db.session.scalar(query.with_for_update(skip_locked=True))


def is_picture_shown(reader: Person, name: str) -> bool:
    """Whether the reader finds a text that shows the picture with this name."""
    found = visible_documents(reader).join(ShownPicture, ShownPicture.document_id == Document.id)
    return bool(db.session.scalar(select(found.where(ShownPicture.picture == name).exists())))


def pictures_found(reader: Person, names: Collection[str]) -> set[str]:
    """Those of these names whose pictures are shown in a text that the reader finds."""
    if not names:
        return set()
    found = visible_documents(reader).join(ShownPicture, ShownPicture.document_id == Document.id)
    shown = found.where(ShownPicture.picture.in_(names))
    return set(db.session.scalars(shown.with_only_columns(ShownPicture.picture).distinct()))


def is_picture_moderated(reader: Person, name: str) -> bool:
    """Whether a text that shows a picture, visible or not, is on an agenda that the reader moderates."""
    found = select(Document.id).join(ShownPicture, ShownPicture.document_id == Document.id)
    on_theirs = (ShownPicture.picture == name, moderated_by(reader, Document.agenda_id))
    return bool(db.session.scalar(select(found.where(*on_theirs).exists())))


def documents_showing(reader: Person, names: Collection[str]) -> dict[str, list[Document]]:
    """The documents that the reader finds and whose texts show the pictures with these names, by name, the oldest first."""
    if not names:
        return {}
    found = visible_documents(reader).join(ShownPicture, ShownPicture.document_id == Document.id)
    rows = db.session.execute(
        found.add_columns(ShownPicture.picture)
        .where(ShownPicture.picture.in_(names))
        .order_by(Document.id)
        .options(*WITHOUT_FOLDED, language_of_title())
    )
    showing: dict[str, list[Document]] = {}
    for document, name in rows:
        showing.setdefault(name, []).append(document)
    return showing


def pictures_shown(names: Collection[str]) -> set[str]:
    """Which of these names are of pictures that a text shows, visible or not."""
    shown = select(ShownPicture.picture).where(ShownPicture.picture.in_(names)).distinct()
    return set(db.session.scalars(shown)) if names else set()


def pictures_shown_below(kind: str, item_id: int) -> set[str]:
    """The names of the pictures in the text of one thing, and in those of its posts if it is a topic, visible or not."""
    known = document_id(kind, item_id)
    within = or_(Document.id == known, Document.parent_id == known)
    found = select(ShownPicture.picture).join(Document, Document.id == ShownPicture.document_id)
    return set(db.session.scalars(found.where(within))) if known else set()


def pages_linked_by(document_ids: Collection[int]) -> dict[int, set[str]]:
    """The addresses of the pages to which the texts of some documents link, by document."""
    return _listed_by(document_ids, LinkedPage.document_id, LinkedPage.address)


def pages_linked_from(kind: str, item_id: int) -> Sequence[str]:
    """The addresses of the pages to which the text of one thing links."""
    linked = select(LinkedPage.address).join(Document, Document.id == LinkedPage.document_id)
    return db.session.scalars(
        linked.where(Document.kind == kind, Document.item_id == item_id)
    ).all()


def documents_linking(
    reader: Person,
    addresses: Collection[str],
    but: Thing | None,
    limit: int,
    which: ColumnElement[bool] | None = None,
) -> Sequence[Row[Any]]:
    """The newest topics, posts, cases and practices that the reader finds and that link to one of the addresses: rows for a list.

    `page` is the address of what a text stands on, `topic_id` the topic of a topic or post. Those in the topic `but` are
    left out, and those that do not meet the condition `which`. One that links to several of the addresses comes
    several times.
    """
    values: dict[str, Any] = {"addresses": list(addresses), "limit": limit}
    if but:
        values |= {"own_kind": but[0], "own_item_id": but[1]}
    found = _linking(reader, but is not None)
    return db.session.execute(found if which is None else found.where(which), values).all()


@cached_statement
def _linking(reader: Person, is_apart: bool) -> Select[Any]:
    topic = aliased(Document)
    of_topic, at, number = (
        select(column).where(topic.id == Document.parent_id).scalar_subquery()
        for column in (topic.language, topic.address, topic.item_id)
    )
    columns = (Document.id, Document.kind, Document.item_id, Document.parent_id, Document.title)
    more = (Document.address, Document.written_at)
    linking = visible_documents(reader).join(LinkedPage, LinkedPage.document_id == Document.id)
    is_linked = LinkedPage.address.in_(bindparam("addresses", expanding=True))
    linking = linking.where(is_linked, Document.kind.in_(SPEAKING))
    if is_apart:
        own = select(Document.id).where(
            Document.kind == bindparam("own_kind"), Document.item_id == bindparam("own_item_id")
        )
        own_id = own.correlate(None).scalar_subquery()
        is_own = or_(Document.id == own_id, func.coalesce(Document.parent_id, 0) == own_id)
        linking = linking.where(~func.coalesce(is_own, false()))
    place = (
        func.coalesce(of_topic, Document.language).label("language"),
        func.coalesce(at, Document.address).label("page"),
        case((Document.kind == "topic", Document.item_id), (Document.kind == "post", number)).label(
            "topic_id"
        ),
    )
    found = linking.with_only_columns(*columns, *more, *place)
    return found.order_by(Document.id.desc()).limit(bindparam("limit"))


def pictures_shown_by(document_ids: Collection[int]) -> dict[int, set[str]]:
    """The names of the pictures that the texts of some documents show, by document."""
    return _listed_by(document_ids, ShownPicture.document_id, ShownPicture.picture)


def _listed_by(document_ids: Collection[int], document: Any, listed: Any) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    wanted = select(document, listed).where(document.in_(document_ids))
    for number, name in db.session.execute(wanted) if document_ids else ():
        found.setdefault(number, set()).add(name)
    return found


def texts_of(kind: str, item_ids: Sequence[int]) -> dict[int, str]:
    """The plain texts of some things of a kind, by item id, for lists that show their beginnings."""
    wanted = select(Document.item_id, Document.body).where(
        Document.kind == kind, Document.item_id.in_(item_ids)
    )
    return {row[0]: row[1] for row in db.session.execute(wanted)} if item_ids else {}


def language_of_title() -> ORMOption:
    """An option that loads `Document.title_language`: for a post that of its topic, whose title it has."""
    topic = aliased(Document)
    of_topic = select(topic.language).where(topic.id == Document.parent_id).scalar_subquery()
    is_post = and_(Document.kind == "post", Document.parent_id.is_not(None))
    return with_expression(
        Document.title_language, case((is_post, of_topic), else_=Document.language)
    )


def documents_by_id(ids: Sequence[int], *options: ORMOption) -> list[Document]:
    """Documents in the order of their ids, without the columns that only the ranking needs; `options` load or leave out more."""
    if not ids:
        return []
    rows = db.session.scalars(
        select(Document).where(Document.id.in_(ids)).options(*WITHOUT_FOLDED, *options)
    )
    known = {document.id: document for document in rows}
    still_there = (document_id for document_id in ids if document_id in known)
    return [known[document_id] for document_id in still_there]


def documents_with_stale_words() -> Iterator[tuple[str, int]]:
    """(kind, item id) of the documents whose folded words differ from those of their text. Reads all documents."""
    said = (Document.title, Document.body, Document.byline, Document.parent_id.is_not(None))
    known = (Document.folded_title, Document.folded_body)
    rows = select(Document.kind, Document.item_id, *known, *said).order_by(Document.id)
    for kind, item_id, title, body, *of_text in _stream(rows):
        if (title, body) != folded_words(*of_text):
            yield kind, item_id


def _stream(rows: Executable) -> Iterator[Any]:
    yield from db.session.execute(rows.execution_options(yield_per=1_000))
