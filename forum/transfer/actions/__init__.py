"""Loading content files with the actions of the rooms: people, agendas with all that happened on them, the glossary."""

from __future__ import annotations

from forum.transfer.actions.agendas import import_agenda, import_origins, load_agendas, try_agenda
from forum.transfer.actions.glossary import import_glossary
from forum.transfer.actions.people import import_people, import_voices, load_people

__all__ = [
    "import_agenda",
    "import_glossary",
    "import_origins",
    "import_people",
    "import_voices",
    "load_agendas",
    "load_people",
    "try_agenda",
]
