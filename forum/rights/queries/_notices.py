"""What a member is told and has read: notices, watching, places in topics, and questions of advice."""

from __future__ import annotations

from forum.advice.models import AdviceRequest, Availability, FollowUp
from forum.dialogue import models as dialogue
from forum.dialogue.models import AllRead, Mention
from forum.notifications.models import Notice, Watch
from forum.rights.models import Kind
from forum.rights.queries._rows import (
    rows_of_all_read,
    rows_of_asked,
    rows_of_asking,
    rows_of_availability,
    rows_of_follow_ups,
    rows_of_mentions,
    rows_of_notice_settings,
    rows_of_notices,
    rows_of_places,
    rows_of_watches,
)
from forum.rights.queries._shared import LANGUAGE, TIMES, as_one_record, in_batches

NOTICE_KINDS: tuple[Kind, ...] = (
    Kind(
        "notices",
        "Notices",
        "The lines in your inbox that you can see there.",
        (("notice", "member_id"),),
        in_batches(rows_of_notices, Notice.id),
        {
            "id": "its number",
            "kind": "what it tells of",
            "title": "the title of what it is about",
            "text": "its text",
            "address": "where it leads",
            "by": "who caused it, where the notice says so",
            "created_at": "when it was made",
            "read_at": "when you read it",
            "way": "how you are told of it by mail: at once, digest or never",
            "mailed_at": "when it went out by mail",
        },
    ),
    Kind(
        "notice-settings",
        "How you are told",
        "How you want to be told of what happens.",
        (("notice_choice", "member_id"), ("notice_settings", "member_id")),
        as_one_record(rows_of_notice_settings),
        {
            "digest_every": "how often your digest comes: daily, weekly or never",
            "digest_hour": "at which hour of your day",
            "time_zone": "the time zone of your day",
            "watches_replies": "whether you watch the topics that you write in",
            "ways": "the kinds of notices for which you chose a way, each with it",
        },
    ),
    Kind(
        "watches",
        "What you watch and mute",
        "Agendas, topics, cities and themes of which you want to hear, or do not.",
        (("watch", "member_id"),),
        in_batches(rows_of_watches, Watch.subject, Watch.subject_id),
        {
            "subject": "agenda, topic, city or theme",
            "subject_id": "its number",
            "level": "watching or muted",
            "created_at": "since when",
        },
    ),
    Kind(
        "mentions",
        "Mentions",
        "The posts that mention you, or did.",
        (("mention", "member_id"),),
        in_batches(rows_of_mentions, Mention.post_id),
        {"post_id": "the number of the post"},
    ),
    Kind(
        "reading",
        "How far you have read",
        "One line for each topic that you have read in.",
        (("place", "member_id"),),
        in_batches(rows_of_places, dialogue.Place.topic_id),
        {
            "topic_id": "the number of the topic",
            "topic": "its title, unless it is of somebody else and hidden or in preparation",
            "number": "the place of the last post that you have read",
        },
    ),
    Kind(
        "all-read",
        "Marked as read",
        "Of which dialogues you marked all topics as read, and when.",
        (("all_read", "member_id"),),
        in_batches(rows_of_all_read, AllRead.agenda_id),
        {
            "agenda_id": "the number of the agenda; 0 for all of them",
            "until": "all that was written until then is read",
        },
    ),
    Kind(
        "asked",
        "Asked for advice",
        "The questions about which you were asked, and what you said to it.",
        (("asked", "member_id"),),
        in_batches(rows_of_asked, AdviceRequest.topic_id),
        {
            "topic_id": "the number of the question",
            "topic": "its title, unless it is of somebody else and hidden or in preparation",
            "by": "who asked you",
            "reasons": "why you were asked: each a kind, its words and a number",
            "asked_at": "when you were asked",
            "declined_at": "when you said: not me",
            "postponed_at": "when you said: not now",
            "passed_at": "when you passed it on",
        },
    ),
    Kind(
        "asking",
        "Whom you asked",
        "The members whom you asked for advice.",
        (("asked", "asker_id"),),
        in_batches(rows_of_asking, AdviceRequest.topic_id, AdviceRequest.member_id),
        {
            "topic_id": "the number of the question",
            "topic": "its title, unless it is of somebody else and hidden or in preparation",
            "asked": "whom you asked",
            "asked_at": "when you asked",
        },
    ),
    Kind(
        "being-asked",
        "Being asked",
        "Whether you want to be asked for advice.",
        (("availability", "member_id"),),
        in_batches(rows_of_availability, Availability.member_id),
        {
            "muted_at": "since when you do not want to be asked at all",
            "away_until": "until when you do not want to be asked",
        },
    ),
    Kind(
        "follow-ups",
        "What happened next",
        "What you told of what became of your questions.",
        (("topic", "author_id"),),
        in_batches(rows_of_follow_ups, FollowUp.topic_id),
        {
            "topic_id": "the number of the question",
            "topic": "its title",
            "deed": "what you did",
            "outcome": "whether it worked: yes, partly, no or not yet tried",
            "text": "what you told",
            "told_at": "when you told it",
            "edited_at": "when you last changed it",
            "hidden_at": TIMES["hidden_at"],
            "hidden_reason": "why it is hidden",
            **LANGUAGE,
        },
    ),
)
