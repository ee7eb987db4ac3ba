"""Signing for an organisation, with or without a reservation, and taking a signature back."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from forum.agendas.queries import lock_to_write_on
from forum.clock import now
from forum.db import db, flush_unique
from forum.declarations.actions._rows import MAX_RESERVATION, count_signers
from forum.declarations.actions._telling import end_invitation
from forum.declarations.models import Declaration, Signature
from forum.declarations.queries import (
    declaration_to_change,
    has_hidden_reservation,
    signature_to_change,
    signatures_for,
)
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.matches import from_plain_text
from forum.members.models import Member, Organisation
from forum.members.queries import language_names, lock_organisation, lock_writer
from forum.permissions import Person, require
from forum.screening.actions import refuse_caught
from forum.versions import EVERYTHING


@dataclass(frozen=True)
class Signing:
    """What an organisation signs: the text with this digest, with an optional reservation in plain text."""

    digest: str
    reservation: str = ""
    language: str = "en"


@action
def sign(
    member: Person,
    declaration_id: int,
    organisation_id: int,
    signing: Signing,
    *,
    is_screened: bool = True,
) -> Signature:
    """Sign a declaration for an organisation, in the member's own name and office as they are now.

    Raises `Conflict` when it has signed already, or the text is not that of `signing`. A form sent twice signs once. A
    reservation that a rule catches is refused, because there is no queue for it. Imports are not screened (`is_screened`).
    """
    # Locked in the same order as when an organisation chooses its voices
    organisation = lock_organisation(organisation_id)
    lock_writer(member)
    declaration = declaration_to_change(member, declaration_id)
    lock_to_write_on(member, declaration.agenda_id)
    if organisation is None:
        raise Invalid(_("Choose one from the list."), "organisation")
    require(member.can.sign(declaration, organisation))
    if signing.digest != declaration.digest:
        raise Conflict(_("This is not the text that you have read. Read it once more, then sign."))
    if known := signatures_for(declaration, [organisation]).get(organisation.id):
        if _was_signed_so(known, member, signing):
            return known
        raise _signed_already(known)
    signature = _signature(db.session.get_one(Member, member.id), declaration, organisation)
    _reserve(member, declaration, signature, signing, is_screened=is_screened)
    db.session.add(signature)
    flush_unique(_signed_already(signature))
    count_signers(declaration)
    end_invitation(member, declaration, organisation.id)
    touches(EVERYTHING)
    return signature


def _was_signed_so(signature: Signature, member: Person, signing: Signing) -> bool:
    """Whether a signature is the member's own, with the same reservation: the form was sent twice."""
    return signature.member_id == member.id and signature.words == signing.reservation.strip()


def _signature(signer: Member, declaration: Declaration, organisation: Organisation) -> Signature:
    return Signature(
        declaration_id=declaration.id,
        declaration=declaration,
        organisation_id=organisation.id,
        organisation=organisation,
        member_id=signer.id,
        name=signer.name,
        position=signer.position,
        organisation_name=organisation.name,
        city_id=organisation.city_id,
        signed_at=now(),
    )


def _reserve(
    member: Person,
    declaration: Declaration,
    signature: Signature,
    signing: Signing,
    *,
    is_screened: bool,
) -> None:
    words = signing.reservation.strip()
    known = language_names()
    signature.language = signing.language if signing.language in known else declaration.language
    signature.words = words
    if not words:
        return
    if len(words) > MAX_RESERVATION:
        most = MAX_RESERVATION
        raise Invalid(_("Write at most %(most)s characters.", most=most), "reservation")
    if has_hidden_reservation(declaration.id, signature.organisation_id):
        hidden = _(
            "Moderators have hidden a reservation of this organisation. Sign without one, or appeal against their decision."
        )
        raise Invalid(hidden, "reservation")
    if is_screened:
        refuse_caught(member, declaration.agenda_id, from_plain_text(words), "reservation")


def _signed_already(signature: Signature) -> Conflict:
    words = {"organisation": signature.organisation_name}
    return Conflict(_("%(organisation)s has signed this declaration already.", **words))


@action
def take_signature_back(member: Person, declaration_id: int, signature_id: int) -> Declaration:
    """Take the signature of one's organisation back; it is deleted, unless a decision about its reservation needs it."""
    declaration = declaration_to_change(member, declaration_id)
    signature = signature_to_change(declaration_id, signature_id)
    require(member.can.take_signature_back(signature))
    if signature.hidden_at:
        signature.withdrawn_at = now()
    else:
        db.session.delete(signature)
    count_signers(declaration)
    return declaration
