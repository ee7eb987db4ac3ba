"""Looking up things that are reported or decided about, for a person who may report or decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from flask_babel import gettext
from sqlalchemy import ColumnElement, select

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id
from forum.db import db
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import (
    approved_held,
    first_post,
    get_topic,
    held_waiting,
    is_readable,
    merged_topic,
    topic_after_merge,
    visible_posts,
    with_author,
)
from forum.errors import Forbidden, NotFound, or_not_found
from forum.history.queries import fingerprint
from forum.library.models import PUBLISHED, Practice
from forum.library.queries import get_case, get_practice
from forum.members.queries import get_member
from forum.moderation.models import Deed, Report
from forum.moderation.queries._deeds import DEEDS
from forum.moderation.queries._kinds import (
    Thing,
    from_case,
    from_held,
    from_member,
    from_post,
    from_practice,
    from_topic,
    get_thing,
)
from forum.moderation.queries._shared import is_about
from forum.moderation.queries.authors import other_author_ids
from forum.moderation.queries.reports import has_open_reports
from forum.permissions import Person, require


def is_first_post(thing: Thing) -> bool:
    """Whether a thing is one of its author's first posts that no moderator has looked at yet."""
    is_shown_post = thing.kind == "post" and thing.state == "shown"
    return is_shown_post and thing.row.unseen_at is not None


def waits_in_queue(thing: Thing) -> bool:
    """Whether a thing is in the queue: held, submitted, a first post, or reported."""
    if thing.kind == "held":
        return thing.state == "waiting"
    if is_first_post(thing) or thing.is_submitted:
        return True
    return bool(db.session.scalar(select(is_reported(thing.kind, thing.item_id))))


def is_emptied(thing: Thing) -> bool:
    """Whether a thing is a topic that is hidden only because it has no visible post."""
    return thing.kind == "topic" and thing.row is not None and thing.row.emptied_at is not None


def post_of_thing(thing: Thing) -> Post:
    """The post itself, or the opening post when the thing is a topic."""
    post: Post = thing.row if thing.kind == "post" else first_post(thing.row)
    return post


def thing_to_report(reporter: Person, kind: str, item_id: int) -> Thing:
    """A thing that the reporter may report; `NotFound` unless it is shown, `Forbidden` for one's own."""
    require(reporter.can.report(None))
    thing = get_thing(reporter, kind, item_id)
    require(reporter.can.report(thing.author_id))
    return _shown(thing)


def thing_to_report_as_illegal(visitor: Person, kind: str, item_id: int) -> Thing:
    """A thing that anybody, even without an account, may report as illegal; `NotFound` unless they can see it."""
    require(visitor.can.report_illegal())
    return _shown(get_thing(visitor, kind, item_id))


def _shown(thing: Thing) -> Thing:
    """The thing itself; `NotFound` unless readers can see it."""
    if thing.state != "shown" or (thing.kind == "practice" and thing.row.state != PUBLISHED):
        raise NotFound()
    return thing


def thing_to_moderate(moderator: Person, kind: str, item_id: int) -> Thing:
    """A thing for a moderator of its agenda, even when it was deleted and only its open reports are left."""
    require(moderator.can.see_queue())
    try:
        thing = get_thing(moderator, kind, item_id)
    except NotFound:
        thing = _merged_reported_topic(moderator, kind, item_id) or _deleted_thing(kind, item_id)
    require(moderator.can.moderate(thing.agenda_id))
    return thing


def _merged_reported_topic(moderator: Person, kind: str, item_id: int) -> Thing | None:
    """A reported topic that was merged into another meanwhile, so that its reports can be answered; else None."""
    topic = merged_topic(moderator, item_id) if kind == "topic" else None
    if topic is None or not db.session.scalar(select(is_reported(kind, item_id))):
        return None
    try:
        target = topic_after_merge(moderator, item_id)
    except NotFound:
        return from_topic(topic)
    return replace(from_topic(topic), shown_in=target.title, place_language=target.language)


def is_reported(kind: str, item_id: Any) -> ColumnElement[bool]:
    """SQL condition: the thing has open reports. `item_id` may be a column."""
    waits = (*is_about(Report, kind, item_id), Report.decision_id.is_(None))
    return select(Report.id).where(*waits).exists()


