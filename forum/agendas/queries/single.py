"""Agendas: what a reader may see, lists, and single ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import selectinload, undefer_group

from forum.agendas.models import FOUND, Agenda, AgendaHost
from forum.agendas.queries._shared import MAX_LISTED
from forum.clock import now
from forum.db import db, execute_core
from forum.errors import or_not_found
from forum.members.models import Member
from forum.permissions import Person, require
from forum.principals import moderates
from forum.reach import may_decide, opened_to
from forum.reachcache import cached_statement
from forum.versions import cached


def visible_agendas(reader: Person) -> Select[Agenda]:
    """The agendas that a reader may see, in the moderators' order: those in preparation only if they moderate them.

    Deleted ones are never included.
    """
    seen = select(Agenda).where(opened_to(reader, Agenda.id), Agenda.deleted_at.is_(None))
    return seen.order_by(Agenda.position, Agenda.id)


def agendas(reader: Person, archived: bool = False) -> Sequence[Agenda]:
    """The agendas that are not archived, or (`archived`) those that are, in order."""
    return db.session.scalars(_agendas(reader, archived)).all()


@cached_statement
def _agendas(reader: Person, archived: bool) -> Select[Agenda]:
    state = Agenda.archived_at.is_not(None) if archived else Agenda.archived_at.is_(None)
    return visible_agendas(reader).where(state).limit(MAX_LISTED)


def curated_agendas(curator: Person) -> list[Agenda]:
    """The agendas, not archived, that a curator may edit, in order; no query for others."""
    if not curator.is_curator:
        return []
    return [agenda for agenda in agendas(curator) if curator.can.curate(agenda)]


def all_agendas(reader: Person) -> Sequence[Agenda]:
    """Every agenda that the reader sees, open, archived or in preparation, in order."""
    return db.session.scalars(visible_agendas(reader).limit(MAX_LISTED)).all()


def get_agenda(reader: Person, slug: str) -> Agenda:
    """The agenda with this slug and its hosts, or `NotFound`."""
    return or_not_found(db.session.scalars(_by_slug(reader), {"slug": slug}).first())


def agenda_by_id(reader: Person, agenda_id: int) -> Agenda:
    """The agenda with this id and its hosts, or `NotFound`."""
    return or_not_found(db.session.scalars(_by_id(reader), {"agenda_id": agenda_id}).first())


@cached_statement
def _by_slug(reader: Person) -> Select[Agenda]:
    return _with_hosts(visible_agendas(reader).where(Agenda.slug == bindparam("slug")))


@cached_statement
def _by_id(reader: Person) -> Select[Agenda]:
    return _with_hosts(visible_agendas(reader).where(Agenda.id == bindparam("agenda_id")))


def agendas_of_findings(reader: Person, addresses: Collection[str]) -> dict[str, Agenda]:
    """The agendas that the reader sees, by the address of their findings."""
    if not addresses:
        return {}
    slugs = [address.removeprefix("/agendas/").removesuffix(FOUND) for address in addresses]
    found = db.session.scalars(visible_agendas(reader).where(Agenda.slug.in_(slugs)))
    return {agenda.findings_address: agenda for agenda in found}


def agenda_to_curate(curator: Person, slug: str) -> Agenda:
    """The agenda with this slug, for somebody who may curate it; else `Forbidden`, or `NotFound`."""
    agenda = get_agenda(curator, slug)
    require(curator.can.curate(agenda))
    return agenda


def agendas_to_order(moderator: Person) -> Sequence[Agenda]:
    """Every agenda, for somebody who may put them in order; else `Forbidden`."""
    require(moderator.can.curate_all())
    return all_agendas(moderator)


def agenda_patterns(reader: Person) -> tuple[tuple[str, str], ...]:
    """(slug, pattern) of every agenda that the reader sees, from which its plan is drawn; cached."""
    return tuple(
        (slug, pattern)
        for agenda_id, opened_at, slug, pattern in _plans_drawn()
        if opened_at or reader.can.moderate(agenda_id)
    )


def ids_in_preparation() -> list[int]:
    """The ids of the agendas in preparation; cached."""
    return [agenda_id for agenda_id, opened_at, *_plan in _plans_drawn() if not opened_at]


def _plans_drawn() -> Sequence[Any]:
    """(id, when it was opened, slug, pattern) of every agenda."""

    def read() -> Sequence[Any]:
        columns = (Agenda.id, Agenda.opened_at, Agenda.slug, Agenda.pattern)
        query = select(*columns).where(Agenda.deleted_at.is_(None))
        return execute_core(query.order_by(Agenda.id).limit(MAX_LISTED)).all()

    return cached("plans drawn", read)


def agenda_to_change(doer: Person, agenda_id: int, *, may_write: bool = False) -> Agenda:
    """The agenda with this id and its hosts, locked; or `NotFound`.

    Who writes or decides there waits too, unless `may_write` is true.
    """
    query = visible_agendas(doer).where(Agenda.id == agenda_id)
    locked = _with_hosts(query.with_for_update(of=Agenda, key_share=may_write))
    return or_not_found(db.session.scalars(locked).first())


def taken_slugs(slugs: Collection[str]) -> set[str]:
    """Which of some slugs agendas have."""
    return set(db.session.scalars(select(Agenda.slug).where(Agenda.slug.in_(slugs))))


def agendas_titled(title: str) -> set[int]:
    """The ids of the agendas of exactly this title, without those that were deleted."""
    is_so = (Agenda.title == title, Agenda.deleted_at.is_(None))
    return set(db.session.scalars(select(Agenda.id).where(*is_so)))


def last_position() -> int:
    """The highest position of an agenda; 0 when there is none."""
    return db.session.scalar(select(func.max(Agenda.position))) or 0


def curators_of(agenda_id: int | None) -> Sequence[int]:
    """The ids of everybody who can moderate an agenda now: its hosts, moderators and administrators."""
    hosts = select(AgendaHost.member_id).where(AgendaHost.agenda_id == agenda_id)
    is_meant = or_(moderates(Member.role), Member.id.in_(hosts))
    query = select(Member.id).where(is_meant, may_decide(Member, now())).order_by(Member.id)
    return db.session.scalars(query).all()


def hosted_by(member_id: int) -> list[int]:
    """The ids of the agendas that a member hosts."""
    query = select(AgendaHost.agenda_id).where(AgendaHost.member_id == member_id)
    return sorted(db.session.scalars(query))


def _with_hosts(query: Select[Agenda]) -> Select[Agenda]:
    hosts = selectinload(Agenda.hosts)
    people = hosts, hosts.joinedload(Member.city), hosts.joinedload(Member.organisation)
    return query.options(*people, undefer_group("findings"))
