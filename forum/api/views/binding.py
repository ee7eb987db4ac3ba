"""The endpoints of what binds everybody: the terms of use and the house rules in their versions.

A version comes into force on its day, without a write, so none of these responses is kept in the page cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import after_this_request
from werkzeug.wrappers import Response as AnyResponse

from forum.api import models
from forum.api.views import _answers as answers
from forum.api.views._parameters import VERSION
from forum.api.views._routes import Listing, route
from forum.errors import or_not_found
from forum.responses import changes_by_itself
from forum.rules import queries as rules_of_house
from forum.terms import queries as terms_of_use
from forum.terms.models import Terms
from forum.webforms import lazy_text as _


@route("/terms", _("The terms of use that are in force."), models.Terms)
def terms() -> models.Terms:
    """The terms that are in force."""
    return _terms(or_not_found(terms_of_use.in_force()))


@route(
    "/terms/versions",
    _("All versions of the terms of use, the latest first."),
    models.TermsVersion,
    is_list=True,
)
def terms_versions() -> Listing:
    """Every version of the terms."""
    return _versions(
        terms_of_use.all_terms(), answers.terms_version, _number(terms_of_use.in_force())
    )


@route("/terms/<int:number>", _("One version of the terms of use."), models.Terms, VERSION)
def terms_version(number: int) -> models.Terms:
    """One version of the terms."""
    return _terms(terms_of_use.terms_of(number))


def _terms(found: Terms) -> models.Terms:
    after_this_request(_uncached)
    holds = _number(terms_of_use.in_force())
    return answers.terms(found, terms_of_use.end_of(found.number), holds)


@route("/rules", _("The house rules that are in force."), models.Rules)
def rules() -> models.Rules:
    """The house rules in force."""
    return _rules(rules_of_house.in_force())


@route(
    "/rules/versions",
    _("All versions of the house rules, the latest first."),
    models.RulesVersion,
    is_list=True,
)
def rules_versions() -> Listing:
    """Every version of the house rules."""
    return _versions(
        rules_of_house.versions(), answers.rules_version, rules_of_house.in_force().number
    )


@route("/rules/<int:number>", _("One version of the house rules."), models.Rules, VERSION)
def rules_version(number: int) -> models.Rules:
    """One version of the house rules."""
    return _rules(rules_of_house.rules_version(number))


def _rules(found: rules_of_house.Rules) -> models.Rules:
    after_this_request(_uncached)
    holds = rules_of_house.in_force().number
    return answers.rules(found, rules_of_house.end_of(found.number), holds)


def _uncached(answer: AnyResponse) -> AnyResponse:
    return changes_by_itself(answer)


def _number(found: Terms | None) -> int:
    return found.number if found else 0


def _versions(newest_first: Sequence[Any], answer: Callable[..., Any], holds: int) -> Listing:
    """Every version, as `answer` makes it; each ends with the beginning of the one before it in the list."""
    after_this_request(_uncached)
    ends = [None, *(version.valid_from for version in newest_first)]
    return Listing([answer(*version, holds) for version in zip(newest_first, ends, strict=False)])
