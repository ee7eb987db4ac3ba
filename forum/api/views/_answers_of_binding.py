"""Versions of the terms of use and of the house rules as the API answers them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from forum.api import models
from forum.api.views._addresses import address, api_address
from forum.rules.queries import Rules
from forum.terms.models import Terms


def terms_version(found: Terms, end: datetime | None, holds: int) -> models.TermsVersion:
    """A version of the terms, as lists have it. `holds` is the number of the one in force."""
    version = _version("terms", found, end, holds)
    return models.TermsVersion(**version, needs_consent=found.needs_consent)


def terms(found: Terms, end: datetime | None, holds: int) -> models.Terms:
    """A version of the terms with its text."""
    version = vars(terms_version(found, end, holds))
    return models.Terms(**version, source=found.source, html=str(found.html))


def rules_version(found: Rules, end: datetime | None, holds: int) -> models.RulesVersion:
    """A version of the house rules, as lists have it. `holds` is the number of the one in force."""
    return models.RulesVersion(**_version("rules", found, end, holds))


def rules(found: Rules, end: datetime | None, holds: int) -> models.Rules:
    """A version of the house rules with its rules."""
    listed = [models.HouseRule(rule.number, rule.name, rule.sentence) for rule in found.rules]
    return models.Rules(**vars(rules_version(found, end, holds)), rules=listed)


def _version(room: str, found: Terms | Rules, end: datetime | None, holds: int) -> dict[str, Any]:
    """The fields that a version of both has; `room` is where its page is."""
    return {
        "number": found.number,
        "url": address(f"{room}.version", number=found.number),
        "api_url": api_address(f"{room}_version", number=found.number),
        "markdown_url": address(f"{room}.version_markdown", number=found.number),
        "language": found.language,
        "change": found.change,
        "is_in_force": found.number == holds,
        "valid_from": found.valid_from,
        "valid_until": end,
    }
