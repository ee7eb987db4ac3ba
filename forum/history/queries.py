"""What an edited page said before, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from forum.db import db
from forum.history.models import Version

MOST = 200


def versions_of(kind: str, item_id: int) -> Sequence[Version]:
    """The versions of one thing that editors have replaced, newest first; the latest two hundred."""
    mine = (Version.kind == kind, Version.item_id == item_id)
    query = select(Version).where(*mine).order_by(Version.id.desc()).limit(MOST)
    return db.session.scalars(query).all()
