"""Adding, changing, hiding, restoring and deleting topics and posts, with all that follows from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete as delete_rows
from sqlalchemy import insert, or_, update

from forum.agendas.queries import lock_opening, themes_by_id
from forum.claims.models import queue_path
from forum.clock import now
from forum.db import db
from forum.dialogue.actions._checks import checked_title
from forum.dialogue.actions._counts import (
    count_all,
    count_post,
    has_open_agenda,
    note_activity_of,
    recounted,
)
from forum.dialogue.actions._holding import delete_held, note_reviewed
from forum.dialogue.actions._polls import forget_poll
from forum.dialogue.actions._quotes import refresh_quotes
from forum.dialogue.actions._telling import index_topic, with_poll_words
from forum.dialogue.actions._topics import NO_CHANGES, NewTopic, TopicChanges
from forum.dialogue.models import (
    Held,
    Mark,
    Mention,
    Pace,
    Post,
    Quote,
    Revision,
    Topic,
    TopicTheme,
)
from forum.dialogue.queries import (
    SUBMISSION_KEY_LENGTH,
    first_post,
    gone_post_ids,
    has_replies,
    held_edits_of,
    last_hidden_post,
    quotes_in_topic,
    quotes_of_post,
    quotes_of_topic,
    sources_apart,
    topic_to_change,
)
from forum.errors import Invalid
from forum.illustrations import names_in
from forum.markup import Written, plain
from forum.members.models import Member
from forum.notifications.actions import (
    clear_titles,
    hide_notices,
    read_queue,
    restore_notices,
    update_mark_notices,
)
from forum.permissions import (
    AUDIENCES,
    EDIT_WITHOUT_TRACE,
    MEMBERS,
    PUBLIC,
    SYSTEM,
    Person,
    require,
)
from forum.pictures import actions as pictures
from forum.plaintext import excerpt, single_line, slugify
from forum.search import actions as search
from forum.search.queries import pictures_shown_below

# Notices that only a question has: advice is asked for, nobody answers, what happened next
QUESTION_NOTICES = ("advice", "unanswered", "followup")
ANSWER_NOTICES = ("answer",)  # lead to an answer
PARAGRAPH_KEY = re.compile(r"[0-9a-f]{12}")


def delete_post(doer: Person, post: Post) -> Post:
    """Delete the text of a post for good, and close its topic when no shown post is left in it.

    Replies of others that moderators have hidden can still be restored, and the topic with them.
    """
    was_shown = not post.is_gone
    if was_shown:
        count_post(doer, post.topic, post, -1)
    _forget_text(post)
    if post.unseen_at:
        note_reviewed(post)
        read_queue(doer, queue_path("post", post.id), but_urgent=True)
    for change in held_edits_of(post):
        delete_held(doer, change)
    post.deleted_at = now()
    follow_withholding(doer, post, was_shown)
    search.unindex(doer, "post", post.id)
    if post.topic.deleted_at is None and not has_shown_posts(post):
        close_empty_topic(doer, post.topic, post.deleted_at)
    return post


def set_answer(
    doer: Person, topic: Topic, post: Post | None, chosen_at: datetime | None = None
) -> None:
    """Set the answer to a question, chosen now or at `chosen_at`, or remove it with None.

    Notices that it was chosen before are shown again, if they were hidden; those of the former answer are hidden.
    """
    former_id = topic.answer_id
    with recounted(doer, topic):
        topic.answer_id = post.id if post else None
        topic.answered_by_id = post.author_id if post else None
        topic.answered_at = (chosen_at or now()) if post else None
    if former_id and former_id != topic.answer_id:
        hide_notices(doer, post_id=former_id, kinds=ANSWER_NOTICES)
    if post and topic.hidden_at is None:
        restore_notices(doer, post_id=post.id, kinds=ANSWER_NOTICES)


def set_kind(doer: Person, topic: Topic, kind: str) -> None:
    """Make a topic a question or an experience; an experience has no answer, and no notices of it or that ask for advice."""
    if kind != "question":
        set_answer(doer, topic, None)
    with recounted(doer, topic):
        topic.kind = kind
    if topic.hidden_at is None and kind == "question":
        _restore_fitting(doer, topic, QUESTION_NOTICES)
    elif topic.hidden_at is None:
        hide_notices(doer, topic_id=topic.id, kinds=QUESTION_NOTICES + ANSWER_NOTICES)


def add_topic(author: Person, agenda_id: int, organisation_id: int | None, new: NewTopic) -> Topic:
    """Insert a topic without its first post."""
    title = single_line(new.title)
    topic = Topic(
        kind=new.kind,
        agenda_id=agenda_id,
        author_id=author.id,
        organisation_id=organisation_id,
        title=title,
        slug=slugify(title, "topic"),
        excerpt=excerpt(new.text.plain),
        language=new.text.language,
        audience=new.audience,
        home=new.home,
        posts_count=1,
        replies_count=0,
        created_at=now(),
        active_at=now(),
    )
    db.session.add(topic)
    db.session.flush()
    return topic


def next_number(topic: Topic) -> int:
    """Count one more reply, and return its number. By `UPDATE … RETURNING`, so that two at once get two numbers."""
    query = (
        update(Topic)
        .where(Topic.id == topic.id)
        .values(
            posts_count=Topic.posts_count + 1,
            replies_count=Topic.replies_count + 1,
            active_at=max(topic.active_at, now()),
        )
        .returning(Topic.posts_count)
    )
    return int(db.session.execute(query).scalar_one())


def add_post(
    topic: Topic,
    author: Person,
    organisation_id: int | None,
    text: Written,
    *,
    key: str | None,
    number: int,
    paragraph: str | None = None,
) -> Post:
    """Insert a post under a number from `next_number` (1 for the post that opens a topic)."""
    post = Post(
        topic_id=topic.id,
        number=number,
        author_id=author.id,
        organisation_id=organisation_id,
        source=text.source,
        html=text.html,
        html_version=text.html_version,
        language=text.language,
        paragraph=valid_paragraph_key(paragraph),
        submission_key=key[:SUBMISSION_KEY_LENGTH] if key else None,
        created_at=now(),
        useful_count=0,
        same_here_count=0,
        tried_count=0,
        has_poll=False,
        hidden_reason="",
    )
    db.session.add(post)
    db.session.flush()
    return post


def valid_paragraph_key(paragraph: str | None) -> str | None:
    """The key of a paragraph if it has the form of one, else None."""
    return paragraph if paragraph and PARAGRAPH_KEY.fullmatch(paragraph) else None


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
) -> None:
    """Keep the present text of a post as a `Revision` before it is replaced by another text or title.

    Not when neither changes, nor within `EDIT_WITHOUT_TRACE` after posting unless `is_traced`.
    """
    is_young = now() - post.created_at <= EDIT_WITHOUT_TRACE
    if not changes_text(post, text, changes) or (is_young and not is_traced):
        return
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


def edit_topic(author: Person, post: Post, text: Written, changes: TopicChanges) -> None:
    """Let a topic follow an edit of its first post. The title has been checked."""
    topic = post.topic
    retitle(author, topic, changes.title_of(topic))
    topic.slug = slugify(topic.title, "topic")
    topic.excerpt = excerpt(text.plain)
    with recounted(author, topic):
        topic.language = text.language
    if changes.themes is not None:
        set_themes(topic, changes.themes)
    if changes.audience is not None:
        _change_audience_by_author(author, topic, changes.audience)
    words = text.plain if post.is_gone else with_poll_words(post, text.plain)
    index_topic(author, topic, words, text.source)


def retitle(doer: Person, topic: Topic, title: str) -> None:
    """Give a topic another title, in search too."""
    if title != topic.title:
        topic.title = title
        search.retitle(doer, "topic", topic.id, title)


def _change_audience_by_author(author: Person, topic: Topic, audience: str) -> None:
    """Change who reads a topic; `Invalid` when others have replied for members only and it would become public."""
    if audience not in AUDIENCES:
        raise Invalid(_("Choose who may read it."), "audience")
    if topic.audience == MEMBERS and audience == PUBLIC and has_replies(topic):
        raise Invalid(_("Others have replied for members only, so this stays so."), "audience")
    change_audience(author, topic, audience)


def change_audience(doer: Person, topic: Topic, audience: str) -> None:
    """Set who reads a topic, with its counters, its document in search, and quotations of and in it."""
    if audience == topic.audience:
        return
    count_all(doer, topic, -1)
    with recounted(doer, topic):
        topic.audience = audience
    count_all(doer, topic, 1)
    search.set_audience(doer, "topic", topic.id, audience)
    refresh_quotes(or_(quotes_of_topic(topic), quotes_in_topic(topic)), is_back=True)


def rewrite_opening(doer: Person, topic: Topic, text: Written) -> None:
    """Replace the text of the post that opens a topic, and the language of both."""
    first_post(topic).write(text)
    with recounted(doer, topic):
        topic.language = text.language


def _forget_text(post: Post) -> None:
    post.source, post.html, post.hidden_reason = "", post.html[:0], ""
    post.note_source, post.note_html, post.note_at = "", post.html[:0], None
    post.edit_asked_at = post.edit_answered_at = None
    post.useful_count = post.same_here_count = post.tried_count = 0
    forget_poll(post)
    for row, column in (
        (Revision, Revision.post_id),
        (Mark, Mark.post_id),
        (Quote, Quote.post_id),
        (Mention, Mention.post_id),
    ):
        db.session.execute(delete_rows(row).where(column == post.id))


def forget_mark(doer: Person, given: Mark) -> None:
    """Delete a mark, and what notices quote of its note. The caller updates the counter."""
    if given.words:
        update_mark_notices(doer, given.post_id, given.member_id, "")
    db.session.delete(given)


def follow_withholding(doer: Person, post: Post, was_shown: bool) -> None:
    """Let everything follow that a post is withheld now: counters, answer, search, notices and quotations.

    `was_shown` is whether readers saw it until now.
    """
    topic = post.topic
    if was_shown and post.number > 1:
        with recounted(doer, topic):
            topic.replies_count -= 1
    if topic.answer_id == post.id:
        set_answer(doer, topic, None)
    if post.number == 1:
        topic.excerpt = ""
        if topic.deleted_at is None:
            index_topic(doer, topic)
    hide_notices(doer, post_id=post.id, topic_id=_opened_by(post))
    refresh_quotes(quotes_of_post(post))


def follow_restoring(doer: Person, post: Post) -> None:
    """Let everything follow that a post is shown again: counters, search, notices and quotations."""
    topic = post.topic
    if post.number > 1:
        with recounted(doer, topic):
            topic.replies_count += 1
    count_post(doer, topic, post, 1)
    if post.number == 1:
        words = plain(post.source)  # rare, so it may run under the lock
        topic.excerpt = excerpt(words)
        index_topic(doer, topic, with_poll_words(post, words), post.source)
    search.restore(doer, "post", post.id)
    if topic.hidden_at is None:
        about: dict[str, Any] = {"post_id": post.id, "topic_id": _opened_by(post)}
        restore_notices(doer, **about)
        if unfitting := _unfitting_notices(topic, post.id):
            hide_notices(doer, **about, kinds=unfitting)
    refresh_quotes(quotes_of_post(post), is_back=True)


def _opened_by(post: Post) -> int | None:
    """The id of the topic that a post opens; None for a reply."""
    return post.topic_id if post.number == 1 else None


def has_shown_posts(post: Post) -> bool:
    """Whether the topic of a post has a post left that readers see."""
    opening = post if post.number == 1 else first_post(post.topic)
    return post.topic.replies_count > 0 or not opening.is_gone


def close_empty_topic(doer: Person, topic: Topic, moment: datetime) -> None:
    """Close a topic of which no post is shown: hide it while a post can be restored, else delete it.

    It is hidden at `moment` and in the way of the post that was hidden last, with that post's reason unless the first post
    was deleted by its author. A topic that moderators have hidden itself stays as it is.
    """
    last = last_hidden_post(topic)
    if last is None:
        mark_topic_deleted(doer, topic)
        if db.session.get_one(Member, topic.author_id).left_at:
            forget_title(SYSTEM, topic)
        return
    hide_as_empty(doer, topic, moment)
    if topic.emptied_at is not None:
        topic.hidden_reason = "" if first_post(topic).deleted_at else last.hidden_reason
        topic.removed_at = last.removed_at


def hide_as_empty(doer: Person, topic: Topic, moment: datetime) -> None:
    """Hide a topic because no post of it is shown, unless it is hidden already."""
    if topic.hidden_at is None:
        withhold_topic(doer, topic, moment)
        topic.emptied_at = moment


def withhold_topic(doer: Person, topic: Topic, moment: datetime) -> None:
    """Hide a topic, with its counters, search, notices and quotations."""
    count_all(doer, topic, -1)
    with recounted(doer, topic):
        topic.hidden_at = moment
    search.hide(doer, "topic", topic.id)
    hide_notices(doer, topic_id=topic.id)
    refresh_quotes(quotes_of_topic(topic))


def show_topic(doer: Person, topic: Topic) -> None:
    """Show a hidden topic again, with its counters, search, notices and quotations."""
    with recounted(doer, topic):
        topic.hidden_at = topic.removed_at = topic.emptied_at = None
    topic.hidden_reason = ""
    count_all(doer, topic, 1)
    search.restore(doer, "topic", topic.id)
    restore_notices_in(doer, topic)
    refresh_quotes(quotes_of_topic(topic), is_back=True)


def restore_notices_in(doer: Person, topic: Topic) -> None:
    """Show the notices about a topic again, but for those of its gone posts, those that wait for a
    question, and those of replies that are not its answer.
    """
    _restore_fitting(doer, topic)
    hide_notices(doer, topic_id=topic.id, kinds=_unfitting_notices(topic))
    if topic.answer_id:
        restore_notices(doer, post_id=topic.answer_id, kinds=ANSWER_NOTICES)


def _restore_fitting(doer: Person, topic: Topic, kinds: Collection[str] = ()) -> None:
    """Show the notices about a topic again, all or of some kinds, but for those of its gone posts."""
    gone = gone_post_ids(topic)
    restore_notices(doer, topic_id=topic.id, kinds=kinds, but=gone)
    if (opening_id := first_post(topic).id) in gone:
        hide_notices(doer, post_id=opening_id, topic_id=topic.id)


def _unfitting_notices(topic: Topic, post_id: int | None = None) -> tuple[str, ...]:
    """The kinds of notices about a topic, or about one post of it, that do not fit while it is no question or not its answer."""
    if topic.kind != "question":
        return QUESTION_NOTICES + ANSWER_NOTICES
    return () if post_id and topic.answer_id == post_id else ANSWER_NOTICES


def mark_topic_deleted(doer: Person, topic: Topic) -> None:
    """Mark a topic as deleted, with its counters, search, notices and quotations."""
    count_all(doer, topic, -1)
    with recounted(doer, topic):
        topic.deleted_at = now()
    search.unindex(doer, "topic", topic.id)
    hide_notices(doer, topic_id=topic.id)
    refresh_quotes(quotes_of_topic(topic))


def forget_title(system: Person, topic: Topic) -> None:
    """Remove the title of a topic whose author has left, from the topic and from notices."""
    topic.title, topic.slug, topic.excerpt = "", "topic", ""
    topic.home = topic.home and f"/topics/{topic.id}"  # that of a practice holds its title
    clear_titles(system, topic.id)


def set_topic_time(moderator: Person, topic_id: int, name: str, moment: datetime | None) -> Topic:
    """Set a time column of a topic (`locked_at`, `slowed_at`, `pinned_at`) for a moderator, or clear it; else `Forbidden`."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    with recounted(moderator, topic):  # a locked question waits for no answer
        setattr(topic, name, moment)
    return topic


