"""Loading content files with the actions of the rooms: people, agendas with all that happened on them, the glossary."""

from __future__ import annotations

from forum.transfer.actions.agendas import (
    NamedFile,
    import_agenda,
    import_agendas,
    import_origins,
    load_agendas,
    try_agendas,
)
from forum.transfer.actions.checking import check_files
from forum.transfer.actions.glossary import import_glossary
from forum.transfer.actions.people import import_people, import_voices, load_people

__all__ = [
    "NamedFile",
    "check_files",
    "import_agenda",
    "import_agendas",
    "import_glossary",
    "import_origins",
    "import_people",
    "import_voices",
    "load_agendas",
    "load_people",
    "try_agendas",
]
