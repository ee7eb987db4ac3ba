"""Hidden texts are hidden everywhere, and texts for members are shown to members only: tests search all pages for secret words.

The pages come from the application's own list of routes, so a new page is covered at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.advice.actions import ask
from forum.agendas.actions import (
    AgendaText,
    set_hosts,
    write_agenda,
    write_theme,
)
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.dialogue.actions import (
    NewTopic,
    edit,
    mark,
    open_topic,
    reply,
)
from forum.library.actions import (
    publish,
    submit,
    write_case,
    write_practice,
)
from forum.markup import write
from forum.members.actions import found_federation
from forum.members.queries import get_member
from forum.moderation.actions import (
    Reasons,
    decide,
    report,
)
from forum.moderation.queries import REMOVABLE_KINDS
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM
from tests.commitments.planted import city_of_moss
from tests.datasets import dataset_fixture, load_dataset
from tests.glossary.conftest import name_canary
from tests.parallels.planted import translated
from tests.planting import (
    BEGINNINGS,
    LISTS,
    NAMING,
    SOUGHT,
    UNSEEN,
    Planted,
    a_case,
    a_person,
    a_practice,
    addresses,
    ask_and_tell,
    noise,
    of_a_city,
    prepared_agenda,
    read,
    read_again,
    secret,
    shown_post,
    shown_question,
    words_told,
)

pytestmark = pytest.mark.thorough


@pytest.fixture
@dataset_fixture
def planted(app: Flask, people: Any, agenda: Agenda) -> Planted:
    """One thing of each kind with secret words, and with texts by others about it; nothing is hidden yet."""
    names = load_dataset("planted", app, lambda: plant(people, agenda))
    read_again(people, agenda)
    others = get_member(SYSTEM, "nobody-here"), get_member(SYSTEM, people.chitra.handle)
    return Planted(*names, *others)


def plant(people: Any, agenda: Agenda) -> tuple[dict[str, int], int, list[int]]:
    """Make all of it with the real actions; returns the ids of the things, the shown topic and the posts."""
    found_federation(SYSTEM, "Interurban")
    other = write_agenda(people.moderator, AgendaText("Other", write("Text."), slug="other"))
    set_hosts(people.moderator, other.id, [people.chitra.handle])
    shown = open_topic(people.ben, agenda.id, shown_question(people))
    with at(now() - timedelta(hours=1)):
        post = reply(people.ana, shown.id, write(secret("revision")))
    edit(people.ana, post.id, write(secret("post")))
    mark(people.ben, post.id, "tried it", "kept", secret("note"))
    new = NewTopic("question", secret("topic"), write(secret("topic")), themes=noise())
    topic = open_topic(people.ana, agenda.id, new)
    replies = [reply(people.ben, topic.id, write(secret("reply"))).id]
    ask_and_tell(people, topic)
    case = write_case(people.administrator, agenda.id, of_a_city(a_case(), people))
    practice = write_practice(people.ana, agenda.id, of_a_city(a_practice(), people))
    submit(people.ana, practice.id)
    practice = publish(people.moderator, practice.id)
    translated(people.administrator, case, secret, "case")
    translated(people.administrator, practice, secret, "practice")
    for topic_id in (case.topic_id, practice.topic_id):
        replies.append(reply(people.ben, topic_id, write(secret("comment"))).id)
    ids = {"post": post.id, "topic": topic.id, "case": case.id, "practice": practice.id}
    somebody = a_person()
    ask(people.ben, shown.id, [somebody.handle, people.ana.handle])
    mark(somebody, shown_post(shown), "tried it", "kept", secret("member"))
    return {**ids, "member": somebody.id}, shown.id, [post.id, *replies]


def hide_all(people: Any, planted: Planted, deed: str = "hide") -> None:
    """Ben reports everything, notices are sent, and the moderator hides it all, or removes what can be removed."""
    _hide_all(people, planted, deed)
    read_again(people)


def _hide_all(people: Any, planted: Planted, deed: str) -> None:
    for kind, item_id in planted.ids.items():
        report(people.ben, kind, item_id, "rules")
    make_notices(SYSTEM)
    for kind, item_id in planted.ids.items():
        done = deed if kind in REMOVABLE_KINDS else "hide"
        decide(people.moderator, kind, item_id, done, Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)


def leaks(browser: FlaskClient, app: Flask, planted: Planted) -> list[tuple[str, str]]:
    """The secret words that a reader sees, with the address."""
    found = []
    for address in addresses(app, planted):
        if told := words_told(read(browser, address)):
            found += [(address, word) for word in (*SOUGHT, *UNSEEN) if word in told]
    # Searches for all words, and for some of them
    sought = [*SOUGHT, *(f"{word}+nowhere" for word in SOUGHT)]
    for address in (*BEGINNINGS, *(f"/search?q={words}" for words in sought)):
        text = read(browser, address)
        found += [(address, other) for other in UNSEEN if other in text]
    return found


def test_lists_and_counts_are_as_if_it_had_never_been(
    client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    with at(now()):  # one moment, because pages are compared and some print the time
        _look_twice(client, people, agenda)


def _look_twice(client: FlaskClient, people: Any, agenda: Agenda) -> None:
    found_federation(SYSTEM, "Interurban")
    name_canary(people.moderator, SOUGHT)
    open_topic(people.ben, agenda.id, NewTopic("question", "Shown", write("Shown text.")))
    profile = "/members/ana-prado"
    before = {
        address: client.get(address).get_data(as_text=True)
        for address in [*LISTS, *NAMING, profile]
    }
    topic = open_topic(people.ana, agenda.id, NewTopic("experience", "Hidden", write("Text.")))
    case = write_case(people.administrator, agenda.id, a_case())
    practice = submit(people.ana, write_practice(people.ana, agenda.id, a_practice()).id)
    publish(people.moderator, practice.id)
    somebody = a_person()
    for kind, item in (
        ("topic", topic),
        ("case", case),
        ("practice", practice),
        ("member", somebody),
    ):
        decide(people.moderator, kind, item.id, "hide", Reasons("It broke a rule.", 2))
    for address, text in before.items():
        assert client.get(address).get_data(as_text=True) == text, address


def test_an_agenda_in_preparation_is_as_if_it_had_never_been(
    client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    with at(now()):
        found_federation(SYSTEM, "Interurban")
        name_canary(people.moderator, SOUGHT)
        city_of_moss(people)
        theme = write_theme(people.moderator, "Noise")
        new = NewTopic("question", "Shown", write("Shown text."), themes=[theme.id])
        topic = open_topic(people.ben, agenda.id, new)
        known = [
            *LISTS,
            *NAMING,
            "/agendas/plans.svg",
            "/readings",
            "/themes",
            "/topics?theme=noise",
        ]
        known += [f"/members/{who.handle}" for who in (people.chitra, people.moderator)]
        known += [
            "/cities/copenhagen",
            "/cities/nairobi",
            "/search?q=canary",
            topic.address,
            "/transparency/decisions",
        ]
        before = {address: _page(client, address) for address in known}
        _topic, answer, *_comments = prepared_agenda(
            people, agenda, people.chitra, themes=[theme.id]
        )
        for address, text in before.items():
            assert _page(client, address) == text, address
        decide(people.moderator, "post", answer, "hide", Reasons("It broke a rule.", 2))
        register = _page(client, "/transparency/decisions")
        assert (
            register.count("<tr>") == 2 and before.pop("/transparency/decisions").count("<tr>") == 0
        )
        assert not words_told(register.lower()) and "brewing" not in register
        for address, text in before.items():
            assert _page(client, address) == text, address


def _page(browser: FlaskClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def test_what_is_restored_is_back_everywhere(
    app: Flask, client: FlaskClient, people: Any, planted: Planted
) -> None:
    """This also shows that everything can be read before it is hidden."""
    before = leaks(client, app, planted)
    assert set(UNSEEN) <= {word for _address, word in before}
    peers = read(client, "/cities/nairobi").partition('id="peers"')[2]
    assert "hushtopic" in peers.partition("</section>")[0]
    hide_all(people, planted)
    for kind, item_id in planted.ids.items():
        decide(people.moderator, kind, item_id, "restore")
    assert set(leaks(client, app, planted)) == set(before)


@pytest.mark.parametrize("reader", ["visitor", "ben", "other_host"])
def test_what_is_removed_is_seen_by_nobody(
    app: Flask, client: FlaskClient, sign_in: Any, people: Any, planted: Planted, reader: str
) -> None:
    """The same holds as for hidden things; nothing may even show that they existed."""
    hide_all(people, planted, "remove")
    browser = {
        "visitor": lambda: client,
        "ben": lambda: sign_in(people.ben),
        "other_host": lambda: sign_in(planted.other_host),
    }[reader]()
    assert leaks(browser, app, planted) == []
    assert f'id="post-{planted.ids["post"]}"' not in browser.get(f"/topics/{planted.topic_id}").text


def test_the_addresses_that_are_read_lead_somewhere(
    app: Flask, client: FlaskClient, sign_in: Any, people: Any, planted: Planted
) -> None:
    browser = sign_in(people.moderator)
    for address in (
        "/cities/athens",
        "/cities/medellin",
        "/practices/hidden-practice",
        "/cases/hidden-case",
    ):
        assert client.get(address).status_code == 200, address
    _cities, *of_members = BEGINNINGS
    for address in of_members:
        assert "hushmember" in read(browser, address), address
    answers = [browser.get(address).status_code for address in addresses(app, planted)]
    assert answers.count(200) > 100 and answers.count(404) < len(answers) / 4
