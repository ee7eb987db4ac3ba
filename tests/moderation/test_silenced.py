"""Moderators who are silenced decide nothing about others until the silence is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from forum.agendas.queries import curators_of
from forum.clock import at, now
from forum.members.actions import appoint
from forum.members.queries import administrator_ids, has_other_administrator, moderator_ids
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.permissions import SYSTEM

REASONS = Reasons("It is rude.", 2)


def test_silenced_administrators_and_moderators_do_not_count(people: Any) -> None:
    """They do not replace the last administrator, and get no notices for moderators."""
    second = appoint(SYSTEM, people.moderator.handle, "administrator")
    assert has_other_administrator(people.administrator.id)
    actions.silence(people.administrator, second.id, now() + timedelta(days=7), REASONS)
    assert not has_other_administrator(people.administrator.id)
    assert second.id not in [*moderator_ids(), *administrator_ids(), *curators_of(None)]


def test_a_silenced_host_neither_publishes_nor_moderates(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.silence(people.moderator, people.host.id, now() + timedelta(days=7), REASONS)
    browser = sign_in(people.host)
    doors = {
        f"/topics/{things.topic.id}/reply": {"source": "Hello."},
        f"/posts/{things.first.id}/note": {"source": "I say what I like.", "language": "en"},
        f"/posts/{things.second.id}/hide": {"rule": "2", "facts": "So.", "seen": "0"},
        f"/topics/{things.topic.id}/lock": {"reason": "So."},
        "/agendas/quieter/edit": {"title": "Mine"},
        f"/moderation/post/{things.second.id}/decide": {"deed": "keep"},
    }
    for address, said in doors.items():
        answer = browser.post(address, data=said)
        assert answer.status_code == 403 and "paused your right to write" in answer.text, address
    page = browser.get(things.topic.address).text
    assert "I say what I like." not in page and f"/posts/{things.second.id}/hide" not in page
    assert browser.get("/moderation").status_code == 403
    assert browser.get("/notices").status_code == 200
    with at(now() + timedelta(days=8)):
        assert people.host.id in curators_of(things.agenda.id)
    assert people.host.id not in curators_of(things.agenda.id)
