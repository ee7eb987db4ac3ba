"""The rows that say who was named to write for an organisation: what several deeds do with them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, update

from forum.clock import now
from forum.db import db
from forum.members.models import Mandate


def end_mandates(why: str, *which: ColumnElement[bool]) -> None:
    """End the mandates of which some conditions are true; those that have ended stay as they are."""
    ended = update(Mandate).where(Mandate.ended_at.is_(None), *which)
    db.session.execute(ended.values(ended_at=now(), ended_why=why))


def end_mandates_of(member_ids: Iterable[int], why: str) -> None:
    """End the mandates of members: one has at most one, of the own organisation."""
    end_mandates(why, Mandate.member_id.in_(list(member_ids)))
