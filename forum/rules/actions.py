"""Writing a version of the house rules, keeping the ready texts, naming who helps outside of the forum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _

from forum.db import action, db, flush_unique, now, touches
from forum.errors import Conflict, Invalid, NotFound
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.members.queries import language_names
from forum.notifications.actions import note_event_for_everybody
from forum.permissions import Person, require
from forum.rules.models import RECOURSES, HouseRule, ReadyText, Recourse, RuleBook
from forum.rules.queries import (
    RECOURSE,
    first_texts,
    in_force,
    last_number,
    last_text,
    recourses_to_change,
    rules_fields,
    rules_to_change,
    upcoming_book,
)

MOST_RULES = 20
LONGEST_NAME = 80
LONGEST_SENTENCE = 1_000  # characters of a rule
LONGEST_CHANGE = 500
LONGEST_ADDRESS = 500
LONGEST_HINT = 500  # characters of the sentence about a body or an authority
LONGEST_TEXT = 2_000  # characters of a ready text
READY_DEEDS = ("hide", "remove", "ask to edit", "lock", "send back", "warn", "silence", "suspend")


@dataclass(frozen=True)
class RulesText:
    """What an administrator writes: pairs of name and sentence, from when on they hold, and what is new in a sentence."""

    rules: Sequence[tuple[str, str]]
    valid_from: datetime
    change: str
    language: str = "en"


@action
def write_rules(administrator: Person, text: RulesText, *, seen: str | None = None) -> RuleBook:
    """Write the next version of the house rules, or another text for one that is not in force yet; all members are told.

    A version that was ever in force stays as it is, because decisions name its rules. `seen` is the `fingerprint` of the
    latest version when the form was opened; `Conflict` when there is another one by now, or it says other things.
    """
    latest = rules_fields(rules_to_change(administrator))
    rules = _checked(text)
    if latest | _said(text, rules) != latest:
        refuse_unseen(seen, latest)
    ahead, held = upcoming_book(), in_force()
    is_same = [(rule.name, rule.sentence) for rule in held.rules] == rules
    if ahead is None and is_same and held.language == text.language:
        raise Invalid(_("These are the rules that hold already. Nothing was changed."), "rules")
    book = ahead or RuleBook(number=last_number() + 1)
    book.change, book.language = _line(text.change), text.language
    book.valid_from, book.written_at = max(text.valid_from, now()), now()
    book.rules = []
    db.session.add(book)
    flush_unique(Conflict())
    book.rules = [
        HouseRule(version=book.number, number=number, name=name, sentence=sentence)
        for number, (name, sentence) in enumerate(rules, start=1)
    ]
    db.session.flush()
    title = _("The house rules change")
    note_event_for_everybody(
        administrator, "rules", f"/rules/{book.number}", title=title, text=book.change
    )
    return book


def _said(text: RulesText, rules: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What a version would say, as `rules_fields` has it."""
    said = {"rules": [list(rule) for rule in rules], "change": _line(text.change)}
    return said | {"language": text.language, "valid_from": text.valid_from.date().isoformat()}


def _checked(text: RulesText) -> list[tuple[str, str]]:
    rules = [(_line(name), sentence.strip()) for name, sentence in text.rules]
    rules = [rule for rule in rules if any(rule)]
    if not rules:
        raise Invalid(_("Write at least one rule."), "rules")
    if len(rules) > MOST_RULES:
        raise Invalid(_("Write at most %(most)s rules.", most=MOST_RULES), "rules")
    for name, sentence in rules:
        if not name or not sentence:
            raise Invalid(_("Give each rule a name and a sentence."), "rules")
        if len(name) > LONGEST_NAME or len(sentence) > LONGEST_SENTENCE:
            raise Invalid(_("One of the rules is too long."), "rules")
    if not text.change.strip():
        raise Invalid(_("Say in a sentence what is new."), "change")
    if len(text.change) > LONGEST_CHANGE:
        raise Invalid(_("Write at most %(most)s characters.", most=LONGEST_CHANGE), "change")
    if text.valid_from.date() < now().date():
        raise Invalid(_("Choose today or a day that is still ahead."), "valid_from")
    return rules


