"""Due letters and their content, the letters on the administrator's page, digests and when they are due."""

from __future__ import annotations

from forum.mail.queries.answers import (
    agenda_to_open_by_email,
    sent_today,
    sent_with,
    title_for_answer,
    topic_of_post,
)
from forum.mail.queries.digests import (
    DigestEntry,
    digest_groups,
    is_digest_due,
    members_due_for_digest,
)
from forum.mail.queries.letters import (
    addressee,
    collecting_letter,
    deliveries_by_id,
    due_count,
    due_deliveries,
    is_told,
    is_waiting,
    letters_given_up,
    letters_given_up_count,
    letters_sent,
    letters_since,
    paused_members,
    paused_members_count,
    waiting_letters,
)
from forum.mail.queries.notices import (
    MEETING_KINDS,
    decision_told,
    heading_for,
    is_of_own_decision,
    meeting_told,
    notice_to_tell,
)
from forum.mail.queries.waiting import QueueContent, queue_content

__all__ = [
    "MEETING_KINDS",
    "DigestEntry",
    "QueueContent",
    "addressee",
    "agenda_to_open_by_email",
    "collecting_letter",
    "decision_told",
    "deliveries_by_id",
    "digest_groups",
    "due_count",
    "due_deliveries",
    "heading_for",
    "is_digest_due",
    "is_of_own_decision",
    "is_told",
    "is_waiting",
    "letters_given_up",
    "letters_given_up_count",
    "letters_sent",
    "letters_since",
    "meeting_told",
    "members_due_for_digest",
    "notice_to_tell",
    "paused_members",
    "paused_members_count",
    "queue_content",
    "sent_today",
    "sent_with",
    "title_for_answer",
    "topic_of_post",
    "waiting_letters",
]
