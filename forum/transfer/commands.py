"""`flask demo | import-agenda FILE | export FOLDER | import FOLDER | rerender | reindex`."""

from __future__ import annotations

import os
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from heapq import merge
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, TypeVar

import click
from flask import Blueprint, current_app

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.agendas.queries import statements_of
from forum.backups import synchronise, workshop
from forum.db import at, db, now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import latest_topics, written
from forum.errors import Refusal
from forum.lazy import library as later
from forum.library import actions as library
from forum.library.models import Case, Practice
from forum.library.queries import sections_for
from forum.markup import PlainTexts, Written, plain, write
from forum.members import actions as members
from forum.members.actions import found_federation, load_cities
from forum.members.commands import city_rows
from forum.members.models import City, Member
from forum.members.queries import (
    all_members,
    federation,
    first_administrator,
    folded_and_sort_key,
    get_member,
)
from forum.notifications.actions import make_notices, read_until
from forum.passwords import hash_password
from forum.permissions import ANY_MEMBER, ROLES, SYSTEM, VISITOR, Person
from forum.screening.actions import RuleText, make_rule
from forum.search import actions as search
from forum.settings import Settings
from forum.terms import actions as terms
from forum.transfer import actions, queries
from forum.transfer.forms import (
    PEOPLE,
    README,
    Names,
    Writer,
    agenda_name,
    agendas_in,
    dialogue_name,
    fitting,
    read_agenda,
    read_people,
)
from forum.transfer.models import Discussed, FaultyFileError, Opened, Said, Story, Tried
from forum.transfer.queries import counts, members_called

T = TypeVar("T")
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

# An export: whose eyes it is written with, and how much is read at once. A file of a dialogue is not much larger than
# `LARGE`, because it is loaded as a whole.
READERS: dict[str, Person] = {"visitors": VISITOR, "members": ANY_MEMBER}
FEW, POSTS, LARGE = 100, 1_000, 5_000
COUNTED = (
    *("organisations", "members", "agendas", "statements", "cases", "practices", "readings"),
    *("topics", "posts"),
)
ORDER, HEAD, LAST = re.compile(r"^- order: *([0-9]{1,4}) *$", re.M), 4_000, 10_000
KEY = itemgetter(0)
ANEW = " Mend the file, and begin again with an empty database."
BEGINNING = datetime.min.replace(tzinfo=UTC)
FOR_MEMBERS = " Much of it is for members only: give it to nobody else."
ABOUT = """\
# What this folder is

Everything that {whose} may read of the forum “{name}” at {address}, written by `flask export` on {at} UTC: {contents}.{not_for_all}

The files are text in UTF-8 and can be read as they are. `docs/content-format.md` of the forum's program says what each
line means.

{files}

# What is not in it

No e-mail addresses, passwords, settings, notices or letters, and nothing that these readers cannot see: what is hidden,
removed, deleted, a draft, or waits for a moderator; who reported, moderated, or was asked for advice; whether somebody
moderates.

The format has no words for: how often a post was found useful and by whom; what a post or page said before; notes of
moderators; the seconds of moments; for which organisation somebody wrote who has left it since; where a topic or post
stood before it was moved, split or merged; that a practice was adapted from one that stands in a later file; line breaks in
what has one line; addresses of topics and posts. The rules and the terms of the forum are not in it either.

Who has left is called `{former}…`, whose profile is hidden `{hidden}…`: the name is the one that pages show.

# How it is loaded

Into a new forum (`flask setup`), with `flask import FOLDER`. An agenda alone is loaded with `flask import-agenda FILE` where
its members have accounts of these handles; the files of an agenda in the order above.
"""

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
    with _told_of_faults(file.name):
        agenda = actions.import_agenda(_curator(by), read_agenda(file.read()))
    click.echo(f"Loaded “{agenda.title}”: /agendas/{agenda.slug}")


@contextmanager
def _told_of_faults(name: str, then: str = "") -> Iterator[None]:
    """Let what is wrong in a file end a command, a line for each fault; `then` says how to go on."""
    try:
        yield
    except FaultyFileError as error:
        for fault in error.faults:
            click.echo(f"{name}:{fault.line}: {fault.message}", err=True)
        number = len(error.faults)
        things = "1 thing" if number == 1 else f"{number} things"
        raise click.ClickException(f"{things} to mend; nothing was loaded.{then}") from None
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        click.echo(f"{name}:{line}: this is not UTF-8", err=True)
        words = "The file is not UTF-8 text; nothing was loaded."
        raise click.ClickException(f"{words}{then}") from None
    except Refusal as error:
        raise click.ClickException(f"{error.message} Nothing was loaded.{then}") from None


