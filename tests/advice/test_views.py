"""The pages of advice: what they show to whom, odd input, numbers of queries."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.advice import actions
from forum.advice.actions import FollowUpText
from forum.advice.queries import availability_of, requests_about
from forum.agendas.actions import archive
from forum.clock import at, now
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Topic
from forum.dialogue.queries import posts_in
from forum.markup import write
from forum.members.actions import hide_profile
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM
from tests.advice.conftest import Question, somebody

DAY = timedelta(days=1)
HOSTILE = [
    "",
    "\x00",
    "9" * 300,
    "<script>alert(1)</script>",
    "' or 1=1 --",
    "@ben-okoth ",
]


def page(browser: FlaskClient, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, answer.status
    return str(answer.text)


def states(topic: Topic) -> dict[str, str]:
    return {fate.asked.member.handle: fate.state for fate in requests_about(topic)}


def ticked(text: str) -> list[str]:
    return re.findall(r'name="asked" value="([^"]+)"[^>]* checked', text)


# Asking


def test_a_new_question_offers_its_asker_whom_to_ask(
    sign_in: Any, people: Any, question: Question
) -> None:
    fields = {"title": "Where do vans stop?", "source": "Text.", "language": "en"}
    browser = sign_in(people.ana)
    for kind, is_offered in (("question", True), ("experience", False)):
        form = fields | {"audience": "public", "submission_key": kind, "kind": kind}
        answer = browser.post("/agendas/quieter/topics/new", data=form)
        assert answer.status_code == 303 and answer.location.endswith("-where-do-vans-stop")
        text = page(browser, answer.location)
        assert ("We look for members who may have done this" in text) == is_offered


def test_an_answered_question_ticks_nobody_and_names_nobody_asked(
    sign_in: Any, people: Any, question: Question
) -> None:
    somebody("Helper", helps_with="parking")
    topic_id, browser, host = question.topic.id, sign_in(people.ana), sign_in(people.host)
    where, door = question.topic.address, f"/topics/{question.topic.id}/ask"
    asked, offer = "Who is asked for advice", "Ask members who may help"
    assert asked not in page(host, where) and offer in page(host, where)
    reply = dialogue.reply(people.ben, topic_id, write("Two euros."))
    dialogue.choose_answer(people.ana, topic_id, reply.id)
    assert f'href="{door}"' not in page(browser, where)
    assert asked not in page(host, where) and "Advice on this question" in page(host, where)
    assert "Tell what happened next" in page(browser, where)
    text = page(browser, door)
    assert "This question has its answer." in text and ticked(text) == []
    assert 'name="asked"' in text
    actions.ask(people.ana, topic_id, [people.chitra.handle])
    assert asked in page(browser, where)


def test_the_asker_asks_all_who_are_proposed_with_one_press(
    sign_in: Any, people: Any, question: Question
) -> None:
    helpers = {somebody(f"Helper{letter}", helps_with="parking").handle for letter in "abcdef"}
    browser, door = sign_in(people.ana), f"/topics/{question.topic.id}/ask"
    text = page(browser, door)
    chosen = ticked(text)
    assert len(chosen) == 5 and set(chosen) < helpers
    assert "Offers help with: parking" in text
    answer = browser.post(door, data={"asked": chosen})
    assert answer.status_code == 303
    assert states(question.topic) == dict.fromkeys(chosen, "asked")
    text = page(browser, door)
    assert "5 members are asked now." in text and text.count(">Asked </span>") == 5
    assert not set(ticked(text)) & set(chosen)
    browser.post(door, data={"asked": chosen})
    assert "You have asked them before." in page(browser, door)
    assert len(states(question.topic)) == 5


def test_the_reasons_are_kept_for_who_is_asked(
    sign_in: Any, people: Any, question: Question
) -> None:
    helper = somebody("Helper", helps_with="Residents’ parking", city="Surat")
    sign_in(people.ana).post(f"/topics/{question.topic.id}/ask", data={"asked": helper.handle})
    text = page(sign_in(helper), question.topic.address)
    assert "Ana Prado asks for your advice." in text
    assert "Offers help with: Residents, parking" in text
    assert "Surat, like the asker’s a city of 1 to 5 million" in text


def test_a_member_who_was_not_proposed_may_be_asked(
    sign_in: Any, people: Any, question: Question
) -> None:
    sign_in(people.ana).post(f"/topics/{question.topic.id}/ask", data={"asked": people.ben.handle})
    assert states(question.topic) == {people.ben.handle: "asked"}


@pytest.mark.parametrize("typed", HOSTILE)
def test_odd_handles_are_answered_with_a_sentence(
    sign_in: Any, people: Any, question: Question, typed: str
) -> None:
    somebody("Helper", helps_with="parking")
    actions.ask(people.ana, question.topic.id, [people.chitra.handle])
    browser = sign_in(people.ana)
    answer = browser.post(f"/topics/{question.topic.id}/ask", data={"asked": [typed] * 40})
    assert answer.status_code == 422 and "thing to correct" in answer.text
    asked = sign_in(people.chitra)
    answer = asked.post(f"/topics/{question.topic.id}/pass-on", data={"handle": typed})
    assert answer.status_code == (303 if "ben" in typed else 422)
    for door, field in (("postpone", "until"), ("follow-up", "outcome")):
        assert asked.post(
            f"/topics/{question.topic.id}/{door}", data={field: typed}
        ).status_code in (403, 422)
    assert asked.post("/settings/advice", data={"until": typed}).status_code in (303, 422)


def test_what_was_ticked_stays_when_something_is_to_put_right(
    sign_in: Any, people: Any, question: Question
) -> None:
    one, other = (somebody(name, helps_with="parking") for name in ("One", "Other"))
    actions.set_availability(people.ben, False, None)
    form = {"asked": [one.handle, people.ben.handle]}
    answer = sign_in(people.ana).post(f"/topics/{question.topic.id}/ask", data=form)
    assert answer.status_code == 422 and "Ben Okoth cannot be asked." in answer.text
    assert ticked(answer.text) == [one.handle] and other.handle in answer.text


def test_only_the_asker_and_who_moderates_see_who_is_asked(
    client: FlaskClient, sign_in: Any, people: Any, question: Question
) -> None:
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    door = f"/topics/{question.topic.id}/ask"
    for person in (people.ana, people.host, people.moderator):
        assert "Ben Okoth" in page(sign_in(person), door)
    assert "Ask members who may help" in page(sign_in(people.ana), question.topic.address)
    for person in (people.ben, people.chitra):
        page(sign_in(person), door, 403)
        assert door not in page(sign_in(person), question.topic.address)
    assert client.get(door).location.startswith("/sign-in")
    assert door not in page(client, question.topic.address)


@pytest.mark.parametrize("state", ["locked", "archived"])
def test_a_closed_question_shows_who_was_asked_and_asks_nobody(
    sign_in: Any, people: Any, question: Question, state: str
) -> None:
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    if state == "locked":
        dialogue.lock(people.moderator, question.topic.id)
    else:
        archive(people.moderator, question.agenda.id)
    browser, door = sign_in(people.ana), f"/topics/{question.topic.id}/ask"
    text = page(browser, door)
    assert state in text and "Ben Okoth" in text and "Ask these members" not in text
    assert browser.post(door, data={"asked": people.chitra.handle}).status_code == 403


def test_an_experience_asks_nobody(sign_in: Any, people: Any, question: Question) -> None:
    new = NewTopic("experience", "We did it", write("Text."))
    topic = dialogue.open_topic(people.ana, question.agenda.id, new)
    browser = sign_in(people.ana)
    page(browser, f"/topics/{topic.id}/ask", 403)
    assert "/ask" not in page(browser, topic.address)


def test_where_nobody_is_found_the_page_says_what_may_help(
    sign_in: Any, people: Any, question: Question
) -> None:
    text = page(sign_in(people.ana), f"/topics/{question.topic.id}/ask")
    assert "See all members" in text and "Ask these members" not in text


def test_a_hidden_profile_is_not_named_among_the_asked(
    sign_in: Any, people: Any, question: Question
) -> None:
    actions.ask(people.ana, question.topic.id, [people.ben.handle, people.chitra.handle])
    actions.pass_on(people.chitra, question.topic.id, people.host.handle)
    for person in (people.ben, people.host):
        hide_profile(people.moderator, person.id)
    text = page(sign_in(people.ana), f"/topics/{question.topic.id}/ask")
    assert "Ben Okoth" not in text and "Hana Virtanen" not in text
    assert "A member whose profile cannot be read" in text


# Being asked


@pytest.fixture
def asked(people: Any, question: Question) -> Topic:
    """Ana's question; Ben was asked for advice about it."""
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    return question.topic


