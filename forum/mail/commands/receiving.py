"""Incoming mail: answers to letters, new topics, and bounces."""

from __future__ import annotations

import re
import sys

import click
from flask_babel import force_locale
from flask_babel import gettext as _

from forum import web
from forum.clock import in_zone
from forum.deeds import leave_failed_transaction
from forum.dialogue.models import Held
from forum.dialogue.queries import render_with_mentions
from forum.endings import EX_NOPERM, EX_TEMPFAIL
from forum.engines import is_outage
from forum.errors import Busy, Forbidden, Invalid, Refusal
from forum.imap import MAX_MESSAGE_BYTES, mailbox
from forum.mail import actions
from forum.mail.commands._shared import bp, log, reason_of, require_within_limit, today
from forum.mail.commands.opening import open_by_email
from forum.mail.forms import Incoming, TopicKey, has_too_many_parts, read_message
from forum.mail.queries import addressee, sent_today
from forum.members.models import Member
from forum.notifications.queries import zone_of
from forum.permissions import SYSTEM
from forum.plaintext import tidy

# The part that says who wrote a message, which the log leaves out
PLACE = re.compile(r" as /\w+/[0-9]+")


def receive_message(raw: bytes, recipient: str = "") -> str:
    """Post an answer that came by mail, open a topic, or record a bounce; returns a sentence about what was done.

    `recipient` is the address that the mail server delivered it to, if known. Raises `Busy` when the message should
    be delivered again, and `Forbidden` for one that is forged or not from a member.
    """
    if len(raw) > MAX_MESSAGE_BYTES:
        raise Forbidden("The message is too large.")
    if has_too_many_parts(raw):
        raise Forbidden("The message has too many parts.")
    incoming = _parse(raw, recipient)
    if incoming.key is None:
        raise Forbidden("The message answers no letter of this forum.")
    member = addressee(incoming.key.member_id)
    if incoming.kind == "bounce":
        return _receive_bounce(incoming, member)
    if incoming.kind == "machine":
        return "Nobody wrote this message, so nothing was posted."
    key = incoming.key
    is_answerable = isinstance(key, TopicKey) or key.post_id
    if member is None or member.email != incoming.sender or not is_answerable:
        raise Forbidden("The message is not from the member to whom the letter went.")
    # What it says when something is not posted is for the member
    with in_zone(zone_of(member.id)), force_locale(web.offered_locale(member.locale)):
        if isinstance(key, TopicKey):
            return open_by_email(incoming, member, key)
        return _post_answer(incoming, member, key.post_id)


def _parse(raw: bytes, recipient: str) -> Incoming:
    try:
        return read_message(raw, web.settings().reply_address, today(), recipient)
    except Exception as error:  # a message that cannot be parsed must not delay the others
        log.exception("a message cannot be read")
        raise Forbidden("The message cannot be read.") from error


def _receive_bounce(incoming: Incoming, member: Member | None) -> str:
    if member and incoming.address == member.email:
        actions.note_bounce(SYSTEM, member.id, incoming.address, incoming.why)
    return "A letter came back."


def _post_answer(incoming: Incoming, member: Member, post_id: int) -> str:
    try:
        if not incoming.text:
            raise Invalid(_("Your e-mail had no text above the one that you replied to."))
        source, key = tidy(incoming.text), f"mail-{incoming.number}"
        if sent_today(member, source, key):
            return "The same text was posted today, so nothing was posted."
        require_within_limit(member)
        text = render_with_mentions(source, member.language, member)
        posted = actions.answer(member, post_id, text, key, incoming.files)
    except Busy:
        raise
    except Refusal as error:
        why = reason_of(error, member, _("This topic takes no reply from you now."))
        actions.return_answer(SYSTEM, member, post_id, incoming.text, why, files=incoming.files)
        return "The message was given back with the reason."
    if isinstance(posted, Held):
        return f"It waits for a moderator as /waiting/{posted.id}."
    return f"Posted as /posts/{posted.id}."


def fetch_messages() -> int:
    """Receive the new messages of the mailbox at FORUM_IMAP_URL; returns how many. They are marked as seen, not deleted."""
    if not web.settings().imap_url:
        return 0
    number = 0
    with mailbox(web.settings().imap_url) as messages:
        for raw in messages:
            number += 1
            try:
                log.info(PLACE.sub("", receive_message(raw)))
            except Forbidden as error:
                log.info(error.message)
            except Busy:
                raise  # it is received again with the next fetch
            except Exception as error:  # a message that always fails must not delay the others
                if is_outage(error):
                    raise
                leave_failed_transaction()
                log.exception("a message is left in the mailbox")
    return number


@bp.cli.command("mail-in")
@click.option(
    "--recipient", default="", help="Address that the mail server delivered the message to."
)
def mail_in(recipient: str) -> None:
    """Take in a message on standard input, as a mail server's pipe hands it over (exit codes of sysexits.h)."""
    try:
        click.echo(receive_message(sys.stdin.buffer.read(MAX_MESSAGE_BYTES + 1), recipient))
    except Busy:
        click.echo("The forum is busy. Hand the message in again.", err=True)
        raise SystemExit(EX_TEMPFAIL) from None
    except Forbidden as error:
        click.echo(error.message, err=True)
        raise SystemExit(EX_NOPERM) from None
    except Exception:  # a mistake here must not bounce the message to its sender
        log.exception("a message could not be taken in")
        click.echo("The message could not be taken in. Hand it in again.", err=True)
        raise SystemExit(EX_TEMPFAIL) from None
