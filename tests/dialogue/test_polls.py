"""Polls: who makes them, who votes, how votes are counted, who sees what."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import (
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_QUESTION,
    POLL_LASTS,
    Held,
    Poll,
    PollOption,
    PollText,
    PollVote,
    Post,
    Topic,
)
from forum.dialogue.queries import first_post
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members import actions as members
from forum.permissions import VISITOR
from forum.screening.actions import RuleText, make_rule, set_newness
from forum.search.queries import Query, find, texts_of
from tests.conftest import fields_of
from tests.dialogue.conftest import page

# After the shared datasets were created, however long the run takes
START = now() + timedelta(days=1)
TREES = PollText("Which of these keeps cars away?", ("Trees", "Bollards", "A fine"))


def opened(author: Any, agenda: Agenda, poll: PollText | None = TREES, **more: Any) -> Topic:
    new = actions.NewTopic("question", "How do you keep cars away?", write("We tried *paint*."))
    topic = actions.open_topic(author, agenda.id, replace(new, poll=poll, **more))
    assert isinstance(topic, Topic)
    return topic


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Topic:
    """A question of Ana with a poll."""
    return opened(people.ana, agenda)


@pytest.fixture
def post(topic: Topic) -> Post:
    return queries.first_post(topic)


def options(post: Post) -> dict[str, int]:
    """The ids of the options of a post's poll, by their words."""
    rows = db.session.execute(
        select(PollOption.words, PollOption.id)
        .join(Poll, Poll.id == PollOption.poll_id)
        .where(Poll.post_id == post.id)
        .order_by(PollOption.position)
    )
    return dict(map(tuple, rows))


def counted(post: Post) -> tuple[int, dict[str, int]]:
    """The stored counters of a poll: voters, and votes for each option."""
    poll = db.session.scalars(select(Poll).where(Poll.post_id == post.id)).one()
    rows = db.session.execute(
        select(PollOption.words, PollOption.votes_count)
        .where(PollOption.poll_id == poll.id)
        .order_by(PollOption.position)
    )
    db.session.refresh(poll)
    return poll.voters_count, dict(map(tuple, rows))


# Voting


def test_members_vote_change_their_vote_and_take_it_back(people: Any, post: Post) -> None:
    of = options(post)
    actions.vote(people.ben, post.id, [of["Trees"]])
    actions.vote(people.host, post.id, [of["Trees"]])
    assert counted(post) == (2, {"Trees": 2, "Bollards": 0, "A fine": 0})
    actions.vote(people.ben, post.id, [of["Bollards"]])
    actions.vote(people.ben, post.id, [of["Bollards"]])
    assert counted(post) == (2, {"Trees": 1, "Bollards": 1, "A fine": 0})
    actions.unvote(people.ben, post.id)
    actions.unvote(people.ben, post.id)
    assert counted(post) == (1, {"Trees": 1, "Bollards": 0, "A fine": 0})


def test_authors_vote_in_their_own_polls(people: Any, post: Post) -> None:
    actions.vote(people.ana, post.id, [options(post)["A fine"]])
    assert counted(post)[0] == 1


def test_several_options_are_chosen_where_the_author_says_so(people: Any, agenda: Agenda) -> None:
    poll = PollText("What have you?", ("Trees", "Bollards", "A fine"), is_multiple=True)
    post = queries.first_post(opened(people.ana, agenda, poll))
    of = options(post)
    actions.vote(people.ben, post.id, [of["Trees"], of["A fine"]])
    actions.vote(people.host, post.id, [of["Trees"]])
    assert counted(post) == (2, {"Trees": 2, "Bollards": 0, "A fine": 1})
    actions.vote(people.ben, post.id, [of["Bollards"], of["A fine"]])
    assert counted(post) == (2, {"Trees": 1, "Bollards": 1, "A fine": 1})
    row = queries.polls_below(people.ben, [post])[post.id]
    assert [(option.percent, option.is_mine) for option in row.options] == [
        (50, False),
        (50, True),
        (50, True),
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "Choose an option."),
        (("Trees", "Bollards"), "Choose one option only."),
        (("a stranger",), "The options have changed. Choose again."),
    ],
)
def test_a_vote_that_does_not_fit_is_refused(
    people: Any, agenda: Agenda, post: Post, words: tuple[str, ...], why: str
) -> None:
    other = queries.first_post(opened(people.ben, agenda, PollText("What else?", ("One", "Two"))))
    of = options(post) | {"a stranger": options(other)["One"]}
    with pytest.raises(Invalid, match=why):
        actions.vote(people.host, post.id, [of[word] for word in words])
    assert counted(post)[0] == 0