@pytest.mark.parametrize("state", ["locked", "archived"])
def test_nobody_is_asked_on_the_page_of_a_question_that_takes_no_replies(
    sign_in: Any, people: Any, asked: Topic, state: str
) -> None:
    browser = sign_in(people.ben)
    assert 'href="#reply"' in page(browser, asked.address)
    if state == "locked":
        dialogue.lock(people.moderator, asked.id)
    else:
        archive(people.moderator, asked.agenda_id)
    text = page(browser, asked.address)
    assert "asks for your advice" not in text and 'href="#reply"' not in text


def test_the_asked_member_declines_with_one_press(sign_in: Any, people: Any, asked: Topic) -> None:
    browser = sign_in(people.ben)
    assert "asks for your advice" in page(browser, asked.address)
    for _press in range(2):
        answer = browser.post(f"/topics/{asked.id}/decline")
        assert answer.status_code == 303 and answer.location == asked.address
    assert "asks for your advice" not in page(browser, asked.address)
    assert "Not me" in page(sign_in(people.ana), f"/topics/{asked.id}/ask")


def test_the_asked_member_says_until_when(sign_in: Any, people: Any, asked: Topic) -> None:
    browser, door = sign_in(people.ben), f"/topics/{asked.id}/postpone"
    assert (now().date() + 14 * DAY).isoformat() in page(browser, door)
    for typed in ("yesterday", now().date().isoformat(), "9999-12-31", "0001-01-01"):
        assert browser.post(door, data={"until": typed}).status_code == 422, typed
    day = (now() + 5 * DAY).date().isoformat()
    assert browser.post(door, data={"until": day}).status_code == 303
    assert states(asked) == {people.ben.handle: "not now"}
    assert day in page(browser, "/settings/advice")


