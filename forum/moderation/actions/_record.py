"""Recording decisions, answering reports with them, and notifying everybody concerned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypedDict, Unpack

from sqlalchemy import update

from forum.agendas.queries import curators_of
from forum.claims.models import queue_path
from forum.clock import now
from forum.db import db
from forum.dialogue.actions import MovedRecord
from forum.dialogue.models import Topic
from forum.moderation.actions._reasons import NO_REASONS, Reasons
from forum.moderation.models import (
    ORDER,
    OWN,
    REPORT,
    Before,
    Decision,
    Deed,
    Order,
    Report,
)
from forum.moderation.queries import (
    DEEDS,
    KINDS,
    WITHHOLDING_DEEDS,
    Thing,
    answered_by,
    author_ids_of,
    decisions_in_lot,
    existing_things,
    has_open_reports,
    ids_ended_by,
    ids_of_others_in,
    is_first_post,
    is_in_effect,
    open_reporter_ids,
    order_behind,
    order_followed,
    waits_in_queue,
)
from forum.notifications.actions import (
    NoticeText,
    note_event,
    read_decisions,
    read_queue,
    take_back,
    unread_decisions,
    unread_queue,
)
from forum.notifications.models import QUEUE, URGENT, Event
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.rules.queries import in_force
from forum.sentences import Kept, Sentence, plural_sentence, sentence, unkept

# Kinds of things that concern several members besides the author, who are notified like the author
OF_SEVERAL = {
    "translation": sentence("A translation that you began"),
    "commitment": sentence("A commitment of your organisation"),
}


class Columns(TypedDict, total=False):
    """Values of a decision that only some deeds set: columns of `Decision`, and `before`."""

    source: str
    before: Before
    until: datetime
    undoes_id: int
    lot_id: int | None
    sentences: Kept | None
    is_excused: bool


def group_as_lot(decisions: Sequence[Decision]) -> Sequence[Decision]:
    """Give several decisions a common lot, so that they can only be undone together; returns them."""
    for decision in decisions:
        decision.lot_id = decisions[0].id if len(decisions) > 1 else None
    return decisions


def notify_authors(moderator: Person, decisions: Iterable[Decision]) -> None:
    """Notify each author once: about the first decision on a text of theirs, and how many more there are."""
    by_author: dict[int | None, list[Decision]] = {}
    for decision in decisions:
        by_author.setdefault(decision.author_id, []).append(decision)
    for author_id, (first, *others) in by_author.items():
        notice = _notice_to_author(first, f"/moderation/decisions/{first.id}")
        if others:
            more = plural_sentence(
                "And one more text of yours.", "And %(num)s more texts of yours.", len(others)
            )
            notice = replace(notice, before=[*notice.before, more])
        _tell(moderator, first, notice, [author_id])


def _tell(
    moderator: Person, decision: Decision, notice: NoticeText, recipients: Iterable[int | None]
) -> None:
    """Notify members about a decision without naming the moderator; undoing the decision withdraws the notice."""
    note_event(moderator, notice, recipients, decision_id=decision.id, is_named=False)


def _notice_to_author(decision: Decision, address: str) -> NoticeText:
    before = [*DEEDS[decision.deed].for_author, *unkept(decision.sentences)]
    if order := order_behind(decision):
        before += _sentences_on_order(order)
    return NoticeText(
        "decision",
        address,
        decision.heading,
        decision.reason,
        before=before,
        language=decision.language,
    )


def _sentences_on_order(order: Order) -> list[Sentence]:
    """Who has ordered it, and what can be done against that (Regulation (EU) 2022/2065, article 9 (5))."""
    said = [sentence("It was ordered by: %(authority)s.", authority=order.label)]
    if order.redress.strip():
        redress = single_line(order.redress)
        said.append(sentence("Against the order you can do this: %(redress)s", redress=redress))
    return said


def record(
    moderator: Person,
    deed: str,
    thing: Thing,
    reasons: Reasons = NO_REASONS,
    **more: Unpack[Columns],
) -> Decision:
    """Record a decision, answer the open reports of its thing if the deed does so, and notify everybody concerned.

    `source` is what led to it; by default a report if there are open ones.
    """
    decision = record_quietly(moderator, deed, thing, reasons, **more)
    if DEEDS[deed].tells_author:
        notify_author(moderator, decision)
        notify_other_authors(moderator, decision, thing)
    return decision


def record_quietly(
    moderator: Person,
    deed: str,
    thing: Thing,
    reasons: Reasons = NO_REASONS,
    **more: Unpack[Columns],
) -> Decision:
    """Record a decision like `record`, but notify nobody: the caller does, or nobody is to know."""
    rule = None if reasons.law.strip() else in_force().rule(reasons.rule)
    is_reported = has_open_reports(thing.kind, thing.item_id)
    before = more.pop("before", None)
    order = order_followed(moderator, reasons.order_id) if reasons.order_id else None
    if order:
        more["source"] = ORDER
    decision = Decision(
        moderator_id=moderator.id,
        deed=deed,
        reason=reasons.facts,
        rule=rule.number if rule else 0,
        rule_name=rule.name if rule else "",
        rule_sentence=rule.sentence if rule else "",
        law=single_line(reasons.law),
        is_automated=reasons.is_automated,
        before=before.to_json() if before else None,
        order_id=order.id if order else None,
        decided_at=now(),
        **{"source": REPORT if is_reported else OWN, **more},
    )
    describe(decision, thing)
    db.session.add(decision)
    db.session.flush()
    _close_ended(moderator, decision)
    is_answer = DEEDS[deed].to_reporters is not None
    if is_answer:
        answer_reports(moderator, decision, thing)
    if is_answer or not (is_reported or is_first_post(thing)):  # otherwise it still waits
        read_queue(moderator, queue_path(thing.kind, thing.item_id))
    return decision


def notify_curators(
    doer: Person, thing: Thing, *, is_illegal: bool, is_trusted: bool = False
) -> None:
    """Notify everybody who can decide that a thing waits; but not its author, who does not decide about it."""
    moderator_ids = set(curators_of(thing.agenda_id)) - {thing.author_id}
    kind, address = (URGENT if is_illegal else QUEUE), queue_path(thing.kind, thing.item_id)
    # Some were already notified, of a report for another reason
    before = [sentence("Somebody reports it as illegal.")] if is_illegal else []
    if is_trusted:
        before = [sentence("A trusted flagger reports it as illegal.")]
    notice = NoticeText(kind, address, thing.heading, before=before, language=thing.language)
    note_event(doer, notice, moderator_ids, is_named=False)


def _close_ended(moderator: Person, decision: Decision) -> None:
    """Mark the notices of decisions that this one ends, undoes or replaces as read."""
    if ended := ids_ended_by(decision):
        read_decisions(moderator, ended)


def reopen_ended(moderator: Person, decision: Decision) -> None:
    """Mark the notices of decisions as unread again that were ended by a decision which is undone now.

    Those decisions are in effect again, and the members concerned may not have read their reasons.
    """
    if ended := ids_ended_by(decision):
        unread_decisions(moderator, ended, decision.decided_at)


def reopen_entry(moderator: Person, thing: Thing, since: datetime) -> None:
    """Mark notices about a thing that were read since a decision as unread again, if the thing waits again after an undo."""
    if waits_in_queue(thing):
        unread_queue(moderator, queue_path(thing.kind, thing.item_id), since)


def describe(row: Decision | Report, thing: Thing) -> None:
    """Copy title, its language, address, author and agenda of a thing into a row, which is kept when the thing is deleted."""
    row.kind, row.item_id = thing.kind, thing.item_id
    row.agenda_id, row.author_id = thing.agenda_id, thing.author_id
    heading = thing.heading
    row.title = heading.in_english if isinstance(heading, Sentence) else heading
    row.language = thing.language
    row.address = thing.address


def answer_reports(moderator: Person, decision: Decision, thing: Thing) -> None:
    """Close the open reports of a thing with a decision, and notify the members who reported it of the outcome.

    The notice names no reporter and quotes nothing that is hidden. A reporter who disagrees with "keep" can appeal
    from the page of their reports. Visitors get a letter once the decision can no longer be undone. Raises
    `Forbidden` when there are reports and the moderator is the author of the thing.
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
    deleted = [sentence("Its author has deleted it.")]
    outcome = deleted if is_deleted else DEEDS[decision.deed].for_reporters
    address = addresses.get(decision.deed, "/rules")
    notice = NoticeText("report", address, KINDS[thing.kind].noun, before=outcome)
    _tell(moderator, decision, notice, reporters)