def _line(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True)
class Wording:
    """What a moderator writes of a ready text: its name, for which deed it is, the number of the rule or 0, the words."""

    name: str
    deed: str
    rule: int
    text: str


@action
def write_text(moderator: Person, wording: Wording, number: int | None = None) -> ReadyText:
    """Keep a ready text: a new one, or other words for the one of a number."""
    require(moderator.can.curate_all())
    touches()
    _check_wording(wording)
    _keep_first()
    ready = ReadyText(number=last_text() + 1) if number is None else _kept(number)
    ready.name, ready.deed = _line(wording.name), wording.deed
    ready.rule, ready.text = wording.rule, wording.text.strip()
    ready.version = in_force().number
    db.session.add(ready)
    db.session.flush()
    return ready


@action
def end_text(moderator: Person, number: int) -> None:
    """Offer a ready text no more. What was decided with it keeps its words."""
    require(moderator.can.curate_all())
    touches()
    _keep_first()
    _kept(number).ended_at = now()


def _keep_first() -> None:
    """Make rows of the texts that a forum begins with, once one of them is to be changed."""
    if last_text() == 0:
        db.session.add_all(first_texts())
        db.session.flush()


def _kept(number: int) -> ReadyText:
    ready = db.session.get(ReadyText, number, populate_existing=True)
    if ready is None or ready.ended_at:
        raise NotFound()
    return ready


def _check_wording(wording: Wording) -> None:
    if not wording.name.strip():
        raise Invalid(_("Give the text a name."), "name")
    if len(wording.name) > LONGEST_NAME:
        raise Invalid(_("Write at most %(most)s characters.", most=LONGEST_NAME), "name")
    if wording.deed not in READY_DEEDS:
        raise Invalid(_("Choose a deed."), "deed")
    if wording.rule and in_force().rule(wording.rule) is None:
        raise Invalid(_("Choose one of the rules."), "rule")
    if not wording.text.strip():
        raise Invalid(_("Write the text."), "text")
    if len(wording.text) > LONGEST_TEXT:
        raise Invalid(_("Write at most %(most)s characters.", most=LONGEST_TEXT), "text")


# Whom one can turn to outside of the forum


@dataclass(frozen=True)
class Named:
    """Whom an administrator names, where it is found, and what one should know, in a sentence. All empty: nobody."""

    name: str = ""
    address: str = ""
    sentence: str = ""
    language: str = "en"


@action
def name_recourses(administrator: Person, named: Mapping[str, Named]) -> None:
    """Name the body for disputes and the authority, by kind. What was named before is kept, with who changed it."""
    known = recourses_to_change(administrator)
    for number, kind in enumerate(RECOURSES):
        one = _checked_named(kind, named.get(kind, Named()))
        row = known.get(kind) or Recourse(kind=kind, name="", address="", sentence="", language="")
        before = {field: getattr(row, field) for field in asdict(one)}
        if before == asdict(one) or not (row.name or one.name):
            continue
        keep_version(administrator, RECOURSE, number, before)
        for field, value in asdict(one).items():
            setattr(row, field, value)
        row.changed_at = now()
        db.session.add(row)
    flush_unique(Conflict())


def _checked_named(kind: str, one: Named) -> Named:
    name, address, sentence = _line(one.name), one.address.strip(), _line(one.sentence)
    language = one.language if one.language in language_names() else "en"
    if not (name or address or sentence):
        return Named()
    if not name:
        raise Invalid(_("Write the name."), f"{kind}_name")
    for text, most, field in (
        (name, 200, "name"),
        (address, LONGEST_ADDRESS, "address"),
        (sentence, LONGEST_HINT, "sentence"),
    ):
        if len(text) > most:
            raise Invalid(_("Write at most %(most)s characters.", most=most), f"{kind}_{field}")
    if not _is_whole(address):
        raise Invalid(_("Enter a whole address that begins with https://"), f"{kind}_address")
    return Named(name, address, sentence, language)


def _is_whole(address: str) -> bool:
    """Whether it is an address of the web with a host, kept from others on the way, and without anybody's password."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port  # a wrong port raises
    except ValueError:
        return False
    is_plain = address.isprintable() and " " not in address and "@" not in parts.netloc
    return parts.scheme == "https" and "." in host.strip(".") and ".." not in host and is_plain
