"""Data about signing in and joining, and letters."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from forum.accounts.models import Token
from forum.contact.models import ContactLetter
from forum.factors.models import Authenticator, Passkey, RecoveryCode
from forum.identities.models import Identity
from forum.invitations.models import Invitation
from forum.mail.models import Delivery
from forum.rights.models import Kind
from forum.rights.queries._rows_of_access import (
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
        _("Passkeys"),
        _("The keys with which you sign in, without what proves them."),
        (("passkey", "member_id"),),
        in_batches(rows_of_passkeys, Passkey.id),
        {
            "name": _("what you call it"),
            "is_synced": _("whether it is kept in several devices at once"),
            "created_at": _("when you made it"),
            "used_at": _("when you last signed in with it"),
        },
    ),
    Kind(
        "authenticators",
        _("Apps that show codes"),
        _("That you have set up an app for codes, without what they are made of."),
        (("authenticator", "member_id"),),
        in_batches(rows_of_authenticators, Authenticator.id),
        {
            "created_at": _("when you began to set it up"),
            "confirmed_at": _("when a code confirmed it"),
            "used_at": _("when you last signed in with a code"),
        },
    ),
    Kind(
        "recovery-codes",
        _("Recovery codes"),
        _("That you have recovery codes, and which are used; never the codes."),
        (("recovery_code", "member_id"),),
        in_batches(rows_of_recovery_codes, RecoveryCode.id),
        {"created_at": _("when it was made"), "used_at": _("when it was used")},
    ),
    Kind(
        "identities",
        _("Accounts elsewhere"),
        _("The accounts elsewhere with which you sign in."),
        (("identity", "member_id"),),
        in_batches(rows_of_identities, Identity.id),
        {
            "issuer": _("the provider"),
            "subject": _("its number for you"),
            "label": _("your address or name there"),
            "created_at": _("when you linked it"),
        },
    ),
    Kind(
        "invitations",
        _("Invitations"),
        _("The invitations that you made, without what makes them work."),
        (("invitation", "maker_id"),),
        in_batches(rows_of_invitations, Invitation.id),
        {
            "id": _("its number"),
            "note": _("your note"),
            "for_organisation": _("the organisation you invite for, if any"),
            "uses": _("how many people may join with it"),
            "used": _("how many did"),
            "created_at": _("when you made it"),
            "ends_at": _("until when it works"),
            "ended_at": _("when it was ended"),
        },
    ),
    Kind(
        "letters",
        _("E-mails from the forum"),
        _("Which e-mails were sent to you. What they say is in your mailbox."),
        (("delivery", "member_id"),),
        in_batches(rows_of_letters, Delivery.id),
        {
            "id": _("its number"),
            "kind": _("what it was about"),
            "address": _("where it went"),
            "created_at": _("when it was written"),
            "sent_at": _("when your mail server took it"),
            "given_up_at": _("when it was given up"),
            "dropped_at": _("when there was no more use in it"),
            "why": _("what the mail server said"),
        },
    ),
    Kind(
        "letters-sent",
        _("E-mails to other members"),
        _("What you wrote on other members’ profiles in the last 30 days."),
        (("contact_letter", "sender_id"),),
        in_batches(rows_of_sent, ContactLetter.id),
        {
            "id": _("its number"),
            "to": _("who it went to"),
            "text": _("the text"),
            "sent_at": _("when you sent it"),
        },
    ),
    Kind(
        "letters-received",
        _("E-mails from other members"),
        _("What other members wrote to you in the last 30 days."),
        (("contact_letter", "recipient_id"),),
        in_batches(rows_of_received, ContactLetter.id),
        {
            "id": _("its number"),
            "by": _("who wrote it"),
            "text": _("the text"),
            "sent_at": _("when it was sent"),
            "reported_at": _("when you reported it"),
        },
    ),
    Kind(
        "tokens",
        _("Links in e-mails"),
        _("Which links were sent to you, without what makes them work."),
        (("token", "member_id"),),
        in_batches(rows_of_tokens, Token.id),
        {
            "id": _("its number"),
            "purpose": _("what the link was for"),
            "address": _("the address it speaks of"),
            "created_at": _("when it was made"),
            "expires_at": _("until when it works"),
            "used_at": _("when it was used"),
        },
    ),
    Kind(
        "consents",
        _("Consents"),
        _("Which versions of the terms of use you agreed to."),
        (("consent", "member_id"),),
        in_batches(rows_of_consents, Consent.number),
        {
            "number": _("the version"),
            "how": _("whether you agreed when joining or when asked"),
            "agreed_at": _("when you agreed"),
            "valid_from": _("from when on the version is in force"),
        },
    ),
)
