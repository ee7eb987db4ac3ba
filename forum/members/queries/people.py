"""Single members by handle, id or e-mail address, locking their rows, and whether a name is still free."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal, or_, select, union_all
from sqlalchemy.orm import joinedload, selectinload

from forum.clock import now
from forum.confusables import skeleton
from forum.db import WRITERS, db, execute_core, serialize
from forum.errors import Conflict, Invalid, or_not_found
from forum.members.models import (
    PROFILE_FIELDS,
    Credentials,
    EarlierHandle,
    FormerHandle,
    Member,
    Organisation,
)
from forum.permissions import EARLIER_HANDLES_SHOWN, Person, require
from forum.plaintext import fold, words_to_find
from forum.principals import moderates
from forum.reach import sees_hidden
from forum.reachcache import cached_statement
from forum.tokens import kept_hash

SORT_KEY_LENGTH = 100  # characters of `Member.sort_key`; index entries must be short


def visible_members(reader: Person) -> Select[Member]:
    """A select of the members that a reader may see: all who have not left, without hidden profiles.

    Moderators see hidden profiles too, and members see their own.
    """
    return visible_with_own(reader, literal(reader.id or 0))


def visible_with_own(reader: Person, own_id: Any) -> Select[Member]:
    """`visible_members`, with the id of the reader's own row as an SQL expression, so that the select can be cached."""
    here = select(Member).where(Member.left_at.is_(None))
    if sees_hidden(reader, None):
        return here
    return here.where(or_(Member.hidden_at.is_(None), Member.id == own_id))


def get_member(reader: Person, handle: str) -> Member:
    """The visible member with a present or former handle, with city, organisation, inviter and languages loaded.

    The handle may be typed with capitals. Raises `NotFound`.
    """
    values = {"handle": handle.lower(), "reader_id": reader.id or 0}
    found = db.session.scalar(_member_by_handle(reader), values)
    return or_not_found(found, _("There is no member of this name."))


@cached_statement
def _member_by_handle(reader: Person) -> Select[Member]:
    seen = visible_with_own(reader, bindparam("reader_id"))
    return seen.where(has_or_had(bindparam("handle"))).options(*whole_profile())


def has_or_had(handle: str | ColumnElement[str]) -> ColumnElement[bool]:
    """The SQL condition that a member has a handle, or had it earlier."""
    had_it = select(EarlierHandle.member_id).where(EarlierHandle.handle == handle)
    return or_(Member.handle == handle, Member.id == had_it.scalar_subquery())


def member_by_id(reader: Person, member_id: int) -> Member:
    """One visible member by number, loaded as by `get_member`. Raises `NotFound`."""
    found = visible_members(reader).where(Member.id == member_id).options(*whole_profile())
    return or_not_found(db.session.scalar(found), _("There is no such member."))


def my_profile(member: Person) -> Member:
    """The account of the person, loaded as by `get_member`. Raises `Forbidden` for visitors."""
    require(member.can.edit_profile(member))  # refuses visitors
    return get_member(member, member.handle)


def profile_fields(member: Member, languages: Sequence[str]) -> dict[str, Any]:
    """What a member says about themselves, by name, without the picture; `languages` are the codes, the best first."""
    said = {name: getattr(member, name) for name in PROFILE_FIELDS}
    return said | {"languages": [*languages]}


def account_of(person: Person) -> Member:
    """The account of the person, even when it is closed. Raises `Forbidden` for visitors."""
    require(person.can.take_data())
    found = select(Member).where(Member.id == person.id).options(*whole_profile())
    return or_not_found(db.session.scalar(found), _("There is no such member."))


def whole_profile() -> tuple[Any, ...]:
    """Loader options for a member with everything that a profile shows."""
    organisation = joinedload(Member.organisation).joinedload(Organisation.city)
    inviter = joinedload(Member.invited_by)
    return joinedload(Member.city), organisation, inviter, selectinload(Member.languages)


def lock_writer(author: Person) -> None:
    """Lock an author's right to write (shared), so that nobody can withdraw it before the action ends.

    Call this first in an action. Actions that withdraw the right lock it first as well (`lock_right_to_write`), so
    the order of locks is always the same. Actions of one author do not block each other.
    """
    if author.id:
        serialize(WRITERS, author.id, is_shared=True)
        db.session.scalar(_WRITER, {"member_id": author.id})


_WRITER = (
    select(Member)
    .where(Member.id == bindparam("member_id"))
    .with_for_update(read=True, key_share=True)
)


