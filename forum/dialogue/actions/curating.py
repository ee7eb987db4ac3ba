"""What moderators do to topics and posts: review, lock, slow, pin, retitle, move, hide, remove, restore, and add notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from flask_babel import format_decimal
from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.deeds import action, touches
from forum.dialogue.actions._changing import edit_topic, move_topic, set_pace, set_topic_time
from forum.dialogue.actions._checks import check_themes, checked_title
from forum.dialogue.actions._counts import count_post
from forum.dialogue.actions._holding import note_reviewed, note_unreviewed
from forum.dialogue.actions._stored import stored_text
from forum.dialogue.actions._topics import TopicChanges
from forum.dialogue.actions._withholding import (
    close_empty_topic,
    follow_restoring,
    follow_withholding,
    has_shown_posts,
    show_topic,
    withhold_topic,
)
from forum.dialogue.models import PACES, Pace, Post, Topic
from forum.dialogue.queries import (
    first_post,
    post_to_change,
    posts_to_index,
    require_no_home,
    theme_ids_of,
    title_fingerprint,
    topic_to_change,
    topics_slow_until,
)
from forum.errors import Conflict, Invalid
from forum.markup import NO_TEXT, Written
from forum.permissions import Person, require
from forum.search import actions as search
from forum.versions import topic_scope

MAX_MODERATORS_NOTE = 2_000  # characters that moderators add below a post


@action
def look_at(moderator: Person, post_id: int) -> Post:
    """Note that a moderator has looked at one of somebody's first posts: search engines may find it now."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    note_reviewed(post)
    return post


@action
def look_again(moderator: Person, post_id: int, since: datetime | None = None) -> Post:
    """Undo `look_at`: a first post waits again to be looked at, from now on or as it did since a moment."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    note_unreviewed(post, since)
    return post


@action
def lock(moderator: Person, topic_id: int, reason: str = "", until: date | None = None) -> Topic:
    """Let a topic take no more replies; readers see the reason, and the last day if there is one."""
    topic = set_topic_time(moderator, topic_id, "locked_at", now())
    topic.locked_reason, topic.locked_until = reason.strip(), until
    return topic


@action
def set_lock_end(moderator: Person, topic_id: int, until: date | None) -> Topic:
    """Give the lock of a topic another last day, or none."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    topic.locked_until = until if topic.locked_at else None
    return topic


@action
def unlock(moderator: Person, topic_id: int) -> Topic:
    """Let a topic take replies again."""
    topic = set_topic_time(moderator, topic_id, "locked_at", None)
    topic.locked_reason, topic.locked_until = "", None
    return topic


@action
def slow(moderator: Person, topic_id: int, pace: Pace) -> Topic:
    """Let each member write one reply in so many minutes in a topic; readers see the reason."""
    if pace.minutes not in PACES:
        raise Invalid(_("Choose how often each member can write."), "minutes")
    topic = set_topic_time(moderator, topic_id, "slowed_at", now())
    set_pace(topic, pace)
    return topic


@action
def unslow(moderator: Person, topic_id: int) -> Topic:
    """Let members reply in a topic as often as they like again."""
    topic = set_topic_time(moderator, topic_id, "slowed_at", None)
    set_pace(topic, None)
    return topic


@action
def forget_paces(system: Person, limit: int = 200) -> int:
    """Let at most `limit` topics whose pace is over be as fast as any; returns how many.

    They are so already: this takes what is said of it off the pages of visitors.
    """
    require(system.can.administer())
    topics = topics_slow_until(now(), limit)
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
    """Let a topic stand where its latest post puts it."""
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
    """Correct the title and the themes (ids) of a topic. The text stays as its author wrote it, and counts as unedited.

    `seen` is the `title_fingerprint` of the topic when the form was opened: `Conflict` when it is another by now. If
    this `is_undone`, the topic gets as many themes back as it had.
    """
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    if topic.home:
        raise Invalid(_("This is changed on its own page."), "title")
    if seen and seen != title_fingerprint(topic):
        raise Conflict(_("This text has changed since you opened the form."))
    check_themes(themes, themes if is_undone else theme_ids_of(topic))
    opening = first_post(topic)
    # Of what is out of sight nothing comes back into lists and search, neither words nor pictures
    text = replace(NO_TEXT, language=opening.language) if opening.is_gone else stored_text(opening)
    edit_topic(moderator, opening, text, TopicChanges(checked_title(title), themes))
    return topic


