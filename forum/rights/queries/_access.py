"""How a member signs in and has joined, and the letters that were sent."""

from __future__ import annotations

from forum.accounts.models import Token
from forum.contact.models import ContactLetter
from forum.factors.models import Authenticator, Passkey, RecoveryCode
from forum.identities.models import Identity
from forum.invitations.models import Invitation
from forum.mail.models import Delivery
from forum.rights.models import Kind
from forum.rights.queries._rows import (
    rows_of_authenticators,
    rows_of_consents,
    rows_of_identities,
    rows_of_invitations,
    rows_of_letters,
    rows_of_passkeys,
    rows_of_received,
    rows_of_recovery_codes,
    rows_of_sent,
    rows_of_tokens,
)
from forum.rights.queries._shared import in_batches
from forum.terms.models import Consent

ACCESS_KINDS: tuple[Kind, ...] = (
    Kind(
        "passkeys",
        "Passkeys",
        "The keys with which you sign in, without what proves them.",
        (("passkey", "member_id"),),
        in_batches(rows_of_passkeys, Passkey.id),
        {
            "name": "what you call it",
            "is_synced": "whether it is kept in several devices at once",
            "created_at": "when you made it",
            "used_at": "when you last signed in with it",
        },
    ),
    Kind(
        "authenticators",
        "Apps that show codes",
        "That you have set up an app for codes, without what they are made of.",
        (("authenticator", "member_id"),),
        in_batches(rows_of_authenticators, Authenticator.id),
        {
            "created_at": "when you began to set it up",
            "confirmed_at": "when a code confirmed it",
            "used_at": "when you last signed in with a code",
        },
    ),
    Kind(
        "recovery-codes",
        "Recovery codes",
        "That you have recovery codes, and which are used; never the codes.",
        (("recovery_code", "member_id"),),
        in_batches(rows_of_recovery_codes, RecoveryCode.id),
        {"created_at": "when it was made", "used_at": "when it was used"},
    ),
    Kind(
        "identities",
        "Accounts elsewhere",
        "The accounts of elsewhere with which you sign in.",
        (("identity", "member_id"),),
        in_batches(rows_of_identities, Identity.id),
        {
            "issuer": "the provider",
            "subject": "its number for you",
            "label": "your address or name there",
            "created_at": "when you linked it",
        },
    ),
    Kind(
        "invitations",
        "Invitations",
        "The invitations that you made, without what makes them work.",
        (("invitation", "maker_id"),),
        in_batches(rows_of_invitations, Invitation.id),
        {
            "id": "its number",
            "note": "your note",
            "for_organisation": "the organisation you invite for, if any",
            "uses": "how many people may join with it",
            "used": "how many did",
            "created_at": "when you made it",
            "ends_at": "until when it works",
            "ended_at": "when it was ended",
        },
    ),
    Kind(
        "letters",
        "Letters of the forum",
        "Which letters were sent to you. What they say is in your mailbox.",
        (("delivery", "member_id"),),
        in_batches(rows_of_letters, Delivery.id),
        {
            "id": "its number",
            "kind": "what it was about",
            "address": "where it went",
            "created_at": "when it was written",
            "sent_at": "when your mail server took it",
            "given_up_at": "when it was given up",
            "dropped_at": "when there was no more use in it",
            "why": "what the mail server said",
        },
    ),
    Kind(
        "letters-sent",
        "Letters to other members",
        "What you wrote on other members' profiles in the last 30 days.",
        (("contact_letter", "sender_id"),),
        in_batches(rows_of_sent, ContactLetter.id),
        {"id": "its number", "to": "to whom", "text": "the text", "sent_at": "when you sent it"},
    ),
    Kind(
        "letters-received",
        "Letters from other members",
        "What other members wrote to you in the last 30 days.",
        (("contact_letter", "recipient_id"),),
        in_batches(rows_of_received, ContactLetter.id),
        {
            "id": "its number",
            "by": "who wrote it",
            "text": "the text",
            "sent_at": "when it was sent",
            "reported_at": "when you reported it",
        },
    ),
    Kind(
        "tokens",
        "Links of letters",
        "Which links were sent to you, without what makes them work.",
        (("token", "member_id"),),
        in_batches(rows_of_tokens, Token.id),
        {
            "id": "its number",
            "purpose": "what the link was for",
            "address": "the address it speaks of",
            "created_at": "when it was made",
            "expires_at": "until when it works",
            "used_at": "when it was used",
        },
    ),
    Kind(
        "consents",
        "Consents",
        "Which versions of the terms of use you agreed to.",
        (("consent", "member_id"),),
        in_batches(rows_of_consents, Consent.number),
        {
            "number": "the version",
            "how": "whether you agreed when joining or when asked",
            "agreed_at": "when you agreed",
            "valid_from": "from when on the version is in force",
        },
    ),
)
