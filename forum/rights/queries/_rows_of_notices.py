"""What a member was told, follows and was asked: a select for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from forum.advice.models import AdviceRequest, Availability, FollowUp
from forum.bookmarks.models import Bookmark
from forum.bookmarks.queries import COLUMNS as KEPT_COLUMNS
from forum.db import db
from forum.dialogue import models as dialogue
from forum.dialogue.models import AllRead, Mention, Post, Topic
from forum.dialogue.queries import is_readable, visible_topics
from forum.library.models import Case, Practice, Reading
from forum.library.queries import visible_cases, visible_practices, visible_readings
from forum.meetings.models import Attendance, Meeting
from forum.meetings.queries import visible_meetings
from forum.members.models import Member
from forum.notifications.models import QUEUE_KINDS, Notice, NoticeChoice, Watch, said_in
from forum.notifications.queries import settings_of
from forum.rights.models import Record
from forum.rights.queries._rows import columns_of, title_in_sight
from forum.searches.models import KeptSearch


def rows_of_notices(member: Member) -> Select[Any]:
    kept = columns_of(Notice, "id kind title text address created_at read_at way mailed_at")
    query = select(
        *kept, Member.name.label("by"), Notice.sentences.label("key_sentences")
    ).outerjoin(Member, Member.id == Notice.actor_id)
    is_open = or_(Member.id.is_(None), Member.hidden_at.is_(None))
    if not member.is_curator:
        query = query.where(Notice.kind.not_in(QUEUE_KINDS))
    return query.where(Notice.member_id == member.id, and_(Notice.hidden_at.is_(None), is_open))


def say_in_notices(rows: Sequence[Any], records: list[Record]) -> None:
    """Add the forum's sentences to notices, in the language of the file."""
    for row, record in zip(rows, records, strict=True):
        record["title"] = row.title or said_in(row.key_sentences, "title")
        record["text"] = f"{said_in(row.key_sentences, 'text')} {row.text}".strip()


def rows_of_notice_settings(member: Member) -> Record:
    kept, chosen = settings_of(member.id), select(NoticeChoice.kind, NoticeChoice.way)
    mine = chosen.where(NoticeChoice.member_id == member.id).order_by(NoticeChoice.kind)
    names = ("digest_every", "digest_hour", "time_zone", "watches_replies")
    ways = {row.kind: row.way for row in db.session.execute(mine)}
    return {name: getattr(kept, name) for name in names} | {"ways": ways}


def rows_of_watches(member: Member) -> Select[Any]:
    kept = columns_of(Watch, "subject subject_id level created_at watched_at")
    return select(*kept).where(Watch.member_id == member.id)


def rows_of_bookmarks(member: Member) -> Select[Any]:
    kind = case(*((column.is_not(None), name) for name, column in KEPT_COLUMNS.items()))
    number = func.coalesce(*KEPT_COLUMNS.values())
    query = select(Bookmark.id, kind.label("kind"), number.label("item_id"), _kept_title(member))
    return query.add_columns(Bookmark.note, Bookmark.remind_on, Bookmark.created_at).where(
        Bookmark.member_id == member.id
    )


def rows_of_searches(member: Member) -> Select[Any]:
    kept = columns_of(
        KeptSearch,
        "id name words kinds agenda_ids languages topic_id is_exact told came_at created_at",
    )
    return select(*kept).where(KeptSearch.member_id == member.id)


def _kept_title(member: Member) -> ColumnElement[str]:
    """The title of a bookmarked thing; empty when the member can no longer read it."""
    posts = visible_topics(member).join(Post, Post.topic_id == Topic.id).where(*is_readable())
    titles = (
        posts.with_only_columns(Topic.title).where(Post.id == Bookmark.post_id),
        visible_cases(member).with_only_columns(Case.name).where(Case.id == Bookmark.case_id),
        visible_practices(member)
        .with_only_columns(Practice.title)
        .where(Practice.id == Bookmark.practice_id),
        visible_readings(member)
        .with_only_columns(Reading.title)
        .where(Reading.id == Bookmark.reading_id),
    )
    shown = (title.correlate(Bookmark).scalar_subquery() for title in titles)
    return func.coalesce(*shown, "").label("title")


def rows_of_attendances(member: Member) -> Select[Any]:
    seen = visible_meetings(member).with_only_columns(Meeting.title)
    title = seen.where(Meeting.id == Attendance.meeting_id).correlate(Attendance).scalar_subquery()
    kept = columns_of(Attendance, "meeting_id way said_at waiting_at remind_at")
    query = select(*kept, func.coalesce(title, "").label("title"))
    return query.where(Attendance.member_id == member.id)


def rows_of_mentions(member: Member) -> Select[Any]:
    return select(Mention.post_id).where(Mention.member_id == member.id)


def rows_of_places(member: Member) -> Select[Any]:
    place = dialogue.Place
    query = select(*columns_of(place, "topic_id number"), title_in_sight(member))
    query = query.join(Topic, Topic.id == place.topic_id)
    return query.where(place.member_id == member.id)


def rows_of_all_read(member: Member) -> Select[Any]:
    return select(*columns_of(AllRead, "agenda_id until")).where(AllRead.member_id == member.id)


def rows_of_asked(member: Member) -> Select[Any]:
    kept = columns_of(AdviceRequest, "topic_id reasons asked_at declined_at postponed_at passed_at")
    query = select(*kept, title_in_sight(member), Member.name.label("by"))
    query = query.join(Topic, Topic.id == AdviceRequest.topic_id)
    return query.join(Member, Member.id == AdviceRequest.asker_id).where(
        AdviceRequest.member_id == member.id
    )


def rows_of_asking(member: Member) -> Select[Any]:
    kept = columns_of(AdviceRequest, "topic_id asked_at")
    query = select(*kept, title_in_sight(member), Member.name.label("asked"))
    query = query.join(Topic, Topic.id == AdviceRequest.topic_id)
    return query.join(Member, Member.id == AdviceRequest.member_id).where(
        AdviceRequest.asker_id == member.id
    )


def rows_of_availability(member: Member) -> Select[Any]:
    kept = columns_of(Availability, "muted_at away_until")
    return select(*kept).where(Availability.member_id == member.id)


def rows_of_follow_ups(member: Member) -> Select[Any]:
    kept = columns_of(
        FollowUp, "topic_id deed outcome text language told_at edited_at hidden_at hidden_reason"
    )
    query = select(*kept, Topic.title.label("topic")).join(Topic, Topic.id == FollowUp.topic_id)
    return query.where(Topic.author_id == member.id)
