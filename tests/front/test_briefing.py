"""The briefing about an agenda: its parts, their order, what it leaves out, and its file."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas.actions import AgendaText, write_agenda
from forum.db import db
from forum.dialogue.actions import choose_answer, hide, hide_topic, lock, mark, pin, reply
from forum.dialogue.models import Topic
from forum.front.queries import briefing
from forum.front.queries.briefing import ANSWERS, EXPERIENCES, PRACTICES, WAITING
from forum.library.actions import PracticeText, hide_practice, submit, write_practice
from forum.markup import write
from forum.members.actions import hide_profile
from forum.moderation.actions import open_agenda, publish
from tests.front.conftest import Small, a_practice, topic

PAGE = "/agendas/quieter/briefing"


def titles(posts: Any) -> list[str]:
    return [post.topic.title for post in posts]


def test_it_holds_what_the_agenda_has(small: Small, client: Any) -> None:
    page = client.get(PAGE).text
    for words in (
        "Noise is heard last.",  # of the introduction
        "“Listen first.",
        "How do you measure noise?",
        "With one meter &amp; a &lt;notebook&gt;.",  # the answer, without Markdown
        "asked from Medellín",
        "Night trams without bells",
        "Rubber wheels",
        "The quiet network",
        "The Soundscape",
        "<b>Kenya</b>",
        "· 1 question ·",
    ):
        assert words in page
    assert f'href="{small.question.address}#post-2"' in page


def test_an_empty_agenda_has_a_short_one(agenda: Any, client: Any) -> None:
    page = client.get(PAGE).text
    assert "0 topics" in page and "About this briefing" in page
    for part in ("found", "answers", "experiences", "practices", "waiting", "cities", "reads"):
        assert f'id="{part}"' not in page


def test_what_the_dialogue_has_found_stands_first(small: Small, people: Any, client: Any) -> None:
    text = AgendaText("Quieter", write("Text."), findings=write("Meters *lie*."))
    write_agenda(people.moderator, text, small.agenda.id)
    page = client.get(PAGE).text
    assert page.index("Meters <em>lie</em>.") < page.index("Listen first.")
    assert "Put together by the hosts" in page


def test_a_heading_in_the_introduction_skips_no_level(
    small: Small, people: Any, client: Any
) -> None:
    agenda = small.question.agenda
    pages = f"/agendas/{agenda.slug}", f"/agendas/{agenda.slug}/briefing"
    assert not [path for path in pages if "Introduction</h2>" in client.get(path).text]
    text = AgendaText(
        agenda.title, write("Noise.\n\n## At night\n\nIt is worse."), slug=agenda.slug
    )
    write_agenda(people.moderator, text, agenda.id)
    for path in pages:
        page = client.get(path).text
        assert re.findall(r"<h([123])", page)[:3] == ["1", "2", "3"], path
        assert '<h2 class="vh">Introduction</h2>' in page and "At night</h3>" in page


def test_what_most_marked_stands_first_and_what_is_pinned_before_it(
    small: Small, people: Any
) -> None:
    first, second, third = (topic(people.ana, small.agenda, f"No. {number}") for number in "123")
    for reader in (people.ben, people.chitra):
        mark(reader, opening(second), "useful")
    mark(people.ben, opening(third), "same here")
    order = titles(briefing("quieter").experiences)
    assert order == ["No. 2", "No. 3", "No. 1", "Night trams without bells"]
    pin(people.host, first.id)
    assert titles(briefing("quieter").experiences)[:2] == ["No. 1", "No. 2"]


def opening(one: Topic) -> int:
    return next(post.id for post in briefing("quieter").experiences if post.topic_id == one.id)


def test_it_is_the_same_for_everybody_and_shows_what_visitors_read(
    small: Small, people: Any, client: Any, sign_in: Any
) -> None:
    topic(people.ana, small.agenda, "For members: the budget", kind="question", audience="members")
    for person in (people.ben, people.host, people.administrator):
        page = sign_in(person).get(PAGE).text
        assert small.members_only.title not in page and "the budget" not in page
        assert small.experience.title in page


def test_what_did_not_work_is_told_where_everybody_reads_it(
    small: Small, people: Any, client: Any
) -> None:
    for title, audience in (("Open", "public"), ("Closed", "members")):
        failure = {"failure": f"{title}: the *rails* sang."}
        text = PracticeText(title, "A sentence.", sections=failure, failure_audience=audience)
        practice = write_practice(people.ben, small.agenda.id, text)
        submit(people.ben, practice.id)
        publish(people.moderator, practice.id)
    page = client.get(PAGE).text
    assert "Open: the rails sang." in page
    assert "Closed</a>" in page and "Closed: the" not in page


def test_what_is_hidden_is_not_told(small: Small, people: Any, client: Any, sign_in: Any) -> None:
    hide(people.moderator, small.answer.id, "No.")
    hide_topic(people.moderator, small.experience.id, "No.")
    hide_practice(people.moderator, small.practice.id, "No.")
    for browser in (client, sign_in(people.moderator)):
        page = browser.get(PAGE).text
        assert "The Soundscape" in page
        for words in ("notebook", "Night trams", "Rubber wheels"):
            assert words not in page, words


def test_what_waits_for_a_look_is_not_told(small: Small, people: Any, client: Any) -> None:
    for kind, title in (("experience", "Seen by nobody"), ("question", "Asked by a stranger")):
        asked = topic(people.ana, small.agenda, title, kind=kind)
        assert title in client.get(PAGE).text
        db.session.get_one(Topic, asked.id).unseen_at = asked.created_at
        db.session.flush()
    found = briefing("quieter")
    told = titles(found.experiences) + [question.title for question in found.waiting]
    assert "Seen by nobody" not in told and "Asked by a stranger" not in told


def test_cities_are_those_of_profiles_that_visitors_see(small: Small, people: Any) -> None:
    found = briefing("quieter")
    names = {there.city.name: there.members for there in found.cities}
    assert names[people.ana.city.name] == 1
    hide_profile(people.moderator, people.ana.id)
    later = briefing("quieter")
    assert people.ana.city.name not in {there.city.name for there in later.cities}
    assert later.writers == found.writers - 1


def test_an_agenda_in_preparation_has_none(people: Any, sign_in: Any) -> None:
    text = AgendaText("Later", write("Text."), slug="later", is_open=False)
    made = write_agenda(people.moderator, text)
    address = "/agendas/later/briefing"
    for ending in ("", ".html"):
        assert sign_in(people.moderator).get(f"{address}{ending}").status_code == 404
    open_agenda(people.moderator, made.id)
    assert sign_in(people.moderator).get(address).status_code == 200


def test_a_locked_question_without_an_answer_does_not_wait(
    small: Small, people: Any, client: Any
) -> None:
    asked = topic(people.ana, small.agenda, "Who pays for the meters?", kind="question")
    lock(people.host, asked.id, "It is asked elsewhere.")
    assert briefing("quieter").unanswered == 0, "it waits no more"
    assert "· 2 questions ·" in client.get(PAGE).text


def test_questions_that_nobody_has_looked_at_yet_take_no_place(small: Small, people: Any) -> None:
    for number in range(WAITING + 2):
        topic(people.ana, small.agenda, f"Open {number}", kind="question")
    for number in (WAITING, WAITING + 1):
        last = db.session.scalars(select(Topic).where(Topic.title == f"Open {number}")).one()
        last.unseen_at = last.created_at
    db.session.flush()
    assert len(briefing("quieter").waiting) == WAITING


def test_of_a_long_dialogue_the_first_are_told_with_a_way_to_the_rest(
    small: Small, people: Any, client: Any
) -> None:
    for number in range(max(ANSWERS, EXPERIENCES, PRACTICES, WAITING) + 1):
        topic(people.ana, small.agenda, f"Experience {number}")
        topic(people.ana, small.agenda, f"Open {number}", kind="question")
        asked = topic(people.ana, small.agenda, f"Asked {number}", kind="question")
        choose_answer(people.ana, asked.id, reply(people.ben, asked.id, write("So.")).id)
        a_practice(people.ben, people.moderator, small.agenda, f"Practice {number}")
    found = briefing("quieter")
    parts = found.answers, found.experiences, found.practices, found.waiting
    assert [len(part) for part in parts] == [ANSWERS, EXPERIENCES, PRACTICES, WAITING]
    page = client.get(PAGE).text
    assert f"{2 * ANSWERS + 3} questions, {ANSWERS + 1} wait for an answer" in page
    for link in (
        "kind=question",
        "kind=experience",
        "order=unanswered",
        "/practices?agenda=quieter",
    ):
        assert link in page.partition("<main")[2]


def test_the_file_is_whole_by_itself(small: Small, people: Any, client: Any) -> None:
    text = AgendaText(
        "Quieter", write('See [it](/help), [them](//trams.example/map) and `<a href="/x">`.')
    )
    write_agenda(people.moderator, text, small.agenda.id)
    answer = client.get(f"{PAGE}.html")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="quieter.html"'
    document = answer.text
    assert document.startswith("<!doctype html>")
    links = re.findall(r'<a [^>]*href="([^"]*)"', document)
    assert links and all(link.startswith("http") for link in links)
    words = re.sub(r"<[^>]*>", "", document)
    assert "3 topics · 1 question · " in words, "facts stand apart also without a style sheet"
    assert any(link.endswith("/help") for link in links)
    assert "http://trams.example/map" in links
    assert "&lt;a href=" in document and "http://localhost/x" not in document
    for part in ("<script", "<style", "<svg", "<img", "<form", "csrf"):
        assert part not in document


@pytest.mark.parametrize("slug", ["nothing", "quietly", "%00", "a" * 300])
def test_no_agenda_no_briefing(client: Any, slug: str) -> None:
    for ending in ("", ".html"):
        assert client.get(f"/agendas/{slug}/briefing{ending}").status_code == 404
