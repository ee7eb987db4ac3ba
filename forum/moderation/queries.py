"""What waits for moderators, each thing in its context, what was decided, and what may be reported."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id, visible_agendas
from forum.db import db, now
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import (
    Line,
    approved_held,
    first_post,
    get_held,
    get_post,
    get_topic,
    held_waiting,
    is_there,
    merged_topic,
    posts_in,
    visible_posts,
)
from forum.errors import Forbidden, NotFound
from forum.library.models import Case, Practice
from forum.library.queries import case_by_id, get_case, get_practice, practice_by_id
from forum.markup import excerpt
from forum.members.models import Federation, Member
from forum.members.queries import get_member, member_by_id
from forum.moderation.models import Decision, Report, StaffNote
from forum.pages import Page, page_of
from forum.permissions import SIGN_IN, Person, for_reach, moderated_by, require

KINDS = ("post", "topic", "case", "practice", "member", "letter", "held")
REMOVABLE = ("post", "topic")  # of the others readers see nothing either when they are hidden
# Deeds that restrict somebody by a rule or a law, and cannot be done without naming it
GROUNDED = ("hide", "remove", "refuse", "warn", "silence", "suspend")
# Deeds that cannot be done without saying what happened; a request restricts nobody
REASONED = (*GROUNDED, "lock", "send back", "ask to edit")
RESTRICTING = (*GROUNDED, "lock", "send back", "spam")
WITHHOLDING = ("hide", "remove")  # a topic, and with it what others wrote there
# What ends what a deed did
ENDED_BY = {
    "hide": ("restore",),
    "remove": ("restore",),
    "lock": ("unlock",),
    "send back": ("publish",),
    "refuse": ("approve",),
    "silence": ("unsilence",),
    "suspend": ("unsuspend",),
    "spam": ("unsuspend",),
}
UPHOLDING = ("keep", "restore", "ask to edit")  # decisions by which what was reported stays
NOTES = 100
MINE = 20  # of one's own reports on a page
UNDO = timedelta(minutes=10)
# Decisions that their moderator can take back
UNDONE = (
    *RESTRICTING,
    "approve",
    "ask to edit",
    "note",
    "unnote",
    "keep",
    "restore",
    "unlock",
    "pin",
    "unpin",
    "move",
    "split",
    "merge",
    "publish",
    "feature",
    "unfeature",
    "unsilence",
    "unsuspend",
    "archive",
    "reopen",
)
MOST = 500  # open reports in the queue at once; the oldest come first
LOG_PAGE = 50
SIGNS = re.compile(r"[*_#`|]+|\]\([^)]*\)|\[")


@dataclass(frozen=True)
class Thing:
    """What a report or a decision is about. `state` is shown, hidden, removed or gone, for a held text that of its row;
    `row` is its row unless gone.

    `shown_in` names the page it is read in: a post's topic. `topic_id` and `post_id` say which notices are
    about it.
    """

    kind: str
    item_id: int
    title: str
    address: str
    author_id: int | None
    agenda_id: int | None
    state: str = "shown"
    row: Any = None
    agenda: Agenda | None = None
    shown_in: str = ""
    topic_id: int | None = None
    post_id: int | None = None


@dataclass(frozen=True)
class Entry:
    """One thing opened for a decision, with all that a moderator needs to decide."""

    thing: Thing
    reports: Sequence[Report]
    before: Post | None
    after: Post | None
    author: Member | None
    earlier: Sequence[Decision]
    about_author: Sequence[Decision]
    seen: int
    staff_notes: Sequence[StaffNote] = ()

    @property
    def is_submitted(self) -> bool:
        """Whether it is a practice that waits to be published."""
        return self.thing.kind == "practice" and bool(
            self.thing.row and self.thing.row.state == "submitted"
        )

    @property
    def is_first(self) -> bool:
        """Whether it is one of somebody's first posts, and nobody has looked at it yet."""
        return is_first_post(self.thing)

    @property
    def deeds(self) -> list[str]:
        """What can be decided now."""
        if self.thing.kind == "held":
            return {"waiting": ["approve", "refuse"], "refused": ["approve"]}[self.thing.state]
        if self.is_submitted:
            return ["publish", "send_back", *(["hide"] if self.reports else [])]
        keep = ["keep"] if self.reports or self.is_first else []
        is_text = self.thing.kind in REMOVABLE
        shown = ["hide", "remove", "ask_to_edit"] if is_text else ["hide"]
        hidden = ["restore", "remove"] if is_text else ["restore"]
        known = {"shown": shown, "hidden": hidden, "removed": ["restore"]}
        return keep + known.get(self.thing.state, [])


# Things


