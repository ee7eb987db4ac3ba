"""A held text in a hidden or removed topic does not reveal the present title of the topic to its author."""

from __future__ import annotations

from typing import Any

import pytest

from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held
from forum.dialogue.queries import first_post
from forum.markup import write
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.quotes import quote
from forum.screening.actions import RuleText, make_rule
from tests.conftest import fields_of

REASONS = Reasons("It is rude.", 2)


@pytest.mark.parametrize("deed", ["hide", "remove"])
def test_the_title_of_what_is_out_of_sight_is_not_said(
    sign_in: Any, people: Any, things: Any, deed: str
) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this."))
    reply = dialogue.reply(people.ben, things.topic.id, write("A casino."))
    edit = dialogue.edit(people.ben, things.first.id, write("Another casino."))
    browser = sign_in(people.ben)
    pages = [
        "/waiting",
        *(f"/waiting/{held.id}{end}" for held in (reply, edit) for end in ("", "/revise")),
    ]
    titles = (things.topic.title, things.topic.address)
    for address in pages:
        assert things.topic.title in browser.get(address).text, address
    actions.decide(people.moderator, "topic", things.topic.id, deed, REASONS)
    for address in pages:
        page = browser.get(address)
        assert page.status_code == 200 and not [title for title in titles if title in page.text], (
            address
        )
        assert "in a topic that is hidden or removed" in page.text, address


def test_a_moderator_is_told_what_to_do_about_what_its_author_has_to_change(
    sign_in: Any, people: Any, things: Any
) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this."))
    new = dialogue.NewTopic("experience", "Among us", write("Ours fell."), audience="members")
    among_us = dialogue.open_topic(people.ana, things.agenda.id, new)
    quoted = quote("Ana Prado", first_post(among_us).id, "Ours fell.")
    held = dialogue.reply(people.ben, things.topic.id, write(f"{quoted}\n\nA casino."))
    assert isinstance(held, Held)
    browser = sign_in(people.moderator)
    address = f"/moderation/held/{held.id}"
    sent = {**fields_of(browser.get(address).text, f"{address}/decide"), "deed": "approve"}
    answer = browser.post(f"{address}/decide", data=sent)
    assert answer.status_code == 409 and "Refuse it and say why" in answer.text
    assert "do not quote it in public" in answer.text and "A casino." in answer.text
    actions.refuse(people.moderator, held.id, REASONS)
    dialogue.revise(people.ben, held.id, write("A casino."))
    assert actions.approve(people.moderator, held.id).deed == "approve"
