"""Naming the members who write for an organisation, until when, and the record of these mandates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import delete, update

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.history.queries import refuse_unseen
from forum.members import queries
from forum.members.actions._mandates import end_mandates
from forum.members.actions._rows import existing_organisation
from forum.members.models import ALL_WRITE, LAST_DAY, TAKEN_BACK, Mandate, Member, Organisation
from forum.permissions import Person, require

MAX_MANDATE_TIME = timedelta(days=3653)  # ten years
NO_DAYS: Mapping[int, date] = MappingProxyType({})


class ChosenVoices(NamedTuple):
    """What a choice has changed: the ids of the members concerned by each change.

    `named` are newly named, `redated` have another last day, or none any more, `unnamed` were named before. `lost`
    may no longer write for it because it names members for the first time; `freed` may again because all its members
    do. `days` are the last days, by the ids of all named members.
    """

    organisation: Organisation
    days: Mapping[int, date | None]
    named: Collection[int] = ()
    redated: Collection[int] = ()
    unnamed: Collection[int] = ()
    lost: Collection[int] = ()
    freed: Collection[int] = ()

    @property
    def concerned(self) -> set[int]:
        """The ids of all members concerned."""
        return {*self.named, *self.redated, *self.unnamed, *self.lost, *self.freed}


@action
def choose_voices(
    doer: Person,
    organisation_id: int,
    member_ids: Collection[int] | None,
    last_days: Mapping[int, date] = NO_DAYS,
    *,
    seen: str | None = None,
) -> ChosenVoices:
    """Let only these members of an organisation write for it, until their last day if they have one; or all of them (None).

    Only members whom the doer can see are added or removed; others stay as they are while voices are named. `seen` is
    the fingerprint of `voices_to_choose` when the form was opened: `Conflict` when that has changed since.
    """
    organisation = existing_organisation(organisation_id)
    require(doer.can.choose_voices(organisation))
    people, fields = queries.voices_to_choose(doer, organisation)
    visible = {member.id for member in people}
    changed = _("Those who write for this organisation have changed since you opened the form.")
    was_named = organisation.names_voices
    before = queries.voice_days(organisation.id) if was_named else {}
    if member_ids is None:
        if was_named:
            refuse_unseen(seen, fields, changed)
        queries.lock_members(Member.organisation_id == organisation.id)
        return _let_all_write(organisation)
    wanted: dict[int, date | None] = {
        member_id: day for member_id, day in before.items() if member_id not in visible
    } | {member_id: _checked_day(member_id, last_days) for member_id in visible & {*member_ids}}
    if was_named and wanted == before:
        touches()
        return ChosenVoices(organisation, before)
    refuse_unseen(seen, fields, changed)
    queries.lock_members(Member.organisation_id == organisation.id)
    lost = set() if was_named else queries.other_member_ids(organisation.id, wanted)
    organisation.names_voices = True
    return _name(doer, organisation, before, wanted)._replace(lost=lost)


def _checked_day(member_id: int, last_days: Mapping[int, date]) -> date | None:
    day, today = last_days.get(member_id), now().date()
    if day is not None and not today <= day <= today + MAX_MANDATE_TIME:
        refused = _("Choose a day from today on, within ten years.")
        raise Invalid(refused, f"until_{member_id}")
    return day


def _let_all_write(organisation: Organisation) -> ChosenVoices:
    organisation.names_voices = False
    here = update(Member).where(Member.organisation_id == organisation.id)
    changed = here.where(~Member.is_voice).values(is_voice=True).returning(Member.id)
    freed = set(db.session.scalars(changed))
    db.session.execute(here.values(voice_until=None))
    end_mandates(ALL_WRITE, Mandate.organisation_id == organisation.id)
    return ChosenVoices(organisation, {}, freed=freed)


def _name(
    doer: Person,
    organisation: Organisation,
    before: Mapping[int, date | None],
    wanted: Mapping[int, date | None],
) -> ChosenVoices:
    """Set exactly these members as voices, in their rows and in the record."""
    here = update(Member).where(Member.organisation_id == organisation.id)
    others = here.where(Member.id.not_in(wanted))
    db.session.execute(others.values(is_voice=False, voice_until=None))
    there: set[int] = set()  # without members who are changing their organisation at this moment
    for day in {*wanted.values()}:
        ids = [member_id for member_id, last in wanted.items() if last == day]
        named_now = here.where(Member.id.in_(ids)).values(is_voice=True, voice_until=day)
        there.update(db.session.scalars(named_now.returning(Member.id)))
    of_organisation = Mandate.organisation_id == organisation.id
    unnamed = before.keys() - wanted.keys()
    wanted = {member_id: day for member_id, day in wanted.items() if member_id in there}
    end_mandates(TAKEN_BACK, of_organisation, Mandate.member_id.in_(unnamed))
    named = wanted.keys() - before.keys()
    redated = {
        member_id
        for member_id in wanted.keys() & before.keys()
        if wanted[member_id] != before[member_id]
    }
    for member_id in redated:
        open_row = update(Mandate).where(
            of_organisation, Mandate.member_id == member_id, Mandate.ended_at.is_(None)
        )
        db.session.execute(open_row.values(_last_day(wanted[member_id])))
    new = {"organisation_id": organisation.id, "named_by_id": doer.id, "since": now()}
    rows = (
        Mandate(**new, member_id=member_id, **_last_day(wanted[member_id]))
        for member_id in sorted(named)
    )
    db.session.add_all(rows)
    db.session.flush()
    return ChosenVoices(organisation, wanted, named, redated, unnamed)


def _last_day(day: date | None) -> dict[str, date | datetime | None]:
    """The columns of a mandate for a last day: if it is near, it counts as announced, because everybody is told when it is chosen."""
    is_near = day is not None and day <= now().date() + queries.REMINDED_BEFORE
    return {"last_day": day, "reminded_at": now() if is_near else None}


# By the clock


@action
def end_voices(system: Person, organisation_id: int) -> Sequence[Mandate]:
    """End the mandates of an organisation whose last day has passed; returns them, with their members.

    Their right to write for it has already ended with that day: this only updates the rows.
    """
    require(system.can.administer())
    existing_organisation(organisation_id)  # locked, as in `choose_voices`
    over = queries.mandates_over(organisation_id)
    for mandate in over:
        mandate.ended_at, mandate.ended_why = now(), LAST_DAY
        mandate.member.is_voice, mandate.member.voice_until = False, None
    db.session.flush()
    return over


@action
def note_last_days(system: Person, organisation_id: int) -> Sequence[Mandate]:
    """Record that reminders of near last days were sent; returns the mandates, with their members."""
    require(system.can.administer())
    touches()
    existing_organisation(organisation_id)
    near = queries.mandates_near_end(organisation_id)
    for mandate in near:
        mandate.reminded_at = now()
    return near


# From a file


class KeptMandate(NamedTuple):
    """A mandate from a file; one without `ended_at` is still in force."""

    member_id: int
    since: datetime | None
    named_by_id: int | None
    last_day: date | None
    ended_at: datetime | None = None
    ended_why: str = ""


@action
def load_voices(
    system: Person, organisation_id: int, mandates: Sequence[KeptMandate], *, names_voices: bool
) -> None:
    """Store the voices of an organisation, and the record of them, from a file. It has none yet."""
    require(system.can.administer())
    organisation = existing_organisation(organisation_id)
    db.session.add_all(
        Mandate(organisation_id=organisation.id, **mandate._asdict()) for mandate in mandates
    )
    organisation.names_voices = names_voices
    if names_voices:
        here = update(Member).where(Member.organisation_id == organisation.id)
        db.session.execute(here.values(is_voice=False, voice_until=None))
        for mandate in mandates:
            if mandate.ended_at is None:
                is_theirs = here.where(Member.id == mandate.member_id)
                db.session.execute(is_theirs.values(is_voice=True, voice_until=mandate.last_day))
    db.session.flush()


@action
def forget_mandates(system: Person, member_id: int) -> None:
    """Delete the record of the organisations for which a member wrote, and that the member named others."""
    require(system.can.administer())
    db.session.execute(delete(Mandate).where(Mandate.member_id == member_id))
    by_theirs = update(Mandate).where(Mandate.named_by_id == member_id)
    db.session.execute(by_theirs.values(named_by_id=None))
