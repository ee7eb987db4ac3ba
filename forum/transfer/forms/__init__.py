"""The shape of content files, as docs/content-format.md tells editors: reading them, and writing them."""

from __future__ import annotations

from forum.transfer.forms.folders import PEOPLE, README, agenda_name, agendas_in, dialogue_name
from forum.transfer.forms.reading import parse, read_agenda, read_people
from forum.transfer.forms.writing import Names, Writer, fitting, with_numbers

__all__ = [
    "PEOPLE",
    "README",
    "Names",
    "Writer",
    "agenda_name",
    "agendas_in",
    "dialogue_name",
    "fitting",
    "parse",
    "read_agenda",
    "read_people",
    "with_numbers",
]
