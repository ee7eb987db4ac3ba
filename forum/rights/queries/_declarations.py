"""What a member signed, promised, translated and edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _

from forum.commitments.models import Commitment, Milestone, Move, Peer
from forum.declarations.models import Declaration, Signature
from forum.history.models import Version
from forum.parallels.models import TranslatedPart, Translation
from forum.rights.models import Kind, Record
from forum.rights.queries._parts import parts_of
from forum.rights.queries._rows_of_declarations import (
    rows_of_commitments,
    rows_of_declarations,
    rows_of_edits,
    rows_of_peers,
    rows_of_signatures,
    rows_of_translations,
)
from forum.rights.queries._shared import LANGUAGE, in_batches


def _add_parts(rows: Sequence[Any], records: list[Record]) -> None:
    """Add their parts to translations."""
    ids = [row.id for row in rows]
    found = parts_of(TranslatedPart.translation_id, "name source", ids, TranslatedPart.position)
    for record in records:
        record["parts"] = {part["name"]: part["source"] for part in found[record["id"]]}


def _add_milestones(rows: Sequence[Any], records: list[Record]) -> None:
    """Add their milestones, with former days, to commitments."""
    names = "words day kept_moves reached_at reached_words given_up_at given_up_reason"
    order = Milestone.day, Milestone.id
    found = parts_of(Milestone.commitment_id, names, [row.id for row in rows], *order)
    for record in records:
        record["milestones"] = milestones = found[record["id"]]
        for milestone in milestones:
            moves = milestone.pop("kept_moves")
            milestone["moves"] = [dict(zip(Move._fields, move, strict=True)) for move in moves]


DECLARATION_KINDS: tuple[Kind, ...] = (
    Kind(
        "declarations",
        _("Declarations"),
        _("The joint declarations that you drafted."),
        (("declaration", "author_id"),),
        in_batches(rows_of_declarations, Declaration.id),
        {
            "id": _("its number"),
            "title": _("its title"),
            "source": _("the text in Markdown"),
            "agenda": _("the agenda it stands on, unless others prepare it"),
            "digest": _("the SHA-256 of the text, once it was frozen"),
            "sign_until": _("the last day to sign"),
            "created_at": _("when you drafted it"),
            "edited_at": _("when it was last changed"),
            "opened_at": _("when it was opened for consultation"),
            "frozen_at": _("when its text was frozen"),
            "adopted_at": _("when it was adopted"),
            "withdrawn_at": _("when it was withdrawn"),
            "withdrawn_reason": _("why it was withdrawn"),
            **LANGUAGE,
        },
    ),
    Kind(
        "signatures",
        _("Signatures"),
        _("The declarations that you signed for an organisation."),
        (("signature", "member_id"),),
        in_batches(rows_of_signatures, Signature.id),
        {
            "id": _("its number"),
            "declaration": _("the title of the declaration"),
            "name": _("your name that day"),
            "position": _("your position that day"),
            "organisation_name": _("the name of the organisation that day"),
            "city": _("the city"),
            "reservation": _("the reservation, if there is one"),
            "signed_at": _("when you signed"),
            "withdrawn_at": _("when it was taken back while a moderator hides the reservation"),
            "hidden_at": _("since when a moderator hides the reservation"),
            "hidden_reason": _("why it is hidden"),
            **LANGUAGE,
        },
    ),
    Kind(
        "commitments",
        _("Commitments"),
        _("The commitments that you published for an organisation."),
        (("commitment", "author_id"),),
        in_batches(rows_of_commitments, Commitment.id, add_to=_add_milestones),
        {
            "id": _("its number"),
            "title": _("its title"),
            "source": _("the text in Markdown"),
            "agenda": _("the agenda it stands on, unless others prepare it"),
            "organisation": _("the organisation whose it is"),
            "last_day": _("its last day"),
            "milestones": _(
                "its milestones: words, day, reached_at, reached_words, given_up_at, given_up_reason, and moves with the earlier days"
            ),
            "published_at": _("when you published it"),
            "updated_at": _("when it was last changed"),
            "kept_at": _("when it was kept"),
            "kept_words": _("what was said then"),
            "ended_at": _("when it was given up"),
            "ended_reason": _("what stopped it"),
            "hidden_at": _("since when a moderator hides it"),
            "hidden_reason": _("why it is hidden"),
            **LANGUAGE,
        },
    ),
    Kind(
        "translations",
        _("Translations"),
        _("The translations that you began, or that say what you wrote."),
        (("translation", "translator_id"), ("translation", "writer_id")),
        in_batches(rows_of_translations, Translation.id, add_to=_add_parts),
        {
            "id": _("its number"),
            "original": _("what it is a translation of, unless you cannot read that any longer"),
            "title": _("its title"),
            "sentence": _("the sentence or summary"),
            "parts": _("its parts in Markdown, by name"),
            "figures": _("what figures are called: label and unit in the original, and in it"),
            "created_at": _("when you wrote it"),
            "edited_at": _("when somebody last corrected it"),
            "hidden_at": _("since when a moderator hides it"),
            "hidden_reason": _("why it is hidden"),
            **LANGUAGE,
        },
    ),
    Kind(
        "followed_commitments",
        _("Commitments that you follow"),
        _("The commitments of other organisations that you follow."),
        (("commitment_peer", "member_id"),),
        in_batches(rows_of_peers, Peer.commitment_id),
        {
            "commitment_id": _("the number of the commitment, as in /commitments/7"),
            "title": _("its title, unless you cannot read it any longer"),
            "followed_at": _("since when you follow it"),
        },
    ),
    Kind(
        "edits",
        _("Edits of pages"),
        _("Which pages of agendas, cases and the like you changed, and when."),
        (("version", "editor_handle"),),
        in_batches(rows_of_edits, Version.id),
        {
            "kind": _(
                "what you changed: agenda, statement, meeting, declaration, commitment, case, practice, reading, translation, theme, entry (of the glossary), organisation, recourse, webhook, federation (what the forum is called) or federation mark"
            ),
            "item_id": _("its number"),
            "replaced_at": _("when you changed it"),
        },
    ),
)