@action
def move(moderator: Person, topic_id: int, agenda_id: int) -> Topic:
    """Put a topic on another agenda."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.move(topic, agenda_by_id(moderator, agenda_id)))
    if topic.home:
        raise Invalid(_("This is moved on its own page, with what it belongs to."), "agenda")
    move_topic(moderator, topic, agenda_id)
    return topic


@action
def move_back(moderator: Person, topic_id: int, agenda_id: int) -> Topic:
    """Undo `move`: put a topic back on an agenda, even an archived one."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id) and moderator.can.moderate(agenda_id))
    move_topic(moderator, topic, agenda_id)
    return topic


@action
def hide(moderator: Person, post_id: int, reason: str) -> Post:
    """Hide a post everywhere; in its place readers see that it is hidden, and why. A removed post is then only hidden.

    A topic without another shown post is hidden with it.
    """
    return _withhold(moderator, post_id, reason, is_removed=False)


@action
def remove(moderator: Person, post_id: int, reason: str) -> Post:
    """Hide a post without a trace: only who moderates sees that there was one."""
    return _withhold(moderator, post_id, reason, is_removed=True)


def _withhold(moderator: Person, post_id: int, reason: str, *, is_removed: bool) -> Post:
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    require_no_home(post)
    is_so = post.hidden_at is not None and (post.removed_at is not None) == is_removed
    if post.deleted_at is not None or is_so:
        return post
    was_shown, moment = not post.is_gone, post.hidden_at or now()
    if was_shown:
        count_post(moderator, post.topic, post, -1)
    post.hidden_at, post.hidden_reason = moment, reason
    post.removed_at = now() if is_removed else None
    note_reviewed(post)
    if was_shown:
        follow_withholding(moderator, post, was_shown=True)
        search.hide(moderator, "post", post.id)
    if not has_shown_posts(post):
        close_empty_topic(moderator, post.topic, moment)
    return post


@action
def restore(moderator: Person, post_id: int) -> Post:
    """Show a hidden post again, and its topic when that was hidden because nothing was left to read in it."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    if post.hidden_at is None or post.deleted_at is not None:
        return post
    post.hidden_at, post.hidden_reason, post.removed_at = None, "", None
    follow_restoring(moderator, post)
    if post.topic.emptied_at is not None:
        show_topic(moderator, post.topic)
    return post


@action
def hide_topic(moderator: Person, topic_id: int, reason: str = "") -> Topic:
    """Hide a whole topic everywhere; at its address readers see that it is hidden, and why.

    A removed topic is then only hidden.
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
    """Note that moderators have asked the author to change a post; the calling action notifies the author.

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
    """Set the moderators' note below a post, which all who read the post see; an empty text removes it.

    That of a hidden post can be changed and removed; such a post gets a new one only when a removal `is_undone`.
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
    """Show a hidden topic again; one without a shown post stays hidden for as long as that is so."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    if topic.hidden_at is None:
        return topic
    if has_shown_posts(first_post(topic)):
        show_topic(moderator, topic)
    else:
        topic.emptied_at = topic.hidden_at
        close_empty_topic(moderator, topic, topic.hidden_at)
    return topic


@action
def reword_notes(system: Person, texts: Mapping[int, tuple[str, Written]]) -> bool:
    """Replace moderators' notes below posts, by the id of the post: {id: (present source, new text)}.

    Returns False when a note is no longer the present one, and leaves that one as it is.
    """
    require(system.can.administer())
    posts = posts_to_index(list(texts))
    same = [post for post in posts if post.note_source == texts[post.id][0]]
    for post in same:
        _set_note(post, texts[post.id][1], at=post.note_at)
    return len(same) == len(texts)
