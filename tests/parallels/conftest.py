"""A practice of Ana's with what did not work, a case, and Ben's translations of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from forum.library.actions import (
    CaseText,
    FigureText,
    PracticeText,
    publish,
    submit,
    write_case,
    write_practice,
)
from forum.library.models import Case, Practice
from forum.parallels import actions
from forum.parallels.actions import TranslationText
from forum.parallels.models import Translation

PRACTICE = PracticeText(
    title="Felt below rails",
    sentence="A city lays felt below its rails.",
    cost="EUR 3 a metre",
    sections={"challenge": "Trams **roared**.", "failure": "The glue froze.", "lessons": "Wait."},
    slug="felt",
)
CASE = CaseText(
    name="Cork streets",
    kind="network",
    summary="Streets of cork.",
    body="They paved with cork.\n\nIt lasted.",
    slug="cork",
)
FIGURES = (
    FigureText("Streets|lanes", "7", "km", "2024", "Count"),
    FigureText("Cities", "75", "cities"),
)
FRENCH: Mapping[str, str] = {
    "challenge": "Les trams **rugissaient**.",
    "failure": "La colle a gelé.",
}


def in_french(**words: Any) -> TranslationText:
    """Ben's translation of the practice, without the lessons."""
    said = {
        "language": "fr",
        "title": "Du feutre sous les rails",
        "sentence": "Une ville pose du feutre.",
        "parts": FRENCH,
    }
    return TranslationText(**(said | words))


def changed(author: Any, practice: Practice, **words: Any) -> Practice:
    """The practice after its author has changed it."""
    text = replace(PRACTICE, **words)
    return write_practice(author, practice.agenda_id, text, practice.id)


@pytest.fixture
def practice(people: Any, agenda: Any) -> Practice:
    """Ana's practice, which everybody reads."""
    made = submit(people.ana, write_practice(people.ana, agenda.id, PRACTICE).id)
    publish(people.moderator, made.id)
    return made


@pytest.fixture
def case(people: Any, agenda: Any) -> Case:
    """A case of the host's."""
    return write_case(people.host, agenda.id, CASE)


@pytest.fixture
def translation(people: Any, practice: Practice) -> Translation:
    """Ben's translation into French."""
    return actions.add_translation(people.ben, "practice", practice.id, in_french())
