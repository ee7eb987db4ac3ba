"""Kept searches in several threads at once, on a database of its own in which commits are real."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update

from forum.clock import at, now
from forum.db import db
from forum.notifications.models import Event
from forum.search.models import Document
from forum.searches import actions
from forum.searches.commands import look_after_searches
from forum.searches.models import KeptSearch, Wanted
from forum.searches.queries import my_searches
from tests.races import a_topic, at_once, own, slowly, who

pytestmark = pytest.mark.usefixtures("own")
assert own


def test_two_presses_at_once_keep_a_search_once(own):
    press = partial(slowly, actions.keep, who("ana-prado"), Wanted("trams"))
    assert at_once(own, [press, press]) == ["done", "done"]
    assert len(my_searches(who("ana-prado"))) == 1


def test_two_at_once_count_both(own, monkeypatch):
    monkeypatch.setattr("forum.searches.actions.MAX_SEARCHES", 1)
    press = partial(slowly, actions.keep, who("ana-prado"))
    told = at_once(own, [partial(press, Wanted(word)) for word in ("trams", "bells")])
    assert sorted(said == "done" for said in told) == [False, True]
    assert len(my_searches(who("ana-prado"))) == 1


def a_find():
    """A kept search of Ana's and a new text by somebody else that it finds."""
    ana = who("ana-prado")
    topic = a_topic()
    title = db.session.scalar(
        select(Document.title).where(Document.kind == "topic", Document.item_id == topic)
    )
    kept = actions.keep(ana, Wanted(str(title)))
    # As if the search was kept earlier, and somebody else had written the text
    db.session.execute(update(KeptSearch).values(seen_up_to=0, looked_up_to=0, told_up_to=0))
    db.session.commit()
    return ana, kept


def events():
    return db.session.scalar(select(func.count()).where(Event.kind == "search"))


def test_two_workers_at_once_tell_once(own, monkeypatch):
    monkeypatch.setattr(
        "forum.searches.queries.looking.is_news_for", lambda _member, _author_id: True
    )
    a_find()

    def look():
        with at(now() + timedelta(days=2)):
            look_after_searches()

    assert at_once(own, [look, look]) == ["done", "done"]
    assert events() == 1


def test_who_looks_while_the_worker_does_is_told_once_at_most(own, monkeypatch):
    monkeypatch.setattr(
        "forum.searches.queries.looking.is_news_for", lambda _member, _author_id: True
    )
    ana, kept = a_find()
    newest = db.session.scalar(select(func.max(Document.id)))

    def look():
        with at(now() + timedelta(days=2)):
            look_after_searches()

    at_once(own, [look, partial(slowly, actions.look, ana, kept.id, newest)])
    with at(now() + timedelta(days=4)):
        look_after_searches()
    assert events() <= 1
    (row,) = my_searches(ana)
    db.session.refresh(row)
    assert row.looked_up_to == row.told_up_to == row.seen_up_to == newest