def notify_author(moderator: Person, decision: Decision, address: str = "") -> None:
    """Notify the author of the thing about a decision; the notice links to `address`, by default the page of the decision."""
    leads_to = address or f"/moderation/decisions/{decision.id}"
    _tell(moderator, decision, _notice_to_author(decision, leads_to), [decision.author_id])


def notify_other_authors(moderator: Person, decision: Decision, thing: Thing) -> None:
    """Notify the other members concerned that something is withheld (see `ids_of_others_in`), each once.

    For a translation or a commitment they are also notified when it is shown again.
    """
    if decision.deed == Deed.RESTORE and thing.kind in OF_SEVERAL:
        notice = NoticeText(
            "decision", thing.address, OF_SEVERAL[thing.kind], before=DEEDS[Deed.RESTORE].for_author
        )
        _tell(moderator, decision, notice, ids_of_others_in(thing))
    if decision.deed not in WITHHOLDING_DEEDS:
        return
    hidden = sentence("It is hidden, and your comments with it.")
    if thing.kind == "topic":
        hidden = sentence("It is hidden, and your posts with it.")
    elif thing.kind == "translation":
        hidden = sentence("It is hidden. It says what another member wrote.")
    elif thing.kind == "commitment":
        hidden = sentence("It is hidden. Another member of your organisation has published it.")
    _tell_other_authors(moderator, decision, thing, hidden, decision)


