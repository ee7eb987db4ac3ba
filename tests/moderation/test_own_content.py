"""Decisions about a moderator's own content: no button that would be refused, and no other way to change them."""

from __future__ import annotations

from typing import Any

import pytest

from forum.agendas.actions import set_hosts
from forum.dialogue import actions as dialogue
from forum.errors import Forbidden
from forum.library import actions as library
from forum.markup import write
from forum.members.actions import Profile, appoint, edit_profile
from forum.members.queries import get_member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.queries import review_context
from forum.permissions import SYSTEM
from forum.queue.queries import queue_entries
from forum.screening.actions import RuleText, make_rule

REASONS = Reasons("It is rude.", 2)
OURS = "another moderator decides"
RESTORING = {
    "post": "/posts/{}/restore",
    "topic": "/topics/{}/restore",
    "case": "/cases/night-council/restore",
    "practice": "/practices/my-asphalt/restore",
    "member": "/members/mona-berg/restore",
}


def own(people: Any, things: Any) -> dict[str, Any]:
    """Something of each kind by a moderator: (id, page) by kind."""
    mona = people.moderator
    new = dialogue.NewTopic("question", "Mine", write("Words."))
    topic = dialogue.open_topic(mona, things.agenda.id, new)
    post = dialogue.reply(mona, things.topic.id, write("Mine too."))
    practice = library.write_practice(
        mona, things.agenda.id, library.PracticeText(title="My asphalt", sentence="It works.")
    )
    library.submit(mona, practice.id)
    library.publish(people.administrator, practice.id)
    edit_profile(mona, Profile(name=mona.name))
    return {
        "post": (post.id, things.topic.address),
        "topic": (topic.id, topic.address),
        "case": (things.case.id, "/cases/night-council"),
        "practice": (practice.id, "/practices/my-asphalt"),
        "member": (mona.id, "/members/mona-berg"),
    }


@pytest.mark.parametrize("kind", RESTORING)
def test_no_button_that_would_be_refused(sign_in: Any, people: Any, things: Any, kind: str) -> None:
    item_id, page = own(people, things)[kind]
    actions.decide(people.administrator, kind, item_id, "hide", REASONS)
    restoring = RESTORING[kind].format(item_id)
    browser = sign_in(people.moderator)
    said = browser.get(page).text
    # One's own profile has no menu
    assert restoring not in said and (OURS in said or kind == "member")
    assert browser.post(restoring).status_code == 403
    opened = review_context(people.moderator, kind, item_id)
    assert opened.is_for_others and opened.deeds == []
    queue = browser.get(f"/moderation/{kind}/{item_id}").text
    assert OURS in queue and 'value="restore"' not in queue
    assert restoring in sign_in(people.administrator).get(page).text


@pytest.mark.parametrize("kind", ["topic", "case", "practice"])
def test_what_one_hid_oneself_one_shows_again(
    sign_in: Any, people: Any, things: Any, kind: str
) -> None:
    item_id, page = own(people, things)[kind]
    actions.decide(people.moderator, kind, item_id, "hide", REASONS)
    browser = sign_in(people.moderator)
    assert RESTORING[kind].format(item_id) in browser.get(page).text
    assert not review_context(people.moderator, kind, item_id).is_for_others
    assert browser.post(RESTORING[kind].format(item_id)).status_code == 303


def test_a_post_that_one_hid_oneself_is_shown_again_in_the_queue(
    sign_in: Any, people: Any, things: Any
) -> None:
    item_id, page = own(people, things)["post"]
    actions.decide(people.moderator, "post", item_id, "hide", REASONS)
    browser = sign_in(people.moderator)
    assert f"/moderation/post/{item_id}" in browser.get(page).text
    assert 'value="restore"' in browser.get(f"/moderation/post/{item_id}").text


def test_no_other_deed_brings_back_ones_own_hidden_content(people: Any, things: Any) -> None:
    mine = own(people, things)
    post_id, topic_id = mine["post"][0], mine["topic"][0]
    actions.decide(people.administrator, "post", post_id, "remove", REASONS)
    actions.decide(people.administrator, "topic", topic_id, "hide", REASONS)
    for around in (
        lambda: actions.decide(people.moderator, "post", post_id, "restore"),
        lambda: actions.decide_all(people.moderator, things.topic.id, [post_id], "restore"),
    ):
        with pytest.raises(Forbidden, match="appeal"):
            around()
    # The moderator cannot replace the decision by one of their own either
    for deed in (
        "remove",
        "restore",
    ):
        with pytest.raises(Forbidden, match="appeal"):
            actions.decide(people.moderator, "topic", topic_id, deed, REASONS)


def test_a_lock_of_ones_own_topic(sign_in: Any, people: Any, things: Any) -> None:
    topic_id, page = own(people, things)["topic"]
    actions.lock(people.administrator, topic_id, REASONS)
    assert f"/topics/{topic_id}/unlock" not in sign_in(people.moderator).get(page).text
    assert f"/topics/{topic_id}/unlock" in sign_in(people.administrator).get(page).text


