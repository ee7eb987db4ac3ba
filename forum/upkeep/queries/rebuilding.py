"""Everything that can be rebuilt, in batches: texts with old HTML, and search documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_

from forum.agendas.models import Agenda
from forum.commitments.models import Commitment
from forum.db import db
from forum.declarations.models import Declaration
from forum.dialogue.models import Post, Topic
from forum.library.models import Case, CaseParagraph, Practice, PracticeSection, Reading
from forum.markup import VERSION
from forum.meetings.models import Meeting
from forum.members.models import Member
from forum.parallels.models import TranslatedPart, Translation
from forum.search.models import FAILURE, TRANSLATED_FAILURE, Document
from forum.terms.models import Terms
from forum.upkeep.models import TextColumns

TEXT_COLUMNS = {
    "posts": TextColumns(Post.source, Post.html_version, (Post.id,)),
    "notes of moderators": TextColumns(
        Post.note_source, Post.note_html_version, (Post.id,), is_optional=True
    ),
    "paragraphs of cases": TextColumns(
        CaseParagraph.source, CaseParagraph.html_version, (CaseParagraph.id,)
    ),
    "parts of practices": TextColumns(
        PracticeSection.source,
        PracticeSection.html_version,
        (PracticeSection.practice_id, PracticeSection.name),
    ),
    "introductions of agendas": TextColumns(Agenda.introduction, Agenda.html_version, (Agenda.id,)),
    "findings of agendas": TextColumns(
        Agenda.findings, Agenda.findings_html_version, (Agenda.id,), is_optional=True
    ),
    "declarations": TextColumns(Declaration.source, Declaration.html_version, (Declaration.id,)),
    "commitments": TextColumns(Commitment.source, Commitment.html_version, (Commitment.id,)),
    "parts of translations": TextColumns(
        TranslatedPart.source,
        TranslatedPart.html_version,
        (TranslatedPart.translation_id, TranslatedPart.name),
    ),
    "meetings": TextColumns(Meeting.source, Meeting.html_version, (Meeting.id,)),
    "what came of meetings": TextColumns(
        Meeting.outcome, Meeting.outcome_html_version, (Meeting.id,), is_optional=True
    ),
    "profiles": TextColumns(Member.about, Member.html_version, (Member.id,), is_optional=True),
    "terms of use": TextColumns(Terms.source, Terms.html_version, (Terms.number,)),
}
# The indexed kinds. Topics are indexed with their opening posts, "what did not work" with its practice or
# translation.
INDEXED_MODELS: dict[str, Any] = {
    "topic": Topic,
    "post": Post,
    "case": Case,
    "practice": Practice,
    FAILURE: Practice,
    "reading": Reading,
    "meeting": Meeting,
    "declaration": Declaration,
    "commitment": Commitment,
    "translation": Translation,
    TRANSLATED_FAILURE: Translation,
}


def outdated_count(kind: str) -> int:
    """How many texts of a kind have HTML from an older version of `markup`."""
    query = select(func.count()).where(*_is_outdated(TEXT_COLUMNS[kind]))
    return db.session.scalar(query) or 0


def outdated(kind: str, size: int) -> Iterator[dict[Any, str]]:
    """The Markdown of those texts by primary key, `size` at a time, each text once."""
    texts = TEXT_COLUMNS[kind]
    query = select(*texts.key, texts.source).where(*_is_outdated(texts))
    query = query.order_by(*texts.key).limit(size)
    rows = db.session.execute(query).all()
    while rows:
        yield {row[0] if len(row) == 2 else tuple(row[:-1]): row[-1] for row in rows}
        following = query.where(tuple_(*texts.key) > tuple(rows[-1][:-1]))
        rows = db.session.execute(following).all()


def _is_outdated(texts: TextColumns) -> tuple[ColumnElement[bool], ...]:
    is_old = texts.version < VERSION
    return (is_old, texts.source != "") if texts.is_optional else (is_old,)


def indexed_count(kind: str) -> int:
    """How many rows of a kind there are, including hidden and deleted ones."""
    return db.session.scalar(select(func.count()).select_from(INDEXED_MODELS[kind])) or 0


def indexed_ids(kind: str, size: int) -> Iterator[list[int]]:
    """The ids of all rows of a kind, oldest first, `size` at a time."""
    query = select(INDEXED_MODELS[kind].id).order_by(INDEXED_MODELS[kind].id).limit(size)
    ids = db.session.scalars(query).all()
    while ids:
        yield list(ids)
        ids = db.session.scalars(query.where(INDEXED_MODELS[kind].id > ids[-1])).all()


def sources_of(kind: str, ids: Sequence[int]) -> list[str]:
    """The Markdown that the documents of these things contain as plain text."""
    queries = {
        "post": [select(Post.source).where(Post.id.in_(ids))],
        "case": [
            select(Case.summary).where(Case.id.in_(ids)),
            select(CaseParagraph.source).where(CaseParagraph.case_id.in_(ids)),
        ],
        "meeting": [
            select(Meeting.source).where(Meeting.id.in_(ids)),
            select(Meeting.outcome).where(Meeting.id.in_(ids)),
        ],
        "declaration": [select(Declaration.source).where(Declaration.id.in_(ids))],
        "commitment": [select(Commitment.source).where(Commitment.id.in_(ids))],
        "translation": [
            select(Translation.sentence).where(Translation.id.in_(ids)),
            select(TranslatedPart.source).where(TranslatedPart.translation_id.in_(ids)),
        ],
    }
    return [source for query in queries.get(kind, []) for source in db.session.scalars(query)]


def documents_count() -> int:
    """How many documents search has."""
    return db.session.scalar(select(func.count()).select_from(Document)) or 0


def stray_documents() -> list[tuple[str, int]]:
    """(kind, item id) of documents whose thing does not exist any more."""
    leads = (
        and_(Document.kind == kind, exists().where(table.id == Document.item_id))
        for kind, table in INDEXED_MODELS.items()
    )
    strays = select(Document.kind, Document.item_id).where(~or_(*leads)).order_by(Document.id)
    return [(row[0], row[1]) for row in db.session.execute(strays)]
