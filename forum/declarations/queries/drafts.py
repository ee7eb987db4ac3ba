"""Declarations that somebody has begun to write, and changes of them: drafts that the dialogue room keeps."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
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
        if draft.kind == CHANGES:
            return _begun_changes(drafter, draft, declarations.get(draft.item_id or 0))
        return _begun_declaration(drafter, draft, agendas.get(draft.item_id or 0))

    return {draft.id: begun(draft) for draft in mine}


def _begun_changes(drafter: Person, draft: Draft, changed: Declaration | None) -> BegunText:
    label, words = _("Declaration"), words_begun(draft, TYPED_FIELDS)
    if changed is None:
        return BegunText(label, words, "", _("This declaration is not there any more."))
    return BegunText(
        label,
        words,
        go_on=f"/declarations/{changed.id}/edit?draft={draft.id}",
        why_not=str(drafter.can.curate_declaration(changed, "edit").why_not or ""),
        title=changed.title,
        language=changed.language,
        page=changed.address,
    )


def _begun_declaration(drafter: Person, draft: Draft, agenda: Agenda | None) -> BegunText:
    label, words = _("Declaration"), words_begun(draft, TYPED_FIELDS)
    if agenda is None:
        return BegunText(label, words, "", _("Its agenda is not there any more."))
    replaced = draft.value("replaces")
    more = f"&replaces={replaced}" if replaced.isdecimal() else ""
    return BegunText(
        label,
        words,
        go_on=f"/agendas/{agenda.slug}/declarations/new?draft={draft.id}{more}",
        why_not=str(drafter.can.draft_declaration(agenda).why_not or ""),
    )


def says_already(declaration: Declaration, fields: Sequence[tuple[str, str]]) -> bool:
    """Whether a declaration has just the words that its form holds (`fields` as in `Draft`)."""
    return says_the_same_words(fields, {"title": declaration.title}, {"body": declaration.source})
