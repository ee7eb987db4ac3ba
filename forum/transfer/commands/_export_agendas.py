"""The pages of agendas in an export: statements, cases, practices and readings, without the dialogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import IO, NamedTuple, TypeVar

from forum.agendas.models import Agenda
from forum.agendas.queries import statements_of
from forum.library.models import Case, Practice
from forum.library.queries import sections_for
from forum.markdown import paragraphs
from forum.transfer import queries
from forum.transfer.commands._export import Export
from forum.transfer.forms import agenda_name, importable_slug
from forum.transfer.models import Tried, Wanted

T = TypeVar("T")
ROWS_AT_ONCE = 100  # cases, practices or readings that are read at once


def write_agenda(export: Export, agenda: Agenda, number: int) -> None:
    """Write the page of an agenda; `number` is its place in the order of all."""
    reader, writer = export.reader, export.writer
    with export.file(agenda_name(agenda.slug)) as file:
        write_group = partial(_write_group, export, file)
        file.write(writer.agenda(agenda, number, queries.themes_used_on(reader, agenda)))
        file.write(writer.findings(agenda))
        write_group("Statements", [statements_of(agenda)], writer.statement)
        cases = queries.cases_to_write(reader, agenda, ROWS_AT_ONCE)
        write_group("Cases", map(partial(_with_places, export), cases), writer.case)
        practices = queries.practices_to_write(reader, agenda, ROWS_AT_ONCE)
        tried = map(partial(_with_tried, export), practices)
        write_group("Practices", tried, partial(_practice, export))
        readings = queries.readings_to_write(reader, agenda, ROWS_AT_ONCE)
        write_group("Readings", readings, writer.reading)


def _write_group(
    export: Export,
    file: IO[str],
    title: str,
    batches: Iterable[Sequence[T]],
    words: Callable[[T], str],
) -> None:
    """Write a heading and the sections below it, if there are any."""
    number = 0
    for things in batches:
        if things and not number:
            file.write(f"## {title}\n\n")
        file.writelines(map(words, things))
        number += len(things)
    export.counts[title.lower()] += number


def _with_places(export: Export, cases: Sequence[Case]) -> Sequence[Case]:
    """The cases, whose cities the writer can name now."""
    export.name_cities(city for case in cases for city in case.places)
    export.show(part for case in cases for part in paragraphs(case.body))
    return cases


class ExportedPractice(NamedTuple):
    """A practice, and who has tried it or wants to."""

    practice: Practice
    tried: Sequence[Tried]
    wanted: Sequence[Wanted]


def _with_tried(export: Export, practices: Sequence[Practice]) -> Sequence[ExportedPractice]:
    export.name_cities(one.city for one in practices)
    openings = queries.opening_ids([one.topic_id for one in practices if one.topic_id])
    tried, wanted = queries.tried_of(openings.values()), queries.wanted_of(openings)
    return [
        ExportedPractice(one, tried.get(openings.get(topic_id, 0), []), wanted.get(topic_id, []))
        for one in practices
        for topic_id in [one.topic_id or 0]
    ]


def _practice(export: Export, one: ExportedPractice) -> str:
    practice, tried, wanted = one
    parts = sections_for(export.reader, practice)
    export.show(part.source for part in parts)
    words = export.writer.practice(practice, parts, tried, wanted, export.practices)
    export.practices[practice.id] = importable_slug(practice.slug)
    return words
