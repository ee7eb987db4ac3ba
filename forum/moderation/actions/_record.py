"""Writing down who decided what, and telling those whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import update

from forum.db import db, now
from forum.dialogue.models import Topic
from forum.moderation.actions._reasons import NONE, Reasons
from forum.moderation.models import OWN, REPORT, Decision, Report
from forum.moderation.queries import (
    WITHHOLDING,
    Thing,
    authors_of,
    has_open_reports,
    open_reporters,
    others_in_topic,
)
from forum.notifications.actions import note_event, read_queue
from forum.permissions import Person, require
from forum.rules.queries import in_force

PORTION = 500
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
Before = dict[str, Any]


def in_queue(kind: str, item_id: int) -> str:
    """The address of a thing in the queue."""
    return f"/moderation/{kind}/{item_id}"


def as_lot(decisions: Sequence[Decision]) -> Sequence[Decision]:
    """Mark decisions as made together, so that they are undone and told together."""
    for decision in decisions:
        decision.lot_id = decisions[0].id if len(decisions) > 1 else None
    return decisions


def tell_authors(moderator: Person, decisions: Iterable[Decision]) -> None:
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


def record(
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
    describe(decision, thing)
    db.session.add(decision)
    db.session.flush()
    read_queue(moderator, in_queue(thing.kind, thing.item_id))
    if deed in ANSWERING:
        answer_reports(moderator, decision, thing)
    if deed in TOLD if is_told is None else is_told:
        tell_author(moderator, decision)
        tell_others(moderator, decision, thing)
    return decision


def describe(row: Decision | Report, thing: Thing) -> None:
    """Keep in a row what the thing is called and to which agenda it belongs, for when it is gone."""
    row.kind, row.item_id = thing.kind, thing.item_id
    row.agenda_id, row.author_id = thing.agenda_id, thing.author_id
    row.title, row.address = thing.title, thing.address


def answer_reports(moderator: Person, decision: Decision, thing: Thing) -> None:
    """Close the open reports about a thing with a decision, and thank the members who reported it.

    The notice names no reporter and quotes nothing that is hidden. A reporter who disagrees with "keep" can appeal from
    the page of their reports. Visitors get a letter, once the decision can no longer be taken back.

    Raises `Forbidden` when there are reports and the moderator wrote the thing.
    """
    reporters = open_reporters(thing.kind, thing.item_id)
    if reporters:
        require(moderator.can.judge(thing.author_id))
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


def tell_author(moderator: Person, decision: Decision, where: str = "") -> None:
    """Tell the author of a thing what was decided about it."""
    note_event(
        moderator,
        "decision",
        [decision.author_id],
        where or f"/moderation/decisions/{decision.id}",
        title=decision.title,
        text=f"{TOLD[decision.deed]()} {decision.reason}".strip(),
        is_named=False,
    )


def tell_others(moderator: Person, decision: Decision, thing: Thing) -> None:
    """Tell those whose posts go out of sight with a topic, a case or a practice: each once, however many they wrote."""
    if decision.deed not in WITHHOLDING or thing.kind == "post" or not thing.topic_id:
        return
    is_topic = thing.kind == "topic"
    note_event(
        moderator,
        "decision",
        others_in_topic(thing.topic_id, thing.author_id),
        f"/moderation/decisions/{decision.id}",
        title=_("A topic in which you wrote") if is_topic else _("A page that you commented on"),
        text=_("It is hidden, and your posts with it.")
        if is_topic
        else _("It is hidden, and your comments with it."),
        is_named=False,
    )


def tell_moved(
    moderator: Person,
    post_ids: Iterable[int],
    topic: Topic,
    reasons: Reasons = NONE,
    but: int | None = None,
) -> None:
    """Tell those whose posts are in another topic now: each once, however many they wrote, `but` who is told already."""
    words = _("What you wrote is in this topic now.")
    note_event(
        moderator,
        "decision",
        set(authors_of(post_ids)) - {but},
        topic.address,
        title=topic.title,
        text=f"{words} {reasons.facts}".strip(),
        is_named=False,
    )


NOUNS: dict[str, Callable[[], str]] = {
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
