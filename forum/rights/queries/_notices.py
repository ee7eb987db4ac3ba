"""Data about notices, watching, bookmarks, reading positions, and requests for advice."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from forum.advice.models import AdviceRequest, Availability, FollowUp
from forum.bookmarks.models import Bookmark
from forum.dialogue import models as dialogue
from forum.dialogue.models import AllRead, Mention
from forum.meetings.models import Attendance
from forum.members.models import Member
from forum.notifications.models import Notice, Watch
from forum.rights.models import Kind, Record
from forum.rights.queries._rows_of_notices import (
    rows_of_all_read,
    rows_of_asked,
    rows_of_asking,
    rows_of_attendances,
    rows_of_availability,
    rows_of_bookmarks,
    rows_of_follow_ups,
    rows_of_mentions,
    rows_of_notice_settings,
    rows_of_notices,
    rows_of_places,
    rows_of_searches,
    rows_of_watches,
    say_in_notices,
)
from forum.rights.queries._shared import LANGUAGE, TIMES, as_one_record, in_batches
from forum.searches.models import KeptSearch
from forum.searches.queries import my_searches, new_numbers


def _searches(member: Member, after: Any) -> tuple[list[Record], Any]:
    """A batch of kept searches, each with the number of new texts that its owner finds now."""
    records, key = in_batches(rows_of_searches, KeptSearch.id)(member, after)
    numbers = new_numbers(member, my_searches(member))
    return [record | {"found": numbers.get(record["id"], 0)} for record in records], key


NOTICE_KINDS: tuple[Kind, ...] = (
    Kind(
        "notices",
        _("Notices"),
        _("The lines in your inbox that you can see there."),
        (("notice", "member_id"),),
        in_batches(rows_of_notices, Notice.id, add_to=say_in_notices),
        {
            "id": _("its number"),
            "kind": _("what it tells of"),
            "title": _("the title of what it is about"),
            "text": _("its text"),
            "address": _("where it leads"),
            "by": _("who caused it, where the notice says so"),
            "created_at": _("when it was made"),
            "read_at": _("when you read it"),
            "way": _("how you are told of it by e-mail: at once, digest or never"),
            "mailed_at": _("when it went out by e-mail"),
        },
    ),
    Kind(
        "notice-settings",
        _("How you are told"),
        _("How you want to be told of what happens."),
        (("notice_choice", "member_id"), ("notice_settings", "member_id")),
        as_one_record(rows_of_notice_settings),
        {
            "digest_every": _("how often your digest comes: daily, weekly or never"),
            "digest_hour": _("at which hour of your day"),
            "time_zone": _("the time zone of your day"),
            "watches_replies": _("whether you watch the topics that you write in"),
            "ways": _("the kinds of notices for which you chose a way, each with it"),
        },
    ),
    Kind(
        "watches",
        _("What you watch and mute"),
        _("Agendas, topics, cities, themes and members of which you want to hear, or do not."),
        (("watch", "member_id"),),
        in_batches(rows_of_watches, Watch.subject, Watch.subject_id),
        {
            "subject": _("agenda, topic, city, theme or author (a member)"),
            "subject_id": _("its number"),
            "level": _("watching or muted"),
            "created_at": _("since when"),
            "watched_at": _(
                "since when you had watched what you mute, and watch again once you mute it no longer"
            ),
        },
    ),
    Kind(
        "bookmarks",
        _("Bookmarks"),
        _("What you keep for later, for yourself alone."),
        (("bookmark", "member_id"),),
        in_batches(rows_of_bookmarks, Bookmark.id),
        {
            "id": _("its number"),
            "kind": _("post, case, practice or reading"),
            "item_id": _("the number of what you keep, as in /posts/7"),
            "title": _("its title, or that of the topic, unless you cannot read it any longer"),
            "note": _("your note"),
            "remind_on": _("the day on which you want to be reminded of it"),
            "created_at": _("since when you keep it"),
        },
    ),
    Kind(
        "searches",
        _("Kept searches"),
        _("The searches that you keep, for yourself alone."),
        (("kept_search", "member_id"),),
        _searches,
        {
            "id": _("its number"),
            "name": _("what you call it"),
            "words": _("its words"),
            "kinds": _("the kinds of texts that it finds; none: all"),
            "agenda_ids": _("the numbers of the agendas on which it looks; none: all"),
            "languages": _("the languages of the texts that it finds; none: all"),
            "topic_id": _("the number of the one topic in which it looks"),
            "is_exact": _("whether it looks for the exact words only"),
            "told": _("how often you are told of new texts: daily, weekly or never"),
            "found": _(
                "how many new texts were found since you last looked, of those that you can read"
            ),
            "came_at": _("when the newest of the texts that were found was written"),
            "created_at": _("since when you keep it"),
        },
    ),
    Kind(
        "meetings",
        _("Meetings"),
        _("The meetings to which you said that you are coming, until half a year after them."),
        (("attendance", "member_id"),),
        in_batches(rows_of_attendances, Attendance.id),
        {
            "meeting_id": _("the number of the meeting, as in /meetings/7"),
            "title": _("its title, unless you cannot read it any longer"),
            "way": _("whether you come to the place or join online, where there are both"),
            "said_at": _("when you said so"),
            "waiting_at": _("since when you wait for a place"),
            "remind_at": _("when you are to be reminded of it"),
        },
    ),
    Kind(
        "mentions",
        _("Mentions"),
        _("The posts that mention you, or did."),
        (("mention", "member_id"),),
        in_batches(rows_of_mentions, Mention.post_id),
        {"post_id": _("the number of the post")},
    ),
    Kind(
        "reading",
        _("How far you have read"),
        _("One line for each topic that you have read in."),
        (("place", "member_id"),),
        in_batches(rows_of_places, dialogue.Place.topic_id),
        {
            "topic_id": _("the number of the topic"),
            "topic": _("its title, unless it is of somebody else and hidden or in preparation"),
            "number": _("the place of the last post that you have read"),
        },
    ),
    Kind(
        "all-read",
        _("Marked as read"),
        _("Of which dialogues you marked all topics as read, and when."),
        (("all_read", "member_id"),),
        in_batches(rows_of_all_read, AllRead.agenda_id),
        {
            "agenda_id": _("the number of the agenda; 0 for all of them"),
            "until": _("all that was written until then is read"),
        },
    ),
    Kind(
        "asked",
        _("Asked for advice"),
        _("The questions about which you were asked, and what you said to it."),
        (("asked", "member_id"),),
        in_batches(rows_of_asked, AdviceRequest.topic_id),
        {
            "topic_id": _("the number of the question"),
            "topic": _("its title, unless it is of somebody else and hidden or in preparation"),
            "by": _("who asked you"),
            "reasons": _("why you were asked: each a kind, its words and a number"),
            "asked_at": _("when you were asked"),
            "declined_at": _("when you said: not me"),
            "postponed_at": _("when you said: not now"),
            "passed_at": _("when you passed it on"),
        },
    ),
    Kind(
        "asking",
        _("Members you asked"),
        _("The members you asked for advice."),
        (("asked", "asker_id"),),
        in_batches(rows_of_asking, AdviceRequest.topic_id, AdviceRequest.member_id),
        {
            "topic_id": _("the number of the question"),
            "topic": _("its title, unless it is of somebody else and hidden or in preparation"),
            "asked": _("the member you asked"),
            "asked_at": _("when you asked"),
        },
    ),
    Kind(
        "being-asked",
        _("Being asked"),
        _("Whether you want to be asked for advice."),
        (("availability", "member_id"),),
        in_batches(rows_of_availability, Availability.member_id),
        {
            "muted_at": _("since when you do not want to be asked at all"),
            "away_until": _("until when you do not want to be asked"),
        },
    ),
    Kind(
        "follow-ups",
        _("What happened next"),
        _("What you told of what became of your questions."),
        (("topic", "author_id"),),
        in_batches(rows_of_follow_ups, FollowUp.topic_id),
        {
            "topic_id": _("the number of the question"),
            "topic": _("its title"),
            "deed": _("what you did"),
            "outcome": _("whether it worked: yes, partly, no or not yet tried"),
            "text": _("what you told"),
            "told_at": _("when you told it"),
            "edited_at": _("when you last changed it"),
            "hidden_at": TIMES["hidden_at"],
            "hidden_reason": _("why it is hidden"),
            **LANGUAGE,
        },
    ),
)
