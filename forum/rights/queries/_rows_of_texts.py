"""What a member wrote, marked and keeps: a select for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from forum.agendas.models import Agenda, Statement, TakenName, Theme
from forum.agendas.queries import is_said_by
from forum.commitments.models import Commitment, Peer
from forum.commitments.queries import visible_commitments
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.dialogue.models import Draft, Held, Mark, Poll, PollOption, PollVote, Post, Topic
from forum.glossary.models import Entry, Proposal
from forum.history.models import Version
from forum.illustrations import FOLDERS
from forum.library.models import Case, Intention, Practice, Reading
from forum.library.queries import visible_cases, visible_practices
from forum.meetings.models import Meeting
from forum.members.models import City, Member, Organisation
from forum.members.queries import earlier_handles
from forum.parallels.models import Translation
from forum.parallels.queries import is_written_by
from forum.pictures.models import Picture
from forum.rights.models import Record
from forum.rights.queries._rows import (
    FILES_FOLDER,
    FOLDER,
    agenda_in_sight,
    columns_of,
    json_value,
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


def rows_of_practices(member: Member) -> Select[Any]:
    names = """id state title sentence link evidence cost started language audience failure_audience revisit_on
    confirmed_on asked_at unconfirmed_at created_at updated_at submitted_at published_at returned_at returned_reason caught_by featured_at hidden_at
    hidden_reason removed_at deleted_at"""
    origin = aliased(Practice)
    seen = visible_practices(member).with_only_columns(Practice.id).correlate(None)
    title = select(origin.title).where(origin.id == Practice.adapted_from_id, origin.id.in_(seen))
    adapted_from = title.correlate(Practice).scalar_subquery().label("adapted_from")
    query = select(*columns_of(Practice, names), agenda_in_sight(member), adapted_from)
    query = query.add_columns(
        City.name.label("city"), Organisation.name.label("for_organisation"), Practice.slug
    )
    query = query.join(Agenda, Agenda.id == Practice.agenda_id)
    query = query.outerjoin(City, City.id == Practice.city_id)
    query = query.outerjoin(Organisation, Organisation.id == Practice.organisation_id)
    return query.where(Practice.author_id == member.id)


def versions_of(kind: str, ids: Sequence[int]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {row_id: [] for row_id in ids}
    query = select(Version.item_id, Version.replaced_at, Version.fields)
    query = query.where(Version.kind == kind, Version.item_id.in_(ids)).order_by(Version.id)
    for row in db.session.execute(query):
        found[row.item_id].append({"replaced_at": json_value(row.replaced_at), **row.fields})
    return found


def rows_of_cases(member: Member) -> Select[Any]:
    kept = """id name kind reach since status summary body language checked_on created_at updated_at hidden_at
    hidden_reason removed_at"""
    query = select(*columns_of(Case, kept), agenda_in_sight(member), Case.slug)
    query = query.join(Agenda, Agenda.id == Case.agenda_id).join(Topic, Topic.id == Case.topic_id)
    return query.where(Topic.author_id == member.id)


def rows_of_readings(member: Member) -> Select[Any]:
    query = select(
        *columns_of(Reading, "id title authors year kind link why language created_at removed_at")
    )
    query = query.add_columns(agenda_in_sight(member)).join(Agenda, Agenda.id == Reading.agenda_id)
    return query.where(Reading.added_by_id == member.id)


def rows_of_meetings(member: Member) -> Select[Any]:
    kept = """id title source language starts_at ends_at time_zone place is_online join_link seats audience created_at
    cancelled_at cancelled_reason outcome recording"""
    query = select(*columns_of(Meeting, kept), agenda_in_sight(member), City.name.label("city"))
    query = query.join(Agenda, Agenda.id == Meeting.agenda_id)
    query = query.outerjoin(City, City.id == Meeting.city_id)
    return query.where(Meeting.announced_by_id == member.id)


def rows_of_statements(member: Member) -> Select[Any]:
    kept = "id name role_title organisation said_on quotation language removed_at"
    before = select(func.max(TakenName.taken_at)).where(
        TakenName.statement_id == Statement.id, TakenName.member_id == member.id
    )
    is_last = Statement.refused_by_id == member.id
    refused_at = case((is_last, Statement.refused_at), else_=before.scalar_subquery())
    query = select(
        *columns_of(Statement, kept), agenda_in_sight(member), refused_at.label("refused_at")
    )
    query = query.join(Agenda, Agenda.id == Statement.agenda_id)
    return query.where(is_said_by(member.id))


def rows_of_declarations(member: Member) -> Select[Any]:
    kept = """id title source language digest sign_until created_at edited_at opened_at frozen_at adopted_at withdrawn_at
    withdrawn_reason"""
    query = select(*columns_of(Declaration, kept), agenda_in_sight(member))
    query = query.join(Agenda, Agenda.id == Declaration.agenda_id)
    return query.where(Declaration.author_id == member.id)


def rows_of_signatures(member: Member) -> Select[Any]:
    kept = """id name position organisation_name language signed_at withdrawn_at hidden_at hidden_reason"""
    words = Signature.words.label("reservation")
    query = select(*columns_of(Signature, kept), words, Declaration.title.label("declaration"))
    query = query.add_columns(City.name.label("city"))
    query = query.outerjoin(City, City.id == Signature.city_id)
    query = query.join(Declaration, Declaration.id == Signature.declaration_id)
    return query.where(Signature.member_id == member.id)


def rows_of_commitments(member: Member) -> Select[Any]:
    kept = """id title source language last_day published_at updated_at kept_at kept_words ended_at ended_reason hidden_at
    hidden_reason"""
    organisation = Organisation.name.label("organisation")
    query = select(*columns_of(Commitment, kept), agenda_in_sight(member), organisation)
    query = query.join(Agenda, Agenda.id == Commitment.agenda_id).join(Commitment.organisation)
    return query.where(Commitment.author_id == member.id)


def rows_of_translations(member: Member) -> Select[Any]:
    kept = "id language title sentence figures created_at edited_at hidden_at hidden_reason"
    seen = visible_practices(member).with_only_columns(Practice.title)
    practice = seen.where(Practice.id == Translation.practice_id).correlate(Translation)
    known = visible_cases(member).with_only_columns(Case.name)
    case = known.where(Case.id == Translation.case_id).correlate(Translation)
    of = func.coalesce(practice.scalar_subquery(), case.scalar_subquery(), "").label("original")
    query = select(*columns_of(Translation, kept), of)
    return query.where(is_written_by(member.id), Translation.deleted_at.is_(None))


def rows_of_peers(member: Member) -> Select[Any]:
    seen = visible_commitments(member).with_only_columns(Commitment.title)
    title = seen.where(Commitment.id == Peer.commitment_id).correlate(Peer).scalar_subquery()
    kept = columns_of(Peer, "commitment_id followed_at")
    query = select(*kept, func.coalesce(title, "").label("title"))
    return query.where(Peer.member_id == member.id)


def rows_of_edits(member: Member) -> Select[Any]:
    kept = columns_of(Version, "kind item_id replaced_at")
    handles = [member.handle, *earlier_handles(member.id)]
    return select(*kept).where(Version.editor_handle.in_(handles))


def rows_of_intentions(member: Member) -> Select[Any]:
    kept = columns_of(Intention, "topic_id until created_at asked_at")
    query = select(*kept, title_in_sight(member)).join(Topic, Topic.id == Intention.topic_id)
    return query.where(Intention.member_id == member.id)
