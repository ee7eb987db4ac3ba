"""The account, the profile and the sessions of a member, and for which organisations they write."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from forum.agendas.models import Agenda, AgendaHost, MemberTheme, Theme
from forum.db import db
from forum.invitations.models import Arrival
from forum.members.models import (
    PROFILE_TEXTS,
    City,
    Mandate,
    Member,
    MemberLanguage,
    Organisation,
    Session,
)
from forum.members.queries import earlier_handles
from forum.rights.models import Record
from forum.rights.queries._rows import (
    PORTRAIT_FILE,
    all_of,
    columns_of,
    json_value,
    name_in,
)


def account_of(member: Member) -> Record:
    names = """handle handle_changed_at email role joined_at posts_count waiting_count drafts_count locale takes_letters address_generation terms_due_at
    mail_paused_at mail_paused_why silenced_until reports_suspended_until suspended_until hidden_at leaving_at leaving_how factor_at held_at credentials_at"""
    came_by = select(Arrival.invitation_id).where(Arrival.member_id == member.id)
    return {name: json_value(getattr(member, name)) for name in names.split()} | {
        "earlier_handles": list(earlier_handles(member.id)),
        "invited_by": name_in(Member, member.invited_by_id),
        "invitation_id": db.session.scalar(came_by),
    }


def profile_of(member: Member) -> Record:
    plain = {name: getattr(member, name) for name in (*PROFILE_TEXTS, "language")}
    spoken = select(MemberLanguage.language).where(MemberLanguage.member_id == member.id)
    helps = select(Theme.name).join(MemberTheme).where(MemberTheme.member_id == member.id)
    hosts = select(Agenda.title).join(AgendaHost).where(AgendaHost.member_id == member.id)
    led = select(Organisation.name).where(Organisation.representative_id == member.id)
    return plain | {
        "organisation": name_in(Organisation, member.organisation_id),
        "is_voice": member.organisation_id is not None and member.is_voice_now,
        "voice_until": json_value(member.voice_until),
        "city": name_in(City, member.city_id),
        "portrait": PORTRAIT_FILE if member.portrait else "",
        "languages": all_of(spoken.order_by(MemberLanguage.position)),
        "helps_with_themes": all_of(helps.order_by(Theme.name)),
        "hosts": all_of(hosts.order_by(Agenda.title)),
        "represents": all_of(led.order_by(Organisation.name)),
    }


def rows_of_mandates(member: Member) -> Select[Any]:
    kept = columns_of(Mandate, "since last_day ended_at ended_why")
    found = select(Organisation.name.label("organisation"), *kept).join(Mandate.organisation)
    return found.where(Mandate.member_id == member.id)


def rows_of_sessions(member: Member) -> Select[Any]:
    kept = columns_of(Session, "device how created_at seen_at proved_at ended_at")
    return select(*kept).where(Session.member_id == member.id)
