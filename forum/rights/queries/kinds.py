"""The kinds of data about a member, and which columns are left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from forum.db import db
from forum.members.models import Member
from forum.rights.models import Kind, Record
from forum.rights.queries._access import ACCESS_KINDS
from forum.rights.queries._account import ACCOUNT_KINDS
from forum.rights.queries._declarations import DECLARATION_KINDS
from forum.rights.queries._dialogue import DIALOGUE_KINDS
from forum.rights.queries._library import LIBRARY_KINDS
from forum.rights.queries._moderation import MODERATION_KINDS
from forum.rights.queries._notices import NOTICE_KINDS

# In the order of the pages and files that list them
KINDS: tuple[Kind, ...] = (
    *ACCOUNT_KINDS,
    *DIALOGUE_KINDS,
    *LIBRARY_KINDS,
    *DECLARATION_KINDS,
    *MODERATION_KINDS,
    *NOTICE_KINDS,
    *ACCESS_KINDS,
)
# (table, column) that refer to a member and are not handed out, each with the reason
LEFT_OUT: dict[tuple[str, str], LazyString] = {
    ("topic", "answered_by_id"): _("It repeats who wrote a post, and the post is in."),
    ("report", "author_id"): _(
        "The names of those who report you stay unknown; what was decided about it is in."
    ),
    ("appeal", "decider_id"): _("It is the appeal of somebody else; what you took back is in."),
    ("mandate", "named_by_id"): _(
        "It is what somebody else may do; that you represent an organisation is in."
    ),
    ("ignored_member", "ignored_id"): _("The names of those who ignore you stay unknown."),
    (
        "claim",
        "member_id",
    ): _("It is kept for half an hour at most, and says what you are working on."),
    ("report", "email"): _("It belongs to somebody who has no account."),
    (
        "event",
        "actor_id",
    ): _(
        "It is kept as long as a notice that was made of it, and repeats a deed of yours, which is in."
    ),
    (
        "event",
        "recipients",
    ): _(
        "It is kept as long as a notice that was made of it, and repeats who has one; yours are in."
    ),
    (
        "notice",
        "actor_id",
    ): _("It is a line in the inbox of somebody else; the deed it tells of is in."),
    ("event", "but"): _("It repeats who was told of the deed by another notice; yours are in."),
    (
        "asked",
        "passed_to_id",
    ): _("It belongs to the member who passed the question on; that you were asked is in."),
    (
        "challenge",
        "member_id",
    ): _("It waits for a few minutes until a passkey answers, and says nothing."),
    ("half_session", "member_id"): _(
        "It waits for a few minutes until you show your second factor."
    ),
    ("candidate", "email"): _("It belongs to somebody who has no account yet."),
    ("candidate", "invited_by_id"): _("It belongs to somebody who has no account yet."),
    (
        "delivery",
        "address",
    ): _("E-mails to you are in; an e-mail to an address without an account belongs to nobody."),
    ("member", "email"): _("It is in the account."),
    ("member", "first_handle"): _("It is among the handles that you had before."),
    ("member", "handle_skeleton"): _("It is what your handle looks like, to find others like it."),
    ("earlier_handle", "handle_skeleton"): _("It is what a handle of yours looked like."),
    ("passkey", "user_handle"): _("It is a random number by which your passkeys know you."),
    ("federation", "contact_email"): _("It is the address of the forum."),
    ("version", "editor_name"): _("It is your name, beside each of your edits."),
    (
        "text_trace",
        "author_id",
    ): _("It is a hash of a text that you sent, kept for a week to find it again."),
    (
        "screening_rule",
        "made_by_id",
    ): _("It is a rule for everybody, which you made as an administrator."),
    ("invited_organisation", "taken_back_by_id"): _(
        "It is an invitation of an organisation, which you took back as a moderator."
    ),
    ("renaming", "member_id"): _(
        "It says for a while that search is told of your new name or city."
    ),
    ("former_handle", "handle_hash"): _("It belongs to people who have left."),
    ("departure", "member_id"): _("It belongs to people who have left."),
    ("departure", "handle"): _("It belongs to people who have left."),
    ("departure", "earlier_handles"): _("It belongs to people who have left."),
    ("departure", "address"): _("It belongs to people who have left."),
}


def records(member: Member, kind: Kind) -> Iterator[list[Record]]:
    """Yield the records of one kind in batches. Between two batches neither rows nor a transaction are held."""
    key: Any = None
    while True:
        found, key = kind.batch(member, key)
        db.session.remove()
        if found:
            yield found
        if key is None:
            return
