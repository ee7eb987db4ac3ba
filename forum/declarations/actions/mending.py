"""Members who have left, and what is made again: counts, search documents, HTML."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from forum.agendas import actions as agendas
from forum.agendas.queries import lock_opening
from forum.db import store_html
from forum.declarations.actions._rows import count_signers, declaration_entry
from forum.declarations.models import Declaration
from forum.declarations.queries import (
    count_told,
    declarations_by_id,
    declarations_to_index,
    invitations_taken_back_by,
    signatures_of_member,
)
from forum.deeds import action
from forum.markup import PlainTexts, Written
from forum.permissions import Person, require
from forum.search import actions as search
from forum.search.models import Thing


@action
def forget_member(system: Person, member_id: int, former: str) -> None:
    """Remove the name and the position of a member who has left from the signatures that they gave.

    The signatures and their reservations stay, however the member leaves, because they belong to their organisations.
    """
    require(system.can.administer())
    for invitation in invitations_taken_back_by(member_id):
        invitation.taken_back_by_id = None
    for signature in signatures_of_member(member_id):
        signature.member_id, signature.name, signature.position = None, former, ""


@action
def mend_declarations(system: Person, declaration_ids: Collection[int]) -> None:
    """Recount the signatures of declarations."""
    require(system.can.administer())
    for declaration in declarations_by_id(declaration_ids).values():
        count_signers(declaration)


@action
def mend_agendas(system: Person, agenda_ids: Collection[int]) -> None:
    """Recount the declarations of agendas."""
    require(system.can.administer())
    for agenda_id in sorted(agenda_ids):
        lock_opening(agenda_id, is_noted=True)
        agendas.note_declarations(system, agenda_id, count_told(agenda_id))


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store re-rendered HTML by declaration id, where the text still has that source; returns the number of declarations."""
    require(system.can.administer())
    return store_html(Declaration.source, Declaration.html, Declaration.html_version, texts)


@action
def reindex_declarations(system: Person, declaration_ids: Sequence[int], texts: PlainTexts) -> None:
    """Rebuild the search documents of declarations; a draft has none. `texts` are plain texts by source."""
    require(system.can.administer())
    things: dict[Thing, search.Known | None] = {}
    for declaration in declarations_to_index(declaration_ids):
        entry = (
            declaration_entry(declaration, texts[declaration.source])
            if declaration.opened_at
            else None
        )
        things["declaration", declaration.id] = (entry, None) if entry else None
    search.reindex(system, things)
