"""Whoever can read a translation finds it in the search, and nobody else, whatever became of it and its original."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic
from forum.dialogue.queries import speaking_of
from forum.errors import NotFound
from forum.library.actions import hide_practice, restore_practice, write_practice
from forum.library.models import Practice
from forum.markup import write
from forum.parallels import actions
from forum.parallels.models import Translation
from forum.parallels.queries import said_to, translation_by_id
from forum.permissions import MEMBERS, PUBLIC, SYSTEM, VISITOR, Person
from forum.search.models import TRANSLATED_FAILURE, TRANSLATION
from forum.search.queries import Query, find
from tests.parallels.conftest import FRENCH, PRACTICE, changed, in_french

DEEDS = ("open", "open", "open", "correct", "confirm", "hide", "look after")
WORDS = {TRANSLATION: "feutre", TRANSLATED_FAILURE: "colle"}


def found_by(reader: Person) -> set[str]:
    """The kinds of documents of the translation that a reader finds."""
    pages = [find(reader, Query(word, kinds=(kind,))).page for kind, word in WORDS.items()]
    return {hit.document.kind for page in pages for hit in page.items}


def readable_by(reader: Person, translation_id: int) -> set[str]:
    try:
        said = said_to(reader, translation_by_id(reader, translation_id))
    except NotFound:
        return set()
    return {TRANSLATION, TRANSLATED_FAILURE} if "failure" in said else {TRANSLATION}


@pytest.mark.parametrize("seed", range(3))
def test_search_follows_who_may_read_it(
    people: Any, practice: Practice, translation: Translation, seed: int
) -> None:
    """A random sequence of actions, the same each time because of the seed."""
    chance = random.Random(seed)
    practice_id, agenda_id, number = practice.id, practice.agenda_id, translation.id
    seen = set()
    for step in range(20):
        deed = chance.choice(DEEDS)
        is_hidden = not readable_by(people.chitra, number)
        if deed == "open":
            audiences = [chance.choice((PUBLIC, MEMBERS)) for _each in range(2)]
            opened = replace(PRACTICE, audience=audiences[0], failure_audience=audiences[1])
            write_practice(people.ana, agenda_id, opened, practice_id)
        elif deed == "look after":
            actions.look_after_translations(SYSTEM)
        elif is_hidden:
            restore_practice(people.moderator, practice_id)
        elif deed == "hide":
            hide_practice(people.moderator, practice_id, "No.")
        elif deed == "confirm":
            actions.confirm_translation(people.chitra, number)
        else:
            parts = {"challenge": "Les trams", "failure": f"La colle {step}"}
            text = in_french(title=f"Feutre {step}", parts=parts)
            actions.correct_translation(people.chitra, number, text)
        db.session.expire_all()
        for reader in (VISITOR, people.ben):
            found = found_by(reader)
            assert found == readable_by(reader, number), (step, deed)
            seen.add((reader.is_member, len(found)))
    assert len(seen) > 3  # the readers' access has really changed during the walk


def test_a_translation_speaks_of_nothing_that_its_original_does_not_link_to(
    people: Any, agenda: Any, practice: Practice
) -> None:
    """Its links are those of the original, which is the page that would be named."""
    question = NewTopic("question", "Kerbs?", write("How high?"))
    topic = open_topic(people.ana, agenda.id, question)
    said = f"Voir [la question](/topics/{topic.id}-kerbs)."
    text = in_french(parts={**FRENCH, "challenge": said})
    actions.add_translation(people.ben, "practice", practice.id, text)
    assert speaking_of(VISITOR, topic.address, topic.id) == []
    changed(people.ana, practice, sections={**PRACTICE.sections, "challenge": said})
    (speaking,) = speaking_of(VISITOR, topic.address, topic.id)
    assert speaking.address == f"/practices/{practice.slug}"
