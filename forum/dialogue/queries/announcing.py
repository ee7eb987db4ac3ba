"""When all members can be told of a topic."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from forum.clock import now
from forum.db import db
from forum.dialogue.models import Topic

INTERVAL = timedelta(days=1)  # between two topics of which all members are told


def telling_again_at() -> datetime | None:
    """From when on all members can be told of another topic; None if they can now.

    Hidden and deleted topics count, too. It is rounded up to a whole minute, as pages show it.
    """
    told = select(Topic.told_all_at).where(Topic.told_all_at.is_not(None))
    latest_at = db.session.scalar(told.order_by(Topic.told_all_at.desc()).limit(1))
    if latest_at is None:
        return None
    again_at = (latest_at + INTERVAL + timedelta(seconds=59)).replace(second=0)
    return again_at if again_at > now() else None
