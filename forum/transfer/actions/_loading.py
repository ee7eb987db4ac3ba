"""What everything that is loaded from a file needs: shared state, faults with their lines, themes, and moments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import now
from forum.errors import Invalid, Refusal
from forum.members.models import City, Member, Organisation
from forum.transfer.actions._foreseen import Foreseen
from forum.transfer.models import (
    EARLIEST,
    NOTHING_ELSEWHERE,
    Fault,
    FaultyFileError,
    Originals,
    Step,
    Values,
)

NOON = time(12, 0, tzinfo=UTC)


@dataclass
class Loading:
    """The state shared by the functions that load one file: members and cities, faults, steps in chronological order.

    `endings` are done after all steps of all files. `published` are the moments of its published practices by slug,
    `pictures` the names of those that it lists, `organisations` those that have signed its declarations or made
    commitments, by slug. `elsewhere` is what files hold that are loaded before or after it, `declared` the moments of
    its declarations by title. `foreseen` is what files will have made that are loaded before it, while all of them
    are only checked.
    """

    people: Mapping[str, Member]
    cities: Mapping[str, City]
    comments: Sequence[Values] = ()
    agenda: Agenda = field(default_factory=Agenda)
    is_decided: bool = False
    faults: list[Fault] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    endings: list[Callable[[], object]] = field(default_factory=list)
    published: dict[str, datetime] = field(default_factory=dict)
    pictures: Collection[str] = ()
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    elsewhere: Originals = NOTHING_ELSEWHERE
    foreseen: Foreseen = field(default_factory=Foreseen)
    declared: dict[str, datetime] = field(default_factory=dict)

    def plan(
        self, moment: datetime, do: Callable[..., object], *values: Any, after: datetime = EARLIEST
    ) -> None:
        """Plan a step with these values, dated and ordered as `Step` says."""
        self.steps.append(Step(moment, partial(do, *values), after))

    def end(self) -> None:
        """Do what comes after all steps of all files."""
        for ending in self.endings:
            ending()

    def expect(self, is_there: object, line: int, message: str) -> None:
        """Record a fault at a line unless something is there (is true)."""
        if not is_there:
            self.faults.append(Fault(line, message))

    def member(self, handle: str) -> Member:
        """A member by handle; `check_agenda_file` has made sure that it exists."""
        return self.people[handle]

    def language_of(self, values: Values) -> str:
        """The language of a section: its own, or that of its agenda."""
        language: str = values.get("language", self.agenda.language)
        return language


@contextmanager
def faults_at(values: Values, name: str = "", number: int = 0) -> Iterator[None]:
    """Turn the refusal of an action into a fault at the line of a section, or of its field `name`, or that it is about."""
    try:
        yield
    except Refusal as error:
        message = error.message or "this cannot be loaded"
        told = name or (error.field if isinstance(error, Invalid) else "")
        raise FaultyFileError([Fault(values.line_of(told, number), message)]) from error


def theme_ids(curator: Member, values: Values) -> tuple[int, ...]:
    """The ids of the themes of a section; those that do not exist yet are created."""
    return tuple(theme.id for theme in agendas.ensure_themes(curator, values.get("themes", ())))


def noon(day: Any) -> datetime:
    """Noon of a day without a known time, but not in the future; now if not even the day is known."""
    return min(datetime.combine(day, NOON), now()) if day else now()


def later(moment: datetime, **by: int) -> datetime:
    """A moment moved by `timedelta` arguments, but not into the future."""
    return min(moment + timedelta(**by), now())
