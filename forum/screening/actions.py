"""Asking the rules about a text, and making and changing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import delete

from forum.agendas.queries import agenda_by_id
from forum.db import action, db, flush_unique, now, touches
from forum.errors import Conflict, Invalid
from forum.matches import ScreenedText, domain_of, folded
from forum.members.queries import get_member
from forum.permissions import Person, require
from forum.screening.models import (
    AGENDA,
    DOMAIN,
    KINDS,
    MEMBER,
    SAME_TEXT,
    WORD,
    Caught,
    Newness,
    Rule,
    TextTrace,
)
from forum.screening.queries import (
    caught,
    count_same_texts,
    known_keys,
    newness_to_change,
    old_traces,
    rule_of_key,
    rule_to_change,
    rules_for,
)

LONGEST_VALUE, LONGEST_SENTENCE = 100, 500
# What a rule says to an author when its maker has no other words.
USUAL_SENTENCE = lazy_gettext("A moderator reads this before it is published.")
MOST_DOMAINS = 5_000  # in one import
TIMES = range(2, 21)
DAYS, POSTS, FIRST = range(366), range(101), range(21)
PORTION = 500


@dataclass(frozen=True)
class RuleText:
    """What an administrator says of a rule: `value` is a word, a domain, a number, an agenda's id or a handle."""

    kind: str
    value: str = ""
    sentence: str = ""


@action
def screen(
    author: Person,
    agenda_id: int | None,
    said: ScreenedText,
    *,
    is_again: bool = False,
    is_counted: bool = False,
) -> Caught | None:
    """Ask the rules about a text; returns the rule that holds it back, or None when the text may appear at once.

    The rules do not apply to those who moderate the agenda. Without an agenda (None) they do not apply to moderators.
    The text is counted, so that the rule about repeated texts sees how often its author has sent it.

    `is_again`: the author sends the same thing once more, changed or not, such as an edited post. Then it does not
    matter that the author has sent these words before.
    `is_counted`: these very words were counted when the thing was first sent. They are not counted a second time, and
    the number of times that the author sent them elsewhere still matters.
    """
    if author.can.pass_screening(agenda_id):
        return None
    rules = rules_for(author, agenda_id, said)
    found = caught(rules, author, said, is_again=is_again, is_counted=is_counted)
    if said.fingerprint and author.id and not is_counted and count_same_texts(rules):
        db.session.add(TextTrace(text_hash=said.fingerprint, author_id=author.id, sent_at=now()))
    return found


@action
def refuse_caught(
    author: Person, agenda_id: int | None, said: ScreenedText, field: str, *, is_again: bool = False
) -> None:
    """Refuse a text that a rule catches and that has nowhere to wait: raises `Invalid` at its field, with the
    rule's sentence unless that promises the usual reading. The form keeps what was typed. `is_again` as `screen` has it.
    """
    if why := screen(author, agenda_id, said, is_again=is_again):
        first = _("A rule of this forum stops this text, and it cannot wait for a moderator here.")
        rest = _("It is still in the form: change it, or write to the moderators.")
        reason = "" if why.sentence == str(USUAL_SENTENCE) else f"“{why.sentence}” "
        raise Invalid(f"{first} {reason}{rest}", field)


# Rules


@action
def make_rule(administrator: Person, text: RuleText) -> Rule:
    """Make a rule; it holds from now on, for texts that are sent from now on."""
    touches()
    require(administrator.can.administer())
    rule = Rule(made_by_id=administrator.id, made_at=now())
    _fill(administrator, rule, text)
    db.session.add(rule)
    flush_unique(Conflict())
    return rule


@action
def change_rule(administrator: Person, rule_id: int, text: RuleText) -> Rule:
    """Let a rule say something else; what waits already waits under what it said then."""
    touches()
    rule = rule_to_change(administrator, rule_id)
    _fill(administrator, rule, text)
    flush_unique(Conflict())
    return rule


@action
def switch_rule(administrator: Person, rule_id: int, *, is_on: bool) -> Rule:
    """Let a rule hold, or not hold for the time being."""
    touches()
    rule = rule_to_change(administrator, rule_id)
    rule.off_at = None if is_on else rule.off_at or now()
    return rule


@action
def delete_rule(administrator: Person, rule_id: int) -> None:
    """Delete a rule; what it held back goes on waiting."""
    touches()
    db.session.delete(rule_to_change(administrator, rule_id))


