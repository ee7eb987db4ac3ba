"""Keeping what a page said before it is edited."""

from __future__ import annotations

import json
from typing import Any

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
