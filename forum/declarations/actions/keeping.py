"""Keeping the content of the form of a declaration, until it is sent."""

from __future__ import annotations

from forum.agendas.queries import agenda_by_id
from forum.declarations.queries import (
    CHANGES,
    NEW,
    TYPED_FIELDS,
    get_declaration,
    same_draft,
    says_already,
)
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import UnsentForm
from forum.dialogue.models import Draft
from forum.permissions import Person, require
from forum.plaintext import single_line


@action
def keep_declaration_draft(
    drafter: Person, form: UnsentForm, *, agenda_id: int, declaration_id: int | None = None
) -> Draft | None:
    """Save the content of a form as a draft: of a new declaration on an agenda, or of changes of the declaration `declaration_id`.

    Otherwise as `keep_practice_draft` of the library.
    """
    touches()
    dialogue.lock_drafts(drafter)  # So that the declaration is not written at the same moment
    if declaration_id is None:
        require(drafter.can.draft_declaration(agenda_by_id(drafter, agenda_id)))
        typed = dict(form.fields)
        title, body = single_line(typed.get("title", "")), typed.get("body", "")
        is_said = True if same_draft(agenda_id, drafter.id or 0, title, body) else None
    else:
        declaration = get_declaration(drafter, declaration_id)
        require(drafter.can.curate_declaration(declaration, "edit"))
        is_said = says_already(declaration, form.fields)
    return dialogue.keep_form_draft(
        drafter,
        form,
        TYPED_FIELDS,
        kind=NEW if declaration_id is None else CHANGES,
        item_id=agenda_id if declaration_id is None else declaration_id,
        is_new=declaration_id is None,
        says_already=is_said,
    )
