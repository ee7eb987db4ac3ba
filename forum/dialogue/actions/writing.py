"""What members write, change and take away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from forum.agendas.queries import agenda_by_id
from forum.db import ANY_CHANGE, action, db, now, topic_scope, touches
from forum.dialogue.actions._checks import (
    check_text,
    check_topic,
    organisation_of,
    profiles_of,
    sent_before,
    sent_twice,
)
from forum.dialogue.actions._counts import count_post, move_count, note_written, shown_topics
from forum.dialogue.actions._holding import (
    ask_to_look,
    comes_first,
    held_before,
    hold,
    hold_edit,
    is_corrected,
    look_again_if_new,
    says_more,
    words_of,
)
from forum.dialogue.actions._rows import (
    NewTopic,
    add_post,
    add_topic,
    changed_title,
    delete_post,
    edit_topic,
    keep_revision,
    key_of,
    next_number,
    set_themes,
)
from forum.dialogue.actions._telling import (
    index_post,
    index_topic,
    subjects_of,
    tell,
    tell_named,
    tell_news,
)
from forum.dialogue.models import OPEN, REPLY, Held, Post, Revision, Topic
from forum.dialogue.queries import (
    count_key,
    duplicate_reply,
    duplicate_topic,
    post_to_change,
    require_no_home,
    serialize_openings,
    topic_after_merge,
    topic_to_change,
)
from forum.errors import Conflict, NotFound
from forum.markup import Written, plain
from forum.matches import Said
from forum.members.queries import lock_writer
from forum.notifications.actions import retell, watch_own
from forum.notifications.models import TOPIC
from forum.permissions import SYSTEM, Person, require
from forum.screening.actions import screen


@action
def open_topic(
    author: Person, agenda_id: int, new: NewTopic, key: str | None = None
) -> Topic | Held:
    """Open a topic with its first post, or let it wait when a rule holds it back.

    The same submission key from the same author opens it once; so does another one within ten minutes, if its kind,
    title, text and audience are the same (language and themes are as they were sent first: an edit changes them).
    """
    return _open_topic(author, agenda_id, new, key, is_asked=True)


@action
def publish_topic(author: Person, agenda_id: int, new: NewTopic, key: str | None = None) -> Topic:
    """Open a topic that no rule is asked about: a page of the library, an import, what a moderator has read."""
    return cast(Topic, _open_topic(author, agenda_id, new, key, is_asked=False))


def _open_topic(
    author: Person, agenda_id: int, new: NewTopic, key: str | None, *, is_asked: bool
) -> Topic | Held:
    lock_writer(author)
    touches(ANY_CHANGE, *profiles_of(author.id))  # a page that did not exist yet is kept by nobody
    agenda = agenda_by_id(author, agenda_id)
    if earlier := sent_before(author, key, new.text, new.title):
        return earlier.topic
    if is_asked and (waiting := held_before(author, key, new.text, new.title)):
        return waiting
    if is_asked and key and (same := _opened_of_late(author, agenda_id, new)):
        return same
    require(author.can.open_topic(agenda))
    organisation_id = organisation_of(author, new.for_organisation)
    check_topic(new.kind, new.title, new.audience, new.home)
    check_text(new.text)
    if is_asked and (why := screen(author, agenda_id, Said(new.text, new.title))):
        whose: Any = {"key": key, "organisation_id": organisation_id}
        return hold(author, agenda_id, _of_topic(new), why, **whose)
    is_first = is_asked and comes_first(author, agenda_id)
    try:
        with db.session.begin_nested():
            topic = add_topic(author, agenda_id, organisation_id, new)
            post = add_post(topic, author, organisation_id, new.text, key=key, number=1)
    except IntegrityError:
        return sent_twice(author, key, new.text, new.title).topic
    set_themes(topic, new.themes)
    index_topic(author, topic, new.text.plain, is_new=True)
    note_written(author, topic, shown_topics(topic))
    move_count(author, None, count_key(topic))
    count_post(author, topic, post, 1)
    told = tell_named(author, post, new.text, is_new=True)
    watch_own(author, topic.id)
    tell_news(post, "topic", subjects_of(author, topic, new.themes), told)
    if is_first:
        ask_to_look(author, post)
    return topic


def _opened_of_late(author: Person, agenda_id: int, new: NewTopic) -> Topic | Held | None:
    """What the author has opened a moment ago with another form of the same words."""
    serialize_openings(author)
    said = {"kind": new.kind, "title": " ".join(new.title.split()), "audience": new.audience}
    own = author.organisation_id if new.for_organisation else None
    same = duplicate_topic(author, agenda_id, new.text.source, own, **said)
    return cast(Topic | Held | None, _again(same.topic if isinstance(same, Post) else same))


def _replied_of_late(
    author: Person, topic: Topic, text: Written, paragraph: str | None, for_organisation: bool
) -> Post | Held | None:
    own = author.organisation_id if for_organisation else None
    same = duplicate_reply(author, topic, text.source, key_of(paragraph), own)
    return cast(Post | Held | None, _again(same))


def _again(same: Any) -> Any:
    if same is not None:
        same.is_duplicate = True
    return same


@action
def reply(
    author: Person,
    topic_id: int,
    text: Written,
    key: str | None = None,
    *,
    paragraph: str | None = None,
    for_organisation: bool = False,
) -> Post | Held:
    """Add a post to a topic, or let it wait when a rule holds it back.

    The same submission key from the same author adds it once; so does another one within ten minutes, if text and
    place are the same. `paragraph` is the key of the paragraph of a case that the post comments on.
    """
    where: dict[str, Any] = {"paragraph": paragraph, "for_organisation": for_organisation}
    return _reply(author, topic_id, text, key, is_asked=True, **where)


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
    """Add a post that no rule is asked about: an import, what a moderator has read."""
    where: dict[str, Any] = {"paragraph": paragraph, "for_organisation": for_organisation}
    return cast(Post, _reply(author, topic_id, text, key, is_asked=False, **where))


def _reply(
    author: Person,
    topic_id: int,
    text: Written,
    key: str | None,
    *,
    is_asked: bool,
    paragraph: str | None,
    for_organisation: bool,
) -> Post | Held:
    lock_writer(author)
    topic = _topic_to_reply(author, topic_id)
    touches(topic_scope(topic.id), *profiles_of(author.id))
    if earlier := sent_before(author, key, text):
        return earlier
    if is_asked and (waiting := held_before(author, key, text)):
        return waiting
    where = (paragraph, for_organisation)
    if is_asked and key and (same := _replied_of_late(author, topic, text, *where)):
        return same
    require(author.can.reply(topic))
    organisation_id = organisation_of(author, for_organisation)
    check_text(text)
    if is_asked and (why := screen(author, topic.agenda_id, Said(text))):
        what = words_of(REPLY, text) | {"topic_id": topic.id, "paragraph": key_of(paragraph)}
        whose: Any = {"key": key, "organisation_id": organisation_id}
        return hold(author, topic.agenda_id, what, why, **whose)
    is_first = is_asked and comes_first(author, topic.agenda_id)
    before = count_key(topic)
    try:
        with db.session.begin_nested():
            number = next_number(topic)
            post = add_post(
                topic, author, organisation_id, text, key=key, number=number, paragraph=paragraph
            )
    except IntegrityError:
        return sent_twice(author, key, text)
    note_written(author, topic)
    move_count(author, before, count_key(topic))
    index_post(author, post, topic, text.plain, is_new=True)
    count_post(author, topic, post, 1)
    told = tell_named(author, post, text, is_new=True)
    tell(author, "reply", {topic.author_id} - told, post, text.plain)
    watch_own(author, topic.id)
    tell_news(post, "post", [(TOPIC, topic.id)], told | {topic.author_id})
    if is_first:
        ask_to_look(author, post)
    return post


def _topic_to_reply(author: Person, topic_id: int) -> Topic:
    """The topic, or the one that it was put into in this very moment: what somebody has typed is not lost."""
    try:
        return topic_to_change(author, topic_id)
    except NotFound:
        return topic_to_change(author, topic_after_merge(author, topic_id).id)


@action
def edit(
    author: Person,
    post_id: int,
    text: Written,
    title: str | None = None,
    *,
    themes: Sequence[int] | None = None,
    audience: str | None = None,
    seen: str | None = None,
) -> Post | Held:
    """Change one's post, or let the change wait when a rule holds it back.

    Title, themes and audience change only with a topic's first post.

    More than 15 minutes after posting, the former text is kept as a version. `seen` is the `fingerprint` of the text that
    the author changed. Raises `Conflict` when the post says something else by now; but not when it already says this very
    text, which was sent again because its answer was lost.
    """
    more: dict[str, Any] = {"themes": themes, "audience": audience, "seen": seen}
    return _edit(author, post_id, text, title, is_asked=True, is_traced=False, **more)


@action
def publish_edit(
    author: Person,
    post_id: int,
    text: Written,
    title: str | None = None,
    *,
    themes: Sequence[int] | None = None,
    audience: str | None = None,
    is_traced: bool = False,
) -> Post:
    """Change a post without asking a rule: what a moderator has read.

    With `is_traced` it is kept what it said before, also of a post that was written minutes ago.
    """
    more: dict[str, Any] = {"themes": themes, "audience": audience, "seen": None}
    edited = _edit(author, post_id, text, title, is_asked=False, is_traced=is_traced, **more)
    return cast(Post, edited)


def _edit(
    author: Person,
    post_id: int,
    text: Written,
    title: str | None,
    *,
    themes: Sequence[int] | None,
    audience: str | None,
    seen: str | None,
    is_asked: bool,
    is_traced: bool,
) -> Post | Held:
    lock_writer(author)
    post = post_to_change(author, post_id)
    if post.number > 1:  # the title of a topic is on the profiles of all who wrote in it
        touches(topic_scope(post.topic_id), *profiles_of(author.id))
    require(author.can.edit(post))
    require_no_home(post)
    if seen and seen != post.fingerprint and text.source != post.source:
        raise Conflict(_("This text has changed since you opened the form."))
    check_text(text)
    title = changed_title(post, title)
    if is_asked and says_more(post, text, title):
        before, after = (post.topic.title, title) if post.number == 1 else ("", "")
        said = Said(text, after)
        is_again = is_corrected(said, post.source, post.language, before)
        if why := screen(author, post.topic.agenda_id, said, is_again=is_again):
            return hold_edit(author, post, text, title, why, themes=themes, audience=audience)
        look_again_if_new(author, post, said)
    keep_revision(post, text, title, is_traced=is_traced)
    if post.edit_asked_at and (text.source != post.source or title != post.topic.title):
        post.edit_answered_at = now()
    post.source, post.html = text.source, text.html
    post.html_version, post.language = text.html_version, text.language
    if post.number == 1:
        edit_topic(author, post.topic, text, title, themes=themes, audience=audience)
    else:
        index_post(author, post, post.topic, text.plain)
    tell_named(author, post, text)
    return post


@action
def delete(author: Person, post_id: int) -> Post:
    """Delete one's post with all its versions and marks. A gap stays; a topic without a post goes too."""
    lock_writer(author)
    post = post_to_change(author, post_id)
    require(author.can.delete(post))
    require_no_home(post)
    return delete_post(author, post)


@action
def withdraw(author: Person, revision_id: int) -> Post:
    """Take back what one's post said before; that it was edited can still be seen."""
    revision = db.session.get(Revision, revision_id, with_for_update=True, populate_existing=True)
    if revision is None:
        raise NotFound()
    post = post_to_change(author, revision.post_id)
    require(author.can.delete(post))
    revision.source, revision.title = "", ""
    revision.withdrawn_at = revision.withdrawn_at or now()
    if not post.is_gone:  # what tells of the post quotes it as it was first
        topic_id = post.topic_id if post.number == 1 else None
        retell(SYSTEM, post.id, plain(post.source), topic_id)
    return post


def _of_topic(new: NewTopic) -> dict[str, Any]:
    more = {"kind": new.kind, "audience": new.audience, "themes": list(new.themes)}
    return words_of(OPEN, new.text) | more | {"title": " ".join(new.title.split())}
