"""Forms and held texts that are based on an outdated version: nothing is overwritten unseen, and nothing is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.agendas.actions import ensure_themes, remove_theme
from forum.agendas.queries import themes_by_slug
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import Held, Topic
from forum.dialogue.queries import first_post, get_topic, state_before_approval, theme_ids_of
from forum.errors import Conflict
from forum.markup import write
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from tests.dialogue.conftest import LATER, fresh, last_post, new, page

FORM = {"language": "en", "audience": "public"}


# Forms


def test_a_form_opened_on_another_text_is_a_conflict(people: Any, topic: Topic) -> None:
    post = first_post(topic)
    seen = post.fingerprint
    actions.edit(people.ana, post.id, write("On my phone."), seen=seen)
    with pytest.raises(Conflict):
        actions.edit(people.ana, post.id, write("On my desk."), seen=seen)
    assert fresh(post).source == "On my phone."


def test_an_edit_that_is_sent_again_for_want_of_an_answer_is_no_conflict(
    people: Any, topic: Topic
) -> None:
    post = first_post(topic)
    seen = post.fingerprint
    with at(now() + LATER):
        for _time in range(2):
            actions.edit(people.ana, post.id, write("On my phone."), seen=seen)
    assert len(queries.revisions_of(VISITOR, fresh(post))) == 1
    assert fresh(post).source == "On my phone."


def test_a_title_that_was_corrected_meanwhile_is_a_conflict(people: Any, topic: Topic) -> None:
    (noise,) = ensure_themes(SYSTEM, ["noise"])
    post = first_post(topic)
    of_form = actions.TopicChanges(topic.title, [], "public")
    corrections = (
        lambda: actions.retitle(people.moderator, topic.id, "How are hours counted?", []),
        lambda: actions.retitle(people.moderator, topic.id, topic.title, [noise.id]),
        lambda: actions.edit(people.ana, post.id, write(post.source), for_members),
    )
    for_members = actions.TopicChanges(topic.title, [], "members")
    for correct in corrections:
        actions.edit(people.ana, post.id, write("It took **two** years."), of_form)
        seen = queries.fingerprint_of(post)
        correct()
        with pytest.raises(Conflict, match="changed since you opened"):
            actions.edit(people.ana, post.id, write("Three years."), of_form, seen=seen)
        assert fresh(post).source == "It took **two** years."
        post = queries.post_to_edit(people.ana, post.id)
        seen = queries.fingerprint_of(post)
        edited = actions.edit(people.ana, post.id, write("Three years."), of_form, seen=seen)
        assert edited.source == "Three years." and queries.theme_ids_of(topic) == []


def test_an_edit_of_title_and_themes_is_sent_again_for_want_of_an_answer(
    people: Any, topic: Topic
) -> None:
    (noise,) = ensure_themes(SYSTEM, ["noise"])
    post = first_post(topic)
    seen = queries.fingerprint_of(post)
    changes = actions.TopicChanges("How are  hours counted?", [noise.id], "members")
    for _time in range(2):
        actions.edit(people.ana, post.id, write(post.source), changes, seen=seen)
    assert fresh(topic).title == "How are hours counted?"


def test_who_may_read_it_by_now_is_said_in_words(people: Any, topic: Topic, sign_in: Any) -> None:
    post = first_post(topic)
    browser, address = sign_in(people.ana), f"/posts/{post.id}/edit"
    form = FORM | {"title": topic.title, "source": "Three years."}
    form["seen"] = queries.fingerprint_of(queries.post_to_edit(people.ana, post.id))
    for_members = actions.TopicChanges(topic.title, [], "members")
    actions.edit(people.ana, post.id, write(post.source), for_members)
    answer = browser.post(address, data=form)
    assert answer.status_code == 409 and "Three years." in answer.text
    assert "<dd>Members only</dd>" in answer.text


def test_themes_and_readers_alone_are_not_changed_by_a_form_that_is_outdated(
    people: Any, topic: Topic
) -> None:
    (noise,) = ensure_themes(SYSTEM, ["noise"])
    post = first_post(topic)
    seen = queries.fingerprint_of(post)
    actions.edit(people.ana, post.id, write("Three years."))
    for themes, audience in (([noise.id], None), (None, "members"), ([noise.id], "public")):
        changes = actions.TopicChanges(topic.title, themes, audience)
        with pytest.raises(Conflict):
            actions.edit(people.ana, post.id, write("Three years."), changes, seen=seen)
    assert theme_ids_of(fresh(topic)) == [] and topic.audience == "public"


def test_a_form_from_before_an_upgrade_knows_the_text_alone(people: Any, topic: Topic) -> None:
    post = first_post(topic)
    old, of_form = post.fingerprint, actions.TopicChanges("How long did it take?")
    actions.edit(people.ana, post.id, write("Three years."), of_form, seen=old)
    with pytest.raises(Conflict):
        actions.edit(people.ana, post.id, write("Four years."), of_form, seen=old)


def test_a_conflict_shows_both_texts(people: Any, topic: Topic, sign_in: Any) -> None:
    reply = actions.reply(people.ben, topic.id, write("As it was."))
    seen = reply.fingerprint
    actions.edit(people.ben, reply.id, write("From my phone."))
    browser = sign_in(people.ben)
    form = {"source": "From my desk.", "language": "en", "seen": seen}
    response = browser.post(f"/posts/{reply.id}/edit", data=form)
    assert response.status_code == 409
    assert "From my phone." in response.text and "From my desk." in response.text
    assert response.text.count("<title>Error: Edit: ") == 1
    summary = response.text.partition('<div class="sum" role="alert" tabindex="-1" autofocus')[2]
    assert "changed since you opened the form" in summary.partition("</div>")[0]
    found = re.search(r'name="seen"[^>]*value="(\w+)"', response.text)
    assert found
    again = browser.post(f"/posts/{reply.id}/edit", data={**form, "seen": found[1]})
    assert again.status_code == 303 and last_post().source == "From my desk."


def test_a_conflict_shows_the_title_and_themes_that_a_moderator_has_corrected(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    ensure_themes(SYSTEM, ["noise", "trams"])
    ids = {theme.slug: theme.id for theme in themes_by_slug(["noise", "trams"])}
    post, browser = first_post(topic), sign_in(people.ana)
    address = f"/posts/{post.id}/edit"
    found = re.search(r'name="seen"[^>]*value="(\w+)"', page(browser, address))
    assert found
    actions.retitle(people.moderator, topic.id, "How are hours counted?", [ids["noise"]])
    form = {**FORM, "title": topic.title, "source": "Three.", "themes": ["trams"]}
    response = browser.post(address, data={**form, "seen": found[1]})
    assert response.status_code == 409
    facts = response.text.partition('<dl class="facts">')[2].partition("</dl>")[0]
    assert ">How are hours counted?</dd>" in facts and "<bdi>noise</bdi></dd>" in facts
    # The audience is the same in both versions, so it is not listed
    assert "Who can read it" not in facts
    assert "It took **two** years." in response.text and "Three." in response.text
    assert f'value="{topic.title}"' in response.text  # the form keeps what was typed
    assert re.search(r'value="trams" checked', response.text)
    found = re.search(r'name="seen"[^>]*value="(\w+)"', response.text)
    assert found
    form = {**form, "title": "How are hours counted?", "themes": ["noise"], "seen": found[1]}
    assert browser.post(address, data=form).status_code == 303
    assert last_post().source == "Three."


# Held texts


@pytest.fixture
def held(people: Any, topic: Topic) -> Held:
    """An edit of the topic's text that waits for a moderator."""
    make_rule(people.administrator, RuleText("word", "casino", "We read this word first."))
    of_form = actions.TopicChanges(topic.title, [], "public")
    return actions.edit(people.ana, first_post(topic).id, write("A casino."), of_form)


