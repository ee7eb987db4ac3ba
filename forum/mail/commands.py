"""Sending and receiving mail: what the worker does, a message from a pipe, a test letter."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
from flask import Blueprint
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from forum import locales, tokens, web
from forum.appeals.queries import appeal_info, suspension_appeal_path
from forum.clock import in_words, in_zone, now
from forum.dialogue.models import Held
from forum.dialogue.queries import render_with_mentions, shown_source, telling_marks
from forum.emails import Letter, message, render
from forum.errors import Busy, Conflict, Forbidden, Invalid, Refusal
from forum.imap import LARGEST, mailbox
from forum.mail import actions
from forum.mail.forms import (
    Incoming,
    bounce_address,
    has_too_many_parts,
    read_message,
    reply_address,
)
from forum.mail.models import Delivery
from forum.mail.queries import (
    DigestEntry,
    QueueContent,
    addressee,
    decision_told,
    digest_groups,
    has_posted_today,
    members_due_for_digest,
    notice_to_tell,
    queue_content,
)
from forum.members.forms import EMAIL_PATTERN
from forum.members.models import Member
from forum.members.queries import federation, normalised_email
from forum.moderation.forms import REASON_NAMES
from forum.moderation.queries import is_concerned
from forum.notifications.models import DECISION_KINDS, NOTICE_KINDS, QUEUE_KINDS, Notice
from forum.notifications.queries import settings_of, zone_of
from forum.permissions import SYSTEM, VISITOR, reads
from forum.plaintext import tidy
from forum.ratelimits import within_limit
from forum.rules.models import said_of_rule
from forum.screening.queries import is_newcomer
from forum.settings import Settings
from forum.transports import Rejected, ServerUnavailable, Transport, open_transport

PORTION = 500
ANSWER_LIMIT, ANSWER_LIMIT_OF_NEW = "30/hour", "10/hour"  # answers by mail of one member
EX_USAGE, EX_TEMPFAIL, EX_NOPERM = 64, 75, 77  # exit codes of sysexits.h
log = logging.getLogger("forum.mail")
MAX_QUOTED_CHARACTERS = 8_000
APPEAL_ANSWER = re.compile(r"/moderation/decisions/[0-9]+/appeal")  # the address of a notice
PLACE = re.compile(r" as /\w+/[0-9]+")  # says who wrote a message, so that the log leaves it out
bp = Blueprint("mail_commands", __name__, cli_group=None)


def deliver() -> int:
    """Send due letters; returns how many it took. When no server can be reached, they are postponed, and it returns 0."""
    settings = web.settings()
    _record_carried(settings.carried_path)
    letters = actions.lease_due_letters(SYSTEM)
    done: set[int] = set()
    try:
        if letters:
            with open_transport(settings.smtp_url, settings.mail_path) as through:
                _send_some(through, letters, done, settings)
    except ServerUnavailable as error:
        actions.postpone(SYSTEM, _untried(letters, done), str(error))
        return 0
    actions.release_letters(SYSTEM, _untried(letters, done))
    return len(letters)


def _send_some(
    through: Transport, letters: Sequence[Delivery], done: set[int], settings: Settings
) -> None:
    """Send letters for half of their lease at most, and add the ids of those that were tried to `done`."""
    until = time.monotonic() + actions.LEASE.total_seconds() / 2
    for letter in letters:
        if time.monotonic() > until:
            return
        try:
            _send(through, letter, settings)
        except (ServerUnavailable, Busy, SQLAlchemyError):
            raise
        except Exception as error:  # a faulty letter must not delay the others
            log.exception("letter %s cannot be sent", letter.id)
            why = f"It cannot be sent: {type(error).__name__}"
            actions.note_refused(SYSTEM, letter.id, why, is_final=False)
        done.add(letter.id)


def _untried(letters: Sequence[Delivery], done: set[int]) -> list[int]:
    return [letter.id for letter in letters if letter.id not in done]


def write_notice_letters() -> int:
    """Write the letters of notices that are mailed at once; returns how many."""
    return actions.write_notice_letters(SYSTEM)


def write_report_letters() -> int:
    """Write receipts and outcomes of visitors' reports; returns for how many reports."""
    return actions.write_report_letters(SYSTEM)


