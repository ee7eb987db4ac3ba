"""Slow topics: each member may post once in a number of minutes, on every route that posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions
from forum.dialogue.models import Draft, Held, Pace, PollText, Post, Topic
from forum.dialogue.queries import my_held, poll_of, reply_again_at
from forum.errors import Invalid, TooSoon
from forum.library.actions import CaseText, write_case
from forum.markup import write
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule
from tests.dialogue.conftest import fresh, page

MINUTE = timedelta(minutes=1)
SLOW = "This topic is slow: each member can write here once an hour."
TOO_SOON = "This topic is slow, and you wrote here not long ago. You can write again from"
FORM = {"source": "A second text of mine.", "language": "en", "submission_key": "second"}


@pytest.fixture
def slow(people: Any, topic: Topic) -> Topic:
    """Ana's question, in which Ben has replied and each member may do so once an hour."""
    actions.reply(people.ben, topic.id, write("Yes."))
    return actions.slow(people.moderator, topic.id, Pace(60, None, "It is <b>heated</b>."))


def after(minutes: int) -> Any:
    return at(now() + minutes * MINUTE)


def test_each_member_writes_once_in_its_time(people: Any, slow: Topic) -> None:
    with pytest.raises(TooSoon) as refused:
        actions.reply(people.ben, slow.id, write("And no."))
    assert refused.value.message.startswith(TOO_SOON) and 3_500 < refused.value.seconds <= 3_600
    actions.reply(people.ana, slow.id, write("The first reply of who asked."))
    free = reply_again_at(people.ben, slow)  # not from now on: a machine may stand still meanwhile
    assert free
    with at(free - MINUTE), pytest.raises(TooSoon):
        actions.reply(people.ben, slow.id, write("And no."))
    with at(free):
        actions.reply(people.ben, slow.id, write("And no."))
        with pytest.raises(TooSoon):
            actions.reply(people.ben, slow.id, write("And perhaps."))
    assert fresh(slow).replies_count == 3


def test_who_moderates_it_writes_at_any_time(people: Any, slow: Topic) -> None:
    for person in (people.moderator, people.host, people.administrator):
        for words in ("Calm down.", "Please."):
            actions.reply(person, slow.id, write(words))
    assert reply_again_at(people.host, slow) is None


def test_it_ends_by_itself_or_when_somebody_ends_it(people: Any, topic: Topic) -> None:
    actions.reply(people.ben, topic.id, write("Yes."))
    pace = Pace(1440, now() + 30 * MINUTE, "It is heated.")
    actions.slow(people.moderator, topic.id, pace)
    # The slow mode ends before the day between two posts is over
    assert reply_again_at(people.ben, fresh(topic)) == pace.until
    with after(30):
        actions.reply(people.ben, topic.id, write("No."))
        assert fresh(topic).pace == pace and fresh(topic).present_pace is None
    actions.slow(people.moderator, topic.id, Pace(10))
    with pytest.raises(TooSoon):
        actions.reply(people.ben, topic.id, write("Perhaps."))
    assert actions.unslow(people.moderator, topic.id).pace is None
    actions.reply(people.ben, topic.id, write("Perhaps."))


def test_its_page_says_no_reason_where_there_is_none(
    client: FlaskClient, sign_in: Any, people: Any, topic: Topic
) -> None:
    # Without an end, as only an import can make it
    actions.slow(people.moderator, topic.id, Pace(60))
    for browser in (client, sign_in(people.ben)):
        text = page(browser, topic.address)
        assert SLOW in text and "Reason:" not in text


@pytest.mark.parametrize("minutes", [0, -10, 11, 10**9])
def test_only_some_paces_exist(people: Any, topic: Topic, minutes: int) -> None:
    with pytest.raises(Invalid):
        actions.slow(people.moderator, topic.id, Pace(minutes))


def test_what_was_deleted_or_hidden_counts_and_what_opens_a_topic_does_not(
    people: Any, slow: Topic
) -> None:
    actions.delete(people.ben, _last(slow).id)
    with pytest.raises(TooSoon):
        actions.reply(people.ben, slow.id, write("No."))
    actions.hide(people.moderator, actions.reply(people.ana, slow.id, write("Yes?")).id, "Rude")
    with pytest.raises(TooSoon):
        actions.reply(people.ana, slow.id, write("Hm."))


def test_the_same_form_sent_twice_is_one_reply(people: Any, slow: Topic) -> None:
    sent = actions.reply(people.ana, slow.id, write("Once."), "k")
    assert actions.reply(people.ana, slow.id, write("Once."), "k").id == sent.id
    again = actions.reply(people.ana, slow.id, write("Once."), "another key")
    assert again.id == sent.id and again.is_duplicate