def get_thing(reader: Person, kind: str, item_id: int) -> Thing:
    """What a kind and an id mean to a reader, or `NotFound`.

    What opens the topic of a case or a practice, and that topic itself, are the case or practice.
    """
    if kind not in LOOKUPS:
        raise NotFound()
    return LOOKUPS[kind](reader, item_id)


def _post_thing(reader: Person, post_id: int) -> Thing:
    post = get_post(reader, post_id)
    if post.number == 1 and post.topic.home:
        return _at_home(reader, post.topic)
    return Thing(
        kind="post",
        item_id=post.id,
        title=first_words(post.source),
        address=f"/posts/{post.id}",
        author_id=post.author_id,
        agenda_id=post.topic.agenda_id,
        state=_state(post),
        row=post,
        agenda=post.topic.agenda,
        shown_in=post.topic.title,
        topic_id=post.topic_id,
        post_id=post.id,
    )


def _topic_thing(reader: Person, topic_id: int) -> Thing:
    topic = get_topic(reader, topic_id)
    return _at_home(reader, topic) if topic.home else _of_topic(topic)


def _of_topic(topic: Topic) -> Thing:
    return Thing(
        kind="topic",
        item_id=topic.id,
        title=topic.title,
        address=topic.address,
        author_id=topic.author_id,
        agenda_id=topic.agenda_id,
        state=_state(topic),
        row=topic,
        agenda=topic.agenda,
        topic_id=topic.id,
    )


def _at_home(reader: Person, topic: Topic) -> Thing:
    room, slug = (topic.home or "").strip("/").split("/", 1)
    if room == "cases":
        return _of_case(get_case(reader, slug))
    return _of_practice(get_practice(reader, slug))


def _case_thing(reader: Person, case_id: int) -> Thing:
    return _of_case(case_by_id(reader, case_id))


def _of_case(case: Case) -> Thing:
    return Thing(
        kind="case",
        item_id=case.id,
        title=case.name,
        address=f"/cases/{case.slug}",
        author_id=case.topic.author_id,
        agenda_id=case.agenda_id,
        state=_state(case),
        row=case,
        agenda=case.agenda,
        topic_id=case.topic_id,
    )


def _practice_thing(reader: Person, practice_id: int) -> Thing:
    return _of_practice(practice_by_id(reader, practice_id))


def _of_practice(practice: Practice) -> Thing:
    return Thing(
        kind="practice",
        item_id=practice.id,
        title=practice.title,
        address=f"/practices/{practice.slug}",
        author_id=practice.author_id,
        agenda_id=practice.agenda_id,
        state=_state(practice),
        row=practice,
        agenda=practice.agenda,
        topic_id=practice.topic_id,
    )


def _member_thing(reader: Person, member_id: int) -> Thing:
    return _of_member(member_by_id(reader, member_id))


def _of_member(member: Member) -> Thing:
    return Thing(
        kind="member",
        item_id=member.id,
        title=member.name,
        address=f"/members/{member.handle}",
        author_id=member.id,
        agenda_id=None,
        state=_state(member),
        row=member,
    )


def letter_thing(letter_id: int, sender: Member) -> Thing:
    """A letter from one member to another; the reports of it alone say to moderators what was in it."""
    return Thing(
        kind="letter",
        item_id=letter_id,
        title=gettext("A letter from %(name)s", name=sender.name),
        address=f"/members/{sender.handle}",
        author_id=sender.id,
        agenda_id=None,
        state="gone",
    )


def _reported_letter(reader: Person, letter_id: int) -> Thing:
    """A letter as its reports know it, for moderators."""
    query = select(Report).where(*_about(Report, "letter", letter_id))
    report = db.session.scalars(query.limit(1)).first()
    if report is None or not reader.can.moderate(None):
        raise NotFound()
    author_id, title, address = report.author_id, report.title, report.address
    return Thing("letter", letter_id, title, address, author_id, None, "gone")


def _held_thing(reader: Person, held_id: int) -> Thing:
    """A text that a rule holds back; where it belongs is its topic, or the agenda."""
    return _of_held(get_held(reader, held_id))


def _of_held(held: Held) -> Thing:
    topic = held.topic
    return Thing(
        kind="held",
        item_id=held.id,
        title=held.title or first_words(held.source),
        address=topic.address if topic else f"/agendas/{held.agenda.slug}",
        author_id=held.author_id,
        agenda_id=held.agenda_id,
        state=held.state,
        row=held,
        agenda=held.agenda,
        shown_in=topic.title if topic else held.agenda.title,
        topic_id=held.topic_id,
    )


def is_first_post(thing: Thing) -> bool:
    """Whether a thing is one of somebody's first posts, and nobody has looked at it yet."""
    is_shown_post = thing.kind == "post" and thing.state == "shown"
    return is_shown_post and thing.row.unseen_at is not None


