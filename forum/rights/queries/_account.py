"""The account of a member: what it is, the profile, and where it is signed in."""

from __future__ import annotations

from forum.members.models import Session
from forum.rights.models import Kind
from forum.rights.queries._rows import account_of, profile_of, rows_of_sessions
from forum.rights.queries._shared import as_one_record, in_batches

ACCOUNT_KINDS: tuple[Kind, ...] = (
    Kind(
        "account",
        "Account",
        "What the forum needs to let you in.",
        (
            ("member", "id"),
            ("member", "invited_by_id"),
            ("arrival", "member_id"),
            ("earlier_handle", "member_id"),
            ("earlier_handle", "handle"),
        ),
        as_one_record(account_of),
        {
            "handle": "your name in addresses",
            "handle_changed_at": "when you last chose another one",
            "earlier_handles": "those that you had before, which lead to you",
            "email": "your e-mail address",
            "role": "what you may do: member, moderator or administrator",
            "joined_at": "when you joined",
            "posts_count": "how many of your posts everybody may read",
            "waiting_count": "how many of your texts wait for a moderator, or were refused",
            "drafts_count": "how many drafts of yours are kept",
            "locale": "the language of the letters to you; null is that of the forum",
            "takes_letters": "whether other members may write you letters",
            "terms_due_at": "from when on you must have agreed to new terms of use to write",
            "mail_paused_at": "since when no mail is sent to you, because it came back",
            "mail_paused_why": "what the mail server said then",
            "silenced_until": "until when you may not write",
            "suspended_until": "until when your account is closed by a moderator",
            "hidden_at": "since when a moderator hides your profile",
            "leaving_at": "when your account ends, if you have asked for that",
            "leaving_how": "what becomes of your posts then",
            "factor_at": "since when you have a second factor",
            "held_at": "since when your rights as moderator, host or administrator wait for one",
            "credentials_at": "when your password, passkeys, codes or address were last changed",
            "invited_by": "who invited you, if you came by an invitation",
            "invitation_id": "the number of that invitation",
        },
    ),
    Kind(
        "profile",
        "Profile",
        "What you say about yourself, and what you do for the federation.",
        (
            ("member_language", "member_id"),
            ("member_theme", "member_id"),
            ("agenda_host", "member_id"),
            ("organisation", "representative_id"),
        ),
        as_one_record(profile_of),
        {
            "name": "your name",
            "position": "your position",
            "organisation": "your organisation",
            "city": "your city",
            "language": "the language you write in first",
            "languages": "all languages you write in, the best first",
            "helps_with": "what you can help others with",
            "helps_with_themes": "the themes you can help with",
            "about": "what you say about yourself, in Markdown",
            "hosts": "the agendas you host",
            "represents": "the organisations you represent",
        },
    ),
    Kind(
        "sessions",
        "Where you are signed in",
        "One line for each browser.",
        (("session", "member_id"),),
        in_batches(rows_of_sessions, Session.id),
        {
            "device": "kind of browser and of computer",
            "how": "by what you signed in",
            "created_at": "when you signed in",
            "seen_at": "when it was last used, to the hour",
            "proved_at": "when you last showed there who you are",
            "ended_at": "when it ended",
        },
    ),
)
