"""Closing an account, opening it again, and finally anonymising its row."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import delete, or_, update

from forum.clock import now
from forum.confusables import skeleton
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.members import queries
from forum.members.actions._mandates import end_mandates_of
from forum.members.actions._rows import existing_member
from forum.members.actions.sessions import end_sessions
from forum.members.models import (
    LEFT,
    PROFILE_TEXTS,
    EarlierHandle,
    FormerHandle,
    Ignore,
    Member,
    MemberLanguage,
    Organisation,
    Portrait,
    Session,
)
from forum.permissions import Person, require
from forum.principals import MEMBER, administers
from forum.tokens import kept_hash

COOLING_OFF = timedelta(days=14)
# What happens to the texts of a member who leaves
LEAVING_WAYS = KEEP_NAMELESS, DELETE_EVERYTHING = ("nameless", "everything")
FORMER_MEMBER = lazy_gettext("Former member")
# The personal columns of a row: texts (the name then gets another), and those that can be NULL.
COLUMNS_TO_EMPTY = [
    *PROFILE_TEXTS,
    "about_html",
    "password_hash",
    "folded",
    "sort_key",
    "name_skeleton",
    "mail_paused_why",
    "portrait",
]
COLUMNS_TO_NULL = [
    "organisation_id",
    "city_id",
    "mail_paused_at",
    "suspended_until",
    "silenced_until",
    "reports_suspended_until",
    "hidden_at",
    "terms_due_at",
    "factor_at",
    "held_at",
    "credentials_at",
    "handle_changed_at",
    "first_handle",
    "locale",
    "invited_by_id",
    "voice_until",
]


@action
def leave(doer: Person, member_id: int, how: str) -> Member:
    """Close an account. It ends after `COOLING_OFF` in one of the `LEAVING_WAYS`; until then it can be opened again.

    Raises `Invalid` for any other way, and for the last administrator.
    """
    touches()
    member = existing_member(member_id)
    require(doer.can.leave(member))
    if how not in LEAVING_WAYS:
        raise Invalid(_("Choose what becomes of what you wrote."), "how")
    if administers(member.role) and not queries.has_other_administrator(member.id):
        raise Invalid(_("Somebody has to run the forum. Appoint another administrator first."))
    if member.leaving_at is None:
        member.leaving_at = now() + COOLING_OFF
    member.leaving_how = how
    end_sessions(member)
    return member


@action
def stay(doer: Person, member_id: int) -> Member:
    """Open a closed account again that has not ended."""
    touches()
    member = existing_member(member_id)
    require(doer.can.stay(member))
    member.leaving_at, member.leaving_how = None, ""
    return member


@action
def stay_since(system: Person, member: Member, moment: datetime) -> None:
    """Open an account that was closed since a moment from which somebody else may have had access to it."""
    require(system.can.administer())
    touches()
    if member.leaving_at is not None and member.leaving_at - COOLING_OFF >= moment:
        stay(system, member.id)


@action
def depart(system: Person, member_id: int) -> None:
    """End an account and remove everything personal from its row, which stays because posts and decisions refer to it.

    Its handles are never reused; the e-mail address is free for another account.
    """
    require(system.can.administer())
    member = existing_member(member_id)
    for handle in (member.handle, *queries.earlier_handles(member_id)):
        for text in (handle, skeleton(handle)):
            db.session.merge(FormerHandle(handle_hash=kept_hash(text)))
    for table in (EarlierHandle, MemberLanguage, Portrait, Session):
        db.session.execute(delete(table).where(table.member_id == member_id))
    _forget_ignoring(member_id)
    end_mandates_of([member_id], LEFT)
    led = update(Organisation).where(Organisation.representative_id == member_id)
    db.session.execute(led.values(representative_id=None))
    for name, value in _anonymous_values(member_id).items():
        setattr(member, name, value)
    db.session.flush()


def _forget_ignoring(member_id: int) -> None:
    """Delete whom the member ignored, and that others ignored the member."""
    for other in queries.members_ignoring(member_id):
        other.ignored = [ignored_id for ignored_id in other.ignored if ignored_id != member_id]
    is_theirs = or_(Ignore.member_id == member_id, Ignore.ignored_id == member_id)
    db.session.execute(delete(Ignore).where(is_theirs))


def _anonymous_values(member_id: int) -> dict[str, object]:
    """The column values of a former member's row. No handle and no e-mail address contains the tilde."""
    stays = {
        "handle": f"~{member_id}",
        "handle_skeleton": f"~{member_id}",
        "email": f"~{member_id}",
        "name": str(FORMER_MEMBER),
        "language": "en",
    }
    ends = {"role": MEMBER, "hosted": [], "ignored": [], "takes_letters": False}
    ends |= {"is_voice": True, "left_at": now()}
    return {
        **dict.fromkeys(COLUMNS_TO_EMPTY, ""),
        **dict.fromkeys(COLUMNS_TO_NULL),
        **stays,
        **ends,
    }
