"""The deeds of the dialogue: opening topics, replying, editing, marking, and what moderators do to both."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from flask_babel import gettext as _
from markupsafe import escape
from sqlalchemy import delete as delete_rows
from sqlalchemy import func, insert, or_, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from forum.agendas.actions import correct_activity, note_activity
from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id, curators_of, themes_by_id
from forum.db import ANYTHING, Base, action, db, member_scope, now, topic_scope, touches
from forum.dialogue.models import (
    EDIT,
    KINDS,
    MARKS,
    OPEN,
    OUTCOMES,
    REPLY,
    SAME_HERE,
    TRIED,
    USEFUL,
    AllRead,
    Held,
    Mark,
    Mention,
    Place,
    Post,
    Quote,
    Revision,
    Topic,
    TopicCount,
    TopicTheme,
    Trace,
)
from forum.dialogue.queries import (
    KEY_LENGTH,
    Shelf,
    first_post,
    gone_posts,
    has_written,
    held_edit_of,
    held_of,
    held_of_key,
    hold_held,
    is_told,
    last_to_read,
    latest_in,
    marks_to_remove,
    mentioned_by,
    merged_topic,
    opened_by,
    out_of_sight,
    places_after,
    post_if_there,
    post_of_key,
    post_to_change,
    posts_by_author,
    posts_to_index,
    posts_to_move,
    posts_to_quote,
    quoted_by,
    read_until,
    refused_before,
    replies_in,
    revisions_to_reword,
    shelf_of,
    steps_of,
    theme_ids_of,
    topic_after_merge,
    topic_if_there,
    topic_to_change,
    topics_to_change,
    true_shelves,
    truth_of,
    written,
)
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import (
    MAX_SOURCE,
    PlainTexts,
    Written,
    excerpt,
    plain,
    quoted_posts,
    slugify,
    write,
)
from forum.matches import OUTSIDE, Said
from forum.members.actions import correct_posts, note_posts, note_waiting
from forum.members.models import City, Member
from forum.members.queries import members_to_mention
from forum.notifications.actions import (
    hide_notices,
    note_event,
    note_news,
    read_queue,
    read_topic,
    rehome_notices,
    restore_notices,
    retell,
    untitle,
    unwatch_along,
    watch_along,
    watch_own,
)
from forum.notifications.models import AGENDA, CITY, THEME, TOPIC
from forum.notifications.queries import Subject
from forum.permissions import (
    AUDIENCES,
    EDIT_WITHOUT_TRACE,
    MEMBERS,
    PUBLIC,
    SYSTEM,
    Person,
    Verdict,
    require,
)
from forum.screening.actions import screen
from forum.screening.models import Caught
from forum.screening.queries import is_newcomer, newness
from forum.search import actions as search
from forum.search.queries import texts_of

TITLE_LENGTHS = range(3, 121)
NOTE_LENGTH = 300
LONGEST_NOTE = 2_000  # characters that moderators add below a post
MOST_MENTIONED = 20  # by one post
KEPT_REFUSED = timedelta(days=183)  # as long as one may appeal
MOST_MERGED = 1_000  # posts of a topic that is put into another
SPLIT_INTO = ("experience", "question")  # the kinds of topics that have no page of their own
PARAGRAPH_KEY = re.compile(r"[0-9a-f]{12}")
COUNTERS = {
    USEFUL: Post.useful_count,
    SAME_HERE: Post.same_here_count,
    TRIED: Post.tried_count,
}


@dataclass(frozen=True)
class NewTopic:
    """What somebody says to open a topic. `themes` are ids; `home` is the page of a case or practice."""

    kind: str
    title: str
    text: Written
    themes: Sequence[int] = ()
    audience: str = PUBLIC
    for_organisation: bool = False
    home: str | None = None


# Writing


@action
def open_topic(
    author: Person, agenda_id: int, new: NewTopic, key: str | None = None
) -> Topic | Held:
    """Open a topic with its first post, or let it wait when a rule holds it back.

    The same submission key from the same author opens it once.
    """
    return _open_topic(author, agenda_id, new, key, is_asked=True)


@action
def publish_topic(author: Person, agenda_id: int, new: NewTopic, key: str | None = None) -> Topic:
    """Open a topic that no rule is asked about: a page of the library, an import, what a moderator has read."""
    return cast(Topic, _open_topic(author, agenda_id, new, key, is_asked=False))


def _open_topic(
    author: Person, agenda_id: int, new: NewTopic, key: str | None, *, is_asked: bool
) -> Topic | Held:
    touches(ANYTHING, *_profiles(author.id))  # a page that did not exist yet is kept by nobody
    agenda = agenda_by_id(author, agenda_id)
    if earlier := _sent_before(author, key, new.text, new.title):
        return earlier.topic
    if is_asked and (waiting := _held_before(author, key, new.text, new.title)):
        return waiting
    require(author.can.open_topic(agenda))
    organisation_id = _organisation(author, new.for_organisation)
    _check_topic(new.kind, new.title, new.audience, new.home)
    _check_text(new.text)
    if is_asked and (why := screen(author, agenda_id, Said(new.text, new.title))):
        whose: Any = {"key": key, "organisation_id": organisation_id}
        return _hold(author, agenda_id, _of_topic(new), why, **whose)
    is_first = is_asked and _is_first(author, agenda_id)
    try:
        with db.session.begin_nested():
            topic = _add_topic(author, agenda_id, organisation_id, new)
            post = _add_post(topic, author, organisation_id, new.text, key=key, number=1)
    except IntegrityError:
        return _sent_twice(author, key, new.text, new.title).topic
    _set_themes(topic, new.themes)
    _index_topic(author, topic, new.text.plain)
    note_activity(author, agenda_id, now(), topics=_shown(topic))
    _move_shelf(author, None, shelf_of(topic))
    _count_post(author, topic, post, 1)
    told = _note_names(author, post, new.text)
    watch_own(author, topic.id)
    _note_news(post, "topic", _subjects(author, topic, new.themes), told)
    if is_first:
        _ask_to_look(author, post)
    return topic


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

    The same submission key from the same author adds it once. `paragraph` is the key of the paragraph of a case
    that the post comments on.
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
    topic = _topic_to_reply(author, topic_id)
    touches(topic_scope(topic.id), *_profiles(author.id))
    if earlier := _sent_before(author, key, text):
        return earlier
    if is_asked and (waiting := _held_before(author, key, text)):
        return waiting
    require(author.can.reply(topic))
    organisation_id = _organisation(author, for_organisation)
    _check_text(text)
    if is_asked and (why := screen(author, topic.agenda_id, Said(text))):
        what = _words(REPLY, text) | {"topic_id": topic_id, "paragraph": _key_of(paragraph)}
        whose: Any = {"key": key, "organisation_id": organisation_id}
        return _hold(author, topic.agenda_id, what, why, **whose)
    is_first = is_asked and _is_first(author, topic.agenda_id)
    before = shelf_of(topic)
    try:
        with db.session.begin_nested():
            number = _next_number(topic)
            post = _add_post(
                topic, author, organisation_id, text, key=key, number=number, paragraph=paragraph
            )
    except IntegrityError:
        return _sent_twice(author, key, text)
    note_activity(author, topic.agenda_id, now())
    _move_shelf(author, before, shelf_of(topic))
    _index_post(author, post, topic, text.plain)
    _count_post(author, topic, post, 1)
    told = _note_names(author, post, text)
    _note(author, "reply", {topic.author_id} - told, post, text.plain)
    watch_own(author, topic.id)
    _note_news(post, "post", [(TOPIC, topic.id)], told | {topic.author_id})
    if is_first:
        _ask_to_look(author, post)
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
    """Change one's post, or let the change wait when a rule holds it back; title, themes and audience only with
    a topic's first post.

    Later than 15 minutes after posting, what it said before is kept. `seen` is the `fingerprint` of the
    text that the author changed: raises `Conflict` when the post says something else by now, unless that is
    this very text, which was sent again because its answer was lost.
    """
    return _edit(
        author, post_id, text, title, themes=themes, audience=audience, seen=seen, is_asked=True
    )


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
) -> Post | Held:
    post = post_to_change(author, post_id)
    if post.number > 1:  # the title of a topic is on the profiles of all who wrote in it
        touches(topic_scope(post.topic_id), *_profiles(author.id))
    require(author.can.edit(post))
    _require_no_home(post)
    if seen and seen != post.fingerprint and text.source != post.source:
        raise Conflict(_("This text has changed since you opened the form."))
    _check_text(text)
    title = _changed_title(post, title)
    if is_asked and _says_more(post, text, title):
        said = Said(text, title if post.number == 1 else "")
        if why := screen(author, post.topic.agenda_id, said):
            return _hold_edit(author, post, text, title, why, themes=themes, audience=audience)
        _look_again_if_new(author, post, said)
    _keep_revision(post, text, title)
    if post.edit_asked_at and (text.source != post.source or title != post.topic.title):
        post.edit_answered_at = now()
    post.source, post.html = text.source, text.html
    post.html_version, post.language = text.html_version, text.language
    if post.number == 1:
        _edit_topic(author, post.topic, text, title, themes=themes, audience=audience)
    else:
        _index_post(author, post, post.topic, text.plain)
    _note_names(author, post, text)
    return post


@action
def delete(author: Person, post_id: int) -> Post:
    """Delete one's post with all its versions and marks. A gap stays; a topic without a post goes too."""
    post = post_to_change(author, post_id)
    require(author.can.delete(post))
    _require_no_home(post)
    return _delete(author, post)