def write_digests() -> int:
    """Write the digests that are due; returns how many."""
    written, after_id = 0, 0
    while True:
        due, after_id = members_due_for_digest(after_id, PORTION)
        for member_id in due:
            actions.write_digest(SYSTEM, member_id)
        written += len(due)
        if not after_id:
            return written


def forget_files() -> None:
    """Delete old files of letters in the mail folder."""
    old = time.time() - actions.KEPT.total_seconds()
    for file in web.settings().mail_path.glob("*.eml"):
        if file.stat().st_mtime < old:
            file.unlink(missing_ok=True)


def _record_carried(carried: Path) -> None:
    """Record as sent what a server had taken when a worker was killed before it could write that to the database."""
    files = [file for file in carried.glob("*") if file.name.isdigit()]
    if files:
        actions.note_sent(SYSTEM, [int(file.name) for file in files])
        for file in files:
            file.unlink(missing_ok=True)


def _send(through: Transport, letter: Delivery, settings: Settings) -> None:
    carried = settings.carried_path / str(letter.id)
    if carried.exists():  # another worker has just sent it
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


def compose(letter: Delivery, settings: Settings) -> Letter | None:
    """The letter as a message in text and HTML, from the present data; None when there is nothing left to tell.

    It is in the language that its recipient has chosen, if the forum still offers that.
    """
    wanted = letter.member.locale if letter.member else letter.locale
    with force_locale(web.offered_locale(wanted)):
        return _compose(letter, settings)


def _compose(letter: Delivery, settings: Settings) -> Letter | None:
    words, headers = _words(letter, settings), _MailHeaders()
    if _is_expired(letter):
        return None
    if letter.kind in CONTEXT_BUILDERS:
        if letter.member is None or letter.member.mail_paused_at:
            return None
        more = CONTEXT_BUILDERS[letter.kind](letter, letter.member, headers)
        if not more:
            return None
        words |= more | {"stop": headers.unsubscribe}
    subject, text = render(letter.kind, "kit.txt", words)
    _same, html = render(letter.kind, "kit.html", words)
    return Letter(
        number=f"letter-{letter.id}-{letter.created_at:%Y%m%d%H%M%S}",
        to=letter.address,
        subject=subject,
        text=text,
        html=html,
        language=locales.tag(web.locale()),
        written_at=letter.created_at,
        sender=settings.mail_from,
        sender_name=_sender_name(words),
        host=settings.host,
        comes_back_to=_comes_back_to(letter, settings),
        **vars(headers),
    )


def _is_expired(letter: Delivery) -> bool:
    """Whether the link in a letter has expired before it could be sent."""
    minutes = _minutes(letter)
    return minutes > 0 and letter.created_at + timedelta(minutes=minutes) < now()


def _minutes(letter: Delivery) -> int:
    """For how long the link in a letter is valid; earlier releases wrote hours."""
    return int(letter.words.get("minutes", 60 * letter.words.get("hours", 0)))


def _comes_back_to(letter: Delivery, settings: Settings) -> str:
    if not settings.reply_address or not letter.member_id:
        return settings.mail_from
    return bounce_address(settings.reply_address, letter.member_id, _today())


def _today() -> int:
    return now().toordinal()


@dataclass
class _MailHeaders:
    """The values of the headers by which a mail program threads a letter, answers it and unsubscribes."""

    thread: tuple[str, ...] = ()
    unsubscribe: str = ""
    list_name: str = ""
    reply_to: str = ""


def _notice(letter: Delivery, member: Member, headers: _MailHeaders) -> dict[str, Any] | None:
    content = notice_to_tell(member, letter.words["notice"])
    if content is None:
        return None
    notice, post, topic = content
    waiting = queue_content(member, notice.address) if notice.kind in QUEUE_KINDS else None
    headers.unsubscribe = stop_address(member.id, notice.kind)
    headers.list_name = f"{notice.kind}.notices"
    if topic:
        headers.thread = (f"topic-{topic.id}",)
    if topic and post and web.settings().reply_address and member.can.reply(topic):
        pattern = web.settings().reply_address
        headers.reply_to = reply_address(pattern, member.id, post.id, _today())
    return {
        "kind": notice.kind,
        "label": NOTICE_KINDS[notice.kind].label,
        "mark": _mark(notice),
        "waiting": waiting,
        "actor": _people(notice),
        "sender_name": notice.actor and _people(notice),
        "title": topic.title if topic else notice.heading,
        "text": _beginning(shown_source(post))
        if post and NOTICE_KINDS[notice.kind].quotes
        else notice.words or _reason(waiting),
        "language": post.language if post else "",
        "is_in_topic": topic is not None,
        "is_public": topic is not None and reads(VISITOR, topic.audience),
        "can_answer": bool(headers.reply_to),
        **_decision_words(member, notice),
    }


