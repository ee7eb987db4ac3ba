"""Moderators' actions on topics and posts: review, lock, slow, pin, retitle, move, hide, remove, restore, and add notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from flask_babel import format_decimal
from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id, lock_opening
from forum.clock import now
from forum.deeds import action, touches
from forum.dialogue.actions._changing import edit_topic, move_topic, set_pace, set_topic_time
from forum.dialogue.actions._checks import check_themes, checked_title
from forum.dialogue.actions._counts import counting_last
from forum.dialogue.actions._holding import note_reviewed, note_unreviewed
from forum.dialogue.actions._stored import stored_text
from forum.dialogue.actions._topics import TopicChanges
from forum.dialogue.actions._withholding import (
    close_empty_topic,
    follow_restoring,
    follow_withholding,
    has_shown_posts,
    hide_as_empty,
    show_topic,
    withhold_topic,
)
from forum.dialogue.models import PACES, Pace, Post, Topic
from forum.dialogue.queries import (
    first_post,
    post_to_change,
    post_to_withhold,
    posts_to_index,
    require_no_home,
    theme_ids_of,
    title_fingerprint,
    topic_to_change,
    topics_slow_until,
)
from forum.errors import Conflict, Invalid
from forum.markup import NO_TEXT, Written
from forum.notifications.actions import retitle_notices
from forum.permissions import Person, require
from forum.search import actions as search
from forum.versions import topic_scope

BATCH_SIZE = 200  # topics whose limit has expired
MAX_MODERATORS_NOTE = 2_000  # characters that moderators add below a post


@action
def look_at(moderator: Person, post_id: int) -> Post:
    """Record that a moderator has looked at a member's first post: search engines may index it now."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    note_reviewed(post)
    return post


@action
def look_again(moderator: Person, post_id: int, since: datetime | None = None) -> Post:
    """Undo `look_at`: a first post waits again for a moderator to look at it, from now on or since a moment."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    note_unreviewed(post, since)
    return post


@action
def lock(moderator: Person, topic_id: int, reason: str = "", until: date | None = None) -> Topic:
    """Lock a topic against replies; readers see the reason, and the last day of the lock if it has one."""
    topic = set_topic_time(moderator, topic_id, "locked_at", now())
    topic.locked_reason, topic.locked_until = reason.strip(), until
    return topic


@action
def set_lock_end(moderator: Person, topic_id: int, until: date | None) -> Topic:
    """Change or remove the last day of a topic's lock."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    topic.locked_until = until if topic.locked_at else None
    return topic


@action
def unlock(moderator: Person, topic_id: int) -> Topic:
    """Unlock a topic, which takes replies again."""
    topic = set_topic_time(moderator, topic_id, "locked_at", None)
    topic.locked_reason, topic.locked_until = "", None
    return topic


@action
def slow(moderator: Person, topic_id: int, pace: Pace) -> Topic:
    """Limit each member to one reply per so many minutes in a topic; readers see the reason."""
    if pace.minutes not in PACES:
        raise Invalid(_("Choose how often each member can write."), "minutes")
    topic = set_topic_time(moderator, topic_id, "slowed_at", now())
    set_pace(topic, pace)
    return topic


@action
def unslow(moderator: Person, topic_id: int) -> Topic:
    """Remove the limit of a slow topic."""
    topic = set_topic_time(moderator, topic_id, "slowed_at", None)
    set_pace(topic, None)
    return topic


@action
def forget_paces(system: Person) -> int:
    """Remove expired limits from at most `BATCH_SIZE` slow topics; returns how many.

    The limits no longer apply anyway: this removes what the pages of visitors say about them.
    """
    require(system.can.administer())
    topics = topics_slow_until(now(), BATCH_SIZE)
    touches(*(topic_scope(topic.id) for topic in topics))
    for topic in topics:
        set_pace(topic, None)
    return len(topics)


