"""The pages of appeals: the page of a decision, the sealed address, the file, what others see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.appeals.actions import appeal
from forum.appeals.queries import sealed_address
from forum.claims.models import Claim
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.members.actions import change_password
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.passwords import hash_password
from forum.queue.actions import claim
from forum.screening.actions import RuleText, make_rule
from tests.appeals.conftest import REASONS

PASSWORD = "seven green trams"


def test_from_the_decision_to_the_answer(
    sign_in: Any, people: Any, things: Any, hidden: Any
) -> None:
    author, other = sign_in(people.ben), sign_in(people.host)
    page = author.get(f"/moderation/decisions/{hidden.id}").text
    for words in (
        "2. Be fair to people.",
        "It is rude.",
        "a report",
        "A rude answer to all.",
        "Appeal",
    ):
        assert words in page, words
    address = f"/moderation/decisions/{hidden.id}/appeal"
    assert address in page
    empty = author.post(address, data={"text": " "})
    assert empty.status_code == 422 and "Say why the decision is wrong." in empty.text
    assert author.post(address, data={"text": "It was a joke."}).location == address
    assert "It waits for a moderator other than" in author.get(address).text
    assert author.post(address, data={"text": "Again."}).status_code == 403
    file = other.get("/moderation/appeals").text
    assert "A rude answer to all." in file
    number = file.split("/moderation/appeals/")[1].split('"')[0]
    page = other.get(f"/moderation/appeals/{number}").text
    for words in ("It was a joke.", "It is rude.", "A rude answer to all.", "A kind answer."):
        assert words in page, words
    wrong = other.post(f"/moderation/appeals/{number}", data={"outcome": "reversed"})
    assert wrong.status_code == 422 and "Answer in writing." in wrong.text
    said = {"outcome": "reversed", "answer": "It is usual."}
    assert other.post(f"/moderation/appeals/{number}", data=said).location == "/moderation/appeals"
    assert "It is usual." in author.get(address).text
    page = author.get(f"/moderation/decisions/{hidden.id}").text
    assert "This decision no longer holds." in page and "Read what became of it" in page


def test_who_answers_second_gets_the_words_back_however_few(
    sign_in: Any, people: Any, hidden: Any
) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    address, answer = (
        f"/moderation/appeals/{said.id}",
        {"outcome": "upheld", "answer": "It was none."},
    )
    assert sign_in(people.host).post(address, data=answer).status_code == 303
    told = sign_in(people.administrator).post(address, data=answer)
    assert told.status_code == 409 and "has answered this appeal meanwhile" in told.text
    assert "It was none." in told.text


def test_the_first_moderator_reads_but_does_not_answer(
    sign_in: Any, people: Any, hidden: Any
) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    browser = sign_in(people.moderator)
    page = browser.get(f"/moderation/appeals/{said.id}")
    assert "You made this decision" in page.text and "Send the answer" not in page.text
    answer = {"outcome": "upheld", "answer": "No."}
    assert browser.post(f"/moderation/appeals/{said.id}", data=answer).status_code == 403


def test_who_is_suspended_is_led_to_the_reasons_and_the_appeal(
    client: Any, people: Any, things: Any
) -> None:
    change_password(people.ben, hash_password(PASSWORD))
    until = now() + timedelta(days=7)
    made = moderation.suspend(people.moderator, people.ben.id, until, Reasons("Three times.", 2))
    address = sealed_address(made.id, people.ben.id)
    said = {"email": people.ben.email, "password": PASSWORD}
    assert client.post("/sign-in", data=said).location == address
    page = client.get(address)
    assert page.status_code == 200 and "Three times." in page.text
    assert "A moderator has suspended this account until" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert client.post(address, data={"text": "Not me."}).location == address
    assert "Not me." in client.get(address).text
    assert (
        client.get(address.replace(f"/{people.ben.id}/", f"/{people.ana.id}/")).status_code == 404
    )
    assert client.get(address[:-1]).status_code == 404


def test_only_those_concerned_reach_it(client: Any, sign_in: Any, people: Any, hidden: Any) -> None:
    address = f"/moderation/decisions/{hidden.id}/appeal"
    assert client.get(address).location.startswith("/sign-in")
    for person in (people.ana, people.chitra, people.moderator):
        assert sign_in(person).get(address).status_code == 404


def test_the_author_reads_the_hidden_text_and_nobody_else_does(
    client: Any, sign_in: Any, people: Any, things: Any, hidden: Any
) -> None:
    topic = sign_in(people.ben).get(things.topic.address).text
    assert f"/posts/{things.first.id}/why" in topic and "A rude answer" not in topic
    assert "/why" not in sign_in(people.chitra).get(things.topic.address).text
    refused = sign_in(people.ben).get(f"/posts/{things.first.id}/edit")
    assert refused.status_code == 403 and "A moderator has hidden this text" in refused.text
    assert f'href="/moderation/decisions/{hidden.id}"' in refused.text
    anothers = sign_in(people.chitra).get(f"/posts/{things.first.id}/edit")
    assert anothers.status_code == 403 and "/moderation/decisions/" not in anothers.text
    gone = client.get(things.topic.address).text
    assert "Rule 2: Be fair to people" in gone and "It is rude." not in gone


def test_who_wrote_in_a_hidden_topic_learns_nothing_of_it(
    sign_in: Any, people: Any, things: Any
) -> None:
    why = Reasons("Ana promised to stop.", 2)
    made = moderation.decide(people.moderator, "topic", things.topic.id, "hide", why)
    page = sign_in(people.ben).get(f"/moderation/decisions/{made.id}").text
    assert "Be fair to people" in page and "A topic in which you wrote" in page
    for words in ("Quiet streets at night", "Ana promised"):
        assert words not in page
        assert words not in sign_in(people.ben).get(f"/moderation/decisions/{made.id}/appeal").text


def test_the_page_of_an_appeal_knows_who_works_on_it(
    sign_in: Any, people: Any, hidden: Any
) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    claim(people.administrator, "appeal", said.id)
    browser, address = sign_in(people.host), f"/moderation/appeals/{said.id}"
    working = f"{people.administrator.name} has been working on this since"
    assert working in browser.get(address).text
    # Shown only to those who may answer the appeal
    assert working not in sign_in(people.moderator).get(address).text
    answer = {"outcome": "upheld", "answer": "It is not one."}
    told = browser.post(address, data=answer)
    assert told.status_code == 409 and working in told.text and "It is not one." in told.text
    holder = {"holder": people.administrator.id}
    assert browser.post(address, data=answer | holder).status_code == 303
    assert db.session.query(Claim).count() == 0


@pytest.mark.parametrize("page", ["/moderation/appeals", "/moderation/appeals/{}"])
def test_pages_cost_few_queries(
    sign_in: Any, people: Any, things: Any, hidden: Any, queries: Any, page: str
) -> None:
    said = appeal(people.ben, hidden.id, "It was a joke.")
    browser, address = sign_in(people.host), page.format(said.id)
    browser.get(address)
    with queries() as made:
        assert browser.get(address).status_code == 200
    assert made.count <= 18, made.statements


def test_what_is_gone_is_not_offered_to_be_taken_back(
    sign_in: Any, people: Any, things: Any
) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this."))
    held = dialogue.reply(people.ben, things.topic.id, write("A casino."))
    refused = moderation.refuse(people.moderator, held.id, REASONS)
    said = appeal(people.ben, refused.id, "It was a joke.")
    pages = [f"/moderation/appeal/{said.id}", f"/moderation/appeals/{said.id}"]
    browser = sign_in(people.administrator)
    for address in pages:
        page = browser.get(address).text
        assert 'value="reverse' in page and "can only be upheld" not in page
    dialogue.take_back(people.ben, held.id)
    for address in pages:
        page = browser.get(address).text
        assert 'value="uph' in page and 'value="reverse' not in page
        assert "can only be upheld: it is no longer in effect" in page
    undone = sign_in(people.moderator).post(f"/moderation/decisions/{refused.id}/undo")
    assert undone.status_code == 409
    choice = {"deed": "reverse", "reason": "You are right."}
    assert browser.post(f"{pages[0]}/decide", data=choice).status_code == 409
    assert browser.post(f"{pages[0]}/decide", data={**choice, "deed": "uphold"}).status_code == 303


def test_the_page_of_an_appeal_asks_for_ones_own_appeal_once(
    sign_in: Any, people: Any, hidden: Any, queries: Any
) -> None:
    browser = sign_in(people.ben)
    for path in (f"/moderation/decisions/{hidden.id}/appeal", f"/moderation/decisions/{hidden.id}"):
        with queries() as made:
            assert browser.get(path).status_code == 200
        asked = [words for words in made.statements if "FROM appeal" in words]
        assert len(asked) == 1, asked
