"""Keeping what a page said before it is edited, and forgetting it when the page is deleted."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete, update

from forum.db import action, db, now
from forum.history.models import Version
from forum.history.queries import versions_naming
from forum.permissions import Person, require


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


@action
def unname(system: Person, handle: str, former: str) -> None:
    """Take the name of somebody who has left off all versions: as their editor, and as what an agenda's page said."""
    require(system.can.administer())
    edited = update(Version).where(Version.editor_handle == handle)
    db.session.execute(edited.values(editor_name=former, editor_handle=""))
    for version in versions_naming(handle):
        hosts = [host for host in version.fields.get("hosts", "").split(", ") if host != handle]
        changed = {**version.fields, "hosts": ", ".join(hosts)} if "hosts" in version.fields else {}
        if version.fields.get("handle") == handle:
            changed = {
                **version.fields,
                "name": former,
                "handle": "",
                "role_title": "",
                "organisation": "",
            }
        version.fields = changed or version.fields