def lock_right_to_write(member_id: int) -> None:
    """Wait until the actions in which a member writes have ended, and let none begin before this action ends.

    This locks no row. With the member's row in hand an action could not wait for topics: whoever changes a topic counts
    its authors in their rows, last.
    """
    serialize(WRITERS, member_id)


def lock_member(member_id: int | None, *, may_write: bool = False) -> None:
    """Lock a member's row until the action ends and read it afresh; other changes of the member wait.

    Actions in which the member writes wait too, unless `may_write` is true.
    """
    held = select(Member).where(Member.id == member_id)
    db.session.scalar(held.with_for_update(key_share=may_write))


def lock_members(*conditions: ColumnElement[bool]) -> None:
    """Lock all members who meet the conditions, in the order of their ids, before one statement changes them all.

    The statement by itself would lock them in the order in which the rows lie. What they write does not wait.
    """
    held = select(Member.id).where(*conditions).order_by(Member.id).with_for_update(key_share=True)
    db.session.execute(select(func.count()).select_from(held.subquery()))


def lock_credentials(member: Member, verified: Credentials) -> None:
    """Lock a member's row until the action ends, so that credentials change either before or after it.

    Raises `Conflict` if they are not those that were verified. A password is verified before an action, because that
    takes long, and a reset may have happened in between.
    """
    held = select(Member).where(Member.id == member.id).with_for_update(key_share=True)
    if db.session.scalars(held).one().credentials != verified:
        raise Conflict(_("How you sign in was changed a moment ago. Sign in again."))


def members_by_handle(handles: Iterable[str]) -> list[Member]:
    """The members who have these handles or had them earlier, in the order of the handles; unknown ones are left out."""
    wanted = list(dict.fromkeys(handles))
    known = members_by_any_handle(wanted)
    return list(dict.fromkeys(known[handle] for handle in wanted if handle in known))


def members_by_any_handle(handles: Iterable[str]) -> dict[str, Member]:
    """The members who have these handles or had them earlier, by the handle that was asked for."""
    wanted = set(handles)
    here = select(Member).where(Member.handle.in_(wanted), Member.left_at.is_(None))
    known = {member.handle: member for member in db.session.scalars(here)}
    if others := wanted - known.keys():
        had_it = select(EarlierHandle.handle, Member).join(
            Member, Member.id == EarlierHandle.member_id
        )
        for handle, member in db.session.execute(had_it.where(EarlierHandle.handle.in_(others))):
            known[handle] = member
    return known


def handles_to_moderate(reader: Person, member: Member) -> Sequence[str]:
    """The recent former handles of a member, for moderators; empty for others."""
    if not reader.can.see_earlier_handles(member):
        return ()
    return earlier_handles(member.id, now() - EARLIER_HANDLES_SHOWN)


def earlier_handles(member_id: int, since: datetime | None = None) -> Sequence[str]:
    """The former handles of a member, the last one first; only those replaced since a moment."""
    found = select(EarlierHandle.handle).where(EarlierHandle.member_id == member_id)
    if since:
        found = found.where(EarlierHandle.replaced_at >= since)
    newest = found.order_by(EarlierHandle.replaced_at.desc(), EarlierHandle.handle)
    return db.session.scalars(newest).all()


def members_called(reader: Person, typed: str) -> list[Member]:
    """The member with this handle, and those with exactly this name whom the reader sees, ignoring case and accents.

    A text that begins with @ is a handle and not a name.
    """
    handle = typed.strip().removeprefix("@").lower()
    name = " ".join(fold(typed).split())
    if not handle or not name:
        return []
    known, words = members_by_handle([handle]), words_to_find(typed)
    if typed.strip().startswith("@") or not words:
        return known
    # The name comes first there, and whole words
    begins_so = or_(
        Member.sort_key == words[:SORT_KEY_LENGTH],
        Member.sort_key.startswith(f"{words} "[:SORT_KEY_LENGTH], autoescape=True),
    )
    # Ids and names alone, because thousands may share a first name
    found = visible_members(reader).where(begins_so).with_only_columns(Member.id, Member.name)
    ids = [row[0] for row in execute_core(found) if " ".join(fold(row[1]).split()) == name]
    named = db.session.scalars(select(Member).where(Member.id.in_(ids))).all() if ids else ()
    return list(dict.fromkeys([*known, *named]))


def member_called(reader: Person, typed: str, field: str) -> Member:
    """The one member with this handle or full name; `Invalid` for a form field when there is none or several."""
    found = members_called(reader, typed)
    said = typed.strip()[:80]
    if not found:
        raise Invalid(_("No member has the handle or name “%(typed)s”.", typed=said), field)
    if len(found) > 1:
        why = _(
            "“%(typed)s” is the name or the handle of several members. Write @ and the handle.",
            typed=said,
        )
        raise Invalid(why, field)
    return found[0]


