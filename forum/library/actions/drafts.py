"""Keeping the content of the form of a practice, until it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Draft
from forum.errors import Conflict
from forum.library.queries import (
    TYPED_FIELDS,
    practice_by_id,
    practice_by_submission_key,
    says_already,
)
from forum.permissions import Person, require


@action
def keep_practice_draft(
    author: Person,
    key: str,
    fields: Sequence[tuple[str, str]],
    *,
    practice_id: int | None = None,
    is_asked: bool = False,
    windows: Sequence[str] = (),
) -> Draft | None:
    """Save the content of a form as a draft: of a new practice, or of changes of the practice `practice_id`.

    Returns None, and saves nothing, when the form has no words, or those that the practice has already; but choices
    alone are saved when somebody has asked for it (`is_asked`), and not a script. Raises `Conflict` when a practice was made with this key and says something else. Otherwise as `dialogue.keep_draft`.
    """
    touches()
    dialogue.lock_drafts(author)  # So that the practice is not written at the same moment
    if practice_id is None:
        practice = practice_by_submission_key(author, key)
    else:
        practice = practice_by_id(author, practice_id)
        require(author.can.edit_practice(practice))
    if practice and not (practice_id and is_asked) and says_already(practice, fields):
        dialogue.discard_draft(author, key, windows)
        return None
    if practice and practice_id is None:
        raise Conflict(_("You have posted this already."))
    return dialogue.keep_form_draft(
        author, key, fields, TYPED_FIELDS, kind="practice", item_id=practice_id, windows=windows
    )
