"""Marks, and the answer to a question."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from forum.agendas.queries import lock_to_write_on
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._counts import count_mark
from forum.dialogue.actions._questions import set_answer
from forum.dialogue.actions._telling import notify
from forum.dialogue.actions._withholding import forget_mark
from forum.dialogue.models import MARKS, OUTCOMES, TAKEN_BACK, TRIED, Mark, Post, Topic
from forum.dialogue.queries import (
    get_note,
    has_event,
    mark_given,
    post_if_there,
    post_to_change,
    topic_to_change,
)
from forum.errors import Invalid
from forum.history.queries import refuse_unseen
from forum.matches import from_plain_text
from forum.members.models import Member
from forum.members.queries import lock_writer
from forum.notifications.actions import update_mark_notices
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.screening.actions import refuse_caught
from forum.versions import member_scopes, topic_scope

MAX_NOTE_LENGTH = 300
TOLD_AGAIN_AFTER = timedelta(hours=1)  # of what became of it, if that is another thing now


@action
def mark(
    member: Person,
    post_id: int,
    kind: str,
    outcome: str | None = None,
    note: str = "",
    *,
    language: str = "",
    seen: str | None = None,
    is_screened: bool = True,
) -> Post:
    """Mark a post as `useful`, `same here`, or `tried it` with `outcome` and `note`; replaces an earlier mark of this kind.

    The note is in `language`, if that is known. A note that a rule catches is refused, because there is no queue for
    it; imports are not screened (`is_screened`). While moderators hide the note, the outcome can be changed but not the
    note, even if the mark was taken back. `seen` is the `fingerprint` of the mark's fields as the form has shown them:
    `Conflict` when they are others now.
    """
    lock_writer(member)
    post = post_to_change(member, post_id)
    lock_to_write_on(member, post.topic.agenda_id)
    _touch_marks(member, post, kind)
    require(member.can.mark(post))
    outcome, note = _checked_mark(kind, outcome, note)
    given = mark_given(member, post_id, kind)
    if given is not None and given.hidden_at:
        if note:
            require(member.can.change_note(given))
        note, language = given.words, given.language
    said = given.fields if given else {}
    if said != {"outcome": outcome, "note": note}:
        refuse_unseen(seen, said)
    if is_screened and note and (given is None or note != given.words):
        refuse_caught(member, post.topic.agenda_id, from_plain_text(note), "note")
    language = language if note else ""
    if given is None:
        _give(member, post, Mark(kind=kind, outcome=outcome, words=note, language=language))
    else:
        is_news = given.kind == TRIED and outcome != given.outcome
        _change(member, given, outcome, note, language)
        if is_news:  # such as that a city which kept it has stopped
            _tell_author(member, post, given)
    return post


def _give(member: Person, post: Post, given: Mark) -> None:
    """Add a new mark, count it and notify the author of the post."""
    given.post_id, given.member_id = post.id, member.id
    _count_from_now(member, given)
    db.session.add(given)
    _tell_author(member, post, given)


def _tell_author(member: Person, post: Post, given: Mark) -> None:
    """Notify the author of the post; once, however often the mark is given, but again of what became of it.

    Within the hour the notice that there is says what the mark says now.
    """
    since = now() - TOLD_AGAIN_AFTER if given.kind == TRIED else None
    if not has_event(member, "mark", post.id, since):
        words = given.words if given.hidden_at is None else ""
        notify(member, "mark", {post.author_id}, post, words)


def _change(member: Person, given: Mark, outcome: str | None, note: str, language: str) -> None:
    """Change the values of a mark; one that was taken back while its note was hidden counts again."""
    if given.kind == TAKEN_BACK:
        given.kind = TRIED
        _count_from_now(member, given)
    if note != given.words:
        update_mark_notices(member, given.post_id, given.member_id, note)
    given.outcome, given.words, given.language = outcome, note, language


def _count_from_now(member: Person, given: Mark) -> None:
    """Count a mark as given at this moment, from the city where its member is now."""
    given.created_at = now()
    given.city_id = db.session.get_one(Member, member.id).city_id
    count_mark(given.post_id, given.kind, 1)


@action
def unmark(member: Person, post_id: int, kind: str, *, seen: str | None = None) -> Post:
    """Take a mark back; nothing happens when there is none.

    A mark with a hidden note is kept as `TAKEN_BACK`, so that the decision about the note can still be appealed. Raises
    `Conflict` if `seen`, the fingerprint of what the member has read of it, is not that of what it says now.
    """
    lock_writer(member)
    post = post_to_change(member, post_id)
    _touch_marks(member, post, kind)
    require(member.can.mark(post))
    _check_kind(kind)
    given = mark_given(member, post_id, kind)
    if given is None or given.kind == TAKEN_BACK:
        return post
    refuse_unseen(seen, given.fields)
    if given.hidden_at:
        given.kind = TAKEN_BACK
    else:
        forget_mark(member, given)
    count_mark(post.id, kind, -1)
    return post


@action
def hide_note(moderator: Person, mark_id: int, reason: str) -> Mark:
    """Hide the note of a "tried it" mark everywhere; the mark itself and its outcome stay and count."""
    given = _note_to_decide(moderator, mark_id)
    if given.hidden_at is None:
        given.hidden_at, given.hidden_reason = now(), reason.strip()
        update_mark_notices(moderator, given.post_id, given.member_id, "")
    return given


@action
def restore_note(moderator: Person, mark_id: int) -> Mark:
    """Show the note of a "tried it" mark again; a mark that was taken back meanwhile is deleted."""
    given = _note_to_decide(moderator, mark_id)
    if given.kind == TAKEN_BACK:
        db.session.delete(given)
    elif given.hidden_at is not None:
        given.hidden_at, given.hidden_reason = None, ""
        update_mark_notices(moderator, given.post_id, given.member_id, given.words)
    return given


def _note_to_decide(moderator: Person, mark_id: int) -> Mark:
    """A mark with a note, its post locked, for a moderator of the agenda; else `Forbidden`, or `NotFound`."""
    post = post_to_change(moderator, get_note(moderator, mark_id).post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    return get_note(moderator, mark_id)


def _touch_marks(member: Person, post: Post, kind: str) -> None:
    """Touch the pages that show the mark: the topic, and for "tried it" the profiles of both members."""
    people = (member.id, post.author_id) if kind == TRIED else ()
    touches(topic_scope(post.topic_id), *member_scopes(*people))


@action
def choose_answer(member: Person, topic_id: int, post_id: int | None) -> Topic:
    """Choose the reply that answers a question, or remove the choice with None; `Invalid` if it is not a visible reply.

    Nobody is notified while the question is hidden or removed, because they could not open it.
    """
    lock_writer(member)
    topic = topic_to_change(member, topic_id)
    touches(topic_scope(topic_id), *member_scopes(topic.answered_by_id))
    require(member.can.choose_answer(topic))
    if post_id is None:
        set_answer(member, topic, None)
        return topic
    post = post_to_change(member, post_id)
    if post.topic_id != topic.id or post.number == 1 or post.is_gone:
        raise Invalid(_("Choose one of the replies to this question."), "post")
    if topic.answer_id != post.id:
        touches(*member_scopes(post.author_id))
        set_answer(member, topic, post)
        is_shown = topic.hidden_at is None and topic.deleted_at is None
        if is_shown and not has_event(member, "answer", post.id):
            notify(member, "answer", {post.author_id, topic.author_id}, post, "")
    return topic


@action
def restore_answer(
    moderator: Person, topic_id: int, post_id: int, chosen_at: datetime | None
) -> Topic:
    """Restore the answer that a question had, without a notice.

    Nothing happens if the answer is gone, opens a topic or is in another topic by now, or if the topic has another
    answer or is no question any more: otherwise the whole undo would fail because of it.
    """
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    is_open = topic.kind == "question" and topic.answer_id is None
    if not is_open or post_if_there(moderator, post_id) is None:
        return topic
    post = post_to_change(moderator, post_id)
    if post.topic_id == topic.id and post.number > 1 and not post.is_gone:
        touches(topic_scope(topic_id), *member_scopes(post.author_id))
        set_answer(moderator, topic, post, chosen_at)
    return topic


def _checked_mark(kind: str, outcome: str | None, note: str) -> tuple[str | None, str]:
    _check_kind(kind)
    if kind != TRIED:
        return None, ""
    if outcome not in OUTCOMES:
        raise Invalid(_("Say what became of it: kept, adapted or stopped."), "outcome")
    note = single_line(note)
    if len(note) > MAX_NOTE_LENGTH:
        raise Invalid(
            _("Shorten the sentence to %(most)s characters.", most=MAX_NOTE_LENGTH), "note"
        )
    return outcome, note


def _check_kind(kind: str) -> None:
    if kind not in MARKS:
        raise Invalid(_("Choose one of the marks."), "kind")
