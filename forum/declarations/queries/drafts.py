"""Declarations that somebody has begun to write, and changes of them: drafts that the dialogue room keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from forum.agendas.queries import all_agendas
from forum.db import db
from forum.declarations.models import Declaration
from forum.declarations.queries._reach import visible_declarations
from forum.dialogue.models import Draft
from forum.dialogue.queries import BegunText, says_the_same_words, words_begun
from forum.permissions import Person

# The kinds of drafts: of changes, whose number is that of the declaration, and of new ones, whose number is that of the agenda
CHANGES, NEW = "declaration", "declaration on agenda"
TYPED_FIELDS = ("title", "body")


def begun_declarations(drafter: Person, drafts: Sequence[Draft]) -> dict[int, BegunText]:
    """What is begun in those of one's own drafts that are of declarations, by the id of the draft."""
    mine = [draft for draft in drafts if draft.kind in (CHANGES, NEW)]
    if not mine:
        return {}
    ids = {draft.item_id for draft in mine if draft.kind == CHANGES and draft.item_id}
    shown = visible_declarations(drafter).where(Declaration.id.in_(ids))
    found = db.session.scalars(shown.options(joinedload(Declaration.agenda)))
    declarations = {declaration.id: declaration for declaration in found}
    agendas = {agenda.id: agenda for agenda in all_agendas(drafter)}

    def begun(draft: Draft) -> BegunText:
        texts, number = words_begun(draft, TYPED_FIELDS), draft.item_id or 0
        changed = declarations.get(number) if draft.kind == CHANGES else None
        agenda = agendas.get(number) if draft.kind == NEW else None
        what = _("Declaration")
        if changed:
            why_not = str(drafter.can.curate_declaration(changed, "edit").why_not or "")
            address = f"/declarations/{changed.id}/edit?draft={draft.id}"
            page: dict[str, Any] = {
                "title": changed.title,
                "language": changed.language,
                "page": changed.address,
            }
            return BegunText(what, texts, address, why_not, **page)
        if agenda:
            why_not = str(drafter.can.draft_declaration(agenda).why_not or "")
            replaced = draft.value("replaces")
            more = f"&replaces={replaced}" if replaced.isdecimal() else ""
            address = f"/agendas/{agenda.slug}/declarations/new?draft={draft.id}{more}"
            return BegunText(what, texts, address, why_not)
        gone = _("This declaration is not there any more.")
        lost = _("Its agenda is not there any more.")
        return BegunText(what, texts, "", gone if draft.kind == CHANGES else lost)

    return {draft.id: begun(draft) for draft in mine}


def says_already(declaration: Declaration, fields: Sequence[tuple[str, str]]) -> bool:
    """Whether a declaration has just the words that its form holds (`fields` as in `Draft`)."""
    return says_the_same_words(fields, {"title": declaration.title}, {"body": declaration.source})
