"""Editing and deleting one's own posts, withdrawing earlier versions, and making an experience a question.

`edit` is what members do themselves: screening rules may hold the text back. `publish_edit` applies no rules.
"""

from __future__ import annotations

from flask_babel import gettext as _

from forum.agendas.queries import lock_opening
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._changing import (
    changes_text,
    checked_changes,
    edit_topic,
    keep_revision,
    take_as_own,
)
from forum.dialogue.actions._checks import check_text, check_themes
from forum.dialogue.actions._holding import has_same_words, hold_edit, review_first_link
from forum.dialogue.actions._questions import set_kind
from forum.dialogue.actions._quotes import quoted_in
from forum.dialogue.actions._stored import plain_texts, stored_text
from forum.dialogue.actions._telling import index_post, notify_named
from forum.dialogue.actions._topics import NO_CHANGES, TopicChanges
from forum.dialogue.actions._withholding import delete_post
from forum.dialogue.models import CHOSEN_KINDS, Held, Post, Revision, Topic
from forum.dialogue.queries import (
    is_as_seen,
    lock_posts_to_quote,
    lock_to_give_readers,
    lock_topics_to_quote,
    post_to_change,
    post_to_withhold,
    render_with_mentions,
    require_no_home,
    theme_ids_of,
    topic_to_change,
)
from forum.errors import Conflict, Invalid, or_not_found
from forum.illustrations import names_in
from forum.markup import Written
from forum.matches import ScreenedText
from forum.members.queries import lock_writer
from forum.notifications.actions import read_outdated, retitle_notices, update_quotations
from forum.permissions import SYSTEM, Person, require
from forum.pictures import actions as pictures
from forum.quotes import withheld_in_html
from forum.screening.actions import screen
from forum.screening.queries import Sending, compares_texts
from forum.versions import member_scopes, topic_scope


@action
def edit(
    author: Person,
    post_id: int,
    text: Written,
    changes: TopicChanges = NO_CHANGES,
    *,
    seen: str | None = None,
) -> Post | Held:
    """Change the author's own post, or hold the change when a screening rule says so.

    `changes` are allowed for the first post of a topic only. More than 15 minutes after posting, the former text is
    kept as a `Revision`.

    `seen` is the `fingerprint_of` the post that the author changed. Raises `Conflict` when the post, or a title or
    themes corrected by a moderator, have changed since; but not when everything is already as the author wants it,
    because the form was sent again after a lost response.
    """
    post = _post_to_edit(author, post_id, text, changes)
    changes = checked_changes(post, changes)
    if seen and not is_as_seen(post, seen) and _changes_anything(post, text, changes):
        raise Conflict(_("This text has changed since you opened the form."))
    check_text(text)
    pictures.show(author, text.pictures, post.topic.agenda_id, names_in(post.source))
    check_themes(changes.themes, theme_ids_of(post.topic) if changes.themes else ())
    if changes_text(post, text, changes):
        said = ScreenedText(text, changes.title_of(post.topic) if post.number == 1 else "")
        sending = Sending.EDITED if _has_former_words(author, post, said) else Sending.NEW
        if rule := screen(author, post.topic.agenda_id, said, sending):
            return hold_edit(author, post, text, changes, rule)
        review_first_link(author, post, said)
    is_traceless = keep_revision(post, text, changes)
    return _apply_edit(author, post, text, changes, is_traceless=is_traceless)


def _changes_anything(post: Post, text: Written, changes: TopicChanges) -> bool:
    if changes_text(post, text, changes):
        return True
    has_others = changes.themes is not None and set(changes.themes) != set(theme_ids_of(post.topic))
    return has_others or changes.audience not in (None, post.topic.audience)


def _has_former_words(author: Person, post: Post, said: ScreenedText) -> bool:
    """Whether an edit leaves the words of a post as they are; False, without comparing, where no rule needs to know it."""
    if not compares_texts(author, post.topic.agenda_id):
        return False
    title = post.topic.title if post.number == 1 else ""
    return has_same_words(said, ScreenedText(_former_text(post), title))


def _former_text(post: Post) -> Written:
    """The text of a post with all its links, even those in quotations that are withheld by now, which is rare."""
    if withheld_in_html(post.html):
        return render_with_mentions(post.source, post.language)
    return stored_text(post)


