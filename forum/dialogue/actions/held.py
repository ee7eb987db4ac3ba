"""Held texts: their authors revise or withdraw them, moderators approve or refuse them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._checks import (
    check_text,
    check_themes,
    checked_title,
    require_pace,
)
from forum.dialogue.actions._counts import count_held, counting_last
from forum.dialogue.actions._holding import (
    ask_for_review,
    delete_held,
    has_same_words,
    held_columns,
    is_first_post,
    resubmit,
)
from forum.dialogue.actions._polls import checked_poll, screened_with
from forum.dialogue.actions._quotes import quoted_in
from forum.dialogue.actions._topics import NO_CHANGES, NewTopic, TopicChanges
from forum.dialogue.actions.editing import publish_edit
from forum.dialogue.actions.writing import publish_reply, publish_topic
from forum.dialogue.models import EDIT, OPEN, REPLY, Held, PollText, Post
from forum.dialogue.queries import (
    asks_the_same,
    fingerprint_of,
    first_post,
    held_by_author,
    is_as_seen,
    lock_held,
    lock_place_of,
    post_if_there,
    refused_before,
    render_with_mentions,
    topic_if_there,
)
from forum.errors import Conflict, Invalid
from forum.illustrations import names_in
from forum.markup import NO_TEXTS, Written
from forum.matches import ScreenedText
from forum.members.models import Member
from forum.members.queries import lock_writer
from forum.permissions import AUDIENCES, PUBLIC, Person, require
from forum.pictures import actions as pictures
from forum.screening.actions import screen
from forum.screening.models import ScreeningMatch
from forum.screening.queries import Sending, compares_texts
from forum.verdicts import Verdict

BATCH_SIZE = 200  # refused texts that are emptied together
KEPT_REFUSED = timedelta(days=183)  # as long as an appeal is possible


@action
def revise(
    author: Person,
    held_id: int,
    text: Written,
    changes: TopicChanges = NO_CHANGES,
    *,
    poll: PollText | None = None,
    seen: str | None = None,
) -> Post | Held:
    """Change the author's held or refused text, and screen it again; if no rule holds it back, it is published at once.

    A text that a moderator has refused always waits again. `changes` are for texts that open a topic or edit its
    first post, `poll` is the poll of a text that opens a topic, if any; `seen` is as in `edit`. A text that still
    waits can be changed at any time; one that is published or sent again is subject to the topic's pace, as in
    `reply`.
    """
    lock_writer(author)
    lock_place_of(held_id, quoted_in(text), changes.audience)
    held = lock_held(author, held_id)
    require(author.can.revise(held))
    _require_held_back(held)
    poll = checked_poll(poll) if poll and held.deed == OPEN else None
    if seen and seen != held.fingerprint and not _is_as_held(held, text, changes, poll):
        raise Conflict(_("This text has changed since you opened the form."))
    check_text(text)
    pictures.show(author, text.pictures, held.agenda_id, names_in(held.source))
    check_themes(changes.themes, held.themes or ())
    columns = _revised(author, held, text, changes, poll)
    rule = _screen_again(author, held, screened_with(text, columns.get("title", ""), poll))
    is_refused = held.refused_at is not None
    if held.deed == REPLY and (rule is None or is_refused):
        _require_pace(author, held)
    if rule or is_refused:
        resubmit(author, held, columns, rule)
        return held
    for name, value in columns.items():
        setattr(held, name, value)
    return _publish_revised(author, held, text)


def _is_as_held(held: Held, text: Written, changes: TopicChanges, poll: PollText | None) -> bool:
    """Whether a revision changes nothing of the held text."""
    is_same_text = text.source == held.source and asks_the_same(held, poll)
    return is_same_text and changes.leave(held.title, held.audience)


def _revised(
    author: Person, held: Held, text: Written, changes: TopicChanges, poll: PollText | None
) -> dict[str, Any]:
    """The columns of a held text that a revision changes."""
    columns = held_columns(held.deed, text) | _revised_topic(held, changes)
    if held.deed == OPEN:
        columns["poll"] = poll.stored if poll else None
    if held.deed == EDIT and (post := post_if_there(author, held.post_id)):
        # Which the form showed to the author beside the held edit
        columns["seen"] = fingerprint_of(post)
    return columns


def _screen_again(author: Person, held: Held, said: ScreenedText) -> ScreeningMatch | None:
    """What `screen` finds in a revision; the author may say again what was counted when the held text was sent."""
    is_again = compares_texts(author, held.agenda_id) and _says_again(held, said)
    return screen(author, held.agenda_id, said, Sending.RESENT if is_again else Sending.NEW)


def _require_pace(author: Person, held: Held) -> None:
    """Raise `TooSoon` when a reply that is published now, or sent again, follows another too soon."""
    if topic := topic_if_there(author, held.topic_id):
        require_pace(author, topic, held.id)


def _says_again(held: Held, said: ScreenedText) -> bool:
    """Whether a text has the same words as the held one; rendered while the lock is held, which is fine because it is rare."""
    text = render_with_mentions(held.source, held.language)
    return has_same_words(said, screened_with(text, held.title, held.poll_text))


def _publish_revised(author: Person, held: Held, text: Written) -> Post:
    is_first = held.deed != EDIT and is_first_post(author, held.agenda_id)
    post = _publish(author, held, text)
    if is_first:
        ask_for_review(author, post)
    delete_held(author, held)
    return post


def _revised_topic(held: Held, changes: TopicChanges) -> dict[str, Any]:
    if not held.title:
        return {}
    title = held.title if changes.title is None else checked_title(changes.title)
    columns: dict[str, Any] = {"title": title}
    if changes.themes is not None:
        columns["themes"] = list(changes.themes)
    if changes.audience is not None:
        if changes.audience not in AUDIENCES:
            raise Invalid(_("Choose who may read it."), "audience")
        columns["audience"] = changes.audience
    return columns


@action
def take_back(author: Person, held_id: int) -> None:
    """Withdraw the author's held or refused text; it is deleted."""
    touches()
    require(author.can.see_own())
    lock_writer(author)
    held = lock_held(author, held_id)
    require(author.can.take_back(held))
    _require_held_back(held)
    delete_held(author, held)


