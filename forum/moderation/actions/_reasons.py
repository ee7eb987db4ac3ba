"""The reasons of a decision: the facts, and the rule or law."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from forum.errors import Invalid
from forum.moderation.queries import DEEDS
from forum.rules.models import AGAINST_LAW
from forum.rules.queries import in_force

MAX_REASON_LENGTH = 2_000  # characters of a reason, or of a reporter's text


@dataclass(frozen=True)
class Reasons:
    """The statement of reasons for a restriction: what article 17(3) of Regulation (EU) 2022/2065 requires.

    `facts` says what happened and what the member can do. The ground is `rule`, the number of a house rule (0 for
    none), or `law` in words, which takes precedence. `is_automated` says that a machine pointed the text out.
    `order_id` is the order of an authority that is followed. The page of the decision adds the rest: for how long, who
    decided, and how to appeal.
    """

    facts: str = ""
    rule: int = 0
    law: str = ""
    is_automated: bool = False
    order_id: int | None = None


NO_REASONS = Reasons()


def require_reasons(deed: str, reasons: Reasons, *, needs_ground: bool | None = None) -> None:
    """Raise `Invalid` unless the ground and the facts that the deed needs are given; `needs_ground` overrides for some things."""
    needed = DEEDS[deed].needs_ground if needs_ground is None else needs_ground
    if needed and not _has_ground(reasons):
        raise Invalid(_("Choose the rule or name the law."), "rule")
    if DEEDS[deed].needs_reason and not reasons.facts.strip():
        raise Invalid(_("Say what happened. The author reads it."), "reason")
    check_length(reasons.facts, "reason")
    check_length(reasons.law, "law")


def _has_ground(reasons: Reasons) -> bool:
    """Whether a law is named, or a house rule that is in force."""
    return bool(reasons.law.strip() or in_force().rule(reasons.rule))


def check_length(text: str, field: str) -> None:
    """Raise `Invalid` for a form field when its text is longer than `MAX_REASON_LENGTH`."""
    if len(text) > MAX_REASON_LENGTH:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_REASON_LENGTH), field)


def ground_in_words(reasons: Reasons) -> str:
    """What is stored to be shown in place of a hidden text: the rule, or that it is against the law; empty without a ground.

    `said_of_ground` translates it for readers.
    """
    if reasons.law.strip():
        return AGAINST_LAW.in_english
    rule = in_force().rule(reasons.rule)
    return rule.label if rule else ""
