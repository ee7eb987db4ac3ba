"""Who is a party to a decision, and so neither changes it nor answers an appeal about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select

from forum.agendas.queries import curators_of
from forum.db import db
from forum.moderation.models import AUTHOR, REPORTER, TELLER, Decision, Deed, Report
from forum.moderation.queries._deeds import WITHHOLDING_DEEDS, deeds_ended_by
from forum.moderation.queries._shared import is_about
from forum.moderation.queries.concerned import began_or_tells, beginners_and_tellers
from forum.moderation.queries.decisions import answered_by, latest_of
from forum.moderation.queries.effect import is_in_effect
from forum.moderation.queries.reports import open_reporter_ids
from forum.permissions import Person
from forum.verdicts import YES, Verdict

# Deeds that decide whether a reported thing is shown
JUDGING_DEEDS = (Deed.KEEP, Deed.RESTORE, Deed.REVERSE, *WITHHOLDING_DEEDS)


def part_of(member_id: Any) -> ColumnElement[str]:
    """SQL expression: the part of a member in a decision, a value of `Decision.part`; the id may be a parameter."""
    return case(
        (Decision.author_id == member_id, AUTHOR),
        (began_or_tells(member_id), TELLER),
        (reported(member_id), REPORTER),
        else_="",
    )


def reported(member_id: Any) -> ColumnElement[bool]:
    """SQL condition: a decision answered a report of a member, or reversed one that did; the id may be a parameter."""
    answered = or_(Report.decision_id == Decision.id, Report.decision_id == Decision.undoes_id)
    theirs = select(Report.id).where(answered, Report.reporter_id == member_id)
    return theirs.correlate(Decision).exists()


def parties_of(decision: Decision) -> set[int | None]:
    """The ids of the parties to a decision: the author, translator or spokesperson of its thing, and its reporters."""
    reporters = {report.reporter_id for report in answered_by(decision.id)}
    return {decision.author_id} | beginners_and_tellers(decision) | reporters


def right_to_end(person: Person, kind: str, item_id: int, deed: str) -> Verdict:
    """Whether somebody may do a deed that ends, or extends, what another moderator decided about a thing.

    Always yes if the person is a party to no such decision.
    """
    ended = [*deeds_ended_by(deed), *(WITHHOLDING_DEEDS if deed in WITHHOLDING_DEEDS else ())]
    found = decided_by_another(person, kind, item_id, ended)
    if found is None and deed in WITHHOLDING_DEEDS:
        found = kept_by_another(person, kind, item_id)
    return person.can.give_back(found) if found else YES


def decided_by_another(
    person: Person, kind: str, item_id: int, deeds: Sequence[str]
) -> Decision | None:
    """Another moderator's decision about a thing by one of these deeds, in effect, to which the person is a party; or None."""
    by_another = (*is_about(Decision, kind, item_id), Decision.moderator_id != person.id)
    part = part_of(person.id)
    query = select(Decision, part).where(*by_another, Decision.deed.in_(deeds), part != "")
    found = db.session.execute(query.order_by(Decision.id)).all()
    return next(
        (
            decision
            for decision, its in found
            if is_in_effect(decision) and _has(person, decision, its)
        ),
        None,
    )


def kept_by_another(person: Person, kind: str, item_id: int) -> Decision | None:
    """Another moderator's decision to keep a thing that the person reported; None if others have reported it since."""
    latest = latest_of(kind, item_id, JUDGING_DEEDS)
    if latest is None or latest.deed in WITHHOLDING_DEEDS or latest.moderator_id == person.id:
        return None
    is_theirs = select(Decision.id).where(Decision.id == latest.id, reported(person.id))
    if db.session.scalar(is_theirs) is None or open_reporter_ids(kind, item_id) - {person.id}:
        return None
    return latest if _has(person, latest, REPORTER) else None


def posts_for_another(person: Person, post_ids: Collection[int]) -> set[int]:
    """Which of some hidden posts of others only another moderator shows again; one query where the person reported none."""
    theirs = and_(Report.decision_id == Decision.id, Report.reporter_id == person.id)
    query = select(Decision.item_id).join(Report, theirs).distinct()
    about = Decision.kind == "post", Decision.item_id.in_(post_ids)
    reported_ids = db.session.scalars(query.where(*about)).all() if post_ids else ()
    return {
        post_id
        for post_id in reported_ids
        if not right_to_end(person, "post", post_id, Deed.RESTORE)
    }


def _has(person: Person, decision: Decision, part: str) -> bool:
    """Note the part of a person in a decision; whether there is one: who reported has none where nobody else could decide."""
    if part == REPORTER:
        others = set(curators_of(decision.present_agenda_id)) - {person.id}
        part = part if others - {decision.author_id} - beginners_and_tellers(decision) else ""
    decision.part = part
    return bool(part)
