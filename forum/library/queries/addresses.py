"""Addresses of best reads and practices that have become unreadable."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy.orm import joinedload

from forum.db import db
from forum.library.models import Practice, Reading
from forum.library.queries._visibility import visible_practices, visible_readings
from forum.permissions import Person

READING_ADDRESS = re.compile(r"/agendas/[^/#]+#reading-([0-9]{1,9})")
PRACTICE_ADDRESS = re.compile(r"/practices/([^/#]+)")


def unreadable_at(reader: Person, addresses: Collection[str]) -> set[str]:
    """Those addresses of best reads and practices where the reader can no longer read anything."""
    numbers = [int(number) for number in _parts(READING_ADDRESS, addresses)]
    slugs = _parts(PRACTICE_ADDRESS, addresses)
    found: set[str] = set()
    if numbers:
        read = visible_readings(reader).where(Reading.id.in_(numbers))
        read = read.options(joinedload(Reading.agenda))
        found |= {reading.address for reading in db.session.scalars(read)}
    if slugs:
        shown = visible_practices(reader).where(Practice.slug.in_(slugs))
        found |= {
            f"/practices/{slug}"
            for slug in db.session.scalars(shown.with_only_columns(Practice.slug))
        }
    return {address for address in addresses if _is_meant(address)} - found


def _is_meant(address: str) -> bool:
    return any(pattern.fullmatch(address) for pattern in (READING_ADDRESS, PRACTICE_ADDRESS))


def _parts(pattern: re.Pattern[str], addresses: Collection[str]) -> list[str]:
    return [found[1] for address in addresses if (found := pattern.fullmatch(address))]
