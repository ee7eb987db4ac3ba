"""Keeping the content of the form of a translation, until it is sent."""

from __future__ import annotations

from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import UnsentForm
from forum.dialogue.models import Draft
from forum.parallels.queries import (
    CORRECTION,
    NEW,
    TYPED_FIELDS,
    Original,
    original_by_id,
    says_already,
    translation_by_id,
    translation_by_submission_key,
)
from forum.permissions import Person, require


@action
def keep_translation_draft(
    member: Person,
    form: UnsentForm,
    *,
    kind: str = "",
    item_id: int = 0,
    translation_id: int | None = None,
) -> Draft | None:
    """Save the content of a form as a draft: of a new translation of the practice or case `item_id`, or of corrections.

    Otherwise as `keep_practice_draft` of the library.
    """
    touches()
    dialogue.lock_drafts(member)  # So that the translation is not written at the same moment
    if translation_id is None:
        original: Original = original_by_id(member, kind, item_id)
        require(member.can.add_translation(original))
        found = translation_by_submission_key(member, form.key, with_texts=True)
    else:
        found = translation_by_id(member, translation_id)
        require(member.can.correct_translation(found))
    return dialogue.keep_form_draft(
        member,
        form,
        TYPED_FIELDS,
        kind=NEW[kind] if translation_id is None else CORRECTION,
        item_id=item_id if translation_id is None else translation_id,
        is_new=translation_id is None,
        says_already=says_already(found, form.fields) if found else None,
    )
