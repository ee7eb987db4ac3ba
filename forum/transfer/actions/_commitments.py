"""Loading the commitments of an agenda, each with its whole course."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from forum.clock import now
from forum.commitments import actions as commitments
from forum.commitments.queries import copied_at
from forum.markup import write
from forum.members.models import Member
from forum.transfer.actions._loading import Loading, faults_at, noon
from forum.transfer.models import Fault, FaultyFileError, Values
from forum.transfer.queries import commitments_called, declaration_called


def plan_commitment(curator: Member, values: Values, loading: Loading) -> None:
    """Plan a commitment for the day on which it was published: it is loaded then with everything that happened since."""
    copied = values.get("copies", "").rpartition("/")[2]
    published_at = noon(values["published_on"])
    told = noon(values["kept_on"]) if values.get("kept_on") else None
    ended = noon(values["given_up_on"]) if values.get("given_up_on") else None
    course = commitments.CommitmentCourse(
        organisation_id=loading.organisations[values["organisation"]].id,
        author_id=loading.member(values["by"]).id if "by" in values else None,
        published_at=published_at,
        kept_at=told,
        kept_words=values.get("kept_with", ""),
        ended_at=ended,
        ended_reason=values.get("given_up_because", ""),
        peer_ids=[loading.member(handle).id for handle in values.get("peers", ())],
    )
    title = values.get("declaration", "")
    after = max(
        loading.published.get(copied, published_at),
        loading.declared.get(title, published_at),
        published_at,
    )
    milestones = _milestones(values)
    loading.plan(published_at, _load, curator, values, loading, course, milestones, after=after)


def _milestones(values: Values) -> list[commitments.KnownMilestone]:
    """The milestones; there are no reminders of those that were over before loading."""
    moves: dict[int, list[list[str]]] = {}
    for number, earlier, moved_on, reason in values.get("moved", ()):
        moves.setdefault(number, []).append([str(earlier), str(moved_on), reason])
    return [
        _milestone(entry, moves.get(number, []))
        for number, entry in enumerate(values["milestone"], 1)
    ]


def _milestone(entry: Sequence[Any], moves: list[list[str]]) -> commitments.KnownMilestone:
    day, words, state, told_on, said = entry
    told: datetime | None = noon(told_on) if state else None
    is_reached = state == "reached"
    return commitments.KnownMilestone(
        words,
        day,
        moves,
        reached_at=told if is_reached else None,
        reached_words=said if is_reached else "",
        given_up_at=None if is_reached else told,
        given_up_reason="" if is_reached else said,
        reminded_after_at=now() if day < now().date() else None,
    )


def _load(
    curator: Member,
    values: Values,
    loading: Loading,
    course: commitments.CommitmentCourse,
    milestones: Sequence[commitments.KnownMilestone],
) -> None:
    """Load it; `load_origins` records later what it comes from, if that is in another file."""
    declaration_id, copied = _origin(curator, values)
    _require(values, "declaration", declaration_id, loading.elsewhere.declarations)
    _require(values, "copies", copied, loading.elsewhere.pages)
    text = commitments.CommitmentText(
        values["title"],
        write(values["text"], loading.language_of(values), has_pictures=False),
        values["last_day"],
        declaration_id=declaration_id,
        copied=copied,
    )
    with faults_at(values):
        commitments.load_commitment(curator, loading.agenda.id, text, course, milestones)


def _require(values: Values, name: str, found: object, elsewhere: Collection[str]) -> None:
    """Raise `FaultyFileError` when a field names what the forum has, and hides: it must not be left out without a word."""
    if name in values and not found and values[name] not in elsewhere:
        raise FaultyFileError([Fault(values.line_of(name), "this is hidden in the forum")])


def _origin(curator: Member, values: Values) -> tuple[int | None, str]:
    """The id of the declaration from which it follows, and the address of what it copies, as far as these exist here."""
    declaration = declaration_called(curator, values.get("declaration", ""))
    copied = copied_at(curator, values["copies"]) if "copies" in values else None
    return declaration.id if declaration else None, copied.address if copied else ""


def load_origins(curator: Member, slug: str, entries: Sequence[Values]) -> None:
    """Record the origins of an agenda's commitments that were loaded later, with another agenda."""
    for values in entries:
        declaration_id, copied = _origin(curator, values)
        at = noon(values["published_on"])
        found = commitments_called(slug, values["organisation"], values["title"], at)
        for commitment_id in found if declaration_id or copied else ():
            commitments.load_origin(curator, commitment_id, declaration_id, copied)
