"""The sources of the queue: what waits in the rooms below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from forum.appeals import queries as appeals
from forum.candidates import queries as candidates
from forum.candidates.models import Candidate
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import first_posts_to_review, held_count, held_waiting, is_readable
from forum.glossary import queries as glossary
from forum.glossary.models import PROPOSAL, Proposal
from forum.library.models import SUBMITTED, Practice
from forum.moderation import queries as moderation
from forum.moderation.models import ILLEGAL_REASON, heading_of
from forum.permissions import Person
from forum.queue.queries._entries import (
    APPEALED,
    ILLEGAL,
    TRUSTED,
    WAITING,
    EntryDetails,
    EntrySource,
    Keys,
    QueueEntry,
)
from forum.reach import is_by_another, moderated_by


def _reported(reader: Person, limit: int, keys: Keys | None) -> Iterable[QueueEntry]:
    for row in moderation.reported_things(reader, limit, keys):
        if not reader.can.judge(row.author_id):
            yield QueueEntry(
                *_common_columns(row),
                is_for_others=True,
                author_id=row.author_id,
                language=row.language,
            )
            continue
        rank = TRUSTED if row.is_trusted else ILLEGAL if row.is_illegal else WAITING
        reason = ILLEGAL_REASON if row.is_illegal else row.reason
        yield QueueEntry(
            *_common_columns(row),
            rank,
            row.reports,
            reason,
            author_id=row.author_id,
            language=row.language,
        )


def _common_columns(row: moderation.ReportedThing) -> tuple[str, int, str, int | None, datetime]:
    return row.kind, row.item_id, str(heading_of(row.kind, row.title)), row.agenda_id, row.since


def _thing_details(reader: Person, kind: str, item_id: int) -> EntryDetails:
    context = moderation.review_context(reader, kind, item_id)
    thing = context.thing
    return EntryDetails(
        thing.title,
        thing.agenda,
        context,
        context.deeds,
        context.latest_decision_id,
        thing.author_id,
        thing.language,
    )


def _columns(
    kind: str,
    row: Any,
    title: Any,
    *,
    agenda_id: Any,
    since: Any,
    author_id: Any,
    language: Any,
) -> list[Any]:
    """The columns of a source's select, the same for all; `title` is empty for a text of `UNTITLED` without one."""
    return [
        literal(kind).label("kind"),
        row.id.label("id"),
        title.label("title"),
        agenda_id.label("agenda_id"),
        since.label("since"),
        author_id.label("author_id"),
        language.label("language"),
    ]


NO_TITLE = NO_LANGUAGE = literal("", Text)


def _submitted(reader: Person) -> Select[Any]:
    since = func.coalesce(Practice.submitted_at, Practice.created_at)
    columns = _columns(
        "practice",
        Practice,
        Practice.title,
        agenda_id=Practice.agenda_id,
        since=since,
        author_id=Practice.author_id,
        language=Practice.language,
    )
    query = select(*columns).where(*is_waiting(), moderated_by(reader, Practice.agenda_id))
    return query.order_by(since, Practice.id)


def _submitted_count(reader: Person) -> Select[Any]:
    """Practices that are also reported are counted as reports."""
    return select(func.count(Practice.id)).where(
        *is_waiting(),
        moderated_by(reader, Practice.agenda_id),
        is_by_another(Practice.author_id),
        ~moderation.is_reported("practice", Practice.id),
    )


def is_waiting() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: the practice is submitted and visible (hidden ones, and those of a cleared spammer, do not wait)."""
    return Practice.state == SUBMITTED, *is_readable(Practice)


def _first_posts(reader: Person) -> Select[Any]:
    since = func.coalesce(Post.unseen_at, Post.created_at)
    columns = _columns(
        "post",
        Post,
        NO_TITLE,
        agenda_id=Topic.agenda_id,
        since=since,
        author_id=Post.author_id,
        language=Post.language,
    )
    return first_posts_to_review(reader).with_only_columns(*columns)


def _first_posts_count(reader: Person) -> Select[Any]:
    """First posts that are also reported are counted as reports."""
    counted = (is_by_another(Post.author_id), ~moderation.is_reported("post", Post.id))
    first = first_posts_to_review(reader).where(*counted).order_by(None)
    return select(func.count()).select_from(first.with_only_columns(Post.id).subquery())


def _held_count(reader: Person) -> Select[Any]:
    return held_count(reader).where(is_by_another(Held.author_id))


def _held(reader: Person) -> Select[Any]:
    columns = _columns(
        "held",
        Held,
        Held.title,
        agenda_id=Held.agenda_id,
        since=Held.created_at,
        author_id=Held.author_id,
        language=Held.language,
    )
    return held_waiting(reader).with_only_columns(*columns)


def _candidates(reader: Person) -> Select[Any] | None:
    if not reader.can.admit():
        return None
    no_id = cast(null(), Integer)
    columns = _columns(
        "candidate",
        Candidate,
        Candidate.name,
        agenda_id=no_id,
        since=Candidate.confirmed_at,
        author_id=no_id,
        language=NO_LANGUAGE,
    )
    return candidates.waiting_people(reader).with_only_columns(*columns)


def from_selects(reader: Person, limit: int, keys: Keys | None) -> Iterable[QueueEntry]:
    """The entries of all sources with a select, in one query."""
    parts = [source.waiting(reader) for source in SOURCES if source.waiting]
    wanted = [_narrowed(part, limit, keys) for part in parts if part is not None]
    rows = db.session.execute(union_all(*wanted))
    found = [
        QueueEntry(
            kind,
            item_id,
            title,
            agenda_id,
            since or now(),
            is_submitted=kind == "practice",
            is_first=kind == "post",
            author_id=author_id,
            language=language,
        )
        for kind, item_id, title, agenda_id, since, author_id, language in rows
    ]
    _mark_own(reader, found)
    return found


def _narrowed(part: Select[Any], limit: int, keys: Keys | None) -> Select[Any]:
    """The first rows of a source's select, or those with these keys."""
    if keys is None:
        return select(part.limit(limit).subquery())
    rows = part.order_by(None).subquery()
    return select(rows).where(tuple_(rows.c.kind, rows.c.id).in_(list(keys)))


