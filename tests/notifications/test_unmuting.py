"""Who mutes what they watched watches it again once it is no longer muted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.clock import at, now
from forum.db import db
from forum.errors import Forbidden
from forum.notifications import actions
from forum.notifications.models import MUTED, WATCHING, Watch
from forum.notifications.queries import level_of
from forum.permissions import VISITOR

SUBJECTS = ("topic", "agenda", "theme", "city")


def row(member: Any, subject: str = "topic") -> Watch:
    return db.session.get_one(Watch, (member.id, subject, 5), populate_existing=True)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_one_watched_before_is_watched_again_since_then(people: Any, subject: str) -> None:
    began = now()
    with at(began):
        actions.watch(people.ana, subject, 5)
    for days in (1, 2):  # muted twice, as by a button that is pressed twice
        with at(began + timedelta(days=days)):
            actions.watch(people.ana, subject, 5, MUTED)
    muted = row(people.ana, subject)
    assert (muted.level, muted.watched_at) == (MUTED, began)
    for _press in range(2):
        assert actions.unmute(people.ana, subject, 5)
        again = row(people.ana, subject)
        assert (again.level, again.created_at, again.watched_at) == (WATCHING, began, None)


def test_what_one_did_not_watch_is_neither_watched_nor_muted(people: Any) -> None:
    actions.watch(people.ana, "topic", 5, MUTED)
    for _press in range(2):
        assert not actions.unmute(people.ana, "topic", 5)
        assert level_of(people.ana, "topic", 5) == ""
    actions.watch(people.ana, "topic", 5)
    actions.unwatch(people.ana, "topic", 5)
    actions.watch(people.ana, "topic", 5, MUTED)
    assert not actions.unmute(people.ana, "topic", 5)


def test_to_watch_what_is_muted_begins_anew(people: Any) -> None:
    actions.watch(people.ana, "topic", 5)
    actions.watch(people.ana, "topic", 5, MUTED)
    actions.watch(people.ana, "topic", 5)
    assert row(people.ana).watched_at is None
    assert actions.unmute(people.ana, "topic", 5)  # not muted: nothing changes
    actions.unwatch(people.ana, "topic", 5)
    assert level_of(people.ana, "topic", 5) == ""
    with pytest.raises(Forbidden):
        actions.unmute(VISITOR, "topic", 5)


def test_a_reply_that_was_held_again_is_no_reason_to_watch_a_topic_that_is_muted(
    people: Any,
) -> None:
    began = now()
    actions.watch_own_topic(people.ana, 5)
    actions.watch(people.ana, "topic", 5, MUTED)
    hour = timedelta(hours=1)
    actions.undo_watch_own_topic(people.moderator, people.ana.id, 5, began - hour, began + hour)
    assert not actions.unmute(people.ana, "topic", 5)


def test_it_is_unmuted_on_its_page_and_in_the_settings_and_muted_again_by_undo(
    people: Any, agenda: Any, sign_in: Any
) -> None:
    browser, door = sign_in(people.ana), f"/agendas/{agenda.slug}/watch"
    for level in ("watching", "muted"):
        browser.post(door, data={"level": level})
    page = browser.get(f"/agendas/{agenda.slug}").text
    assert 'name="level" value="unmuted" aria-pressed="true"' in page
    for _press in range(2):
        answer = browser.post(door, data={"level": "unmuted"})
        assert "You watch it again" in browser.get(answer.location).text
        assert level_of(people.ana, "agenda", agenda.id) == WATCHING
    browser.post(door, data={"level": "muted"})
    fields = {"subject": "agenda", "subject_id": agenda.id, "level": "muted", "door": door}
    answer = browser.post("/settings/notices/end", data=fields)
    page = browser.get(answer.location).text
    assert "You watch it again" in page and 'name="level" value="muted"' in page
    browser.post(door, data={"level": "muted"})  # by “Undo”
    assert level_of(people.ana, "agenda", agenda.id) == MUTED
    browser.post(door, data={"level": "unmuted"})
    assert level_of(people.ana, "agenda", agenda.id) == WATCHING
