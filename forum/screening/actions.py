"""Screening a text, and making, changing and deleting the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, flush_unique
from forum.deeds import action, touches
from forum.errors import Invalid, NotFound
from forum.history.queries import refuse_unseen
from forum.matches import ScreenedText, domain_of, folded
from forum.members.queries import get_member
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.screening.models import (
    AGENDA,
    DOMAIN,
    KINDS,
    MEMBER,
    SAME_TEXT,
    WORD,
    Newness,
    Rule,
    ScreeningMatch,
    TextTrace,
    is_usual,
)
from forum.screening.queries import (
    Sending,
    expired_traces,
    first_match,
    has_repetition_rule,
    known_keys,
    newness_fields,
    newness_to_change,
    rule_fields,
    rule_id_by_key,
    rule_to_change,
    rules_for,
)

MAX_VALUE, MAX_SENTENCE = 100, 500  # characters
MAX_DOMAINS = 5_000  # in one import
ALLOWED_REPETITIONS = range(2, 21)
ALLOWED_DAYS, ALLOWED_POSTS, ALLOWED_FIRST_POSTS = range(366), range(101), range(21)


@dataclass(frozen=True)
class RuleText:
    """A rule as an administrator types it. Depending on `kind`, `value` is a word, a domain, a number, an agenda's id or a handle."""

    kind: str
    value: str = ""
    sentence: str = ""


@action
def screen(
    author: Person,
    agenda_id: int | None,
    said: ScreenedText,
    sending: Sending = Sending.NEW,
) -> ScreeningMatch | None:
    """Screen a text; returns the rule that holds it back, or None when it may be published at once.

    The rules do not apply to moderators of the agenda or, without an agenda (None), of the whole forum. The text is
    counted for the rule about repeated texts, except when it is `RESENT`.
    """
    if author.can.pass_screening(agenda_id):
        return None
    rules = rules_for(author, agenda_id, said)
    found = first_match(rules, author, agenda_id, said, sending)
    is_counted = said.fingerprint and author.id and sending is not Sending.RESENT
    if is_counted and has_repetition_rule(rules):
        db.session.add(TextTrace(text_hash=said.fingerprint, author_id=author.id, sent_at=now()))
    return found


@action
def refuse_caught(
    author: Person,
    agenda_id: int | None,
    said: ScreenedText,
    field: str,
    sending: Sending = Sending.NEW,
) -> None:
    """Refuse a text that a rule holds back where there is no queue for it: raises `Invalid` for its form field.

    The message quotes the sentence of the rule, unless that is the default promise that a moderator reads the text.
    """
    if match := screen(author, agenda_id, said, sending):
        refusal = _(
            "A rule of this forum stops this text, and it cannot wait for a moderator here."
        )
        advice = _("It is still in the form: change it, or write to the moderators.")
        reason = "" if is_usual(match.sentence) else f"“{match.sentence}” "
        raise Invalid(f"{refusal} {reason}{advice}", field)


# Rules


@action
def make_rule(administrator: Person, text: RuleText) -> Rule:
    """Make a rule for texts that are sent from now on."""
    touches()
    require(administrator.can.administer())
    rule = Rule(made_by_id=administrator.id, made_at=now())
    _apply(administrator, rule, text)
    db.session.add(rule)
    flush_unique()
    return rule


@action
def change_rule(
    administrator: Person, rule_id: int, text: RuleText, *, seen: str | None = None
) -> Rule:
    """Change a rule; texts that wait already keep its former words.

    `seen` is the fingerprint of what it said when the form was opened. Raises `Conflict` when it says something else
    since.
    """
    touches()
    rule = rule_to_change(administrator, rule_id)
    before = rule_fields(rule)
    _apply(administrator, rule, text)
    if rule_fields(rule) != before:
        refuse_unseen(seen, before)
    flush_unique()
    return rule


@action
def switch_rule(administrator: Person, rule_id: int, *, is_on: bool) -> Rule:
    """Switch a rule on, or off for the time being."""
    touches()
    rule = rule_to_change(administrator, rule_id)
    rule.off_at = None if is_on else rule.off_at or now()
    return rule


@action
def delete_rule(administrator: Person, rule_id: int, *, seen: str | None = None) -> None:
    """Delete a rule; texts that it held back still wait.

    `seen` is the fingerprint of what it said on the page that asked. Raises `Conflict` when it says something else
    since.
    """
    touches()
    rule = rule_to_change(administrator, rule_id)
    refuse_unseen(seen, rule_fields(rule), _("This rule has changed. Look at it again."))
    db.session.delete(rule)


@action
def import_domains(administrator: Person, lines: Iterable[str], sentence: str) -> tuple[int, int]:
    """Make a rule for each domain of a list, one per line; returns how many are new, and how many lines contain no domain.

    Empty lines, comments after a `#`, and domains that already have a rule are skipped.
    """
    touches()
    require(administrator.can.administer())
    _check_sentence(sentence)
    typed = [line.partition("#")[0].strip() for line in lines]
    domain_by_line = {line: domain_of(line) for line in typed if line}
    domains = list(dict.fromkeys(filter(None, domain_by_line.values())))
    if len(domains) > MAX_DOMAINS:
        raise Invalid(_("Send at most %(most)s domains at once.", most=MAX_DOMAINS), "domains")
    known = known_keys(DOMAIN, domains)
    new = [domain for domain in domains if domain not in known]
    for domain in new:
        columns = {"kind": DOMAIN, "value": domain, "key": domain, "sentence": sentence.strip()}
        db.session.add(Rule(made_by_id=administrator.id, made_at=now(), **columns))
    flush_unique()
    return len(new), sum(not domain for domain in domain_by_line.values())