def _mark_own(reader: Person, entries: Sequence[QueueEntry]) -> None:
    """Mark those of the reader's own entries that are for others: first posts, and what another moderator has to publish."""
    own = [entry for entry in entries if not reader.can.judge(entry.author_id)]
    to_publish = {entry.key: entry.agenda_id or 0 for entry in own if not entry.is_first}
    for_others = moderation.waiting_for_another(reader, to_publish)
    for entry in own:
        entry.is_for_others = entry.is_first or entry.key in for_others


def _candidates_count(reader: Person) -> Select[Any] | None:
    return candidates.waiting_counted() if reader.can.admit() else None


def _candidate_details(reader: Person, _kind: str, candidate_id: int) -> EntryDetails:
    request = candidates.request_to_decide(reader, candidate_id)
    return EntryDetails(request.candidate.name, None, request, ("approve", "refuse"))


def _proposals(reader: Person) -> Select[Any] | None:
    if not reader.can.curate_all():
        return None
    columns = _columns(
        PROPOSAL,
        Proposal,
        func.coalesce(func.nullif(Proposal.name, ""), Proposal.meaning),
        agenda_id=cast(null(), Integer),
        since=Proposal.created_at,
        author_id=Proposal.author_id,
        language=Proposal.language,
    )
    return glossary.proposals_waiting().with_only_columns(*columns)


def _proposals_count(reader: Person) -> Select[Any] | None:
    if not reader.can.curate_all():
        return None
    return glossary.waiting_number().where(is_by_another(Proposal.author_id))


def _proposal_details(reader: Person, _kind: str, proposal_id: int) -> EntryDetails:
    found = glossary.proposal_to_judge(reader, proposal_id)
    title = glossary.title_of(found, found.entry)
    return EntryDetails(
        title,
        None,
        found,
        # Not while they owe agreement to terms of use: what is accepted is written into the glossary
        ("accept", "refuse") if reader.can.keep_glossary() else (),
        author_id=found.author_id,
        language=found.language,
    )


def _appeals(reader: Person, _limit: int, keys: Keys | None) -> Iterable[QueueEntry]:
    ids = None if keys is None else [item_id for kind, item_id in keys if kind == "appeal"]
    for row in appeals.waiting_appeals(reader, ids):
        yield QueueEntry(
            "appeal",
            row.id,
            str(row.decision.heading),
            row.decision.present_agenda_id,
            row.created_at,
            APPEALED,
            is_for_others=not reader.can.decide_appeal(row),
            language=row.decision.language,
        )


def _appeal_details(reader: Person, _kind: str, appeal_id: int) -> EntryDetails:
    row = appeals.get_appeal(reader, appeal_id)
    is_open = row.decided_at is None and reader.can.decide_appeal(row)
    decision, agenda = row.decision, row.decision.agenda
    # In an action this reads the decision again, without its agenda: hence the variables above
    file = appeals.appeal_file(reader, row)
    answers = ("uphold", "reverse") if file.is_reversible else ("uphold",)
    deeds = answers if is_open else ()
    return EntryDetails(
        str(decision.heading),
        agenda,
        file,
        deeds,
        author_id=decision.author_id,
        language=decision.language,
    )


THING, APPEAL, CANDIDATE, PROPOSED = (
    "queue/_thing.html",
    "queue/_appeal.html",
    "queue/_candidate.html",
    "queue/_proposal.html",
)
SOURCES = (
    EntrySource(
        tuple(moderation.KINDS),
        moderation.reported_things_count,
        _thing_details,
        THING,
        listed=_reported,
    ),
    EntrySource(("practice",), _submitted_count, _thing_details, THING, _submitted),
    EntrySource(("post",), _first_posts_count, _thing_details, THING, _first_posts),
    EntrySource(("held",), _held_count, _thing_details, THING, _held),
    EntrySource(
        ("appeal",), appeals.waiting_appeals_count, _appeal_details, APPEAL, listed=_appeals
    ),
    EntrySource(("candidate",), _candidates_count, _candidate_details, CANDIDATE, _candidates),
    EntrySource((PROPOSAL,), _proposals_count, _proposal_details, PROPOSED, _proposals),
)
KINDS = tuple(dict.fromkeys(kind for source in SOURCES for kind in source.kinds))