LOOKUPS: dict[str, Callable[[Person, int], Thing]] = {
    "post": _post_thing,
    "topic": _topic_thing,
    "case": _case_thing,
    "practice": _practice_thing,
    "member": _member_thing,
    "letter": _reported_letter,
    "held": _held_thing,
}


def _state(row: Any) -> str:
    if getattr(row, "deleted_at", None):
        return "gone"
    if getattr(row, "removed_at", None):
        return "removed"
    return "hidden" if row.hidden_at else "shown"


def first_words(source: str) -> str:
    """How a text begins, without what it quotes."""
    own = (line for line in source.split("\n") if not line.startswith(">"))
    return excerpt(SIGNS.sub("", " ".join(own)), 90) or "…"


def opening_of(thing: Thing) -> Post:
    """The post that a thing is, or that opens the topic that it is."""
    post: Post = thing.row if thing.kind == "post" else first_post(thing.row)
    return post


def thing_to_report(reporter: Person, kind: str, item_id: int) -> Thing:
    """A thing for somebody who may report it: it must be there to be read."""
    require(reporter.can.report(None))
    thing = get_thing(reporter, kind, item_id)
    require(reporter.can.report(thing.author_id))
    if thing.state != "shown" or (kind == "practice" and thing.row.state != "published"):
        raise NotFound()
    return thing


def thing_to_report_as_illegal(visitor: Person, kind: str, item_id: int) -> Thing:
    """A thing for anybody who says that it is illegal: it must be there to be read by them."""
    require(visitor.can.report_illegal())
    thing = get_thing(visitor, kind, item_id)
    if thing.state != "shown" or (kind == "practice" and thing.row.state != "published"):
        raise NotFound()
    return thing


def thing_to_moderate(moderator: Person, kind: str, item_id: int) -> Thing:
    """A thing for somebody who may decide about it, even when only the reports of it are left."""
    require(moderator.can.see_queue())
    try:
        thing = get_thing(moderator, kind, item_id)
    except NotFound:
        thing = _left(kind, item_id)
    require(moderator.can.moderate(thing.agenda_id))
    return thing


def _left(kind: str, item_id: int) -> Thing:
    """What the reports know of a thing that was deleted meanwhile."""
    if kind == "held":
        raise NotFound(gettext("This text was published, or its author has taken it back."))
    query = select(Report).where(*_about(Report, kind, item_id), Report.decision_id.is_(None))
    report = db.session.scalars(query.options(joinedload(Report.agenda)).limit(1)).first()
    if report is None:
        raise NotFound()
    return Thing(
        kind=kind,
        item_id=item_id,
        title=report.title,
        address=report.address,
        author_id=report.author_id,
        agenda_id=report.agenda_id,
        state="gone",
        agenda=report.agenda,
    )


def thing_taken_back(moderator: Person, kind: str, item_id: int) -> Thing:
    """A thing about which a decision is taken back: as `thing_to_moderate`, agendas and the topics of pages included."""
    if kind == "agenda":
        return agenda_to_moderate(moderator, item_id)
    if kind == "topic":
        return _topic_taken_back(moderator, item_id)
    if kind == "held" and (published := approved_held(moderator, item_id)):
        return _of_held(published)
    return thing_to_moderate(moderator, kind, item_id)


def published_as(held: Held) -> list[tuple[str, int]]:
    """Kind and number of what a text became: a post, and the topic that it opened."""
    post = db.session.get(Post, held.became_id or 0)
    if post is None:
        return []
    opened = [("topic", post.topic_id)] if post.number == 1 else []
    return [("post", post.id), *opened]


