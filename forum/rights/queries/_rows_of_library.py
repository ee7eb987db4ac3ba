"""What a member wrote for the library and on agendas: a select for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased

from forum.agendas.models import Agenda, Statement, TakenName
from forum.agendas.queries import is_said_by
from forum.db import db
from forum.dialogue.models import Topic
from forum.history.models import Version
from forum.library.models import Case, Practice, Reading
from forum.library.queries import visible_practices
from forum.meetings.models import Meeting
from forum.members.models import City, Member, Organisation
from forum.rights.models import Record
from forum.rights.queries._rows import agenda_in_sight, columns_of, json_value


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