def _require_held_back(held: Held) -> None:
    if held.became_id is not None:
        raise Conflict(_("This text is published by now."))
    if not held.source:
        raise Conflict(_("This text was deleted after its time."))


@action
def approve(
    moderator: Person,
    held_id: int,
    seen: str | None = None,
    texts: Mapping[str, Written] = NO_TEXTS,
) -> Post:
    """Publish a held or refused text, in its author's name and with the rights that the author has now.

    The pace of a slow topic does not matter: the author has already waited when the text was sent. Raises `Conflict`
    when the author may not publish it now or would have to change it first, or when the text is not the one that the moderator has read: `seen` is the
    `fingerprint` of that. `texts` are the rendered texts, by source, from before the action; a text that has changed
    since is rendered while the lock is held.
    """
    held = _held_to_decide(moderator, held_id, seen)
    author = db.session.get_one(Member, held.author_id, populate_existing=True)
    if why_not := _why_not(author, held):
        raise Conflict(_("This cannot be published now. %(why)s", why=why_not))
    text = texts.get(held.source)
    if text is None or text.language != held.language:
        text = render_with_mentions(held.source, held.language)
    try:
        post = _publish(author, held, text, is_traced=True)
    except Invalid as error:  # which tells the author what to change, and nothing is published
        raise Conflict(
            _(
                "This cannot be published as it is. Refuse it and say why, then its author can change it. The author would be told: %(why)s",
                why=error,
            )
        ) from error
    held.became_id, held.decided_at = post.id, now()
    held.empty()
    count_held(moderator, held.author_id, -1)
    return post


