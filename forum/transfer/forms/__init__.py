"""The format of content files, as docs/content-format.md describes it: reading and writing them."""

from __future__ import annotations

from forum.transfer.forms.folders import PEOPLE, README, agenda_name, agendas_in, dialogue_name
from forum.transfer.forms.reading import parse, read_agenda, read_people
from forum.transfer.forms.writing import ExportedPeople, Writer, importable_slug, number_quotes

__all__ = [
    "PEOPLE",
    "README",
    "ExportedPeople",
    "Writer",
    "agenda_name",
    "agendas_in",
    "dialogue_name",
    "importable_slug",
    "number_quotes",
    "parse",
    "read_agenda",
    "read_people",
]
