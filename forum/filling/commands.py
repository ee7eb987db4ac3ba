"""`flask fill`: a made-up forum of any size, for trials of speed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from flask import Blueprint, current_app

from forum.db import analyze, db
from forum.errors import Refusal
from forum.filling import queries
from forum.filling.actions import Book, add, found
from forum.filling.forms import Plan, shape_of
from forum.filling.models import NAME, Deed, Saying, Shape
from forum.lazy import library
from forum.members.commands import city_rows
from forum.members.models import Federation
from forum.members.queries import federation
from forum.passwords import hash_password
from forum.permissions import SYSTEM
from forum.settings import Settings

POSTS_PER_PAGE = 1_000  # with their documents and notices some five thousand rows to a transaction

bp = Blueprint("filling_commands", __name__, cli_group=None)


@bp.cli.command("fill")
@click.option("--topics", type=int, required=True, help="How many topics.")
@click.option("--posts", type=int, required=True, help="How many posts, the openings with them.")
@click.option("--members", type=int, help="How many members; else one for fifty posts.")
@click.option("--largest", type=int, help="Posts of the largest topic; else 5 %, at most 50,000.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another one, another forum.")
def fill(topics: int, posts: int, members: int | None, largest: int | None, seed: int) -> None:
    """Write a made-up forum into an empty database. May be stopped and started again."""
    library("flask_migrate").upgrade()
    try:
        shape = shape_of(topics, posts, members, largest, seed)
        _require_room(federation(), shape)
        plan = Plan(shape, list(city_rows()))
        kept = _kept_file()
        if not federation():
            _found(plan, kept)
        written = _fill(plan)
    except Refusal as error:
        words = error.message or "The database was busy for too long. Start the command again."
        raise click.ClickException(words) from error
    done = f"Filled: {shape}. {written:,} posts were written now."
    click.echo(done if written else f"This database is filled like this already: {shape}.")
    click.echo(kept.read_text() if kept.exists() else "The passwords of its people are lost.")


def _require_room(known: Federation | None, shape: Shape) -> None:
    """A real forum is left alone, and so is the demo."""
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


def _kept_file() -> Path:
    settings: Settings = current_app.extensions["settings"]
    return settings.data / "filled-people.txt"


def _found(plan: Plan, kept: Path) -> None:
    """Write what the dialogue stands on, and keep how to sign in as one of each role."""
    shown = {known.role: known for known in reversed(plan.people[: plan.moderators + 4])}
    passwords = {known.id: secrets.token_urlsafe(9) for known in shown.values()}
    hashes = {member_id: hash_password(password) for member_id, password in passwords.items()}
    hashes[0] = hash_password(secrets.token_urlsafe(32))  # nobody signs in as the others
    found(SYSTEM, plan, hashes)
    lines = [
        f"  {role:14} {known.handle}@example.org   {passwords[known.id]}"
        for role, known in reversed(shown.items())
    ]
    kept.write_text("\n".join(["Sign in with one of these (made for this database):", *lines]))
    kept.chmod(0o600)


def _fill(plan: Plan) -> int:
    """Write the dialogue, but for what a command that was stopped has written; says how many posts it wrote."""
    frame, done, written = queries.frame(), queries.last_post(), 0
    book = Book(frame)
    deeds = plan.deeds(frame.last_ids["topic"], frame.last_ids["post"])
    with click.progressbar(length=plan.shape.posts, label="Filling", show_pos=True) as bar:
        for some in parts(deeds, POSTS_PER_PAGE):
            page = book.write(some)
            posts = len(page.rows["post"])
            if page.last_ids["post"] > done:
                add(SYSTEM, page)
                written += posts
            bar.update(posts)
    if written:
        analyze(db.engine)
    return written


def parts(deeds: Iterable[Deed], posts: int) -> Iterator[list[Deed]]:
    """The deeds in parts of so many posts each; what is done after the last post belongs to the last part."""
    part: list[Deed] = []
    said = 0
    for deed in deeds:
        if isinstance(deed, Saying):
            if said == posts:
                yield part
                part, said = [], 0
            said += 1
        part.append(deed)
    yield part