def _deleted_thing(kind: str, item_id: int) -> Thing:
    """A deleted thing, as described in its open reports; `NotFound` when there are none."""
    if kind == "held":
        raise NotFound(gettext("This text was published, or its author has taken it back."))
    query = select(Report).where(*is_about(Report, kind, item_id), Report.decision_id.is_(None))
    report = or_not_found(db.session.scalars(query.limit(1)).first())
    agenda_id = report.present_agenda_id
    return Thing(
        kind=kind,
        item_id=item_id,
        title=str(report.heading),
        address=report.address,
        author_id=report.author_id,
        agenda_id=agenda_id,
        state="gone",
        agenda=db.session.get(Agenda, agenda_id) if agenda_id else None,
        language=report.language,
    )


def thing_to_review(moderator: Person, kind: str, item_id: int) -> Thing:
    """A thing whose decision is to be reversed: like `thing_to_moderate`, but also agendas, topics of pages, published texts."""
    if kind == "agenda":
        return agenda_to_moderate(moderator, item_id)
    if kind == "topic":
        return _topic_to_review(moderator, item_id)
    if kind == "held" and (published := approved_held(moderator, item_id)):
        return from_held(published)
    return thing_to_moderate(moderator, kind, item_id)


def keys_of_published(held: Held) -> list[tuple[str, int]]:
    """(kind, id) of what a held text has become: its post and, if it opened one, its topic; empty while unpublished."""
    post = db.session.get(Post, held.became_id or 0)
    if post is None:
        return []
    opened = [("topic", post.topic_id)] if post.number == 1 else []
    return [("post", post.id), *opened]


def _topic_to_review(moderator: Person, topic_id: int) -> Thing:
    """A topic for its moderator, even one that was merged into another."""
    try:
        return topic_to_moderate(moderator, topic_id)
    except NotFound:
        topic = or_not_found(merged_topic(moderator, topic_id))
    require(moderator.can.moderate(topic.agenda_id))
    return from_topic(topic)


def posts_to_moderate(moderator: Person, topic_id: int, post_ids: Collection[int]) -> list[Thing]:
    """Posts of one topic for its moderator, in their order; `NotFound` unless all ids are posts of this topic."""
    topic = topic_to_moderate(moderator, topic_id).row
    query = visible_posts(moderator).where(Post.topic_id == topic.id, Post.id.in_(post_ids))
    posts = db.session.scalars(with_author(query).order_by(Post.number)).all()
    if len(posts) != len(set(post_ids)):
        raise NotFound()
    things = [from_post(moderator, post) for post in posts]
    if any(thing.kind != "post" for thing in things):
        raise Forbidden(gettext("Change this on its own page."))
    return things


def shown_things_of(moderator: Person, member_id: int) -> list[Thing]:
    """Everything visible that a member wrote: topics, practices, and posts in the topics of others or on pages."""
    is_page = Topic.home.is_not(None)
    topics = select(Topic.id).where(Topic.author_id == member_id, ~is_page, *is_readable(Topic))
    practices = select(Practice.id).where(Practice.author_id == member_id, *is_readable(Practice))
    others = select(Topic.id).where(Topic.id == Post.topic_id, Topic.author_id != member_id)
    theirs = select(Post.id).where(Post.author_id == member_id, *is_readable(Post))
    posts = theirs.where(Post.number > 1, others.exists() | _is_on_page())
    found = (("topic", topics), ("practice", practices), ("post", posts))
    keys = [
        (kind, item_id)
        for kind, query in found
        for item_id in db.session.scalars(query.order_by("id"))
    ]
    return existing_things(moderator, keys)


def held_text_ids(moderator: Person, member_id: int) -> Sequence[int]:
    """The ids of a member's texts that wait because a rule holds them back."""
    theirs = held_waiting(moderator).where(Held.author_id == member_id)
    return db.session.scalars(theirs.with_only_columns(Held.id)).all()


def existing_things(moderator: Person, keys: Sequence[tuple[str, int]]) -> list[Thing]:
    """Those of the things that still exist, in the given order; posts are loaded in one query."""
    posts = visible_posts(moderator).where(
        Post.id.in_([post_id for kind, post_id in keys if kind == "post"])
    )
    known = {post.id: from_post(moderator, post) for post in db.session.scalars(with_author(posts))}
    found = [
        known.get(item_id) if kind == "post" else _existing_thing(moderator, kind, item_id)
        for kind, item_id in keys
    ]
    existing = [thing for thing in found if thing is not None and thing.state != "gone"]
    for thing in existing:
        require(moderator.can.moderate(thing.agenda_id))
    return existing


