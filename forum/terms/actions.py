"""Writing versions of the terms of use, and agreeing to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy import delete

from forum.clock import now
from forum.db import db, flush_unique, store_html
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.history.queries import refuse_unseen
from forum.markup import Written
from forum.members.actions import note_terms, note_terms_agreed
from forum.members.models import Member
from forum.members.queries import lock_member
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.terms.models import ASKED, Consent, Terms
from forum.terms.queries import (
    consent_of,
    due_after,
    in_force,
    last_number,
    terms_fields,
    terms_to_change,
    upcoming,
)

MAX_LENGTH = 50_000  # characters
MAX_CHANGE_LENGTH = 500


@dataclass(frozen=True)
class TermsText:
    """What an administrator writes: the terms, what is new in a sentence, and from when on they are in force."""

    text: Written
    valid_from: datetime
    change: str = ""
    needs_consent: bool = True


@action
def write_terms(administrator: Person, text: TermsText, *, seen: str | None = None) -> Terms:
    """Write the next version, or edit the one that is not in force yet.

    A version that was ever in force stays unchanged. When a version needs consent, members can write after its day
    only once they have agreed. `seen` is the `fingerprint` of the latest version when the form was opened: `Conflict`
    when it has changed since, or there is a newer one.
    """
    latest = terms_fields(terms_to_change(administrator))
    _check(text)
    if latest | _fields_of(text) != latest:
        refuse_unseen(seen, latest)
    written = upcoming() or Terms(number=last_number() + 1)
    written.source, written.html = text.text.source, text.text.html
    written.html_version, written.language = text.text.html_version, text.text.language
    written.change, written.needs_consent = single_line(text.change), text.needs_consent
    written.valid_from, written.written_at = max(text.valid_from, now()), now()
    db.session.add(written)
    flush_unique()
    since = written.valid_from if written.needs_consent else None
    note_terms(administrator, due_after(0), since)
    return written


def _fields_of(text: TermsText) -> dict[str, Any]:
    """The fields that a version with this text would have, as in `terms_fields`."""
    said = {"source": text.text.source, "language": text.text.language}
    said |= {"change": single_line(text.change)}
    day = text.valid_from.date().isoformat()
    return {**said, "needs_consent": text.needs_consent, "valid_from": day}


def _check(text: TermsText) -> None:
    if not text.text.source.strip():
        raise Invalid(_("Write the terms."), "source")
    if len(text.text.source) > MAX_LENGTH:
        raise Invalid(
            _("Write at most %(most)s characters.", most=format_decimal(MAX_LENGTH)), "source"
        )
    if len(text.change) > MAX_CHANGE_LENGTH:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_CHANGE_LENGTH), "change")
    if last_number() and not text.change.strip() and not _is_first_version_ahead():
        raise Invalid(_("Say in a sentence what is new."), "change")
    if text.valid_from.date() < now().date():
        raise Invalid(_("Choose today or a day that is still ahead."), "valid_from")


def _is_first_version_ahead() -> bool:
    ahead = upcoming()
    return ahead is not None and ahead.number == 1


@action
def agree(member: Member, number: int, how: str = ASKED) -> None:
    """Agree to the terms with a number; repeating it has no effect. Raises `Conflict` when others are in force."""
    touches()
    lock_member(member.id, may_write=True)
    require(member.can.agree())
    holds = in_force()
    if holds is None or (how == ASKED and holds.number != number):
        raise Conflict(_("There are newer terms of use by now. Read them first."))
    if consent_of(member, number) is None:
        said = Consent(member_id=member.id, number=number, how=how, agreed_at=now())
        db.session.add(said)
    note_terms_agreed(member, due_after(number))


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store re-rendered HTML by number, where the source is still the same; returns how many rows changed."""
    require(system.can.administer())
    return store_html(Terms.source, Terms.html, Terms.html_version, texts)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the consents of a member who has left."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Consent).where(Consent.member_id == member_id))