def test_an_edit_that_waits_brings_no_title_back_unseen(
    people: Any, topic: Topic, held: Held, sign_in: Any
) -> None:
    browser, address = sign_in(people.ana), f"/waiting/{held.id}/revise"
    assert "your post says now" not in page(browser, address)
    actions.retitle(people.moderator, topic.id, "How are hours counted?", [])
    with pytest.raises(Conflict, match="changed in another way"):
        actions.approve(people.host, held.id)
    assert get_topic(VISITOR, topic.id).title == "How are hours counted?"
    text = page(browser, address)
    assert "your post says now" in text and ">How are hours counted?</dd>" in text
    assert "It took **two** years." in text and "A casino." in text
    form = {**FORM, "title": "How are hours counted?", "source": "Another casino."}
    assert browser.post(address, data={**form, "seen": fresh(held).fingerprint}).status_code == 303
    assert "your post says now" not in page(browser, address)
    assert actions.approve(people.host, held.id).source == "Another casino."


def test_who_changed_a_waiting_text_elsewhere_sees_readers_and_themes_that_differ(
    people: Any, topic: Topic, held: Held, sign_in: Any
) -> None:
    (noise,) = ensure_themes(SYSTEM, ["noise"])
    browser, address = sign_in(people.ana), f"/waiting/{held.id}/revise"
    seen = held.fingerprint
    elsewhere = actions.TopicChanges(topic.title, [noise.id], "members")
    actions.revise(people.ana, held.id, write("A casino."), elsewhere)
    form = {**FORM, "title": topic.title, "source": "A casino.", "seen": seen}
    answer = browser.post(address, data=form)
    facts = answer.text.partition('<dl class="facts">')[2].partition("</dl>")[0]
    assert answer.status_code == 409 and "<bdi>noise</bdi></dd>" in facts
    assert "What it says now: Who can read it</dt><dd>Members only" in facts
    assert "What it says now: Title" not in facts
    assert "What it says now:" not in browser.get(address).text


