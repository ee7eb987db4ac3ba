"""Which members write for an organisation that has named some of them, and the record of that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from forum.clock import now
from forum.db import db
from forum.members.models import Mandate, Member, Organisation
from forum.members.queries._shared import MAX_LISTED
from forum.members.queries.directory import first_members, members_of_organisation
from forum.members.queries.people import lock_members, visible_members
from forum.permissions import Person

MANDATES_SHOWN = 30
REMINDED_BEFORE = timedelta(days=14)


def is_voice_now() -> ColumnElement[bool]:
    """`Person.is_voice_now` in SQL."""
    lasts = or_(Member.voice_until.is_(None), Member.voice_until >= now().date())
    return and_(Member.is_voice, lasts)


def voices_of(reader: Person, organisation: Organisation) -> list[Member]:
    """The visible members whom an organisation has named to write for it, by name; none if it has named nobody."""
    if not organisation.names_voices:
        return []
    here = visible_members(reader).where(Member.organisation_id == organisation.id)
    return first_members(here.where(is_voice_now()), MAX_LISTED)


def voice_days(organisation_id: int) -> dict[int, date | None]:
    """The last day (or None) of each member whom an organisation has named, by member id."""
    found = select(Member.id, Member.voice_until).where(Member.organisation_id == organisation_id)
    return {row.id: row.voice_until for row in db.session.execute(found.where(is_voice_now()))}


def voices_to_choose(
    doer: Person, organisation: Organisation
) -> tuple[list[Member], dict[str, Any]]:
    """The fields of the form that chooses voices, by which it also detects changes: visible members, and who writes for it."""
    people = members_of_organisation(doer, organisation.id)
    is_named = organisation.names_voices
    days = {
        str(member.id): str(member.voice_until or "") for member in people if member.is_voice_now
    }
    return people, {"names_voices": is_named, "voices": days if is_named else {}}


def other_member_ids(organisation_id: int, but: Mapping[int, Any]) -> set[int]:
    """The ids of the members of an organisation, without some."""
    here = select(Member.id).where(
        Member.organisation_id == organisation_id, Member.left_at.is_(None)
    )
    return set(db.session.scalars(here)) - but.keys()


# The record


def mandates_of(reader: Person, organisation: Organisation) -> tuple[Sequence[Mandate], int]:
    """The mandates of an organisation, present ones first, then the most recently ended; and how many there are.

    At most `MANDATES_SHOWN`, with the members and who named them; none for readers who may not see them.
    """
    if not reader.can.see_mandates():
        return [], 0
    found = select(Mandate, func.count().over().label("total"))
    people = joinedload(Mandate.member), joinedload(Mandate.named_by)
    newest = (Mandate.ended_at.desc().nulls_first(), Mandate.id.desc())
    rows = db.session.execute(
        found.where(Mandate.organisation_id == organisation.id)
        .order_by(*newest)
        .limit(MANDATES_SHOWN)
        .options(*people)
    ).all()
    open_first = sorted((row[0] for row in rows), key=lambda mandate: not mandate.is_open)
    return open_first, (rows[0].total if rows else 0)


def organisations_with_due_mandates(limit: int) -> Sequence[int]:
    """The ids of organisations with a mandate that is over, or ends soon and was not announced; the first due first."""
    near = now().date() + REMINDED_BEFORE
    is_due = or_(Mandate.last_day < now().date(), Mandate.reminded_at.is_(None))
    found = select(Mandate.organisation_id).where(
        Mandate.ended_at.is_(None), Mandate.last_day <= near, is_due
    )
    first = found.group_by(Mandate.organisation_id).order_by(func.min(Mandate.last_day))
    return db.session.scalars(first.limit(limit)).all()


def lock_voices(organisation_ids: Iterable[int]) -> None:
    """Lock organisations, and then all their members, each in the order of their ids."""
    ids = set(organisation_ids)
    _lock_organisations(ids)
    lock_members(Member.organisation_id.in_(ids))


def _lock_organisations(ids: Collection[int]) -> None:
    wanted = select(Organisation.id).where(Organisation.id.in_(ids))
    db.session.scalars(wanted.order_by(Organisation.id).with_for_update(key_share=True)).all()


def lock_to_end_voices(organisation_ids: Collection[int]) -> None:
    """Lock organisations, and then all members whose mandates there are over, each in the order of their ids."""
    _lock_organisations(organisation_ids)
    over = select(Mandate.member_id).where(
        Mandate.organisation_id.in_(organisation_ids),
        Mandate.ended_at.is_(None),
        Mandate.last_day < now().date(),
    )
    lock_members(Member.id.in_(over))


def mandates_over(organisation_id: int) -> Sequence[Mandate]:
    """The mandates of an organisation whose last day has passed and that were not ended yet, with their members; locked."""
    return _open_mandates(organisation_id, Mandate.last_day < now().date())


def mandates_near_end(organisation_id: int) -> Sequence[Mandate]:
    """Those that end within `REMINDED_BEFORE` and were not announced yet; with their members, locked."""
    near = now().date() + REMINDED_BEFORE
    is_near = and_(Mandate.last_day >= now().date(), Mandate.last_day <= near)
    return _open_mandates(organisation_id, is_near, Mandate.reminded_at.is_(None))


def _open_mandates(organisation_id: int, *which: ColumnElement[bool]) -> Sequence[Mandate]:
    here = (Mandate.organisation_id == organisation_id, Mandate.ended_at.is_(None))
    found = select(Mandate).where(*here, *which).options(joinedload(Mandate.member))
    return db.session.scalars(
        found.order_by(Mandate.id).limit(MAX_LISTED).with_for_update(of=Mandate)
    ).all()