def _existing_thing(moderator: Person, kind: str, item_id: int) -> Thing | None:
    try:
        return thing_to_review(moderator, kind, item_id)
    except NotFound:
        return None


def _is_on_page() -> ColumnElement[bool]:
    page = select(Topic.id).where(Topic.id == Post.topic_id, Topic.home.is_not(None))
    return page.exists()


def needs_ground(thing: Thing, deed: str) -> bool:
    """Whether a deed about a thing must name a rule or the law.

    A case is the hosts' own page: while nobody has reported it or commented on it, a reason is enough to remove it.
    """
    if thing.kind == "case" and deed == Deed.REMOVE and thing.topic_id is not None:
        is_ours = not other_author_ids(thing.topic_id, thing.author_id)
        if is_ours and not has_open_reports("case", thing.item_id):
            return False
    return DEEDS[deed].needs_ground


def note_read(thing: Thing) -> str:
    """A hash of the moderators' note below a post, as a form has shown it; empty for other things."""
    if thing.kind != "post" or thing.row is None:
        return ""
    return fingerprint({"source": thing.row.note_source, "language": thing.row.note_language})


def topic_to_moderate(moderator: Person, topic_id: int) -> Thing:
    """A topic, even that of a case or practice, for a moderator of its agenda."""
    require(moderator.can.see_queue())
    topic = get_topic(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    return from_topic(topic)


def topic_if_moderated(reader: Person, topic: Topic) -> Thing | None:
    """A topic, for a moderator of its agenda to decide about; None for other readers."""
    return from_topic(topic) if reader.can.moderate(topic.agenda_id) else None


def case_to_moderate(moderator: Person, slug: str) -> Thing:
    """A case by its slug, for a moderator of its agenda."""
    require(moderator.can.see_queue())
    thing = from_case(get_case(moderator, slug))
    require(moderator.can.moderate(thing.agenda_id))
    return thing


def practice_to_moderate(moderator: Person, slug: str) -> Thing:
    """A practice by its slug, for a moderator of its agenda."""
    require(moderator.can.see_queue())
    thing = from_practice(get_practice(moderator, slug))
    require(moderator.can.moderate(thing.agenda_id))
    return thing


def member_to_moderate(moderator: Person, handle: str) -> Thing:
    """A profile by its handle, for a moderator of the whole forum."""
    require(moderator.can.curate_all())
    return from_member(get_member(moderator, handle))


def member_to_suspend(moderator: Person, handle: str) -> Thing:
    """A member by handle, for a moderator who may suspend them."""
    thing = member_to_moderate(moderator, handle)
    require(moderator.can.suspend(thing.row))
    return thing


def agenda_to_moderate(moderator: Person, agenda_id: int) -> Thing:
    """An agenda, for a moderator who may open, archive or reopen it."""
    agenda = agenda_by_id(moderator, agenda_id)
    require(moderator.can.curate(agenda))
    return Thing(
        kind="agenda",
        item_id=agenda.id,
        title=agenda.title,
        address=f"/agendas/{agenda.slug}",
        author_id=None,
        agenda_id=agenda.id,
        row=agenda,
        agenda=agenda,
        language=agenda.language,
    )


def is_done_already(word: str, thing: Thing) -> bool:
    """Whether a deed of opening, archiving, reopening or locking would change nothing, because it is done (`DONE_ALREADY`)."""
    if word == Deed.OPEN_AGENDA:
        return thing.row.opened_at is not None
    if word in (Deed.ARCHIVE, Deed.REOPEN):
        return (thing.row.archived_at is not None) == (word == Deed.ARCHIVE)
    return word == Deed.LOCK and thing.row.locked_at is not None


def agenda_to_delete(moderator: Person, agenda_id: int) -> Thing:
    """An agenda, for a moderator who may delete it if it has no content."""
    thing = agenda_to_moderate(moderator, agenda_id)
    require(moderator.can.delete_agenda())
    return thing
