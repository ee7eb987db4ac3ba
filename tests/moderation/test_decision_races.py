"""Decisions, which wait for each other, while others do what is theirs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from forum.agendas import actions as agendas
from forum.agendas.queries import get_agenda
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining, _rows
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons, deciding, undoing
from forum.permissions import SYSTEM
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person
from tests.races import at_once, let_others_come, meanwhile, slowly

own, topics = races.own, races.topics  # two topics by an administrator, each with two replies
WHY = Reasons("It is rude.", 1)
CHANGES: dict[str, Callable[[], Any]] = {
    "appointed": lambda: members.appoint(person("adam-de-wit"), "ben-okafor", "moderator"),
    "made a host": lambda: agendas.set_hosts(
        person("adam-de-wit"), get_agenda(SYSTEM, "quiet").id, ["ben-okafor"]
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_somebody_wrote_is_hidden_while_they_are(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The change has the row of the member, or of the agenda, when it asks whether a second factor is required."""
    members.add_member(SYSTEM, Joining("Ben Okafor", "ben@example.org", "-"), "member")
    post_id = dialogue.reply(person("ben-okafor"), topics[0], write("Bells.")).id
    agenda_id = get_agenda(SYSTEM, "quiet").id
    db.session.commit()
    required, changing = _rows.queries.are_factors_required, threading.local()

    def ask_slowly() -> bool:
        if getattr(changing, "is_here", False):
            db.session.flush()
            let_others_come()
        return required()

    def change() -> None:
        changing.is_here = True
        CHANGES[what]()

    monkeypatch.setattr(_rows.queries, "are_factors_required", ask_slowly)
    if what == "made a host":
        decides = by("mona-berg", moderation.archive, agenda_id)
    else:
        decides = by("mona-berg", moderation.decide, "post", post_id, "hide", WHY)
    assert at_once(own, [change, meanwhile(decides)]) == ["done", "done"]


def test_who_wrote_what_is_hidden_becomes_a_host(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decision has counted the author's posts, and then notes on which agenda it was."""
    members.add_member(SYSTEM, Joining("Ben Okafor", "ben@example.org", "-"), "member")
    post_id = dialogue.reply(person("ben-okafor"), topics[0], write("Bells.")).id
    db.session.commit()
    usual = deciding.record

    def record_slowly(*given: Any, **more: Any) -> Any:
        let_others_come()
        return usual(*given, **more)

    monkeypatch.setattr(deciding, "record", record_slowly)
    decides = by("mona-berg", moderation.decide, "post", post_id, "hide", WHY)
    assert at_once(own, [decides, meanwhile(CHANGES["made a host"])]) == ["done", "done"]


def test_an_author_changes_a_post_as_asked_while_that_is_taken_back(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both end the notice that asks for it: always with the post in hand."""
    members.add_member(SYSTEM, Joining("Ben Okafor", "ben@example.org", "-"), "member")
    post_id = dialogue.reply(person("ben-okafor"), topics[0], write("Bells.")).id
    made = moderation.ask_to_edit(person("mona-berg"), "post", post_id, Reasons("Say which."))
    db.session.commit()
    undo_one = undoing._undo_one

    def undo_slowly(*given: Any) -> Any:
        let_others_come()
        return undo_one(*given)

    monkeypatch.setattr(undoing, "_undo_one", undo_slowly)
    edits = by("ben-okafor", dialogue.edit, post_id, write("The bells of trams."))
    assert (
        at_once(own, [by("mona-berg", moderation.undo, made.id), meanwhile(edits)]) == ["done"] * 2
    )


def test_a_moderator_who_is_suspended_at_that_moment_decides_nothing(
    own: Flask, topics: list[int]
) -> None:
    joining = Joining("Ben Okafor", "ben@example.org", "-")
    ben_id = members.add_member(SYSTEM, joining, "moderator").id
    post_id = races.posts_of(topics[0])[0]
    until = now() + timedelta(days=1)
    deeds = [
        lambda: slowly(moderation.suspend, person("adam-de-wit"), ben_id, until, WHY),
        meanwhile(by("ben-okafor", moderation.decide, "post", post_id, "hide", WHY)),
    ]
    done, refused = at_once(own, deeds)
    assert done == "done" and refused == "This is for moderators."
    assert db.session.get_one(Post, post_id, populate_existing=True).hidden_at is None
