"""Search finds the texts of members by their present name and city."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from forum.accounts import actions, commands
from forum.accounts.models import Renaming
from forum.accounts.queries import next_renaming, renaming_in_state
from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.errors import Forbidden
from forum.library.actions import PracticeText, publish, submit, write_practice
from forum.markup import PlainTexts, write
from forum.members.actions import Profile
from forum.members.models import Member
from forum.members.queries import city_by_name
from forum.moderation.actions import Reasons, decide
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find


@pytest.fixture
def texts(app: Flask, people: Any, agenda: Agenda) -> list[tuple[str, int]]:
    """A topic, a reply in another topic and a practice by Chitra, whose city is Surat."""
    topic = open_topic(people.chitra, agenda.id, NewTopic("experience", "Sirens", write("Loud.")))
    other = open_topic(people.ana, agenda.id, NewTopic("question", "Drains", write("Which?")))
    post = reply(people.chitra, other.id, write("Wide ones."))
    text = PracticeText("Gauges", "Painted gauges.", slug="gauges")
    practice = write_practice(people.chitra, agenda.id, text)
    publish(people.moderator, submit(people.chitra, practice.id).id)
    return [("post", post.id), ("practice", practice.id), ("topic", topic.id)]


def found(words: str) -> list[tuple[str, int]]:
    """What a visitor finds."""
    hits = find(VISITOR, Query(words)).page.items
    documents = [document for hit in hits for document in (hit.document, *hit.others)]
    return sorted((document.kind, document.item_id) for document in documents)


def carry_on() -> int:
    """Run the worker's task until nothing is left to do; returns how often that was."""
    turns = 0
    while commands.tell_search_of_renamings():
        turns += 1
    return turns


def is_open(member: Member) -> bool:
    """Whether documents of a member still have to be updated."""
    wanted = select(func.count()).where(Renaming.member_id == member.id)
    return bool(db.session.scalar(wanted))


def test_who_moves_is_found_by_the_new_city_and_not_by_the_former(people, texts, monkeypatch):
    monkeypatch.setattr(commands, "BATCH_SIZE", 1)
    before = [thing for thing in texts if thing[0] != "practice"]
    assert found("surat") == before
    athens = city_by_name("Athens").id
    actions.edit_profile(people.chitra, Profile("Chitra Desai", city_id=athens))
    assert carry_on() > len(texts)  # one turn for each text, and one for the end of each step
    assert found("surat") == [] and found("athens") == before
    assert found("desai") == texts and not is_open(people.chitra)


def test_who_has_another_name_is_found_by_it_also_as_the_author_of_practices(people, texts):
    actions.edit_profile(people.chitra, Profile("Chitra Mehta", city_id=people.chitra.city_id))
    assert found("mehta") == []
    carry_on()
    assert found("desai") == [] and found("mehta") == texts


def test_what_leaves_name_and_city_alone_is_no_work_for_search(people, texts):
    actions.edit_profile(
        people.chitra, Profile("Chitra Desai", "Engineer", city_id=people.chitra.city_id)
    )
    assert not is_open(people.chitra) and carry_on() == 0


def test_who_is_renamed_again_meanwhile_is_begun_again(people, texts, monkeypatch):
    monkeypatch.setattr(commands, "BATCH_SIZE", 1)
    city = people.chitra.city_id
    actions.edit_profile(people.chitra, Profile("Chitra Mehta", city_id=city))
    commands.tell_search_of_renamings()
    commands.tell_search_of_renamings()
    stale = next_renaming()
    actions.edit_profile(people.chitra, Profile("Chitra Rao", city_id=city))
    # As a slower worker does, which still has the old state
    actions.reindex_posts(SYSTEM, stale, [], PlainTexts())
    assert next_renaming().position == 0
    carry_on()
    assert found("desai") == found("mehta") == [] and found("rao") == texts


def test_of_two_who_are_renamed_each_is_continued_as_their_own(people):
    for member in (people.ana, people.chitra):
        actions.edit_profile(member, Profile(f"{member.name} Rao"))
    first = next_renaming()
    for member in (people.ana, people.chitra):
        renaming = renaming_in_state(replace(first, member_id=member.id))
        assert renaming.member_id == member.id


def test_a_hidden_text_stays_hidden(people, texts, agenda):
    decide(people.moderator, "practice", texts[1][1], "hide", Reasons("It broke a rule.", 2))
    actions.edit_profile(people.chitra, Profile("Chitra Mehta"))
    carry_on()
    assert found("mehta") == [texts[0], texts[2]]


def test_only_the_system_tells_search(people, texts):
    actions.edit_profile(people.chitra, Profile("Chitra Mehta"))
    state = next_renaming()
    with pytest.raises(Forbidden):
        actions.reindex_posts(people.chitra, state, [], PlainTexts())
    with pytest.raises(Forbidden):
        actions.reindex_practices(people.chitra, state, [])
