"""Texts that a rule holds back, and first posts that somebody is asked to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from forum.agendas.queries import agenda_by_id, curators_of
from forum.db import db, now
from forum.dialogue.actions._checks import sent_another
from forum.dialogue.models import EDIT, Held, Post
from forum.dialogue.queries import (
    SUBMISSION_KEY_LENGTH,
    has_written,
    held_by_submission_key,
    held_edit_of,
)
from forum.errors import Conflict
from forum.markup import Written, write
from forum.matches import OUTSIDE, Said
from forum.members.actions import note_waiting
from forum.notifications.actions import note_event, read_queue
from forum.permissions import Person
from forum.screening.models import Caught
from forum.screening.queries import is_newcomer, newness


def held_before(
    author: Person, key: str | None, text: Written, title: str | None = None
) -> Held | None:
    """What a form has sent already, if it says the same; see `sent_before`."""
    held = held_by_submission_key(author, key)
    if held is None:
        return None
    is_titled_alike = title is None or held.title == " ".join(title.split())
    if held.source == text.source and is_titled_alike:
        return held
    raise sent_another()


def words_of(deed: str, text: Written) -> dict[str, Any]:
    """What is kept of a text that waits, as columns of `Held`."""
    return {"deed": deed, "source": text.source, "language": text.language}


def hold(
    author: Person,
    agenda_id: int,
    what: Mapping[str, Any],
    why: Caught,
    *,
    key: str | None = None,
    organisation_id: int | None = None,
) -> Held:
    """Let a text wait, and let those know who can decide about it."""
    held = Held(
        author_id=author.id,
        agenda_id=agenda_id,
        organisation_id=organisation_id,
        submission_key=key[:SUBMISSION_KEY_LENGTH] if key else None,
        created_at=now(),
        **what,
    )
    _say_why(held, why)
    try:
        with db.session.begin_nested():
            db.session.add(held)
    except IntegrityError:
        raise Conflict(_("This was sent twice at once. Please send it again.")) from None
    note_waiting(author, author.id, 1)
    _tell_of_held(author, held)
    return held


def _say_why(held: Held, why: Caught) -> None:
    held.rule_id, held.rule, held.sentence = why.rule_id, why.name, why.sentence


def _tell_of_held(author: Person, held: Held) -> None:
    """The notice says where a text waits and nothing of the text, which its author may take back."""
    where = agenda_by_id(author, held.agenda_id).title
    who = curators_of(held.agenda_id)
    note_event(author, "queue", who, _in_queue(held), title=where, is_named=False)


def _in_queue(held: Held) -> str:
    return f"/moderation/held/{held.id}"


def hold_edit(
    author: Person,
    post: Post,
    text: Written,
    title: str,
    why: Caught,
    *,
    themes: Sequence[int] | None,
    audience: str | None,
) -> Held:
    """Let a change wait; it takes the place of an earlier one of the same post."""
    what = words_of(EDIT, text) | {"topic_id": post.topic_id, "post_id": post.id}
    what |= {"seen": post.fingerprint}
    if post.number == 1:
        more = {"themes": list(themes) if themes is not None else None, "audience": audience}
        what |= {"title": title, **more}
    earlier = held_edit_of(author, post.id)
    if earlier is None:
        return hold(author, post.topic.agenda_id, what, why)
    send_again(author, earlier, what, why)
    return earlier


def send_again(author: Person, held: Held, what: Mapping[str, Any], why: Caught | None) -> None:
    """Let a text that waits say something else, and one that was refused wait again."""
    for name, value in what.items():
        setattr(held, name, value)
    if why:
        _say_why(held, why)
    if held.decided_at is not None:
        held.created_at, held.decided_at = now(), None
        db.session.flush()
        _tell_of_held(author, held)


def drop(doer: Person, held: Held) -> None:
    """Take a text that waits out of the queue for good."""
    read_queue(doer, _in_queue(held))
    note_waiting(doer, held.author_id, -1)
    db.session.delete(held)
    db.session.flush()


def comes_first(author: Person, agenda_id: int) -> bool:
    """Whether a moderator is asked to look at what somebody writes, because it is one of their first posts."""
    if author.can.pass_screening(agenda_id):
        return False
    number = newness().first_posts
    return author.posts_count < number and not has_written(author, number)


def ask_to_look(author: Person, post: Post) -> None:
    """Ask those who can decide about an agenda to look at a post."""
    post.unseen_at = now()
    if post.number == 1:
        post.topic.unseen_at = post.unseen_at
    who, where = curators_of(post.topic.agenda_id), f"/moderation/post/{post.id}"
    note_event(author, "queue", who, where, title=post.topic.title, is_named=False)


def says_more(post: Post, text: Written, title: str) -> bool:
    """Whether an edit changes what readers see of a post."""
    return text.source != post.source or (post.number == 1 and title != post.topic.title)


def is_corrected(said: Said, before: str, language: str, title: str) -> bool:
    """Whether a text says in the same words what it said before: a comma more, a letter made large.

    Its author has sent these words already then. Whoever turns another text into them sends them once more.
    """
    return (
        said.key == Said(write(before, language), title).key
    )  # rare, so it may run under the lock


def look_again_if_new(author: Person, post: Post, said: Said) -> None:
    """Somebody new who puts the first link into a post is looked at again."""
    has_had = OUTSIDE.search(post.html) is not None
    if post.unseen_at is None and said.has_outside_links and not has_had and is_newcomer(author):
        ask_to_look(author, post)


def set_seen(post: Post) -> None:
    """Note that a moderator has looked at a post."""
    post.unseen_at = None
    if post.number == 1:
        post.topic.unseen_at = None
