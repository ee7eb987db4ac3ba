"""Keeping what a page said before it is edited, and forgetting it when the page is deleted."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete

from forum.db import action, db, now
from forum.history.models import Version
from forum.permissions import Person


@action
def keep_version(editor: Person, kind: str, item_id: int, fields: dict[str, Any]) -> None:
    """Keep what a thing said until now. The deed that replaces it calls this and has asked for the right.

    `fields` may hold dates and numbers beside texts; they are kept as JSON.
    """
    db.session.add(
        Version(
            kind=kind,
            item_id=item_id,
            editor_name=editor.name,
            editor_handle=editor.handle,
            replaced_at=now(),
            fields=json.loads(json.dumps(fields, default=str)),
        )
    )


@action
def forget_versions(_author: Person, kind: str, item_id: int) -> None:
    """Forget all that a thing said before. The deed that deletes it calls this and has asked for the right."""
    gone = delete(Version).where(Version.kind == kind, Version.item_id == item_id)
    db.session.execute(gone)
