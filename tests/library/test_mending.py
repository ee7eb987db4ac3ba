"""`flask check`: where the topic of a case or a practice says something else than its page, it copies the page again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from forum.agendas.actions import AgendaText, write_agenda, write_theme
from forum.db import db
from forum.dialogue.models import Post, Topic, TopicTheme
from forum.dialogue.queries import TopicFilter, topics
from forum.library.actions import write_case
from forum.markup import write
from forum.permissions import VISITOR
from tests.library.conftest import World, case_text, published
from tests.soundness import faults

OTHERS: dict[str, Any] = {"title": "As it was called", "language": "fi"}


@pytest.fixture(params=["case", "practice"])
def page(request: pytest.FixtureRequest, world: World) -> tuple[str, Any]:
    """A case or a practice with a theme, and its kind."""
    theme = write_theme(world.moderator, "Parking").id
    if request.param == "case":
        text = case_text(theme_ids=[theme])
        return "case", write_case(world.host, world.agenda.id, text)
    return "practice", published(world, **{"theme_ids": [theme]})


def check(app: Flask, *words: str) -> str:
    return app.test_cli_runner().invoke(args=["check", *words]).output


@pytest.mark.parametrize("name", OTHERS)
def test_what_the_topic_says_otherwise_is_told_and_mended(
    app: Flask, page: tuple[str, Any], name: str
) -> None:
    kind, row = page
    right = getattr(db.session.get(Topic, row.topic_id), name)
    change(Topic, row.topic_id, name, OTHERS[name])
    told = check(app)
    assert f"{kind} {row.id}: topic.{name} is {OTHERS[name]}, should be {right}" in told
    assert f"Mended 1 fault of discussions of {kind}s." in check(app, "--fix")
    assert faults() == []
    db.session.expire_all()
    assert getattr(db.session.get(Topic, row.topic_id), name) == right


def test_the_text_it_begins_with_is_that_of_the_page(app: Flask, page: tuple[str, Any]) -> None:
    kind, row = page
    opening = db.session.query(Post).filter_by(topic_id=row.topic_id, number=1).one()
    right = opening.source
    change(Post, opening.id, "source", "Something else.")
    assert f"{kind} {row.id}: its topic begins with another text" in check(app)
    check(app, "--fix")
    db.session.expire_all()
    opening = db.session.get(Post, opening.id)
    assert (opening.source, faults()) == (right, [])


def test_it_is_on_the_agenda_of_its_page(app: Flask, page: tuple[str, Any], world: World) -> None:
    _kind, row = page
    other = write_agenda(world.moderator, AgendaText("Cool roofs", write("Hot below.")))
    counted_here = row.agenda_id
    change(Topic, row.topic_id, "agenda_id", other.id)
    check(app, "--fix")
    assert faults() == []
    db.session.expire_all()
    assert db.session.get(Topic, row.topic_id).agenda_id == counted_here


def test_it_has_the_themes_of_its_page(app: Flask, page: tuple[str, Any], world: World) -> None:
    kind, row = page
    floods = write_theme(world.moderator, "Floods")
    copied = {"topic_id": row.topic_id, "theme_id": floods.id}
    db.session.execute(insert(TopicTheme), [copied])
    db.session.commit()
    assert f"{kind} {row.id}: its topic has other themes" in check(app)
    check(app, "--fix")
    assert faults() == []
    assert topics(VISITOR, TopicFilter(theme=floods.slug)).items == []


def test_a_practice_for_members_has_a_discussion_for_members(app: Flask, world: World) -> None:
    practice = published(world, audience="members")
    change(Topic, practice.topic_id, "audience", "public")
    told = check(app)
    assert f"practice {practice.id}: topic.audience is public, should be members" in told
    check(app, "--fix")
    assert faults() == []
    assert practice.topic_id not in [topic.id for topic in topics(VISITOR, TopicFilter()).items]


def change(model: Any, row_id: int | None, name: str, value: Any) -> None:
    db.session.execute(update(model).where(model.id == row_id).values({name: value}))
    db.session.commit()
