"""The administrator's pages of the webhooks."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from forum import ciphers
from forum.db import db
from forum.permissions import MEMBERS
from forum.webhooks import actions
from forum.webhooks.actions import MAX_WEBHOOKS
from forum.webhooks.models import ADDRESS_CIPHER, SECRET_CIPHER, Webhook
from tests.webhooks.conftest import ADDRESS, deliveries, known, work

PATH = "/administration/webhooks"
FORM = {
    "name": "Town hall",
    "format": "chat",
    "address": f" {ADDRESS} ",
    "kinds": ["question", "reply"],
    "agenda": "0",
}


@pytest.fixture
def browser(sign_in: Any, people: Any) -> Any:
    return sign_in(people.administrator)


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def only() -> Webhook:
    return db.session.scalars(db.select(Webhook)).one()


def secret_of(webhook: Webhook) -> str:
    return ciphers.unlock(SECRET_CIPHER, webhook.locked_secret)


def test_without_webhooks_the_page_says_what_they_are_for(browser: Any) -> None:
    page = words(browser.get(PATH))
    assert "Nobody else is told of what is new" in page and "Mattermost" in page


def test_a_webhook_is_added_changed_paused_resumed_and_deleted(
    browser: Any, agenda: Any, people: Any
) -> None:
    added = browser.post(f"{PATH}/new", data=FORM)
    webhook = only()
    assert added.location == f"{PATH}/{webhook.id}"
    page = words(browser.get(added.location))
    assert "Town hall Not tried yet" in page and "hooks.example" in page
    assert "New questions, Replies and comments" in page and "All agendas" in page
    assert "token" not in page, "who knows the whole address can write there"
    edit = browser.get(f"{PATH}/{webhook.id}/edit").get_data(as_text=True)
    assert f'value="{ADDRESS}"' in edit and 'value="reply" checked' in edit
    assert 'value="case" checked' not in edit
    more = {
        "name": "Town  hall 2",
        "kinds": ["case"],
        "agenda": str(agenda.id),
        "format": "standard",
    }
    for _press in range(2):
        sent = browser.post(f"{PATH}/{webhook.id}/edit", data=FORM | more)
        assert sent.location == added.location
    page = words(browser.get(added.location))
    assert "Town hall 2" in page and agenda.title in page and "New cases" in page
    browser.post(f"{PATH}/{webhook.id}/pause")
    assert "It has been paused since" in words(browser.get(added.location))
    assert browser.post(f"{PATH}/{webhook.id}/try").status_code == 409
    browser.post(f"{PATH}/{webhook.id}/resume")
    assert "paused" not in words(browser.get(added.location))
    asks = words(browser.get(f"{PATH}/{webhook.id}/delete"))
    assert "Nothing is sent to hooks.example any more" in asks
    assert browser.post(f"{PATH}/{webhook.id}/delete").location == PATH
    assert browser.get(added.location).status_code == 404
    page = words(browser.get(PATH))
    assert page.count("Changed:") == 1  # the second form changed nothing
    for deed in ("Added: Town hall", "Changed:", "Paused:", "Resumed:", "Deleted: Town hall 2"):
        assert deed in page, "what was done is kept"
    assert page.count("Adam de Wit") >= 5 and "token" not in page


def test_nothing_that_is_secret_stands_in_the_database(browser: Any, people: Any) -> None:
    browser.post(f"{PATH}/new", data=FORM)
    webhook = only()
    secret = secret_of(webhook)
    dump = (
        "\n".join(db.session.connection().connection.driver_connection.iterdump())
        if (db.session.get_bind().dialect.name == "sqlite")
        else repr(vars(webhook))
    )
    assert "token=abc" not in dump and secret not in dump and secret[6:30] not in dump
    assert ciphers.unlock(ADDRESS_CIPHER, webhook.locked_address) == ADDRESS


@pytest.mark.parametrize(
    ("wrong", "sentences"),
    [
        ({"name": " "}, ["Give it a name."]),
        ({"name": "x" * 81}, ["Write at most 80 characters."]),
        ({"address": ""}, ["Write the address to which it leads."]),
        ({"address": "http://hooks.example/"}, ["The address has to begin with https://."]),
        ({"address": "https://127.0.0.1/"}, ["This is not an address on the public internet."]),
        ({"address": "https://[::ffff:10.0.0.1]/"}, ["not an address on the public internet."]),
        ({"address": "https://hooks.example:22/"}, ["The port has to be 443 or 8443."]),
        ({"address": "https://a:b@hooks.example/"}, ["no name and no password before an @."]),
        ({"address": "nonsense"}, ["Write an address such as https://chat.example.org/hooks/abc."]),
        ({"address": "https://hooks.example/" + "x" * 1_000}, ["Write at most 1000 characters."]),
        ({"kinds": []}, ["Choose at least one thing of which it is told."]),
        ({"kinds": ["gossip"]}, []),
        ({"format": "carrier pigeon"}, []),
        ({"agenda": "999"}, []),
        (
            {"name": "", "address": "https://10.0.0.1/", "kinds": []},
            ["Give it a name.", "not an address on the public internet.", "Choose at least one"],
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_all_is_kept(
    browser: Any, wrong: dict[str, Any], sentences: list[str]
) -> None:
    answer = browser.post(f"{PATH}/new", data=FORM | wrong)
    page = words(answer)
    assert answer.status_code == 422
    assert all(page.count(sentence) == 2 for sentence in sentences), "in the summary, and beside it"
    html = answer.get_data(as_text=True)
    if "name" not in wrong:
        assert 'value="Town hall"' in html
    if "kinds" not in wrong:
        assert 'value="reply" checked' in html
    if wrong.get("address"):
        assert f'value="{wrong["address"]}"' in html
    assert db.session.scalars(db.select(Webhook)).all() == []


def test_networks_that_the_server_allows_may_be_typed(
    browser: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = (ipaddress.ip_network("127.0.0.0/8"),)
    settings = replace(app.extensions["settings"], webhook_networks=local)
    monkeypatch.setitem(app.extensions, "settings", settings)
    assert browser.post(
        f"{PATH}/new", data=FORM | {"address": "http://127.0.0.1:8065/hooks/a"}
    ).location
    assert only().host == "127.0.0.1:8065"
    refused = browser.post(f"{PATH}/new", data=FORM | {"address": "http://10.0.0.1/"})
    assert "This is not an address on the public internet." in words(refused)


def test_the_number_of_webhooks_is_limited(browser: Any) -> None:
    for number in range(MAX_WEBHOOKS):
        assert browser.post(f"{PATH}/new", data=FORM | {"name": f"Number {number}"}).location
    page = words(browser.get(PATH))
    assert "There can be at most 10 webhooks." in page and "New webhook" not in page
    assert browser.post(f"{PATH}/new", data=FORM).status_code == 409


def test_the_secret_stands_on_its_own_page_and_can_be_made_anew(browser: Any) -> None:
    browser.post(f"{PATH}/new", data=FORM | {"format": "standard"})
    path, first = f"{PATH}/{only().id}/secret", secret_of(only())
    shown = browser.get(path)
    assert first in words(shown)
    assert "no-store" in shown.headers["Cache-Control"]
    for other in (PATH, f"{PATH}/{only().id}", f"{PATH}/{only().id}/edit"):
        assert first not in browser.get(other).get_data(as_text=True)
    assert browser.post(path).location == path
    second = secret_of(only())
    assert second != first and second in words(browser.get(path))


def test_another_secret_key_is_said_and_mended(
    browser: Any, app: Any, monkeypatch: pytest.MonkeyPatch, receiver: Any, people: Any
) -> None:
    browser.post(f"{PATH}/new", data=FORM | {"format": "standard"})
    webhook = only()
    lock = ciphers.lock
    webhook.locked_secret = webhook.locked_address = lock("something else", "x")
    db.session.commit()
    browser.post(f"{PATH}/{webhook.id}/try")
    work()
    page = words(browser.get(PATH))
    assert "The forum has paused “Town hall”." in page and "another secret key" in page
    assert "cannot be read any more" in words(browser.get(f"{PATH}/{webhook.id}/secret"))
    edit = browser.get(f"{PATH}/{webhook.id}/edit")
    assert edit.status_code == 200
    browser.post(f"{PATH}/{webhook.id}/edit", data=FORM | {"format": "standard"})
    browser.post(f"{PATH}/{webhook.id}/secret")
    browser.post(f"{PATH}/{webhook.id}/resume")
    work(timedelta(days=1))
    assert receiver.types == ["trial"]


def test_a_trial_is_sent_by_the_worker_and_once(browser: Any, receiver: Any, agenda: Any) -> None:
    browser.post(f"{PATH}/new", data=FORM)
    path = f"{PATH}/{only().id}"
    for _times in range(2):
        assert "A trial is on its way." in words(browser.get(browser.post(f"{path}/try").location))
    assert receiver.got == [] and len(deliveries()) == 1
    work()
    page = words(browser.get(path))
    assert "Works" in page and "Trial" in page and "Arrived" in page
    assert "The answer was 204." in page
    assert receiver.got[0][0] == ADDRESS


def test_a_trial_does_not_wait_for_the_rest_of_a_webhook(
    browser: Any, receiver: Any, add: Any, ask: Any
) -> None:
    webhook = add()
    receiver.answer = 500
    ask()
    work()
    receiver.answer = 200
    browser.post(f"{PATH}/{webhook.id}/try")
    work()
    assert receiver.types == ["topic.opened", "trial"]


def test_a_trial_goes_before_all_that_waits(
    browser: Any, receiver: Any, add: Any, ask: Any
) -> None:
    webhook = add()
    receiver.answer = 500
    for number in range(3):
        ask(f"Question {number}")
    work()
    browser.post(f"{PATH}/{webhook.id}/try")
    work()
    assert receiver.types == ["topic.opened", "trial"], "who tries it sees what is answered"
    assert "The answer was 500." in words(browser.get(f"{PATH}/{webhook.id}")).partition("Trial")[2]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (500, "The answer was 500."),
        ("silent", "It did not answer, or has no valid certificate."),
        (
            "forbidden",
            "Nothing was sent: the address leads neither to the public internet with https",
        ),
    ],
)
def test_the_page_says_what_was_answered_and_when_it_is_tried_again(
    browser: Any, receiver: Any, add: Any, ask: Any, answer: Any, said: str
) -> None:
    webhook = add()
    receiver.answer = answer
    topic = ask()
    work()
    page = words(browser.get(f"{PATH}/{webhook.id}"))
    assert "Fails" in page and said in page and "Question: Why so loud?" in page
    assert "Nothing has arrived since" in page and "Next attempt" in page
    html = browser.get(f"{PATH}/{webhook.id}").get_data(as_text=True)
    assert f'datetime="{known(webhook).rests_until:%Y-%m-%dT%H:%M}' in html
    row = db.session.get_one(type(topic), topic.id)
    row.audience = MEMBERS
    db.session.commit()
    assert "Why so loud?" not in words(browser.get(f"{PATH}/{webhook.id}")), "no more than visitors"


def test_titles_by_people_say_in_which_language_they_are(
    browser: Any, receiver: Any, add: Any, ask: Any, agenda: Any
) -> None:
    webhook, topic = add(agenda_id=agenda.id), ask("¿Por qué tanto ruido?")
    topic.language = "es"
    agenda.language = "fr"
    db.session.commit()
    work()
    one, every = browser.get(f"{PATH}/{webhook.id}").text, browser.get(PATH).text
    assert f'<bdi lang="es">{topic.title}</bdi>' in one
    assert one.count(marked := f'<bdi lang="fr">{agenda.title}</bdi>') == every.count(marked) == 1


def test_a_webhook_that_the_forum_has_paused_is_at_the_top(
    browser: Any, receiver: Any, add: Any, ask: Any
) -> None:
    webhook = add()
    receiver.answer = 410
    ask()
    work()
    page = words(browser.get(PATH))
    assert "The forum has paused “A program”." in page
    assert "wants nothing more at this address" in page
    assert "Paused by the forum" in words(browser.get(f"{PATH}/{webhook.id}"))
    assert known(webhook).paused_at


def test_pages_of_webhooks_ask_the_same_number_of_statements(
    browser: Any, receiver: Any, add: Any, ask: Any, queries: Any
) -> None:
    webhook, counts = add(), []
    for number in range(6):
        ask(f"Question {number}")
        work()
        if number in (0, 5):
            for path in (PATH, f"{PATH}/{webhook.id}"):
                browser.get(path)
                with queries() as made:
                    browser.get(path)
                counts.append(made.count)
        elif number < 4:
            add(name=f"Number {number}")
    assert counts[:2] == counts[2:] and max(counts) <= 9, counts


def test_the_twenty_last_ones_are_shown(browser: Any, receiver: Any, add: Any, people: Any) -> None:
    webhook = add()
    for _times in range(22):
        actions.try_webhook(people.administrator, webhook.id)
        work()
    html = browser.get(f"{PATH}/{webhook.id}").get_data(as_text=True)
    assert html.count('<th scope="row">Trial') == 20


def test_a_webhook_names_nobody() -> None:
    """Only its history names members, and loses the names of those who leave, like all histories."""
    names = Webhook.__table__.columns.keys()
    assert not [name for name in names if "member" in name or name.endswith("_by_id")]
