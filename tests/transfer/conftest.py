"""A valid content file of an agenda; and marks and an intention on a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from forum.clock import month_end
from forum.db import ClosableSession, db
from forum.dialogue import actions as dialogue
from forum.library import actions as library
from forum.members import actions as members
from forum.members.actions import Joining
from forum.permissions import SYSTEM
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from forum.transfer.models import FaultyFileError
from forum.transfer.queries import agenda_by_slug, counts, opening_post
from tests.conftest import disable_newcomer_rules, load_sample_cities
from tests.forums import Forum, forums

GOOD = """\
# Making Cities Green
- slug: green
- palette: park
- pattern: green-fingers
- summary: Trees.
- hosts: ana-prado
- new themes: trees

Why trees matter.

## Statements
### Ben Okoth
- said on: 2026

Plant them early.

## Cases
### A street
- slug: a-street
- kind: city project
- summary: One street.
- places: Nairobi, KE; 東京, JP
- figure: Trees | 12 | trees | 2025 | Our count
- link: The street | https://example.org/street

First paragraph.

Second paragraph.

## Practices
### Pits before trees
- slug: pits
- by: ben-okoth
- sentence: Dig first.
- published on: 2026-10-01
- tried: ana-prado | kept | It works.
- wants: chitra-desai | 2027-02

#### Challenge
Trees died.
#### What did not work
Small pits.

## Readings
### A book
- authors: Somebody
- year: 1961

It says why.

## Dialogue
### Where do you buy trees?
- kind: question
- by: ana-prado
- at: 2026-10-02 09:00
- themes: trees
- useful: ben-okoth
- asked: ben-okoth | 2026-10-02 09:10
- asked: chitra-desai | 2026-10-02 09:10 | passed on to mona-berg
- asked: adam-de-wit | 2026-10-02 09:20 | not me
- all members told: 2026-11-01 08:00
- followed up: 2026-11-02 09:00 | partly | We bought ten. | Two died.

##### What we tried
Nurseries.

#### ben-okoth, 2026-10-02 10:00
- answer: yes
- report: ana-prado | spam | Odd.

> #1
> Nurseries.

Ask the parks.

## Comments on case a-street
#### ana-prado, 2026-10-03 10:00
- paragraph: 2

About the second.
"""


def try_case(people: Any, topic_id: int) -> None:
    """Ana and Ben have tried the case of a topic, and Chitra wants to."""
    opening = opening_post(topic_id)
    dialogue.mark(
        people.ana, opening.id, "tried it", "adapted", "Louder | at first.", language="fr"
    )
    dialogue.mark(people.ben, opening.id, "tried it", "stopped")
    library.intend(people.chitra, topic_id, month_end(3))


Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=[str(word) for word in words])


def texts(folder: Path) -> dict[str, str]:
    """The texts of an export's files, without the one with its date; pictures with one character for each byte."""
    files = sorted(
        file for file in folder.rglob("*") if file.is_file() and file.name != "README.md"
    )
    return {
        str(file.relative_to(folder)): file.read_bytes().decode(
            "latin-1" if file.suffix in (".webp", ".pdf") else "utf-8"
        )
        for file in files
    }


def exported(run: Run, folder: Path, *words: str) -> str:
    """The whole text of an export."""
    done = run("export", folder, *words)
    assert done.exit_code == 0, done.output
    return "\n".join([*texts(folder).values(), (folder / "README.md").read_text()])


Elsewhere = Callable[[], AbstractContextManager[Callable[..., Forum]]]


@pytest.fixture
def elsewhere(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """Yields a function that makes new forums, as `flask setup` does; they use sessions of their own, not that of the test."""

    @contextmanager
    def new_forums() -> Iterator[Callable[..., Forum]]:
        options = {"expire_on_commit": False, "class_": ClosableSession}
        ours, db.session = db.session, db._make_scoped_session(options)
        try:
            with forums(database_url, tmp_path_factory) as make:
                yield lambda **more: set_up(make(f"forum-{next(numbers)}", has_tables=True, **more))
        finally:
            db.session = ours

    return new_forums


numbers = count(1)


class Inside(Forum):
    """A forum whose commands run in its own application context, not in that of the test."""

    def run(self, *words: Any) -> Result:
        """Run `flask …` in this process."""
        with self.app.app_context():
            return super().run(*words)


def set_up(forum: Forum) -> Forum:
    with forum.app.app_context():
        load_sample_cities()
        disable_newcomer_rules()
        members.set_up(SYSTEM, "New", "", Joining("Zoe Setup", "zoe@example.org", "-"))
    return Inside(forum.app, forum.data)


def line_of(source: str, where: str) -> int:
    return 1 + source[: source.index(where)].count("\n")


def faults_of(source: str) -> list[str]:
    return [str(fault) for fault in read_agenda(source).faults]


def refused(people: Any, source: str) -> list[str]:
    """The faults of a refused import; checks that it has written nothing."""
    before = counts()
    with pytest.raises(FaultyFileError) as caught:
        import_agenda(people.moderator, read_agenda(source))
    assert counts() == before
    assert agenda_by_slug("green") is None
    return [str(fault) for fault in caught.value.faults]


def case_with(words: str) -> str:
    """The file with lines about members who have tried the case, or want to."""
    return GOOD.replace("- places: Nairobi", f"{words}\n- places: Nairobi")
