"""Notices about something that ends at the same moment are not shown; two presses at the same moment are one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, write_agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.queries import first_post
from forum.markup import write
from forum.members.queries import get_member
from forum.notifications import actions
from forum.notifications.actions import NoticeText
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM
from tests.candidates import test_races as races
from tests.races import at_once, meanwhile, slowly

own = races.own  # over an empty database with a moderator and an administrator
WAITS = NoticeText("queue", "/moderation/post/1", "Loud")
HIDDEN = NoticeText("decision", "/moderation/decisions/1", "Loud")
RETURNED = NoticeText("returned", "/practices/quiet-asphalt", "Quiet asphalt")


@pytest.mark.parametrize(
    ("notice", "over"),
    [
        (WAITS, lambda moderator: actions.read_queue(moderator, WAITS.address)),
        (HIDDEN, lambda moderator: actions.read_decisions(moderator, [1])),
        (
            RETURNED,
            lambda author: actions.read_outdated(author, "returned", [RETURNED.address], [1]),
        ),
    ],
    ids=["decided", "ended", "sent again"],
)
def test_what_is_over_while_its_notices_are_made_waits_for_nobody(
    own: Flask, notice: NoticeText, over: Any
) -> None:
    mona, adam = get_member(SYSTEM, "mona-berg"), get_member(SYSTEM, "adam-de-wit")
    actions.note_event(adam, notice, [mona.id], decision_id=1, is_named=False)

    end = meanwhile(lambda: over(adam))
    assert at_once(own, [lambda: slowly(actions.make_notices, SYSTEM), end]) == ["done"] * 2
    db.session.expire_all()
    assert [notice.read_at is None for notice in inbox(mona).page.items] == [False]


def test_the_second_of_two_presses_at_once_can_take_back_what_the_first_has_marked(
    own: Flask,
) -> None:
    """The browser shows the answer to the second, with its Undo."""
    mona, adam = get_member(SYSTEM, "mona-berg"), get_member(SYSTEM, "adam-de-wit")
    actions.note_event(adam, RETURNED, [mona.id])
    actions.make_notices(SYSTEM)
    moments = []
    second = meanwhile(lambda: moments.append(actions.read_all(mona)))
    assert at_once(own, [lambda: slowly(actions.read_all, mona), second]) == ["done"] * 2
    assert actions.unread_all(mona, *moments)
    db.session.expire_all()
    assert [notice.read_at for notice in inbox(mona).page.items] == [None]


def test_words_that_are_taken_back_while_notices_quote_them_are_in_none(own: Flask) -> None:
    """Taking a mark back waits for the worker, which has the event, before it looks for notices."""
    mona, adam = get_member(SYSTEM, "mona-berg"), get_member(SYSTEM, "adam-de-wit")
    agenda = write_agenda(mona, AgendaText("Trams", write("Text.")))
    new = NewTopic("experience", "Rails", write("They hum."))
    post_id = first_post(dialogue.open_topic(mona, agenda.id, new)).id
    dialogue.mark(adam, post_id, "tried it", "kept", "It rained in.")
    db.session.commit()
    take_back = meanwhile(lambda: dialogue.unmark(adam, post_id, "tried it"))
    make = lambda: slowly(actions.make_notices, SYSTEM)  # noqa: E731
    assert at_once(own, [make, take_back]) == ["done"] * 2
    db.session.expire_all()
    assert [notice.text for notice in inbox(mona).page.items] == [""]
