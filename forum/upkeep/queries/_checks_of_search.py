"""Checks of the search documents against the things that they describe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Select,
    and_,
    case,
    exists,
    func,
    join,
    literal,
    null,
    or_,
    outerjoin,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from forum.commitments.models import Commitment
from forum.declarations.models import Declaration
from forum.dialogue.models import Post, Topic
from forum.library.models import PUBLISHED, Case, Practice, PracticeSection, Reading
from forum.meetings.models import Meeting
from forum.parallels.models import TranslatedPart, Translation
from forum.permissions import MEMBERS, PUBLIC
from forum.search.models import FAILURE, TRANSLATED_FAILURE, TRANSLATION, Document, Retitling
from forum.search.queries import documents_with_stale_words
from forum.upkeep.models import Check, Fault
from forum.upkeep.queries._shared import stream

NOT_HIDDEN, FOR_EVERYBODY = null(), literal(PUBLIC)


@dataclass(frozen=True)
class Indexed:
    """What the documents of one kind should contain, as columns of `rows`. Rows for which `has_document` is true have a document."""

    rows: Any
    item_id: Any
    has_document: Any
    title: Any
    agenda_id: Any
    hidden_at: Any = NOT_HIDDEN
    audience: Any = FOR_EVERYBODY


INDEXED_KINDS = {
    "topic": Indexed(
        Topic,
        Topic.id,
        Topic.deleted_at.is_(None),
        case((Topic.home.is_(None), Topic.title), else_=""),
        Topic.agenda_id,
        Topic.hidden_at,
        Topic.audience,
    ),
    "post": Indexed(
        join(Post, Topic, Topic.id == Post.topic_id),
        Post.id,
        and_(Post.number > 1, Post.deleted_at.is_(None), Topic.deleted_at.is_(None)),
        Topic.title,
        Topic.agenda_id,
        Post.hidden_at,
        Topic.audience,
    ),
    "case": Indexed(Case, Case.id, true(), Case.name, Case.agenda_id, Case.hidden_at),
    "practice": Indexed(
        Practice,
        Practice.id,
        and_(Practice.state == PUBLISHED, Practice.deleted_at.is_(None)),
        Practice.title,
        Practice.agenda_id,
        Practice.hidden_at,
        Practice.audience,
    ),
    FAILURE: Indexed(
        Practice,
        Practice.id,
        and_(
            Practice.state == PUBLISHED,
            Practice.deleted_at.is_(None),
            Practice.audience == PUBLIC,
            Practice.failure_audience == MEMBERS,
            exists().where(
                PracticeSection.practice_id == Practice.id, PracticeSection.name == FAILURE
            ),
        ),
        Practice.title,
        Practice.agenda_id,
        audience=literal(MEMBERS),
    ),
    "reading": Indexed(
        Reading, Reading.id, Reading.removed_at.is_(None), Reading.title, Reading.agenda_id
    ),
    "meeting": Indexed(
        Meeting,
        Meeting.id,
        true(),
        Meeting.title,
        Meeting.agenda_id,
        audience=Meeting.audience,
    ),
    "declaration": Indexed(
        Declaration,
        Declaration.id,
        Declaration.opened_at.is_not(None),
        Declaration.title,
        Declaration.agenda_id,
    ),
    "commitment": Indexed(
        Commitment,
        Commitment.id,
        true(),
        Commitment.title,
        Commitment.agenda_id,
        Commitment.hidden_at,
    ),
}


# The original of a translation, and its audience
_ORIGINALS = outerjoin(
    outerjoin(Translation, Practice, Practice.id == Translation.practice_id),
    Case,
    Case.id == Translation.case_id,
)
_IS_KNOWN = and_(
    Translation.deleted_at.is_(None),
    or_(Case.id.is_not(None), and_(Practice.state == PUBLISHED, Practice.deleted_at.is_(None))),
)
_IS_FOR_MEMBERS = or_(Translation.audience == MEMBERS, Practice.audience == MEMBERS)
_IS_FAILURE_FOR_MEMBERS = or_(
    _IS_FOR_MEMBERS,
    Translation.failure_audience == MEMBERS,
    Practice.failure_audience == MEMBERS,
)
_HAS_FAILURE = and_(
    exists().where(TranslatedPart.translation_id == Translation.id, TranslatedPart.name == FAILURE),
    exists().where(
        PracticeSection.practice_id == Translation.practice_id, PracticeSection.name == FAILURE
    ),
)


def _of_translation(has_document: Any, is_for_members: Any) -> Indexed:
    return Indexed(
        _ORIGINALS,
        Translation.id,
        has_document,
        Translation.title,
        func.coalesce(Practice.agenda_id, Case.agenda_id),
        Translation.hidden_at,
        case((is_for_members, literal(MEMBERS)), else_=literal(PUBLIC)),
    )


INDEXED_KINDS |= {
    TRANSLATION: _of_translation(_IS_KNOWN, _IS_FOR_MEMBERS),
    TRANSLATED_FAILURE: _of_translation(and_(_IS_KNOWN, _HAS_FAILURE), _IS_FAILURE_FOR_MEMBERS),
}


def search_checks() -> list[Check]:
    return [
        *(
            Check(f"search: {kind}", partial(_wrong_documents, kind), "documents")
            for kind in INDEXED_KINDS
        ),
        Check("search: documents of nothing", _stray_documents, "strays"),
        Check("search: words", _documents_with_stale_words, "documents"),
    ]


def _wrong_documents(kind: str) -> Iterator[Fault]:
    """Things without a document, and documents that differ from the thing."""
    for item_id, document_id, *values in stream(_differing_documents(kind)):
        if document_id is None:
            yield Fault(kind, item_id, "is not known to search")
            continue
        for name, has, should in zip(COMPARED, values[::2], values[1::2], strict=False):
            if has != should:
                yield Fault(kind, item_id, f"{name} in search", has, should)


COMPARED = ("hidden", "audience", "agenda", "title", "topic")  # "topic" only for posts


@cache
def _differing_documents(kind: str) -> Select[Any]:
    of, parent = INDEXED_KINDS[kind], aliased(Document)
    is_of_topic = and_(parent.kind == "topic", parent.item_id == Topic.id)
    pairs = [
        (Document.hidden_at.is_not(None), of.hidden_at.is_not(None)),
        (Document.audience, of.audience),
        (Document.agenda_id, of.agenda_id),
        (Document.title, of.title),
    ]
    rows = select(of.item_id, Document.id).select_from(of.rows)
    rows = rows.outerjoin(Document, and_(Document.kind == kind, Document.item_id == of.item_id))
    if kind == "post":
        rows = rows.outerjoin(parent, is_of_topic)
        pairs.append((Document.parent_id, parent.id))
        follows = (Retitling.document_id == Document.parent_id, Retitling.reached < Document.id)
        # The worker has not updated its title yet
        rows = rows.outerjoin(Retitling, and_(*follows))
        is_due = Retitling.document_id.is_not(None)
        pairs[3] = (Document.title, case((is_due, Document.title), else_=of.title))
    differs = [has.is_distinct_from(should) for has, should in pairs]
    return rows.add_columns(*(side for pair in pairs for side in pair)).where(
        of.has_document, or_(Document.id.is_(None), *differs)
    )


def _stray_documents() -> Iterator[Fault]:
    """Documents of things that do not exist or should have none."""
    for kind, item_id in stream(_documents_of_nothing()):
        yield Fault(kind, item_id, "is known to search and gone")


@cache
def _documents_of_nothing() -> CompoundSelect[Any]:
    stray = []
    for kind, of in INDEXED_KINDS.items():
        leads = select(of.item_id).select_from(of.rows).where(of.item_id == Document.item_id)
        is_led = leads.where(of.has_document).correlate(Document).exists()
        found = select(literal(kind), Document.item_id)
        stray.append(found.where(Document.kind == kind, ~is_led))
    return union_all(*stray)


def _documents_with_stale_words() -> Iterator[Fault]:
    for kind, item_id in documents_with_stale_words():
        yield Fault(kind, item_id, "is known to search by other words than those of its text")