@action
def set_newness(
    administrator: Person, days: int, posts: int, first_posts: int, *, seen: str | None = None
) -> Newness:
    """Choose who counts as new, and how many first posts of a member moderators look at (see `Newness`).

    `seen` is the fingerprint of the numbers when the form was opened. Raises `Conflict` when they are others since.
    """
    chosen = newness_to_change(administrator)
    before = newness_fields(chosen)
    for value, allowed, field in (
        (days, ALLOWED_DAYS, "days"),
        (posts, ALLOWED_POSTS, "posts"),
        (first_posts, ALLOWED_FIRST_POSTS, "first_posts"),
    ):
        if value not in allowed:
            raise Invalid(_("Write a number from 0 to %(most)s.", most=allowed[-1]), field)
    chosen.days, chosen.posts, chosen.first_posts = days, posts, first_posts
    if newness_fields(chosen) != before:
        refuse_unseen(seen, before)
    chosen.id = 1  # there is only one row
    db.session.add(chosen)
    flush_unique()
    return chosen


def _apply(administrator: Person, rule: Rule, text: RuleText) -> None:
    """Check what was typed and set the rule; raises `Invalid` when another rule looks for the same."""
    if text.kind not in KINDS:
        raise Invalid(_("Choose a kind of rule."), "kind")
    _check_sentence(text.sentence)
    rule.kind, rule.sentence = text.kind, text.sentence.strip()
    rule.agenda_id = rule.member_id = None
    value = single_line(text.value)
    if len(value) > MAX_VALUE:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_VALUE), "value")
    parsers = {
        WORD: _parse_word,
        DOMAIN: _parse_domain,
        SAME_TEXT: _parse_repetitions,
        AGENDA: _parse_agenda,
        MEMBER: _parse_member,
    }
    with db.session.no_autoflush:
        rule.value, rule.key = parsers.get(text.kind, _parse_nothing)(administrator, rule, value)
        same = rule_id_by_key(rule.kind, rule.key)
    if same is not None and same != rule.id:
        raise Invalid(_("There is such a rule already."), "value")


# The `value` and the `key` of a rule, from what was typed, by the kind of rule


def _parse_nothing(_doer: Person, _rule: Rule, _value: str) -> tuple[str, str]:
    return "", ""


def _parse_word(_doer: Person, _rule: Rule, value: str) -> tuple[str, str]:
    if not any(sign.isalnum() for sign in folded(value)):
        raise Invalid(_("Write the word or words."), "value")
    return value, folded(value)


def _parse_domain(_doer: Person, _rule: Rule, value: str) -> tuple[str, str]:
    domain = domain_of(value)
    if not domain:
        raise Invalid(_("Write a domain such as shop.example."), "value")
    return domain, domain


def _parse_repetitions(_doer: Person, _rule: Rule, value: str) -> tuple[str, str]:
    if not (value.isascii() and value.isdigit() and int(value) in ALLOWED_REPETITIONS):
        least, most = ALLOWED_REPETITIONS[0], ALLOWED_REPETITIONS[-1]
        raise Invalid(
            _("Write a number from %(least)s to %(most)s.", least=least, most=most), "value"
        )
    return str(int(value)), ""


def _parse_agenda(doer: Person, rule: Rule, value: str) -> tuple[str, str]:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(_("Choose an agenda."), "agenda")
    try:
        rule.agenda = agenda_by_id(doer, int(value))
    except NotFound as error:  # deleted since the form was opened
        raise Invalid(_("Choose an agenda."), "agenda") from error
    rule.agenda_id = rule.agenda.id
    return "", value


def _parse_member(doer: Person, rule: Rule, value: str) -> tuple[str, str]:
    try:
        rule.member = get_member(doer, value.removeprefix("@").rpartition("/")[2].lower())
    except NotFound as error:
        raise Invalid(error.message, "value") from error
    rule.member_id = rule.member.id
    return "", str(rule.member_id)


def _check_sentence(sentence: str) -> None:
    if not sentence.strip():
        raise Invalid(_("Write a sentence for the author."), "sentence")
    if len(sentence) > MAX_SENTENCE:
        most = _("Write at most %(most)s characters.", most=MAX_SENTENCE)
        raise Invalid(most, "sentence")


# Old traces, and members who have left


@action
def forget_traces(system: Person) -> int:
    """Delete up to `DELETION_BATCH_SIZE` traces that no rule needs any more; returns how many."""
    require(system.can.administer())
    touches()
    old = expired_traces(DELETION_BATCH_SIZE)
    for trace in old:
        db.session.delete(trace)
    return len(old)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the rules about a member who has left, and the traces of texts that the member sent."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Rule).where(Rule.member_id == member_id))
    db.session.execute(delete(TextTrace).where(TextTrace.author_id == member_id))
