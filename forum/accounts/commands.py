"""`flask members add | role | trust | end-trust | password`, and `flask members address` for members who have lost their address or came with an export.

Also the worker's task that updates search when a member's name or city has changed.
"""

from __future__ import annotations

from datetime import datetime

import click
from flask import Blueprint

from forum import markup
from forum.accounts import actions
from forum.accounts.models import POSTS
from forum.accounts.queries import next_renaming
from forum.clock import now
from forum.dialogue.queries import posts_written
from forum.errors import NotFound
from forum.library.queries import practices_written
from forum.markup import PlainTexts
from forum.members.actions import Joining
from forum.members.commands import (
    checked_email,
    done,
    members,
    new_password,
    unused_email,
)
from forum.members.queries import forum_name, members_by_handle
from forum.moderation import actions as moderation
from forum.moderation.models import TrustedFlagger
from forum.moderation.queries import named_flaggers
from forum.passwords import hash_password
from forum.permissions import SYSTEM
from forum.principals import MEMBER, ROLES

DAY = click.DateTime(["%Y-%m-%d"])
BATCH_SIZE = 20  # texts whose search documents one transaction updates

bp = Blueprint("accounts_commands", __name__)  # its commands stand among those of members


@members.command("add")
@click.option("--email", required=True, help="E-mail address with which they sign in.")
@click.option("--name", required=True, help="Name that everybody reads, such as “Eva Holm”.")
@click.option(
    "--role", type=click.Choice(ROLES), default=MEMBER, show_default=True, help="What they may do."
)
@click.option("--handle", help="Short name in addresses; without it, made from the name.")
def add(email: str, name: str, role: str, handle: str | None) -> None:
    """Make an account. Its password is asked for, or read from standard input.

    A role other than member is told by e-mail.
    """
    if not name.strip():
        raise click.ClickException("Give the member a name.")
    password = new_password((forum_name(), name, unused_email(email)))
    joining = Joining(name, email, hash_password(password), handle=handle)
    member = done(lambda: actions.add_member(SYSTEM, joining, role))
    click.echo(f"Added {member.name} as {role}: /members/{member.handle}")


@members.command("role")
@click.argument("handle")
@click.argument("role", type=click.Choice(ROLES))
def give_role(handle: str, role: str) -> None:
    """Give the member with HANDLE a ROLE, which is told by e-mail."""
    member = done(lambda: actions.appoint(SYSTEM, handle, role))
    click.echo(f"{member.name} is now {role}.")


@members.command("trust")
@click.argument("handle")
@click.option("--name", required=True, help="Name of the body, as the coordinator publishes it.")
@click.option("--coordinator", required=True, help="Who gave it the status.")
@click.option("--field", required=True, help="The kind of illegal content that it knows about.")
@click.option("--since", type=DAY, required=True, help="The first day, such as 2027-01-31.")
@click.option("--until", type=DAY, help="The last day, if the coordinator has named one.")
def trust(
    handle: str, *, name: str, coordinator: str, field: str, since: datetime, until: datetime | None
) -> None:
    """Say that the member with HANDLE reports for a trusted flagger.

    What they report as illegal comes first in the queue. Everybody reads the rest on /transparency.
    """
    last_day = until.date() if until else None
    text = moderation.FlaggerText(name, coordinator, field, since.date(), last_day)
    flagger = done(lambda: moderation.trust_flagger(SYSTEM, f"@{handle}", text))
    click.echo(f"{flagger.name} is a trusted flagger, by the account {handle}.")


@members.command("end-trust")
@click.argument("handle")
def end_trust(handle: str) -> None:
    """End that the member with HANDLE reports for a trusted flagger."""
    flagger = done(lambda: _flagger(handle))
    done(lambda: moderation.end_trust(SYSTEM, flagger.id))
    click.echo(f"{flagger.name} is no longer a trusted flagger. Its reports stay as they are.")


def _flagger(handle: str) -> TrustedFlagger:
    today = now().date()
    named = (flagger for flagger in named_flaggers(SYSTEM) if flagger.member.handle == handle)
    found = next((flagger for flagger in named if flagger.is_named_on(today)), None)
    if found is None:
        raise NotFound("No trusted flagger reports with this handle.")
    return found


@members.command("password")
@click.argument("handle")
def give_password(handle: str) -> None:
    """Give the member with HANDLE a new password, and end their sessions.

    The password is asked for, or read from standard input.
    """
    done(lambda: _known(handle))
    password_hash = hash_password(new_password((forum_name(), handle)))
    done(lambda: actions.set_password(SYSTEM, handle, password_hash))
    click.echo(f"{handle} has a new password and is signed out everywhere.")


def _known(handle: str) -> None:
    """Raise `NotFound` if nobody has this handle, before a password is asked for in vain."""
    if not members_by_handle([handle]):
        raise NotFound("There is no member with this handle.")


@members.command("address")
@click.argument("handle")
@click.argument("email")
def give_address(handle: str, email: str) -> None:
    """Give the member with HANDLE the address EMAIL, when somebody you trust says that it is theirs.

    Ends their sessions and makes every link void that was sent to the address before, which is told by e-mail. The
    password stays: where somebody else knows it, `flask members password` gives another.
    """
    checked_email(email)
    member = done(lambda: actions.give_address(SYSTEM, handle, email))
    click.echo(f"{member.name} is written to at {email}, and can ask for a new password there.")
    click.echo("They are signed out everywhere; links sent to the address before are void.")


def tell_search_of_renamings() -> int:
    """Do one batch of texts of a member whose name or city has changed; returns 0 when there is none."""
    state = next_renaming()
    if state is None:
        return 0
    after = state.position, BATCH_SIZE
    if state.step == POSTS:
        found = posts_written(state.member_id, *after)
        plain = PlainTexts((source, markup.plain(source)) for _id, source, _language in found)
        actions.reindex_posts(SYSTEM, state, [post_id for post_id, *_ in found], plain)
    else:
        practices = practices_written(state.member_id, *after)
        actions.reindex_practices(SYSTEM, state, [practice_id for practice_id, _ in practices])
    return 1