def _tell_other_authors(
    moderator: Person,
    decision: Decision,
    thing: Thing,
    words: Sentence,
    told_with: Decision,
    *,
    but: int | None = None,
) -> None:
    """Notify the other members concerned by a decision (see `ids_of_others_in`) except `but`; `told_with` withdraws the notice."""
    title = OF_SEVERAL.get(thing.kind, sentence("A page that you commented on"))
    if thing.kind == "topic":
        title = sentence("A topic in which you wrote")
    notice = NoticeText("decision", f"/moderation/decisions/{decision.id}", title, before=[words])
    _tell(moderator, told_with, notice, ids_of_others_in(thing) - {but})


def notify_moved_authors(
    moderator: Person,
    decision: Decision,
    moved: MovedRecord,
    reasons: Reasons,
    *,
    but: int | None = None,
) -> None:
    """Notify the authors of posts that a decision moved, each once, except the member with the id `but`."""
    where = [sentence("What you wrote is in this topic now.")]
    target = moved.target
    notice = NoticeText(
        "decision",
        target.address,
        target.title,
        reasons.facts,
        before=where,
        language=target.language,
    )
    _tell(moderator, decision, notice, set(author_ids_of(moved.numbers)) - {but})


def notify_asker(moderator: Person, decision: Decision, question: Topic, target: Topic) -> None:
    """Notify the asker of a question that its answer was moved into the topic `target`."""
    said = [
        sentence("The answer that you chose is in “%(title)s” now.", title=target.title),
        sentence("You can choose another one."),
    ]
    notice = NoticeText(
        "decision", question.address, question.title, before=said, language=question.language
    )
    _tell(moderator, decision, notice, [question.author_id])