def members_to_mention(handles: Iterable[str]) -> list[Member]:
    """The members whom these handles mention, whose profiles are public, in the order of the handles."""
    return [member for member in members_by_handle(handles) if member.has_page]


def handles_to_link(handles: Iterable[str]) -> set[str]:
    """Which of these handles lead to a public profile."""
    known = members_by_any_handle(handles)
    return {handle for handle, member in known.items() if member.has_page}


def member_by_email(email: str) -> Member | None:
    """The member with an e-mail address, compared without regard to case; None when there is none."""
    found = select(Member).where(Member.email == normalised_email(email), Member.left_at.is_(None))
    return db.session.scalar(found)


def normalised_email(email: str) -> str:
    """An e-mail address as it is stored and compared: without surrounding space, in lower case."""
    return email.strip().lower()


def is_email_taken(email: str) -> bool:
    """Whether an account has this e-mail address, even a closed one."""
    found = select(Member.id).where(Member.email == normalised_email(email))
    return db.session.scalar(found) is not None


def taken_handles(handles: Collection[str], own_id: int = 0) -> set[str]:
    """Which of these handles, or similar ones, belong or belonged to members other than `own_id`.

    That includes handles of members who have left.
    """
    skeletons = {handle: skeleton(handle) for handle in handles}
    seen = set(skeletons.values())
    hashes = {text: kept_hash(text) for text in seen.union(handles)}
    others, before = Member.id != own_id, EarlierHandle.member_id != own_id
    known = union_all(
        select(Member.handle).where(Member.handle.in_(handles), others),
        select(Member.handle_skeleton).where(Member.handle_skeleton.in_(seen), others),
        select(EarlierHandle.handle_skeleton).where(
            EarlierHandle.handle_skeleton.in_(seen), before
        ),
        select(FormerHandle.handle_hash).where(FormerHandle.handle_hash.in_(hashes.values())),
    )
    used = set(db.session.scalars(known))
    return {
        handle
        for handle, look in skeletons.items()
        if used & {handle, look, hashes[handle], hashes[look]}
    }


def is_lookalike_name(name: str, own_id: int | None, readings: Collection[str] = ()) -> bool:
    """Whether a name could be mistaken for that of a moderator, or imitates any handle with letters of other scripts.

    The handle may also be a former one. Other members' plain names are allowed, because people have namesakes.
    `own_id` is the member who wants the name, None for somebody who joins. `readings` are skeletons of other readings
    that might be a moderator's name.
    """
    seen = skeleton(name)
    moderator = and_(Member.name_skeleton.in_({seen, *readings}), moderates(Member.role))
    is_foreign = not fold(name).isascii()
    had_it = select(EarlierHandle.member_id).where(EarlierHandle.handle_skeleton == seen)
    handle = or_(Member.handle_skeleton == seen, Member.id.in_(had_it))
    likes = or_(moderator, handle) if is_foreign else moderator
    found = select(Member.id).where(likes, Member.id != (own_id or 0), Member.left_at.is_(None))
    return db.session.scalar(found.limit(1)) is not None


def addresses_of(member_ids: Iterable[int]) -> dict[int, str]:
    """The e-mail addresses by member id, without paused addresses and members who have left."""
    takes_mail = (Member.left_at.is_(None), Member.mail_paused_at.is_(None))
    found = select(Member.id, Member.email).where(Member.id.in_(list(member_ids)), *takes_mail)
    return {row.id: row.email for row in db.session.execute(found)}


def all_members() -> list[Member]:
    """All members who have not left, in the order of joining; for commands."""
    here = select(Member).where(Member.left_at.is_(None))
    return list(db.session.scalars(here.order_by(Member.id)))


def leaving_members(limit: int) -> Sequence[Member]:
    """The members whose time to come back is over, locked; rows locked by other workers are skipped."""
    due = select(Member).where(Member.leaving_at <= now(), Member.left_at.is_(None))
    first = due.order_by(Member.leaving_at, Member.id).limit(limit)
    return db.session.scalars(first.with_for_update(skip_locked=True)).all()


def has_due_departures() -> bool:
    """Whether the time to come back is over for any member; locks nothing."""
    due = select(Member.id).where(Member.leaving_at <= now(), Member.left_at.is_(None))
    return db.session.scalar(due.limit(1)) is not None
