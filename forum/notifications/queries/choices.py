"""How members want to be notified, and in which time zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy import bindparam, exists, select

from forum.db import db
from forum.notifications.models import (
    DEFAULT_WAYS,
    NEVER,
    TOPIC,
    NoticeChoice,
    NoticeSettings,
    Watch,
)
from forum.permissions import Person, require


def ways_of(member: Person) -> dict[str, str]:
    """How each kind of notice is mailed to a member."""
    require(member.can.see_notices())
    query = select(NoticeChoice.kind, NoticeChoice.way).where(NoticeChoice.member_id == member.id)
    chosen = {row.kind: row.way for row in db.session.execute(query)}
    return {kind: chosen.get(kind, way) for kind, way in DEFAULT_WAYS.items()}


def way_of_kind(member_id: int, kind: str) -> str:
    """How letters of a kind come to a member, by the link of one of them: one of `WAYS`, or how often for the `digest`."""
    if kind == "digest":
        return settings_of(member_id).digest_every
    chosen = select(NoticeChoice.way).where(
        NoticeChoice.member_id == member_id, NoticeChoice.kind == kind
    )
    return db.session.scalar(chosen) or DEFAULT_WAYS.get(kind, NEVER)


def settings_of(member_id: int) -> NoticeSettings:
    """A member's notice settings; without stored ones, a new instance with the defaults outside of the session."""
    kept = select(NoticeSettings).where(NoticeSettings.member_id == member_id)
    return db.session.scalar(kept) or _defaults(member_id)


def begins_to_watch(member_id: int, topic_id: int) -> bool:
    """Whether a member who writes in a topic will watch it from then on, and does neither watch nor mute it yet."""
    values = {"member_id": member_id, "topic_id": topic_id}
    chosen, is_decided = db.session.execute(_BEGINNING, values).one()
    wants = _defaults(member_id).watches_replies if chosen is None else chosen
    return wants and not is_decided


_BEGINNING = select(
    select(NoticeSettings.watches_replies)
    .where(NoticeSettings.member_id == bindparam("member_id"))
    .scalar_subquery(),
    exists().where(
        Watch.member_id == bindparam("member_id"),
        Watch.subject == TOPIC,
        Watch.subject_id == bindparam("topic_id"),
    ),
)


def _defaults(member_id: int) -> NoticeSettings:
    return NoticeSettings(
        member_id=member_id,
        digest_every="daily",
        digest_hour=7,
        time_zone="UTC",
        watches_replies=True,
    )


def zone_of(member_id: int) -> tzinfo:
    """The time zone that a member has chosen, by default UTC."""
    return zone_called(settings_of(member_id).time_zone)


def zone_called(name: str) -> tzinfo:
    """The time zone with a name; UTC for one that this machine does not know, so that the digest is still sent."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


@cache
def time_zones() -> Sequence[str]:
    """The names of the time zones that one can choose: UTC, and the regional ones of the IANA list on this machine."""
    regional = (name for name in available_timezones() if "/" in name)
    offered = (name for name in regional if not name.startswith(("Etc/", "SystemV/", "US/")))
    return ("UTC", *sorted(offered))


def settings_by_member(member_ids: Sequence[int]) -> dict[int, NoticeSettings]:
    """The settings of members by id, with the defaults for those without stored ones."""
    query = select(NoticeSettings).where(NoticeSettings.member_id.in_(member_ids))
    known = {settings.member_id: settings for settings in db.session.scalars(query)}
    return {member_id: known.get(member_id) or _defaults(member_id) for member_id in member_ids}
