"""Answers and new topics that came by e-mail, and what is said of those that could not be taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id
from forum.deeds import action, touches
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import Held, Post, Topic
from forum.errors import Forbidden, NotFound
from forum.mail.actions.writing import write_letter
from forum.mail.queries import is_told, letters_since, topic_of_post
from forum.markup import Written
from forum.members.models import Member
from forum.permissions import Person, require
from forum.principals import EDIT_WITHOUT_TRACE
from forum.versions import topic_scope

MAX_RETURNED_PER_HOUR = 5


@action
def answer(author: Member, post_id: int, text: Written, key: str, files: int = 0) -> Post | Held:
    """Post an answer that came by mail, in the topic of the post that it answers.

    `key` identifies the message, so that it is posted only once. When a rule holds the answer back, or `files` were
    attached (which are not published), its author gets a letter. Raises what `dialogue.reply` raises, and `NotFound`
    when the author cannot see the post.
    """
    topic_id = topic_of_post(author, post_id)
    if topic_id is None:
        touches()
        raise NotFound(_("The topic that you replied to is gone."))
    touches(topic_scope(topic_id))
    posted = reply(author, topic_id, text, key)
    if isinstance(posted, Held):
        words = {"path": f"/waiting/{posted.id}", "sentence": posted.sentence, "files": files}
        _tell_once(author, "held", words | {"answered_post": post_id})
    elif files:
        _tell_of_files(author, posted, files)
    return posted


def _tell_of_files(author: Member, post: Post, files: int) -> None:
    """Write a letter about files that were attached to an answer, which is published without them; only few per hour."""
    if letters_since(author.email, ("attached",), timedelta(hours=1)) < MAX_RETURNED_PER_HOUR:
        _tell_once(author, "attached", {"path": f"/posts/{post.id}", "files": files})


@action
def return_answer(
    system: Person, member: Member, post_id: int, text: str, why: str, *, files: int = 0
) -> None:
    """Return an answer to a post that could not be posted, with the reason; the letter links to the post if there is one.

    The letter names its topic, if the member can see it when the letter is sent. It also says that attached `files` were not kept. Only few are sent per hour, because the sender may be a machine.
    """
    require(system.can.administer())
    touches()
    is_there = topic_of_post(member, post_id) is not None
    path = f"/posts/{post_id}" if is_there else ""
    words = {"text": text, "why": why, "path": path, "files": files}
    _send_back(system, member, words | {"answered_post": post_id})


def _send_back(system: Person, member: Member, words: dict[str, Any]) -> None:
    if letters_since(member.email, ("sent_back",), timedelta(hours=1)) < MAX_RETURNED_PER_HOUR:
        write_letter(system, "sent_back", member.email, words, member_id=member.id)


@action
def open_by_email(
    author: Member, agenda_id: int, new: NewTopic, key: str, *, generation: int, files: int = 0
) -> Topic | Held:
    """Open a topic that came by mail, and tell its author by letter that it is published, or that a rule holds it back.

    `generation` is that of the address, which is void when the author has made new ones. `key` identifies the message,
    so that it opens only one topic, and is told of once. `files` were attached, which are not kept. Raises what
    `dialogue.open_topic` raises.
    """
    touches()
    if generation != author.address_generation:
        raise Forbidden(
            _("You have made new addresses since, so this one opens no topic any more.")
        )
    require(author.can.open_by_email(agenda_by_id(author, agenda_id)))
    opened = open_topic(author, agenda_id, new, key)
    if isinstance(opened, Held):
        words = {
            "path": f"/waiting/{opened.id}",
            "sentence": opened.sentence,
            "title": opened.title,
            "language": opened.language,
        }
        _tell_once(author, "held", words | {"files": files})
    else:
        until = opened.created_at + EDIT_WITHOUT_TRACE
        words = {"path": f"/topics/{opened.id}", "title": opened.title, "topic_kind": opened.kind}
        words["language"] = opened.language
        more = {"files": files, "until_at": until.isoformat()}
        _tell_once(author, "opened", words | more)
    return opened


def _tell_once(author: Member, kind: str, words: dict[str, Any]) -> None:
    """Write a letter unless there is one of this kind about this path; the calling action has locked what the path leads to."""
    if not is_told(author, kind, words["path"]):
        write_letter(author, kind, author.email, words, member_id=author.id)


@action
def return_topic(
    system: Person,
    member: Member,
    title: str,
    text: str,
    why: str,
    *,
    path: str = "",
    files: int = 0,
) -> None:
    """Return a topic that could not be opened, with the reason; the letter links to `path`, if there is one.

    As many are sent per hour as by `return_answer`, both together.
    """
    require(system.can.administer())
    touches()
    words = {"text": text, "why": why, "path": path, "files": files}
    _send_back(system, member, words | {"title": title, "is_topic": True})
