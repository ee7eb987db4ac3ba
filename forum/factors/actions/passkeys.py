"""Adding, naming and removing passkeys."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from forum import passkeys
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.factors import queries
from forum.factors.actions._shared import after_adding, after_removing
from forum.factors.models import Passkey
from forum.members.models import Member
from forum.members.queries import lock_member, lock_rule_of_factors
from forum.passkeys import Answer, Refused
from forum.permissions import require
from forum.plaintext import single_line

MAX_PASSKEYS = 20


@action
def add_passkey(
    member: Member, answer: Answer, name: str, handle: str, code_hashes: Sequence[str]
) -> bool:
    """Store a new passkey; returns whether recovery codes with these hashes were stored too, because there were none.

    Raises `Refused` for an answer that does not verify, `Invalid` beyond `MAX_PASSKEYS`.
    """
    touches()
    lock_member(member.id)
    require(member.can.edit_profile(member))
    own = queries.passkeys_of(member)
    if len(own) >= MAX_PASSKEYS:
        raise Invalid(_("You have very many passkeys. First remove one that you do not use."))
    known, is_synced = passkeys.verify_registration(answer)
    if queries.is_passkey_known(known.credential_id):
        raise Refused("known already")
    passkey = Passkey(
        member_id=member.id, credential_id=known.credential_id, name=_passkey_name(name)
    )
    passkey.public_key, passkey.signatures = known.public_key, known.sign_count
    passkey.transports, passkey.is_synced = list(known.transports), is_synced
    passkey.user_handle = own[0].user_handle if own else handle
    passkey.created_at = now()
    db.session.add(passkey)
    return after_adding(member, code_hashes, "passkey added", passkey.name)


@action
def rename_passkey(member: Member, passkey_id: int, name: str) -> None:
    """Give a passkey another name."""
    touches()
    queries.get_passkey(member, passkey_id).name = _passkey_name(name)


@action
def remove_passkey(member: Member, passkey_id: int, token: str) -> None:
    """Remove a passkey and end all other sessions; `token` is that of this one."""
    touches()
    lock_rule_of_factors()
    lock_member(member.id)
    passkey = queries.get_passkey(member, passkey_id)
    db.session.delete(passkey)
    after_removing(member, token, "passkey removed", passkey.name)


def _passkey_name(typed: str) -> str:
    return single_line(typed)[:80] or _("Passkey")
