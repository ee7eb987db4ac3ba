"""README.md, CONTRIBUTING.md and docs/ agree with the code: settings, commands, fields, links and rooms."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask
from flask_migrate.cli import db

from forum import settings
from forum.supervisor import THREADS
from forum.transfer.forms import schemas
from forum.transfer.forms._sections import Schema

TOP = Path(__file__).parent.parent
DOCUMENTS = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "docs").glob("*.md"))]
SETTING = re.compile(r"\bFORUM_[A-Z_]+[A-Z]")
OF_TESTS = {"FORUM_TEST_ALL", "FORUM_SHOTS"}
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
COMMAND = re.compile(r"\bflask(?: --app wsgi)? (?!--app|…)([^`'\n#]+)")
LINK = re.compile(r"\]\((?!https?://)([^)\s]+)\)")
# The sections of docs/content-format.md with the kinds of sections in a file that they describe
SCHEMAS = {
    "## The agenda": (schemas.AGENDA, schemas.CONTINUATION),
    "### `## Findings`": (schemas.FINDINGS,),
    "### `## Statements`": (schemas.STATEMENT,),
    "### `## Cases`": (schemas.CASE,),
    "### `## Practices`": (schemas.PRACTICE,),
    "### `## Translations`": (schemas.TRANSLATION,),
    "### `## Readings`": (schemas.READING,),
    "### `## Declarations`": (schemas.DECLARATION,),
    "### `## Commitments`": (schemas.COMMITMENT,),
    "### `## Meetings`": (schemas.MEETING,),
    "### `## Dialogue`": (schemas.TOPIC, schemas.POST),
    "### `## Pictures`": (schemas.PICTURE,),
    "### `## Files`": (schemas.FILE,),
    "## Glossary": (schemas.ENTRY, schemas.WORDING),
    "## People": (schemas.ORGANISATION, schemas.MEMBER),
}

documents = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)


# Settings


def settings_in_table() -> set[str]:
    return set(re.findall(r"^\| (FORUM_\w+) \|", settings.__doc__ or "", re.M))


def test_the_table_has_each_setting_that_is_read() -> None:
    code = Path(settings.__file__).read_text().replace(settings.__doc__ or "", "")
    assert settings_in_table() == set(re.findall(r"\"(FORUM_\w+)\"", code))


@documents
def test_a_document_names_only_settings_that_there_are(path: Path) -> None:
    known = settings_in_table() | (OF_TESTS if path.name == "CONTRIBUTING.md" else set())
    assert set(SETTING.findall(path.read_text())) <= known


def test_the_map_names_the_settings_of_the_tests() -> None:
    named = set(SETTING.findall((TOP / "CONTRIBUTING.md").read_text()))
    read = {
        name
        for path in (TOP / "tests").rglob("*.py")
        for name in re.findall(r"environ\.get\(\"(FORUM_\w+)\"", path.read_text())
    }
    assert named >= OF_TESTS and read - settings_in_table() == OF_TESTS


# Commands


@documents
def test_a_document_names_only_commands_and_options_that_there_are(path: Path, app: Flask) -> None:
    text = path.read_text()
    for code in [*FENCED.findall(text), *INLINE.findall(FENCED.sub("", text))]:
        for words in COMMAND.findall(code):
            app.cli.list_commands(click.Context(app.cli))  # loads all commands
            commands = click.Group(commands={**app.cli.commands, "db": db})
            assert not unknown(commands, words.split()), words


def unknown(command: click.Command, words: list[str]) -> list[str]:
    """The words that are neither subcommands nor options of a command."""
    found = []
    for word in words:
        options = {
            name for param in command.params for name in (*param.opts, *param.secondary_opts)
        }
        if isinstance(command, click.Group) and word != "COMMAND":
            if word in command.commands:
                command = command.commands[word]
            else:
                found.append(word)
        elif re.fullmatch(r"--?[a-z-]+", word) and word not in options:
            found.append(word)
    return found


# The format of content files


def section(heading: str) -> str:
    """The text below a heading, up to the next heading of the same or a higher level."""
    text = FENCED.sub("", (TOP / "docs/content-format.md").read_text())
    level = heading.partition(" ")[0]
    _before, found, after = text.partition(f"\n{heading}\n")
    assert found, heading
    return re.split(rf"^#{{2,{len(level)}}} ", after, maxsplit=1, flags=re.M)[0]


@pytest.mark.parametrize("heading", SCHEMAS)
def test_the_format_tells_each_field_and_no_other(heading: str) -> None:
    rows: list[list[str]] = []
    for line in re.findall(r"^\|(.*)\|$", section(heading), re.M):
        rows.append(re.split(r"(?<!\\)\|", line))
    told = {name for row in rows for name in INLINE.findall(row[0])}
    needed = {
        name for row in rows for name in INLINE.findall(row[0]) if row[-1].strip() == "needed"
    }
    assert told == {name for schema in SCHEMAS[heading] for name in fields(schema)}
    assert needed == {name for schema in SCHEMAS[heading] for name in schema.required}


def test_the_format_tells_each_kind_of_section() -> None:
    kinds = [schema for schema in vars(schemas).values() if isinstance(schema, Schema)]
    told = [kind for kinds_told in SCHEMAS.values() for kind in kinds_told]
    assert len(kinds) == len(told) and all(kind in told for kind in kinds)


def fields(schema: Schema) -> set[str]:
    return {*schema.single, *schema.repeated}


# Links


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@documents
def test_links_lead_somewhere(path: Path) -> None:
    text = INLINE.sub("", FENCED.sub("", path.read_text()))
    # Code is removed; of a link with code as its text, the address stays
    for target in LINK.findall(text):
        name, _hash, anchor = target.partition("#")
        file = path.parent / name if name else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_the_contents_of_the_decisions_have_each_heading() -> None:
    text = (TOP / "docs" / "decisions.md").read_text()
    contents = re.findall(r"^( *)- \[(.+)\]\(#", text, re.MULTILINE)
    headings = re.findall(r"^##(#?) (.+)$", text, re.MULTILINE)
    assert [(bool(indent), name) for indent, name in contents] == [
        (bool(is_part), name) for is_part, name in headings
    ]


# Rooms


def test_the_map_has_the_rooms_in_the_order_of_the_contract() -> None:
    contracts: Any = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [layer.split(" | ") for layer in contracts["contracts"][0]["layers"]]
    rooms = {path.parent.name for path in (TOP / "forum").glob("*/__init__.py")}
    rooms |= {"app", "commands"}
    table = (TOP / "CONTRIBUTING.md").read_text().partition("\n\n| tools for ")[0]
    told = [INLINE.findall(line.split("|")[1]) for line in table.splitlines() if "| `" in line[:3]]
    assert told == [layer for layer in layers if rooms & set(layer)]


# The server


def test_the_trials_tell_how_many_threads_a_process_has() -> None:
    assert f"Each process has {THREADS} threads." in (TOP / "docs" / "trials.md").read_text()


def test_the_way_of_a_request_leads_through_functions_that_are_there() -> None:
    way = (TOP / "CONTRIBUTING.md").read_text().partition("## The way of a request")[2]
    steps = re.findall(r"^\| `([\w/]+\.py)` \| `(\w+)` \|", way.partition("\n## ")[0], re.MULTILINE)
    assert len(steps) > 10
    for file, name in steps:
        code = (TOP / "forum" / file).read_text()
        assert re.search(rf"^ *(def|class) {name}\b", code, re.MULTILINE), f"{file}: {name}"
