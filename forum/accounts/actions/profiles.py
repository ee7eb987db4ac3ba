"""Changing the password, the profile and the handle, and what was written under the former name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask_babel import gettext as _

from forum.accounts.actions._links import tell_owner
from forum.accounts.actions.forgetting import forget_tokens
from forum.accounts.models import POSTS, PRACTICES, Renaming
from forum.accounts.queries import RenamingState, renaming_in_state
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.errors import Invalid
from forum.factors.actions import forget_half_sessions
from forum.illustrations import Illustration
from forum.library import actions as library
from forum.markup import NO_TEXT, PlainTexts
from forum.matches import combine, from_plain_text
from forum.members import actions as members
from forum.members.actions import Profile
from forum.members.models import PROFILE_LINES, PROFILE_TEXTS, Credentials, Member
from forum.members.queries import lock_member
from forum.permissions import Person, require
from forum.screening.actions import refuse_caught, screen
from forum.screening.queries import Sending
from forum.shrinking import PICTURE

# A text that shows a picture, as rules about new members look for it
ONLY_A_PICTURE = combine([replace(NO_TEXT, pictures=[Illustration("", "")])])


@action
def change_password(member: Member, password_hash: str, verified: Credentials) -> None:
    """Set a new password: every session ends, links sent by letter become void, and the owner is told.

    `verified` is that of `members.change_password`, which raises `Conflict` alike.
    """
    members.change_password(member, password_hash, verified=verified)
    forget_half_sessions(member)
    forget_tokens(member)
    tell_owner(member, "password")


@action
def edit_profile(member: Member, profile: Profile, *, seen: str | None = None) -> None:
    """Replace what a member says about themselves; `seen` is as in `members.edit_profile`.

    A member who may not write can change city and languages, and remove the picture, but no text. What a screening
    rule catches is refused, because a profile has no queue to wait in.
    """
    lock_member(member.id, may_write=True)  # so that the right to write is not withdrawn meanwhile
    if profile.portrait:
        _check_portrait(member)
    lines = [getattr(profile, name) for name in PROFILE_LINES]
    about = profile.about.source if profile.about else member.about
    if [*lines, about] != [getattr(member, name) for name in PROFILE_TEXTS]:
        require(member.can.write())
        written = combine(filter(None, (from_plain_text(*lines).text, profile.about)))
        refuse_caught(member, None, written, "about", Sending.EDITED)
    before = member.name, member.city_id
    if not members.edit_profile(member, profile, seen=seen):
        touches()
    if (member.name, member.city_id) != before:
        _note_renaming(member)


def _check_portrait(member: Member) -> None:
    """Refuse a picture of a member who may not add any, or whose pictures a rule holds back."""
    require(member.can.add_picture())
    if screen(member, None, ONLY_A_PICTURE, Sending.EDITED):
        raise Invalid(
            _(
                "A rule of this forum stops your picture, and it cannot wait for a moderator here. Write to the moderators, or try again when you have taken part for a while."
            ),
            PICTURE,
        )


def _note_renaming(member: Member) -> None:
    """Make the worker update all of the member's texts in search, from the beginning if it is already doing so."""
    row = db.session.get(Renaming, member.id, with_for_update=True)
    if row is None:
        row = Renaming(member_id=member.id)
        db.session.add(row)
    row.step, row.position = POSTS, 0


@action
def reindex_posts(
    system: Person, state: RenamingState, post_ids: Sequence[int], plain: PlainTexts
) -> None:
    """Update the author's byline in the search documents of these posts; with no posts left, go on to the practices.

    `state` is the renaming as the worker has read it. Nothing happens when it is no longer in that state (the member
    was renamed again), or when another worker has locked it.
    """
    require(system.can.administer())
    if renaming := renaming_in_state(state):
        dialogue.reindex(system, post_ids, plain)
        renaming.position = post_ids[-1] if post_ids else 0
        renaming.step = POSTS if post_ids else PRACTICES


@action
def reindex_practices(system: Person, state: RenamingState, practice_ids: Sequence[int]) -> None:
    """Like `reindex_posts`, for practices; with none left, the renaming is done."""
    require(system.can.administer())
    renaming = renaming_in_state(state)
    if renaming is None:
        return
    if practice_ids:
        library.reindex_practices(system, practice_ids, PlainTexts())
        renaming.position = practice_ids[-1]
    else:
        db.session.delete(renaming)


@action
def change_handle(member: Member, typed: str) -> None:
    """Change a member's handle; one that a screening rule catches is refused, as in a profile."""
    written = from_plain_text(typed.replace("-", " "))
    refuse_caught(member, None, written, "handle", Sending.EDITED)
    members.change_handle(member, typed)
