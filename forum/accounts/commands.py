"""`flask members role`, and `flask members address` for somebody whose address is not theirs any more, or who came with an export."""

from __future__ import annotations

import click
from flask import Blueprint

from forum.accounts import actions
from forum.members.commands import checked_email, done, members
from forum.permissions import ROLES, SYSTEM

bp = Blueprint("accounts_commands", __name__)  # its commands stand among those of members


@members.command("role")
@click.argument("handle")
@click.argument("role", type=click.Choice(ROLES))
def give_role(handle: str, role: str) -> None:
    """Give the member with HANDLE a ROLE, which is told by e-mail."""
    member = done(lambda: actions.appoint(SYSTEM, handle, role))
    click.echo(f"{member.name} is now {role}.")


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