@action
def pin(moderator: Person, topic_id: int) -> Topic:
    """Keep a topic at the top of its agenda's dialogue."""
    return set_topic_time(moderator, topic_id, "pinned_at", now())


@action
def unpin(moderator: Person, topic_id: int) -> Topic:
    """Unpin a topic: its latest post decides its place in the list again."""
    return set_topic_time(moderator, topic_id, "pinned_at", None)


@action
def retitle(
    moderator: Person,
    topic_id: int,
    title: str,
    themes: Sequence[int],
    *,
    seen: str | None = None,
    is_undone: bool = False,
) -> Topic:
    """Correct the title and the themes (ids) of a topic. The text is unchanged, and does not count as edited.

    `seen` is the `title_fingerprint` of the topic when the form was opened: `Conflict` when it has changed. With
    `is_undone` the topic may get as many themes as it had before.
    """
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    if topic.home:
        raise Invalid(_("Change this on its own page."), "title")
    if seen and seen != title_fingerprint(topic):
        raise Conflict(_("This text has changed since you opened the form."))
    check_themes(themes, themes if is_undone else theme_ids_of(topic))
    opening = first_post(topic)
    # Nothing of a hidden topic may reappear in lists and search, neither words nor pictures
    text = replace(NO_TEXT, language=opening.language) if opening.is_gone else stored_text(opening)
    edit_topic(moderator, opening, text, TopicChanges(checked_title(title), themes))
    # Of the former title readers have no version, so notices do not go on saying it
    retitle_notices(moderator, topic.id, topic.title, topic.language)
    return topic


@action
def move(moderator: Person, topic_id: int, agenda_id: int) -> Topic:
    """Move a topic to another agenda."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.move(topic.agenda_id, agenda_by_id(moderator, agenda_id)))
    if topic.home:
        raise Invalid(_("Move this on its own page, with what it belongs to."), "agenda")
    move_topic(moderator, topic, agenda_id)
    return topic


@action
def move_back(moderator: Person, topic_id: int, agenda_id: int) -> Topic:
    """Undo `move`: move a topic back to its agenda, even to an archived one."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id) and moderator.can.moderate(agenda_id))
    move_topic(moderator, topic, agenda_id)
    return topic


@action
def hide(moderator: Person, post_id: int, reason: str) -> Post:
    """Hide a post everywhere; in its place readers see that it is hidden, and why. A removed post becomes a hidden one.

    A topic without another visible post is hidden with it.
    """
    return _withhold(moderator, post_id, reason, is_removed=False)


@action
def remove(moderator: Person, post_id: int, reason: str) -> Post:
    """Hide a post without a trace: only moderators see that it existed."""
    return _withhold(moderator, post_id, reason, is_removed=True)


