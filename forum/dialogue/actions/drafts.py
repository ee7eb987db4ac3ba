"""Keeping texts that are not published yet, and deleting them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.confusables import visible
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._checks import says_the_same
from forum.dialogue.actions._drafts import (
    Fields,
    UnsentForm,
    delete_drafts,
    draft_in_window,
    lock_drafts,
)
from forum.dialogue.models import (
    DRAFTS_KEPT,
    MAX_DRAFT_LENGTH,
    TYPED,
    WINDOW,
    Draft,
    Held,
    PollText,
    Post,
)
from forum.dialogue.queries import (
    SUBMISSION_KEY_LENGTH,
    asks_the_same,
    draft_to_change,
    drafts_beyond_most,
    drafts_saved_before,
    get_topic,
    held_by_submission_key,
    post_by_submission_key,
    with_links_home,
)
from forum.errors import Conflict, Invalid
from forum.formrows import column_of
from forum.members.actions import note_drafts
from forum.members.queries import lock_writer
from forum.permissions import SYSTEM, Person, require


@action
def keep_draft(
    author: Person, form: UnsentForm, *, agenda_id: int | None = None, topic_id: int | None = None
) -> Draft | None:
    """Save the content of a form as a draft, in place of its former content: for a new topic on an agenda, or a reply in a topic.

    Returns None, and saves nothing, when the form has no words, or those that were sent with its key. Raises
    `Forbidden` unless the author may write there, `Conflict` when another text was sent with this key, and `Invalid`
    for more than `MAX_DRAFT_LENGTH` characters. Beyond `MAX_DRAFTS` the oldest draft is deleted.

    Raises `Conflict`, too, when the draft was last saved by something that is not among the `windows` of the form, or
    by a later request of the same window.
    """
    touches()
    lock_drafts(author)  # So that the text is not published at the same moment
    lock_writer(author)
    _require_place(author, agenda_id, topic_id)
    if not _is_worth_keeping(form.fields, TYPED):
        discard_draft(author, form.key, form.windows)
        return None
    if sent := post_by_submission_key(author, form.key) or held_by_submission_key(author, form.key):
        if _is_as_sent(author, sent, dict(form.fields), is_topic=topic_id is None):
            return None
        raise Conflict(_("You have posted this already."))
    return _save(author, form, agenda_id=agenda_id, topic_id=topic_id)


@action
def keep_form_draft(
    author: Person,
    form: UnsentForm,
    typed: Sequence[str],
    *,
    kind: str,
    item_id: int | None = None,
    is_new: bool,
    says_already: bool | None = None,
) -> Draft | None:
    """`keep_draft` for a form of another room, whose own action calls this after `lock_drafts` and its checks.

    The form has no words when all the fields in `typed` are empty; those of a table are named as by `formrows.column_of`.
    `kind` and `item_id` as in `Draft`. The form is for something new (`is_new`), or for changes. `says_already`: whether
    what it changes, or has added, says just that; None when it has added nothing yet. Of changes, choices alone are
    saved when somebody has asked for it.
    """
    touches()
    lock_drafts(author)
    if says_already and (is_new or not form.is_asked):
        discard_draft(author, form.key, form.windows)
        return None
    if is_new and says_already is not None:
        raise Conflict(_("You have posted this already."))
    lock_writer(author)
    require(author.can.write())
    if not _is_worth_keeping(form.fields, typed):
        discard_draft(author, form.key, form.windows)
        return None
    return _save(author, form, kind=kind, item_id=item_id)


def _is_worth_keeping(fields: Fields, typed: Sequence[str]) -> bool:
    """Whether there are words in one of the fields in `typed`; raises `Invalid` when there are too many in all."""
    if sum(len(name) + len(value) for name, value in fields) > MAX_DRAFT_LENGTH:
        raise Invalid(_("This text is too long to be kept. Shorten it."), "source")
    return any(value.strip() for name, value in fields if column_of(name) in typed)


def _save(
    author: Person, form: UnsentForm, doer: Person | None = None, **place: str | int | None
) -> Draft:
    """Save a draft of this place (columns of `Draft`), and delete the oldest one if there are too many now.

    Unless somebody else is the `doer`, its author has to have the right to write.
    """
    draft = draft_in_window(author, form.key, form.windows)
    is_new = draft is None
    draft = draft or Draft(author_id=author.id, submission_key=form.key[:SUBMISSION_KEY_LENGTH])
    for column, value in place.items():
        setattr(draft, column, value)
    draft.fields, draft.saved_at = [list(pair) for pair in form.fields], now()
    draft.fields += [[WINDOW, name] for name in form.windows[:1]]
    db.session.add(draft)
    db.session.flush()
    if is_new:
        delete_drafts(author, Draft.id.in_(drafts_beyond_most(author)))
        note_drafts(doer or author, author.id, 1)
    return draft


def _is_as_sent(
    author: Person, sent: Post | Held, words: Mapping[str, str], *, is_topic: bool
) -> bool:
    """Whether a form contains exactly what was sent with its key, so that nothing that was added later (such as a poll) is lost."""
    source = with_links_home(words.get("source", ""), author)
    if not says_the_same(sent, source, words.get("title")):
        return False
    return not is_topic or asks_the_same(
        sent if isinstance(sent, Held) else sent.topic, _poll_in(words)
    )


def _poll_in(words: Mapping[str, str]) -> PollText | None:
    """The poll in a topic's form, as the form's `poll` reads it when it is sent."""
    question, *options = map(
        visible, [words.get("question", ""), *words.get("options", "").split("\n")]
    )
    text = PollText(question, options, "is_multiple" in words).tidied
    return text if any(text.lines) else None


def _require_place(author: Person, agenda_id: int | None, topic_id: int | None) -> None:
    if topic_id is None:
        require(author.can.open_topic(agenda_by_id(author, agenda_id or 0)))
    else:
        require(author.can.reply(get_topic(author, topic_id)))


@action
def discard_draft(author: Person, key: str, windows: Sequence[str] = ()) -> Draft | None:
    """Delete the author's draft in the form with this submission key; returns what it was, or None.

    Raises `Conflict` when the window that discards it has not seen its present content: `windows` as in `UnsentForm`.
    """
    touches()
    require(author.can.see_own())
    lock_drafts(author)
    draft = draft_in_window(author, key, windows)
    if draft:
        delete_drafts(author, Draft.id == draft.id)
    return draft


@action
def restore_draft(
    author: Person, key: str, fields: Fields, **place: str | int | None
) -> Draft | None:
    """Keep a draft again that its author has just deleted; the caller knows that it was so (`place`: columns of `Draft`).

    Returns None, and keeps nothing, when there is a draft with this submission key again, or its text was sent meanwhile.
    """
    touches()
    require(author.can.see_own())
    lock_drafts(author)
    lock_writer(author)
    if not fields or draft_to_change(author, key):
        return None
    if post_by_submission_key(author, key) or held_by_submission_key(author, key):
        return None
    # Who may not write at the moment could delete it, too
    return _save(author, UnsentForm(key, fields), SYSTEM, **place)


@action
def forget_drafts(system: Person, limit: int = 200) -> int:
    """Delete at most `limit` drafts that were not changed for `DRAFTS_KEPT`; returns how many."""
    require(system.can.administer())
    touches()
    return delete_drafts(system, Draft.id.in_(drafts_saved_before(now() - DRAFTS_KEPT, limit)))


@action
def forget_drafts_of(system: Person, member_id: int) -> None:
    """Delete the drafts of somebody who has left."""
    require(system.can.administer())
    touches()
    delete_drafts(system, Draft.author_id == member_id)
