"""What a member wrote, marked and keeps in the dialogue: a select for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, case, literal, or_, select

from forum.agendas.models import Agenda, Theme
from forum.db import db
from forum.dialogue.models import Draft, Held, Mark, Poll, PollOption, PollVote, Post, Topic
from forum.glossary.models import Entry, Proposal
from forum.illustrations import FOLDERS
from forum.library.models import Intention
from forum.members.models import City, Member, Organisation
from forum.pictures.models import Picture
from forum.rights.models import Record
from forum.rights.queries._rows import (
    FILES_FOLDER,
    FOLDER,
    agenda_in_sight,
    columns_of,
    title_in_sight,
)
from forum.screening.models import Rule


def rows_of_topics(member: Member) -> Select[Any]:
    kept = columns_of(
        Topic,
        "id kind title language audience created_at hidden_at hidden_reason removed_at deleted_at locked_at locked_reason locked_until slowed_at slow_until slow_minutes slow_reason merged_into_id",
    )
    query = select(*kept, agenda_in_sight(member), Organisation.name.label("for_organisation"))
    query = query.join(Agenda, Agenda.id == Topic.agenda_id)
    query = query.outerjoin(Organisation, Organisation.id == Topic.organisation_id)
    return query.where(Topic.author_id == member.id)


def rows_of_posts(member: Member) -> Select[Any]:
    names = """id topic_id number source language paragraph created_at edited_at hidden_at hidden_reason
    removed_at deleted_at useful_count same_here_count tried_count note_source note_language note_at edit_asked_at
    edit_answered_at"""
    query = select(*columns_of(Post, names), title_in_sight(member))
    query = query.add_columns(Organisation.name.label("for_organisation"))
    query = query.join(Topic, Topic.id == Post.topic_id)
    query = query.outerjoin(Organisation, Organisation.id == Post.organisation_id)
    return query.where(Post.author_id == member.id)


def rows_of_held(member: Member) -> Select[Any]:
    names = """id deed kind title source language audience paragraph poll rule sentence created_at decided_at refused_at
    reason"""
    query = select(*columns_of(Held, names), agenda_in_sight(member), title_in_sight(member))
    query = query.add_columns(Held.became_id.label("post_id"), Held.themes.label("key_themes"))
    query = query.add_columns(Organisation.name.label("for_organisation"))
    query = query.join(Agenda, Agenda.id == Held.agenda_id)
    query = query.outerjoin(Organisation, Organisation.id == Held.organisation_id)
    query = query.outerjoin(Topic, Topic.id == Held.topic_id)
    return query.where(Held.author_id == member.id)


def add_themes(rows: Sequence[Any], records: list[Record]) -> None:
    """Add the names of the themes of held texts."""
    ids = {number for row in rows for number in row.key_themes or ()}
    known = select(Theme.id, Theme.name).where(Theme.id.in_(ids))
    names = {row.id: row.name for row in db.session.execute(known)} if ids else {}
    for row, record in zip(rows, records, strict=True):
        record["themes"] = [
            names[theme_id] for theme_id in row.key_themes or () if theme_id in names
        ]


def rows_of_drafts(member: Member) -> Select[Any]:
    query = select(*columns_of(Draft, "id kind item_id fields saved_at"), agenda_in_sight(member))
    query = query.add_columns(title_in_sight(member))
    query = query.outerjoin(Agenda, Agenda.id == Draft.agenda_id)
    query = query.outerjoin(Topic, Topic.id == Draft.topic_id)
    return query.where(Draft.author_id == member.id)


def rows_of_pictures(member: Member) -> Select[Any]:
    address, file = (
        case(
            (Picture.name.contains("."), literal(files).concat(Picture.name)),
            else_=literal(pictures).concat(Picture.name).concat(".webp"),
        )
        for pictures, files in (FOLDERS, (FOLDER, FILES_FOLDER))
    )
    kept = columns_of(Picture, "id title size created_at used_at")
    query = select(*kept, address.label("address"), file.label("file"))
    return query.where(Picture.member_id == member.id)


def rows_of_rules(member: Member) -> Select[Any]:
    kept = columns_of(Rule, "sentence made_at off_at")
    return select(*kept).where(Rule.member_id == member.id)


def rows_of_marks(member: Member) -> Select[Any]:
    kept: list[Any] = [
        *columns_of(Mark, "post_id kind outcome language created_at hidden_at hidden_reason"),
        Mark.words.label("note"),
        City.name.label("city"),
    ]
    query = select(*kept, title_in_sight(member)).outerjoin(City, City.id == Mark.city_id)
    query = query.join(Post, Post.id == Mark.post_id).join(Topic, Topic.id == Post.topic_id)
    return query.where(Mark.member_id == member.id)


def rows_of_votes(member: Member) -> Select[Any]:
    title = title_in_sight(member)
    is_shown = and_(title != "", or_(Post.hidden_at.is_(None), Post.author_id == member.id))
    words = {"question": Poll.question, "option": PollOption.words}
    kept = (case((is_shown, column), else_="").label(name) for name, column in words.items())
    query = select(Poll.post_id, *kept, PollVote.created_at, title)
    query = query.join(PollOption, PollOption.id == PollVote.option_id)
    query = query.join(Poll, Poll.id == PollOption.poll_id)
    query = query.join(Post, Post.id == Poll.post_id).join(Topic, Topic.id == Post.topic_id)
    return query.where(PollVote.member_id == member.id)


def rows_of_proposals(member: Member) -> Select[Any]:
    names = "id language name meaning why caught_by created_at decided_at outcome reason"
    query = select(*columns_of(Proposal, names), Entry.slug.label("entry"))
    query = query.outerjoin(Entry, Entry.id == Proposal.entry_id)
    return query.where(Proposal.author_id == member.id)


def rows_of_intentions(member: Member) -> Select[Any]:
    kept = columns_of(Intention, "topic_id until created_at asked_at")
    query = select(*kept, title_in_sight(member)).join(Topic, Topic.id == Intention.topic_id)
    return query.where(Intention.member_id == member.id)
