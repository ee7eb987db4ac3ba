"""Whom a declaration is told to: watchers, signers, and the speakers of invited organisations."""

from __future__ import annotations

from collections.abc import Collection

from forum.clock import now
from forum.db import db
from forum.declarations.models import Declaration
from forum.declarations.queries import signers_of, speaker_ids, unsigned_ids
from forum.notifications.actions import (
    NoticeText,
    hide_told,
    note_event,
    note_event_for_watchers,
    read_outdated,
)
from forum.notifications.models import AGENDA
from forum.permissions import Person
from forum.sentences import Sentence, sentence


def tell_watchers(
    doer: Person, declaration: Declaration, said: Sentence, but: Collection[int] = ()
) -> None:
    """Tell those who watch its agenda, except the members `but` (ids)."""
    subjects = [(AGENDA, declaration.agenda_id)]
    note_event_for_watchers(doer, notice_of(declaration, said), subjects, but)


def notice_of(declaration: Declaration, said: Sentence, text: str = "") -> NoticeText:
    """A notice that leads to the declaration and says this of it."""
    return NoticeText(
        "declaration",
        declaration.address,
        declaration.title,
        text,
        before=[said],
        language=declaration.language,
    )


def end_invitations(doer: Person, declaration: Declaration) -> None:
    """Withdraw all pending requests to sign."""
    hide_told(doer, "signing", declaration.address)


def adopt_and_tell(doer: Person, declaration: Declaration) -> None:
    """Adopt a declaration; its signers are told, and whoever watches its agenda."""
    declaration.adopted_at = now()
    db.session.flush()
    signers = signers_of(declaration.id)
    said = sentence("It is adopted.")
    end_invitations(doer, declaration)
    tell_watchers(doer, declaration, said, but=signers)
    note_event(doer, notice_of(declaration, said), signers, is_named=False)


def end_invitation(member: Person, declaration: Declaration, organisation_id: int) -> None:
    """Withdraw invitation notices from its speakers, except those who also speak for another invited organisation."""
    asked = {*speaker_ids(unsigned_ids(declaration.id))}
    outdated = [
        speaker_id for speaker_id in speaker_ids([organisation_id]) if speaker_id not in asked
    ]
    read_outdated(member, "signing", [declaration.address], outdated)


def ask_to_sign(doer: Person, declaration: Declaration, organisation_ids: Collection[int]) -> None:
    """Tell the speakers of these organisations that they are invited, and until when."""
    day = declaration.sign_until
    said = sentence("The last day to sign is %(day)s.", day=day.isoformat() if day else "")
    notice = NoticeText(
        "signing",
        declaration.address,
        declaration.title,
        before=[said],
        language=declaration.language,
    )
    note_event(doer, notice, speaker_ids(organisation_ids))
