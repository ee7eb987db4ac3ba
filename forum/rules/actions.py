"""Writing a version of the house rules, ready texts, and the recourse outside of the forum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _

from forum.clock import now
from forum.db import READY_TEXTS, db, flush_unique, serialize
from forum.deeds import action, touches
from forum.errors import Invalid, NotFound
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.members.queries import language_names
from forum.notifications.actions import NoticeText, note_event_for_everybody
from forum.permissions import Person, require
from forum.plaintext import fold, single_line
from forum.rules.models import RECOURSES, HouseRule, ReadyText, Recourse, RuleBook
from forum.rules.queries import (
    RECOURSE_HISTORY,
    default_texts,
    in_force,
    last_number,
    latest_text_number,
    names_of_texts,
    ready_text,
    recourse_fields,
    recourses_to_change,
    rules_fields,
    rules_to_change,
    text_fields,
    upcoming_book,
)
from forum.sentences import sentence

MAX_RULES = 20
# Characters
MAX_NAME = 80
MAX_SENTENCE = 1_000  # of a rule
MAX_CHANGE = 500
MAX_ADDRESS = 500
MAX_RECOURSE_NAME = 200
MAX_HINT = 500  # of the sentence about a body or an authority
MAX_TEXT = 2_000  # characters of a ready text
READY_DEEDS = (
    "hide",
    "remove",
    "ask_to_edit",
    "lock",
    "slow",
    "send_back",
    "warn",
    "silence",
    "suspend",
    "warn_reporter",
    "suspend_reports",
)


@dataclass(frozen=True)
class RulesText:
    """A version of the house rules as an administrator writes it.

    `rules` are pairs of a name and a sentence, `valid_from` is when they come into force, `change` says in a sentence
    what is new.
    """

    rules: Sequence[tuple[str, str]]
    valid_from: datetime
    change: str
    language: str = "en"


@action
def write_rules(administrator: Person, text: RulesText, *, seen: str | None = None) -> RuleBook:
    """Write the next version of the house rules, or change the one that is not in force yet; all members are notified.

    A version that was ever in force stays unchanged, because decisions refer to its rules. `seen` is the
    `fingerprint` of the latest version when the form was opened. Raises `Conflict` when the latest version has
    changed since.
    """
    latest = rules_fields(rules_to_change(administrator))
    rules = _checked(text)
    if latest | _written_fields(text, rules) != latest:
        refuse_unseen(seen, latest)
    upcoming, current = upcoming_book(), in_force()
    is_same = [(rule.name, rule.sentence) for rule in current.rules] == rules
    if upcoming is None and is_same and current.language == text.language:
        raise Invalid(_("These are the rules that hold already. Nothing was changed."), "rules")
    book = upcoming or RuleBook(number=last_number() + 1)
    book.change, book.language = single_line(text.change), text.language
    book.valid_from, book.written_at = max(text.valid_from, now()), now()
    book.rules = []
    db.session.add(book)
    flush_unique()
    book.rules = [
        HouseRule(version=book.number, number=number, name=name, sentence=sentence)
        for number, (name, sentence) in enumerate(rules, start=1)
    ]
    db.session.flush()
    notice = NoticeText(
        "rules", f"/rules/{book.number}", sentence("The house rules change"), book.change
    )
    note_event_for_everybody(administrator, notice)
    return book


def _written_fields(text: RulesText, rules: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The fields of the version to be written, as in `rules_fields`."""
    return {
        "rules": [list(rule) for rule in rules],
        "change": single_line(text.change),
        "language": text.language,
        "valid_from": text.valid_from.date().isoformat(),
    }


def _checked(text: RulesText) -> list[tuple[str, str]]:
    """The rules without empty ones and surplus spaces; raises `Invalid` for invalid ones."""
    rules = [(single_line(name), sentence.strip()) for name, sentence in text.rules]
    rules = [rule for rule in rules if any(rule)]
    if not rules:
        raise Invalid(_("Write at least one rule."), "rules")
    if len(rules) > MAX_RULES:
        raise Invalid(_("Write at most %(most)s rules.", most=MAX_RULES), "rules")
    for name, words in rules:
        if not name or not words:
            raise Invalid(_("Give each rule a name and a sentence."), "rules")
        if len(name) > MAX_NAME or len(words) > MAX_SENTENCE:
            raise Invalid(_("One of the rules is too long. Shorten it."), "rules")
    if not text.change.strip():
        raise Invalid(_("Say in a sentence what is new."), "change")
    if len(text.change) > MAX_CHANGE:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_CHANGE), "change")
    if text.valid_from.date() < now().date():
        raise Invalid(_("Choose today or a day that is still ahead."), "valid_from")
    return rules


@dataclass(frozen=True)
class Wording:
    """A ready text as a moderator writes it: its name, the deed it is for, the number of the rule (0 for none), the text."""

    name: str
    deed: str
    rule: int
    text: str


