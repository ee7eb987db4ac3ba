"""Keeping a text that is not published yet, and deleting it."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._drafts import delete_drafts, lock_drafts
from forum.dialogue.models import DRAFTS_KEPT, MAX_DRAFT_LENGTH, Draft
from forum.dialogue.queries import (
    SUBMISSION_KEY_LENGTH,
    draft_to_change,
    drafts_beyond_most,
    drafts_saved_before,
    get_topic,
    held_by_submission_key,
    post_by_submission_key,
)
from forum.errors import Conflict, Invalid
from forum.members.actions import note_drafts
from forum.members.queries import lock_writer
from forum.permissions import Person, require

Fields = Sequence[tuple[str, str]]  # what a form holds, as `Draft.fields`
WINDOW = "window"  # as the name of a field: where the form was kept last
TYPED = ("title", "source")  # without a word in one of these a form holds nothing


@action
def keep_draft(
    author: Person,
    key: str,
    fields: Fields,
    *,
    agenda_id: int | None = None,
    topic_id: int | None = None,
    windows: Sequence[str] = (),
) -> Draft | None:
    """Keep what a form holds, in place of what it held before: for a new topic on an agenda, or for a reply in a topic.

    `key` is the submission key of the form. Returns None, and keeps nothing, when the form holds no words. Raises `Forbidden`
    unless the author may write there, `Conflict` when a text was sent with this key, and `Invalid` for more than
    `MAX_DRAFT_LENGTH` characters. Beyond `MAX_DRAFTS` the draft that was saved first is deleted.

    `windows` names the window of a browser where the form is, then others whose drafts it goes on with. Raises `Conflict` when
    the draft was last kept from any other one, which this one has not seen.
    """
    touches()
    lock_drafts(author)  # so that the text is not published at this moment
    lock_writer(author)
    _require_place(author, agenda_id, topic_id)
    if sum(len(name) + len(value) for name, value in fields) > MAX_DRAFT_LENGTH:
        raise Invalid(_("This text is too long to be kept."), "source")
    if not any(value.strip() for name, value in fields if name in TYPED):
        discard_draft(author, key)
        return None
    if _was_sent(author, key):
        raise Conflict(_("You have posted this already."))
    draft = draft_to_change(author, key)
    if draft and windows and draft.value(WINDOW) not in ("", *windows):
        raise Conflict(_("You have gone on with this text elsewhere."))
    is_new = draft is None
    draft = draft or Draft(author_id=author.id, submission_key=key[:SUBMISSION_KEY_LENGTH])
    draft.agenda_id, draft.topic_id = agenda_id, topic_id
    draft.fields, draft.saved_at = [list(pair) for pair in fields], now()
    draft.fields += [[WINDOW, name] for name in windows[:1]]
    db.session.add(draft)
    db.session.flush()
    if is_new:
        delete_drafts(author, Draft.id.in_(drafts_beyond_most(author)))
        note_drafts(author, author.id, 1)
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
    lock_drafts(author)
    key = key[:SUBMISSION_KEY_LENGTH]
    return delete_drafts(author, Draft.author_id == author.id, Draft.submission_key == key) > 0


@action
def forget_drafts(system: Person, limit: int = 200) -> int:
    """Delete at most `limit` drafts that nobody has gone on with for `DRAFTS_KEPT`; returns how many."""
    require(system.can.administer())
    touches()
    return delete_drafts(system, Draft.id.in_(drafts_saved_before(now() - DRAFTS_KEPT, limit)))


@action
def forget_drafts_of(system: Person, member_id: int) -> None:
    """Delete the drafts of somebody who has left."""
    require(system.can.administer())
    touches()
    delete_drafts(system, Draft.author_id == member_id)
