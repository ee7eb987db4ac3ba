"""Bookmarks in several threads at once, on a database of its own in which commits are real."""

from __future__ import annotations

from functools import partial

import pytest

from forum.bookmarks import actions
from forum.bookmarks.queries import bookmarks_count
from tests.races import a_topic, at_once, own, slowly, who

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
