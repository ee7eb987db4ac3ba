"""Members to whom one may write, how many letters one has sent, and letters that one has received."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from forum.clock import now
from forum.contact.models import ContactLetter
from forum.db import db
from forum.errors import or_not_found
from forum.members.models import Member
from forum.members.queries import get_member
from forum.permissions import Person, require

DAY = timedelta(days=1)


def member_to_contact(sender: Person, handle: str) -> Member:
    """A member by handle, for somebody who may write to them; else `Forbidden`."""
    member = get_member(sender, handle)
    require(sender.can.contact(member))
    return member


def letters_sent(sender: Person, recipient_id: int | None = None) -> int:
    """How many letters somebody has sent in the last 24 hours, in all or to one recipient."""
    sent = select(func.count(ContactLetter.id)).where(
        ContactLetter.sender_id == sender.id, ContactLetter.sent_at > now() - DAY
    )
    if recipient_id is not None:
        sent = sent.where(ContactLetter.recipient_id == recipient_id)
    return db.session.scalar(sent) or 0


def letter_to(reader: Person, letter_id: int) -> ContactLetter:
    """A letter to the reader, with its sender. Raises `NotFound` for any other."""
    require(reader.can.report(None))
    mine = (ContactLetter.id == letter_id, ContactLetter.recipient_id == reader.id)
    found = select(ContactLetter).where(*mine).options(joinedload(ContactLetter.sender))
    return or_not_found(db.session.scalar(found))
