"""Everything that somebody wrote is cleared, or shown again, while others change the topics in which it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from forum.agendas.queries import get_agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic, TopicChanges
from forum.library import actions as library
from forum.library.actions import PracticeText, publishing
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.moderation import actions as moderation
from forum.moderation.actions import _clearing
from forum.moderation.queries import latest_undoable_decision
from forum.permissions import SYSTEM
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person, posts_of, require_sound
from tests.races import at_once, halting, meanwhile

own, topics = races.own, races.topics  # two topics by an administrator, each with two replies


@pytest.fixture
def replied(own: Flask, topics: list[int]) -> int:
    """The id of a topic by the administrator, in which somebody replied who also opened a topic."""
    members.add_member(SYSTEM, Joining("Ben Okafor", "ben@example.org", "-"), "member")
    new = NewTopic("experience", "Of bells", write("They ring."))
    dialogue.open_topic(person("ben-okafor"), get_agenda(SYSTEM, "quiet").id, new)
    dialogue.reply(person("ben-okafor"), topics[0], write("Buy bells."))
    db.session.commit()
    return topics[0]


def _clears() -> Callable[[], Any]:
    return by("mona-berg", moderation.clear_spam, person("ben-okafor").id)


def _ends_suspension() -> Callable[[], Any]:
    _clears()()
    ben_id = person("ben-okafor").id
    return lambda: moderation.unsuspend(person("mona-berg"), ben_id, shows_again=True)


def _takes_back() -> Callable[[], Any]:
    _clears()()
    return _undoes_last()


def _clears_again() -> Callable[[], Any]:
    _ends_suspension()()
    return _undoes_last()


def _clears_again_with_profile() -> Callable[[], Any]:
    _clears()()
    ben_id = person("ben-okafor").id
    moderation.restore_profile(person("mona-berg"), ben_id, shows_again=True)
    return _undoes_last()


def _undoes_last() -> Callable[[], Any]:
    return lambda: moderation.undo(
        person("mona-berg"), latest_undoable_decision(person("mona-berg")).id
    )


CLEARING = {
    "it is cleared": _clears,
    "the suspension ends": _ends_suspension,
    "the clearing is taken back": _takes_back,
    "the end of the suspension is taken back": _clears_again,
    "the showing of the profile is taken back": _clears_again_with_profile,
}


@pytest.mark.parametrize("what", CLEARING)
def test_a_topic_changes_its_readers_while_what_somebody_wrote_there_is_cleared(
    own: Flask, replied: int, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Its author has the topic, and counts all who wrote there; what clears stops before it takes the topic."""
    clears = CLEARING[what]()
    opening = posts_of(replied)[0]
    db.session.commit()
    clear = halting(monkeypatch, _clearing, "lock_topics", clears)
    close = TopicChanges(audience="members")
    closes = by("adam-de-wit", dialogue.edit, opening, write("One."), close)
    assert at_once(own, [clear, meanwhile(closes)]) == ["done", "done"]
    require_sound(8)


@pytest.mark.parametrize("what", CLEARING)
def test_a_practice_is_changed_while_it_is_cleared_or_shown_again(
    own: Flask, replied: int, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Who changes it has the practice, and waits for its topic; what clears stops before it takes the practice."""
    agenda_id, ben, adam = get_agenda(SYSTEM, "quiet").id, person("ben-okafor"), "adam-de-wit"
    made = library.write_practice(ben, agenda_id, PracticeText("Felt", "Below rails."))
    library.submit(ben, made.id)
    library.publish(person("mona-berg"), made.id)
    changed = PracticeText("Felt", "Below all rails.")
    change = by(adam, library.write_practice, agenda_id, changed, made.id)
    clears = CLEARING[what]()
    db.session.commit()
    clear = halting(monkeypatch, publishing, "practice_to_change", clears)
    assert at_once(own, [clear, meanwhile(change)]) == ["done", "done"]
    require_sound(9)
