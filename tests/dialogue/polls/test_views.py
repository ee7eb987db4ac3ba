"""Polls on pages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import MAX_OPTIONS, Poll, PollText, Post, Topic
from forum.dialogue.queries import first_post
from forum.markup import write
from tests.conftest import fields_of
from tests.dialogue.conftest import page
from tests.dialogue.polls.conftest import START, TREES, counted, opened, options


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
        assert "Nobody has voted. " in late
    post = queries.first_post(topic)
    actions.close_poll(people.ana, post.id)
    closed = of_poll(page(client, topic.address))
    assert "Closed: " in closed and "Nobody has voted. " in closed


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


def test_a_preview_is_no_longer_than_what_can_be_published(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    typed = {"title": "How do you keep cars away?", "source": "Tell.", "kind": "question"}
    typed |= {"question": "What helps?", "options": "\n".join(f"Tree {n}" for n in range(500))}
    door = f"/agendas/{agenda.slug}/topics/new"
    shown = sign_in(people.ana).post(
        door, data=typed | {"language": "long" * 1_000, "preview": "1"}
    )
    assert shown.status_code == 200
    listed = re.findall(r'<li lang="(.*?)" dir="auto">(Tree \d+)</li>', shown.text)
    assert listed == [("", f"Tree {n}") for n in range(MAX_OPTIONS)]


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


LISTS = ("/", "/topics", "/agendas/quieter", "/agendas/quieter/topics")


def says_poll(browser: FlaskClient, address: str) -> bool:
    """Whether lists say that the topic has a poll."""
    (row,) = re.findall(r'(?s)<article class="row r3.*?</article>', page(browser, address))
    assert "How do you keep cars away?" in row
    return bool(
        re.search(r"Asks for advice</span><span class=.st.><svg.*?#i-vote.*?</svg> Poll<", row)
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
