"""An agenda is opened, or its opening taken back, while authors change what stands there: counters stay right, and nobody waits in vain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from forum.agendas.queries import get_agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import TopicChanges, _changing, _counts
from forum.markup import write
from forum.moderation import actions as moderation
from forum.permissions import SYSTEM
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person, posts_of, require_sound
from tests.races import at_once, halting, meanwhile

own, topics = races.own, races.topics  # two topics by an administrator, each with two replies


def _opens() -> Callable[[], Any]:
    return by("mona-berg", moderation.open_agenda, get_agenda(SYSTEM, "quiet").id)


def _takes_back() -> Callable[[], Any]:
    made = _opens()()
    return by("mona-berg", moderation.undo, made.id)


def _closes(topic_id: int) -> Callable[[], Any]:
    close = TopicChanges(audience="members")
    return by("adam-de-wit", dialogue.edit, posts_of(topic_id)[0], write("One."), close)


def _deletes(topic_id: int) -> Callable[[], Any]:
    return by("adam-de-wit", dialogue.delete, posts_of(topic_id)[0])


CHANGES = {
    "closes, before it is counted": (_closes, _changing, "lock_to_note"),
    "closes, while it is counted": (_closes, _counts, "count_topics"),
    "deletes, while it is counted": (_deletes, _counts, "note_posts_of_all"),
}


@pytest.mark.parametrize("opens", [_opens, _takes_back])
@pytest.mark.parametrize("what", CHANGES)
def test_an_author_changes_a_topic_while_its_agenda_is_opened_or_prepared(
    own: Flask,
    topics: list[int],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    opens: Callable[[], Callable[[], Any]],
) -> None:
    """The author stops before the next row, until the moderator can go no further."""
    prepare, module, name = CHANGES[what]
    dialogue.prepare_agenda(person("mona-berg"), get_agenda(SYSTEM, "quiet").id)
    decides, changes = opens(), prepare(topics[0])
    db.session.commit()
    change = halting(monkeypatch, module, name, changes)
    assert at_once(own, [change, meanwhile(decides)]) == ["done", "done"]
    require_sound(6)