def test_the_asked_member_passes_it_on(sign_in: Any, people: Any, asked: Topic) -> None:
    browser, door = sign_in(people.ben), f"/topics/{asked.id}/pass-on"
    page(browser, door)
    assert browser.post(door, data={"handle": people.ana.handle}).status_code == 422
    for status in (303, 422):
        answer = browser.post(door, data={"handle": f" @{people.chitra.handle.upper()}"})
        assert answer.status_code == status
    assert "Passed on to Chitra Desai" in page(sign_in(people.ana), f"/topics/{asked.id}/ask")
    assert "Ben Okoth asks for your advice." in page(sign_in(people.chitra), asked.address)
    assert "asks for your advice" not in page(browser, asked.address)


def test_nobody_is_offered_to_pass_on_what_takes_no_replies(
    sign_in: Any, people: Any, asked: Topic
) -> None:
    dialogue.lock(people.moderator, asked.id, "It went in circles.")
    browser, door = sign_in(people.ben), f"/topics/{asked.id}/pass-on"
    text = page(browser, door, 403)
    assert "locked" in text and f'href="/topics/{asked.id}"' in text
    assert browser.post(door, data={"handle": people.chitra.handle}).status_code == 403


def test_who_has_replied_is_not_asked_any_more(sign_in: Any, people: Any, asked: Topic) -> None:
    dialogue.reply(people.ben, asked.id, write("So."))
    assert "asks for your advice" not in page(sign_in(people.ben), asked.address)
    assert "Replied" in page(sign_in(people.ana), f"/topics/{asked.id}/ask")


