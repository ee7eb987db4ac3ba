"""Texts on an agenda in preparation: quoted, moved there and away, told of, answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.advice.actions import ask, look_after
from forum.agendas.actions import AgendaText, set_hosts, write_agenda, write_theme
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import NewTopic, merge, move, open_topic, reply
from forum.dialogue.models import Post
from forum.dialogue.queries import first_post, get_post, get_topic
from forum.errors import Conflict, Forbidden, Invalid
from forum.library.actions import (
    CaseText,
    PracticeText,
    submit,
    write_and_submit,
    write_case,
    write_practice,
)
from forum.markup import write
from forum.members.actions import silence, unsilence
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.moderation.queries import is_reversible
from forum.notifications.actions import make_notices, watch
from forum.notifications.models import AGENDA, THEME, TOPIC
from forum.permissions import SYSTEM, VISITOR
from forum.quotes import quote
from tests.moderation.conftest import notices_of, undo
from tests.moderation.preparation.conftest import posts_count, topic_on

pytestmark = pytest.mark.usefixtures("sound")


def test_a_practice_waits_while_its_author_does_not_see_its_agenda(
    client: FlaskClient, sign_in: Any, people: Any, prepared: Agenda
) -> None:
    said = PracticeText("Awnings", "Cloth.", sections={"challenge": "A", "done": "B"})
    practice = write_and_submit(people.host, prepared.id, said)
    address = f"/practices/{practice.slug}/publish"
    silence(people.moderator, people.host.id, now() + timedelta(days=7))
    answer = sign_in(people.moderator).post(address)
    assert answer.status_code == 409 and "may not write at the moment" in answer.text
    unsilence(people.moderator, people.host.id)
    set_hosts(people.moderator, prepared.id, [])
    answer = sign_in(people.moderator).post(address)
    assert answer.status_code == 409 and "does not see this agenda now" in answer.text
    actions.open_agenda(people.moderator, prepared.id)
    assert sign_in(people.moderator).post(address).status_code == 303
    assert client.get(f"/practices/{practice.slug}").status_code == 200


def test_only_who_sees_it_is_told_and_nobody_later(people: Any, prepared: Agenda) -> None:
    theme = write_theme(people.moderator, "Shade")
    for who in (people.ben, people.administrator):
        watch(who, THEME, theme.id)
        watch(who, AGENDA, prepared.id)
    words = write(f"We look for it, @{people.ana.handle} and @{people.moderator.handle}.")
    new = NewTopic("question", "Where is the shade?", words, [theme.id])
    topic = open_topic(people.host, prepared.id, new)
    watch(people.ben, TOPIC, topic.id)
    reply(people.moderator, topic.id, write("By the river."))
    make_notices(SYSTEM)
    told = {who: [notice.kind for notice in notices_of(who)] for who in (people.ana, people.ben)}
    assert told == {people.ana: [], people.ben: []}
    assert [notice.kind for notice in notices_of(people.administrator)] == ["topic"]
    assert [notice.kind for notice in notices_of(people.moderator)] == ["mention"]
    assert [notice.kind for notice in notices_of(people.host) if notice.topic_id] == ["reply"]
    actions.open_agenda(people.moderator, prepared.id)
    make_notices(SYSTEM)
    assert not notices_of(people.ana) + notices_of(people.ben)
    reply(people.moderator, topic.id, write("And below the trees."))
    make_notices(SYSTEM)
    assert [notice.kind for notice in notices_of(people.ben)] == ["post"]


def test_it_is_not_quoted_elsewhere_before_it_is_open(
    people: Any, agenda: Agenda, prepared: Agenda
) -> None:
    secret = first_post(topic_on(prepared, people.host))
    there = open_topic(people.ben, agenda.id, NewTopic("experience", "Shade", write("We did.")))
    words = quote(people.host.name, secret.id, secret.source) + "\n\nSo it is."
    with pytest.raises(Invalid, match="in preparation"):
        reply(people.moderator, there.id, write(words))
    # Ben cannot see the quoted post, but knows its id and its words
    blind = reply(people.ben, there.id, write(words))
    assert isinstance(blind, Post) and "We look for it" not in blind.html
    actions.open_agenda(people.moderator, prepared.id)
    assert "We look for it" in get_post(VISITOR, blind.id).html
    inside = reply(people.moderator, secret.topic_id, write(words))
    assert isinstance(inside, Post) and "We look for it" in inside.html


def test_posts_in_preparation_quote_each_other(people: Any, prepared: Agenda) -> None:
    first = first_post(topic_on(prepared, people.host))
    new = NewTopic(
        "experience", "More", write(f"{quote(people.host.name, first.id, first.source)}\n\nYes.")
    )
    second = first_post(open_topic(people.moderator, prepared.id, new))
    assert "We look for it" in second.html


def test_nothing_of_an_open_agenda_is_taken_there(
    people: Any, things: Any, prepared: Agenda
) -> None:
    with pytest.raises(Forbidden, match="in preparation"):
        move(people.moderator, things.topic.id, prepared.id)
    inside = topic_on(prepared, people.host)
    with pytest.raises(Invalid, match="in preparation"):
        merge(people.moderator, things.topic.id, inside.id)
    with pytest.raises(Invalid, match="in preparation"):
        merge(people.moderator, inside.id, things.topic.id)
    case = CaseText("Arcades", "network", "Short.", "One.")
    with pytest.raises(Invalid, match="in preparation"):
        write_case(people.moderator, prepared.id, case, things.case.id)
    text = PracticeText("Quiet asphalt", "Said.", sections={"done": "So."})
    with pytest.raises(Invalid, match="in preparation"):
        write_practice(people.moderator, prepared.id, text, things.practice.id)


def test_nothing_is_taken_from_one_in_preparation_to_another(people: Any, prepared: Agenda) -> None:
    text = AgendaText("Making Cities Drier", write("Rain."), slug="drier", is_open=False)
    other = write_agenda(people.moderator, text)
    topic, there = topic_on(prepared, people.host), topic_on(other, people.moderator)
    for source, target in ((topic, there), (there, topic)):
        with pytest.raises(Invalid, match="in preparation"):
            merge(people.moderator, source.id, target.id)
    practice = write_practice(people.host, prepared.id, PracticeText("Awnings", "Cloth."))
    with pytest.raises(Invalid, match="in preparation"):
        write_practice(people.moderator, other.id, PracticeText("Awnings", "Cloth."), practice.id)
    case = CaseText("Arcades", "network", "Short.", "One.")
    written = write_case(people.host, prepared.id, case)
    with pytest.raises(Invalid, match="in preparation"):
        write_case(people.moderator, other.id, case, written.id)
    merge(people.moderator, topic_on(prepared, people.moderator).id, topic.id)


def test_what_is_moved_to_an_open_agenda_comes_to_light(
    people: Any, agenda: Agenda, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    actions.move(people.moderator, topic.id, agenda.id)
    assert get_topic(VISITOR, topic.id).agenda_id == agenda.id
    assert posts_count(people.host) == 1
    with pytest.raises(Conflict, match="moved out of an agenda in preparation"):
        undo(people.moderator)
    decision = db.session.scalars(select(Decision)).one()
    assert not is_reversible(people.moderator, decision)
    with pytest.raises(Conflict, match="cannot be taken back"):
        actions.reverse(people.administrator, decision.id, "You are right.", is_told=False)
    actions.open_agenda(people.moderator, prepared.id)
    assert is_reversible(people.moderator, decision)


@pytest.mark.parametrize(
    ("audience", "warning"),
    [("public", "Everybody will be able to read it."), ("members", "All members will be able to")],
)
def test_the_page_of_a_move_says_who_will_read_it_and_offers_no_undo(
    sign_in: Any, people: Any, agenda: Agenda, prepared: Agenda, audience: str, warning: str
) -> None:
    browser, other = sign_in(people.moderator), topic_on(agenda, people.ben)
    topic = topic_on(prepared, people.host, audience=audience)
    door = f"/topics/{topic.id}/move"
    page = browser.get(door).text
    assert warning in page and "This cannot be taken back." in page
    assert "be able to read it" not in browser.get(f"/topics/{other.id}/move").text
    answer = browser.post(door, data={"agenda": agenda.id})
    assert answer.status_code == 303
    decision = db.session.scalars(select(Decision)).one()
    offered = f"/moderation/decisions/{decision.id}/undo"
    assert offered not in browser.get(topic.address).text + browser.get("/moderation").text
    pressed = browser.post(offered)
    assert pressed.status_code == 409 and "That cannot be taken back." in pressed.text
    another = write_agenda(people.moderator, AgendaText("Drier", write("Rain.")))
    assert browser.post(door, data={"agenda": another.id}).status_code == 303
    later = db.session.scalars(select(Decision).order_by(Decision.id.desc())).first()
    assert later and f"/decisions/{later.id}/undo" in browser.get(topic.address).text


def test_the_form_of_a_case_or_practice_says_who_will_read_it_elsewhere(
    sign_in: Any, people: Any, things: Any, prepared: Agenda
) -> None:
    browser, warning = sign_in(people.moderator), "That cannot be taken back."
    case = write_case(people.host, prepared.id, CaseText("Arcades", "network", "S.", "One."))
    new = PracticeText("Awnings", "Cloth.", sections={"done": "So."}, audience="members")
    practice = write_practice(people.host, prepared.id, new)
    form = f"/practices/{practice.slug}/edit"
    # Nobody else can read a draft, so no warning
    assert warning not in sign_in(people.host).get(form).text
    submit(people.host, practice.id)
    actions.publish(people.moderator, practice.id)
    said = sign_in(people.host).get(form).text
    assert f"all members will be able to read it. {warning}" in said
    said = browser.get(f"/cases/{case.slug}/edit").text
    assert f"everybody will be able to read it. {warning}" in said
    assert "Agenda" in (page := browser.get(f"/cases/{things.case.slug}/edit").text)
    assert warning not in page


def test_nobody_is_asked_about_a_question_there(people: Any, prepared: Agenda) -> None:
    topic = topic_on(prepared, people.host)
    with pytest.raises(Forbidden, match="in preparation"):
        ask(people.host, topic.id, [people.ben.handle])
    later = now() + timedelta(days=366)
    with at(later):
        look_after(SYSTEM)
        make_notices(SYSTEM)
    assert not [notice for notice in notices_of(people.host) if notice.kind == "unanswered"]


@pytest.mark.parametrize("opened_after", [3, 15, 400])
def test_hosts_are_told_that_nobody_answers_a_week_after_it_was_opened(
    people: Any, prepared: Agenda, opened_after: int
) -> None:
    start = now()
    topic = topic_on(prepared, people.moderator)

    def told_by(day: int) -> list[int]:
        with at(start + timedelta(days=day)):
            look_after(SYSTEM)
            make_notices(SYSTEM)
        told = [notice for notice in notices_of(people.host) if notice.kind == "unanswered"]
        return [notice.topic_id for notice in told if notice.topic_id]

    for day in range(opened_after + 1):
        assert not told_by(day)
    with at(start + timedelta(days=opened_after)):
        actions.open_agenda(people.host, prepared.id)
    for day in range(opened_after + 1, opened_after + 7):
        assert not told_by(day)
    for day in (*range(7, 50), 200, 300):
        assert told_by(opened_after + day) == [topic.id]


def test_a_question_that_is_closed_for_that_day_is_told_of_later(
    people: Any, agenda: Agenda, prepared: Agenda
) -> None:
    start = now()
    agenda.opened_at = start - timedelta(days=500)
    db.session.commit()
    with at(start - timedelta(days=400)):
        topic = topic_on(prepared, people.moderator)
    actions.move(people.moderator, topic.id, agenda.id)
    actions.lock(people.moderator, topic.id, Reasons("We read first."))
    with at(start + timedelta(days=7.1)):
        look_after(SYSTEM)
    actions.unlock(people.moderator, topic.id)
    with at(start + timedelta(days=15)):
        look_after(SYSTEM)
    assert [notice.kind for notice in notices_of(people.host)].count("unanswered") == 1


@pytest.mark.parametrize("age", [1, 60, 400])
@pytest.mark.parametrize("answer", ["none", "before", "after"])
@pytest.mark.parametrize("is_looked_after", [True, False])
def test_the_hosts_are_told_a_week_after_a_question_came_to_light_that_nobody_answers(
    people: Any, agenda: Agenda, prepared: Agenda, age: int, answer: str, is_looked_after: bool
) -> None:
    start = now()
    agenda.opened_at = start - timedelta(days=500)
    db.session.commit()
    with at(start - timedelta(days=age)):
        topic = topic_on(prepared, people.moderator)
        if answer == "before":
            reply(people.host, topic.id, write("In the squares."))
    for day in range(7 - age, 0, 7) if is_looked_after else ():
        with at(start + timedelta(days=day)):
            look_after(SYSTEM)
    actions.move(people.moderator, topic.id, agenda.id)
    if answer == "after":
        reply(people.ana, topic.id, write("In the arcades."))

    def told_by(days: float) -> int:
        with at(start + timedelta(days=days)):
            while look_after(SYSTEM):
                pass
            return sum(notice.kind == "unanswered" for notice in notices_of(people.host))

    assert told_by(6.9) == 0
    assert [told_by(days) for days in (7.1, 7.2, 15, 40, 80)] == [int(answer == "none")] * 5
