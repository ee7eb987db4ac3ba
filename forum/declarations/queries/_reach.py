"""The declarations that a reader may see, by their state."""

from __future__ import annotations

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, Select, and_, or_, select

from forum.declarations.models import ADOPTED, CONSULTATION, DRAFT, OPEN, WITHDRAWN, Declaration
from forum.permissions import Person
from forum.reach import moderated_by, opened_to

NO_SUCH = lazy_gettext("There is no such declaration.")
MAX_HERE = 20  # on the page of an agenda or an organisation


def visible_declarations(reader: Person) -> Select[Declaration]:
    """The declarations that a reader may see: on agendas that they see, drafts only as moderators."""
    seen = select(Declaration).where(opened_to(reader, Declaration.agenda_id))
    is_told = Declaration.opened_at.is_not(None)
    return seen.where(or_(is_told, moderated_by(reader, Declaration.agenda_id)))


def is_in_state(state: str) -> ColumnElement[bool]:
    is_left = Declaration.withdrawn_at.is_(None)
    return {
        DRAFT: and_(Declaration.opened_at.is_(None), is_left),
        CONSULTATION: and_(
            Declaration.opened_at.is_not(None), Declaration.frozen_at.is_(None), is_left
        ),
        OPEN: and_(Declaration.frozen_at.is_not(None), Declaration.adopted_at.is_(None), is_left),
        ADOPTED: and_(Declaration.adopted_at.is_not(None), is_left),
        WITHDRAWN: Declaration.withdrawn_at.is_not(None),
    }[state]
