"""`flask fill`: a made-up forum of any size, for trials of speed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from flask import Blueprint

from forum import web
from forum.db import db
from forum.engines import analyze
from forum.errors import Refusal
from forum.filling import queries
from forum.filling.actions import BatchWriter, set_up_forum, write_batch
from forum.filling.forms import Plan, shape_of
from forum.filling.models import NAME, PlannedDeed, PlannedPost, Shape
from forum.lazy import library
from forum.members.commands import city_rows
from forum.members.models import Federation
from forum.members.queries import federation_if_there
from forum.passwords import hash_password
from forum.permissions import SYSTEM

BATCH_SIZE = 1_000  # posts; with documents and notices about five thousand rows in a transaction

bp = Blueprint("filling_commands", __name__, cli_group=None)


@bp.cli.command("fill")
@click.option("--topics", type=int, required=True, help="How many topics.")
@click.option(
    "--posts", type=int, required=True, help="How many posts; the first of each topic counts."
)
@click.option("--members", type=int, help="How many members; without it, one for fifty posts.")
@click.option(
    "--largest", type=int, help="Posts of the largest topic; without it, 5 %, at most 50,000."
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="The same number makes the same forum; another number makes another one.",
)
def fill(topics: int, posts: int, members: int | None, largest: int | None, seed: int) -> None:
    """Write a made-up forum into an empty database. May be stopped and started again."""
    library("flask_migrate").upgrade()
    try:
        shape = shape_of(topics, posts, members, largest, seed)
        _require_empty_or_same(federation_if_there(), shape)
        plan = Plan(shape, list(city_rows()))
        accounts_file = _accounts_file()
        if not federation_if_there():
            _set_up(plan, accounts_file)
        written = _fill(plan)
    except Refusal as error:
        words = error.message or "The database was busy for too long. Start the command again."
        raise click.ClickException(words) from error
    done = f"Filled: {shape}. {written:,} posts were written now."
    click.echo(done if written else f"This database is filled like this already: {shape}.")
    click.echo(
        accounts_file.read_text()
        if accounts_file.exists()
        else "The passwords of its people are lost."
    )


def _require_empty_or_same(known: Federation | None, shape: Shape) -> None:
    """Raise `ClickException` unless the database is empty or was filled with the same shape: never touch a real forum or the demo."""
    if known is None:
        if not queries.is_empty():
            raise click.ClickException("Somebody uses this database. It takes an empty one.")
        return
    if not (known.is_demo and known.name == NAME):
        raise click.ClickException(f"This database holds “{known.name}”. It takes an empty one.")
    if known.tagline != shape.tagline:
        raise click.ClickException(
            f"This database was filled otherwise ({known.tagline}). It takes an empty one."
        )


def _accounts_file() -> Path:
    return web.settings().data / "filled-people.txt"


def _set_up(plan: Plan, accounts_file: Path) -> None:
    """Write everything before the dialogue, and a file that says how to sign in as a member of each role."""
    accounts = {person.role: person for person in reversed(plan.people[: plan.moderators + 4])}
    passwords = {person.id: secrets.token_urlsafe(9) for person in accounts.values()}
    hashes = {member_id: hash_password(password) for member_id, password in passwords.items()}
    hashes[0] = hash_password(secrets.token_urlsafe(32))  # nobody signs in as the others
    set_up_forum(SYSTEM, plan, hashes)
    lines = [
        f"  {role:14} {person.handle}@example.org   {passwords[person.id]}"
        for role, person in reversed(accounts.items())
    ]
    accounts_file.write_text(
        "\n".join(["Sign in with one of these (made for this database):", *lines])
    )
    accounts_file.chmod(0o600)


def _fill(plan: Plan) -> int:
    """Write the dialogue, except for what an interrupted command has written; returns the number of new posts."""
    foundation, done, written = queries.foundation(), queries.last_post(), 0
    writer = BatchWriter(foundation)
    deeds = plan.deeds(foundation.last_ids["topic"], foundation.last_ids["post"])
    with click.progressbar(length=plan.shape.posts, label="Filling", show_pos=True) as bar:
        for portion in split_by_posts(deeds, BATCH_SIZE):
            batch = writer.write(portion)
            posts = len(batch.rows["post"])
            if batch.last_ids["post"] > done:
                write_batch(SYSTEM, batch)
                written += posts
            bar.update(posts)
    if written:
        analyze(db.engine)
    return written


def split_by_posts(deeds: Iterable[PlannedDeed], posts: int) -> Iterator[list[PlannedDeed]]:
    """The deeds in lists with so many posts each; the last list also has everything after the last post."""
    batch: list[PlannedDeed] = []
    posts_in_batch = 0
    for deed in deeds:
        if isinstance(deed, PlannedPost):
            if posts_in_batch == posts:
                yield batch
                batch, posts_in_batch = [], 0
            posts_in_batch += 1
        batch.append(deed)
    yield batch
