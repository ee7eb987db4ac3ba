"""The person who acts, and what follows from the state of their account: an open account, an office, a restriction in force.

What they may do is in `permissions`. *Principal* is the access-control term for anybody who can have rights.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from forum.clock import now

MEMBER, MODERATOR, ADMINISTRATOR = ROLES = ("member", "moderator", "administrator")
OFFICE_NAMES = {MODERATOR: _("Moderator"), ADMINISTRATOR: _("Administrator")}
EDIT_WITHOUT_TRACE = timedelta(minutes=15)  # for posts, and for a handle that was mistyped


class Principal:
    """Anybody who acts: a visitor, a member, or the system itself.

    `hosted` are the ids of the agendas that the person hosts, `ignored` the ids of the members whom they ignore.
    """

    id: Any = None  # an integer for each member; actions of members use it as such
    role: str = ""
    name: str = ""
    handle: str = ""
    first_handle: str | None = None
    language: str = "en"
    locale: str | None = None
    hosted: Sequence[int] = ()
    ignored: Sequence[int] = ()
    organisation_id: int | None = None
    is_voice: bool = True
    voice_until: date | None = None
    city_id: int | None = None
    joined_at: datetime | None = None
    suspended_until: datetime | None = None
    silenced_until: datetime | None = None
    reports_suspended_until: datetime | None = None
    hidden_at: datetime | None = None
    terms_due_at: datetime | None = None
    handle_changed_at: datetime | None = None
    leaving_at: datetime | None = None
    left_at: datetime | None = None
    factor_at: datetime | None = None
    held_at: datetime | None = None
    posts_count: int = 0
    waiting_count: int = 0
    drafts_count: int = 0

    @property
    def is_member(self) -> bool:
        """Whether the person is signed in with an account that may be used now."""
        is_open = self.leaving_at is None and self.left_at is None
        return self.role in ROLES and not self.is_suspended and is_open

    def is_self(self, member_id: int | None) -> bool:
        """Whether this is the member with an id, such as that of an author; visitors are nobody, not even where it is None."""
        return member_id is not None and member_id == self.id

    @property
    def is_voice_now(self) -> bool:
        """Whether the person is among those who write for their organisation; the last day, in UTC, is included."""
        return self.is_voice and (self.voice_until is None or self.voice_until >= now().date())

    def writes_for(self, organisation_id: int | None) -> bool:
        """Whether the person is among those who write for an organisation now; nobody does for None."""
        is_theirs = organisation_id is not None and organisation_id == self.organisation_id
        return is_theirs and self.is_voice_now

    @property
    def is_leaving(self) -> bool:
        """Whether the person has closed the account and can still open it again."""
        return self.role in ROLES and self.leaving_at is not None and self.left_at is None

    @property
    def owes_terms(self) -> bool:
        """Whether terms of use are in force that the person has not agreed to."""
        return self.terms_due_at is not None and not is_future(self.terms_due_at)

    @property
    def is_suspended(self) -> bool:
        """Whether a moderator has suspended the account until a moment in the future."""
        return is_future(self.suspended_until)

    @property
    def is_silenced(self) -> bool:
        """Whether the person may neither write nor moderate until a moment in the future."""
        return is_future(self.silenced_until)

    @property
    def has_reports_suspended(self) -> bool:
        """Whether moderators take no reports from the person until a moment in the future."""
        return is_future(self.reports_suspended_until)

    @property
    def corrects_handle(self) -> bool:
        """Whether the person has changed the handle a moment ago, so that another change only corrects it."""
        changed_at = self.handle_changed_at
        return changed_at is not None and is_future(changed_at + EDIT_WITHOUT_TRACE)

    @property
    def kept_from_writing(self) -> str:
        """What keeps the person from writing: *suspended*, *closed* (or no account), *silenced* or *terms*; else empty."""
        if self.is_suspended:
            return "suspended"
        if not self.is_member:
            return "closed"
        if self.is_silenced:
            return "silenced"
        return "terms" if self.owes_terms else ""

    @property
    def is_held(self) -> bool:
        """Whether the person's rights over others are suspended until they have set up a second factor.

        Until then they are an ordinary member: each of these rights follows from `is_moderator`, `is_administrator`
        or `hosts`, and so does what a moderator sees.
        """
        return self.held_at is not None and self.has_office

    @property
    def has_office(self) -> bool:
        """Whether the person is a moderator, administrator or host, even if these rights are suspended now."""
        return self.role in ROLES[1:] or bool(self.hosted)

    @property
    def may_decide(self) -> bool:
        """Whether rights over others can be used now: not while the person is silenced or lacks a second factor."""
        return self.is_member and not self.is_held and not self.is_silenced

    @property
    def hosts(self) -> Sequence[int]:
        """The ids of the agendas that the person moderates as their host: `hosted`, or none while that right is suspended."""
        return self.hosted if self.hosted and self.may_decide else ()

    @property
    def is_moderator(self) -> bool:
        """Whether the person moderates the whole forum."""
        return self.role in ROLES[1:] and self.may_decide

    @property
    def is_administrator(self) -> bool:
        """Whether the person runs the forum."""
        return self.role == ADMINISTRATOR and self.may_decide

    @property
    def is_curator(self) -> bool:
        """Whether the person moderates anything at all: the forum, or an agenda as its host."""
        return self.is_moderator or bool(self.hosts)


def is_future(moment: datetime | None) -> bool:
    """Whether a moment, such as the end of a restriction, is given and in the future."""
    return moment is not None and moment > now()


def moderates(role: Any) -> Any:
    """Whether a role has rights over the whole forum. For a column instead of a string: the SQL expression."""
    return role != MEMBER


def administers(role: Any) -> Any:
    """Whether a role is that of administrators. For a column instead of a string: the SQL expression."""
    return role == ADMINISTRATOR


def office_of(
    person: Any, agenda_id: int | None = None, in_preparation: Collection[int] = ()
) -> str:
    """The office that is shown beside a name: moderator, administrator, or host of this agenda.

    Without an agenda, host of any except those `in_preparation` (ids), which must stay unknown. Empty for everybody
    else, and for hidden and closed accounts. The office is shown even while its rights are suspended, so that cached
    pages do not depend on the time of day.
    """
    if person.hidden_at or person.leaving_at or person.left_at:
        return ""
    if person.role in OFFICE_NAMES:
        return str(OFFICE_NAMES[person.role])
    if agenda_id is None:
        is_known = any(hosted not in in_preparation for hosted in person.hosted)
        return str(_("Host of an agenda")) if is_known else ""
    return str(_("Host of this agenda")) if agenda_id in person.hosted else ""