def test_who_was_not_asked_finds_no_such_door(sign_in: Any, people: Any, asked: Topic) -> None:
    browser = sign_in(people.chitra)
    for door in ("postpone", "pass-on"):
        page(browser, f"/topics/{asked.id}/{door}", 404)
    for door in ("decline", "postpone", "pass-on"):
        assert browser.post(f"/topics/{asked.id}/{door}").status_code == 404


def test_an_asked_member_who_loses_sight_of_the_question_finds_no_door(
    sign_in: Any, people: Any, asked: Topic
) -> None:
    dialogue.hide_topic(people.moderator, asked.id)
    browser = sign_in(people.ben)
    for door in ("decline", "postpone", "pass-on"):
        assert browser.post(f"/topics/{asked.id}/{door}").status_code == 404


def test_a_switch_keeps_others_from_asking(sign_in: Any, people: Any, question: Question) -> None:
    browser = sign_in(people.ben)
    assert re.search(
        r'name="is_asked"[^>]* value="y"[^>]*|checked', page(browser, "/settings/advice")
    )
    assert browser.post("/settings/advice", data={"until": ""}).status_code == 303
    assert availability_of(people.ben).muted_at
    assert browser.post("/settings/advice", data={"is_asked": "y"}).status_code == 303
    assert availability_of(people.ben).muted_at is None


# What happened next


@pytest.fixture
def advised(people: Any, asked: Topic) -> Topic:
    """Ana's question after Ben has replied."""
    dialogue.reply(people.ben, asked.id, write("Raise the price."))
    return asked


FORM = {
    "deed": "We raised the price.",
    "outcome": "partly",
    "text": "One street.\n\nThen two.",
    "language": "en",
}


def test_what_happened_next_stands_below_the_question(
    client: FlaskClient, sign_in: Any, people: Any, advised: Topic
) -> None:
    before = page(client, advised.address)
    assert "What happened next" not in before
    browser, door = sign_in(people.ana), f"/topics/{advised.id}/follow-up"
    assert "Tell what happened next" in page(browser, advised.address)
    page(browser, door)
    answer = browser.post(door, data=FORM)
    assert answer.location == f"{advised.address}#next"
    text = page(client, advised.address)
    for words in ("What happened next", "We raised the price.", "Partly", "<p>Then two.</p>"):
        assert words in text
    assert "Change it" not in text and "Change it" in page(browser, advised.address)
    assert 'value="We raised the price."' in page(browser, door)
    assert 'name="take_back"' in page(browser, door)
    browser.post(door, data={"take_back": "1"})
    assert page(client, advised.address) == before


def test_what_is_told_is_text_and_no_html(
    client: FlaskClient, sign_in: Any, people: Any, advised: Topic
) -> None:
    form = FORM | {"deed": "<b>We</b>", "text": "<script>alert(1)</script>", "language": "<x>"}
    browser = sign_in(people.ana)
    assert browser.post(f"/topics/{advised.id}/follow-up", data=form).status_code == 422
    form |= {"language": "fr"}
    assert browser.post(f"/topics/{advised.id}/follow-up", data=form).status_code == 303
    text = page(client, advised.address)
    assert "&lt;b&gt;We" in text and "&lt;script&gt;" in text and "<b>We" not in text


@pytest.mark.parametrize("missing", ["deed", "outcome"])
def test_a_follow_up_lacks_nothing(sign_in: Any, people: Any, advised: Topic, missing: str) -> None:
    answer = sign_in(people.ana).post(f"/topics/{advised.id}/follow-up", data=FORM | {missing: ""})
    assert answer.status_code == 422 and "Then two." in answer.text
    assert "<title>Error:" in answer.text


