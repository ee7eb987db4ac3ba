"""For maintenance commands: rebuilding what is derived from other rows (activity, hosting, HTML)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import update

from forum.agendas.actions._shared import note_hosts
from forum.agendas.models import Agenda
from forum.db import db, store_html
from forum.deeds import action
from forum.markup import Written
from forum.permissions import Person, require


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
    """Store re-rendered HTML by agenda id, where the introduction still has that source; returns the number of agendas."""
    require(system.can.administer())
    return store_html(Agenda.introduction, Agenda.introduction_html, Agenda.html_version, texts)


@action
def rerender_findings(system: Person, texts: Mapping[int, Written]) -> int:
    """Like `rerender`, for the findings."""
    require(system.can.administer())
    return store_html(Agenda.findings, Agenda.findings_html, Agenda.findings_html_version, texts)
