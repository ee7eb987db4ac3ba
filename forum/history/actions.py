"""Keeping the version that an edit replaces, and deleting versions with their page."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import delete

from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.history.models import Version
from forum.history.queries import versions_to_change
from forum.permissions import Person, require


@action
def keep_version(editor: Person, kind: str, item_id: int, fields: dict[str, Any]) -> None:
    """Store the fields of a thing before an edit. The calling action has checked that the editor may edit it.

    `fields` may contain dates and numbers besides texts; they are stored as JSON, dates as text.
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
    """Delete all versions of a thing. The calling action has checked that the author may delete the thing."""
    versions = delete(Version).where(Version.kind == kind, Version.item_id == item_id)
    db.session.execute(versions)


@action
def unname(
    system: Person, version_ids: Collection[int], handles: Collection[str], former: str
) -> None:
    """Replace the name of a member who has left by `former` in versions: as editor, host and author of statements.

    `handles` are all that the member had.
    """
    require(system.can.administer())
    for version in versions_to_change(version_ids):
        if version.editor_handle in handles:
            version.editor_name, version.editor_handle = former, ""
        version.fields = _without_name(version.fields, handles, former)


def _without_name(fields: dict[str, Any], handles: Collection[str], former: str) -> dict[str, Any]:
    """The fields of an agenda (`hosts`, a list of handles in one text) or of a statement (`handle`) without a member."""
    if fields.get("handle") in handles:
        return {**fields, "name": former, "handle": "", "role_title": "", "organisation": ""}
    if "hosts" in fields:
        hosts = [host for host in fields["hosts"].split(", ") if host not in handles]
        return {**fields, "hosts": ", ".join(hosts)}
    return fields