def set_pace(topic: Topic, pace: Pace | None) -> None:
    """Make a topic as slow as `pace` says, or as fast as any with None."""
    topic.slowed_at = (topic.slowed_at or now()) if pace else None
    topic.slow_minutes, topic.slow_until = (pace.minutes, pace.until) if pace else (None, None)
    topic.slow_reason = pace.reason.strip() if pace else ""


def move_topic(doer: Person, topic: Topic, agenda_id: int) -> None:
    """Put a topic on another agenda, with its counters, held texts and document in search.

    From an agenda in preparation it comes to light, with what follows from that. No topic of another agenda is taken to one
    in preparation, out of the sight of those who wrote in it.
    """
    if agenda_id == topic.agenda_id:
        return
    if lock_opening(agenda_id) is None:
        raise Invalid(_("That agenda is in preparation. Choose an open one."), "agenda")
    was_open = has_open_agenda(topic)
    with recounted(doer, topic):
        topic.agenda_id = agenda_id
    if was_open:
        note_activity_of(doer, topic)
    else:
        count_all(doer, topic, 1)
        refresh_quotes(or_(quotes_of_topic(topic), quotes_in_topic(topic)), is_back=True)
    waiting = update(Held).where(Held.topic_id == topic.id)
    db.session.execute(waiting.values(agenda_id=agenda_id))
    search.move(doer, "topic", topic.id, agenda_id)
    let_pictures_follow(doer, topic)


def let_pictures_follow(doer: Person, topic: Topic) -> None:
    """Let those who moderate the agenda where a topic is now see the pictures in it, also those out of sight; and nobody else."""
    apart = {name for source in sources_apart(topic) for name in names_in(source)}
    pictures.follow(doer, apart | pictures_shown_below("topic", topic.id), topic.agenda_id)
