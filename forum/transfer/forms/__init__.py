"""The format of content files, as docs/content-format.md describes it: reading and writing them."""

from __future__ import annotations

from forum.transfer.forms._links import number_quotes
from forum.transfer.forms._people import ExportedPeople
from forum.transfer.forms._sections import parse
from forum.transfer.forms._values_written import importable_slug
from forum.transfer.forms.folders import (
    FILES,
    FOLDERS,
    GLOSSARY,
    PEOPLE,
    PICTURES,
    README,
    agenda_name,
    agendas_in,
    compare_pictures,
    dialogue_name,
    picture_name,
    pictures_listed,
    portrait_name,
)
from forum.transfer.forms.reading import read_agenda, read_glossary, read_people
from forum.transfer.forms.writing import Writer

__all__ = [
    "FILES",
    "FOLDERS",
    "GLOSSARY",
    "PEOPLE",
    "PICTURES",
    "README",
    "ExportedPeople",
    "Writer",
    "agenda_name",
    "agendas_in",
    "compare_pictures",
    "dialogue_name",
    "importable_slug",
    "number_quotes",
    "parse",
    "picture_name",
    "pictures_listed",
    "portrait_name",
    "read_agenda",
    "read_glossary",
    "read_people",
]
