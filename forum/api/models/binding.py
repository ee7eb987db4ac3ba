"""What binds everybody here: the terms of use and the house rules, each in versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class BindingVersion:
    """A version of what binds, in force from `valid_from` until `valid_until` (null: no later one is known)."""

    number: int
    url: str
    api_url: str
    markdown_url: str
    language: str
    change: str
    is_in_force: bool
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True)
class RulesVersion(BindingVersion):
    """A version of the house rules. The forum began with number 0, which has no `valid_from`."""


@dataclass(frozen=True)
class TermsVersion(BindingVersion):
    """A version of the terms of use."""

    valid_from: datetime
    needs_consent: bool


@dataclass(frozen=True)
class Terms(TermsVersion):
    """A version of the terms of use with its text; `source` is Markdown."""

    source: str
    html: str


@dataclass(frozen=True)
class HouseRule:
    """One house rule."""

    number: int
    name: str
    sentence: str


@dataclass(frozen=True)
class Rules(RulesVersion):
    """A version of the house rules with its rules."""

    rules: list[HouseRule]
