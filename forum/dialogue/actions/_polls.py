"""Adding, checking and deleting the poll of a post."""

from __future__ import annotations

from sqlalchemy import delete, insert

from forum.clock import now
from forum.db import db
from forum.dialogue.models import Poll, PollOption, PollText, Post
from forum.errors import Invalid
from forum.markup import Written
from forum.matches import ScreenedText, combine, from_plain_text


def checked_poll(text: PollText) -> PollText:
    """A poll with its white space normalised; raises `Invalid`, naming the wrong field."""
    text = text.tidied
    for field, why in text.faults.items():
        raise Invalid(why, field)
    return text


def add_poll(post: Post, text: PollText) -> None:
    """Add a checked poll below a post; voting begins now."""
    begins_at = now()  # one moment: how long the poll lasts is read from its two times
    poll = Poll(
        post_id=post.id,
        question=text.question,
        is_multiple=text.is_multiple,
        created_at=begins_at,
        closes_at=text.end(begins_at),
    )
    db.session.add(poll)
    post.has_poll = True
    db.session.flush()
    rows = [
        {"poll_id": poll.id, "position": position, "words": words}
        for position, words in enumerate(text.options, 1)
    ]
    db.session.execute(insert(PollOption), rows)


def forget_poll(post: Post) -> None:
    """Delete the poll of a post, with its options and votes, if it has one."""
    if post.has_poll:
        db.session.execute(delete(Poll).where(Poll.post_id == post.id))
        post.has_poll = False
        db.session.flush()


def screened_poll(text: PollText) -> ScreenedText:
    """The words of a poll, for screening rules."""
    return from_plain_text(*text.lines)


def screened_with(text: Written, title: str, poll: PollText | None) -> ScreenedText:
    """A text with its title, and with the words of the poll below it, for screening rules."""
    return combine([text, screened_poll(poll).text], title) if poll else ScreenedText(text, title)
