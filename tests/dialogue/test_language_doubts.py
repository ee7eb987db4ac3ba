"""Texts that seem to be in another language than they are marked with: the hint to their authors."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue import actions
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post
from forum.markup import write

FRENCH = """Nous avons peint en blanc les toits de douze écoles avec les parents, et la chaleur dans les
classes est tombée de quatre degrés. Ce que nous ne savions pas : la pluie lave la chaux en une année."""
ARABIC = """أغلقنا شارع المدرسة أمام السيارات في العام الماضي، وقال كثير من الناس إن هذا لن ينجح. الآن لا
أحد يريد الشارع القديم، لأن الأطفال يلعبون من جديد."""
SAID = "It is marked as English and reads like French."
NEW = "/agendas/quieter/topics/new"
FORM = {
    "kind": "experience",
    "title": "Des toits blancs",
    "source": FRENCH,
    "language": "en",
    "audience": "public",
    "submission_key": "abc",
}


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Topic:
    text = write("Which roofs stay cool in the summer?")
    return actions.open_topic(people.ana, agenda.id, actions.NewTopic("question", "Roofs", text))


def sent(browser: FlaskClient, path: str, data: dict[str, str]) -> str:
    """Send a form; returns the page that follows."""
    answer = browser.post(path, data=data)
    assert answer.status_code == 303
    return browser.get(answer.location).text


def test_a_preview_says_so_and_a_press_marks_it_right(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    shown = browser.post(NEW, data={**FORM, "preview": "1"}).text
    assert SAID in shown and '<option selected value="en">' in shown
    assert 'name="preview" value="fr">Mark it as French<' in shown
    marked = browser.post(NEW, data={**FORM, "preview": "fr"}).text
    assert "reads like" not in marked and '<option selected value="fr">' in marked
    assert "Nous avons peint" in marked
    assert "reads like" not in browser.post(NEW, data={**FORM, "language": "xx"}).text


@pytest.mark.parametrize("odd", ["1", "", "xx", "FR", "fr ", "\x00"])
def test_only_a_language_of_the_list_is_chosen_so(
    people: Any, agenda: Agenda, sign_in: Any, odd: str
) -> None:
    shown = sign_in(people.ben).post(NEW, data={**FORM, "preview": odd}).text
    assert '<option selected value="en">' in shown


def test_a_published_topic_says_so_and_leads_to_its_form(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    page = sent(browser, NEW, FORM)
    assert "Your experience is published." in page and SAID in page
    topic = db.session.query(Topic).one()
    address = f"/posts/{first_post(topic).id}/edit?language=fr"
    assert f'<a href="{address}">Mark it as French</a>' in page
    assert topic.language == "en"
    form = browser.get(address).text
    assert '<option selected value="fr">' in form and "reads like" not in form
    again = sent(browser, NEW, {**FORM, "submission_key": "other"})
    assert "You have posted this already." in again and "reads like" not in again


def test_a_reply_and_its_edit_say_so(people: Any, topic: Topic, sign_in: Any) -> None:
    browser, path = sign_in(people.ben), f"/topics/{topic.id}/reply"
    data = {"source": ARABIC, "language": "en", "submission_key": "k"}
    said = "It is marked as English and reads like Arabic."
    assert said in browser.post(path, data=data | {"preview": "1"}).text
    page = sent(browser, path, data)
    assert "Your reply is published." in page and said in page
    edit = page.partition("/edit?language=ar")[0].rpartition('"')[2] + "/edit"
    assert '<option selected value="en">' in browser.get(f"{edit}?language=xx").text
    changed = {"source": f"{ARABIC} **", "language": "en", "preview": "1"}
    assert said in browser.post(edit, data=changed).text


def test_a_text_marked_rightly_or_surely_of_no_language_says_nothing(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    browser, path = sign_in(people.ben), f"/topics/{topic.id}/reply"
    for number, (source, language) in enumerate(((FRENCH, "fr"), ("Oui, douze écoles.", "en"))):
        data = {"source": source, "language": language, "submission_key": f"k{number}"}
        assert "reads like" not in browser.post(path, data=data | {"preview": "1"}).text
        assert "reads like" not in sent(browser, path, data)


def test_visitors_read_nothing_of_it(
    client: FlaskClient, people: Any, agenda: Agenda, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    address = browser.post(NEW, data=FORM).location
    assert "reads like" not in client.get(address).text
    assert "reads like" in browser.get(address).text