def test_only_the_asker_tells(
    client: FlaskClient, sign_in: Any, people: Any, advised: Topic
) -> None:
    door = f"/topics/{advised.id}/follow-up"
    for person in (people.ben, people.moderator):
        page(sign_in(person), door, 403)
        assert sign_in(person).post(door, data=FORM | {"take_back": "1"}).status_code == 403
    assert client.get(door).location.startswith("/sign-in")


@pytest.mark.parametrize("state", ["locked", "archived", "without replies"])
def test_what_was_told_is_taken_back_where_nothing_more_is_written(
    client: FlaskClient, sign_in: Any, people: Any, advised: Topic, state: str
) -> None:
    door, browser = f"/topics/{advised.id}/follow-up", sign_in(people.ana)
    browser.post(door, data=FORM)
    if state == "locked":
        dialogue.lock(people.moderator, advised.id)
    elif state == "archived":
        archive(people.moderator, advised.agenda_id)
    else:
        for post in posts_in(people.ben, advised, 1).items[1:]:
            dialogue.delete(people.ben, post.id)
    text = page(browser, advised.address)
    assert "Change it" not in text and 'name="take_back"' in text
    for other in (client, sign_in(people.ben)):
        assert 'name="take_back"' not in page(other, advised.address)
    assert browser.post(door, data=FORM).status_code == 403
    assert browser.post(door, data={"take_back": "1"}).location == advised.address
    assert "We raised the price." not in page(client, advised.address)


# What pages cost


def test_the_page_of_a_topic_costs_visitors_nothing_and_members_one_query(
    client: FlaskClient, sign_in: Any, people: Any, advised: Topic, queries: Any
) -> None:
    member = sign_in(people.chitra)
    page(client, "/rules")

    def cost(browser: FlaskClient) -> list[str]:
        with queries() as made:
            page(browser, advised.address)
        return [words for words in made.statements if re.search(r"\basked\b|follow_up\.", words)]

    assert cost(client) == [] and len(cost(member)) == 1
    assert cost(sign_in(people.ana)) == []  # the asker sees only a link, which needs no query
    actions.follow_up(people.ana, advised.id, FollowUpText("We did.", "yes"))
    assert len(cost(client)) == 1 and len(cost(member)) == 2


def test_the_page_of_asking_costs_the_same_for_many(
    sign_in: Any, people: Any, question: Question, queries: Any
) -> None:
    browser, door = sign_in(people.ana), f"/topics/{question.topic.id}/ask"

    def cost() -> int:
        with queries() as made:
            page(browser, door)
        return int(made.count)

    somebody("Helper", helps_with="parking", city="Surat", themes=[question.theme])
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    page(browser, door)
    few = cost()
    handles = [somebody(f"H{letter}", helps_with="parking").handle for letter in "abcdefghij"]
    actions.ask(people.ana, question.topic.id, handles[:8])
    assert cost() == few <= 18


# Notices


def test_each_notice_says_what_it_wants(sign_in: Any, people: Any, asked: Topic) -> None:
    later = now() + 60 * DAY
    with at(now() + 8 * DAY):
        actions.look_after(SYSTEM)
    dialogue.reply(people.ben, asked.id, write("Raise the price."))
    with at(later):
        actions.look_after(SYSTEM)
        make_notices(SYSTEM)
    assert "asks you for advice:" in page(sign_in(people.ben), "/notices")
    assert "Nobody has answered this question" in page(sign_in(people.host), "/notices")
    text = page(sign_in(people.ana), "/notices")
    assert "What happened next? You asked:" in text and "Waiting for you" in text


def test_a_question_is_passed_on_to_somebody_by_full_name(
    sign_in: Any, people: Any, question: Question
) -> None:
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    door = f"/topics/{question.topic.id}/pass-on"
    browser = sign_in(people.ben)
    refused = browser.post(door, data={"handle": "Chitra"})
    assert "No member has the handle or name “Chitra”." in refused.get_data(as_text=True)
    assert browser.post(door, data={"handle": people.chitra.name}).status_code == 303
    assert states(question.topic)[people.chitra.handle] == "asked"
