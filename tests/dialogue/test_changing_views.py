"""Editing, deleting and earlier versions on pages, and their limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.dialogue import actions
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import first_post, revisions_of
from forum.markup import write
from forum.screening.actions import set_newness
from tests.conftest import signed_in
from tests.dialogue.conftest import FORM, LATER, last_post, page


def test_an_author_edits_title_and_text(people: Any, topic: Topic, sign_in: Any) -> None:
    post = first_post(topic)
    browser = sign_in(people.ana)
    assert "It took **two** years." in page(browser, f"/posts/{post.id}/edit")
    form = {**FORM, "title": "How do you count time?", "source": "Three.", "seen": post.fingerprint}
    form |= {"submission_key": "", "drafted": "1"}
    response = browser.post(f"/posts/{post.id}/edit", data=form)
    assert response.status_code == 303
    assert response.location == f"/topics/{topic.id}-how-do-you-count-time#post-1"
    text = page(browser, f"/topics/{topic.id}-how-do-you-count-time")
    assert "Three." in text and "/history" not in text
    assert f'data-published="/posts/{post.id}/edit"' in text


def test_an_edited_post_shows_what_it_said(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Old & <b>grey</b>\n\nsame"))
    with at(now() + LATER):
        actions.edit(people.ben, reply.id, write("New & <b>grey</b>\n\nsame"))
    text = page(client, topic.address)
    assert f"/posts/{reply.id}/history" in text
    assert '<a class="meta" href="#post-1">#1 · <time' in text
    assert f'href="#post-{reply.number}">#{reply.number} · <time' in text
    text = page(client, f"/posts/{reply.id}/history")
    assert "<del>Old " in text and "<ins>New " in text and "&lt;b&gt;grey" in text
    assert "Withdraw" not in text and "csrf_token" not in text
    browser = sign_in(people.ben)
    found = re.search(r'href="(/revisions/\d+/withdraw)"', page(browser, reply_history(reply)))
    assert found
    text = page(browser, found[1])
    assert "Withdraw this version?" in text and "Old &amp; " in text
    page(sign_in(people.ana), found[1], 403)
    assert sign_in(people.ana).post(found[1]).status_code == 403
    assert "Old " in page(client, reply_history(reply))
    assert browser.post(found[1]).status_code == 303
    page(browser, found[1], 404)
    text = page(client, reply_history(reply))
    assert "Old " not in text and "Withdrawn by the author" in text
    actions.hide(people.moderator, reply.id, "No")
    assert client.get(reply_history(reply)).status_code in (303, 403, 404)
    page(sign_in(people.ana), reply_history(reply), 403)


def test_versions_of_a_post_are_told_apart(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any, queries: Any
) -> None:
    reply = actions.reply(people.ben, topic.id, write("One *line*."))
    for later, text in ((LATER, "Two lines."), (2 * LATER, "Three lines."), (3 * LATER, "Four.")):
        with at(now() + later):
            actions.edit(people.ben, reply.id, write(text))
    third, second, first = revisions_of(people.ben, reply)
    assert [revision.number for revision in (third, second, first)] == [3, 2, 1]
    page(
        client, f"{reply_history(reply)}?version={first.id}"
    )  # the first page of a process asks more
    with queries() as made:
        text = page(client, f"{reply_history(reply)}?version={second.id}")
    assert made.count <= 4
    assert re.findall(r">Version (\d)</a>", text) == ["4", "3", "2", "1"]
    (current,) = re.findall(r'aria-current="page">(Version .*?)</b>', text)
    assert current == "Version 2</a> <b>Open here"
    assert "Struck out: what version 2 said" in text and "what version 3 says instead" in text
    assert f"{first.replaced_at:%H:%M:%S}\xa0UTC</time>" in text
    assert "Underlined: what it says now, version 4" in page(client, reply_history(reply))
    whole = page(client, f"{reply_history(reply)}?version={first.id}&view=whole")
    assert "<p>One <em>line</em>.</p>" in whole and "<del>" not in whole
    assert f"/posts/{reply.id}/edit?version={second.id}" in page(
        sign_in(people.ben), f"{reply_history(reply)}?version={second.id}"
    )
    actions.withdraw(people.ben, second.id)
    text = page(client, f"{reply_history(reply)}?version={first.id}")
    assert "what version 3 says instead" in text and "Withdrawn by the author" in text


def reply_history(reply: Post) -> str:
    return f"/posts/{reply.id}/history"


def test_a_version_from_before_a_post_opened_a_topic_is_compared_without_the_title(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Old words."))
    with at(now() + LATER):
        actions.edit(people.ben, reply.id, write("New words."))
    part = actions.SplitTarget("Hours elsewhere", "experience", topic.agenda_id)
    actions.split(people.moderator, topic.id, [reply.id], part)
    (version,) = revisions_of(people.ben, reply)
    (compared,) = re.findall('<div class="diff.*?</div>', page(client, reply_history(reply)), re.S)
    assert "<ins>New" in compared and "Hours elsewhere" not in compared
    form = page(sign_in(people.ben), f"/posts/{reply.id}/edit?version={version.id}")
    assert "Old words." in form and 'value="Hours elsewhere"' in form


def test_an_author_deletes_after_being_asked(people: Any, topic: Topic, sign_in: Any) -> None:
    reply = actions.reply(people.ben, topic.id, write("Away with it."))
    browser = sign_in(people.ben)
    assert "Away with it." in page(browser, f"/posts/{reply.id}/delete")
    response = browser.post(f"/posts/{reply.id}/delete")
    assert response.location == f"{topic.address}#post-2"
    browser = sign_in(people.ana)
    response = browser.post(f"/posts/{first_post(topic).id}/delete")
    assert response.location == "/agendas/quieter/topics"
    page(browser, topic.address, 404)


def test_who_deletes_the_last_text_that_is_shown_is_not_led_to_a_hidden_topic(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Away with it."))
    actions.hide(people.moderator, first_post(topic).id, "Advertising")
    response = sign_in(people.ben).post(f"/posts/{reply.id}/delete")
    assert response.location == "/agendas/quieter/topics"


def test_who_deletes_an_opening_reads_what_stays(people: Any, topic: Topic, sign_in: Any) -> None:
    stays, post = "The title, your name and the replies stay.", first_post(topic)
    browser, edit = sign_in(people.ana), f"/posts/{post.id}/edit"
    # Without replies, the whole topic is deleted
    assert stays not in page(browser, f"/posts/{post.id}/delete")
    reply = actions.reply(people.ben, topic.id, write("I heard it."))
    assert stays not in page(sign_in(people.ben), f"/posts/{reply.id}/delete")
    text = page(browser, f"/posts/{post.id}/delete")
    assert stays in text and f'href="{edit}"' in text
    actions.lock(people.moderator, topic.id)
    text = page(browser, f"/posts/{post.id}/delete")
    assert "ask the moderators" in text and f'href="{edit}"' not in text
    browser.post(f"/posts/{post.id}/delete")
    assert "You have deleted this text" in page(browser, edit, 403)


@pytest.mark.parametrize("deed", ["edit", "delete"])
def test_others_neither_edit_nor_delete(
    client: FlaskClient, people: Any, topic: Topic, sign_in: Any, deed: str
) -> None:
    path = f"/posts/{first_post(topic).id}/{deed}"
    assert client.get(path).status_code == 303
    assert client.post(path, data=FORM).status_code == 403
    for person in (people.ben, people.moderator):
        browser = sign_in(person)
        assert browser.get(path).status_code == 403
        assert browser.post(path, data=FORM).status_code == 403
    assert last_post().source == "It took **two** years."


def test_an_empty_composer_is_remembered_without_anything_of_a_session(
    app: Flask, people: Any, topic: Topic, sign_in: Any
) -> None:
    seen = set()
    for person in (people.ben, people.ben, people.chitra):
        seen |= set(
            re.findall(
                r'"(?:csrf_token|submission_key)" value="([^"]+)"',
                page(sign_in(person), topic.address),
            )
        )
    assert len(seen) == 6
    pieces = app.jinja_env.globals["remembered"]
    remembered = "".join({**pieces.old, **pieces.young}.values())
    assert 'name="source"' in remembered
    assert not [word for word in (*seen, "csrf_token", "submission_key") if word in remembered]


def test_the_fields_of_an_empty_composer_are_the_same_below_all_topics(
    app: Flask, people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    browser, pieces = sign_in(people.ben), app.jinja_env.globals["remembered"]
    pieces.young, pieces.old = {}, {}
    new = actions.NewTopic("question", "Another", write("Another question."))
    other = actions.open_topic(people.ana, agenda.id, new)
    for place in (topic, other):
        assert f'action="/topics/{place.id}/reply"' in page(browser, place.address)
    remembered = [piece for piece in pieces.young.values() if 'name="source"' in piece]
    assert len(remembered) == 1


def test_an_empty_composer_is_in_the_language_of_its_page(
    several: Flask, people: Any, topic: Topic
) -> None:
    browser, labels = signed_in(several, people.ben), []
    for language in ("en", "fr", "es"):
        answer = browser.get(topic.address, headers={"Accept-Language": language})
        labels += re.findall(r'<label for="source"[^>]*>([^<]+)', answer.text)
    assert labels == ["Your reply", "Votre réponse", "Su respuesta"]


# Limits


@pytest.fixture
def limited(limited_app: Flask) -> Callable[[Any], Any]:
    """Returns browsers of members at a forum with rate limits."""
    return partial(signed_in, limited_app)


def test_posting_is_limited_for_each_member(people: Any, topic: Topic, limited: Any) -> None:
    ben, chitra = limited(people.ben), limited(people.chitra)
    path, form = f"/topics/{topic.id}/reply", {"language": "en"}
    for number in range(5):
        assert ben.post(path, data={**form, "source": ""}).status_code == 422
        assert ben.post(path, data={**form, "source": f"{number}"}).status_code == 303
        assert ben.post(path, data={**form, "source": "x", "preview": "1"}).status_code == 200
    response = ben.post(path, data={**form, "source": "My sixth reply within one minute."})
    assert response.status_code == 429
    assert "My sixth reply within one minute." in response.text
    assert chitra.post(path, data={**form, "source": "Mine."}).status_code == 303


def test_a_deed_that_calls_itself_a_trial_is_counted(
    people: Any, topic: Topic, limited: Any
) -> None:
    ben, post = limited(people.ben), first_post(topic)
    for number in range(30):
        data = {"kind": "useful", "on": str(number % 2), ("preview", "prompt")[number % 2]: "1"}
        assert ben.post(f"/posts/{post.id}/mark", data=data).status_code == 303
    data = {"kind": "useful", "on": "1", "preview": "1"}
    assert ben.post(f"/posts/{post.id}/mark", data=data).status_code == 429


def test_trials_are_limited_as_previews_and_not_as_posts(
    people: Any, topic: Topic, limited: Any
) -> None:
    ben, path = limited(people.ben), f"/topics/{topic.id}/reply"
    form = {"language": "en", "source": "Words that took me long."}
    for number in range(60):
        trial = {("preview", "prompt")[number % 2]: "1"}
        assert ben.post(path, data={**form, **trial}).status_code == 200
    response = ben.post(path, data={**form, "preview": "1"})
    assert response.status_code == 429 and "Words that took me long." in response.text
    assert ben.post(path, data=form).status_code == 303
    assert ben.post("/preview", data=form).status_code == 429


def test_one_may_preview_what_one_may_not_post_yet(people: Any, topic: Topic, limited: Any) -> None:
    ben, form = limited(people.ben), {"language": "en"}
    for number in range(6):
        ben.post(f"/topics/{topic.id}/reply", data={**form, "source": f"Reply {number}."})
    data = {**form, "source": "Next.", "preview": "1"}
    assert ben.post(f"/topics/{topic.id}/reply", data=data).status_code == 200


def test_new_members_may_post_less(people: Any, topic: Topic, limited: Any) -> None:
    set_newness(people.administrator, days=14, posts=30, first_posts=0)
    ben, host = limited(people.ben), limited(people.host)
    path, form = f"/topics/{topic.id}/reply", {"language": "en"}
    for browser, most in ((ben, 3), (host, 5)):
        for number in range(most):
            assert browser.post(path, data={**form, "source": f"{number}"}).status_code == 303
        response = browser.post(path, data={**form, "source": "One more than I may."})
        assert response.status_code == 429 and "One more than I may." in response.text
