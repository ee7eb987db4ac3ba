"""What the worker does: adopting what is over, and reminding of the last day to sign."""

from __future__ import annotations

from forum.clock import now
from forum.db import db
from forum.declarations.actions._telling import adopt_and_tell, ask_to_sign
from forum.declarations.models import Declaration
from forum.declarations.queries import REMIND_BEFORE, declarations_over, invitations_to_remind
from forum.deeds import action, touches
from forum.permissions import Person, require
from forum.versions import EVERYTHING

BATCH_SIZE = 100  # declarations that one transaction handles


@action
def look_after(system: Person, limit: int = BATCH_SIZE) -> int:
    """Adopt declarations after their last day, and remind invited organisations a week before it; returns how many.

    Rows that are due are locked and updated in the transaction that writes the events, so each notice is sent once.
    """
    require(system.can.administer())
    touches()
    over = declarations_over(now().date(), limit)
    for declaration in over:
        adopt_and_tell(system, declaration)
        touches(EVERYTHING)
    return len(over) + _remind(system, limit)


def _remind(system: Person, limit: int) -> int:
    """Organisations invited during that last week know the day, and are not reminded."""
    due = invitations_to_remind(now().date(), limit)
    late: dict[int, list[int]] = {}
    for invitation in due:
        invitation.reminded_at = now()
        declaration = db.session.get_one(Declaration, invitation.declaration_id)
        if (
            declaration.sign_until
            and invitation.invited_at.date() < declaration.sign_until - REMIND_BEFORE
        ):
            late.setdefault(declaration.id, []).append(invitation.organisation_id)
    for declaration_id, organisation_ids in late.items():
        ask_to_sign(system, db.session.get_one(Declaration, declaration_id), organisation_ids)
    return len(due)
