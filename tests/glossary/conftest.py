"""Fixtures of the glossary tests: entries in several languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from forum.agendas.actions import write_theme
from forum.glossary.actions import EntryText, WordingText, write_entry
from forum.glossary.models import Entry
from forum.members.models import Member

STORMWATER = (
    WordingText("en", "stormwater", ("surface water",), "Rain and melted snow that runs off."),
    WordingText("fr", "eaux pluviales", (), "Les eaux de pluie qui ruissellent."),
    WordingText("es", "aguas pluviales"),
)
LAND_VALUE = (
    WordingText("en", "land value capture", ("LVC",), "Taking back a part of what land gains."),
    WordingText("fr", "captation de la plus-value foncière"),
)
Write = Callable[..., Entry]


@pytest.fixture
def write(people: Any) -> Write:
    """Write an entry as a moderator: `write(WordingText(…), …, source=…)`."""

    def written(*wordings: WordingText, **more: Any) -> Entry:
        return write_entry(people.moderator, EntryText(wordings, **more))

    return written


@pytest.fixture
def stormwater(write: Write) -> Entry:
    """An entry in three languages."""
    return write(*STORMWATER, source="https://example.org/water")


def name_canary(moderator: Member, names: Sequence[str]) -> None:
    """Make these words names of one entry: its page lists texts with them, and a search for one looks for the others."""
    half = len(names) // 2
    wordings = [
        WordingText("en", "canary", tuple(names[:half]), "A bird."),
        WordingText("fr", "canari", tuple(names[half:])),
    ]
    write_entry(moderator, EntryText(wordings))


def name_odd_things(people: Any) -> None:
    """Entries of the glossary with names and meanings that look like syntax of content files."""
    theme = write_theme(people.moderator, "Words; odd | ones")
    odd = WordingText("en", "# C; or | D", ("a;b", "- also: c", "e\\;"), "- name: x # y | z; \\; w")
    plain = (WordingText("fr", "nom"), WordingText("ar", "مياه الأمطار", (), "ماء"))
    source = "A; law | of #1"
    text = EntryText([odd, *plain], source, [theme.id])
    write_entry(people.moderator, text)
    write_entry(people.moderator, EntryText([WordingText("zh", "雨水", (), "从天上来的水")]))
