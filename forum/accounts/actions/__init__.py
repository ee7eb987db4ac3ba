"""Accounts: joining, authenticating with links sent by e-mail, changing credentials and roles, and bylines in search."""

from __future__ import annotations

from forum.accounts.actions._links import SecretLink
from forum.accounts.actions.addresses import (
    ask_for_address,
    confirm_address,
    give_address,
    undo_address,
)
from forum.accounts.actions.forgetting import (
    TOKEN_RETENTION,
    forget_member,
    forget_old,
    forget_tokens,
)
from forum.accounts.actions.joining import ask_to_join, confirm_joining, join_proved
from forum.accounts.actions.profiles import (
    change_handle,
    change_password,
    edit_profile,
    reindex_posts,
    reindex_practices,
)
from forum.accounts.actions.roles import add_member, appoint
from forum.accounts.actions.signing_in import (
    ask_for_password,
    ask_to_sign_in,
    reset_password,
    set_password,
    spend_sign_in,
    tell_of_new_browser,
)

__all__ = [
    "TOKEN_RETENTION",
    "SecretLink",
    "add_member",
    "appoint",
    "ask_for_address",
    "ask_for_password",
    "ask_to_join",
    "ask_to_sign_in",
    "change_handle",
    "change_password",
    "confirm_address",
    "confirm_joining",
    "edit_profile",
    "forget_member",
    "forget_old",
    "forget_tokens",
    "give_address",
    "join_proved",
    "reindex_posts",
    "reindex_practices",
    "reset_password",
    "set_password",
    "spend_sign_in",
    "tell_of_new_browser",
    "undo_address",
]
