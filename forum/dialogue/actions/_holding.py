"""Holding texts back that a rule catches, and asking moderators to look at somebody's first posts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id, curators_of
from forum.claims.models import queue_path
from forum.clock import now
from forum.db import db, flush_unique
from forum.dialogue.actions._checks import another_text_sent, says_the_same
from forum.dialogue.actions._counts import count_held
from forum.dialogue.actions._topics import TopicChanges
from forum.dialogue.models import EDIT, Held, Post
from forum.dialogue.queries import (
    SUBMISSION_KEY_LENGTH,
    fingerprint_of,
    has_written,
    held_by_submission_key,
    held_edit_of,
)
from forum.errors import Conflict
from forum.illustrations import names_in
from forum.markup import Written
from forum.matches import OUTSIDE, ScreenedText
from forum.notifications.actions import NoticeText, note_event, read_decisions, read_queue
from forum.notifications.models import QUEUE
from forum.permissions import Person
from forum.screening.models import ScreeningMatch
from forum.screening.queries import is_newcomer, newness


def already_held(
    author: Person, key: str | None, text: Written, title: str | None = None
) -> Held | None:
    """The text that the form with this submission key has already sent and a rule held back; see `already_posted`."""
    held = held_by_submission_key(author, key)
    if held is None:
        return None
    if says_the_same(held, text.source, title):
        return held
    raise another_text_sent()


def held_columns(deed: str, text: Written) -> dict[str, Any]:
    """The columns of a `Held` text that depend on the action (`OPEN`, `REPLY` or `EDIT`) and on the text."""
    return {"deed": deed, "source": text.source, "language": text.language}


def hold(
    author: Person,
    agenda_id: int,
    columns: Mapping[str, Any],
    rule: ScreeningMatch,
    *,
    key: str | None = None,
    organisation_id: int | None = None,
) -> Held:
    """Store a held text with its `columns` and the rule, and notify everybody who can decide about it."""
    held = Held(
        author_id=author.id,
        agenda_id=agenda_id,
        organisation_id=organisation_id,
        submission_key=key[:SUBMISSION_KEY_LENGTH] if key else None,
        created_at=now(),
        **columns,
    )
    _copy_rule(held, rule)
    db.session.add(held)
    flush_unique(Conflict(_("This was sent twice at once. Please send it again.")))
    count_held(author, author.id, 1)
    _notify_curators(author, held)
    return held


def _copy_rule(held: Held, rule: ScreeningMatch) -> None:
    held.rule_id, held.rule, held.sentence = rule.rule_id, rule.name, rule.sentence


def _notify_curators(author: Person, held: Held) -> None:
    """The notice names only the agenda and quotes nothing, because the author may still withdraw the text."""
    agenda = agenda_by_id(author, held.agenda_id)
    notice = NoticeText(QUEUE, queue_path("held", held.id), agenda.title, language=agenda.language)
    note_event(author, notice, curators_of(held.agenda_id), is_named=False)


def hold_edit(
    author: Person,
    post: Post,
    text: Written,
    changes: TopicChanges,
    rule: ScreeningMatch,
) -> Held:
    """Hold an edit. It replaces an earlier edit of the same post that waits or was refused."""
    columns = held_columns(EDIT, text) | {
        "topic_id": post.topic_id,
        "post_id": post.id,
        "seen": fingerprint_of(post),
    }
    if post.number == 1:
        theme_ids = None if changes.themes is None else list(changes.themes)
        columns |= {"title": changes.title_of(post.topic), "themes": theme_ids}
        columns["audience"] = changes.audience
    earlier = held_edit_of(author, post.id)
    if earlier is None:
        return hold(author, post.topic.agenda_id, columns, rule)
    resubmit(author, earlier, columns, rule)
    return earlier


def resubmit(
    author: Person, held: Held, columns: Mapping[str, Any], rule: ScreeningMatch | None
) -> None:
    """Replace a text that is held; if it was refused, it waits again and the curators are notified again."""
    for name, value in columns.items():
        setattr(held, name, value)
    if rule:
        _copy_rule(held, rule)
    if held.decided_at is not None:
        held.created_at, held.decided_at = now(), None
        db.session.flush()
        _close_refusal(author, held)
        _notify_curators(author, held)


def delete_held(doer: Person, held: Held) -> None:
    """Delete a held text and count it out; notices about it, to moderators and to the author, count as read."""
    read_queue(doer, queue_path("held", held.id))
    _close_refusal(doer, held)
    count_held(doer, held.author_id, -1)
    db.session.delete(held)
    db.session.flush()


def _close_refusal(doer: Person, held: Held) -> None:
    """Mark the author's notice of a refusal as read, because the text was sent again or deleted."""
    if held.decision_id is not None:
        read_decisions(doer, [held.decision_id])


def is_first_post(author: Person, agenda_id: int) -> bool:
    """Whether the next post of somebody on an agenda is one of their first, which a moderator is asked to look at."""
    if author.can.pass_screening(agenda_id):
        return False
    number = newness().first_posts
    return author.posts_count < number and not has_written(author, number)


def ask_for_review(author: Person, post: Post) -> None:
    """Put a post into the queue of its agenda's moderators, and notify them."""
    note_unreviewed(post)
    notice = NoticeText(
        QUEUE, queue_path("post", post.id), post.topic.title, language=post.topic.language
    )
    note_event(author, notice, curators_of(post.topic.agenda_id), is_named=False)


def has_same_words(said: ScreenedText, before: ScreenedText) -> bool:
    """Whether a text has the same words as before, so that only punctuation, case or the like has changed.

    Then the edit does not count as sending these words once more for the rule about repetitions.
    """
    return said.fingerprint == before.fingerprint


def review_first_link(author: Person, post: Post, said: ScreenedText) -> None:
    """Ask for a review when a new member adds the first external link or the first picture to a post by editing it."""
    is_first_link = said.has_outside_links and OUTSIDE.search(post.html) is None
    is_first = is_first_link or (said.has_pictures and not names_in(post.source))
    if post.unseen_at is None and is_first and is_newcomer(author):
        ask_for_review(author, post)


def review_poll(author: Person, post: Post) -> None:
    """Ask for a review when a new member adds or changes a poll below a text that no moderator would look at any more."""
    if post.unseen_at is None and not post.is_gone and is_newcomer(author):
        ask_for_review(author, post)


def note_reviewed(post: Post) -> None:
    """Record that a moderator has looked at a post, and so at the topic that it opens."""
    post.unseen_at = None
    if post.number == 1:
        post.topic.unseen_at = None


def note_unreviewed(post: Post, since: datetime | None = None) -> None:
    """Record that a post, and the topic that it opens, waits for a moderator to look at it: from now on, or since a moment."""
    post.unseen_at = since or now()
    if post.number == 1:
        post.topic.unseen_at = post.unseen_at
