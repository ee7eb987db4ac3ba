"""Hiding reservations, and showing them again."""

from __future__ import annotations

from forum.clock import now
from forum.db import db
from forum.declarations.models import Signature
from forum.declarations.queries import declaration_to_change, get_reservation
from forum.deeds import action
from forum.permissions import Person, require


@action
def hide_reservation(moderator: Person, signature_id: int, reason: str) -> Signature:
    """Hide the reservation of a signature; the signature itself stays and counts."""
    signature = _reservation_to_decide(moderator, signature_id)
    if signature.hidden_at is None:
        signature.hidden_at, signature.hidden_reason = now(), reason.strip()
    return signature


@action
def restore_reservation(moderator: Person, signature_id: int) -> Signature:
    """Show a reservation again; if its signature was taken back meanwhile, it is deleted."""
    signature = _reservation_to_decide(moderator, signature_id)
    if signature.withdrawn_at:
        db.session.delete(signature)
    elif signature.hidden_at is not None:
        signature.hidden_at, signature.hidden_reason = None, ""
    return signature


def _reservation_to_decide(moderator: Person, signature_id: int) -> Signature:
    """A signature with a reservation, its declaration locked, for a moderator of the agenda."""
    declaration_id = get_reservation(moderator, signature_id).declaration_id
    declaration = declaration_to_change(moderator, declaration_id)
    require(moderator.can.moderate(declaration.agenda_id))
    return get_reservation(moderator, signature_id)
