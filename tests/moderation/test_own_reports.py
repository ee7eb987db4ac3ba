"""Reports of a moderator's own text: others decide about them, and the reporters stay unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import UPHELD
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.errors import Forbidden
from forum.markup import write
from forum.members.actions import appoint
from forum.moderation import actions
from forum.moderation.actions import IllegalContentNotice, Reasons
from forum.moderation.queries import open_reports
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions as queue
from forum.queue.queries import first_decidable, queue_entries
from forum.screening.actions import set_newness

REASONS = Reasons("It is rude.", 2)
NAMES = ("Chitra", "Vera", "vera@", "Insulted me", "Insult by law")


@pytest.fixture
def own(people: Any, things: Any) -> Post:
    """A post by the host, reported by Chitra and by a visitor, with a note of a moderator."""
    post = dialogue.reply(people.host, things.topic.id, write("You are a fool."))
    actions.report(people.chitra, "post", post.id, "rules", "Insulted me.")
    notice = IllegalContentNotice(
        "Insult by law.", "Vera Visitor", "vera@example.org", is_in_good_faith=True
    )
    actions.report_illegal(VISITOR, "post", post.id, notice)
    queue.write_note(people.moderator, "post", post.id, "Vera told me.")
    return post


def test_the_entry_says_that_others_look_at_it(sign_in: Any, people: Any, own: Post) -> None:
    page = sign_in(people.host).get(f"/moderation/post/{own.id}").text
    assert "It is your own, so other moderators look at it and decide." in page
    assert not [name for name in NAMES if name in page.split("<main")[1].split("In context")[0]]
    assert "Vera" not in page and 'value="keep"' not in page and "I am working on this" not in page
    others = sign_in(people.moderator).get(f"/moderation/post/{own.id}").text
    assert "Vera Visitor" in others and "vera@example.org" in others and 'value="keep"' in others


@pytest.mark.parametrize("deed", ["hide", "remove"])
def test_the_page_of_the_deed_says_so_before_anything_is_typed(
    sign_in: Any, people: Any, things: Any, own: Post, deed: str
) -> None:
    page = sign_in(people.host).get(f"/posts/{own.id}/{deed}").text
    assert "It is your own, so other moderators look at it." in page
    assert 'name="reason"' not in page and not [name for name in NAMES if name in page]
    assert 'name="reason"' in sign_in(people.moderator).get(f"/posts/{own.id}/{deed}").text
    other = dialogue.reply(people.host, things.topic.id, write("A mistake."))
    assert 'name="reason"' in sign_in(people.host).get(f"/posts/{other.id}/{deed}").text


def test_in_the_list_it_is_for_others(sign_in: Any, people: Any, own: Post) -> None:
    (line,) = [
        queue_entry
        for queue_entry in queue_entries(people.host)
        if queue_entry.key == ("post", own.id)
    ]
    assert line.is_for_others and not line.reason and not line.urgency
    assert first_decidable(people.host, [line]) is None
    assert "for another moderator" in sign_in(people.host).get("/moderation").text
    (line,) = [
        queue_entry
        for queue_entry in queue_entries(people.moderator)
        if queue_entry.key == ("post", own.id)
    ]
    assert not line.is_for_others and line.reports == 2


DEEDS: dict[str, Callable[[Any, Post], Any]] = {
    deed: lambda me, post, deed=deed: actions.decide(me, "post", post.id, deed, REASONS)
    for deed in ("keep", "hide", "remove")
}
DEEDS |= {
    "ask_to_edit": lambda me, post: actions.ask_to_edit(me, "post", post.id, REASONS),
    "hide several": lambda me, post: actions.decide_all(
        me, post.topic_id, [post.id], "hide", REASONS
    ),
    "claim": lambda me, post: queue.claim(me, "post", post.id),
    "note": lambda me, post: queue.write_note(me, "post", post.id, "Mine."),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_nobody_decides_anything_about_reports_of_their_own(
    people: Any, own: Post, deed: str
) -> None:
    with pytest.raises(Forbidden, match="your own"):
        DEEDS[deed](people.host, own)
    assert len(open_reports("post", own.id)) == 2
    assert db.session.get(Post, own.id, populate_existing=True).hidden_at is None
    DEEDS[deed](people.moderator, own)


def test_nobody_looks_at_a_first_post_of_their_own(people: Any, things: Any) -> None:
    set_newness(people.administrator, days=14, posts=3, first_posts=9)
    post = dialogue.reply(people.chitra, things.topic.id, write("Which street?"))
    appoint(SYSTEM, people.chitra.handle, "moderator")
    with pytest.raises(Forbidden, match="your own"):
        actions.decide(people.chitra, "post", post.id, "keep")
    assert db.session.get_one(Post, post.id, populate_existing=True).unseen_at
    actions.decide(people.moderator, "post", post.id, "keep")
    assert not db.session.get_one(Post, post.id, populate_existing=True).unseen_at


def test_what_nobody_has_reported_one_may_hide_oneself(people: Any, things: Any) -> None:
    post = dialogue.reply(people.host, things.topic.id, write("A mistake."))
    actions.decide(people.host, "post", post.id, "hide", REASONS)
    assert actions.decide(people.host, "post", post.id, "restore").deed == "restore"


def test_what_one_has_deleted_is_for_others_too(sign_in: Any, people: Any, own: Post) -> None:
    dialogue.delete(people.host, own.id)
    assert "Vera" not in sign_in(people.host).get(f"/moderation/post/{own.id}").text
    with pytest.raises(Forbidden, match="your own"):
        actions.decide(people.host, "post", own.id, "keep")


def test_no_notice_tells_the_author(people: Any, own: Post) -> None:
    while make_notices(SYSTEM):
        pass
    where = f"/moderation/post/{own.id}"
    assert where not in {notice.address for notice in inbox(people.host).page.items}
    assert where in {notice.address for notice in inbox(people.moderator).page.items}


def test_the_file_of_an_appeal_names_nobody(sign_in: Any, people: Any, own: Post) -> None:
    kept = actions.decide(people.moderator, "post", own.id, "keep")
    said = appeal(people.chitra, kept.id, "He does insult me.")
    hidden = ("He does insult me", "Chitra Desai", "Vera", "Insulted me", "She is right to ask")
    pages = (f"/moderation/appeal/{said.id}", f"/moderation/appeals/{said.id}", "/moderation")
    for answered in (False, True):
        if answered:
            decide_appeal(people.administrator, said.id, UPHELD, "She is right to ask.")
        for address in (*pages, "/moderation/appeals", f"/moderation/decisions/{kept.id}"):
            page = sign_in(people.host).get(address)
            text = page.text.split("In context")[0]
            assert page.status_code == 200 and not [word for word in hidden if word in text], (
                address
            )
    file = sign_in(people.moderator).get(f"/moderation/appeals/{said.id}").text
    assert "He does insult me" in file and "Insulted me" in file and "Vera Visitor" in file


def test_ones_own_appeal_is_there_but_not_who_reported(
    sign_in: Any, people: Any, own: Post
) -> None:
    hidden = actions.decide(people.moderator, "post", own.id, "hide", REASONS)
    said = appeal(people.host, hidden.id, "It was a joke.")
    page = sign_in(people.host).get(f"/moderation/appeals/{said.id}").text
    assert "It was a joke." in page and "Insulted me" not in page and "Vera" not in page
