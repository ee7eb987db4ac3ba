"""Drafting, opening, freezing, adopting and withdrawing declarations; signing them, and inviting others to."""

from __future__ import annotations

from forum.declarations.actions._rows import MAX_REASON, MAX_RESERVATION, MAX_TITLE, DeclarationText
from forum.declarations.actions.concluding import adopt, freeze, withdraw
from forum.declarations.actions.drafting import open_declaration, write_declaration
from forum.declarations.actions.inviting import invite, take_invitations_back
from forum.declarations.actions.keeping import keep_declaration_draft
from forum.declarations.actions.loading import Course, KnownSignature, load_declaration
from forum.declarations.actions.mending import (
    forget_member,
    mend_agendas,
    mend_declarations,
    reindex_declarations,
    rerender,
)
from forum.declarations.actions.moderating import hide_reservation, restore_reservation
from forum.declarations.actions.reminding import look_after
from forum.declarations.actions.signing import Signing, sign, take_signature_back

__all__ = [
    "MAX_REASON",
    "MAX_RESERVATION",
    "MAX_TITLE",
    "Course",
    "DeclarationText",
    "KnownSignature",
    "Signing",
    "adopt",
    "forget_member",
    "freeze",
    "hide_reservation",
    "invite",
    "keep_declaration_draft",
    "load_declaration",
    "look_after",
    "mend_agendas",
    "mend_declarations",
    "open_declaration",
    "reindex_declarations",
    "rerender",
    "restore_reservation",
    "sign",
    "take_invitations_back",
    "take_signature_back",
    "withdraw",
    "write_declaration",
]