def _beginning(source: str) -> str:
    """As much of a text as a letter quotes; the rest is on the site."""
    if len(source) <= MAX_QUOTED_CHARACTERS:
        return source
    return f"{source[:MAX_QUOTED_CHARACTERS].rstrip()} …"


def _decision_words(member: Member, notice: Notice) -> dict[str, Any]:
    """What a letter about a decision says besides the notice: its ground, where to appeal against it and until when.

    `is_final` says that it answers an appeal.
    """
    decision = decision_told(notice) if notice.kind in DECISION_KINDS else None
    words: dict[str, Any] = {"is_final": bool(APPEAL_ANSWER.fullmatch(notice.address))}
    if decision and is_concerned(member, decision):
        rule = f"{decision.rule}. {said_of_rule(decision.rule_name)}" if decision.rule else ""
        words["ground"] = decision.law or rule
    if member.is_suspended:  # who cannot sign in appeals at an address of their own
        path = suspension_appeal_path(member)
        return words | {"sealed_appeal": web.absolute(path) if path else ""}
    if decision and member.is_member and (appeal := appeal_info(member, decision)).may:
        with in_zone(zone_of(member.id)):
            until = in_words(appeal.end)
        page = web.absolute(f"/moderation/decisions/{decision.id}/appeal")
        return words | {"appeal": page, "appeal_end": until}
    return words


def _reason(waiting: QueueContent | None) -> str:
    """Why something was reported, in words."""
    return str(REASON_NAMES.get(waiting.reason, "")) if waiting else ""


def _mark(notice: Notice) -> str:
    """The kind, or the outcome, of the mark of which a notice tells; empty when it tells of none, or of several."""
    if notice.kind != "mark" or notice.others or not notice.post_id or not notice.actor_id:
        return ""
    mark = telling_marks([(key := (notice.post_id, notice.actor_id))]).get(key)
    return (mark.outcome or mark.kind) if mark else ""


def _people(notice: Notice) -> str:
    name = notice.actor.name if notice.actor else _("Somebody")
    if not notice.others:
        return name
    return ngettext(
        "%(who)s and %(num)s other", "%(who)s and %(num)s others", notice.others, who=name
    )


def _digest(letter: Delivery, member: Member, headers: _MailHeaders) -> dict[str, Any] | None:
    groups = digest_groups(member, letter.words["notices"])
    if not groups:
        return None
    headers.unsubscribe, headers.list_name = stop_address(member.id, "digest"), "digest"
    number = sum(len(group.entries) + group.further for group in groups)
    settings = settings_of(member.id)
    when = {
        "every": settings.digest_every,
        "hour": f"{settings.digest_hour:02}:00",
        "zone": settings.time_zone,
    }
    return {"groups": groups, "number": number, "what": _summary, **when}


def _summary(entry: DigestEntry) -> str:
    """An entry of a digest in a few words: `3 new posts, 1 mark · Ana Prado, Ben Okoth`."""
    counted = [NOTICE_KINDS[kind].counted(number) for kind, number in entry.counts.items()]
    names = ", ".join(entry.who[:3]) + (" …" if entry.who[3:] else "")
    return " · ".join(part for part in (", ".join(counted), names) if part)


def _contact(letter: Delivery, member: Member, _headers: _MailHeaders) -> dict[str, Any] | None:
    """None when the writer was suspended meanwhile, or the member no longer wants such letters."""
    writer = addressee(letter.words["sender_id"])
    return {"is_wanted": True} if writer and writer.can.contact(member) else None


# What the templates of these kinds print besides the words of the letter; None in place of it drops the letter.
CONTEXT_BUILDERS: dict[str, Callable[[Delivery, Member, _MailHeaders], dict[str, Any] | None]] = {
    "notice": _notice,
    "digest": _digest,
    "contact": _contact,
}


