"""Changing a topic: its text and title, themes, readers, agenda and pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete as delete_rows
from sqlalchemy import insert, update
from sqlalchemy.orm.attributes import set_committed_value

from forum.agendas.queries import lock_opening, themes_by_id
from forum.clock import now
from forum.db import db
from forum.deeds import touches
from forum.dialogue.actions._checks import checked_title
from forum.dialogue.actions._counts import (
    count_in,
    counted_out,
    counting_last,
    has_open_agenda,
    lock_to_note,
    note_activity_of,
    recounted,
)
from forum.dialogue.actions._quotes import refresh_quotes
from forum.dialogue.actions._telling import index_topic, with_poll_words
from forum.dialogue.actions._topics import NO_CHANGES, TopicChanges
from forum.dialogue.models import Held, Pace, Post, Revision, Topic, TopicTheme
from forum.dialogue.queries import (
    first_post,
    lock_quoting_posts,
    quotes_around_topic,
    sources_apart,
    topic_to_change,
    why_for_members_only,
)
from forum.errors import Invalid
from forum.illustrations import names_in
from forum.markup import Written
from forum.permissions import AUDIENCES, MEMBERS, PUBLIC, Person, require
from forum.pictures import actions as pictures
from forum.plaintext import excerpt, slugify
from forum.principals import EDIT_WITHOUT_TRACE
from forum.search import actions as search
from forum.search.queries import pictures_shown_below
from forum.versions import EVERYTHING


def set_themes(topic: Topic, theme_ids: Sequence[int]) -> None:
    """Set the themes of a topic to exactly these."""
    db.session.execute(delete_rows(TopicTheme).where(TopicTheme.topic_id == topic.id))
    rows = [{"topic_id": topic.id, "theme_id": theme.id} for theme in themes_by_id(theme_ids)]
    if rows:
        db.session.execute(insert(TopicTheme), rows)


def checked_changes(post: Post, changes: TopicChanges) -> TopicChanges:
    """What an edit of this post may change of its topic, with a checked title: nothing unless the post opens it."""
    if post.number != 1:
        return NO_CHANGES
    if changes.title is None:
        return changes
    return replace(changes, title=checked_title(changes.title))


def changes_text(post: Post, text: Written, changes: TopicChanges) -> bool:
    """Whether an edit changes what readers see of a post: its text, or the title of the topic that it opens."""
    return text.source != post.source or changes.title_of(post.topic) != post.topic.title


def keep_revision(
    post: Post, text: Written, changes: TopicChanges, *, is_traced: bool = False
) -> bool:
    """Keep the present text of a post as a `Revision` before another text or title replaces it.

    Nothing is kept when neither changes, nor within `EDIT_WITHOUT_TRACE` after posting unless `is_traced`. Returns
    whether it is to leave no trace: something changes, and nothing is kept.
    """
    if not changes_text(post, text, changes):
        return False
    if now() - post.created_at <= EDIT_WITHOUT_TRACE and not is_traced:
        return True
    moment = now()
    db.session.add(
        Revision(
            post_id=post.id,
            title=post.topic.title if post.number == 1 else "",
            source=post.source,
            written_at=post.edited_at or post.created_at,
            replaced_at=moment,
        )
    )
    post.edited_at = moment
    return False


def take_as_own(author: Person, post: Post) -> None:
    """Let a post, and the topic that it opens, bear its author's name alone if the author no longer writes for an organisation.

    Its words are about to change, and would be changed in that organisation's name.
    """
    if post.organisation_id is None or author.writes_for(post.organisation_id):
        return
    touches(EVERYTHING)  # it leaves the organisation's page, too
    post.organisation_id = post.organisation = None
    if post.number == 1:
        post.topic.organisation_id = post.topic.organisation = None


def edit_topic(author: Person, post: Post, text: Written, changes: TopicChanges) -> None:
    """Update a topic after an edit of its first post. The title has been checked."""
    topic = post.topic
    retitle(author, topic, changes.title_of(topic))
    topic.slug = slugify(topic.title, "topic")
    topic.excerpt = excerpt(text.plain)
    with counting_last(author):
        with recounted(author, topic):
            topic.language = text.language
        if changes.audience is not None:
            _change_audience_by_author(author, topic, changes.audience)
    set_committed_value(post, "topic", topic)  # read anew without it, if it quotes
    if changes.themes is not None:
        set_themes(topic, changes.themes)
    words = text.plain if post.is_gone else with_poll_words(post, text.plain)
    index_topic(author, topic, words, text.source)


def retitle(doer: Person, topic: Topic, title: str) -> None:
    """Give a topic another title, also in search."""
    if title != topic.title:
        topic.title = title
        search.retitle(doer, "topic", topic.id, title)


def _change_audience_by_author(author: Person, topic: Topic, audience: str) -> None:
    """Change who reads a topic; `Invalid` when others have written there for members only and it would become public."""
    if audience not in AUDIENCES:
        raise Invalid(_("Choose who may read it."), "audience")
    is_opened = topic.audience == MEMBERS and audience == PUBLIC
    if is_opened and (why := why_for_members_only(topic)):
        raise Invalid(why, "audience")
    change_audience(author, topic, audience)


def change_audience(doer: Person, topic: Topic, audience: str) -> None:
    """Set who can read a topic, and update its counters, its document in search, and quotations of it and in it."""
    if audience == topic.audience:
        return
    quotes = quotes_around_topic(topic)
    lock_quoting_posts(quotes)
    lock_to_note(topic.agenda_id, audience)
    with counted_out(doer, topic):
        topic.audience = audience
    count_in(doer, topic)
    search.set_audience(doer, "topic", topic.id, audience)
    refresh_quotes(quotes, is_back=True)


def rewrite_opening(doer: Person, topic: Topic, text: Written) -> None:
    """Replace the text of the post that opens a topic, and the language of both."""
    first_post(topic).write(text)
    with recounted(doer, topic):
        topic.language = text.language


def set_topic_time(moderator: Person, topic_id: int, name: str, moment: datetime | None) -> Topic:
    """Set a time column of a topic (`locked_at`, `pinned_at`, …) for a moderator, or clear it; else `Forbidden`."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    # A locked question no longer waits for an answer, so its `TopicCount` changes
    with recounted(moderator, topic):
        setattr(topic, name, moment)
    return topic


