"""What members do, and what is done about them: joining, sessions, profiles, roles, leaving; cities and organisations."""

from __future__ import annotations

from forum.members.actions._names import HANDLE_PATTERN, RESERVED_HANDLES
from forum.members.actions._profile import Joining, Profile
from forum.members.actions.cities import CityRow, load_cities
from forum.members.actions.counts import note_posts, note_waiting, set_post_counts
from forum.members.actions.credentials import (
    change_address,
    change_password,
    note_factor,
    pause_mail,
    rehash_password,
    require_factors,
    reset_password,
    resume_mail,
    set_password,
)
from forum.members.actions.federation import (
    MAX_FORUM_NAME,
    MAX_TAGLINE,
    describe_federation,
    found_federation,
    set_up,
)
from forum.members.actions.ignoring import MAX_IGNORED, end_ignoring, ignore, repair_ignored_ids
from forum.members.actions.joining import add_member, check_name, join, require_seat
from forum.members.actions.leaving import (
    COOLING_OFF,
    DELETE_EVERYTHING,
    FORMER_MEMBER,
    KEEP_NAMELESS,
    LEAVING_WAYS,
    ask_to_leave,
    depart,
    stay,
    stay_since,
)
from forum.members.actions.organisations import (
    ORGANISATION_KINDS,
    OrganisationText,
    write_organisation,
)
from forum.members.actions.profiles import (
    PROFILE_FIELDS,
    edit_profile,
    hide_profile,
    rerender,
    restore_profile,
    take_letters,
)
from forum.members.actions.roles import (
    appoint,
    note_hosting,
    silence,
    suspend,
    unsilence,
    unsuspend,
)
from forum.members.actions.sessions import (
    BATCH_SIZE,
    MAX_SESSIONS,
    SESSION_RETENTION,
    end_session,
    end_sessions,
    forget_sessions,
    note_proof,
    note_seen,
    sign_in,
    sign_out,
)
from forum.members.actions.terms import note_terms, note_terms_agreed

__all__ = [
    "BATCH_SIZE",
    "COOLING_OFF",
    "DELETE_EVERYTHING",
    "FORMER_MEMBER",
    "HANDLE_PATTERN",
    "KEEP_NAMELESS",
    "LEAVING_WAYS",
    "MAX_FORUM_NAME",
    "MAX_IGNORED",
    "MAX_SESSIONS",
    "MAX_TAGLINE",
    "ORGANISATION_KINDS",
    "PROFILE_FIELDS",
    "RESERVED_HANDLES",
    "SESSION_RETENTION",
    "CityRow",
    "Joining",
    "OrganisationText",
    "Profile",
    "add_member",
    "appoint",
    "ask_to_leave",
    "change_address",
    "change_password",
    "check_name",
    "depart",
    "describe_federation",
    "edit_profile",
    "end_ignoring",
    "end_session",
    "end_sessions",
    "forget_sessions",
    "found_federation",
    "hide_profile",
    "ignore",
    "join",
    "load_cities",
    "note_factor",
    "note_hosting",
    "note_posts",
    "note_proof",
    "note_seen",
    "note_terms",
    "note_terms_agreed",
    "note_waiting",
    "pause_mail",
    "rehash_password",
    "repair_ignored_ids",
    "require_factors",
    "require_seat",
    "rerender",
    "reset_password",
    "restore_profile",
    "resume_mail",
    "set_password",
    "set_post_counts",
    "set_up",
    "sign_in",
    "sign_out",
    "silence",
    "stay",
    "stay_since",
    "suspend",
    "take_letters",
    "unsilence",
    "unsuspend",
    "write_organisation",
]
