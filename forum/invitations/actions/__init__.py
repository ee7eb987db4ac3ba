"""Choosing who may join, inviting people, and naming the members who write for an organisation."""

from __future__ import annotations

from forum.invitations.actions.inviting import (
    MAX_QUESTIONS,
    MAX_USES,
    EntranceText,
    InvitationText,
    end_invitation,
    forget_member,
    invite,
    note_arrival,
    set_entrance,
    use,
)
from forum.invitations.actions.voices import choose_voices, look_after_voices

__all__ = [
    "MAX_QUESTIONS",
    "MAX_USES",
    "EntranceText",
    "InvitationText",
    "choose_voices",
    "end_invitation",
    "forget_member",
    "invite",
    "look_after_voices",
    "note_arrival",
    "set_entrance",
    "use",
]
