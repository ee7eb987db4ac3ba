"""Leaving and coming back, and the batches of work after somebody has left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from forum.accounts import actions as accounts
from forum.advice import actions as advice
from forum.agendas import actions as agendas
from forum.appeals import actions as appeals
from forum.bookmarks import actions as bookmarks
from forum.clock import now
from forum.commitments import actions as commitments
from forum.contact import actions as contact
from forum.db import db
from forum.declarations import actions as declarations
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.factors import actions as factors
from forum.glossary import actions as glossary
from forum.history import actions as history
from forum.identities import actions as identities
from forum.invitations import actions as invitations
from forum.library import actions as library
from forum.mail import actions as mail
from forum.markup import PlainTexts, Written
from forum.matches import KnownAs
from forum.meetings import actions as meetings
from forum.members import actions as members
from forum.members.actions import DELETE_EVERYTHING, FORMER_MEMBER, KEEP_NAMELESS
from forum.members.models import Member
from forum.members.queries import earlier_handles, leaving_members
from forum.moderation import actions as moderation
from forum.notifications import actions as notifications
from forum.parallels import actions as parallels
from forum.permissions import Person, require
from forum.pictures import actions as pictures
from forum.queue import actions as queue
from forum.rights.models import Departure
from forum.rights.queries import DepartureState, departure_in_state
from forum.screening import actions as screening
from forum.searches import actions as searches
from forum.terms import actions as terms

UNNAMING_STEPS = ("notes", "record", "versions", "letters", "quotes", "names")
# The steps of a departure, in order, by what happens to the member's texts
STEPS = {
    KEEP_NAMELESS: (*UNNAMING_STEPS, "practices", "documents", "pictures", "notices"),
    DELETE_EVERYTHING: (
        *UNNAMING_STEPS,
        "practices",
        "posts",
        "topics",
        "pictures",
        "marks",
        "votes",
        "notices",
    ),
}
BATCH_SIZE = 20  # posts, practices or pictures that one action changes
SMALL_ROWS_BATCH_SIZE = 200  # marks, notices, letters or versions that one action changes


@action
def leave(doer: Person, member_id: int, how: str) -> Member:
    """Close an account and tell its owner by letter how to open it again; it ends after two weeks."""
    touches()
    member = members.leave(doer, member_id, how)
    accounts.forget_tokens(member)
    words = {"path": "/settings/leave", "how": how, "day_at": str(member.leaving_at)}
    mail.write_letter(doer, "leaving", member.email, words, member_id=member.id)
    return member


@action
def stay(doer: Person, member_id: int) -> Member:
    """Open an account again that its owner has closed."""
    touches()
    return members.stay(doer, member_id)


@action
def note_data_taken(member: Person) -> None:
    """Tell a member by letter that their data was downloaded in a session of theirs."""
    touches()
    require(member.can.take_data())
    owner = db.session.get_one(Member, member.id)
    words = {"path": "/settings/sessions"}
    mail.write_letter(member, "data", owner.email, words, member_id=owner.id)


@action
def begin_departure(system: Person) -> int:
    """End one account whose two weeks are over, and anonymise its row; returns how many were ended (0 or 1).

    Everything else that the member has written is handled in batches.
    """
    require(system.can.administer())
    leaving = leaving_members(1)
    for member in leaving:
        _begin(system, member)
    return len(leaving)


def _begin(system: Person, member: Member) -> None:
    how = member.leaving_how or KEEP_NAMELESS
    first = {"step": STEPS[how][0], "position": 0, "begun_at": now()}
    earlier = " ".join(earlier_handles(member.id))
    who = {"name": member.name, "handle": member.handle, "address": member.email}
    departure = Departure(
        how=how, member_id=member.id, earlier_handles=earlier, locale=member.locale, **who, **first
    )
    db.session.add(departure)
    is_silent = how == DELETE_EVERYTHING
    dialogue.forget_reading(system, member.id)
    dialogue.forget_held(system, member.id)
    dialogue.forget_drafts_of(system, member.id)
    bookmarks.forget_member(system, member.id)
    searches.forget_member(system, member.id)
    library.forget_intentions(system, member.id)
    library.forget_curator(system, member.id)
    meetings.forget_member(system, member.id)
    screening.forget_member(system, member.id)
    advice.forget_member(system, member.id, is_silent=is_silent)
    glossary.forget_member(system, member.id, is_silent=is_silent)
    factors.forget_member(system, member.id)
    identities.forget_member(system, member.id)
    terms.forget_member(system, member.id)
    accounts.forget_member(system, member)
    invitations.forget_member(system, member.id)
    queue.forget_member(system, member, is_silent=is_silent)
    mail.forget_member(system, member.id)
    agendas.forget_member(system, member.id, str(FORMER_MEMBER), is_silent=is_silent)
    if is_silent:
        members.forget_mandates(system, member.id)
    declarations.forget_member(system, member.id, str(FORMER_MEMBER))
    commitments.forget_member(system, member.id)
    parallels.forget_member(system, member.id)
    members.depart(system, member.id)


# The steps, one batch at a time. Nothing happens when the departure is not in the given state, because another worker
# has continued it.


@action
def reword_notes(
    system: Person,
    state: DepartureState,
    texts: Mapping[int, tuple[str, Written]],
    last: int | None,
) -> None:
    """Remove the name from moderators' notes below the member's posts; `last` as in `_advance`.

    When one of the notes was edited meanwhile, nothing is recorded and the same batch is repeated.
    """
    require(system.can.administer())
    departure = departure_in_state(state)
    if departure and dialogue.reword_notes(system, texts):
        _advance(system, departure, last)


@action
def unname_record(system: Person, state: DepartureState) -> None:
    """Remove the name from decisions, reports and appeals, and from reasons that readers of a locked topic see."""
    require(system.can.administer())
    if departure := departure_in_state(state):
        who = departure.member_id, KnownAs(departure.name, state.handles, str(FORMER_MEMBER))
        dialogue.unname_locks(system, *who)
        is_silent = departure.how == DELETE_EVERYTHING
        appeals.unname(system, *who, is_silent=is_silent)
        moderation.unname(system, *who, is_silent=is_silent)
        _advance(system, departure, None)


@action
def unname_versions(
    system: Person, state: DepartureState, version_ids: Sequence[int], last: int | None
) -> None:
    """Remove the name from earlier versions of pages; `last` as in `_advance`."""
    require(system.can.administer())
    if departure := departure_in_state(state):
        history.unname(system, version_ids, state.handles, str(FORMER_MEMBER))
        _advance(system, departure, last)


@action
def forget_letters(system: Person, state: DepartureState) -> None:
    """Delete a batch of the letters from and to the member; the step ends when none is left."""
    require(system.can.administer())
    departure = departure_in_state(state)
    limit = SMALL_ROWS_BATCH_SIZE
    if departure and contact.forget_member(system, departure.member_id, limit) < limit:
        _advance(system, departure, None)


@action
def reword(
    system: Person,
    state: DepartureState,
    texts: Mapping[int, tuple[str, Written]],
    change: Callable[[str], str],
    last: int | None,
) -> None:
    """Remove the member's name from others' posts and their earlier versions; `last` as in `_advance`.

    When one of the posts was edited meanwhile, nothing is recorded and the same batch is repeated.
    """
    require(system.can.administer())
    departure = departure_in_state(state)
    if departure and dialogue.reword(system, texts, change):
        _advance(system, departure, last)


@action
def settle_practices(
    system: Person, state: DepartureState, practices: Sequence[tuple[int, bool]], last: int | None
) -> None:
    """Delete practices that nobody else has read, or remove the name from the search documents of the others.

    `practices` are (id, whether others know it), see `practices_written`; `last` as in `_advance`.
    """
    require(system.can.administer())
    departure = departure_in_state(state)
    if departure is None:
        return
    is_all = departure.how == DELETE_EVERYTHING
    erased = [practice_id for practice_id, was_read in practices if is_all or not was_read]
    for practice_id in erased:
        parallels.delete_translations(system, practice_id)
    library.erase_practices(system, erased)
    kept = [practice_id for practice_id, _was_read in practices if practice_id not in erased]
    library.reindex_practices(system, kept, PlainTexts())
    _advance(system, departure, last)


@action
def reindex(
    system: Person,
    state: DepartureState,
    post_ids: Sequence[int],
    plain: PlainTexts,
    last: int | None,
) -> None:
    """Remove the name from the search documents of posts; `last` as in `_advance`."""
    require(system.can.administer())
    if departure := departure_in_state(state):
        dialogue.reindex(system, post_ids, plain)
        _advance(system, departure, last)


@action
def remove_posts(
    system: Person, state: DepartureState, post_ids: Sequence[int], last: int | None
) -> None:
    """Delete posts as their author would; `last` as in `_advance`."""
    require(system.can.administer())
    if departure := departure_in_state(state):
        dialogue.delete_posts(system, post_ids)
        _advance(system, departure, last)


@action
def forget_topics(system: Person, state: DepartureState) -> None:
    """Remove what is left of a batch of the member's topics; the step ends when there is none."""
    require(system.can.administer())
    departure = departure_in_state(state)
    limit = SMALL_ROWS_BATCH_SIZE
    if departure and dialogue.forget_topics(system, departure.member_id, limit) < limit:
        _advance(system, departure, None)


