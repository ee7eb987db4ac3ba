"""Declarations from files, with what became of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from forum.agendas import actions as agendas
from forum.agendas.queries import agenda_by_id, lock_opening
from forum.clock import now
from forum.db import db
from forum.declarations.actions._rows import (
    DeclarationText,
    check_text,
    count_signers,
    declaration_entry,
    fill,
)
from forum.declarations.models import Declaration, Signature, digest_of
from forum.declarations.queries import count_told
from forum.deeds import action
from forum.permissions import Person, require
from forum.search import actions as search


@dataclass(frozen=True)
class Course:
    """The course of a declaration in a file: who drafted it, and when it reached which state."""

    author_id: int
    opened_at: datetime | None
    frozen_at: datetime | None = None
    adopted_at: datetime | None = None
    withdrawn_at: datetime | None = None
    sign_until: date | None = None
    reason: str = ""


@dataclass(frozen=True)
class KnownSignature:
    """A signature in a file: the columns of `Signature`."""

    organisation_id: int
    city_id: int | None
    member_id: int | None
    name: str
    position: str
    organisation_name: str
    signed_at: datetime
    words: str
    language: str


@action
def load_declaration(
    curator: Person,
    agenda_id: int,
    text: DeclarationText,
    course: Course,
    signatures: Collection[KnownSignature] = (),
) -> Declaration:
    """Add a declaration from a file with its whole course and its signatures, and notify nobody."""
    check_text(text)
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.draft_declaration(agenda))
    declaration = Declaration(
        agenda_id=agenda_id,
        agenda=agenda,
        author_id=course.author_id,
        created_at=course.opened_at or now(),
        opened_at=course.opened_at,
        frozen_at=course.frozen_at,
        adopted_at=course.adopted_at,
        withdrawn_at=course.withdrawn_at,
        withdrawn_reason=course.reason,
        sign_until=course.sign_until,
    )
    fill(declaration, text)
    if course.frozen_at:
        declaration.digest = digest_of(declaration.source)
    db.session.add(declaration)
    db.session.flush()
    if declaration.opened_at:
        search.index(curator, declaration_entry(declaration, text.text.plain), is_new=True)
    for signature in signatures:
        db.session.add(Signature(declaration_id=declaration.id, **vars(signature)))
    count_signers(declaration)
    lock_opening(agenda_id, is_noted=True)
    agendas.note_declarations(curator, agenda_id, count_told(agenda_id))
    return declaration
