"""Writing the due letters, sending them, and testing the mail server."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from forum import web
from forum.clock import now
from forum.deeds import leave_failed_transaction
from forum.emails import message
from forum.engines import is_outage
from forum.errors import Busy
from forum.mail import actions
from forum.mail.commands._shared import bp, log
from forum.mail.commands.composing import compose
from forum.mail.models import Delivery
from forum.mail.queries import members_due_for_digest
from forum.members.forms import EMAIL_PATTERN
from forum.members.queries import normalised_email
from forum.permissions import SYSTEM
from forum.settings import Settings
from forum.transports import Rejected, ServerUnavailable, Transport, open_transport

MEMBERS_AT_ONCE = 500  # whose digests are checked together
DIGESTS_AT_ONCE = actions.BATCH_SIZE


def deliver() -> int:
    """Send due letters; returns how many it took. When no server can be reached, they are postponed, and it returns 0.

    Raises `Busy` when the database cannot be written; letters that were not tried are due again at once then, too.
    """
    settings = web.settings()
    _record_carried(settings.carried_path)
    letters = actions.lease_due_letters(SYSTEM)
    done: set[int] = set()
    try:
        if letters:
            with open_transport(settings.smtp_url, settings.mail_path) as through:
                _send_some(through, letters, done, settings)
    except ServerUnavailable as error:
        waiting = _untried(letters, done)
        actions.postpone(SYSTEM, waiting, str(error))
        # Without what it said: that may name an address
        log.warning(
            "the mail server takes nothing now; letters that are tried again: %s", len(waiting)
        )
        return 0
    except Busy:
        with suppress(Busy):  # otherwise their lease ends some time
            actions.release_letters(SYSTEM, _untried(letters, done))
        raise
    actions.release_letters(SYSTEM, _untried(letters, done))
    return len(letters)


def _send_some(
    through: Transport, letters: Sequence[Delivery], done: set[int], settings: Settings
) -> None:
    """Send letters for at most half of their lease, and add the ids of those that were tried to `done`."""
    until = time.monotonic() + actions.LEASE.total_seconds() / 2
    for letter in letters:
        if time.monotonic() > until:
            return
        try:
            _send(through, letter, settings)
        except (ServerUnavailable, Busy):
            raise
        except Exception as error:  # a faulty letter must not delay the others
            if is_outage(error):
                raise
            is_refused = isinstance(error, SQLAlchemyError)
            if is_refused:
                leave_failed_transaction()
            log.exception("letter %s cannot be sent", letter.id)
            why = f"It cannot be sent: {type(error).__name__}"
            actions.note_refused(SYSTEM, letter.id, why, is_final=False)
            if is_refused:
                done.add(letter.id)
                return  # the others are read again, since their rows belong to no session any more
        done.add(letter.id)


def _untried(letters: Sequence[Delivery], done: set[int]) -> list[int]:
    return [letter.id for letter in letters if letter.id not in done]


def write_notice_letters() -> int:
    """Write the letters of notices that are mailed at once; returns how many."""
    return actions.write_notice_letters(SYSTEM)


def write_report_letters() -> int:
    """Write receipts and outcomes of visitors' reports; returns for how many reports."""
    return actions.write_report_letters(SYSTEM)


@dataclass
class DigestRound:
    """How far a worker has come in looking for digests that are due: up to which member, and whose it found (ids)."""

    after_id: int = 0
    due: list[int] = field(default_factory=list)

    def next_due(self) -> Sequence[int]:
        """The next members whose digest is due, at most `DIGESTS_AT_ONCE`; at the end of a round it begins again."""
        while not self.due:
            self.due, self.after_id = members_due_for_digest(self.after_id, MEMBERS_AT_ONCE)
            if not self.after_id:
                break
        member_ids, self.due = self.due[:DIGESTS_AT_ONCE], self.due[DIGESTS_AT_ONCE:]
        return member_ids


def write_digests(progress: DigestRound | None = None) -> int:
    """Write the next digests of a round (by default a new one), as many as are sent at once; returns how many.

    A hundred thousand that are due at the same hour would keep the worker from everything else for minutes.
    """
    member_ids = (progress or DigestRound()).next_due()
    for member_id in member_ids:
        actions.write_digest(SYSTEM, member_id)
    return len(member_ids)


def forget_files() -> None:
    """Delete old files of letters in the mail folder."""
    old = time.time() - actions.KEPT.total_seconds()
    for file in web.settings().mail_path.glob("*.eml"):
        with suppress(FileNotFoundError):  # another worker has deleted it just now
            if file.stat().st_mtime < old:
                file.unlink()


def _record_carried(carried: Path) -> None:
    """Record as sent what a server had accepted when a worker was killed before it could record that."""
    files = [file for file in carried.glob("*") if file.name.isdigit()]
    if files:
        actions.note_sent(SYSTEM, [int(file.name) for file in files])
        for file in files:
            file.unlink(missing_ok=True)


def _send(through: Transport, letter: Delivery, settings: Settings) -> None:
    carried = settings.carried_path / str(letter.id)
    if carried.exists():  # another worker has sent it just now
        return
    written = compose(letter, settings)
    if written is None:
        actions.drop(SYSTEM, letter.id, "nothing to tell")
        return
    try:
        through.send(message(written), written.comes_back_to, written.to)
    except Rejected as error:
        actions.note_refused(
            SYSTEM,
            letter.id,
            str(error),
            is_final=error.is_final,
            is_about_address=error.is_about_address,
        )
        return
    with suppress(OSError):
        settings.carried_path.mkdir(exist_ok=True)
        carried.touch()
    actions.note_sent(SYSTEM, [letter.id])
    carried.unlink(missing_ok=True)


# A test letter


@bp.cli.command("mail-test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send an e-mail to ADDRESS at once, and say what the mail server answers."""
    settings = web.settings()
    if not re.match(EMAIL_PATTERN, normalised_email(address)):
        raise click.BadParameter("Write an e-mail address such as name@city.example.")
    due_at = now() + actions.LEASE  # so that no worker sends it, too
    letter = actions.write_letter(SYSTEM, "test", normalised_email(address), {}, due_at=due_at)
    try:
        with open_transport(settings.smtp_url, settings.mail_path) as through:
            if written := compose(letter, settings):
                through.send(message(written), written.comes_back_to, written.to)
    except (ServerUnavailable, Rejected) as error:
        actions.drop(SYSTEM, letter.id, "a test")
        raise click.ClickException(f"The mail server did not take it: {error}") from error
    actions.note_sent(SYSTEM, [letter.id])
    where = "The mail server has taken it." if settings.smtp_url else _in_folder(settings)
    click.echo(f"{where} It comes from {settings.mail_from}.")


def _in_folder(settings: Settings) -> str:
    return f"FORUM_SMTP_URL is not set, so it is in {settings.mail_path}."
