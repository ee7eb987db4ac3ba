"""Which members a question may ask and why, how they responded, and what the worker looks after."""

from __future__ import annotations

from forum.advice.queries._reasons import Reason, kilometres, reasons_of, size_of, stored_reason
from forum.advice.queries.availability import (
    MAX_PER_WEEK,
    AskStatus,
    ask_statuses,
    availability_of,
    members_to_ask,
)
from forum.advice.queries.care import (
    QuestionProgress,
    care_due,
    hosts_to_notify,
    progress_of,
    questions_to_take_up,
)
from forum.advice.queries.follow_ups import (
    follow_up_fields,
    follow_up_of,
    get_follow_up,
    topic_ids_of,
    topic_to_follow_up,
    topic_to_withdraw_follow_up,
)
from forum.advice.queries.proposals import MAX_CANDIDATES, Proposal, proposals
from forum.advice.queries.requests import (
    RequestState,
    has_asked,
    is_advice_awaited,
    is_askable,
    questions_to_advise_on,
    request_state,
    request_to_answer,
    request_to_pass_on,
    requests_about,
    requests_by_member,
    right_to_ask,
    topic_to_ask,
)

__all__ = [
    "MAX_CANDIDATES",
    "MAX_PER_WEEK",
    "AskStatus",
    "Proposal",
    "QuestionProgress",
    "Reason",
    "RequestState",
    "ask_statuses",
    "availability_of",
    "care_due",
    "follow_up_fields",
    "follow_up_of",
    "get_follow_up",
    "has_asked",
    "hosts_to_notify",
    "is_advice_awaited",
    "is_askable",
    "kilometres",
    "members_to_ask",
    "progress_of",
    "proposals",
    "questions_to_advise_on",
    "questions_to_take_up",
    "reasons_of",
    "request_state",
    "request_to_answer",
    "request_to_pass_on",
    "requests_about",
    "requests_by_member",
    "right_to_ask",
    "size_of",
    "stored_reason",
    "topic_ids_of",
    "topic_to_ask",
    "topic_to_follow_up",
    "topic_to_withdraw_follow_up",
]
