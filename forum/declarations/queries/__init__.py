"""Declarations as a reader finds them, who has signed them, and who was invited to."""

from __future__ import annotations

from forum.declarations.queries._reach import visible_declarations
from forum.declarations.queries.changing import (
    count_told,
    declaration_to_change,
    declarations_by_id,
    declarations_to_index,
    same_draft,
    wrongly_digested,
)
from forum.declarations.queries.invitations import (
    all_organisation_ids,
    count_unsigned,
    countries_of_organisations,
    invitable,
    invitations_taken_back,
    invitations_taken_back_by,
    invitations_to_change,
    uninvited_ids,
    unsigned_ids,
)
from forum.declarations.queries.listing import (
    DeclarationFilter,
    agendas_with_declarations,
    declarations,
    declarations_on,
)
from forum.declarations.queries.reminding import (
    REMIND_BEFORE,
    declarations_over,
    invitations_to_remind,
)
from forum.declarations.queries.signatures import (
    count_signatures,
    get_reservation,
    has_hidden_reservation,
    organisations_to_sign_for,
    own_part,
    signature_to_change,
    signature_to_take_back,
    signatures_by,
    signatures_for,
    signatures_of,
    signatures_of_member,
    signatures_page,
    signers_of,
)
from forum.declarations.queries.single import (
    agenda_to_draft_on,
    consultation_topic,
    declaration_to_curate,
    get_declaration,
    replaced_by,
    replaced_one,
    withdrawn_on,
)
from forum.declarations.queries.versions import declaration_fields, edits_of, fields_to_keep
from forum.declarations.queries.voices import own_organisations, speaker_ids, speaks_for

__all__ = [
    "REMIND_BEFORE",
    "DeclarationFilter",
    "agenda_to_draft_on",
    "agendas_with_declarations",
    "all_organisation_ids",
    "consultation_topic",
    "count_signatures",
    "count_told",
    "count_unsigned",
    "countries_of_organisations",
    "declaration_fields",
    "declaration_to_change",
    "declaration_to_curate",
    "declarations",
    "declarations_by_id",
    "declarations_on",
    "declarations_over",
    "declarations_to_index",
    "edits_of",
    "fields_to_keep",
    "get_declaration",
    "get_reservation",
    "has_hidden_reservation",
    "invitable",
    "invitations_taken_back",
    "invitations_taken_back_by",
    "invitations_to_change",
    "invitations_to_remind",
    "organisations_to_sign_for",
    "own_organisations",
    "own_part",
    "replaced_by",
    "replaced_one",
    "same_draft",
    "signature_to_change",
    "signature_to_take_back",
    "signatures_by",
    "signatures_for",
    "signatures_of",
    "signatures_of_member",
    "signatures_page",
    "signers_of",
    "speaker_ids",
    "speaks_for",
    "uninvited_ids",
    "unsigned_ids",
    "visible_declarations",
    "withdrawn_on",
    "wrongly_digested",
]
