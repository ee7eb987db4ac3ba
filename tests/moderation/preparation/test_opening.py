"""Opening an agenda that was in preparation, and until when that is taken back."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum.advice.actions import ask
from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id
from forum.clock import month_end
from forum.db import db
from forum.dialogue.actions import edit, mark, reply, set_poll, vote
from forum.dialogue.models import PollText
from forum.dialogue.queries import first_post, get_topic, poll_to_change
from forum.errors import Conflict, NotFound
from forum.library.actions import (
    CaseText,
    PracticeText,
    ReadingText,
    intend,
    write_case,
    write_practice,
    write_reading,
)
from forum.markup import write
from forum.meetings.actions import come, stay_away
from forum.moderation import actions
from forum.moderation.models import Decision
from forum.notifications.actions import NoticeText, make_notices, note_event, watch
from forum.notifications.models import AGENDA, REMINDER, WATCHING, Event
from forum.permissions import SYSTEM
from tests.meetings.planted import meeting_of
from tests.moderation.conftest import undo
from tests.moderation.preparation.conftest import LINE, posts_count, topic_on

pytestmark = pytest.mark.usefixtures("sound")


def test_a_host_opens_it_and_it_is_written_down(
    client: FlaskClient, sign_in: Any, people: Any, prepared: Agenda
) -> None:
    browser = sign_in(people.host)
    assert "/agendas/cooler/open" in browser.get("/agendas/cooler").text
    page = browser.get("/agendas/cooler/open").text
    assert "Open this agenda" in page and "everybody can find and read it" in page
    answer = browser.post("/agendas/cooler/open", data={"reason": "It is ready."})
    assert (answer.status_code, answer.location) == (303, "/agendas/cooler")
    assert LINE not in browser.get("/agendas/cooler").text
    assert client.get("/agendas/cooler").status_code == 200
    assert "Making Cities Cooler" in client.get("/").text
    decision = db.session.scalars(select(Decision)).one()
    about = (decision.deed, decision.kind, decision.item_id, decision.reason)
    assert about == ("open_agenda", "agenda", prepared.id, "It is ready.")
    assert "Opened" in browser.get("/moderation/log").text
    assert browser.post("/agendas/cooler/open").status_code == 409
    assert db.session.scalar(select(func.count(Decision.id))) == 1


@pytest.mark.parametrize("reason", ["x" * 20_000, b"\xff\xfe", "\x00"])
def test_a_bad_reason_opens_nothing(
    sign_in: Any, people: Any, prepared: Agenda, reason: Any
) -> None:
    answer = sign_in(people.host).post("/agendas/cooler/open", data={"reason": reason})
    assert answer.status_code < 500
    is_open = agenda_by_id(SYSTEM, prepared.id).opened_at is not None
    assert is_open == (answer.status_code == 303)


def test_opening_is_taken_back_until_somebody_writes_there(
    client: FlaskClient, people: Any, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    actions.open_agenda(people.host, prepared.id)
    assert posts_count(people.host) == 1
    undo(people.host)
    assert client.get("/agendas/cooler").status_code == 404
    assert posts_count(people.host) == 0
    with pytest.raises(NotFound):
        get_topic(people.ben, topic.id)
    actions.open_agenda(people.host, prepared.id)
    reply(people.ben, topic.id, write("By the river."))
    with pytest.raises(Conflict, match="written on this agenda"):
        undo(people.host)
    assert client.get("/agendas/cooler").status_code == 200


def test_a_mark_or_a_practice_keeps_it_open_too(people: Any, prepared: Agenda) -> None:
    topic = topic_on(prepared, people.host)
    actions.open_agenda(people.host, prepared.id)
    mark(people.ben, first_post(topic).id, "useful")
    with pytest.raises(Conflict):
        undo(people.host)
    text = AgendaText("Making Cities Drier", write("Rain."), slug="drier", is_open=False)
    other = write_agenda(people.moderator, text)
    actions.open_agenda(people.moderator, other.id)
    write_practice(people.ben, other.id, PracticeText("Gutters", "Stone."))
    with pytest.raises(Conflict):
        undo(people.moderator)


def test_a_vote_keeps_it_open_too(people: Any, prepared: Agenda) -> None:
    post = first_post(topic_on(prepared, people.host))
    set_poll(people.host, post.id, PollText("Which one?", ["Clay", "Steel"]))
    clay, steel = poll_to_change(post).options
    vote(people.host, post.id, [clay.id])
    actions.open_agenda(people.host, prepared.id)
    vote(people.host, post.id, [steel.id])  # the host sees the agenda in preparation, too
    undo(people.host)
    actions.open_agenda(people.host, prepared.id)
    vote(people.ben, post.id, [clay.id])
    with pytest.raises(Conflict):
        undo(people.host)


def test_who_wants_to_try_what_stands_there_keeps_it_open_too(
    people: Any, prepared: Agenda
) -> None:
    case = write_case(people.host, prepared.id, CaseText("Arcades", "network", "S.", "One."))
    # The author is notified of the first intention
    intend(people.moderator, case.topic_id, month_end(3))
    actions.open_agenda(people.host, prepared.id)
    intend(people.ben, case.topic_id, month_end(3))
    with pytest.raises(Conflict):
        undo(people.host)


def test_a_meeting_and_who_comes_to_one_keep_it_open_too(people: Any, prepared: Agenda) -> None:
    made = meeting_of(people.host, prepared.id, "Shade.")
    actions.open_agenda(people.host, prepared.id)
    undo(people.host)  # the meeting was announced before the agenda was opened
    actions.open_agenda(people.host, prepared.id)
    come(people.ben, made.id, "online")
    with pytest.raises(Conflict):
        undo(people.host)
    stay_away(people.ben, made.id)
    meeting_of(people.host, prepared.id, "Shade at night.")
    with pytest.raises(Conflict):
        undo(people.host)


@pytest.mark.parametrize("what", ["topic", "merged topic", "practice"])
def test_what_members_wrote_elsewhere_keeps_it_open_when_it_is_moved_there(
    client: FlaskClient, people: Any, agenda: Agenda, prepared: Agenda, what: str
) -> None:
    inside = topic_on(prepared, people.host)
    older = topic_on(agenda, people.ben)
    practice = write_practice(people.ben, agenda.id, PracticeText("Awnings", "Cloth."))
    opened = actions.open_agenda(people.moderator, prepared.id)
    if what == "topic":
        actions.move(people.administrator, older.id, prepared.id)
    elif what == "merged topic":
        actions.merge(people.administrator, older.id, inside.id)
    else:
        write_practice(people.ben, prepared.id, PracticeText("Awnings", "Cloth."), practice.id)
    with pytest.raises(Conflict, match="moved here"):
        actions.undo(people.moderator, opened.id)
    assert client.get("/agendas/cooler").status_code == 200


@pytest.mark.parametrize("how", ["mention", "advice"])
def test_who_was_told_of_it_keeps_it_open(
    sign_in: Any, people: Any, prepared: Agenda, how: str
) -> None:
    topic = topic_on(prepared, people.host)
    reply(people.moderator, topic.id, write("By the river."))
    actions.open_agenda(people.host, prepared.id)
    told = [people.moderator.handle, people.ana.handle]
    for handle in told:
        if how == "advice":
            ask(people.host, topic.id, [handle])
        else:
            edit(people.host, first_post(topic).id, write(f"We look for it, @{handle}."))
        if handle is told[0]:  # moderators of the agenda see it in any case
            undo(people.host)
            actions.open_agenda(people.host, prepared.id)
    make_notices(SYSTEM)
    with pytest.raises(Conflict, match="has been told of this agenda"):
        undo(people.host)
    inbox = sign_in(people.ana).get("/notices").text
    assert "Where is the shade?" in inbox
    assert sign_in(people.ana).get(topic.address).status_code == 200


def test_who_was_reminded_of_a_best_read_there_keeps_it_open(people: Any, prepared: Agenda) -> None:
    reading = write_reading(people.host, prepared.id, ReadingText("A book", "Somebody"))
    notice = NoticeText(REMINDER, reading.address, reading.title)
    actions.open_agenda(people.host, prepared.id)
    note_event(SYSTEM, notice, [people.host.id], is_named=False)  # the host sees it in any case
    undo(people.host)
    actions.open_agenda(people.host, prepared.id)
    note_event(SYSTEM, notice, [people.ana.id], is_named=False)
    with pytest.raises(Conflict, match="has been told of this agenda"):
        undo(people.host)


def test_who_was_told_what_its_dialogue_has_found_keeps_it_open(
    people: Any, prepared: Agenda
) -> None:
    actions.open_agenda(people.moderator, prepared.id)
    watch(people.ana, AGENDA, prepared.id, WATCHING)
    text = AgendaText(prepared.title, write("Noise."), findings=write("Quiet asphalt lasts."))
    write_agenda(people.host, text, prepared.id)
    with pytest.raises(Conflict, match="has been told of this agenda"):
        undo(people.moderator)


def test_what_was_moved_away_again_does_not_keep_it_open(
    client: FlaskClient, people: Any, agenda: Agenda, prepared: Agenda
) -> None:
    older = topic_on(agenda, people.ben)
    opened = actions.open_agenda(people.moderator, prepared.id)
    actions.move(people.administrator, older.id, prepared.id)
    undo(people.administrator)
    actions.undo(people.moderator, opened.id)
    assert client.get("/agendas/cooler").status_code == 404


def test_posts_count_for_their_authors_from_the_opening_on(people: Any, prepared: Agenda) -> None:
    before = posts_count(people.host)
    topic = topic_on(prepared, people.host)
    reply(people.host, topic.id, write("By the river."))
    assert posts_count(people.host) == before
    actions.open_agenda(people.moderator, prepared.id)
    assert posts_count(people.host) == before + 2


def test_what_was_still_to_be_told_is_not_told_when_opening_is_taken_back(
    people: Any, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    make_notices(SYSTEM)
    reply(people.moderator, topic.id, write("By the river."))
    actions.open_agenda(people.moderator, prepared.id)
    undo(people.moderator)
    assert not db.session.scalars(
        select(Event).where(Event.done_at.is_(None), Event.topic_id == topic.id)
    ).all()
