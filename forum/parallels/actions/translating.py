"""Adding, correcting, confirming and removing translations."""

from __future__ import annotations

from flask_babel import gettext as _

from forum.agendas.queries import lock_to_write_on
from forum.clock import now
from forum.db import db, flush_unique
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NO_FORM, SentForm
from forum.errors import Conflict
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.members.queries import lock_writer
from forum.notifications.actions import read_outdated
from forum.parallels.actions._documents import index_translation, plain_texts_of
from forum.parallels.actions._rows import (
    compare_with_original,
    delete_translation,
    fill,
    new_translation,
    with_kept_parts,
)
from forum.parallels.actions._telling import tell_author
from forum.parallels.actions._texts import (
    TranslationText,
    check_language,
    check_translation,
    refuse_unread,
    screen_translation,
    show_pictures,
)
from forum.parallels.models import Translation
from forum.parallels.queries import (
    fields_of,
    names_since,
    original_to_change,
    translation_by_submission_key,
    translation_to_change,
)
from forum.permissions import Person, require
from forum.screening.queries import Sending


@action
def add_translation(
    member: Person,
    kind: str,
    item_id: int,
    text: TranslationText,
    form: SentForm = NO_FORM,
    *,
    signs: str = "",
) -> Translation:
    """Add a translation of a practice or case into a new language, and notify the author of the original.

    A text that a rule catches is refused, because it has nowhere to wait. `signs` are those of the original when the
    form was opened: `Invalid` when it says something else since, so that nothing counts as made from what its
    translator has not read.
    """
    dialogue.lock_drafts(member)
    with dialogue.draft_sent(member, form):
        return _add(member, kind, item_id, text, form.key, signs=signs)


def _add(
    member: Person, kind: str, item_id: int, text: TranslationText, key: str | None, *, signs: str
) -> Translation:
    lock_writer(member)
    original = original_to_change(member, kind, item_id)
    lock_to_write_on(member, original.agenda_id)
    require(member.can.add_translation(original))
    if known := translation_by_submission_key(member, key):
        return translation_to_change(member, known.id)
    check_translation(text, original)
    refuse_unread(signs, original)
    check_language(text, original)
    translation = new_translation(
        original, text, now(), translator_id=member.id, writer_id=member.id, submission_key=key
    )
    translation.parts = []
    show_pictures(member, translation, text)
    fill(translation, text)
    screen_translation(member, translation, text, Sending.NEW)
    db.session.add(translation)
    flush_unique()
    index_translation(member, translation, text.plain)
    tell_author(member, translation)
    return translation


@action
def correct_translation(
    member: Person,
    translation_id: int,
    text: TranslationText,
    form: SentForm = NO_FORM,
    *,
    signs: str = "",
) -> Translation:
    """Replace the text of a translation and keep a version of the former one; it then counts as made from the present original.

    `signs` as for `add_translation`.
    """
    dialogue.lock_drafts(member)
    with dialogue.draft_sent(member, form):
        return _correct(member, translation_id, text, form.seen, signs)


def _correct(
    member: Person, translation_id: int, text: TranslationText, seen: str | None, signs: str
) -> Translation:
    lock_writer(member)
    translation = translation_to_change(member, translation_id)
    require(member.can.correct_translation(translation))
    check_translation(text, translation.original)
    before, said = fields_of(translation), translation.said
    refuse_unseen(seen, said)
    refuse_unread(signs, translation.original)
    text = with_kept_parts(translation, text)
    show_pictures(member, translation, text)
    fill(translation, text)
    if translation.said != said:
        screen_translation(member, translation, text, Sending.EDITED)
        keep_version(member, "translation", translation.id, before)
        translation.edited_at, translation.writer_id = now(), member.id
    _note_compared(member, translation)
    index_translation(member, translation, text.plain)
    return translation


@action
def confirm_translation(member: Person, translation_id: int, signs: str = "") -> Translation:
    """Say that a translation is still right, although its original has changed; `signs` as for `add_translation`."""
    lock_writer(member)
    translation = translation_to_change(member, translation_id)
    require(member.can.correct_translation(translation))
    if names_since(signs, translation.original):
        raise Conflict(_("The original has changed once more. Read it again before you answer."))
    _note_compared(member, translation)
    index_translation(member, translation, plain_texts_of(translation))
    return translation


@action
def remove_translation(
    member: Person, translation_id: int, *, seen: str | None = None
) -> Translation:
    """Delete a translation with its texts and versions. `seen` is the fingerprint of what it said on the page that asked.

    Raises `Conflict` when somebody has corrected it since, because that would be lost as well.
    """
    translation = translation_to_change(member, translation_id)
    require(member.can.remove_translation(translation))
    refuse_unseen(seen, translation.said)
    delete_translation(member, translation)
    return translation


def _note_compared(member: Person, translation: Translation) -> None:
    compare_with_original(translation)
    read_outdated(member, "translation", [translation.address], [translation.translator_id])
