"""Opening topics, and replying.

`open_topic` and `reply` are what members do themselves: screening rules may hold the text back, and a text that is
sent twice is recognised. Their counterparts `publish_topic` and `publish_reply` apply no rules and do not look for
another text with the same words; but the same submission key is the same post for them, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id, lock_to_write_on
from forum.clock import now
from forum.db import (
    OPENINGS,
    KeyTaken,
    has_started_again,
    serialize,
    start_again,
    unique_keys,
)
from forum.deeds import action, touches
from forum.dialogue.actions._adding import add_post, add_topic, next_number, valid_paragraph_key
from forum.dialogue.actions._changing import set_themes
from forum.dialogue.actions._checks import (
    already_posted,
    another_text_sent,
    check_text,
    check_themes,
    check_topic,
    organisation_of,
    posted_meanwhile,
    require_pace,
)
from forum.dialogue.actions._counts import count_post, is_public, move_count, note_activity_of
from forum.dialogue.actions._drafts import SentForm, draft_sent, lock_drafts
from forum.dialogue.actions._holding import (
    already_held,
    ask_for_review,
    held_columns,
    hold,
    is_first_post,
)
from forum.dialogue.actions._polls import add_poll, checked_poll, screened_with
from forum.dialogue.actions._quotes import quoted_in
from forum.dialogue.actions._telling import (
    index_post,
    index_topic,
    notify,
    notify_named,
    notify_watchers,
    watchable_subjects,
    with_poll_words,
)
from forum.dialogue.actions._topics import NewReply, NewTopic
from forum.dialogue.models import OPEN, REPLY, Held, Post, Topic
from forum.dialogue.queries import (
    asks_the_same,
    count_key,
    duplicate_reply,
    duplicate_topic,
    lock_posts_to_quote,
    lock_topics_to_quote,
    topic_after_merge,
    topic_to_change,
)
from forum.errors import NotFound
from forum.markup import Written
from forum.matches import ScreenedText
from forum.members.queries import lock_writer
from forum.notifications.actions import watch_own_topic
from forum.notifications.models import TOPIC
from forum.permissions import PUBLIC, Person, require
from forum.pictures import actions as pictures
from forum.plaintext import single_line
from forum.screening.actions import screen
from forum.versions import ANY_CHANGE, member_scopes, theme_scope, topic_scope

S = TypeVar("S", Topic, Held)


@action
def open_topic(
    author: Person,
    agenda_id: int,
    new: NewTopic,
    key: str | None = None,
    *,
    windows: Sequence[str] = (),
) -> Topic | Held:
    """Open a topic with its first post, or hold it when a screening rule says so.

    The same submission `key` from the same author opens only one topic. So do two different keys within ten minutes,
    if kind, title, text, audience and poll are the same: then the first one is returned as it was sent, with its own
    language and themes, and `is_duplicate` set.

    The draft in the form with this key is deleted, unless it was changed in another window: `windows` as in
    `UnsentForm`.
    """
    lock_drafts(author)
    _begin_topic(author, agenda_id, new)
    with draft_sent(author, SentForm(key, windows=windows)):
        return _open_topic(author, agenda_id, new, key)


def _open_topic(author: Person, agenda_id: int, new: NewTopic, key: str | None) -> Topic | Held:
    agenda = agenda_by_id(author, agenda_id)
    new = _with_checked_poll(new)
    if earlier := already_posted(author, key, new.text, new.title):
        return _same_poll(earlier.topic, new)
    if waiting := already_held(author, key, new.text, new.title):
        return _same_poll(waiting, new)
    if key and (duplicate := _duplicate_topic(author, agenda_id, new)):
        return duplicate
    organisation_id = _check_opening(author, agenda, new)
    check_themes(new.themes)
    pictures.show(author, new.text.pictures, agenda_id)
    if rule := screen(author, agenda_id, screened_with(new.text, new.title, new.poll)):
        columns = _held_topic_columns(new)
        return hold(author, agenda_id, columns, rule, key=key, organisation_id=organisation_id)
    needs_review = is_first_post(author, agenda_id)
    return _add_topic(author, agenda_id, organisation_id, new, key, needs_review=needs_review)


@action
def publish_topic(author: Person, agenda_id: int, new: NewTopic, key: str | None = None) -> Topic:
    """Open a topic without screening it: for a page of the library, an import, or an approved text."""
    _begin_topic(author, agenda_id, new)
    agenda = agenda_by_id(author, agenda_id)
    new = _with_checked_poll(new)
    if earlier := already_posted(author, key, new.text, new.title):
        return earlier.topic
    organisation_id = _check_opening(author, agenda, new)
    return _add_topic(author, agenda_id, organisation_id, new, key, needs_review=False)


def _with_checked_poll(new: NewTopic) -> NewTopic:
    return replace(new, poll=checked_poll(new.poll)) if new.poll else new


def _same_poll(sent: S, new: NewTopic) -> S:
    """The topic that was sent before with the same key, if it has the same poll; else `Invalid`, so that no poll is lost."""
    if not asks_the_same(sent, new.poll):
        raise another_text_sent()
    return sent


def _begin_topic(author: Person, agenda_id: int, new: NewTopic) -> None:
    lock_writer(author)
    quoted = quoted_in(new.text)
    lock_topics_to_quote(quoted)
    lock_posts_to_quote(quoted)
    lock_to_write_on(author, agenda_id, is_noted=new.audience == PUBLIC)
    touches(ANY_CHANGE, *member_scopes(author.id))  # no cache contains a page of the new topic yet


def _check_opening(author: Person, agenda: Agenda, new: NewTopic) -> int | None:
    """Raise `Forbidden` or `Invalid` unless the author may open this topic; returns the id of the organisation they write for."""
    require(author.can.open_topic(agenda))
    organisation_id = organisation_of(author, new.for_organisation)
    check_topic(new.kind, new.title, new.audience, new.home)
    check_text(new.text)
    return organisation_id


def _add_topic(
    author: Person,
    agenda_id: int,
    organisation_id: int | None,
    new: NewTopic,
    key: str | None,
    *,
    needs_review: bool,
) -> Topic:
    """Add a checked topic with its first post, and update search, counters and notices."""
    try:
        with unique_keys():
            topic = add_topic(author, agenda_id, organisation_id, new)
            post = add_post(
                topic,
                author,
                organisation_id,
                new.text,
                key=key,
                number=1,
                created_at=topic.created_at,
            )
    except KeyTaken:
        return posted_meanwhile(author, key, new.text, new.title).topic
    set_themes(topic, new.themes)
    touches(*map(theme_scope, new.themes))
    if new.poll:
        add_poll(post, new.poll)
    words = with_poll_words(post, new.text.plain)
    index_topic(author, topic, words, new.text.source, is_new=True)
    note_activity_of(author, topic)
    move_count(author, None, count_key(topic))
    count_post(author, topic, post, 1)
    notified = notify_named(author, post, new.text, is_new=True)
    watch_own_topic(author, topic.id)
    notify_watchers(post, "topic", watchable_subjects(author, topic, new.themes), notified)
    if needs_review:
        ask_for_review(author, post)
    return topic


def _duplicate_topic(author: Person, agenda_id: int, new: NewTopic) -> Topic | Held | None:
    if author.id:
        serialize(OPENINGS, author.id)
    found = duplicate_topic(
        author,
        agenda_id,
        new.text.source,
        author.organisation_id if new.for_organisation else None,
        kind=new.kind,
        title=single_line(new.title),
        audience=new.audience,
        has_poll=new.poll is not None,
    )
    duplicate = found.topic if isinstance(found, Post) else found
    if duplicate is None or not asks_the_same(duplicate, new.poll):
        return None
    duplicate.is_duplicate = True
    return duplicate


def _held_topic_columns(new: NewTopic) -> dict[str, Any]:
    return held_columns(OPEN, new.text) | {
        "kind": new.kind,
        "audience": new.audience,
        "themes": list(new.themes),
        "title": single_line(new.title),
        "poll": new.poll.stored if new.poll else None,
    }


@action
def reply(
    author: Person,
    topic_id: int,
    text: Written,
    key: str | None = None,
    *,
    paragraph: str | None = None,
    for_organisation: bool = False,
    windows: Sequence[str] = (),
) -> Post | Held:
    """Add a post to a topic, or hold it when a screening rule says so.

    The same submission `key` from the same author adds only one post. So do two different keys within ten minutes, if
    text and place are the same: then the first post is returned with `is_duplicate` set. `paragraph` is the key of
    the paragraph of a case that the post comments on. The draft in the form ends as in `open_topic`.

    Raises `TooSoon` in a slow topic when the author has recently sent another reply there. The topic is locked, so of
    two concurrent replies the second sees the first.
    """
    lock_drafts(author)
    topic = _begin_reply(author, topic_id, text)
    new = NewReply(text, valid_paragraph_key(paragraph), for_organisation)
    with draft_sent(author, SentForm(key, windows=windows)):
        return _reply(author, topic, new, key)


def _reply(author: Person, topic: Topic, new: NewReply, key: str | None) -> Post | Held:
    if earlier := already_posted(author, key, new.text):
        return earlier
    if waiting := already_held(author, key, new.text):
        return waiting
    if key and (duplicate := _duplicate_reply(author, topic, new)):
        return duplicate
    organisation_id = _check_reply(author, topic, new)
    require_pace(author, topic)
    agenda_id = topic.agenda_id
    pictures.show(author, new.text.pictures, agenda_id)
    if rule := screen(author, agenda_id, ScreenedText(new.text)):
        place = {"topic_id": topic.id, "paragraph": new.paragraph}
        columns = held_columns(REPLY, new.text) | place
        return hold(author, agenda_id, columns, rule, key=key, organisation_id=organisation_id)
    needs_review = is_first_post(author, agenda_id)
    return _add_reply(author, topic, organisation_id, new, key, needs_review=needs_review)


@action
def publish_reply(
    author: Person,
    topic_id: int,
    text: Written,
    key: str | None = None,
    *,
    paragraph: str | None = None,
    for_organisation: bool = False,
) -> Post:
    """Add a post to a topic without screening it and regardless of its pace: for an import, or an approved text."""
    topic = _begin_reply(author, topic_id, text)
    new = NewReply(text, valid_paragraph_key(paragraph), for_organisation)
    if earlier := already_posted(author, key, text):
        return earlier
    organisation_id = _check_reply(author, topic, new)
    return _add_reply(author, topic, organisation_id, new, key, needs_review=False)


def _begin_reply(author: Person, topic_id: int, text: Written) -> Topic:
    """The topic, locked; if it was merged meanwhile, the topic that it was merged into, so that the reply is not lost."""
    lock_writer(author)
    quoted = quoted_in(text)
    if has_started_again():
        topic_id = topic_after_merge(author, topic_id).id
    lock_topics_to_quote(quoted, topic_id)
    try:
        topic = topic_to_change(author, topic_id)
    except NotFound:
        target = topic_after_merge(author, topic_id)
        start_again()  # as it may have the merged topic, for which others wait who have the target
        topic = topic_to_change(author, target.id)
    lock_posts_to_quote(quoted)
    lock_to_write_on(author, topic.agenda_id, is_noted=is_public(topic))
    touches(topic_scope(topic.id), *member_scopes(author.id))
    return topic


def _check_reply(author: Person, topic: Topic, new: NewReply) -> int | None:
    """Raise `Forbidden` or `Invalid` unless the author may send this reply; returns the id of the organisation they write for."""
    require(author.can.reply(topic))
    organisation_id = organisation_of(author, new.for_organisation)
    check_text(new.text)
    return organisation_id


def _add_reply(
    author: Person,
    topic: Topic,
    organisation_id: int | None,
    new: NewReply,
    key: str | None,
    *,
    needs_review: bool,
) -> Post:
    """Add a checked reply, and update search, counters and notices."""
    before, created_at = count_key(topic), now()
    try:
        with unique_keys():
            number = next_number(topic, created_at)
            post = add_post(
                topic,
                author,
                organisation_id,
                new.text,
                key=key,
                number=number,
                created_at=created_at,
                paragraph=new.paragraph,
            )
    except KeyTaken:
        return posted_meanwhile(author, key, new.text)
    note_activity_of(author, topic)
    move_count(author, before, count_key(topic))
    index_post(author, post, topic, new.text.plain, is_new=True)
    count_post(author, topic, post, 1)
    notified = notify_named(author, post, new.text, is_new=True)
    notify(author, "reply", {topic.author_id} - notified, post, new.text.plain)
    watch_own_topic(author, topic.id)
    notify_watchers(post, "post", [(TOPIC, topic.id)], notified | {topic.author_id})
    if needs_review:
        ask_for_review(author, post)
    return post


def _duplicate_reply(author: Person, topic: Topic, new: NewReply) -> Post | Held | None:
    organisation_id = author.organisation_id if new.for_organisation else None
    duplicate = duplicate_reply(author, topic, new.text.source, new.paragraph, organisation_id)
    if duplicate is not None:
        duplicate.is_duplicate = True
    return duplicate
