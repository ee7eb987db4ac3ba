"""`flask demo | import-agenda FILE | export FOLDER | import FOLDER | rerender | reindex`."""

from __future__ import annotations

import os
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
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
from forum.appeals import actions as appeals
from forum.backups import synchronise, workshop
from forum.db import at, db, now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import latest_topics, render_with_mentions
from forum.errors import Refusal
from forum.lazy import library as lazy_import
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
from forum.moderation import actions as moderation
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
    ExportedPeople,
    Writer,
    agenda_name,
    agendas_in,
    dialogue_name,
    importable_slug,
    read_agenda,
    read_people,
)
from forum.transfer.models import (
    EARLIEST,
    AgendaFile,
    ExportedDiscussion,
    ExportedPost,
    ExportedTopic,
    FaultyFileError,
    Step,
    Story,
    Tried,
)
from forum.transfer.queries import counts, members_by_handle, post_saying

T = TypeVar("T")
DATA = Path(__file__).parent / "data"
DEMO_AGENDAS = ("globally-connected", "climate-resilient", "affordable")
NAME = "Interurban"
TAGLINE = "Cities learn fastest from one another."
# The member of the demo who signs in for each role.
DEMO_ACCOUNTS = dict(
    zip(ROLES, ("wanjiru-kamau", "hanne-vestergaard", "ingrid-solberg"), strict=True)
)