def test_an_edit_that_waits_since_before_an_upgrade_is_published(
    people: Any, topic: Topic, held: Held
) -> None:
    held.seen = first_post(topic).fingerprint
    db.session.commit()
    assert actions.approve(people.host, held.id).source == "A casino."


def test_an_edit_that_was_taken_back_is_published_again(
    people: Any, topic: Topic, held: Held
) -> None:
    before = state_before_approval(held)
    with at(now() + LATER):
        actions.approve(people.host, held.id)
        actions.hold_again(people.host, held.id, before)
        assert actions.approve(people.host, held.id).source == "A casino."


@pytest.mark.parametrize("is_undone", [False, True])
@pytest.mark.parametrize("is_changed", [False, True])
def test_an_edit_that_waits_is_published_where_its_topic_was_put(
    people: Any, topic: Topic, held: Held, is_undone: bool, is_changed: bool
) -> None:
    target = actions.open_topic(
        people.ben, topic.agenda_id, new("We count our days", kind="question")
    )
    if is_changed:
        actions.retitle(people.moderator, topic.id, "How are hours counted?", [])
    moved = actions.merge(people.moderator, topic.id, target.id)
    if is_undone:
        actions.unmerge(people.moderator, moved)
    if is_changed:
        with pytest.raises(Conflict, match="changed in another way"):
            actions.approve(people.host, held.id)
        return
    before = state_before_approval(held)
    with at(now() + LATER):
        post = actions.approve(people.host, held.id)
        assert post.source == "A casino." and fresh(target).title == "We count our days"
        actions.hold_again(people.host, held.id, before)
        assert fresh(post).source == "It took **two** years."


def test_a_title_that_is_corrected_when_the_topic_is_back_is_not_overwritten(
    people: Any, topic: Topic, held: Held
) -> None:
    target = actions.open_topic(
        people.ben, topic.agenda_id, new("We count our days", kind="question")
    )
    actions.unmerge(people.moderator, actions.merge(people.moderator, topic.id, target.id))
    actions.retitle(people.moderator, topic.id, "How are hours counted?", [])
    with pytest.raises(Conflict, match="changed in another way"):
        actions.approve(people.host, held.id)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("which", ["former", "wanted", "both"])
def test_a_theme_that_is_out_of_use_keeps_no_edit_from_being_published_nor_that_from_being_undone(
    people: Any, agenda: Any, which: str, when: str
) -> None:
    names = ["former", "wanted", "both"]
    ids = {theme.name: theme.id for theme in ensure_themes(SYSTEM, names)}
    topic = actions.open_topic(people.ana, agenda.id, new(themes=[ids["former"], ids["both"]]))
    make_rule(people.administrator, RuleText("word", "casino", "We read this word first."))
    wanted = actions.TopicChanges(topic.title, [ids["wanted"], ids["both"]])
    held = actions.edit(people.ana, first_post(topic).id, write("A casino."), wanted)
    before = state_before_approval(held)
    with at(now() + LATER):
        if when == "before":
            remove_theme(people.moderator, ids[which])
        assert actions.approve(people.host, held.id).source == "A casino."
        left = {ids["wanted"], ids["both"]} - ({ids[which]} if when == "before" else set())
        assert set(theme_ids_of(topic)) == left
        if when == "after":
            remove_theme(people.moderator, ids[which])
        actions.hold_again(people.host, held.id, before)
    assert fresh(first_post(topic)).source == "It took two years."
