"""The dialogue finds the discussion of a case or a practice by the themes that its page has now."""

from __future__ import annotations

import pytest

from forum.agendas.actions import remove_theme, write_theme
from forum.agendas.queries import themes
from forum.dialogue.actions import reply
from forum.dialogue.queries import TopicFilter, topics
from forum.library.actions import write_case, write_practice
from forum.markup import write
from forum.permissions import VISITOR
from tests.library.conftest import SignIn, World, case_text, practice_text, published
from tests.screens import faults_in


def test_where_no_theme_is_left_the_form_says_that_one_is_gone(
    world: World, sign_in: SignIn
) -> None:
    theme = write_theme(world.moderator, "Parking")
    for known in themes():
        remove_theme(world.moderator, known.id)
    form = {"title": "Kerbs", "agenda": world.agenda.slug, "sentence": "Lower.", "themes": theme.id}
    answer = sign_in(world.author).post("/practices/new", data=form)
    assert answer.status_code == 422 and faults_in(answer.text) == []
    assert 'href="#themes"' in answer.text and 'id="themes-error"' in answer.text
    del form["themes"]
    assert sign_in(world.author).post("/practices/new", data=form).status_code == 303


def on_theme(slug: str) -> list[int]:
    return [topic.id for topic in topics(VISITOR, TopicFilter(theme=slug)).items]


@pytest.mark.parametrize("kind", ["case", "practice"])
def test_a_discussion_has_the_themes_that_its_page_was_given_last(world: World, kind: str) -> None:
    parking, floods = (write_theme(world.moderator, name) for name in ("Parking", "Floods"))
    before, after = {"theme_ids": [parking.id]}, {"theme_ids": [floods.id]}
    if kind == "case":
        made = write_case(world.host, world.agenda.id, case_text(**before))
        write_case(world.host, world.agenda.id, case_text(**after), made.id)
        topic_id = made.topic_id
        reply(world.author, topic_id, write("We are in."))  # without comments no list has it
    else:
        practice = published(world, **before)
        write_practice(world.author, world.agenda.id, practice_text(**after), practice.id)
        topic_id = practice.topic_id or 0
    assert topic_id not in on_theme(parking.slug)
    assert topic_id in on_theme(floods.slug)