def stop_address(member_id: int, kind: str) -> str:
    """The address that unsubscribes a member from letters of a kind, without signing in (RFC 8058)."""
    seal = tokens.seal("stop", f"{member_id}:{kind}")
    return web.absolute(f"/mail/stop/{member_id}/{quote(kind)}/{seal}")


def _sender_name(words: Mapping[str, Any]) -> str:
    """The name of the sender: the actor first, so that the inbox of a mail program shows who wrote.

    The forum alone for what nobody did or nobody may be named for: a visitor's report, a reminder.
    """
    actor, forum = words.get("sender_name", words.get("actor")), words["forum"]
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
    valid = {"minutes": _minutes(letter), "hours": _minutes(letter) // 60}
    said = _names(letter.words) | _moments(letter)
    return words | letter.words | said | valid | {"link": _link(letter.words, settings)}


def _names(words: Mapping[str, Any]) -> dict[str, str]:
    """The present names of the people whom a letter names by id: `who` of `who_id`, empty where nobody is meant."""
    return {
        key.removesuffix("_id"): _name_of(words[key]) for key in ("who_id", "by_id") if key in words
    }


def _moments(letter: Delivery) -> dict[str, str]:
    """The moments that a letter to a member names, in words of its language and in the member's time zone: `day` of `day_at`."""
    moments = {key: str(value) for key, value in letter.words.items() if key.endswith("_at")}
    if not moments or letter.member_id is None:
        return {}
    with in_zone(zone_of(letter.member_id)):
        return {
            key.removesuffix("_at"): in_words(datetime.fromisoformat(value))
            for key, value in moments.items()
        }


def _name_of(member_id: int | None) -> str:
    if not member_id:
        return ""
    member = addressee(member_id)
    return member.name if member else _("Somebody who has left")


def _link(words: Mapping[str, Any], settings: Settings) -> str:
    """The address to which the letter leads; its secret is derived here, so that no row stores it."""
    path = str(words.get("path", ""))
    if salt := words.get("salt"):
        path = f"{path}/{tokens.secret(str(words['purpose']), salt)}"
    return settings.url + path


# Receiving


def receive_message(raw: bytes, recipient: str = "") -> str:
    """Post an answer that came by mail, or record a bounce; returns a sentence about what was done.

    `recipient` is the address that the mail server delivered it to, if known. Raises `Busy` when the message should be
    delivered again, and `Forbidden` for one that is forged or not from a member.
    """
    if len(raw) > LARGEST:
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
    if member is None or member.email != incoming.sender or not incoming.key.post_id:
        raise Forbidden("The message is not from the member to whom the letter went.")
    # Of the sentence that says why it was not posted
    with in_zone(zone_of(member.id)), force_locale(web.offered_locale(member.locale)):
        return _post_answer(incoming, member, incoming.key.post_id)


def _parse(raw: bytes, recipient: str) -> Incoming:
    try:
        return read_message(raw, web.settings().reply_address, _today(), recipient)
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
            raise Invalid(
                _("There was no text in your message above the e-mail that you answered.")
            )
        source, key = tidy(incoming.text), f"mail-{incoming.number}"
        if has_posted_today(member, source, key):
            return "The same text was posted today, so nothing was posted."
        limit = ANSWER_LIMIT_OF_NEW if is_newcomer(member) else ANSWER_LIMIT
        if not within_limit(limit, "mail-in", str(member.id)):
            raise Conflict(_("You have sent many messages within an hour. Try again later."))
        text = render_with_mentions(source, member.language)
        posted = actions.answer(member, post_id, text, key)
    except Busy:
        raise
    except Refusal as error:
        closed = member.can.sign_in().why_not
        why = str(closed or error.message or _("This topic takes no answer from you now."))
        actions.return_answer(SYSTEM, member, post_id, incoming.text, why)
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
            except (Busy, SQLAlchemyError):
                raise  # it is received with the next fetch
            except Exception:  # a message that always fails must not delay the others
                log.exception("a message is left in the mailbox")
    return number


@bp.cli.command("mail-in")
@click.option(
    "--recipient", default="", help="Address that the mail server delivered the message to."
)
def mail_in(recipient: str) -> None:
    """Take in a message on standard input, as a mail server's pipe hands it over (exit codes of sysexits.h)."""
    try:
        click.echo(receive_message(sys.stdin.buffer.read(LARGEST + 1), recipient))
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