def tell_of_reversal(
    moderator: Person,
    decision: Decision,
    reversal: Decision,
    thing: Thing,
    *,
    but: int | None = None,
) -> None:
    """Notify everybody who believes that a decision is in effect that it was reversed.

    They are its moderator, the members whose posts were withheld with its thing, and the reporters whom it answered.
    Reporters whose reports are open again get the next outcome instead. Visitors who got a letter get another one.
    `but` is the id of the appellant, who reads the answer to the appeal and needs no notice.
    """
    taken_back = DEEDS[Deed.REVERSE].for_author
    if decision.moderator_id in curators_of(decision.agenda_id):
        address = f"/moderation/decisions/{decision.id}"
        # Without title and answer, which may name a member: the page of the decision has them, and there names are
        # removed when somebody leaves
        notice = NoticeText("decision", address, KINDS[decision.kind].noun, before=taken_back)
        _tell(moderator, reversal, notice, [decision.moderator_id])
    if decision.deed in WITHHOLDING_DEEDS:
        _tell_other_authors(moderator, decision, thing, taken_back[0], reversal, but=but)
    if decision.deed == Deed.CLEAR_SPAM:
        for removal, page in _shared_pages_back(moderator, decision):
            _tell_other_authors(moderator, removal, page, taken_back[0], reversal, but=but)
    answered: dict[str, set[int | None]] = {}
    for report in answered_by(decision.id):
        report.told_at = None
        answered.setdefault(report.kind, set()).add(report.reporter_id)
    for kind, reporter_ids in answered.items():
        notice = NoticeText("report", "/reports", KINDS[kind].noun, before=taken_back)
        _tell(moderator, reversal, notice, reporter_ids - {None, but})


def _shared_pages_back(moderator: Person, clearing: Decision) -> Iterator[tuple[Decision, Thing]]:
    """The topics and pages with texts of others that were removed in a clearing and are visible again: each with its removal."""
    removals = {
        (decision.kind, decision.item_id): decision
        for decision in decisions_in_lot(clearing.id)
        if decision.deed == Deed.REMOVE
    }
    for thing in existing_things(moderator, list(removals)):
        if thing.state == "shown":
            yield removals[thing.kind, thing.item_id], thing


class Known(NamedTuple):
    """An event that members already know about although its decision is undone; `address` is the page of the thing."""

    event: Event
    address: str
    member_ids: set[int]


def take_notices_back(moderator: Person, decisions: Sequence[Decision]) -> list[Known]:
    """Withdraw the notices of decisions that are undone: members who have not read one and got no letter are told nothing.

    Returns the events that members already know about. It waits for a worker that is making notices of these events,
    so it must be called before actions that lock members, for whom the worker may be waiting.
    """
    followed = [
        cleared
        for decision in decisions
        if decision.kind == "member"
        for cleared in decisions_in_lot(decision.id)
    ]
    addresses = {decision.id: decision.address for decision in (*decisions, *followed)}
    return [
        Known(event, addresses[event.decision_id or 0], member_ids)
        for event, member_ids in take_back(moderator, list(addresses))
    ]


def tell_of_part_undone(
    moderator: Person,
    decisions: Sequence[Decision],
    possible: Sequence[Decision],
    undone: Sequence[Decision],
    known: Sequence[Known],
) -> None:
    """Tell the authors who know about decisions of a lot that some of them (`possible`) are undone, as `tell_undone` does.

    A notice is about all texts of an author; where it was withdrawn unread, the author gets another one of what stays.
    """
    authors = {decision.author_id for decision in possible}
    knowing = {member_id for event in known for member_id in event.member_ids}
    tell_undone(
        moderator,
        possible,
        undone,
        [event._replace(member_ids=event.member_ids & authors) for event in known],
    )
    notify_authors(
        moderator,
        [
            decision
            for decision in decisions
            if decision not in possible
            and decision.author_id not in knowing
            and is_in_effect(decision)
        ],
    )


def tell_undone(
    moderator: Person,
    decisions: Sequence[Decision],
    undone: Sequence[Decision],
    known: Sequence[Known],
) -> None:
    """Tell the members who know about decisions that these are undone, each once.

    `undone` are the decisions that undid them, in the same order, to whose pages the notices to the authors link.
    """
    knowing = {member_id for event in known for member_id in event.member_ids}
    told = [
        undoing
        for decision, undoing in zip(decisions, undone, strict=True)
        if DEEDS[decision.deed].tells_author and decision.author_id in knowing
    ]
    notify_authors(moderator, told)
    done = {undoing.author_id for undoing in told}
    for event, address, member_ids in known:
        is_report = event.kind == "report"
        kind, leads_to = ("report", "/reports") if is_report else ("decision", address)
        taken_back = DEEDS[Deed.UNDO].for_author
        notice = NoticeText(
            kind, leads_to, event.heading, before=taken_back, language=event.language
        )
        note_event(moderator, notice, member_ids - done, is_named=False)
        done |= member_ids
