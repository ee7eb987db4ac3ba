"""The versions that an edited page has had, and whether an editor knows the latest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2s
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Text, cast, select

from forum.db import db
from forum.errors import Conflict
from forum.history.models import Version

MOST = 200


def versions_of(kind: str, item_id: int) -> list[Version]:
    """What a thing said before, the latest version first; at most the 200 latest."""
    found = select(Version).where(Version.kind == kind, Version.item_id == item_id)
    return list(db.session.scalars(found.order_by(Version.id.desc()).limit(MOST)))


def versions_of_many(kind: str, item_ids: Iterable[int]) -> list[Version]:
    """The same for several things of one kind at once."""
    found = select(Version).where(Version.kind == kind, Version.item_id.in_(list(item_ids)))
    return list(db.session.scalars(found.order_by(Version.id.desc()).limit(MOST)))


def versions_naming(handle: str) -> list[Version]:
    """The versions of agendas and statements whose text names a member, as a host or as who said it."""
    named = cast(Version.fields, Text).contains(handle, autoescape=True)
    found = select(Version).where(Version.kind.in_(("agenda", "statement")), named)
    return list(db.session.scalars(found))


def fingerprint(fields: Mapping[str, Any]) -> str:
    """Changes with what a thing says: a form that was opened on other words is out of date."""
    return blake2s(json.dumps(dict(fields), sort_keys=True).encode(), digest_size=8).hexdigest()


def refuse_unseen(seen: str | None, fields: Mapping[str, Any]) -> None:
    """Raise `Conflict` when a form was opened on other words than these (`seen`, if it says so)."""
    if seen and seen != fingerprint(fields):
        raise Conflict(_("This text has changed since you opened the form."))