def test_a_practice_that_another_returned_is_published_by_another(
    sign_in: Any, people: Any, things: Any
) -> None:
    mona, text = people.moderator, library.PracticeText(title="My asphalt", sentence="It works.")
    item_id = library.write_practice(mona, things.agenda.id, text).id
    library.submit(mona, item_id)
    actions.send_back(people.administrator, item_id, Reasons("No sources."))
    library.submit(mona, item_id)
    with pytest.raises(Forbidden, match="appeal"):
        actions.publish(mona, item_id)
    opened = review_context(mona, "practice", item_id)
    assert opened.is_for_others and opened.deeds == []
    assert [
        queue_entry.is_for_others
        for queue_entry in queue_entries(mona)
        if queue_entry.key == ("practice", item_id)
    ] == [True]
    page = sign_in(mona).get("/practices/my-asphalt").text
    assert OURS in page and "/publish" not in page
    assert "/publish" in sign_in(people.administrator).get("/practices/my-asphalt").text
    assert actions.publish(people.administrator, item_id).deed == "publish"


def test_what_a_moderator_wrote_is_published_by_another_if_there_is_one(
    sign_in: Any, people: Any, things: Any
) -> None:
    adam, text = (
        people.administrator,
        library.PracticeText(title="My asphalt", sentence="It works."),
    )
    practice = library.submit(adam, library.write_practice(adam, things.agenda.id, text).id)
    make_rule(adam, RuleText("word", "casino", "We read this."))
    held = dialogue.reply(people.ben, things.topic.id, write("A casino."))
    appoint(adam, people.ben.handle, "moderator")
    ben = get_member(SYSTEM, people.ben.handle)
    own_things = ((adam, "practice", practice.id), (ben, "held", held.id))
    for author, kind, item_id in own_things:
        opened = review_context(author, kind, item_id)
        assert opened.is_for_others and opened.deeds == []
        publish = actions.publish if kind == "practice" else actions.approve
        with pytest.raises(Forbidden, match="another moderator publishes it"):
            publish(author, item_id)
    page = sign_in(adam).get("/practices/my-asphalt").text
    assert OURS in page and "/publish" not in page
    published = actions.publish(people.moderator, practice.id)
    # Its author may hide it, because that does not publish it
    assert "hide" in review_context(adam, "practice", practice.id).deeds
    actions.undo(people.moderator, published.id)
    for other in (people.moderator, ben):
        appoint(SYSTEM, other.handle, "member")
    set_hosts(SYSTEM, things.agenda.id, [])
    assert "publish" in review_context(adam, "practice", practice.id).deeds
    assert "/publish" in sign_in(adam).get("/practices/my-asphalt").text
    # Nobody else may decide, so the author may
    assert actions.publish(adam, practice.id).deed == "publish"


def test_an_author_who_moderates_nothing_reads_nothing_of_other_moderators(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.send_back(people.host, things.practice.id, Reasons("No sources."))
    library.submit(people.ben, things.practice.id)
    page = sign_in(people.ben).get("/practices/quiet-asphalt").text
    assert "A moderator will read this practice" in page
    assert OURS not in page and "/publish" not in page


def test_a_note_of_another_below_ones_own_post_stays(
    sign_in: Any, people: Any, things: Any
) -> None:
    post = dialogue.reply(people.host, things.topic.id, write("It costs nothing."))
    note = actions.note(people.moderator, post.id, write("This is not true."))
    browser, unnote = sign_in(people.host), f"/posts/{post.id}/unnote"
    assert unnote not in browser.get(things.topic.address).text
    page = browser.get(f"/posts/{post.id}/note").text
    assert OURS in page and unnote not in page and "<textarea" not in page
    assert browser.post(unnote).status_code == 403
    with pytest.raises(Forbidden, match="appeal"):
        actions.note(people.host, post.id, write("It is true."))
    assert unnote in sign_in(people.moderator).get(things.topic.address).text
    actions.unnote(people.moderator, note.item_id)
    actions.note(people.host, post.id, write("My own."))
    assert unnote in sign_in(people.host).get(f"/posts/{post.id}/note").text
    assert actions.unnote(people.host, post.id).deed == "unnote"


def test_a_text_that_another_refused_is_published_by_another(people: Any, things: Any) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this."))
    held = dialogue.reply(people.ben, things.topic.id, write("A casino."))
    actions.refuse(people.moderator, held.id, REASONS)
    appoint(people.administrator, people.ben.handle, "moderator")
    ben = get_member(SYSTEM, people.ben.handle)
    opened = review_context(ben, "held", held.id)
    assert opened.is_for_others and opened.deeds == []
    with pytest.raises(Forbidden, match="appeal"):
        actions.approve(ben, held.id)
    assert actions.approve(people.moderator, held.id).deed == "approve"