def test_what_is_closed_hidden_locked_or_archived_counts_no_votes(
    people: Any, agenda: Agenda, topic: Topic, post: Post
) -> None:
    of = options(post)
    actions.lock(people.moderator, topic.id, "It is settled.")
    for member in (people.ben, people.moderator):
        with pytest.raises(Forbidden, match=r"locked.*It is settled"):
            actions.vote(member, post.id, [of["Trees"]])
    actions.unlock(people.moderator, topic.id)
    agendas.archive(people.moderator, agenda.id)
    with pytest.raises(Forbidden, match="archived"):
        actions.vote(people.ben, post.id, [of["Trees"]])
    agendas.reopen(people.moderator, agenda.id)
    members.silence(people.moderator, people.ben.id, now() + timedelta(days=1))
    with pytest.raises(Forbidden, match="paused your right to write"):
        actions.vote(people.ben, post.id, [of["Trees"]])
    with pytest.raises(Forbidden):
        actions.vote(VISITOR, post.id, [of["Trees"]])
    actions.hide(people.moderator, post.id, "It is rude.")
    with pytest.raises((Forbidden, NotFound)):
        actions.vote(people.host, post.id, [of["Trees"]])


def test_a_poll_closes_by_itself(people: Any, agenda: Agenda) -> None:
    poll = PollText("Which?", ("One", "Two"), lasts="week")
    with at(START):
        post = queries.first_post(opened(people.ana, agenda, poll))
    of = options(post)
    with at(START + timedelta(days=7, seconds=-1)):
        actions.vote(people.ben, post.id, [of["One"]])
    with at(START + timedelta(days=7)):
        with pytest.raises(Conflict, match="This poll is closed"):
            actions.vote(people.ben, post.id, [of["Two"]])
        with pytest.raises(Conflict, match="This poll is closed"):
            actions.unvote(people.ben, post.id)
    assert counted(post) == (1, {"One": 1, "Two": 0})


def test_author_and_moderators_close_it(people: Any, agenda: Agenda) -> None:
    for closer in (people.ana, people.host, people.moderator):
        post = queries.first_post(opened(people.ana, agenda, title=f"Which, {closer.name}?"))
        with pytest.raises(Forbidden):
            actions.close_poll(people.ben, post.id)
        actions.close_poll(closer, post.id)
        with pytest.raises(Conflict):
            actions.close_poll(closer, post.id)
        with pytest.raises(Conflict):
            actions.vote(people.ben, post.id, [options(post)["Trees"]])


# Making, changing, removing


