"""What the tests of topics by e-mail share: the message that opens one, and what it has opened."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from sqlalchemy import select

from forum.db import db
from forum.dialogue.models import Topic
from forum.mail.forms import topic_address
from forum.members.models import Member
from tests.mail.inbound.conftest import MAILBOX


def address_of(member, agenda, generation=0):
    return topic_address(MAILBOX, member.id, agenda.id, generation)


def sent(
    people: Any,
    agenda: Any,
    subject: str = "Who has tried quiet trams?",
    text: str = "Ours are loud.",
    **headers: str,
) -> bytes:
    """An e-mail of Ana's to her address for the agenda; `headers` replace its own."""
    message = EmailMessage(policy=SMTP)
    usual = {
        "From": "Ana Prado <Ana@Example.org>",
        "To": address_of(people.ana, agenda),
        "Subject": subject,
        "Message_ID": "<1@mail.ana.example>",
    }
    for name, value in (usual | headers).items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def topics():
    return db.session.scalars(select(Topic).order_by(Topic.id)).all()


def member(people) -> Member:
    return db.session.get(Member, people.ana.id, populate_existing=True)