def test_editing_marking_and_voting_are_free(people: Any, slow: Topic) -> None:
    post = _last(slow)
    assert actions.edit(people.ben, post.id, write("Yes, and no.")).source == "Yes, and no."
    actions.mark(people.ana, post.id, "useful")
    asked = _last(slow, 1)
    actions.set_poll(people.ana, asked.id, PollText("Which?", ["One", "Two"]))
    poll = poll_of(people.ben, asked)
    assert poll is not None
    actions.vote(people.ben, asked.id, [poll.options[0].id])


def test_other_topics_are_as_fast_as_ever(people: Any, agenda: Agenda, slow: Topic) -> None:
    other = actions.open_topic(
        people.ben, agenda.id, actions.NewTopic("experience", "Another", write("Text."))
    )
    for words in ("One.", "Two."):
        actions.reply(people.ben, other.id, write(words))


# Texts that a rule holds back


@pytest.fixture
def rule(people: Any) -> None:
    """A rule that holds a word back."""
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))


@pytest.mark.usefixtures("rule")
def test_a_text_that_waits_counts_from_when_it_was_sent(people: Any, slow: Topic) -> None:
    waiting = actions.reply(people.ana, slow.id, write("In a casino."))
    assert isinstance(waiting, Held)
    with pytest.raises(TooSoon):
        actions.reply(people.ana, slow.id, write("A shop."))
    changed = actions.revise(people.ana, waiting.id, write("In the casino."))
    assert changed.id == waiting.id  # a held text can be changed at any time
    with after(50):
        post = actions.approve(people.moderator, waiting.id)
        assert post.topic_id == slow.id
        with pytest.raises(TooSoon):
            actions.reply(people.ana, slow.id, write("A shop."))
    with after(61):
        actions.reply(people.ana, slow.id, write("A shop."))


@pytest.mark.usefixtures("rule")
def test_a_moderator_publishes_what_waits_whatever_its_author_wrote_meanwhile(
    people: Any, topic: Topic
) -> None:
    waiting = actions.reply(people.ben, topic.id, write("In a casino."))
    actions.reply(people.ben, topic.id, write("In a shop."))
    actions.slow(people.moderator, topic.id, Pace(60))
    assert actions.approve(people.moderator, waiting.id).source == "In a casino."


@pytest.mark.usefixtures("rule")
def test_a_text_that_waited_is_no_way_round(people: Any, topic: Topic) -> None:
    waiting = actions.reply(people.ben, topic.id, write("In a casino."))
    actions.slow(people.moderator, topic.id, Pace(60))
    with after(70):
        actions.reply(people.ben, topic.id, write("In a shop."))
        # Without the word it would be published now, which is too soon
        with pytest.raises(TooSoon):
            actions.revise(people.ben, waiting.id, write("In a park."))
        actions.refuse(people.moderator, waiting.id, "Not here.")
        with pytest.raises(TooSoon):
            actions.revise(people.ben, waiting.id, write("In that casino."))
    with after(140):
        again = actions.revise(people.ben, waiting.id, write("In that casino."))
        assert isinstance(again, Held)
        with pytest.raises(TooSoon):
            actions.reply(people.ben, topic.id, write("In a park."))
        actions.take_back(people.ben, again.id)
        actions.reply(people.ben, topic.id, write("In a park."))
    assert not my_held(people.ben)


@pytest.mark.usefixtures("rule")
def test_its_author_reads_when_to_send_it(people: Any, topic: Topic, sign_in: Any) -> None:
    waiting = actions.reply(people.ben, topic.id, write("In a casino."))
    actions.reply(people.ben, topic.id, write("In a shop."))
    actions.slow(people.moderator, topic.id, Pace(60))
    form = {"source": "In a park, then.", "language": "en"}
    answer = sign_in(people.ben).post(f"/waiting/{waiting.id}/revise", data=form)
    assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 3_600
    assert TOO_SOON in answer.text and "In a park, then." in answer.text


# Pages


def test_readers_are_told_how_slow_it_is_and_why(
    people: Any, slow: Topic, client: FlaskClient, sign_in: Any
) -> None:
    said = f"{SLOW} Reason: It is &lt;b&gt;heated&lt;/b&gt;."
    for reader in (client, sign_in(people.ana), sign_in(people.host)):
        text = page(reader, slow.address)
        assert said in text.partition("</article>")[0] and "This lasts until" not in text
        assert "You can publish your next text" not in text
    actions.lock(people.moderator, slow.id, "Enough.")
    assert SLOW not in page(client, slow.address)