@pytest.mark.parametrize(
    ("poll", "field"),
    [
        (PollText("", ("One", "Two")), "question"),
        (PollText("?" * (MAX_QUESTION + 1), ("One", "Two")), "question"),
        (PollText("Which?", ("One", " ")), "options"),
        (PollText("Which?", tuple(map(str, range(MAX_OPTIONS + 1)))), "options"),
        (PollText("Which?", ("One", "x" * (MAX_OPTION + 1))), "options"),
        (PollText("Which?", ("Café", "  CAFE ")), "options"),
        (PollText("Which?", ("One", "Two"), lasts="century"), "lasts"),
    ],
)
def test_a_poll_that_cannot_be_asked_is_refused(
    people: Any, agenda: Agenda, poll: PollText, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        opened(people.ana, agenda, poll)
    assert refused.value.field == field
    assert db.session.scalar(select(func.count()).select_from(Topic)) == 0


def test_it_is_changed_until_somebody_votes(people: Any, topic: Topic, post: Post) -> None:
    old = options(post)
    changed = PollText(" What  helps? ", ("Hedges", "", " Paint "), is_multiple=True, lasts="month")
    with at(START):
        actions.set_poll(people.ana, post.id, changed)
    row = queries.polls_below(people.ben, [post])[post.id]
    assert (row.question, row.is_multiple) == ("What helps?", True)
    assert row.closes_at == START + timedelta(days=30)
    assert [option.words for option in row.options] == ["Hedges", "Paint"]
    # A vote from a page with the former options is refused, and chooses no other option
    with pytest.raises(Invalid, match="have changed"):
        actions.vote(people.ben, post.id, [old["Trees"]])
    actions.vote(people.ben, post.id, [options(post)["Paint"]])
    with pytest.raises(Conflict, match="Somebody has voted already"):
        actions.set_poll(people.ana, post.id, TREES)


def test_only_the_author_of_the_first_text_puts_one_below_it(people: Any, agenda: Agenda) -> None:
    topic = opened(people.ana, agenda, None)
    post = queries.first_post(topic)
    reply = actions.reply(people.ana, topic.id, write("And hedges?"))
    for member in (people.ben, people.moderator):
        with pytest.raises(Forbidden):
            actions.set_poll(member, post.id, TREES)
    with pytest.raises(Conflict, match="opens a topic"):
        actions.set_poll(people.ana, reply.id, TREES)
    actions.set_poll(people.ana, post.id, TREES)
    assert list(options(post)) == ["Trees", "Bollards", "A fine"]


def test_the_author_removes_it_with_its_votes(people: Any, post: Post) -> None:
    actions.vote(people.ben, post.id, [options(post)["Trees"]])
    for member in (people.ben, people.moderator):
        with pytest.raises(Forbidden):
            actions.remove_poll(member, post.id)
    assert not actions.remove_poll(people.ana, post.id).has_poll
    assert rows_left() == (0, 0, 0)
    with pytest.raises(NotFound):
        actions.remove_poll(people.ana, post.id)


def rows_left() -> tuple[int, ...]:
    """How many polls, options and votes there are."""
    kinds = (Poll, PollOption, PollVote)
    return tuple(db.session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds)


def test_it_goes_with_its_post(people: Any, agenda: Agenda, topic: Topic, post: Post) -> None:
    actions.vote(people.ben, post.id, [options(post)["Trees"]])
    target = opened(people.ben, agenda, None, title="Cars and streets")
    moved = actions.merge(people.moderator, topic.id, target.id)
    assert post.number == 2
    assert queries.polls_below(people.ben, [post])[post.id].voters_count == 1
    actions.vote(people.host, post.id, [options(post)["A fine"]])
    actions.unmerge(people.moderator, moved)
    assert counted(post) == (2, {"Trees": 1, "Bollards": 0, "A fine": 1})
    actions.hide(people.moderator, post.id, "It is rude.")
    assert queries.polls_below(people.ben, [post]) == {}
    actions.restore(people.moderator, post.id)
    assert queries.polls_below(people.ben, [post])[post.id].voters_count == 2
    actions.delete(people.ana, post.id)
    assert rows_left() == (0, 0, 0)


def test_who_deletes_a_text_is_told_that_its_poll_goes_too(
    people: Any, topic: Topic, post: Post, sign_in: Any
) -> None:
    def asked() -> str:
        return str(sign_in(people.ana).get(f"/posts/{post.id}/delete").text)

    assert "The poll below it goes with all its votes. This cannot be undone." in asked()
    actions.remove_poll(people.ana, post.id)
    assert "The poll below it" not in asked()


def test_who_sends_a_form_twice_gets_one_poll_and_loses_none(people: Any, agenda: Agenda) -> None:
    new = actions.NewTopic("question", "How do you keep cars away?", write("Text."))
    first = actions.open_topic(people.ana, agenda.id, new, "key")
    asking = replace(new, poll=TREES)
    with pytest.raises(Invalid, match="with another text"):
        actions.open_topic(people.ana, agenda.id, asking, "key")
    second = actions.open_topic(people.ana, agenda.id, asking, "another key")
    assert second.id != first.id
    again = actions.open_topic(people.ana, agenda.id, asking, "another key")
    twice = actions.open_topic(people.ana, agenda.id, asking, "a third key")
    assert again.id == twice.id == second.id and twice.is_duplicate
    assert rows_left() == (1, 3, 0)


# Pages


def of_poll(text: str) -> str:
    """The text of the poll on a page."""
    found = re.search(r'<section class="poll.*?</section>', text, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_everybody_sees_what_was_chosen_and_nobody_who(
    client: FlaskClient, people: Any, topic: Topic, post: Post, sign_in: Any
) -> None:
    before = page(client, topic.address)
    assert "Nobody has voted yet. One option can be chosen." in of_poll(before)
    actions.vote(people.ben, post.id, [options(post)["Trees"]])
    actions.vote(people.host, post.id, [options(post)["Bollards"]])
    seen = of_poll(page(client, topic.address))
    assert "Which of these keeps cars away? Trees 1 vote, 50% Bollards" in seen
    assert "A fine 0 votes 2 members have voted." in seen and "Sign in to vote" in seen
    for member in (people.ana, people.moderator, people.administrator):
        shown = of_poll(page(sign_in(member), topic.address))
        assert "1 vote, 50% " in shown and "Ben" not in shown
    assert "Change my vote" in of_poll(page(sign_in(people.ben), topic.address))


def test_where_several_can_be_chosen_it_says_of_what_a_part_is(
    client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    poll = PollText("What have you?", ("Trees", "Bollards"), is_multiple=True)
    topic = opened(people.ana, agenda, poll)
    post = queries.first_post(topic)
    actions.vote(people.ben, post.id, [options(post)["Trees"]])
    assert "Trees 1 vote, 100% of the voters Bollards" in of_poll(page(client, topic.address))


def test_pages_of_visitors_say_nothing_that_changes_with_the_time(
    client: FlaskClient, people: Any, agenda: Agenda, sign_in: Any
) -> None:
    topic = opened(people.ana, agenda, PollText("Which?", ("One", "Two"), lasts="week"))
    before = of_poll(page(client, topic.address))
    assert "Votes are counted until" in before
    assert "Closed" not in of_poll(page(sign_in(people.ben), topic.address))
    with at(now() + timedelta(days=8)):
        assert of_poll(page(client, topic.address)) == before
        late = of_poll(page(sign_in(people.ben), topic.address))
        assert "Closed" in late and "Vote " not in late
    post = queries.first_post(topic)
    actions.close_poll(people.ana, post.id)
    assert "Closed: " in of_poll(page(client, topic.address))


def test_a_member_votes_on_the_page_without_a_script(
    people: Any, topic: Topic, post: Post, sign_in: Any
) -> None:
    browser, of = sign_in(people.ben), options(post)
    text = page(browser, topic.address)
    assert text.count('type="radio" name="option"') == 3 and "Take my vote back" not in text
    door = f"/posts/{post.id}/vote"
    token = fields_of(text, door)
    answer = browser.post(door, data=token | {"option": str(of["Trees"])})
    assert answer.status_code == 303 and answer.location == f"{topic.address}#poll-1"
    text = page(browser, topic.address)
    assert "Your vote is counted." in text and "Take my vote back" in text
    assert re.search(rf'value="{of["Trees"]}" form="vote-\d+" checked', text)
    answer = browser.post(door, data=token | {"take_back": "1"})
    assert answer.status_code == 303 and counted(post)[0] == 0


@pytest.mark.parametrize("sent", [[], ["x"], ["-1", "٣"], ["9" * 30], ["1", "2"]])
def test_a_vote_that_does_not_fit_is_asked_for_again(
    people: Any, post: Post, sign_in: Any, sent: list[str]
) -> None:
    of = list(options(post).values())
    data = [str(of[int(letter) - 1]) if letter in ("1", "2") else letter for letter in sent]
    answer = sign_in(people.ben).post(f"/posts/{post.id}/vote", data={"option": data})
    assert answer.status_code == 422 and "Choose" in answer.text
    assert answer.text.count('name="option"') == 3 and counted(post)[0] == 0


def test_pages_need_one_statement_for_polls_and_none_without(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any, queries: Any
) -> None:
    plain = opened(people.ana, agenda, None, title="Without a poll")
    browser = sign_in(people.ben)
    made = []
    for bare in (plain, topic):
        page(browser, bare.address)
        with queries() as log:
            page(browser, bare.address)
        made.append(log.count)
    assert made[1] == made[0] + 1
    assert not any("poll" in query.split(" FROM ")[1] for query in without(plain, browser, queries))


def without(topic: Topic, browser: FlaskClient, queries: Any) -> list[str]:
    """The SQL statements of a page."""
    with queries() as log:
        page(browser, topic.address)
    return [statement for statement in log.statements if " FROM " in statement]


def test_a_poll_is_typed_with_its_topic(people: Any, agenda: Agenda, sign_in: Any) -> None:
    browser, door = sign_in(people.ana), f"/agendas/{agenda.slug}/topics/new"
    text = page(browser, door)
    assert '<details class="md adds-poll"><summary>Add a poll' in text
    typed = {"title": "How do you keep cars away?", "source": "Tell.", "kind": "question"}
    typed |= {"question": "What helps?", "options": "Trees\r\n\r\n Bollards \r\nTREES"}
    refused = browser.post(door, data=typed)
    assert refused.status_code == 422 and "Two of the options are the same." in refused.text
    assert '<details class="md adds-poll" open>' in refused.text and "Bollards" in refused.text
    typed["options"] = "Trees\r\n\r\n Bollards"
    shown = browser.post(door, data=typed | {"preview": "1"})
    assert shown.status_code == 200 and '<li lang="en" dir="auto">Bollards</li>' in shown.text
    with at(START):
        answer = browser.post(door, data=typed | {"is_multiple": "y", "lasts": "month"})
    assert answer.status_code == 303
    row = db.session.scalars(select(Poll)).one()
    assert row.is_multiple and row.closes_at == START + timedelta(days=30)
    assert "Trees 0 votes" in of_poll(page(browser, answer.location))


def test_options_without_a_question_are_no_poll_yet(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    typed = {"title": "How do you keep cars away?", "source": "Tell.", "kind": "question"}
    door = f"/agendas/{agenda.slug}/topics/new"
    refused = sign_in(people.ana).post(door, data=typed | {"options": "Trees\nBollards"})
    assert refused.status_code == 422 and "Enter a question of up to 200" in refused.text


def test_the_page_of_a_poll_adds_changes_and_removes_it(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    topic = opened(people.ana, agenda, None)
    post, browser = queries.first_post(topic), sign_in(people.ana)
    assert f'href="/posts/{post.id}/poll"' in page(browser, topic.address)
    door = f"/posts/{post.id}/poll"
    assert browser.post(door, data={"question": " "}).status_code == 422
    typed = {"question": "Which?", "options": "One\nTwo", "lasts": "week"}
    assert browser.post(door, data=typed).location == f"{topic.address}#poll-1"
    text = page(browser, door)
    assert "One\nTwo</textarea>" in text and '<option selected value="same">' in text
    end = db.session.scalars(select(Poll.closes_at)).one()
    with at(now() + timedelta(days=2)):
        browser.post(door, data=typed | {"options": "One\nThree", "lasts": "same"})
    assert db.session.scalars(select(Poll.closes_at)).one() == end
    actions.vote(people.ben, post.id, [options(post)["Three"]])
    assert "Somebody has voted already" in page(browser, door, 409)
    assert "the vote of 1 member" in page(browser, f"/posts/{post.id}/remove-poll")
    assert browser.post(f"/posts/{post.id}/close-poll").location == f"{topic.address}#poll-1"
    assert browser.post(f"/posts/{post.id}/remove-poll").status_code == 303
    assert "poll-1" not in page(browser, topic.address)


def test_words_of_people_stay_words(client: FlaskClient, people: Any, agenda: Agenda) -> None:
    poll = PollText("<b>Which</b> & why?", ("<script>alert(1)</script>", "*two* https://x.example"))
    text = page(client, opened(people.ana, agenda, poll).address)
    assert "&lt;b&gt;Which&lt;/b&gt; &amp; why?" in text and "<script>alert" not in text
    assert "*two* https://x.example</span>" in text


# Before publication, in search, for moderators


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


@pytest.fixture
def reply_with_poll(people: Any, agenda: Agenda, post: Post) -> Post:
    """A post with a poll that opened a topic; the topic was then merged into another one."""
    target = opened(people.ben, agenda, None, title="Cars and streets")
    actions.merge(people.moderator, post.topic_id, target.id)
    return queries.get_post(people.ana, post.id)


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


LISTS = ("/", "/topics", "/agendas/quieter", "/agendas/quieter/topics")


def says_poll(browser: FlaskClient, address: str) -> bool:
    """Whether lists say that the topic has a poll."""
    (row,) = re.findall(r'(?s)<article class="row r3.*?</article>', page(browser, address))
    assert "How do you keep cars away?" in row
    return bool(
        re.search(r"<span>Question</span><span class=.st.><svg.*?#i-vote.*?</svg> Poll<", row)
    )


@pytest.mark.parametrize("address", LISTS)
def test_lists_say_that_a_topic_has_a_poll_while_that_is_shown(
    people: Any, agenda: Agenda, client: FlaskClient, sign_in: Any, address: str, queries: Any
) -> None:
    topic = opened(people.ana, agenda, None)
    post = first_post(topic)
    actions.reply(people.ben, topic.id, write("So do we."))
    ben = sign_in(people.ben)
    page(ben, address)
    with queries() as without:
        assert not says_poll(ben, address)
    assert not says_poll(client, address)
    actions.set_poll(people.ana, post.id, TREES)
    with queries() as made:
        assert says_poll(ben, address)
    assert made.count == without.count and says_poll(client, address)
    actions.hide(people.moderator, post.id, "rules")
    assert not says_poll(ben, address)
    actions.restore(people.moderator, post.id)
    actions.remove_poll(people.ana, post.id)
    assert not says_poll(ben, address) and not says_poll(client, address)


def test_hits_of_search_say_it_as_well(
    people: Any, agenda: Agenda, client: FlaskClient, sign_in: Any, queries: Any
) -> None:
    topic, address = opened(people.ana, agenda, None), "/search?q=cars"
    post = first_post(topic)
    readers = client, sign_in(people.ben)

    def says_it() -> bool:
        (said,) = {
            bool(re.search("#i-vote.*?</svg> Poll<", page(reader, address))) for reader in readers
        }
        return said

    def statements() -> int:
        page(readers[1], address)
        with queries() as made:
            page(readers[1], address)
        return int(made.count)

    assert not says_it()
    before = statements()
    actions.set_poll(people.ana, post.id, TREES)
    assert says_it() and statements() == before
    actions.remove_poll(people.ana, post.id)
    assert not says_it()


def test_a_reply_that_was_found_says_that_it_has_a_poll(
    people: Any, reply_with_poll: Post, client: FlaskClient
) -> None:
    text = page(client, "/search?q=bollards")
    assert f"/posts/{reply_with_poll.id}" in text and re.search("#i-vote.*?</svg> Poll<", text)
