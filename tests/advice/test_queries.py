"""Which members are proposed for a question, in which order and why, and in how many queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from forum.advice import actions
from forum.advice.models import AdviceRequest
from forum.advice.queries import (
    Reason,
    kilometres,
    proposals,
    questions_to_advise_on,
    size_of,
    stored_reason,
)
from forum.agendas.actions import write_theme
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.queries import first_post, get_topic
from forum.markup import write
from forum.members.actions import Profile, edit_profile, hide_profile, suspend
from forum.members.models import Member
from forum.members.queries import city_by_name
from forum.permissions import SYSTEM, VISITOR
from tests.advice.conftest import Question, somebody


def proposed(asker: Member, question: Question) -> dict[str, dict[str, Reason]]:
    """The names that are proposed, the best first, each with the reasons by kind."""
    found = proposals(asker, get_topic(asker, question.topic.id))
    return {
        proposal.member.name: {reason.kind: reason for reason in proposal.reasons}
        for proposal in found
    }


def another(author: Member, question: Question, title: str, **words: Any) -> Any:
    new = NewTopic("question", title, write("Text."), themes=[question.theme.id], **words)
    return dialogue.open_topic(author, question.agenda.id, new)


def test_who_offers_help_in_words_or_by_theme_is_proposed_with_the_reason(
    people: Any, question: Question
) -> None:
    somebody("Words", helps_with="Residents’ parking; tram stops")
    somebody("Theme", themes=[question.theme])
    somebody("Neither", helps_with="Street trees")
    found = proposed(people.ana, question)
    assert set(found) == {"Words", "Theme"}
    assert found["Theme"]["theme"].words == "Parking"
    assert found["Words"]["helps"].words == "Residents, parking"


def test_how_large_or_good_a_thing_is_leads_to_nobody(people: Any, question: Question) -> None:
    asked = dialogue.open_topic(
        people.ana,
        question.agenda.id,
        NewTopic("question", "Who has a small and better tram stop?", write("Text.")),
    )
    somebody("Small", helps_with="Small grants, better budgets, large trees")
    somebody("Trams", helps_with="Tram stops")
    found = proposals(people.ana, get_topic(people.ana, asked.id))
    assert [proposal.member.name for proposal in found] == ["Trams"]


def test_a_position_speaks_for_itself_and_a_name_does_not(people: Any, question: Question) -> None:
    somebody("Clerk", position="Head of Parking")
    somebody("Parking Park", helps_with="Trees")
    found = proposed(people.ana, question)
    assert found["Clerk"]["position"].words == "Parking"
    assert "helps" not in found.get("Parking Park", {})


def test_words_of_any_form_and_accent_meet(people: Any, question: Question) -> None:
    somebody("Accent", helps_with="Pàrkings")
    assert proposed(people.ana, question)["Accent"]["helps"].words == "Pàrkings"


def test_words_follow_the_profile(people: Any, question: Question) -> None:
    member = somebody("Words", helps_with="parking")
    edit_profile(member, Profile("Words", helps_with="trees"))
    assert proposed(people.ana, question) == {}


def test_a_theme_that_the_title_names_counts_as_well(people: Any, agenda: Agenda) -> None:
    names = ("Parking", "Land value", "Night buses")
    parking, land, buses = (write_theme(people.moderator, name) for name in names)
    somebody("Parker", themes=[parking])
    somebody("Lander", themes=[land])
    somebody("Busser", themes=[buses])
    new = NewTopic("question", "Does free parking raise the value of land?", write("Text."))
    topic = get_topic(people.ana, dialogue.open_topic(people.ana, agenda.id, new).id)
    found = {proposal.member.name for proposal in proposals(people.ana, topic)}
    assert found == {"Parker", "Lander"}


def test_answers_and_trials_speak_for_a_member(people: Any, question: Question) -> None:
    other = another(people.chitra, question, "Where do vans stop?")
    post = dialogue.reply(people.ben, other.id, write("In the yard."))
    dialogue.choose_answer(people.chitra, other.id, post.id)
    opening = first_post(other)
    dialogue.mark(people.host, opening.id, "tried it", "kept", "It helped.")
    found = proposed(people.ana, question)
    assert found[people.ben.name]["answered"] == Reason("answered", "Parking", 1)
    tried = found[people.host.name]["tried"]
    assert (tried.words, tried.address) == ("Where do vans stop?", other.address)
    assert stored_reason(tried) == ["tried", "", 0]


def test_what_others_of_a_city_tried_speaks_for_a_member_who_has_tried_nothing(
    people: Any, question: Question
) -> None:
    other = another(people.chitra, question, "Where do vans stop?")
    opening = first_post(other).id
    dialogue.mark(people.ben, opening, "tried it", "kept")
    somebody("Colleague", helps_with="parking", city="Nairobi")
    somebody("Neighbour", helps_with="parking", city="Tampere")
    somebody("Countryman", helps_with="parking", city="Medellín")
    found = proposed(people.ana, question)
    said = found["Colleague"]["city"]
    assert said == Reason("city", "Where do vans stop?", 0, other.address, "en")
    assert stored_reason(said) == ["city", "", 0]
    assert "tried" in found[people.ben.name] and "city" not in found[people.ben.name]
    assert list(found).index("Colleague") < list(found).index("Neighbour")
    dialogue.mark(people.ana, opening, "tried it", "kept")
    found = proposed(people.ana, question)
    assert "city" not in found["Countryman"] and "city" not in found["Neighbour"], "her own trial"
    hide_profile(people.moderator, people.ben.id)
    assert "city" not in proposed(people.ana, question)["Colleague"]


def test_what_is_tried_on_the_same_agenda_only_speaks_for_nobody_else_of_the_city(
    people: Any, question: Question
) -> None:
    new = NewTopic("question", "Where do trees stand?", write("Text."))
    other = dialogue.open_topic(people.chitra, question.agenda.id, new)
    dialogue.mark(people.ben, first_post(other).id, "tried it", "kept")
    somebody("Colleague", helps_with="parking", city="Nairobi")
    found = proposed(people.ana, question)
    assert "tried" in found[people.ben.name] and "city" not in found["Colleague"]


def test_what_cannot_be_read_is_no_reason(people: Any, question: Question) -> None:
    other = another(people.chitra, question, "Where do vans stop?")
    post = dialogue.reply(people.ben, other.id, write("In the yard."))
    dialogue.choose_answer(people.chitra, other.id, post.id)
    dialogue.mark(people.host, first_post(other).id, "tried it", "kept")
    dialogue.hide_topic(people.moderator, other.id)
    assert proposed(people.ana, question) == {}
    assert proposed(people.moderator, question) == {}


def test_the_city_is_compared_with_that_of_the_asker(people: Any, question: Question) -> None:
    somebody("Like", helps_with="parking", city="Surat")
    somebody("Unlike", helps_with="parking", city="Tampere")
    found = proposed(people.ana, question)
    assert next(iter(found)) == "Like"
    assert found["Like"]["size"] == Reason("size", "Surat", 3)
    assert "size" not in found["Unlike"]


def test_near_cities_and_the_same_country_count(people: Any, question: Question) -> None:
    tampere, copenhagen = city_by_name("Tampere"), city_by_name("Copenhagen")
    assert tampere and copenhagen
    assert 910 < kilometres(tampere, copenhagen) < 920 and kilometres(tampere, tampere) == 0
    assert [size_of(city) for city in (tampere, copenhagen)] == [1, 3]


def test_who_does_not_write_the_language_comes_later(people: Any, question: Question) -> None:
    somebody("French", helps_with="parking", language="fr")
    somebody("English", helps_with="parking", language="en")
    found = proposed(people.ana, question)
    assert list(found) == ["English", "French"]
    assert found["English"]["language"].words == "English"
    assert "language" not in found["French"]


def test_who_was_asked_lately_comes_later(people: Any, question: Question) -> None:
    often, seldom = (
        somebody("Often", helps_with="parking"),
        somebody("Seldom", helps_with="parking"),
    )
    for days in (30, 20, 10):
        with at(now() - timedelta(days=days)):
            other = another(people.ben, question, f"Another {days}")
            actions.ask(people.ben, other.id, [often.handle])
    assert list(proposed(people.ana, question)) == [seldom.name, often.name]


def test_among_equals_it_depends_on_the_question_who_is_first(
    people: Any, question: Question
) -> None:
    for number in range(12):
        somebody(f"Equal{chr(97 + number)}", helps_with="parking")
    first = set()
    for number in range(6):
        topic = another(people.ana, question, f"Parking, once more {number}")
        first |= {
            proposal.member.name
            for proposal in proposals(people.ana, get_topic(people.ana, topic.id))
        }
    assert len(first) > 8


def test_who_cannot_be_asked_is_not_proposed(people: Any, question: Question) -> None:
    topic = question.topic
    away, muted, hidden, gone, silent, suspended, asked, busy, wrote, _free = (
        somebody(name, helps_with="parking")
        for name in [
            "Away",
            "Muted",
            "Hidden",
            "Gone",
            "Silent",
            "Suspended",
            "Asked",
            "Busy",
            "Wrote",
            "Free",
        ]
    )
    actions.set_availability(away, True, now() + timedelta(days=3))
    actions.set_availability(muted, False, None)
    hide_profile(people.moderator, hidden.id)
    suspend(people.moderator, suspended.id, now() + timedelta(days=3))
    change = update(Member).where(Member.id == gone.id)
    db.session.execute(change.values(left_at=now()))
    change = update(Member).where(Member.id == silent.id)
    db.session.execute(change.values(silenced_until=now() + timedelta(days=3)))
    db.session.commit()
    db.session.expire_all()
    actions.ask(people.ana, topic.id, [asked.handle])
    for number in range(2):
        other = another(people.ben, question, f"Another {number}")
        actions.ask(people.ben, other.id, [busy.handle])
    dialogue.reply(wrote, topic.id, write("I know."))
    assert set(proposed(people.ana, question)) == {"Free"}


def test_the_asker_is_not_proposed_even_to_a_moderator(people: Any, question: Question) -> None:
    edit_profile(people.ana, Profile("Ana Prado", helps_with="parking"))
    assert proposed(people.moderator, question) == {}


def test_nobody_is_proposed_to_who_may_not_ask(people: Any, question: Any) -> None:
    somebody("Parker", themes=[question.theme])
    topic = get_topic(SYSTEM, question.topic.id)
    assert proposals(people.moderator, topic)
    people.moderator.silenced_until = now() + timedelta(days=2)
    assert proposals(people.moderator, topic) == proposals(VISITOR, topic) == []


@pytest.mark.parametrize("title", ["???", 'C++ "foo-bar" OR *', "駐車場の料金は？", "a" * 120])
def test_any_title_is_taken(people: Any, agenda: Agenda, title: str) -> None:
    topic = dialogue.open_topic(people.ana, agenda.id, NewTopic("question", title, write("Text.")))
    assert proposals(people.ana, get_topic(people.ana, topic.id)) == []


def test_a_forum_of_any_size_is_asked_as_often(
    people: Any, question: Question, queries: Any
) -> None:
    def count() -> int:
        topic = get_topic(people.ana, question.topic.id)
        with queries() as made:
            assert proposals(people.ana, topic)
        return int(made.count)

    somebody("First", helps_with="parking", city="Surat")
    few = count()
    for number in range(30):
        name = f"Helper{chr(97 + number % 26)}{number // 26 * 'x'}"
        helper = somebody(name, helps_with="parking", city="Medellín", themes=[question.theme])
        other = another(helper, question, f"Parking {number}")
        dialogue.reply(people.ben, other.id, write("So."))
    assert count() == few <= 12


def test_a_member_who_is_away_for_a_day_that_is_over_is_asked_again(
    people: Any, question: Question
) -> None:
    away = somebody("Away", helps_with="parking")
    with at(now() - timedelta(days=9)):
        actions.set_availability(away, True, now() + timedelta(days=3))
    assert set(proposed(people.ana, question)) == {"Away"}
    assert db.session.query(AdviceRequest).count() == 0 and SYSTEM.can.ask(question.topic)


@pytest.mark.sqlite_only  # reads SQLite's query plan, which does not depend on the number of rows
def test_the_requests_of_a_member_are_read_before_any_question(people: Any) -> None:
    query = questions_to_advise_on(people.ana)
    statement = query.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
    steps = [step[3] for step in plan]
    assert any("asked USING INDEX ix_asked_member_id_asked_at" in step for step in steps), steps
    assert all("id=?" in step for step in steps if step.startswith("SEARCH topic")), steps
    assert not any(step.startswith(("SCAN topic", "SCAN asked")) for step in steps), steps
