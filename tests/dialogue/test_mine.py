"""A member's lists: topics that they watch, opened, have read, and those with posts that are new to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.dialogue import actions
from forum.dialogue.models import Topic
from forum.dialogue.queries import TopicFilter
from forum.dialogue.queries import mine as my
from forum.markup import write
from forum.members import actions as members
from forum.notifications import actions as notifications
from tests.dialogue.conftest import page


def opened(author: Any, agenda: Agenda, title: str, minute: int, **more: Any) -> Topic:
    kind, language = more.pop("kind", "experience"), more.pop("language", "en")
    with at(now() + timedelta(minutes=minute)):
        text = write(f"About {title}.", language)
        return actions.open_topic(author, agenda.id, actions.NewTopic(kind, title, text, **more))


def mine(reader: Any, which: str, number: int = 1, **wanted: Any) -> list[str]:
    found = my.my_topics(reader, which, TopicFilter(**wanted), number)
    return [topic.title for topic in found.page.items]


def test_what_one_watches_is_a_list_of_its_own(people: Any, agenda: Agenda) -> None:
    old, kept = opened(people.ana, agenda, "Old", 1), opened(people.ana, agenda, "Kept", 2)
    opened(people.ana, agenda, "Other", 3)
    muted = opened(people.ana, agenda, "Muted", 4)
    for topic, level in ((old, "watching"), (kept, "watching"), (muted, "muted")):
        notifications.watch(people.ben, "topic", topic.id, level)
    notifications.watch(people.ben, "agenda", agenda.id)
    assert mine(people.ben, "watched") == ["Kept", "Old"]
    with at(now() + timedelta(minutes=5)):
        actions.reply(people.ana, old.id, write("More of it."))
    assert mine(people.ben, "watched") == ["Old", "Kept"]
    assert mine(people.ben, "watched", order="newest") == ["Kept", "Old"]
    assert mine(people.ben, "watched", kind="question") == []
    news = my.my_topics(people.ben, "watched", TopicFilter(), 1).news
    assert {topic_id: new.count for topic_id, new in news.items()} == {old.id: 2, kept.id: 1}
    actions.hide_topic(people.moderator, kept.id)
    assert mine(people.ben, "watched") == ["Old"]
    members.ignore(people.ben, people.ana.id)
    assert mine(people.ben, "watched") == mine(people.chitra, "watched") == []


def test_topics_with_new_posts_are_listed_until_they_are_read(people: Any, agenda: Agenda) -> None:
    first = opened(people.ana, agenda, "First", 1)
    opened(people.ana, agenda, "Second", 2, kind="question", language="fr")
    opened(people.ben, agenda, "Own", 3)
    assert mine(people.ben, "new") == ["Second", "First"]
    assert mine(people.ben, "new", kind="question") == ["Second"]
    counts = my.my_topics(people.ben, "new", TopicFilter(kind="question"), 1).counts
    assert counts == ({"experience": 1, "question": 1}, {"fr": 1})
    actions.read(people.ben, first.id, 1)
    assert mine(people.ben, "new") == ["Second"]
    with at(now() + timedelta(minutes=5)):
        actions.reply(people.ana, first.id, write("More."))
    assert mine(people.ben, "new") == ["First", "Second"]
    assert mine(people.ben, "new", order="newest") == ["Second", "First"]
    assert mine(people.ben, "new", order="unanswered") == ["Second"]
    with at(now() + timedelta(minutes=6)):
        actions.read_all(people.ben)
    assert mine(people.ben, "new") == []


def test_what_one_has_read_is_found_again(people: Any, agenda: Agenda) -> None:
    first = opened(people.ana, agenda, "First", 1)
    second = opened(people.ana, agenda, "Second", 2, kind="question")
    opened(people.ana, agenda, "Never", 3)
    assert mine(people.ben, "read") == []
    actions.read(people.ben, second.id, 1)
    actions.read(people.ben, first.id, 1)
    assert mine(people.ben, "read") == ["Second", "First"]
    assert mine(people.ben, "read", kind="question") == ["Second"]
    assert mine(people.chitra, "read") == []
    with at(now() + timedelta(minutes=5)):
        actions.reply(people.ana, first.id, write("More."))
    found = my.my_topics(people.ben, "read", TopicFilter(), 1)
    assert [topic.title for topic in found.page.items] == ["First", "Second"]
    assert found.news[first.id].count == 1 and found.counts.by_kind["question"] == 1
    actions.hide_topic(people.moderator, first.id)
    assert mine(people.ben, "read") == ["Second"]


def test_what_one_opened_is_found_with_what_came_of_it(people: Any, agenda: Agenda) -> None:
    told = opened(people.ben, agenda, "Told", 1)
    asked = opened(people.ben, agenda, "Asked", 2, kind="question")
    settled = opened(people.ben, agenda, "Settled", 3, kind="question")
    answer = actions.reply(people.ana, settled.id, write("With rubber wheels."))
    actions.choose_answer(people.ben, settled.id, answer.id)
    by_ana = opened(people.ana, agenda, "By Ana", 4)
    actions.reply(people.ben, by_ana.id, write("I have been there."))
    assert mine(people.ben, "opened") == ["Settled", "Asked", "Told"]
    assert mine(people.ben, "opened", order="unanswered") == ["Asked"]
    with at(now() + timedelta(minutes=5)):
        actions.reply(people.ana, told.id, write("Tell us more."))
    found = my.my_topics(people.ben, "opened", TopicFilter(), 1)
    assert [topic.title for topic in found.page.items] == ["Told", "Settled", "Asked"]
    assert found.news[told.id].count == 1 and found.counts.by_kind["question"] == 2
    actions.hide_topic(people.moderator, asked.id)
    assert mine(people.ben, "opened", kind="question") == ["Settled"]
    assert mine(people.chitra, "opened") == []


def test_all_lists_have_pages_and_an_end(
    people: Any, agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MAX_WATCHED", "MAX_OPENED", "MAX_LOOKED_AT", "MAX_SEARCHED"):
        monkeypatch.setattr(my, name, 3)
    monkeypatch.setattr(my, "TOPICS_PER_PAGE", 2)
    theme = agendas.write_theme(people.moderator, "Floods")
    for number in range(1, 5):
        topic = opened(people.ana, agenda, f"Topic {number}", number, themes=[theme.id])
        notifications.watch(people.ben, "topic", topic.id)
        if number > 1:
            actions.read(people.ben, topic.id, 1)
            with at(now() + timedelta(minutes=number)):
                actions.reply(people.ana, topic.id, write("More."))
    for which, is_capped in (("watched", False), ("new", True), ("read", True)):
        wanted = {"theme": "floods", "agenda_id": agenda.id}
        assert mine(people.ben, which, 1, **wanted) == ["Topic 4", "Topic 3"], which
        assert mine(people.ben, which, 9, **wanted) == ["Topic 2"], which
        assert my.my_topics(people.ben, which, TopicFilter(**wanted), 1).is_capped is is_capped
    assert mine(people.ana, "opened", 2, **wanted) == ["Topic 2"]


def test_members_choose_what_concerns_them_above_the_list(
    client: FlaskClient, people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    with at(now() + timedelta(minutes=1)):
        actions.read_all(people.ben)
        actions.reply(people.ben, topic.id, write("A reply."))
    ana, ben, chitra = sign_in(people.ana), sign_in(people.ben), sign_in(people.chitra)
    for path in ("/topics", "/agendas/quieter/topics"):
        for which in ("watched", "new"):
            assert topic.title in page(ana, f"{path}?mine={which}&kind=question"), which
        assert topic.title not in page(ben, f"{path}?mine=new")
        assert "Nothing here is new to you" in page(ben, f"{path}?mine=new")
        assert "You watch no topic here" in page(chitra, f"{path}?mine=watched")
        assert "You have read no topic here" in page(chitra, f"{path}?mine=read")
        assert topic.title in page(ana, f"{path}?mine=opened&order=unanswered")
        assert "You have opened no topic here" in page(ben, f"{path}?mine=opened")
        assert "Nothing fits these filters" in page(chitra, f"{path}?mine=watched&kind=case")
        assert f'href="{path}?mine=new"' in page(ana, path)
        visited = page(client, f"{path}?mine=watched")
        assert topic.title in visited and "What you watch" not in visited
    for which in ("watched", "opened"):
        assert f'href="/topics?mine={which}"' in page(ana, "/").partition("<main")[0], which
    page(ana, topic.address)
    assert topic.title not in page(ana, "/topics?mine=new")
    assert topic.title in page(ana, "/topics?mine=read")


def test_a_list_of_what_concerns_a_member_asks_little(
    people: Any, agenda: Agenda, sign_in: Any, queries: Any
) -> None:
    for number in range(1, 25):
        topic = opened(people.ana, agenda, f"Topic {number}", number)
        notifications.watch(people.ben, "topic", topic.id)
    member = sign_in(people.ben)
    page(member, topic.address)
    with at(now() + timedelta(minutes=25)):
        actions.reply(people.ana, topic.id, write("More."))
    for which, browser in (
        *((which, member) for which in ("watched", "new", "read")),
        ("opened", sign_in(people.ana)),
    ):
        with queries() as made:
            assert "Topic 24" in page(browser, f"/topics?mine={which}")
        assert made.count <= 10, made.statements
