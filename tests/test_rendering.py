"""Markdown is rendered before an action takes the write lock, for which all other writers wait."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum import markup
from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.clock import at, now
from forum.db import db, running_deed
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, get_topic
from forum.markup import write
from forum.permissions import SYSTEM
from forum.quotes import quote
from forum.screening.actions import RuleText, make_rule

LONG = "We put felt on the trams at night, and asked those who live there what they heard of it. "
SECTION = {"done": "We *asked* them.", "failure": "Nothing."}
STATEMENT = {"rule": "2", "reason": "It is rude.", "next": "/"}


@pytest.fixture
def places(people: Any, agenda: Agenda, world: dict[str, Any]) -> dict[str, Any]:
    """Ids for the routes below: Ana's topic, quoted there and elsewhere; a rule about repeated texts is on."""
    made = dict(world)
    make_rule(people.administrator, RuleText("same text", "2", "We read this first."))
    opening = first_post(get_topic(SYSTEM, made["topic"]))
    with at(now() - timedelta(hours=1)):
        said = quote("Ana Prado", opening.id, "What we did.") + LONG
        made["quoting"] = dialogue.reply(people.ben, made["topic"], write(said)).id
        new = dialogue.NewTopic("experience", "Quiet trams", write(said))
        dialogue.open_topic(people.chitra, agenda.id, new)
    flight = write("By *zeppelin*, over the trams.")
    made["waiting_edit"] = dialogue.edit(people.ana, made["post"], flight).id
    new_flight = dialogue.NewTopic("question", "Who has flown?", flight)
    made["waiting_topic"] = dialogue.open_topic(people.ana, agenda.id, new_flight).id
    other = get_agenda(SYSTEM, world["other"])
    return {**made, "opening": opening.id, "other_id": other.id}


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records the functions in which Markdown was rendered during a write transaction."""
    found: list[str] = []
    render = markup._render

    def note(*args: Any, **options: Any) -> Any:
        if running_deed(db.session()):
            ours = [
                frame.name for frame in traceback.extract_stack() if "/forum/" in frame.filename
            ]
            found.append(" > ".join(ours[-4:]))
        return render(*args, **options)

    monkeypatch.setattr(markup, "_render", note)
    return found


PRACTICE = {
    "title": "Quiet asphalt",
    "agenda": "{agenda}",
    "sentence": "It is said in *one* sentence, and then in another.",
    "language": "en",
    **SECTION,
}
TOPIC = {"title": "Why so loud?", "language": "en", "audience": "public", "kind": "question"}
# The role, the route and the form
DOORS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("ana", "/agendas/{agenda}/topics/new", {**TOPIC, "source": "Did you *measure* it?"}),
    ("ben", "/topics/{topic}/reply", {"source": f"> *Yes*\n\n{LONG} @ana-prado", "language": "en"}),
    ("ana", "/posts/{post}/edit", {"source": f"**{LONG}**", "language": "en"}),
    ("ben", "/posts/{quoting}/edit", {"source": LONG, "language": "en"}),
    ("ana", "/posts/{opening}/edit", {**TOPIC, "source": LONG, "title": "Why so loud at night?"}),
    ("ana", "/posts/{opening}/edit", {**TOPIC, "source": LONG, "audience": "members"}),
    ("ana", "/posts/{post}/delete", {}),
    ("ana", "/revisions/{revision}/withdraw", {}),
    ("ana", "/practices/new", {**PRACTICE, "deed": "submit"}),
    ("ana", "/practices/{draft}/edit", {**PRACTICE, "deed": "submit"}),
    ("ana", "/practices/{draft}/submit", {}),
    ("ana", "/practices/{submitted}/edit", PRACTICE),
    ("ana", "/practices/{practice}/edit", PRACTICE),
    ("moderator", "/practices/{submitted}/publish", {}),
    ("moderator", "/moderation/practice/{submitted_id}/decide", {"deed": "publish"}),
    ("moderator", "/moderation/held/{waiting}/decide", {"deed": "approve"}),
    ("moderator", "/moderation/held/{waiting_edit}/decide", {"deed": "approve"}),
    ("moderator", "/moderation/held/{waiting_topic}/decide", {"deed": "approve"}),
    ("host", "/topics/{topic}/retitle", {"title": "Another title"}),
    ("moderator", "/topics/{topic}/move", {"agenda": "{other_id}"}),
    ("host", "/topics/{topic}/lock", STATEMENT),
    ("host", "/topics/{topic}/hide", STATEMENT),
    ("host", "/posts/{reply}/hide", STATEMENT),
    ("host", "/posts/{opening}/hide", STATEMENT),
    ("host", "/posts/{hidden_post}/restore", {}),
    ("host", "/posts/{post}/note", {"source": "We *asked* the city.", "language": "en"}),
    ("host", "/topics/{topic}/posts/split", {"post": "{reply}", "title": "Apart", "kind": "question"}),
    ("moderator", "/members/ana-prado/clear-spam", {}),
    ("host", "/agendas/{agenda}/edit", {"title": "Quieter", "introduction": "*Hush*", "summary": "Hush."}),
)  # fmt: skip


@pytest.mark.parametrize(("who", "address", "form"), DOORS)
def test_nothing_is_rendered_while_others_wait(
    people: Any,
    places: dict[str, Any],
    sign_in: Callable[[Any], FlaskClient],
    rendered: list[str],
    who: str,
    address: str,
    form: dict[str, Any],
) -> None:
    data = {name: text.format(**places) for name, text in form.items()}
    answer = sign_in(getattr(people, who)).post(address.format(**places), data=data)
    assert answer.status_code == 303, answer.text
    assert rendered == []


def test_the_test_sees_what_is_rendered_while_others_wait(
    people: Any, places: dict[str, Any], rendered: list[str]
) -> None:
    post = dialogue.hide(people.host, places["opening"], "Not yet.")
    dialogue.restore(people.host, post.id)
    assert any("follow_restoring" in where for where in rendered)
