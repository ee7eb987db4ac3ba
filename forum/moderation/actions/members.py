"""Decisions about members: warning, silencing, suspending, clearing everything of a spammer, naming who writes for others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from forum.claims.models import queue_path
from forum.clock import now
from forum.deeds import action
from forum.members import actions as members
from forum.members.models import Organisation
from forum.members.queries import lock_right_to_write
from forum.moderation.actions._clearing import record_shared_pages, restore_cleared, withhold_all_of
from forum.moderation.actions._concurrency import (
    member_to_decide,
    refuse_in_own_case,
    require_change,
    thing_to_decide,
)
from forum.moderation.actions._reasons import NO_REASONS, Reasons, require_reasons
from forum.moderation.actions._record import answer_reports, record
from forum.moderation.actions._restricting import restrict
from forum.moderation.actions._visibility import member_before, require_applicable
from forum.moderation.models import Decision, Deed, MemberBefore
from forum.moderation.queries import WITHHOLDING_DEEDS, Thing, content_cleared_of
from forum.notifications.actions import read_queue
from forum.permissions import Person, require
from forum.sentences import Sentence, kept

SUSPENDING_DEEDS = (Deed.SUSPEND, Deed.CLEAR_SPAM)
SPAM_SUSPENSION = timedelta(days=3650)  # in effect for ever


@action
def warn(
    moderator: Person, member_id: int, reasons: Reasons, *, seen: int | None = None
) -> Decision:
    """Warn a member: this restricts nothing, but moderators see it later. `seen` as in `thing_to_decide`."""
    thing = member_to_decide(moderator, member_id, seen)
    require_reasons(Deed.WARN, reasons)
    return record(moderator, Deed.WARN, thing, reasons)


@action
def silence(
    moderator: Person,
    member_id: int,
    until: datetime,
    reasons: Reasons,
    *,
    seen: int | None = None,
) -> Decision:
    """Silence a member until a moment: they can read but not write. `seen` as in `thing_to_decide`."""
    thing = member_to_decide(moderator, member_id, seen)
    if thing.row.is_silenced:
        refuse_in_own_case(moderator, thing, [Deed.SILENCE])
    return restrict(Deed.SILENCE, members.silence, moderator, thing, reasons, until=until)


@action
def unsilence(moderator: Person, member_id: int) -> Decision:
    """Let a silenced member write again."""
    thing = member_to_decide(moderator, member_id)
    require_change(thing.row.is_silenced)
    refuse_in_own_case(moderator, thing, [Deed.SILENCE])
    before = member_before(thing)
    members.unsilence(moderator, member_id)
    return record(moderator, Deed.UNSILENCE, thing, before=before)


@action
def suspend(
    moderator: Person,
    member_id: int,
    until: datetime,
    reasons: Reasons,
    *,
    seen: int | None = None,
) -> Decision:
    """Suspend a member's account until a moment. `seen` as in `thing_to_decide`."""
    thing = member_to_decide(moderator, member_id, seen)
    if thing.row.is_suspended:
        refuse_in_own_case(moderator, thing, SUSPENDING_DEEDS)
    return restrict(Deed.SUSPEND, members.suspend, moderator, thing, reasons, until=until)


@action
def unsuspend(moderator: Person, member_id: int, *, shows_again: bool = False) -> Decision:
    """End the suspension of a member; with `shows_again`, what was cleared of them is restored as well."""
    thing = member_to_decide(moderator, member_id)
    require_change(thing.row.is_suspended)
    refuse_in_own_case(moderator, thing, SUSPENDING_DEEDS)
    before = _with_cleared(moderator, thing) if shows_again else member_before(thing)
    members.unsuspend(moderator, member_id)  # last, as members are counted last
    return record(moderator, Deed.UNSUSPEND, thing, before=before)


@action
def restore_profile(moderator: Person, member_id: int, *, shows_again: bool = False) -> Decision:
    """Show a hidden profile again; with `shows_again`, what was cleared of the member is restored as well."""
    thing = thing_to_decide(moderator, "member", member_id)
    require_applicable(thing, Deed.RESTORE, NO_REASONS)
    refuse_in_own_case(moderator, thing, WITHHOLDING_DEEDS)
    before = _with_cleared(moderator, thing) if shows_again else member_before(thing)
    members.restore_profile(moderator, member_id)  # last, as members are counted last
    return record(moderator, Deed.RESTORE, thing, before=before)


def _with_cleared(moderator: Person, thing: Thing) -> MemberBefore:
    """Restore what was cleared of a member; returns the member's state before, with what is needed to undo it."""
    cleared = content_cleared_of(moderator, thing.item_id)
    return restore_cleared(moderator, thing.item_id, member_before(thing), cleared)


@action
def clear_spam(moderator: Person, member_id: int) -> Decision:
    """Clear a spammer: suspend the account, remove every text, hide the profile and refuse the held texts.

    Others who wrote in a topic or page that is removed are notified, as for a single removal. Each text is removed by
    the action of its own room, so that counters, search and notices are updated as for a single removal.

    For "deceptive high-volume commercial content" article 17(2) of Regulation (EU) 2022/2065 requires no reasons.
    """
    thing = thing_to_decide(moderator, "member", member_id)
    require(moderator.can.clear_spam(thing.row))
    lock_right_to_write(
        member_id
    )  # first, so that nothing can be posted after the list of texts was made
    before, until = member_before(thing), now() + SPAM_SUSPENSION
    shown, before = withhold_all_of(moderator, member_id, before)
    members.suspend(moderator, member_id, until)  # last, as members are counted last
    if thing.state == "shown":
        members.hide_profile(moderator, member_id)
    decision = record(
        moderator, Deed.CLEAR_SPAM, thing, before=before, until=until, is_excused=True
    )
    for text in shown:
        answer_reports(moderator, decision, text)
        read_queue(moderator, queue_path(text.kind, text.item_id))
    for held_id in before.refused:
        read_queue(moderator, queue_path("held", held_id))
    record_shared_pages(moderator, decision, shown)
    return decision


@action
def choose_voices(
    moderator: Person, organisation: Organisation, said: Sequence[Sentence]
) -> Decision:
    """Record in the log that a moderator has chosen who writes for an organisation; `said` is what was changed."""
    require(moderator.can.curate_all())
    page = f"/organisations/{organisation.slug}"
    thing = Thing("organisation", organisation.id, organisation.name, page, None, None)
    return record(moderator, Deed.CHOOSE_VOICES, thing, sentences=kept(said))
