"""For other rooms: recording on an agenda what they know about its content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, literal, update

from forum.agendas.models import Agenda
from forum.db import db
from forum.deeds import action
from forum.permissions import Person


@action
def note_activity(_doer: Person, agenda_id: int, at: datetime) -> None:
    """Record that something was written on an agenda at a moment."""
    moment = literal(at, Agenda.active_at.type)
    later = case((Agenda.active_at < moment, moment), else_=Agenda.active_at)
    db.session.execute(update(Agenda).where(Agenda.id == agenda_id).values(active_at=later))


@action
def note_quiet(_doer: Person, agenda_id: int, at: datetime, before: datetime) -> None:
    """Record that something written `at` a moment is gone: if it was the latest activity, that is now `before`."""
    quiet = update(Agenda).where(Agenda.id == agenda_id, Agenda.active_at == at)
    db.session.execute(quiet.values(active_at=before))


@action
def note_declarations(_doer: Person, agenda_id: int, number: int) -> None:
    """Record how many declarations of an agenda are not drafts."""
    counted = update(Agenda).where(Agenda.id == agenda_id)
    db.session.execute(counted.values(declarations_count=number))
