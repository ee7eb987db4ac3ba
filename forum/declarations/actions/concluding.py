"""From the final text to the end of a declaration: it is opened for signing, adopted or withdrawn."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from forum.clock import day_in_words, now
from forum.declarations.actions._rows import MAX_REASON, MAX_SIGNING_TIME
from forum.declarations.actions._telling import adopt_and_tell, notice_of
from forum.declarations.models import DRAFT, Declaration, digest_of
from forum.declarations.queries import (
    declaration_fields,
    declaration_to_change,
    fields_to_keep,
    signers_of,
)
from forum.deeds import action
from forum.errors import Conflict, Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.notifications.actions import hide_told, note_event
from forum.permissions import Person, require
from forum.sentences import sentence


@action
def freeze(
    curator: Person,
    declaration_id: int,
    sign_until: date,
    *,
    digest: str | None = None,
    seen: str | None = None,
) -> Declaration:
    """Freeze the text of a declaration, so that organisations can sign it until the end of a day.

    `digest` is that of the text that the person has seen, `seen` the fingerprint of the fields, because the title is
    frozen, too: `Conflict` when they have changed.
    """
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "freeze"))
    present = digest_of(declaration.source)
    if digest is not None and digest != present:
        raise Conflict(_("This text has changed since you opened the form."))
    refuse_unseen(seen, declaration_fields(declaration))
    today = now().date()
    if not today <= sign_until <= today + MAX_SIGNING_TIME:
        last = day_in_words(today + MAX_SIGNING_TIME)
        raise Invalid(_("Choose a day from today on and until %(last)s.", last=last), "sign_until")
    keep_version(curator, "declaration", declaration.id, fields_to_keep(declaration))
    declaration.frozen_at, declaration.sign_until = now(), sign_until
    declaration.digest = present
    return declaration


@action
def adopt(curator: Person, declaration_id: int) -> Declaration:
    """Adopt a declaration: nobody signs any more, and no signature is taken back."""
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "adopt"))
    keep_version(curator, "declaration", declaration.id, fields_to_keep(declaration))
    adopt_and_tell(curator, declaration)
    return declaration


@action
def withdraw(curator: Person, declaration_id: int, reason: str) -> Declaration:
    """Withdraw a declaration with a reason; its page stays and says so, and its signers are told."""
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "withdraw"))
    reason = reason.strip()
    if not 0 < len(reason) <= MAX_REASON:
        most = MAX_REASON
        raise Invalid(_("Write between 1 and %(most)s characters.", most=most), "reason")
    if declaration.state != DRAFT:
        keep_version(curator, "declaration", declaration.id, fields_to_keep(declaration))
    declaration.withdrawn_at, declaration.withdrawn_reason = now(), reason
    hide_told(curator, "signing", declaration.address)
    told = notice_of(declaration, sentence("It was withdrawn."), reason)
    note_event(curator, told, signers_of(declaration.id))
    return declaration
