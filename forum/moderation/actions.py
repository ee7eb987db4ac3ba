"""Reporting, and the deeds of moderators: each does what its room does and writes down who decided what, and why."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, or_, update
from sqlalchemy.exc import IntegrityError

from forum.agendas import actions as agendas
from forum.agendas.queries import agenda_by_id, curators_of
from forum.db import action, at, db, now, topic_scope, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import written
from forum.errors import Conflict, Invalid
from forum.library import actions as library
from forum.markup import Written, write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import member_by_id
from forum.moderation.models import (
    APPEAL,
    BY_VISITOR,
    OWN,
    REPORT,
    RULE,
    Decision,
    Report,
    StaffNote,
)
from forum.moderation.queries import (
    GROUNDED,
    KINDS,
    REASONED,
    REMOVABLE,
    WITHHOLDING,
    Thing,
    agenda_to_moderate,
    answered_by,
    authors_of,
    decision_to_review,
    end_of_others,
    has_open_reports,
    holds,
    is_first_post,
    is_there_still,
    latest_decision,
    latest_of,
    letter_thing,
    lot,
    my_latest,
    my_report,
    open_reporters,
    opening_of,
    others_in_topic,
    posts_to_moderate,
    reports_in_topic,
    reports_of_posts,
    shown_things_of,
    staff_note,
    take_turn,
    texts_waiting,
    thing_taken_back,
    thing_to_moderate,
    thing_to_report,
    thing_to_report_as_illegal,
    things_reported,
    topic_to_moderate,
)
from forum.notifications.actions import note_event, read_queue, retitle_queue
from forum.permissions import VISITOR, Person, require
from forum.rules.queries import in_force
from forum.search import actions as search

NAMING = ("member", "letter")  # kinds of things whose title is somebody's name
REASONS = ("rules", "spam", "off topic", "illegal", "something else")
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none of which looks like another
# A visitor's name and address: as long as one may appeal, and some days.
KEPT_VISITORS = timedelta(days=190)
KEPT_STAFF_NOTES = timedelta(days=730)
PORTION = 500
Deed = Callable[[Person, int, str], Any]
LONGEST = 2_000  # characters of a reason or of a reporter's sentence
ANSWERING = (
    "keep",
    "hide",
    "remove",
    "ask to edit",
    "restore",
    "warn",
    "silence",
    "suspend",
    "spam",
)  # reports of the same thing
MOST_AT_ONCE = 100  # posts
FOR_GOOD = timedelta(days=3650)
Before = dict[str, Any]
Back = Callable[[Person, Thing, Before], None]


@dataclass(frozen=True)
class Illegal:
    """What somebody without an account says of something illegal. Name and address may be missing when it is about
    the sexual abuse of children (article 16, paragraph 2 c)."""

    text: str
    name: str = ""
    email: str = ""
    is_in_good_faith: bool = False
    is_about_children: bool = False


@action
def report(reporter: Person, kind: str, item_id: int, reason: str, text: str = "") -> Report:
    """Say that something is wrong. The moderators see it; its author never learns who said so."""
    touches()
    thing = thing_to_report(reporter, kind, item_id)
    if reason not in REASONS:
        raise Invalid(_("Choose a reason."), "reason")
    _check_length(text, "text")
    if my_report(reporter, thing):
        raise _reported_already()
    said = _new_report(thing, reporter_id=reporter.id, reason=reason, text=text)
    is_first = not has_open_reports(thing.kind, thing.item_id)
    try:
        with db.session.begin_nested():
            db.session.add(said)
    except IntegrityError:
        raise _reported_already() from None
    _tell_queue(reporter, thing, is_first)
    return said


@action
def report_illegal(visitor: Person, kind: str, item_id: int, notice: Illegal) -> Report:
    """Say, without an account, that something is illegal (Regulation (EU) 2022/2065, article 16).

    Whoever says so is told by letter that it has arrived, and what was decided; that is the worker's work. How many
    have said it before, and who, nobody learns from this.
    """
    touches()
    thing = thing_to_report_as_illegal(visitor, kind, item_id)
    _check_notice(notice)
    who = {"name": notice.name.strip(), "email": notice.email.strip()}
    said = _new_report(thing, source=BY_VISITOR, reason="illegal", text=notice.text.strip(), **who)
    is_first = not has_open_reports(thing.kind, thing.item_id)
    db.session.add(said)
    db.session.flush()
    _tell_queue(VISITOR, thing, is_first)
    return said


def _check_notice(notice: Illegal) -> None:
    if not notice.text.strip():
        raise Invalid(_("Say why it is illegal."), "text")
    _check_length(notice.text, "text")
    if not notice.is_in_good_faith:
        raise Invalid(_("Confirm that what you say is true as far as you know."), "good_faith")
    for field in ("name", "email"):
        said = getattr(notice, field).strip()
        if not said and not notice.is_about_children:
            raise Invalid(_("This is needed, unless it is about the abuse of children."), field)


def _new_report(thing: Thing, **said: Any) -> Report:
    report = Report(**said, number=_new_number(), created_at=now())
    _describe(report, thing)
    return report


def _new_number() -> str:
    """The number of a receipt: easy to read out, and nobody guesses one (50 bits)."""
    signs = [secrets.choice(SIGNS) for _sign in range(10)]
    return "".join(signs[:5]) + "-" + "".join(signs[5:])


@action
def report_letter(
    reporter: Person, letter_id: int, sender: Member, said: str, *, reason: str, text: str = ""
) -> Report:
    """Say that a letter of another member is wrong. What it said goes to the moderators, who cannot read letters.

    The deed that calls it has looked whether the reporter got it.
    """
    touches()
    require(reporter.can.report(sender.id))
    if reason not in REASONS:
        raise Invalid(_("Choose a reason."), "reason")
    _check_length(text, "text")
    thing = letter_thing(letter_id, sender)
    if my_report(reporter, thing):
        raise _reported_already()
    words = f"{text}\n\n{said}".strip()
    report = _new_report(thing, reporter_id=reporter.id, reason=reason, text=words)
    db.session.add(report)
    db.session.flush()
    _tell_queue(reporter, thing, is_first=True)
    return report


@action
def note_confirmed(system: Person, reports: Sequence[Report]) -> None:
    """Note that letters say to visitors that their reports have arrived."""
    require(system.can.administer())
    touches()
    for report in reports:
        report.confirmed_at = now()


@action
def note_told(system: Person, reports: Sequence[Report]) -> None:
    """Note that letters say to visitors what became of their reports."""
    require(system.can.administer())
    touches()
    for report in reports:
        report.told_at = now()


@action
def forget_visitors(system: Person, limit: int = PORTION) -> int:
    """Delete names and addresses of some visitors whose reports were decided long ago; says how many."""
    require(system.can.administer())
    touches()
    old = db.session.query(Decision.id).where(Decision.decided_at < now() - KEPT_VISITORS)
    is_named = or_(Report.name != "", Report.email != "")
    some = db.session.query(Report.id).where(
        is_named, Report.decision_id.in_(old.scalar_subquery())
    )
    which = Report.id.in_(some.limit(limit).scalar_subquery())
    gone = update(Report).where(which).values(name="", email="").returning(Report.id)
    return len(db.session.scalars(gone).all())


def _tell_queue(reporter: Person, thing: Thing, is_first: bool) -> None:
    """Let who can decide know of the first report that is open."""
    if is_first:
        where, title = _in_queue(thing.kind, thing.item_id), thing.title
        who = curators_of(thing.agenda_id)
        note_event(reporter, "queue", who, where, title=title, is_named=False)


def _in_queue(kind: str, item_id: int) -> str:
    return f"/moderation/{kind}/{item_id}"


def _reported_already() -> Invalid:
    return Invalid(_("You have reported this already. The moderators have your report."))


@dataclass(frozen=True)
class Reasons:
    """Why somebody is restricted: what article 17(3) of Regulation (EU) 2022/2065 asks for.

    `facts` are the facts, and what the member can do. The ground is the number of a house rule, or a law.
    `is_automated` says that a machine found it. What was said of the deed itself (how long, who decided, that one
    can appeal) the decision's page adds.
    """

    facts: str = ""
    rule: int = 0
    law: str = ""
    is_automated: bool = False


NONE = Reasons()


@action
def decide(
    moderator: Person,
    kind: str,
    item_id: int,
    deed: str,
    reasons: Reasons = NONE,
    *,
    seen: int | None = None,
) -> Decision:
    """Keep, hide, remove or restore a thing; its open reports are answered with it, author and reporters are told.

    Hidden: readers see that there was something, and which rule it broke. Removed: they see nothing. `seen` is the latest decision that the moderator knew of; when there is a later one, nothing is done.
    """
    thing = _in_turn(moderator, kind, item_id, seen)
    _require_sense(thing, deed, reasons)
    if deed == "restore":
        _refuse_own(moderator, thing, "hide")
    before = _before(thing)
    DECIDING[deed](moderator, thing, reasons)
    return _record(moderator, deed, thing, reasons, before=before)


@action
def approve(
    moderator: Person,
    held_id: int,
    reasons: Reasons = NONE,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Publish a text that a rule holds back, or that was refused. `read` is the fingerprint of what was read."""
    thing = _in_turn(moderator, "held", held_id, seen)
    _check_length(reasons.facts, "reason")
    post = dialogue.approve(moderator, held_id, read)
    published = replace(thing, address=f"/posts/{post.id}")
    return _record(moderator, "approve", published, reasons)


