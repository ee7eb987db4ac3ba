"""Reporting, and the deeds of moderators: each does what its room does and writes down who decided what, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError

from forum.agendas import actions as agendas
from forum.agendas.queries import agenda_by_id, curators_of
from forum.db import action, db, now, touches
from forum.dialogue import actions as dialogue
from forum.errors import Conflict, Invalid
from forum.library import actions as library
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation.models import Decision, Report
from forum.moderation.queries import (
    KINDS,
    Thing,
    agenda_to_moderate,
    answered_by,
    is_first_post,
    latest_decision,
    letter_thing,
    my_latest,
    my_report,
    open_reports,
    reports_in_topic,
    take_turn,
    thing_to_moderate,
    thing_to_report,
    things_reported,
    topic_to_moderate,
)
from forum.notifications.actions import note_event, read_queue, retitle_queue
from forum.permissions import Person, require
from forum.search import actions as search

NAMING = ("member", "letter")  # kinds of things whose title is somebody's name
REASONS = ("rules", "spam", "off topic", "illegal", "something else")
LONGEST = 2_000  # characters of a reason or of a reporter's sentence
Deed = Callable[[Person, int, str], Any]


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
    said = Report(reporter_id=reporter.id, reason=reason, text=text, created_at=now())
    _describe(said, thing)
    try:
        with db.session.begin_nested():
            db.session.add(said)
    except IntegrityError:
        raise _reported_already() from None
    _tell_queue(reporter, thing)
    return said


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
    report = Report(reporter_id=reporter.id, reason=reason, text=words, created_at=now())
    _describe(report, thing)
    db.session.add(report)
    db.session.flush()
    _tell_queue(reporter, thing)
    return report


def _tell_queue(reporter: Person, thing: Thing) -> None:
    """Let who can decide know of the first report that is open."""
    if len(open_reports(thing.kind, thing.item_id)) == 1:
        where, title = _in_queue(thing.kind, thing.item_id), thing.title
        who = curators_of(thing.agenda_id)
        note_event(reporter, "queue", who, where, title=title, is_named=False)


def _in_queue(kind: str, item_id: int) -> str:
    return f"/moderation/{kind}/{item_id}"


def _reported_already() -> Invalid:
    return Invalid(_("You have reported this already. The moderators have your report."))


@action
def decide(
    moderator: Person,
    kind: str,
    item_id: int,
    deed: str,
    reason: str = "",
    *,
    seen: int | None = None,
) -> Decision:
    """Keep, hide or restore a thing; its open reports are answered with it, author and reporters are told.

    `seen` is the latest decision that the moderator knew of; when there is a later one, nothing is done.
    """
    thing = _in_turn(moderator, kind, item_id, seen)
    _require_sense(thing, deed, reason)
    {"keep": _keep, "hide": _hide, "restore": _restore}[deed](moderator, thing, reason)
    return _record(moderator, deed, thing, reason)


@action
def approve(
    moderator: Person,
    held_id: int,
    reason: str = "",
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Publish a text that a rule holds back, or that was refused. `read` is the fingerprint of what was read."""
    thing = _in_turn(moderator, "held", held_id, seen)
    _check_length(reason, "reason")
    post = dialogue.approve(moderator, held_id, read)
    published = replace(thing, address=f"/posts/{post.id}")
    return _record(moderator, "approve", published, reason)


@action
def refuse(
    moderator: Person,
    held_id: int,
    reason: str,
    *,
    seen: int | None = None,
    read: str | None = None,
) -> Decision:
    """Refuse a text that a rule holds back, and say why; it stays with its author, who may change it."""
    _require_reason(reason)
    thing = _in_turn(moderator, "held", held_id, seen)
    dialogue.refuse(moderator, held_id, reason, read)
    return _record(moderator, "refuse", replace(thing, address=f"/waiting/{held_id}"), reason)


@action
def undo(moderator: Person, decision_id: int) -> Decision:
    """Take one's own latest decision back, within ten minutes: its reports wait again."""
    take_turn()
    decision = my_latest(moderator)
    if decision is None or decision.id != decision_id:
        raise Conflict(_("This can no longer be taken back. Nothing was changed."))
    thing = thing_to_moderate(moderator, decision.kind, decision.item_id)
    if decision.deed == "hide" and thing.state == "hidden":
        _restore(moderator, thing, "")
    answered = answered_by(decision.id)
    for report in answered:
        report.decision_id = None
    if decision.deed == "keep" and not answered and thing.kind == "post":
        dialogue.look_again(moderator, thing.item_id)
    if decision.deed == "refuse" and thing.state == "refused":
        dialogue.reconsider(moderator, thing.item_id)
    told = f"undo {decision.deed}"
    return _record(moderator, told if told in TOLD else "undo", thing)


