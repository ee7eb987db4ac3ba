"""The rules, which of them a text matches, and who counts as new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import joinedload

from forum.agendas.queries import all_agendas
from forum.clock import now
from forum.db import db
from forum.errors import or_not_found
from forum.matches import ScreenedText, folded
from forum.members.models import Member
from forum.members.queries import is_found_by
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.plaintext import has_words_starting_with, words_in
from forum.screening.models import (
    AGENDA,
    DOMAIN,
    KINDS,
    LINKS,
    MEMBER,
    SAME_TEXT,
    WORD,
    Newness,
    Rule,
    ScreeningMatch,
    TextTrace,
)

RULES_PER_PAGE = 50
REPETITION_WINDOW = timedelta(days=7)  # in which the same text counts as repeated
MIN_REPETITIONS = 2


class Sending(Enum):
    """Whether the author has sent a text before, which decides what counts for the rule about repeated texts.

    NEW: not yet, as far as is known. EDITED: the author sends the same thing again, changed or not, such as an edited
    post; then having sent these words before does not matter. RESENT: these very words were counted when the thing
    was first sent; they are not counted again, but other texts with these words count.
    """

    NEW = 1
    EDITED = 2
    RESENT = 3


def newness() -> Newness:
    """Who counts as new; the defaults until an administrator has chosen."""
    known = db.session.scalar(select(Newness).limit(1))
    return known or Newness(days=14, posts=3, first_posts=2)


def is_new(person: Person, known: Newness) -> bool:
    """Whether a person counts as new by the given settings; somebody who is about to join does while days are counted."""
    moment = now()
    is_recent = (person.joined_at or moment) > moment - timedelta(days=known.days)
    return is_recent and person.posts_count < known.posts


def is_newcomer(person: Person) -> bool:
    """Whether a person is a new member by the stored settings; curators never are."""
    return person.is_member and not person.is_curator and is_new(person, newness())


def first_match(
    rules: Sequence[Rule],
    author: Person,
    agenda_id: int | None,
    said: ScreenedText,
    sending: Sending = Sending.NEW,
) -> ScreeningMatch | None:
    """The first of the rules (from `rules_for`), in the order of `KINDS`, that holds a text back; None for none."""

    def is_by_new() -> bool:
        return is_new(author, newness())

    def times() -> int:
        return _times_sent(said, author.id, sending)

    matching = [rule for rule in rules if _is_met(rule, said, agenda_id, is_by_new, times)]
    if not matching:
        return None
    rule = min(matching, key=_order)
    return ScreeningMatch(rule.id, rule.name, rule.sentence)


def rules_for(author: Person, agenda_id: int | None, said: ScreenedText) -> Sequence[Rule]:
    """The active rules that may hold the text back; of those about domains, agendas and members only matching ones."""
    values = {"author_id": author.id, "agenda_id": agenda_id, "hosts": sorted(said.hosts)}
    return db.session.scalars(_RULES, values).all()


_RULES = (
    select(Rule)
    .where(
        Rule.off_at.is_(None),
        or_(
            Rule.kind.in_((WORD, LINKS, SAME_TEXT)),
            and_(Rule.kind == MEMBER, Rule.member_id == bindparam("author_id")),
            and_(Rule.kind == AGENDA, Rule.agenda_id == bindparam("agenda_id")),
            and_(Rule.kind == DOMAIN, Rule.key.in_(bindparam("hosts", expanding=True))),
        ),
    )
    .order_by(Rule.id)
)


def _is_met(
    rule: Rule,
    said: ScreenedText,
    agenda_id: int | None,
    is_by_new: Callable[[], bool],
    times: Callable[[], int],
) -> bool:
    """Whether an active rule holds a text back; one about a member matches everything that this member writes.

    `is_by_new` tells whether its author counts as new, `times` how often it was sent so far. Both may query the
    database, and are called only for rules that need them.
    """
    checks: dict[str, Callable[[], bool]] = {
        WORD: lambda: said.contains(rule.key),
        DOMAIN: lambda: rule.key in said.hosts,
        AGENDA: lambda: rule.agenda_id == agenda_id,
        MEMBER: lambda: True,
        LINKS: lambda: (said.has_outside_links or said.has_pictures) and is_by_new(),
        SAME_TEXT: lambda: times() >= repetition_threshold(rule),
    }
    return checks[rule.kind]()


def repetition_threshold(rule: Rule) -> int:
    """The number of identical texts from which the rule holds them back."""
    return int(rule.value) if rule.value.isdigit() else MIN_REPETITIONS


def _times_sent(said: ScreenedText, author_id: int | None, sending: Sending) -> int:
    """How often a text was sent within `REPETITION_WINDOW`, including this time; 0 if it is too short to be compared."""
    if not said.fingerprint:
        return 0
    since = now() - REPETITION_WINDOW
    sent = select(func.count()).select_from(TextTrace)
    sent = sent.where(TextTrace.text_hash == said.fingerprint, TextTrace.sent_at > since)
    if sending is Sending.EDITED and author_id:
        sent = sent.where(TextTrace.author_id != author_id)
    before = db.session.scalar(sent) or 0
    return before if sending is Sending.RESENT else before + 1


def compares_texts(author: Person, agenda_id: int | None) -> bool:
    """Whether a rule about repeated texts applies to what somebody writes on an agenda."""
    if author.can.pass_screening(agenda_id):
        return False
    rule = select(Rule.id).where(Rule.kind == SAME_TEXT, Rule.off_at.is_(None))
    return db.session.scalar(rule.limit(1)) is not None


def has_repetition_rule(rules: Sequence[Rule]) -> bool:
    """Whether one of the rules is about repeated texts."""
    return any(rule.kind == SAME_TEXT for rule in rules)


def expired_traces(limit: int) -> Sequence[TextTrace]:
    """Up to `limit` traces that are older than `REPETITION_WINDOW`, the oldest first."""
    old = select(TextTrace).where(TextTrace.sent_at < now() - REPETITION_WINDOW)
    return db.session.scalars(old.order_by(TextTrace.sent_at).limit(limit)).all()


# For administrators


def rules(administrator: Person, kind: str = "", words: str = "", number: int = 1) -> Page[Rule]:
    """One page of the rules, newest first; only those of a `kind`, and those that contain `words`, if given.

    Words also find the rule about a member or an agenda of that name.
    """
    require(administrator.can.administer())
    query: Select[Any] = select(Rule)
    if kind:
        query = query.where(Rule.kind == kind)
    if words:
        typed = (Rule.value, Rule.sentence)
        # SQLite takes only ASCII letters of both cases as one: the keys of words are folded
        is_named = and_(Rule.kind == WORD, Rule.key.contains(folded(words), autoescape=True))
        contain = (column.icontains(words, autoescape=True) for column in typed)
        is_about = _is_about_one_called(administrator, words)
        query = query.where(or_(is_named, is_about, *contain))
    people = (joinedload(Rule.made_by), joinedload(Rule.member), joinedload(Rule.agenda))
    return page_of(query.options(*people).order_by(Rule.id.desc()), number, RULES_PER_PAGE)


def _is_about_one_called(administrator: Person, words: str) -> ColumnElement[bool]:
    """SQL condition: the rule is about a member who is found by the words, or an agenda with words that begin so."""
    wanted = words_in(words)
    agenda_ids = [
        agenda.id
        for agenda in all_agendas(administrator)
        if wanted and has_words_starting_with(words_in(agenda.title), wanted)
    ]
    member_ids = select(Member.id).where(is_found_by(words))
    return or_(Rule.member_id.in_(member_ids), Rule.agenda_id.in_(agenda_ids))


def get_rule(administrator: Person, rule_id: int) -> Rule:
    """A rule with its member and agenda, for an administrator; else `NotFound`."""
    require(administrator.can.administer())
    query = select(Rule).where(Rule.id == rule_id)
    query = query.options(joinedload(Rule.member), joinedload(Rule.agenda))
    return or_not_found(db.session.scalar(query))


def rule_fields(rule: Rule) -> dict[str, Any]:
    """What a rule looks for and says, as JSON values, for its fingerprint."""
    return {"kind": rule.kind, "value": rule.value, "key": rule.key, "sentence": rule.sentence}


def rule_to_change(administrator: Person, rule_id: int) -> Rule:
    """A rule for an administrator, locked for update; else `NotFound`."""
    require(administrator.can.administer())
    query = select(Rule).where(Rule.id == rule_id).with_for_update(of=Rule)
    return or_not_found(db.session.scalar(query))


def rule_id_by_key(kind: str, key: str) -> int | None:
    """The id of the rule of this kind with this key; None when there is none."""
    return db.session.scalar(select(Rule.id).where(Rule.kind == kind, Rule.key == key))


def known_keys(kind: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys for which there is a rule of this kind."""
    return set(db.session.scalars(select(Rule.key).where(Rule.kind == kind, Rule.key.in_(keys))))


