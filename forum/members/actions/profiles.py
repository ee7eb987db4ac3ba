"""What members say about themselves, and hiding profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.clock import now
from forum.db import db, store_html
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.history.queries import refuse_unseen
from forum.locales import known
from forum.markup import Written
from forum.members import queries
from forum.members.actions._names import clean_name, refuse_lookalike, refuse_office
from forum.members.actions._profile import Profile, describe, set_languages
from forum.members.actions._rows import existing_member
from forum.members.models import PROFILE_FIELDS, Member, Portrait
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.shrinking import Shrunk

PORTRAIT_SIZE = (
    256  # pixels on each side, at most: sharp at twice the size at which a profile shows it
)


@action
def edit_profile(member: Member, profile: Profile, *, seen: str | None = None) -> bool:
    """Replace what a member says about themselves; returns whether anything has changed.

    `seen` is the fingerprint of the profile when the form was opened: `Conflict` when it has changed since.
    """
    queries.lock_member(member.id, may_write=True)
    require(member.can.edit_profile(member))
    shown = queries.profile_fields(member, queries.languages_spoken(member.id)) if seen else {}
    before = _columns(member)
    if clean_name(profile.name) != member.name:
        refuse_lookalike(profile.name, member)
    if single_line(profile.position) != member.position:
        refuse_office(profile.position, member)
    member.helps_with = profile.helps_with.strip()
    if profile.about is not None:
        member.about, member.about_html = profile.about.source, profile.about.html
        member.html_version = profile.about.html_version
    if profile.portrait or profile.drops_portrait:
        _replace_portrait(member, profile.portrait)
    describe(member, profile)
    speaks_others = set_languages(member, profile.languages or (profile.language,))
    is_new = speaks_others or before != _columns(member)
    if is_new:
        refuse_unseen(seen, shown)
    else:
        touches()
    return is_new


def _columns(member: Member) -> list[Any]:
    return [getattr(member, name) for name in (*PROFILE_FIELDS, "about_html", "portrait")]


def _replace_portrait(member: Member, made: Shrunk | None) -> None:
    db.session.execute(delete(Portrait).where(Portrait.member_id == member.id))
    member.portrait = made.name if made else ""
    if made:
        db.session.add(Portrait(member_id=member.id, name=made.name, data=made.whole))


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store re-rendered HTML by member id, where the source is still the same; returns how many rows changed."""
    require(system.can.administer())
    return store_html(Member.about, Member.about_html, Member.html_version, texts)


@action
def take_letters(member: Member, wants: bool) -> None:
    """Choose whether other members may write one letters."""
    require(member.can.edit_profile(member))
    touches()
    member.takes_letters = wants


@action
def renew_addresses(member: Person) -> None:
    """Make void the addresses to which the member sends topics by e-mail; the mail room makes new ones by the number."""
    require(member.can.renew_addresses())
    touches()
    existing_member(member.id).address_generation += 1


@action
def choose_locale(member: Person, locale: str) -> None:
    """Choose the language of letters to oneself, one of `locales.known()`."""
    require(member.can.see_notices())
    touches()
    if locale not in known():
        raise Invalid(_("Choose one from the list, which may have changed."), "locale")
    existing_member(member.id).locale = locale


@action
def hide_profile(moderator: Person, member_id: int) -> None:
    """Hide a profile from everybody but moderators and its member."""
    require(moderator.can.curate_all())
    member = existing_member(member_id)
    member.hidden_at = member.hidden_at or now()


@action
def restore_profile(moderator: Person, member_id: int) -> None:
    """Show a hidden profile again."""
    require(moderator.can.curate_all())
    existing_member(member_id).hidden_at = None
