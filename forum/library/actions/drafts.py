"""Keeping the content of the form of a practice or a case, until it is sent."""

from __future__ import annotations

from forum.agendas.queries import agenda_by_id
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import UnsentForm
from forum.dialogue.models import Draft
from forum.library.queries import (
    TYPED_FIELDS,
    TYPED_FIELDS_OF_CASES,
    case_by_id,
    case_by_submission_key,
    case_says_already,
    practice_by_id,
    practice_by_submission_key,
    says_already,
)
from forum.permissions import Person, require


@action
def keep_practice_draft(
    author: Person, form: UnsentForm, *, practice_id: int | None = None
) -> Draft | None:
    """Save the content of a form as a draft: of a new practice, or of changes of the practice `practice_id`.

    Returns None, and saves nothing, when the form has no words, or those that the practice has already. Raises
    `Conflict` when a practice was made with this key and says something else. Otherwise as `dialogue.keep_form_draft`.
    """
    touches()
    dialogue.lock_drafts(author)  # So that the practice is not written at the same moment
    if practice_id is None:
        practice = practice_by_submission_key(author, form.key)
    else:
        practice = practice_by_id(author, practice_id)
        require(author.can.edit_practice(practice))
    return dialogue.keep_form_draft(
        author,
        form,
        TYPED_FIELDS,
        kind="practice",
        item_id=practice_id,
        is_new=practice_id is None,
        says_already=says_already(practice, form.fields) if practice else None,
    )


@action
def keep_case_draft(
    curator: Person, form: UnsentForm, *, agenda_id: int, case_id: int | None = None
) -> Draft | None:
    """`keep_practice_draft` for a form of a case: of a new one, opened on an agenda, or of changes of the case `case_id`."""
    touches()
    dialogue.lock_drafts(curator)  # So that the case is not written at the same moment
    if case_id is None:
        require(curator.can.curate(agenda_by_id(curator, agenda_id)))
        case = case_by_submission_key(curator, form.key)
    else:
        case = case_by_id(curator, case_id)
        require(curator.can.curate(case.agenda))
    return dialogue.keep_form_draft(
        curator,
        form,
        TYPED_FIELDS_OF_CASES,
        kind="case",
        item_id=case_id,
        is_new=case_id is None,
        says_already=case_says_already(case, form.fields) if case else None,
    )
