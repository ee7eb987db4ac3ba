"""House rules that change while somebody has the page open on which one of them is chosen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from forum.clock import now
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.markup import write
from forum.moderation.actions import report
from forum.moderation.models import Decision
from forum.rules.actions import RulesText, write_rules
from forum.rules.models import ReadyText

NEWER = [("Be kind", "Always."), ("Name sources", "Please.")]
AGAIN = "The house rules have changed meanwhile. Choose the rule again."


@pytest.fixture
def post(people: Any, agenda: Any) -> Any:
    topic = open_topic(people.ana, agenda.id, NewTopic("experience", "Kerbs", write("Grey.")))
    return reply(people.ben, topic.id, write("Nonsense."))


def hidden_in(page: Any) -> dict[str, str]:
    return dict(
        re.findall(r'name="(rules_number|seen|read)" type="hidden" value="([^"]*)"', page.text)
    )


def seen_in(page: str) -> str:
    [seen] = re.findall(r'name="seen" value="([^"]*)"', page)
    return str(seen)


def rules_change(people: Any) -> None:
    write_rules(people.administrator, RulesText(NEWER, now(), "Shorter."))


def decided() -> list[tuple[str, str]]:
    return [(made.deed, made.rule_name) for made in db.session.scalars(select(Decision))]


@pytest.mark.parametrize("way", ["/posts/{}/hide", "/moderation/post/{}"])
def test_a_decision_names_the_rule_that_its_moderator_has_chosen(
    sign_in: Any, people: Any, post: Any, way: str
) -> None:
    report(people.ana, "post", post.id, "rules", "Look.")
    browser, page = sign_in(people.moderator), way.format(post.id)
    address = page if page.endswith("hide") else f"{page}/decide"
    said = {"deed": "hide", "rule": "2", "reason": "It is rude."}
    opened = hidden_in(browser.get(page))
    rules_change(people)
    sent = browser.post(address, data=said | opened)
    assert sent.status_code == 422 and AGAIN in sent.text and "It is rude." in sent.text
    assert "2. Name sources" in sent.text and decided() == []
    # As no rule is chosen in it, it is refused again without a choice
    assert browser.post(address, data=said | hidden_in(sent) | {"rule": ""}).status_code == 422
    assert browser.post(address, data=said | hidden_in(sent)).status_code == 303
    assert decided() == [("hide", "Name sources")]


def test_a_law_needs_no_second_choice(sign_in: Any, people: Any, post: Any) -> None:
    browser, page = sign_in(people.moderator), f"/posts/{post.id}/hide"
    opened = hidden_in(browser.get(page))
    rules_change(people)
    said = {"rule": "law", "law": "The code, 1", "reason": "It is illegal."}
    assert browser.post(page, data=said | opened).status_code == 303


def test_a_ready_text_names_the_rule_that_its_writer_has_chosen(sign_in: Any, people: Any) -> None:
    browser, page = sign_in(people.moderator), "/moderation/texts/new"
    opened = hidden_in(browser.get(page))
    rules_change(people)
    said = {"name": "Rude", "deed": "hide", "rule": "2", "text": "It is rude."}
    sent = browser.post(page, data=said | opened)
    assert sent.status_code == 422 and AGAIN in sent.text and "It is rude." in sent.text
    assert browser.post(page, data=said | hidden_in(sent)).status_code == 303
    written = db.session.scalars(select(ReadyText).where(ReadyText.name == "Rude")).one()
    assert (written.rule, written.version) == (2, 1)


def written_by_one(sign_in: Any, people: Any) -> tuple[dict[str, str], Any, Any]:
    """What a new ready text says, the browser of its writer, and that of another who may change it."""
    said = {"name": "Rude", "deed": "hide", "rule": "2", "text": "It is rude."}
    browser, other = sign_in(people.moderator), sign_in(people.administrator)
    assert browser.post("/moderation/texts/new", data=said).status_code == 303
    return said, browser, other


def test_a_ready_text_that_another_moderator_has_changed_is_not_overwritten_unread(
    sign_in: Any, people: Any
) -> None:
    said, browser, other = written_by_one(sign_in, people)
    page = "/moderation/texts/8"
    opened = hidden_in(browser.get(page))
    theirs = said | {"rule": "3", "text": "It is rude, and long."}
    assert other.post(page, data=theirs | hidden_in(other.get(page))).status_code == 303
    mine = said | {"text": "It is quite rude."}
    sent = browser.post(page, data=mine | opened)
    assert sent.status_code == 409 and "It is rude, and long." in sent.text
    assert "It is quite rude." in sent.text
    assert browser.post(page, data=theirs | opened).status_code == 303  # which says the same
    assert browser.post(page, data=mine | hidden_in(sent)).status_code == 303
    assert "It is quite rude." in browser.get("/moderation/texts").text


def test_a_ready_text_that_another_moderator_has_changed_is_not_deleted_unread(
    sign_in: Any, people: Any
) -> None:
    said, browser, other = written_by_one(sign_in, people)
    page = "/moderation/texts/8/delete"
    seen = {"seen": seen_in(browser.get(page).text)}
    theirs = said | {"text": "It is rude, and long."}
    assert other.post("/moderation/texts/8", data=theirs).status_code == 303
    assert browser.post(page, data=seen).status_code == 409
    asked = browser.get(page).text
    assert "It is rude, and long." in asked
    assert browser.post(page, data={"seen": seen_in(asked)}).status_code == 303
    assert "It is rude, and long." not in browser.get("/moderation/texts").text
