"""Recording decisions, answering reports with them, and notifying those whom they concern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import update

from forum.claims.models import queue_path
from forum.clock import now
from forum.db import db
from forum.dialogue.actions import MovedRecord
from forum.dialogue.models import Topic
from forum.markup import single_line
from forum.moderation.actions._reasons import NO_REASONS, Reasons
from forum.moderation.models import OWN, REPORT, Before, Decision, Deed, Report
from forum.moderation.queries import (
    WITHHOLDING_DEEDS,
    Thing,
    author_ids_of,
    decisions_in_lot,
    has_open_reports,
    ids_ended_by,
    open_reporter_ids,
    other_author_ids,
)
from forum.notifications.actions import note_event, read_outdated, read_queue, take_back
from forum.notifications.models import Event
from forum.permissions import Person, require
from forum.rules.queries import in_force

PORTION = 500
DEEDS_ANSWERING_REPORTS = (
    Deed.KEEP,
    Deed.HIDE,
    Deed.REMOVE,
    Deed.ASK_TO_EDIT,
    Deed.RESTORE,
    Deed.WARN,
    Deed.SILENCE,
    Deed.SUSPEND,
    Deed.CLEAR_SPAM,
)


def group_as_lot(decisions: Sequence[Decision]) -> Sequence[Decision]:
    """Give several decisions a common lot, so that they are undone together; returns them."""
    for decision in decisions:
        decision.lot_id = decisions[0].id if len(decisions) > 1 else None
    return decisions


def notify_authors(moderator: Person, decisions: Iterable[Decision]) -> None:
    """Notify each author once: of the first decision about a text of theirs, and how many more there are."""
    by_author: dict[int | None, list[Decision]] = {}
    for decision in decisions:
        by_author.setdefault(decision.author_id, []).append(decision)
    for author_id, (first, *others) in by_author.items():
        text = _message_to_author(first)
        if others:
            more = ngettext(
                "And one more text of yours.", "And %(num)s more texts of yours.", len(others)
            )
            text = f"{text} {more}"
        note_event(
            moderator,
            "decision",
            [author_id],
            f"/moderation/decisions/{first.id}",
            title=first.title,
            text=text,
            decision_id=first.id,
            is_named=False,
        )


def _message_to_author(decision: Decision) -> str:
    return f"{AUTHOR_MESSAGES[decision.deed]()} {decision.reason}".strip()


def record(
    moderator: Person,
    deed: str,
    thing: Thing,
    reasons: Reasons = NO_REASONS,
    *,
    source: str | None = None,
    before: Before | None = None,
    until: datetime | None = None,
    undoes_id: int | None = None,
    lot_id: int | None = None,
    is_excused: bool = False,
    is_told: bool | None = None,
) -> Decision:
    """Record a decision, answer the open reports of its thing if the deed does so, and notify those whom it concerns.

    `source` is what led to it, by default a report if there are open ones. `is_told` says whether the author and
    others are notified, by default whether there is a message for the deed. The rest are columns of `Decision`.
    """
    rule = None if reasons.law.strip() else in_force().rule(reasons.rule)
    decision = Decision(
        moderator_id=moderator.id,
        deed=deed,
        reason=reasons.facts,
        rule=rule.number if rule else 0,
        rule_name=rule.name if rule else "",
        rule_sentence=rule.sentence if rule else "",
        law=single_line(reasons.law),
        source=source or (REPORT if has_open_reports(thing.kind, thing.item_id) else OWN),
        is_automated=reasons.is_automated,
        is_excused=is_excused,
        until=until,
        before=before.to_json() if before else None,
        undoes_id=undoes_id,
        lot_id=lot_id,
        decided_at=now(),
    )
    describe(decision, thing)
    db.session.add(decision)
    db.session.flush()
    read_queue(moderator, queue_path(thing.kind, thing.item_id))
    _close_ended(moderator, decision)
    if deed in DEEDS_ANSWERING_REPORTS:
        answer_reports(moderator, decision, thing)
    if is_told is None:
        is_told = deed in AUTHOR_MESSAGES
    if is_told:
        notify_author(moderator, decision)
        notify_other_authors(moderator, decision, thing)
    return decision


def _close_ended(moderator: Person, decision: Decision) -> None:
    """Mark the author's notices of decisions read that this one ends, undoes or replaces."""
    addresses = [f"/moderation/decisions/{ended}" for ended in ids_ended_by(decision)]
    if addresses:
        read_outdated(moderator, "decision", addresses, [decision.author_id])


