"""For other rooms and maintenance commands: activity, counters, HTML that is made anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import case, literal, update

from forum.agendas.actions._shared import note_hosts
from forum.agendas.models import Agenda
from forum.db import db, store_html
from forum.deeds import action
from forum.markup import Written
from forum.permissions import Person, require


@action
def note_activity(_doer: Person, agenda_id: int, at: datetime) -> None:
    """Note that something was written on an agenda at a moment."""
    moment = literal(at, Agenda.active_at.type)
    later = case((Agenda.active_at < moment, moment), else_=Agenda.active_at)
    db.session.execute(update(Agenda).where(Agenda.id == agenda_id).values(active_at=later))


@action
def note_quiet(_doer: Person, agenda_id: int, at: datetime, before: datetime) -> None:
    """Note that what was written `at` a moment is gone: if it was the latest activity, that is `before` now."""
    quiet = update(Agenda).where(Agenda.id == agenda_id, Agenda.active_at == at)
    db.session.execute(quiet.values(active_at=before))


@action
def note_declarations(_doer: Person, agenda_id: int, number: int) -> None:
    """Note how many declarations of an agenda are no drafts."""
    counted = update(Agenda).where(Agenda.id == agenda_id)
    db.session.execute(counted.values(declarations_count=number))


@action
def correct_activity(system: Person, agenda_id: int, at: datetime) -> None:
    """Set the latest activity of an agenda, which the dialogue room has recomputed."""
    require(system.can.administer())
    db.session.execute(update(Agenda).where(Agenda.id == agenda_id).values(active_at=at))


@action
def mend_hosting(system: Person, member_ids: Iterable[int]) -> None:
    """Recompute which agendas members host."""
    require(system.can.administer())
    note_hosts(system, set(member_ids))


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store newly rendered HTML by agenda id, where the introduction still has that source; returns for how many."""
    require(system.can.administer())
    return store_html(Agenda.introduction, Agenda.introduction_html, Agenda.html_version, texts)


@action
def rerender_findings(system: Person, texts: Mapping[int, Written]) -> int:
    """As `rerender`, for what the dialogue has found."""
    require(system.can.administer())
    return store_html(Agenda.findings, Agenda.findings_html, Agenda.findings_html_version, texts)
