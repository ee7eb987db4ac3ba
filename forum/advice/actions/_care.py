"""The rows by which the worker looks after questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from forum.advice.models import QuestionCare
from forum.db import db, insert_into

UNANSWERED_AFTER = timedelta(days=7)  # until the hosts are told that nobody answers


def take_up(questions: Sequence[tuple[int, datetime]]) -> None:
    """Schedule the first look at questions; those already scheduled are left as they are."""
    rows = [
        {"topic_id": topic_id, "look_at": created_at + UNANSWERED_AFTER, "followups": 0}
        for topic_id, created_at in sorted(questions)
    ]
    if rows:
        db.session.execute(insert_into(QuestionCare).on_conflict_do_nothing(), rows)
