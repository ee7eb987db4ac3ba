"""Members to whom one may write, how many letters one has sent, and letters that one has received."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.clock import now
from forum.contact.models import ContactLetter
from forum.db import db
from forum.errors import or_not_found
from forum.mail.models import Delivery
from forum.members.models import Member
from forum.members.queries import get_member
from forum.permissions import Person, require

DAY = timedelta(days=1)
TO_HOSTS = "hosts"  # the kind of letters in which a moderator writes to hosts


def member_to_contact(sender: Person, handle: str) -> Member:
    """A member by handle, for somebody who may write to them; else `Forbidden`."""
    member = get_member(sender, handle)
    require(sender.can.contact(member))
    return member


def letters_sent(sender: Person, recipient_id: int | None = None) -> int:
    """How many letters somebody has sent in the last 24 hours, in all or to one recipient; without those to hosts."""
    of_kind = (Delivery.id == ContactLetter.delivery_id, Delivery.kind == TO_HOSTS)
    sent = _sent_lately(sender, func.count()).where(~select(Delivery.id).where(*of_kind).exists())
    if recipient_id is not None:
        sent = sent.where(ContactLetter.recipient_id == recipient_id)
    return db.session.scalar(sent) or 0


def tellings(sender: Person) -> int:
    """How many texts somebody has sent to hosts in the last 24 hours, each of which went to all of them at one moment."""
    sent = _sent_lately(sender, func.count(ContactLetter.sent_at.distinct()))
    sent = sent.join(Delivery, Delivery.id == ContactLetter.delivery_id)
    return db.session.scalar(sent.where(Delivery.kind == TO_HOSTS)) or 0


def hosts_told(sender: Person, text: str) -> set[int]:
    """The ids of the hosts to whom somebody has sent this text in the last 24 hours, as to hosts."""
    sent = select(ContactLetter.recipient_id).join(
        Delivery, Delivery.id == ContactLetter.delivery_id
    )
    sent = sent.where(*_is_lately_by(sender), Delivery.kind == TO_HOSTS, ContactLetter.text == text)
    return set(db.session.scalars(sent))


def _sent_lately(sender: Person, number: ColumnElement[int]) -> Select[int]:
    return select(number).select_from(ContactLetter).where(*_is_lately_by(sender))


def _is_lately_by(sender: Person) -> tuple[ColumnElement[bool], ...]:
    return ContactLetter.sender_id == sender.id, ContactLetter.sent_at > now() - DAY


def agendas_to_tell(sender: Person) -> list[Agenda]:
    """The agendas, not archived, that have hosts besides the sender, with these, for somebody who may write to them; else `Forbidden`."""
    require(sender.can.tell_hosts())
    query = visible_agendas(sender).where(Agenda.archived_at.is_(None))
    found = db.session.scalars(query.options(selectinload(Agenda.hosts)))
    return [agenda for agenda in found if others_among(sender, agenda.hosts)]


def others_among(sender: Person, hosts: Iterable[Member]) -> list[Member]:
    """Those of some hosts who get a letter by the sender: their accounts are open, and they are not the sender."""
    return [host for host in hosts if host.is_member and host.id != sender.id]


def letter_to(reader: Person, letter_id: int) -> ContactLetter:
    """A letter to the reader, with its sender and the e-mail that carried it. Raises `NotFound` for any other."""
    require(reader.can.report(None))
    mine = (ContactLetter.id == letter_id, ContactLetter.recipient_id == reader.id)
    found = select(ContactLetter).where(*mine)
    found = found.options(joinedload(ContactLetter.sender), joinedload(ContactLetter.delivery))
    return or_not_found(db.session.scalar(found))