@action
def remove_pictures(
    system: Person, state: DepartureState, picture_ids: Collection[int], last: int | None
) -> None:
    """Delete pictures of the member; `last` as in `_advance`."""
    require(system.can.administer())
    if departure := departure_in_state(state):
        pictures.forget(system, picture_ids)
        _advance(system, departure, last)


@action
def remove_marks(system: Person, state: DepartureState) -> None:
    """Delete a batch of the member's marks; the step ends when none is left."""
    require(system.can.administer())
    departure = departure_in_state(state)
    if departure and not dialogue.remove_marks(system, departure.member_id, SMALL_ROWS_BATCH_SIZE):
        _advance(system, departure, None)


@action
def remove_votes(system: Person, state: DepartureState) -> None:
    """Delete a batch of the member's votes in polls; the step ends when none is left."""
    require(system.can.administer())
    departure = departure_in_state(state)
    if departure and not dialogue.remove_votes(system, departure.member_id, SMALL_ROWS_BATCH_SIZE):
        _advance(system, departure, None)


@action
def forget_notices(system: Person, state: DepartureState) -> None:
    """Delete a batch of the member's notices; the step ends when none is left."""
    require(system.can.administer())
    departure = departure_in_state(state)
    if departure is None:
        return
    is_silent = departure.how == DELETE_EVERYTHING
    who = departure.member_id
    if not notifications.forget_member(
        system, who, is_silent=is_silent, limit=SMALL_ROWS_BATCH_SIZE
    ):
        _advance(system, departure, None)


def _advance(system: Person, departure: Departure, last: int | None) -> None:
    """Record that the rows up to `last` are done; None ends the step, and the last step ends the departure."""
    if last is not None:
        departure.position = last
        return
    steps = STEPS[departure.how]
    rest = steps[steps.index(departure.step) + 1 :]
    if rest:
        departure.step, departure.position = rest[0], 0
    else:
        _finish(system, departure)


def _finish(system: Person, departure: Departure) -> None:
    """Send the last letter, and delete the departure with the name and address in it."""
    words = {"path": "/join", "how": departure.how, "name": departure.name}
    mail.write_letter(system, "left", departure.address, words, locale=departure.locale)
    db.session.delete(departure)