def describe(row: Decision | Report, thing: Thing) -> None:
    """Copy title, address, author and agenda of a thing into a row, which outlives it."""
    row.kind, row.item_id = thing.kind, thing.item_id
    row.agenda_id, row.author_id = thing.agenda_id, thing.author_id
    row.title, row.address = thing.title, thing.address


def answer_reports(moderator: Person, decision: Decision, thing: Thing) -> None:
    """Close the open reports of a thing with a decision, and notify the members who reported it of the outcome.

    The notice names no reporter and quotes nothing that is hidden. A reporter who disagrees with "keep" can appeal from
    the page of their reports. Visitors get a letter, once the decision can no longer be undone.

    Raises `Forbidden` when there are reports and the moderator is the author of the thing.
    """
    reporters = open_reporter_ids(thing.kind, thing.item_id)
    if reporters:
        require(moderator.can.judge(thing.author_id))
    open_reports = update(Report).where(
        Report.kind == thing.kind, Report.item_id == thing.item_id, Report.decision_id.is_(None)
    )
    db.session.execute(open_reports.values(decision_id=decision.id))
    is_deleted = decision.deed == Deed.KEEP and thing.state == "gone" and thing.kind != "letter"
    addresses: dict[str, str] = {
        Deed.KEEP: "/reports",
        Deed.RESTORE: thing.address,
        Deed.ASK_TO_EDIT: thing.address,
    }
    note_event(
        moderator,
        "report",
        reporters,
        addresses.get(decision.deed, "/rules"),
        title=KIND_NOUNS[thing.kind](),
        text=_("Its author has deleted it.") if is_deleted else REPORTER_MESSAGES[decision.deed](),
        decision_id=decision.id,
        is_named=False,
    )


REPORTER_MESSAGES: dict[str, Callable[[], str]] = {
    Deed.KEEP: lambda: _("Kept: it is within the rules. You can appeal against that."),
    Deed.RESTORE: lambda: _("Kept: it is within the rules."),
    Deed.HIDE: lambda: _("Hidden: it broke the rules."),
    Deed.REMOVE: lambda: _("Removed: it broke the rules."),
    Deed.ASK_TO_EDIT: lambda: _("The author is asked to change it."),
    Deed.WARN: lambda: _("The member was warned."),
    Deed.SILENCE: lambda: _("The member may not write for some time."),
    Deed.SUSPEND: lambda: _("The account is closed for some time."),
    Deed.CLEAR_SPAM: lambda: _("Removed: it was advertising. The account is closed."),
}


def notify_author(moderator: Person, decision: Decision, address: str = "") -> None:
    """Notify the author of a decision; the notice leads to `address`, by default to the page of the decision."""
    note_event(
        moderator,
        "decision",
        [decision.author_id],
        address or f"/moderation/decisions/{decision.id}",
        title=decision.title,
        text=_message_to_author(decision),
        decision_id=decision.id,
        is_named=False,
    )


def notify_other_authors(moderator: Person, decision: Decision, thing: Thing) -> None:
    """Notify the others whose posts were withheld together with a topic, case or practice, each once."""
    if decision.deed not in WITHHOLDING_DEEDS or thing.kind == "post" or not thing.topic_id:
        return
    is_topic = thing.kind == "topic"
    note_event(
        moderator,
        "decision",
        other_author_ids(thing.topic_id, thing.author_id),
        f"/moderation/decisions/{decision.id}",
        title=_("A topic in which you wrote") if is_topic else _("A page that you commented on"),
        text=_("It is hidden, and your posts with it.")
        if is_topic
        else _("It is hidden, and your comments with it."),
        decision_id=decision.id,
        is_named=False,
    )


def notify_moved_authors(
    moderator: Person,
    decision: Decision,
    moved: MovedRecord,
    reasons: Reasons,
    *,
    but: int | None = None,
) -> None:
    """Notify the authors of posts that a decision moved, each once; `but` is the id of one who is not notified."""
    message = _("What you wrote is in this topic now.")
    note_event(
        moderator,
        "decision",
        set(author_ids_of(moved.numbers)) - {but},
        moved.target.address,
        title=moved.target.title,
        text=f"{message} {reasons.facts}".strip(),
        decision_id=decision.id,
        is_named=False,
    )


