"""Mail on its way out and in: the worker's rounds, a message from a pipe, a letter to try it."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import SQLAlchemyError

from forum import markup, tokens, web
from forum.appeals.queries import suspension_appeal_path
from forum.db import now
from forum.dialogue.models import Held
from forum.dialogue.queries import render_with_mentions, shown_source
from forum.emails import Letter, message, render
from forum.errors import Busy, Conflict, Forbidden, Invalid, Refusal
from forum.imap import LARGEST, mailbox
from forum.mail import actions
from forum.mail.forms import Incoming, bounce_address, read_message, reply_address
from forum.mail.models import Delivery
from forum.mail.queries import (
    Entry,
    digest_groups,
    has_said_today,
    member_of_letter,
    members_due_for_digest,
    notice_to_tell,
)
from forum.members.forms import EMAIL_PATTERN
from forum.members.models import Member
from forum.members.queries import federation, normalised_email
from forum.notifications.models import Notice
from forum.notifications.queries import settings_of
from forum.permissions import SYSTEM, VISITOR, reads
from forum.ratelimits import within_limit
from forum.screening.queries import is_newcomer
from forum.settings import Settings
from forum.transports import Rejected, ServerUnavailable, Transport, open_transport

PORTION = 500
PER_HOUR, PER_HOUR_OF_NEW = "30/hour", "10/hour"  # answers of one member
TRY_AGAIN, NOT_ALLOWED = 75, 77
log = logging.getLogger("forum.mail")
LONGEST_TEXT = 8_000
WITH_TEXT = ("reply", "quote", "mention", "post", "topic", "advice")  # tell the words themselves
bp = Blueprint("mail_commands", __name__, cli_group=None)


def deliver() -> int:
    """Send some letters that are due; says how many it had. Does nothing when no server can be reached."""
    settings = web.settings()
    _settle(settings.carried_path)
    letters = actions.take_due(SYSTEM)
    done: set[int] = set()
    try:
        if letters:
            with open_transport(settings.smtp_url, settings.mail_path) as through:
                _send_some(through, letters, done, settings)
    except ServerUnavailable as error:
        actions.postpone(SYSTEM, _left(letters, done), str(error))
        return 0
    actions.let_go(SYSTEM, _left(letters, done))
    return len(letters)


def _send_some(
    through: Transport, letters: Sequence[Delivery], done: set[int], settings: Settings
) -> None:
    """Send what can be sent before others may take the letters for left behind."""
    until = time.monotonic() + actions.LEASE.total_seconds() / 2
    for letter in letters:
        if time.monotonic() > until:
            return
        try:
            _send(through, letter, settings)
        except (ServerUnavailable, Busy, SQLAlchemyError):
            raise
        except Exception as error:  # one that cannot be made must not hold up the others
            log.exception("letter %s cannot be sent", letter.id)
            why = f"It cannot be sent: {type(error).__name__}"
            actions.note_returned(SYSTEM, letter.id, why, is_final=False)
        done.add(letter.id)


def _left(letters: Sequence[Delivery], done: set[int]) -> list[int]:
    return [letter.id for letter in letters if letter.id not in done]


def write_of_notices() -> int:
    """Write the letters of notices that are mailed at once; says how many."""
    return actions.write_of_notices(SYSTEM)


def write_of_reports() -> int:
    """Write to visitors what became of their reports; says to how many."""
    return actions.write_of_reports(SYSTEM)


def write_digests() -> int:
    """Write the digests whose members' hour has come; says how many."""
    written, after_id = 0, 0
    while True:
        due, after_id = members_due_for_digest(after_id, PORTION)
        for member_id in due:
            actions.write_digest(SYSTEM, member_id)
        written += len(due)
        if not after_id:
            return written


def forget_files() -> None:
    """Delete the files of letters that are no longer of use."""
    old = time.time() - actions.KEPT.total_seconds()
    for file in web.settings().mail_path.glob("*.eml"):
        if file.stat().st_mtime < old:
            file.unlink(missing_ok=True)