def set_pace(topic: Topic, pace: Pace | None) -> None:
    """Slow a topic down as `pace` says, or with None remove its limit."""
    topic.slowed_at = (topic.slowed_at or now()) if pace else None
    topic.slow_minutes, topic.slow_until = (pace.minutes, pace.until) if pace else (None, None)
    topic.slow_reason = pace.reason.strip() if pace else ""


def move_topic(doer: Person, topic: Topic, agenda_id: int) -> None:
    """Move a topic to another agenda, with its counters, held texts and document in search.

    Moving it from an agenda in preparation to an open one publishes it, with all consequences. A topic of an open
    agenda is never moved to one in preparation, where its authors could no longer see it.
    """
    if agenda_id == topic.agenda_id:
        return
    quotes = quotes_around_topic(topic)
    if not has_open_agenda(topic):
        lock_quoting_posts(quotes)
    if topic.agenda_id < agenda_id:
        lock_opening(topic.agenda_id)  # as in `lock_to_note`
    if lock_opening(agenda_id, is_noted=topic.audience == PUBLIC) is None:
        raise Invalid(_("That agenda is in preparation. Choose an open one."), "agenda")
    was_open = has_open_agenda(topic)
    with recounted(doer, topic):
        topic.agenda_id = agenda_id
    if was_open:
        note_activity_of(doer, topic)
    else:
        count_in(doer, topic)
        refresh_quotes(quotes, is_back=True)
    waiting = update(Held).where(Held.topic_id == topic.id)
    db.session.execute(waiting.values(agenda_id=agenda_id))
    search.move(doer, "topic", topic.id, agenda_id)
    let_pictures_follow(doer, topic)


def let_pictures_follow(doer: Person, topic: Topic) -> None:
    """Let the moderators of a topic's present agenda, and no longer those of the former one, see its pictures, also hidden ones."""
    apart = {name for source in sources_apart(topic) for name in names_in(source)}
    pictures.follow(doer, apart | pictures_shown_below("topic", topic.id), topic.agenda_id)
