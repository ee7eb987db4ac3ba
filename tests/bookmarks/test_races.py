"""Bookmarks in several threads at once, on a database of its own in which commits are real."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from forum.bookmarks import actions
from forum.bookmarks.queries import bookmark_of, bookmarks_count
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import _counts, hide, reply
from forum.front.actions import tell_reminders
from forum.markup import write
from forum.notifications.models import Event
from forum.permissions import SYSTEM
from tests.races import a_topic, at_once, halting, meanwhile, own, slowly, who

pytestmark = pytest.mark.usefixtures("own")
assert own


def test_two_presses_at_once_keep_a_thing_once(own):
    topic, ana = a_topic(), who("ana-prado")
    press = partial(slowly, actions.bookmark, ana, "post", topic)
    assert at_once(own, [press, press]) == ["done", "done"]
    assert bookmarks_count(ana) == 1


def test_two_at_once_count_both(own, monkeypatch):
    monkeypatch.setattr("forum.bookmarks.actions.MAX_BOOKMARKS", 1)
    first, second, ana = a_topic(), a_topic(), who("ana-prado")
    press = partial(slowly, actions.bookmark, ana, "post")
    told = at_once(own, [partial(press, first), partial(press, second)])
    assert sorted(said == "done" for said in told) == [False, True]
    assert bookmarks_count(ana) == 1


def test_somebody_bookmarks_their_own_reply_while_it_is_hidden(own, monkeypatch):
    """Who hides it has the post, and then counts for its author."""
    mona = who("mona-berg")
    said = reply(mona, a_topic(), write("They are not."))
    hides = partial(hide, who("adam-de-wit"), said.id, "Rude.")
    db.session.commit()
    deeds = [
        halting(monkeypatch, _counts, "note_posts_of_all", hides),
        meanwhile(partial(actions.bookmark, mona, "post", said.id)),
    ]
    assert at_once(own, deeds) == ["done", "done"]
    assert bookmarks_count(mona) == 1


def test_two_workers_at_once_remind_once(own):
    topic, ana = a_topic(), who("ana-prado")
    actions.bookmark(ana, "post", topic)
    kept = bookmark_of(ana, "post", topic)
    actions.remind(ana, kept.id, (now() + timedelta(days=1)).date())

    def look():
        with at(now() + timedelta(days=2)):
            slowly(tell_reminders, SYSTEM)

    assert at_once(own, [look, look]) == ["done", "done"]
    reminders = select(func.count()).where(Event.kind == "reminder")
    assert db.session.scalar(reminders) == 1
