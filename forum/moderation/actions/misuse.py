"""What follows when members report often without ground: a warning, then no reports from them for some time.

Regulation (EU) 2022/2065, article 23 (2).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from forum.clock import now
from forum.deeds import action
from forum.errors import Conflict, Invalid
from forum.members import actions as members
from forum.moderation.actions._concurrency import (
    member_to_decide,
    refuse_in_own_case,
    require_change,
)
from forum.moderation.actions._reasons import Reasons, require_reasons
from forum.moderation.actions._record import record
from forum.moderation.actions._restricting import restrict
from forum.moderation.actions._visibility import member_before
from forum.moderation.models import OWN, Decision, Deed
from forum.moderation.queries import reporter_warned_at
from forum.permissions import Person

MAX_REPORTS_SUSPENSION = timedelta(days=180)


@action
def warn_reporter(
    moderator: Person, member_id: int, reasons: Reasons, *, seen: int | None = None
) -> Decision:
    """Warn a member who often reports without ground: this restricts nothing yet. `seen` as in `thing_to_decide`."""
    thing = member_to_decide(moderator, member_id, seen)
    require_reasons(Deed.WARN_REPORTER, reasons)
    return record(moderator, Deed.WARN_REPORTER, thing, reasons, source=OWN)


@action
def suspend_reports(
    moderator: Person,
    member_id: int,
    until: datetime,
    reasons: Reasons,
    *,
    seen: int | None = None,
) -> Decision:
    """Take no reports from a member until a moment, who was warned before. `seen` as in `thing_to_decide`.

    What they reported before is still decided, and they can still appeal. Raises `Conflict` without a warning within
    the last year.
    """
    thing = member_to_decide(moderator, member_id, seen)
    if reporter_warned_at(member_id) is None:
        raise Conflict(_("Warn this member about the reports first."))
    if thing.row.has_reports_suspended:
        refuse_in_own_case(moderator, thing, [Deed.SUSPEND_REPORTS])
    if until.date() > (now() + MAX_REPORTS_SUSPENSION).date() + timedelta(days=1):
        raise Invalid(
            _("Choose a day within %(days)s days.", days=MAX_REPORTS_SUSPENSION.days), "until"
        )
    deed = members.suspend_reports
    return restrict(Deed.SUSPEND_REPORTS, deed, moderator, thing, reasons, until=until, source=OWN)


@action
def resume_reports(moderator: Person, member_id: int) -> Decision:
    """Take reports from a member again before the time is over."""
    thing = member_to_decide(moderator, member_id)
    require_change(thing.row.has_reports_suspended)
    refuse_in_own_case(moderator, thing, [Deed.SUSPEND_REPORTS])
    before = member_before(thing)
    members.resume_reports(moderator, member_id)
    return record(moderator, Deed.RESUME_REPORTS, thing, before=before, source=OWN)
