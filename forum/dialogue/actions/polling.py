"""Polls: adding one below a topic's first text, voting, closing and removing it."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import delete, insert, update

from forum.agendas.queries import lock_to_write_on
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._changing import take_as_own
from forum.dialogue.actions._holding import review_poll
from forum.dialogue.actions._polls import add_poll, checked_poll, forget_poll, screened_poll
from forum.dialogue.actions._stored import plain_texts
from forum.dialogue.actions._telling import index_topic, post_entry, with_poll_words
from forum.dialogue.models import Poll, PollOption, PollText, PollVote, Post
from forum.dialogue.queries import (
    fields_of_poll,
    has_votes_in,
    poll_if_there,
    poll_to_change,
    post_to_change,
    require_changeable,
    require_no_home,
    votes_in,
    votes_to_remove,
)
from forum.errors import Conflict, Invalid
from forum.history.queries import refuse_unseen
from forum.members.queries import lock_writer
from forum.permissions import Person, require
from forum.screening.actions import refuse_caught
from forum.search import actions as search
from forum.versions import topic_scope


@action
def set_poll(
    author: Person,
    post_id: int,
    text: PollText,
    *,
    seen: str | None = None,
    is_screened: bool = True,
) -> Post:
    """Add a poll below the text with which the author opened a topic, or change the poll until somebody votes.

    A poll that a rule catches is refused, because there is no queue for it. A poll that a new member adds later is
    reviewed, like the first link that an edit adds. Imports are not screened (`is_screened`), and may add a poll
    below a reply: one that opened a topic before that was merged into another. `seen` is the `poll_fingerprint` of the
    poll that the form has shown: `Conflict` when there is another one now.
    """
    lock_writer(author)
    post = post_to_change(author, post_id)
    lock_to_write_on(author, post.topic.agenda_id)
    touches(topic_scope(post.topic_id))
    require(author.can.edit(post))
    require_no_home(post)
    poll = poll_if_there(post)
    if is_screened:
        require_changeable(post, poll)
    text = checked_poll(text)
    if poll is None or not poll.is_as(text):
        said = _("The poll has changed since you opened the form.")
        refuse_unseen(seen, fields_of_poll(poll.text if poll else None), said)
    if poll is None or text.lines != poll.text.lines:
        take_as_own(author, post)
        if is_screened:
            refuse_caught(author, post.topic.agenda_id, screened_poll(text), "question")
            review_poll(author, post)
    plain = plain_texts([post])[post.id]
    forget_poll(post)
    add_poll(post, text)
    _index(author, post, plain)
    return post


def _index(author: Person, post: Post, plain: str) -> None:
    """Update the search document after a change of the poll. `plain` is the text without the words of the poll.

    A hidden reply keeps its (hidden) document, which must not show the words of a deleted poll when it is restored. A
    hidden opening post has no text in any document.
    """
    if post.number > 1:
        entry = post_entry(post, post.topic, plain)
        search.index_all(author, {(entry.kind, entry.item_id): (entry, post.hidden_at)})
    elif not post.is_gone:
        index_topic(author, post.topic, with_poll_words(post, plain), post.source)


@action
def vote(member: Person, post_id: int, option_ids: Collection[int]) -> Post:
    """Choose exactly these options of the poll below a post, in place of those chosen before."""
    post, poll = _begin_vote(member, post_id)
    chosen = set(option_ids)
    if not chosen:
        raise Invalid(_("Choose an option."), "option")
    if len(chosen) > 1 and not poll.is_multiple:
        raise Invalid(_("Choose one option only."), "option")
    if not chosen.issubset(option.id for option in poll.options):
        raise Invalid(_("The options have changed. Choose again."), "option")
    _choose(member, poll, chosen)
    return post


@action
def unvote(member: Person, post_id: int) -> Post:
    """Take back one's vote in the poll below a post; nothing happens when there is none."""
    post, poll = _begin_vote(member, post_id)
    _choose(member, poll, set())
    return post


def _begin_vote(member: Person, post_id: int) -> tuple[Post, Poll]:
    """The post, locked so that votes are counted one after the other, and its poll."""
    lock_writer(member)
    post = post_to_change(member, post_id)
    lock_to_write_on(member, post.topic.agenda_id)
    touches(topic_scope(post.topic_id))
    require(member.can.vote(post))
    poll = poll_to_change(post)
    if poll.is_closed:
        raise Conflict(_("This poll is closed, so votes are not counted any more."))
    return post, poll


def _choose(member: Person, poll: Poll, chosen: set[int]) -> None:
    """Replace what a member has chosen in a poll, and update the counters."""
    before = votes_in(poll, member)
    taken, added = before - chosen, chosen - before
    if taken:
        theirs = delete(PollVote).where(PollVote.member_id == member.id)
        db.session.execute(theirs.where(PollVote.option_id.in_(taken)))
        _count_votes(taken, -1)
    if added:
        rows = [
            {"option_id": option_id, "member_id": member.id, "created_at": now()}
            for option_id in sorted(added)
        ]
        db.session.execute(insert(PollVote), rows)
        _count_votes(added, 1)
    _count_voter(poll.id, bool(chosen) - bool(before))


def _count_votes(option_ids: Collection[int], by: int) -> None:
    counted = update(PollOption).where(PollOption.id.in_(option_ids))
    db.session.execute(counted.values(votes_count=PollOption.votes_count + by))


def _count_voter(poll_id: int, by: int) -> None:
    if by:
        counted = update(Poll).where(Poll.id == poll_id)
        db.session.execute(counted.values(voters_count=Poll.voters_count + by))


@action
def close_poll(doer: Person, post_id: int) -> Post:
    """Close the poll below a post, for its author or a moderator of the agenda: no more votes are counted."""
    lock_writer(doer)
    post = post_to_change(doer, post_id)
    touches(topic_scope(post.topic_id))
    require(doer.can.close_poll(post))
    poll = poll_to_change(post)
    if poll.is_closed:
        raise Conflict(_("This poll is closed already."))
    poll.closed_at = now()
    return post


@action
def remove_poll(author: Person, post_id: int) -> Post:
    """Remove the poll below one's post, with all its votes."""
    lock_writer(author)
    post = post_to_change(author, post_id)
    touches(topic_scope(post.topic_id))
    require(author.can.delete(post))
    poll_to_change(post)
    plain = plain_texts([post])[post.id]
    forget_poll(post)
    _index(author, post, plain)
    return post


@action
def remove_votes(system: Person, member_id: int, limit: int) -> int:
    """Delete at most `limit` votes of somebody who has left; returns how many."""
    require(system.can.administer())
    votes = votes_to_remove(member_id, limit)
    for poll_id, option_id in votes:
        given = delete(PollVote).where(PollVote.member_id == member_id)
        db.session.execute(given.where(PollVote.option_id == option_id))
        _count_votes([option_id], -1)
        if not has_votes_in(poll_id, member_id):
            _count_voter(poll_id, -1)
    return len(votes)