@action
def write_text(
    moderator: Person, wording: Wording, number: int | None = None, *, seen: str | None = None
) -> ReadyText:
    """Write a ready text: a new one, or change the one with this number. No two have one name, but for case and accents.

    `seen` is the `fingerprint` of what it said when the form was opened. Raises `Conflict` when it says something
    else since.
    """
    require(moderator.can.curate_all())
    touches()
    _check_wording(wording)
    serialize(READY_TEXTS)  # two moderators may give one name at the same moment
    _store_defaults()
    if fold(single_line(wording.name)) in names_of_texts(number):
        raise Invalid(
            _("There is a text of this name already. Give this one another name."), "name"
        )
    fields = asdict(wording) | {
        "name": single_line(wording.name),
        "text": wording.text.strip(),
    }
    if number is not None and (present := text_fields(ready_text(moderator, number))) != fields:
        refuse_unseen(seen, present)
    ready = ReadyText(number=latest_text_number() + 1) if number is None else _stored_text(number)
    ready.name, ready.deed = fields["name"], fields["deed"]
    ready.rule, ready.text = fields["rule"], fields["text"]
    ready.version = in_force().number
    db.session.add(ready)
    flush_unique()
    return ready


@action
def delete_text(moderator: Person, number: int, *, seen: str | None = None) -> None:
    """Delete a ready text; decisions made with it keep its words.

    `seen` is the fingerprint of what it said on the page that asked. Raises `Conflict` when somebody has changed it
    since.
    """
    require(moderator.can.curate_all())
    touches()
    serialize(READY_TEXTS)  # another moderator may change it at the same moment
    _store_defaults()
    refuse_unseen(seen, text_fields(ready_text(moderator, number)))
    _stored_text(number).ended_at = now()


def _store_defaults() -> None:
    """Store the default texts, before one of them is changed for the first time."""
    if latest_text_number() == 0:
        db.session.add_all(default_texts())
        flush_unique()


def _stored_text(number: int) -> ReadyText:
    ready = db.session.get(ReadyText, number, populate_existing=True)
    if ready is None or ready.ended_at:
        raise NotFound()
    return ready


def _check_wording(wording: Wording) -> None:
    if not wording.name.strip():
        raise Invalid(_("Give the text a name."), "name")
    if len(wording.name) > MAX_NAME:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_NAME), "name")
    if wording.deed not in READY_DEEDS:
        raise Invalid(_("Choose a deed."), "deed")
    if wording.rule and in_force().rule(wording.rule) is None:
        raise Invalid(_("Choose one of the rules."), "rule")
    if not wording.text.strip():
        raise Invalid(_("Write the text."), "text")
    if len(wording.text) > MAX_TEXT:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_TEXT), "text")


# Recourse outside of the forum


@dataclass(frozen=True)
class RecourseText:
    """A recourse as an administrator writes it: name, web address, and a sentence about it; all empty for none."""

    name: str = ""
    address: str = ""
    sentence: str = ""
    language: str = "en"


@action
def name_recourses(
    administrator: Person, named: Mapping[str, RecourseText], *, seen: str | None = None
) -> None:
    """Set the body for disputes and the authority (`named`, by kind); earlier versions are kept in the history.

    `seen` is the fingerprint of what was named when the form was opened. Raises `Conflict` when that is something
    else since.
    """
    known = recourses_to_change(administrator)
    present = recourse_fields(known)
    for number, kind in enumerate(RECOURSES):
        fields = asdict(_checked_recourse(kind, named.get(kind, RecourseText())))
        row = known.get(kind) or Recourse(kind=kind, name="", address="", sentence="", language="")
        before = {field: getattr(row, field) for field in fields}
        if before == fields or not (row.name or fields["name"]):
            continue
        refuse_unseen(seen, present)
        keep_version(administrator, RECOURSE_HISTORY, number, before)
        for field, value in fields.items():
            setattr(row, field, value)
        row.changed_at = now()
        db.session.add(row)
    flush_unique()


def _checked_recourse(kind: str, text: RecourseText) -> RecourseText:
    name, address, sentence = (
        single_line(text.name),
        text.address.strip(),
        single_line(text.sentence),
    )
    language = text.language if text.language in language_names() else "en"
    if not (name or address or sentence):
        return RecourseText()
    if not name:
        raise Invalid(_("Write the name."), f"{kind}_name")
    for typed, most, field in (
        (name, MAX_RECOURSE_NAME, "name"),
        (address, MAX_ADDRESS, "address"),
        (sentence, MAX_HINT, "sentence"),
    ):
        if len(typed) > most:
            raise Invalid(_("Write at most %(most)s characters.", most=most), f"{kind}_{field}")
    if not _is_https_address(address):
        raise Invalid(_("Enter a whole address that begins with https://"), f"{kind}_address")
    return RecourseText(name, address, sentence, language)


def _is_https_address(address: str) -> bool:
    """Whether it is an HTTPS address with a domain as its host, and without user and password."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port  # an invalid port raises ValueError
    except ValueError:
        return False
    is_domain = "." in host.strip(".") and ".." not in host
    is_plain = address.isprintable() and " " not in address and "@" not in parts.netloc
    return parts.scheme == "https" and is_domain and is_plain
