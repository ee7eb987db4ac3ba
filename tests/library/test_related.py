"""Related pages: those that share a theme, for which readers, and always up to date on cached pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.agendas.actions import ensure_themes, remove_theme, set_member_themes
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import ThemeRow, first_post
from forum.library import actions
from forum.library.models import Case
from forum.library.queries import related
from forum.library.queries.related import MAX_RELATED
from forum.markup import write
from forum.members.actions import hide_profile, ignore
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.permissions import SYSTEM, VISITOR, Person
from forum.versions import ReadCache
from tests.heard import ambiguous
from tests.library.conftest import World, case_text, published
from tests.savepoints import page_versions_of_test

WHY = Reasons("It is an advertisement.", 2)


def opened(
    world: World, title: str, themes: Iterable[int], author: Person | None = None, **changes: Any
) -> Topic:
    new = dialogue.NewTopic("experience", title, write("We did."), list(themes), **changes)
    made = dialogue.open_topic(author or world.reader, world.agenda.id, new)
    assert isinstance(made, Topic)
    return made


def titles(world: World, reader: Person = VISITOR, but: Iterable[int] = ()) -> list[str]:
    return [row.title for row in related(reader, world.themes, list(but)).rows]


@pytest.fixture
def theme_ids(world: World) -> list[int]:
    return [theme.id for theme in world.themes]


def test_practices_come_first_and_what_shares_more_themes_before_what_shares_one(
    world: World, theme_ids: list[int]
) -> None:
    opened(world, "Both themes", theme_ids)
    opened(world, "One theme", theme_ids[1:])
    opened(world, "No theme", [])
    actions.write_case(world.host, world.agenda.id, case_text(theme_ids=theme_ids[:1]))
    published(world, theme_ids=theme_ids[:1])
    found = related(VISITOR, world.themes, []).rows
    assert [(row.group, row.title, row.city) for row in found] == [
        ("practice", "Pumps that call for help", "Surat"),
        ("case", "The delta network", None),
        ("topic", "Both themes", "Tokyo"),
        ("topic", "One theme", "Tokyo"),
    ]
    assert [row.address for row in found][:2] == [
        "/practices/pumps-that-call-for-help",
        "/cases/the-delta-network",
    ]


def test_a_topic_with_all_themes_is_not_the_first_everywhere(world: World) -> None:
    every = [theme.id for theme in ensure_themes(SYSTEM, [f"Theme {n}" for n in range(5)])]
    themes = [ThemeRow(every[0], "", ""), ThemeRow(every[1], "", "")]
    opened(world, "Both", every[:2])
    opened(world, "One of them", every[:1])
    opened(world, "Everything", every)
    found = [row.title for row in related(VISITOR, themes, []).rows]
    assert found == ["Both", "One of them", "Everything"]


def test_what_a_new_member_wrote_is_not_named_before_somebody_has_looked_at_it(
    world: World, theme_ids: list[int]
) -> None:
    topic = opened(world, "Buy here", theme_ids)
    topic.unseen_at = now()
    db.session.commit()
    assert titles(world) == titles(world, world.moderator) == []
    dialogue.look_at(world.moderator, first_post(topic).id)
    assert titles(world) == ["Buy here"]


def test_a_page_is_not_related_to_itself_and_lists_are_short(
    world: World, theme_ids: list[int]
) -> None:
    made = [opened(world, f"Number {number}", theme_ids[:1]) for number in range(6)]
    assert titles(world, but=[made[5].id]) == ["Number 4", "Number 3", "Number 2"]
    assert len(titles(world)) == MAX_RELATED["topic"]


def test_members_are_shown_what_is_for_members_and_not_what_they_ignore(
    world: World, theme_ids: list[int]
) -> None:
    opened(world, "For members", theme_ids, audience="members")
    assert titles(world) == []
    assert titles(world, world.author) == ["For members"]
    ignore(world.author, world.reader.id)
    assert titles(world, world.author) == []


@pytest.mark.parametrize("role", ["reader", "moderator", "host"])
def test_what_is_hidden_or_not_published_is_related_for_nobody(
    world: World, theme_ids: list[int], role: str
) -> None:
    topic = opened(world, "Hidden", theme_ids)
    made = published(world, theme_ids=theme_ids)
    case = actions.write_case(world.host, world.agenda.id, case_text(theme_ids=theme_ids))
    draft = actions.write_practice(world.author, world.agenda.id, _draft(theme_ids))
    assert draft.state == "draft"
    reader = getattr(world, role)
    assert len(titles(world, reader)) == 3
    for kind, thing in (("topic", topic), ("practice", made), ("case", case)):
        moderation.decide(world.moderator, kind, thing.id, "hide", WHY)
    assert titles(world, reader) == []


def _draft(theme_ids: list[int]) -> actions.PracticeText:
    return actions.PracticeText("A draft", "One sentence.", theme_ids=theme_ids)


def test_themes_that_nobody_shown_helps_with_are_not_named(world: World) -> None:
    assert related(VISITOR, world.themes, []).helped == ()
    set_member_themes(world.author, [world.themes[0].id])
    assert related(VISITOR, world.themes, []).helped == (world.themes[0],)
    hide_profile(world.moderator, world.author.id)
    assert related(VISITOR, world.themes, []).helped == ()


def test_the_pages_of_topics_practices_and_cases_lead_on(
    world: World, theme_ids: list[int], case: Case, client: FlaskClient
) -> None:
    practice = published(world, theme_ids=theme_ids[:1])
    copy = published(world, title="A copy", theme_ids=theme_ids[:1], adapted_from_id=practice.id)
    topic = opened(world, "Where to read on", theme_ids[:1])
    set_member_themes(world.author, theme_ids[:1])
    for path, names in {
        topic.address: [practice.title, copy.title, case.name],
        f"/practices/{practice.slug}": [
            case.name,
            topic.title,
        ],  # the adaptation is linked above already
        f"/cases/{case.slug}": [copy.title, practice.title, topic.title],
    }.items():
        section = _section(client, path)
        assert [name in section for name in names] == [True] * len(names), path
        assert f'href="/members?theme={world.themes[0].slug}"' in section
        # Once for the page, not once for each theme
        assert section.count("Members who help with") == 1
        # The links to the members and to the texts of a theme have different names
        assert world.themes[0].name not in ambiguous(client.get(path).text)
    assert copy.title not in _section(client, f"/practices/{practice.slug}")


def _section(client: FlaskClient, path: str) -> str:
    page = client.get(path).text
    return page.partition('aria-labelledby="more"')[2].partition("</section>")[0]


def test_without_themes_and_with_a_removed_one_nothing_is_said(
    world: World, theme_ids: list[int], client: FlaskClient
) -> None:
    other = opened(world, "Nothing to read on", [])
    assert not _section(client, other.address)
    topic = opened(world, "One theme", theme_ids[:1])
    opened(world, "Another on it", theme_ids[:1])
    assert "Another on it" in _section(client, topic.address)
    remove_theme(world.moderator, world.themes[0].id)
    assert not _section(client, topic.address)


def test_it_costs_one_statement_for_each_theme_and_none_the_second_time(
    app: Flask,
    world: World,
    theme_ids: list[int],
    queries: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache = ReadCache(page_versions_of_test, 10)
    monkeypatch.setitem(app.extensions, "read_cache", cache)
    themes = [ThemeRow(theme_id, "", "") for theme_id in theme_ids]

    def statements() -> list[str]:
        """The SQL statements about topics in a separate request."""
        db.session.commit()
        with app.test_request_context(), queries() as log:
            assert related(VISITOR, themes, []).rows
        return [said for said in log.statements if "FROM topic" in said]

    opened(world, "Both", theme_ids)
    assert [len(statements()), len(statements())] == [2, 0]
    opened(world, "One", theme_ids[:1])
    assert [len(statements()), len(statements())] == [1, 0]
    assert [row.title for row in related(VISITOR, themes, []).rows] == ["Both", "One"]
