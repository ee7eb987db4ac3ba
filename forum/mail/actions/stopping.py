"""Ending letters to an address that failed, or to a member who wants none."""

from __future__ import annotations

from forum.deeds import action, touches
from forum.mail.queries import addressee
from forum.members.actions import pause_mail
from forum.members.queries import lock_member
from forum.notifications.actions import begin_digest, begin_mail, end_digest, end_mail
from forum.permissions import Person, require
from forum.transports import is_address_unknown


@action
def note_bounce(system: Person, member_id: int, address: str, why: str) -> None:
    """Record that a letter to a member bounced after the mail server had accepted it.

    `why` begins with the status code (RFC 3463). When the address does not exist, mail to the member is paused.
    """
    require(system.can.administer())
    touches()
    code, _space, words = why.partition(" ")
    if code.startswith("5") and is_address_unknown(550, f"{code} {words}"):
        pause_mail(system, member_id, address, why)


@action
def stop(visitor: Person, member_id: int, kind: str) -> None:
    """Unsubscribe a member from letters of a kind (`digest`, or a kind of notice). The caller has checked the letter's seal.

    Nothing is kept of a member who has left: the letter may be years old.
    """
    touches()
    if not _is_here(member_id):
        return
    if kind == "digest":
        end_digest(visitor, member_id)
    else:
        end_mail(visitor, member_id, kind)


@action
def start(visitor: Person, member_id: int, kind: str, way: str) -> None:
    """Take a `stop` back: letters of the kind come again, in the way that the member had them (how often, for the digest).

    The caller has checked the seal of the letter. Nothing is kept of a member who has left.
    """
    touches()
    if not _is_here(member_id):
        return
    if kind == "digest":
        begin_digest(visitor, member_id, way)
    else:
        begin_mail(visitor, member_id, kind, way)


def _is_here(member_id: int) -> bool:
    """Whether the member has not left, and cannot leave until the action ends."""
    lock_member(member_id, may_write=True)
    return addressee(member_id) is not None
