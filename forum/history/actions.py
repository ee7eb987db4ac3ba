"""Keeping what an edited page said before."""

from __future__ import annotations

from typing import Any

from forum.db import action, db, now
from forum.history.models import Version
from forum.permissions import Person


@action
def keep_version(editor: Person, kind: str, item_id: int, fields: dict[str, Any]) -> None:
    """Keep the fields of a thing as they stand, in the deed that replaces them. Values are words or numbers.

    Kinds: agenda, statement, theme, organisation, case, reading.
    """
    signed = {"editor_name": editor.name, "editor_handle": editor.handle}
    version = Version(kind=kind, item_id=item_id, replaced_at=now(), fields=fields, **signed)
    db.session.add(version)
