"""For rooms above: topics that belong to the page of a case or a practice, and follow-ups to questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import update

from forum.agendas.queries import lock_opening
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._changing import (
    change_audience,
    move_topic,
    retitle,
    rewrite_opening,
    set_themes,
)
from forum.dialogue.actions._counts import counting_last, lock_to_note
from forum.dialogue.actions._telling import index_topic
from forum.dialogue.actions._topics import PageOfTopic
from forum.dialogue.actions._withholding import mark_topic_deleted
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import (
    first_post,
    lock_page,
    lock_quoting_posts,
    quotes_of_topic,
    theme_ids_of,
    topic_to_change,
)
from forum.errors import Forbidden
from forum.permissions import Person
from forum.plaintext import excerpt
from forum.versions import EVERYTHING


@action
def note_follow_up(
    _doer: Person, topic_id: int, told_at: datetime | None, hidden_at: datetime | None = None
) -> None:
    """Store on a topic when its follow-up was told and when it was hidden, each None if it was not; for the advice room."""
    told = update(Topic).where(Topic.id == topic_id)
    db.session.execute(told.values(followed_up_at=told_at, follow_up_hidden_at=hidden_at))


@action
def follow_page(doer: Person, topic_id: int, page: PageOfTopic) -> Topic:
    """Update the topic of a case or practice after a change of its page.

    The calling action has checked the doer's rights, and called `lock_page` if it locks posts or an agenda before.
    Raises `Forbidden` for a topic without such a page.
    """
    topic = topic_to_change(doer, topic_id)
    if not topic.home:
        raise Forbidden(_("Only the topic of a case or a practice follows its page."))
    retitle(doer, topic, page.title)
    lock_page(topic_id, page.agenda_id, page.audience)
    if page.agenda_id not in (None, topic.agenda_id):
        _lock_both_agendas(topic, page.agenda_id, page.audience or topic.audience)
    with counting_last(doer):
        _follow_page(doer, topic, page)
    index_topic(doer, topic)
    return topic


def _lock_both_agendas(topic: Topic, agenda_id: int, audience: str) -> None:
    """In the order of their ids, because another page may move the other way; and whether they are open stays so."""
    for agenda in sorted((topic.agenda_id, agenda_id)):
        lock_to_note(agenda, audience)


def _follow_page(doer: Person, topic: Topic, page: PageOfTopic) -> None:
    if page.audience is not None:
        change_audience(doer, topic, page.audience)
    if page.text is not None:
        topic.excerpt = excerpt(page.text.plain)
        rewrite_opening(doer, topic, page.text)
    if page.themes is not None and {*page.themes} != {*theme_ids_of(topic)}:
        set_themes(topic, page.themes)
    if page.agenda_id is not None and page.agenda_id != topic.agenda_id:
        move_topic(doer, topic, page.agenda_id)


@action
def write_page_for(doer: Person, topic_id: int, organisation_id: int | None) -> None:
    """Let the topic of a practice, and the post that opens it, bear the organisation for which its page is written, or none.

    The calling action has checked the doer's rights.
    """
    topic = topic_to_change(doer, topic_id)
    if not topic.home:
        raise Forbidden(_("Only the topic of a case or a practice follows its page."))
    if topic.organisation_id != organisation_id:
        touches(EVERYTHING)  # it leaves the organisation's page, or comes to it
        topic.organisation_id = first_post(topic).organisation_id = organisation_id


@action
def delete_topic(doer: Person, topic_id: int) -> None:
    """Delete the topic of a case or practice that was deleted, with its comments.

    The calling action has checked the doer's rights.
    """
    topic = topic_to_change(doer, topic_id)
    if not topic.home:
        raise Forbidden(_("Only the topic of a case or a practice is deleted with its page."))
    lock_quoting_posts(quotes_of_topic(topic))
    lock_opening(topic.agenda_id)  # before it is counted out
    mark_topic_deleted(doer, topic)


@action
def move_comments(_doer: Person, topic_id: int, keys: Mapping[str, str | None]) -> None:
    """Attach comments, also those that wait for a moderator, to other paragraphs: {old key: new key, or None for the case as a whole}."""
    lock_page(topic_id, paragraphs=keys)  # also its topic, as whoever changes one of its posts does
    for old, new in keys.items():
        for comment in (Post, Held):
            there = update(comment).where(comment.topic_id == topic_id, comment.paragraph == old)
            db.session.execute(there.values(paragraph=new))
