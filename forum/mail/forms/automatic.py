"""Messages that no person wrote: automatic answers, and letters that came back."""

from __future__ import annotations

import re
from email.message import EmailMessage, Message
from typing import Any

from forum.mail.forms._headers import header_of
from forum.plaintext import on_one_line

AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")
# Beginnings of subjects of automatic answers, from programs that set no header
AUTOMATIC_SUBJECT = re.compile(
    r"\s*(auto(matic)?[ -]?(reply|response)|out of (the )?office|abwesen|automatische (antwort|abwesenheit)|"
    r"réponse automatique|absence|respuesta automática|fuera de|risposta automatica|fuori sede|"
    r"automatisch antwoord|afwezig|autosvar|automatiskt svar|odpowiedź automatyczna|自動応答)",
    re.I,
)


def is_automatic(message: EmailMessage) -> bool:
    """Whether no person wrote the message, by what it says of itself or by its subject."""
    return is_sent_automatically(message) or sounds_automatic(header_of(message, "Subject"))


def sounds_automatic(subject: str) -> bool:
    """Whether a subject begins like those of automatic answers."""
    return bool(AUTOMATIC_SUBJECT.match(subject[:200]))


def is_sent_automatically(message: EmailMessage) -> bool:
    """Whether a message says that no person wrote it: a report, an automatic answer, a list, a robot, a letter of the forum (RFC 3834)."""
    submitted = header_of(message, "Auto-Submitted").lower().partition(";")[0].strip()
    precedence = header_of(message, "Precedence").lower()
    return (
        message.get_content_type() == "multipart/report"
        or submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(header_of(message, name) for name in AUTOMATIC_HEADERS)
        or header_of(message, "Return-Path").strip() == "<>"
    )


def delivery_report(message: EmailMessage) -> tuple[str, str]:
    """The address that a delivery report says has failed for good, and why (RFC 3464); both empty for none."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for fields in part.get_payload():
            if isinstance(fields, Message) and header_of(fields, "Action").lower() == "failed":
                address = header_of(fields, "Final-Recipient").rpartition(";")[2]
                return address.strip().lower(), _status(fields)
    return "", ""


def _status(fields: Any) -> str:
    """The status of a failure, beginning with its code, as mail servers write it: `5.1.1 no such user`."""
    diagnostic = header_of(fields, "Diagnostic-Code").partition(";")[2]
    return on_one_line(f"{header_of(fields, 'Status')} {diagnostic}")[:300]
