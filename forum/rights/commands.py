"""Carrying out what members have asked for, deleting what is over, and `flask members leave | stay`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import click
from flask import Blueprint

from forum import markup
from forum.accounts import actions as accounts
from forum.contact import actions as contact
from forum.dialogue import actions as dialogue_actions
from forum.dialogue import queries as dialogue
from forum.dialogue.queries import PostSource
from forum.errors import Refusal
from forum.factors import actions as factors
from forum.library.queries import practices_written
from forum.mail import actions as mail
from forum.mail import commands as mail_commands
from forum.markup import PlainTexts, Written
from forum.members import actions as members
from forum.members.actions import FORMER_MEMBER, KEEP_NAMELESS, LEAVING_WAYS
from forum.members.commands import members as members_group
from forum.members.queries import get_member, has_due_departures
from forum.moderation import actions as moderation
from forum.notifications import commands as notifications_commands
from forum.permissions import SYSTEM, Person
from forum.queue import actions as queue
from forum.rights import actions
from forum.rights.actions import PORTION
from forum.rights.queries import Place, next_place
from forum.screening import actions as screening

RANGE = 5_000  # posts that are looked through at once for a name
ROUNDS = 20  # portions that are deleted in one go

bp = Blueprint("rights_commands", __name__, cli_group=None)

# Everything that is deleted after its time; each deletes a portion, and says how much it was.
OVER: tuple[Callable[[Person], int], ...] = (
    members.forget_sessions,
    notifications_commands.forget_old,
    contact.forget_old,
    mail.forget_letters,
    accounts.forget_old,
    factors.forget_old,
    moderation.forget_visitors,
    moderation.forget_staff_notes,
    queue.forget_old,
    dialogue_actions.forget_refused,
    screening.forget_traces,
)


def tidy() -> int:
    """Delete what is over, in portions; says how much it was. What is left waits for the next time."""
    mail_commands.forget_files()
    return sum(_tidy(forget) for forget in OVER)


def _tidy(forget: Callable[[Person], int]) -> int:
    gone = 0
    for _round in range(ROUNDS):
        some = forget(SYSTEM)
        gone += some
        if not some:
            break
    return gone


def carry_on() -> int:
    """Go on with the departure that was begun first, by one portion, or begin one; says whether there was any."""
    place = next_place()
    if place is None:
        return actions.begin_departure(SYSTEM) if has_due_departures() else 0
    PORTIONS[place.step](place)
    return 1


def _quotes(place: Place) -> None:
    _reword(place, dialogue.posts_quoting(place.member_id, place.position, PORTION))


def _names(place: Place) -> None:
    """Look through all posts for the name: as a link to the profile, and in quotes that were edited away."""
    label = markup.quote_label(place.name)
    words = [f"@{place.handle}", f"/members/{place.handle}", f"[{label}](/posts/"]
    until, end = place.position + RANGE, dialogue.last_post_id()
    found = dialogue.posts_naming(words, place.position, until, PORTION)
    is_last = until >= end and len(found) < PORTION
    _reword(place, found, None if is_last else _last(found, until))


def _last(found: Sequence[PostSource], until: int) -> int:
    return found[-1][0] if len(found) == PORTION else until


def _reword(place: Place, found: Sequence[PostSource], last: int | None = None) -> None:
    """Take the name out of posts; the Markdown is turned into HTML before anything is locked."""
    last = last or (found[-1][0] if len(found) == PORTION else None)
    change = partial(_without, place=place, post_ids=_theirs(place, found))
    texts: dict[int, tuple[str, Written]] = {
        post_id: (source, dialogue.render_with_mentions(change(source), language))
        for post_id, source, language in found
    }
    actions.reword(SYSTEM, place, texts, change, last)


def _theirs(place: Place, found: Sequence[PostSource]) -> set[int]:
    """The posts of the member that some texts quote, or quoted before."""
    sources = [source for _id, source, _language in found]
    sources += dialogue.earlier_sources([post_id for post_id, _source, _language in found])
    quoted = {post_id for source in sources for post_id in markup.quoted_posts(source)}
    return dialogue.ids_written_by(place.member_id, quoted)


def _without(source: str, place: Place, post_ids: set[int]) -> str:
    return markup.unname(source, post_ids, place.handle, FORMER_MEMBER)


def _practices(place: Place) -> None:
    found = practices_written(place.member_id, place.position, PORTION)
    last = found[-1][0] if len(found) == PORTION else None
    actions.settle_practices(SYSTEM, place, found, last)


def _documents(place: Place) -> None:
    ids, found, last = _written(place)
    plain = PlainTexts((source, markup.plain(source)) for _id, source, _language in found)
    actions.reindex(SYSTEM, place, ids, plain, last)


def _posts(place: Place) -> None:
    ids, _found, last = _written(place)
    actions.remove_posts(SYSTEM, place, ids, last)


def _written(place: Place) -> tuple[list[int], Sequence[PostSource], int | None]:
    found = dialogue.posts_written(place.member_id, place.position, PORTION)
    ids = [post_id for post_id, _source, _language in found]
    return ids, found, ids[-1] if len(ids) == PORTION else None


PORTIONS: dict[str, Callable[[Place], None]] = {
    "quotes": _quotes,
    "names": _names,
    "practices": _practices,
    "documents": _documents,
    "posts": _posts,
    "marks": lambda place: actions.remove_marks(SYSTEM, place),
    "notices": lambda place: actions.forget_notices(SYSTEM, place),
}


@members_group.command("leave")
@click.argument("handle")
@click.option("--how", type=click.Choice(LEAVING_WAYS), default=KEEP_NAMELESS, show_default=True)
def leave(handle: str, how: str) -> None:
    """Close the account of the member with HANDLE, who has asked for it. It ends in two weeks."""
    try:
        member = actions.leave(SYSTEM, get_member(SYSTEM, handle).id, how)
    except Refusal as error:
        raise click.ClickException(error.message) from error
    click.echo(f"The account of {member.name} is closed and ends on {member.leaving_at:%Y-%m-%d}.")


@members_group.command("stay")
@click.argument("handle")
def stay(handle: str) -> None:
    """Open the account of the member with HANDLE again, who was to leave."""
    try:
        member = actions.stay(SYSTEM, get_member(SYSTEM, handle).id)
    except Refusal as error:
        raise click.ClickException(error.message) from error
    click.echo(f"The account of {member.name} is open again.")
