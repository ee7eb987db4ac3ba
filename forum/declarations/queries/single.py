"""One declaration, its consultation, and the one before or after it."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.db import db
from forum.declarations.models import WITHDRAWN, Declaration
from forum.declarations.queries._reach import NO_SUCH, is_in_state, visible_declarations
from forum.dialogue.models import Topic
from forum.dialogue.queries import topic_after_merge, visible_topics
from forum.errors import NotFound, or_not_found
from forum.permissions import Person, require


def get_declaration(reader: Person, declaration_id: int) -> Declaration:
    """One declaration with its agenda and author, or `NotFound`."""
    loaded = (joinedload(Declaration.agenda), joinedload(Declaration.author))
    query = visible_declarations(reader).where(Declaration.id == declaration_id)
    return or_not_found(db.session.scalar(query.options(*loaded)), NO_SUCH)


def declaration_to_curate(curator: Person, declaration_id: int, deed: str) -> Declaration:
    """One declaration, for somebody who may do one of `DECLARATION_DEEDS` with it; else `Forbidden`, or `NotFound`."""
    declaration = get_declaration(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, deed))
    return declaration


def agenda_to_draft_on(curator: Person, slug: str) -> Agenda:
    """An agenda, for somebody who may draft a declaration there; else `Forbidden`, or `NotFound`."""
    agenda = get_agenda(curator, slug)
    require(curator.can.draft_declaration(agenda))
    return agenda


def replaced_by(reader: Person, declaration: Declaration) -> Declaration | None:
    """The declaration visible to the reader that replaces a withdrawn one, or None; the newest of several."""
    if not declaration.withdrawn_at:
        return None
    found = visible_declarations(reader).where(Declaration.replaces_id == declaration.id)
    return db.session.scalars(found.order_by(Declaration.id.desc()).limit(1)).first()


def replaced_one(reader: Person, declaration: Declaration) -> Declaration | None:
    """The withdrawn declaration that this one replaces, if the reader finds it."""
    if not declaration.replaces_id:
        return None
    query = visible_declarations(reader).where(Declaration.id == declaration.replaces_id)
    return db.session.scalar(query)


def withdrawn_on(reader: Person, agenda_id: int, declaration_id: int) -> Declaration | None:
    """A withdrawn declaration of an agenda, which a new one may replace; None if it is not one."""
    query = visible_declarations(reader).where(Declaration.id == declaration_id)
    here = query.where(Declaration.agenda_id == agenda_id, is_in_state(WITHDRAWN))
    return db.session.scalar(here)


def consultation_topic(reader: Person, declaration: Declaration) -> Topic | None:
    """The topic in which a declaration is discussed, also after mergers, if the reader sees it."""
    if not declaration.topic_id:
        return None
    query = visible_topics(reader).where(Topic.id == declaration.topic_id)
    found: Topic | None = db.session.scalar(query)
    if found is None:
        with suppress(NotFound):
            return topic_after_merge(reader, declaration.topic_id)
    return found
