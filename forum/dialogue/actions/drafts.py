"""Keeping a text that is not published yet, and deleting it."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._drafts import delete_drafts
from forum.dialogue.models import DRAFTS_KEPT, MAX_DRAFT_LENGTH, Draft
from forum.dialogue.queries import (
    SUBMISSION_KEY_LENGTH,
    draft_by_submission_key,
    drafts_beyond_most,
    drafts_of,
    drafts_saved_before,
    get_topic,
    held_by_submission_key,
    post_by_submission_key,
)
from forum.errors import Invalid
from forum.members.actions import note_drafts
from forum.members.queries import lock_member
from forum.permissions import Person, require

Fields = Sequence[tuple[str, str]]  # what a form holds, as `Draft.fields`
TYPED = ("title", "source")  # without a word in one of these a form holds nothing


@action
def keep_draft(
    author: Person,
    key: str,
    fields: Fields,
    *,
    agenda_id: int | None = None,
    topic_id: int | None = None,
) -> Draft | None:
    """Keep what a form holds, in place of what it held before: for a new topic on an agenda, or for a reply in a topic.

    `key` is the submission key of the form. Returns None, and keeps nothing, when the form holds no words or its text was
    sent meanwhile. Raises `Forbidden` unless the author may write there, and `Invalid` for more than `MAX_DRAFT_LENGTH`
    characters. Beyond `MAX_DRAFTS` the draft that was saved first is deleted.
    """
    touches()
    lock_member(author.id)  # so that the text is not published at this moment
    _require_place(author, agenda_id, topic_id)
    if sum(len(name) + len(value) for name, value in fields) > MAX_DRAFT_LENGTH:
        raise Invalid(_("This text is too long to be kept."), "source")
    draft = draft_by_submission_key(author, key)
    is_empty = not any(value.strip() for name, value in fields if name in TYPED)
    if not key or is_empty or _was_sent(author, key):
        delete_drafts(author, [draft] if draft else [])
        return None
    is_new = draft is None
    draft = draft or Draft(author_id=author.id, submission_key=key[:SUBMISSION_KEY_LENGTH])
    draft.agenda_id, draft.topic_id = agenda_id, topic_id
    draft.fields, draft.saved_at = [list(pair) for pair in fields], now()
    db.session.add(draft)
    if is_new:
        note_drafts(author, author.id, 1)
    delete_drafts(author, drafts_beyond_most(author))
    return draft


def _require_place(author: Person, agenda_id: int | None, topic_id: int | None) -> None:
    if topic_id is None:
        require(author.can.open_topic(agenda_by_id(author, agenda_id or 0)))
    else:
        require(author.can.reply(get_topic(author, topic_id)))


def _was_sent(author: Person, key: str) -> bool:
    sent = post_by_submission_key(author, key) or held_by_submission_key(author, key)
    return sent is not None


@action
def discard_draft(author: Person, key: str) -> bool:
    """Delete one's own draft in the form with this submission key; returns whether there was one."""
    touches()
    require(author.can.see_notices())
    lock_member(author.id)
    draft = draft_by_submission_key(author, key)
    delete_drafts(author, [draft] if draft else [])
    return draft is not None


@action
def forget_drafts(system: Person, limit: int = 200) -> int:
    """Delete at most `limit` drafts that nobody has gone on with for `DRAFTS_KEPT`; returns how many."""
    require(system.can.administer())
    touches()
    old = drafts_saved_before(now() - DRAFTS_KEPT, limit)
    delete_drafts(system, old)
    return len(old)


@action
def forget_drafts_of(system: Person, member_id: int) -> None:
    """Delete the drafts of somebody who has left."""
    require(system.can.administer())
    touches()
    delete_drafts(system, drafts_of(member_id))