@action
def lock(moderator: Person, topic_id: int, reason: str, *, seen: int | None = None) -> Decision:
    """Let a topic take no more replies, and say why."""
    _require_reason(reason)
    thing = _topic_in_turn(moderator, topic_id, seen)
    _require_change(not thing.row.locked_at)
    dialogue.lock(moderator, topic_id)
    return _record(moderator, "lock", thing, reason)


@action
def unlock(moderator: Person, topic_id: int, reason: str = "") -> Decision:
    """Let a topic take replies again."""
    thing = _topic_in_turn(moderator, topic_id)
    _require_change(thing.row.locked_at)
    dialogue.unlock(moderator, topic_id)
    return _record(moderator, "unlock", thing, reason)


@action
def pin(moderator: Person, topic_id: int, reason: str = "") -> Decision:
    """Keep a topic at the top of its agenda's dialogue."""
    thing = _topic_in_turn(moderator, topic_id)
    _require_change(not thing.row.pinned_at)
    dialogue.pin(moderator, topic_id)
    return _record(moderator, "pin", thing, reason)


@action
def unpin(moderator: Person, topic_id: int, reason: str = "") -> Decision:
    """Let a topic stand where its latest post puts it."""
    thing = _topic_in_turn(moderator, topic_id)
    _require_change(thing.row.pinned_at)
    dialogue.unpin(moderator, topic_id)
    return _record(moderator, "unpin", thing, reason)


@action
def move(moderator: Person, topic_id: int, agenda_id: int, reason: str = "") -> Decision:
    """Put a topic on another agenda; what waits for a decision in it waits there then."""
    thing = _topic_in_turn(moderator, topic_id)
    agenda = agenda_by_id(moderator, agenda_id)
    if thing.agenda_id == agenda_id:
        raise Invalid(_("The topic is on this agenda already."), "agenda")
    _check_length(reason, "reason")
    dialogue.move(moderator, topic_id, agenda_id)
    for waiting in reports_in_topic(topic_id):
        waiting.agenda_id = agenda_id
    moved = _("Moved to “%(agenda)s”.", agenda=agenda.title)
    return _record(moderator, "move", thing, f"{moved} {reason}".strip())


@action
def publish(
    moderator: Person, practice_id: int, reason: str = "", *, seen: int | None = None
) -> Decision:
    """Publish a submitted practice."""
    thing = _in_turn(moderator, "practice", practice_id, seen)
    library.publish(moderator, practice_id)
    return _record(moderator, "publish", thing, reason)


@action
def send_back(
    moderator: Person, practice_id: int, reason: str, seen: int | None = None
) -> Decision:
    """Return a submitted practice to its author, and say what to change."""
    _require_reason(reason)
    thing = _in_turn(moderator, "practice", practice_id, seen)
    library.send_back(moderator, practice_id, reason)
    return _record(moderator, "send back", thing, reason)


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
def suspend(moderator: Person, member_id: int, until: datetime, reason: str) -> Decision:
    """Close a member's account until a moment, and say why."""
    _require_reason(reason)
    thing = _in_turn(moderator, "member", member_id)
    members.suspend(moderator, member_id, until)
    day = _("Until %(day)s.", day=format_date(until, "d MMMM yyyy"))
    return _record(moderator, "suspend", thing, f"{day} {reason}")


@action
def unsuspend(moderator: Person, member_id: int, reason: str = "") -> Decision:
    """Open a suspended account again."""
    thing = _in_turn(moderator, "member", member_id)
    _require_change(thing.row.is_suspended)
    members.unsuspend(moderator, member_id)
    return _record(moderator, "unsuspend", thing, reason)


@action
def archive(moderator: Person, agenda_id: int, reason: str = "") -> Decision:
    """Close an agenda: it can be read, not continued."""
    take_turn()
    thing = agenda_to_moderate(moderator, agenda_id)
    _require_change(not thing.row.archived_at)
    agendas.archive(moderator, agenda_id)
    return _record(moderator, "archive", thing, reason)


@action
def reopen(moderator: Person, agenda_id: int, reason: str = "") -> Decision:
    """Open an archived agenda again."""
    take_turn()
    thing = agenda_to_moderate(moderator, agenda_id)
    _require_change(thing.row.archived_at)
    agendas.reopen(moderator, agenda_id)
    return _record(moderator, "reopen", thing, reason)


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
    reason = func.replace(Decision.reason, name, former)
    about = update(Decision).where(Decision.author_id == member_id)
    db.session.execute(about.values(reason=reason))


# One after another, and only what makes sense


def _in_turn(moderator: Person, kind: str, item_id: int, seen: int | None = None) -> Thing:
    take_turn()
    thing = thing_to_moderate(moderator, kind, item_id)
    _refuse_late(thing, seen)
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


