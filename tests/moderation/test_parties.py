"""A moderator who reported something may not change what another one decided about it, unless nobody else can."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from forum.agendas.actions import set_hosts
from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.queries import other_decider_ids
from forum.clock import now
from forum.dialogue import actions as dialogue
from forum.errors import Forbidden
from forum.markup import write
from forum.members.actions import appoint
from forum.members.queries import get_member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.queries import review_context
from forum.permissions import SYSTEM
from forum.queue.queries import waiting_count

REASONS = Reasons("It is rude.", 2)
REPORTED = "You reported this"
RESTORING = {
    "post": "/posts/{}/restore",
    "topic": "/topics/{}/restore",
    "case": "/cases/night-council/restore",
    "member": "/members/ben-castillo/restore",
}


def reported(people: Any, things: Any, kind: str) -> tuple[int, str, str]:
    """A thing that the moderator has reported: its id, its page, and the route that restores it."""
    item_id, page = {
        "post": (things.first.id, things.topic.address),
        "topic": (things.topic.id, things.topic.address),
        "case": (things.case.id, "/cases/night-council"),
        "member": (people.ben.id, f"/members/{people.ben.handle}"),
    }[kind]
    by = people.moderator if kind != "case" else people.administrator
    actions.report(by, kind, item_id, "rules", "Rude.")
    return item_id, page, RESTORING[kind].replace("ben-castillo", people.ben.handle).format(item_id)


@pytest.mark.parametrize("kind", RESTORING)
def test_who_reported_it_does_not_show_it_again(
    sign_in: Any, people: Any, things: Any, kind: str
) -> None:
    item_id, page, restoring = reported(people, things, kind)
    reporter, decider = people.moderator, people.administrator
    if kind == "case":  # the moderator is its author
        reporter, decider = decider, people.host
    actions.decide(decider, kind, item_id, "hide", REASONS)
    browser = sign_in(reporter)
    said = browser.get(page).text
    assert restoring not in said and REPORTED in said
    refused = browser.post(restoring, data={"asked": "1"})
    assert refused.status_code == 403 and REPORTED in refused.text
    opened = review_context(reporter, kind, item_id)
    assert opened.is_for_others and opened.deeds == []
    queue = browser.get(f"/moderation/{kind}/{item_id}").text
    assert REPORTED in queue and 'value="restore"' not in queue
    assert restoring in sign_in(decider).get(page).text
    assert actions.decide(decider, kind, item_id, "restore").deed == "restore"


def test_who_reported_it_does_not_hide_what_another_has_kept(
    sign_in: Any, people: Any, things: Any
) -> None:
    post_id, *_ = reported(people, things, "post")
    actions.decide(people.host, "post", post_id, "keep")
    browser, hiding = sign_in(people.moderator), f"/posts/{post_id}/hide"
    asked = browser.get(hiding).text
    assert REPORTED in asked and "<textarea" not in asked
    refused = browser.post(hiding, data={"rule": "2", "reason": "It is rude."})
    assert refused.status_code == 403 and REPORTED in refused.text
    with pytest.raises(Forbidden, match=REPORTED):
        actions.decide_all(people.moderator, things.topic.id, [post_id], "remove", REASONS)
    actions.report(people.moderator, "post", post_id, "rules", "Once more.")
    assert review_context(people.moderator, "post", post_id).deeds == ["keep", "ask_to_edit"]
    # A new report by somebody else
    actions.report(people.chitra, "post", post_id, "rules", "It hurts me.")
    assert "hide" in review_context(people.moderator, "post", post_id).deeds
    assert actions.decide(people.moderator, "post", post_id, "hide", REASONS).deed == "hide"


def test_who_reported_it_does_not_hide_again_what_an_appeal_has_given_back(
    people: Any, things: Any
) -> None:
    post_id, *_ = reported(people, things, "post")
    hidden = actions.decide(people.host, "post", post_id, "hide", REASONS)
    asked = appeal(people.ben, hidden.id, "It is not rude.")
    assert people.moderator.id not in other_decider_ids(hidden, people.ben.id)
    assert (waiting_count(people.moderator), waiting_count(people.administrator)) == (1, 2)
    with pytest.raises(Forbidden, match=REPORTED):
        decide_appeal(people.moderator, asked.id, "upheld", "It is.")
    decide_appeal(people.administrator, asked.id, "reversed", "You are right.")
    with pytest.raises(Forbidden, match=REPORTED):
        actions.decide(people.moderator, "post", post_id, "hide", REASONS)
    assert actions.decide(people.host, "post", post_id, "hide", REASONS).deed == "hide"


def test_what_one_decided_oneself_one_takes_back(people: Any, things: Any) -> None:
    post_id, *_ = reported(people, things, "post")
    actions.decide(people.moderator, "post", post_id, "hide", REASONS)
    assert actions.decide(people.moderator, "post", post_id, "restore").deed == "restore"


def test_who_reported_it_decides_where_nobody_else_can(people: Any, things: Any) -> None:
    post_id, adam = things.first.id, people.administrator
    actions.report(adam, "post", post_id, "rules", "Rude.")
    actions.decide(people.host, "post", post_id, "hide", REASONS)
    set_hosts(SYSTEM, things.agenda.id, [])
    assert review_context(adam, "post", post_id).is_for_others
    appoint(SYSTEM, people.moderator.handle, "member")
    opened = review_context(adam, "post", post_id)
    assert not opened.is_for_others and "restore" in opened.deeds
    assert actions.decide(adam, "post", post_id, "restore").deed == "restore"


SANCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "silence": (actions.silence, actions.unsilence),
    "suspend": (actions.suspend, actions.unsuspend),
}


@pytest.mark.parametrize("word", SANCTIONS)
def test_who_reported_a_member_does_not_change_what_followed(
    sign_in: Any, people: Any, things: Any, word: str
) -> None:
    begin, end = SANCTIONS[word]
    member_id, page, _restoring = reported(people, things, "member")
    until = now() + timedelta(days=7)
    begin(people.administrator, member_id, until, REASONS)
    browser = sign_in(people.moderator)
    said = browser.get(page).text
    assert REPORTED in said and f"{page}/un{word}" not in said
    assert browser.post(f"{page}/un{word}", data={"asked": "1"}).status_code == 403
    for around in (
        lambda: end(people.moderator, member_id),
        lambda: begin(people.moderator, member_id, until + timedelta(days=7), REASONS),
    ):
        with pytest.raises(Forbidden, match=REPORTED):
            around()
    assert f"{page}/un{word}" in sign_in(people.administrator).get(page).text
    end(people.administrator, member_id)
    # A decision about something new is allowed
    again = begin(people.moderator, member_id, until, REASONS)
    assert again.deed == word


def test_who_may_write_again_may_not_lift_what_was_decided_about_themselves(
    people: Any, things: Any
) -> None:
    appoint(people.administrator, people.ben.handle, "moderator")
    actions.silence(people.administrator, people.ben.id, now() + timedelta(days=7), REASONS)
    ben = get_member(SYSTEM, people.ben.handle)
    with pytest.raises(Forbidden):
        actions.unsilence(ben, ben.id)


def test_a_page_with_hidden_posts_takes_one_more_query_for_moderators(
    sign_in: Any, people: Any, things: Any, queries: Any
) -> None:
    browser, made = sign_in(people.moderator), []
    for number in range(4):
        post = dialogue.reply(people.ben, things.topic.id, write(f"Rude {number}."))
        if number:
            actions.decide(people.host, "post", post.id, "hide", REASONS)
        browser.get(things.topic.address)
        with queries() as one:
            browser.get(things.topic.address)
        made.append(one.count)
    assert made == [made[0], made[0] + 1, made[0] + 1, made[0] + 1]