@action
def refuse(
    moderator: Person,
    held_id: int,
    reasons: Reasons,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Refuse a text that a rule holds back, and say why; it stays with its author, who may change it."""
    _require_reasons("refuse", reasons)
    thing = _in_turn(moderator, "held", held_id, seen)
    dialogue.refuse(moderator, held_id, reasons.facts, read)
    refused = replace(thing, address=f"/waiting/{held_id}")
    pointed_out = replace(reasons, is_automated=True)
    return _record(moderator, "refuse", refused, pointed_out, source=RULE)


@action
def ask_to_edit(
    moderator: Person, kind: str, item_id: int, reasons: Reasons, *, seen: int | None = None
) -> Decision:
    """Ask the author to change a post, or the one that opens a topic; until that is done nothing happens to it."""
    touches()
    thing = _in_turn(moderator, kind, item_id, seen)
    _require_reasons("ask to edit", reasons)
    if thing.kind not in REMOVABLE:
        raise Invalid(_("Choose a decision."), "deed")
    post = opening_of(thing)
    _require_change(not post.edit_asked_at or post.edit_answered_at)
    dialogue.ask_to_edit(moderator, post.id)
    decision = _record(moderator, "ask to edit", thing, reasons, is_told=False)
    _tell_author(moderator, decision, f"/posts/{post.id}/edit")
    return decision


@action
def note(moderator: Person, post_id: int, text: Written) -> Decision:
    """Say something below a post, for all to read; what was said before gives way to it."""
    thing = _post_in_turn(moderator, post_id)
    if not text.source.strip():
        raise Invalid(_("Write a text."), "source")
    _require_change(text.source != thing.row.note_source)
    before = _note_of(thing)
    touches(topic_scope(thing.row.topic_id))
    dialogue.note(moderator, post_id, text)
    return _record(moderator, "note", thing, Reasons(text.source), before=before)


@action
def unnote(moderator: Person, post_id: int) -> Decision:
    """Take away what the moderators say below a post."""
    thing = _post_in_turn(moderator, post_id)
    _require_change(thing.row.note_source)
    before = _note_of(thing)
    touches(topic_scope(thing.row.topic_id))
    dialogue.note(moderator, post_id, write(""))
    return _record(moderator, "unnote", thing, before=before)


def _note_of(thing: Thing) -> Before:
    return {"note": thing.row.note_source, "language": thing.row.note_language}


@action
def undo(moderator: Person, decision_id: int) -> Decision:
    """Take one's own latest decision back, within ten minutes: its reports wait again, and all is as it was."""
    take_turn()
    decision = my_latest(moderator)
    if decision is None or decision.id != decision_id:
        raise Conflict(_("This can no longer be taken back. Nothing was changed."))
    if decision.lot_id:
        return _undo_lot(moderator, decision.lot_id)
    return _take_back(moderator, decision, "undo", NONE, is_told=decision.deed in TOLD)


def _undo_lot(moderator: Person, lot_id: int) -> Decision:
    """Take back what was one deed over several things, as long as nobody decided about one of them since."""
    undone = []
    for decision in lot(lot_id):
        if latest_decision(decision.kind, decision.item_id) != decision.id:
            raise Conflict(_("This can no longer be taken back. Nothing was changed."))
        undone.append(_take_back(moderator, decision, "undo", NONE, is_told=False))
    _tell_authors(moderator, _as_lot(undone))
    return undone[-1]


@action
def reverse(moderator: Person, decision_id: int, answer: str, *, is_told: bool) -> Decision:
    """Take back what another moderator decided, because an appeal was right; the appeals room has asked whether one may.

    `is_told` says whether the author has still to be told. Where a thing was kept, its reports wait again.
    Raises `Conflict` when it holds no more, for then there is nothing to give back.
    """
    take_turn()
    decision = decision_to_review(moderator, decision_id)
    if not holds(decision):
        raise Conflict(_("This decision holds no more, so nothing was changed."))
    is_told = is_told and decision.deed in (*TOLD, "spam")
    return _take_back(moderator, decision, "reverse", Reasons(answer), is_told=is_told)


@action
def lock(
    moderator: Person, topic_id: int, reasons: Reasons, *, seen: int | None = None
) -> Decision:
    """Let a topic take no more replies, and say why."""
    thing = _topic_in_turn(moderator, topic_id, seen)
    _require_reasons("lock", reasons)
    _require_change(not thing.row.locked_at)
    dialogue.lock(moderator, topic_id)
    return _record(moderator, "lock", thing, reasons)


@action
def unlock(moderator: Person, topic_id: int, reasons: Reasons = NONE) -> Decision:
    """Let a topic take replies again."""
    thing = _topic_in_turn(moderator, topic_id)
    _require_change(thing.row.locked_at)
    _refuse_own(moderator, thing, "lock")
    dialogue.unlock(moderator, topic_id)
    return _record(moderator, "unlock", thing, reasons)


@action
def pin(moderator: Person, topic_id: int, reasons: Reasons = NONE) -> Decision:
    """Keep a topic at the top of its agenda's dialogue."""
    thing = _topic_in_turn(moderator, topic_id)
    _require_change(not thing.row.pinned_at)
    dialogue.pin(moderator, topic_id)
    return _record(moderator, "pin", thing, reasons)


@action
def unpin(moderator: Person, topic_id: int, reasons: Reasons = NONE) -> Decision:
    """Let a topic stand where its latest post puts it."""
    thing = _topic_in_turn(moderator, topic_id)
    _require_change(thing.row.pinned_at)
    dialogue.unpin(moderator, topic_id)
    return _record(moderator, "unpin", thing, reasons)


@action
def move(moderator: Person, topic_id: int, agenda_id: int, reasons: Reasons = NONE) -> Decision:
    """Put a topic on another agenda; what waits for a decision in it waits there then."""
    thing = _topic_in_turn(moderator, topic_id)
    agenda = agenda_by_id(moderator, agenda_id)
    if thing.agenda_id == agenda_id:
        raise Invalid(_("The topic is on this agenda already."), "agenda")
    _check_length(reasons.facts, "reason")
    before = {"agenda": thing.agenda_id}
    _move(moderator, topic_id, agenda_id)
    moved = _("Moved to “%(agenda)s”.", agenda=agenda.title)
    said = replace(reasons, facts=f"{moved} {reasons.facts}".strip())
    return _record(moderator, "move", thing, said, before=before)


def _move(moderator: Person, topic_id: int, agenda_id: int) -> None:
    dialogue.move(moderator, topic_id, agenda_id)
    for waiting in reports_in_topic(topic_id):
        waiting.agenda_id = agenda_id


@action
def split(
    moderator: Person,
    topic_id: int,
    post_ids: Collection[int],
    part: dialogue.Part,
    reasons: Reasons = NONE,
) -> Decision:
    """Let posts of a topic be a topic of their own. Who wrote them is told where they are."""
    thing = _topic_in_turn(moderator, topic_id)
    _check_length(reasons.facts, "reason")
    moved = dialogue.split(moderator, topic_id, post_ids, part)
    for waiting in reports_of_posts(moved.numbers):
        waiting.agenda_id = part.agenda_id
    gone = ngettext(
        "%(num)s post went to “%(title)s”.",
        "%(num)s posts went to “%(title)s”.",
        len(moved.numbers),
        title=moved.target.title,
    )
    said = replace(reasons, facts=f"{gone} {reasons.facts}".strip())
    decision = _record(moderator, "split", thing, said, before=_way_back(moved))
    _tell_moved(moderator, moved, reasons)
    return decision


def _tell_moved(moderator: Person, moved: dialogue.Moved, reasons: Reasons) -> None:
    words = _("What you wrote is in this topic now.")
    note_event(
        moderator,
        "decision",
        authors_of(moved.numbers),
        moved.target.address,
        title=moved.target.title,
        text=f"{words} {reasons.facts}".strip(),
        is_named=False,
    )


@action
def merge(moderator: Person, topic_id: int, target_id: int, reasons: Reasons = NONE) -> Decision:
    """Put a topic into another, whose readers find its posts at the end; its address leads there for ever."""
    thing = _topic_in_turn(moderator, topic_id)
    _check_length(reasons.facts, "reason")
    moved = dialogue.merge(moderator, topic_id, target_id)
    for waiting in reports_of_posts(moved.numbers):
        waiting.agenda_id = moved.target.agenda_id
    now_in = _("Put into “%(title)s”.", title=moved.target.title)
    said = replace(reasons, facts=f"{now_in} {reasons.facts}".strip())
    return _record(moderator, "merge", thing, said, before=_way_back(moved))


def _way_back(moved: dialogue.Moved) -> Before:
    post_id, at = moved.answer or (None, None)
    return {
        "target": moved.target.id,
        "posts": list(moved.numbers.items()),
        "last": moved.before,
        "answer": post_id,
        "answered_at": at.isoformat() if at else None,
    }


@action
def decide_all(
    moderator: Person, topic_id: int, post_ids: Collection[int], deed: str, reasons: Reasons = NONE
) -> list[Decision]:
    """Hide, remove or show again several posts of a topic for the same reasons: all of them, or nothing happens.

    Each has a decision of its own, which its author can appeal against; each author is told once.
    """
    things = _posts_in_turn(moderator, topic_id, post_ids)
    if deed not in FROM:
        raise Invalid(_("Choose a decision."), "deed")
    _require_reasons(deed, reasons)
    for thing in things:
        if thing.state not in FROM[deed]:
            raise Conflict(
                _("Number %(number)s is so already. Nothing was changed.", number=thing.row.number)
            )
    with at(
        now()
    ):  # in one moment, by which a topic that is hidden with its last post comes back with any
        decisions = [_decide_one(moderator, deed, thing, reasons) for thing in things]
    _tell_authors(moderator, _as_lot(decisions))
    return decisions


def _decide_one(moderator: Person, deed: str, thing: Thing, reasons: Reasons) -> Decision:
    before = _before(thing)
    DECIDING[deed](moderator, thing, reasons)
    return _record(moderator, deed, thing, reasons, before=before, is_told=False)


def _posts_in_turn(moderator: Person, topic_id: int, post_ids: Collection[int]) -> list[Thing]:
    """Posts of a topic; one that is of another topic, or that there is not, and nothing is done to any."""
    take_turn()
    if not post_ids:
        raise Invalid(_("Choose at least one post."), "post")
    if len(post_ids) > MOST_AT_ONCE:
        raise Invalid(_("Choose at most %(most)s posts at once.", most=MOST_AT_ONCE), "post")
    return posts_to_moderate(moderator, topic_id, post_ids)


def _as_lot(decisions: Sequence[Decision]) -> Sequence[Decision]:
    for decision in decisions:
        decision.lot_id = decisions[0].id if len(decisions) > 1 else None
    return decisions


def _tell_authors(moderator: Person, decisions: Iterable[Decision]) -> None:
    """Tell each author once of what was decided about texts of theirs; the first decision names the others."""
    theirs: dict[int | None, list[Decision]] = {}
    for decision in decisions:
        theirs.setdefault(decision.author_id, []).append(decision)
    for author_id, own in theirs.items():
        more = ngettext(
            "And one more text of yours.", "And %(num)s more texts of yours.", len(own) - 1
        )
        first = f"{TOLD[own[0].deed]()} {own[0].reason}".strip()
        note_event(
            moderator,
            "decision",
            [author_id],
            f"/moderation/decisions/{own[0].id}",
            title=own[0].title,
            text=f"{first} {more}" if len(own) > 1 else first,
            is_named=False,
        )


@action
def publish(
    moderator: Person, practice_id: int, reasons: Reasons = NONE, *, seen: int | None = None
) -> Decision:
    """Publish a submitted practice."""
    thing = _in_turn(moderator, "practice", practice_id, seen)
    library.publish(moderator, practice_id)
    return _record(moderator, "publish", thing, reasons)


@action
def send_back(
    moderator: Person, practice_id: int, reasons: Reasons, seen: int | None = None
) -> Decision:
    """Return a submitted practice to its author, and say what to change."""
    thing = _in_turn(moderator, "practice", practice_id, seen)
    _require_reasons("send back", reasons)
    library.send_back(moderator, practice_id, reasons.facts)
    return _record(moderator, "send back", thing, reasons)


@action
def feature(moderator: Person, practice_id: int) -> Decision:
    """Put a published practice first in the library."""
    thing = _in_turn(moderator, "practice", practice_id)
    _require_change(not thing.row.featured_at)
    library.feature(moderator, practice_id)
    return _record(moderator, "feature", thing)


@action
def unfeature(moderator: Person, practice_id: int) -> Decision:
    """Let a practice stand in the library like any other."""
    thing = _in_turn(moderator, "practice", practice_id)
    _require_change(thing.row.featured_at)
    library.unfeature(moderator, practice_id)
    return _record(moderator, "unfeature", thing)


@action
def warn(moderator: Person, member_id: int, reasons: Reasons) -> Decision:
    """Tell a member what broke a rule, and leave it at that; the next moderator sees it."""
    thing = _member_in_turn(moderator, member_id)
    _require_reasons("warn", reasons)
    return _record(moderator, "warn", thing, reasons)


@action
def silence(moderator: Person, member_id: int, until: datetime, reasons: Reasons) -> Decision:
    """Take the right to write from a member until a moment, and say why."""
    return _shut_out("silence", members.silence, moderator, member_id, until=until, reasons=reasons)


@action
def unsilence(moderator: Person, member_id: int, reasons: Reasons = NONE) -> Decision:
    """Let a silenced member write again."""
    thing = _member_in_turn(moderator, member_id)
    _require_change(thing.row.is_silenced)
    before = _before(thing)
    members.unsilence(moderator, member_id)
    return _record(moderator, "unsilence", thing, reasons, before=before)


@action
def suspend(moderator: Person, member_id: int, until: datetime, reasons: Reasons) -> Decision:
    """Close a member's account until a moment, and say why."""
    return _shut_out("suspend", members.suspend, moderator, member_id, until=until, reasons=reasons)


def _shut_out(
    word: str,
    deed: Callable[[Person, int, datetime], None],
    moderator: Person,
    member_id: int,
    *,
    until: datetime,
    reasons: Reasons,
) -> Decision:
    thing = _member_in_turn(moderator, member_id)
    _require_reasons(word, reasons)
    before = _before(thing)
    deed(moderator, member_id, until)
    return _record(moderator, word, thing, reasons, until=until, before=before)


@action
def unsuspend(moderator: Person, member_id: int, reasons: Reasons = NONE) -> Decision:
    """Open a suspended account again."""
    thing = _member_in_turn(moderator, member_id)
    _require_change(thing.row.is_suspended)
    before = _before(thing)
    members.unsuspend(moderator, member_id)
    return _record(moderator, "unsuspend", thing, reasons, before=before)


@action
def clear_spam(moderator: Person, member_id: int) -> Decision:
    """Undo with one press all that an advertiser did: remove every text, hide the profile, refuse what waits, close the account.

    For "deceptive high-volume commercial content" article 17(2) of Regulation (EU) 2022/2065 asks for no reasons.
    """
    thing = _in_turn(moderator, "member", member_id)
    require(moderator.can.clear_spam(thing.row))
    before, until = _before(thing), now() + FOR_GOOD
    shown, waiting = _clear(moderator, member_id)
    if thing.state == "shown":
        _hide_profile(moderator, member_id)
    members.suspend(moderator, member_id, until)
    db.session.flush()
    more = _clear(moderator, member_id)  # what was on its way; nothing comes after it
    shown, waiting = [*shown, *more[0]], [*waiting, *more[1]]
    before |= {"hidden": [[one.kind, one.item_id] for one in shown], "refused": waiting}
    decision = _record(moderator, "spam", thing, before=before, until=until, is_excused=True)
    for one in shown:
        _answer(moderator, decision, one)
        read_queue(moderator, _in_queue(one.kind, one.item_id))
    return decision


def _clear(moderator: Person, member_id: int) -> tuple[list[Thing], list[int]]:
    """Remove all that a member wrote, or hide what cannot be removed, and refuse what waits; hands both back."""
    shown = shown_things_of(moderator, member_id)
    waiting = list(texts_waiting(moderator, member_id))
    for one in shown:
        (_remove if one.kind in REMOVABLE else _hide)(moderator, one, NONE)
    for held_id in waiting:
        dialogue.refuse(moderator, held_id, "")
    return shown, waiting


@action
def archive(moderator: Person, agenda_id: int, reasons: Reasons = NONE) -> Decision:
    """Close an agenda: it can be read, not continued."""
    take_turn()
    thing = agenda_to_moderate(moderator, agenda_id)
    _require_change(not thing.row.archived_at)
    agendas.archive(moderator, agenda_id)
    return _record(moderator, "archive", thing, reasons)


@action
def reopen(moderator: Person, agenda_id: int, reasons: Reasons = NONE) -> Decision:
    """Open an archived agenda again."""
    take_turn()
    thing = agenda_to_moderate(moderator, agenda_id)
    _require_change(thing.row.archived_at)
    agendas.reopen(moderator, agenda_id)
    return _record(moderator, "reopen", thing, reasons)


@action
def unname(system: Person, member_id: int, name: str, former: str, *, is_silent: bool) -> None:
    """Take a member who has left off the record of decisions and reports, which stays.

    The name and address of a profile or a sender go, and the name from the reasons; with `is_silent` also the first words of what they
    wrote, and what they said in their reports.
    """
    require(system.can.administer())
    for model in (Decision, Report):
        theirs = update(model).where(model.author_id == member_id)
        named = theirs.where(model.kind.in_(NAMING))
        db.session.execute(named.values(title=former, address=""))
        if is_silent:
            db.session.execute(theirs.where(model.kind.not_in(NAMING)).values(title=former))
    kinds = KINDS if is_silent else NAMING
    where = [_in_queue(*thing) for thing in things_reported(member_id, kinds)]
    retitle_queue(system, where, former)
    if is_silent:
        said = update(Report).where(Report.reporter_id == member_id)
        db.session.execute(said.values(text=""))
    theirs_too = StaffNote.member_id == member_id
    if is_silent:
        theirs_too = or_(theirs_too, StaffNote.author_id == member_id)
    db.session.execute(delete(StaffNote).where(theirs_too))
    reason = func.replace(Decision.reason, name, former)
    about = update(Decision).where(Decision.author_id == member_id)
    db.session.execute(about.values(reason=reason))


# What moderators know of a member


@action
def write_staff_note(moderator: Person, member_id: int, text: str) -> StaffNote:
    """Note about a member what the other moderators should know; hosts do not read it, and the member may ask for it."""
    touches()
    member = member_by_id(moderator, member_id)
    require(moderator.can.note_about(member))
    if not text.strip():
        raise Invalid(_("Write a note."), "text")
    _check_length(text, "text")
    said = {"author_id": moderator.id, "text": text.strip(), "written_at": now()}
    note = StaffNote(member_id=member.id, **said)
    db.session.add(note)
    db.session.flush()
    return note


@action
def remove_staff_note(moderator: Person, note_id: int) -> int:
    """Remove a note about a member, whoever wrote it; says about whom it was."""
    touches()
    note = staff_note(moderator, note_id)
    db.session.delete(note)
    return note.member_id


@action
def forget_staff_notes(system: Person, limit: int = PORTION) -> int:
    """Delete some notes about members that are two years old; says how many."""
    require(system.can.administer())
    touches()
    old = StaffNote.written_at < now() - KEPT_STAFF_NOTES
    some = db.session.query(StaffNote.id).where(old).limit(limit)
    gone = delete(StaffNote).where(StaffNote.id.in_(some.scalar_subquery()))
    return len(db.session.scalars(gone.returning(StaffNote.id)).all())


# One after another, and only what makes sense


def _in_turn(moderator: Person, kind: str, item_id: int, seen: int | None = None) -> Thing:
    take_turn()
    thing = thing_to_moderate(moderator, kind, item_id)
    _refuse_late(thing, seen)
    return thing


def _post_in_turn(moderator: Person, post_id: int) -> Thing:
    thing = _in_turn(moderator, "post", post_id)
    if thing.kind != "post":
        raise Invalid(_("This is changed on its own page."))
    return thing


def _member_in_turn(moderator: Person, member_id: int) -> Thing:
    thing = _in_turn(moderator, "member", member_id)
    require(moderator.can.suspend(thing.row))
    return thing


def _topic_in_turn(moderator: Person, topic_id: int, seen: int | None = None) -> Thing:
    take_turn()
    thing = topic_to_moderate(moderator, topic_id)
    _refuse_late(thing, seen)
    return thing


def _refuse_late(thing: Thing, seen: int | None) -> None:
    if seen is not None and latest_decision(thing.kind, thing.item_id) != seen:
        raise Conflict(
            _("Another moderator has decided about this meanwhile. Nothing was changed.")
        )


def _require_change(is_one: Any) -> None:
    if not is_one:
        raise Conflict(_("This is so already. Nothing was changed."))


def _refuse_own(moderator: Person, thing: Thing, deed: str) -> None:
    """Refuse moderators who end what others decided about themselves."""
    if (decision := latest_of(thing, deed)) and decision.author_id == moderator.id:
        require(moderator.can.give_back(decision))


def _require_sense(thing: Thing, deed: str, reasons: Reasons) -> None:
    if deed not in DECIDING or (deed == "remove" and thing.kind not in REMOVABLE):
        raise Invalid(_("Choose a decision."), "deed")
    _require_reasons(deed, reasons)
    _require_change(
        has_open_reports(thing.kind, thing.item_id) or is_first_post(thing)
        if deed == "keep"
        else thing.state in FROM[deed]
    )


# From which states a thing is hidden, removed or shown again
FROM = {"hide": ("shown",), "remove": ("shown", "hidden"), "restore": ("hidden", "removed")}


def _require_reasons(deed: str, reasons: Reasons) -> None:
    """Raise `Invalid` unless a deed that restricts somebody has its reasons."""
    if deed in GROUNDED and not _grounds(reasons):
        raise Invalid(_("Choose the rule or name the law."), "rule")
    if deed in REASONED and not reasons.facts.strip():
        raise Invalid(_("Say what happened. The author reads it."), "reason")
    _check_length(reasons.facts, "reason")
    _check_length(reasons.law, "law")


def _grounds(reasons: Reasons) -> bool:
    """Whether there is a ground: a law in words, or a rule that exists."""
    return bool(reasons.law.strip() or in_force().rule(reasons.rule))


def _check_length(text: str, field: str) -> None:
    if len(text) > LONGEST:
        raise Invalid(_("Write at most %(most)s characters.", most=LONGEST), field)


# What the rooms do


def _keep(moderator: Person, thing: Thing, _reasons: Reasons) -> None:
    """Nothing changes but the reports, and that somebody has looked at a first post."""
    if is_first_post(thing):
        dialogue.look_at(moderator, thing.item_id)


def _hide(moderator: Person, thing: Thing, reasons: Reasons) -> None:
    """Readers are told the rule; the facts are for the author."""
    deeds: dict[str, Deed] = {
        "post": dialogue.hide,
        "topic": dialogue.hide_topic,
        "case": lambda doer, item_id, _why: library.hide_case(doer, item_id),
        "practice": lambda doer, item_id, _why: library.hide_practice(doer, item_id),
        "member": lambda doer, item_id, _why: _hide_profile(doer, item_id),
    }
    deeds[thing.kind](moderator, thing.item_id, _ground_in_words(reasons))


def _remove(moderator: Person, thing: Thing, reasons: Reasons) -> None:
    deed = dialogue.remove_topic if thing.kind == "topic" else dialogue.remove
    deed(moderator, thing.item_id, _ground_in_words(reasons))


def _ground_in_words(reasons: Reasons) -> str:
    rule = in_force().rule(reasons.rule)
    if reasons.law.strip() or rule is None:
        return _("It is against the law.") if reasons.law.strip() else ""
    return rule.label


def _hide_profile(moderator: Person, member_id: int) -> None:
    members.hide_profile(moderator, member_id)
    search.hide(moderator, "member", member_id)


def _restore(moderator: Person, thing: Thing, _reasons: Reasons) -> None:
    deeds: dict[str, Callable[[Person, int], Any]] = {
        "post": dialogue.restore,
        "topic": dialogue.restore_topic,
        "case": library.restore_case,
        "practice": library.restore_practice,
        "member": _restore_profile,
    }
    deeds[thing.kind](moderator, thing.item_id)


DECIDING: dict[str, Callable[[Person, Thing, Reasons], None]] = {
    "keep": _keep,
    "hide": _hide,
    "remove": _remove,
    "restore": _restore,
}


def _restore_profile(moderator: Person, member_id: int) -> None:
    members.restore_profile(moderator, member_id)
    search.restore(moderator, "member", member_id)


# Taking back


def _before(thing: Thing) -> dict[str, Any]:
    """What has to be known of a thing to let it be as it was."""
    row = thing.row
    if thing.kind == "member":
        until = {"silenced_until": row.silenced_until, "suspended_until": row.suspended_until}
        ends = {name: at.isoformat() if at else None for name, at in until.items()}
        return {**ends, "state": thing.state}
    words = {"words": row.hidden_reason} if thing.kind in REMOVABLE and row is not None else {}
    return {**words, "state": thing.state}


def _take_back(
    moderator: Person, decision: Decision, deed: str, reasons: Reasons, *, is_told: bool
) -> Decision:
    """Let all be as it was before a decision, and write that down as a decision of its own."""
    thing = thing_taken_back(moderator, decision.kind, decision.item_id)
    if back := BACK.get(decision.deed):
        back(moderator, thing, {**(decision.before or {}), "decision": decision})
    if deed == "undo" or decision.deed == "keep":
        answered = answered_by(decision.id)
        for report in answered:
            report.decision_id = None
        if decision.deed == "keep" and not answered and thing.kind == "post":
            dialogue.look_again(moderator, thing.item_id)
    source = APPEAL if deed == "reverse" else OWN
    more: dict[str, Any] = {"undoes_id": decision.id, "source": source, "is_told": is_told}
    return _record(moderator, deed, thing, reasons, **more)


def _back_to_shown(moderator: Person, thing: Thing, _before: Before) -> None:
    if thing.state == "hidden":
        _restore(moderator, thing, NONE)


def _back_from_removed(moderator: Person, thing: Thing, before: Before) -> None:
    """What was hidden before it was removed is hidden again."""
    if thing.state == "removed" and before.get("state") == "hidden":
        _withhold_again(moderator, thing, before)
    elif thing.state == "removed":
        _restore(moderator, thing, NONE)


def _back_to_hidden(moderator: Person, thing: Thing, before: Before) -> None:
    if thing.state == "shown":
        _withhold_again(moderator, thing, before)


def _withhold_again(moderator: Person, thing: Thing, before: Before) -> None:
    is_removed, words = before.get("state") == "removed", before.get("words", "")
    if thing.kind == "post":
        (dialogue.remove if is_removed else dialogue.hide)(moderator, thing.item_id, words)
    elif thing.kind == "topic":
        deed = dialogue.remove_topic if is_removed else dialogue.hide_topic
        deed(moderator, thing.item_id, words)
    else:
        _hide(moderator, thing, NONE)


def _back_from_request(moderator: Person, thing: Thing, _before: Before) -> None:
    if thing.row is not None:
        dialogue.take_request_back(moderator, opening_of(thing).id)


def _back_to_note(moderator: Person, thing: Thing, before: Before) -> None:
    if thing.state == "shown":
        text = written(before.get("note", ""), before.get("language", "en"))
        dialogue.note(moderator, thing.item_id, text)


def _back_to_agenda(moderator: Person, thing: Thing, before: Before) -> None:
    if thing.agenda_id != before["agenda"]:
        _move(moderator, thing.item_id, before["agenda"])


def _back_to_waiting(moderator: Person, thing: Thing, _before: Before) -> None:
    library.wait_again(moderator, thing.item_id)


def _back_to_silence(moderator: Person, thing: Thing, before: Before) -> None:
    until = _end_before(before, "silenced_until", ("silence",))
    if until:
        members.silence(moderator, thing.item_id, until)
    else:
        members.unsilence(moderator, thing.item_id)


def _back_to_suspension(moderator: Person, thing: Thing, before: Before) -> None:
    until = _end_before(before, "suspended_until", ("suspend", "spam"))
    if until:
        members.suspend(moderator, thing.item_id, until)
    else:
        members.unsuspend(moderator, thing.item_id)


def _end_before(before: Before, name: str, deeds: Sequence[str]) -> datetime | None:
    """Until when a member is restricted once a decision is taken back: by another that holds, whichever came first."""
    decision: Decision = before["decision"]
    if decision.deed in deeds:
        return end_of_others(decision, deeds)
    return _ahead(before.get(name))


def _ahead(at: str | None) -> datetime | None:
    """A kept moment, if it is still to come."""
    moment = datetime.fromisoformat(at) if at else None
    return moment if moment and moment > now() else None


def _back_from_spam(moderator: Person, thing: Thing, before: Before) -> None:
    _back_to_suspension(moderator, thing, before)
    if before.get("state") == "shown":
        _back_to_shown(moderator, thing, before)
    for kind, item_id in before.get("hidden", ()):
        is_latest = latest_decision(kind, item_id) < before["decision"].id
        if is_latest and is_there_still(moderator, kind, item_id):
            text = thing_taken_back(moderator, kind, item_id)
            if text.state in FROM["restore"]:
                _restore(moderator, text, NONE)
    for held_id in before.get("refused", ()):
        if is_there_still(moderator, "held", held_id):
            _back_to_be_read(moderator, thing_taken_back(moderator, "held", held_id), before)


def _back(deed: Callable[[Person, int], Any]) -> Back:
    return lambda moderator, thing, _before: deed(moderator, thing.item_id)


def _back_to_be_read(moderator: Person, thing: Thing, _before: Before) -> None:
    if thing.state == "refused":
        dialogue.reconsider(moderator, thing.item_id)


def _back_from_split(moderator: Person, thing: Thing, before: Before) -> None:
    target = topic_to_moderate(moderator, before["target"]).row
    dialogue.unsplit(moderator, _moved(thing.row, target, before))
    for waiting in reports_of_posts([post_id for post_id, _number in before["posts"]]):
        waiting.agenda_id = thing.agenda_id


def _back_from_merge(moderator: Person, thing: Thing, before: Before) -> None:
    target = topic_to_moderate(moderator, before["target"]).row
    dialogue.unmerge(moderator, _moved(thing.row, target, before))
    for waiting in reports_of_posts([post_id for post_id, _number in before["posts"]]):
        waiting.agenda_id = thing.agenda_id


def _moved(topic: Any, target: Any, before: Before) -> dialogue.Moved:
    """What `_way_back` has kept."""
    post_id, at = before["answer"], before["answered_at"]
    answer = (post_id, datetime.fromisoformat(at) if at else None) if post_id else None
    return dialogue.Moved(topic, target, dict(before["posts"]), before["last"], answer)


BACK: dict[str, Back] = {
    "refuse": _back_to_be_read,
    "hide": _back_to_shown,
    "remove": _back_from_removed,
    "restore": _back_to_hidden,
    "ask to edit": _back_from_request,
    "note": _back_to_note,
    "unnote": _back_to_note,
    "lock": _back(dialogue.unlock),
    "unlock": _back(dialogue.lock),
    "pin": _back(dialogue.unpin),
    "unpin": _back(dialogue.pin),
    "move": _back_to_agenda,
    "split": _back_from_split,
    "merge": _back_from_merge,
    "publish": _back_to_waiting,
    "send back": _back_to_waiting,
    "feature": _back(library.unfeature),
    "unfeature": _back(library.feature),
    "silence": _back_to_silence,
    "unsilence": _back_to_silence,
    "suspend": _back_to_suspension,
    "unsuspend": _back_to_suspension,
    "spam": _back_from_spam,
    "archive": _back(agendas.reopen),
    "reopen": _back(agendas.archive),
}


# Writing it down and telling


def _record(
    moderator: Person,
    deed: str,
    thing: Thing,
    reasons: Reasons = NONE,
    *,
    source: str | None = None,
    is_told: bool | None = None,
    **more: Any,
) -> Decision:
    """Write the decision down, answer the open reports if it is about them, tell those whom it concerns."""
    rule = None if reasons.law.strip() else in_force().rule(reasons.rule)
    decision = Decision(
        moderator_id=moderator.id,
        deed=deed,
        reason=reasons.facts,
        rule=rule.number if rule else 0,
        rule_name=rule.name if rule else "",
        rule_sentence=rule.sentence if rule else "",
        law=" ".join(reasons.law.split()),
        source=source or (REPORT if has_open_reports(thing.kind, thing.item_id) else OWN),
        is_automated=reasons.is_automated,
        decided_at=now(),
        **more,
    )
    _describe(decision, thing)
    db.session.add(decision)
    db.session.flush()
    read_queue(moderator, _in_queue(thing.kind, thing.item_id))
    if deed in ANSWERING:
        _answer(moderator, decision, thing)
    if deed in TOLD if is_told is None else is_told:
        _tell_author(moderator, decision)
        _tell_others(moderator, decision, thing)
    return decision


def _describe(row: Decision | Report, thing: Thing) -> None:
    row.kind, row.item_id = thing.kind, thing.item_id
    row.agenda_id, row.author_id = thing.agenda_id, thing.author_id
    row.title, row.address = thing.title, thing.address


def _answer(moderator: Person, decision: Decision, thing: Thing) -> None:
    """Close the reports and thank the reporters, without a name and without the words of what is hidden.

    Who finds that what was kept should not have been appeals from the page of their reports.

    Visitors are told by letter, once the decision can no longer be taken back.
    """
    reporters = open_reporters(thing.kind, thing.item_id)
    waiting = update(Report).where(
        Report.kind == thing.kind, Report.item_id == thing.item_id, Report.decision_id.is_(None)
    )
    db.session.execute(waiting.values(decision_id=decision.id))
    is_deleted = decision.deed == "keep" and thing.state == "gone" and thing.kind != "letter"
    where = {"keep": "/reports", "restore": thing.address, "ask to edit": thing.address}
    address = where.get(decision.deed, "/rules")
    note_event(
        moderator,
        "report",
        reporters,
        address,
        title=NOUNS[thing.kind](),
        text=_("Its author has deleted it.") if is_deleted else OUTCOMES[decision.deed](),
        is_named=False,
    )


OUTCOMES: dict[str, Callable[[], str]] = {
    "keep": lambda: _("Kept: it is within the rules. You can appeal against that."),
    "restore": lambda: _("Kept: it is within the rules."),
    "hide": lambda: _("Hidden: it broke the rules."),
    "remove": lambda: _("Removed: it broke the rules."),
    "ask to edit": lambda: _("The author is asked to change it."),
    "warn": lambda: _("The member was warned."),
    "silence": lambda: _("The member may not write for some time."),
    "suspend": lambda: _("The account is closed for some time."),
    "spam": lambda: _("Removed: it was advertising. The account is closed."),
}


def _tell_author(moderator: Person, decision: Decision, where: str = "") -> None:
    note_event(
        moderator,
        "decision",
        [decision.author_id],
        where or f"/moderation/decisions/{decision.id}",
        title=decision.title,
        text=f"{TOLD[decision.deed]()} {decision.reason}".strip(),
        is_named=False,
    )


def _tell_others(moderator: Person, decision: Decision, thing: Thing) -> None:
    """Tell those whose posts go out of sight with a topic: each once, however many they wrote."""
    if decision.deed not in WITHHOLDING or thing.kind != "topic":
        return
    note_event(
        moderator,
        "decision",
        others_in_topic(thing.item_id, thing.author_id),
        f"/moderation/decisions/{decision.id}",
        title=_("A topic in which you wrote"),
        text=_("It is hidden, and your posts with it."),
        is_named=False,
    )


NOUNS: dict[str, Callable[[], str]] = {
    "post": lambda: _("a post"),
    "topic": lambda: _("a topic"),
    "case": lambda: _("a case"),
    "practice": lambda: _("a practice"),
    "member": lambda: _("a profile"),
    "letter": lambda: _("a letter"),
    "held": lambda: _("a text that waits"),
}
TOLD: dict[str, Callable[[], str]] = {
    "hide": lambda: _("Hidden by the moderators."),
    "remove": lambda: _("Removed by the moderators."),
    "ask to edit": lambda: _("The moderators ask you to change this."),
    "note": lambda: _("The moderators added a note below it."),
    "restore": lambda: _("Shown again."),
    "undo": lambda: _("The decision is taken back."),
    "reverse": lambda: _("After an appeal the decision is taken back."),
    "warn": lambda: _("A warning."),
    "silence": lambda: _("You may not write for some time. You can read."),
    "unsilence": lambda: _("You can write again."),
    "lock": lambda: _("Locked: it takes no more replies."),
    "unlock": lambda: _("Open for replies again."),
    "move": lambda: "",
    "approve": lambda: _("Published."),
    "refuse": lambda: _("Not published. You can change it and send it again."),
    "merge": lambda: _("Your topic is part of another one now."),
    "suspend": lambda: _("Your account is suspended."),
    "unsuspend": lambda: _("Your account is open again."),
}