# Rules before publication in the demo, and a reply that they hold back
DEMO_RULES = (
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
# A post of the demo that is hidden for what it says of a person, the appeal of its author, and the answer: who
# decides, who wrote it, who answers
HIDDEN_PEOPLE = ("diego-ferreyra", "jesper-holm", "ingrid-solberg")
HIDDEN_WORDS = "who has never run a department"
HIDDEN_BECAUSE = (
    "Your second half is about a colleague and how she earns her living, not about the 47 forms. Write"
    " what the forms keep your people from, in a new topic, and it is welcome."
)
APPEAL_TEXT = (
    "I was rough, but the first sentence is not untrue: who decides which forms are filled in should"
    " have filled in one. I would leave that half and take out the other."
)
APPEAL_ANSWER = (
    "I have read the topic and the report. The half that you would keep is an argument, and nothing"
    " stands against writing it again. The text as it stands is about a person, so it stays hidden."
)
LOCKED_BECAUSE = (
    "The question has its answer. Open a new topic if you want to go on about rankings."
)
# What authors of the demo change in their posts after some days: who, the words, and the words in their place
DEMO_EDITS = (
    (
        "claire-fontenay",
        "Notre clause de dévolution était à l'article 41.",
        "Notre clause de dévolution était à l'article 41.\n\nAjout : elle est maintenant à l'article 2.",
    ),
    ("kaarel-tamme", "by about eight points", "by six to nine points"),
)
DEMO_END = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # the demo's last day
DEMO_READ_UNTIL = datetime(2026, 11, 10, tzinfo=UTC)
DEMO_CURATOR = "hanne-vestergaard"

# Texts, and documents, in one transaction: few, so that others who write meanwhile wait only for a moment.
RERENDER_BATCH, REINDEX_BATCH = 200, 50
RERENDER: dict[str, Callable[[Person, Mapping[Any, Written]], int]] = {
    "posts": dialogue.rerender,
    "notes of moderators": dialogue.rerender_notes,
    "paragraphs of cases": library.rerender_paragraphs,
    "parts of practices": library.rerender_sections,
    "introductions of agendas": agendas.rerender,
    "profiles": members.rerender,
    "terms of use": terms.rerender,
}
KINDS_WITH_MENTIONS = ("posts", "notes of moderators")  # texts in which handles become links
# Posts first, with their topics: search ranks the newest documents only, and the library should be among them.
REINDEX: dict[str, Callable[[Person, Sequence[int], PlainTexts], None]] = {
    "post": dialogue.reindex,
    "case": library.reindex_cases,
    "practice": library.reindex_practices,
    "reading": library.reindex_readings,
}

# An export: for which readers, and how many rows are read at once. A file is loaded in one piece, so a dialogue
# continues in another file after about `POSTS_PER_FILE` posts.
READERS: dict[str, Person] = {"visitors": VISITOR, "members": ANY_MEMBER}
ROWS_AT_ONCE, POSTS_AT_ONCE, POSTS_PER_FILE = 100, 1_000, 5_000
COUNTED_KINDS = (
    *("organisations", "members", "agendas", "statements", "cases", "practices", "readings"),
    *("topics", "posts"),
)
ORDER_FIELD, HEAD_LENGTH, LAST_ORDER = (
    re.compile(r"^- order: *([0-9]{1,4}) *$", re.M),
    4_000,
    10_000,
)
SORT_KEY = itemgetter(0)
START_OVER = " Mend the file, and begin again with an empty database."
MEMBERS_ONLY_WARNING = " Much of it is for members only: give it to nobody else."
README_TEMPLATE = """\
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
        _reset_interrupted_demo(settings.data / "demo-begun")
        kept.write_text(_load_demo())
        kept.chmod(0o600)
        (settings.data / "demo-begun").unlink()
    click.echo(kept.read_text() if kept.exists() else "The demo is loaded; its passwords are lost.")


@bp.cli.command("import-agenda")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--by", help="Handle of the moderator who answers for it; else an administrator.")
def import_agenda(file: IO[str], by: str | None) -> None:
    """Load a whole agenda page from FILE, in the format of docs/content-format.md."""
    with _faults_end_command(file.name):
        agenda = actions.import_agenda(_curator(by), read_agenda(file.read()))
    click.echo(f"Loaded “{agenda.title}”: /agendas/{agenda.slug}")


@contextmanager
def _faults_end_command(name: str, then: str = "") -> Iterator[None]:
    """Let faults in the file of a name end a command, with a line for each; `then` is a sentence on how to go on."""
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
    with _faults_end_command(folder.name):
        names = [file.name for file in folder.iterdir()]
        agendas_there = agendas_in(names, _readme_in(folder))
    steps = [(folder / PEOPLE, _import_people)]
    for agenda in sorted(agendas_there, key=lambda name: _order(folder / name)):
        every = [agenda, *agendas_there[agenda]]
        steps += [(folder / one, partial(_import_file, curator)) for one in every]
    with click.progressbar(steps, label="Loading files", show_pos=True) as bar:
        for file, load in bar:
            with _faults_end_command(file.name, START_OVER):
                load(file)
    _mark_all_as_read()
    click.echo(
        f"Loaded {', '.join(f'{number:,} {name}' for name, number in queries.counts().items())}."
    )
    click.echo("`flask members address HANDLE EMAIL` lets a member ask for a password there.")


def _order(file: Path) -> tuple[int, str]:
    """The key by which agenda files are sorted: the field “order” of the agenda, and the file name."""
    with file.open(encoding="utf-8", errors="replace") as text:
        found = ORDER_FIELD.search(text.read(HEAD_LENGTH))
    return int(found[1]) if found else LAST_ORDER, file.name


def _readme_in(folder: Path) -> str:
    """The text of README.md; empty if there is none, as in a folder that was written by hand."""
    file = folder / README
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _import_people(file: Path) -> None:
    people = read_people(file.read_text(encoding="utf-8"))
    actions.import_people(SYSTEM, people, hash_password(secrets.token_urlsafe(32)))


def _import_file(curator: Member, file: Path) -> None:
    actions.import_agenda(curator, read_agenda(file.read_text(encoding="utf-8")))


def _mark_all_as_read() -> None:
    """Mark everything that was imported as read, for all members."""
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
            outgoing = Export(reader, shop / "export", _writer(), is_for_all=is_for_all)
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
    names = ExportedPeople(_unused_prefix("former-member-"), _unused_prefix("hidden-profile-"))
    return Writer(settings.url.rstrip("/"), names)


def _unused_prefix(words: str) -> str:
    """The beginning of made-up handles: these words, and as many “x-” as needed to differ from all members."""
    while queries.has_handle_beginning_with(words):
        words += "x-"
    return words


@dataclass
class TopicProgress:
    """How far a topic has been written: the numbers of its posts in the file, by id, and the time of the newest so far."""

    numbers: dict[int, int]
    latest: datetime
    last: int = 1

    def note(self, post: ExportedPost) -> None:
        """Note that a reply has been written."""
        self.last += 1
        self.numbers[post.id] = self.last
        self.latest = max(self.latest, post.created_at)


@dataclass(frozen=True)
class TopicBatch:
    """Topics that are written together, or one large topic, with their themes and follow-ups, all by topic id."""

    topics: Mapping[int, ExportedTopic | ExportedDiscussion]
    themes: Mapping[int, list[str]]
    stories: Mapping[int, Story]
    places: dict[int, TopicProgress] = field(default_factory=dict)


@dataclass
class DialogueFiles:
    """The files of one agenda's dialogue while they are written: one, or several when there are many posts.

    An archived agenda has a single file, because loading that closes the agenda.
    """

    outgoing: Export
    agenda: Agenda
    stack: ExitStack
    number: int = 0
    posts: int = 0
    has_topics: bool = False
    file: IO[str] = field(init=False)

    def begin(self) -> None:
        """Begin the next file."""
        self.stack.close()
        self.number, self.posts, self.has_topics = self.number + 1, 0, False
        name = dialogue_name(self.agenda.slug, self.number)
        self.file = self.stack.enter_context(self.outgoing.file(name))
        self.file.write(self.outgoing.writer.dialogue(self.agenda))

    def begin_topic(self, topic: ExportedTopic | ExportedDiscussion) -> None:
        """Prepare for a topic: begin a new file if there is none or it is large enough, and write the heading “Dialogue”."""
        if not self.number or (self.posts >= POSTS_PER_FILE and not self.agenda.archived_at):
            self.begin()
        if isinstance(topic, ExportedTopic) and not self.has_topics:
            self.file.write("## Dialogue\n\n")
            self.has_topics = True

    def write(self, words: str, posts: int) -> None:
        """Write the text of so many posts."""
        self.file.write(words)
        self.posts += posts


@dataclass
class Export:
    """An export while it is written, into a temporary folder that is renamed when it is complete."""

    reader: Person
    folder: Path
    writer: Writer
    is_for_all: bool
    counts: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    practices: dict[int, str] = field(default_factory=dict)

    @property
    def contents(self) -> str:
        """How much of each kind has been written, in words."""
        return ", ".join(
            f"{self.counts[name]:,} {name}" for name in COUNTED_KINDS if self.counts[name]
        )

    def write(self, note: Callable[[int], object]) -> None:
        """Write all files; `note` is called with numbers of posts. People come last: by then it is known who is mentioned."""
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
        """A new file, flushed to the disk at the end of the block."""
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
            file.write(writer.agenda(agenda, number, queries.themes_used_on(reader, agenda)))
            self._group(file, "Statements", [statements_of(agenda)], writer.statement)
            cases = map(self._with_places, queries.cases_to_write(reader, agenda, ROWS_AT_ONCE))
            self._group(file, "Cases", cases, writer.case)
            practices = map(
                self._with_tried, queries.practices_to_write(reader, agenda, ROWS_AT_ONCE)
            )
            self._group(file, "Practices", practices, self._practice)
            readings = queries.readings_to_write(reader, agenda, ROWS_AT_ONCE)
            self._group(file, "Readings", readings, writer.reading)

    def _group(
        self, file: IO[str], title: str, batches: Iterable[Sequence[T]], words: Callable[[T], str]
    ) -> None:
        """Write a heading and the sections below it, if there are any."""
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
        openings = queries.opening_ids([one.topic_id for one in practices if one.topic_id])
        tried = queries.tried_of(openings.values())
        return [(one, tried.get(openings.get(one.topic_id or 0, 0), [])) for one in practices]

    def _practice(self, one: tuple[Practice, list[Tried]]) -> str:
        practice, tried = one
        parts = sections_for(self.reader, practice)
        words = self.writer.practice(practice, parts, tried, self.practices)
        self.practices[practice.id] = importable_slug(practice.slug)
        return words

    def _name_cities(self, cities: Iterable[City | None]) -> None:
        new = {city.id: city for city in cities if city and city.id not in self.writer.cities}
        self.writer.cities |= queries.city_labels(new.values())

    def _write_dialogue(self, agenda: Agenda, note: Callable[[int], object]) -> None:
        topics = queries.topics_to_write(self.reader, agenda, POSTS_AT_ONCE)
        comments = ([one] for one in queries.discussions_to_write(self.reader, agenda))
        with ExitStack() as stack:
            parts = DialogueFiles(self, agenda, stack)
            everything: Iterator[Sequence[ExportedTopic | ExportedDiscussion]] = chain(
                topics, comments
            )
            for batch in everything:
                self._write_topics(parts, batch, note)
            if agenda.archived_at and not parts.number:
                parts.begin()

    def _write_topics(
        self,
        parts: DialogueFiles,
        topics: Sequence[ExportedTopic | ExportedDiscussion],
        note: Callable[[int], object],
    ) -> None:
        """Write some topics, or a large one in batches of posts."""
        by_id = {topic.id: topic for topic in topics}
        batch = TopicBatch(by_id, queries.themes_of_topics(by_id), queries.stories_of(by_id))
        audiences = {topic.id: topic.audience for topic in topics}
        for posts in queries.posts_in_topics(self.reader, audiences, POSTS_AT_ONCE):
            tried = queries.tried_of([post.id for post in posts if post.tried_count])
            of_topics: dict[int, list[ExportedPost]] = {topic_id: [] for topic_id in by_id}
            for post in posts:
                of_topics[post.topic_id].append(post)
            for topic_id, its_posts in of_topics.items():
                self._write_posts(parts, batch, topic_id, its_posts, tried)
            note(len(posts))

    def _write_posts(
        self,
        parts: DialogueFiles,
        batch: TopicBatch,
        topic_id: int,
        posts: Sequence[ExportedPost],
        tried: Mapping[int, list[Tried]],
    ) -> None:
        topic = batch.topics[topic_id]
        openings, replies = _split_opening(posts)
        if posts and topic_id not in batch.places:
            parts.begin_topic(topic)
            words, batch.places[topic_id] = self._topic_head(batch, topic, openings, tried)
            parts.write(words, 1)
        for post in replies:
            place, mine = batch.places[topic_id], tried.get(post.id, [])
            parts.write(self.writer.reply(post, topic, place.numbers, mine, place.latest), 1)
            place.note(post)
        self.counts["posts"] += len(replies)

    def _topic_head(
        self,
        batch: TopicBatch,
        topic: ExportedTopic | ExportedDiscussion,
        openings: Sequence[ExportedPost],
        tried: Mapping[int, list[Tried]],
    ) -> tuple[str, TopicProgress]:
        """The section of a topic above its replies, or the heading of the comments on a case or practice."""
        numbers = {post.id: 1 for post in openings}
        if isinstance(topic, ExportedDiscussion):
            return self.writer.comments(topic), TopicProgress(numbers, EARLIEST)
        opening = next(iter(openings), None)
        mine = tried.get(opening.id, []) if opening else []
        themes, story = batch.themes.get(topic.id, []), batch.stories.get(topic.id)
        self.counts["topics"] += 1
        self.counts["posts"] += len(openings)
        words = self.writer.topic(topic, opening, themes, mine, story)
        return words, TopicProgress(numbers, topic.created_at)

    # People and README.md

    def _write_people(self) -> None:
        """Write the organisations and all members, sorted by name; also those of whom only the name is known."""
        writer, people = self.writer, self.writer.people
        organisations = queries.organisations_to_write()
        self._name_cities(one.city for one in organisations)
        with self.file("people.md") as file:
            file.write("# Organisations\n\n")
            file.writelines(map(writer.organisation, organisations))
            file.write("# Members\n\n")
            gone = (
                (folded_and_sort_key(one.name)[1], writer.former_member(one))
                for one in people.without_page()
            )
            entries = merge(self._members(), sorted(gone, key=SORT_KEY), key=SORT_KEY)
            file.writelines(words for _key, words in entries)
            # Those who left the forum after the first of their posts was written
            file.writelines(map(writer.former_member, people.not_written()))
        self.counts["organisations"] += len(organisations)

    def _members(self) -> Iterator[tuple[str, str]]:
        """The sort key and the section of each member, by name."""
        for members_here in queries.members_to_write(self.reader, ROWS_AT_ONCE):
            self._name_cities(one.city for one in members_here)
            themes = queries.themes_of_members([one.id for one in members_here])
            for one in members_here:
                if self.writer.people.is_to_write(one.id):
                    yield one.sort_key, self.writer.member(one, themes.get(one.id, []))
                    self.counts["members"] += 1

    def _readme(self) -> str:
        known = federation()
        whose = "visitors" if self.is_for_all else "members"
        files = [PEOPLE, *(name for name in self.files if name[0] in "ad")]
        return README_TEMPLATE.format(
            name=known.name if known else "a forum",
            address=self.writer.address,
            at=f"{now():%Y-%m-%d %H:%M}",
            whose=whose,
            not_for_all="" if self.is_for_all else MEMBERS_ONLY_WARNING,
            contents=self.contents or "nothing",
            former=self.writer.people.former,
            hidden=self.writer.people.hidden,
            files="\n".join(f"- `{name}`" for name in files),
        )


def _split_opening(
    posts: Sequence[ExportedPost],
) -> tuple[Sequence[ExportedPost], Sequence[ExportedPost]]:
    """The opening post, if it is among these (none or one), and the other posts."""
    number = 1 if posts and posts[0].number == 1 else 0
    return posts[:number], posts[number:]


@bp.cli.command("rerender")
def rerender() -> None:
    """Make all HTML anew that an older version of the forum has made. May be stopped and started again."""
    total = sum(map(queries.outdated_count, RERENDER))
    with (
        refusals_end_command(),
        click.progressbar(length=total, label="Making HTML anew", show_pos=True) as bar,
    ):
        done = {kind: _rerender(kind, bar.update) for kind in RERENDER}
    made = ", ".join(f"{kind} {number:,}" for kind, number in done.items() if number)
    all_made = f"Texts made anew: {sum(done.values()):,} ({made})."
    click.echo(all_made if made else "All HTML is of today. Nothing was done.")


def _rerender(kind: str, note: Callable[[int], None]) -> int:
    """Render outside of the transactions; their actions skip texts that were changed meanwhile. Returns how many were done."""
    done, made = 0, render_with_mentions if kind in KINDS_WITH_MENTIONS else write
    for sources in queries.outdated(kind, RERENDER_BATCH):
        texts = {key: replace(made(source), source=source) for key, source in sources.items()}
        done += RERENDER[kind](SYSTEM, texts)
        note(len(texts))
    return done


@bp.cli.command("reindex")
def reindex() -> None:
    """Make all that search knows anew from what is written, and let it forget what is gone."""
    before, total = queries.documents_count(), sum(map(queries.indexed_count, REINDEX))
    with (
        refusals_end_command(),
        click.progressbar(length=total, label="Making documents anew", show_pos=True) as bar,
    ):
        _forget(queries.stray_documents())
        for kind in REINDEX:
            _reindex(kind, bar.update)
        search.mend_index(
            SYSTEM
        )  # rewriting a document removes no stale words from a damaged index
    click.echo(f"Search knows {queries.documents_count():,} documents. Before it knew {before:,}.")


def _forget(strays: Sequence[tuple[str, int]]) -> None:
    for start in range(0, len(strays), REINDEX_BATCH):
        search.reindex(SYSTEM, dict.fromkeys(strays[start : start + REINDEX_BATCH]))


def _reindex(kind: str, note: Callable[[int], None]) -> None:
    for ids in queries.indexed_ids(kind, REINDEX_BATCH):
        reindex_batch(kind, ids)
        note(len(ids))


def reindex_batch(kind: str, ids: Sequence[int]) -> None:
    """Write the documents of some things of a kind anew; for opening posts also those of their topics."""
    sources = queries.sources_of(kind, ids)
    REINDEX[kind](SYSTEM, ids, PlainTexts((source, plain(source)) for source in sources))


@contextmanager
def refusals_end_command() -> Iterator[None]:
    """Let a refusal end a long command with a sentence. What it has done so far is kept."""
    try:
        yield
    except Refusal as error:
        words = error.message or "The database was busy for too long."
        raise click.ClickException(f"{words} Start the command again to finish it.") from error


def _reset_interrupted_demo(begun: Path) -> None:
    """Empty the database if loading the demo was interrupted, which the existence of the file `begun` shows; create that.

    Raises `click.ClickException` when the database has members, but not from the demo.
    """
    if counts()["members"]:
        if not begun.exists():
            raise click.ClickException("This database is not empty. The demo does not go into it.")
        config, command = current_app.extensions["migrate"].migrate.get_config(), "alembic.command"
        db.session.remove()
        lazy_import(command).downgrade(config, "base")
        lazy_import(command).upgrade(config, "heads")
    begun.touch()


def _load_demo() -> str:
    """Load everything; returns a text that says how to sign in."""
    passwords = {handle: secrets.token_urlsafe(9) for handle in DEMO_ACCOUNTS.values()}
    hashes = {handle: hash_password(password) for handle, password in passwords.items()}
    hashes[""] = hash_password(secrets.token_urlsafe(32))  # nobody signs in as the others
    for step in _demo_steps(hashes):
        step()
    click.echo(", ".join(f"{number} {name}" for name, number in counts().items()))
    lines = [
        f"  {role:14} {DEMO_ACCOUNTS[role]}@example.org   {passwords[DEMO_ACCOUNTS[role]]}"
        for role in ROLES
    ]
    return "\n".join(["Sign in with one of these (made for this machine):", *lines, ""])


def _demo_steps(hashes: dict[str, str]) -> list[Callable[[], object]]:
    """The steps of loading the demo; the last one marks it as loaded."""
    return [
        _load_cities,
        lambda: _load_people(DATA / "people.md", hashes),
        _load_agendas,
        _hold_one_reply,
        _make_notices,
        lambda: found_federation(SYSTEM, NAME, TAGLINE, is_demo=True),
    ]


def _load_cities() -> None:
    rows = list(city_rows())
    with click.progressbar(length=len(rows), label="Loading the cities") as bar:
        load_cities(SYSTEM, rows, bar.update)


def _load_agendas() -> None:
    """Load what the files tell, and what was decided and edited meanwhile, in the order of time."""
    with _at_end_of_demo():
        files = [_demo_agenda(name) for name in DEMO_AGENDAS]
        others = [*_decisions(files), *_edits(files)]
        actions.load_agendas(_member(DEMO_CURATOR), files, others, _bar)


def _bar(steps: Sequence[Step]) -> AbstractContextManager[Iterable[Step]]:
    return click.progressbar(steps, label="Loading the demo", show_pos=True)


def _demo_agenda(name: str) -> AgendaFile:
    """An agenda of the demo with its dialogue, which is in a file of its own."""
    page, talk = (
        read_agenda((DATA / f"{part}-{name}.md").read_text()) for part in ("agenda", "dialogue")
    )
    return replace(
        page,
        topics=[*page.topics, *talk.topics],
        comments=[*page.comments, *talk.comments],
        faults=[*page.faults, *talk.faults],
    )


def _written_at(files: Sequence[AgendaFile], words: str) -> datetime:
    """When the text that has these words was written."""
    texts = (values for file in files for values in file.texts if words in values["text"])
    moment: datetime = next(texts)["at"]
    return moment


def _decisions(files: Sequence[AgendaFile]) -> list[Step]:
    """A moderator hides a reported post and locks its topic, and another one answers the appeal of its author."""
    written_at, made = _written_at(files, HIDDEN_WORDS), {"decision": 0, "appeal": 0}

    def hide() -> None:
        reasons = moderation.Reasons(HIDDEN_BECAUSE, rule=2)
        post = post_saying(HIDDEN_WORDS)
        made["decision"] = moderation.decide(moderator(), "post", post.id, "hide", reasons).id

    def lock() -> None:
        topic_id = post_saying(HIDDEN_WORDS).topic_id
        moderation.lock(moderator(), topic_id, moderation.Reasons(LOCKED_BECAUSE))

    def appeal() -> None:
        made["appeal"] = appeals.appeal(author(), made["decision"], APPEAL_TEXT).id

    def answer() -> None:
        appeals.decide_appeal(administrator(), made["appeal"], "upheld", APPEAL_ANSWER)

    moderator, author, administrator = (
        partial(get_member, SYSTEM, handle) for handle in HIDDEN_PEOPLE
    )
    after = {4: hide, 5: lock, 9: appeal, 24: answer}
    return [Step(written_at + timedelta(hours=hours), deed) for hours, deed in after.items()]


def _edits(files: Sequence[AgendaFile]) -> list[Step]:
    """Some authors change what they wrote, so that there are earlier versions to compare."""

    def edit(handle: str, words: str, instead: str) -> None:
        post = post_saying(words)
        text = render_with_mentions(post.source.replace(words, instead), post.language)
        dialogue.edit(get_member(SYSTEM, handle), post.id, text)

    return [
        Step(_written_at(files, words) + timedelta(days=3), partial(edit, handle, words, instead))
        for handle, words, instead in DEMO_EDITS
    ]


def _hold_one_reply() -> None:
    """Make two rules, and a reply that they hold back for a moderator."""
    member, curator, administrator = (
        get_member(SYSTEM, handle) for handle in DEMO_ACCOUNTS.values()
    )
    with at(DEMO_READ_UNTIL):
        for rule in DEMO_RULES:
            make_rule(administrator, rule)
    open_ones = (one for one in latest_topics(member, 20) if member.can.reply(one) and not one.home)
    topic = next(one for one in open_ones if one.author_id not in (member.id, curator.id))
    with at(DEMO_END):
        dialogue.reply(member, topic.id, render_with_mentions(HELD_TEXT))


def _make_notices() -> None:
    """Make the notices of the demo's people, and mark all but the latest as read."""
    while make_notices(SYSTEM):
        pass
    read_until(SYSTEM, DEMO_READ_UNTIL)
    with at(DEMO_READ_UNTIL):
        for member in all_members():
            dialogue.read_all(member)


def _load_people(file: Path, hashes: dict[str, str]) -> None:
    with _at_end_of_demo():
        actions.load_people(SYSTEM, read_people(file.read_text()), hashes)


def _at_end_of_demo() -> AbstractContextManager[None]:
    """Set the time to the end of the demo, or now if that is later, so that nothing in the demo is in the future."""
    return at(max(now(), DEMO_END))


def _curator(handle: str | None) -> Member:
    """The moderator whom the command line names, or else the first administrator."""
    found = _member(handle) if handle else first_administrator()
    if found is None:
        raise click.ClickException("There is no administrator yet. Run `flask setup` first.")
    return found


def _member(handle: str) -> Member:
    found = members_by_handle([handle])
    if handle not in found:
        raise click.ClickException(f"No member has the handle “{handle}”.")
    return found[handle]
