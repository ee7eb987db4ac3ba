"""Members are asked while they write: nobody waits in vain."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from forum.advice.actions import ask, asking, pass_on, responding
from forum.agendas.queries import get_agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.permissions import SYSTEM
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person
from tests.races import at_once, let_others_come, meanwhile

own, topics = races.own, races.topics  # over a forum with a moderator and an administrator


@pytest.mark.parametrize("way", ["asked", "passed on"])
def test_who_is_asked_answers_at_that_moment(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The asker has the topic and looks at who is asked; who is asked writes and waits for the topic."""
    members.add_member(SYSTEM, Joining("Ben Okafor", "ben@example.org", "-"), "member")
    new = NewTopic("question", "Which rails?", write("They hum."))
    topic_id = dialogue.open_topic(person("adam-de-wit"), get_agenda(SYSTEM, "quiet").id, new).id
    asks, module = by("adam-de-wit", ask, topic_id, ["ben-okafor"]), asking
    if way == "passed on":
        ask(person("adam-de-wit"), topic_id, ["mona-berg"])
        asks, module = by("mona-berg", pass_on, topic_id, "ben-okafor"), responding
    db.session.commit()
    usual = module.askable_members

    def look_slowly(*given: Any) -> Any:
        let_others_come()
        return usual(*given)

    monkeypatch.setattr(module, "askable_members", look_slowly)
    answers = meanwhile(by("ben-okafor", dialogue.reply, topic_id, write("Ours.")))
    assert at_once(own, [asks, answers]) == ["done", "done"]