@action
def refuse(
    moderator: Person,
    held_id: int,
    reason: str,
    seen: str | None = None,
    *,
    decision_id: int | None = None,
) -> Held:
    """Refuse a held text, for a reason that its author reads; only the author and moderators can still see the text.

    `decision_id` is the decision whose notice counts as read when the author sends the text again, or deletes it.
    """
    touches()
    held = _held_to_decide(moderator, held_id, seen)
    if held.decided_at is not None:
        raise Conflict(_("This was refused already. Nothing was changed."))
    held.decided_at = held.refused_at = now()
    held.decision_id, held.reason = decision_id, reason
    return held


@action
def reconsider(moderator: Person, held_id: int) -> Held:
    """Undo the refusal of a text: it waits again."""
    touches()
    held = _held_to_decide(moderator, held_id, None)
    held.decided_at = held.refused_at = None
    held.decision_id, held.reason = None, ""
    return held


def _held_to_decide(moderator: Person, held_id: int, seen: str | None) -> Held:
    held = lock_held(moderator, held_id)
    require(moderator.can.moderate(held.agenda_id))
    _require_held_back(held)
    if seen and seen != held.fingerprint:
        raise Conflict(_("The author has changed this text meanwhile. Read it again."))
    return held


def _why_not(author: Member, held: Held) -> str | None:
    """Why an approved text cannot be published now, or None.

    It is checked first, because an action that fails inside another one must not be caught.
    """
    verdict = author.can.be_published() and _verdict_on(author, held)
    return None if verdict else str(verdict.why_not)


def _verdict_on(author: Member, held: Held) -> Verdict:
    if held.deed == OPEN:
        return author.can.open_topic(agenda_by_id(author, held.agenda_id))
    gone = Verdict(_("What it belongs to is gone, or its author may not read it any more."))
    if held.deed == REPLY:
        topic = topic_if_there(author, held.topic_id)
        return author.can.reply(topic) if topic else gone
    post = post_if_there(author, held.post_id)
    if post is None:
        return gone
    if not is_as_seen(post, held.seen):
        return Verdict(_("The post has been changed in another way since."))
    return author.can.edit(post)


def _publish(author: Person, held: Held, text: Written, *, is_traced: bool = False) -> Post:
    """Do what the author wanted to do, now and with all consequences.

    `text` is that of `held`, rendered; `is_traced` as in `publish_edit`.
    """
    # As it is now; otherwise the text is published without the organisation
    is_theirs = author.writes_for(held.organisation_id)
    if held.deed == EDIT:
        changes = TopicChanges(held.title or None, held.themes, held.audience)
        return publish_edit(author, held.post_id or 0, text, changes, is_traced=is_traced)
    if held.deed == REPLY:
        where: dict[str, Any] = {"paragraph": held.paragraph, "for_organisation": is_theirs}
        topic_id, key = held.topic_id or 0, held.submission_key
        return publish_reply(author, topic_id, text, key, **where)
    new = NewTopic(
        kind=held.kind,
        title=held.title,
        text=text,
        themes=held.themes or (),
        audience=held.audience or PUBLIC,
        for_organisation=is_theirs,
        poll=held.poll_text,
    )
    return first_post(publish_topic(author, held.agenda_id, new, held.submission_key))


@action
def forget_refused(system: Person) -> int:
    """Delete the texts of at most `BATCH_SIZE` refusals older than `KEPT_REFUSED`, keeping the rows; returns how many."""
    require(system.can.administer())
    touches()
    old = refused_before(now() - KEPT_REFUSED, BATCH_SIZE)
    with counting_last(system):
        for held in old:
            held.empty()
            count_held(system, held.author_id, -1)
    return len(old)


@action
def forget_held(system: Person, member_id: int) -> None:
    """Delete the held texts of somebody who has left."""
    require(system.can.administer())
    touches()
    for held in held_by_author(member_id):
        delete_held(system, held)
