"""Undoing the approval of a held text: it waits again, and readers no longer see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from forum.agendas.actions import note_quiet
from forum.agendas.queries import themes_by_id
from forum.db import db
from forum.deeds import action
from forum.dialogue.actions._changing import change_audience, edit_topic, set_themes
from forum.dialogue.actions._counts import count_held, lock_to_note
from forum.dialogue.actions._telling import index_post, restore_mentions_and_quotes
from forum.dialogue.actions._topics import TopicChanges
from forum.dialogue.actions._withholding import delete_post
from forum.dialogue.models import EDIT, OPEN, Held, Post
from forum.dialogue.queries import (
    has_reactions_since,
    last_revision,
    latest_shown_post_at,
    lock_held,
    lock_place_of,
    poll_if_there,
    post_to_change,
    post_to_withhold,
    render_with_mentions,
    theme_ids_of,
)
from forum.errors import Conflict, NotFound
from forum.members.models import Member
from forum.notifications.actions import forget_told_of_post, undo_watch_own_topic
from forum.permissions import Person, require
from forum.quotes import quoted_posts

# The kinds of notices by which members learn of an edit; they quote its text
NAMING_NOTICES = ("mention", "quote")


@action
def hold_again(moderator: Person, held_id: int, before: Mapping[str, Any]) -> Held:
    """Undo the approval of a text; `before` is what `state_before_approval` returned for it.

    A topic or a reply is removed, and its number is not reused; an edited post gets its former text back. Raises
    `Conflict` when somebody has reacted to it, or changed it since.
    """
    _lock_to_restore(held_id, before)
    held = lock_held(moderator, held_id)
    post = _published(moderator, held)
    for agenda_id in (held.agenda_id, post.topic.agenda_id):
        require(moderator.can.moderate(agenda_id))
    held.source, held.title = post.source, post.topic.title if post.number == 1 else ""
    poll = poll_if_there(post) if held.deed == OPEN else None
    held.poll = poll.text_to_publish_again.stored if poll else None
    _require_untouched(held, post, before)
    if held.deed == EDIT:
        _take_edit_back(moderator, post, before)
    else:
        _take_post_back(moderator, held, post, before)
    held.became_id, held.reason = None, before["reason"]
    held.decided_at = _moment(before["decided_at"])
    count_held(moderator, held.author_id, 1)
    return held


def _lock_to_restore(held_id: int, before: Mapping[str, Any]) -> None:
    """Lock what the former text of an edited post quotes, and what follows its readers, before an agenda is."""
    held = db.session.get(Held, held_id)
    revision = last_revision(held.post_id) if held and held.post_id else None
    if revision:
        lock_place_of(held_id, quoted_posts(revision.source), before["audience"])


def _published(moderator: Person, held: Held) -> Post:
    """The post that a text has become, locked; `Conflict` when it is no longer visible where it was published."""
    author = db.session.get_one(Member, held.author_id, populate_existing=True)
    if author.left_at is not None:
        raise Conflict(_("Its author has closed the account, so this cannot be taken back."))
    try:
        found = post_to_change if held.deed == EDIT else post_to_withhold
        post = found(moderator, held.became_id or 0)
    except NotFound:
        raise _changed() from None
    is_elsewhere = held.deed != OPEN and post.topic_id != held.topic_id
    if post.is_gone or post.topic.hidden_at or is_elsewhere:
        raise _changed()
    return post


def _changed() -> Conflict:
    return Conflict(
        _("It has been changed, hidden or deleted since it was published. Nothing was changed.")
    )


def _require_untouched(held: Held, post: Post, before: Mapping[str, Any]) -> None:
    """Raise `Conflict` unless everything is still as the approval left it."""
    is_edit = held.deed == EDIT
    since = post.edited_at if is_edit and post.edited_at else post.created_at
    told_at = post.topic.followed_up_at  # what happened next: written there, and no post
    is_followed = not is_edit and told_at is not None and told_at > since
    if is_followed or post.topic.posts_count != (before["last"] if is_edit else post.number):
        raise Conflict(_("Somebody has written in the topic since. Nothing was changed."))
    is_answer = not is_edit and post.topic.answer_id == post.id
    if is_answer or has_reactions_since(held, post, since):
        raise Conflict(
            _(
                "Somebody has marked, quoted or edited it since, or voted there. Nothing was changed."
            )
        )
    if _differs(held, post, before) or (is_edit and not _is_latest_version(post)):
        raise _changed()


def _differs(held: Held, post: Post, before: Mapping[str, Any]) -> bool:
    """Whether a post, or the topic that it opens, differs from the text that was approved."""
    if held.fingerprint != before["said"] or post.language != held.language:
        return True
    # Only themes in use are compared: a theme that was removed meanwhile is no change
    themes = themes_by_id(held.themes) if post.number == 1 and held.themes is not None else None
    audience = held.audience if post.number == 1 else None
    is_for_others = audience is not None and post.topic.audience != audience
    return is_for_others or (
        themes is not None and themes_by_id(theme_ids_of(post.topic)) != themes
    )


def _is_latest_version(post: Post) -> bool:
    """Whether the latest change of a post is the approved one, and its former text is still kept."""
    revision = last_revision(post.id)
    is_kept = revision is not None and revision.withdrawn_at is None
    return is_kept and revision is not None and revision.replaced_at == post.edited_at


def _take_post_back(moderator: Person, held: Held, post: Post, before: Mapping[str, Any]) -> None:
    """Remove a post, and the topic that it opened. The row stays, so that the number is not reused."""
    topic, since = post.topic, post.created_at
    earlier = _moment(before["active_at"]) or since
    lock_to_note(topic.agenda_id, topic.audience)
    undo_watch_own_topic(moderator, held.author_id, topic.id, since, held.decided_at or since)
    delete_post(moderator, post)
    post.removed_at, post.submission_key = post.deleted_at, None
    latest = earlier if held.deed == OPEN else latest_shown_post_at(topic) or earlier
    # Otherwise the empty row would tell when something stood there.
    post.created_at = topic.active_at = latest
    if held.deed == OPEN:
        topic.title, topic.slug, topic.created_at = "", "topic", latest
        set_themes(topic, ())
    db.session.flush()
    note_quiet(moderator, topic.agenda_id, since, earlier)


def _take_edit_back(moderator: Person, post: Post, before: Mapping[str, Any]) -> None:
    """Restore the former text of a post, and delete the notices to members whom the edit mentioned or quoted.

    Hidden ones would come back, with the words that wait again, once the post is hidden and shown again.
    """
    revision = last_revision(post.id)
    if revision is None:
        raise _changed()
    text, topic = render_with_mentions(revision.source, before["language"]), post.topic
    post.write(text)
    post.edited_at = _moment(before["edited_at"])
    post.edit_answered_at = _moment(before["edit_answered_at"])
    if post.number == 1:
        edit_topic(moderator, post, text, TopicChanges(revision.title, before["themes"]))
        change_audience(moderator, topic, before["audience"])
    else:
        index_post(moderator, post, topic, text.plain)
    restore_mentions_and_quotes(post, text)
    forget_told_of_post(moderator, post.id, NAMING_NOTICES, revision.replaced_at)
    db.session.delete(revision)
    db.session.flush()


def _moment(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at) if at else None
