"""Writing letters: of any kind, of notices, and digests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import get_locale

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.mail.models import Delivery
from forum.mail.queries import due_count
from forum.members.models import Member
from forum.members.queries import addresses_of
from forum.moderation.queries import UNDO_PERIOD
from forum.notifications.actions import note_mailed
from forum.notifications.queries import notices_for_digest, notices_to_mail
from forum.permissions import Person, require

# Due letters above which no more letters about notices are written: those of thousands wait as notices
MAX_DUE = 100
NOTICE_DELAY = timedelta(minutes=1)  # a member who is on the site reads the notice there


@action
def write_letter(
    _doer: Person,
    kind: str,
    address: str,
    words: Mapping[str, Any],
    *,
    member_id: int | None = None,
    due_at: datetime | None = None,
    locale: str | None = None,
) -> Delivery:
    """Record a letter to be sent; the worker sends it once the calling action is committed.

    `kind` is the name of a template in `templates/mail`, `words` the values that it prints, as JSON. `due_at` is the
    earliest moment for sending it, by default now. A member gets it in the language that they chose last; anybody
    else in `locale`, by default that of the present page.
    """
    touches()
    times = {"created_at": now(), "due_at": due_at or now()}
    to = {"address": address, "member_id": member_id}
    if member_id is None:
        to["locale"] = locale or str(get_locale())
    letter = Delivery(kind=kind, words=dict(words), **to, **times, why="")
    db.session.add(letter)
    db.session.flush()
    return letter


@action
def write_test(administrator: Member) -> Delivery:
    """Write a test letter to an administrator."""
    require(administrator.can.administer())
    return write_letter(administrator, "test", administrator.email, {}, member_id=administrator.id)


@action
def write_notice_letters(system: Person) -> int:
    """Write letters for notices that are mailed at once and older than `NOTICE_DELAY`; returns how many.

    Letters about decisions wait until the decision can no longer be undone. No more than `MAX_DUE` letters are due
    afterwards, so that one for which somebody is waiting never comes after those to all members.
    """
    require(system.can.administer())
    touches()
    room = MAX_DUE - due_count(MAX_DUE)
    if room <= 0:
        return 0
    notices = notices_to_mail(room, now() - NOTICE_DELAY, now() - UNDO_PERIOD)
    addresses = addresses_of({notice.member_id for notice in notices})
    for notice in notices:
        if address := addresses.get(notice.member_id):
            words = {"notice": notice.id, "path": notice.address}
            write_letter(system, "notice", address, words, member_id=notice.member_id)
    note_mailed(system, [notice.id for notice in notices])
    return len(notices)


@action
def write_digest(system: Person, member_id: int) -> None:
    """Write a member's digest of the notices that wait for it; does nothing when another worker has just written it."""
    require(system.can.administer())
    touches()
    ids = [notice.id for notice in notices_for_digest(member_id, now() - UNDO_PERIOD)]
    address = addresses_of({member_id}).get(member_id)
    note_mailed(system, ids)
    if ids and address:
        words = {"notices": ids, "path": "/notices"}
        write_letter(system, "digest", address, words, member_id=member_id)
