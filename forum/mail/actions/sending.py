"""Letters on their way: leased by a worker, sent, refused, postponed, dropped, and sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, update

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.mail.models import TO_MEMBERS, Delivery
from forum.mail.queries import deliveries_by_id, due_deliveries, is_waiting
from forum.members.actions import pause_mail
from forum.members.models import Member
from forum.permissions import Person, require

# Letters that a worker takes at once: few, because it sends them one after the other
BATCH_SIZE = 20
# After this time, others take over the letters of a worker that was killed
LEASE = timedelta(minutes=10)
# Between attempts to send a letter that the server refused: three days in all, as mail servers do (RFC 5321, 4.5.4.1)
RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440, 1440))
# While no server can be reached at all
MIN_POSTPONEMENT, MAX_POSTPONEMENT = timedelta(seconds=30), timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=4)
MAX_WHY = 300  # characters of a server's response


@action
def lease_due_letters(system: Person, limit: int = BATCH_SIZE) -> Sequence[Delivery]:
    """Take up to `limit` due letters, with their members, first those for which somebody is waiting; nobody else takes them within `LEASE`."""
    require(system.can.administer())
    touches()
    ids = [letter.id for letter in due_deliveries(limit)]
    if not ids:
        return []
    _set(ids, due_at=now() + LEASE)
    letters = {letter.id: letter for letter in deliveries_by_id(ids)}
    return [letters[letter_id] for letter_id in ids]


@action
def release_letters(system: Person, ids: Sequence[int]) -> None:
    """Release letters that were taken but not tried, so that they are due again at once."""
    require(system.can.administer())
    touches()
    if ids:
        _set(ids, due_at=now())


@action
def note_sent(system: Person, ids: Sequence[int]) -> None:
    """Record that a server has taken letters."""
    require(system.can.administer())
    touches()
    _set(ids, sent_at=now(), why="")


@action
def note_refused(
    system: Person, letter_id: int, why: str, *, is_final: bool, is_about_address: bool = False
) -> None:
    """Record that a server refused a letter, and when it is tried again, unless the refusal is final.

    If the refusal is about the address, mail to the member is paused until they ask for it again. Does nothing for a
    letter that was deleted meanwhile, such as with the account of a member who has left.
    """
    require(system.can.administer())
    touches()
    letter = db.session.get(Delivery, letter_id, populate_existing=True, with_for_update=True)
    if letter is None:
        return
    letter.attempts += 1
    letter.why = why[:MAX_WHY]
    if is_final or letter.attempts > len(RETRY_DELAYS):
        letter.given_up_at = now()
    else:
        letter.due_at = now() + RETRY_DELAYS[letter.attempts - 1]
    if is_about_address and letter.member_id:
        pause_mail(system, letter.member_id, letter.address, letter.why)


@action
def postpone(system: Person, ids: Sequence[int], why: str) -> None:
    """Postpone letters because no server can be reached: the longer they have waited, the longer.

    After `GIVE_UP_AFTER` they are given up; that period begins again when an administrator has them sent again.
    """
    require(system.can.administer())
    touches()
    for letter in deliveries_by_id(ids):
        waited = now() - (letter.resumed_at or letter.created_at)
        letter.why = why[:MAX_WHY]
        letter.due_at = now() + min(max(waited, MIN_POSTPONEMENT), MAX_POSTPONEMENT)
        if waited > GIVE_UP_AFTER:
            letter.given_up_at = now()


@action
def drop(system: Person, letter_id: int, why: str) -> None:
    """Drop a letter, because its subject was read or hidden, or no longer concerns the member."""
    require(system.can.administer())
    touches()
    _set([letter_id], dropped_at=now(), why=why)


@action
def drop_outdated(_doer: Person, kind: str, member_id: int) -> None:
    """Drop the unsent letters of a kind to a member, because they are no longer true."""
    touches()
    waits = (Delivery.member_id == member_id, Delivery.kind == kind, is_waiting())
    outdated = update(Delivery).where(*waits)
    db.session.execute(outdated.values(dropped_at=now(), why="outdated"))


@action
def readdress(system: Person, member: Member) -> None:
    """Change the address of waiting notices and digests to a member's new one; letters about the old address are unchanged."""
    require(system.can.administer())
    touches()
    waits = (Delivery.member_id == member.id, Delivery.kind.in_(TO_MEMBERS), is_waiting())
    db.session.execute(update(Delivery).where(*waits).values(address=member.email))


@action
def send_again(administrator: Person, letter_id: int) -> None:
    """Send a letter again that was given up, with all its attempts."""
    _resume(administrator, Delivery.id == letter_id)


@action
def send_all_again(administrator: Person) -> int:
    """Send all letters again that were given up; returns how many. Those whose link has expired will be dropped."""
    return _resume(administrator)


def _resume(administrator: Person, *conditions: ColumnElement[bool]) -> int:
    require(administrator.can.administer())
    touches()
    lost = update(Delivery).where(Delivery.given_up_at.is_not(None), *conditions)
    again = lost.values(given_up_at=None, attempts=0, due_at=now(), resumed_at=now(), why="")
    return len(db.session.scalars(again.returning(Delivery.id)).all())


def _set(ids: Sequence[int], **values: Any) -> None:
    db.session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(**values))
