"""Declarations and invitations whose day has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.db import db
from forum.declarations.models import OPEN, Declaration, InvitedOrganisation, Signature
from forum.declarations.queries._reach import is_in_state

REMIND_BEFORE = timedelta(days=7)


def declarations_over(today: date, limit: int) -> Sequence[Declaration]:
    """The declarations that are open for signature and whose last day is over, locked.

    Agendas in preparation are left out, because nobody may be notified about them.
    """
    query = select(Declaration).join(Agenda, Agenda.id == Declaration.agenda_id)
    query = query.where(
        is_in_state(OPEN), Declaration.sign_until < today, Agenda.opened_at.is_not(None)
    )
    ordered = query.order_by(Declaration.sign_until, Declaration.id).limit(limit)
    locked = ordered.with_for_update(of=Declaration, skip_locked=True)
    return db.session.scalars(locked.options(joinedload(Declaration.agenda))).all()


def invitations_to_remind(today: date, limit: int) -> Sequence[InvitedOrganisation]:
    """Invitations without a signature or reminder, to declarations that can be signed for at most another week.

    Agendas that are archived or in preparation are left out.
    """
    mine = (
        Signature.declaration_id == InvitedOrganisation.declaration_id,
        Signature.organisation_id == InvitedOrganisation.organisation_id,
        Signature.withdrawn_at.is_(None),
    )
    query = select(InvitedOrganisation).join(
        Declaration, Declaration.id == InvitedOrganisation.declaration_id
    )
    query = query.join(Agenda, Agenda.id == Declaration.agenda_id).where(
        is_in_state(OPEN),
        Declaration.sign_until.between(today, today + REMIND_BEFORE),
        InvitedOrganisation.reminded_at.is_(None),
        InvitedOrganisation.taken_back_at.is_(None),
        Agenda.archived_at.is_(None),
        Agenda.opened_at.is_not(None),
        ~exists().where(*mine),
    )
    key = (InvitedOrganisation.declaration_id, InvitedOrganisation.organisation_id)
    locked = query.order_by(*key).limit(limit).with_for_update(of=InvitedOrganisation)
    return db.session.scalars(locked).all()