@action
def import_domains(administrator: Person, lines: Iterable[str], sentence: str) -> tuple[int, int]:
    """Make a rule for each domain of a list, one on a line; says how many are new, and how many lines are none.

    Empty lines, and what follows a `#`, are passed over; so are domains that have a rule.
    """
    touches()
    require(administrator.can.administer())
    _check_sentence(sentence)
    typed = [line.partition("#")[0].strip() for line in lines]
    found = {line: domain_of(line) for line in typed if line}
    domains = dict.fromkeys(domain for domain in found.values() if domain)
    if len(domains) > MOST_DOMAINS:
        raise Invalid(_("Send at most %(most)s domains at once.", most=MOST_DOMAINS), "domains")
    fresh = _fresh(list(domains))
    for domain in fresh:
        about = {"kind": DOMAIN, "value": domain, "key": domain, "sentence": sentence.strip()}
        db.session.add(Rule(made_by_id=administrator.id, made_at=now(), **about))
    flush_unique(Conflict())
    return len(fresh), sum(1 for domain in found.values() if not domain)


def _fresh(domains: list[str]) -> list[str]:
    known = known_keys(DOMAIN, domains)
    return [domain for domain in domains if domain not in known]


@action
def set_newness(administrator: Person, days: int, posts: int, first_posts: int) -> Newness:
    """Choose who counts as new, and how many first posts moderators look at."""
    chosen = newness_to_change(administrator)
    for value, allowed, field in (
        (days, DAYS, "days"),
        (posts, POSTS, "posts"),
        (first_posts, FIRST, "first_posts"),
    ):
        if value not in allowed:
            raise Invalid(_("Write a number from 0 to %(most)s.", most=allowed[-1]), field)
    chosen.days, chosen.posts, chosen.first_posts = days, posts, first_posts
    chosen.id = 1
    db.session.add(chosen)
    flush_unique(Conflict())
    return chosen


def _fill(administrator: Person, rule: Rule, text: RuleText) -> None:
    if text.kind not in KINDS:
        raise Invalid(_("Choose a kind of rule."), "kind")
    _check_sentence(text.sentence)
    rule.kind, rule.sentence = text.kind, text.sentence.strip()
    rule.agenda_id = rule.member_id = None
    value = " ".join(text.value.split())
    if len(value) > LONGEST_VALUE:
        raise Invalid(_("Write at most %(most)s characters.", most=LONGEST_VALUE), "value")
    makers = {WORD: _word, DOMAIN: _domain, SAME_TEXT: _number, AGENDA: _agenda, MEMBER: _member}
    with db.session.no_autoflush:
        rule.value, rule.key = makers.get(text.kind, _nothing)(administrator, rule, value)
        same = rule_of_key(rule.kind, rule.key)
    if same is not None and same != rule.id:
        raise Invalid(_("There is such a rule already."), "value")


def _nothing(_doer: Person, _rule: Rule, _value: str) -> tuple[str, str]:
    return "", ""


def _word(_doer: Person, _rule: Rule, value: str) -> tuple[str, str]:
    if not any(sign.isalnum() for sign in folded(value)):
        raise Invalid(_("Write the word or words."), "value")
    return value, folded(value)


def _domain(_doer: Person, _rule: Rule, value: str) -> tuple[str, str]:
    domain = domain_of(value)
    if not domain:
        raise Invalid(_("Write a domain such as shop.example."), "value")
    return domain, domain


def _number(_doer: Person, _rule: Rule, value: str) -> tuple[str, str]:
    if not (value.isascii() and value.isdigit() and int(value) in TIMES):
        raise Invalid(_("Write a number from 2 to 20."), "value")
    return str(int(value)), ""


def _agenda(doer: Person, rule: Rule, value: str) -> tuple[str, str]:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(_("Choose an agenda."), "agenda")
    rule.agenda = agenda_by_id(doer, int(value))
    rule.agenda_id = rule.agenda.id
    return "", value


def _member(doer: Person, rule: Rule, value: str) -> tuple[str, str]:
    rule.member = get_member(doer, value.removeprefix("@").rpartition("/")[2].lower())
    rule.member_id = rule.member.id
    return "", str(rule.member_id)


def _check_sentence(sentence: str) -> None:
    if not sentence.strip():
        raise Invalid(_("Write a sentence for the author."), "sentence")
    if len(sentence) > LONGEST_SENTENCE:
        most = _("Write at most %(most)s characters.", most=LONGEST_SENTENCE)
        raise Invalid(most, "sentence")


# What is over, and who has left


@action
def forget_traces(system: Person, limit: int = PORTION) -> int:
    """Delete some traces that no rule asks for any more; says how many."""
    require(system.can.administer())
    touches()
    old = old_traces(limit)
    for trace in old:
        db.session.delete(trace)
    return len(old)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the rules about somebody who has left, and the traces of what they sent."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Rule).where(Rule.member_id == member_id))
    db.session.execute(delete(TextTrace).where(TextTrace.author_id == member_id))
