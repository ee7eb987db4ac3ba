"""Writing letters to members, reporting them, and deleting them after their time."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_

from forum.clock import now
from forum.contact.models import ContactLetter
from forum.contact.queries import (
    TO_HOSTS,
    agendas_to_tell,
    hosts_told,
    letter_to,
    letters_sent,
    others_among,
    tellings,
)
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.mail import actions as mail
from forum.mail.models import Delivery
from forum.matches import from_plain_text
from forum.members.models import Member
from forum.members.queries import lock_member, member_by_id
from forum.moderation.actions import report_letter
from forum.moderation.models import Report
from forum.permissions import Person, require
from forum.screening.actions import refuse_caught

TEXT_LENGTHS = range(20, 3_001)  # characters
# Letters per day: in all, to one recipient, and from somebody who has just joined
MAX_PER_DAY, MAX_PER_RECIPIENT, MAX_OF_NEWCOMERS = 5, 3, 1
NEWCOMER_PERIOD, PERIOD_WITHOUT_LINKS = timedelta(days=1), timedelta(days=7)
KEPT = timedelta(days=30)
MAX_HOSTS, MAX_TELLINGS = 200, 3  # who get one text by a moderator, and such texts per day
LINK_PATTERN = re.compile(
    r"://|\bwww\.|\b[\w-]+\.(?:(?:com|net|org|info|biz|io|ru|cn|xyz|top|app|dev|eu)\b|[^\W\d_]{2,24}/\S)",
    re.I,
)


@action
def contact(
    sender: Member, recipient_id: int, text: str, wants_copy: bool = False
) -> ContactLetter:
    """Send a member a letter; neither learns the other's address, and one answers on the profile.

    Raises `Invalid` for a text that a screening rule catches, because letters have no queue, and beyond the limits.
    With `wants_copy` the sender gets a copy.
    """
    touches()
    # So that no two letters are counted at the same time, nor the right to write is withdrawn
    lock_member(sender.id, may_write=True)
    recipient = member_by_id(sender, recipient_id)
    require(sender.can.contact(recipient))
    text = text.strip()
    _check_length(text)
    _check_links(sender, text)
    _check_number(sender, recipient)
    refuse_caught(sender, None, from_plain_text(text), "text")
    letter = ContactLetter(sender_id=sender.id, recipient_id=recipient.id, text=text, sent_at=now())
    db.session.add(letter)
    db.session.flush()
    if sender.id not in recipient.ignored:  # the sender is not told
        letter.delivery_id = _send(sender, recipient, letter).id
    if wants_copy:
        _send_copy(sender, recipient, text)
    return letter


def _check_length(text: str) -> None:
    if len(text) not in TEXT_LENGTHS:
        lengths = {"least": TEXT_LENGTHS[0], "most": format_decimal(TEXT_LENGTHS[-1])}
        raise Invalid(_("Write %(least)s to %(most)s characters.", **lengths), "text")


def _check_links(sender: Member, text: str) -> None:
    if LINK_PATTERN.search(text) and now() - sender.joined_at < PERIOD_WITHOUT_LINKS:
        raise Invalid(_("In your first week an e-mail cannot hold links. Say it in words."), "text")


def _check_number(sender: Member, recipient: Member) -> None:
    most = MAX_OF_NEWCOMERS if now() - sender.joined_at < NEWCOMER_PERIOD else MAX_PER_DAY
    has_sent_all = letters_sent(sender) >= most
    if has_sent_all or letters_sent(sender, recipient.id) >= MAX_PER_RECIPIENT:
        raise Invalid(
            _("You have sent as many e-mails as you may in a day. You can send more tomorrow.")
        )


def _send(
    sender: Member, recipient: Member, letter: ContactLetter, kind: str = "contact"
) -> Delivery:
    words = {
        "path": f"/members/{sender.handle}/contact",
        "sender": sender.name,
        "sender_id": sender.id,
        "profile": f"/members/{sender.handle}",
        "report": f"/letters/{letter.id}/report",
        "said": letter.text,
        "language": sender.language,
    }
    return mail.write_letter(sender, kind, recipient.email, words, member_id=recipient.id)


def _send_copy(sender: Member, recipient: Member, text: str) -> None:
    words = {"path": f"/members/{recipient.handle}", "recipient": recipient.name, "said": text}
    words["language"] = sender.language
    mail.write_letter(sender, "contact_copy", sender.email, words, member_id=sender.id)


@action
def tell_hosts(sender: Member, agenda_ids: Collection[int], text: str) -> int:
    """Send the hosts of some agendas a letter, each one of their own; returns how many.

    They get it whether or not they take letters of members, or ignore the sender: it is the office that speaks. Nobody
    gets the same text twice in a day, as when somebody presses twice. Neither rules for texts nor the bounds of new
    members hold for moderators. Raises `Invalid` for a text of another length than letters have, and beyond
    `MAX_TELLINGS` a day.
    """
    touches()
    lock_member(sender.id, may_write=True)
    agendas = [agenda for agenda in agendas_to_tell(sender) if agenda.id in agenda_ids]
    hosts = {host.id: host for agenda in agendas for host in others_among(sender, agenda.hosts)}
    if not hosts:
        raise Invalid(_("Choose an agenda that has hosts."), "agendas")
    if len(hosts) > MAX_HOSTS:
        most = format_decimal(MAX_HOSTS)
        raise Invalid(_("Choose agendas with at most %(most)s hosts in all.", most=most), "agendas")
    text = text.strip()
    _check_length(text)
    told = hosts_told(sender, text)
    if told.issuperset(hosts):
        return len(hosts)
    if tellings(sender) >= MAX_TELLINGS:
        raise Invalid(
            _(
                "You have written to hosts as often as you may in a day. You can do so again tomorrow."
            )
        )
    for _id, host in sorted(hosts.items()):
        if host.id in told:
            continue
        letter = ContactLetter(sender_id=sender.id, recipient_id=host.id, text=text, sent_at=now())
        db.session.add(letter)
        db.session.flush()
        letter.delivery_id = _send(sender, host, letter, TO_HOSTS).id
    return len(hosts)


@action
def report(reader: Person, letter_id: int, reason: str, text: str = "") -> Report:
    """Report a received letter to the moderators."""
    touches()
    letter = letter_to(reader, letter_id)
    said = report_letter(reader, letter.id, letter.sender, letter.text, reason=reason, text=text)
    letter.reported_at = now()
    return said


@action
def forget_old(system: Person, limit: int = DELETION_BATCH_SIZE) -> int:
    """Delete up to `limit` letters older than `KEPT`, and what waits to be sent of them; returns how many."""
    require(system.can.administer())
    touches()
    return _delete_letters(system, ContactLetter.sent_at < now() - KEPT, limit)


@action
def forget_member(system: Person, member_id: int, limit: int = DELETION_BATCH_SIZE) -> int:
    """Delete up to `limit` letters from and to a member who has left; returns how many."""
    require(system.can.administer())
    touches()
    is_theirs = or_(ContactLetter.sender_id == member_id, ContactLetter.recipient_id == member_id)
    return _delete_letters(system, is_theirs, limit)


def _delete_letters(system: Person, which: ColumnElement[bool], limit: int) -> int:
    deliveries = delete_batch(ContactLetter, limit, which, returning=ContactLetter.delivery_id)
    mail.forget_by_ids(system, [number for number in deliveries if number])
    return len(deliveries)
