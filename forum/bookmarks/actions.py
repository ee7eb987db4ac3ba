"""Keeping something for later, and keeping it no longer."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import delete as delete_rows

from forum.bookmarks.models import KINDS, MAX_BOOKMARKS, MAX_NOTE_LENGTH, Bookmark
from forum.bookmarks.queries import bookmark_of, bookmarks_count, get_bookmark
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.members.queries import lock_member
from forum.permissions import Person, require
from forum.plaintext import single_line


@action
def bookmark(member: Person, kind: str, thing_id: int) -> None:
    """Keep something; nothing happens when it is kept already. The caller has checked that the member sees it.

    Raises `Invalid` when the member has `MAX_BOOKMARKS`.
    """
    touches()
    require(member.can.bookmark())
    _check_kind(kind)
    lock_member(member.id, may_write=True)  # so that no two bookmarks are counted at the same time
    if bookmark_of(member, kind, thing_id) is not None:
        return
    if bookmarks_count(member) >= MAX_BOOKMARKS:
        raise Invalid(
            _(
                "You have %(most)s bookmarks, and there is no room for more. Remove some that you do not need any longer.",
                most=MAX_BOOKMARKS,
            )
        )
    thing = {f"{kind}_id": thing_id}
    db.session.add(Bookmark(member_id=member.id, created_at=now(), **thing))


@action
def unbookmark(member: Person, kind: str, thing_id: int) -> None:
    """Keep something no longer, whether it can still be read or not; nothing happens when it is not kept."""
    touches()
    require(member.can.bookmark())
    _check_kind(kind)
    is_of_thing = Bookmark.member_id == member.id, getattr(Bookmark, f"{kind}_id") == thing_id
    db.session.execute(delete_rows(Bookmark).where(*is_of_thing))


@action
def note(member: Person, bookmark_id: int, words: str) -> Bookmark:
    """Say to oneself, in one line, why one keeps something; an empty line takes that away."""
    touches()
    require(member.can.bookmark())
    found = get_bookmark(member, bookmark_id)
    words = single_line(words)
    if len(words) > MAX_NOTE_LENGTH:
        raise Invalid(_("Shorten it to %(most)s characters.", most=MAX_NOTE_LENGTH), "note")
    found.note = words
    return found


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the bookmarks of somebody who has left."""
    require(system.can.administer())
    touches()
    db.session.execute(delete_rows(Bookmark).where(Bookmark.member_id == member_id))


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise Invalid(_("This cannot be kept as a bookmark."))