def _settle(carried: Path) -> None:
    """Note as sent what a server had taken when a worker was killed, before the database knew."""
    files = [file for file in carried.glob("*") if file.name.isdigit()]
    if files:
        actions.note_sent(SYSTEM, [int(file.name) for file in files])
        for file in files:
            file.unlink(missing_ok=True)


def _send(through: Transport, letter: Delivery, settings: Settings) -> None:
    carried = settings.carried_path / str(letter.id)
    if carried.exists():  # another worker's, this very moment
        return
    written = compose(letter, settings)
    if written is None:
        actions.drop(SYSTEM, letter.id, "nothing to tell")
        return
    try:
        through.send(message(written), written.comes_back_to, written.to)
    except Rejected as error:
        actions.note_returned(
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


def compose(letter: Delivery, settings: Settings) -> Letter | None:
    """A letter as it stands now, in text and HTML; None when it holds nothing any more that its reader needs."""
    words, ways = _words(letter, settings), _Ways()
    if _is_over(letter):
        return None
    if letter.kind in MORE:
        more = (
            letter.member
            and not letter.member.mail_paused_at
            and MORE[letter.kind](letter, letter.member, ways)
        )
        if not more:
            return None
        words |= more | {"stop": ways.unsubscribe}
    subject, text = render(letter.kind, "kit.txt", words)
    _same, html = render(letter.kind, "kit.html", words)
    return Letter(
        number=f"letter-{letter.id}-{letter.created_at:%Y%m%d%H%M%S}",
        to=letter.address,
        subject=subject,
        text=text,
        html=html,
        written_at=letter.created_at,
        sender=settings.mail_from,
        sender_name=_sender_name(words),
        host=settings.host,
        comes_back_to=_comes_back_to(letter, settings),
        **vars(ways),
    )


def _is_over(letter: Delivery) -> bool:
    """Whether the link in a letter that was long on its way would be no longer good."""
    hours = int(letter.words.get("hours", 0))
    return hours > 0 and letter.created_at + timedelta(hours=hours) < now()


def _comes_back_to(letter: Delivery, settings: Settings) -> str:
    if not settings.reply_address or not letter.member_id:
        return settings.mail_from
    return bounce_address(settings.reply_address, letter.member_id, _today())


def _today() -> int:
    return now().toordinal()


@dataclass
class _Ways:
    """The headers by which a mail program threads a letter, answers it and ends such letters."""

    thread: tuple[str, ...] = ()
    unsubscribe: str = ""
    list_name: str = ""
    reply_to: str = ""


def _notice(letter: Delivery, member: Member, ways: _Ways) -> dict[str, Any] | None:
    told = notice_to_tell(member, letter.words["notice"])
    if told is None:
        return None
    notice, post, topic = told
    ways.unsubscribe = stop_address(member.id, notice.kind)
    ways.list_name = f"{notice.kind}.notices"
    if topic:
        ways.thread = (f"topic-{topic.id}",)
    if topic and post and web.settings().reply_address and member.can.reply(topic):
        pattern = web.settings().reply_address
        ways.reply_to = reply_address(pattern, member.id, post.id, _today())
    return {
        "kind": notice.kind,
        "actor": _people(notice),
        "title": notice.title,
        "text": shown_source(post)[:LONGEST_TEXT]
        if post and notice.kind in WITH_TEXT
        else notice.text,
        "language": post.language if post else "",
        "is_in_topic": topic is not None,
        "is_public": topic is not None and reads(VISITOR, topic.audience),
        "can_answer": bool(ways.reply_to),
        "appeal": web.absolute(suspension_appeal_path(member)) if member.is_suspended else "",
    }


def _people(notice: Notice) -> str:
    name = notice.actor.name if notice.actor else _("Somebody")
    if not notice.others:
        return name
    return ngettext(
        "%(who)s and %(num)s other", "%(who)s and %(num)s others", notice.others, who=name
    )


def _digest(letter: Delivery, member: Member, ways: _Ways) -> dict[str, Any] | None:
    groups = digest_groups(member, letter.words["notices"])
    if not groups:
        return None
    ways.unsubscribe, ways.list_name = stop_address(member.id, "digest"), "digest"
    number = sum(len(group.entries) + group.further for group in groups)
    every = settings_of(member.id).digest_every
    return {"groups": groups, "number": number, "what": _what, "every": every}


def _what(entry: Entry) -> str:
    """What happened, in a few words: `3 new posts, 1 mark · Ana Prado, Ben Okoth`."""
    counted = [COUNTED[kind](number) for kind, number in entry.counts.items() if kind in COUNTED]
    names = ", ".join(entry.who[:3]) + (" …" if entry.who[3:] else "")
    return " · ".join(part for part in (", ".join(counted), names) if part)


COUNTED: dict[str, Callable[[int], str]] = {
    "post": lambda n: ngettext("%(num)s new post", "%(num)s new posts", n),
    "reply": lambda n: ngettext("%(num)s reply to you", "%(num)s replies to you", n),
    "quote": lambda n: ngettext("%(num)s quotation of you", "%(num)s quotations of you", n),
    "mention": lambda n: ngettext("%(num)s mention of you", "%(num)s mentions of you", n),
    "topic": lambda n: ngettext("%(num)s new topic", "%(num)s new topics", n),
    "mark": lambda n: ngettext("%(num)s mark for you", "%(num)s marks for you", n),
    "published": lambda n: ngettext("published", "%(num)s published", n),
    "report": lambda n: ngettext("what became of your report", "what became of %(num)s reports", n),
    "rules": lambda n: _("the house rules change"),
    "answer": lambda n: ngettext("an answer was chosen", "%(num)s answers were chosen", n),
}


def _contact(letter: Delivery, member: Member, _ways: _Ways) -> dict[str, Any] | None:
    """Nothing more, unless its writer was suspended meanwhile, or the member wants no such letters any more."""
    writer = member_of_letter(letter.words["sender_id"])
    return {"is_wanted": True} if writer and writer.can.contact(member) else None


MORE: dict[str, Callable[[Delivery, Member, _Ways], dict[str, Any] | None]] = {
    "notice": _notice,
    "digest": _digest,
    "contact": _contact,
}


def stop_address(member_id: int, kind: str) -> str:
    """Where one press ends letters of a kind, without signing in (RFC 8058)."""
    seal = tokens.seal("stop", f"{member_id}:{kind}")
    return web.absolute(f"/mail/stop/{member_id}/{quote(kind)}/{seal}")


def _sender_name(words: Mapping[str, Any]) -> str:
    """Whose words they are comes first, so that a list of letters says it."""
    actor, forum = words.get("actor"), words["forum"]
    return _("%(who)s, %(forum)s", who=actor, forum=forum) if actor else str(forum)


def _words(letter: Delivery, settings: Settings) -> dict[str, Any]:
    known = federation()
    words: dict[str, Any] = {
        "forum": known.name if known else "Interurban",
        "home": settings.url + "/",
        "contact": settings.url + "/contact",
        "absolute": web.absolute,
        "name": letter.member.name if letter.member else letter.words.get("name", ""),
        "address": letter.address,
    }
    return words | letter.words | {"link": _link(letter.words, settings)}


def _link(words: Mapping[str, Any], settings: Settings) -> str:
    """Where the letter leads; a secret is made here, so that no row holds it."""
    path = str(words.get("path", ""))
    if salt := words.get("salt"):
        path = f"{path}/{tokens.secret(str(words['purpose']), salt)}"
    return settings.url + path


# What comes in


def take_in(raw: bytes, recipient: str = "") -> str:
    """Post an answer that came by mail, or note that a letter came back; says in words what was done.

    Raises `Busy` when it should be handed in again, and `Forbidden` for what is from a stranger or forged.
    """
    if len(raw) > LARGEST:
        raise Forbidden("The message is too large.")
    incoming = _read(raw, recipient)
    if incoming.key is None:
        raise Forbidden("The message answers no letter of this forum.")
    member = member_of_letter(incoming.key.member_id)
    if incoming.kind == "bounce":
        return _came_back(incoming, member)
    if incoming.kind == "machine":
        return "Nobody wrote this message, so nothing was posted."
    if member is None or member.email != incoming.sender or not incoming.key.post_id:
        raise Forbidden("The message is not from the member to whom the letter went.")
    return _post(incoming, member, incoming.key.post_id)


def _read(raw: bytes, recipient: str) -> Incoming:
    try:
        return read_message(raw, web.settings().reply_address, _today(), recipient)
    except Exception as error:  # one that nobody can read must not hold up the others
        log.exception("a message cannot be read")
        raise Forbidden("The message cannot be read.") from error


def _came_back(incoming: Incoming, member: Member | None) -> str:
    if member and incoming.address == member.email:
        actions.note_came_back(SYSTEM, member.id, incoming.address, incoming.why)
    return "A letter came back."


def _post(incoming: Incoming, member: Member, post_id: int) -> str:
    try:
        if not incoming.text:
            raise Invalid(
                _("There was no text in your message above the e-mail that you answered.")
            )
        source, key = markup.tidy(incoming.text), f"mail-{incoming.number}"
        if has_said_today(member, source, key):
            return "The same text was posted today, so nothing was posted."
        pace = PER_HOUR_OF_NEW if is_newcomer(member) else PER_HOUR
        if not within_limit(pace, "mail-in", str(member.id)):
            raise Conflict(_("You have sent many messages within an hour. Try again later."))
        text = render_with_mentions(source, member.language)
        posted = actions.answer(member, post_id, text, key)
    except Busy:
        raise
    except Refusal as error:
        closed = member.can.sign_in().why_not
        why = str(closed or error.message or _("This topic takes no answer from you now."))
        actions.send_back(SYSTEM, member, incoming.text, why)
        return "The message was given back with the reason."
    if isinstance(posted, Held):
        return f"It waits for a moderator as /waiting/{posted.id}."
    return f"Posted as /posts/{posted.id}."


def fetch() -> int:
    """Take in the messages of the mailbox of FORUM_IMAP_URL; says how many. None is deleted, each is marked as seen."""
    if not web.settings().imap_url:
        return 0
    number = 0
    with mailbox(web.settings().imap_url) as messages:
        for raw in messages:
            number += 1
            try:
                log.info(take_in(raw))
            except Forbidden as error:
                log.info(error.message)
            except (Busy, SQLAlchemyError):
                raise  # it is taken in when it is fetched again
            except Exception:  # one that is a mistake each time must not hold up the others
                log.exception("a message is left in the mailbox")
    return number


@bp.cli.command("mail-in")
@click.option(
    "--recipient", default="", help="Whom the message is for, if the mail server says so."
)
def mail_in(recipient: str) -> None:
    """Take in a message on standard input, as a mail server's pipe hands it over (exit codes of sysexits.h)."""
    try:
        click.echo(take_in(sys.stdin.buffer.read(LARGEST + 1), recipient))
    except Busy:
        click.echo("The forum is busy. Hand the message in again.", err=True)
        raise SystemExit(TRY_AGAIN) from None
    except Forbidden as error:
        click.echo(error.message, err=True)
        raise SystemExit(NOT_ALLOWED) from None
    except Exception:  # the message must not go back to its sender because of a mistake of ours
        log.exception("a message could not be taken in")
        click.echo("The message could not be taken in. Hand it in again.", err=True)
        raise SystemExit(TRY_AGAIN) from None


# Trying it


@bp.cli.command("mail-test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send a letter to an address at once, and say what the mail server answers."""
    settings = web.settings()
    if not re.match(EMAIL_PATTERN, normalised_email(address)):
        raise click.BadParameter("Write an e-mail address such as name@city.example.")
    due_at = now() + actions.LEASE  # a worker must not send it, too
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
