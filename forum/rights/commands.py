"""The worker's tasks for departures and expired rows; and `flask members leave | stay`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import click
from flask import Blueprint

from forum import markup, ratelimits
from forum.accounts import actions as accounts
from forum.contact import actions as contact
from forum.dialogue import actions as dialogue_actions
from forum.dialogue import queries as dialogue
from forum.dialogue.queries import PostSource
from forum.factors import actions as factors
from forum.history.queries import versions_naming
from forum.library.queries import practices_written
from forum.mail import actions as mail
from forum.mail import commands as mail_commands
from forum.markup import PlainTexts, Written
from forum.matches import KnownAs, without_member
from forum.meetings import actions as meetings
from forum.members import actions as members
from forum.members.actions import (
    DELETE_EVERYTHING,
    FORMER_MEMBER,
    KEEP_NAMELESS,
    LEAVING_WAYS,
)
from forum.members.commands import done
from forum.members.commands import members as members_group
from forum.members.queries import get_member, has_due_departures
from forum.moderation import actions as moderation
from forum.notifications import commands as notifications_commands
from forum.permissions import SYSTEM, Person
from forum.pictures import actions as pictures
from forum.pictures.queries import pictures_due, pictures_of
from forum.queue import actions as queue
from forum.quotes import quote_label, quoted_posts, unname
from forum.rights import actions
from forum.rights.actions import BATCH_SIZE, SMALL_ROWS_BATCH_SIZE
from forum.rights.queries import DepartureState, next_departure, unused_pictures
from forum.screening import actions as screening

POSTS_SEARCHED_AT_ONCE = 5_000  # for a name
PICTURES_LOOKED_AT_ONCE = 50  # that are checked for use
MAX_BATCHES = 20  # of each kind that one run deletes

bp = Blueprint("rights_commands", __name__, cli_group=None)

# Everything that is deleted after some time; each action deletes a batch and returns the number of rows
EXPIRY_ACTIONS: tuple[Callable[[Person], int], ...] = (
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
    dialogue_actions.forget_drafts,
    dialogue_actions.forget_paces,
    screening.forget_traces,
    meetings.forget_names,
)


def delete_expired() -> int:
    """Delete expired rows in batches; returns how many. The rest waits for the next run."""
    mail_commands.forget_files()
    ratelimits.forget_expired()
    return sum(_delete_batches(forget) for forget in EXPIRY_ACTIONS) + _forget_pictures()


def _delete_batches(forget: Callable[[Person], int]) -> int:
    deleted = 0
    for _batch in range(MAX_BATCHES):
        count = forget(SYSTEM)
        if not count:
            break
        deleted += count
    return deleted


def _forget_pictures() -> int:
    """Check the pictures that are due. Members' texts are searched before any row is locked."""
    deleted = 0
    for _batch in range(MAX_BATCHES):
        due = pictures_due(PICTURES_LOOKED_AT_ONCE)
        if not due:
            break
        looked_at = {picture.id: picture.due_at for picture in due}
        deleted += pictures.look_after(SYSTEM, looked_at, unused_pictures(due))
    return deleted


def carry_on() -> int:
    """Do one batch of the oldest departure in progress, or begin one; returns 0 when there is none."""
    state = next_departure()
    if state is None:
        return actions.begin_departure(SYSTEM) if has_due_departures() else 0
    STEP_FUNCTIONS[state.step](state)
    return 1


def _notes(state: DepartureState) -> None:
    known = KnownAs(state.name, state.handles, str(FORMER_MEMBER))
    found = dialogue.notes_naming(state.member_id, known.words, state.position, BATCH_SIZE)
    texts: dict[int, tuple[str, Written]] = {}
    for post_id, source, language in found:
        nameless = without_member(source, known)
        texts[post_id] = (
            source,
            dialogue.render_with_mentions(nameless, language, has_pictures=False),
        )
    last = found[-1][0] if len(found) == BATCH_SIZE else None
    actions.reword_notes(SYSTEM, state, texts, last)


def _versions(state: DepartureState) -> None:
    found = versions_naming(state.handles, state.position, SMALL_ROWS_BATCH_SIZE)
    last = found[-1] if len(found) == SMALL_ROWS_BATCH_SIZE else None
    actions.unname_versions(SYSTEM, state, found, last)


def _quotes(state: DepartureState) -> None:
    _reword(state, dialogue.posts_quoting(state.member_id, state.position, BATCH_SIZE))