def newness_to_edit(administrator: Person) -> Newness:
    """Who counts as new, for an administrator."""
    require(administrator.can.administer())
    return newness()


def newness_to_change(administrator: Person) -> Newness:
    """As `newness_to_edit`, locked until the action ends."""
    require(administrator.can.administer())
    db.session.scalar(select(Newness).limit(1).with_for_update())
    return newness()


def newness_fields(known: Newness) -> dict[str, Any]:
    """The numbers that say who counts as new, for their fingerprint."""
    return {"days": known.days, "posts": known.posts, "first_posts": known.first_posts}


def matching_rules(
    administrator: Person, agenda_id: int, said: ScreenedText, *, is_by_new: bool
) -> list[Rule]:
    """Every rule that would hold back a text of a member (new, if `is_by_new`), in the order of `KINDS`."""
    require(administrator.can.administer())
    query = select(Rule).where(Rule.off_at.is_(None), Rule.kind != MEMBER)

    def is_met(rule: Rule) -> bool:
        times = partial(_times_sent, said, None, Sending.NEW)
        return _is_met(rule, said, agenda_id, lambda: is_by_new, times)

    return sorted(filter(is_met, db.session.scalars(query)), key=_order)


def _order(rule: Rule) -> tuple[int, int]:
    """In which order rules apply."""
    return KINDS.index(rule.kind), rule.id
