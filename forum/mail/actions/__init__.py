"""Writing letters, recording what became of them, and doing what came by e-mail."""

from __future__ import annotations

from forum.mail.actions.forgetting import (
    KEPT,
    KEPT_FAILED,
    forget_addresses,
    forget_by_ids,
    forget_letters,
    forget_member,
)
from forum.mail.actions.receiving import answer, open_by_email, return_answer, return_topic
from forum.mail.actions.reports import write_report_letters
from forum.mail.actions.sending import (
    BATCH_SIZE,
    LEASE,
    RETRY_DELAYS,
    drop,
    drop_outdated,
    lease_due_letters,
    note_refused,
    note_sent,
    postpone,
    readdress,
    release_letters,
    send_again,
    send_all_again,
)
from forum.mail.actions.stopping import note_bounce, start, stop
from forum.mail.actions.writing import write_digest, write_letter, write_notice_letters, write_test

__all__ = [
    "BATCH_SIZE",
    "KEPT",
    "KEPT_FAILED",
    "LEASE",
    "RETRY_DELAYS",
    "answer",
    "drop",
    "drop_outdated",
    "forget_addresses",
    "forget_by_ids",
    "forget_letters",
    "forget_member",
    "lease_due_letters",
    "note_bounce",
    "note_refused",
    "note_sent",
    "open_by_email",
    "postpone",
    "readdress",
    "release_letters",
    "return_answer",
    "return_topic",
    "send_again",
    "send_all_again",
    "start",
    "stop",
    "write_digest",
    "write_letter",
    "write_notice_letters",
    "write_report_letters",
    "write_test",
]