def test_a_kept_page_says_nothing_of_the_time_of_day(
    people: Any, topic: Topic, client: FlaskClient, sign_in: Any
) -> None:
    end = now() + 30 * MINUTE
    actions.slow(people.moderator, topic.id, Pace(60, end, "It is heated."))
    before = page(client, topic.address)
    stamp = f'This lasts until <time datetime="{end.isoformat()[:16]}Z">'
    assert stamp in before and stamp in page(sign_in(people.ben), topic.address)
    with after(31):
        assert page(client, topic.address) == before
        assert SLOW not in page(sign_in(people.ben), topic.address)


def test_pages_of_visitors_say_no_more_of_it_once_it_is_tidied_up(
    people: Any, agenda: Agenda, topic: Topic, client: FlaskClient
) -> None:
    new = actions.NewTopic("experience", "Another", write("Text."))
    other = actions.open_topic(people.ben, agenda.id, new)
    actions.slow(people.moderator, topic.id, Pace(60, now() + 30 * MINUTE, "It is heated."))
    actions.slow(people.moderator, other.id, Pace(60, None, "It is heated."))
    assert SLOW in page(client, topic.address)
    assert actions.forget_paces(SYSTEM) == 0
    with after(31):
        assert (actions.forget_paces(SYSTEM), actions.forget_paces(SYSTEM)) == (1, 0)
        assert SLOW not in page(client, topic.address) and SLOW in page(client, other.address)


def test_a_member_reads_when_to_write_again(people: Any, slow: Topic, sign_in: Any) -> None:
    browser = sign_in(people.ben)
    again_at = _last(slow).created_at + 60 * MINUTE
    stamp = f'from <time datetime="{again_at.isoformat()[:16]}Z">'
    for address in (slow.address, f"/topics/{slow.id}/reply"):
        text = page(browser, address)
        assert stamp in text.partition('id="reply-form"')[0] and "Keep as a draft" in text
    with after(61):
        assert "You can publish your next text" not in page(browser, slow.address)


def test_what_comes_too_soon_is_given_back_and_kept_as_a_draft(
    people: Any, slow: Topic, sign_in: Any
) -> None:
    browser, address = sign_in(people.ben), f"/topics/{slow.id}/reply"
    answer = browser.post(address, data=FORM)
    assert answer.status_code == 429 and 3_500 < int(answer.headers["Retry-After"]) <= 3_600
    assert TOO_SOON in answer.text and FORM["source"] in answer.text
    assert ">Not yet</h2>" in answer.text and "to correct" not in answer.text
    wrong = browser.post(address, data={**FORM, "source": ""})
    assert wrong.status_code == 422 and "One thing to correct" in wrong.text
    assert "Not yet" not in wrong.text
    kept = browser.post(address, data={**FORM, "draft": "1"})
    assert kept.status_code in (200, 204, 303) and db.session.query(Draft).count() == 1
    assert browser.post(address, data=FORM).status_code == 429
    assert db.session.query(Draft).count() == 1  # the refused form has kept the draft
    with after(61):
        assert browser.post(address, data=FORM).status_code == 303
    assert db.session.query(Draft).count() == 0 and _last(slow).source == FORM["source"]


def test_a_page_of_a_member_takes_no_statement_more(
    people: Any, slow: Topic, sign_in: Any, queries: Any
) -> None:
    browser = sign_in(people.ben)
    page(browser, slow.address)
    with queries() as made:
        assert "You can publish your next text" in page(browser, slow.address)
    actions.unslow(people.moderator, slow.id)
    page(browser, slow.address)
    with queries() as without:
        assert "You can publish your next text" not in page(browser, slow.address)
    assert made.count == without.count


def test_the_comments_on_a_case_can_be_slow(
    people: Any, agenda: Agenda, client: FlaskClient, sign_in: Any
) -> None:
    text = CaseText(name="Night council", kind="network", summary="It meets.", body="At ten.")
    case = write_case(people.moderator, agenda.id, text)
    topic_id = case.topic_id or 0
    actions.reply(people.ben, topic_id, write("Yes."))
    actions.slow(people.moderator, topic_id, Pace(60, None, "It is heated."))
    with pytest.raises(TooSoon):
        actions.reply(people.ben, topic_id, write("No."))
    assert f"{SLOW} Reason: It is heated." in page(client, f"/cases/{case.slug}")
    own = page(sign_in(people.ben), f"/cases/{case.slug}")
    assert SLOW in own and "You can publish your next text" in own


def _last(topic: Topic, number: int | None = None) -> Post:
    query = db.session.query(Post).filter_by(topic_id=topic.id)
    if number:
        query = query.filter_by(number=number)
    return query.order_by(Post.number.desc()).first()  # type: ignore[return-value]
