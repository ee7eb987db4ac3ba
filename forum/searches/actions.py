"""Keeping, changing, viewing and removing a search, and recording what the worker finds for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete as delete_rows

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.members.models import Member
from forum.members.queries import lock_member
from forum.notifications.actions import NoticeText, hide_told_to, note_event, read_outdated
from forum.notifications.models import SEARCH, SEARCH_KINDS, SEARCH_WEEKLY, NoticeSettings
from forum.notifications.queries import settings_by_member, settings_of
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.search.queries import newest_document_id, words_of
from forum.searches.models import (
    DAILY,
    FREQUENCIES,
    MAX_FOUND,
    MAX_NAME_LENGTH,
    MAX_SEARCHES,
    MAX_WORDS_LENGTH,
    NEVER,
    WEEKLY,
    KeptSearch,
    Wanted,
)
from forum.searches.queries import (
    Look,
    day_of_look,
    heading_of,
    lock_due,
    lock_search,
    my_searches,
    new_between,
    next_look,
    owners_of,
    same_search,
)


@action
def keep(member: Person, wanted: Wanted) -> KeptSearch:
    """Keep a search, or return an equivalent one. The caller has checked that the member sees the values of its filters.

    Only texts from now on count as new. Raises `Invalid` if it has no word, or the member has `MAX_SEARCHES` already.
    """
    touches()
    require(member.can.keep_search())
    if not words_of(wanted.words):
        raise Invalid(_("There is no word in this search, so nothing can ever be found for it."))
    # Locked, so that no two searches are counted at the same time
    lock_member(member.id, may_write=True)
    mine = my_searches(member)
    if known := same_search(mine, wanted):
        return known
    if len(mine) >= MAX_SEARCHES:
        raise Invalid(
            _(
                "You keep %(most)s searches, and there is no room for more. Remove one that you do not need any longer.",
                most=MAX_SEARCHES,
            )
        )
    kept = _new(member, wanted)
    db.session.add(kept)
    db.session.flush()
    return kept


def _new(member: Person, wanted: Wanted) -> KeptSearch:
    latest = newest_document_id()
    return KeptSearch(
        member_id=member.id,
        words=single_line(wanted.words)[:MAX_WORDS_LENGTH],
        kinds=list(wanted.kinds),
        agenda_ids=list(wanted.agenda_ids),
        languages=list(wanted.languages),
        topic_id=wanted.topic_id,
        is_exact=wanted.is_exact,
        told=DAILY,
        found=[],
        seen_up_to=latest,
        looked_up_to=latest,
        told_up_to=latest,
        told_on=now().date(),
        created_at=now(),
        look_at=next_look(settings_of(member.id), now()),
    )


@action
def change(member: Person, search_id: int, name: str, told: str) -> KeptSearch:
    """Change the name of one's own search (empty: no name) and how often one is notified of new texts."""
    touches()
    require(member.can.keep_search())
    kept = lock_search(member, search_id)
    name = single_line(name)
    if len(name) > MAX_NAME_LENGTH:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_NAME_LENGTH), "name")
    if told not in FREQUENCIES:
        raise Invalid(_("Choose one of these."), "told")
    kept.name, kept.told = name, told
    return kept


@action
def look(member: Person, search_id: int, newest_id: int) -> None:
    """Record that a member has viewed the results of their search, the newest of which has this document id.

    Notices about these texts count as read.
    """
    touches()
    require(member.can.keep_search())
    kept = lock_search(member, search_id)
    kept.seen_up_to = kept.looked_up_to = max(newest_id, kept.seen_up_to, kept.looked_up_to)
    kept.told_up_to = max(kept.told_up_to, kept.looked_up_to)
    for kind in SEARCH_KINDS:
        read_outdated(member, kind, [kept.path], [member.id])


@action
def remove(member: Person, search_id: int) -> None:
    """Delete a kept search and its notices."""
    touches()
    require(member.can.keep_search())
    kept = lock_search(member, search_id)
    hide_told_to(member, SEARCH_KINDS, kept.path)
    db.session.delete(kept)


# For the worker


@action
def note_looks(system: Person, looks: Sequence[Look]) -> int:
    """Store the results of some looks, and record events for the new texts; returns how many searches were still due.

    Each search is locked and rescheduled in the transaction that records its event: so there is one notice for each text,
    however many workers run and whenever they are killed.
    """
    require(system.can.administer())
    touches()
    due = {search.id: search for search in lock_due([look.search_id for look in looks])}
    owners = owners_of(list(due.values()))
    settings = settings_by_member(list(owners))
    for look in looks:
        kept = due.get(look.search_id)
        if kept is None:
            continue
        kept.look_at = next_look(settings[kept.member_id], now())
        owner = owners[kept.member_id]
        if owner.is_member and kept.seen_up_to == look.seen_up_to:
            _note(kept, look)
            _tell(system, owner, kept, settings[kept.member_id])
    return len(due)


def _note(kept: KeptSearch, found: Look) -> None:
    if found.after_id < kept.seen_up_to:
        kept.looked_up_to = min(kept.looked_up_to, found.after_id)
        kept.told_up_to = min(kept.told_up_to, found.after_id)
        kept.found = [row for row in kept.found if row[0] <= found.after_id]
    kept.seen_up_to = found.until_id
    if found.found:
        kept.found = [*kept.found, *found.found][-MAX_FOUND:]
        kept.came_at = found.came_at


def _tell(system: Person, owner: Member, kept: KeptSearch, settings: NoticeSettings) -> None:
    """Record an event for the texts of which the owner was not notified yet, if a notice is due."""
    today = day_of_look(settings)
    if kept.told == WEEKLY and _monday(kept.told_on) >= _monday(today):
        return
    after, until = max(kept.told_up_to, kept.looked_up_to), kept.seen_up_to
    kept.told_up_to, kept.told_on = until, today
    number = new_between(owner, kept, after, until)
    if number and kept.told != NEVER:
        kind = SEARCH_WEEKLY if kept.told == WEEKLY else SEARCH
        heading = heading_of(kept.called, number, after=after, until=until)
        note_event(system, NoticeText(kind, kept.path, heading), [owner.id], is_named=False)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


# Other rooms


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete the kept searches of a member who has left."""
    require(system.can.administer())
    touches()
    db.session.execute(delete_rows(KeptSearch).where(KeptSearch.member_id == member_id))