def _topic_taken_back(moderator: Person, topic_id: int) -> Thing:
    """A topic, also one that was put into another."""
    try:
        return topic_to_moderate(moderator, topic_id)
    except NotFound:
        topic = merged_topic(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    return _of_topic(topic)


def posts_to_moderate(moderator: Person, topic_id: int, post_ids: Collection[int]) -> list[Thing]:
    """Posts of one topic that somebody may decide about, in their order; `NotFound` unless all of them are of it."""
    topic = topic_to_moderate(moderator, topic_id).row
    query = visible_posts(moderator).where(Post.topic_id == topic.id, Post.id.in_(post_ids))
    posts = db.session.scalars(query.order_by(Post.number)).all()
    if len(posts) != len(set(post_ids)):
        raise NotFound()
    things = [_post_thing(moderator, post.id) for post in posts]
    if any(thing.kind != "post" for thing in things):
        raise Forbidden(gettext("This is changed on its own page."))
    return things


def page_to_select(
    moderator: Person, topic_id: int, number: int
) -> tuple[Topic, Page[Line], dict[int, str]]:
    """A page of a topic's posts with their first words, for somebody who may decide about several of them."""
    topic: Topic = topic_to_moderate(moderator, topic_id).row
    posts = posts_in(moderator, topic, number)
    here = Post.id.in_([post.id for post in posts.items])
    texts = db.session.execute(select(Post.id, Post.source).where(here))
    return topic, posts, {post_id: first_words(source) for post_id, source in texts}


def lot(lot_id: int) -> Sequence[Decision]:
    """The decisions that were one deed over several things, in their order."""
    return db.session.scalars(
        select(Decision).where(Decision.lot_id == lot_id).order_by(Decision.id)
    ).all()


def of_same_lot(reader: Person, decision: Decision) -> Sequence[Decision]:
    """What else was decided in the same deed, as far as it concerns a reader."""
    if decision.lot_id is None:
        return []
    is_mine = or_(Decision.author_id == reader.id, moderated_by(reader, Decision.agenda_id))
    others = select(Decision).where(Decision.lot_id == decision.lot_id, is_mine)
    return db.session.scalars(others.where(Decision.id != decision.id).order_by(Decision.id)).all()


def authors_of(post_ids: Iterable[int]) -> Sequence[int]:
    """The ids of those who wrote some posts."""
    wrote = select(Post.author_id).distinct().where(Post.id.in_(list(post_ids)))
    return db.session.scalars(wrote.order_by(Post.author_id)).all()


def shown_things_of(moderator: Person, member_id: int) -> list[Thing]:
    """All that a member wrote and that is to be seen: topics, practices, and posts in the topics of others."""
    is_page = Topic.home.is_not(None)
    topics = select(Topic.id).where(Topic.author_id == member_id, ~is_page, *_to_be_seen(Topic))
    practices = select(Practice.id).where(Practice.author_id == member_id, *_to_be_seen(Practice))
    others = select(Topic.id).where(Topic.id == Post.topic_id, Topic.author_id != member_id)
    theirs = select(Post.id).where(Post.author_id == member_id, *_to_be_seen(Post))
    posts = theirs.where(Post.number > 1, others.exists() | _in_a_page())
    found = (("topic", topics), ("practice", practices), ("post", posts))
    return [
        get_thing(moderator, kind, item_id)
        for kind, query in found
        for item_id in db.session.scalars(query.order_by("id")).all()
    ]


def texts_waiting(moderator: Person, member_id: int) -> Sequence[int]:
    """The ids of the texts of a member that a rule holds back."""
    theirs = held_waiting(moderator).where(Held.author_id == member_id)
    return [held.id for held in db.session.scalars(theirs)]


def is_there_still(moderator: Person, kind: str, item_id: int) -> bool:
    """Whether a thing about which a decision is taken back is more than its reports."""
    try:
        return thing_taken_back(moderator, kind, item_id).state != "gone"
    except NotFound:
        return False


def _in_a_page() -> ColumnElement[bool]:
    page = select(Topic.id).where(Topic.id == Post.topic_id, Topic.home.is_not(None))
    return page.exists()


def _to_be_seen(model: Any) -> tuple[ColumnElement[bool], ...]:
    return model.hidden_at.is_(None), model.deleted_at.is_(None)


def others_in_topic(topic_id: int, author_id: int | None) -> Sequence[int]:
    """Who else wrote in a topic what is to be seen."""
    wrote = select(Post.author_id).distinct()
    theirs = wrote.where(Post.topic_id == topic_id, Post.author_id != (author_id or 0))
    return db.session.scalars(theirs.where(*_to_be_seen(Post))).all()


def topic_to_moderate(moderator: Person, topic_id: int) -> Thing:
    """A topic, even that of a case or a practice, for somebody who may lock, pin or move it."""
    require(moderator.can.see_queue())
    topic = get_topic(moderator, topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    return _of_topic(topic)


def case_to_moderate(moderator: Person, slug: str) -> Thing:
    """A case by its slug, for somebody who may hide it."""
    require(moderator.can.see_queue())
    thing = _of_case(get_case(moderator, slug))
    require(moderator.can.moderate(thing.agenda_id))
    return thing


def practice_to_moderate(moderator: Person, slug: str) -> Thing:
    """A practice by its slug, for somebody who may publish, return or hide it."""
    require(moderator.can.see_queue())
    thing = _of_practice(get_practice(moderator, slug))
    require(moderator.can.moderate(thing.agenda_id))
    return thing


def member_to_moderate(moderator: Person, handle: str) -> Thing:
    """A profile by its handle, for somebody who may hide it."""
    require(moderator.can.curate_all())
    return _of_member(get_member(moderator, handle))


def member_to_suspend(moderator: Person, handle: str) -> Thing:
    """A member by handle, for somebody who may suspend or readmit them."""
    thing = member_to_moderate(moderator, handle)
    require(moderator.can.suspend(thing.row))
    return thing


def agenda_to_moderate(moderator: Person, agenda_id: int) -> Thing:
    """An agenda, for somebody who may archive or reopen it."""
    require(moderator.can.curate_all())
    agenda = agenda_by_id(moderator, agenda_id)
    return Thing(
        kind="agenda",
        item_id=agenda.id,
        title=agenda.title,
        address=f"/agendas/{agenda.slug}",
        author_id=None,
        agenda_id=agenda.id,
        row=agenda,
        agenda=agenda,
    )


# Reports


def my_report(reporter: Person, thing: Thing) -> Report | None:
    """What somebody has reported of a thing already."""
    about = _about(Report, thing.kind, thing.item_id)
    query = select(Report).where(*about, Report.reporter_id == reporter.id)
    return db.session.scalars(query).first()


def things_reported(author_id: int, kinds: Sequence[str]) -> list[tuple[str, int]]:
    """Kind and number of what was reported of a member, of some kinds."""
    theirs = select(Report.kind, Report.item_id).distinct().where(Report.author_id == author_id)
    rows = db.session.execute(theirs.where(Report.kind.in_(kinds)))
    return [(row.kind, row.item_id) for row in rows]


def open_reports(kind: str, item_id: int) -> Sequence[Report]:
    """The reports of one thing that wait for a decision, oldest first, with their reporters."""
    query = select(Report).where(*_about(Report, kind, item_id), Report.decision_id.is_(None))
    people = joinedload(Report.reporter).joinedload(Member.city)
    return db.session.scalars(query.options(people).order_by(Report.id).limit(MOST)).all()


def has_open_reports(kind: str, item_id: int) -> bool:
    """Whether a report of a thing waits for a decision."""
    query = select(Report.id).where(*_about(Report, kind, item_id), Report.decision_id.is_(None))
    return db.session.scalar(query.limit(1)) is not None


def open_reporters(kind: str, item_id: int) -> set[int | None]:
    """The ids of the members whose reports of a thing wait for a decision."""
    query = select(Report.reporter_id).where(*_about(Report, kind, item_id))
    return set(db.session.scalars(query.where(Report.decision_id.is_(None)).distinct()))


def reports_in_topic(topic_id: int) -> Sequence[Report]:
    """The open reports of a topic and of its posts."""
    posts = select(Post.id).where(Post.topic_id == topic_id)
    is_topic = (Report.kind == "topic") & (Report.item_id == topic_id)
    is_post = (Report.kind == "post") & Report.item_id.in_(posts)
    query = select(Report).where(Report.decision_id.is_(None), or_(is_topic, is_post))
    return db.session.scalars(query).all()


def my_reports(reader: Person, number: int = 1) -> Page[Report]:
    """One page of what a member has reported, the latest first, with what was decided."""
    require(reader.can.report(None))
    query = select(Report).where(Report.reporter_id == reader.id)
    newest = query.options(joinedload(Report.decision)).order_by(Report.id.desc())
    return page_of(newest, number, MINE)


def reports_of_posts(post_ids: Iterable[int]) -> Sequence[Report]:
    """The open reports of some posts."""
    about = Report.kind == "post", Report.item_id.in_(list(post_ids))
    return db.session.scalars(select(Report).where(*about, Report.decision_id.is_(None))).all()


def get_receipt(_visitor: Person, number: str) -> Report:
    """The report with a receipt's number, with what was decided; whoever knows the number may ask."""
    query = select(Report).where(Report.number == number).options(joinedload(Report.decision))
    report = db.session.scalar(query)
    if report is None:
        raise NotFound(_("There is no report with this number."))
    return report


def taken_back(reports: Sequence[Report]) -> set[int | None]:
    """The ids of those decisions about reports that were taken back, by whoever made them or after an appeal."""
    ids = [report.decision_id for report in reports if report.decision_id]
    undone = select(Decision.undoes_id).where(Decision.undoes_id.in_(ids))
    return set(db.session.scalars(undone)) if ids else set()


def reports_to_confirm(limit: int) -> Sequence[Report]:
    """Reports of visitors who are to be told by letter that their report has arrived, the oldest first."""
    query = select(Report).where(Report.email != "", Report.confirmed_at.is_(None))
    return _some_at_hand(query.order_by(Report.id), limit)


def reports_to_tell(limit: int) -> Sequence[Report]:
    """Reports of visitors who are to be told the outcome by letter, with the decision.

    What its moderator could still take back is not told yet.
    """
    query = select(Report).join(Report.decision).options(contains_eager(Report.decision))
    due = query.where(
        Report.email != "", Report.told_at.is_(None), Decision.decided_at <= now() - UNDO
    )
    return _some_at_hand(due.order_by(Report.decision_id, Report.id), limit)


def _some_at_hand(query: Select[Report], limit: int) -> Sequence[Report]:
    """Some rows, held; those that another worker has in hand are passed over."""
    held = query.limit(limit).with_for_update(skip_locked=True, of=Report)
    return db.session.scalars(held).all()


@dataclass(frozen=True)
class Reported:
    """A thing with open reports, which are one entry of the queue: how many, since when, what they say."""

    kind: str
    item_id: int
    title: str
    agenda_id: int | None
    since: datetime
    reports: int
    is_illegal: int
    reason: str


def reported(reader: Person, limit: int = MOST) -> list[Reported]:
    """The things whose reports wait for this reader: first what somebody says is illegal, then the longest waiting."""
    rows = db.session.execute(_reported(reader), {"most": limit})
    return [Reported(*row) for row in rows]


@for_reach
def _reported(reader: Person) -> Select[Any]:
    illegal = func.max(case((Report.reason == "illegal", 1), else_=0))
    since = func.min(Report.created_at)
    said: tuple[Any, ...] = (
        *(Report.kind, Report.item_id, func.max(Report.title), func.max(Report.agenda_id)),
        *(since, func.count(), illegal, func.min(Report.reason)),
    )
    things = select(*said).where(_waits_for(reader)).group_by(Report.kind, Report.item_id)
    first = (illegal.desc(), since, Report.kind, Report.item_id)
    return things.order_by(*first).limit(bindparam("most"))


@for_reach
def reported_counted(reader: Person) -> Select[Any]:
    """A select of how many such things there are."""
    things = select(Report.kind, Report.item_id).where(_waits_for(reader)).distinct().subquery()
    return select(func.count()).select_from(things)


def is_reported(kind: str, item_id: Any) -> ColumnElement[bool]:
    """In SQL: whether a report of a thing waits for a decision."""
    waits = (Report.kind == kind, Report.item_id == item_id, Report.decision_id.is_(None))
    return select(Report.id).where(*waits).exists()


def _waits_for(reader: Person) -> ColumnElement[bool]:
    return Report.decision_id.is_(None) & moderated_by(reader, Report.agenda_id)


def moderated_agendas(reader: Person) -> Sequence[Agenda]:
    """The agendas that a reader moderates, in order."""
    require(reader.can.see_queue())
    return db.session.scalars(visible_agendas(reader).where(moderated_by(reader, Agenda.id))).all()


def entry(reader: Person, kind: str, item_id: int) -> Entry:
    """One thing in its context, for somebody who may decide about it."""
    thing = thing_to_moderate(reader, kind, item_id)
    before, after = _neighbours(reader, thing)
    earlier = _decisions(*_about(Decision, thing.kind, thing.item_id))
    return Entry(
        thing=thing,
        reports=open_reports(thing.kind, thing.item_id),
        before=before,
        after=after,
        author=_member(thing.author_id),
        earlier=earlier,
        about_author=_about_author(reader, thing),
        seen=max((decision.id for decision in earlier), default=0),
        staff_notes=_notes_for(reader, thing.author_id),
    )


def _neighbours(reader: Person, thing: Thing) -> tuple[Post | None, Post | None]:
    """The posts before and after a post, or the one that opens a topic."""
    if thing.kind not in ("post", "topic") or thing.row is None:
        return None, None
    number = thing.row.number if thing.kind == "post" else 0
    people = joinedload(Post.author).joinedload(Member.city)
    posts = visible_posts(reader).where(Post.topic_id == thing.topic_id).options(people)
    before = posts.where(Post.number < number, *is_there()).order_by(Post.number.desc())
    after = posts.where(Post.number > number, *is_there()).order_by(Post.number)
    found = [db.session.scalars(query.limit(1)).first() for query in (before, after)]
    return found[0], found[1]


def _member(member_id: int | None) -> Member | None:
    if member_id is None:
        return None
    loads = (joinedload(Member.city), joinedload(Member.organisation))
    return db.session.scalars(select(Member).where(Member.id == member_id).options(*loads)).first()


def _about_author(reader: Person, thing: Thing) -> Sequence[Decision]:
    """The decisions against an author, as far as they are this reader's business."""
    is_his = (Decision.author_id == thing.author_id, Decision.deed.in_(RESTRICTING))
    return _decisions(*is_his, moderated_by(reader, Decision.agenda_id))


def _decisions(*which: ColumnElement[bool]) -> Sequence[Decision]:
    query = select(Decision).where(*which).options(joinedload(Decision.moderator))
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(20)).all()


# What moderators know of a member


def staff_notes(moderator: Person, member: Member) -> Sequence[StaffNote]:
    """What moderators have noted about a member, the latest first."""
    require(moderator.can.note_about(member))
    return _notes_about(member.id)


def _notes_for(reader: Person, member_id: int | None) -> Sequence[StaffNote]:
    """The same beside an entry, for whoever may read it: no host, and nobody about themselves."""
    may = bool(reader.can.curate_all()) and member_id not in (None, reader.id)
    return _notes_about(member_id) if may and member_id else ()


def _notes_about(member_id: int) -> Sequence[StaffNote]:
    query = select(StaffNote).where(StaffNote.member_id == member_id)
    newest = query.options(joinedload(StaffNote.author)).order_by(StaffNote.id.desc())
    return db.session.scalars(newest.limit(NOTES)).all()


def staff_note(moderator: Person, note_id: int) -> StaffNote:
    """One such note, for somebody who may remove it."""
    require(moderator.can.curate_all())
    query = select(StaffNote).where(StaffNote.id == note_id, StaffNote.member_id != moderator.id)
    note = db.session.scalar(query)
    if note is None:
        raise NotFound()
    return note


# Decisions


def latest_decision(kind: str, item_id: int) -> int:
    """The id of the latest decision about a thing; 0 when there is none."""
    query = select(func.max(Decision.id)).where(*_about(Decision, kind, item_id))
    return db.session.scalar(query) or 0


def take_turn() -> None:
    """Let moderation deeds happen one after another; each sees what the one before has decided.

    SQLite has one writer at a time anyway. On PostgreSQL the deeds wait for one another at this row.
    """
    db.session.execute(select(Federation.id).limit(1).with_for_update())


def my_latest(reader: Person) -> Decision | None:
    """The reader's latest decision, while it can be taken back: ten minutes, and nothing decided since."""
    require(reader.can.see_queue())
    later = aliased(Decision)
    is_same = (later.kind == Decision.kind) & (later.item_id == Decision.item_id)
    query = select(Decision).where(
        Decision.moderator_id == reader.id,
        Decision.decided_at > now() - UNDO,
        Decision.deed.in_(UNDONE),
        ~select(later.id).where(is_same, later.id > Decision.id).exists(),
    )
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()


def latest_of(thing: Thing, deed: str) -> Decision | None:
    """The latest decision of a deed about a thing, if it holds."""
    query = select(Decision).where(*_about(Decision, thing.kind, thing.item_id))
    newest = query.where(Decision.deed == deed).order_by(Decision.id.desc()).limit(1)
    decision = db.session.scalars(newest).first()
    return decision if decision and holds(decision) else None


def answered_by(decision_id: int) -> Sequence[Report]:
    """The reports that a decision has answered, oldest first, with their reporters."""
    query = select(Report).where(Report.decision_id == decision_id).order_by(Report.id)
    people = joinedload(Report.reporter).joinedload(Member.city)
    return db.session.scalars(query.options(people)).all()


def log(reader: Person, agenda: str = "", number: int = 1) -> Page[Decision]:
    """One page of the moderation log, newest first; a host reads the part of the host's own agendas."""
    require(reader.can.see_queue())
    query = select(Decision).where(moderated_by(reader, Decision.agenda_id))
    if agenda:
        query = query.join(Decision.agenda).where(Agenda.slug == agenda)
    people = (joinedload(Decision.moderator), joinedload(Decision.author))
    newest = query.options(*people, joinedload(Decision.agenda)).order_by(Decision.id.desc())
    return page_of(newest, number, LOG_PAGE)


def own_text(reader: Person, decision: Decision) -> Post | None:
    """The text that a decision hid, for its author; None for others, and once it is shown or deleted.

    Of a topic it is the post that opens it.
    """
    if decision.kind not in REMOVABLE or decision.author_id != reader.id:
        return None
    is_hidden = or_(Post.hidden_at.is_not(None), Topic.hidden_at.is_not(None))
    query = select(Post).join(Post.topic).where(Post.author_id == reader.id, is_hidden)
    query = query.where(Post.deleted_at.is_(None))
    if decision.kind == "topic":
        return db.session.scalar(query.where(Topic.id == decision.item_id, Post.number == 1))
    return db.session.scalar(query.where(Post.id == decision.item_id))


def request_to_edit(reader: Person, post: Post) -> Decision | None:
    """What the moderators asked the author of a post to change, while that is not done; for the author alone."""
    is_open = post.edit_asked_at is not None and post.edit_answered_at is None
    if not is_open or post.author_id != reader.id:
        return None
    about = [and_(*_about(Decision, "post", post.id))]
    if post.number == 1:
        about.append(and_(*_about(Decision, "topic", post.topic_id)))
    query = select(Decision).where(or_(*about), Decision.deed == "ask to edit")
    return db.session.scalars(query.order_by(Decision.id.desc()).limit(1)).first()


def why_restricted(reader: Person, kind: str, item_id: int) -> Decision:
    """The latest decision that restricted a thing, for its author and for who moderates its agenda."""
    which = (*_about(Decision, kind, item_id), Decision.deed.in_(RESTRICTING))
    latest = select(func.max(Decision.id)).where(*which)
    return get_decision(reader, db.session.scalar(latest) or 0)


def file_of(reader: Person, decision: Decision) -> Sequence[Decision]:
    """What else was decided about the same thing, for who moderates its agenda."""
    if not reader.can.moderate(decision.agenda_id):
        return []
    about = _about(Decision, decision.kind, decision.item_id)
    others = _decisions(*about, moderated_by(reader, Decision.agenda_id))
    return [other for other in others if other.id != decision.id]


def decision_to_review(moderator: Person, decision_id: int) -> Decision:
    """A decision, held, for somebody who may take back what others decided on its agenda."""
    require(moderator.can.see_queue())
    query = select(Decision).where(Decision.id == decision_id)
    decision = db.session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if decision is None:
        raise NotFound()
    require(moderator.can.moderate(decision.agenda_id))
    return decision


def holds(decision: Decision) -> bool:
    """Whether a decision that restricts still stands: neither taken back, nor ended by a later one."""
    later = select(Decision.id).where(Decision.id > decision.id)
    same = (Decision.kind == decision.kind) & (Decision.item_id == decision.item_id)
    undoing = aliased(Decision)
    is_undone = select(undoing.id).where(undoing.undoes_id == Decision.id).exists()
    ended = same & Decision.deed.in_(ENDED_BY.get(decision.deed, ())) & ~is_undone
    over = later.where(or_(Decision.undoes_id == decision.id, ended))
    return not db.session.scalar(select(over.exists()))


def end_of_others(decision: Decision, deeds: Sequence[str]) -> datetime | None:
    """Until when a member is restricted by another decision of one of these deeds, the latest that still holds."""
    query = select(Decision).where(
        *_about(Decision, decision.kind, decision.item_id),
        Decision.id != decision.id,
        Decision.deed.in_(deeds),
        Decision.until > now(),
    )
    others = db.session.scalars(query.order_by(Decision.id.desc())).all()
    return next((other.until for other in others if holds(other)), None)


def decision_of(decision_id: int) -> Decision | None:
    """A decision by its number, for rooms above that ask themselves whom it concerns."""
    query = select(Decision).where(Decision.id == decision_id)
    return db.session.scalar(query.options(joinedload(Decision.agenda)))


def is_concerned(person: Person, decision: Decision) -> bool:
    """Whether a decision is about something of a person: the author, or who wrote in a topic that was hidden."""
    if decision.author_id == person.id is not None:
        return True
    if decision.kind != "topic" or decision.deed not in WITHHOLDING:
        return False
    wrote = select(Post.id).where(Post.topic_id == decision.item_id, Post.author_id == person.id)
    return bool(db.session.scalar(select(wrote.exists())))


def is_reporter(person: Person, decision: Decision) -> bool:
    """Whether a decision answered a report of a person."""
    said = select(Report.id).where(
        Report.decision_id == decision.id, Report.reporter_id == person.id
    )
    return bool(db.session.scalar(select(said.exists())))


def get_decision(reader: Person, decision_id: int) -> Decision:
    """One decision, for those whom it concerns and for who moderates its agenda.

    It concerns the author, and whoever wrote in a topic that was hidden.
    """
    if not reader.is_member:
        raise Forbidden(str(SIGN_IN.why_not))
    wrote = select(Post.id).where(Post.topic_id == Decision.item_id, Post.author_id == reader.id)
    is_theirs = (Decision.kind == "topic") & Decision.deed.in_(WITHHOLDING) & wrote.exists()
    is_mine = or_(
        Decision.author_id == reader.id, is_theirs, moderated_by(reader, Decision.agenda_id)
    )
    query = select(Decision).where(Decision.id == decision_id, is_mine)
    decision = db.session.scalars(query.options(joinedload(Decision.agenda))).first()
    if decision is None:
        raise NotFound()
    return decision


def _about(
    model: type[Decision] | type[Report], kind: str, item_id: int
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return model.kind == kind, model.item_id == item_id
