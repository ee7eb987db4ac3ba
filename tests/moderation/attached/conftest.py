"""Texts that are added to others: a note, what happened next, a reservation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from forum.advice import actions as advice
from forum.advice.actions import FollowUpText
from forum.clock import now
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.dialogue.models import TRIED, Mark, Topic
from forum.dialogue.queries import mark_given
from forum.library import actions as library
from forum.library.queries import opening_post_id
from forum.markup import PlainTexts, write
from forum.members import actions as members
from forum.moderation.actions import Reasons

REASONS = Reasons("It is rude.", 2)
WORDS = "Only fools believed it."


@dataclass(frozen=True)
class Added:
    """An attached text: kind and id, its author, the page that shows it, and the route for reporting it."""

    kind: str
    item_id: int
    author: Any
    page: str
    door: str

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.item_id


@pytest.fixture
def practice(people: Any, things: Any) -> Any:
    """Ben's practice, published."""
    library.publish(people.moderator, things.practice.id)
    return things.practice


@pytest.fixture
def question(people: Any, things: Any) -> Topic:
    """A question of Ana's with a reply of Ben's."""
    asked = dialogue.NewTopic("question", "How do we calm the street?", write("It is loud."))
    topic = dialogue.open_topic(people.ana, things.agenda.id, asked)
    dialogue.reply(people.ben, topic.id, write("Ask the trams."))
    return topic


@pytest.fixture(params=["a post", "a practice", "a question", "a declaration"])
def added(request: Any, people: Any, things: Any, practice: Any, question: Topic) -> Added:
    """Ana's notes about a post and a practice that she tried, and the follow-up of her question."""
    if request.param == "a declaration":
        return _reservation(people, things)
    if request.param == "a question":
        told = advice.follow_up(
            people.ana, question.id, FollowUpText("We shut it.", "partly", WORDS)
        )
        door = f"/follow-ups/{told.id}/report"
        return Added("followup", told.id, people.ana, question.address, door)
    if request.param == "a post":
        post_id, page = things.first.id, f"/posts/{things.first.id}/marks"
    else:
        post_id = opening_post_id(people.ana, practice.topic_id)
        page = f"/practices/{practice.slug}"
    dialogue.mark(people.ana, post_id, TRIED, "stopped", WORDS)
    given = own_mark(people.ana, post_id)
    return Added("mark", given.id, people.ana, page, f"/marks/{given.id}/report")


def _reservation(people: Any, things: Any) -> Added:
    """The reservation of Ana's city in its signature of a declaration."""
    text = declarations.DeclarationText("Quiet nights", write("We want them."))
    made = declarations.write_declaration(people.host, things.agenda.id, text)
    declarations.open_declaration(people.host, made.id, PlainTexts())
    made = declarations.freeze(people.host, made.id, now().date() + timedelta(days=30))
    city = members.OrganisationText("Quiet City", "city", representative_id=people.ana.id)
    body = members.write_organisation(people.moderator, city)
    signing = declarations.Signing(made.digest, WORDS)
    signed = declarations.sign(people.ana, made.id, body.id, signing)
    door = f"/reservations/{signed.id}/report"
    return Added("reservation", signed.id, people.ana, made.address, door)


@pytest.fixture
def note(people: Any, things: Any) -> Mark:
    """Ana's note about a post of Ben's that she tried."""
    dialogue.mark(people.ana, things.first.id, TRIED, "stopped", WORDS)
    return own_mark(people.ana, things.first.id)


def own_mark(member: Any, post_id: int) -> Mark:
    given = mark_given(member, post_id, TRIED)
    assert given is not None
    return given
