"""The federation whose forum this is, and what it asks of its members."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select

from forum.db import db, detached
from forum.errors import Conflict, NotFound
from forum.history.models import Version
from forum.history.queries import versions_of
from forum.members.models import Federation, FederationMark
from forum.permissions import Person, require
from forum.versions import FEDERATION, PAGE_VERSIONS

MARK_HISTORY = "federation mark"  # the kind of the versions of its mark


def federation_if_there() -> Federation | None:
    """The federation whose forum this is, or None before `flask setup`."""
    return db.session.scalar(select(Federation).order_by(Federation.id).limit(1))


def forum_name() -> str:
    """The name of the forum; empty before `flask setup`."""
    known = federation_if_there()
    return known.name if known else ""


class CachedFederation(NamedTuple):
    """The federation as pages show it, and the version of its scope (`versions.FEDERATION`) when it was read."""

    federation: Federation
    version: int


def federation_to_cache() -> CachedFederation | None:
    """The federation for the cache of a process: detached from any session. None before `flask setup`."""
    number = (
        select(PAGE_VERSIONS.c.number).where(PAGE_VERSIONS.c.scope == FEDERATION).scalar_subquery()
    )
    columns = [getattr(Federation, name) for name in _CACHED_COLUMNS]
    query = select(*columns, number).order_by(Federation.id).limit(1)
    row = db.session.execute(query).first()
    if row is None:
        return None
    return CachedFederation(
        detached(Federation, dict(zip(_CACHED_COLUMNS, row, strict=False))), row[-1] or 0
    )


_CACHED_COLUMNS = (
    *("id", "name", "tagline", "tagline_locale", "taglines"),
    *("contact_email", "is_demo", "mark"),
)


def mark_data(name: str) -> bytes:
    """The bytes of the federation's own mark of that name, which everybody may see. Raises `NotFound` for any other."""
    query = select(FederationMark.data).join(Federation).where(Federation.mark == name)
    if (data := db.session.scalar(query)) is None:
        raise NotFound()
    return data


def federation_to_describe(administrator: Person) -> Federation:
    """The federation, for those who may edit it. Raises `Forbidden`, and `Conflict` before `flask setup`."""
    require(administrator.can.administer())
    return _or_not_set_up(federation_if_there())


def federation_to_change(administrator: Person) -> Federation:
    """As `federation_to_describe`, with the row locked until the action ends."""
    require(administrator.can.administer())
    query = select(Federation).order_by(Federation.id).limit(1)
    return _or_not_set_up(db.session.scalar(query.with_for_update()))


def _or_not_set_up(known: Federation | None) -> Federation:
    if known is None:
        raise Conflict(_("This forum has not been set up yet."))
    return known


def federation_fields(federation: Federation) -> dict[str, str]:
    """The fields of the federation that an administrator can edit, by name: its tagline in each other language is one."""
    names = ("name", "tagline", "contact_email")
    return {name: getattr(federation, name) for name in names} | tagline_fields(federation.taglines)


def tagline_fields(taglines: Mapping[str, str]) -> dict[str, str]:
    """What the tagline is in other languages, as fields of the federation. `taglines` are by locale."""
    return {tagline_field(locale): said for locale, said in sorted(taglines.items())}


def tagline_field(locale: str) -> str:
    """The name of the field for the tagline in another language."""
    return f"tagline_{locale}"


def federation_versions(administrator: Person) -> list[Version]:
    """The earlier names and descriptions of the forum, each with its end and editor, latest first."""
    return versions_of(FEDERATION, federation_to_describe(administrator).id)


def mark_versions(administrator: Person) -> list[Version]:
    """Who replaced the forum's mark and when, latest first; of the former marks only the names are kept."""
    return versions_of(MARK_HISTORY, federation_to_describe(administrator).id)


def terms_from() -> datetime | None:
    """The moment since when joining requires agreement to terms of use; None when there are none."""
    return db.session.scalar(select(Federation.terms_from).order_by(Federation.id).limit(1))


def lock_rule_of_factors() -> None:
    """Let nobody change whether second factors are required until the action ends.

    Call this before an action locks members and asks `are_factors_required`: who changes the rule, or writes terms,
    has the federation's row first and changes all members with it in hand.
    """
    db.session.execute(select(Federation.id).limit(1).with_for_update(read=True))


def are_factors_required() -> bool:
    """Whether those who moderate or administer need a second factor.

    Within an action the setting cannot change until the action ends (see `lock_rule_of_factors`).
    """
    wanted = select(Federation.factors_required_at).order_by(Federation.id).limit(1)
    return db.session.scalar(wanted.with_for_update(read=True)) is not None
