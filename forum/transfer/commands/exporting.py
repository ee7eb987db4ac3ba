"""`flask export FOLDER`: what goes into the folder, in which order, and the README.md that explains it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from forum import permissions, web
from forum.backups import synchronise, workshop
from forum.clock import now
from forum.errors import Refusal
from forum.members.queries import forum_name
from forum.permissions import ANY_MEMBER, VISITOR, Person
from forum.transfer import queries
from forum.transfer.commands._export import Export
from forum.transfer.commands._export_agendas import write_agenda
from forum.transfer.commands._export_dialogue import write_dialogue
from forum.transfer.commands._export_glossary import write_glossary
from forum.transfer.commands._export_people import write_people
from forum.transfer.commands._shared import bp
from forum.transfer.forms import PEOPLE, README, ExportedPeople, Writer

READERS: dict[str, Person] = {"visitors": VISITOR, "members": ANY_MEMBER}
MEMBERS_ONLY_WARNING = " Much of it is for members only: give it to nobody else."
PREPARATION_WARNING = (
    " It holds the agendas in preparation: give it to nobody but their hosts and moderators."
)
PICTURES_SENTENCE = "\n\nThe pictures that the texts show are in the folder `pictures`; at its end each file says whose its pictures are."
FILES_SENTENCE = "\n\nThe files to which the texts link are in the folder `files`; at its end each file with texts says whose they are."
PORTRAITS_SENTENCE = "\n\nThe pictures that members show of themselves are in the folder `portraits`; `people.md` says whose they are."
README_TEMPLATE = """\
# What this folder is

Everything that {whose} may read of the forum “{name}” at {address}, written by `flask export` on {at} UTC: {contents}.{not_for_all}

The files are text in UTF-8 and can be read as they are. `docs/content-format.md` of the forum's program says what each
line means.{pictures}

{files}

# What is not in it

No e-mail addresses, passwords, settings, notices or letters, and nothing that these readers cannot see: what is hidden,
removed, deleted, a draft, or waits for a moderator; who reported, moderated, or was asked for advice; whether somebody
moderates.

The format has no words for: how often a post was found useful and by whom; what a post or page said before; notes of
moderators; the seconds of moments; for which organisation somebody wrote who has left it since; where a topic or post
stood before it was moved, split or merged; that a practice was adapted from one that stands in a later file; who comes to a
meeting, how it is joined online, and in which topic it went on; line breaks in what has one line; addresses of topics and
posts. The rules and the terms of the forum are not in it either.

Who has left is called `{former}…`, whose profile is hidden `{hidden}…`: the name is the one that pages show.

# How it is loaded

Into a new forum (`flask setup`), with `flask import FOLDER`. An agenda alone is loaded with `flask import-agenda FILE` where
its members have accounts of these handles; the files of an agenda in the order above.
"""


@bp.cli.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--readers",
    type=click.Choice(list(READERS)),
    default="visitors",
    show_default=True,
    help="Whose view of the forum is written.",
)
@click.option("--with-preparation", is_flag=True, help="Write the agendas in preparation, too.")
def export(folder: Path, readers: str, with_preparation: bool) -> None:
    """Write all that visitors, or members, may read into FOLDER, as text files of docs/content-format.md."""
    target = folder.resolve()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise click.ClickException(f"{folder} is not an empty folder. Name a new one.")
    reader = READERS[readers]
    if with_preparation:
        reader = permissions.with_preparation(reader)
    total = queries.posts_to_write(reader)
    try:
        with workshop(target) as shop:
            outgoing = Export(reader, shop / "export", _writer())
            with click.progressbar(length=total, label="Writing posts", show_pos=True) as bar:
                _write(outgoing, readers, bar.update)
            outgoing.folder.replace(target)
            synchronise(target.parent)
    except Refusal as error:
        raise click.ClickException(error.message) from None
    click.echo(f"Wrote {outgoing.contents} into {folder}.")
    for name, number in sorted(outgoing.writer.left_out.items()):
        click.echo(f"Left out, because no file takes it as it is: “{name}”, {number:,} times")


def _writer() -> Writer:
    names = ExportedPeople(_unused_prefix("former-member-"), _unused_prefix("hidden-profile-"))
    return Writer(web.settings().url.rstrip("/"), names)


def _unused_prefix(words: str) -> str:
    """The beginning of made-up handles: these words, preceded by “x-” as often as needed to differ from all members."""
    while queries.has_handle_beginning_with(words):
        words += "x-"
    return words


def _write(outgoing: Export, readers: str, note: Callable[[int], object]) -> None:
    """Write all files; `note` is called with numbers of posts. People come last, because only then is it known who is mentioned."""
    outgoing.folder.mkdir(mode=0o700)
    for number, agenda in enumerate(queries.agendas_to_write(outgoing.reader), 1):
        write_agenda(outgoing, agenda, number)
        write_dialogue(outgoing, agenda, note)
        outgoing.counts["agendas"] += 1
    write_glossary(outgoing)
    write_people(outgoing)
    readme = _readme(outgoing, readers)
    with outgoing.file(README) as file:
        file.write(readme)


def _readme(outgoing: Export, readers: str) -> str:
    people = outgoing.writer.people
    warnings = "" if readers == "visitors" else MEMBERS_ONLY_WARNING
    warnings += PREPARATION_WARNING if outgoing.reader.sees_preparation else ""
    files = [PEOPLE, *(name for name in outgoing.files if name != PEOPLE)]
    return README_TEMPLATE.format(
        name=forum_name() or "a forum",
        address=outgoing.writer.address,
        at=f"{now():%Y-%m-%d %H:%M}",
        whose=readers,
        not_for_all=warnings,
        contents=outgoing.contents,
        pictures=(PICTURES_SENTENCE if outgoing.counts["pictures"] else "")
        + (FILES_SENTENCE if outgoing.counts["files"] else "")
        + (PORTRAITS_SENTENCE if outgoing.counts["portraits"] else ""),
        former=people.former,
        hidden=people.hidden,
        files="\n".join(f"- `{name}`" for name in files),
    )
