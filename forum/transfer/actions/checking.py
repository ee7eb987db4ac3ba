"""Checking several files before one of them is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forum.deeds import action, touches
from forum.members.models import Member
from forum.permissions import require
from forum.transfer.actions._checks import check_agenda_file
from forum.transfer.actions._checks_of_people_files import check_people
from forum.transfer.actions._foreseen import Foreseen
from forum.transfer.actions._pasted import use_pasted
from forum.transfer.models import (
    NOTHING_ELSEWHERE,
    AgendaFile,
    Fault,
    FaultyFileError,
    Originals,
    PeopleFile,
)
from forum.web import settings


@action
def check_files(
    curator: Member,
    files: Iterable[tuple[str, AgendaFile]],
    people: PeopleFile | None = None,
    elsewhere: Originals = NOTHING_ELSEWHERE,
) -> Mapping[str, list[Fault]]:
    """The faults of agenda files, by the name given with each, without those that only loading finds; nothing is written.

    A file may use what files before it make, and `people`, the file of those who will be loaded before all, whose
    faults have the name `""`. Each of `files` is asked for once, and not held. `elsewhere` as in `import_agenda`.
    """
    touches()
    require(curator.can.curate_all())
    foreseen, faults = Foreseen(), dict[str, list[Fault]]()
    if people:
        faults[""] = people.faults or _faults_of_people(people)
        foreseen.add_people(people)
    for name, file in files:
        use_pasted(file, settings().url, curator.handle)
        try:
            check_agenda_file(file, elsewhere, foreseen)
        except FaultyFileError as error:
            faults.setdefault(name, []).extend(error.faults)
        foreseen.add(file)
    return {name: found for name, found in faults.items() if found}


def _faults_of_people(people: PeopleFile) -> list[Fault]:
    try:
        check_people(people, takes_roles=False)
    except FaultyFileError as error:
        return error.faults
    return []
