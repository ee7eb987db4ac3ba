"""Which rules there are, which of them a text meets, and who counts as new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from forum.db import db, now
from forum.errors import NotFound
from forum.matches import ScreenedText
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.screening.models import (
    AGENDA,
    DOMAIN,
    KINDS,
    LINKS,
    MEMBER,
    SAME_TEXT,
    WORD,
    Caught,
    Newness,
    Rule,
    TextTrace,
)

ON_A_PAGE = 50
SAME_WITHIN = timedelta(days=7)
LEAST_SAME = 2


def newness() -> Newness:
    """Who counts as new; the defaults, before an administrator has chosen."""
    known = db.session.scalar(select(Newness).limit(1))
    return known or Newness(days=14, posts=3, first_posts=2)


def is_new(person: Person, known: Newness) -> bool:
    """Whether somebody counts as new."""
    is_young = person.joined_at is not None and person.joined_at > now() - timedelta(
        days=known.days
    )
    return is_young and person.posts_count < known.posts


def is_newcomer(person: Person) -> bool:
    """The same, by what the administrator has chosen; nobody who moderates anything is one."""
    return person.is_member and not person.is_curator and is_new(person, newness())


def caught(
    rules: Sequence[Rule],
    author: Person,
    said: ScreenedText,
    *,
    is_again: bool = False,
    is_counted: bool = False,
) -> Caught | None:
    """The first of the `rules_for` a text, in the order of the kinds, that holds it back; None when it may appear.

    `is_again` and `is_counted` as `screen` has them.
    """
    but, more = author.id if is_again else None, 0 if is_counted else 1
    found = [rule for rule in rules if _is_met(rule, author, said, but, more)]
    if not found:
        return None
    rule = min(found, key=lambda rule: (KINDS.index(rule.kind), rule.id))
    return Caught(rule.id, rule.name, rule.sentence)


def rules_for(author: Person, agenda_id: int | None, said: ScreenedText) -> Sequence[Rule]:
    """The rules that may hold the text back: of domains, agendas and members only those that do."""
    others = Rule.kind.in_((WORD, LINKS, SAME_TEXT))
    about = [
        and_(Rule.kind == MEMBER, Rule.member_id == author.id),
        and_(Rule.kind == AGENDA, Rule.agenda_id == agenda_id),
    ]
    if said.hosts:
        about.append(and_(Rule.kind == DOMAIN, Rule.key.in_(sorted(said.hosts))))
    query = select(Rule).where(Rule.off_at.is_(None), or_(others, *about))
    return db.session.scalars(query.order_by(Rule.id)).all()


def _is_met(rule: Rule, author: Person, said: ScreenedText, but: int | None, more: int) -> bool:
    asks: dict[str, Callable[[], bool]] = {
        WORD: lambda: said.contains(rule.key),
        LINKS: lambda: said.has_outside_links and is_new(author, newness()),
        SAME_TEXT: lambda: _times(said, but) + more >= how_often(rule),
    }
    return asks[rule.kind]() if rule.kind in asks else True


def how_often(rule: Rule) -> int:
    """With which text of the same words a rule begins to hold them back."""
    return int(rule.value) if rule.value.isdigit() else LEAST_SAME


def _times(said: ScreenedText, but: int | None = None) -> int:
    """How often the same text was sent of late, by whomever, `but` by one."""
    if not said.fingerprint:
        return -LEAST_SAME
    sent = select(func.count()).select_from(TextTrace)
    sent = sent.where(
        TextTrace.text_hash == said.fingerprint, TextTrace.sent_at > now() - SAME_WITHIN
    )
    sent = sent.where(TextTrace.author_id != but) if but else sent
    return db.session.scalar(sent) or 0


def count_same_texts(rules: Sequence[Rule]) -> bool:
    """Whether one of some rules asks how often the same text was sent."""
    return any(rule.kind == SAME_TEXT for rule in rules)


def old_traces(limit: int) -> Sequence[TextTrace]:
    """Some traces that no rule asks for any more."""
    old = select(TextTrace).where(TextTrace.sent_at < now() - SAME_WITHIN)
    return db.session.scalars(old.order_by(TextTrace.sent_at).limit(limit)).all()


# For administrators


def rules(administrator: Person, kind: str = "", words: str = "", number: int = 1) -> Page[Rule]:
    """One page of the rules, the newest first, of one kind or all, and of those that hold some words."""
    require(administrator.can.administer())
    query: Select[Any] = select(Rule)
    if kind:
        query = query.where(Rule.kind == kind)
    if words:
        is_there = (
            column.icontains(words, autoescape=True) for column in (Rule.value, Rule.sentence)
        )
        query = query.where(or_(*is_there))
    people = (joinedload(Rule.made_by), joinedload(Rule.member), joinedload(Rule.agenda))
    return page_of(query.options(*people).order_by(Rule.id.desc()), number, ON_A_PAGE)


def get_rule(administrator: Person, rule_id: int) -> Rule:
    """A rule with what it is about, for somebody who may change it, else `NotFound`."""
    require(administrator.can.administer())
    query = select(Rule).where(Rule.id == rule_id)
    rule = db.session.scalar(query.options(joinedload(Rule.member), joinedload(Rule.agenda)))
    if rule is None:
        raise NotFound()
    return rule


def rule_to_change(administrator: Person, rule_id: int) -> Rule:
    """A rule for somebody who may change it, else `NotFound`."""
    require(administrator.can.administer())
    query = select(Rule).where(Rule.id == rule_id).with_for_update(of=Rule)
    rule: Rule | None = db.session.scalar(query)
    if rule is None:
        raise NotFound()
    return rule


def rule_of_key(kind: str, key: str) -> int | None:
    """The number of the rule of a kind that looks for the same."""
    return db.session.scalar(select(Rule.id).where(Rule.kind == kind, Rule.key == key))


def known_keys(kind: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys for which there is a rule of that kind."""
    return set(db.session.scalars(select(Rule.key).where(Rule.kind == kind, Rule.key.in_(keys))))


def newness_to_change(administrator: Person) -> Newness:
    """Who counts as new, for somebody who may change it."""
    require(administrator.can.administer())
    return newness()


def tried(
    administrator: Person, agenda_id: int, said: ScreenedText, *, is_by_new: bool
) -> list[Rule]:
    """Every rule that would hold back a text of an ordinary member, or of a new one, in the order of the kinds."""
    require(administrator.can.administer())
    asked = (WORD, LINKS, SAME_TEXT, AGENDA, DOMAIN)
    query = select(Rule).where(Rule.off_at.is_(None), Rule.kind.in_(asked))
    is_met: dict[str, Callable[[Rule], bool]] = {
        WORD: lambda rule: said.contains(rule.key),
        DOMAIN: lambda rule: rule.key in said.hosts,
        AGENDA: lambda rule: rule.agenda_id == agenda_id,
        LINKS: lambda rule: is_by_new and said.has_outside_links,
        SAME_TEXT: lambda rule: _times(said) + 1 >= how_often(rule),
    }
    found = [rule for rule in db.session.scalars(query) if is_met[rule.kind](rule)]
    return sorted(found, key=lambda rule: (KINDS.index(rule.kind), rule.id))
