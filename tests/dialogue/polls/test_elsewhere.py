"""Polls before publication, in search, in drafts and for moderators."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import POLL_LASTS, Held, PollText, Post, Topic
from forum.errors import Conflict, Invalid
from forum.markup import write
from forum.permissions import VISITOR
from forum.screening.actions import RuleText, make_rule, set_newness
from forum.search.queries import Query, find, texts_of
from tests.dialogue.conftest import page
from tests.dialogue.polls.conftest import START, opened, options, rows_left


@pytest.fixture
def casino(people: Any) -> None:
    """A rule that holds back texts with the word "casino"."""
    set_newness(people.administrator, 0, 0, 0)
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))


def test_the_words_of_a_poll_are_screened_and_wait_with_their_text(
    people: Any, agenda: Agenda, casino: None, sign_in: Any
) -> None:
    poll = PollText("Which?", ("A casino", "A park"), is_multiple=True, lasts="week")
    new = actions.NewTopic("question", "What is built?", write("Tell."), poll=poll)
    held = actions.open_topic(people.ana, agenda.id, new, "key")
    assert isinstance(held, Held) and held.poll_text == poll.tidied
    same = actions.open_topic(people.ana, agenda.id, new, "key")
    assert same.id == held.id
    with pytest.raises(Invalid, match="with another text"):
        actions.open_topic(people.ana, agenda.id, replace(new, poll=None), "key")
    assert "A casino" in page(sign_in(people.ana), f"/waiting/{held.id}")
    assert "A casino" in page(sign_in(people.moderator), f"/moderation/held/{held.id}")
    seen = held.fingerprint
    with at(START):
        post = actions.approve(people.moderator, held.id, seen)
    row = queries.polls_below(people.ben, [post])[post.id]
    assert [option.words for option in row.options] == ["A casino", "A park"]
    assert row.is_multiple and row.closes_at == START + timedelta(days=7)
    assert db.session.get_one(Held, held.id).poll is None


def test_a_text_that_waits_is_revised_with_its_poll(
    people: Any, agenda: Agenda, casino: None, sign_in: Any
) -> None:
    poll = PollText("Which?", ("A casino", "A park"), lasts="month")
    new = actions.NewTopic("question", "What is built?", write("Tell."), poll=poll)
    held = actions.open_topic(people.ana, agenda.id, new)
    before, door = held.fingerprint, f"/waiting/{held.id}/revise"
    browser = sign_in(people.ana)
    text = page(browser, door)
    assert "A casino\nA park</textarea>" in text and '<option selected value="month">' in text
    typed = {"title": "What is built?", "source": "Tell.", "audience": "public"}
    typed |= {"question": "Which?", "options": "The casino\nA park", "lasts": "month"}
    assert browser.post(door, data=typed).status_code == 303
    waiting = db.session.get_one(Held, held.id)
    assert waiting.poll_text == replace(poll, options=["The casino", "A park"])
    with pytest.raises(Conflict, match="changed this text"):
        actions.approve(people.moderator, held.id, before)
    assert browser.post(door, data=typed | {"question": "", "options": ""}).status_code == 303
    assert rows_left() == (0, 0, 0)
    assert db.session.scalars(select(Topic.title)).all() == ["What is built?"]


def test_a_poll_that_waits_is_not_lost_to_an_older_window(
    people: Any, agenda: Agenda, casino: None
) -> None:
    poll = PollText("Which?", ("A casino", "A park"))
    new = actions.NewTopic("question", "What is built?", write("Tell."), poll=poll)
    held = actions.open_topic(people.ana, agenda.id, new)
    assert isinstance(held, Held)
    seen, longer = held.fingerprint, replace(poll, options=("A casino", "A park", "A pool"))
    for _sent_twice in range(2):
        actions.revise(people.ana, held.id, new.text, poll=longer, seen=seen)
    for older in (poll, None):
        with pytest.raises(Conflict):
            actions.revise(people.ana, held.id, new.text, poll=older, seen=seen)
    assert db.session.get_one(Held, held.id).poll_text == longer.tidied


def test_an_approval_is_undone_with_the_poll_until_somebody_votes(
    people: Any, agenda: Agenda, casino: None
) -> None:
    poll = PollText("Which?", ("A casino", "A park"))
    new = actions.NewTopic("question", "What is built?", write("Tell."), poll=poll)
    held = actions.open_topic(people.ana, agenda.id, new)
    before = queries.state_before_approval(held)
    post = actions.approve(people.moderator, held.id)
    of = options(post)
    actions.vote(people.ben, post.id, [of["A park"]])
    with pytest.raises(Conflict, match="voted there"):
        actions.hold_again(people.moderator, held.id, before)
    actions.unvote(people.ben, post.id)
    again = actions.hold_again(people.moderator, held.id, before)
    assert again.poll_text == poll.tidied and rows_left() == (0, 0, 0)
    approved = actions.approve(people.moderator, held.id)
    assert list(options(approved)) == ["A casino", "A park"]


@pytest.mark.parametrize("lasts", ["week", "month"])
def test_a_poll_whose_approval_is_undone_lasts_from_the_next_one(
    people: Any, agenda: Agenda, casino: None, lasts: str
) -> None:
    poll = PollText("Which?", ("A casino", "A park"), lasts=lasts)
    new = actions.NewTopic("question", "What is built?", write("Tell."), poll=poll)
    held = actions.open_topic(people.ana, agenda.id, new)
    before = queries.state_before_approval(held)
    actions.approve(people.moderator, held.id)
    assert actions.hold_again(people.moderator, held.id, before).poll_text == poll.tidied
    with at(START + timedelta(days=40)):
        post = actions.approve(people.moderator, held.id)
        row = queries.polls_below(people.ben, [post])[post.id]
        assert row.closes_at == now() + POLL_LASTS[lasts] and not row.is_closed


@pytest.mark.usefixtures("passing_seconds")
@pytest.mark.parametrize("lasts", ["week", "month"])
def test_how_long_a_poll_lasts_is_known_afterwards(people: Any, agenda: Agenda, lasts: str) -> None:
    topic = opened(people.ana, agenda, PollText("Which?", ("One", "Two"), lasts=lasts))
    poll = queries.poll_if_there(queries.first_post(topic))
    assert poll is not None and poll.text_to_publish_again.lasts == lasts


def test_a_poll_that_a_rule_catches_cannot_wait_below_a_text_that_is_there(
    people: Any, agenda: Agenda, casino: None
) -> None:
    post = queries.first_post(opened(people.ana, agenda, None))
    with pytest.raises(Invalid, match="A rule of this forum stops this text") as refused:
        actions.set_poll(people.ana, post.id, PollText("Which?", ("A casino", "A park")))
    assert refused.value.field == "question" and rows_left() == (0, 0, 0)


def found_by(words: str) -> list[str]:
    db.session.commit()
    return [hit.document.address for hit in find(VISITOR, Query(words)).page.items]


def test_search_finds_a_topic_by_the_words_of_its_poll(
    people: Any, agenda: Agenda, topic: Topic, post: Post
) -> None:
    assert found_by("bollards") == [topic.address]
    actions.edit(people.ana, post.id, write("We tried chalk."))
    assert found_by("bollards") == [topic.address] == found_by("chalk")
    assert db.session.get_one(Topic, topic.id).excerpt == "We tried chalk."
    target = opened(people.ben, agenda, None, title="Cars and streets")
    moved = actions.merge(people.moderator, topic.id, target.id)
    assert found_by("bollards") == [f"/posts/{post.id}"]
    actions.unmerge(people.moderator, moved)
    assert db.session.get_one(Topic, topic.id).excerpt == "We tried chalk."
    actions.hide(people.moderator, post.id, "It is rude.")
    actions.retitle(people.moderator, topic.id, "Keeping cars away", [])
    assert found_by("bollards") == []
    actions.restore(people.moderator, post.id)
    assert len(found_by("bollards")) == 1
    actions.remove_poll(people.ana, post.id)
    assert found_by("bollards") == [] and len(found_by("chalk")) == 1


def test_a_poll_that_is_removed_while_its_reply_is_hidden_is_found_by_nobody(
    people: Any, reply_with_poll: Post
) -> None:
    actions.hide(people.moderator, reply_with_poll.id, "It is rude.")
    actions.remove_poll(people.ana, reply_with_poll.id)
    assert found_by("bollards") == []
    actions.restore(people.moderator, reply_with_poll.id)
    assert found_by("bollards") == []
    assert texts_of("post", [reply_with_poll.id]) == {reply_with_poll.id: "We tried paint."}


def test_what_somebody_wrote_is_listed_without_the_poll_below_it(
    client: FlaskClient, people: Any, reply_with_poll: Post
) -> None:
    listed = page(client, f"/members/{people.ana.handle}")
    assert "We tried paint." in listed and "Bollards" not in listed


def test_moderators_read_the_poll_of_a_hidden_reply_at_its_place(
    people: Any, reply_with_poll: Post, sign_in: Any
) -> None:
    actions.hide(people.moderator, reply_with_poll.id, "It is rude.")
    topic = queries.get_topic(people.moderator, reply_with_poll.topic_id)
    assert "Bollards" in page(sign_in(people.moderator), topic.address)
    for member in (people.ana, people.ben):
        assert "Bollards" not in page(sign_in(member), topic.address)


def test_options_are_without_what_nobody_sees(people: Any, agenda: Agenda, sign_in: Any) -> None:
    browser, door = sign_in(people.ana), f"/agendas/{agenda.slug}/topics/new"
    typed = {"title": "How do you keep cars away?", "source": "Tell.", "kind": "question"}
    typed |= {"question": "\u202eWhich?", "options": "\u202eTrees\n\u200b\n\u200c"}
    refused = browser.post(door, data=typed)
    assert refused.status_code == 422 and "Write 2 to 10 options" in refused.text
    typed["options"] += "\nHe\u202ddges\nमैं\u200dने"
    assert browser.post(door, data=typed).status_code == 303
    post = db.session.scalars(select(Post)).one()
    assert list(options(post)) == ["Trees", "Hedges", "मैं\u200dने"]


def test_moderators_read_the_poll_of_a_hidden_post(
    client: FlaskClient, people: Any, topic: Topic, post: Post, sign_in: Any
) -> None:
    actions.reply(people.ben, topic.id, write("Hedges."))
    assert "Bollards" in page(sign_in(people.moderator), f"/moderation/post/{post.id}")
    actions.hide(people.moderator, post.id, "It is rude.")
    assert "Bollards" in page(sign_in(people.moderator), topic.address)
    for browser in (client, sign_in(people.ben), sign_in(people.ana)):
        assert "Bollards" not in page(browser, topic.address)


def test_a_draft_keeps_the_poll(people: Any, agenda: Agenda, sign_in: Any) -> None:
    browser, door = sign_in(people.ana), f"/agendas/{agenda.slug}/topics/new"
    typed = {"title": "How?", "source": "Tell.", "question": "Which?", "options": "Trees\nPaint"}
    typed |= {"is_multiple": "y", "lasts": "week", "submission_key": "key", "draft": "1"}
    assert browser.post(door, data=typed).status_code == 303
    draft = queries.my_drafts(people.ana)[0].draft
    text = page(browser, f"{door}?draft={draft.id}")
    assert 'adds-poll" open>' in text and "Trees\nPaint</textarea>" in text
    assert '<option selected value="week">' in text
    assert re.search(r'<input[^>]*checked[^>]*name="is_multiple"', text)


@pytest.mark.parametrize("is_held", [False, True])
def test_who_comes_back_to_change_nothing_but_the_poll_can_keep_that_as_a_draft(
    people: Any, agenda: Agenda, sign_in: Any, is_held: bool
) -> None:
    if is_held:
        make_rule(people.administrator, RuleText("word", "tell", "We read this first."))
    browser, door = sign_in(people.ana), f"/agendas/{agenda.slug}/topics/new"
    typed = {"title": "How?", "source": "Tell.", "kind": "question", "audience": "public"}
    typed |= {"language": "en", "submission_key": "key"}
    asked = {"question": "Which?\u200b", "options": "Trees\r\n\u2060Paint \r\n"}
    assert browser.post(door, data=typed | asked).status_code == 303
    assert browser.post(door, data=typed | asked | {"draft": "1"}).status_code == 303
    # The same as the published text, so no draft is saved
    assert queries.my_drafts(people.ana) == []
    for changes in (asked | {"options": "Trees\r\nChalk"}, asked | {"is_multiple": "y"}, {}):
        browser.post(door, data=typed | changes | {"draft": "1"})
        draft = queries.my_drafts(people.ana)[0].draft
        kept = {name: value for name, value in draft.fields if name in ("options", "is_multiple")}
        assert set(kept) == set(changes).difference({"question"})
        assert ("Chalk" in kept.get("options", "")) is ("Chalk" in str(changes))
        assert draft.submission_key != "key"
