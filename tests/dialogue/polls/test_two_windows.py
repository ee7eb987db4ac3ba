"""An author has the form of a poll open in two windows."""

from __future__ import annotations

import re
from typing import Any

from forum.agendas.models import Agenda
from forum.dialogue import actions, queries
from forum.dialogue.models import Held, PollText, Post
from forum.markup import write
from forum.screening.actions import RuleText, make_rule
from tests.conftest import fields_of
from tests.dialogue.conftest import page
from tests.dialogue.polls.conftest import TREES, opened, options

FORM = {"question": "Which helps?", "options": "Hedges\nPaint", "lasts": ""}


def form_of(text: str) -> dict[str, str]:
    """What the author sends from a page, with what it has shown."""
    (seen,) = re.findall(r'name="seen"[^>]* value="([^"]+)"', text)
    return FORM | {"seen": seen}


def test_a_poll_that_was_changed_in_another_window_is_not_written_over_unseen(
    people: Any, post: Post, sign_in: Any
) -> None:
    browser, door = sign_in(people.ana), f"/posts/{post.id}/poll"
    form = form_of(page(browser, door))
    actions.set_poll(people.ana, post.id, PollText("What is cheap?", ("Planters", "Posts")))
    answer = browser.post(door, data=form)
    assert answer.status_code == 409 and "Not saved yet" in answer.text
    assert "The poll has changed since you opened the form." in answer.text
    assert "Planters\nPosts</textarea>" in answer.text and "What is cheap?" in answer.text
    assert "Hedges\nPaint</textarea>" in answer.text and 'value="Which helps?"' in answer.text
    assert set(options(post)) == {"Planters", "Posts"}
    again = form_of(answer.text)
    assert browser.post(door, data=again).status_code == 303
    assert set(options(post)) == {"Hedges", "Paint"}
    assert browser.post(door, data=again).status_code == 303, "pressed twice"


def test_a_poll_that_came_meanwhile_is_not_written_over_unseen(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    post = queries.first_post(opened(people.ana, agenda, None))
    browser, door = sign_in(people.ana), f"/posts/{post.id}/poll"
    form = form_of(page(browser, door))
    lasting = PollText("What is cheap?", ("Planters", "Posts"), lasts="week")
    actions.set_poll(people.ana, post.id, lasting)
    answer = browser.post(door, data=form)
    assert answer.status_code == 409 and "What is cheap?" in answer.text
    actions.remove_poll(people.ana, post.id)
    answer = browser.post(door, data=form_of(answer.text))
    assert answer.status_code == 409, "removed meanwhile"
    assert browser.post(door, data=form_of(answer.text)).status_code == 303


def test_a_poll_can_be_prolonged_by_choosing_the_same_time_again(
    people: Any, post: Post, sign_in: Any
) -> None:
    browser, door = sign_in(people.ana), f"/posts/{post.id}/poll"
    browser.post(door, data=form_of(page(browser, door)) | {"lasts": "week"})
    before = set(options(post).values())
    assert (
        browser.post(door, data=form_of(page(browser, door)) | {"lasts": "week"}).status_code == 303
    )
    assert before.isdisjoint(options(post).values()), "voting begins again"


def held_form(browser: Any, held_id: int) -> tuple[str, dict[str, str]]:
    """The address of the form of a text that waits, and what it sends."""
    door = f"/waiting/{held_id}/revise"
    return door, fields_of(page(browser, door), door) | {"audience": "public", "language": "en"}


def test_who_changes_poll_or_title_of_a_topic_that_waits_in_two_windows_reads_both(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    held, browser = waiting(people, agenda), sign_in(people.ana)
    door, form = held_form(browser, held.id)
    phone = form | {"options": "Planters\nPosts", "title": "What keeps cars away?"}
    assert browser.post(door, data=phone).status_code == 303
    answer = browser.post(door, data=form | {"options": "Hedges\nPaint"})
    assert answer.status_code == 409 and "Planters\nPosts</textarea>" in answer.text
    assert "What keeps cars away?" in answer.text and "Hedges\nPaint</textarea>" in answer.text
    answer = browser.post(door, data=form | {"title": "Cars?", "options": "Planters\nPosts"})
    assert answer.status_code == 409, "another title, and the same text and poll"
    assert browser.post(door, data=phone).status_code == 303, "pressed twice"


def test_a_poll_changed_after_its_topic_was_published_is_given_back(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    held, browser = waiting(people, agenda), sign_in(people.ana)
    door, form = held_form(browser, held.id)
    post = actions.approve(people.moderator, held.id)
    answer = browser.post(door, data=form | {"options": "Hedges\nPaint"})
    assert answer.status_code == 409 and "Hedges\nPaint</textarea>" in answer.text
    assert f'href="/posts/{post.id}/poll"' in answer.text
    answer = browser.post(door, data=form)
    assert answer.status_code == 409 and "as you had written it" not in answer.text


def waiting(people: Any, agenda: Agenda) -> Held:
    """A topic with a poll, which a rule holds back."""
    make_rule(people.administrator, RuleText("word", "paint", "We read this first."))
    text = actions.NewTopic("question", "How do you keep cars away?", write("Paint."), poll=TREES)
    held = actions.open_topic(people.ana, agenda.id, text)
    assert isinstance(held, Held)
    return held