def _withhold(moderator: Person, post_id: int, reason: str, *, is_removed: bool) -> Post:
    post = post_to_withhold(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    require_no_home(post)
    is_so = post.hidden_at is not None and (post.removed_at is not None) == is_removed
    if post.deleted_at is not None or is_so:
        return post
    # A decision refers to the agenda, and its authors are counted before
    lock_opening(post.topic.agenda_id)
    was_shown, moment = not post.is_gone, post.hidden_at or now()
    post.hidden_at, post.hidden_reason = moment, reason
    post.removed_at = now() if is_removed else None
    note_reviewed(post)
    with counting_last(moderator):
        if was_shown:
            follow_withholding(moderator, post, was_shown=True)
            search.hide(moderator, "post", post.id)
        if not has_shown_posts(post):
            close_empty_topic(moderator, post.topic, moment)
    return post


@action
def restore(moderator: Person, post_id: int) -> Post:
    """Show a hidden post again, and its topic if that was hidden only because it had no visible post."""
    post = post_to_withhold(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    if post.hidden_at is None or post.deleted_at is not None:
        return post
    lock_opening(post.topic.agenda_id)  # as in `_withhold`
    post.hidden_at, post.hidden_reason, post.removed_at = None, "", None
    with counting_last(moderator):
        follow_restoring(moderator, post)
        if post.topic.emptied_at is not None:
            show_topic(moderator, post.topic)
    return post


@action
def hide_topic(moderator: Person, topic_id: int, reason: str = "") -> Topic:
    """Hide a whole topic everywhere; at its address readers see that it is hidden, and why.

    A removed topic becomes a hidden one.
    """
    return _withhold_topic(moderator, topic_id, reason, None)


@action
def remove_topic(moderator: Person, topic_id: int, reason: str = "") -> Topic:
    """Hide a whole topic without a trace."""
    return _withhold_topic(moderator, topic_id, reason, now())


def _withhold_topic(
    moderator: Person, topic_id: int, reason: str, removed_at: datetime | None
) -> Topic:
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    if topic.hidden_at is None:
        withhold_topic(moderator, topic, now())
    topic.hidden_reason, topic.removed_at, topic.emptied_at = reason, removed_at, None
    return topic


@action
def ask_to_edit(moderator: Person, post_id: int) -> Post:
    """Record that moderators have asked the author to change a post; the calling action notifies the author.

    Raises `Conflict` when the author cannot edit the post now.
    """
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    require_no_home(post)
    if (
        post.is_gone
        or post.topic.hidden_at
        or post.topic.locked_at
        or post.topic.agenda.archived_at
    ):
        raise Conflict(
            _("Its author cannot edit it now: it is hidden, or the topic takes no more replies.")
        )
    post.edit_asked_at, post.edit_answered_at = now(), None
    return post


@action
def take_request_back(moderator: Person, post_id: int) -> Post:
    """Withdraw the moderators' request that the author change a post."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    post.edit_asked_at = post.edit_answered_at = None
    return post


@action
def note(moderator: Person, post_id: int, text: Written, *, is_undone: bool = False) -> Post:
    """Set the moderators' note below a post, which all its readers see; an empty text removes it.

    The note of a hidden post can be changed and removed; a new note can be added to such a post only when its removal
    `is_undone`.
    """
    post = post_to_change(moderator, post_id)
    touches(topic_scope(post.topic_id))
    require(moderator.can.moderate(post.topic.agenda_id))
    require_no_home(post)
    if len(text.source) > MAX_MODERATORS_NOTE:
        raise Invalid(
            _("Shorten the text to %(most)s characters.", most=format_decimal(MAX_MODERATORS_NOTE)),
            "source",
        )
    if post.deleted_at or (post.is_gone and not (post.note_source or is_undone)):
        raise Conflict(_("This text has been removed, so there is nothing to add a note to."))
    _set_note(post, text, at=now())
    return post


def _set_note(post: Post, text: Written, *, at: datetime | None) -> None:
    is_one = bool(text.source.strip())
    post.note_source, post.note_html = (text.source, text.html) if is_one else ("", text.html[:0])
    post.note_html_version, post.note_language = text.html_version, text.language
    post.note_at = at if is_one else None


@action
def restore_topic(moderator: Person, topic_id: int) -> Topic:
    """Show a hidden topic again; one without a visible post stays hidden until it has one, also if none is left there."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    if topic.hidden_at is None:
        return topic
    if has_shown_posts(first_post(topic)):
        show_topic(moderator, topic)
    else:
        topic.emptied_at, topic.removed_at, topic.hidden_reason = topic.hidden_at, None, ""
        hide_as_empty(moderator, topic, topic.hidden_at)
    return topic


@action
def reword_notes(system: Person, texts: Mapping[int, tuple[str, Written]]) -> bool:
    """Replace moderators' notes below posts: {post id: (present source, new text)}.

    Returns False when one of the notes has another source by now; that one is left unchanged.
    """
    require(system.can.administer())
    posts = posts_to_index(list(texts))
    same = [post for post in posts if post.note_source == texts[post.id][0]]
    for post in same:
        _set_note(post, texts[post.id][1], at=post.note_at)
    return len(same) == len(texts)
