"""How a member signs in, letters, invitations and consents: a select for each kind."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from forum.accounts.models import Token
from forum.contact.models import ContactLetter
from forum.factors.models import Authenticator, Passkey, RecoveryCode
from forum.identities.models import Identity
from forum.invitations.models import Invitation
from forum.mail.models import Delivery
from forum.members.models import Member, Organisation
from forum.rights.queries._rows import columns_of
from forum.terms.models import Consent, Terms


def rows_of_passkeys(member: Member) -> Select[Any]:
    kept = columns_of(Passkey, "name is_synced created_at used_at")
    return select(*kept).where(Passkey.member_id == member.id)


def rows_of_authenticators(member: Member) -> Select[Any]:
    kept = columns_of(Authenticator, "created_at confirmed_at used_at")
    return select(*kept).where(Authenticator.member_id == member.id)


def rows_of_recovery_codes(member: Member) -> Select[Any]:
    kept = columns_of(RecoveryCode, "created_at used_at")
    return select(*kept).where(RecoveryCode.member_id == member.id)


def rows_of_identities(member: Member) -> Select[Any]:
    kept = columns_of(Identity, "issuer subject label created_at")
    return select(*kept).where(Identity.member_id == member.id)


def rows_of_invitations(member: Member) -> Select[Any]:
    kept = columns_of(Invitation, "id note uses used created_at ends_at ended_at")
    query = select(*kept, Organisation.name.label("for_organisation"))
    query = query.outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
    return query.where(Invitation.maker_id == member.id)


def rows_of_letters(member: Member) -> Select[Any]:
    kept = columns_of(Delivery, "id kind address created_at sent_at given_up_at dropped_at why")
    return select(*kept).where(Delivery.member_id == member.id)


def rows_of_sent(member: Member) -> Select[Any]:
    query = select(*columns_of(ContactLetter, "id text sent_at"), Member.name.label("to"))
    query = query.join(Member, Member.id == ContactLetter.recipient_id)
    return query.where(ContactLetter.sender_id == member.id)


def rows_of_received(member: Member) -> Select[Any]:
    kept = columns_of(ContactLetter, "id text sent_at reported_at")
    query = select(*kept, Member.name.label("by"))
    query = query.join(Member, Member.id == ContactLetter.sender_id)
    return query.where(ContactLetter.recipient_id == member.id)


def rows_of_tokens(member: Member) -> Select[Any]:
    kept = columns_of(Token, "id purpose address created_at expires_at used_at")
    return select(*kept).where(Token.member_id == member.id)


def rows_of_consents(member: Member) -> Select[Any]:
    kept: list[Any] = [Consent.number, Consent.how, Consent.agreed_at, Terms.valid_from]
    query = select(*kept).join(Terms, Terms.number == Consent.number)
    return query.where(Consent.member_id == member.id)
