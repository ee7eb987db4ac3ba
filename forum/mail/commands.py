"""The worker's round with the letters, and a letter to see whether mail arrives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from flask import Blueprint, current_app

from forum import proofs, web
from forum.carriers import Away, Carrier, Returned, carrier
from forum.letters import Letter, message, one_line
from forum.mail import actions
from forum.mail.models import Delivery
from forum.members.queries import federation, plain_email
from forum.permissions import SYSTEM
from forum.settings import Settings

EMPTY_LINES = re.compile(r"\n{3,}")
bp = Blueprint("mail_commands", __name__, cli_group=None)


def deliver() -> int:
    """Send some letters that are due; says how many it had. Does nothing when no server can be reached."""
    settings = web.settings()
    _settle(settings.carried_path)
    letters = actions.take_due(SYSTEM)
    done: set[int] = set()
    try:
        if letters:
            with carrier(settings.smtp_url, settings.mail_path) as through:
                for letter in letters:
                    _send(through, letter, settings)
                    done.add(letter.id)
    except Away as error:
        left = [letter.id for letter in letters if letter.id not in done]
        actions.postpone(SYSTEM, left, str(error))
        return 0
    return len(letters)


def _settle(carried: Path) -> None:
    """Note as sent what a server had taken when a worker was killed, before the database knew."""
    files = [file for file in carried.glob("*") if file.name.isdigit()]
    if files:
        actions.note_sent(SYSTEM, [int(file.name) for file in files])
        for file in files:
            file.unlink(missing_ok=True)


def _send(through: Carrier, letter: Delivery, settings: Settings) -> None:
    carried = settings.carried_path / str(letter.id)
    if carried.exists():  # another worker's, this very moment
        return
    written = compose(letter, settings)
    try:
        through.carry(message(written), settings.mail_from, written.to)
    except Returned as error:
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


def compose(letter: Delivery, settings: Settings) -> Letter:
    """What a letter says now, in text and HTML."""
    words = _words(letter, settings)
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
        sender_name=words["forum"],
        host=settings.host,
    )


def render(kind: str, kit: str, words: Mapping[str, Any]) -> tuple[str, str]:
    """The subject of a letter and the whole of it, made of the parts of a kit (`kit.txt` or `kit.html`)."""
    environment = current_app.jinja_env
    parts: Any = environment.get_template(f"mail/{kit}").module
    module: Any = environment.get_template(f"mail/{kind}.txt").make_module({"m": parts, **words})
    body, footer = str(module), str(getattr(module, "footer", ""))
    subject = one_line(str(module.subject))
    frame = parts.frame(
        subject,
        words["forum"],
        words["home"],
        _of_kit(body, kit),
        _of_kit(footer, kit),
        above=str(getattr(module, "above", "")),
    )
    return subject, EMPTY_LINES.sub("\n\n", str(frame)).strip() + "\n"


def _of_kit(text: str, kit: str) -> str:
    """What the parts of a kit have made: in HTML every word of it has gone through them, and they escape."""
    return _Made(text) if kit == "kit.html" else text


class _Made(str):
    """HTML of our own parts."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


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
        path = f"{path}/{proofs.secret(str(words['purpose']), salt)}"
    return settings.url + path


@bp.cli.command("mail-test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send a letter to an address at once, and say what the mail server answers."""
    settings = web.settings()
    letter = actions.write_letter(SYSTEM, "test", plain_email(address), {})
    try:
        with carrier(settings.smtp_url, settings.mail_path) as through:
            written = compose(letter, settings)
            through.carry(message(written), settings.mail_from, written.to)
    except (Away, Returned) as error:
        actions.drop(SYSTEM, letter.id, "a test")
        raise click.ClickException(f"The mail server did not take it: {error}") from error
    actions.note_sent(SYSTEM, [letter.id])
    where = "The mail server has taken it." if settings.smtp_url else _in_folder(settings)
    click.echo(f"{where} It comes from {settings.mail_from}.")


def _in_folder(settings: Settings) -> str:
    return f"FORUM_SMTP_URL is not set, so it is in {settings.mail_path}."
