"""Data of a member's account: the account, the profile, and sessions."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from forum.members.models import Mandate, Session
from forum.rights.models import Kind
from forum.rights.queries._rows_of_account import (
    account_of,
    profile_of,
    rows_of_mandates,
    rows_of_sessions,
)
from forum.rights.queries._shared import as_one_record, in_batches

ACCOUNT_KINDS: tuple[Kind, ...] = (
    Kind(
        "account",
        _("Account"),
        _("What the forum needs to let you in."),
        (
            ("member", "id"),
            ("member", "invited_by_id"),
            ("arrival", "member_id"),
            ("earlier_handle", "member_id"),
            ("earlier_handle", "handle"),
        ),
        as_one_record(account_of),
        {
            "handle": _("your name in addresses"),
            "handle_changed_at": _("when you last chose another one"),
            "earlier_handles": _("those that you had before, which lead to you"),
            "email": _("your e-mail address"),
            "role": _("what you may do: member, moderator or administrator"),
            "joined_at": _("when you joined"),
            "posts_count": _("how many of your posts everybody may read"),
            "waiting_count": _("how many of your texts wait for a moderator, or were refused"),
            "drafts_count": _("how many drafts of yours are kept"),
            "locale": _("the language of the e-mails to you; null is that of the forum"),
            "takes_letters": _("whether other members may write you e-mails"),
            "address_generation": _(
                "how often you have made new addresses to which you send topics by e-mail"
            ),
            "terms_due_at": _("from when on you must have agreed to new terms of use to write"),
            "mail_paused_at": _("since when no e-mails are sent to you, because they came back"),
            "mail_paused_why": _("what the mail server said then"),
            "silenced_until": _("until when you may not write"),
            "reports_suspended_until": _("until when moderators take no reports from you"),
            "suspended_until": _("until when your account is closed by a moderator"),
            "hidden_at": _("since when a moderator hides your profile"),
            "leaving_at": _("when your account ends, if you have asked for that"),
            "leaving_how": _("what becomes of your posts then"),
            "factor_at": _("since when you have a second factor"),
            "held_at": _("since when your rights as moderator, host or administrator wait for one"),
            "credentials_at": _("when your password, passkeys, codes or address were last changed"),
            "invited_by": _("who invited you, if you came by an invitation"),
            "invitation_id": _("the number of that invitation"),
        },
    ),
    Kind(
        "profile",
        _("Profile"),
        _("What you say about yourself, and what you do for the federation."),
        (
            ("member_language", "member_id"),
            ("member_theme", "member_id"),
            ("agenda_host", "member_id"),
            ("organisation", "representative_id"),
            ("member_portrait", "member_id"),
        ),
        as_one_record(profile_of),
        {
            "name": _("your name"),
            "position": _("your position"),
            "organisation": _("your organisation"),
            "is_voice": _("whether you may write for it"),
            "voice_until": _("the last day of that, if there is one"),
            "city": _("your city"),
            "language": _("the language you write in first"),
            "languages": _("all languages you write in, the best first"),
            "helps_with": _("what you can help others with"),
            "helps_with_themes": _("the themes you can help with"),
            "about": _("what you say about yourself, in Markdown"),
            "portrait": _("the picture of you that your profile shows: a file beside this page"),
            "hosts": _("the agendas you host"),
            "represents": _("the organisations you represent"),
        },
    ),
    Kind(
        "mandates",
        _("Writing for organisations"),
        _("The organisations that have named you to write for them."),
        (("mandate", "member_id"),),
        in_batches(rows_of_mandates, Mandate.id),
        {
            "organisation": _("the organisation"),
            "since": _("when it named you; null is before this was written down"),
            "last_day": _("the last day on which you write for it, if there is one"),
            "ended_at": _("when that ended"),
            "ended_why": _("why: taken back, all write, last day, left or moved on"),
        },
    ),
    Kind(
        "sessions",
        _("Where you are signed in"),
        _("One line for each browser."),
        (("session", "member_id"),),
        in_batches(rows_of_sessions, Session.id),
        {
            "device": _("kind of browser and of computer"),
            "how": _("by what you signed in"),
            "created_at": _("when you signed in"),
            "seen_at": _("when it was last used, to the hour"),
            "proved_at": _("when you last showed there who you are"),
            "ended_at": _("when it ended"),
        },
    ),
)
