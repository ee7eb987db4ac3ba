"""The pages of agendas in an export: statements, the library and everything else except the dialogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import IO, Generic, NamedTuple, TypeVar

from forum.agendas.models import Agenda
from forum.agendas.queries import statements_of
from forum.commitments.models import Commitment
from forum.commitments.queries import copied_by, declaration_of, milestones_of
from forum.declarations.models import Declaration
from forum.library.models import Case, Practice
from forum.library.queries import FAILURE, sections_for
from forum.markdown import paragraphs
from forum.meetings.models import Meeting
from forum.parallels.models import Translation
from forum.parallels.queries import is_outdated, said_to
from forum.permissions import PUBLIC
from forum.transfer import queries
from forum.transfer.commands._export import Export
from forum.transfer.forms import agenda_name, importable_slug
from forum.transfer.models import Tried, Wanted

T = TypeVar("T")
Page = TypeVar("Page", Case, Practice)
ROWS_AT_ONCE = 100  # cases, practices or readings that are read at once


def write_agenda(export: Export, agenda: Agenda, number: int) -> None:
    """Write the page of an agenda; `number` is its position in the order of all."""
    reader, writer = export.reader, export.writer
    with export.file(agenda_name(agenda.slug)) as file:
        write_group = partial(_write_group, export, file)
        file.write(writer.agenda(agenda, number, queries.themes_used_on(reader, agenda)))
        file.write(writer.findings(agenda))
        write_group("Statements", [statements_of(agenda)], writer.statement)
        cases = map(_with_trials, queries.cases_to_write(reader, agenda, ROWS_AT_ONCE))
        write_group("Cases", map(partial(_with_places, export), cases), partial(_case, export))
        practices = map(_with_trials, queries.practices_to_write(reader, agenda, ROWS_AT_ONCE))
        write_group(
            "Practices", map(partial(_with_city, export), practices), partial(_practice, export)
        )
        translated = queries.translations_to_write(reader, agenda, ROWS_AT_ONCE)
        write_group("Translations", translated, partial(_translation, export))
        readings = queries.readings_to_write(reader, agenda, ROWS_AT_ONCE)
        write_group("Readings", readings, writer.reading)
        declared = queries.declarations_to_write(reader, agenda, ROWS_AT_ONCE)
        write_group("Declarations", declared, partial(_declaration, export))
        committed = queries.commitments_to_write(reader, agenda, ROWS_AT_ONCE)
        write_group("Commitments", committed, partial(_commitment, export))
        meetings = queries.meetings_to_write(reader, agenda, ROWS_AT_ONCE)
        write_group("Meetings", map(partial(_in_city, export), meetings), writer.meeting)


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


class WithTrials(NamedTuple, Generic[Page]):
    """A case or a practice, and who has tried it or wants to."""

    page: Page
    tried: Sequence[Tried]
    wanted: Sequence[Wanted]


def _with_trials(pages: Sequence[Page]) -> Sequence[WithTrials[Page]]:
    topic_ids = [page.topic_id for page in pages if page.topic_id]
    tried, wanted = queries.tried_of_topics(topic_ids), queries.wanted_of(topic_ids)
    return [
        WithTrials(page, tried.get(topic_id, ()), wanted.get(topic_id, ()))
        for page in pages
        for topic_id in [page.topic_id or 0]
    ]


def _with_places(export: Export, cases: Sequence[WithTrials[Case]]) -> Sequence[WithTrials[Case]]:
    """The cases, after looking up the names of their cities."""
    export.name_cities(city for case, *_ in cases for city in case.places)
    export.show(part for case, *_ in cases for part in paragraphs(case.body))
    return cases


def _in_city(export: Export, meetings: Sequence[Meeting]) -> Sequence[Meeting]:
    """The meetings, after looking up the names of their cities."""
    export.name_cities(meeting.city for meeting in meetings)
    return meetings


def _case(export: Export, with_trials: WithTrials[Case]) -> str:
    return export.writer.case(*with_trials)


def _declaration(export: Export, declaration: Declaration) -> str:
    return export.writer.declaration(declaration, queries.signatures_to_write(declaration))


def _commitment(export: Export, commitment: Commitment) -> str:
    declaration, copied = (
        declaration_of(export.reader, commitment),
        copied_by(export.reader, commitment),
    )
    kind, _, slug = copied.address.strip("/").partition("s/") if copied else ("", "", "")
    copies = f"{kind} {importable_slug(slug)}" if copied else ""
    comes_from = (declaration.title if declaration else "", copies)
    peers = queries.peers_to_write(commitment)
    return export.writer.commitment(commitment, milestones_of(commitment), peers, comes_from)


def _translation(export: Export, translation: Translation) -> str:
    """A translation, without "what did not work" if that is for members only although the original is for everybody."""
    said = said_to(export.reader, translation)
    is_open = getattr(translation.original, "failure_audience", PUBLIC) == PUBLIC
    if is_open and translation.failure_audience != PUBLIC:
        said.pop(FAILURE, None)
    export.show(said.values())
    return export.writer.translation(translation, said, is_outdated(translation))


def _with_city(
    export: Export, practices: Sequence[WithTrials[Practice]]
) -> Sequence[WithTrials[Practice]]:
    """The practices, after looking up the names of their cities."""
    export.name_cities(practice.city for practice, *_ in practices)
    return practices


def _practice(export: Export, with_trials: WithTrials[Practice]) -> str:
    practice, tried, wanted = with_trials
    parts = sections_for(export.reader, practice)
    export.show(part.source for part in parts)
    words = export.writer.practice(practice, parts, tried, wanted, export.practices)
    export.practices[practice.id] = importable_slug(practice.slug)
    return words
