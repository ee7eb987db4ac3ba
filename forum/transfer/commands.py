"""`flask demo | import-agenda FILE | rerender | reindex`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import click
from flask import Blueprint, current_app

from forum.agendas import actions as agendas
from forum.db import at, db, now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import latest_topics, written
from forum.errors import Refusal
from forum.later import library as later
from forum.library import actions as library
from forum.markup import PlainTexts, Written, plain, write
from forum.members import actions as members
from forum.members.actions import found_federation, load_cities
from forum.members.commands import city_rows
from forum.members.models import Member
from forum.members.queries import all_members, federation, first_administrator, get_member
from forum.notifications.actions import make_notices, read_until
from forum.passwords import hash_password
from forum.permissions import ROLES, SYSTEM, Person
from forum.screening.actions import RuleText, make_rule
from forum.search import actions as search
from forum.settings import Settings
from forum.terms import actions as terms
from forum.transfer import actions, queries
from forum.transfer.forms import read_agenda, read_people
from forum.transfer.models import FaultyFileError
from forum.transfer.queries import counts, members_called

DATA = Path(__file__).parent / "data"
AGENDAS = ("globally-connected", "climate-resilient", "affordable")
NAME = "Interurban"
TAGLINE = "Cities learn fastest from one another."
# Who of the demo's people signs in for each role.
SHOWN = dict(zip(ROLES, ("wanjiru-kamau", "hanne-vestergaard", "ingrid-solberg"), strict=True))

# What the demo shows of rules before publication
RULES = (
    RuleText("links", "", "Links of new members are read by a moderator first."),
    RuleText(
        "word",
        "free webinar",
        "A moderator reads what invites to webinars first: many come from sellers.",
    ),
)
HELD_TEXT = (
    "We hold a free webinar with two other cities next month, in which we show what we"
    " changed in our own office since spring. May I leave the date here?"
)
HELD_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # the last day of the demo
NEWS_SINCE = datetime(2026, 11, 10, tzinfo=UTC)
CURATOR = "hanne-vestergaard"

# So many texts, and so many documents, to a transaction: those who write meanwhile wait for a moment only.
BATCH, DOCUMENTS = 200, 50
RERENDER: dict[str, Callable[[Person, Mapping[Any, Written]], int]] = {
    "posts": dialogue.rerender,
    "notes of moderators": dialogue.rerender_notes,
    "paragraphs of cases": library.rerender_paragraphs,
    "parts of practices": library.rerender_sections,
    "introductions of agendas": agendas.rerender,
    "profiles": members.rerender,
    "terms of use": terms.rerender,
}
MENTIONING = ("posts", "notes of moderators")  # kinds of texts in which handles are links
# Posts first, with their topics: search looks at the newest documents first, and the library may stay among them.
REINDEX: dict[str, Callable[[Person, Sequence[int], PlainTexts], None]] = {
    "post": dialogue.reindex,
    "case": library.reindex_cases,
    "practice": library.reindex_practices,
    "reading": library.reindex_readings,
}

bp = Blueprint("transfer_commands", __name__, cli_group=None)


@bp.cli.command("demo")
def demo() -> None:
    """Load the demo into its own database (FORUM_DEMO=1) and say how to sign in."""
    settings: Settings = current_app.extensions["settings"]
    if not settings.is_demo:
        raise click.ClickException("Set FORUM_DEMO=1: the demo has a database of its own.")
    kept = settings.data / "demo-people.txt"
    known = federation()
    if known and not known.is_demo:
        raise click.ClickException("This database is a real forum. The demo does not go into it.")
    if not known:
        _begin_anew(settings.data / "demo-begun")
        kept.write_text(_load_demo())
        kept.chmod(0o600)
        (settings.data / "demo-begun").unlink()
    click.echo(kept.read_text() if kept.exists() else "The demo is loaded; its passwords are lost.")


@bp.cli.command("import-agenda")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--by", help="Handle of the moderator who answers for it; else an administrator.")
def import_agenda(file: IO[str], by: str | None) -> None:
    """Load a whole agenda page from FILE, in the format of docs/content-format.md."""
    try:
        agenda = actions.import_agenda(_curator(by), read_agenda(file.read()))
    except FaultyFileError as error:
        for fault in error.faults:
            click.echo(f"{file.name}:{fault.line}: {fault.message}", err=True)
        number = len(error.faults)
        things = "1 thing" if number == 1 else f"{number} things"
        raise click.ClickException(f"{things} to mend; nothing was loaded.") from None
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        click.echo(f"{file.name}:{line}: this is not UTF-8", err=True)
        raise click.ClickException("The file is not UTF-8 text; nothing was loaded.") from None
    except Refusal as error:
        raise click.ClickException(f"{error.message} Nothing was loaded.") from None
    click.echo(f"Loaded “{agenda.title}”: /agendas/{agenda.slug}")


@bp.cli.command("rerender")
def rerender() -> None:
    """Make all HTML anew that an older version of the forum has made. May be stopped and started again."""
    total = sum(map(queries.outdated_count, RERENDER))
    with told(), click.progressbar(length=total, label="Making HTML anew", show_pos=True) as bar:
        done = {kind: _rerender(kind, bar.update) for kind in RERENDER}
    made = ", ".join(f"{kind} {number:,}" for kind, number in done.items() if number)
    all_made = f"Texts made anew: {sum(done.values()):,} ({made})."
    click.echo(all_made if made else "All HTML is of today. Nothing was done.")


def _rerender(kind: str, note: Callable[[int], None]) -> int:
    """Markdown becomes HTML outside of the deeds, which leave alone what has changed meanwhile."""
    done, made = 0, written if kind in MENTIONING else write
    for sources in queries.outdated(kind, BATCH):
        texts = {key: replace(made(source), source=source) for key, source in sources.items()}
        done += RERENDER[kind](SYSTEM, texts)
        note(len(texts))
    return done


@bp.cli.command("reindex")
def reindex() -> None:
    """Make all that search knows anew from what is written, and let it forget what is gone."""
    before, total = queries.documents_count(), sum(map(queries.things_count, REINDEX))
    with (
        told(),
        click.progressbar(length=total, label="Making documents anew", show_pos=True) as bar,
    ):
        _forget(queries.stray_documents())
        for kind in REINDEX:
            _reindex(kind, bar.update)
        search.mend_words(SYSTEM)  # what a text says now takes no wrong word out of the index
    click.echo(f"Search knows {queries.documents_count():,} documents. Before it knew {before:,}.")


def _forget(strays: Sequence[tuple[str, int]]) -> None:
    for start in range(0, len(strays), DOCUMENTS):
        search.reindex(SYSTEM, dict.fromkeys(strays[start : start + DOCUMENTS]))


def _reindex(kind: str, note: Callable[[int], None]) -> None:
    for ids in queries.things(kind, DOCUMENTS):
        reindex_some(kind, ids)
        note(len(ids))


def reindex_some(kind: str, ids: Sequence[int]) -> None:
    """Make the documents of some things of a kind anew (of posts: those of the topics that they open too)."""
    sources = queries.sources_of(kind, ids)
    REINDEX[kind](SYSTEM, ids, PlainTexts((source, plain(source)) for source in sources))


@contextmanager
def told() -> Iterator[None]:
    """Let a refusal end a long command with a sentence; what it has done until then is kept."""
    try:
        yield
    except Refusal as error:
        words = error.message or "The database was busy for too long."
        raise click.ClickException(f"{words} Start the command again to finish it.") from error


def _begin_anew(begun: Path) -> None:
    """Empty a database in which loading the demo was interrupted; `begun` is a file that says that it began.

    Raises `click.ClickException` when there are people in it who are none of the demo's.
    """
    if counts()["members"]:
        if not begun.exists():
            raise click.ClickException("This database is not empty. The demo does not go into it.")
        config, command = current_app.extensions["migrate"].migrate.get_config(), "alembic.command"
        db.session.remove()
        later(command).downgrade(config, "base")
        later(command).upgrade(config, "heads")
    begun.touch()


def _load_demo() -> str:
    """Load everything; hands back the text that says how to sign in."""
    passwords = {handle: secrets.token_urlsafe(9) for handle in SHOWN.values()}
    hashes = {handle: hash_password(password) for handle, password in passwords.items()}
    hashes[""] = hash_password(secrets.token_urlsafe(32))  # nobody signs in as the others
    with click.progressbar(_steps(hashes), label="Loading the demo", show_pos=True) as steps:
        for step in steps:
            step()
    click.echo(", ".join(f"{number} {name}" for name, number in counts().items()))
    lines = [f"  {role:14} {SHOWN[role]}@example.org   {passwords[SHOWN[role]]}" for role in ROLES]
    return "\n".join(["Sign in with one of these (made for this machine):", *lines, ""])


def _steps(hashes: dict[str, str]) -> list[Callable[[], object]]:
    """The steps of the demo; the last one marks it as loaded."""
    files = [DATA / f"{part}-{name}.md" for name in AGENDAS for part in ("agenda", "dialogue")]
    return [
        lambda: load_cities(SYSTEM, city_rows()),
        lambda: _load_people(DATA / "people.md", hashes),
        *[partial(_load_agenda, file) for file in files],
        _hold_one_back,
        _make_notices,
        lambda: found_federation(SYSTEM, NAME, TAGLINE, is_demo=True),
    ]


def _hold_one_back() -> None:
    """Two rules, and a reply that waits for a moderator."""
    member, curator, administrator = (get_member(SYSTEM, handle) for handle in SHOWN.values())
    with at(NEWS_SINCE):
        for rule in RULES:
            make_rule(administrator, rule)
    open_ones = (one for one in latest_topics(member, 20) if member.can.reply(one) and not one.home)
    topic = next(one for one in open_ones if one.author_id not in (member.id, curator.id))
    with at(HELD_AT):
        dialogue.reply(member, topic.id, written(HELD_TEXT))


def _make_notices() -> None:
    """Tell the people of the demo what happened; all but the latest they have read."""
    while make_notices(SYSTEM):
        pass
    read_until(SYSTEM, NEWS_SINCE)
    with at(NEWS_SINCE):
        for member in all_members():
            dialogue.read_all(member)


def _load_people(file: Path, hashes: dict[str, str]) -> None:
    with _demo_days_over():
        actions.load_people(SYSTEM, read_people(file.read_text()), hashes)


def _load_agenda(file: Path) -> None:
    with _demo_days_over():
        actions.import_agenda(_member(CURATOR), read_agenda(file.read_text()))


def _demo_days_over() -> AbstractContextManager[None]:
    """A moment when nothing in the demo is in the future, on a machine whose clock is behind too."""
    return at(max(now(), HELD_AT))


def _curator(handle: str | None) -> Member:
    """Whom the command line names, or else the one who has run the forum for longest."""
    found = _member(handle) if handle else first_administrator()
    if found is None:
        raise click.ClickException("There is no administrator yet. Run `flask setup` first.")
    return found


def _member(handle: str) -> Member:
    found = members_called([handle])
    if handle not in found:
        raise click.ClickException(f"No member has the handle “{handle}”.")
    return found[handle]
