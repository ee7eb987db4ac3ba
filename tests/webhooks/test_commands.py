"""Deliveries of webhooks: only public content, of the kinds and agendas that were chosen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forum import ciphers
from forum.agendas import actions as agendas
from forum.agendas.actions import AgendaText
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post
from forum.library import actions as library
from forum.library.actions import CaseText, PracticeText
from forum.markup import write
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.models import Event
from forum.permissions import MEMBERS, SYSTEM
from forum.screening import actions as screening
from forum.webhooks import actions, commands
from forum.webhooks.models import SECRET_CIPHER
from tests.webhooks.conftest import ADDRESS, deliveries, seconds_of, work

WHY = Reasons("Spam.", 2)


def published_practice(people: Any, agenda: Any, **more: Any) -> Any:
    text = {"title": "Pumps that call", "sentence": "Each pump sends a message."} | more
    made = library.write_and_submit(people.ana, agenda.id, PracticeText(**text))
    return library.publish(people.moderator, made.id)


# Which events are delivered


def test_a_program_is_told_what_is_new_and_where_it_is(receiver, add, ask, people, agenda, client):
    add()
    topic = ask("Why so loud? Ä")
    reply = dialogue.reply(people.ben, topic.id, write("Trams."))
    practice = published_practice(people, agenda)
    text = CaseText("Quiet streets", "city project", "Cars wait.", "One paragraph.")
    case = library.write_case(people.host, agenda.id, text)
    work()
    assert receiver.types == [
        "topic.opened",
        "reply.posted",
        "practice.published",
        "case.published",
    ]
    first, answer, *_rest = (body["data"] for body in receiver.bodies)
    assert first == {
        "id": topic.id,
        "kind": "question",
        "title": "Why so loud? Ä",
        "language": topic.language,
        "url": f"http://localhost/topics/{topic.id}-{topic.slug}",
        "api_url": f"http://localhost/api/v1/topics/{topic.id}",
        "agenda": {
            "title": agenda.title,
            "slug": agenda.slug,
            "url": f"http://localhost/agendas/{agenda.slug}",
        },
    }
    assert (answer["id"], answer["kind"]) == (reply.id, "reply")
    assert [body["data"]["id"] for body in receiver.bodies][2:] == [practice.slug, case.slug]
    sent = b"".join(body for _address, body, _headers in receiver.got).decode()
    assert not [word for word in ("Ana", "Ben", "measured", "Trams", "message") if word in sent]
    for body in receiver.bodies:
        path = body["data"]["url"].removeprefix("http://localhost")
        assert client.get(path).status_code in (200, 302), path
        path = body["data"]["api_url"].removeprefix("http://localhost")
        assert client.get(path).status_code == 200, path


def test_a_signature_is_as_the_standard_says(receiver, add, ask):
    webhook = add()
    ask()
    work()
    (address, body, headers) = receiver.got[0]
    assert address == ADDRESS
    secret = ciphers.unlock(SECRET_CIPHER, webhook.locked_secret)
    assert secret.startswith("whsec_")
    key = base64.b64decode(secret[len("whsec_") :])
    assert 24 <= len(key) <= 64, "as the standard asks"
    number, seconds = headers["webhook-id"], headers["webhook-timestamp"]
    signed = f"{number}.{seconds}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["Content-Type"] == "application/json"
    assert abs(int(seconds) - seconds_of(now())) <= 5
    assert json.loads(body)["timestamp"].endswith("Z") and "." not in number


def test_the_program_in_the_documents_knows_what_is_ours(receiver, add, ask):
    code = (Path(__file__).parents[2] / "docs/operating.md").read_text()
    code = code.partition("```python\n")[2].partition("```")[0]
    known: dict[str, Any] = {}
    exec(code, known)
    secret = ciphers.unlock(SECRET_CIPHER, add().locked_secret)
    ask()
    work()
    (_address, body, headers) = receiver.got[0]
    assert known["is_ours"](secret, headers, body)
    assert not known["is_ours"](secret, headers, body + b" ")
    assert not known["is_ours"]("whsec_" + "A" * 44, headers, body)
    assert not known["is_ours"](secret, headers | {"webhook-id": "msg_2"}, body)
    late = {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}
    assert not known["is_ours"](secret, headers | late, body)


def test_a_chat_room_is_told_in_a_sentence(receiver, add, ask, people, agenda):
    add(format="chat")
    topic = ask("Why so loud?")
    ask("We did this", kind="experience")
    post = dialogue.reply(people.ben, topic.id, write("Trams."))
    practice = published_practice(people, agenda)
    work()
    assert receiver.texts[0] == (
        f"New question in {agenda.title}: Why so loud? – "
        f"http://localhost/topics/{topic.id}-{topic.slug}"
    )
    assert receiver.texts[1].startswith(f"New experience in {agenda.title}: We did this – ")
    assert receiver.texts[2].endswith(f"Why so loud? – http://localhost/posts/{post.id}")
    assert receiver.texts[3].endswith(f"– http://localhost/practices/{practice.slug}")
    assert all(set(headers) == {"Content-Type"} for _address, _body, headers in receiver.got)


@pytest.mark.parametrize(
    "title",
    [
        "<!channel> look",
        "<@U123> & <https://evil.example|here>",
        "[click](https://evil.example) now",
        "![x](https://evil.example/x.png)",
        "@channel @all @here",
        "`code` *bold* _soft_ ~gone~ | a # b \\",
        "&lt;!channel&gt;",
        "See www.evil.example and evil.example/x",
    ],
)
def test_a_title_can_do_nothing_in_a_chat_room(receiver, add, ask, title):
    add(format="chat")
    topic = ask(title)
    work()
    said = receiver.texts[0].removesuffix(f" – http://localhost/topics/{topic.id}-{topic.slug}")
    assert not set("<>[]`*_~|\\") & set(said)
    assert "://" not in said and "@c" not in said and "@a" not in said and "@h" not in said
    assert "](" not in said and "<!" not in said
    assert "www.e" not in said and "evil.e" not in said


def test_a_title_with_figures_and_short_words_stays_as_it_is(receiver, add, ask):
    add(format="chat")
    ask("St. Gallen: 1.5 m of water, what next?")
    work()
    assert "St. Gallen: 1.5 m of water, what next? – http" in receiver.texts[0]


def test_a_chat_room_reads_the_language_of_the_forum(receiver, add, ask, app, monkeypatch, agenda):
    french = replace(app.extensions["settings"], locales=("fr", "en"))
    monkeypatch.setitem(app.extensions, "settings", french)
    add(format="chat")
    ask()
    work()
    assert receiver.texts[0].startswith(f"Nouvelle question dans {agenda.title}")


def test_a_trial_says_that_it_is_one(receiver, add, people, client):
    for name in ("standard", "chat"):
        actions.try_webhook(people.administrator, add(format=name).id)
    work()
    program, room = receiver.bodies
    assert program["type"] == "trial" and program["data"]["forum"] == "Quiet cities"
    assert client.get("/api/v1/").json["url"] == program["data"]["url"]
    assert room == {"text": "A trial of Quiet cities: messages arrive here. http://localhost/"}


# For which kinds and agendas


def test_it_is_told_of_the_chosen_kinds_alone(receiver, add, ask, people, agenda):
    add(kinds=["experience", "practice"])
    topic = ask()
    ask("We did this", kind="experience")
    dialogue.reply(people.ben, topic.id, write("Trams."))
    published_practice(people, agenda)
    work()
    assert [body["data"]["kind"] for body in receiver.bodies] == ["experience", "practice"]


def test_it_is_told_of_one_agenda_alone(receiver, add, ask, people, agenda):
    other = agendas.write_agenda(people.moderator, AgendaText("Roofs", write("Green ones.")))
    add(agenda_id=other.id)
    ask("Here")
    ask("There", agenda_id=other.id)
    work()
    assert [body["data"]["title"] for body in receiver.bodies] == ["There"]


def test_what_is_moved_before_it_is_sent_is_told_where_it_is(receiver, add, ask, people, agenda):
    other = agendas.write_agenda(people.moderator, AgendaText("Roofs", write("Green ones.")))
    here = add(agenda_id=agenda.id, name="Here")
    add(name="All")
    topic = ask()
    actions.note_what_is_new(SYSTEM)
    dialogue.move(people.moderator, topic.id, other.id)
    work()
    assert [body["data"]["agenda"]["slug"] for body in receiver.bodies] == [other.slug]
    (dropped,) = [delivery for delivery in deliveries() if delivery.dropped_at]
    assert dropped.webhook_id == here.id


def test_nobody_is_told_what_visitors_may_not_read(receiver, add, ask, people, agenda):
    add()
    ask("For members", audience=MEMBERS)
    prepared = agendas.write_agenda(
        people.moderator, AgendaText("Secret", write("Not yet."), is_open=False)
    )
    ask("In preparation", agenda_id=prepared.id, author=people.moderator)
    library.write_practice(people.ana, agenda.id, PracticeText("A draft", "Not yet."))
    screening.make_rule(people.administrator, screening.RuleText("word", "casino", "Read first."))
    held = dialogue.open_topic(
        people.ana, agenda.id, dialogue.NewTopic("question", "Casino", write("A casino."))
    )
    work()
    assert receiver.got == []
    dialogue.approve(people.moderator, held.id)
    work()
    assert [body["data"]["title"] for body in receiver.bodies] == ["Casino"], "once it is read"


@pytest.mark.parametrize("deed", ["hide", "delete", "members only", "prepare", "leave"])
def test_what_is_gone_before_it_is_sent_is_not_told(receiver, add, ask, people, agenda, deed):
    add()
    topic = ask()
    reply = dialogue.reply(people.ana, topic.id, write("I did."))
    actions.note_what_is_new(SYSTEM)
    assert len(deliveries()) == 2
    if deed == "hide":
        moderation.decide(people.moderator, "post", reply.id, "hide", WHY)
        moderation.decide(people.moderator, "topic", topic.id, "hide", WHY)
    elif deed == "delete":
        dialogue.delete(people.ana, reply.id)
        dialogue.delete(people.ana, first_post(topic).id)
    elif deed == "members only":
        db.session.get_one(type(topic), topic.id).audience = MEMBERS
        db.session.commit()
    elif deed == "prepare":
        dialogue.prepare_agenda(SYSTEM, agenda.id)
    else:
        topic_row = db.session.get_one(type(topic), topic.id)
        topic_row.deleted_at = now()
        db.session.commit()
    work()
    assert receiver.got == []
    assert all(delivery.dropped_at for delivery in deliveries())
    work(timedelta(days=2))
    assert receiver.got == []


def test_first_posts_of_new_members_are_told_once_a_moderator_has_looked(
    receiver, add, ask, people
):
    add()
    screening.set_newness(SYSTEM, days=0, posts=0, first_posts=2)
    topic = ask()
    work()
    work(timedelta(hours=1))
    assert receiver.got == [] and deliveries()[0].attempts == 0
    dialogue.look_at(people.moderator, first_post(topic).id)
    work(timedelta(hours=2))
    assert receiver.types == ["topic.opened"]


def test_changes_are_not_told(receiver, add, ask, people):
    add()
    topic = ask()
    work()
    dialogue.edit(people.ana, first_post(topic).id, write("Who heard?"))
    moderation.retitle(people.moderator, topic.id, "Why so quiet?", [], WHY)
    work()
    assert len(receiver.got) == 1


def test_what_is_older_than_a_webhook_is_not_told(receiver, add, ask):
    add()
    with at(now() - timedelta(days=400)):  # old content, as from an import
        ask("Long ago")
    work()
    assert receiver.got == [] and deliveries() == []


def test_without_webhooks_nothing_is_noted(receiver, ask, people, queries):
    topic = ask()
    assert (
        db.session.scalar(db.select(db.func.count(Event.id)).where(Event.untold_at.is_not(None)))
        == 0
    )
    with queries() as made:
        assert commands.deliver() == 0
    assert made.count == 2
    assert not [statement for statement in made.statements if not statement.startswith("SELECT")]
    assert topic.id


def test_posting_asks_no_statement_more_for_webhooks(receiver, add, ask, people, queries):
    topic = ask()
    with queries() as without:
        dialogue.reply(people.ben, topic.id, write("Trams."))
    asked = [statement for statement in without.statements if "webhook" in statement]
    assert len(asked) == 1 and "watch" in asked[0], "with what is asked anyway"
