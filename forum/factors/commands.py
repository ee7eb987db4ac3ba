"""`flask members factors-off`, for members who have lost their second factor and all recovery codes."""

from __future__ import annotations

import click
from flask import Blueprint, current_app

from forum.factors import actions
from forum.members.commands import done, members
from forum.permissions import SYSTEM

bp = Blueprint("factors_commands", __name__)  # its command stands among those of members


@members.command("factors-off")
@click.argument("handle")
def remove_factors(handle: str) -> None:
    """Take passkeys, codes and recovery codes off the member with HANDLE, who has lost them; ends their sessions.

    Make sure first who asks: by telephone, or face to face. The member is told by e-mail.
    """
    member = done(lambda: actions.remove_factors(SYSTEM, handle))
    current_app.logger.warning("the second factor of member %s was taken off", member.id)
    click.echo(f"{member.name} has no second factor any more and is signed out everywhere.")