def notify_asker(moderator: Person, decision: Decision, question: Topic, target: Topic) -> None:
    """Notify the asker of a question that a decision put the chosen answer into the topic `target`."""
    text = _("The answer that you chose is in “%(title)s” now.", title=target.title)
    text += " " + _("You can choose another one.")
    note_event(
        moderator,
        "decision",
        [question.author_id],
        question.address,
        title=question.title,
        text=text,
        decision_id=decision.id,
        is_named=False,
    )


class TakenBack(NamedTuple):
    """The notices of decisions that are undone of which members know all the same.

    `known` are their events, each with the ids of those members; `addresses` those of the things, by decision.
    """

    known: Sequence[tuple[Event, set[int]]]
    addresses: Mapping[int, str]


def take_notices_back(moderator: Person, decisions: Sequence[Decision]) -> TakenBack:
    """Take back the notices of decisions that are to be undone: those that nobody has read and that were not mailed."""
    followed = [
        one
        for decision in decisions
        if decision.kind == "member"
        for one in decisions_in_lot(decision.id)
    ]
    addresses = {one.id: one.address for one in (*decisions, *followed)}
    return TakenBack(take_back(moderator, list(addresses)), addresses)


def notify_of_undoing(
    moderator: Person,
    decisions: Sequence[Decision],
    undone: Sequence[Decision],
    taken: TakenBack,
) -> None:
    """Tell those who know of decisions that they were taken back, each once; `undone` are what undid them, in their order."""
    knowing = {member_id for _event, member_ids in taken.known for member_id in member_ids}
    told = [
        undoing
        for decision, undoing in zip(decisions, undone, strict=True)
        if decision.deed in AUTHOR_MESSAGES and decision.author_id in knowing
    ]
    notify_authors(moderator, told)
    done = {undoing.author_id for undoing in told}
    for event, member_ids in taken.known:
        is_report = event.kind == "report"
        note_event(
            moderator,
            "report" if is_report else "decision",
            member_ids - done,
            "/reports" if is_report else taken.addresses[event.decision_id or 0],
            title=event.title,
            text=AUTHOR_MESSAGES[Deed.UNDO](),
            is_named=False,
        )
        done |= member_ids


KIND_NOUNS: dict[str, Callable[[], str]] = {
    "post": lambda: _("a post"),
    "topic": lambda: _("a topic"),
    "case": lambda: _("a case"),
    "practice": lambda: _("a practice"),
    "member": lambda: _("a profile"),
    "mark": lambda: _("a note by somebody who tried it"),
    "followup": lambda: _("what happened next"),
    "letter": lambda: _("an e-mail"),
    "held": lambda: _("a text that waits"),
}
# What the notice to an author says; deeds that are missing here notify nobody by themselves.
AUTHOR_MESSAGES: dict[str, Callable[[], str]] = {
    Deed.HIDE: lambda: _("Hidden by the moderators."),
    Deed.REMOVE: lambda: _("Removed by the moderators."),
    Deed.ASK_TO_EDIT: lambda: _("The moderators ask you to change this."),
    Deed.NOTE: lambda: _("The moderators added a note below it."),
    Deed.RESTORE: lambda: _("Shown again."),
    Deed.UNDO: lambda: _("The decision is taken back."),
    Deed.REVERSE: lambda: _("After an appeal the decision is taken back."),
    Deed.WARN: lambda: _("A warning."),
    Deed.SILENCE: lambda: _("You may not write for some time. You can read."),
    Deed.UNSILENCE: lambda: _("You can write again."),
    Deed.LOCK: lambda: _("Locked: it takes no more replies."),
    Deed.UNLOCK: lambda: _("Open for replies again."),
    Deed.MOVE: lambda: "",
    Deed.RETITLE: lambda: "",
    Deed.CHANGE_KIND: lambda: "",
    Deed.APPROVE: lambda: _("Published."),
    Deed.REFUSE: lambda: _("Not published. You can change it and send it again."),
    Deed.MERGE: lambda: _("Your topic is part of another one now."),
    Deed.SUSPEND: lambda: _("Your account is suspended."),
    Deed.UNSUSPEND: lambda: _("Your account is open again."),
}