@bp.cli.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--by", help="Handle of the moderator who answers for it; else an administrator.")
def import_folder(folder: Path, by: str | None) -> None:
    """Load an export, FOLDER, into a forum that has been set up and holds nothing else."""
    curator = _curator(by)
    if queries.counts()["agendas"] or queries.organisation_ids():
        raise click.ClickException("This forum holds something already. Import into a new one.")
    if not (folder / PEOPLE).exists():
        raise click.ClickException(f"There is no {PEOPLE} in {folder}: this is no export.")
    with _told_of_faults(folder.name):
        names = [file.name for file in folder.iterdir()]
        agendas_there = agendas_in(names, _readme_in(folder))
    steps = [(folder / PEOPLE, _import_people)]
    for agenda in sorted(agendas_there, key=lambda name: _order(folder / name)):
        every = [agenda, *agendas_there[agenda]]
        steps += [(folder / one, partial(_import_file, curator)) for one in every]
    with click.progressbar(steps, label="Loading files", show_pos=True) as bar:
        for file, load in bar:
            with _told_of_faults(file.name, ANEW):
                load(file)
    _make_old()
    click.echo(
        f"Loaded {', '.join(f'{number:,} {name}' for name, number in queries.counts().items())}."
    )
    click.echo("`flask members address HANDLE EMAIL` lets a member ask for a password there.")


def _order(file: Path) -> tuple[int, str]:
    """Which of the agendas an agenda file holds, by its head."""
    with file.open(encoding="utf-8", errors="replace") as text:
        found = ORDER.search(text.read(HEAD))
    return int(found[1]) if found else LAST, file.name


def _readme_in(folder: Path) -> str:
    """What the folder says of itself; who has written the files by hand may have left that out."""
    file = folder / README
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _import_people(file: Path) -> None:
    people = read_people(file.read_text(encoding="utf-8"))
    actions.import_people(SYSTEM, people, hash_password(secrets.token_urlsafe(32)))


def _import_file(curator: Member, file: Path) -> None:
    actions.import_agenda(curator, read_agenda(file.read_text(encoding="utf-8")))


def _make_old() -> None:
    """What has been loaded is no news to anybody."""
    while make_notices(SYSTEM):
        pass
    read_until(SYSTEM, now())
    for member in all_members():
        dialogue.read_all(member)


@bp.cli.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--readers", type=click.Choice(list(READERS)), default="visitors", show_default=True)
def export(folder: Path, readers: str) -> None:
    """Write all that visitors, or members, may read into FOLDER, as text files of docs/content-format.md."""
    target = folder.resolve()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise click.ClickException(f"{folder} is not an empty folder. Name a new one.")
    reader, is_for_all = READERS[readers], readers == "visitors"
    total = queries.posts_to_write(reader)
    try:
        with workshop(target) as shop:
            outgoing = Outgoing(reader, shop / "export", _writer(), is_for_all=is_for_all)
            with click.progressbar(length=total, label="Writing posts", show_pos=True) as bar:
                outgoing.write(bar.update)
            (shop / "export").replace(target)
            synchronise(target.parent)
    except Refusal as error:
        raise click.ClickException(error.message) from None
    click.echo(f"Wrote {outgoing.contents} into {folder}.")
    for name, number in sorted(outgoing.writer.left_out.items()):
        click.echo(f"Left out, because no file takes it as it is: “{name}”, {number:,} times")


def _writer() -> Writer:
    settings: Settings = current_app.extensions["settings"]
    names = Names(_beginning("former-member-"), _beginning("hidden-profile-"))
    return Writer(settings.url.rstrip("/"), names)


def _beginning(words: str) -> str:
    """How made handles begin: as no handle of a member does."""
    while queries.is_begun_by(words):
        words += "x-"
    return words


@dataclass
class Place:
    """Where one is in a topic: the numbers that its posts have in the file by id, and the latest moment so far."""

    numbers: dict[int, int]
    latest: datetime
    last: int = 1

    def note(self, post: Said) -> None:
        """Count a reply that has been written."""
        self.last += 1
        self.numbers[post.id] = self.last
        self.latest = max(self.latest, post.created_at)


@dataclass(frozen=True)
class Some:
    """A few topics that are written together, or a large one, with what belongs to them."""

    topics: Mapping[int, Opened | Discussed]
    themes: Mapping[int, list[str]]
    stories: Mapping[int, Story]
    places: dict[int, Place] = field(default_factory=dict)


