"""Naming the members who write for an organisation, until when, and telling them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from forum.deeds import action, touches
from forum.members import actions as members
from forum.members.models import Mandate, Member, Organisation
from forum.members.queries import (
    lock_members,
    lock_organisation,
    lock_to_end_voices,
    organisations_with_due_mandates,
)
from forum.moderation import actions as moderation
from forum.notifications.actions import NoticeText, note_event, read_outdated
from forum.permissions import SYSTEM, Person, require
from forum.sentences import Sentence, plural_sentence, sentence

BATCH_SIZE = 20  # organisations that one transaction handles
# What members are told about their last day, and what the representative is told beside the member's name
NEAR = sentence("Your last day to write for %(organisation)s is %(day)s")
NEAR_TO_OTHERS = sentence("The last day to write for %(organisation)s is %(day)s")
OVER = sentence("You no longer write for %(organisation)s: your last day was %(day)s")
OVER_TO_OTHERS = sentence("The last day to write for %(organisation)s was %(day)s")


@action
def choose_voices(
    doer: Person,
    organisation_id: int,
    member_ids: Collection[int] | None,
    last_days: Mapping[int, date] = members.NO_DAYS,
    *,
    seen: str | None = None,
) -> Organisation:
    """Set who writes for an organisation: only these members, or all (None); members for whom that is new are told.

    `last_days` and `seen` are as in the action of the members' room. A choice by a moderator for somebody else's
    organisation is recorded in the log.
    """
    lock_organisation(organisation_id)
    lock_members(Member.organisation_id == organisation_id)  # together, as some of them end
    _end_voices(organisation_id)  # so that a member who is named again gets a new mandate
    chosen = members.choose_voices(doer, organisation_id, member_ids, last_days, seen=seen)
    organisation = chosen.organisation
    if chosen.concerned and organisation.representative_id != doer.id:
        moderation.choose_voices(doer, organisation, _what_was_chosen(chosen))
    # Earlier notices no longer apply; members who may write again see it in the form
    read_outdated(SYSTEM, "voice", _pages_of(organisation), sorted(chosen.concerned))
    for told, title, before in _told_of(chosen):
        note_event(doer, NoticeText("voice", _page_of(organisation), title, before=before), told)
    return organisation


def _page_of(organisation: Organisation) -> str:
    return f"/organisations/{organisation.slug}"


def _form_of(organisation: Organisation) -> str:
    """The page on which the representative chooses another day. This address distinguishes their notices from those to voices."""
    return f"{_page_of(organisation)}/voices"


def _pages_of(organisation: Organisation) -> Sequence[str]:
    return [_page_of(organisation), _form_of(organisation)]


def _told_of(
    chosen: members.ChosenVoices,
) -> Iterator[tuple[Collection[int], Sentence, Sequence[Sentence]]]:
    """Who is told what about a choice: the ids of members, the title of their notice, and the sentences before its text."""
    words = {"organisation": chosen.organisation.name}
    no_more = sentence("You no longer write for %(organisation)s", **words)
    others = sentence(
        "It has named the members who write for it. Its representative or a moderator can name you, too."
    )
    yield chosen.unnamed, no_more, ()
    yield chosen.lost, no_more, [others]
    for day in {chosen.days[member_id] for member_id in {*chosen.named, *chosen.redated}}:
        named = [member_id for member_id in chosen.named if chosen.days[member_id] == day]
        redated = [member_id for member_id in chosen.redated if chosen.days[member_id] == day]
        if day is None:
            yield named, sentence("You write for %(organisation)s now", **words), ()
            yield (
                redated,
                sentence("You write for %(organisation)s without a last day", **words),
                (),
            )
        else:
            until = sentence(
                "You write for %(organisation)s until %(day)s", **words, day=day.isoformat()
            )
            yield [*named, *redated], until, ()


def _what_was_chosen(chosen: members.ChosenVoices) -> Sequence[Sentence]:
    """What the log says about a choice: numbers without names, which are in the organisation's record."""
    if chosen.freed:
        return [sentence("All its members write for it now.")]
    counted = (
        plural_sentence("Named: %(num)s member.", "Named: %(num)s members.", len(chosen.named)),
        plural_sentence(
            "With another last day: %(num)s member.",
            "With another last day: %(num)s members.",
            len(chosen.redated),
        ),
        plural_sentence(
            "No longer named: %(num)s member.",
            "No longer named: %(num)s members.",
            len(chosen.unnamed),
        ),
        plural_sentence(
            "May no longer write for it: %(num)s member.",
            "May no longer write for it: %(num)s members.",
            len(chosen.lost),
        ),
    )
    return [count for count in counted if count.number]


@action
def look_after_voices(system: Person) -> int:
    """End mandates after their last day, and remind of those that end soon; returns for how many organisations.

    The member and the representative are told.
    """
    require(system.can.administer())
    due = organisations_with_due_mandates(BATCH_SIZE)
    if not due:
        touches()
    lock_to_end_voices(due)
    for organisation_id in sorted(due):
        _end_voices(organisation_id)
        near = members.note_last_days(system, organisation_id)
        _tell_of_days(organisation_id, near, NEAR, NEAR_TO_OTHERS)
    return len(due)


def _end_voices(organisation_id: int) -> None:
    over = members.end_voices(SYSTEM, organisation_id)
    _tell_of_days(organisation_id, over, OVER, OVER_TO_OTHERS)


def _tell_of_days(
    organisation_id: int, mandates: Sequence[Mandate], to_member: Sentence, to_others: Sentence
) -> None:
    """Tell members, and the representative of their organisation, about last days; the representative's notice names the member."""
    organisation = lock_organisation(organisation_id) if mandates else None
    if organisation is None:
        return
    for mandate in mandates:
        words = {"organisation": organisation.name, "day": str(mandate.last_day)}
        read_outdated(SYSTEM, "voice", [_page_of(organisation)], [mandate.member_id])
        own = NoticeText("voice", _page_of(organisation), to_member.put_in(**words))
        note_event(SYSTEM, own, [mandate.member_id])
        others = NoticeText("voice", _form_of(organisation), to_others.put_in(**words))
        note_event(mandate.member, others, [organisation.representative_id])