@action
def publish_edit(
    author: Person,
    post_id: int,
    text: Written,
    changes: TopicChanges = NO_CHANGES,
    *,
    is_traced: bool = False,
) -> Post:
    """Change a post without screening it: for an approved text.

    With `is_traced` the former text is kept as a `Revision` even within minutes after posting.
    """
    post = _post_to_edit(author, post_id, text, changes)
    check_text(text)
    changes = checked_changes(post, changes)
    is_traceless = keep_revision(post, text, changes, is_traced=is_traced)
    return _apply_edit(author, post, text, changes, is_traceless=is_traceless)


def _post_to_edit(author: Person, post_id: int, text: Written, changes: TopicChanges) -> Post:
    """The post, locked; raises `Forbidden` unless the author may edit it here."""
    lock_writer(author)
    quoted = quoted_in(text)
    lock_topics_to_quote(quoted, post_id=post_id)
    if changes.audience is not None:
        lock_to_give_readers(author, post_id, changes.audience, quoted)
    # In the order of ids, as by whoever withholds quotations: the post may quote one that quotes it
    lock_posts_to_quote({quoted_id for quoted_id in quoted if quoted_id < post_id})
    post = post_to_change(author, post_id)
    lock_posts_to_quote({quoted_id for quoted_id in quoted if quoted_id > post_id})
    if post.number > 1:  # the title of a topic is also on the profiles of everybody who replied
        touches(topic_scope(post.topic_id), *member_scopes(author.id))
    require(author.can.edit(post))
    require_no_home(post)
    return post


def _apply_edit(
    author: Person, post: Post, text: Written, changes: TopicChanges, *, is_traceless: bool
) -> Post:
    """Store a checked edit, and update the topic, search and notices.

    If it `is_traceless`, notices do not go on saying what the post and its topic said before.
    """
    if changes_text(post, text, changes):
        if post.edit_asked_at:
            post.edit_answered_at = now()
            read_outdated(author, "decision", [f"/posts/{post.id}/edit"], [post.author_id])
        take_as_own(author, post)
    post.write(text)
    if post.number == 1:
        edit_topic(author, post, text, changes)
    else:
        index_post(author, post, post.topic, text.plain)
    notify_named(author, post, text)
    if is_traceless:
        _reword_notices(post, text.plain)
    return post


def _reword_notices(post: Post, plain: str) -> None:
    """Let notices say what a post and its topic say now; hidden ones, too, which come back when it is shown again."""
    topic = post.topic if post.number == 1 else None
    update_quotations(SYSTEM, post.id, plain, topic.id if topic else None)
    if topic:
        retitle_notices(SYSTEM, topic.id, topic.title, topic.language)


@action
def change_kind(member: Person, topic_id: int, kind: str) -> Topic:
    """Make an experience a question, or the reverse.

    A question that becomes an experience loses its answer, and its requests for advice are inactive while it is one.
    Raises `Conflict` when it has a follow-up, which only a question can have.
    """
    lock_writer(member)
    topic = topic_to_change(member, topic_id)
    require(member.can.change_kind(topic))
    if kind not in CHOSEN_KINDS:
        raise Invalid(_("Choose an experience or a question."), "kind")
    if kind == topic.kind:
        raise Conflict(_("This is so already. Nothing was changed."))
    if topic.followed_up_at or topic.follow_up_hidden_at:
        raise Conflict(
            _(
                "What happened next is told here, so it stays a question until its author has taken that back."
            )
        )
    set_kind(member, topic, kind)
    return topic


@action
def delete(author: Person, post_id: int) -> Post:
    """Delete the author's own post with its versions and marks. Its number is not reused; a topic without posts goes too."""
    lock_writer(author)
    post = post_to_withhold(author, post_id)
    require(author.can.delete(post))
    require_no_home(post)
    lock_opening(post.topic.agenda_id)  # before it is counted out
    return delete_post(author, post)


@action
def withdraw(author: Person, revision_id: int) -> Post:
    """Delete the text of an earlier version of the author's own post. Readers still see that the post was edited."""
    lock_writer(author)
    known = db.session.get(Revision, revision_id)
    # Locked after topic and post, in the same order as in all actions that change or delete a post
    post = post_to_change(author, known.post_id if known else 0)
    require(author.can.delete(post))
    revision = or_not_found(
        db.session.get(Revision, revision_id, with_for_update=True, populate_existing=True)
    )
    revision.source, revision.title = "", ""
    revision.withdrawn_at = revision.withdrawn_at or now()
    _reword_notices(post, plain_texts([post])[post.id])  # they quote its first version
    return post