@dataclass
class Parts:
    """The files of one dialogue while they are written: one, or several when there are many posts.

    Each is loaded as a whole. The last file of an archived agenda closes it, so that it has no other.
    """

    outgoing: Outgoing
    agenda: Agenda
    stack: ExitStack
    number: int = 0
    posts: int = 0
    has_topics: bool = False
    file: IO[str] = field(init=False)

    def begin(self) -> None:
        """Go on in a new file."""
        self.stack.close()
        self.number, self.posts, self.has_topics = self.number + 1, 0, False
        name = dialogue_name(self.agenda.slug, self.number)
        self.file = self.stack.enter_context(self.outgoing.file(name))
        self.file.write(self.outgoing.writer.dialogue(self.agenda))

    def begin_topic(self, topic: Opened | Discussed) -> None:
        """Go on in a new file if this one is large."""
        if not self.number or (self.posts >= LARGE and not self.agenda.archived_at):
            self.begin()
        if isinstance(topic, Opened) and not self.has_topics:
            self.file.write("## Dialogue\n\n")
            self.has_topics = True

    def write(self, words: str, posts: int) -> None:
        """Write so many posts."""
        self.file.write(words)
        self.posts += posts


@dataclass
class Outgoing:
    """An export while it is written, into a folder that nobody takes for a whole one yet."""

    reader: Person
    folder: Path
    writer: Writer
    is_for_all: bool
    counts: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    practices: dict[int, str] = field(default_factory=dict)

    @property
    def contents(self) -> str:
        """How much of everything has been written, in words."""
        return ", ".join(f"{self.counts[name]:,} {name}" for name in COUNTED if self.counts[name])

    def write(self, note: Callable[[int], object]) -> None:
        """Write everything; `note` is told of posts. People come last: then it is known who is named."""
        self.folder.mkdir(mode=0o700)
        for number, agenda in enumerate(queries.agendas_to_write(self.reader), 1):
            self._write_agenda(agenda, number)
            self._write_dialogue(agenda, note)
            self.counts["agendas"] += 1
        self._write_people()
        with self.file(README) as file:
            file.write(self._readme())

    @contextmanager
    def file(self, name: str) -> Iterator[IO[str]]:
        """A new file, which is on the disk when it is left."""
        path = self.folder / name
        path.touch(mode=0o600, exist_ok=False)
        self.files.append(name)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def _write_agenda(self, agenda: Agenda, number: int) -> None:
        writer, reader = self.writer, self.reader
        with self.file(agenda_name(agenda.slug)) as file:
            file.write(writer.agenda(agenda, number, queries.themes_said(reader, agenda)))
            self._group(file, "Statements", [statements_of(agenda)], writer.statement)
            cases = map(self._with_places, queries.cases_to_write(reader, agenda, FEW))
            self._group(file, "Cases", cases, writer.case)
            practices = map(self._with_tried, queries.practices_to_write(reader, agenda, FEW))
            self._group(file, "Practices", practices, self._practice)
            readings = queries.readings_to_write(reader, agenda, FEW)
            self._group(file, "Readings", readings, writer.reading)

    def _group(
        self, file: IO[str], title: str, batches: Iterable[Sequence[T]], words: Callable[[T], str]
    ) -> None:
        """A section with all its things, if there are any."""
        number = 0
        for things in batches:
            if things and not number:
                file.write(f"## {title}\n\n")
            file.writelines(map(words, things))
            number += len(things)
        self.counts[title.lower()] += number

    def _with_places(self, cases: Sequence[Case]) -> Sequence[Case]:
        self._name_cities(city for case in cases for city in case.places)
        return cases

    def _with_tried(self, practices: Sequence[Practice]) -> Sequence[tuple[Practice, list[Tried]]]:
        self._name_cities(one.city for one in practices)
        openings = queries.openings_of([one.topic_id for one in practices if one.topic_id])
        tried = queries.tried_of(openings.values())
        return [(one, tried.get(openings.get(one.topic_id or 0, 0), [])) for one in practices]

    def _practice(self, one: tuple[Practice, list[Tried]]) -> str:
        practice, tried = one
        parts = sections_for(self.reader, practice)
        words = self.writer.practice(practice, parts, tried, self.practices)
        self.practices[practice.id] = fitting(practice.slug)
        return words

    def _name_cities(self, cities: Iterable[City | None]) -> None:
        new = {city.id: city for city in cities if city and city.id not in self.writer.cities}
        self.writer.cities |= queries.city_words(new.values())

    def _write_dialogue(self, agenda: Agenda, note: Callable[[int], object]) -> None:
        topics = queries.topics_to_write(self.reader, agenda, POSTS)
        comments = ([one] for one in queries.discussed(self.reader, agenda))
        with ExitStack() as stack:
            parts = Parts(self, agenda, stack)
            everything: Iterator[Sequence[Opened | Discussed]] = chain(topics, comments)
            for some in everything:
                self._write_some(parts, some, note)
            if agenda.archived_at and not parts.number:
                parts.begin()

    def _write_some(
        self, parts: Parts, topics: Sequence[Opened | Discussed], note: Callable[[int], object]
    ) -> None:
        """Write a few topics, or a large one in portions."""
        by_id = {topic.id: topic for topic in topics}
        some = Some(by_id, queries.themes_of_topics(by_id), queries.stories_of(by_id))
        audiences = {topic.id: topic.audience for topic in topics}
        for posts in queries.posts_of(self.reader, audiences, POSTS):
            tried = queries.tried_of([post.id for post in posts if post.tried_count])
            of_topics: dict[int, list[Said]] = {topic_id: [] for topic_id in by_id}
            for post in posts:
                of_topics[post.topic_id].append(post)
            for topic_id, its_posts in of_topics.items():
                self._write_posts(parts, some, topic_id, its_posts, tried)
            note(len(posts))

    def _write_posts(
        self,
        parts: Parts,
        some: Some,
        topic_id: int,
        posts: Sequence[Said],
        tried: Mapping[int, list[Tried]],
    ) -> None:
        topic = some.topics[topic_id]
        openings, replies = _parted(posts)
        if posts and topic_id not in some.places:
            parts.begin_topic(topic)
            words, some.places[topic_id] = self._head(some, topic, openings, tried)
            parts.write(words, 1)
        for post in replies:
            place, mine = some.places[topic_id], tried.get(post.id, [])
            parts.write(self.writer.reply(post, topic, place.numbers, mine, place.latest), 1)
            place.note(post)
        self.counts["posts"] += len(replies)

    def _head(
        self,
        some: Some,
        topic: Opened | Discussed,
        openings: Sequence[Said],
        tried: Mapping[int, list[Tried]],
    ) -> tuple[str, Place]:
        """What stands above the replies of a topic; the post that opens a case or practice is that itself."""
        numbers = {post.id: 1 for post in openings}
        if isinstance(topic, Discussed):
            return self.writer.comments(topic), Place(numbers, BEGINNING)
        opening = next(iter(openings), None)
        mine = tried.get(opening.id, []) if opening else []
        themes, story = some.themes.get(topic.id, []), some.stories.get(topic.id)
        self.counts["topics"] += 1
        self.counts["posts"] += len(openings)
        words = self.writer.topic(topic, opening, themes, mine, story)
        return words, Place(numbers, topic.created_at)

    # People, and what the folder is

    def _write_people(self) -> None:
        """The organisations and members, and in their place those of whom no more than the name is said."""
        writer, names = self.writer, self.writer.names
        organisations = queries.organisations_to_write()
        self._name_cities(one.city for one in organisations)
        with self.file("people.md") as file:
            file.write("# Organisations\n\n")
            file.writelines(map(writer.organisation, organisations))
            file.write("# Members\n\n")
            gone = (
                (folded_and_sort_key(one.name)[1], writer.other(one))
                for one in names.without_page()
            )
            people = merge(self._members(), sorted(gone, key=KEY), key=KEY)
            file.writelines(words for _key, words in people)
            # Who has left since the first of their posts was written
            file.writelines(map(writer.other, names.not_written()))
        self.counts["organisations"] += len(organisations)

    def _members(self) -> Iterator[tuple[str, str]]:
        """The members by name: the keys of that order, and what the file says of each."""
        for members_here in queries.members_to_write(self.reader, FEW):
            self._name_cities(one.city for one in members_here)
            themes = queries.themes_of_members([one.id for one in members_here])
            for one in members_here:
                if self.writer.names.is_to_write(one.id):
                    yield one.sort_key, self.writer.member(one, themes.get(one.id, []))
                    self.counts["members"] += 1

    def _readme(self) -> str:
        known = federation()
        whose = "visitors" if self.is_for_all else "members"
        files = [PEOPLE, *(name for name in self.files if name[0] in "ad")]
        return ABOUT.format(
            name=known.name if known else "a forum",
            address=self.writer.address,
            at=f"{now():%Y-%m-%d %H:%M}",
            whose=whose,
            not_for_all="" if self.is_for_all else FOR_MEMBERS,
            contents=self.contents or "nothing",
            former=self.writer.names.former,
            hidden=self.writer.names.hidden,
            files="\n".join(f"- `{name}`" for name in files),
        )


def _parted(posts: Sequence[Said]) -> tuple[Sequence[Said], Sequence[Said]]:
    """The post that opens a topic, if it is among these, and the others."""
    number = 1 if posts and posts[0].number == 1 else 0
    return posts[:number], posts[number:]


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
        search.mend_index(SYSTEM)  # what a text says now takes no wrong word out of the index
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
