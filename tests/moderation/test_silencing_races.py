"""Members who are silenced in the moment in which they write something that is no post."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from forum.accounts import actions as accounts
from forum.advice import actions as advice
from forum.advice.actions import FollowUpText
from forum.agendas import actions as agendas
from forum.agendas.queries import get_agenda
from forum.clock import at, now
from forum.contact.actions import contact
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import PollText
from forum.dialogue.queries import first_post
from forum.glossary import actions as glossary
from forum.glossary.actions import ProposalText
from forum.library import actions as library
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining, Profile
from forum.permissions import SYSTEM
from forum.pictures.actions import add_picture
from forum.shrinking import Shrunk
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person
from tests.races import at_once, meanwhile, slowly

own, topics = races.own, races.topics  # over a forum with a moderator and an administrator
BEN = "ben-okafor"


def describes_himself() -> Callable[[], Any]:
    return by(BEN, accounts.edit_profile, Profile("Ben Okafor", position="Buy pills"))


def chooses_themes() -> Callable[[], Any]:
    [theme] = agendas.ensure_themes(SYSTEM, ["Floods"])
    return by(BEN, agendas.set_member_themes, [theme.id])


def writes_a_letter() -> Callable[[], Any]:
    return by(BEN, contact, person("mona-berg").id, "Buy pills, they are cheap here.")


def proposes_a_word() -> Callable[[], Any]:
    return by(BEN, glossary.propose, ProposalText("en", "pills", "To be bought."))


def adds_a_picture() -> Callable[[], Any]:
    return by(BEN, add_picture, Shrunk("0" * 32 + ".webp", b"pills", b""), 10_000)


def _question() -> int:
    new = NewTopic("question", "Which rails?", write("They hum."))
    return int(dialogue.open_topic(person(BEN), get_agenda(SYSTEM, "quiet").id, new).id)


def tells_what_happened_next() -> Callable[[], Any]:
    topic_id = _question()
    reply = dialogue.reply(person("mona-berg"), topic_id, write("Grind them."))
    dialogue.choose_answer(person(BEN), topic_id, reply.id)
    return by(BEN, advice.follow_up, topic_id, FollowUpText("We bought pills.", "yes"))


def passes_a_question_on() -> Callable[[], Any]:
    new = NewTopic("question", "Which rails?", write("They hum."))
    author = person("adam-de-wit")
    topic_id = dialogue.open_topic(author, get_agenda(SYSTEM, "quiet").id, new).id
    advice.ask(author, topic_id, [BEN])
    return by(BEN, advice.pass_on, topic_id, "mona-berg")


def changes_a_kind() -> Callable[[], Any]:
    return by(BEN, dialogue.change_kind, _question(), "experience")


WRITING = [
    changes_a_kind,
    describes_himself,
    chooses_themes,
    writes_a_letter,
    proposes_a_word,
    adds_a_picture,
    tells_what_happened_next,
    passes_a_question_on,
]


def _meeting(
    own: Flask, restrict: Callable[..., Any], way: Callable[[], Callable[[], Any]]
) -> list[str]:
    """What becomes of restricting Ben for a day, and of what he does meanwhile."""
    with at(now() - timedelta(days=40)):
        members.add_member(SYSTEM, Joining("Ben Okafor", "ben@example.org", "-"), "member")
    does = way()
    db.session.commit()
    until, ben_id = now() + timedelta(days=1), person(BEN).id
    return at_once(
        own,
        [lambda: slowly(restrict, person("mona-berg"), ben_id, until), meanwhile(does)],
    )


@pytest.mark.parametrize("way", WRITING)
def test_who_is_silenced_at_that_moment_writes_nothing(
    own: Flask, topics: list[int], way: Callable[[], Callable[[], Any]]
) -> None:
    done, refused = _meeting(own, members.silence, way)
    assert done == "done" and "has paused your right to write" in refused


def chooses_an_answer() -> Callable[[], Any]:
    topic_id = _question()
    reply = dialogue.reply(person("mona-berg"), topic_id, write("Grind them."))
    return by(BEN, dialogue.choose_answer, topic_id, reply.id)


def closes_a_poll() -> Callable[[], Any]:
    poll = PollText("Which is louder?", ("Trams", "Bells"))
    new = NewTopic("question", "Which one?", write("They hum."), poll=poll)
    topic = dialogue.open_topic(person(BEN), get_agenda(SYSTEM, "quiet").id, new)
    return by(BEN, dialogue.close_poll, first_post(topic).id)


def deletes_a_practice() -> Callable[[], Any]:
    text = library.PracticeText("Felt", "It is soft.", sections={"done": "We did it."})
    practice = library.write_practice(person(BEN), get_agenda(SYSTEM, "quiet").id, text)
    return by(BEN, library.delete_practice, practice.id)


@pytest.mark.parametrize("way", [chooses_an_answer, closes_a_poll, deletes_a_practice])
def test_who_is_suspended_at_that_moment_changes_nothing_of_their_own(
    own: Flask, topics: list[int], way: Callable[[], Callable[[], Any]]
) -> None:
    done, refused = _meeting(own, members.suspend, way)
    assert done == "done" and refused != "done"
