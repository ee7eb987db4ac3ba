"""The rows of mandates (who was named to write for an organisation): what several actions do with them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, update

from forum.clock import now
from forum.db import db
from forum.members.models import Mandate


def end_mandates(why: str, *which: ColumnElement[bool]) -> None:
    """End the mandates that meet the conditions; those that have ended already are unchanged."""
    ended = update(Mandate).where(Mandate.ended_at.is_(None), *which)
    db.session.execute(ended.values(ended_at=now(), ended_why=why))


def end_mandates_of(member_ids: Iterable[int], why: str) -> None:
    """End the mandates of members, who have at most one each, for their own organisation."""
    end_mandates(why, Mandate.member_id.in_(list(member_ids)))
