"""Reports, decisions, appeals and notes: a select for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from forum.appeals.models import Appeal
from forum.members.models import Ignore, Member
from forum.moderation.models import Decision, Report, StaffNote, TrustedFlagger, heading_of
from forum.queue.models import EntryNote
from forum.rights.models import Record
from forum.rights.queries._rows import columns_of
from forum.sentences import said


def rows_of_reports(member: Member) -> Select[Any]:
    kept = columns_of(Report, "id number source kind title address reason text created_at")
    query = select(*kept, Decision.deed.label("decision"), Decision.decided_at)
    query = query.outerjoin(Decision, Decision.id == Report.decision_id)
    return query.where(Report.reporter_id == member.id)


DECISION = """id deed kind title address reason rule rule_name rule_sentence law source is_automated is_excused until
undoes_id lot_id decided_at"""


def _decisions() -> Select[Any]:
    return select(*columns_of(Decision, DECISION), Decision.sentences.label("key_sentences"))


def say_in_decisions(rows: Sequence[Any], records: list[Record]) -> None:
    """Put the forum's sentences on what was done before the reasons of decisions, in the language of the file."""
    say_titles(rows, records)
    for row, record in zip(rows, records, strict=True):
        record["reason"] = f"{said(row.key_sentences)} {row.reason}".strip()


def say_titles(rows: Sequence[Any], records: list[Record]) -> None:
    """Add the sentences that replace the titles of letters, in the language of the file."""
    for row, record in zip(rows, records, strict=True):
        record["title"] = str(heading_of(row.kind, row.title))


def rows_of_decisions(member: Member) -> Select[Any]:
    return _decisions().where(Decision.author_id == member.id)


def rows_of_decided(member: Member) -> Select[Any]:
    return _decisions().where(Decision.moderator_id == member.id)


def rows_of_appeals(member: Member) -> Select[Any]:
    kept = columns_of(Appeal, "id decision_id text created_at outcome answer decided_at")
    return select(*kept).where(Appeal.appellant_id == member.id)


def rows_of_staff_notes(member: Member) -> Select[Any]:
    kept = columns_of(StaffNote, "id text written_at")
    return select(*kept).where(StaffNote.member_id == member.id)


def rows_of_staff_notes_written(member: Member) -> Select[Any]:
    query = select(*columns_of(StaffNote, "id text written_at"), Member.name.label("about"))
    query = query.join(Member, Member.id == StaffNote.member_id)
    return query.where(StaffNote.author_id == member.id)


def rows_of_trust(member: Member) -> Select[Any]:
    kept = columns_of(TrustedFlagger, "id name coordinator field since until named_at ended_at")
    return select(*kept).where(TrustedFlagger.member_id == member.id)


def rows_of_ignored(member: Member) -> Select[Any]:
    kept: list[Any] = [Member.name.label("name"), Ignore.since]
    query = select(*kept).join(Member, Member.id == Ignore.ignored_id)
    return query.where(Ignore.member_id == member.id)


def rows_of_queue_notes(member: Member) -> Select[Any]:
    kept = columns_of(EntryNote, "id kind item_id text written_at")
    return select(*kept).where(EntryNote.author_id == member.id)