def _delete(doer: Person, post: Post) -> Post:
    was_shown = not post.is_gone
    if was_shown:
        _count_post(doer, post.topic, post, -1)
    _forget_text(post)
    if post.unseen_at:
        _set_seen(post)
        read_queue(doer, f"/moderation/post/{post.id}")
    post.deleted_at = now()
    _take_away(doer, post, was_shown)
    search.unindex(doer, "post", post.id)
    if post.topic.deleted_at is None and not _is_worth_keeping(post):
        _delete_topic(doer, post.topic)
    return post


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


def _profiles(*member_ids: int | None) -> set[str]:
    """The scopes of the profiles of members; the system has none."""
    return {member_scope(member_id) for member_id in member_ids if member_id}


# Texts that a rule holds back


def _held_before(
    author: Person, key: str | None, text: Written, title: str | None = None
) -> Held | None:
    """What a form has sent already, if it says the same; see `_sent_before`."""
    held = held_of_key(author, key)
    if held is None:
        return None
    is_titled_alike = title is None or held.title == " ".join(title.split())
    if held.source == text.source and is_titled_alike:
        return held
    raise _sent_another()


def _words(deed: str, text: Written) -> dict[str, Any]:
    return {"deed": deed, "source": text.source, "language": text.language}


def _of_topic(new: NewTopic) -> dict[str, Any]:
    more = {"kind": new.kind, "audience": new.audience, "themes": list(new.themes)}
    return _words(OPEN, new.text) | more | {"title": " ".join(new.title.split())}


