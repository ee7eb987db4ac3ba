"""The same text sent again a moment later from another form is recognised, and not posted a second time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Held, Post, Topic
from forum.markup import write
from forum.members import actions as members
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule

SAID = {"kind": "experience", "title": "Benches", "audience": "public"}
PLACE = "0123456789ab"


def new(text: str = "They hum.", **changes: str) -> NewTopic:
    said = SAID | changes
    return NewTopic(said["kind"], said["title"], write(text), audience=said["audience"])


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Topic:
    opened = actions.open_topic(people.ben, agenda.id, new("Trams are loud.", title="Trams"))
    assert isinstance(opened, Topic)
    return opened


def posts() -> int:
    return db.session.scalar(select(func.count()).select_from(Post)) or 0


def waiting() -> int:
    return db.session.scalar(select(func.count()).select_from(Held)) or 0


def test_the_same_reply_by_another_form_is_the_one_that_is_there(people: Any, topic: Topic) -> None:
    first = actions.reply(people.ana, topic.id, write("We did."), "a")
    assert not first.is_duplicate
    again = actions.reply(people.ana, topic.id, write("We did."), "b")
    assert again.id == first.id and again.is_duplicate and posts() == 2
    assert db.session.get_one(Topic, topic.id, populate_existing=True).replies_count == 1


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("We did!", {}),
        ("We did.", {"paragraph": PLACE}),
        ("We did.", {"for_organisation": True}),
        ("We did.", {"key": None}),
    ],
)
def test_what_differs_in_anything_is_another_reply(
    people: Any, topic: Topic, text: str, more: dict[str, Any]
) -> None:
    if "for_organisation" in more:
        city = members.write_organisation(SYSTEM, members.OrganisationText("Medellín", "city"))
        profile = members.Profile(name=people.ana.name, organisation_id=city.id)
        members.edit_profile(people.ana, profile)
        db.session.refresh(people.ana, ["organisation_id"])
    first = actions.reply(people.ana, topic.id, write("We did."), "a")
    other = actions.reply(people.ana, topic.id, write(text), **({"key": "b"} | more))
    assert other.id != first.id and not other.is_duplicate


def test_somebody_else_another_topic_and_another_hour_are_others(
    people: Any, agenda: Agenda, topic: Topic
) -> None:
    elsewhere = actions.open_topic(people.ben, agenda.id, new("Bells.", title="Bells"))
    with at(now() - timedelta(minutes=11)):
        actions.reply(people.ana, topic.id, write("We did."), "a")
    for number, (author, place) in enumerate(
        [(people.ana, topic), (people.chitra, topic), (people.ana, elsewhere)]
    ):
        assert not actions.reply(author, place.id, write("We did."), f"{number}").is_duplicate


def test_beside_the_same_paragraph_it_is_the_same(people: Any, topic: Topic) -> None:
    first = actions.reply(people.ana, topic.id, write("Is it so?"), "a", paragraph=PLACE)
    again = actions.reply(people.ana, topic.id, write("Is it so?"), "b", paragraph=PLACE)
    assert again.id == first.id and again.paragraph == PLACE


def test_the_same_words_after_somebody_else_wrote_are_meant_for_them(
    people: Any, topic: Topic
) -> None:
    first = actions.reply(people.ana, topic.id, write("Thanks!"), "a")
    actions.reply(people.chitra, topic.id, write("We did it so."), "b")
    second = actions.reply(people.ana, topic.id, write("Thanks!"), "c")
    assert second.id != first.id and not second.is_duplicate
    assert actions.reply(people.ana, topic.id, write("Thanks!"), "d").id == second.id
    actions.reply(people.chitra, topic.id, write("Gladly."), "e")
    actions.hide(people.moderator, second.id, "Spam")
    actions.hide(people.moderator, first.id, "Spam")
    assert actions.reply(people.ana, topic.id, write("Thanks!"), "f").is_duplicate


def test_a_deleted_post_does_not_count_and_a_hidden_one_does(people: Any, topic: Topic) -> None:
    """An author whose post was hidden cannot publish it again by sending it once more."""
    first = actions.reply(people.ana, topic.id, write("We did."), "a")
    actions.delete(people.ana, first.id)
    second = actions.reply(people.ana, topic.id, write("We did."), "b")
    assert second.id != first.id
    moderation.decide(people.moderator, "post", second.id, "hide", Reasons("It is rude.", 2))
    assert actions.reply(people.ana, topic.id, write("We did."), "c").id == second.id


def test_the_same_topic_by_another_form_is_the_one_that_is_there(
    people: Any, agenda: Agenda
) -> None:
    first = actions.open_topic(people.ana, agenda.id, new(), "a")
    again = actions.open_topic(people.ana, agenda.id, new(title="  Benches "), "b")
    assert again.id == first.id and again.is_duplicate and posts() == 1
    for number, other in enumerate(
        [
            new("They sing."),
            new(kind="question"),
            new(title="Benches again"),
            new(audience="members"),
        ]
    ):
        assert not actions.open_topic(people.ana, agenda.id, other, f"{number}").is_duplicate
    actions.delete(people.ana, db.session.scalar(select(Post.id).where(Post.topic_id == first.id)))
    assert actions.open_topic(people.ana, agenda.id, new(), "c").id != first.id


def test_on_another_agenda_it_is_another_topic(people: Any, agenda: Agenda) -> None:
    other = write_agenda(people.moderator, AgendaText("Louder", write("Text."), slug="louder"))
    first = actions.open_topic(people.ana, agenda.id, new(), "a")
    assert actions.open_topic(people.ana, other.id, new(), "b").id != first.id


def test_a_text_that_waits_waits_once(people: Any, agenda: Agenda, topic: Topic) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    for text in ("A casino.", "Another casino."):
        first, again = (
            actions.reply(people.ana, topic.id, write(text), f"{text} {n}") for n in range(2)
        )
        assert isinstance(first, Held) and again.id == first.id and again.is_duplicate
    opened, same = (actions.open_topic(people.ana, agenda.id, new("Casino."), k) for k in "ab")
    assert isinstance(opened, Held) and same.id == opened.id
    assert waiting() == 3
    actions.refuse(people.moderator, opened.id, "Not here.")
    assert actions.open_topic(people.ana, agenda.id, new("Casino."), "c").id != opened.id


def test_the_member_is_told_and_lands_at_what_is_there(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    browser = sign_in(people.ana)
    reply = {"source": "We did.", "language": "en"}
    opening = {**SAID, "source": "They hum.", "language": "en"}
    for address, form in (
        (f"/topics/{topic.id}/reply", reply),
        (f"/agendas/{agenda.slug}/topics/new", opening),
    ):
        led = [
            browser.post(address, data=form | {"submission_key": key})
            for key in (f"{address} {n}" for n in range(2))
        ]
        assert [answer.status_code for answer in led] == [303, 303]
        assert led[0].location == led[1].location
        page = browser.get(led[1].location).text
        assert "is published." in page and page.count("You have posted this already.") == 1


def test_the_member_is_told_that_a_text_waits_already(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    browser, address = sign_in(people.ana), f"/topics/{topic.id}/reply"
    form = {"source": "A casino.", "language": "en"}
    led = [browser.post(address, data=form | {"submission_key": key}) for key in ("a", "b")]
    assert led[0].location == led[1].location
    assert "You have sent this already. It waits until" in browser.get(led[1].location).text


def test_it_costs_one_question_of_what_the_author_wrote_of_late(
    people: Any, topic: Topic, queries: Any
) -> None:
    with queries() as made:
        actions.reply(people.ana, topic.id, write("We did."))
    assert not [said for said in made.statements if "UNION ALL" in said]
    with queries() as made:
        actions.reply(people.ana, topic.id, write("We did."), "a")
    (asked,) = [said for said in made.statements if "UNION ALL" in said]
    if db.session.get_bind().dialect.name == "sqlite":
        plan = db.session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {asked}", (None,) * asked.count("?")
        )
        looks = [row[3] for row in plan if row[3].startswith("SEARCH")]
        assert "ix_post_written (author_id=? AND created_at>?)" in looks[0], looks
        assert "ix_post_news (topic_id=? AND number>?)" in looks[1], looks
        assert "ix_held_author_id_id" in looks[2], looks
