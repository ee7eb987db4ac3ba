"""Deciding about members: warning, silence, suspension, and clearing away what a spammer did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from forum.db import action, now
from forum.members import actions as members
from forum.moderation.actions._clearing import clear, show_cleared, tell_of_cleared
from forum.moderation.actions._reasons import NONE, Reasons, require_reasons
from forum.moderation.actions._record import answer_reports, in_queue, record
from forum.moderation.actions._things import hide_profile, state_before
from forum.moderation.actions._turns import in_turn, member_in_turn, require_change
from forum.moderation.models import Decision
from forum.moderation.queries import cleared_of
from forum.notifications.actions import read_queue
from forum.permissions import Person, require

FOR_GOOD = timedelta(days=3650)


@action
def warn(moderator: Person, member_id: int, reasons: Reasons) -> Decision:
    """Tell a member what broke a rule, and leave it at that; the next moderator sees it."""
    thing = member_in_turn(moderator, member_id)
    require_reasons("warn", reasons)
    return record(moderator, "warn", thing, reasons)


@action
def silence(moderator: Person, member_id: int, until: datetime, reasons: Reasons) -> Decision:
    """Take the right to write from a member until a moment, and say why."""
    return _shut_out("silence", members.silence, moderator, member_id, until=until, reasons=reasons)


@action
def unsilence(moderator: Person, member_id: int, reasons: Reasons = NONE) -> Decision:
    """Let a silenced member write again."""
    thing = member_in_turn(moderator, member_id)
    require_change(thing.row.is_silenced)
    before = state_before(thing)
    members.unsilence(moderator, member_id)
    return record(moderator, "unsilence", thing, reasons, before=before)


@action
def suspend(moderator: Person, member_id: int, until: datetime, reasons: Reasons) -> Decision:
    """Close a member's account until a moment, and say why."""
    return _shut_out("suspend", members.suspend, moderator, member_id, until=until, reasons=reasons)


def _shut_out(
    word: str,
    deed: Callable[[Person, int, datetime], None],
    moderator: Person,
    member_id: int,
    *,
    until: datetime,
    reasons: Reasons,
) -> Decision:
    thing = member_in_turn(moderator, member_id)
    require_reasons(word, reasons)
    before = state_before(thing)
    deed(moderator, member_id, until)
    return record(moderator, word, thing, reasons, until=until, before=before)


@action
def unsuspend(
    moderator: Person, member_id: int, reasons: Reasons = NONE, *, shows_again: bool = False
) -> Decision:
    """Open a suspended account again; with `shows_again` what was cleared away of it is shown again as well."""
    thing = member_in_turn(moderator, member_id)
    require_change(thing.row.is_suspended)
    before = state_before(thing)
    members.unsuspend(moderator, member_id)
    if shows_again:
        before |= show_cleared(moderator, cleared_of(moderator, member_id))
    return record(moderator, "unsuspend", thing, reasons, before=before)


@action
def clear_spam(moderator: Person, member_id: int) -> Decision:
    """Undo with one press all that an advertiser did: remove every text, hide the profile, refuse what waits, close the account.

    Whoever else wrote in a topic or on a page that goes with it is told, as when it is removed by itself.

    For "deceptive high-volume commercial content" article 17(2) of Regulation (EU) 2022/2065 asks for no reasons.
    """
    thing = in_turn(moderator, "member", member_id)
    require(moderator.can.clear_spam(thing.row))
    before, until = state_before(thing), now() + FOR_GOOD
    members.suspend(
        moderator, member_id, until
    )  # first: what was on its way is there now, and nothing comes after it
    shown, waiting = clear(moderator, member_id)
    if thing.state == "shown":
        hide_profile(moderator, member_id)
    before |= {"hidden": [[one.kind, one.item_id] for one in shown], "refused": waiting}
    decision = record(moderator, "spam", thing, before=before, until=until, is_excused=True)
    for one in shown:
        answer_reports(moderator, decision, one)
        read_queue(moderator, in_queue(one.kind, one.item_id))
    tell_of_cleared(moderator, decision, shown)
    return decision
