"""What a member signed, promised, translated and edited: a select for each kind."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from forum.agendas.models import Agenda
from forum.commitments.models import Commitment, Peer
from forum.commitments.queries import visible_commitments
from forum.declarations.models import Declaration, Signature
from forum.history.models import Version
from forum.library.models import Case, Practice
from forum.library.queries import visible_cases, visible_practices
from forum.members.models import City, Member, Organisation
from forum.members.queries import earlier_handles
from forum.parallels.models import Translation
from forum.parallels.queries import is_written_by
from forum.rights.queries._rows import agenda_in_sight, columns_of


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
