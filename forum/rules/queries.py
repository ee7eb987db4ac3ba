"""The house rules, past, in force and upcoming; the recourse outside of the forum; the ready texts of moderators."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale, get_locale
from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from forum.clock import now
from forum.db import db
from forum.errors import NotFound, or_not_found
from forum.history.models import Version
from forum.history.queries import versions_of_many
from forum.members.models import Federation
from forum.permissions import Person, require
from forum.plaintext import fold
from forum.rules.models import (
    BROKEN_RULE,
    DEFAULT_RULES,
    DEFAULT_TEXTS,
    RECOURSES,
    HouseRule,
    ReadyText,
    Recourse,
    RuleBook,
)


@dataclass(frozen=True)
class Rule:
    """One house rule as pages and decisions show it."""

    number: int
    name: str
    sentence: str

    @property
    def label(self) -> str:
        """How rows store which rule something broke; `said_of_ground` translates it for readers."""
        return BROKEN_RULE.put_in(number=self.number, name=self.name).in_english


@dataclass(frozen=True)
class Rules:
    """The house rules of one version. `valid_from` is None for the default rules, version 0."""

    number: int
    rules: Sequence[Rule]
    language: str
    valid_from: datetime | None = None
    change: str = ""

    def rule(self, number: int) -> Rule | None:
        """The rule with this number; None when there is none."""
        return next((rule for rule in self.rules if rule.number == number), None)


def in_force() -> Rules:
    """The house rules that are in force now."""
    started = select(RuleBook).where(RuleBook.valid_from <= now())
    return _rules(_latest(started))


def upcoming() -> Rules | None:
    """The house rules that come into force on a coming day; None when there are none."""
    book = upcoming_book()
    return _rules(book) if book else None


def upcoming_book() -> RuleBook | None:
    """The row of the version that comes into force on a coming day; None when there is none."""
    return _latest(select(RuleBook).where(RuleBook.valid_from > now()))


def rules_version(number: int) -> Rules:
    """One version of the house rules, in force or not; else `NotFound`."""
    if number == 0:
        return _rules(None)
    found = or_not_found(db.session.get(RuleBook, number, options=[selectinload(RuleBook.rules)]))
    return _rules(found)


def end_of(number: int) -> datetime | None:
    """From when on a later version is in force; None when there is none."""
    return db.session.scalar(select(func.min(RuleBook.valid_from)).where(RuleBook.number > number))


def versions() -> Sequence[Rules]:
    """All versions, newest first, down to the default rules."""
    query = select(RuleBook).options(selectinload(RuleBook.rules))
    books = db.session.scalars(query.order_by(RuleBook.number.desc())).all()
    return [*(_rules(book) for book in books), _rules(None)]


def rules_to_write(administrator: Person) -> Sequence[Rules]:
    """All versions, newest first, for an administrator."""
    require(administrator.can.administer())
    return versions()


def rules_to_change(administrator: Person) -> Rules:
    """The latest version, for an administrator who writes the next; concurrent actions wait (see `recourses_to_change`)."""
    require(administrator.can.administer())
    db.session.execute(select(Federation.id).limit(1).with_for_update())
    return _rules(_latest(select(RuleBook)))


def rules_fields(rules: Rules) -> dict[str, Any]:
    """The fields of a version, as JSON values, for its fingerprint."""
    return {
        "number": rules.number,
        "rules": [[rule.name, rule.sentence] for rule in rules.rules],
        "language": rules.language,
        "change": rules.change,
        "valid_from": rules.valid_from.date().isoformat() if rules.valid_from else "",
    }


def last_number() -> int:
    """The number of the latest stored version; 0 when there is none."""
    return db.session.scalar(select(func.max(RuleBook.number))) or 0


def _latest(query: Select[RuleBook]) -> RuleBook | None:
    with_rules = query.options(selectinload(RuleBook.rules))
    return db.session.scalar(with_rules.order_by(RuleBook.number.desc()).limit(1))


def _rules(book: RuleBook | None) -> Rules:
    if book is None:
        return Rules(0, default_rules(), str(get_locale() or "en"))
    rules = [_rule(rule) for rule in book.rules]
    return Rules(book.number, rules, book.language, book.valid_from, book.change)


def _rule(rule: HouseRule) -> Rule:
    return Rule(rule.number, rule.name, rule.sentence)


def default_rules() -> Sequence[Rule]:
    """The rules of a new forum, in the language of the page."""
    texts = ((str(name), str(words)) for name, words in DEFAULT_RULES)
    return [Rule(number, *text) for number, text in enumerate(texts, start=1)]


# Recourse outside of the forum

RECOURSE_HISTORY = "recourse"  # the kind of its versions in the history


def recourses() -> Sequence[Recourse]:
    """The recourses that the federation names: the dispute body before the authority; empty for none."""
    known = db.session.scalars(select(Recourse).where(Recourse.name != "")).all()
    return sorted(known, key=lambda recourse: RECOURSES.index(recourse.kind))


def recourses_to_name(administrator: Person) -> dict[str, Recourse]:
    """The stored recourses by kind, for an administrator."""
    require(administrator.can.administer())
    return {recourse.kind: recourse for recourse in db.session.scalars(select(Recourse))}


def recourse_fields(known: Mapping[str, Recourse]) -> dict[str, Any]:
    """What is said of the recourses that are named, for its fingerprint."""
    columns = ("name", "address", "sentence", "language")
    return {
        kind: {column: getattr(recourse, column) for column in columns}
        for kind, recourse in known.items()
        if recourse.name
    }


def recourses_to_change(administrator: Person) -> dict[str, Recourse]:
    """The stored recourses by kind, for an administrator who changes them.

    The federation's row is locked, because there may be no row of a recourse yet that could be locked.
    """
    require(administrator.can.administer())
    db.session.execute(select(Federation.id).limit(1).with_for_update())
    return recourses_to_name(administrator)


def recourse_versions(administrator: Person) -> Sequence[Version]:
    """The earlier versions of the recourses, newest first, for an administrator."""
    require(administrator.can.administer())
    return versions_of_many(RECOURSE_HISTORY, range(len(RECOURSES)))


# Ready texts


@dataclass(frozen=True)
class OfferedText:
    """A ready text as forms offer it: `rule` is the number of its rule in the rules in force, 0 for none.

    `lost` is the name of the rule it was written for, if no rule in force has this name.
    """

    number: int
    name: str
    deed: str
    rule: int
    text: str
    lost: str = ""


def ready_texts(
    moderator: Person, deeds: Collection[str] | None = None, held: Rules | None = None
) -> Sequence[OfferedText]:
    """The ready texts for any of these deeds, or for all, ordered by name; the default texts until some are stored.

    `held` are the rules in force, if the caller has loaded them.
    """
    require(moderator.can.see_queue())
    found = db.session.scalars(select(ReadyText).order_by(ReadyText.name, ReadyText.number)).all()
    offered = [
        text
        for text in found or default_texts()
        if text.ended_at is None and (deeds is None or text.deed in deeds)
    ]
    held = held or in_force()
    # Rules are matched by name, so default rules are needed in the language of the rules in force.
    with force_locale(held.language):
        books = {number: rules_version(number) for number in {text.version for text in offered}}
    return [_ready(text, books[text.version], held) for text in offered]


def ready_text(moderator: Person, number: int) -> OfferedText:
    """The ready text with this number; else `NotFound`."""
    for text in ready_texts(moderator):
        if text.number == number:
            return text
    raise NotFound()


def text_fields(ready: OfferedText) -> dict[str, Any]:
    """The fields of a ready text, as JSON values, for its fingerprint."""
    return {"name": ready.name, "deed": ready.deed, "rule": ready.rule, "text": ready.text}


def rules_for_text(moderator: Person) -> Rules:
    """The house rules in force, one of which a ready text may name; for members who may write ready texts."""
    require(moderator.can.curate_all())
    return in_force()


def latest_text_number() -> int:
    """The number of the latest stored ready text; 0 when there is none."""
    return db.session.scalar(select(func.max(ReadyText.number))) or 0


def names_of_texts(but: int | None) -> set[str]:
    """The names of the stored ready texts, folded, without that of one number."""
    kept = select(ReadyText.number, ReadyText.name).where(ReadyText.ended_at.is_(None))
    return {fold(name) for number, name in db.session.execute(kept) if number != but}


def _ready(text: ReadyText, book: Rules, held: Rules) -> OfferedText:
    """A ready text under the rules in force (`held`), whose numbers may differ from those of `book`, its own version."""
    own_rule = book.rule(text.rule)
    same = [rule.number for rule in held.rules if own_rule and rule.name == own_rule.name]
    number = text.rule if book.number == held.number else next(iter(same), 0)
    lost = own_rule.name if own_rule and not number else ""
    return OfferedText(text.number, text.name, text.deed, number, text.text, lost)


def default_texts() -> Sequence[ReadyText]:
    """The ready texts of a new forum, in the language of the page."""
    return [
        ReadyText(number=number, name=str(name), deed=deed, rule=rule, version=0, text=str(text))
        for number, (name, deed, rule, text) in enumerate(DEFAULT_TEXTS, start=1)
    ]
