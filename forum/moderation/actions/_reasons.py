"""Why something was decided: facts, and the rule or the law."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from forum.errors import Invalid
from forum.moderation.queries import GROUNDED, REASONED
from forum.rules.queries import in_force

LONGEST = 2_000  # characters of a reason or of a reporter's sentence


@dataclass(frozen=True)
class Reasons:
    """Why somebody is restricted: what article 17(3) of Regulation (EU) 2022/2065 asks for.

    `facts` are the facts, and what the member can do. The ground is the number of a house rule, or a law.
    `is_automated` says that a machine found it. What was said of the deed itself (how long, who decided, that one
    can appeal) the decision's page adds.
    """

    facts: str = ""
    rule: int = 0
    law: str = ""
    is_automated: bool = False


NONE = Reasons()


def require_reasons(deed: str, reasons: Reasons) -> None:
    """Raise `Invalid` unless a deed that restricts somebody has its reasons."""
    if deed in GROUNDED and not _grounds(reasons):
        raise Invalid(_("Choose the rule or name the law."), "rule")
    if deed in REASONED and not reasons.facts.strip():
        raise Invalid(_("Say what happened. The author reads it."), "reason")
    check_length(reasons.facts, "reason")
    check_length(reasons.law, "law")


def _grounds(reasons: Reasons) -> bool:
    """Whether there is a ground: a law in words, or a rule that exists."""
    return bool(reasons.law.strip() or in_force().rule(reasons.rule))


def check_length(text: str, field: str) -> None:
    """Raises `Invalid` for a reason or a sentence that is too long."""
    if len(text) > LONGEST:
        raise Invalid(_("Write at most %(most)s characters.", most=LONGEST), field)


def ground_in_words(reasons: Reasons) -> str:
    """What readers are told instead of the text: the rule's name, or the facts."""
    rule = in_force().rule(reasons.rule)
    if reasons.law.strip() or rule is None:
        return _("It is against the law.") if reasons.law.strip() else ""
    return rule.label
