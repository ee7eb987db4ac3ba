"""Inviting organisations to sign."""

from __future__ import annotations

from collections.abc import Collection

from forum.clock import now
from forum.db import db, flush_unique
from forum.declarations.actions._telling import ask_to_sign, end_invitation, notice_of
from forum.declarations.models import InvitedOrganisation
from forum.declarations.queries import (
    all_organisation_ids,
    declaration_to_change,
    invitations_to_change,
    speaker_ids,
    uninvited_ids,
    unsigned_ids,
)
from forum.deeds import action, touches
from forum.notifications.actions import note_event
from forum.notifications.queries import members_told
from forum.permissions import Person, require
from forum.sentences import sentence


@action
def invite(curator: Person, declaration_id: int, organisation_ids: Collection[int] | None) -> int:
    """Invite organisations (None: all) to sign; their speakers are told. Returns how many were invited.

    Organisations that were already invited or have signed are left out; an invitation that was taken back is renewed.
    """
    touches()
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "invite"))
    wanted = all_organisation_ids() if organisation_ids is None else organisation_ids
    invited = uninvited_ids(declaration_id, wanted)
    again = invitations_to_change(declaration_id, invited)
    for invitation in again:
        invitation.invited_at, invitation.reminded_at = now(), None
        invitation.taken_back_at = invitation.taken_back_by_id = None
    for organisation_id in {*invited} - {invitation.organisation_id for invitation in again}:
        db.session.add(
            InvitedOrganisation(
                declaration_id=declaration_id, organisation_id=organisation_id, invited_at=now()
            )
        )
    flush_unique()
    ask_to_sign(curator, declaration, invited)
    return len(invited)


@action
def take_invitations_back(
    curator: Person, declaration_id: int, organisation_ids: Collection[int]
) -> int:
    """Take back the invitations of organisations that have not signed; returns how many.

    Speakers who were told of the invitation are told that it is taken back; pending notifications are cancelled. The
    organisation can still sign, like any other.
    """
    touches()
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "invite"))
    wanted = unsigned_ids(declaration_id).intersection(organisation_ids)
    told = members_told("signing", declaration.address)
    for invitation in invitations_to_change(declaration_id, wanted):
        invitation.taken_back_at, invitation.taken_back_by_id = now(), curator.id
        db.session.flush()
        end_invitation(curator, declaration, invitation.organisation_id)
        said = sentence(
            "The invitation of %(organisation)s to sign it is taken back.",
            organisation=invitation.organisation.name,
        )
        concerned = told.intersection(speaker_ids([invitation.organisation_id]))
        note_event(curator, notice_of(declaration, said), concerned, is_named=False)
    return len(wanted)
