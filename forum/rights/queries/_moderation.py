"""Reports, decisions, appeals and notes of moderators, and whom a member ignores."""

from __future__ import annotations

from forum.appeals.models import Appeal
from forum.members.models import Ignore
from forum.moderation.models import Decision, Report, StaffNote
from forum.queue.models import EntryNote
from forum.rights.models import Kind
from forum.rights.queries._rows import (
    rows_of_appeals,
    rows_of_decided,
    rows_of_decisions,
    rows_of_ignored,
    rows_of_queue_notes,
    rows_of_reports,
    rows_of_staff_notes,
    rows_of_staff_notes_written,
)
from forum.rights.queries._shared import in_batches

DECISION_FIELDS = {
    "id": "the number of the decision, as in /moderation/decisions/7",
    "deed": "what was decided: keep, hide, lock …",
    "kind": "what it was about: post, topic, case, practice, member, mark or followup (what happened next)",
    "title": "its title or first words",
    "address": "where it stands",
    "reason": "what happened, in the statement of reasons",
    "rule": "the number of the house rule it names, 0 for none",
    "rule_name": "the name of the rule, as it was",
    "rule_sentence": "what the rule said",
    "law": "the law it names instead",
    "source": "what led to it: own initiative, report, rule or appeal",
    "is_automated": "whether a machine pointed it out",
    "is_excused": "whether it was advertising in bulk, which needs no reasons",
    "until": "until when it holds",
    "undoes_id": "the number of the decision that it takes back",
    "lot_id": "the number of the first of several decisions that were one deed",
    "decided_at": "when it was decided",
}
MODERATION_KINDS: tuple[Kind, ...] = (
    Kind(
        "reports",
        "Reports",
        "What you reported to the moderators.",
        (("report", "reporter_id"),),
        in_batches(rows_of_reports, Report.id),
        {
            "id": "its number",
            "number": "the number of its receipt",
            "kind": "what you reported: post, topic, case, practice, member, mark, followup (what happened next) or letter",
            "title": "its title or first words",
            "address": "where it stands",
            "reason": "the reason you chose",
            "text": "what you said about it",
            "created_at": "when you reported it",
            "decision": "what was decided",
            "decided_at": "when it was decided",
        },
    ),
    Kind(
        "decisions",
        "Decisions about you",
        "What moderators decided about what you wrote.",
        (("decision", "author_id"),),
        in_batches(rows_of_decisions, Decision.id),
        DECISION_FIELDS,
    ),
    Kind(
        "decided",
        "Decisions by you",
        "What you decided as a moderator or host.",
        (("decision", "moderator_id"),),
        in_batches(rows_of_decided, Decision.id),
        DECISION_FIELDS,
    ),
    Kind(
        "appeals",
        "Appeals",
        "Where you asked another moderator to look again.",
        (("appeal", "appellant_id"),),
        in_batches(rows_of_appeals, Appeal.id),
        {
            "id": "its number",
            "decision_id": "the number of the decision",
            "text": "what you said",
            "created_at": "when you appealed",
            "outcome": "upheld: the decision stays; reversed: it was taken back",
            "answer": "what you were answered",
            "decided_at": "when you were answered",
        },
    ),
    Kind(
        "moderators-notes",
        "Notes of the moderators about you",
        "What moderators noted about you for each other, without who wrote it.",
        (("staff_note", "member_id"),),
        in_batches(rows_of_staff_notes, StaffNote.id),
        {"id": "its number", "text": "the note", "written_at": "when it was written"},
    ),
    Kind(
        "notes-by-you",
        "Notes about members by you",
        "What you noted about members for other moderators.",
        (("staff_note", "author_id"),),
        in_batches(rows_of_staff_notes_written, StaffNote.id),
        {
            "id": "its number",
            "about": "about whom",
            "text": "the note",
            "written_at": "when you wrote it",
        },
    ),
    Kind(
        "ignored",
        "Whom you ignore",
        "Members of whom you want to see and hear nothing.",
        (("ignored_member", "member_id"),),
        in_batches(rows_of_ignored, Ignore.ignored_id),
        {"name": "who it is", "since": "since when"},
    ),
    Kind(
        "queue-notes",
        "Notes in the queue",
        "What you noted for other moderators about what waits in the queue.",
        (("entry_note", "author_id"),),
        in_batches(rows_of_queue_notes, EntryNote.id),
        {
            "id": "its number",
            "kind": "what the note is about: post, topic, case, practice, member, mark, followup (what happened next), letter or candidate",
            "item_id": "its number",
            "text": "the note",
            "written_at": "when you wrote it",
        },
    ),
)