def _require_sense(thing: Thing, deed: str, reason: str) -> None:
    if deed not in ("keep", "hide", "restore"):
        raise Invalid(_("Choose a decision."), "deed")
    if deed == "hide":
        _require_reason(reason)
    _check_length(reason, "reason")
    _require_change(
        bool(open_reports(thing.kind, thing.item_id)) or is_first_post(thing)
        if deed == "keep"
        else thing.state == {"hide": "shown", "restore": "hidden"}[deed]
    )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(_("Say why. The author reads it."), "reason")
    _check_length(reason, "reason")


def _check_length(text: str, field: str) -> None:
    if len(text) > LONGEST:
        raise Invalid(_("Write at most %(most)s characters.", most=LONGEST), field)


# What the rooms do


def _keep(moderator: Person, thing: Thing, _reason: str) -> None:
    """Nothing changes but the reports, and that somebody has looked at a first post."""
    if is_first_post(thing):
        dialogue.look_at(moderator, thing.item_id)


def _hide(moderator: Person, thing: Thing, reason: str) -> None:
    deeds: dict[str, Deed] = {
        "post": dialogue.hide,
        "topic": lambda doer, item_id, _why: dialogue.hide_topic(doer, item_id),
        "case": lambda doer, item_id, _why: library.hide_case(doer, item_id),
        "practice": lambda doer, item_id, _why: library.hide_practice(doer, item_id),
        "member": lambda doer, item_id, _why: _hide_profile(doer, item_id),
    }
    deeds[thing.kind](moderator, thing.item_id, reason)


def _hide_profile(moderator: Person, member_id: int) -> None:
    members.hide_profile(moderator, member_id)
    search.hide(moderator, "member", member_id)


def _restore(moderator: Person, thing: Thing, _reason: str) -> None:
    deeds: dict[str, Callable[[Person, int], Any]] = {
        "post": dialogue.restore,
        "topic": dialogue.restore_topic,
        "case": library.restore_case,
        "practice": library.restore_practice,
        "member": _restore_profile,
    }
    deeds[thing.kind](moderator, thing.item_id)


def _restore_profile(moderator: Person, member_id: int) -> None:
    members.restore_profile(moderator, member_id)
    search.restore(moderator, "member", member_id)


# Writing it down and telling


def _record(moderator: Person, deed: str, thing: Thing, reason: str = "") -> Decision:
    """Write the decision down, answer the open reports if it is about them, tell those whom it concerns."""
    decision = Decision(moderator_id=moderator.id, deed=deed, reason=reason, decided_at=now())
    _describe(decision, thing)
    db.session.add(decision)
    db.session.flush()
    read_queue(moderator, _in_queue(thing.kind, thing.item_id))
    if deed in ("keep", "hide", "restore"):
        _answer(moderator, open_reports(thing.kind, thing.item_id), decision, thing)
    if deed in TOLD:
        _tell_author(moderator, decision)
    return decision


def _describe(row: Decision | Report, thing: Thing) -> None:
    row.kind, row.item_id = thing.kind, thing.item_id
    row.agenda_id, row.author_id = thing.agenda_id, thing.author_id
    row.title, row.address = thing.title, thing.address


def _answer(moderator: Person, reports: Iterable[Report], decision: Decision, thing: Thing) -> None:
    """Close the reports and thank the reporters, without a name and without the words of what is hidden."""
    reporters = set()
    for waiting in reports:
        waiting.decision_id = decision.id
        reporters.add(waiting.reporter_id)
    is_hidden = decision.deed == "hide"
    note_event(
        moderator,
        "report",
        reporters,
        "/rules" if is_hidden else thing.address,
        title=NOUNS[thing.kind](),
        text=_("Hidden: it broke the rules.") if is_hidden else _("Kept: it is within the rules."),
        is_named=False,
    )


def _tell_author(moderator: Person, decision: Decision) -> None:
    note_event(
        moderator,
        "decision",
        [decision.author_id],
        f"/moderation/decisions/{decision.id}",
        title=decision.title,
        text=f"{TOLD[decision.deed]()} {decision.reason}".strip(),
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
    "restore": lambda: _("Shown again."),
    "undo hide": lambda: _("Shown again."),
    "lock": lambda: _("Locked: it takes no more replies."),
    "unlock": lambda: _("Open for replies again."),
    "move": lambda: "",
    "approve": lambda: _("Published."),
    "undo refuse": lambda: _("It waits for a moderator again."),
    "refuse": lambda: _("Not published. You can change it and send it again."),
    "suspend": lambda: _("Your account is suspended."),
    "unsuspend": lambda: _("Your account is open again."),
}