def _hold(
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
        submission_key=key[:KEY_LENGTH] if key else None,
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


def _hold_edit(
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
    what = _words(EDIT, text) | {"topic_id": post.topic_id, "post_id": post.id}
    what |= {"seen": post.fingerprint}
    if post.number == 1:
        more = {"themes": list(themes) if themes is not None else None, "audience": audience}
        what |= {"title": title, **more}
    earlier = held_edit_of(author, post.id)
    if earlier is None:
        return _hold(author, post.topic.agenda_id, what, why)
    _send_again(author, earlier, what, why)
    return earlier


def _send_again(author: Person, held: Held, what: Mapping[str, Any], why: Caught | None) -> None:
    """Let a text that waits say something else, and one that was refused wait again."""
    for name, value in what.items():
        setattr(held, name, value)
    if why:
        _say_why(held, why)
    if held.decided_at is not None:
        held.created_at, held.decided_at = now(), None
        db.session.flush()
        _tell_of_held(author, held)


@action
def revise(
    author: Person,
    held_id: int,
    text: Written,
    title: str | None = None,
    *,
    themes: Sequence[int] | None = None,
    audience: str | None = None,
    seen: str | None = None,
) -> Post | Held:
    """Change one's text that waits or was refused. Rules are asked again: what none holds back appears at once.

    What a moderator has refused waits again, whatever the rules say.
    """
    held = hold_held(author, held_id)
    require(author.can.revise(held))
    _require_kept_back(held)
    if seen and seen != held.fingerprint and text.source != held.source:
        raise Conflict(_("This text has changed since you opened the form."))
    _check_text(text)
    what = _words(held.deed, text) | _revised_topic(held, title, themes, audience)
    if held.deed == EDIT and (post := post_if_there(author, held.post_id)):
        what["seen"] = post.fingerprint  # what it says by now was before the author's eyes
    why = screen(author, held.agenda_id, Said(text, what.get("title", "")))
    if why or held.refused_at is not None:
        _send_again(author, held, what, why)
        return held
    for name, value in what.items():
        setattr(held, name, value)
    return _publish_revised(author, held)


def _publish_revised(author: Person, held: Held) -> Post:
    is_first = held.deed != EDIT and _is_first(author, held.agenda_id)
    post = _publish(author, held)
    if is_first:
        _ask_to_look(author, post)
    _drop(author, held)
    return post


def _revised_topic(
    held: Held, title: str | None, themes: Sequence[int] | None, audience: str | None
) -> dict[str, Any]:
    if not held.title:
        return {}
    what: dict[str, Any] = {"title": held.title if title is None else _checked_title(title)}
    if themes is not None:
        what["themes"] = list(themes)
    if audience is not None:
        if audience not in AUDIENCES:
            raise Invalid(_("Choose who may read it."), "audience")
        what["audience"] = audience
    return what


@action
def take_back(author: Person, held_id: int) -> None:
    """Take back one's text that waits or was refused: nothing of it is kept."""
    touches()
    require(author.can.see_notices())
    held = hold_held(author, held_id)
    require(author.can.take_back(held))
    _require_kept_back(held)
    _drop(author, held)


def _drop(doer: Person, held: Held) -> None:
    read_queue(doer, _in_queue(held))
    note_waiting(doer, held.author_id, -1)
    db.session.delete(held)
    db.session.flush()


def _require_kept_back(held: Held) -> None:
    if held.became_id is not None:
        raise Conflict(_("This text is published by now."))
    if not held.source:
        raise Conflict(_("This text was deleted after its time."))


@action
def approve(moderator: Person, held_id: int, seen: str | None = None) -> Post:
    """Publish a text that waits or was refused, in its author's name and with the rights that the author has now.

    `seen` is the `fingerprint` of what the moderator has read: when it says something else by now, nothing is done.
    """
    held = _held_to_decide(moderator, held_id, seen)
    author = db.session.get_one(Member, held.author_id, populate_existing=True)
    if why_not := _why_not(author, held):
        raise Conflict(_("This cannot be published now. %(why)s", why=why_not))
    post = _publish(author, held)
    held.became_id, held.decided_at = post.id, now()
    held.source, held.title, held.reason = "", "", ""
    note_waiting(moderator, held.author_id, -1)
    return post


@action
def refuse(moderator: Person, held_id: int, reason: str, seen: str | None = None) -> Held:
    """Refuse a text that waits, for a reason that its author reads. The text stays with its author alone."""
    touches()
    held = _held_to_decide(moderator, held_id, seen)
    if held.decided_at is not None:
        raise Conflict(_("This was refused already. Nothing was changed."))
    held.decided_at = held.refused_at = now()
    held.reason = reason
    return held


@action
def reconsider(moderator: Person, held_id: int) -> Held:
    """Let a text that was refused wait again, because the moderator takes that back."""
    touches()
    held = _held_to_decide(moderator, held_id, None)
    held.decided_at = held.refused_at = None
    held.reason = ""
    return held


def _held_to_decide(moderator: Person, held_id: int, seen: str | None) -> Held:
    held = hold_held(moderator, held_id)
    require(moderator.can.moderate(held.agenda_id))
    _require_kept_back(held)
    if seen and seen != held.fingerprint:
        raise Conflict(_("The author has changed this text meanwhile. Read it again."))
    return held


def _why_not(author: Member, held: Held) -> str | None:
    """Why a text cannot appear now although a moderator wants it to; asked first, since no deed catches another."""
    if author.is_suspended:
        return _("Its author is suspended.")
    if not author.is_member:
        return _("Its author has closed the account.")
    if author.is_silenced:
        return _("Its author may not write for the time being.")
    if author.owes_terms:
        return _("Its author has not agreed to the new terms of use.")
    verdict = _verdict_on(author, held)
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
    if post.fingerprint != held.seen:
        return Verdict(_("The post has been changed in another way since."))
    return author.can.edit(post)


def _publish(author: Person, held: Held) -> Post:
    """Do what the author meant to do, as if it were done now: all that follows from it comes by itself."""
    text = written(held.source, held.language)  # rare, so it may run under the lock
    is_theirs = held.organisation_id is not None and held.organisation_id == author.organisation_id
    if held.deed == EDIT:
        more: dict[str, Any] = {"themes": held.themes, "audience": held.audience, "seen": None}
        title = held.title or None
        return cast(Post, _edit(author, held.post_id or 0, text, title, is_asked=False, **more))
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
    )
    return first_post(publish_topic(author, held.agenda_id, new, held.submission_key))


@action
def forget_refused(system: Person, limit: int = 200) -> int:
    """Delete the texts of some that were refused long ago; that they were, is kept. Says how many."""
    require(system.can.administer())
    touches()
    old = refused_before(now() - KEPT_REFUSED, limit)
    for held in old:
        held.source, held.title, held.reason = "", "", ""
        note_waiting(system, held.author_id, -1)
    return len(old)


@action
def forget_held(system: Person, member_id: int) -> None:
    """Delete what waits, or was refused, of somebody who has left."""
    require(system.can.administer())
    touches()
    for held in held_of(member_id):
        _drop(system, held)


# First posts


def _is_first(author: Person, agenda_id: int) -> bool:
    """Whether a moderator is asked to look at what somebody writes, because it is one of their first posts."""
    if author.can.pass_screening(agenda_id):
        return False
    number = newness().first_posts
    return author.posts_count < number and not has_written(author, number)


def _ask_to_look(author: Person, post: Post) -> None:
    post.unseen_at = now()
    if post.number == 1:
        post.topic.unseen_at = post.unseen_at
    who, where = curators_of(post.topic.agenda_id), f"/moderation/post/{post.id}"
    note_event(author, "queue", who, where, title=post.topic.title, is_named=False)


def _says_more(post: Post, text: Written, title: str) -> bool:
    return text.source != post.source or (post.number == 1 and title != post.topic.title)


def _look_again_if_new(author: Person, post: Post, said: Said) -> None:
    """Somebody new who puts the first link into a post is looked at again."""
    has_had = OUTSIDE.search(post.html) is not None
    if post.unseen_at is None and said.has_outside_links and not has_had and is_newcomer(author):
        _ask_to_look(author, post)


@action
def look_at(moderator: Person, post_id: int) -> Post:
    """Note that a moderator has looked at one of somebody's first posts: search engines may find it now."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    _set_seen(post)
    return post


@action
def look_again(moderator: Person, post_id: int) -> Post:
    """Take it back that one has looked at a first post."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    post.unseen_at = now()
    if post.number == 1:
        post.topic.unseen_at = post.unseen_at
    return post


def _set_seen(post: Post) -> None:
    post.unseen_at = None
    if post.number == 1:
        post.topic.unseen_at = None


# Marks and answers


@action
def mark(
    member: Person, post_id: int, kind: str, outcome: str | None = None, note: str = ""
) -> Post:
    """Say to a post that it is useful, that one faces the same, or what became of trying it."""
    post = post_to_change(member, post_id)
    _touch_marks(member, post, kind)
    require(member.can.mark(post))
    outcome, note = _checked_mark(kind, outcome, note)
    given = db.session.get(Mark, (post_id, member.id, kind), populate_existing=True)
    if given is None:
        db.session.add(
            Mark(
                post_id=post_id,
                member_id=member.id,
                kind=kind,
                outcome=outcome,
                note=note,
                city_id=db.session.get_one(Member, member.id).city_id,
                created_at=now(),
            )
        )
        _count_mark(post.id, kind, 1)
        if not is_told(member, "mark", post_id):
            _note(member, "mark", {post.author_id}, post, note)
    else:
        given.outcome, given.note = outcome, note
    return post


@action
def unmark(member: Person, post_id: int, kind: str) -> Post:
    """Take a mark back; nothing happens when there is none."""
    post = post_to_change(member, post_id)
    _touch_marks(member, post, kind)
    require(member.can.mark(post))
    given = db.session.get(Mark, (post_id, member.id, kind), populate_existing=True)
    if given is not None:
        db.session.delete(given)
        _count_mark(post.id, kind, -1)
    return post


def _touch_marks(member: Person, post: Post, kind: str) -> None:
    """Profiles say what was tried, by whom and of whom, and nothing of other marks."""
    people = (member.id, post.author_id) if kind == TRIED else ()
    touches(topic_scope(post.topic_id), *_profiles(*people))


@action
def choose_answer(member: Person, topic_id: int, post_id: int | None) -> Topic:
    """Choose the post that answers a question, or with None say that nothing does yet."""
    topic = topic_to_change(member, topic_id)
    touches(topic_scope(topic_id), *_profiles(topic.answered_by_id))
    require(member.can.choose_answer(topic))
    if post_id is None:
        _set_answer(member, topic, None)
        return topic
    post = post_to_change(member, post_id)
    if post.topic_id != topic.id or post.number == 1 or post.is_gone:
        raise Invalid(_("Choose one of the replies to this question."), "post")
    if topic.answer_id != post.id:
        touches(*_profiles(post.author_id))
        _set_answer(member, topic, post)
        _note(member, "answer", {post.author_id, topic.author_id}, post, "")
    return topic


def _set_answer(doer: Person, topic: Topic, post: Post | None) -> None:
    with _shelved_anew(doer, topic):
        topic.answer_id = post.id if post else None
        topic.answered_by_id = post.author_id if post else None
        topic.answered_at = now() if post else None


# Reading


@action
def read(member: Person, topic_id: int, number: int) -> None:
    """Note that a member has read a topic up to a number, further than before, and the notices about it."""
    touches()
    row = {"member_id": member.id, "topic_id": topic_id, "number": number}
    place = _inserting("place")
    is_further = place.table.c.number < place.excluded.number
    put = place.on_conflict_do_update(
        index_elements=place.table.primary_key.columns,
        set_={"number": place.excluded.number},
        where=is_further,
    )
    db.session.execute(put, row)
    read_topic(member, topic_id)


@action
def read_all(member: Person, agenda_id: int | None = None) -> None:
    """Take all that has been written for read, on one agenda or on all of them: one row, however much it is."""
    touches()
    require(member.can.see_notices())
    row = {"member_id": member.id, "agenda_id": agenda_id or 0, "until": now()}
    kept = _inserting("all_read")
    key, values = kept.table.primary_key.columns, {"until": kept.excluded.until}
    db.session.execute(kept.on_conflict_do_update(index_elements=key, set_=values), row)


def _inserting(table: str) -> Any:
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(Base.metadata.tables[table])


# Moderating


@action
def lock(moderator: Person, topic_id: int) -> Topic:
    """Let a topic take no more replies."""
    return _set_moment(moderator, topic_id, "locked_at", now())


@action
def unlock(moderator: Person, topic_id: int) -> Topic:
    """Let a topic take replies again."""
    return _set_moment(moderator, topic_id, "locked_at", None)


@action
def pin(moderator: Person, topic_id: int) -> Topic:
    """Keep a topic at the top of its agenda's dialogue."""
    return _set_moment(moderator, topic_id, "pinned_at", now())


@action
def unpin(moderator: Person, topic_id: int) -> Topic:
    """Let a topic stand where its latest post puts it."""
    return _set_moment(moderator, topic_id, "pinned_at", None)


@action
def move(moderator: Person, topic_id: int, agenda_id: int) -> Topic:
    """Put a topic on another agenda."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.move(topic, agenda_by_id(moderator, agenda_id)))
    if topic.home:
        raise Invalid(_("This is moved on its own page, with what it belongs to."), "agenda")
    _move(moderator, topic, agenda_id)
    return topic


@action
def hide(moderator: Person, post_id: int, reason: str) -> Post:
    """Withhold a post from readers, everywhere. A topic of which nothing else is left goes with it.

    In its place stands that something is hidden, and why. One that was removed is only hidden then.
    """
    return _withhold(moderator, post_id, reason, is_removed=False)


@action
def remove(moderator: Person, post_id: int, reason: str) -> Post:
    """Withhold a post from readers as if it had never been: only who moderates sees that there was anything."""
    return _withhold(moderator, post_id, reason, is_removed=True)


def _withhold(moderator: Person, post_id: int, reason: str, *, is_removed: bool) -> Post:
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    _require_no_home(post)
    is_so = post.hidden_at is not None and (post.removed_at is not None) == is_removed
    if post.deleted_at is not None or is_so:
        return post
    was_shown, moment = not post.is_gone, post.hidden_at or now()
    if was_shown:
        _count_post(moderator, post.topic, post, -1)
    post.hidden_at, post.hidden_reason = moment, reason
    post.removed_at = now() if is_removed else None
    _set_seen(post)
    if was_shown:
        _take_away(moderator, post, was_shown=True)
        search.hide(moderator, "post", post.id)
    if post.topic.hidden_at is None and not _is_worth_keeping(post):
        _hide_topic(moderator, post.topic, moment)
    if post.topic.hidden_at == moment:
        post.topic.hidden_reason, post.topic.removed_at = reason, post.removed_at
    return post


@action
def restore(moderator: Person, post_id: int) -> Post:
    """Show a hidden post again, and the topic that was hidden with it."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    if post.hidden_at is None or post.deleted_at is not None:
        return post
    was_hidden_with_it = post.topic.hidden_at == post.hidden_at
    is_topic_too = was_hidden_with_it and not _is_worth_keeping(post)
    post.hidden_at, post.hidden_reason, post.removed_at = None, "", None
    _bring_back(moderator, post)
    if is_topic_too:
        _restore_topic(moderator, post.topic)
    return post


@action
def hide_topic(moderator: Person, topic_id: int, reason: str = "") -> Topic:
    """Withhold a whole topic from readers, everywhere. One that was removed is only hidden then.

    At its address stands that it is hidden, and why.
    """
    return _withhold_topic(moderator, topic_id, reason, None)


@action
def remove_topic(moderator: Person, topic_id: int, reason: str = "") -> Topic:
    """Withhold a whole topic from readers as if it had never been."""
    return _withhold_topic(moderator, topic_id, reason, now())


def _withhold_topic(
    moderator: Person, topic_id: int, reason: str, removed_at: datetime | None
) -> Topic:
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    if topic.hidden_at is None:
        _hide_topic(moderator, topic, now())
    topic.hidden_reason, topic.removed_at = reason, removed_at
    return topic


@action
def ask_to_edit(moderator: Person, post_id: int) -> Post:
    """Note that the moderators have asked its author to change a post; the deed that calls it says what and why."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    _require_no_home(post)
    if (
        post.is_gone
        or post.topic.hidden_at
        or post.topic.locked_at
        or post.topic.agenda.archived_at
    ):
        raise Conflict(
            _("Its author cannot edit it now: it is hidden, or the topic takes no more replies.")
        )
    post.edit_asked_at, post.edit_answered_at = now(), None
    return post


@action
def take_request_back(moderator: Person, post_id: int) -> Post:
    """Ask the author of a post for nothing any longer."""
    post = post_to_change(moderator, post_id)
    require(moderator.can.moderate(post.topic.agenda_id))
    post.edit_asked_at = post.edit_answered_at = None
    return post


@action
def note(moderator: Person, post_id: int, text: Written) -> Post:
    """Let the moderators say something below a post, for all to read; an empty text takes it away again."""
    post = post_to_change(moderator, post_id)
    touches(topic_scope(post.topic_id))
    require(moderator.can.moderate(post.topic.agenda_id))
    _require_no_home(post)
    if len(text.source) > LONGEST_NOTE:
        raise Invalid(_("Shorten the text to 2,000 characters."), "source")
    if post.is_gone:
        raise Conflict(_("This text has been removed, so there is nothing to add a note to."))
    _set_note(post, text)
    return post


def _set_note(post: Post, text: Written) -> None:
    is_one = bool(text.source.strip())
    post.note_source, post.note_html = (text.source, text.html) if is_one else ("", text.html[:0])
    post.note_html_version, post.note_language = text.html_version, text.language
    post.note_at = now() if is_one else None


@action
def restore_topic(moderator: Person, topic_id: int) -> Topic:
    """Show a hidden topic again."""
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    if topic.hidden_at is not None:
        _restore_topic(moderator, topic)
    return topic


# Putting posts elsewhere


@dataclass(frozen=True)
class Part:
    """What posts that leave their topic become: the title, kind and agenda of the new one."""

    title: str
    kind: str
    agenda_id: int


@dataclass(frozen=True)
class Moved:
    """Which posts went from a topic to another: their ids with the numbers that they had, and what else has to be known.

    `before` is the number of the last post that was in the other topic; `answer` the answer that the first one lost.
    """

    topic: Topic
    target: Topic
    numbers: Mapping[int, int]
    before: int
    answer: tuple[int, datetime | None] | None = None


@action
def split(moderator: Person, topic_id: int, post_ids: Collection[int], part: Part) -> Moved:
    """Let posts of a topic be a topic of their own. They keep their ids, and so their links, marks and versions.

    The first of them opens it. In the old topic a line stands where they were, and their numbers stay gaps.
    """
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.split(topic, agenda_by_id(moderator, part.agenda_id)))
    _require_regroupable(topic)
    if part.kind not in SPLIT_INTO:
        raise Invalid(_("Choose an experience or a question."), "kind")
    title = _checked_title(part.title)
    posts = _chosen_to_move(topic, post_ids)
    answer = _answer_among(topic, posts)
    if answer:
        _set_answer(moderator, topic, None)
    new = _topic_of(topic, posts, replace(part, title=title))
    moved = _put_into(moderator, topic, new, posts, answer)
    note_activity(moderator, new.agenda_id, new.active_at, topics=_shown(new))
    _move_shelf(moderator, None, shelf_of(new))
    watch_along(moderator, topic.id, new.id, now(), {post.author_id for post in posts})
    return moved


@action
def merge(moderator: Person, topic_id: int, target_id: int) -> Moved:
    """Put a topic into another: its posts stand at the end there, under new numbers. Its address leads there for ever."""
    if topic_id == target_id:
        raise Invalid(_("This is the topic itself. Choose another one."), "target")
    both = topics_to_change(moderator, (topic_id, target_id))
    topic, target = both[topic_id], both[target_id]
    require(moderator.can.merge(topic, target))
    _require_mergeable(topic, target)
    posts = [post for post in posts_to_move(topic) if post.deleted_at is None]
    if len(posts) > MOST_MERGED:
        raise Invalid(_("Topics of more than 1,000 posts cannot be put into another."), "target")
    answer = _answer_among(topic, posts)
    shown = _shown(topic)
    _move_shelf(moderator, shelf_of(topic), None)
    topic.answer_id = topic.answered_by_id = topic.answered_at = None
    topic.deleted_at, topic.merged_into_id = now(), target.id
    moved = _put_into(moderator, topic, target, posts, answer)
    if answer and topic.kind == target.kind and target.answer_id is None:
        _take_answer(moderator, target, answer)
    search.unindex(moderator, "topic", topic.id)
    note_activity(moderator, topic.agenda_id, topic.created_at, topics=-shown)
    note_activity(moderator, target.agenda_id, target.active_at)
    watch_along(moderator, topic.id, target.id, topic.deleted_at)
    hide_notices(moderator, topic_id=topic.id)
    return moved


@action
def unsplit(moderator: Person, moved: Moved) -> Topic:
    """Put posts that became a topic of their own back where they were. The address of that one leads there.

    Raises `Conflict` when somebody has written in it since.
    """
    both = topics_to_change(moderator, (moved.topic.id, moved.target.id))
    topic, new = both[moved.topic.id], both[moved.target.id]
    require(moderator.can.merge(new, topic))
    posts = posts_to_move(new)
    _require_unchanged(topic, new, posts, moved)
    _move_shelf(moderator, shelf_of(new), None)
    note_activity(moderator, new.agenda_id, new.created_at, topics=-_shown(new))
    new.deleted_at, new.merged_into_id = now(), topic.id
    _put_back(moderator, moved, topic, new, posts)
    with _shelved_anew(moderator, topic):
        _answer_again(topic, moved, posts)
    new.posts_count = 0
    search.unindex(moderator, "topic", new.id)
    hide_notices(moderator, topic_id=new.id)
    return topic


@action
def unmerge(moderator: Person, moved: Moved) -> Topic:
    """Let a topic that was put into another be one again, as it was.

    Raises `Conflict` when somebody has written in the other one since.
    """
    target = topic_to_change(moderator, moved.target.id)
    topic = merged_topic(moderator, moved.topic.id)
    require(moderator.can.merge(topic, target))
    posts = [post for post in posts_to_move(target) if post.number > moved.before]
    _require_unchanged(topic, target, posts, moved)
    unwatch_along(moderator, topic.id, target.id, topic.deleted_at or now())
    if moved.answer and target.answer_id == moved.answer[0]:
        _set_answer(moderator, target, None)
    topic.deleted_at = topic.merged_into_id = None
    db.session.get_one(Member, topic.author_id, populate_existing=True)
    _index_topic(moderator, topic, "")
    _put_back(moderator, moved, topic, target, posts)
    _answer_again(topic, moved, posts)
    target.posts_count = moved.before
    far = update(Place).where(Place.topic_id == target.id, Place.number > moved.before)
    db.session.execute(far.values(number=moved.before))
    note_activity(moderator, topic.agenda_id, topic.active_at, topics=_shown(topic))
    _move_shelf(moderator, None, shelf_of(topic))
    restore_notices(moderator, topic_id=topic.id, but=gone_posts(topic))
    return topic


def _require_regroupable(*topics: Topic) -> None:
    if any(topic.home for topic in topics):
        raise Invalid(_("The comments on a case or a practice stay with it."), "target")
    if any(topic.hidden_at for topic in topics):
        raise Conflict(_("What is hidden stays as it is. Show the topic again first."))


def _require_mergeable(topic: Topic, target: Topic) -> None:
    _require_regroupable(topic, target)
    if topic.audience != target.audience:
        raise Invalid(_("One of them is for members only, so they stay apart."), "target")
    if topic.followed_up_at:
        raise Invalid(
            _(
                "Its asker told what happened next, which belongs to this topic. Put the other into it."
            ),
            "target",
        )


def _require_unchanged(topic: Topic, target: Topic, posts: Sequence[Post], moved: Moved) -> None:
    """The posts are still those that were moved, one of them at least can be read, and by the same readers as before."""
    is_other = {post.id for post in posts} != set(moved.numbers)
    has_changed = topic.audience != target.audience or topic.hidden_at or target.hidden_at
    if is_other or has_changed or all(post.is_gone for post in posts):
        raise Conflict(
            _(
                "Something was written or changed there since, so this cannot be taken back any more."
            )
        )


def _chosen_to_move(topic: Topic, post_ids: Collection[int]) -> list[Post]:
    posts = [post for post in posts_to_move(topic) if post.id in set(post_ids)]
    if not posts:
        raise Invalid(_("Choose at least one post."), "post")
    if len(posts) != len(set(post_ids)):
        raise NotFound()
    if posts[0].number == 1:
        raise Invalid(_("The first post opens this topic, so it stays."), "post")
    if any(post.is_gone for post in posts):
        raise Conflict(_("One of the posts is hidden or deleted by now. Nothing was changed."))
    return posts


def _answer_among(topic: Topic, posts: Sequence[Post]) -> tuple[int, datetime | None] | None:
    ids = {post.id for post in posts}
    return (topic.answer_id, topic.answered_at) if topic.answer_id in ids else None


def _take_answer(doer: Person, topic: Topic, answer: tuple[int, datetime | None]) -> None:
    """Give a question an answer that another topic had."""
    post = post_to_change(doer, answer[0])
    with _shelved_anew(doer, topic):
        topic.answer_id, topic.answered_by_id = post.id, post.author_id
        topic.answered_at = answer[1]


def _topic_of(topic: Topic, posts: Sequence[Post], part: Part) -> Topic:
    """A topic for posts of another one: it begins with the first of them, and is for the same readers."""
    first = posts[0]
    new = Topic(
        kind=part.kind,
        agenda_id=part.agenda_id,
        author_id=first.author_id,
        organisation_id=first.organisation_id,
        title=part.title,
        slug=slugify(part.title, "topic"),
        language=first.language,
        audience=topic.audience,
        posts_count=0,
        replies_count=0,
        created_at=first.created_at,
        active_at=first.created_at,
    )
    db.session.add(new)
    db.session.flush()
    _set_themes(new, theme_ids_of(topic))
    return new


def _put_into(
    doer: Person,
    topic: Topic,
    target: Topic,
    posts: Sequence[Post],
    answer: tuple[int, datetime | None] | None,
) -> Moved:
    """Move posts to the end of another topic, and all that is kept of them with them; a trace stays of each."""
    before, last_read = target.posts_count, last_to_read(target)
    numbers = {post.id: post.number for post in posts}
    words, steps = _words_of(posts), steps_of(numbers)
    for place, post in enumerate(posts, start=before + 1):
        db.session.add(
            Trace(
                topic_id=topic.id,
                number=post.number,
                post_id=post.id,
                step=steps.get(post.id, 0) + 1,
                moved_at=now(),
            )
        )
        post.topic_id, post.number = target.id, place
        set_committed_value(post, "topic", target)
    db.session.flush()
    target.posts_count = before + len(posts)
    _settle(doer, topic, target, posts, words)
    topic.regrouped_at = target.regrouped_at = now()
    db.session.flush()
    _carry_places(topic, target, last_read)
    return Moved(topic, target, numbers, before, answer)


def _put_back(
    doer: Person, moved: Moved, topic: Topic, target: Topic, posts: Sequence[Post]
) -> None:
    """Move posts back to their topic and their numbers there; nothing of the way stays."""
    words = _words_of(posts)
    gone = delete_rows(Trace).where(Trace.topic_id == topic.id)
    db.session.execute(gone.where(Trace.post_id.in_(moved.numbers)))
    for post in posts:
        post.topic_id, post.number = topic.id, moved.numbers[post.id]
        set_committed_value(post, "topic", topic)
    db.session.flush()
    _settle(doer, target, topic, sorted(posts, key=lambda post: post.number), words)


def _answer_again(topic: Topic, moved: Moved, posts: Sequence[Post]) -> None:
    """Let a question have the answer again that went with its posts."""
    post_id, at = moved.answer or (None, None)
    answer = next((post for post in posts if post.id == post_id and not post.is_gone), None)
    if answer and topic.answer_id is None:
        topic.answer_id, topic.answered_by_id = answer.id, answer.author_id
        topic.answered_at = at


def _settle(
    doer: Person, topic: Topic, target: Topic, posts: Sequence[Post], words: Mapping[int, str]
) -> None:
    """Let both topics, the search and the notices follow posts that went from the one to the other."""
    _carry_held(topic, target, [post.id for post in posts])
    for one in (topic, target):
        replies, active_at = replies_in(one), latest_in(one)
        one.replies_count, one.active_at = replies, active_at or one.active_at
    opening = next((post for post in posts if post.number == 1), None)
    if opening is not None:
        target.excerpt = "" if opening.is_gone else excerpt(words[opening.id])
        search.unindex(doer, "post", opening.id)
    search.index_all(doer, _known_of(target, posts, words))
    rehome_notices(doer, [post.id for post in posts], target.id, target.title)


def _known_of(
    topic: Topic, posts: Sequence[Post], words: Mapping[int, str]
) -> dict[search.Thing, search.Known]:
    """What search knows of posts in the topic that they are in now."""
    known: dict[search.Thing, search.Known] = {}
    for post in posts:
        if post.number == 1:
            plain = "" if post.is_gone else words[post.id]
            known["topic", topic.id] = _topic_entry(topic, plain), topic.hidden_at
        elif post.deleted_at is None:
            known["post", post.id] = _post_entry(post, topic, words[post.id]), post.hidden_at
    return known


def _words_of(posts: Sequence[Post]) -> dict[int, str]:
    """The plain words of posts. Search has most of them, so that few are made under the lock."""
    known = texts_of("post", [post.id for post in posts])
    return {
        post.id: known[post.id] if post.id in known else write(post.source, post.language).plain
        for post in posts
    }


def _carry_held(topic: Topic, target: Topic, post_ids: Sequence[int]) -> None:
    """Let texts that a rule holds back follow: what would change one of these posts, and all of a topic that is gone."""
    of_topic = topic.id if topic.merged_into_id == target.id else None
    theirs = or_(Held.post_id.in_(post_ids), Held.topic_id == (of_topic or 0))
    there = {"topic_id": target.id, "agenda_id": target.agenda_id}
    db.session.execute(update(Held).where(theirs).values(**there))


def _carry_places(topic: Topic, target: Topic, last_read: int) -> None:
    """Who has read posts where they were has read them where they are; unless there is something unread before them."""
    far = places_after(topic.id, target.id)
    put = _inserting("place")
    key = put.table.primary_key.columns
    columns = ["topic_id", "member_id", "number"]
    if last_read:
        far = far.where(Place.member_id.in_(read_until(target.id, last_read)))
    put = put.from_select(columns, far).on_conflict_do_update(
        index_elements=key,
        set_={"number": put.excluded.number},
        where=put.table.c.number < put.excluded.number,
    )
    db.session.execute(put)


@action
def note_follow_up(_doer: Person, topic_id: int, told_at: datetime | None) -> None:
    """Note when the asker told what happened next, or with None that nothing is told; the advice room says so."""
    told = update(Topic).where(Topic.id == topic_id)
    db.session.execute(told.values(followed_up_at=told_at))


# For the pages of cases and practices, whose topic lives with them


@action
def rename(
    doer: Person,
    topic_id: int,
    title: str,
    *,
    audience: str | None = None,
    excerpt: str | None = None,
    text: Written | None = None,
    agenda_id: int | None = None,
    home: str | None = None,
) -> Topic:
    """Let the topic of a case or practice follow its page: title, audience, excerpt, first post, agenda, address.

    The deed that calls it has asked whether the doer may.
    """
    topic = topic_to_change(doer, topic_id)
    if not topic.home:
        raise Forbidden(_("Only the topic of a case or a practice follows its page."))
    _retitle(doer, topic, title)
    topic.home = home or topic.home
    topic.excerpt = topic.excerpt if excerpt is None else excerpt
    if audience is not None:
        _change_audience(doer, topic, audience)
    if text is not None:
        _rewrite(doer, topic, text)
    if agenda_id is not None and agenda_id != topic.agenda_id:
        _move(doer, topic, agenda_id)
    _index_topic(doer, topic, "")
    return topic


@action
def delete_topic(doer: Person, topic_id: int) -> None:
    """Delete the topic of a case or practice that was deleted, with its comments.

    The deed that calls it has asked whether the doer may.
    """
    topic = topic_to_change(doer, topic_id)
    if not topic.home:
        raise Forbidden(_("Only the topic of a case or a practice is deleted with its page."))
    _delete_topic(doer, topic)


@action
def move_comments(_doer: Person, topic_id: int, keys: Mapping[str, str | None]) -> None:
    """Let comments on paragraphs follow them: {old key: new key, or None for the whole case}."""
    for old, new in keys.items():
        comments = update(Post).where(Post.topic_id == topic_id, Post.paragraph == old)
        db.session.execute(comments.values(paragraph=new))


# For members who have left


@action
def delete_posts(system: Person, post_ids: Sequence[int]) -> None:
    """Delete posts of somebody who has left and wanted that, as `delete` does; also where a topic is gone already.

    The title of a topic that nobody else wrote in goes, too. What opens the topic of a case is the agenda's and stays.
    """
    require(system.can.administer())
    for topic in opened_by(post_ids):
        _forget_title(system, topic)
    for post in posts_to_index(post_ids):
        if post.topic.kind == "case" and post.number == 1:
            continue
        _delete(system, post)
        post.submission_key = None
        if post.number == 1:
            retell(system, post.id, "", post.topic_id)
        if post.number == 1 and post.topic.deleted_at:
            _forget_title(system, post.topic)


def _forget_title(system: Person, topic: Topic) -> None:
    topic.title, topic.slug, topic.excerpt = "", "topic", ""
    topic.home = topic.home and f"/topics/{topic.id}"  # that of a practice holds its title
    untitle(system, topic.id)


@action
def forget_reading(system: Person, member_id: int) -> None:
    """Delete how far somebody who has left has read, and where they are mentioned."""
    require(system.can.administer())
    touches()
    for model in (Place, AllRead, Mention):
        db.session.execute(delete_rows(model).where(model.member_id == member_id))


@action
def unname_notes(system: Person, member_id: int, name: str, former: str) -> None:
    """Let what moderators said below posts of somebody who has left name the member no more."""
    require(system.can.administer())
    theirs = update(Post).where(Post.author_id == member_id, Post.note_at.is_not(None))
    html = func.replace(Post.note_html, str(escape(name)), str(escape(former)))
    source = func.replace(Post.note_source, name, former)
    db.session.execute(theirs.values(note_source=source, note_html=html))


@action
def remove_marks(system: Person, member_id: int, limit: int) -> int:
    """Take back some marks of somebody who has left; says how many."""
    require(system.can.administer())
    marks = marks_to_remove(member_id, limit)
    for given in marks:
        db.session.delete(given)
        _count_mark(given.post_id, given.kind, -1)
    return len(marks)


@action
def reword(
    system: Person, texts: Mapping[int, tuple[str, Written]], change: Callable[[str], str]
) -> bool:
    """Let posts say something else without a trace: {id: (what it says, what it is to say)}; their versions `change`.

    False when one of them says something else meanwhile; that one is left as it is.
    """
    require(system.can.administer())
    posts = {post.id: post for post in posts_to_index(list(texts))}
    same = {key: text for key, text in texts.items() if posts[key].source == text[0]}
    for post_id, (_before, new_text) in same.items():
        _reword(system, posts[post_id], new_text)
    for revision in revisions_to_reword(texts):
        revision.source = change(revision.source)
    db.session.flush()
    reindex(system, list(same), PlainTexts({t.source: t.plain for _before, t in same.values()}))
    return len(same) == len(texts)


def _reword(system: Person, post: Post, text: Written) -> None:
    post.source, post.html, post.html_version = text.source, text.html, text.html_version
    if post.number == 1 and post.topic.excerpt and not post.topic.home:
        post.topic.excerpt = excerpt(text.plain)
    retell(system, post.id, text.plain, post.topic_id if post.number == 1 else None)


# For the commands that make anew what follows from the rows


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store HTML made anew, by the post's id, where the post still has that source. Says how many it was."""
    require(system.can.administer())
    return sum(_store_html(post_id, text) for post_id, text in texts.items())


def _store_html(post_id: int, text: Written) -> int:
    same = update(Post).where(Post.id == post_id, Post.source == text.source)
    made = same.values(html=text.html, html_version=text.html_version).returning(Post.id)
    return len(db.session.scalars(made).all())


@action
def rerender_notes(system: Person, texts: Mapping[int, Written]) -> int:
    """The same for what moderators say below posts."""
    require(system.can.administer())
    return sum(_store_note(post_id, text) for post_id, text in texts.items())


def _store_note(post_id: int, text: Written) -> int:
    same = update(Post).where(Post.id == post_id, Post.note_source == text.source)
    made = same.values(note_html=text.html, note_html_version=text.html_version)
    return len(db.session.scalars(made.returning(Post.id)).all())


@action
def reindex(system: Person, post_ids: Sequence[int], plain: PlainTexts) -> None:
    """Make the documents of posts, and of the topics that they open, anew. `plain` may know their words."""
    require(system.can.administer())
    things: dict[search.Thing, search.Known | None] = {}
    for post in posts_to_index(post_ids):
        things["post", post.id] = _known_of_post(post, plain)
        if post.number == 1:
            things["topic", post.topic_id] = _known_of_topic(post, plain)
    search.reindex(system, things)


@action
def mend_topics(system: Person, topic_ids: Sequence[int]) -> None:
    """Set what topics keep of their posts to what is true: numbers, latest activity, answer."""
    require(system.can.administer())
    _mend(Topic, topic_ids)


@action
def mend_posts(system: Person, post_ids: Sequence[int]) -> None:
    """Set how often posts were marked to what is true."""
    require(system.can.administer())
    _mend(Post, post_ids)


def _mend(model: type[Topic] | type[Post], ids: Sequence[int]) -> None:
    for row in truth_of(model, ids):
        values = {name: value for name, value in row._mapping.items() if name != "id"}
        db.session.execute(update(model).where(model.id == row.id).values(values))


@action
def mend_agendas(system: Person, agenda_ids: Sequence[int]) -> None:
    """Let agendas keep the true number of their topics, and the latest activity."""
    require(system.can.administer())
    for agenda_id, topics, active_at in truth_of(Agenda, agenda_ids):
        correct_activity(system, agenda_id, topics, active_at)


@action
def mend_members(system: Person, member_ids: Sequence[int]) -> None:
    """Let members keep the true number of their posts."""
    require(system.can.administer())
    for member_id, posts, waiting in truth_of(Member, member_ids):
        correct_posts(system, member_id, posts, waiting)


@action
def mend_counts(system: Person) -> None:
    """Count the topics in lists anew."""
    require(system.can.administer())
    kept = Base.metadata.tables["topic_count"]
    if db.session.get_bind().dialect.name == "postgresql":
        # Deeds that have counted are waited for, and those that have not will count on top of this.
        db.session.execute(text("LOCK TABLE topic_count IN SHARE ROW EXCLUSIVE MODE"))
    db.session.execute(delete_rows(kept))
    db.session.execute(insert(kept).from_select(list(kept.c.keys()), true_shelves()))


@action
def mend_notices(system: Person, topic_ids: Sequence[int], post_ids: Sequence[int]) -> None:
    """Take the notices about those of the topics and posts out of sight that readers cannot see."""
    require(system.can.administer())
    for topic_id in out_of_sight(Topic, topic_ids):
        hide_notices(system, topic_id=topic_id)
    for post_id in out_of_sight(Post, post_ids):
        hide_notices(system, post_id=post_id)


def _known_of_post(post: Post, plain: PlainTexts) -> search.Known | None:
    """What search knows of a post; the one that opens a topic is found as the topic."""
    if post.number == 1 or post.deleted_at or post.topic.deleted_at:
        return None
    return _post_entry(post, post.topic, plain[post.source]), post.hidden_at


def _known_of_topic(opening: Post, plain: PlainTexts) -> search.Known | None:
    if opening.topic.deleted_at:
        return None
    words = "" if opening.is_gone else plain[opening.source]
    return _topic_entry(opening.topic, words), opening.topic.hidden_at


def _sent_before(
    author: Person, key: str | None, text: Written, title: str | None = None
) -> Post | None:
    """The post that a form has made already, if it says the same; never in place of another text.

    Who goes back in the browser and writes something else sends it with the same key.
    """
    earlier = post_of_key(author, key)
    if earlier is None:
        return None
    is_titled_alike = title is None or earlier.topic.title == " ".join(title.split())
    if earlier.source == text.source and is_titled_alike:
        return earlier
    raise _sent_another()


def _sent_another() -> Invalid:
    return Invalid(
        _(
            "You have sent this form before, with another text. Send this one too, if you mean both."
        ),
        "submission_key",
    )


def _sent_twice(author: Person, key: str | None, text: Written, title: str | None = None) -> Post:
    """The post that another request has written with the same key in this very moment."""
    if earlier := _sent_before(author, key, text, title):
        return earlier
    raise Conflict(_("This was sent twice at once. Please send it again."))


# What may be written


def _check_topic(kind: str, title: str, audience: str, home: str | None) -> None:
    if kind not in KINDS:
        raise Invalid(_("Choose an experience or a question."), "kind")
    if audience not in AUDIENCES:
        raise Invalid(_("Choose who may read it."), "audience")
    if not home:
        _checked_title(title)


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if len(title) not in TITLE_LENGTHS:
        raise Invalid(_("Enter a title of 3 to 120 characters."), "title")
    return title


def _check_text(text: Written) -> None:
    if not text.source.strip():
        raise Invalid(_("Write a text."), "source")
    if len(text.source) > MAX_SOURCE:
        raise Invalid(_("Shorten the text to 20,000 characters."), "source")


def _checked_mark(kind: str, outcome: str | None, note: str) -> tuple[str | None, str]:
    if kind not in MARKS:
        raise Invalid(_("Choose one of the marks."), "kind")
    if kind != TRIED:
        return None, ""
    if outcome not in OUTCOMES:
        raise Invalid(_("Say what became of it: kept, adapted or stopped."), "outcome")
    note = " ".join(note.split())
    if len(note) > NOTE_LENGTH:
        raise Invalid(_("Shorten the sentence to 300 characters."), "note")
    return outcome, note


def _organisation(author: Person, for_organisation: bool) -> int | None:
    if not for_organisation:
        return None
    require(author.can.write_for_organisation())
    organisation_id: int | None = author.organisation_id
    return organisation_id


def _require_no_home(post: Post) -> None:
    """What opens the topic of a case or a practice is changed with its page, never here."""
    if post.number == 1 and post.topic.home:
        raise Forbidden(_("This is changed on its own page."))


# New rows


def _add_topic(author: Person, agenda_id: int, organisation_id: int | None, new: NewTopic) -> Topic:
    title = " ".join(new.title.split())
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


def _next_number(topic: Topic) -> int:
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


def _add_post(
    topic: Topic,
    author: Person,
    organisation_id: int | None,
    text: Written,
    *,
    key: str | None,
    number: int,
    paragraph: str | None = None,
) -> Post:
    post = Post(
        topic_id=topic.id,
        number=number,
        author_id=author.id,
        organisation_id=organisation_id,
        source=text.source,
        html=text.html,
        html_version=text.html_version,
        language=text.language,
        paragraph=_key_of(paragraph),
        submission_key=key[:KEY_LENGTH] if key else None,
        created_at=now(),
        useful_count=0,
        same_here_count=0,
        tried_count=0,
        hidden_reason="",
    )
    db.session.add(post)
    db.session.flush()
    return post


def _key_of(paragraph: str | None) -> str | None:
    return paragraph if paragraph and PARAGRAPH_KEY.fullmatch(paragraph) else None


def _set_themes(topic: Topic, theme_ids: Sequence[int]) -> None:
    db.session.execute(delete_rows(TopicTheme).where(TopicTheme.topic_id == topic.id))
    rows = [{"topic_id": topic.id, "theme_id": theme.id} for theme in themes_by_id(theme_ids)]
    if rows:
        db.session.execute(insert(TopicTheme), rows)


# Editing


def _changed_title(post: Post, title: str | None) -> str:
    if title is None or post.number != 1:
        return post.topic.title
    return _checked_title(title)


def _keep_revision(post: Post, text: Written, title: str) -> None:
    has_changed = text.source != post.source or title != post.topic.title
    if not has_changed or now() - post.created_at <= EDIT_WITHOUT_TRACE:
        return
    db.session.add(
        Revision(
            post_id=post.id,
            title=post.topic.title if post.number == 1 else "",
            source=post.source,
            written_at=post.edited_at or post.created_at,
            replaced_at=now(),
        )
    )
    post.edited_at = now()


def _edit_topic(
    author: Person,
    topic: Topic,
    text: Written,
    title: str,
    *,
    themes: Sequence[int] | None,
    audience: str | None,
) -> None:
    _retitle(author, topic, title)
    topic.slug = slugify(title, "topic")
    topic.excerpt = excerpt(text.plain)
    with _shelved_anew(author, topic):
        topic.language = text.language
    if themes is not None:
        _set_themes(topic, themes)
    if audience is not None:
        _open_to(author, topic, audience)
    _index_topic(author, topic, text.plain)


def _retitle(doer: Person, topic: Topic, title: str) -> None:
    if title != topic.title:
        topic.title = title
        search.retitle(doer, "topic", topic.id, title)


def _open_to(author: Person, topic: Topic, audience: str) -> None:
    """Change who reads a topic; what others wrote for members stays with members."""
    if audience not in AUDIENCES:
        raise Invalid(_("Choose who may read it."), "audience")
    if topic.audience == MEMBERS and audience == PUBLIC and topic.replies_count:
        raise Invalid(_("Others have replied for members only, so this stays so."), "audience")
    _change_audience(author, topic, audience)


def _change_audience(doer: Person, topic: Topic, audience: str) -> None:
    if audience == topic.audience:
        return
    _count_all(doer, topic, -1)
    with _shelved_anew(doer, topic):
        topic.audience = audience
    _count_all(doer, topic, 1)
    search.set_audience(doer, "topic", topic.id, audience)


def _rewrite(doer: Person, topic: Topic, text: Written) -> None:
    post = first_post(topic)
    post.source, post.html, post.html_version = text.source, text.html, text.html_version
    with _shelved_anew(doer, topic):
        post.language = topic.language = text.language


# Taking away and bringing back


def _forget_text(post: Post) -> None:
    post.source, post.html, post.hidden_reason = "", post.html[:0], ""
    post.note_source, post.note_html, post.note_at = "", post.html[:0], None
    post.edit_asked_at = post.edit_answered_at = None
    post.useful_count = post.same_here_count = post.tried_count = 0
    for row, column in (
        (Revision, Revision.post_id),
        (Mark, Mark.post_id),
        (Quote, Quote.post_id),
        (Mention, Mention.post_id),
    ):
        db.session.execute(delete_rows(row).where(column == post.id))


def _take_away(doer: Person, post: Post, was_shown: bool) -> None:
    """Everything that speaks of a post that readers see no longer."""
    topic = post.topic
    if was_shown and post.number > 1:
        with _shelved_anew(doer, topic):
            topic.replies_count -= 1
    if topic.answer_id == post.id:
        _set_answer(doer, topic, None)
    if post.number == 1:
        topic.excerpt = ""
        if topic.deleted_at is None:
            _index_topic(doer, topic, "")
    hide_notices(doer, post_id=post.id)


def _bring_back(doer: Person, post: Post) -> None:
    topic = post.topic
    if post.number > 1:
        with _shelved_anew(doer, topic):
            topic.replies_count += 1
    _count_post(doer, topic, post, 1)
    if post.number == 1:
        words = write(post.source, post.language).plain  # rare, so it may run under the lock
        topic.excerpt = excerpt(words)
        _index_topic(doer, topic, words)
    search.restore(doer, "post", post.id)
    if topic.hidden_at is None:
        restore_notices(doer, post_id=post.id)


def _is_worth_keeping(post: Post) -> bool:
    """Whether anything is left to read in the topic of a post that was taken away."""
    opening = post if post.number == 1 else first_post(post.topic)
    return post.topic.replies_count > 0 or not opening.is_gone


def _hide_topic(doer: Person, topic: Topic, moment: datetime) -> None:
    _count_all(doer, topic, -1)
    with _shelved_anew(doer, topic):
        topic.hidden_at = moment
    search.hide(doer, "topic", topic.id)
    hide_notices(doer, topic_id=topic.id)


def _restore_topic(doer: Person, topic: Topic) -> None:
    with _shelved_anew(doer, topic):
        topic.hidden_at = topic.removed_at = None
    topic.hidden_reason = ""
    _count_all(doer, topic, 1)
    search.restore(doer, "topic", topic.id)
    restore_notices(doer, topic_id=topic.id, but=gone_posts(topic))


def _delete_topic(doer: Person, topic: Topic) -> None:
    _count_all(doer, topic, -1)
    with _shelved_anew(doer, topic):
        topic.deleted_at = now()
    search.unindex(doer, "topic", topic.id)
    hide_notices(doer, topic_id=topic.id)


def _set_moment(moderator: Person, topic_id: int, name: str, moment: datetime | None) -> Topic:
    topic = topic_to_change(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    setattr(topic, name, moment)
    return topic


def _move(doer: Person, topic: Topic, agenda_id: int) -> None:
    if agenda_id == topic.agenda_id:
        return
    shown = _shown(topic)
    note_activity(doer, topic.agenda_id, topic.created_at, topics=-shown)
    note_activity(doer, agenda_id, topic.active_at, topics=shown)
    with _shelved_anew(doer, topic):
        topic.agenda_id = agenda_id
    waiting = update(Held).where(Held.topic_id == topic.id)
    db.session.execute(waiting.values(agenda_id=agenda_id))
    search.move(doer, "topic", topic.id, agenda_id)


# Counters: an agenda's topics and a member's posts are counted as far as everybody may read them


def _shown(topic: Topic) -> int:
    """1 when the topic counts among its agenda's: public, there, and not the comments of a case."""
    return int(_is_public(topic) and topic.kind != "case")


def _is_public(topic: Topic) -> bool:
    is_there = topic.hidden_at is None and topic.deleted_at is None
    return is_there and topic.audience == PUBLIC


def _count_post(doer: Person, topic: Topic, post: Post, by: int) -> None:
    is_own_page = post.number == 1 and topic.home
    if _is_public(topic) and not is_own_page:
        note_posts(doer, post.author_id, by)


def _count_all(doer: Person, topic: Topic, by: int) -> None:
    """Count a whole topic in or out: on its agenda, and for everybody who wrote in it."""
    if not _is_public(topic):
        return
    if shown := _shown(topic):
        note_activity(doer, topic.agenda_id, topic.created_at, topics=by * shown)
    for author_id, count in posts_by_author(topic):
        note_posts(doer, author_id, by * count)


@contextmanager
def _shelved_anew(doer: Person, topic: Topic) -> Iterator[None]:
    """Let the numbers of topics in lists follow what is changed of a topic."""
    before = shelf_of(topic)
    yield
    _move_shelf(doer, before, shelf_of(topic))


def _move_shelf(doer: Person, before: Shelf | None, after: Shelf | None) -> None:
    if before != after:
        count_topics(doer, {shelf: by for shelf, by in ((before, -1), (after, 1)) if shelf})


@action
def count_topics(_doer: Person, moves: Mapping[Shelf, int]) -> None:
    """Move the numbers of topics in lists, each by so many."""
    names = [column.name for column in TopicCount.__table__.primary_key]
    # Always in the same order, so that two deeds never wait for each other
    rows = [
        dict(zip(names, key, strict=True)) | {"number": by} for key, by in sorted(moves.items())
    ]
    if rows:
        db.session.execute(PUT[db.session.get_bind().dialect.name], rows)


def _put(rows: Any) -> Any:
    more = {"number": rows.table.c.number + rows.excluded.number}
    return rows.on_conflict_do_update(index_elements=rows.table.primary_key.columns, set_=more)


PUT = {
    "sqlite": _put(sqlite.insert(Base.metadata.tables["topic_count"])),
    "postgresql": _put(postgresql.insert(Base.metadata.tables["topic_count"])),
}


def _count_mark(post_id: int, kind: str, by: int) -> None:
    counter = COUNTERS[kind]
    query = update(Post).where(Post.id == post_id).values({counter: counter + by})
    db.session.execute(query)
    db.session.flush()


# Search and notices


def _index_topic(doer: Person, topic: Topic, plain: str) -> None:
    search.index(doer, _topic_entry(topic, plain))


def _topic_entry(topic: Topic, plain: str) -> search.Entry:
    """The document of a topic. A case or practice has one of its own, so its topic's holds no words."""
    has_words = not topic.home
    return search.Entry(
        kind="topic",
        item_id=topic.id,
        address=topic.address,
        title=topic.title if has_words else "",
        body=plain if has_words else "",
        written_at=topic.created_at,
        byline=_byline(topic.author_id) if has_words else "",
        agenda_id=topic.agenda_id,
        language=topic.language,
        audience=topic.audience,
    )


def _index_post(doer: Person, post: Post, topic: Topic, plain: str) -> None:
    search.index(doer, _post_entry(post, topic, plain))


def _post_entry(post: Post, topic: Topic, plain: str) -> search.Entry:
    return search.Entry(
        kind="post",
        item_id=post.id,
        address=f"/posts/{post.id}",
        title=topic.title,
        body=plain,
        written_at=post.created_at,
        byline=_byline(post.author_id),
        agenda_id=topic.agenda_id,
        parent=("topic", topic.id),
        language=post.language,
        audience=topic.audience,
    )


def _byline(member_id: int) -> str:
    member = db.session.get_one(Member, member_id)
    city = db.session.get(City, member.city_id) if member.city_id else None
    return f"{member.name}, {city.name}" if city else member.name


def _note_names(author: Person, post: Post, text: Written) -> set[int]:
    """Keep whom a post mentions and quotes, and tell each once; hands back whom it told."""
    named = _note_mentions(author, post, text)
    return named | _note_quotes(author, post.topic, post, text.plain, named)


def _note_mentions(author: Person, post: Post, text: Written) -> set[int]:
    """However often a text is edited, it tells no more than `MOST_MENTIONED` members that it mentions them."""
    if not text.mentions:
        return set()
    known = mentioned_by(post.id)
    named = [member.id for member in members_to_mention(text.mentions) if member.id != author.id]
    new = [member_id for member_id in named if member_id not in known]
    new = new[: max(0, MOST_MENTIONED - len(known))]
    db.session.add_all(Mention(post_id=post.id, member_id=member_id) for member_id in new)
    _note(author, "mention", set(new), post, text.plain)
    return set(new)


def _note_quotes(author: Person, topic: Topic, post: Post, plain: str, named: set[int]) -> set[int]:
    """Keep which posts a post quotes, and tell their authors but those named; hands back whom it told."""
    known = quoted_by(post.id)
    quoted = _quoted(author, topic, post)
    gone = known - {other.id for other in quoted}
    db.session.execute(
        delete_rows(Quote).where(Quote.post_id == post.id, Quote.quoted_id.in_(gone))
    )
    new = [other for other in quoted if other.id not in known]
    db.session.add_all(Quote(post_id=post.id, quoted_id=other.id) for other in new)
    authors = {other.author_id for other in new} - named
    _note(author, "quote", authors, post, plain)
    return authors


def _quoted(author: Person, topic: Topic, post: Post) -> Sequence[Post]:
    posts = posts_to_quote(author, set(quoted_posts(post.source)) - {post.id})
    if topic.audience == PUBLIC and any(other.topic.audience == MEMBERS for other in posts):
        raise Invalid(
            _("Members wrote this for members only: do not quote it in public."), "source"
        )
    return posts


def _note(doer: Person, kind: str, recipients: set[int], post: Post, text: str) -> None:
    note_event(doer, kind, recipients, f"/posts/{post.id}", text=text, **_about(post))


def _note_news(post: Post, kind: str, subjects: Sequence[Subject], told: set[int]) -> None:
    """Tell whoever watches one of some things of a new post, but those who are told of it by name."""
    author = db.session.get_one(Member, post.author_id)
    about = {"text": post.gist, **_about(post)}
    note_news(author, kind, subjects, f"/posts/{post.id}", but=told, **about)


def _about(post: Post) -> dict[str, Any]:
    return {"title": post.topic.title, "topic_id": post.topic_id, "post_id": post.id}


def _subjects(author: Person, topic: Topic, theme_ids: Sequence[int]) -> list[Subject]:
    """What a new topic belongs to, as far as it can be watched."""
    city_id = author.city_id
    of_city = [(CITY, city_id)] if city_id else []
    return [(AGENDA, topic.agenda_id), *of_city, *((THEME, theme_id) for theme_id in theme_ids)]