def _names(state: DepartureState) -> None:
    """Search all posts for the name: in links to the profile, and in earlier versions of quotes."""
    label = quote_label(state.name)
    words = [sign + handle for handle in state.handles for sign in ("@", "/members/")]
    words.append(f"[{label}](/posts/")
    until, end = state.position + POSTS_SEARCHED_AT_ONCE, dialogue.last_post_id()
    found = dialogue.posts_naming(words, state.position, until, BATCH_SIZE)
    is_last = until >= end and len(found) < BATCH_SIZE
    _reword(state, found, None if is_last else _last_position(found, until))


def _last_position(found: Sequence[PostSource], until: int) -> int:
    return found[-1][0] if len(found) == BATCH_SIZE else until


def _reword(state: DepartureState, found: Sequence[PostSource], last: int | None = None) -> None:
    """Remove the name from posts; Markdown is rendered before any row is locked."""
    last = last or (found[-1][0] if len(found) == BATCH_SIZE else None)
    change = partial(_without_name, state=state, post_ids=_quoted_posts_of_member(state, found))
    texts: dict[int, tuple[str, Written]] = {
        post_id: (source, dialogue.render_with_mentions(change(source), language))
        for post_id, source, language in found
    }
    actions.reword(SYSTEM, state, texts, change, last)


def _quoted_posts_of_member(state: DepartureState, found: Sequence[PostSource]) -> set[int]:
    """The ids of the member's posts that these texts, or their earlier versions, quote."""
    sources = [source for _id, source, _language in found]
    sources += dialogue.earlier_sources([post_id for post_id, _source, _language in found])
    quoted = {post_id for source in sources for post_id in quoted_posts(source)}
    return dialogue.ids_written_by(state.member_id, quoted)


def _without_name(source: str, state: DepartureState, post_ids: set[int]) -> str:
    return unname(source, post_ids, state.handles, str(FORMER_MEMBER))


def _practices(state: DepartureState) -> None:
    found = practices_written(state.member_id, state.position, BATCH_SIZE)
    last = found[-1][0] if len(found) == BATCH_SIZE else None
    actions.settle_practices(SYSTEM, state, found, last)


def _documents(state: DepartureState) -> None:
    ids, found, last = _posts_written(state)
    plain = PlainTexts((source, markup.plain(source)) for _id, source, _language in found)
    actions.reindex(SYSTEM, state, ids, plain, last)


def _posts(state: DepartureState) -> None:
    ids, _found, last = _posts_written(state)
    actions.remove_posts(SYSTEM, state, ids, last)


def _posts_written(state: DepartureState) -> tuple[list[int], Sequence[PostSource], int | None]:
    found = dialogue.posts_written(state.member_id, state.position, BATCH_SIZE)
    ids = [post_id for post_id, _source, _language in found]
    return ids, found, ids[-1] if len(ids) == BATCH_SIZE else None


def _pictures(state: DepartureState) -> None:
    """All pictures of the member, or those that no text shows."""
    found = pictures_of(state.member_id, state.position, BATCH_SIZE)
    is_everything = state.how == DELETE_EVERYTHING
    gone = {picture.id for picture in found} if is_everything else unused_pictures(found)
    last = found[-1].id if len(found) == BATCH_SIZE else None
    actions.remove_pictures(SYSTEM, state, gone, last)


STEP_FUNCTIONS: dict[str, Callable[[DepartureState], None]] = {
    "notes": _notes,
    "record": lambda state: actions.unname_record(SYSTEM, state),
    "versions": _versions,
    "letters": lambda state: actions.forget_letters(SYSTEM, state),
    "quotes": _quotes,
    "names": _names,
    "practices": _practices,
    "documents": _documents,
    "posts": _posts,
    "topics": lambda state: actions.forget_topics(SYSTEM, state),
    "pictures": _pictures,
    "marks": lambda state: actions.remove_marks(SYSTEM, state),
    "votes": lambda state: actions.remove_votes(SYSTEM, state),
    "notices": lambda state: actions.forget_notices(SYSTEM, state),
}


@members_group.command("leave")
@click.argument("handle")
@click.option(
    "--how",
    type=click.Choice(LEAVING_WAYS),
    default=KEEP_NAMELESS,
    show_default=True,
    help="What becomes of the texts they wrote.",
)
def leave(handle: str, how: str) -> None:
    """Close the account of the member with HANDLE, who has asked for it. It ends in two weeks."""
    member = done(lambda: actions.leave(SYSTEM, get_member(SYSTEM, handle).id, how))
    click.echo(f"The account of {member.name} is closed and ends on {member.leaving_at:%Y-%m-%d}.")


@members_group.command("stay")
@click.argument("handle")
def stay(handle: str) -> None:
    """Open the account of the member with HANDLE again, who was to leave."""
    member = done(lambda: actions.stay(SYSTEM, get_member(SYSTEM, handle).id))
    click.echo(f"The account of {member.name} is open again.")
