"""How a member is notified: by mail or not, when the digest comes, whether own topics are watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.members.actions import choose_locale
from forum.members.queries import lock_member
from forum.notifications.actions._rows import set_values, upsert
from forum.notifications.models import (
    AT_ONCE,
    DEFAULT_WAYS,
    DIGEST,
    DIGEST_FREQUENCIES,
    NEVER,
    NO_DIGEST,
    WAYS,
    Notice,
    NoticeChoice,
    NoticeSettings,
)
from forum.notifications.queries import settings_of, time_zones
from forum.permissions import Person, require


@action
def choose(
    member: Person,
    ways: Mapping[str, str],
    every: str,
    hour: int,
    time_zone: str,
    *,
    locale: str | None = None,
) -> None:
    """Choose how each kind of notice is mailed, when the digest comes, and the language of letters if there are several."""
    touches()
    choose_ways(member, ways)
    set_digest(member, every, hour, time_zone)
    if locale is not None:
        choose_locale(member, locale)


@action
def choose_ways(member: Person, ways: Mapping[str, str]) -> None:
    """Choose how kinds of notices are mailed (`ways`: one of `WAYS` by kind).

    This also applies to notices that wait to be mailed, with one exception: those kept for the digest stay in it when
    their kind is to be mailed at once from now on.
    """
    touches()
    require(member.can.see_notices())
    for kind, way in sorted(ways.items()):
        if kind not in DEFAULT_WAYS or way not in WAYS:
            raise Invalid(_("Choose one of the ways."), f"way_{kind}")
        upsert(NoticeChoice(member_id=member.id, kind=kind, way=way))
        if way != AT_ONCE:
            is_unmailed = _is_unmailed(member.id, Notice.kind == kind)
            set_values(Notice, {"way": way}, *is_unmailed, Notice.way != NEVER)


@action
def end_mail(_visitor: Person, member_id: int, kind: str) -> None:
    """Stop mailing a member notices of a kind. The calling action has checked the seal of the letter."""
    touches()
    if kind in DEFAULT_WAYS:
        upsert(NoticeChoice(member_id=member_id, kind=kind, way=NEVER))
        set_values(Notice, {"way": NEVER}, *_is_unmailed(member_id, Notice.kind == kind))


@action
def begin_mail(_visitor: Person, member_id: int, kind: str, way: str) -> None:
    """Mail a member notices of a kind again, those that come from now on. The calling action has checked the seal of the letter."""
    touches()
    if kind in DEFAULT_WAYS and way in (AT_ONCE, DIGEST):
        upsert(NoticeChoice(member_id=member_id, kind=kind, way=way))


@action
def end_digest(_visitor: Person, member_id: int) -> None:
    """Stop sending a member the digest."""
    touches()
    settings = _settings_to_change(member_id)
    settings.digest_every = NO_DIGEST
    _skip_waiting_digest(member_id)


@action
def begin_digest(_visitor: Person, member_id: int, every: str) -> None:
    """Send a member the digest again, with what comes from now on."""
    touches()
    if every in DIGEST_FREQUENCIES and every != NO_DIGEST:
        settings = _settings_to_change(member_id)
        settings.digest_every = every


@action
def set_digest(member: Person, every: str, hour: int, time_zone: str) -> None:
    """Choose how often the digest comes, and at which hour (0 to 23) in one's own time zone."""
    touches()
    require(member.can.see_notices())
    if every not in DIGEST_FREQUENCIES or hour not in range(24) or time_zone not in time_zones():
        raise Invalid(_("Choose how often and when the digest comes."), "digest_every")
    settings = _settings_to_change(member.id)
    if NO_DIGEST in (every, settings.digest_every):
        _skip_waiting_digest(member.id)
    settings.digest_every, settings.digest_hour, settings.time_zone = every, hour, time_zone


def _skip_waiting_digest(member_id: int) -> None:
    """Leave waiting notices out of the next digest, which may come in a year: they are in the inbox."""
    set_values(Notice, {"way": NEVER}, *_is_unmailed(member_id, Notice.way == DIGEST))


def _is_unmailed(member_id: int, condition: Any) -> tuple[Any, ...]:
    """SQL conditions: a notice of the member meets the condition and was not mailed yet."""
    return Notice.member_id == member_id, condition, Notice.mailed_at.is_(None)


@action
def set_watching_replies(member: Person, is_on: bool) -> None:
    """Choose whether one watches the topics that one opens or replies to from now on."""
    touches()
    require(member.can.see_notices())
    settings = _settings_to_change(member.id)
    settings.watches_replies = is_on


def _settings_to_change(member_id: int) -> NoticeSettings:
    """The stored settings of a member; the member is locked, so that two requests do not both insert them."""
    lock_member(member_id, may_write=True)
    settings = settings_of(member_id)
    db.session.add(settings)
    return settings
